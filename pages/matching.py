"""名寄せ確認: whose record is this; side by side, with the evidence in words, one key an answer."""

from kodomo.ui import (
    matching_figures,
    matching_links,
    matching_queue,
    matching_repair,
    matching_view,
    parts,
    session,
)

user = session.require("view_links")
snapshot = session.snapshot()
queue = matching_queue.waiting(user, snapshot)

parts.heading("名寄せ確認", session.basis(snapshot))
session.log_once("links", snapshot.name, "view_links", count=len(queue))
matching_view.notices(user, snapshot)
matching_view.summary(user, snapshot, queue)
view = matching_view.view(user)
if view == matching_view.ASK:
    matching_queue.ask(user, snapshot, queue)
elif view == matching_view.SAMPLE:
    matching_queue.sample(user, snapshot)
elif view == matching_view.NOBODY:
    matching_links.nobody(user, snapshot)
elif view == matching_view.CHANGED:
    matching_links.changed(user, snapshot)
elif view == matching_view.DECIDED:
    matching_links.decided(user, snapshot)
elif view == matching_view.REPAIR:
    matching_repair.repair(user, snapshot)
else:
    matching_figures.quality(user, snapshot)
