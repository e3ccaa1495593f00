"""Every gap: who qualifies and lacks the support, who has it, who cannot be told, and what was known when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from kodomo import missed
from kodomo.contracts import load_contracts

DAY = "2026-03-31"
BEFORE = "2026-03-30"


@dataclass(frozen=True)
class Case:
    """What makes somebody qualify (its deciding rows take `when`), and what counts as the support."""

    subject: str
    qualify: Callable[..., None]
    support: Callable[..., None]


def _counselled(day: str) -> Callable[..., None]:
    return lambda city, n, **when: city.add("education_counseling", n, occurred_on=day, **when)


def _newborn(city, n, **when):
    city.child(n, birth_date="2025-09-01", resident_since="2025-09-01", **when)


def _toddler_checkup(attended: str, result: str) -> Callable[..., None]:
    def add(city, n, **when):
        city.child(n, birth_date="2024-05-01")
        city.add(
            "infant_checkup",
            n,
            checkup="2",
            due_month="2025-11-01",
            attended_on=attended,
            result=result,
            **when,
        )

    return add


def _missed_checkup(city, n, **when):
    city.child(n, birth_date="2024-05-01")
    city.add("infant_checkup", n, checkup="2", due_month="2025-11-01", **{"recorded_on": "2025-12-10"} | when)


def _visit(day: str, **values: Any) -> Callable[..., None]:
    return lambda city, n, **when: city.add(
        "newborn_visit", n, visited_on=day, outcome="1", **{**values, **when}
    )


def _high_epds(city, n, **when):
    city.child(n, birth_date="2025-11-01")
    _visit("2026-01-10", epds=12)(city, n, **when)


def _single_benefit(city, n, **when):
    city.child(n, birth_date="2025-09-01")
    city.add("child_rearing_allowance", n, guardian_id="M" + n, payment="2", started_on="2025-10-01", **when)


def _allowance(extract: str, field: str, value: Any, recorded: str, *, born: bool) -> Callable[..., None]:
    def add(city, n, **when):
        if born:
            city.child(n)
        values = {
            "guardian_id": "M" + n,
            "certificate_id": "Z" + n,
            "payment": "2",
            "started_on": "2024-05-01",
            "recorded_on": recorded,
        }
        known = {column["field"] for column in city.contracts[extract]["column"]}
        city.add(
            extract,
            n,
            **{name: v for name, v in values.items() if name in known} | {field: value} | when,
        )

    return add


def _full_allowance(city, n, **when):
    city.child(n)
    city.add("child_rearing_allowance", n, payment="1", started_on="2024-05-01", **when)


def _aided(city, n, **when):
    city.add("school_expense_aid", n, applied_on="2025-09-01", decision="1", **when)


def _assisted(city, n, **when):
    city.child(n)
    city.add("public_assistance", n, started_on="2025-05-01", education_aid=False, **when)


def _absent(kind: str) -> Callable[..., None]:
    def add(city, n, **when):
        city.child(n)
        for month in ("2025-09-01", "2025-10-01", "2025-11-01"):
            city.add("attendance", n, month=month, school_days=20, **{kind: 15} | when)

    return add


def _cared(city, n, **when):
    city.child(n)
    city.resident("G" + n, household_id="H" + n, relation="世帯主の母", birth_date="1950-04-04")
    city.add("care_need", "G" + n, care_level="23", started_on="2025-06-01", **when)
    for month in ("2025-09-01", "2025-10-01", "2025-11-01"):
        city.add("attendance", n, month=month, school_days=20, sick_days=15)


def _bullied(city, n, **when):
    city.child(n)
    city.add("bullying", n, role="1", serious=True, status="1", occurred_on="2026-01-10", **when)


def _hurt(city, n, **when):
    city.child(n)
    city.add("guidance", n, kind="4", occurred_on="2026-01-10", **when)


def _wishes(city, n, **when):
    city.child(n)
    city.add("mood_check", n, mood=2, wants_to_talk=True, occurred_on="2026-03-05", **when)


def _returned(city, n, **when):
    city.child(n)
    city.add(
        "guidance_center_case",
        n,
        occurred_on="2026-01-05",
        kind="1",
        custody_on="2026-01-05",
        custody_ended_on="2026-01-20",
        **when,
    )


def _owing(city, n, **when):
    city.child(n)
    city.add(
        "health_insurance",
        "M" + n,
        started_on="2024-04-01",
        arrears_months=5,
        **{"recorded_on": "2026-01-10"} | when,
    )


def _expecting(city, n, **when):
    city.resident(n, sex="2")
    city.add(
        "pregnancy",
        n,
        handbook_id="B" + n,
        notified_on="2025-12-01",
        weeks=10,
        support_class="2",
        **when,
    )
    city.add("consultation", n, consultation_id="C" + n, kind="20", occurred_on="2025-12-10")


CASES = {
    "expectant_visit": Case(
        "pregnancy:B{}",
        _expecting,
        lambda city, n, **when: city.add(
            "contact_log", n, occurred_on="2026-03-20", outcome="1", counterpart="1", **when
        ),
    ),
    "newborn_visit": Case("{}", _newborn, _visit("2025-12-10")),
    "checkup_visit": Case(
        "{}",
        _missed_checkup,
        lambda city, n, **when: city.add(
            "infant_checkup",
            n,
            checkup="2",
            due_month="2025-11-01",
            attended_on="2026-02-10",
            **{"recorded_on": "2026-02-12"} | when,
        ),
    ),
    "checkup_precise": Case(
        "{}",
        _toddler_checkup("2025-11-10", "3"),
        lambda city, n, **when: city.add("day_support", n, started_on="2026-02-20", **when),
    ),
    "checkup_watch": Case(
        "{}",
        _toddler_checkup("2025-08-10", "2"),
        lambda city, n, **when: city.add("day_support", n, started_on="2026-02-20", **when),
    ),
    "epds_follow": Case("{}", _high_epds, _visit("2026-02-20", epds=3)),
    "child_allowance_missing": Case(
        "{}",
        _single_benefit,
        lambda city, n, **when: city.add(
            "child_allowance", n, guardian_id="M" + n, started_on="2025-12-01", **when
        ),
    ),
    "child_allowance_suspended": Case(
        "{}",
        _allowance("child_allowance", "suspended", True, "2026-01-15", born=True),
        _allowance("child_allowance", "suspended", False, "2026-02-20", born=False),
    ),
    "allowance_report": Case(
        "{}",
        _allowance("child_rearing_allowance", "annual_report", "2", "2026-01-15", born=True),
        _allowance("child_rearing_allowance", "annual_report", "1", "2026-02-20", born=False),
    ),
    "school_aid_allowance": Case("{}", _full_allowance, _aided),
    "school_aid_assistance": Case("{}", _assisted, _aided),
    "nonattendance": Case(
        "{}",
        _absent("nonattendance_days"),
        lambda city, n, **when: city.add("support_room", n, started_on="2026-02-01", **when),
    ),
    "bullying_support": Case("{}", _bullied, _counselled("2026-02-10")),
    "self_harm": Case("{}", _hurt, _counselled("2026-02-10")),
    "wants_to_talk": Case("{}", _wishes, _counselled("2026-03-25")),
    "carer": Case("{}", _cared, _counselled("2026-02-10")),
    "care_leaver": Case("{}", _returned, _counselled("2026-03-01")),
    "insurance_arrears": Case(
        "{}",
        _owing,
        lambda city, n, **when: city.add("consultation", n, kind="80", occurred_on="2026-02-10", **when),
    ),
}


def test_every_gap_of_the_catalogue_has_its_case():
    assert set(CASES) == set(missed.settings().gaps)
    assert len(CASES) >= 12


# Everybody in one city, each with a number of their own: laying a city out takes longer than looking.
NUMBERS = {gap: str(1001 + place) for place, gap in enumerate(CASES)}
SUBJECTS = {gap: case.subject.format(NUMBERS[gap]) for gap, case in CASES.items()}


def everybody(city, what: str, but: frozenset[str] = frozenset(), **when: Any) -> None:
    for gap, case in CASES.items():
        if gap not in but:
            getattr(case, what)(city, NUMBERS[gap], **when)


def states(found: dict[tuple[str, str], dict[str, Any]]) -> dict[str, str | None]:
    return {
        gap: found[gap, SUBJECTS[gap]]["state"] if (gap, SUBJECTS[gap]) in found else None for gap in CASES
    }


def test_who_qualifies_and_lacks_the_support_is_open(city, look):
    everybody(city, "qualify")
    found = look(DAY)
    assert states(found) == dict.fromkeys(CASES, "open")
    for gap, subject in SUBJECTS.items():
        row = found[gap, subject]
        assert row["days_open"] == (date.fromisoformat(DAY) - row["since_on"]).days >= 0, gap
        assert row["detail"], gap
        assert row["mark"], gap
    assert found == look(DAY)


def test_the_support_closes_the_gap_and_counts_as_connected(city, look):
    everybody(city, "qualify")
    everybody(city, "support")
    found = look(DAY)
    never = {"newborn_visit", "expectant_visit"}
    assert states(found) == {gap: None if gap in never else "connected" for gap in CASES}
    assert all(row["had_on"] >= row["since_on"] for row in found.values() if row["state"] == "connected")
    counted = city.con.execute("select gap from missed_count where has = 0").fetchall()
    assert counted == []


def test_a_fact_recorded_later_changes_no_earlier_day(city, look):
    everybody(city, "qualify", recorded_on=DAY)
    assert states(look(BEFORE)) == dict.fromkeys(CASES)


def test_a_support_recorded_later_leaves_the_earlier_day_open(city, look):
    everybody(city, "qualify")
    everybody(city, "support", recorded_on=DAY)
    assert states(look(BEFORE)) == dict.fromkeys(CASES, "open")


def test_sources_that_never_came_are_unknown_and_never_a_lack(city, look):
    everybody(city, "qualify")
    gaps = missed.settings().gaps
    needed = {extract for gap in gaps.values() for extract in gap.qualifies_from}
    told = {extract for gap in gaps.values() for extract in gap.has_from}
    for extract in sorted(told - needed):
        city.undelivered(extract)
    found = look(DAY)
    for gap in CASES:
        row = found[gap, SUBJECTS[gap]]
        if set(gaps[gap].has_from) - needed:
            assert (row["state"], row["why"]) == ("unknown", "未連携"), gap
        else:
            assert row["state"] == "open", gap
    for extract in sorted(told & needed):
        city.undelivered(extract)
    assert not [row for row in look(DAY).values() if row["state"] == "open"]


def test_sources_that_stopped_are_unknown_and_never_a_lack(city, look):
    everybody(city, "qualify")
    later = "2027-12-31"
    found = look(later)
    assert found
    assert {row["state"] for row in found.values()} == {"unknown"}
    assert {row["why"] for row in found.values()} <= {"データ途絶"}


def test_a_record_that_may_be_the_childs_and_waits_for_matching_is_unknown(city, look):
    everybody(city, "qualify")
    waits = {
        "school_aid_allowance": "school_expense_aid",
        "nonattendance": "support_room",
        "self_harm": "education_counseling",
        "care_leaver": "consultation",
    }
    for gap, extract in waits.items():
        city.link(extract, "waits" + gap, NUMBERS[gap], "review")
    found = look(DAY)
    for gap in waits:
        row = found[gap, SUBJECTS[gap]]
        assert (row["state"], row["why"]) == ("unknown", "名寄せできていない"), gap


def test_children_in_care_are_on_no_list(city, look):
    everybody(city, "qualify")
    for gap, number in NUMBERS.items():
        if gap != "expectant_visit":
            city.add(
                "guidance_center_case", number, occurred_on="2026-03-01", kind="1", custody_on="2026-03-01"
            )
    assert states(look(DAY)) == {gap: "open" if gap == "expectant_visit" else None for gap in CASES}


# -- the fiscal year ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "state"),
    [
        ("2026-03-31", "open"),
        ("2026-04-01", "unknown"),
        ("2026-07-31", "unknown"),
        ("2026-08-31", "open"),
    ],
)
def test_nobody_lacks_school_aid_while_the_new_year_is_being_decided(city, look, day, state):
    _full_allowance(city, "1001")
    for name in load_contracts():
        city.deliver(name, day)
    for extract in ("pupil_roster", "school_register", "resident_register"):
        city.con.execute(f"update src_{extract} set seen_to = ?", [day])
    city.rows_added += 1
    assert look(day)["school_aid_allowance", "1001"]["state"] == state


def test_school_aid_certified_up_to_march_still_counts_in_june_and_no_more_in_september(city, look):
    _full_allowance(city, "1001")
    city.add("school_expense_aid", "1001", applied_on="2025-06-01", decision="1", ended_on="2026-03-31")
    for day, found in (("2026-06-30", None), ("2026-09-30", "open")):
        for name in load_contracts():
            city.deliver(name, day)
        for extract in ("pupil_roster", "school_register", "resident_register"):
            city.con.execute(f"update src_{extract} set seen_to = ?", [day])
        row = look(day).get(("school_aid_allowance", "1001"))
        assert (row and row["state"]) == found


def test_school_aid_of_this_year_that_was_not_delivered_is_unknown_in_autumn(city, look):
    _full_allowance(city, "1001")
    for name in set(load_contracts()) - {"school_expense_aid"}:
        city.deliver(name, "2026-10-31")
    for extract in ("pupil_roster", "school_register", "resident_register"):
        city.con.execute(f"update src_{extract} set seen_to = date '2026-10-31'")
    row = look("2026-10-31")["school_aid_allowance", "1001"]
    assert (row["state"], row["why"]) == ("unknown", "今年度の認定結果が未着")


@pytest.mark.parametrize("decision", ["2", "3", "4"])
def test_what_the_office_decided_or_examines_is_no_gap(city, look, decision):
    _full_allowance(city, "1001")
    city.add("school_expense_aid", "1001", applied_on="2025-09-01", decision=decision)
    row = look(DAY).get(("school_aid_allowance", "1001"))
    assert row is None or row["state"] == "connected"


def test_a_child_outside_the_city_schools_is_no_case_for_school_aid(city, look):
    city.child(pupil=False)
    city.add("child_rearing_allowance", "1001", payment="1", started_on="2024-05-01")
    assert ("school_aid_allowance", "1001") not in look(DAY)


# -- particular care ----------------------------------------------------------------------------


def test_a_family_without_any_benefit_here_may_be_public_servants(city, look):
    city.child(birth_date="2025-09-01")
    assert ("child_allowance_missing", "1001") not in look(DAY)


def test_a_blank_education_aid_is_unknown(city, look):
    city.child()
    city.add("public_assistance", "1001", started_on="2025-05-01", education_aid=None)
    row = look(DAY)["school_aid_assistance", "1001"]
    assert (row["state"], row["why"]) == ("unknown", "教育扶助の欄が空")


def test_a_specified_expectant_woman_without_a_case_at_the_centre_is_unknown(city, look):
    city.resident("2001", sex="2")
    city.add("pregnancy", "2001", handbook_id="B1", notified_on="2025-12-01", weeks=10, support_class="2")
    row = look(DAY)["expectant_visit", "pregnancy:B1"]
    assert row["state"] == "unknown"


def test_arrears_are_one_entry_a_household_under_the_eldest(city, look):
    city.child("1001", "2015-06-15")
    city.resident("1002", household_id="H1001", relation="子", birth_date="2018-06-15")
    city.add("health_insurance", "M1001", started_on="2024-04-01", arrears_months=5, recorded_on="2026-01-10")
    assert [key for key in look(DAY) if key[0] == "insurance_arrears"] == [("insurance_arrears", "1001")]


def test_a_new_wish_to_talk_is_a_new_fact(city, look):
    _wishes(city, "1001")
    first = look(DAY)["wants_to_talk", "1001"]["mark"]
    city.add("mood_check", "1001", mood=2, wants_to_talk=True, occurred_on="2026-03-20")
    assert look(DAY)["wants_to_talk", "1001"]["mark"] != first


@pytest.mark.parametrize("gap", ["self_harm", "bullying_support", "wants_to_talk"])
def test_a_further_event_neither_hides_an_open_child_nor_is_hidden_by_an_older_answer(city, look, gap):
    again = {
        "self_harm": ("guidance", {"kind": "4"}),
        "bullying_support": ("bullying", {"role": "1", "serious": True, "status": "1"}),
        "wants_to_talk": ("mood_check", {"mood": 2, "wants_to_talk": True}),
    }
    extract, values = again[gap]
    CASES[gap].qualify(city, "1001")
    since = look(DAY)[gap, "1001"]["since_on"]
    city.add(extract, "1001", occurred_on="2026-03-25", **values)
    row = look(DAY)[gap, "1001"]
    assert (row["state"], row["since_on"]) == ("open", since)
    city.add("education_counseling", "1001", occurred_on="2026-03-10")
    for name in load_contracts():
        city.deliver(name, "2026-04-20")
    for name in ("pupil_roster", "school_register", "resident_register"):
        city.con.execute(f"update src_{name} set seen_to = date '2026-04-20'")
    row = look("2026-04-20")[gap, "1001"]
    assert (row["state"], row["since_on"]) == ("open", date(2026, 4, 8))
