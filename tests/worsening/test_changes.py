"""Changes: who entered, left, rose and fell against the earlier judgement, and why."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from kodomo import changes
from kodomo.changes import Basis
from kodomo.roster import Scope

BEFORE, DAY = date(2026, 9, 30), date(2026, 10, 31)


def fill(con, levels: dict[str, int], reasons: list[tuple[str, str, float]], day: date | None) -> None:
    con.execute(
        "create or replace table judgement (resident_id varchar, category varchar, level int, points double,"
        " missing varchar[], age_band varchar)"
    )
    con.execute(
        "create or replace table reason (resident_id varchar, category varchar, kind varchar, code varchar,"
        " points double, text varchar, event_ids varchar[])"
    )
    con.execute(
        "create or replace table item_value (resident_id varchar, item varchar, value double,"
        " newest_occurred_on date)"
    )
    for child, level in levels.items():
        con.execute("insert into judgement values (?, 'abuse', ?, ?, [], '')", [child, level, float(level)])
    for child, code, points in reasons:
        con.execute(
            "insert into reason values (?, 'abuse', 'item', ?, ?, ?, [])",
            [child, code, points, f"{code} {points}。"],
        )
    if day:
        con.execute("delete from meta where key in ('as_of', 'ruleset')")
        con.execute("insert into meta values ('as_of', ?), ('ruleset', 'first')", [day.isoformat()])


@pytest.fixture
def con():
    made = duckdb.connect()
    made.execute("create table meta (key varchar, value varchar)")
    made.execute("create table child (resident_id varchar)")
    made.execute(
        "create table src_resident_register (resident_id varchar, status varchar, delivered_on date,"
        " row_number int)"
    )
    made.execute("insert into child values ('a'), ('b'), ('c'), ('d'), ('e'), ('new')")
    yield made
    made.close()


@pytest.fixture
def moved(con):
    """a entered, b left, c rose, d fell, e stayed, new came to town, gone left it."""
    fill(
        con,
        {"a": 0, "b": 2, "c": 1, "d": 3, "e": 1, "gone": 2},
        [("b", "old", 2.0), ("c", "same", 1.0), ("c", "more", 1.0)],
        BEFORE,
    )
    assert changes.keep_earlier(con, DAY) == Basis(BEFORE, "first")
    fill(
        con,
        {"a": 2, "b": 0, "c": 2, "d": 1, "e": 1, "new": 3},
        [("a", "fresh", 2.0), ("c", "same", 1.0), ("c", "more", 2.0)],
        DAY,
    )
    return con


def test_each_child_moves_one_way(moved):
    rows, total = changes.moves(moved, Scope())
    assert [(row.resident_id, row.kind) for row in rows] == [
        ("new", "entered"),
        ("a", "entered"),
        ("c", "rose"),
        ("b", "left"),
        ("d", "fell"),
    ]
    assert total == 5
    assert [row.is_new for row in rows] == [True, False, False, False, False]
    assert changes.counts(moved, Scope()) == {
        ("abuse", "entered"): 2,
        ("abuse", "rose"): 1,
        ("abuse", "left"): 1,
        ("abuse", "fell"): 1,
    }
    assert changes.overall(moved, Scope()) == {"entered": 2, "rose": 1, "left": 1, "fell": 1}
    assert changes.overall(moved, Scope("resident_id = 'a'")) == {"entered": 1}


def test_those_who_are_no_children_of_the_city_any_more_are_counted_by_why(moved):
    assert changes.gone(moved) == {"住民基本台帳にない": 1}
    for status, why in (("1", "18歳になった年度の終わり"), ("2", "転出"), ("3", "死亡"), ("4", "職権消除")):
        moved.execute("delete from src_resident_register")
        moved.execute(
            "insert into src_resident_register values ('gone', '1', date '2026-01-31', 1),"
            " ('gone', ?, date '2026-10-31', 1)",
            [status],
        )
        assert changes.gone(moved) == {why: 1}


def test_filters_pages_and_the_scope_of_the_reader(moved):
    assert [row.resident_id for row in changes.moves(moved, Scope(), kinds=["left", "fell"])[0]] == ["b", "d"]
    assert changes.moves(moved, Scope(), categories=["poverty"]) == ([], 0)
    rows, total = changes.moves(moved, Scope(), number=2, size=2)
    assert ([row.resident_id for row in rows], total) == (["c", "b"], 5)
    own = Scope("resident_id in (select unnest(?::varchar[]))", (["a"],))
    assert [row.resident_id for row in changes.moves(moved, own)[0]] == ["a"]
    assert changes.counts(moved, own) == {("abuse", "entered"): 1}


def test_the_same_day_judged_again_is_held_against_the_same_earlier_day(moved):
    assert changes.keep_earlier(moved, DAY) == Basis(BEFORE, "first")
    assert changes.basis(moved) == Basis(BEFORE, "first")


def test_the_first_judgement_is_held_against_the_month_before(con):
    asked = []

    def judge_on(other, day):
        asked.append(day)
        other.execute(
            "create temp table judgement as select 'a' as resident_id, 'abuse' as category, 1 as level,"
            " 1.0 as points, []::varchar[] as missing, '' as age_band"
        )
        other.execute(
            "create temp table reason as select 'a' as resident_id, 'abuse' as category, 'item' as kind,"
            " 'x' as code, 1.0 as points, 'x' as text, ['e']::varchar[] as event_ids"
        )
        other.execute(
            "create temp table item_value as select 'a' as resident_id, 'i' as item, 1.0 as value,"
            " date '2026-09-01' as newest_occurred_on"
        )
        return "first"

    assert changes.keep_earlier(con, DAY, judge_on) == Basis(BEFORE, "first")
    assert asked == [BEFORE]
    fill(con, {"a": 0}, [], DAY)
    assert [row.kind for row in changes.moves(con, Scope())[0]] == ["left"]


def test_an_earlier_day_than_the_kept_one_drops_what_was_kept(moved):
    assert changes.keep_earlier(moved, date(2026, 8, 31)) is None
    assert changes.basis(moved) is None


@pytest.mark.parametrize(
    ("day", "before"),
    [
        ("2026-10-31", "2026-09-30"),
        ("2026-02-28", "2026-01-31"),
        ("2026-03-30", "2026-02-28"),
        ("2026-01-15", "2025-12-15"),
        ("2024-03-31", "2024-02-29"),
    ],
)
def test_a_month_before(day, before):
    assert changes.month_before(date.fromisoformat(day)) == date.fromisoformat(before)
