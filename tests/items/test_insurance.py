"""国民健康保険: unpaid contributions and limited cards of a child's household."""

from __future__ import annotations


def covered(city, who, **values):
    return city.add("health_insurance", who, **({"started_on": "2020-04-01", "arrears_months": 0} | values))


def test_the_longest_arrears_behind_the_same_door_count(city):
    city.child("1001")
    city.resident("G2", household_id="H9", address_detail="HH1001", birth_date="1948-01-01")
    covered(city, "M1001", arrears_months=2)
    covered(city, "1001", arrears_months=2)
    covered(city, "G2", arrears_months=7, card="3")
    city.child("1002")
    covered(city, "M1002")
    assert city.item("insurance_arrears", "2025-12-31") == {"1001": 7}
    assert city.item("insurance_card_limited", "2025-12-31") == {"1001": 1}


def test_cover_that_ended_no_longer_counts(city):
    city.child("1001")
    covered(
        city,
        "M1001",
        policy_id="A",
        arrears_months=5,
        card="2",
        ended_on="2025-10-01",
        recorded_on="2025-09-20",
    )
    assert city.item("insurance_arrears", "2025-09-30") == {"1001": 5}
    assert city.item("insurance_card_limited", "2025-09-30") == {"1001": 1}
    assert city.item("insurance_arrears", "2025-10-01") == {}
    assert city.item("insurance_card_limited", "2025-10-01") == {}


def test_arrears_recorded_late_do_not_change_an_earlier_day(city):
    city.child("1001")
    covered(city, "M1001", policy_id="A", recorded_on="2025-04-01")
    covered(city, "M1001", policy_id="A", arrears_months=6, recorded_on="2025-11-01")
    assert city.item("insurance_arrears", "2025-10-31") == {}
    assert city.item("insurance_arrears", "2025-11-01") == {"1001": 6}


def test_stopped_deliveries_are_named_and_not_read_as_paid(city):
    city.child("1001")
    con = city.judged("2026-07-31")
    states = con.execute("select distinct state from item_status where item like 'insurance%'").fetchall()
    assert states == [("データ途絶",)]
