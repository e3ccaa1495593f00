"""Child view: the blocks of the screen about one child."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import streamlit as st

from kodomo import access, audit, cases, dossier, explain, roster
from kodomo.audit import Actor
from kodomo.dossier import Dossier, Event, ItemState
from kodomo.errors import KodomoError
from kodomo.rules import RuleSet
from kodomo.ui import charts, lists, parts, session, theme

OPENED = "kd_opened"
SAVED = "kd_saved"


# -- getting there ------------------------------------------------------------------------------------------


def choose(shown: session.Snapshot) -> dict[str, Any]:
    """The row of the child the address asks for; without one the screen says what to do and stops."""
    reference = st.query_params.get("child", "")
    row = dossier.find(shown.con, reference, roster.Scope()) if reference else None
    if row is None:
        parts.heading("こども")
        with parts.card("missing"):
            if reference:
                st.html(
                    "<b>このこどもは見つかりません。</b><br>アドレスが違うか、転出などで一覧の対象から外れました。"
                )
            else:
                st.html("こどもが選ばれていません。一覧から選んでください。")
            if access.may(_actor(), "view_list"):
                st.page_link(session.page("children"), label="こども一覧を開く")
        st.stop()
    return row


def _actor() -> Actor:
    live = session.current()
    assert live is not None
    return live.actor


def admit(user: Actor, shown: session.Snapshot, row: Mapping[str, Any]) -> access.ChildScope:
    """Let the reader in, ask for a purpose, or say why not; nothing of the child is shown before."""
    with shown.con.cursor() as cursor:
        scope = access.child_scope(cursor, session.store(), user, row["resident_id"])
    decision = access.decide(user, "view_child", scope)
    if decision.allowed:
        return scope
    if not decision.needs_purpose:
        try:
            access.require(session.store(), user, "view_child", scope)
        except access.AccessDenied as refusal:
            parts.refuse("このこどもの画面は表示できません", str(refusal), session.ASK_COORDINATOR)
        st.stop()
    parts.heading("閲覧の目的を選んでください")
    with parts.card("purpose", width=640):
        st.html(
            f"{parts.html(decision.reason)}<br>"
            '<span class="kd-muted kd-small">開けるのは8時間です。だれが何の目的で開いたかは、'
            "統括支援員と監査担当に知らされます。</span>"
        )
        purposes = access.purposes()
        with st.form("purpose", border=False):
            code = st.selectbox(
                "目的",
                list(purposes),
                format_func=lambda key: purposes[key].label,
                index=None,
                placeholder="選ぶ",
            )
            note = st.text_area("説明（いつ、だれから、何のため）", max_chars=300)
            if st.form_submit_button("記録して開く", type="primary"):
                try:
                    access.grant(session.store(), user, row["resident_id"], code or "", note)
                    st.rerun()
                except KodomoError as refusal:
                    st.error(str(refusal))
    st.stop()


def opened(known: Dossier) -> None:
    """Remember when the screen of this child was opened: the minutes of a review count from here."""
    if st.session_state.get(OPENED, ("", None))[0] != known.resident_id:
        st.session_state[OPENED] = (known.resident_id, session.store().clock())


# -- header -------------------------------------------------------------------------------------------------


def header(user: Actor, shown: session.Snapshot, known: Dossier) -> None:
    """Who the child is, what stands beside the level, and when anybody last saw the child."""
    child = access.mask(user, known.child)
    row = _row(known)
    sees_support, sees_level = access.sees(user, "support"), access.sees(user, "level")
    tags = lists.standing_tags(row) if sees_support else []
    if not sees_support and known.child["protected"]:
        tags = [("支援措置", "strong")]
    rank = f"　確認順 {known.rank:,}番" if known.rank and sees_level else ""
    facts: list[tuple[str, object]] = [("住所", _address(child, known.child))]
    if sees_support:
        facts.append(("最終目視", _last_seen(known, shown)))
    with parts.card("header"):
        st.html(
            '<div class="kd-apart">'
            f'<div><span style="font-size:1.4rem;font-weight:700">{parts.html(child["name"])}</span>'
            f'<span class="kd-muted kd-gap">{parts.html(child["kana"])}{_other_names(child)}</span>'
            f'<div style="margin-top:.15rem">{parts.html(_about(child))}</div></div>'
            f'<div style="text-align:right"><div>{parts.chips(tags).markup}</div>'
            f'<div class="kd-muted kd-small">{parts.html(session.basis(shown) + rank)}</div></div></div>'
            '<div class="kd-apart" style="margin-top:.4rem">'
            f"<div>{_levels(row, shown) if sees_level else ''}</div>{parts.facts_line(facts).markup}</div>"
        )


def _about(child: Mapping[str, Any]) -> str:
    born = parts.day(child["birth_date"]) if child["birth_date"] else child["birth_text"] or "不明"
    age = "年齢不明" if child["age"] is None else f"{child['age']}歳"
    school = child["school_name"] or ("市立校の名簿になし" if child.get("no_public_school") else "")
    words = [
        dossier.SEXES.get(child["sex"] or "", ""),
        f"{age}（{born}生）",
        roster.grade_label(child["school_grade"]),
        school,
        child.get("class_name") or "",
    ]
    return "　".join(word for word in words if word)


def _other_names(child: Mapping[str, Any]) -> str:
    return "".join(
        f"　{label} {parts.html(child[column])}"
        for label, column in (("通称", "alias_name"), ("旧氏", "former_name"))
        if child.get(column)
    )


def _address(masked: Mapping[str, Any], child: Mapping[str, Any]) -> object:
    if child["protected"]:
        return parts.chip(str(masked["address"] or "支援措置のため表示しません"), "strong")
    return " ".join(part for part in (masked["address"], masked["address_detail"]) if part) or "–"


def _last_seen(known: Dossier, shown: session.Snapshot) -> object:
    last, by = known.child["last_seen_on"], known.child["last_seen_by"]
    if last is None:
        return parts.chip("記録なし（だれも会えていない可能性があります）", "strong")
    where = f"・{session.department_name(by)}" if by else ""
    return f"{parts.day(last)}（{parts.days_ago(last, shown.as_of)}{where}）"


def _levels(row: roster.Row, shown: session.Snapshot) -> str:
    rules = session.ruleset(shown)
    return "".join(
        f'<span style="margin-right:1rem;white-space:nowrap">{parts.html(kind.label)} '
        f"{parts.level_mark(_level(row, kind.code, rules)).markup}</span>"
        for kind in session.categories().categories
        if kind.code in row.levels
    )


def _level(row: roster.Row, category: str, rules: RuleSet) -> int | None:
    return None if roster.open_questions(row, rules, category) else row.levels[category]


def _row(known: Dossier) -> roster.Row:
    child = known.child
    return roster.Row(
        resident_id=known.resident_id,
        child_ref=child["child_ref"],
        rank=known.rank,
        name=child["name"],
        kana=child["kana"],
        age=child["age"],
        grade=child["school_grade"],
        school=child["school_name"],
        age_band=child["age_band"] or "",
        levels={judgement.category: judgement.level for judgement in known.judgements},
        points={judgement.category: judgement.points for judgement in known.judgements},
        missing={judgement.category: judgement.missing for judgement in known.judgements},
        reasons=(),
        protected=bool(child["protected"]),
        in_care=bool(child["in_care"]),
        known_case=bool(child["known_case"]),
        council_open=bool(child["council_open"]),
        support_open=bool(child["support_open"]),
        last_seen_on=child["last_seen_on"],
        last_seen_by=child["last_seen_by"],
    )


# -- reasons ------------------------------------------------------------------------------------------------


def reasons(shown: session.Snapshot, known: Dossier) -> None:
    """Why the child stands at each level: sentences, the events behind them, and how the points add up."""
    with shown.con.cursor() as cursor:
        rules = session.ruleset(shown)
        told = explain.explain(cursor, known.resident_id, rules, session.catalogue())
    row = _row(known)
    behind = {(reason.category, reason.code): reason for reason in known.reasons}
    order = sorted(
        (category for category in told.categories if category.contributions or category.missing),
        key=lambda category: (-category.level, -category.points, category.category),
    )
    with parts.card("reasons"):
        st.html(
            "<b>判定の理由</b>　<span class='kd-muted kd-small'>点は順番を決めるための目安です。"
            "理由を読み、事実を確かめてください。</span>"
        )
        if not order:
            st.caption("いま分かっている範囲では、基準に届く理由はありません。安全という意味ではありません。")
            return
        tabs = st.tabs(
            [
                f"{category.label} {style.shape}{style.word}"
                for category in order
                for style in [theme.level_style(_level(row, category.category, rules))]
            ]
        )
        for tab, category in zip(tabs, order, strict=True):
            with tab:
                _category(category, behind, rules)


def _category(
    category: explain.CategoryExplanation,
    behind: Mapping[tuple[str, str], dossier.Reason],
    rules: RuleSet,
) -> None:
    floors = roster.floors_of(rules)
    own = sorted(category.contributions, key=lambda row: -floors.get(row.code, 0))
    steps = charts.steps([row.points for row in own])
    top = max([category.points, *category.starts, *(start + abs(points) for start, points in steps)]) * 1.04
    rows = []
    for row, step in zip(own, steps, strict=True):
        reason = behind.get((category.category, row.code))
        shown = reason.shown[:2] if reason else ()
        records = "".join(
            parts.note(
                f"{parts.day(event.occurred_on)} {event.title}{_who(event)}"
                f"（{theme.department(event.department).name}・登録 {parts.day(event.recorded_on)}）"
            ).markup
            for event in shown
        )
        if row.events > len(shown):
            records += parts.note(f"ほか {row.events - len(shown)}件の記録").markup
        text = row.text.split("。この事実だけで")[0] if row.code in floors else row.text
        rows.append(
            (
                parts.Html(f"{parts.html(text)}{records}"),
                _effect(row, step, top, category.starts, floors),
                f"{row.points:+g}" if row.points else parts.Html(""),
            )
        )
    edges = "・".join(
        f"{theme.level_style(level).shape}{theme.level_style(level).word} {start:g}点"
        for level, start in enumerate(category.starts, start=1)
    )
    st.html(f"<div>{parts.html(category.sentence)} {parts.muted(f'（境目 {edges}）').markup}</div>")
    if rows:
        rows.append(
            (
                parts.strong("合計"),
                parts.bar((0.0, category.points), top, category.starts),
                f"{category.points:g}",
            )
        )
        parts.table(
            [("理由と、もとになった記録", ""), (parts.bar_scale(top, category.starts), "bar"), ("点", "num")],
            rows,
            scroll=True,
            height=360,
        )
    notes = [
        parts.Html(f"{parts.html(change.text)}、<b>{parts.html(change.level_label)}</b>になります。")
        for change in (*category.without[:2], *(more for more in category.more if more.unknown_now))
    ]
    if category.missing:
        names = [missing.label for missing in category.missing]
        some = "、".join(names[:5]) + ("ほか" if len(names) > 5 else "")
        notes.append(
            parts.Html(f"不明なこと {len(names)}件: {parts.html(some)}。不明は「なし」ではありません。")
        )
    if notes:
        parts.bullets(notes)


def _effect(
    row: explain.Contribution,
    step: tuple[float, float],
    top: float,
    starts: Sequence[float],
    floors: Mapping[str, int],
) -> parts.Html:
    """What a reason does: a bar for points, the level it sets by itself, or that somebody is at work."""
    if row.points:
        return parts.bar(step, top, starts)
    if row.code in floors:
        return parts.join(parts.level_mark(floors[row.code]), parts.muted("以上にする事実"))
    return parts.muted("すでに関わりがある印" if row.kind == "suppression" else "")


def _who(event: Event) -> str:
    return "" if event.who == "本人" else f"［{event.who}］"


# -- review -------------------------------------------------------------------------------------------------


@st.fragment
def review_box(user: Actor, shown: session.Snapshot, known: Dossier, scope: access.ChildScope) -> None:
    """What staff conclude: outcome, reason and a note; and where to go next."""
    session.stay()
    past = cases.reviews_of(session.store(), known.resident_id)
    with parts.card("review"):
        state = session.standing(shown)
        if st.session_state.pop(SAVED, None) == known.resident_id:
            st.success("確認を記録しました。未確認の一覧から外れました。")
        if past:
            newest = past[0]
            why = state.again.get(known.resident_id)
            label = f"再確認が必要です（{why}）" if why else "確認済み"
            st.html(
                f"<b>職員の確認</b>　{parts.html(label)}<div class='kd-small kd-muted'>前回 "
                f"{parts.day(newest.reviewed_on)} {parts.html(newest.outcome_label)}"
                f"（{parts.html(newest.reason_label)}）</div>"
            )
        else:
            st.html("<b>職員の確認</b>　まだだれも確認していません")
        if not access.may(user, "review"):
            st.caption("あなたの役割では、確認の記録はできません。")
            return
        known_outcomes = cases.catalogue().outcomes
        outcome = st.selectbox(
            "確認の結果",
            list(known_outcomes),
            format_func=lambda code: f"{known_outcomes[code].label}（{known_outcomes[code].means}）",
            index=None,
            placeholder="選んでください",
            key=f"rv_outcome_{known.child['child_ref']}",
        )
        choices = {reason.code: reason for reason in cases.reasons_for(outcome)} if outcome else {}
        reason = st.selectbox(
            "主な理由",
            list(choices),
            format_func=lambda code: choices[code].label,
            index=None,
            placeholder="選んでください" if choices else "先に結果を選んでください",
            disabled=not choices,
            key=f"rv_reason_{known.child['child_ref']}",
        )
        note = st.text_area(
            "メモ（確かめたこと、自分の見立て）",
            max_chars=cases.NOTE_LENGTH,
            height=90,
            key=f"rv_note_{known.child['child_ref']}",
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            pressed = st.button("記録する", type="primary", key="rv_save")
            after = st.button("次のこどもへ", key="rv_next", type="tertiary")
        if pressed:
            _save(user, shown, known, scope, outcome or "", reason or "", note or "", len(past))
        if after:
            _next(user, shown, known)


def _save(
    user: Actor,
    shown: session.Snapshot,
    known: Dossier,
    scope: access.ChildScope,
    outcome: str,
    reason: str,
    note: str,
    version: int,
) -> None:
    live = session.current()
    if live is None:
        st.rerun(scope="app")
    seen = cases.Seen(
        levels={judgement.category: judgement.level for judgement in known.judgements},
        known_case=bool(known.child["known_case"]),
        ruleset=shown.ruleset,
        snapshot=shown.name,
        as_of=shown.as_of,
    )
    at = st.session_state.get(OPENED, ("", None))[1]
    try:
        cases.review(
            session.store(),
            user,
            known.resident_id,
            outcome,
            reason,
            note,
            version,
            seen=seen,
            opened_at=at if isinstance(at, datetime) else None,
            child=scope,
        )
    except KodomoError as refusal:
        st.error(str(refusal))
        return
    st.session_state[SAVED] = known.resident_id
    st.session_state[OPENED] = (known.resident_id, session.store().clock())
    st.rerun(scope="app")


def _next(user: Actor, shown: session.Snapshot, known: Dossier) -> None:
    """Go on to the next child nobody has looked at yet, after this one in the order of checking."""
    waiting = roster.page(
        shown.con, session.scope(user), roster.Filter(), session.settled(shown), size=2, most_reasons=0
    ).rows
    following = [row for row in waiting if row.resident_id != known.resident_id]
    if following:
        st.switch_page(session.page("child"), query_params={"child": following[0].child_ref})
    st.info("未確認のこどもは、もういません。")


def support(known: Dossier) -> None:
    """What already helps: support going on, and strengths."""
    with parts.card("support"):
        st.html("<b>いまの支援・守りになっていること</b>")
        # Of decisions renewed every year, the newest says what holds now.
        newest = {event.title: event for event in reversed(known.supports()) if event.ended_on is None}
        running = list(reversed(newest.values()))
        past = [event for event in known.supports() if event.ended_on is not None]
        lines: list[object] = [
            parts.join(
                event.title,
                parts.muted(f"{parts.day(event.occurred_on)}から・{theme.department(event.department).name}"),
            )
            for event in running[:5]
        ]
        lines += [
            parts.join(
                state.item.label,
                dossier.value_text(state),
                parts.muted(theme.department(state.item.department).name),
            )
            for state in known.protective()
        ]
        if lines:
            parts.bullets(lines)
        else:
            st.caption(
                "記録にある支援はありません。記録にない支え（家族・近所・学校など）も確かめてください。"
            )
        if past:
            st.caption(f"終わった支援 {len(past)}件（時系列の帯で見られます）")


# -- timeline -----------------------------------------------------------------------------------------------


@st.fragment
def timeline(user: Actor, shown: session.Snapshot, known: Dossier) -> None:
    """All departments on one time axis, with filters and the same as a table."""
    session.stay()
    with parts.card("timeline"):
        family = any(event.who != "本人" for event in known.events)
        st.html(f"<b>各課の時系列</b>　<span class='kd-small kd-muted'>{charts.timeline_legend()}</span>")
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            span = st.segmented_control(
                "期間", list(charts.RANGES), default="1年", key="tl_span", required=True
            )
            whose = "本人だけ"
            if family:
                whose = st.segmented_control(
                    "だれの記録",
                    ["本人と家族", "本人だけ"],
                    default="本人と家族",
                    key="tl_whose",
                    required=True,
                )
            chosen = st.multiselect(
                "課",
                [department.code for department in theme.departments()],
                format_func=lambda code: theme.department(code).name,
                placeholder="すべての課",
                select_all=False,
                key="tl_departments",
                width=180,
            )
            kinds = sorted({event.source for event in known.events})
            sources = st.multiselect(
                "種類", kinds, placeholder="すべての種類", select_all=False, key="tl_kinds", width=180
            )
            worry = st.toggle("心配な出来事だけ", key="tl_worry")
        events = [
            event
            for event in known.events
            if (whose == "本人と家族" or event.who == "本人")
            and (not chosen or event.department in chosen)
            and (not sources or event.source in sources)
            and (not worry or event.grade >= 2 or event.is_support)
        ]
        days = charts.RANGES[span or "1年"]
        first = shown.as_of - timedelta(days=days) if days else None
        inside = [
            event
            for event in events
            if first is None
            or (event.ended_on or event.occurred_on) >= first
            or (event.is_support and event.lasting and event.ended_on is None)
        ]
        lanes = [
            department.code for department in theme.departments() if not chosen or department.code in chosen
        ]
        if access.policy().roles[user.role].facts == "department":
            lanes = [user.department]
        periods = sum(event.is_support and event.lasting for event in inside)
        chart, rows = st.tabs(["図", f"表（{len(inside):,}件）"])
        with chart:
            parts.say(
                f"この期間の記録 {len(inside) - periods:,}件と、支援の期間 {periods:,}件。"
                "図の上を横になぞると拡大し、ダブルクリックで戻ります。点を指すと、内容と2つの日付が出ます。"
            )
            st.plotly_chart(
                charts.timeline(
                    [_mark(event) for event in reversed(inside)],
                    lanes,
                    as_of=shown.as_of,
                    first=first,
                    revision=f"{known.child['child_ref']}{span}",
                ),
                config=charts.CONFIG,
                theme=None,
                key="tl_chart",
                alt="各課の記録を、課ごとの横の列に日付の順で並べた図。同じ内容は「表」にあります。",
            )
        with rows:
            parts.table(
                [
                    ("発生日", "nb"),
                    ("終了日", "nb"),
                    ("登録日", "nb"),
                    ("課", "nb"),
                    ("種類", "nb"),
                    ("だれ", "nb"),
                    ("内容", ""),
                ],
                [
                    (
                        parts.day(event.occurred_on),
                        parts.day(event.ended_on)
                        if event.ended_on
                        else ("継続中" if event.is_support and event.lasting else None),
                        parts.day(event.recorded_on),
                        parts.department_mark(event.department),
                        event.source,
                        event.who,
                        parts.Html(
                            f"<b>{parts.html(event.title)}</b>"
                            + (
                                f"<br><span class='kd-small'>{parts.html(event.detail)}</span>"
                                if event.detail
                                else ""
                            )
                        ),
                    )
                    for event in inside[:400]
                ],
                empty="この条件に合う記録はありません。",
                scroll=True,
            )
            if len(inside) > 400:
                st.caption("新しいほうから400件を表示しています。期間か課を絞ると、残りが見られます。")


def _mark(event: Event) -> charts.Mark:
    own = event.who == "本人"
    return charts.Mark(
        department=event.department,
        occurred_on=event.occurred_on,
        ended_on=event.ended_on,
        recorded_on=event.recorded_on,
        title=event.title if own else f"{event.title}（{event.who}）",
        detail=event.detail,
        source=event.source,
        grade=event.grade,
        is_support=event.is_support and event.lasting,
        faint=not own,
    )


# -- tabs below ---------------------------------------------------------------------------------------------


def _visible_items(user: Actor, states: Sequence[ItemState]) -> list[ItemState]:
    if access.policy().roles[user.role].facts == "department":
        return [state for state in states if state.item.department == user.department]
    return list(states)


@st.fragment
def items(user: Actor, shown: session.Snapshot, known: Dossier) -> None:
    """Every item: value with unit and window, how fresh it is, and 不明 with its reason."""
    session.stay()
    states = _visible_items(user, known.items)
    everything = st.toggle(f"「なし」の項目も表示する（全{len(states)}項目）", key="it_all")
    order = [department.code for department in theme.departments()]
    rows = sorted(
        (state for state in states if everything or state.state == "unknown" or state.value),
        key=lambda state: (
            order.index(state.item.department) if state.item.department in order else len(order),
            {"value": 0, "unknown": 1, "zero": 2}[state.state],
        ),
    )
    parts.table(
        [
            ("課", "nb"),
            ("項目", "mid"),
            ("値", "num"),
            ("期間", "mid"),
            ("新しい出来事", "nb"),
            ("登録日", "nb"),
            ("注意", ""),
        ],
        [
            (
                parts.department_mark(state.item.department),
                state.item.label,
                parts.chip("不明", "dash")
                if state.state == "unknown"
                else parts.strong(dossier.value_text(state))
                if state.value
                else dossier.value_text(state),
                state.item.window,
                parts.day(state.newest_occurred_on),
                parts.join(parts.day(state.newest_recorded_on), parts.muted(_freshness(state, shown.as_of))),
                parts.muted(
                    state.why + "。" + state.item.unknown_text
                    if state.state == "unknown"
                    else state.item.caution
                ),
            )
            for state in rows
        ],
        empty="表示できる項目はありません。",
        scroll=True,
    )


def _freshness(state: ItemState, as_of: date) -> str:
    if state.why:
        return state.why
    if state.newest_recorded_on is None:
        return ""
    return parts.days_ago(state.newest_recorded_on, as_of)


def unknown(user: Actor, known: Dossier) -> None:
    """What nobody knows, by the department that can fill it, and what to ask there."""
    owners = known.unknown()
    order = [department for department in theme.departments() if department.code in owners]
    if not _visible_items(user, [state for states in owners.values() for state in states]):
        st.caption("このこどもについて不明な項目はありません。")
        return
    parts.table(
        [("たずねる課", "nb"), ("不明な項目（理由）", ""), ("確認のしかた", "")],
        [
            (
                parts.department_mark(department.code),
                parts.Html(
                    "".join(
                        f"<div>{parts.join(state.item.label, parts.muted(state.why)).markup}</div>"
                        for state in owners[department.code]
                    )
                ),
                parts.muted(department.ask),
            )
            for department in order
            if _visible_items(user, owners[department.code])
        ],
    )


def household(user: Actor, known: Dossier) -> None:
    """Who lives together (same household or same address), and the brothers and sisters."""
    left, right = st.columns([1.15, 1], gap="small")
    with left:
        st.html("<b>いっしょに住んでいる人</b>")
        parts.table(
            [("続柄（こどもから見て）", ""), ("氏名", ""), ("年齢", "num"), ("住民票の続柄", "")],
            [
                (
                    member.relation,
                    member.name,
                    None if member.age is None else f"{member.age}歳",
                    member.relation_text,
                )
                for member in known.members
            ],
        )
    with right:
        st.html("<b>きょうだい</b>")
        if not known.siblings:
            st.caption("18歳までのきょうだいの記録はありません。")
        for sibling in known.siblings:
            with st.container(
                horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
            ):
                tags = [("要対協", "good")] if sibling.council_open else []
                tags += [("一時保護・施設", "strong")] if sibling.in_care else []
                age = "" if sibling.age is None else f"{sibling.age}歳 {roster.grade_label(sibling.grade)}"
                st.html(
                    f"{parts.html(sibling.name)} <span class='kd-small kd-muted'>{parts.html(age)}</span> "
                    f"{parts.level_mark(sibling.level).markup} {parts.chips(tags).markup}"
                )
                if st.button("開く", key=f"sb_{sibling.child_ref}", type="tertiary"):
                    st.switch_page(session.page("child"), query_params={"child": sibling.child_ref})


def history(known: Dossier) -> None:
    """All reviews of the child, newest first."""
    kinds = session.categories()
    parts.table(
        [
            ("確認日", "nb"),
            ("結果", "nb"),
            ("理由", ""),
            ("メモ", ""),
            ("そのときのレベル", ""),
            ("職員・課", "nb"),
        ],
        [
            (
                parts.moment(review.reviewed_at),
                parts.strong(review.outcome_label),
                review.reason_label,
                review.note,
                "、".join(
                    f"{kinds.label(code)} {theme.level_style(level).word}"
                    for code, level in review.levels.items()
                    if level
                )
                or "–",
                f"{review.user_id}・{session.department_name(review.department)}",
            )
            for review in cases.reviews_of(session.store(), known.resident_id)
        ],
        empty="まだ確認の記録はありません。",
        scroll=True,
    )


def viewers(user: Actor, known: Dossier) -> None:
    """Who looked at this child; asking for it is itself logged."""
    if not st.button("見た人の一覧を表示する", key="vw_show"):
        st.caption("表示すると、そのことも操作ログに残ります。")
        return
    audit.record(session.store(), user, "who_saw", subject=known.resident_id)
    seen = audit.who_saw(session.store(), known.resident_id)
    parts.table(
        [
            ("利用者", "nb"),
            ("役割", "nb"),
            ("課", "nb"),
            ("回数", "num"),
            ("最初", "nb"),
            ("最後", "nb"),
            ("目的", ""),
        ],
        [
            (
                row["user_id"],
                access.role_label(row["role"]),
                session.department_name(row["department"]),
                row["times"],
                parts.moment(row["first_jst"]),
                parts.moment(row["last_jst"]),
                _purposes(row["purposes"]),
            )
            for row in seen.to_dict("records")
        ],
        scroll=True,
    )


def _purposes(codes: object) -> str:
    known = access.purposes()
    if not isinstance(codes, str) or not codes:
        return "担当として"
    return "、".join(known[code].label if code in known else code for code in codes.split(","))


def mixed(user: Actor, row: Mapping[str, Any]) -> None:
    """The way to 名寄せ確認 for whoever sees that another child's records stand here."""
    if not access.may(user, "link_decide"):
        return
    if st.button("別のこどもの記録が混ざっているとき", type="tertiary", icon=":material/call_split:"):
        st.session_state["mt_view"] = "混ざりを直す"
        st.session_state["mt_child"] = row["resident_id"]
        st.switch_page(session.page("matching"))
