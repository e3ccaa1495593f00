"""Attendance, bullying and guidance: what the schools' records say on a day, and what they leave open."""

from __future__ import annotations

KINDS = ("absence", "sick", "nonattendance", "other_absence")
ATTENDANCE_ITEMS = (
    "absence_days_fy",
    "absence_days_3m",
    "absence_rate_3m",
    "nonattendance_days_fy",
    "other_absence_days_fy",
    *(f"{kind}_in_{days}" for kind in KINDS for days in (30, 90, 180)),
    "absence_streak",
    "late_early_3m",
)


def attend(city, who, *months, days=20, **values):
    """The same month of attendance for each `YYYY-MM`."""
    for month in months:
        city.add("attendance", who, month=f"{month}-01", school_days=days, **values)


def test_absence_is_sick_nonattendance_and_other_and_nothing_else(city):
    city.child("1001")
    attend(
        city,
        "1001",
        "2025-10",
        sick_days=2,
        nonattendance_days=3,
        other_absent_days=1,
        suspended_days=4,
        counted_present_days=5,
    )
    day = "2025-12-31"
    assert city.item("absence_days_fy", day) == {"1001": 6}
    assert city.item("absence_days_3m", day) == {"1001": 6}
    assert city.item("absence_rate_3m", day) == {"1001": 30}
    assert city.item("nonattendance_days_fy", day) == {"1001": 3}
    assert city.item("other_absence_days_fy", day) == {"1001": 1}
    for days in (30, 90, 180):
        assert [city.item(f"{kind}_in_{days}", day)["1001"] for kind in KINDS] == [6, 2, 3, 1]
    assert city.item("counted_present_3m", day) == {"1001": 5}
    row = city.item_rows("absence_days_fy", day)[0]
    assert row[2:4] == (1, ["attendance:P1001|2025-10"])
    assert (str(row[4]), str(row[5])) == ("2025-10-01", "2025-11-05")


def test_present_throughout_is_0_and_no_delivered_month_is_unknown(city):
    city.child("1001")
    city.child("1002")
    city.child("1003", pupil=False)
    city.child("1004", birth_date="2022-06-15")
    attend(city, "1001", "2026-01", "2026-02")
    con = city.judged("2026-03-31")
    found = dict(con.execute("select item, value from item_value where resident_id = '1001'").fetchall())
    assert {found[code] for code in ATTENDANCE_ITEMS} == {0.0}
    query = "select resident_id, why from item_gap where item = ? order by 1"
    for code in ATTENDANCE_ITEMS:
        assert con.execute(query, [code]).fetchall() == [("1002", "記録なし"), ("1003", "市立校の名簿にない")]


def test_the_fiscal_year_begins_in_april_and_the_other_windows_do_not(city):
    city.child("1001")
    attend(city, "1001", "2025-03", sick_days=10, nonattendance_days=5)
    attend(city, "1001", "2025-04", sick_days=1)
    assert city.item("absence_days_fy", "2025-03-31") == {}, "March is recorded in April"
    assert city.item("absence_days_fy", "2025-04-30") == {}
    assert city.item("absence_days_3m", "2025-04-30") == {"1001": 15}
    assert city.item("absence_days_fy", "2025-05-31") == {"1001": 1}
    assert city.item("nonattendance_days_fy", "2025-05-31") == {"1001": 0}
    assert city.item("absence_days_3m", "2025-05-31") == {"1001": 16}
    assert city.item("absence_in_180", "2025-05-31") == {"1001": 16}
    assert city.item("nonattendance_in_180", "2025-05-31") == {"1001": 5}


