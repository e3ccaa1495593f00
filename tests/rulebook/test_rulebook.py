"""The rulebook says of every rule what it does, whom it counts for, and what people found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from kodomo import cases, edits, rulebook, tuning
from kodomo.audit import SYSTEM, Actor
from kodomo.items import load_items
from kodomo.ops import OpsStore
from kodomo.rescore import Scorer, read
from kodomo.rules import FIRST_RULESET, load_categories, load_ruleset
from kodomo.snapshots import Family

NOW = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)
SHOWN = load_categories()
ITEMS = load_items()
FIRST = load_ruleset(FIRST_RULESET)
OWNERS = {code: item.department for code, item in ITEMS.items()}
STAFF = Actor("senmon", "専門 職員", "specialist", "child_safety", "s")


@pytest.fixture
def ops(tmp_path: Path) -> Iterator[OpsStore]:
    store = OpsStore(tmp_path / "k.ops.sqlite", b"k" * 32, clock=lambda: NOW)
    yield store
    store.close()


@pytest.fixture(scope="module")
def scored(judged_city: Family):
    with judged_city.connect() as con:
        return Scorer(read(con)).score(FIRST)


def by_code(ops: OpsStore, ruleset, scored) -> dict[str, rulebook.Entry]:
    rows = rulebook.entries(ops, ruleset, scored, ITEMS, OWNERS, SHOWN)
    return {row.code: row for row in rows}


def test_every_rule_stands_in_it_with_owner_reason_and_source(ops, scored) -> None:
    rows = by_code(ops, FIRST, scored)
    every = (*FIRST.items, *FIRST.combinations, *FIRST.triggers, *FIRST.groups, *FIRST.suppressions)
    assert rows.keys() == {row.code for row in every}
    for row in rows.values():
        assert row.owners
        assert row.reason
        assert row.source
        assert row.sentence.endswith("。")
        assert (row.changed_in, row.changed_on) == (FIRST.id, None)


def test_hits_are_those_of_the_published_reasons(judged_city: Family, ops, scored) -> None:
    with judged_city.connect() as con:
        counted = dict(
            con.execute("select code, count(*) from reason where kind <> 'cap' group by code").fetchall()
        )
    rows = by_code(ops, FIRST, scored)
    assert {code: row.hits for code, row in rows.items() if row.hits} == counted


def test_reviews_count_for_the_rules_that_stood_behind_them(ops, scored) -> None:
    one, other = FIRST.items[0].code, FIRST.items[1].code

    def look(resident: str, outcome: str, reason: str, *rules: str) -> None:
        seen = cases.Seen(levels={"abuse": 2}, rules=frozenset(rules))
        cases.review(ops, STAFF, resident, outcome, reason, "確かめた。", 0, seen=seen)

    def reason(outcome: str) -> str:
        return cases.reasons_for(outcome)[0].code

    look("1", "watch", reason("watch"), one, other)
    look("2", "not_applicable", reason("not_applicable"), one)
    look("3", "hold", reason("hold"), one)
    rows = by_code(ops, FIRST, scored)
    assert (rows[one].confirmed, rows[one].cleared) == (1, 1)
    assert (rows[other].confirmed, rows[other].cleared) == (1, 0)
    assert cases.verify(ops) == []


def test_a_forged_rule_behind_a_review_is_found(ops) -> None:
    seen = cases.Seen(levels={"abuse": 2}, rules=frozenset({"ab_council"}))
    reason = cases.reasons_for("watch")[0].code
    cases.review(ops, STAFF, "1", "watch", reason, "確かめた。", 0, seen=seen)
    ops.write(lambda con: con.execute("insert into review_rule (review_id, rule) values (1, 'forged')"))
    assert any("書き換え" in problem for problem in cases.verify(ops))


def test_the_version_that_changed_a_rule_last_is_named(ops, scored) -> None:
    code = FIRST.combinations[0].code
    draft = edits.turn(FIRST, {f"use|{code}": False}, SHOWN)
    day = dt.date(2026, 12, 1)
    ops.write(
        lambda con: tuning.publish(
            con, ops, SYSTEM, draft, "試す", FIRST.id, author="chousei", active_from=day
        )
    )
    rows = by_code(ops, draft, scored)
    assert (rows[code].changed_in, rows[code].changed_on, rows[code].enabled) == ("v1", "2026-12-01", False)
    assert rows[FIRST.items[0].code].changed_in == FIRST.id
