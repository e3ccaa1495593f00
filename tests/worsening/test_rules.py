"""The event rules: what each finds, what it leaves alone, and in which tier."""

from __future__ import annotations

import pytest

from kodomo.worsening import CHANGED, NOW


@pytest.fixture
def child(city):
    return city.child()


def consult(city, child, day, **more):
    return city.add("consultation", child, occurred_on=day, recorded_on=more.pop("recorded_on", day), **more)


def council(city, child, day, severity="1", **more):
    return city.add(
        "council_case", child, started_on=day, severity=severity, kind="1",
        recorded_on=more.pop("recorded_on", day), **more,
    )  # fmt: skip


def test_a_grave_event_is_looked_at_at_once(city, child, watched):
    key = consult(city, child, "2026-03-20", kind="13", urgency="3")
    tier, happened, known, events, _ = watched("2026-03-31")[child, "grave"]
    assert (tier, str(happened), str(known)) == (NOW, "2026-03-20", "2026-03-20")
    assert events == [f"consultation:{key}"]


def test_a_grave_event_counts_from_the_day_it_was_known(city, child, watched):
    consult(city, child, "2026-01-10", kind="13", urgency="3", recorded_on="2026-03-25")
    assert (child, "grave") in watched("2026-03-31")
    assert (child, "grave") not in watched("2026-03-24")


def test_a_grave_event_of_long_ago_is_past(city, child, watched):
    consult(city, child, "2026-01-10", kind="13", urgency="3")
    assert (child, "grave") not in watched("2026-03-31")


def test_a_severity_that_rose(city, child, watched):
    consult(city, child, "2025-05-01", kind="13", urgency="1")
    council(city, child, "2025-06-01")
    council(city, child, "2026-03-15", "3")
    assert watched("2026-03-31")[child, "severity_up"][0] == NOW
    assert (child, "severity_up") not in watched("2026-03-14")


def test_a_severity_that_fell_is_no_alarm(city, child, watched):
    consult(city, child, "2025-05-01", kind="13", urgency="1")
    council(city, child, "2025-06-01", "3")
    council(city, child, "2026-03-15", "1")
    assert (child, "severity_up") not in watched("2026-03-31")


def test_a_notice_after_closing(city, child, watched):
    consult(city, child, "2024-05-01", kind="13", urgency="1")
    council(city, child, "2024-06-01")
    council(city, child, "2025-09-01", ended_on="2025-09-01")
    assert (child, "renotified") not in watched("2026-03-31")
    city.add("guidance_center_case", child, occurred_on="2026-03-10", kind="1", recorded_on="2026-03-12")
    assert watched("2026-03-31")[child, "renotified"][0] == NOW


def test_nobody_was_met_in_an_open_case(city, child, watched):
    consult(city, child, "2025-05-01", kind="13", urgency="1")
    council(city, child, "2025-06-01")
    city.add(
        "contact_log", child, occurred_on="2025-12-01", outcome="1", counterpart="2", recorded_on="2025-12-01"
    )
    city.add(
        "contact_log", child, occurred_on="2026-03-20", outcome="2", counterpart="2", recorded_on="2026-03-20"
    )
    tier, happened, *_ = watched("2026-03-31")[child, "contact_lost"]
    assert (tier, str(happened)) == (NOW, "2025-12-01")
    assert (child, "contact_lost") not in watched("2026-02-20")


def test_grave_cases_are_missed_sooner(city, child, watched):
    consult(city, child, "2025-05-01", kind="13", urgency="1")
    council(city, child, "2026-01-01", "3")
    assert (child, "contact_lost") in watched("2026-02-20")


def test_two_departments_within_thirty_days(city, child, watched):
    consult(city, child, "2026-02-20", kind="11", urgency="1")
    city.add("guidance_center_case", child, occurred_on="2026-03-12", kind="1", recorded_on="2026-03-14")
    assert watched("2026-03-31")[child, "two_departments"][0] == CHANGED
    assert (child, "two_departments") not in watched("2026-03-13")


def test_two_events_of_one_department_or_far_apart_are_no_pair(city, child, watched):
    consult(city, child, "2026-01-02", kind="11", urgency="1")
    consult(city, child, "2026-03-20", kind="11", urgency="1")
    city.add("guidance_center_case", child, occurred_on="2025-11-12", kind="1", recorded_on="2026-03-14")
    assert (child, "two_departments") not in watched("2026-03-31")


def test_a_new_kind_of_event_for_a_child_under_consultation(city, child, watched):
    consult(city, child, "2025-08-01", kind="11", urgency="1")
    consult(city, child, "2026-03-20", kind="11", urgency="1")
    assert (child, "new_kind") not in watched("2026-03-31")
    city.add("guidance_center_case", child, occurred_on="2026-03-12", kind="1", recorded_on="2026-03-14")
    assert watched("2026-03-31")[child, "new_kind"][0] == CHANGED


@pytest.mark.parametrize(("follows", "alarm"), [(False, True), (True, False)])
def test_a_support_that_ended_and_what_followed(city, child, watched, follows, alarm):
    city.add("day_support", child, started_on="2025-04-01", ended_on="2026-03-10", recorded_on="2025-04-01")
    if follows:
        city.add(
            "day_support", child, started_on="2026-03-11", ended_on="2027-03-10", recorded_on="2026-03-11"
        )
    assert ((child, "support_stopped") in watched("2026-03-31")) is alarm


def test_a_support_that_runs_is_no_alarm_before_its_end(city, child, watched):
    city.add("day_support", child, started_on="2025-04-01", ended_on="2026-03-10", recorded_on="2025-04-01")
    assert (child, "support_stopped") not in watched("2026-03-09")


def test_a_sibling_newly_known(city, watched):
    city.child("1001", household_id="H1", parent=False)
    city.child("1002", "2012-05-01", household_id="H1", parent=False)
    city.resident("M1", household_id="H1", sex="2")
    consult(city, "1002", "2026-03-20", kind="13", urgency="1")
    found = watched("2026-03-31")
    assert found["1001", "sibling_known"][0] == CHANGED
    assert ("1002", "sibling_known") not in found
    consult(city, "1002", "2025-03-20", kind="13", urgency="1", consultation_id="C9", record_key="C9")
    assert ("1001", "sibling_known") not in watched("2026-03-31")


def test_a_quiet_city_has_no_alarm(city, child, watched):
    assert watched("2026-03-31") == {}
