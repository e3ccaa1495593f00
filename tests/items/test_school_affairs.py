"""就学援助, 学校健診 and 学齢簿: yearly records that are no news, and gaps that are no 0."""

from __future__ import annotations


def aid(city, who, applied_on, decision="1", **values):
    return city.add("school_expense_aid", who, applied_on=applied_on, decision=decision, **values)


def test_aid_holds_for_its_fiscal_year_and_ends_on_its_day(city):
    for who in ("1001", "1002", "1003", "1004"):
        city.child(who)
    aid(city, "1001", "2025-05-10", ended_on="2026-03-31", recorded_on="2025-07-01")
    aid(city, "1002", "2025-05-10", recorded_on="2025-07-01")
    aid(city, "1003", "2025-05-10", ended_on="2025-10-31", recorded_on="2025-07-01")
    aid(city, "1004", "2025-05-10", decision="2", recorded_on="2025-07-01")
    assert city.item("school_expense_aid", "2025-06-30") == {}
    assert city.item("school_expense_aid", "2025-10-31") == {"1001": 1, "1002": 1, "1003": 1}
    assert city.item("school_expense_aid", "2025-11-01") == {"1001": 1, "1002": 1}
    assert city.item("school_expense_denied", "2025-11-01") == {"1004": 1}


def test_from_april_to_july_an_undecided_child_is_still_certified(city):
    for who in ("1001", "1002", "1003", "1004", "1005"):
        city.child(who)
        aid(city, who, "2024-05-10", ended_on="2025-03-31", recorded_on="2024-07-01")
    aid(city, "1002", "2025-05-10", decision="4", recorded_on="2025-05-20")
    aid(city, "1003", "2025-05-10", decision="2", recorded_on="2025-06-20")
    aid(city, "1004", "2025-05-10", decision="3", recorded_on="2025-06-20")
    aid(city, "1005", "2025-02-10", decision="1", recorded_on="2025-06-20", ended_on="2026-03-31")
    everyone = dict.fromkeys(("1001", "1002", "1003", "1004", "1005"), 1)
    assert city.item("school_expense_aid", "2025-03-31") == everyone
    assert city.item("school_expense_aid", "2025-04-01") == everyone
    assert city.item("school_expense_aid", "2025-07-31") == {"1001": 1, "1002": 1, "1005": 1}
    assert city.item("school_expense_aid", "2025-08-01") == {"1005": 1}


def test_the_gap_is_not_bridged_for_a_child_who_left_junior_high_or_lost_the_aid_earlier(city):
    city.child("1001", birth_date="2009-06-15")
    city.child("1002")
    aid(city, "1001", "2024-05-10", ended_on="2025-03-31", recorded_on="2024-07-01")
    aid(city, "1002", "2024-05-10", ended_on="2024-12-31", recorded_on="2024-07-01")
    assert city.item("school_expense_aid", "2024-12-31") == {"1001": 1, "1002": 1}
    assert city.item("school_expense_aid", "2025-04-30") == {}


def test_only_the_newest_decision_of_twelve_months_says_denied(city):
    for who in ("1001", "1002", "1003"):
        city.child(who)
    aid(city, "1001", "2025-05-10", decision="2")
    aid(city, "1001", "2025-09-10", decision="1")
    aid(city, "1002", "2025-05-10", decision="2")
    aid(city, "1002", "2025-09-10", decision="4")
    aid(city, "1003", "2024-11-30", decision="2")
    assert city.item("school_expense_denied", "2025-11-30") == {"1002": 1}
    assert city.item("school_expense_denied", "2025-09-09") == {"1001": 1, "1002": 1, "1003": 1}


def exam(city, who, examined_on, **values):
    return city.add("school_health", who, examined_on=examined_on, **values)


