"""Acknowledging: who rests, what brings a child back, the weekly number, and what stays in the log."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from datetime import date

import pytest

from kodomo import access, audit, seals, worsening
from kodomo.roster import Scope
from kodomo.worsening import BadCap, BadNote, NothingToAcknowledge

DAY = date(2026, 3, 31)


@pytest.fixture
def alarmed(city, watched):
    """A child with a grave event, watched."""
    child = city.child()
    city.add(
        "consultation", child, occurred_on="2026-03-20", recorded_on="2026-03-20", kind="13", urgency="3"
    )
    watched(DAY)
    return city


def listed(city, ops, department=None):
    return worsening.listed(city.con, Scope(), worsening.acknowledgements(ops), department)


def acknowledge(ops, actor, one, note="学校に電話した"):
    return worsening.acknowledge(ops, actor, one, note, snapshot="s", as_of=DAY)


def test_an_acknowledged_child_rests_until_the_next_new_event(alarmed, watched, ops, coordinator):
    [one] = listed(alarmed, ops)
    assert not one.resting
    acknowledge(ops, coordinator, one)
    [one] = listed(alarmed, ops)
    assert one.resting
    assert one.before is not None
    assert one.before.note == "学校に電話した"
    watched("2026-04-01")
    assert listed(alarmed, ops)[0].resting
    alarmed.add("guidance_center_case", "1001", occurred_on="2026-03-30", kind="1", recorded_on="2026-03-31")
    watched(DAY)
    [one] = listed(alarmed, ops)
    assert not one.resting
    acknowledge(ops, coordinator, one, "児童相談所と話した")
    assert listed(alarmed, ops)[0].resting


def test_two_people_at_once_are_told(alarmed, ops, coordinator):
    [one] = listed(alarmed, ops)
    acknowledge(ops, coordinator, one)
    with pytest.raises(NothingToAcknowledge):
        acknowledge(ops, coordinator, one)


@pytest.mark.parametrize("note", ["", "  ", "あ" * (worsening.NOTE_LENGTH + 1)])
def test_a_note_is_needed(alarmed, ops, coordinator, note):
    [one] = listed(alarmed, ops)
    with pytest.raises(BadNote):
        acknowledge(ops, coordinator, one, note)
    assert worsening.acknowledgements(ops) == {}


def test_the_log_holds_that_it_happened_and_not_what_was_written(alarmed, ops, coordinator):
    [one] = listed(alarmed, ops)
    acknowledge(ops, coordinator, one, "秘密のメモ")
    with ops.read() as con:
        row = con.execute("select * from operation_log where action = 'worsening_ack'").fetchone()
    assert row["subject"] == audit.subject_of(ops, "1001")
    assert json.loads(row["detail"])["codes"] == sorted(alarm.code for alarm in one.alarms)
    assert "秘密" not in row["detail"]
    assert audit.verify(ops) == [] or all("控え" in line for line in audit.verify(ops))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("update worsening_ack set note = 'ほかの言葉'", "重篤化の見張りの確認の1番が書き換えられています。"),
        ("update worsening_ack set resident_id = '9'", "重篤化の見張りの確認の1番が書き換えられています。"),
        ("delete from worsening_ack", "重篤化の見張りの確認の1番が削除されています。"),
        ("update worsening_cap set weekly_cap = 0", "重篤化の見張りの人数の1番が書き換えられています。"),
    ],
)
def test_a_changed_acknowledgement_is_found(alarmed, ops, coordinator, change, found):
    acknowledge(ops, coordinator, listed(alarmed, ops)[0])
    worsening.set_weekly_cap(ops, coordinator, 5)
    assert seals.verify(ops) == []

    def tamper(con):
        for name in ("update", "delete"):
            for table in ("worsening_ack", "worsening_cap"):
                con.execute(f"drop trigger {table}_no_{name}")
        con.execute(change)

    ops.write(tamper)
    assert seals.verify(ops) == [found]


@pytest.mark.parametrize("table", ["worsening_ack", "worsening_cap"])
def test_nothing_is_rewritten(alarmed, ops, coordinator, table):
    acknowledge(ops, coordinator, listed(alarmed, ops)[0])
    worsening.set_weekly_cap(ops, coordinator, 5)
    with pytest.raises(sqlite3.Error, match="append-only"):
        ops.write(lambda con: con.execute(f"delete from {table}"))


def test_only_those_with_the_right_may(alarmed, ops, coordinator):
    staff = replace(coordinator, role="department_staff")
    with pytest.raises(access.AccessDenied):
        acknowledge(ops, staff, listed(alarmed, ops)[0])
    with pytest.raises(access.AccessDenied):
        worsening.set_weekly_cap(ops, replace(coordinator, role="specialist"), 5)


def test_a_department_gets_only_alarms_that_rest_on_its_own_facts(alarmed, ops):
    assert listed(alarmed, ops, "child_safety")
    assert listed(alarmed, ops, "pupil") == []


def test_the_weekly_number_is_kept_and_logged(ops, coordinator):
    assert worsening.weekly_cap(ops) == worsening.settings().weekly_cap
    worsening.set_weekly_cap(ops, coordinator, 5)
    assert worsening.weekly_cap(ops) == 5
    with pytest.raises(BadCap):
        worsening.set_weekly_cap(ops, coordinator, worsening.settings().cap_most + 1)
    with ops.read() as con:
        details = [
            r["detail"]
            for r in con.execute("select detail from operation_log where action = 'worsening_cap'")
        ]
    assert [json.loads(detail)["cap"] for detail in details] == [5]


@pytest.mark.parametrize(("cap", "done", "shown"), [(3, 0, 3), (3, 2, 1), (3, 9, 0), (0, 0, 0), (50, 0, 5)])
def test_the_week_holds_no_more_than_its_number(alarmed, ops, cap, done, shown):
    [one] = listed(alarmed, ops)
    assert len(worsening.within_cap([one] * 5, cap, done)) == shown


def test_only_lesser_alarms_use_up_the_week(alarmed, ops, coordinator):
    [one] = listed(alarmed, ops)
    acknowledge(ops, coordinator, one)
    assert worsening.done_this_week(ops) == 0
