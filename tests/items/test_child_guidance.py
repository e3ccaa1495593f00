"""児童相談所: notices, custody and care, as far as the row could be matched to a child."""

from __future__ import annotations


def notice(city, who, occurred_on, kind="1", **values):
    return city.add("guidance_center_case", who, occurred_on=occurred_on, kind=kind, **values)


def test_notices_of_abuse_count_for_two_years_and_others_do_not(city):
    city.child("1001")
    notice(city, "1001", "2023-12-31")
    notice(city, "1001", "2024-01-01")
    notice(city, "1001", "2025-12-01", "2", recorded_on="2025-12-25")
    notice(city, "1001", "2025-12-02", "0")
    assert city.item("center_notice_24m", "2025-12-24") == {"1001": 2}
    assert city.item("center_notice_24m", "2025-12-31") == {"1001": 2}
    assert city.item("center_notice_24m", "2026-01-01") == {"1001": 1}


def test_a_notice_that_waits_for_a_person_counts_for_nobody(city):
    city.child("1001")
    notice(city, "1001", "2025-06-01", link_status="review")
    assert city.item("center_notice_24m", "2025-12-31") == {}


def test_custody_is_care_until_the_child_comes_home(city):
    city.child("1001")
    notice(city, "1001", "2025-06-01", center_case_id="J1", custody_on="2025-06-02", recorded_on="2025-06-03")
    notice(
        city,
        "1001",
        "2025-06-01",
        center_case_id="J1",
        custody_on="2025-06-02",
        custody_ended_on="2025-08-01",
        recorded_on="2025-08-02",
    )
    assert city.item("in_care", "2025-06-02") == {}, "known from 3 June"
    assert city.item("in_care", "2025-08-01") == {"1001": 1}
    assert city.item("temporary_custody_24m", "2025-08-01") == {"1001": 1}
    assert city.item("custody_returned_12m", "2025-08-01") == {}
    assert city.item("in_care", "2025-08-02") == {}
    assert city.item("temporary_custody_24m", "2025-08-02") == {"1001": 1}
    assert city.item("custody_returned_12m", "2025-08-02") == {"1001": 1}


def test_a_child_placed_after_custody_did_not_come_home(city):
    city.child("1001")
    city.child("1002", birth_date="2018-06-15", household_id="H1001", parent=False)
    notice(city, "1001", "2025-06-01", custody_on="2025-06-02", custody_ended_on="2025-08-01", measure="3")
    day = "2025-12-31"
    assert city.item("in_care", day) == {"1001": 1}
    assert city.item("custody_returned_12m", day) == {}
    assert city.item("sibling_in_care", day) == {"1002": 1}


def test_custody_two_years_ago_counts_only_while_it_lasts(city):
    for who, ended_on in (("1001", None), ("1002", "2023-08-01")):
        city.child(who)
        notice(city, who, "2023-06-01", custody_on="2023-06-02", custody_ended_on=ended_on)
    assert city.item("temporary_custody_24m", "2025-12-31") == {"1001": 1}