def test_a_month_recorded_late_or_corrected_later_does_not_change_an_earlier_day(city):
    city.child("1001")
    attend(city, "1001", "2025-10", sick_days=1, recorded_on="2025-11-05")
    attend(city, "1001", "2025-10", sick_days=9, recorded_on="2025-12-20")
    attend(city, "1001", "2025-11", sick_days=8, recorded_on="2025-12-20")
    for code in ("absence_days_fy", "absence_days_3m", "absence_in_180"):
        assert city.item(code, "2025-12-10") == {"1001": 1}
    for code in ("absence_days_fy", "absence_days_3m", "absence_in_180"):
        assert city.item(code, "2025-12-20") == {"1001": 17}


def test_august_is_passed_over_and_old_months_say_nothing_of_today(city):
    city.child("1001")
    attend(city, "1001", "2025-05", sick_days=15)
    attend(city, "1001", "2025-06", "2025-07", "2025-09", sick_days=2, late=3, early_leave=1)
    attend(city, "1001", "2025-08", days=0)
    day = "2025-10-31"
    assert city.item("absence_days_3m", day) == {"1001": 6}
    assert city.item("absence_rate_3m", day) == {"1001": 10}
    assert city.item("sick_in_90", day) == {"1001": 21}
    assert city.item("late_early_3m", day) == {"1001": 12}
    for code in ("absence_days_3m", "absence_rate_3m", "late_early_3m", "absence_streak", "sick_in_30"):
        assert city.item(code, "2026-02-28") == {}
    assert city.item("absence_days_fy", "2026-02-28") == {"1001": 21}


def test_a_window_of_school_days_ends_within_a_month_and_never_counts_a_holiday(city):
    city.child("1001")
    attend(city, "1001", "2025-05", sick_days=20)
    attend(city, "1001", "2025-06", "2025-07", sick_days=4)
    attend(city, "1001", "2025-08", days=0)
    attend(city, "1001", "2025-09", nonattendance_days=6, other_absent_days=2)
    day = "2025-10-31"
    assert city.item("absence_in_30", day) == {"1001": 10}, "September, and half of the twenty days of July"
    assert city.item("sick_in_30", day) == {"1001": 2}
    assert city.item("nonattendance_in_30", day) == {"1001": 6}
    assert city.item("other_absence_in_30", day) == {"1001": 2}
    assert city.item("absence_in_90", day) == {"1001": 36}, "only eighty days are known, all of them count"
    assert city.item_rows("sick_in_30", day)[0][2:4] == (1, ["attendance:P1001|2025-07"])


def test_a_window_of_school_days_runs_over_the_turn_of_the_fiscal_year(city):
    city.child("1001")
    months = ("2025-01", "2025-02", "2025-03", "2025-04", "2025-05")
    attend(city, "1001", *months, nonattendance_days=2)
    assert city.item("nonattendance_in_90", "2025-06-30") == {"1001": 9}
    assert city.item("nonattendance_days_fy", "2025-06-30") == {"1001": 4}


def test_late_arrivals_rise_against_the_childs_own_pace(city):
    for who, earlier, lately in (("1001", 1, 6), ("1002", 6, 6)):
        city.child(who)
        attend(city, who, "2025-04", "2025-05", "2025-06", late=earlier)
        attend(city, who, "2025-09", "2025-10", "2025-11", late=lately - 1, early_leave=1)
    city.child("1003")
    attend(city, "1003", "2025-09", "2025-10", late=6)
    assert city.item("late_early_rise", "2025-12-31") == {"1001": 15, "1002": 0}


def test_columns_a_school_does_not_deliver_stay_unknown(city):
    city.child("1001")
    city.child("1002")
    attend(city, "1001", "2025-10", separate_room_days=0, nurse_visits=4, counted_present_days=0)
    attend(city, "1001", "2025-11", separate_room_days=3, nurse_visits=None)
    attend(city, "1002", "2025-10", "2025-11")
    day = "2025-12-31"
    assert city.item("separate_room_3m", day) == {"1001": 3}
    assert city.item("nurse_visits_3m", day) == {"1001": 4}
    assert city.item("counted_present_3m", day) == {"1001": 0}


