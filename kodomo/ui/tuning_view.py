"""Tuning view: the working table of アラートレベル調整: sliders, and beside them what they change."""

from __future__ import annotations

from datetime import date
from typing import Any

import streamlit as st

from kodomo import access, drafts, edits, opinions, outcomes, preview, proposal, wording
from kodomo.audit import Actor
from kodomo.edits import Board
from kodomo.errors import KodomoError
from kodomo.ops import jst_date
from kodomo.preview import Effect
from kodomo.rescore import Scored, Scorer
from kodomo.rules import ALL_AGES, RuleSet, RuleSetError
from kodomo.ui import (
    draft_state,
    draft_view,
    moves_view,
    opinion_view,
    parts,
    session,
    sliders,
    theme,
    tuning_charts,
)

MOST = 30
MONTHS = 3
VIEWS = ("入れ替わり", "内訳", "しきい値の曲線", "件数から決める", "過去の月での確かめ")


# -- the working table ------------------------------------------------------------------------------------


@st.cache_data(max_entries=8, show_spinner=False)
def _notes(mark: str, _rules: RuleSet) -> dict[str, str]:
    """What every row says, in one sentence."""
    items, kinds = session.catalogue(), session.categories()
    every = (
        *_rules.items,
        *_rules.combinations,
        *_rules.triggers,
        *_rules.groups,
        *_rules.suppressions,
    )
    return {row.code: wording.sentence(row, items, kinds) for row in every}


def _threshold_notes(boards: list[Board], base: list[Board]) -> dict[str, str]:
    own = {board.code for board in [*boards, *base] if board.section == "threshold" and board.enabled}
    found = {}
    for board in boards:
        if board.section != "threshold":
            continue
        if board.title != ALL_AGES:
            found[board.code] = "この年齢区分だけの値" if board.code in own else "全年齢と同じ値"
        else:
            others = [
                theme.band_label(band)
                for band in session.categories().age_bands
                if f"{board.category}|{band}" in own
            ]
            found[board.code] = f"{'・'.join(others)}は別の値" if others else ""
    return found


@st.fragment
def workbench(user: Actor, shown: session.Snapshot) -> None:
    """Sliders on the left, their effect on the right; runs alone on every move, so nothing else moves."""
    session.stay()
    at = draft_state.table(user)
    kinds, items = session.categories(), session.catalogue()
    left, right = st.columns([0.43, 0.57], gap="small")
    with left, parts.card("tn_sliders"):
        base = edits.boards(at.base, items, kinds)
        boards = edits.boards(at.rules, items, kinds) if at.draft else base
        moved, asked = sliders.panel(
            boards,
            base,
            notes=_notes(at.base.hash, at.base) | _threshold_notes(boards, base),
            opinions=opinions.open_counts(session.store()) if access.may(user, "opinion_add") else None,
            labels={category.code: category.label for category in kinds.categories},
            bands=[(ALL_AGES, ALL_AGES), *((band, theme.band_label(band)) for band in kinds.age_bands)],
            edits=edits.turned(at.base, at.rules, items, kinds) if at.draft else {},
            revision=draft_state.revision(at),
            key="tn_panel",
        )
    with right:
        try:
            if moved is not None:
                wanted = edits.turn(at.base, moved, kinds)
                if wanted.hash != at.rules.hash:
                    at = draft_state.keep(user, at, wanted)
            _effect(user, shown, at)
        except RuleSetError as refusal:
            st.error(str(refusal))
        except KodomoError as refusal:
            st.error(str(refusal))
            if st.button("ほかの職員の内容を読み込む", key="tn_reload"):
                draft_state.take_up(drafts.read(session.store(), at.draft.draft_id) if at.draft else None)
                st.rerun(scope="fragment")
    _changes(user, shown, at)
    if asked:
        opinion_view.thread(user, str(asked.get("kind", "")), str(asked.get("about", "")))


def _effect(user: Actor, shown: session.Snapshot, at: draft_state.Table) -> None:
    made = draft_state.scorer(shown, user)
    before, after = made.score(at.base), made.score(at.rules)
    done = draft_state.settled(shown, user, made.city)
    found = preview.effect(made.city, before, after, done, most=MOST)
    names = access.may(user, "view_moves")
    drawn = len(found.up) + len(found.down) if names else 0
    mark = at.rules.hash[:12]
    view = st.session_state.get("tn_view") or VIEWS[0]
    session.log_once(
        "tuning",
        (shown.name, mark, view),
        "view_moves" if drawn and view in (VIEWS[0], VIEWS[3]) else "tune_preview",
        count=drawn or None,
        detail={"draft": mark, "base": at.base.id, "risen": found.risen, "fallen": found.fallen},
    )
    with parts.card("tn_effect"):
        _counts(found)
        _capacity(found)
    with parts.card("tn_more"):
        chosen = st.segmented_control(
            "見るもの", VIEWS, default=VIEWS[0], key="tn_view", label_visibility="collapsed", width="stretch"
        )
        _more(user, shown, at, made, before, after, found, done, chosen or VIEWS[0])


