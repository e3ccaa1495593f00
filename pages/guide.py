"""使い方: what levels and 不明 mean, how to work through the list, and what is written to the log."""

from kodomo.ui import guide_view, parts, session

user = session.require("view_guide")
session.log_once("guide", user.role, "view_guide")

parts.heading("使い方", "はじめて使うとき、迷ったときに読んでください。")
left, right = parts.halves()
with left:
    guide_view.first_words()
    guide_view.levels()
    guide_view.looking()
    guide_view.lists()
    guide_view.marks()
with right:
    guide_view.rights(user)
    guide_view.unknown()
    guide_view.tuning()
    guide_view.guarded()
    guide_view.logged()
