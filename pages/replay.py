"""検証: what the lists of past month-ends would have found, measured by what was recorded later."""

import streamlit as st

from kodomo import replay
from kodomo.ui import parts, replay_view, session

user = session.require("view_replay")
snapshot = session.snapshot()

found = replay.find(session.family())
parts.heading("検証", replay_view.basis(found) if found else "")
if found is None:
    replay_view.nothing_yet()
    st.stop()
session.log_once("replay", (found.path.name, found.made_at), "view_replay")
replay_view.warn_if_old(found, snapshot)
shown = replay_view.figures(found)
choice = replay_view.choose(found, shown)
at = replay_view.at_k(found, choice)
left, right = parts.halves()
with left:
    replay_view.workload(shown, at, choice)
    replay_view.lead(shown, choice)
    replay_view.stable(shown, choice)
with right:
    replay_view.precise(at, choice)
    replay_view.departments(at, choice)
    replay_view.masked(shown)
replay_view.fair(shown, choice)
replay_view.limits(found)
