"""Facts view: what is known of a child item by item, what is not, what helps, and who lives there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st

from kodomo import access, dossier, roster
from kodomo.audit import Actor
from kodomo.dossier import Dossier, Event, ItemState
from kodomo.ui import parts, session, theme


def running(known: Dossier, most: int = 5) -> list[Event]:
    """Support that goes on, the newest first; of decisions renewed every year only the newest."""
    newest = {event.title: event for event in reversed(known.supports()) if event.ended_on is None}
    return list(reversed(newest.values()))[:most]


def support(known: Dossier) -> None:
    """What already helps: support going on, and strengths."""
    with parts.card("support"):
        st.html("<b>いまの支援・守りになっていること</b>")
        past = [event for event in known.supports() if event.ended_on is not None]
        lines: list[object] = [
            parts.join(
                event.title,
                parts.muted(f"{parts.day(event.occurred_on)}から・{theme.department(event.department).name}"),
            )
            for event in running(known)
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
