"""Queue view: the next record to settle, and the automatic links drawn by lot."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from kodomo import matching
from kodomo.audit import Actor
from kodomo.matching import Waiting
from kodomo.ui import matching_place as place
from kodomo.ui import parts, session
from kodomo.ui.matching_case import case_view


@st.cache_data(max_entries=4, show_spinner=False)
def _listed(name: str) -> list[matching.Listed]:
    """The links that may be asked about; keyed by snapshot, the same for everybody, filtered afterwards."""
    return matching.listed(session.snapshot().con)


def waiting(user: Actor, shown: session.Snapshot) -> list[Waiting]:
    """What this person is asked about, in order, within the chosen extract."""
    ops = session.store()
    rows = matching.with_proposals(shown.con, ops, _listed(shown.name))
    return matching.queue(rows, ops, user, st.session_state.get(place.EXTRACT))


def ask(user: Actor, shown: session.Snapshot, queue: Sequence[Waiting]) -> None:
    """The next record of the queue."""
    if not queue:
        st.info(
            "確認を待つ記録はありません。「抜き取り」で自動の結びつきを確かめると、正しさの見積もりが確かになります。"
        )
        return
    _case_of(user, shown, queue, "queue")


def sample(user: Actor, shown: session.Snapshot) -> None:
    """Automatic links drawn by lot, without the machine's opinion."""
    extract = place.extract(user)
    if extract is None:
        return
    left, done = matching.sample(shown.con, session.store(), user, extract)
    st.html(
        f'<div class="kd-small">{escape(matching.titles()[extract])}：{done}件すみ、残り{len(left)}件　'
        '<span class="kd-muted">自動の結びつきから、くじで選びました。先入観なく見られるよう、'
        "機械の点数は出しません。</span></div>"
    )
    if not left:
        st.info("この連携データの抜き取りは終わりました。ほかの連携データを選べます。")
        return
    _case_of(user, shown, left, "sample")


def _case_of(user: Actor, shown: session.Snapshot, rows: Sequence[Waiting], origin: str) -> None:
    state = st.session_state
    keys = [(row.extract, row.record_key) for row in rows]
    if state.get(place.AT) not in keys:
        place.open_record(keys[min(int(state.get(place.PLACE) or 0), len(keys) - 1)])
    number = keys.index(state[place.AT])
    state[place.PLACE] = number
    row = rows[number]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="mt_walk"):
        st.button("前", on_click=place.step, args=(keys, number - 1), disabled=number == 0, key="mt_before")
        st.button(
            "次",
            on_click=place.step,
            args=(keys, number + 1),
            disabled=number + 1 >= len(keys),
            key="mt_after",
        )
        marks = []
        if row.two_people:
            marks.append(("2人で確認", "strong"))
        if row.state == "proposed":
            marks.append(("2人目の確認です", "strong"))
        elif row.state == "disputed":
            marks.append(("2人の答えがちがいました", "strong"))
        elif row.state == "later":
            marks.append(("あとで、にした記録", "dash"))
        st.html(
            f'<span class="kd-small">{number + 1}件目 / {len(keys)}件　</span>'
            f"{parts.department_mark(matching.departments()[row.extract]).markup}　"
            f"<b>{escape(matching.titles()[row.extract])}</b>　"
            f'<span class="kd-muted kd-small">記録番号 {escape(row.record_key)}</span>　'
            f"{parts.chips(marks).markup}"
        )
    case_view(user, shown, row.extract, row.record_key, origin)
