"""妊婦の画面: one pregnancy: why look, what is unknown, her records, the children and the reviews."""

import streamlit as st

from kodomo import access
from kodomo.ui import expectant_view, parts, session

user = session.require("view_expectant")
snapshot = session.snapshot()
entry = expectant_view.choose(user, snapshot)
session.log_once(
    "expectant",
    (entry.entry_ref, snapshot.name),
    "view_expectant",
    subject=entry.mother_id or entry.entry_id,
)

expectant_view.header(user, snapshot, entry)
why, act = st.columns([1.9, 1], gap="small")
with why:
    expectant_view.reasons(user, entry)
    expectant_view.unknown(entry)
with act:
    expectant_view.review_box(user, snapshot, entry)
    expectant_view.family(user, snapshot, entry)
expectant_view.timeline(user, snapshot, entry)
if access.sees(user, "notes"):
    expectant_view.history(entry)
parts.foot("この画面を見たことは、操作ログに記録されています。")