def test_absence_rises_against_the_childs_own_pace_per_school_day(city):
    for who, earlier, lately in (("1001", 1, 5), ("1002", 5, 5), ("1003", 5, 1)):
        city.child(who)
        attend(city, who, "2025-02", "2025-03", "2025-04", "2025-05", "2025-06", "2025-07", sick_days=earlier)
        attend(city, who, "2025-08", days=0)
        attend(city, who, "2025-09", "2025-10", "2025-11", sick_days=lately)
    city.child("1004")
    attend(city, "1004", "2025-09", "2025-10", "2025-11", sick_days=9)
    assert city.item("absence_rise", "2025-12-31") == {"1001": 12, "1002": 0, "1003": 0}
    assert city.item("absence_rise", "2025-12-01") == {"1001": 8, "1002": 0, "1003": 0}, "November came later"


def test_the_streak_of_months_half_absent_ends_at_the_first_better_month(city):
    city.child("1001")
    city.child("1002")
    attend(city, "1001", "2025-05", sick_days=20)
    attend(city, "1001", "2025-06", sick_days=9)
    attend(city, "1001", "2025-07", "2025-09", nonattendance_days=10)
    attend(city, "1001", "2025-08", days=0)
    attend(city, "1002", "2025-07", sick_days=20)
    attend(city, "1002", "2025-09", sick_days=1)
    assert city.item("absence_streak", "2025-10-31") == {"1001": 2, "1002": 0}
    assert city.item_rows("absence_streak", "2025-10-31")[0][3] == [
        "attendance:P1001|2025-09",
        "attendance:P1001|2025-07",
    ]
    assert city.item("absence_streak", "2025-09-30") == {"1001": 1, "1002": 1}


def test_absence_after_a_long_holiday_counts_what_goes_beyond_the_time_before(city):
    for who, before, after in (("1001", 0, 6), ("1002", 4, 4)):
        city.child(who)
        attend(city, who, "2025-05", "2025-06", "2025-07", sick_days=before)
        attend(city, who, "2025-09", sick_days=after)
    city.child("1003")
    attend(city, "1003", "2025-09", sick_days=6)
    assert city.item("absence_after_holiday", "2025-10-31") == {"1001": 6, "1002": 0}
    assert city.item("absence_after_holiday", "2025-10-01") == {}, "September was not recorded yet"


def bully(city, who, **values):
    return city.add("bullying", who, **({"role": "1", "status": "1", "kind": "1"} | values))


def test_open_bullying_is_what_the_victim_lives_with_on_the_day(city):
    for who in ("1001", "1002", "1003", "1004"):
        city.child(who)
    bully(city, "1001", occurred_on="2025-01-10")
    bully(city, "1001", occurred_on="2025-11-20", status="2")
    bully(city, "1002", occurred_on="2025-01-10", status="3", resolved_on="2025-05-01")
    bully(city, "1003", occurred_on="2025-01-10", role="2")
    bully(city, "1004", occurred_on="2025-01-10", role="3")
    assert city.item("bullied_open", "2025-12-31") == {"1001": 2}
    assert city.item("bullied_open_months", "2025-12-31") == {"1001": 11}
    assert city.item("bullied_open", "2025-11-19") == {"1001": 1}
    assert city.item("bullied_open_months", "2025-02-10") == {"1001": 1}
    assert city.item("bullied_open_months", "2025-02-09") == {"1001": 0}


def test_bullying_resolved_is_open_until_the_day_the_school_recorded_it(city):
    city.child("1001")
    key = bully(city, "1001", incident_id="I1", occurred_on="2025-06-01", recorded_on="2025-06-02")
    again = bully(
        city,
        "1001",
        incident_id="I1",
        occurred_on="2025-06-01",
        status="3",
        resolved_on="2025-09-10",
        recorded_on="2025-10-01",
    )
    assert key == again
    assert city.item("bullied_open", "2025-06-01") == {}
    assert city.item("bullied_open", "2025-09-30") == {"1001": 1}
    assert city.item("bullied_open", "2025-10-01") == {}
    assert city.item("bullied_12m", "2025-10-01") == {"1001": 1}


