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


def test_not_delivered_certificates_are_unknown(city):
    city.child("1")
    city.undelivered("disability_certificate")
    states = city.judged().execute("select item, state from item_status where state <> 'ok' order by item")
    assert states.fetchall() == [("child_certificate", "未連携"), ("guardian_mental_certificate", "未連携")]
