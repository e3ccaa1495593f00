"""Items of 子育て給付課: the allowances."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("payment", "full", "part"), [("1", {"1": 1.0}, {}), ("2", {}, {"1": 1.0}), ("3", {}, {})]
)
def test_full_and_part_payment_are_told_apart(city, payment, full, part):
    city.child("1")
    city.add("child_rearing_allowance", "1", guardian_id="M1", payment=payment, started_on="2024-05-01")
    assert city.item("child_rearing_allowance_full") == full
    assert city.item("child_rearing_allowance_part") == part


def test_the_newest_grant_stands_from_its_recording(city):
    city.child("1")
    city.add("child_rearing_allowance", "1", payment="1", started_on="2023-05-01", recorded_on="2023-05-10")
    city.add("child_rearing_allowance", "1", payment="2", started_on="2025-11-01", recorded_on="2025-12-10")
    assert city.item("child_rearing_allowance_full", "2025-12-09") == {"1": 1.0}
    assert city.item("child_rearing_allowance_full", "2025-12-10") == {}
    assert city.item("child_rearing_allowance_part", "2025-12-10") == {"1": 1.0}


def test_an_ended_grant_does_not_count(city):
    city.child("1")
    city.add("child_rearing_allowance", "1", payment="1", started_on="2023-05-01", ended_on="2025-11-01",
             annual_report="2", recorded_on="2023-05-10")  # fmt: skip
    assert city.item("child_rearing_allowance_full", "2025-10-31") == {"1": 1.0}
    assert city.item("allowance_report_missing", "2025-10-31") == {"1": 1.0}
    assert city.item("child_rearing_allowance_full", "2025-11-01") == {}
    assert city.item("allowance_report_missing", "2025-11-01") == {}


def test_a_report_handed_in_clears_the_missing_one(city):
    city.child("1")
    key = {"certificate_id": "S", "started_on": "2023-05-01", "payment": "1"}
    city.add("child_rearing_allowance", "1", annual_report="2", recorded_on="2025-09-01", **key)
    city.add("child_rearing_allowance", "1", annual_report="1", recorded_on="2025-10-15", **key)
    assert city.item("allowance_report_missing", "2025-10-14") == {"1": 1.0}
    assert city.item("allowance_report_missing", "2025-10-15") == {}


def test_a_withheld_child_allowance(city):
    city.child("1")
    city.child("2")
    city.add(
        "child_allowance",
        "1",
        guardian_id="M1",
        started_on="2023-05-01",
        suspended=True,
        recorded_on="2025-11-01",
    )
    city.add("child_allowance", "2", guardian_id="M2", started_on="2023-05-01")
    assert city.item("child_allowance_suspended", "2025-10-31") == {}
    assert city.item("child_allowance_suspended") == {"1": 1.0}


def test_not_delivered_allowances_are_unknown(city):
    city.child("1")
    city.undelivered("child_rearing_allowance")
    con = city.judged()
    state = "select distinct state from item_status where item like 'child_rearing_allowance%'"
    assert con.execute(state).fetchall() == [("未連携",)]
