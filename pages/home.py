"""今日の仕事: what is to be done next, for each role."""

from kodomo import access
from kodomo.ui import homeview, parts, session

user = session.require("view_home")
homeview.follow()
snapshot = session.snapshot()
session.log_once("home", snapshot.name, "view_home")

parts.heading("今日の仕事", session.basis(snapshot))
homeview.notices(user)
homeview.waiting(user, snapshot)
if access.may(user, "view_list") and access.sees(user, "level"):
    homeview.next_children(user, snapshot)
    homeview.done_lately(user)
    left, right = parts.halves()
    with left:
        homeview.own_reviews(user)
        homeview.freshness(user, snapshot)
    with right:
        homeview.levels(session.figures(snapshot, user)[1])
elif access.may(user, "view_list"):
    homeview.freshness(user, snapshot)
else:
    if access.may(user, "view_outcomes"):
        homeview.figures(snapshot)
    if access.may(user, "view_quarantine"):
        homeview.quarantine(snapshot)
    if access.may(user, "view_log"):
        homeview.log_today()
    if access.may(user, "account_create"):
        homeview.people()
    if access.may(user, "view_intake"):
        homeview.freshness(user, snapshot)
