"""Judging turns items into points, levels, an order of checking and reasons, the same way every time."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from kodomo.judge import NotJudged, judge_items, relevel
from kodomo.rules import Facts, RuleSet, load_categories, load_ruleset, score

Connection = duckdb.DuckDBPyConnection


def judged(con: Connection, as_of: dt.date, ruleset: RuleSet, catalogue: dict) -> Connection:
    judge_items(con, as_of, ruleset, catalogue)
    return con


def levels(con: Connection, resident: str) -> dict[str, tuple[float, int]]:
    rows = con.execute(
        "select category, points, level from judgement where resident_id = $1 order by 1", [resident]
    ).fetchall()
    return {category: (points, level) for category, points, level in rows}


def texts(con: Connection, resident: str, category: str) -> list[tuple[str, float, str]]:
    return con.execute(
        "select code, points, text from reason where resident_id = $1 and category = $2 order by ord",
        [resident, category],
    ).fetchall()


def everything(con: Connection) -> list[list[tuple]]:
    return [con.execute(f"select * from {table}").fetchall() for table in ("judgement", "reason")]


def test_every_child_has_a_row_in_every_category(city, child, as_of, ruleset, catalogue) -> None:
    con = judged(city([child("1", {}), child("2", {"absence": 3})]), as_of, ruleset, catalogue)
    rows = con.execute("select resident_id, category, level, rank from judgement").fetchall()
    assert len(rows) == 8
    assert {row[2:] for row in rows} == {(0, None)}


@pytest.mark.parametrize(
    ("absence", "points", "level"),
    [(9, 0, 0), (9.99999, 2, 1), (10, 2, 1), (19, 2, 1), (20, 4.5, 2)],
)
def test_a_band_begins_at_its_value_and_a_level_at_its_threshold(
    city, child, as_of, ruleset, catalogue, absence, points, level
) -> None:
    con = judged(city([child("1", {"absence": absence})]), as_of, ruleset, catalogue)
    assert levels(con, "1")["nonattendance"] == (points, level)


def test_points_add_up_to_the_last_threshold(city, child, as_of, ruleset, catalogue) -> None:
    con = judged(city([child("1", {"absence": 20, "mood": 30})]), as_of, ruleset, catalogue)
    assert levels(con, "1")["nonattendance"] == (7.5, 3)
    lower = ruleset.with_thresholds({"nonattendance": {"全年齢": [2, 4, 7.51], "小低": [2, 4, 6.5]}})
    assert levels(judged(con, as_of, lower, catalogue), "1")["nonattendance"] == (7.5, 2)


def test_an_age_band_has_its_own_points_and_thresholds(city, child, as_of, ruleset, catalogue) -> None:
    con = city(
        [
            child("1", {"absence": 20}, age_band="小低", school_grade=1),
            child("2", {"missed": 2}, age_band="0-2", school_grade=-5),
            child("3", {"missed": 2}, age_band=None, school_grade=None),
        ]
    )
    judged(con, as_of, ruleset, catalogue)
    assert levels(con, "1")["nonattendance"] == (2, 1)
    assert levels(con, "2")["abuse"] == (4, 2)
    assert levels(con, "3")["abuse"] == (4, 2)
    stricter = ruleset.with_thresholds({"abuse": {"0-2": [1, 2, 3]}})
    judged(con, as_of, stricter, catalogue)
    assert levels(con, "2")["abuse"] == (4, 3)
    assert levels(con, "3")["abuse"] == (4, 2)


def test_a_cap_takes_away_what_is_one_fact(city, child, as_of, ruleset, catalogue) -> None:
    con = judged(city([child("1", {"public_assistance": 1, "arrears": 6})]), as_of, ruleset, catalogue)
    assert levels(con, "1")["poverty"] == (5, 2)
    assert texts(con, "1", "poverty") == [
        ("po_arrears", 4, "保険料の滞納：6か月"),
        ("po_aid", 3, "生活保護"),
        ("po_money", -2, "お金の事実は、合わせて5点までとします"),
    ]


def test_the_reasons_add_up_to_the_points(city, child, as_of, ruleset, catalogue) -> None:
    con = judged(
        city(
            [
                child(
                    "1", {"public_assistance": 1, "arrears": 9, "single_parent": 1, "absence": 30, "mood": 55}
                )
            ]
        ),
        as_of,
        ruleset,
        catalogue,
    )
    off = con.execute(
        "select category from judgement as j where points <> coalesce((select sum(r.points) from reason as r"
        " where r.resident_id = j.resident_id and r.category = j.category), 0)"
    ).fetchall()
    assert off == []


def test_a_trigger_sets_a_floor_while_it_is_recent(city, child, as_of, ruleset, catalogue) -> None:
    old = {"notice": dt.date(2024, 10, 1)}
    con = judged(
        city([child("1", {"notice": 1}), child("2", {"notice": 1}, dates=old)]), as_of, ruleset, catalogue
    )
    assert levels(con, "1")["abuse"] == (0, 3)
    assert levels(con, "2")["abuse"] == (0, 0)
    assert texts(con, "1", "abuse")[0][2] == "最近の通告：1件（24か月）。この事実だけで「要確認」にします"


def test_things_that_follow_each_other_count_in_their_order(city, child, as_of, ruleset, catalogue) -> None:
    missed, notice = dt.date(2024, 6, 1), dt.date(2024, 8, 1)
    facts = {"missed": 1, "notice": 1}
    con = city(
        [
            child("1", facts, dates={"missed": missed, "notice": notice}),
            child("2", facts, dates={"missed": notice, "notice": missed}),
        ]
    )
    judged(con, as_of, ruleset, catalogue)
    assert levels(con, "1")["abuse"] == (3, 1)
    assert levels(con, "2")["abuse"] == (2, 1)


def test_help_single_parents_and_protective_facts_alone_raise_nothing(
    city, child, as_of, ruleset, catalogue
) -> None:
    con = judged(
        city([child("1", {"public_assistance": 1, "single_parent": 1, "support_room": 5})]),
        as_of,
        ruleset,
        catalogue,
    )
    found = levels(con, "1")
    assert {found[c][1] for c in ("abuse", "nonattendance", "bullying")} == {0}


def test_unknown_is_named_and_never_counted_as_nothing(city, child, as_of, ruleset, catalogue) -> None:
    con = city(
        [
            child("1", {"absence": 12}, unknown=["mood"]),
            child("2", {"absence": 12, "mood": 0}),
            child("3", {}, age_band="0-2", school_grade=-4),
        ],
        states={"absence": "データ途絶", "missed": "未連携"},
    )
    judged(con, as_of, ruleset, catalogue)
    found = con.execute("select resident_id, category, missing from judgement").fetchall()
    rows = {(resident, category): missing for resident, category, missing in found}
    assert rows["1", "nonattendance"] == ["mood"]
    assert rows["1", "bullying"] == ["mood"]
    assert rows["1", "abuse"] == ["missed"]
    assert rows["1", "poverty"] == []
    assert rows["2", "nonattendance"] == []
    assert rows["3", "nonattendance"] == []
    assert rows["3", "abuse"] == ["missed"]
    assert levels(con, "1")["nonattendance"] == levels(con, "2")["nonattendance"]


def test_a_source_that_stopped_makes_children_without_a_row_unknown(
    city, child, as_of, ruleset, catalogue
) -> None:
    con = judged(city([child("1", {})], states={"absence": "データ途絶"}), as_of, ruleset, catalogue)
    row = con.execute("select missing from judgement where category = 'nonattendance'").fetchall()[0][0]
    assert row == ["absence"]


def test_an_unknown_age_does_not_hide_a_missing_source(city, child, as_of, ruleset, catalogue) -> None:
    con = city([child("1", {}, age_band=None, school_grade=None)], states={"absence": "未連携"})
    judged(con, as_of, ruleset, catalogue)
    row = con.execute("select missing from judgement where category = 'nonattendance'").fetchall()[0][0]
    assert row == ["absence"]


def test_the_order_of_checking(city, child, as_of, ruleset, catalogue) -> None:
    seen = dt.date(2025, 10, 1)
    con = city(
        [
            child("1", {"absence": 12}),
            child("2", {"absence": 20, "mood": 30}),
            child("3", {"notice": 1}, known_case=True),
            child("4", {"absence": 12}, last_seen_on=dt.date(2025, 5, 1)),
            child("5", {"absence": 12}, last_seen_on=None),
            child("6", {"absence": 12, "missed": 1}),
            child("0", {"absence": 12}, last_seen_on=seen),
            child("7", {"arrears": 3}),
            child("8", {}),
        ]
    )
    judged(con, as_of, ruleset, catalogue)
    order = con.execute(
        "select resident_id, any_value(rank), count(distinct rank) from judgement where rank is not null"
        " group by resident_id order by 2"
    ).fetchall()
    # Level 3 in two categories, level 3 by a floor; level 1 in two categories, longest unseen, then id.
    assert [row[0] for row in order] == ["2", "3", "6", "5", "4", "0", "1", "7"]
    assert [row[1] for row in order] == list(range(1, 9))
    assert {row[2] for row in order} == {1}


def test_those_already_supported_keep_level_and_rank_and_are_marked(
    city, child, as_of, ruleset, catalogue
) -> None:
    con = judged(
        city([child("1", {"absence": 20, "support_room": 2}, known_case=True)]), as_of, ruleset, catalogue
    )
    row = con.execute(
        "select level, rank, suppressed, known_case from judgement where category = 'nonattendance'"
    ).fetchall()
    assert row == [(2, 1, True, True)]
    assert texts(con, "1", "nonattendance")[-1] == ("na_room", 0, "教育支援センターを利用中：2回（12か月）")


def test_reasons_name_the_events_behind_them(city, child, as_of, ruleset, catalogue) -> None:
    con = judged(city([child("1", {"absence": 12, "mood": 40})]), as_of, ruleset, catalogue)
    rows = con.execute(
        "select ord, kind, code, text, events, event_ids from reason"
        " where category = 'nonattendance' order by ord"
    ).fetchall()
    assert rows == [
        (
            *(1, "combination", "na_both", "欠席と気持ちの落ち込み（欠席日数 12日、気持ちが低い日 40%）"),
            *(2, ["x:1:absence", "x:1:mood"]),
        ),
        (2, "item", "na_absence", "欠席日数：12日（年度内）", 1, ["x:1:absence"]),
        (3, "item", "na_mood", "気持ちが低い日：40%（30日）", 1, ["x:1:mood"]),
    ]


def test_a_fact_asked_for_in_several_degrees_is_told_once(city, child, as_of, catalogue, rules_text) -> None:
    degrees = (
        "when.any = [{ all = [{ item = 'absence', op = '>=', value = 10 },"
        " { item = 'mood', op = '>=', value = 30 }] },"
        " { item = 'absence', op = '>=', value = 12 }]\npoints = 2"
    )
    both = rules_text[rules_text.index('code = "na_both"') :]
    old = both[both.index("when") : both.index("\nreason")]
    ruleset = load_ruleset(rules_text.replace(old, degrees), catalogue)
    con = judged(city([child("1", {"absence": 12, "mood": 40})]), as_of, ruleset, catalogue)
    text = con.execute("select text, event_ids from reason where code = 'na_both'").fetchall()
    assert text == [
        ("欠席と気持ちの落ち込み（欠席日数 12日、気持ちが低い日 40%）", ["x:1:absence", "x:1:mood"])
    ]


def random_children(child: type, count: int, seed: int) -> list[Any]:
    rng = random.Random(seed)
    items = [
        "absence",
        "mood",
        "missed",
        "notice",
        "arrears",
        "public_assistance",
        "single_parent",
        "support_room",
    ]
    children = []
    for n in range(count):
        facts = {i: round(rng.choice([0.5, 1, 2, 6, 12, 25, 55.5]), 2) for i in items if rng.random() < 0.4}
        unknown = [i for i in items if i not in facts and rng.random() < 0.3]
        band = rng.choice(["0-2", "3-5", "小低", "小高", "中", "高", None])
        dates = {i: dt.date(2025, 10, 31) - dt.timedelta(days=rng.randrange(0, 700)) for i in facts}
        grade = rng.choice([None, 1, 5, 8])
        children.append(child(f"{n:04}", facts, unknown, band, grade, dates=dates))
    return children


def test_judging_twice_gives_the_same_bytes_whatever_the_order_of_rows(
    city: Callable, child, as_of, ruleset, catalogue
) -> None:
    children = random_children(child, 80, 1)
    once = everything(judged(city(children), as_of, ruleset, catalogue))
    random.Random(2).shuffle(children)
    con = judged(city(children), as_of, ruleset, catalogue)
    assert everything(con) == once
    assert everything(judged(con, as_of, ruleset, catalogue)) == once


def test_sql_says_what_the_plain_reading_of_the_rules_says(
    city: Callable, child, as_of, ruleset, catalogue
) -> None:
    children = random_children(child, 80, 3)
    con = judged(city(children), as_of, ruleset, catalogue)
    rows = {
        (r, c): rest
        for r, c, *rest in con.execute(
            "select resident_id, category, points, floor_level, level, suppressed from judgement"
        ).fetchall()
    }
    for one in children:
        known = Facts({**dict.fromkeys(one.unknown), **one.facts}, one.dates, as_of, one.age_band)
        for category in ruleset.categories():
            told = score(ruleset, category, known)
            assert rows[one.id, category] == [told.points, told.floor_level, told.level, told.suppressed]


def test_new_thresholds_alone_give_what_a_new_judgement_gives(
    city: Callable, child, as_of, ruleset, catalogue
) -> None:
    children = random_children(child, 60, 4)
    other = ruleset.with_thresholds({"nonattendance": {"全年齢": [1, 2, 3], "小低": [2, 3, 4]}})
    wanted = everything(judged(city(children), as_of, other, catalogue))
    con = judged(city(children), as_of, ruleset, catalogue)
    assert everything(con) != wanted
    relevel(con, other)
    assert everything(con) == wanted
    assert con.execute("select value from meta where key = 'ruleset_hash'").fetchall() == [(other.hash,)]


def test_a_snapshot_without_judgement_cannot_be_releveled(city, child, ruleset) -> None:
    with pytest.raises(NotJudged):
        relevel(city([child("1", {})]), ruleset)


def test_nothing_stays_behind_but_the_two_tables(city, child, as_of, ruleset, catalogue) -> None:
    con = judged(city([child("1", {"mood": 40})]), as_of, ruleset, catalogue)
    tables = {row[0] for row in con.execute("select table_name from duckdb_tables()").fetchall()}
    assert tables == {"child", "item_value", "item_gap", "item_status", "meta", "judgement", "reason"}


def test_a_read_only_judgement_writes_nothing(city, child, as_of, ruleset, catalogue) -> None:
    con = city([child("1", {"mood": 40})])
    judge_items(con, as_of, ruleset, catalogue, persist=False)
    kept = con.execute("select table_name from duckdb_tables() where not temporary").fetchall()
    assert ("judgement",) not in kept
    assert len(con.execute("select * from judgement").fetchall()) == len(load_categories().categories)


def test_a_switched_off_rule_does_not_count(city, child, as_of, catalogue, rules_text) -> None:
    text = rules_text.replace("points = 2\nreason", "points = 2\nenabled = false\nreason")
    off = load_ruleset(text.replace("[2, 4, 6.5]", "[2, 3, 4]"), catalogue)
    con = judged(city([child("1", {"absence": 12, "mood": 40})]), as_of, off, catalogue)
    assert levels(con, "1")["nonattendance"] == (3, 2)


def test_a_preview_reads_nothing_of_the_published_judgement(city, child, as_of, ruleset, catalogue) -> None:
    con = judged(city([child("1", {"absence": 12})]), as_of, ruleset, catalogue)
    published = con.execute("select * from memory.main.judgement").fetchall()
    draft = ruleset.with_thresholds({"nonattendance": {"全年齢": [0.5, 1, 2], "小低": [2, 4, 6.5]}})
    judge_items(con, as_of, draft, catalogue, persist=False)
    assert levels(con, "1")["nonattendance"] == (2, 3)
    assert con.execute("select * from memory.main.judgement").fetchall() == published
