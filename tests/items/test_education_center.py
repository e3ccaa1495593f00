"""教育相談, 教育支援センター and 心の健康観察: help in use, and children's own answers."""

from __future__ import annotations

from datetime import date, timedelta


def test_counselling_is_counted_by_subject_over_twelve_months(city):
    city.child("1001")
    for topic, day in (("1", "2025-11-01"), ("2", "2025-11-02"), ("4", "2025-11-03"), ("3", "2025-11-04")):
        city.add("education_counseling", "1001", topic=topic, occurred_on=day)
    city.add("education_counseling", "1001", topic="1", occurred_on="2024-12-31")
    city.add("education_counseling", "1001", topic="1", occurred_on="2025-12-20", recorded_on="2026-01-10")
    city.add("education_counseling", "1001", topic="1", occurred_on="2025-12-21", link_status="review")
    day = "2025-12-31"
    assert city.item("counseling_12m", day) == {"1001": 4}
    assert city.item("counseling_nonattendance_12m", day) == {"1001": 1}
    assert city.item("counseling_bullying_12m", day) == {"1001": 1}
    assert city.item("counseling_home_12m", day) == {"1001": 1}
    assert city.item("counseling_nonattendance_12m", "2026-01-10") == {"1001": 2}


def test_the_support_room_protects_while_it_lasts_and_its_end_is_told_apart_from_the_years_end(city):
    for who, ended_on in (("1001", None), ("1002", "2025-10-31"), ("1003", "2025-03-31")):
        city.child(who)
        city.add("support_room", who, started_on="2024-09-01", ended_on=ended_on, recorded_on="2024-09-05")
    assert city.item("support_room", "2025-10-30") == {"1001": 1, "1002": 1}
    assert city.item("support_room", "2025-10-31") == {"1001": 1}
    assert city.item("support_room_ended_12m", "2025-10-30") == {}
    assert city.item("support_room_ended_12m", "2025-10-31") == {"1002": 1}


def test_going_back_to_the_support_room_is_no_end(city):
    city.child("1001")
    city.add("support_room", "1001", started_on="2025-04-10", ended_on="2025-07-18")
    city.add("support_room", "1001", started_on="2025-09-10", recorded_on="2025-10-01")
    assert city.item("support_room_ended_12m", "2025-09-30") == {"1001": 1}
    assert city.item("support_room_ended_12m", "2025-10-01") == {}


def answer(city, who, last, moods, **values):
    """One answer a day, the last of them on `last`."""
    end = date.fromisoformat(last)
    for back, mood in enumerate(reversed(moods)):
        city.add("mood_check", who, occurred_on=(end - timedelta(days=back)).isoformat(), mood=mood, **values)


def test_low_mood_and_bad_sleep_are_shares_of_at_least_three_answers(city):
    for who in ("1001", "1002", "1003"):
        city.child(who)
    answer(city, "1001", "2025-12-31", [1, 2, 3, 5], sleep=2)
    answer(city, "1002", "2025-12-31", [1, 1])
    answer(city, "1003", "2025-12-31", [4, 4, 4])
    day = "2025-12-31"
    assert city.item("mood_low_share_30d", day) == {"1001": 50, "1003": 0}
    assert city.item("sleep_low_share_30d", day) == {"1001": 100}
    assert city.item_rows("mood_low_share_30d", day)[0][3] == [
        "mood_check:P1001|2025-12-29",
        "mood_check:P1001|2025-12-28",
    ]
    con = city.judged("2026-01-20")
    gaps = con.execute("select resident_id, why from item_gap where item = 'mood_low_share_30d'").fetchall()
    assert gaps == [("1002", "回答が足りない")]


def test_answers_leave_the_window_after_thirty_days(city):
    city.child("1001")
    answer(city, "1001", "2025-12-03", [1, 1, 1], wants_to_talk=True)
    assert city.item("mood_low_share_30d", "2025-12-30") == {"1001": 100}
    assert city.item("wants_to_talk_30d", "2025-12-31") == {"1001": 2}
    assert city.item("mood_low_share_30d", "2025-12-31") == {}


def test_mood_falls_against_the_childs_own_past(city):
    for who, before, now in (("1001", 4, 2), ("1002", 2, 2), ("1003", 2, 5)):
        city.child(who)
        answer(city, who, "2025-11-20", [before] * 5)
        answer(city, who, "2025-12-31", [now] * 3)
    city.child("1004")
    answer(city, "1004", "2025-11-20", [5] * 4)
    answer(city, "1004", "2025-12-31", [1] * 3)
    assert city.item("mood_drop", "2025-12-31") == {"1001": 2, "1002": 0, "1003": 0}


def test_a_wish_to_talk_counts_from_one_answer_and_silence_is_unknown(city):
    for who in ("1001", "1002", "1003", "1004"):
        city.child(who)
    answer(city, "1001", "2025-12-31", [3], wants_to_talk=True)
    answer(city, "1002", "2025-12-31", [3], wants_to_talk=False)
    answer(city, "1003", "2025-12-31", [3])
    assert city.item("wants_to_talk_30d", "2025-12-31") == {"1001": 1, "1002": 0}


def test_answers_that_arrive_late_do_not_change_an_earlier_day(city):
    city.child("1001")
    answer(city, "1001", "2025-12-20", [1, 1, 1], wants_to_talk=True, sleep=1, recorded_on="2025-12-28")
    for code in ("mood_low_share_30d", "sleep_low_share_30d", "wants_to_talk_30d"):
        assert city.item(code, "2025-12-27") == {}
    for code in ("mood_low_share_30d", "sleep_low_share_30d", "wants_to_talk_30d"):
        assert list(city.item(code, "2025-12-28")) == ["1001"]
