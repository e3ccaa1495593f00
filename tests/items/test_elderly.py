"""要介護認定: care needs of the people a child lives with, never of the child alone."""

from __future__ import annotations


def care(city, who, level, **values):
    given = {"care_level": level, "started_on": "2025-01-01", "ended_on": "2026-12-31"}
    given["recorded_on"] = "2025-01-10"
    return city.add("care_need", who, **(given | values))


def test_the_highest_need_behind_the_same_door_counts_also_across_households(city):
    city.child("1001")
    city.resident("G1", household_id="H1001", relation="母", birth_date="1950-01-01")
    city.resident("G2", household_id="H9", address_detail="HH1001", birth_date="1948-01-01")
    city.child("1002")
    care(city, "G1", "12")
    care(city, "G2", "25")
    assert city.item("care_need_family", "2025-12-31") == {"1001": 7}
    row = city.item_rows("care_need_family", "2025-12-31")[0]
    assert row[2] == 2
    assert len(row[3]) == 2


def test_the_last_valid_day_counts_and_a_newer_certificate_takes_over(city):
    city.child("1001")
    care(city, "M1001", "25", insured_id="A", started_on="2025-01-01", ended_on="2025-12-31")
    care(
        city,
        "M1001",
        "21",
        insured_id="A",
        started_on="2025-12-01",
        ended_on="2026-01-31",
        recorded_on="2025-12-20",
    )
    assert city.item("care_need_family", "2025-12-19") == {"1001": 7}
    assert city.item("care_need_family", "2025-12-20") == {"1001": 3}
    assert city.item("care_need_family", "2026-01-31") == {"1001": 3}
    assert city.item("care_need_family", "2026-02-01") == {}


def test_only_a_need_that_no_service_meets_counts_as_unserved(city):
    for who, served in (("1001", False), ("1002", True), ("1003", None)):
        city.child(who)
        care(city, "M" + who, "23", uses_service=served)
    assert city.item("care_need_unserved", "2025-12-31") == {"1001": 5}
    assert city.item("care_need_family", "2025-12-31") == {"1001": 5, "1002": 5, "1003": 5}


def test_a_child_never_counts_as_its_own_family(city):
    city.child("1001")
    care(city, "1001", "23")
    assert city.item("care_need_family", "2025-12-31") == {}
