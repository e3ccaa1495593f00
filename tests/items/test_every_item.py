"""Every item: told by its own rows, unknown until they are known, and never 0 for want of data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kodomo.items import load_items
from tests.items.conftest import City

ITEMS = load_items()
#: The facts lie before EVE, the rows that tell them are recorded on DAY.
EVE, DAY = "2026-03-19", "2026-03-20"
SCHOOL, INFANT = "2015-06-15", "2023-08-10"

Row = tuple[str, str | None, dict[str, Any]]


def months(*names: str, days: int = 20, **values: Any) -> list[Row]:
    """Attendance of child 1 for each `YYYY-MM`."""
    return [
        ("attendance", "1", {"month": f"{name}-01", "school_days": days, "recorded_on": DAY} | values)
        for name in names
    ]


#: Quiet months known long before, so that a rise can be told.
BEFORE = [
    row
    for name in ("2025-05", "2025-06", "2025-07", "2025-09", "2025-10")
    for row in months(name, recorded_on="2025-11-10")
]
LATELY = ("2025-11", "2025-12", "2026-01")


def one(extract: str, person: str | None = "1", **values: Any) -> list[Row]:
    """One row of an extract, recorded on DAY."""
    return [(extract, person, {"recorded_on": DAY} | values)]


def consult(kind: str, **values: Any) -> list[Row]:
    """A consultation of January 2026."""
    return one("consultation", consultation_id="C1", occurred_on="2026-01-10", kind=kind, **values)


def case(severity: str = "2", when: str = DAY, start: str = "2026-02-01", **values: Any) -> list[Row]:
    """An open council case."""
    return one(
        "council_case", started_on=start, kind="1", severity=severity, **values | {"recorded_on": when}
    )


def checkup(stage: str, month: str, **values: Any) -> list[Row]:
    """An infant check-up that fell due."""
    return one("infant_checkup", checkup=stage, due_month=f"{month}-01", **values)


def health(on: str, when: str = DAY, **values: Any) -> list[Row]:
    """A school health check."""
    return one("school_health", examined_on=on, **values | {"recorded_on": when})


def answers(low: int, **values: Any) -> list[Row]:
    """Four answers of the last month, bad or as given."""
    told: dict[str, Any] = {"mood": low, "sleep": low} | values
    return [row for n in range(4) for row in one("mood_check", occurred_on=f"2026-03-{5 + n:02d}", **told)]


CALM = [
    (
        "mood_check",
        "1",
        {"occurred_on": f"2026-{m:02d}-{d:02d}", "mood": 4, "sleep": 4, "recorded_on": "2026-02-20"},
    )
    for m, d in ((1, 8), (1, 15), (1, 22), (1, 29), (2, 5), (2, 12))
]

SIBLING: list[Row] = [
    ("resident_register", None, {
        "resident_id": "2", "household_id": "H1", "relation": "子", "birth_date": "2013-06-15",
        "resident_since": "2015-04-01", "recorded_on": "2015-04-01", "address_detail": "HH1",
    }),
]  # fmt: skip
SMALL_SIBLING: list[Row] = [
    (
        SIBLING[0][0],
        None,
        SIBLING[0][2] | {"birth_date": INFANT, "resident_since": INFANT, "recorded_on": INFANT},
    )
]


def adult(number: str, **values: Any) -> list[Row]:
    """Somebody behind the door of child 1."""
    row = {"resident_id": number, "household_id": "H1", "birth_date": "1950-06-15", "relation": "母"}
    row |= {"resident_since": "2015-04-01", "recorded_on": "2015-04-01", "address_detail": "HH1"}
    return [("resident_register", None, row | values)]


def move(kind: str, person: str = "1", **values: Any) -> list[Row]:
    """A move of January 2026."""
    return one("resident_move", person, move_type=kind, moved_on="2026-01-15", **values)


def care(**values: Any) -> list[Row]:
    """A grandmother who needs care."""
    row = {"care_level": "23", "started_on": "2025-06-01", "uses_service": False} | values
    return adult("G") + one("care_need", "G", **row)


def contact(outcome: str, on: str = "2026-02-10", when: str = DAY) -> list[Row]:
    """A visit to the guardian."""
    row = {"occurred_on": on, "method": "1", "counterpart": "2", "outcome": outcome, "recorded_on": when}
    return one("contact_log", **row)


def bully(**values: Any) -> list[Row]:
    """An incident with the child as the bullied one."""
    row = {"role": "1", "occurred_on": "2025-11-10", "kind": "1", "status": "1"} | values
    return one("bullying", **row)


def kinds(name: str, **values: Any) -> dict[str, tuple[str, list[Row]]]:
    """One kind of absence over the three windows of school days."""
    return {f"{name}_in_{days}": (SCHOOL, months(*LATELY, **values)) for days in (30, 90, 180)}


NOTICE = {"person": "M1", "child_id": "1", "notified_on": "2023-05-01"}

#: For each item: when child 1 was born, and the rows that tell it.
SCENES: dict[str, tuple[str, list[Row]]] = {
    "club_arrears": (SCHOOL, one("after_school_club", started_on="2025-04-01", arrears_months=3)),
    "club_left_arrears": (
        SCHOOL,
        one("after_school_club", started_on="2025-04-01", ended_on="2025-12-01", end_reason="3"),
    ),
    "club_left_early_12m": (
        SCHOOL,
        one("after_school_club", started_on="2025-04-01", ended_on="2025-12-01", end_reason="2"),
    ),
    "club_member": (SCHOOL, one("after_school_club", started_on="2025-04-01")),
    "child_rearing_allowance_full": (
        SCHOOL,
        one("child_rearing_allowance", guardian_id="M1", payment="1", started_on="2025-09-01"),
    ),
    "child_rearing_allowance_part": (
        SCHOOL,
        one("child_rearing_allowance", guardian_id="M1", payment="2", started_on="2025-09-01"),
    ),
    "child_rearing_allowance_stopped": (
        SCHOOL,
        one("child_rearing_allowance", guardian_id="M1", payment="3", started_on="2025-09-01"),
    ),
    "allowance_report_missing": (
        SCHOOL,
        one("child_rearing_allowance", guardian_id="M1", started_on="2025-09-01", annual_report="2"),
    ),
    "child_allowance_suspended": (
        SCHOOL,
        one("child_allowance", guardian_id="M1", started_on="2025-09-01", suspended=True),
    ),
    "center_notice_24m": (SCHOOL, one("guidance_center_case", occurred_on="2026-01-10", kind="1")),
    "temporary_custody_24m": (
        SCHOOL,
        one("guidance_center_case", occurred_on="2026-01-10", kind="1", custody_on="2026-01-12"),
    ),
    "custody_returned_12m": (
        SCHOOL,
        one(
            "guidance_center_case",
            occurred_on="2026-01-10",
            kind="1",
            custody_on="2026-01-12",
            custody_ended_on="2026-02-01",
        ),
    ),
    "in_care": (
        SCHOOL,
        one("guidance_center_case", occurred_on="2026-01-10", kind="1", custody_on="2026-01-12"),
    ),
    "sibling_in_care": (
        SCHOOL,
        SIBLING + one("guidance_center_case", "2", occurred_on="2026-01-10", custody_on="2026-01-12"),
    ),
    "consultation_12m": (SCHOOL, consult("99")),
    "abuse_consultation_24m": (SCHOOL, consult("11")),
    "neglect_consultation_24m": (SCHOOL, consult("13")),
    "parenting_consultation_12m": (SCHOOL, consult("30")),
    "consultation_self_12m": (SCHOOL, consult("99", route="10")),
    "consultation_urgent_12m": (SCHOOL, consult("11", urgency="3")),
    "consultation_poverty_12m": (SCHOOL, consult("80")),
    "consultation_bullying_12m": (SCHOOL, consult("50")),
    "consultation_nonattendance_12m": (SCHOOL, consult("40")),
    "council_open": (SCHOOL, case()),
    "council_severity_up_12m": (
        SCHOOL,
        case("1", "2025-12-01", "2025-12-01") + case("3"),
    ),
    "council_closed_24m": (
        SCHOOL,
        case("1", "2025-06-01", "2025-06-01") + case("1", start="2026-01-10", ended_on="2026-01-10"),
    ),
    "renotified_after_close": (
        SCHOOL,
        [
            *one("consultation", consultation_id="C1", occurred_on="2025-05-10", recorded_on="2025-05-11"),
            *case("1", "2025-06-01", "2025-06-01"),
            *case("1", "2025-09-01", "2025-09-01", ended_on="2025-09-01"),
            *one("consultation", consultation_id="C9", occurred_on="2026-01-10", kind="11"),
        ],
    ),
    "contact_missed_6m": (SCHOOL, contact("2")),
    "contact_missed_streak": (SCHOOL, contact("1", "2025-11-10", "2025-11-11") + contact("3")),
    "contact_refused_6m": (SCHOOL, contact("3")),
    "days_since_contact": (SCHOOL, case()),
    "days_since_seen": (SCHOOL, health("2025-05-10")),
    "sibling_abuse_24m": (
        SCHOOL,
        SIBLING + one("consultation", "2", consultation_id="C2", occurred_on="2026-01-10", kind="11"),
    ),
    "sibling_council": (SCHOOL, SIBLING + one("council_case", "2", started_on="2026-02-01", kind="1")),
    "moves_24m": (SCHOOL, move("03")),
    "moved_in_12m": (SCHOOL, move("02")),
    "household_change_12m": (SCHOOL, move("06")),
    "name_change_24m": (SCHOOL, move("07")),
    "partner_moved_in_12m": (
        SCHOOL,
        adult("U", relation="夫（未届）", sex="1", birth_date="1985-01-01") + move("03", "U"),
    ),
    "parent_moved_out_12m": (
        SCHOOL,
        [
            *adult(
                "F", household_id="HF", address_detail="elsewhere", relation="世帯主", birth_date="1985-01-01"
            ),
            *one("child_allowance", guardian_id="F", started_on="2020-01-01", recorded_on="2020-01-05"),
            *move("03", "F"),
        ],
    ),
    "three_generation": (SCHOOL, adult("G", recorded_on=DAY)),
    "split_household": (SCHOOL, adult("G", household_id="HG", relation="世帯主", recorded_on=DAY)),
    "unregistered_partner": (
        SCHOOL,
        adult("U", relation="夫（未届）", sex="1", birth_date="1985-01-01", recorded_on=DAY),
    ),
    "child_certificate": (SCHOOL, one("disability_certificate", issued_on="2025-05-01")),
    "guardian_mental_certificate": (
        SCHOOL,
        one("disability_certificate", "M1", certificate_type="3", issued_on="2025-05-01"),
    ),
    "guardian_other_certificate": (
        SCHOOL,
        one("disability_certificate", "M1", certificate_type="2", issued_on="2025-05-01"),
    ),
    "day_support": (SCHOOL, one("day_support", started_on="2025-05-01")),
    "day_support_ended_12m": (SCHOOL, one("day_support", started_on="2025-05-01", ended_on="2026-01-31")),
    "counseling_12m": (SCHOOL, one("education_counseling", occurred_on="2026-01-10", topic="9")),
    "counseling_bullying_12m": (SCHOOL, one("education_counseling", occurred_on="2026-01-10", topic="2")),
    "counseling_nonattendance_12m": (
        SCHOOL,
        one("education_counseling", occurred_on="2026-01-10", topic="1"),
    ),
    "counseling_home_12m": (SCHOOL, one("education_counseling", occurred_on="2026-01-10", topic="4")),
    "support_room": (SCHOOL, one("support_room", started_on="2025-10-01")),
    "support_room_ended_12m": (SCHOOL, one("support_room", started_on="2025-05-01", ended_on="2025-12-01")),
    "mood_low_share_30d": (SCHOOL, answers(1)),
    "mood_drop": (SCHOOL, CALM + answers(1)),
    "sleep_low_share_30d": (SCHOOL, answers(1)),
    "wants_to_talk_30d": (SCHOOL, answers(4, wants_to_talk=True)),
    "care_need_family": (SCHOOL, care()),
    "care_need_unserved": (SCHOOL, care()),
    "care_need_new_12m": (SCHOOL, care()),
    "insurance_arrears": (SCHOOL, one("health_insurance", started_on="2025-05-01", arrears_months=4)),
    "insurance_card_limited": (SCHOOL, one("health_insurance", started_on="2025-05-01", card="2")),
    "late_pregnancy_notice": (INFANT, one("pregnancy", **NOTICE, weeks=30)),
    "specified_expectant": (INFANT, one("pregnancy", **NOTICE, support_class="2")),
    "pregnancy_follow_up": (INFANT, one("pregnancy", **NOTICE, support_class="1")),
    "unmarried_pregnancy": (INFANT, one("pregnancy", **NOTICE, marital="2")),
    "checkup_missed": (INFANT, checkup("2", "2025-03")),
    "checkup_missed_4m": (INFANT, checkup("1", "2023-12")),
    "checkup_missed_18m": (INFANT, checkup("2", "2025-03")),
    "checkup_missed_42m": ("2021-08-10", checkup("3", "2025-03")),
    "checkup_unseen": (INFANT, checkup("2", "2025-03")),
    "checkup_reminders": (INFANT, checkup("2", "2025-03", reminders=2)),
    "checkup_result": (INFANT, checkup("2", "2025-03", attended_on="2025-03-10", result="2")),
    "parenting_concern": (INFANT, checkup("2", "2025-03", attended_on="2025-03-10", parenting="3")),
    "infant_caries": (INFANT, checkup("2", "2025-03", attended_on="2025-03-10", caries=4)),
    "sibling_checkup_missed": (
        SCHOOL,
        SMALL_SIBLING + one("infant_checkup", "2", checkup="2", due_month="2025-03-01"),
    ),
    "epds": ("2025-08-10", one("newborn_visit", visited_on="2025-10-01", outcome="1", epds=12)),
    "newborn_follow_up": (
        "2025-03-10",
        one("newborn_visit", visited_on="2025-05-01", outcome="1", follow_up=True),
    ),
    "newborn_visit_refused": ("2024-08-10", one("newborn_visit", visited_on="2024-10-01", outcome="3")),
    **kinds("absence", sick_days=3),
    **kinds("sick", sick_days=3),
    **kinds("nonattendance", nonattendance_days=3),
    **kinds("other_absence", other_absent_days=3),
    "absence_days_fy": (SCHOOL, months(*LATELY, sick_days=3)),
    "absence_days_3m": (SCHOOL, months(*LATELY, sick_days=3)),
    "absence_rate_3m": (SCHOOL, months(*LATELY, sick_days=3)),
    "nonattendance_days_fy": (SCHOOL, months(*LATELY, nonattendance_days=3)),
    "other_absence_days_fy": (SCHOOL, months(*LATELY, other_absent_days=3)),
    "absence_rise": (SCHOOL, BEFORE + months(*LATELY, sick_days=5)),
    "late_early_rise": (SCHOOL, BEFORE + months(*LATELY, late=5)),
    "absence_streak": (SCHOOL, months(*LATELY, sick_days=12)),
    "absence_after_holiday": (SCHOOL, BEFORE + months("2026-01", sick_days=6)),
    "late_early_3m": (SCHOOL, months(*LATELY, late=3)),
    "separate_room_3m": (SCHOOL, months(*LATELY, separate_room_days=3)),
    "nurse_visits_3m": (SCHOOL, months(*LATELY, nurse_visits=3)),
    "counted_present_3m": (SCHOOL, months(*LATELY, counted_present_days=3)),
    "bullied_open": (SCHOOL, bully()),
    "bullied_open_months": (SCHOOL, bully()),
    "bullied_12m": (SCHOOL, bully()),
    "bullied_violent_12m": (SCHOOL, bully(kind="4")),
    "bullying_serious": (SCHOOL, bully(serious=True)),
    "bullying_perpetrator_12m": (SCHOOL, bully(role="2")),
    "guidance_12m": (SCHOOL, one("guidance", occurred_on="2026-01-10", kind="2")),
    "violence_12m": (SCHOOL, one("guidance", occurred_on="2026-01-10", kind="1")),
    "delinquency_12m": (SCHOOL, one("guidance", occurred_on="2026-01-10", kind="2")),
    "runaway_12m": (SCHOOL, one("guidance", occurred_on="2026-01-10", kind="3")),
    "self_harm_12m": (SCHOOL, one("guidance", occurred_on="2026-01-10", kind="4")),
    "net_trouble_12m": (SCHOOL, one("guidance", occurred_on="2026-01-10", kind="6")),
    "sibling_nonattendance": (
        SCHOOL,
        SIBLING
        + one("pupil_roster", "2", pupil_id="P2", birth_date="2013-06-15", grade=6, recorded_on="2020-04-05")
        + [("attendance", "2", row[2] | {"nonattendance_days": 15}) for row in months(*LATELY)],
    ),
    "school_expense_aid": (
        SCHOOL,
        one("school_expense_aid", applied_on="2025-05-10", decision="1", ended_on="2026-03-31"),
    ),
    "school_expense_denied": (SCHOOL, one("school_expense_aid", applied_on="2025-05-10", decision="2")),
    "school_expense_lapsed": (
        SCHOOL,
        one("school_expense_aid", applied_on="2024-05-10", decision="1", ended_on="2025-03-31"),
    ),
    "school_caries": (SCHOOL, health("2025-05-10", caries=5)),
    "dental_unvisited": (SCHOOL, health("2025-05-10", caries=5, dental_visited="2")),
    "weight_loss": (
        SCHOOL,
        health("2024-05-10", "2024-06-01", weight_kg=30.0) + health("2025-05-10", weight_kg=27.0),
    ),
    "growth_stall": (
        SCHOOL,
        health("2024-05-10", "2024-06-01", height_cm=130.0) + health("2025-05-10", height_cm=130.5),
    ),
    "whereabouts_unknown": (
        SCHOOL,
        one("school_register", school_register_id="G1", birth_date=SCHOOL, grade=4, status="4"),
    ),
    "public_assistance": (SCHOOL, one("public_assistance", started_on="2025-05-01")),
    "public_assistance_started_12m": (SCHOOL, one("public_assistance", started_on="2025-05-01")),
    "public_assistance_ended_12m": (
        SCHOOL,
        one("public_assistance", started_on="2024-05-01", ended_on="2026-01-31", end_reason="3"),
    ),
}
#: Facts of the register itself: told by the child's own row, or by one of a family member.
REGISTER = ("single_parent", "young_parent", "children_in_household")


#: Fields that hold numbers of the family of a scene.
NUMBERS = frozenset(
    {
        "resident_id",
        "household_id",
        "guardian_id",
        "child_id",
        "consultation_id",
        "pupil_id",
        "address_detail",
    }
    | {"school_register_id"}
)


def family(child: str) -> dict[str, str]:
    """The numbers of one child's family, by what the scenes call them."""
    own = {"1": child, "2": child + "b", "M1": "M" + child, "H1": "H" + child, "HH1": "HH" + child}
    own |= {letter: letter + child for letter in ("F", "G", "U", "HF", "HG", "C9")}
    return own | {"C1": "C" + child, "C2": f"C{child}b", "P2": f"P{child}b", "G1": "G" + child}


