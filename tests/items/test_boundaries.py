"""What ends or begins with the fiscal year, and what a later fact closes, for the items added last."""

from __future__ import annotations

import pytest

INFANT = "2023-08-10"


def infant(city, number: str = "1", born: str = INFANT) -> str:
    return city.child(number, birth_date=born, recorded_on=born, resident_since=born)


def test_an_application_not_handed_in_again_counts_from_august_to_march(city):
    city.child("1")
    city.add("school_expense_aid", "1", applied_on="2024-05-10", decision="1", recorded_on="2024-06-10")
    assert city.item("school_expense_lapsed", "2025-03-31") == {}, "still certified"
    assert city.item("school_expense_lapsed", "2025-07-31") == {}, "the usual gap from April to July"
    assert city.item("school_expense_lapsed", "2025-08-01") == {"1": 1.0}
    assert city.item("school_expense_lapsed", "2026-03-31") == {"1": 1.0}
    assert city.item("school_expense_lapsed", "2026-08-01") == {}, "the year before counts, no older one"


@pytest.mark.parametrize("decision", ["1", "2", "3", "4"])
def test_any_application_for_the_new_year_is_no_lapse(city, decision):
    city.child("1")
    city.add("school_expense_aid", "1", applied_on="2024-05-10", decision="1", recorded_on="2024-06-10")
    city.add("school_expense_aid", "1", applied_on="2025-06-10", decision=decision, recorded_on="2025-10-10")
    assert city.item("school_expense_lapsed", "2025-10-09") == {"1": 1.0}, "recorded late"
    assert city.item("school_expense_lapsed", "2025-10-10") == {}


def test_the_stages_of_check_ups_are_told_apart(city):
    infant(city, born="2021-08-10")
    city.add("infant_checkup", "1", checkup="1", due_month="2021-12-01", attended_on="2021-12-20", result="1")
    city.add("infant_checkup", "1", checkup="2", due_month="2023-03-01", recorded_on="2023-06-01")
    city.add("infant_checkup", "1", checkup="3", due_month="2025-03-01", recorded_on="2025-06-01")
    day = "2025-06-30"
    assert city.item("checkup_missed_4m", day) == {"1": 0.0}
    assert city.item("checkup_missed_18m", day) == {"1": 1.0}
    assert city.item("checkup_missed_42m", day) == {"1": 1.0}
    assert city.item("checkup_missed", day) == {"1": 2.0}
    assert city.item("checkup_missed_42m", "2025-05-30") == {}, "two months have not passed"


def test_a_missed_check_up_is_closed_by_anybody_who_met_the_child(city):
    for number in ("1", "2", "3"):
        infant(city, number)
        city.add("infant_checkup", number, checkup="2", due_month="2025-03-01", recorded_on="2025-05-01")
    city.add("consultation", "1", consultation_id="C1", occurred_on="2025-05-01", kind="30")
    visit = {"occurred_on": "2025-06-10", "method": "1", "outcome": "1", "recorded_on": "2025-06-20"}
    city.add("contact_log", "1", counterpart="1", **visit)
    city.add("consultation", "2", consultation_id="C2", occurred_on="2025-05-01", kind="30")
    city.add("contact_log", "2", counterpart="2", **visit)
    assert city.item("checkup_unseen", "2025-06-19") == {"1": 110.0, "2": 110.0, "3": 110.0}
    after = city.item("checkup_unseen", "2025-06-20")
    assert after == {"1": 0.0, "2": 111.0, "3": 111.0}, "meeting the guardian is not seeing the child"


def test_a_row_of_contacts_in_vain_ends_with_a_meeting(city):
    city.child("1")
    city.add("consultation", "1", consultation_id="C1", occurred_on="2025-05-01", kind="11")
    for on, outcome in (("06-01", "2"), ("07-01", "1"), ("08-01", "2"), ("08-10", "4"), ("09-01", "3")):
        row = {"method": "1", "counterpart": "2", "outcome": outcome, "occurred_on": f"2025-{on}"}
        city.add("contact_log", "1", **row, recorded_on=f"2025-{on}")
    assert city.item("contact_missed_streak", "2025-06-30") == {"1": 1.0}
    assert city.item("contact_missed_streak", "2025-07-01") == {}
    assert city.item("contact_missed_streak", "2025-09-01") == {"1": 2.0}


def test_need_of_care_counts_as_new_when_it_begins_or_grows(city):
    for number in ("1", "2", "3"):
        city.child(number)
        city.resident(f"G{number}", household_id=f"H{number}", relation="母", birth_date="1950-01-01")
    city.add("care_need", "G1", insured_id="A", care_level="21", started_on="2025-06-01")
    for who, first, second in (("G2", "21", "23"), ("G3", "23", "23")):
        city.add("care_need", who, insured_id=who, care_level=first, started_on="2024-05-01")
        city.add("care_need", who, insured_id=who, care_level=second, started_on="2025-06-01")
    assert city.item("care_need_new_12m", "2026-03-31") == {"1": 1.0, "2": 1.0}
    assert city.item("care_need_new_12m", "2026-06-01") == {}


def test_a_parent_who_left_is_found_by_the_allowance_and_not_when_the_family_moved_together(city):
    for number in ("1", "2"):
        city.child(number)
        city.resident(f"F{number}", household_id=f"HF{number}", sex="1", birth_date="1985-01-01")
        city.add("child_allowance", number, guardian_id=f"F{number}", started_on="2018-01-01")
        city.add("resident_move", f"F{number}", move_type="03", moved_on="2025-12-01")
    city.add("resident_move", "2", move_type="03", moved_on="2025-12-01")
    assert city.item("parent_moved_out_12m", "2026-03-31") == {"1": 1.0}
    city.add("resident_move", "M1", move_type="03", moved_on="2025-12-01")
    assert city.item("parent_moved_out_12m", "2026-03-31") == {"1": 1.0}, "the mother lives with the child"


def test_a_club_left_in_march_or_for_another_club_is_no_early_end(city):
    for number, end in (("1", "2025-12-01"), ("2", "2026-03-31"), ("3", "2025-12-01")):
        city.child(number)
        city.add("after_school_club", number, started_on="2025-04-01", ended_on=end, end_reason="2")
    city.add("after_school_club", "3", started_on="2025-12-02")
    assert city.item("club_left_early_12m", "2026-03-31") == {"1": 1.0}