def _more(
    user: Actor,
    shown: session.Snapshot,
    at: draft_state.Table,
    made: Scorer,
    before: Scored,
    after: Scored,
    found: Effect,
    done: Any,
    chosen: str,
) -> None:
    if chosen == VIEWS[0]:
        if access.may(user, "view_moves"):
            moves_view.both(user, shown, at.base, at.rules, found)
        else:
            st.caption("こども1人ずつの入れ替わりは、この権限では表示しません。")
    elif chosen == VIEWS[1]:
        tuning_charts.groups(made.city, (at.base, before), (at.rules, after))
    elif chosen == VIEWS[2]:
        picked = tuning_charts.curve(made.city, at.rules, after)
        if picked is not None and access.may(user, "ruleset_save"):
            _pick(user, at, *picked)
    elif chosen == VIEWS[3]:
        _keep_at(user, shown, at, made, done)
    else:
        tuning_charts.past(session.family(), at.base, at.rules)


def _pick(user: Actor, at: draft_state.Table, category: str, band: str, level: int, points: float) -> None:
    """Put a point of the curve into the draft."""
    rules = edits.turn(at.rules, {f"level|{category}|{band}|{level}": points}, session.categories())
    if rules.hash != at.rules.hash:
        draft_state.keep(user, at, rules)
        draft_state.turn()
        st.rerun(scope="fragment")


# -- figures ----------------------------------------------------------------------------------------------


def _change(pair: tuple[int, int]) -> str:
    """Before and after in one cell, as markup made of figures only."""
    was, now = pair
    if was == now:
        return f'<span class="kd-muted">{was:,}</span>'
    return f'<span class="kd-muted">{was:,} →</span> <b>{now:,}</b> <small>（{now - was:+,}）</small>'


