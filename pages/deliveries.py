"""データ連携状況: how fresh every extract is, what was received, what stayed behind, what was matched."""

from kodomo.ui import deliveries_view, parts, session

user = session.require("view_intake")
snapshot = session.snapshot()
rows = deliveries_view.freshness(user, snapshot)

parts.heading("データ連携状況", session.basis(snapshot))
session.log_once("intake", snapshot.name, "view_intake", count=len(rows))
deliveries_view.notices(user, snapshot)
deliveries_view.summary(user, snapshot, rows)
view = deliveries_view.view()
if view == "新しさ":
    deliveries_view.freshness_table(rows, snapshot)
elif view == "受領の記録":
    deliveries_view.receipts(user, snapshot)
elif view == "保留行":
    deliveries_view.quarantine(user, snapshot)
else:
    deliveries_view.matches(user, snapshot, rows)
