"""こども一覧: children in the order of checking, with reasons, filters and search."""

import streamlit as st

from kodomo import access, audit, cases, roster
from kodomo.ui import list_sheet, lists, parts, session

user = session.require("view_list")
lists.follow()
st.query_params.clear()
snapshot = session.snapshot()
ranked = access.sees(user, "level")

parts.heading("こども一覧", session.basis(snapshot))
figures = st.container()
chosen, words = lists.filters(user, snapshot, ranked=ranked)
found = lists.search(user, snapshot, words)
number = lists.page_number()
page = roster.page(
    snapshot.con,
    session.scope(user),
    chosen,
    session.settled(snapshot),
    found=found,
    number=number,
    most_reasons=lists.REASONS,
    floors=roster.floors_of(session.ruleset(snapshot)),
    by_rank=ranked,
)
session.log_once(
    "list",
    (chosen, words, number, snapshot.name),
    "search" if found is not None else "view_list",
    count=len(page.rows),
    detail={"hits": page.total, "page": number}
    | ({"words_hash": audit.hash_words(session.store(), words)} if words else {}),
)

with figures:
    if ranked:
        lists.counts(user, snapshot)
    else:
        st.caption("あなたの課が関わったこどもを、名前の順に並べています。")
lists.summary(page, number, words)
lists.children(
    user,
    snapshot,
    page.rows,
    reviews=cases.newest(session.store(), [row.resident_id for row in page.rows]),
    ranked=ranked,
)
lists.pager(page.total)
if found is None:
    list_sheet.button(user, snapshot, chosen, page.total)
