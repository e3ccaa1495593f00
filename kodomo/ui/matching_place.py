"""Place: which part, extract, record and candidate of 名寄せ確認 is open in this tab."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from kodomo import matching
from kodomo.audit import Actor
from kodomo.ui import session

VIEW = "mt_view"
EXTRACT = "mt_extract"
AT = "mt_at"
PLACE = "mt_place"
OPENED = "mt_opened"
CHOSEN = "mt_chosen"
ALSO = "mt_also"
REASON = "mt_reason"
SAID = "mt_said"
CHILD = "mt_child"
TURN = "mt_turn"
LAST = "mt_last"
WORDS = "mt_words"
PAGE = 30

Key = tuple[str, str]


def open_record(key: Key) -> None:
    """Open a record; its time of work begins."""
    state = st.session_state
    state[AT] = key
    state[OPENED] = session.store().clock()
    for name in (CHOSEN, ALSO, WORDS):
        state.pop(name, None)


def close_record() -> None:
    """Nothing is open any more; the list it came from stays where it was."""
    for name in (AT, OPENED, CHOSEN, ALSO, WORDS):
        st.session_state.pop(name, None)


def forget() -> None:
    """Begin anew: nothing is open, nothing is chosen, every list is at its first page."""
    close_record()
    st.session_state.pop(PLACE, None)
    st.session_state[TURN] = st.session_state.get(TURN, 0) + 1


def step(keys: Sequence[Key], place: int) -> None:
    """Open the record at that place of a queue."""
    if 0 <= place < len(keys):
        open_record(keys[place])
        st.session_state[PLACE] = place


def at() -> Key | None:
    """The record that is open."""
    return st.session_state.get(AT)


def extract(user: Actor) -> str | None:
    """The extract that is looked at, the first of this person's own if none was chosen."""
    mine = matching.extracts_for(user)
    wanted = st.session_state.get(EXTRACT)
    return wanted if wanted in mine else mine[0] if mine else None


def page_key(name: str) -> str:
    """The key of the page number of a list; a new one whenever the list begins anew."""
    return f"mt_page_{name}_{st.session_state.setdefault(TURN, 0)}"


def page_number(name: str) -> int:
    """The page of a list that is shown."""
    return max(int(st.session_state.get(page_key(name)) or 1), 1)


def pager(total: int, name: str, size: int = PAGE) -> None:
    """Page numbers below a list."""
    pages = -(-total // size)
    if pages > 1:
        with st.container(horizontal=True, horizontal_alignment="center"):
            st.pagination(pages, key=page_key(name), persist_state="session")
