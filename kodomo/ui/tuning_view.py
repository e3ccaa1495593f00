"""Tuning view: the blocks of アラートレベル調整: the draft, its effect, saving it, and the kept versions."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import streamlit as st

from kodomo import access, audit, judge, outcomes, preview, rules, tuning
from kodomo.audit import Actor
from kodomo.errors import KodomoError
from kodomo.ops import jst_date
from kodomo.paths import SQL
from kodomo.preview import Cells, Effect, Move
from kodomo.roster import grade_label
from kodomo.rules import ALL_AGES, RuleSet
from kodomo.ui import parts, session, sliders, theme

BASE = "tn_base"
DRAFT = "tn_draft"
TURN = "tn_turn"
BAND = "tn_band"
TOLD = "tn_told"
MOST = 30
MONTHS = 3

Draft = dict[str, dict[str, list[float]]]


@dataclass(frozen=True)
class Table:
    """What the sliders start from: the rule set in use and how far each category's points go."""

    used: RuleSet
    top: dict[str, float]
    step: float


@st.cache_resource(max_entries=2, show_spinner=False)
def _cells(name: str, sql: str, params: tuple[object, ...], _con: Any) -> Cells:
    return preview.read(_con, sql, params)


def cells(shown: session.Snapshot, user: Actor) -> Cells:
    """The judged children this person may count, in memory; never changed."""
    limits = session.scope(user)
    return _cells(shown.name, limits.sql, tuple(limits.params), shown.con)


def table() -> Table:
    """The rule set that judges next, and the scale of its sliders."""
    used = tuning.active(session.store(), items=session.catalogue())
    kinds = session.categories()
    points = [band.points for rule in used.items for band in rule.bands]
    points += [row.points for row in used.combinations] + [group.cap for group in used.groups]
    points += [value for row in used.thresholds for value in row.points]
    top = {}
    for kind in kinds.categories:
        most = max(rules.most_points(used, kind.code, band) for band in kinds.age_bands)
        highest = max(row.points[-1] for row in used.thresholds if row.category == kind.code)
        top[kind.code] = float(max(min(most, max(20.0, 1.6 * highest)), highest))
    return Table(used, top, 1.0 if all(float(value).is_integer() for value in points) else 0.5)


# -- the draft --------------------------------------------------------------------------------------------


def _begin(base: Table, shown: session.Snapshot) -> None:
    """Start from the rule set in use; a draft made for another one is put away."""
    mark = (base.used.id, base.used.hash)
    if st.session_state.get(BASE) != mark:
        st.session_state[BASE] = mark
        _reset(base)


def _reset(base: Table) -> None:
    st.session_state[DRAFT] = tuning.thresholds_of(base.used)
    _turn()


def _turn() -> None:
    st.session_state[TURN] = st.session_state.get(TURN, 0) + 1


def _groups(base: Table, draft: Draft, band: str) -> list[sliders.Group]:
    made = []
    starts = tuning.thresholds_of(base.used)
    for kind in session.categories().categories:
        by_age = draft[kind.code]
        own = sorted(name for name in by_age if name != ALL_AGES)
        if band == ALL_AGES:
            note = f"{'・'.join(theme.band_label(name) for name in own)}は別の値" if own else ""
        else:
            note = "この年齢区分だけの値" if band in by_age else "全年齢と同じ値"
        begin = starts[kind.code].get(band, by_age[ALL_AGES])
        made.append(
            sliders.Group(
                code=kind.code,
                label=kind.label,
                values=tuple(by_age.get(band, by_age[ALL_AGES])),
                base=tuple(begin),
                top=base.top[kind.code],
                step=base.step,
                note=note,
            )
        )
    return made


def _take(base: Table, draft: Draft, band: str, moved: dict[str, list[float]]) -> None:
    """Put what the sliders say into the draft; an age band equal to 全年齢 needs no value of its own."""
    starts = tuning.thresholds_of(base.used)
    for code, points in moved.items():
        by_age = draft[code]
        if band != ALL_AGES and band not in starts[code] and points == by_age[ALL_AGES]:
            by_age.pop(band, None)
        else:
            by_age[band] = points


