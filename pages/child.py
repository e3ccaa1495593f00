"""こども: why this child is on the list, what every department knows, and what staff concluded."""

import streamlit as st

from kodomo import access, dossier
from kodomo.ui import childview, parts, session

user = session.require("view_child")
snapshot = session.snapshot()
row = childview.choose(snapshot)
scope = childview.admit(user, snapshot, row)
session.log_once("child", (row["child_ref"], snapshot.name), "view_child", subject=row["resident_id"])
known = dossier.load(snapshot.con, row, session.scope(user), session.facts(user), session.catalogue())
childview.opened(known)

childview.header(user, snapshot, known)
if access.sees(user, "reasons"):
    why, act = st.columns([1.9, 1], gap="small")
    with why:
        childview.reasons(snapshot, known)
    with act:
        childview.review_box(user, snapshot, known, scope)
        childview.support(known)

childview.timeline(user, snapshot, known)

names = ["項目の値", "不明なこと"]
names += ["世帯・きょうだい"] if access.sees(user, "household") else []
names += ["確認の履歴"] if access.sees(user, "notes") else []
names += ["この子を見た人"] if access.may(user, "who_saw") else []
tabs = dict(zip(names, st.tabs(names), strict=True))
with tabs["項目の値"]:
    childview.items(user, snapshot, known)
with tabs["不明なこと"]:
    childview.unknown(user, known)
if "世帯・きょうだい" in tabs:
    with tabs["世帯・きょうだい"]:
        childview.household(user, known)
if "確認の履歴" in tabs:
    with tabs["確認の履歴"]:
        childview.history(known)
if "この子を見た人" in tabs:
    with tabs["この子を見た人"]:
        childview.viewers(user, known)
childview.mixed(user, row)
parts.foot("この画面を見たことは、操作ログに記録されています。")
