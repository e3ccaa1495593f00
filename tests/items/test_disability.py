"""Items of 障害福祉課: certificates and day support."""

from __future__ import annotations

from kodomo.items import load_items


def test_certificates_of_the_child_and_of_a_guardian_are_told_apart(city):
    city.child("1")
    city.child("2")
    city.add("disability_certificate", "1", certificate_type="2", issued_on="2024-05-01")
    city.add("disability_certificate", "M2", certificate_type="3", issued_on="2024-05-01")
    city.add("disability_certificate", "M1", certificate_type="1", issued_on="2024-05-01")
    assert city.item("child_certificate") == {"1": 1.0}
    assert city.item("guardian_mental_certificate") == {"2": 1.0}


def test_a_returned_certificate_ends_and_a_late_recorded_one_begins_late(city):
    city.child("1")
    city.add("disability_certificate", "M1", certificate_type="3", issued_on="2024-05-01",
             returned_on="2025-07-01", recorded_on="2024-06-15")  # fmt: skip
    assert city.item("guardian_mental_certificate", "2024-06-14") == {}
    assert city.item("guardian_mental_certificate", "2025-06-30") == {"1": 1.0}
    assert city.item("guardian_mental_certificate", "2025-07-01") == {}


def test_day_support_is_protective_while_it_runs(city):
    city.child("1")
    city.add("day_support", "1", started_on="2025-04-01", ended_on="2026-01-31", recorded_on="2025-04-20")
    assert city.item("day_support", "2025-04-19") == {}
    assert city.item("day_support", "2026-01-30") == {"1": 1.0}
    assert city.item("day_support", "2026-01-31") == {}
    assert load_items()["day_support"].protective


def test_disability_never_stands_alone():
    items = load_items()
    assert items["child_certificate"].forbidden_alone
    assert items["guardian_mental_certificate"].forbidden_alone
    assert items["guardian_other_certificate"].forbidden_alone


def test_a_guardians_certificates_are_told_apart(city):
    for number, kind in enumerate(("1", "2", "3"), 1):
        city.child(str(number))
        city.add("disability_certificate", f"M{number}", certificate_type=kind, issued_on="2025-05-01")
    assert city.item("guardian_other_certificate") == {"1": 1.0, "2": 1.0}
    assert city.item("guardian_mental_certificate") == {"3": 1.0}
    assert city.item("guardian_other_certificate", "2025-04-30") == {}


def test_day_support_that_ended_is_cleared_by_a_new_decision(city):
    for number in ("1", "2", "3"):
        city.child(number)
    for number in ("1", "2"):
        city.add("day_support", number, started_on="2024-05-01", ended_on="2025-04-30")
    city.add("day_support", "2", started_on="2025-05-01", ended_on="2026-04-30", recorded_on="2025-07-01")
    city.add("day_support", "3", started_on="2023-05-01", ended_on="2025-03-30")
    assert city.item("day_support_ended_12m", "2025-06-30") == {"1": 1.0, "2": 1.0, "3": 1.0}
    assert city.item("day_support_ended_12m", "2025-07-01") == {"1": 1.0, "3": 1.0}
    assert city.item("day_support_ended_12m", "2026-04-29") == {"1": 1.0}
    assert city.item("day_support_ended_12m", "2026-04-30") == {"2": 1.0}, "and the next end takes its place"


def test_not_delivered_certificates_are_unknown(city):
    city.child("1")
    city.undelivered("disability_certificate")
    states = city.judged().execute("select item, state from item_status where state <> 'ok' order by item")
    certificates = ("child_certificate", "guardian_mental_certificate", "guardian_other_certificate")
    assert states.fetchall() == [(code, "未連携") for code in certificates]
