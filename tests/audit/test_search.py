"""Searching the log: by child, person, time, volume; and the catalogue of actions."""

from __future__ import annotations

import ast
from datetime import date, datetime
from pathlib import Path

import pytest

from kodomo import audit
from kodomo.audit import Actor
from kodomo.ops import JST, OpsStore
from kodomo.paths import ROOT

STAFF = Actor("senmon", "専門 職員", "specialist", "child_safety", "s1", "child")
OTHER = Actor("toukatsu", "統括 支援員", "coordinator", "child_safety", "s2", "child")


@pytest.fixture
def ops(tmp_path: Path):
    with OpsStore(tmp_path / "k.ops.sqlite", b"k" * 32) as store:
        yield store


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, 0, tzinfo=JST)


def test_search_by_child_person_action_and_period(ops: OpsStore) -> None:
    audit.record(ops, STAFF, "view_child", subject="1", at=at(16, 10), purpose="family")
    audit.record(ops, STAFF, "view_child", subject="2", at=at(17, 10))
    audit.record(ops, OTHER, "print_child", subject="1", at=at(18, 10))
    audit.record(ops, OTHER, "view_child", subject="1", at=at(18, 11), result="denied")
    assert audit.search(ops, resident_id="1").total == 3
    assert audit.search(ops, user_id="senmon").total == 2
    assert audit.search(ops, action=["print_child", "export_list"]).total == 1
    assert audit.search(ops, since=date(2026, 11, 17), until=date(2026, 11, 17)).total == 1
    assert audit.search(ops, failed=True).total == 1
    page = audit.search(ops, page=2, size=3)
    assert (page.total, list(page.rows["seq"])) == (4, [1])
    assert list(page.rows["label"]) == ["こどもの画面を表示"]
    saw = audit.who_saw(ops, "1")
    assert list(zip(saw["user_id"], saw["times"], strict=True)) == [("toukatsu", 1), ("senmon", 1)]
    assert audit.summary(ops, date(2026, 11, 1), date(2026, 11, 30))["denied"].sum() == 1


@pytest.mark.parametrize(
    ("moment", "off"),
    [
        (at(16, 10), False),
        (at(16, 22), True),
        (at(16, 5), True),
        (at(16, 6), False),
        (at(15, 10), True),  # Sunday
        (at(23, 10), True),  # 勤労感謝の日, a Monday
        (datetime(2026, 12, 30, 10, 0, tzinfo=JST), True),
    ],
)
def test_nights_weekends_and_holidays_are_off_hours(ops: OpsStore, moment: datetime, off: bool) -> None:
    audit.record(ops, STAFF, "view_list", at=moment)
    assert audit.search(ops, off_hours=True).total == int(off)


def test_many_children_in_one_hour_are_flagged(ops: OpsStore) -> None:
    for number in range(audit.BULK_PER_HOUR):
        audit.record(ops, STAFF, "view_child", subject=str(number), at=at(16, 10))
    for number in range(5):
        audit.record(ops, OTHER, "view_child", subject=str(number), at=at(16, 10))
    assert audit.search(ops, bulk=True).total == audit.BULK_PER_HOUR


def test_every_action_is_explained() -> None:
    for action in audit.actions().values():
        assert action.label
        assert action.means
        assert action.about in {"self", "child", "list", "figures", "rules", "data", "accounts", "log"}


# Where the action stands among the arguments of whatever records or asks for one.
CALLS = {
    "audit": {"record": 2, "append": 3, "transact": 2, "reading": 2},
    "access": {"require": 2, "decide": 1, "may": 1},
    "session": {"require": 0, "log_once": 2},
}


def test_code_records_only_actions_of_the_catalogue() -> None:
    files = [*(ROOT / "kodomo").rglob("*.py"), *(ROOT / "pages").glob("*.py")]
    found = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            owner = node.func.value
            if not (isinstance(owner, ast.Name) and owner.id in CALLS):
                continue
            place = CALLS[owner.id].get(node.func.attr)
            if place is not None and len(node.args) > place:
                value = node.args[place]
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    found.add(value.value)
    assert {"review", "login", "backup"} <= found
    assert found <= set(audit.actions())