def test_teeth_are_read_from_the_newest_check_and_sound_teeth_are_0(city):
    for who in ("1001", "1002", "1003", "1004"):
        city.child(who)
    exam(city, "1001", "2024-05-10", caries=2, recorded_on="2024-07-01")
    exam(city, "1001", "2025-05-10", caries=6, dental_visited="2", recorded_on="2025-07-01")
    exam(city, "1002", "2025-05-10", caries=0, recorded_on="2025-07-01")
    exam(city, "1003", "2025-05-10", caries=3, recorded_on="2025-07-01")
    exam(city, "1003", "2025-05-11", height_cm=130.0, recorded_on="2025-07-01")
    day = "2025-12-31"
    assert city.item("school_caries", day) == {"1001": 6, "1002": 0, "1003": 3}
    assert city.item("dental_unvisited", day) == {"1001": 1, "1002": 0}
    assert city.item("school_caries", "2025-06-30") == {"1001": 2}, "this year's results were not there yet"
    con = city.judged("2026-03-31")
    query = "select resident_id, why from item_gap where item = ? order by 1"
    assert con.execute(query, ["school_caries"]).fetchall() == [("1004", "健診の記録なし")]
    assert [who for who, _ in con.execute(query, ["dental_unvisited"]).fetchall()] == ["1003", "1004"]


def test_a_check_older_than_eighteen_months_no_longer_speaks(city):
    city.child("1001")
    exam(city, "1001", "2024-05-10", caries=6, dental_visited="2")
    assert city.item("school_caries", "2025-11-09") == {"1001": 6}
    assert city.item("school_caries", "2025-11-10") == {}
    assert city.item("dental_unvisited", "2025-11-10") == {}


def test_weight_and_height_are_set_beside_the_childs_own_last_check(city):
    for who, weights, heights in (
        ("1001", (32.0, 29.5), (130.0, 131.0)),
        ("1002", (30.0, 34.0), (128.0, 134.0)),
        ("1003", (30.0, None), (128.0, None)),
    ):
        city.child(who)
        for day, weight, height in zip(("2024-05-10", "2025-05-10"), weights, heights, strict=True):
            exam(city, who, day, weight_kg=weight, height_cm=height)
    city.child("1004")
    exam(city, "1004", "2025-05-10", weight_kg=30.0, height_cm=128.0)
    city.child("1005", birth_date="2012-06-15")
    exam(city, "1005", "2024-05-10", weight_kg=45.0, height_cm=160.0)
    exam(city, "1005", "2025-05-10", weight_kg=45.0, height_cm=160.5)
    assert city.item("weight_loss", "2025-12-31") == {"1001": 2.5, "1002": 0, "1005": 0}
    assert city.item("growth_stall", "2025-12-31") == {"1001": 1, "1002": 0}
    assert city.item("weight_loss", "2025-05-09") == {}


def test_a_result_recorded_late_is_not_known_before(city):
    city.child("1001")
    exam(city, "1001", "2024-05-10", weight_kg=32.0)
    exam(city, "1001", "2025-05-10", weight_kg=29.0, caries=5, recorded_on="2025-09-30")
    assert city.item("weight_loss", "2025-09-29") == {}
    assert city.item("school_caries", "2025-09-29") == {}
    assert city.item("weight_loss", "2025-09-30") == {"1001": 3}


def test_whereabouts_are_unknown_by_the_register_and_a_child_not_in_it_is_a_gap(city):
    common = {"grade": 4, "birth_date": "2015-06-15"}
    city.child("1001", register=False)
    city.add(
        "school_register", "1001", school_register_id="G1001", status="4", recorded_on="2025-10-01", **common
    )
    city.child("1002")
    city.child("1003", register=False)
    city.child("1004", register=False)
    city.add("attendance", "1004", month="2026-01-01", school_days=18, sick_days=17)
    city.add("attendance", "1003", month="2026-01-01", school_days=18, sick_days=18)
    assert city.item("whereabouts_unknown", "2025-09-30") == {"1002": 0}
    assert city.item("whereabouts_unknown", "2025-10-01") == {"1001": 1, "1002": 0}
    assert city.item("whereabouts_unknown", "2026-03-31") == {"1001": 1, "1002": 0, "1004": 0}
    con = city.judged("2026-03-31")
    gaps = con.execute("select resident_id, why from item_gap where item = 'whereabouts_unknown'").fetchall()
    assert gaps == [("1003", "学齢簿に見つからない")]
