"""The list of expectant women: who is on it, in which order, why, what is unknown, and what staff noted."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from kodomo import access, cases, pregnancies, seals
from kodomo.audit import Actor
from kodomo.ops import Conflict
from kodomo.pregnancies import BadPregnancyCatalogue

DAY = "2026-03-31"


def mother(city, number="2001", **values):
    city.resident(number, sex="2", **values)
    return number


def notice(city, number="2001", **values):
    defaults = {
        "handbook_id": "B" + number,
        "notified_on": "2025-12-01",
        "weeks": 9,
        "marital": "1",
        "support_class": "0",
    }
    city.add("pregnancy", number, **defaults | values)
    return "pregnancy:" + str((defaults | values)["handbook_id"])


def codes(entry):
    return {reason.code for reason in entry.reasons}


def review(ops, actor, entry, outcome="watch", reason="several_signs"):
    return pregnancies.review(
        ops, actor, entry, outcome, reason, "会った", snapshot="s", as_of=date.fromisoformat(DAY)
    )


def test_the_gravest_stand_first_and_the_order_is_the_same_again(city, look):
    for number, values in {
        "2001": {},
        "2002": {"weeks": 30, "notified_on": "2026-02-01"},
        "2003": {"support_class": "2"},
        "2004": {"support_class": "1"},
    }.items():
        notice(city, mother(city, number), **values)
    first = look()
    assert list(first) == ["pregnancy:B2002", "pregnancy:B2003", "pregnancy:B2004", "pregnancy:B2001"]
    assert [one.level for one in first.values()] == [3, 2, 1, 0]
    assert [one.rank for one in first.values()] == [1, 2, 3, 4]
    assert look() == first
    late = first["pregnancy:B2002"]
    assert late.reasons[0].detail == "妊娠届が妊娠30週（2026-02-01）"
    assert late.due_on == date(2026, 4, 12)


@pytest.mark.parametrize(
    "alone",
    [
        {"marital": "2"},
        {"certificate": True},
        {"assistance": True},
        {"certificate": True, "assistance": True, "marital": "3", "moved": True},
    ],
)
def test_no_forbidden_ground_puts_a_woman_on_the_list_by_itself(city, look, alone):
    mother(city, resident_since="2025-11-01" if alone.get("moved") else "2015-04-01", nationality="2")
    notice(city, **{key: value for key, value in alone.items() if key == "marital"})
    if alone.get("certificate"):
        city.add("disability_certificate", "2001", certificate_type="3", issued_on="2024-01-01")
    if alone.get("assistance"):
        city.add("public_assistance", "2001", started_on="2024-01-01")
    entry = look()["pregnancy:B2001"]
    assert entry.level == 0
    assert entry.reasons == ()


def test_a_rule_that_forbidden_grounds_alone_fulfil_is_refused_when_read(tmp_path):
    text = (pregnancies.DATA / "pregnancy.toml").read_text("utf-8")
    bad = text.replace(
        'when = { item = "specified", op = ">=", value = 1 }',
        'when = { all = [{ item = "unmarried", op = ">=", value = 1 },'
        ' { item = "mental_certificate", op = ">=", value = 1 }] }',
    )
    assert bad != text
    file = tmp_path / "pregnancy.toml"
    file.write_text(bad, "utf-8")
    with pytest.raises(BadPregnancyCatalogue, match="だけで当てはまります"):
        pregnancies.settings(file)


def test_what_is_not_known_is_unknown_with_who_can_tell_and_never_nothing(city, look):
    notice(city, mother(city), support_class=None)
    entry = look()["pregnancy:B2001"]
    assert entry.level is None
    told = {one.code: (one.why, one.fact.department) for one in entry.unknown}
    assert told["specified"] == ("記録なし", "maternal")
    assert told["days_without_contact"] == ("記録なし", "child_safety")
    assert entry in pregnancies.waiting([entry])


def test_a_source_that_stopped_makes_its_facts_unknown(city, look):
    notice(city, mother(city))
    city.undelivered("health_insurance")
    why = {one.code: one.why for one in look()["pregnancy:B2001"].unknown}
    assert why["insurance_arrears"] == "未連携"


def test_a_late_record_changes_no_earlier_list(city, look):
    notice(city, mother(city))
    before = look("2026-03-30")
    city.add("public_assistance", "2001", started_on="2025-01-01", recorded_on=DAY)
    notice(city, handbook_id="B2001", support_class="2", recorded_on=DAY)
    assert look("2026-03-30") == before
    assert codes(look()["pregnancy:B2001"]) == {"specified"}


def test_twins_with_two_handbooks_are_one_entry_and_the_next_pregnancy_another(city, look):
    mother(city)
    notice(city, notified_on="2024-03-01", handbook_id="A1")
    notice(city, handbook_id="B1")
    notice(city, handbook_id="B2", notified_on="2025-12-03")
    assert look()["pregnancy:B1"].keys == ("pregnancy:B1", "pregnancy:B2")
    assert set(look()) >= {"pregnancy:B1"}
    assert "pregnancy:B2" not in look()


def test_a_specified_woman_without_a_notice_is_listed_also_when_nobody_is_matched(city, look):
    mother(city)
    city.add("consultation", "2001", consultation_id="C2001", kind="20", occurred_on="2026-01-10")
    city.add("council_case", "2001", kind="3", started_on="2026-01-20")
    city.add("consultation", consultation_id="C9", name="見本 花子", kind="20", occurred_on="2026-01-10")
    city.link("consultation", "C9", None, "review")
    city.add("council_case", consultation_id="C9", kind="3", started_on="2026-01-21")
    found = look()
    assert codes(found["council_case:C2001"]) >= {"no_notice"}
    lost = found["council_case:C9"]
    assert (lost.residence, lost.name, lost.mother_id) == ("unlinked", "見本 花子", None)
    assert "名寄せできていない" in {one.why for one in lost.unknown}
    assert lost.level in (2, 3)


def test_a_birth_in_the_register_or_the_notice_leaves_the_open_list_after_its_days(city, look):
    mother(city, household_id="H1001")
    notice(city, notified_on="2025-07-01", weeks=10, due_on="2026-02-05", recorded_on="2025-07-02")
    assert look("2026-01-20")["pregnancy:B2001"].state == "expecting"
    city.child("1001", "2026-02-10", parent=False)
    found = look()["pregnancy:B2001"]
    assert (found.listed, found.born_by, found.children) == ("born", "register", ("1001",))
    born = pregnancies.family(city.con, found)
    assert [(row["resident_id"], row["is_born"]) for row in born] == [("1001", True)]
    assert born[0]["child_ref"]
    for name in city.contracts:
        city.deliver(name, "2026-04-20")
    city.con.execute("update src_resident_register set seen_to = date '2026-04-20'")
    city.rows_added += 1
    assert "pregnancy:B2001" not in look("2026-04-20")


def test_a_due_day_that_passed_without_a_birth_is_a_reason_and_then_kept_apart(city, look):
    notice(city, mother(city), notified_on="2025-06-01", weeks=10)
    notice(city, mother(city, "2002"), notified_on="2024-11-01", weeks=10)
    found = look()
    assert codes(found["pregnancy:B2001"]) == {"birth_unknown"}
    assert found["pregnancy:B2002"].listed == "unsettled"


@pytest.mark.parametrize("status", ["2", "4"])
def test_a_woman_who_left_or_was_struck_off(city, look, status):
    mother(city, status=status, status_on="2026-03-10", recorded_on="2026-03-11")
    notice(city, support_class="2")
    entry = look()["pregnancy:B2001"]
    assert codes(entry) >= ({"handover"} if status == "2" else {"struck"})
    assert entry.address is None


def test_a_protected_door_protects_the_mother(city, look):
    notice(city, mother(city))
    city.resident("2009", household_id="H2001", relation="夫")
    city.add("protective_measure", "2009", started_on="2020-01-01", ended_on="2021-01-01")
    assert look()["pregnancy:B2001"].protected


def test_a_review_settles_until_something_new_comes(city, look, ops, specialist):
    entry = notice(city, mother(city), support_class="1")
    review(ops, specialist, look()[entry])
    assert look()[entry].settled
    assert pregnancies.open_counts(city.con, ops, specialist)["waiting"] == 0
    city.add("health_insurance", "2001", started_on="2024-01-01", arrears_months=8)
    assert look()[entry].again == "新しい理由"
    assert pregnancies.open_counts(city.con, ops, specialist)["waiting"] == 1
    assert len(pregnancies.history(ops, look()[entry])) == 1


def test_a_review_of_the_case_covers_the_notice_that_comes_later(city, look, ops, specialist):
    mother(city)
    city.add("consultation", "2001", consultation_id="C2001", kind="20", occurred_on="2026-01-10")
    city.add("council_case", "2001", kind="3", started_on="2026-01-20")
    review(ops, specialist, look()["council_case:C2001"])
    entry = notice(city)
    found = look()[entry]
    assert found.before is not None
    assert "council_case:C2001" not in look()


def test_two_people_at_once_are_told_and_the_log_keeps_no_words(city, look, ops, specialist):
    entry = notice(city, mother(city), support_class="2")
    shown = look()[entry]
    review(ops, specialist, shown)
    with pytest.raises(Conflict):
        review(ops, specialist, shown)
    with ops.read() as con:
        row = con.execute("select * from operation_log where action = 'pregnancy_review'").fetchone()
    assert "会った" not in row["detail"]
    assert json.loads(row["detail"])["outcome"] == "watch"
    assert seals.verify(ops) == []
    ops.write(lambda con: con.execute("drop trigger pregnancy_review_no_update"))
    ops.write(lambda con: con.execute("update pregnancy_review set note = 'x'"))
    assert len(seals.verify(ops)) == 1


def test_what_does_not_go_together_or_is_not_allowed_is_refused(city, look, ops, specialist):
    entry = look_entry = notice(city, mother(city), support_class="2")
    shown = look()[look_entry]
    with pytest.raises(cases.BadReview):
        review(ops, specialist, shown, "watch", "explained")
    for role in ("manager", "tuner", "auditor", "department_staff"):
        with pytest.raises(access.AccessDenied):
            review(ops, replace(specialist, role=role), shown)
    assert pregnancies.newest(ops) == {}
    assert entry


def test_each_department_sees_its_own_and_others_nothing(city, look, ops):
    notice(city, mother(city), weeks=30, notified_on="2026-02-01")
    city.add("health_insurance", "2001", started_on="2024-01-01", arrears_months=8)
    health = Actor("u", "氏名", "department_staff", "maternal", "s")
    found = look(DAY, health)["pregnancy:B2001"]
    assert found.level is None
    assert codes(found) == {"very_late"}
    assert {row["department_code"] for row in pregnancies.events(city.con, health, found)} == {"maternal"}
    for role, department in (("department_staff", "pupil"), ("manager", "child_safety"), ("tuner", "x")):
        assert look(DAY, Actor("u", "氏名", role, department, "s")) == {}


def test_the_mothers_time_axis_holds_her_own_records(city, look, specialist):
    entry = notice(city, mother(city))
    city.add("public_assistance", "2001", started_on="2024-01-01")
    city.add("consultation", "2001", consultation_id="C2001", kind="80", occurred_on="2026-01-10")
    city.add("contact_log", "2001", occurred_on="2026-02-10", outcome="1", counterpart="1")
    kinds = [row["extract"] for row in pregnancies.events(city.con, specialist, look()[entry])]
    assert kinds == ["contact_log", "consultation", "pregnancy", "public_assistance"]


def test_the_highest_epds_of_the_earlier_children_counts_also_beside_one_never_asked(city, look):
    notice(city, mother(city, household_id="H1001"))
    for number, born in (("1001", "2024-06-01"), ("1002", "2024-06-02")):
        city.child(number, born, parent=False, household_id="H1001")
    city.add("newborn_visit", "1001", visited_on="2024-07-10", outcome="1", epds=8)
    city.add("newborn_visit", "1001", visited_on="2024-08-10", outcome="1", epds=12)
    entry = look()["pregnancy:B2001"]
    assert "mind_burden" in codes(entry)
    assert "前の出産後のEPDS 12点（2024-08-10）" in entry.reasons[0].detail
