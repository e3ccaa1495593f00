"""判定条件: the rules in use as sentences, with their hits, what people found of them, and opinions."""

from kodomo.ui import parts, rules_view, session

user = session.require("view_rules")
snapshot = session.snapshot()

parts.heading("判定条件", session.basis(snapshot))
rules_view.show(user, snapshot)
