"""支援漏れ: who by the data qualifies for a support and lacks it: the work list of push support."""

import streamlit as st

from kodomo import missed
from kodomo.ui import missed_view, parts, session

user = session.require("view_missed")
snapshot = session.snapshot()
st.query_params.clear()

parts.heading("支援漏れ", session.basis(snapshot))
if not missed.there(snapshot.con):
    missed_view.nothing_yet()
    st.stop()
gaps = missed.visible(user)
if not gaps:
    missed_view.nothing_of_own(user)
    st.stop()
entries = missed_view.entries(user, snapshot, gaps)
figures = st.container()
chosen = missed_view.filters(user, gaps, entries)
shown = missed_view.page_of(chosen)
session.log_once(
    "missed",
    (snapshot.name, tuple((entry.gap, entry.ref) for entry in shown)),
    "view_missed",
    count=len(shown),
    detail={"list": "missed", "hits": len(chosen)},
)
with figures:
    missed_view.summary(user, snapshot, gaps, entries)
opened = missed_view.rows(user, shown, len(chosen))
missed_view.pager(len(chosen))
missed_view.export(user, chosen)
missed_view.how_it_works(gaps)
if opened:
    missed_view.open_entry(user, snapshot, opened)
