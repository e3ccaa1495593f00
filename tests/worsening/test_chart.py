"""The own-baseline chart: what is usual for a child, when a month is more, and how many alarms there are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from kodomo import items, worsening

MONTHS = [date(2024 + (at + 3) // 12, (at + 3) % 12 + 1, 1) for at in range(23)]
LAST = MONTHS[-1]


def attend(city, child: str, days: list[int], *, at_school: int = 18, **more) -> None:
    """Absences for the newest months, oldest first."""
    for month, absent in zip(MONTHS[-len(days) :], days, strict=True):
        city.add("attendance", child, month=month, school_days=at_school, sick_days=absent, **more)


@pytest.fixture
def school(city):
    """Five children who miss a day now and then; '1006' is free for the test."""
    for number in range(1001, 1007):
        city.child(str(number))
        if number < 1006:
            attend(city, str(number), [(at + number) % 3 % 2 for at in range(23)])
    return city


def test_a_rise_over_the_own_usual_is_found_with_its_first_month(school, watched):
    attend(school, "1006", [1, 0] * 10 + [7, 9, 9])
    found = watched("2026-03-31")
    tier, happened_on, _, event_ids, detail = found["1006", "absence"]
    assert tier == worsening.CHANGED
    assert happened_on == MONTHS[-3]
    assert event_ids[0] == f"attendance:P1006|{LAST:%Y-%m}"
    assert "2026-02  9日" in detail
    assert "2025-12から続いています" in detail
    assert {child for child, _ in found} == {"1006"}


def test_many_absences_that_are_usual_for_the_child_are_no_change(school, watched):
    attend(school, "1006", [9, 10] * 11 + [9])
    assert ("1006", "absence") not in watched("2026-03-31")


def test_a_child_without_a_baseline_gives_no_alarm(school, watched):
    attend(school, "1006", [8, 9, 10])
    assert watched("2026-03-31") == {}


def test_data_that_stopped_is_no_alarm_and_no_zero(school, watched):
    until = 17
    for month, absent in zip(MONTHS[:until], [1, 0] * 7 + [7, 9, 9], strict=True):
        school.add("attendance", "1006", month=month, school_days=18, sick_days=absent)
    assert ("1006", "absence") in watched("2025-09-30")
    assert ("1006", "absence") not in watched("2026-03-31")
    chosen = worsening.settings()
    patient = replace(chosen, chart={**chosen.chart, "alarms_case": 20.0, "alarms_other": 20.0, "recent": 12})
    assert "2025-08  9日" in watched("2026-03-31", patient)["1006", "absence"][4]


def test_only_months_known_on_the_day_count(school, watched):
    attend(school, "1006", [1, 0] * 10 + [1])
    for month in MONTHS[-2:]:
        school.add("attendance", "1006", month=month, school_days=18, sick_days=9, recorded_on="2026-03-20")
    assert ("1006", "absence") in watched("2026-03-31")
    assert ("1006", "absence") not in watched("2026-03-19")


def test_a_month_with_little_school_does_not_count(school, watched):
    attend(school, "1006", [1, 0] * 11)
    school.add("attendance", "1006", month=LAST, school_days=5, sick_days=5)
    assert ("1006", "absence") not in watched("2026-03-31")


def test_nurse_visits_that_are_not_delivered_stay_unknown(school, watched):
    attend(school, "1006", [0] * 23)
    watched("2026-03-31")
    signals = school.con.execute("select distinct signal from worsening_line").fetchall()
    assert ("nurse_visits",) not in signals


def test_low_moods_are_watched_by_answers(school, watched):
    for at, month in enumerate(MONTHS):
        for turn in range(6):
            mood = 2 if at >= 21 and turn < 5 else 4
            school.add("mood_check", "1006", occurred_on=month.replace(day=turn + 2), mood=mood, sleep=4)
            school.add(
                "mood_check", "1001", occurred_on=month.replace(day=turn + 2), mood=4 - turn // 5 * 2, sleep=4
            )
    assert watched("2026-03-31")["1006", "mood_low"][1] == MONTHS[-2]


@pytest.mark.parametrize("per_100", [2.0, 10.0, 30.0])
def test_the_line_keeps_to_the_alarms_staff_allow(school, per_100):
    attend(school, "1006", [1, 0] * 8 + [4, 6, 1, 5, 0, 7, 8])
    made = worsening.settings()
    chosen = replace(made, chart={**made.chart, "alarms_case": per_100, "alarms_other": per_100})
    con = school.judged(date(2026, 3, 31))
    items.build_events(con, date(2026, 3, 31))
    worsening.watch(con, date(2026, 3, 31), chosen=chosen)
    for line in worsening.lines(con).to_dict("records"):
        assert line["alarms_12m"] <= 6 * 13 * per_100 / 100
        assert line["line"] > 0


def test_watching_again_gives_the_same(school, watched):
    attend(school, "1006", [1, 0] * 10 + [7, 9, 9])
    first = watched("2026-03-31")
    assert watched("2026-03-31") == first
    months = worsening.months(school.con, ["1006"])["1006", "absence"]
    assert [month.is_over for month in months[-4:]] == [False, True, True, True]
    assert all(month.low <= month.usual <= month.high for month in months)
