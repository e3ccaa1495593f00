"""重篤化の見張り: who worsened of late against their own past, and who entered and left the list."""

import streamlit as st

from kodomo import access, changes, worsening
from kodomo.ui import parts, session, watch_view

user = session.require("view_list")
session.require("view_worsening")
snapshot = session.snapshot()
st.query_params.clear()

parts.heading("重篤化の見張り", session.basis(snapshot))
section = watch_view.section() if access.sees(user, "reasons") else watch_view.WATCH
if not worsening.there(snapshot.con):
    watch_view.nothing_yet()
    st.stop()

if section == watch_view.WATCH:
    counts, controls = st.container(), st.container()
    with controls:
        board = watch_view.board(user, snapshot)
    rows, total = watch_view.page_of(board)
    session.log_once(
        "watch",
        (snapshot.name, tuple(row.resident_id for row in rows)),
        "view_worsening",
        count=len(rows),
        detail={"list": "watch", "hits": total},
    )
    with counts:
        watch_view.summary(board)
    opened = watch_view.children(user, snapshot, rows, total)
    watch_view.pager(total, watch_view.PAGE_SIZE)
    watch_view.how_it_works(snapshot)
else:
    before = changes.basis(snapshot.con)
    if before is None:
        st.info("比べる前の判定がありません。次の判定のあとに表示されます。")
        st.stop()
    opened = watch_view.moves(user, snapshot, before)
if opened:
    st.switch_page(session.page("child"), query_params={"child": opened})
