"""放課後こどもクラブ: places, unpaid fees and places lost."""

from __future__ import annotations


def member(city, who, **values):
    return city.add("after_school_club", who, **({"started_on": "2025-04-01"} | values))


def test_fees_count_while_the_child_belongs_to_the_club(city):
    for who in ("1001", "1002", "1003", "1004"):
        city.child(who)
    member(city, "1001", arrears_months=3)
    member(
        city,
        "1001",
        started_on="2024-04-01",
        ended_on="2025-03-31",
        arrears_months=9,
        recorded_on="2024-05-01",
    )
    member(city, "1002", arrears_months=0)
    member(city, "1003", arrears_months=None)
    day = "2025-12-31"
    assert city.item("club_arrears", day) == {"1001": 3}
    assert city.item("club_member", day) == {"1001": 1, "1002": 1, "1003": 1}
    assert city.item("club_arrears", "2025-03-30") == {"1001": 9}
    assert city.item("club_arrears", "2025-03-31") == {}, "the last day is no day of membership"


def test_a_place_lost_over_fees_counts_for_twelve_months(city):
    for who, reason in (("1001", "3"), ("1002", "2"), ("1003", "3")):
        city.child(who)
        member(city, who, ended_on="2025-09-30", end_reason=reason, recorded_on="2025-10-15")
    member(city, "1003", started_on="2025-10-01")
    assert city.item("club_left_arrears", "2025-10-14") == {}, "recorded later"
    assert city.item("club_left_arrears", "2025-10-15") == {"1001": 1, "1003": 1}
    assert city.item("club_member", "2025-10-15") == {"1003": 1}


def test_fees_recorded_late_do_not_change_an_earlier_day(city):
    city.child("1001")
    member(city, "1001", membership_id="K1", arrears_months=0, recorded_on="2025-04-05")
    member(city, "1001", membership_id="K1", arrears_months=4, recorded_on="2025-10-05")
    assert city.item("club_arrears", "2025-10-04") == {}
    assert city.item("club_arrears", "2025-10-05") == {"1001": 4}


def test_an_extract_that_never_came_leaves_the_items_unlinked(city):
    city.child("1001")
    city.undelivered("after_school_club")
    con = city.judged("2026-03-31")
    states = con.execute("select distinct state from item_status where item like 'club%'").fetchall()
    assert states == [("未連携",)]
