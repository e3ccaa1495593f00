"""操作ログ: who did what, for 監査担当; children stand in it as signs, and reading it is written to it."""

import streamlit as st

from kodomo.ui import oplog_view, parts, session

user = session.require("view_log")

parts.heading(
    "操作ログ", "見たこと、変えたこと、断られたことのすべての記録です。この画面を見たことも記録されます。"
)
wanted = oplog_view.filters()
page = oplog_view.read(wanted)
oplog_view.summary(wanted)
tools = st.container(horizontal=True, vertical_alignment="center", gap="small")
results = st.container()
with tools:
    oplog_view.by_user(wanted)
    oplog_view.check(user, results)
    oplog_view.export(user, wanted, page)
oplog_view.rows(user, wanted, page)