def _bar(pair: tuple[int, int], scale: int, color: str) -> str:
    was, now = (100 * value / max(scale, 1) for value in pair)
    return (
        '<span style="display:block;height:9px;margin-top:1px">'
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
        cells = "".join(
            f'<td class="tn">{_change(pairs[style.level or 0])}'
            f"{_bar(pairs[style.level or 0], most, style.color)}</td>"
            for style in styles
        )
        body += f'<tr><th scope="row" class="tn">{parts.html(label)}</th>{cells}</tr>'
    st.html(
        "<style>table.kd td.tn{font-variant-numeric:tabular-nums;white-space:nowrap;padding:.1rem .5rem}"
        "table.kd th.tn{color:#20262d;font-size:.86rem;white-space:normal}</style>"
        '<div class="kd-small kd-muted" style="margin-bottom:.1rem">'
        "人数は いま → 調整後（灰色の細い線がいま）。最後の行は1人を1回数えます。</div>"
        f'<table class="kd" aria-label="レベルごとの人数"><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


@st.cache_data(max_entries=4, show_spinner=False)
def _pace(mark: int, today: date) -> float:
    """Reviews a month in the last full months of work; 0 without reviews."""
    known = outcomes.period(session.store())
    if known is None:
        return 0.0
    month = known[1].year * 12 + known[1].month - MONTHS
    since = max(date(month // 12, month % 12 + 1, 1), known[0].replace(day=1))
    return float(outcomes.workload(session.store(), since, known[1])["reviews"].mean())


def _capacity(found: Effect) -> None:
    """Waiting children against what the team can look at in a month."""
    usual = drafts.limits()
    pace = _pace(session.reviews_mark(), jst_date(session.store().clock()))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        staff = st.number_input("確認する職員（人）", 1, 200, usual.staff, key="tn_staff", width=130)
        minutes = st.number_input(
            "1件にかかる時間（分）", 5, 480, usual.minutes_per_review, 5, key="tn_minutes", width=140
        )
        hours = st.number_input(
            "1人が使える時間（時間/月）", 1, 160, usual.hours_per_staff, key="tn_hours", width=165
        )
        st.html(_gauge(found, int(staff * hours * 60 // minutes), pace), width="stretch")


def _gauge(found: Effect, capacity: int, pace: float) -> str:
    was, now = found.waiting
    top = max(was, now, capacity, 1) * 1.05
    over = now > capacity
    color = "#9b1c1c" if over else theme.ACCENT
    line = "position:absolute;left:0"
    text = (
        f"月に{capacity:,}件まで見られます。"
        + (
            f"<b>{now - capacity:,}人が見きれません</b>"
            if over
            else f"あと{capacity - now:,}件の余裕があります"
        )
        + f"（約{now / max(capacity, 1):.1f}か月分"
        + (f"。これまでの実績は月{pace:,.0f}件" if pace else "")
        + "）。"
    )
    return (
        '<div class="kd-small" style="line-height:1.45">注意以上でまだ確認していないこども　'
        f"{_change((was, now))} 人<br>"
        f"うち、これまで関わりのないこども {_change(found.fresh)} 人"
        '<span style="position:relative;display:block;height:13px;background:#eef1f5;margin:2px 0" role="img"'
        f' aria-label="待っている{now}人、月に見られる{capacity}件">'
        f'<i style="{line};top:0;height:4px;width:{100 * was / top:.1f}%;background:#b8c0cb"></i>'
        f'<i style="{line};top:5px;height:8px;width:{100 * now / top:.1f}%;background:{color}"></i>'
        f'<i style="position:absolute;left:{100 * capacity / top:.1f}%;top:-2px;height:17px;width:2px;'
        f'background:#20262d"></i></span>{text}</div>'
    )


# -- a list of a wanted length ----------------------------------------------------------------------------


def _keep_at(user: Actor, shown: session.Snapshot, at: draft_state.Table, made: Scorer, done: Any) -> None:
    """Thresholds for a wanted workload, and who would be lost by them."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        wanted = st.number_input(
            "一覧の長さ（注意以上・未確認、人）",
            0,
            100_000,
            300,
            10,
            key="tn_wanted",
            width=330,
        )
        asked = st.button("しきい値を提案する", key="tn_propose")
    if asked:
        st.session_state["tn_proposal"] = (shown.name, at.rules.hash, int(wanted))
    key = st.session_state.get("tn_proposal")
    if key is None or key[:2] != (shown.name, at.rules.hash):
        st.caption(
            "すべての困難類型の「注意」と「要確認」のしきい値を同じ割合で動かして、その人数に合わせます。"
            "1つの事実で上がる条件は動かしません。"
        )
        return
    try:
        found = proposal.keep_list_at(made, at.rules, key[2], done)
    except RuleSetError as refusal:
        st.error(str(refusal))
        return
    was, now = found.children
    changed = wording.differences(at.rules, found.ruleset, session.catalogue(), session.categories())
    st.html(
        f"<b>{was:,}人 → {now:,}人</b>　"
        f'<span class="kd-small">一覧から外れるこども {len(found.lost):,}人、'
        f"加わるこども {len(found.gained):,}人。"
        f"1つの事実で上がっている{found.forced:,}人は、しきい値では動きません。</span>"
        + "".join(parts.chip(text).markup for _, text in changed)
    )
    if access.may(user, "view_moves") and (found.lost or found.gained):
        moves_view.places(user, shown, made, at.rules, found)
    if access.may(user, "ruleset_save") and st.button(
        "この値を案に入れる", type="primary", key="tn_accept", disabled=not changed
    ):
        draft_state.keep(user, at, found.ruleset)
        draft_state.turn()
        st.rerun(scope="fragment")


# -- what the draft changes -------------------------------------------------------------------------------


def _changes(user: Actor, shown: session.Snapshot, at: draft_state.Table) -> None:
    """The draft in words, and the way to hand it in."""
    told_ = wording.differences(at.base, at.rules, session.catalogue(), session.categories())
    with parts.card("tn_save"):
        name = (
            f"{at.draft.draft_id}　自動保存 {parts.moment(at.draft.updated_at)}"
            if at.draft
            else "動かすと案ができ、自動で保存されます"
        )
        st.html(
            f"<b>変えたところ（{len(told_)}か所）</b>　"
            f'<span class="kd-muted kd-small">もとの版 {parts.html(at.base.id)}　'
            f"{parts.html(name)}</span><br>"
            + ("".join(parts.chip(text).markup for _, text in told_[:40]) or "")
            + (f'<span class="kd-muted">ほか{len(told_) - 40}か所</span>' if len(told_) > 40 else "")
        )
        if at.draft is not None and access.may(user, "ruleset_submit"):
            draft_view.hand_in(user, shown, at)
