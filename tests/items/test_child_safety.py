"""こども家庭相談, 要対協 and 対応記録: what the centre knows of the right child on the right day."""

from __future__ import annotations


def consult(city, who, kind, occurred_on, **values):
    return city.add("consultation", who, kind=kind, occurred_on=occurred_on, **values)


def test_consultations_are_counted_by_kind_route_and_urgency(city):
    city.child("1001")
    given = (
        ("11", "2025-06-01"),
        ("13", "2025-06-02"),
        ("20", "2025-06-03"),
        ("30", "2025-06-04"),
        ("40", "2025-06-05"),
        ("50", "2025-06-06"),
        ("80", "2025-06-07"),
    )
    for kind, day in given:
        consult(
            city,
            "1001",
            kind,
            day,
            urgency="3" if kind == "11" else "1",
            route="10" if kind == "50" else "03",
        )
    consult(city, "1001", "14", "2024-01-01")
    consult(city, "1001", "14", "2023-12-31")
    expected = {
        "consultation_12m": 7,
        "abuse_consultation_24m": 3,
        "neglect_consultation_24m": 1,
        "parenting_consultation_12m": 2,
        "consultation_self_12m": 1,
        "consultation_urgent_12m": 1,
        "consultation_poverty_12m": 1,
        "consultation_bullying_12m": 1,
        "consultation_nonattendance_12m": 1,
    }
    for code, value in expected.items():
        assert city.item(code, "2025-12-31") == {"1001": value}, code


def test_a_consultation_recorded_late_or_not_settled_does_not_count(city):
    city.child("1001")
    city.child("1002")
    consult(city, "1001", "11", "2025-06-01", recorded_on="2025-07-01")
    consult(city, "1002", "11", "2025-06-01", link_status="review")
    assert city.item("abuse_consultation_24m", "2025-06-30") == {}
    assert city.item("abuse_consultation_24m", "2025-07-01") == {"1001": 1}


def test_a_consultation_about_the_mother_is_not_the_childs(city):
    city.child("1001")
    consult(city, "M1001", "11", "2025-06-01", consultation_id="CM")
    city.add("council_case", consultation_id="CM", started_on="2025-06-02", kind="3", severity="3")
    assert city.item("abuse_consultation_24m", "2025-12-31") == {}
    assert city.item("council_open", "2025-12-31") == {}


def council(city, who, started_on, severity, **values):
    return city.add("council_case", who, started_on=started_on, severity=severity, **values)


def case(city, who, occurred_on="2024-01-10"):
    """A consultation that a council case can hang on."""
    city.child(who)
    consult(city, who, "20", occurred_on, consultation_id="C" + who)


def test_the_newest_row_of_a_council_case_is_its_state(city):
    case(city, "1001")
    council(city, "1001", "2024-02-01", "1")
    council(city, "1001", "2025-05-01", "3", recorded_on="2025-05-10")
    council(city, "1001", "2025-11-01", "3", ended_on="2025-11-01")
    assert city.item("council_open", "2025-05-09") == {"1001": 1}
    assert city.item("council_severity_up_12m", "2025-05-09") == {}
    assert city.item("council_open", "2025-10-31") == {"1001": 3}
    assert city.item("council_severity_up_12m", "2025-10-31") == {"1001": 1}
    assert city.item("council_closed_24m", "2025-10-31") == {}
    assert city.item("council_open", "2025-11-01") == {}
    assert city.item("council_closed_24m", "2025-11-01") == {"1001": 1}
    assert city.item("council_severity_up_12m", "2025-11-01") == {"1001": 1}


def test_severity_that_falls_or_rises_at_closing_is_no_rise(city):
    case(city, "1001")
    council(city, "1001", "2025-02-01", "3")
    council(city, "1001", "2025-04-01", "2")
    council(city, "1001", "2025-06-01", "4", ended_on="2025-06-01")
    assert city.item("council_severity_up_12m", "2025-12-31") == {}


