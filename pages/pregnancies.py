"""妊婦: expectant women in the order of looking, with the reasons and what is unknown."""

import streamlit as st

from kodomo import pregnancies
from kodomo.ui import parts, pregnancy_view, session

user = session.require("view_pregnancy")
pregnancy_view.follow()
snapshot = session.snapshot()
st.query_params.clear()

parts.heading("妊婦", session.basis(snapshot))
if not pregnancies.there(snapshot.con):
    pregnancy_view.nothing_yet()
    st.stop()
entries = pregnancies.listed(snapshot.con, session.store(), user)
figures = st.container()
chosen = pregnancy_view.filters(user, entries)
shown = pregnancy_view.page_of(chosen)
session.log_once(
    "pregnancies",
    (snapshot.name, tuple(entry.entry_ref for entry in shown)),
    "view_pregnancy",
    count=len(shown),
    detail={"list": "pregnancies", "hits": len(chosen)},
)
with figures:
    pregnancy_view.summary(user, entries)
pregnancy_view.women(user, snapshot, shown, len(chosen))
pregnancy_view.pager(len(chosen))
pregnancy_view.how_it_works(user)