def test_bullying_counts_look_back_twelve_months_and_tell_roles_and_kinds_apart(city):
    city.child("1001")
    bully(city, "1001", occurred_on="2024-12-31")
    bully(city, "1001", occurred_on="2025-01-01", kind="5", status="3")
    bully(city, "1001", occurred_on="2025-12-31", kind="8")
    bully(city, "1001", occurred_on="2025-12-31", role="2")
    bully(city, "1001", occurred_on="2025-12-31", role="3")
    day = "2025-12-31"
    assert city.item("bullied_12m", day) == {"1001": 2}
    assert city.item("bullied_violent_12m", day) == {"1001": 1}
    assert city.item("bullying_perpetrator_12m", day) == {"1001": 1}
    assert city.item("bullied_12m", "2025-12-30") == {"1001": 2}, "31 December 2024 is in, 2025 not yet"


def test_a_serious_case_counts_while_open_and_two_years_on(city):
    for who, first, status in (
        ("1001", "2023-01-10", "1"),
        ("1002", "2023-01-10", "3"),
        ("1003", "2024-02-01", "3"),
    ):
        city.child(who)
        bully(city, who, occurred_on=first, status=status, serious=True)
    city.child("1004")
    bully(city, "1004", occurred_on="2025-10-10", serious=None)
    city.child("1005")
    bully(city, "1005", occurred_on="2025-10-10", serious=True, role="2")
    assert city.item("bullying_serious", "2025-12-31") == {"1001": 1, "1003": 1}
    assert city.item("bullying_serious", "2023-01-09") == {}


def test_guidance_keeps_self_harm_and_running_away_apart(city):
    city.child("1001")
    for kind in "1234569":
        city.add("guidance", "1001", kind=kind, occurred_on="2025-10-10")
    city.add("guidance", "1001", kind="4", occurred_on="2024-10-31")
    city.add("guidance", "1001", kind="4", occurred_on="2025-10-30", recorded_on="2025-11-20")
    day = "2025-10-31"
    assert city.item("guidance_12m", day) == {"1001": 6}
    assert city.item("violence_12m", day) == {"1001": 2}
    assert city.item("runaway_12m", day) == {"1001": 1}
    assert city.item("self_harm_12m", day) == {"1001": 1}
    assert city.item("self_harm_12m", "2025-11-20") == {"1001": 2}


def test_no_record_means_none_only_for_pupils_of_city_schools(city):
    city.child("1001")
    city.child("1002", pupil=False)
    con = city.judged("2026-03-31")
    for code in ("bullied_open", "bullied_12m", "guidance_12m", "self_harm_12m"):
        assert con.execute("select resident_id from item_gap where item = ?", [code]).fetchall() == [
            ("1002",)
        ]
        assert con.execute("select count(*) from item_value where item = ?", [code]).fetchall() == [(0,)]


def test_a_sibling_counts_from_thirty_days_of_nonattendance_in_the_year(city):
    city.child("1001")
    city.child("1002", birth_date="2013-06-15", household_id="H1001", parent=False)
    city.child("2001")
    city.child("2002", birth_date="2013-06-15", household_id="H2001", parent=False)
    attend(city, "1002", "2025-10", "2025-11", nonattendance_days=15)
    attend(city, "2002", "2025-03", "2025-10", nonattendance_days=15)
    attend(city, "2002", "2025-11", nonattendance_days=14, sick_days=6)
    assert city.item("sibling_nonattendance", "2025-12-31") == {"1001": 1}
    assert city.item_rows("sibling_nonattendance", "2025-12-31")[0][3] == [
        "attendance:P1002|2025-11",
        "attendance:P1002|2025-10",
    ]
    assert city.item("sibling_nonattendance", "2025-12-01") == {}, "November came later"
