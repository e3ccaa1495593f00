"""Items of 福祉事務所: public assistance of the child and its guardians."""

from __future__ import annotations


def test_assistance_of_the_child_or_a_guardian_counts_while_it_runs(city):
    for number in ("1", "2", "3"):
        city.child(number)
    city.add("public_assistance", "1", started_on="2025-05-01", ended_on="2025-12-01", end_reason="1")
    city.add("public_assistance", "M2", started_on="2025-05-01")
    city.resident("G", household_id="H3", relation="母", birth_date="1955-01-01")
    city.add("public_assistance", "G", started_on="2025-05-01")
    assert city.item("public_assistance", "2025-11-30") == {"2": 1.0}
    assert city.item("public_assistance", "2025-12-01") == {"2": 1.0}


def test_assistance_counts_from_recording_and_ends_on_the_day(city):
    city.child("1")
    key = {"case_id": "K", "started_on": "2025-05-01"}
    city.add("public_assistance", "1", recorded_on="2025-06-10", **key)
    city.add("public_assistance", "1", recorded_on="2025-11-01", ended_on="2025-12-01", end_reason="3", **key)
    assert city.item("public_assistance", "2025-06-09") == {}
    assert city.item("public_assistance", "2025-06-10") == {"1": 1.0}
    assert city.item("public_assistance", "2025-11-30") == {"1": 1.0}
    assert city.item("public_assistance", "2025-12-01") == {}
    assert city.item("public_assistance_ended_12m", "2025-11-30") == {}
    assert city.item("public_assistance_ended_12m", "2025-12-01") == {"1": 1.0}


def test_an_end_by_independence_move_or_death_is_no_worry(city):
    for number, reason in enumerate(("1", "2", "3", "4", "5", "9"), 1):
        city.child(str(number))
        city.add(
            "public_assistance",
            str(number),
            started_on="2024-05-01",
            ended_on="2025-10-01",
            end_reason=reason,
        )
    assert set(city.item("public_assistance_ended_12m")) == {"3", "4", "6"}


def test_an_end_is_no_worry_when_assistance_runs_again(city):
    city.child("1")
    city.add("public_assistance", "1", started_on="2024-05-01", ended_on="2025-10-01", end_reason="4")
    city.add("public_assistance", "M1", started_on="2026-01-01")
    assert city.item("public_assistance_ended_12m") == {}
    assert city.item("public_assistance_started_12m") == {"1": 1.0}


def test_a_start_counts_for_twelve_months(city):
    city.child("1")
    city.add("public_assistance", "1", started_on="2025-03-31")
    assert city.item("public_assistance_started_12m", "2026-03-30") == {"1": 1.0}
    assert city.item("public_assistance_started_12m", "2026-03-31") == {}


def test_not_delivered_is_unknown_and_delivered_without_row_is_zero(city):
    city.child("1")
    con = city.judged()
    assert con.execute("select state from item_status where item = 'public_assistance'").fetchall() == [
        ("ok",)
    ]
    assert con.execute("select * from item_gap where item = 'public_assistance'").fetchall() == []
    city.undelivered("public_assistance")
    con = city.judged()
    assert con.execute("select state from item_status where item = 'public_assistance'").fetchall() == [
        ("未連携",)
    ]