def play(city: Any, code: str, child: str) -> None:
    """One child with the rows that tell one item, and one of the same age without them."""
    born, rows = SCENES[code]
    since = max(born, "2015-04-01")
    lost = code == "whereabouts_unknown"
    city.child(child, birth_date=born, recorded_on=since, resident_since=since, register=not lost)
    city.child(child + "z", birth_date=born, recorded_on=since, resident_since=since, register=False)
    names = family(child)
    for extract, person, values in rows:
        told = {
            name: names.get(value, value) if name in NUMBERS else value
            for name, value in values.items()
            if name != "person"
        }
        who = values.get("person", person)
        city.add(extract, names[str(who)] if who else None, **told)


@pytest.fixture(scope="module")
def scenes() -> Iterator[dict[Any, Any]]:
    """All scenes in one city: values, gaps and states by day, and the states with nothing delivered."""
    city = City()
    child = {code: f"c{n:03d}" for n, code in enumerate(SCENES)}
    for code, number in child.items():
        play(city, code, number)
    told: dict[Any, Any] = {"child": child}
    for day in (EVE, DAY):
        con = city.judged(day)
        rows = con.execute("select * from item_value order by item, resident_id").fetchall()
        told[day] = {(row[1], row[0]): row[2:] for row in rows}
        told["gaps", day] = set(con.execute("select item, resident_id from item_gap").fetchall())
    for extract in city.contracts:
        if extract != "resident_register":
            city.con.execute("delete from delivery where extract = ?", [extract])
    city.prepared = None
    told["nothing"] = dict(city.judged(DAY).execute("select item, state from item_status").fetchall())
    yield told
    city.con.close()