def test_a_closed_case_with_another_one_open_is_not_closed(city):
    case(city, "1001")
    council(city, "1001", "2024-02-01", "2", ended_on="2025-02-01")
    consult(city, "1001", "20", "2025-03-01", consultation_id="C2")
    city.add("council_case", consultation_id="C2", started_on="2025-03-05", severity="1", kind="2")
    assert city.item("council_closed_24m", "2025-03-01") == {"1001": 1}
    assert city.item("council_closed_24m", "2025-12-31") == {}


def test_news_after_closing_counts_from_either_office(city):
    case(city, "1001")
    council(city, "1001", "2024-02-01", "2", ended_on="2025-06-01", recorded_on="2025-06-01")
    consult(city, "1001", "12", "2025-05-31")
    consult(city, "1001", "12", "2025-07-01", recorded_on="2025-07-05")
    city.add("guidance_center_case", "1001", kind="2", occurred_on="2025-07-02")
    city.add("guidance_center_case", "1001", kind="0", occurred_on="2025-07-03")
    assert city.item("renotified_after_close", "2025-06-30") == {}
    assert city.item("renotified_after_close", "2025-07-04") == {"1001": 1}
    assert city.item("renotified_after_close", "2025-12-31") == {"1001": 2}


def contact(city, who, occurred_on, outcome, counterpart="2", **values):
    return city.add(
        "contact_log",
        who,
        occurred_on=occurred_on,
        outcome=outcome,
        counterpart=counterpart,
        method="1",
        **values,
    )


def test_missed_contacts_are_those_with_the_family(city):
    case(city, "1001")
    contact(city, "1001", "2025-06-30", "2")
    contact(city, "1001", "2025-07-01", "2")
    contact(city, "1001", "2025-12-01", "3", "1")
    contact(city, "1001", "2025-12-02", "2", "3")
    contact(city, "1001", "2025-12-03", "4")
    contact(city, "1001", "2025-12-30", "3", recorded_on="2026-01-05")
    assert city.item("contact_missed_6m", "2025-12-31") == {"1001": 2}
    assert city.item("contact_refused_6m", "2025-12-31") == {"1001": 1}
    assert city.item("contact_refused_6m", "2026-01-05") == {"1001": 2}


def test_days_since_contact_run_from_the_last_meeting_or_from_the_start_of_the_case(city):
    case(city, "1001")
    council(city, "1001", "2025-06-01", "2")
    contact(city, "1001", "2025-11-01", "1")
    contact(city, "1001", "2025-12-01", "1", "3")
    contact(city, "1001", "2025-12-02", "2")
    case(city, "1002")
    council(city, "1002", "2025-06-01", "2")
    council(city, "1002", "2025-10-01", "3")
    case(city, "1003")
    contact(city, "1003", "2025-11-01", "1")
    assert city.item("days_since_contact", "2025-12-31") == {"1001": 60, "1002": 213}


def test_days_since_seen_is_unknown_for_a_child_nobody_ever_saw(city):
    case(city, "1001")
    contact(city, "1001", "2025-12-01", "1", "1")
    city.child("1002")
    assert city.item("days_since_seen", "2025-12-31") == {"1001": 30}
    con = city.judged("2026-03-31")
    gaps = con.execute("select resident_id, why from item_gap where item = 'days_since_seen'").fetchall()
    assert gaps == [("1002", "目視の記録なし")]


def test_what_happened_to_a_sibling_is_the_siblings_and_named_as_such(city):
    city.child("1001")
    city.child("1002", birth_date="2018-06-15", household_id="H1001", parent=False)
    consult(city, "1002", "11", "2025-06-01", consultation_id="C1002", recorded_on="2025-06-03")
    city.add("guidance_center_case", "1002", kind="1", occurred_on="2025-06-05")
    council(city, "1002", "2025-07-01", "2")
    day = "2025-12-31"
    assert city.item("abuse_consultation_24m", day) == {"1002": 1}
    assert city.item("sibling_abuse_24m", "2025-06-02") == {}
    assert city.item("sibling_abuse_24m", day) == {"1001": 2}
    assert city.item("sibling_council", "2025-06-30") == {}
    assert city.item("sibling_council", day) == {"1001": 1}
    assert city.item("council_open", day) == {"1002": 2}
