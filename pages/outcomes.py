"""成果指標: the five quantitative indicators, computed from what staff do every day."""

import streamlit as st

from kodomo import outcomes
from kodomo.ui import outcomes_view, parts, session

user = session.require("view_outcomes")
snapshot = session.snapshot()

parts.heading("成果指標", session.basis(snapshot))
with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
    chosen = outcomes_view.period(outcomes.period(session.store()))
    tools = st.container(width="content")
if chosen is None:
    outcomes_view.nothing_yet()
    st.stop()
since, until = chosen
session.log_once(
    "outcomes", (snapshot.name, chosen), "view_outcomes", detail={"since": str(since), "until": str(until)}
)
shown = outcomes_view.figures(snapshot, since, until)
with tools:
    outcomes_view.export(user, shown)
outcomes_view.cards(shown)
left, right = parts.halves()
with left:
    outcomes_view.newly_found(shown)
    outcomes_view.precise(shown)
    outcomes_view.waiting(shown)
    outcomes_view.work(shown)
with right:
    outcomes_view.concluded(shown)
    outcomes_view.helped(shown)
    outcomes_view.early(shown)
    outcomes_view.minutes(shown)