def _changes(base: Table, draft: Draft) -> list[str]:
    """What the draft changes, one sentence a threshold."""
    starts = tuning.thresholds_of(base.used)
    found = []
    for kind in session.categories().categories:
        for band, points in draft[kind.code].items():
            before = starts[kind.code].get(band)
            if before is None and points == draft[kind.code][ALL_AGES]:
                continue
            old = before if before is not None else starts[kind.code][ALL_AGES]
            age = "全年齢" if band == ALL_AGES else theme.band_label(band)
            for level, (was, now) in enumerate(zip(old, points, strict=True), start=1):
                if was != now:
                    style = theme.level_style(level)
                    found.append(f"{kind.label}（{age}）{style.word} {was:g}点 → {now:g}点")
    return found


# -- the working table ------------------------------------------------------------------------------------


def _label(band: str) -> str:
    return "全年齢" if band == ALL_AGES else theme.band_label(band)


@st.fragment
def workbench(user: Actor, shown: session.Snapshot, base: Table) -> None:
    """Sliders on the left, their effect on the right; runs alone on every move, so nothing else moves."""
    session.stay()
    _begin(base, shown)
    draft: Draft = st.session_state[DRAFT]
    bands = [ALL_AGES, *session.categories().age_bands]
    left, right = st.columns([0.4, 0.6], gap="small")
    with left, parts.card("tn_sliders"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            band = st.selectbox(
                "年齢区分", bands, format_func=_label, key=BAND, on_change=_turn, width=190, filter_mode=None
            )
            st.button("すべて元に戻す", on_click=_reset, args=(base,), key="tn_reset")
        moved = sliders.panel(
            _groups(base, draft, band), revision=f"{st.session_state[TURN]}:{band}", key="tn_panel"
        )
        if moved:
            _take(base, draft, band, moved)
    with right:
        try:
            _effect(user, shown, base, draft)
        except rules.ThresholdsOutOfOrder as refusal:
            st.error(str(refusal))
    _save(user, base, draft)


def _effect(user: Actor, shown: session.Snapshot, base: Table, draft: Draft) -> None:
    known = cells(shown, user)
    settled = _settled(shown.name, session.reviews_mark(), user.role, known, session.settled(shown))
    found = preview.effect(known, draft, settled, most=MOST)
    names = access.may(user, "view_moves")
    drawn = len(found.up) + len(found.down) if names else 0
    mark = hashlib.sha256(json.dumps(draft, sort_keys=True).encode()).hexdigest()[:12]
    session.log_once(
        "tuning",
        (shown.name, mark),
        "view_moves" if drawn else "tune_preview",
        count=drawn or None,
        detail={"draft": mark, "base": base.used.id, "risen": found.risen, "fallen": found.fallen},
    )
    with parts.card("tn_effect"):
        _counts(found)
        _workload(found)
    if names:
        _moves(user, shown, found)


@st.cache_resource(max_entries=4, show_spinner=False)
def _settled(name: str, mark: int, role: str, _cells: Cells, _settled: tuple[str, ...]) -> Any:
    return preview.settled_of(_cells, _settled)


def _change(pair: tuple[int, int]) -> str:
    """Before and after in one cell, as markup made of figures only."""
    was, now = pair
    if was == now:
        return f'<span class="kd-muted">{was:,}</span>'
    return f'<span class="kd-muted">{was:,} →</span> <b>{now:,}</b> <small>（{now - was:+,}）</small>'


def _bar(pair: tuple[int, int], scale: int, color: str) -> str:
    was, now = (100 * value / max(scale, 1) for value in pair)
    return (
        '<span style="display:block;height:9px;margin-top:2px">'
        f'<i style="display:block;height:3px;width:{was:.1f}%;background:#b8c0cb"></i>'
        f'<i style="display:block;height:5px;margin-top:1px;width:{now:.1f}%;background:{color}"></i></span>'
    )


def _counts(found: Effect) -> None:
    kinds = session.categories()
    styles = [style for style in theme.LEVELS if style.level]
    rows = [(kind.label, found.counts[kind.code]) for kind in kinds.categories]
    scale = max(max(pair) for _, pairs in rows for pair in pairs[1:])
    whole = max(max(pair) for pair in found.highest[1:])
    head = "".join(
        f'<th style="color:{style.color};width:25%">{style.shape} {style.word}</th>' for style in styles
    )
    body = ""
    for label, pairs, most in [
        *((label, pairs, scale) for label, pairs in rows),
        ("こども（重複なし）", found.highest, whole),
    ]:
        cells_ = "".join(
            f'<td class="tn">{_change(pairs[style.level or 0])}'
            f"{_bar(pairs[style.level or 0], most, style.color)}</td>"
            for style in styles
        )
        body += f'<tr><th scope="row" class="tn">{parts.html(label)}</th>{cells_}</tr>'
    st.html(
        "<style>table.kd td.tn{font-variant-numeric:tabular-nums;white-space:nowrap;padding:.15rem .55rem}"
        "table.kd th.tn{color:#20262d;font-size:.88rem;white-space:normal}</style>"
        '<div class="kd-small kd-muted" style="margin-bottom:.2rem">人数は いま → 調整後。'
        "細い灰色がいま、太い色が調整後です。最後の行は1人を1回数えます。</div>"
        f'<table class="kd" aria-label="レベルごとの人数"><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


@st.cache_data(max_entries=4, show_spinner=False)
def _pace(mark: int, today: date) -> tuple[float, float | None]:
    """Reviews a month in the last full months of work, and minutes a review; (0, None) without reviews."""
    known = outcomes.period(session.store())
    if known is None:
        return 0.0, None
    month = known[1].year * 12 + known[1].month - MONTHS
    since = max(date(month // 12, month % 12 + 1, 1), known[0].replace(day=1))
    work = outcomes.workload(session.store(), since, known[1])
    minutes = [value for value in work["minutes_per_review"].tolist() if value == value and value is not None]
    return float(work["reviews"].mean()), (sum(minutes) / len(minutes) if minutes else None)


def _workload(found: Effect) -> None:
    pace, minutes = _pace(session.reviews_mark(), jst_date(session.store().clock()))
    was, now = found.waiting
    text = (
        "<b>今月のうちに確認する見込み</b>（要確認・注意で、まだ確認していないこども）　"
        f"{_change((was, now))} 人"
    )
    if pace:
        per = f"1件 約{minutes:.0f}分で約{now * minutes / 60:,.0f}時間、" if minutes else ""
        text += (
            f'<br><span class="kd-muted">これまでの確認は月 約{pace:,.0f}件（直近{MONTHS}か月）。調整後は、'
            f"{per}いまの速さで約{now / pace:.1f}か月分。</span>"
        )
    st.html(f'<div class="kd-small" style="line-height:1.6">{text}</div>')


# -- who moves --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Faces:
    """Who the children of a preview are, and the first reason of each; shown only through a mask."""

    people: dict[str, dict[str, Any]]
    reasons: dict[tuple[str, str], str]


@st.cache_resource(max_entries=2, show_spinner=False)
def _faces(name: str, sql: str, params: tuple[object, ...], _con: Any) -> Faces:
    """Read once per snapshot: on every move of a slider the names must be there at once."""

    def ask(file: str) -> list[tuple[Any, ...]]:
        query = (SQL / "tuning" / f"{file}.sql").read_text(encoding="utf-8").replace("{scope}", sql)
        with _con.cursor() as cursor:
            return cursor.execute(query, list(params)).fetchall()

    columns = ("child_ref", "name", "age", "school_grade", "protected")
    return Faces(
        {row[0]: dict(zip(columns, row[1:], strict=True)) for row in ask("faces")},
        {(resident, category): text for resident, category, text in ask("first_reasons")},
    )


def faces(shown: session.Snapshot, user: Actor) -> Faces:
    """Names and first reasons of the children this person may count."""
    limits = session.scope(user)
    return _faces(shown.name, limits.sql, tuple(limits.params), shown.con)


def _moves(user: Actor, shown: session.Snapshot, found: Effect) -> None:
    known = faces(shown, user)
    up = f"上がる {found.risen:,}件（一覧に加わる {found.joining:,}人）"
    down = f"下がる {found.fallen:,}件（一覧から外れる {found.leaving:,}人）"
    with parts.card("tn_moves"):
        st.html(
            '<div style="display:flex;gap:.8rem">'
            f"{_list(user, up, found.up, found.risen, known)}"
            f"{_list(user, down, found.down, found.fallen, known)}</div>"
        )


def _list(user: Actor, title: str, moves: tuple[Move, ...], total: int, known: Faces) -> str:
    body = "".join(_line(user, move, known) for move in moves)
    if not moves:
        body = '<div class="kd-muted kd-small" style="padding:.5rem">該当するこどもはいません。</div>'
    if total > len(moves):
        body += (
            f'<div class="kd-muted kd-small" style="padding:.4rem">変化の大きい順に{len(moves)}件を'
            f"示しています。ほか{total - len(moves):,}件。</div>"
        )
    return (
        '<div style="flex:1;min-width:0">'
        f'<div style="font-weight:600;font-size:.9rem;padding-bottom:.25rem">{parts.html(title)}</div>'
        f'<div class="kd-scroll" style="height:236px">{body}</div></div>'
    )


def _line(user: Actor, move: Move, known: Faces) -> str:
    face = known.people.get(move.resident_id, {})
    seen = access.mask(
        user,
        {"name": face.get("name"), "child_ref": face.get("child_ref"), "protected": face.get("protected")},
    )
    about = " ".join(
        text
        for text in (
            "" if face.get("age") is None else f"{face['age']}歳",
            grade_label(face["school_grade"]) if face.get("school_grade") is not None else "",
        )
        if text
    )
    mark = "一覧に加わる" if move.joins else "一覧から外れる" if move.leaves else ""
    tag = parts.chip(mark, "strong" if move.joins else "dash").markup if mark else ""
    why = known.reasons.get((move.resident_id, move.category)) if access.sees(user, "reasons") else None
    return (
        '<div style="border-bottom:1px solid #e7eaef;padding:.28rem .4rem;font-size:.85rem;line-height:1.5">'
        f"<b>{parts.html(seen['name'])}</b> "
        f'<span class="kd-muted">{parts.html(about)}</span> {tag}<br>'
        f"{parts.html(session.categories().label(move.category))}　{parts.level_mark(move.old).markup} → "
        f"{parts.level_mark(move.new).markup}　{move.points:g}点"
        f'<div class="kd-muted">{parts.html(why or "点になる理由の記録はありません")}</div></div>'
    )


# -- saving -----------------------------------------------------------------------------------------------


def _save(user: Actor, base: Table, draft: Draft) -> None:
    changed = _changes(base, draft)
    with parts.card("tn_save"):
        st.html(
            f"<b>変えたところ（{len(changed)}か所）</b>　"
            + ("".join(parts.chip(text).markup for text in changed) or '<span class="kd-muted">なし</span>')
        )
        if not access.may(user, "ruleset_save"):
            return
        with (
            st.form("tn_save_form", border=False, clear_on_submit=False),
            st.container(horizontal=True, vertical_alignment="bottom", gap="small"),
        ):
            reason = st.text_input(
                "変える理由（必須）",
                max_chars=200,
                placeholder="例: 要確認が多く、1か月で確認しきれないため",
                key=f"tn_reason_{base.used.id}",
                autocomplete="off",
            )
            sent = st.form_submit_button("新しい版として保存する", type="primary")
        st.caption("保存した版は、次の判定（取り込み）から使われます。いまの一覧はすぐには変わりません。")
        if sent:
            try:
                access.require(session.store(), user, "ruleset_save")
                version = tuning.save_version(
                    session.store(),
                    user,
                    replace(base.used, thresholds=()).with_thresholds(draft),
                    reason,
                    session.catalogue(),
                    based_on=base.used.id,
                )
            except KodomoError as refusal:
                st.error(str(refusal))
                return
            st.session_state[TOLD] = f"{version.version_id} として保存しました。次の判定から使われます。"
            st.session_state.pop(BASE, None)
            st.rerun(scope="app")


# -- versions ---------------------------------------------------------------------------------------------


def told() -> None:
    """What was just done, once."""
    text = st.session_state.pop(TOLD, None)
    if text:
        st.success(text)


def pending(user: Actor, shown: session.Snapshot, base: Table) -> None:
    """Say that a saved version waits for the next judgement, and offer to apply it where that is allowed."""
    with shown.con.cursor() as cursor:
        judged_by = judge.meta(cursor).get("ruleset_hash")
    if base.used.hash == judged_by:
        return
    judged = session.ruleset(shown)
    rough = judged.hash != judged_by or _points_alone(judged) != _points_alone(base.used)
    remark = "点の付け方も変わっているため、下の人数は目安です。" if rough else ""
    with (
        parts.card("tn_pending"),
        st.container(horizontal=True, vertical_alignment="center", gap="small"),
    ):
        st.html(
            f"<b>使用中の判定基準（{parts.html(base.used.id)}）は、まだ一覧に反映していません。</b><br>"
            f'<span class="kd-small kd-muted">いまの一覧は、前の判定基準（{parts.html(shown.ruleset)}）による'
            f"判定です。次の判定で切り替わります。{remark}</span>"
        )
        if access.may(user, "ruleset_activate") and st.button("いますぐ一覧に反映する", type="primary"):
            _apply(user)


def _points_alone(ruleset: RuleSet) -> str:
    """What gives points in a rule set, as a fingerprint: the same whatever thresholds and names it has."""
    plain = {"id": "-", "title": "-", "author": "-", "approver": "", "reason": "-", "valid_from": None}
    return replace(ruleset, thresholds=(), **plain).hash


def _apply(user: Actor) -> None:
    """Judge the current snapshot anew by the active version and publish the result."""
    ops = session.store()
    try:
        access.require(ops, user, "ruleset_activate")
        session.family().announce = audit.announcing(ops, user)
        with (
            st.spinner("判定し直しています。終わるまで、ほかの人にはいまの一覧が見えています。"),
            session.family().build() as (con, build),
        ):
            used = tuning.apply_active(con, ops, session.catalogue())
            build.stage = "judged"
            build.ruleset = used
            audit.record(
                ops, user, "ruleset_activate", detail={"version": used, "applied": True}, ruleset=used
            )
    except KodomoError as refusal:
        st.error(str(refusal))
        return
    st.session_state[TOLD] = f"{used} で判定し直しました。一覧に反映されています。"
    st.rerun(scope="app")


def versions(user: Actor, base: Table) -> None:
    """Every kept version, newest first, and the way back to one."""
    kept = tuning.versions(session.store())
    with parts.card("tn_versions"):
        st.html(
            "<b>判定基準の版</b>　<span class='kd-small kd-muted'>"
            "どの版にも戻せます。戻すと、同じ内容の新しい版になります。</span>"
        )
        rows = [
            (
                parts.strong(row.version_id) if row.version_id == base.used.id else row.version_id,
                {"active": "使用中", "retired": "以前の版", "draft": "案"}.get(row.status, row.status),
                parts.moment(row.created_at),
                row.author,
                row.parent_id or "–",
                row.reason,
            )
            for row in kept
        ]
        first = tuning.first_id()
        rows.append(
            (first, "使用中" if base.used.id == first else "はじめの版", "–", "–", "–", "導入時の判定基準")
        )
        parts.table(
            [
                ("版", "nb"),
                ("状態", "nb"),
                ("保存した日時", "nb"),
                ("保存した人", "nb"),
                ("もとの版", "nb"),
                ("理由", ""),
            ],
            rows,
            scroll=True,
            height=230,
        )
        others = [row.version_id for row in kept if row.version_id != base.used.id]
        others += [first] if base.used.id != first else []
        if others and access.may(user, "ruleset_save"):
            _bring_back(user, others)


def _bring_back(user: Actor, others: list[str]) -> None:
    with (
        st.form("tn_back", border=False),
        st.container(horizontal=True, vertical_alignment="bottom", gap="small"),
    ):
        chosen = st.selectbox("戻す版", others, width=130, filter_mode=None)
        reason = st.text_input("戻す理由（必須）", max_chars=200, autocomplete="off")
        if not st.form_submit_button("この版に戻す"):
            return
    try:
        access.require(session.store(), user, "ruleset_save")
        version = tuning.bring_back(session.store(), user, chosen, reason, session.catalogue())
    except KodomoError as refusal:
        st.error(str(refusal))
        return
    st.session_state[TOLD] = (
        f"{chosen} の内容を {version.version_id} として使うことにしました。次の判定から使われます。"
    )
    st.rerun(scope="app")
