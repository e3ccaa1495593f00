"""Paging: the page numbers below a list, which begin at the first page again when its filter changes.

A list is known by a short name, unique among the screens; its page number and the turn it is at stand in the
session under that name.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TypeVar

import streamlit as st

Row = TypeVar("Row")


def restart(name: str) -> None:
    """Begin at the first page again, after a filter of the list changed."""
    turn = f"{name}_turn"
    st.session_state[turn] = st.session_state.get(turn, 0) + 1


def key(name: str) -> str:
    """The key of the page number: a new one for every filter, so that each begins at its first page."""
    return f"{name}_page_{st.session_state.setdefault(f'{name}_turn', 0)}"


def number(name: str) -> int:
    """The page of the list to show, from 1."""
    return max(int(st.session_state.get(key(name)) or 1), 1)


def rows_of(found: Sequence[Row], name: str, size: int) -> list[Row]:
    """Those of all the rows `found` that stand on the page to show, with `size` rows a page."""
    page = number(name)
    return list(found[(page - 1) * size : page * size])


def pager(total: int, name: str, size: int, *, wide: bool = False) -> None:
    """Page numbers below a list of `total` rows: in the middle, or `wide`, as broad as the list."""
    pages = ceil(total / size)
    if pages <= 1:
        return
    if wide:
        st.pagination(pages, key=key(name), width="stretch", persist_state="session")
        return
    with st.container(horizontal=True, horizontal_alignment="center"):
        st.pagination(pages, key=key(name), persist_state="session")
