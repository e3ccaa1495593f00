"""What differs from last time is told reason by reason, with the cause, and adds up."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from kodomo import changes
from kodomo.judge import judge_items
from kodomo.last_time import CAUSES, LastTime, compare
from kodomo.rules import Band

BEFORE = dt.date(2025, 9, 30)


@pytest.fixture
def held(city, child, as_of, ruleset, catalogue):
    """Judges a child on two days and compares: `old` and `new` are what `child` takes."""

    def build(old, new, events=(), older=None, rules=ruleset, items=catalogue) -> LastTime:
        con = city([child("1", **old)])
        con.execute(
            "create table event (event_id varchar, occurred_on date, ended_on date, recorded_on date)"
        )
        con.executemany(
            "insert into event values (?, ?, ?, ?)", [list(row) for row in events] or [[None] * 4]
        )
        judge_items(con, BEFORE, older or rules, items)
        con.execute("update meta set value = ? where key = 'as_of'", [BEFORE.isoformat()])
        con.execute("update meta set value = ? where key = 'ruleset'", [(older or rules).id])
        assert changes.keep_earlier(con, as_of) is not None
        fresh = city([child("1", **new)])
        for table in ("item_value", "item_gap", "child"):
            con.register("fresh", fresh.execute(f"select * from {table}").df())
            con.execute(f"delete from {table}")
            con.execute(f"insert into {table} select * from fresh")
        judge_items(con, as_of, rules, items)
        found = compare(con, ["1"], as_of, rules, items)["1"]
        for category in found.categories:
            told = sum(one.points for one in category.differences)
            assert round(category.points_before + told, 2) == category.points
            assert all(one.cause in CAUSES for one in category.differences)
        return found

    return build


def causes(found: LastTime, category: str) -> list[tuple[str, str, float]]:
    [one] = [row for row in found.categories if row.category == category]
    return [(row.code, row.cause, row.points) for row in one.differences]


def event(item: str, recorded: str, ended: str | None = None) -> tuple:
    return (f"x:1:{item}", "2025-09-01", ended, recorded)


def test_a_new_fact_a_grown_one_and_one_that_time_brought(held) -> None:
    found = held(
        {"facts": {"absence": 12, "arrears": 1}},
        {"facts": {"absence": 20, "arrears": 6, "missed": 1}},
        [event("absence", "2025-10-10"), event("missed", "2025-10-05"), event("arrears", "2025-09-01")],
    )
    assert causes(found, "nonattendance") == [("na_absence", "rose", 2.5)]
    assert causes(found, "abuse") == [("ab_missed", "new", 2.0)]
    assert causes(found, "poverty") == [("po_arrears", "waited", 2.0)]
    [absence] = [c for c in found.categories if c.category == "nonattendance"]
    assert absence.sentence == "「見守り」から「注意」に上がりました（2点 → 4.5点）。"
    assert absence.differences[0].why == (
        "「欠席日数」が12日から20日になりました。新しい記録（登録 2025-10-10）。"
    )


def test_a_fact_that_ended_left_its_window_or_was_corrected(held, catalogue) -> None:
    old = {"facts": {"missed": 1, "arrears": 1, "mood": 30}}
    items = catalogue | {"mood": replace(catalogue["mood"], window="直近30日")}
    found = held(
        old,
        {"facts": {}},
        [event("arrears", "2025-09-01", "2025-10-12"), event("mood", "2025-09-01")],
        items=items,
    )
    assert causes(found, "poverty") == [("po_arrears", "ended", -2.0)]
    assert causes(found, "nonattendance") == [("na_mood", "aged", -1.0)]
    assert causes(found, "abuse") == [("ab_missed", "corrected", -2.0)]


def test_a_fact_that_became_unknown_is_not_called_better(held) -> None:
    found = held({"facts": {"mood": 30}}, {"facts": {}, "unknown": ["mood"]}, [event("mood", "2025-09-01")])
    assert causes(found, "nonattendance") == [("na_mood", "lost", -1.0)]
    [one] = [c for c in found.categories if c.category == "nonattendance"]
    assert "よくなったという意味ではありません" in one.differences[0].why
    back = held({"facts": {}, "unknown": ["mood"]}, {"facts": {"mood": 30}})
    assert causes(back, "nonattendance") == [("na_mood", "found", 1.0)]


def test_a_changed_rule_set_is_told_apart_from_what_happened(held, ruleset) -> None:
    heavier = tuple(
        replace(r, bands=(Band(10, 3), Band(20, 4.5))) if r.code == "na_absence" else r for r in ruleset.items
    )
    newer = replace(ruleset, id="second", items=heavier)
    same = held({"facts": {"absence": 12}}, {"facts": {"absence": 12}}, older=ruleset, rules=newer)
    assert same.rules_changed
    assert causes(same, "nonattendance") == [("na_absence", "rules", 1.0)]
    both = held({"facts": {"absence": 12}}, {"facts": {"absence": 20}}, older=ruleset, rules=newer)
    assert causes(both, "nonattendance") == [("na_absence", "waited", 2.5)]
    [one] = [c for c in both.categories if c.category == "nonattendance"]
    assert one.differences[0].why.endswith("判定基準も変わっています。")


def test_moved_edges_an_age_band_and_a_cap(held, ruleset) -> None:
    newer = replace(ruleset.with_thresholds({"nonattendance": {"全年齢": (1, 2, 5)}}), id="second")
    found = held({"facts": {"absence": 12}}, {"facts": {"absence": 12}}, older=ruleset, rules=newer)
    [one] = [c for c in found.categories if c.category == "nonattendance"]
    assert one.moved_edges
    assert "境目の点数が変わった" in one.sentence
    grown = held({"facts": {"absence": 6}, "age_band": "小低"}, {"facts": {"absence": 6}, "age_band": "小高"})
    assert causes(grown, "nonattendance") == [("na_absence", "band", -2.0)]
    capped = held({"facts": {"arrears": 6}}, {"facts": {"arrears": 6, "public_assistance": 1}})
    assert causes(capped, "poverty") == [("po_aid", "waited", 3.0), ("po_money", "cap", -2.0)]


def test_a_combination_names_the_part_that_turned(held) -> None:
    found = held(
        {"facts": {"absence": 12, "mood": 10}},
        {"facts": {"absence": 14, "mood": 30}},
        [event("mood", "2025-10-10"), event("absence", "2025-10-10")],
    )
    [one] = [c for c in found.categories if c.category == "nonattendance"]
    both = next(row for row in one.differences if row.code == "na_both")
    assert both.why.startswith("「気持ちが低い日」が10%から30%になりました。")


def test_a_child_who_was_none_of_the_city_before_is_said_to_be_new(
    held, city, child, as_of, ruleset, catalogue
):
    assert not held({"facts": {}}, {"facts": {}}).is_new
    con = city([child("2", {})])
    con.execute("create table event (event_id varchar, occurred_on date, ended_on date, recorded_on date)")
    judge_items(con, BEFORE, ruleset, catalogue)
    con.execute("update meta set value = ? where key = 'as_of'", [BEFORE.isoformat()])
    changes.keep_earlier(con, as_of)
    con.execute("update child set resident_id = '1'")
    con.execute(
        "insert into item_value select '1', 'absence', 12, 1, ['x'], date '2025-09-01', date '2025-09-01'"
    )
    judge_items(con, as_of, ruleset, catalogue)
    found = compare(con, ["1"], as_of, ruleset, catalogue)["1"]
    assert found.is_new
    assert causes(found, "nonattendance") == [("na_absence", "arrived", 2.0)]


def test_without_an_earlier_judgement_nothing_is_said(city, child, as_of, ruleset, catalogue) -> None:
    con = city([child("1", {"absence": 12})])
    judge_items(con, as_of, ruleset, catalogue)
    assert compare(con, ["1"], as_of, ruleset, catalogue) == {}
