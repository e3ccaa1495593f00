"""Statuses: what rests, what brings an entry back, two people at once, who may, and what the log keeps."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from kodomo import access, missed, seals
from kodomo.audit import Actor
from kodomo.missed import BadStatus
from kodomo.ops import Conflict, OpsStore
from kodomo.roster import Scope

DAY = "2026-03-31"


class Clock:
    """A clock a test can move."""

    def __init__(self) -> None:
        self.now = datetime(2026, 4, 1, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ops(tmp_path, clock):
    store = OpsStore(tmp_path / "k.ops.sqlite", b"k" * 32, clock)
    yield store
    store.close()


@pytest.fixture
def hurt(city, look):
    """A child with 自傷 and no consultation."""
    city.child()
    city.add("guidance", "1001", kind="4", occurred_on="2026-01-10")
    look(DAY)
    return city


def entry(city, ops, gap="self_harm"):
    [one] = missed.with_offers(missed.rows(city.con, Scope(), [gap]), ops)
    return one


def note(ops, actor, one, status="told", reason="", text="学校に電話した"):
    return missed.set_status(
        ops, actor, one, status, reason, text, snapshot="s", as_of=date.fromisoformat(DAY)
    )


def test_a_noted_entry_rests_and_comes_back_after_its_days(hurt, ops, clock, specialist):
    assert entry(hurt, ops).status == missed.UNTOUCHED
    note(ops, specialist, entry(hurt, ops))
    one = entry(hurt, ops)
    assert one.resting
    assert one.offer is not None
    assert (one.offer.label, one.offer.note) == ("案内した", "学校に電話した")
    clock.now += timedelta(days=29)
    assert entry(hurt, ops).resting
    clock.now += timedelta(days=1)
    assert not entry(hurt, ops).resting
    assert entry(hurt, ops).again == "30日たちました"


def test_a_new_fact_brings_the_entry_back(hurt, look, ops, specialist):
    note(ops, specialist, entry(hurt, ops), "not_eligible", "not_needed")
    assert entry(hurt, ops).resting
    hurt.add("guidance", "1001", kind="4", occurred_on="2026-03-20")
    look(DAY)
    one = entry(hurt, ops)
    assert not one.resting
    assert one.again == "事実が変わりました"


def test_the_support_closes_the_entry_and_counts_after_an_offer(hurt, look, ops, clock, specialist):
    clock.now = datetime(2026, 2, 1, tzinfo=UTC)
    note(ops, specialist, entry(hurt, ops))
    hurt.add("education_counseling", "1001", occurred_on="2026-02-10")
    look(DAY)
    assert entry(hurt, ops).state == missed.CONNECTED
    [row] = [row for row in missed.figures(hurt.con, ops) if row["gap"] == "self_harm"]
    assert (row["open"], row["connected"], row["connected_after_offer"]) == (0, 1, 1)


def test_taking_a_status_back_makes_the_entry_open(hurt, ops, specialist):
    note(ops, specialist, entry(hurt, ops))
    note(ops, specialist, entry(hurt, ops), "open", "", "")
    assert not entry(hurt, ops).resting
    assert [offer.status for offer in missed.history(ops, "self_harm", "1001")] == ["open", "told"]


def test_two_people_at_once_are_told(hurt, ops, specialist):
    shown = entry(hurt, ops)
    note(ops, specialist, shown)
    with pytest.raises(Conflict):
        note(ops, specialist, shown, "applied")
    assert len(missed.history(ops, "self_harm", "1001")) == 1


@pytest.mark.parametrize(
    ("status", "reason", "text"),
    [
        ("", "", ""),
        ("nonsense", "", ""),
        ("not_eligible", "", "メモ"),
        ("not_eligible", "not_wished", "メモ"),
        ("declined", "other", "  "),
        ("told", "other", "メモ"),
        ("told", "", "あ" * 1001),
    ],
)
def test_what_does_not_go_together_is_refused(hurt, ops, specialist, status, reason, text):
    with pytest.raises(BadStatus):
        note(ops, specialist, entry(hurt, ops), status, reason, text)
    assert missed.offers(ops) == {}


def test_the_log_holds_that_it_happened_and_not_what_was_written(hurt, ops, specialist):
    note(ops, specialist, entry(hurt, ops), text="秘密のメモ")
    with ops.read() as con:
        row = con.execute("select * from operation_log where action = 'missed_status'").fetchone()
    detail = json.loads(row["detail"])
    assert (detail["gap"], detail["status"]) == ("self_harm", "told")
    assert "秘密" not in row["detail"]
    assert "1001" not in row["detail"]
    assert seals.verify(ops) == []


@pytest.mark.parametrize("change", ["update missed_status set note = 'x'", "delete from missed_status"])
def test_nothing_is_rewritten_and_whoever_forces_it_is_found(hurt, ops, specialist, change):
    note(ops, specialist, entry(hurt, ops))
    with pytest.raises(sqlite3.Error, match="append-only"):
        ops.write(lambda con: con.execute(change))
    for trigger in ("missed_status_no_update", "missed_status_no_delete"):
        ops.write(lambda con, name=trigger: con.execute(f"drop trigger {name}"))
    ops.write(lambda con: con.execute(change))
    assert len(seals.verify(ops)) == 1


def test_a_status_without_its_log_row_does_not_stay(hurt, ops, specialist, monkeypatch):
    monkeypatch.setattr(missed.audit, "append", lambda *_a, **_k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        note(ops, specialist, entry(hurt, ops))
    assert missed.offers(ops) == {}


@pytest.mark.parametrize("role", ["manager", "tuner", "data_steward", "auditor", "admin"])
def test_those_who_see_no_children_may_not(hurt, ops, specialist, role):
    stranger = replace(specialist, role=role)
    with pytest.raises(access.AccessDenied):
        note(ops, stranger, entry(hurt, ops))
    assert missed.visible(stranger) == []
    assert missed.open_counts(hurt.con, ops, stranger) == {"waiting": 0, "again": 0}


@pytest.mark.parametrize(
    ("department", "gaps"),
    [
        ("benefit", {"allowance_report", "child_allowance_suspended"}),
        ("maternal", {"newborn_visit"}),
        ("pupil", set()),
        ("education_center", set()),
    ],
)
def test_a_department_sees_only_gaps_that_rest_on_its_own_records(department, gaps):
    staff = Actor("u", "氏名", "department_staff", department, "s")
    assert {gap.code for gap in missed.visible(staff)} == gaps


def test_a_department_may_not_note_on_another_ones_entry(hurt, ops):
    staff = Actor("u", "氏名", "department_staff", "benefit", "s")
    with pytest.raises(access.AccessDenied):
        note(ops, staff, entry(hurt, ops))


def test_what_the_home_screen_counts(hurt, ops, clock, specialist):
    assert missed.open_counts(hurt.con, ops, specialist) == {"waiting": 1, "again": 0}
    note(ops, specialist, entry(hurt, ops))
    assert missed.open_counts(hurt.con, ops, specialist) == {"waiting": 0, "again": 0}
    clock.now += timedelta(days=31)
    assert missed.open_counts(hurt.con, ops, specialist) == {"waiting": 1, "again": 1}
