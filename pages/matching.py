"""名寄せ確認: whose record is this; side by side, with the evidence in words, one key an answer."""

from kodomo.ui import matching_view, parts, session

user = session.require("view_links")
snapshot = session.snapshot()
queue = matching_view.waiting(user, snapshot)

parts.heading("名寄せ確認", session.basis(snapshot))
session.log_once("links", snapshot.name, "view_links", count=len(queue))
matching_view.summary(user, snapshot, queue)
view = matching_view.view(user)
if view == matching_view.ASK:
    matching_view.ask(user, snapshot, queue)
elif view == matching_view.SAMPLE:
    matching_view.sample(user, snapshot)
elif view == matching_view.NOBODY:
    matching_view.nobody(user, snapshot)
elif view == matching_view.CHANGED:
    matching_view.changed(user, snapshot)
elif view == matching_view.DECIDED:
    matching_view.decided(user, snapshot)
elif view == matching_view.REPAIR:
    matching_view.repair(user, snapshot)
else:
    matching_view.quality(user, snapshot)
