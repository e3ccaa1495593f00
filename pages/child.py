"""こども: why this child is on the list, what every department knows, and what staff concluded."""

import streamlit as st

from kodomo import access, dossier
from kodomo.ui import (
    child_sheet,
    childview,
    facts_view,
    parts,
    reasons_view,
    review_view,
    session,
    timeline_view,
)

user = session.require("view_child")
snapshot = session.snapshot()
row = childview.choose(snapshot)
scope = childview.admit(user, snapshot, row)
session.log_once("child", (row["child_ref"], snapshot.name), "view_child", subject=row["resident_id"])
known = dossier.load(snapshot.con, row, session.scope(user), session.facts(user), session.catalogue())
review_view.opened(known)

childview.header(user, snapshot, known)
if access.sees(user, "reasons"):
    why, act = st.columns([1.9, 1], gap="small")
    with why:
        reasons_view.reasons(snapshot, known)
    with act:
        review_view.review_box(user, snapshot, known, scope)
        facts_view.support(known)
        child_sheet.button(user, snapshot, known, scope)

timeline_view.timeline(user, snapshot, known)

names = ["項目の値", "不明なこと"]
names += ["世帯・きょうだい"] if access.sees(user, "household") else []
names += ["確認の履歴"] if access.sees(user, "notes") else []
names += ["この子を見た人"] if access.may(user, "who_saw") else []
tabs = dict(zip(names, st.tabs(names), strict=True))
with tabs["項目の値"]:
    facts_view.items(user, snapshot, known)
with tabs["不明なこと"]:
    facts_view.unknown(user, known)
if "世帯・きょうだい" in tabs:
    with tabs["世帯・きょうだい"]:
        facts_view.household(user, known)
if "確認の履歴" in tabs:
    with tabs["確認の履歴"]:
        review_view.history(known)
if "この子を見た人" in tabs:
    with tabs["この子を見た人"]:
        childview.viewers(user, known)
childview.mixed(user, row)
parts.foot("この画面を見たことは、操作ログに記録されています。")
