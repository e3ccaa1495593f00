"""Items of おやこ保健課: pregnancy, newborn visits and infant check-ups."""

from __future__ import annotations

import pytest

BORN = "2024-01-10"


def infant(city, number: str = "1", born: str = BORN, **values) -> str:
    return city.child(
        number, birth_date=born, recorded_on=born, resident_since=values.pop("since", born), **values
    )


def gap(city, code: str, as_of: str) -> dict[str, str]:
    con = city.judged(as_of)
    return dict(con.execute("select resident_id, why from item_gap where item = ?", [code]).fetchall())


def test_weeks_of_notice_reach_the_child_once_its_number_is_written_in(city):
    infant(city)
    key = {"handbook_id": "B", "mother_id": "M1", "notified_on": "2023-11-01", "weeks": 30}
    key |= {"support_class": "2", "marital": "2"}
    city.add("pregnancy", recorded_on="2023-11-02", **key)
    city.add("pregnancy", recorded_on="2024-02-01", child_id="1", **key)
    for code, value in (
        ("late_pregnancy_notice", 30.0),
        ("specified_expectant", 1.0),
        ("unmarried_pregnancy", 1.0),
    ):
        assert city.item(code, "2024-01-31") == {}
        assert city.item(code, "2024-02-01") == {"1": value}
    assert city.item_rows("late_pregnancy_notice", "2024-02-01")[0][3] == ["pregnancy:B"]


def test_no_notice_is_unknown_not_zero_weeks(city):
    infant(city, born="2023-01-10")
    assert gap(city, "late_pregnancy_notice", "2026-01-09") == {"1": "記録なし"}
    assert gap(city, "late_pregnancy_notice", "2026-01-10") == {}


def test_an_ordinary_pregnancy_is_neither_specified_nor_unmarried(city):
    infant(city)
    city.add(
        "pregnancy", "M1", child_id="1", weeks=8, notified_on="2023-06-01", support_class="0", marital="1"
    )
    assert city.item("late_pregnancy_notice") == {"1": 8.0}
    assert city.item("specified_expectant") == {}
    assert city.item("unmarried_pregnancy") == {}


def test_a_check_up_is_missed_two_months_after_its_month_and_cleared_by_attending(city):
    infant(city)
    key = {"checkup": "1", "due_month": "2024-05-01"}
    city.add("infant_checkup", "1", recorded_on="2024-05-02", **key)
    assert city.item("checkup_missed", "2024-07-30") == {}
    assert city.item("checkup_missed", "2024-07-31") == {"1": 1.0}
    city.add("infant_checkup", "1", attended_on="2024-08-20", result="1", recorded_on="2024-09-05", **key)
    assert city.item("checkup_missed", "2024-09-04") == {"1": 1.0}
    assert city.item("checkup_missed", "2024-09-05") == {"1": 0.0}


def test_a_check_up_due_before_the_child_came_is_not_missed(city):
    infant(city, since="2024-06-01")
    city.add("infant_checkup", "1", checkup="1", due_month="2024-05-01", recorded_on="2024-06-02")
    assert city.item("checkup_missed", "2025-03-31") == {}
    assert gap(city, "checkup_missed", "2025-03-31") == {"1": "記録なし"}


def test_check_ups_count_until_school(city):
    infant(city, born="2019-04-01")
    city.add("infant_checkup", "1", checkup="3", due_month="2022-10-01", recorded_on="2022-10-02")
    assert city.item("checkup_missed", "2025-03-31") == {"1": 1.0}
    assert city.item("checkup_missed", "2025-04-01") == {}


def test_reminders_add_up(city):
    infant(city)
    city.add(
        "infant_checkup", "1", checkup="1", due_month="2024-05-01", reminders=2, recorded_on="2024-06-01"
    )
    city.add(
        "infant_checkup", "1", checkup="2", due_month="2025-07-01", reminders=3, recorded_on="2025-09-01"
    )
    assert city.item("checkup_reminders", "2025-08-31") == {"1": 2.0}
    assert city.item("checkup_reminders", "2025-09-01") == {"1": 5.0}


@pytest.mark.parametrize(
    ("code", "field", "first", "second"),
    [
        ("checkup_result", "result", "3", "1"),
        ("parenting_concern", "parenting", "4", "2"),
        ("infant_caries", "caries", 6, 0),
    ],
)
def test_the_newest_check_up_attended_stands(city, code, field, first, second):
    infant(city)
    city.add("infant_checkup", "1", checkup="1", due_month="2024-05-01", attended_on="2024-05-10",
             recorded_on="2024-06-01", **{field: first})  # fmt: skip
    city.add("infant_checkup", "1", checkup="2", due_month="2025-07-01", attended_on="2025-07-10",
             recorded_on="2025-08-15", **{field: second})  # fmt: skip
    assert city.item(code, "2024-05-31") == {}
    assert city.item(code, "2025-08-14") == {"1": float(first)}
    assert city.item(code, "2025-08-15") == {"1": float(second)}


def test_a_check_up_without_a_count_of_teeth_says_nothing_of_teeth(city):
    infant(city, born="2022-01-10")
    city.add("infant_checkup", "1", checkup="2", due_month="2023-07-01", attended_on="2023-07-10", result="1")
    assert city.item("infant_caries", "2025-03-31") == {}
    assert gap(city, "infant_caries", "2025-03-31") == {"1": "記録なし"}
    assert gap(city, "checkup_result", "2025-03-31") == {}


def test_the_newest_epds_within_24_months(city):
    infant(city)
    city.add("newborn_visit", "1", visited_on="2024-02-10", outcome="1", epds=14, recorded_on="2024-03-01")
    city.add("newborn_visit", "1", visited_on="2024-03-10", outcome="1", epds=7, recorded_on="2024-04-01")
    city.add("newborn_visit", "1", visited_on="2024-03-20", outcome="1", recorded_on="2024-04-01")
    assert city.item("epds", "2024-02-29") == {}
    assert city.item("epds", "2024-03-31") == {"1": 14.0}
    assert city.item("epds", "2026-03-09") == {"1": 7.0}
    assert city.item("epds", "2026-03-10") == {}


def test_visits_in_vain_count_until_the_family_is_met(city):
    infant(city)
    city.add("newborn_visit", "1", visited_on="2024-02-10", outcome="2", recorded_on="2024-02-11")
    city.add("newborn_visit", "1", visited_on="2024-03-10", outcome="3", recorded_on="2024-03-11")
    assert city.item("newborn_visit_refused", "2024-03-10") == {"1": 1.0}
    assert city.item("newborn_visit_refused", "2024-03-11") == {"1": 2.0}
    city.add("newborn_visit", "1", visited_on="2024-04-10", outcome="1", recorded_on="2024-05-01")
    assert city.item("newborn_visit_refused", "2024-04-30") == {"1": 2.0}
    assert city.item("newborn_visit_refused", "2024-05-01") == {"1": 0.0}
    city.add("newborn_visit", "1", visited_on="2024-06-10", outcome="2", recorded_on="2024-06-11")
    assert city.item("newborn_visit_refused", "2024-06-11") == {"1": 1.0}


def test_no_visit_on_record_is_unknown(city):
    infant(city)
    assert gap(city, "newborn_visit_refused", "2025-03-31") == {"1": "記録なし"}