def test_every_item_has_its_scene():
    assert set(SCENES) | set(REGISTER) == set(ITEMS)
    assert not set(SCENES) & set(REGISTER)


@pytest.mark.parametrize("code", SCENES)
def test_an_item_is_told_by_its_rows_from_the_day_they_are_recorded(scenes, code):
    key = (code, scenes["child"][code])
    before, after = scenes[EVE].get(key, (0.0,))[0], scenes[DAY][key][0]
    if code == "days_since_seen":
        assert (before, after) == (0.0, 314.0), "never seen before, so unknown and no row"
    else:
        assert before == 0, "recorded later, so not known yet"
        assert after > 0


@pytest.mark.parametrize("code", SCENES)
def test_an_item_names_the_events_behind_it_that_were_known(scenes, code):
    _, events, ids, occurred_on, recorded_on = scenes[DAY][code, scenes["child"][code]]
    assert events >= 0
    assert len(ids) <= 5
    assert all(":" in name for name in ids)
    assert occurred_on is None or occurred_on.isoformat() <= DAY
    assert recorded_on is None or recorded_on.isoformat() <= DAY


@pytest.mark.parametrize("code", SCENES)
def test_an_item_is_unknown_when_its_extract_was_never_delivered(scenes, code):
    here = ITEMS[code].extract == "resident_register"
    assert scenes["nothing"][code] == ("ok" if here else "未連携")


@pytest.mark.parametrize("code", SCENES)
def test_a_child_without_a_row_is_unknown_exactly_where_no_row_does_not_mean_0(scenes, code):
    quiet = (code, scenes["child"][code] + "z")
    if ITEMS[code].absent_means == "unknown":
        assert quiet in scenes["gaps", DAY]
        assert quiet not in scenes[DAY]
        assert (code, scenes["child"][code]) not in scenes["gaps", DAY]
    else:
        assert quiet not in scenes["gaps", DAY]
        assert scenes[DAY].get(quiet, (0.0,))[0] == 0


@pytest.mark.parametrize("code", REGISTER)
def test_an_item_of_the_register_is_known_with_the_family(city, code):
    city.child("1", recorded_on=DAY, parent=False)
    city.resident("M1", household_id="H1", sex="2", birth_date="1998-01-01", address_detail="HH1")
    assert city.item(code, EVE) == {}
    assert city.item(code, DAY) == {"1": 1.0}
