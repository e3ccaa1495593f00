"""Two rule sets side by side say what changes and whom it concerns."""

from __future__ import annotations

import pytest

from kodomo import edits, preview
from kodomo.comparison import compare
from kodomo.items import load_items
from kodomo.rescore import Scorer, read
from kodomo.rules import FIRST_RULESET, load_categories, load_ruleset
from kodomo.snapshots import Family

SHOWN = load_categories()
ITEMS = load_items()
FIRST = load_ruleset(FIRST_RULESET)


@pytest.fixture(scope="module")
def scorer(judged_city: Family):
    with judged_city.connect() as con:
        return Scorer(read(con))


def test_a_rule_set_beside_itself_differs_in_nothing(scorer) -> None:
    found = compare(scorer, FIRST, FIRST, ITEMS, SHOWN)
    assert found.differences == ()
    assert (found.effect.risen, found.effect.fallen) == (0, 0)
    assert all(row.now == row.draft for rows in found.groups.values() for row in rows)


def test_there_and_back_tell_the_same_children(scorer) -> None:
    hits = scorer.score(FIRST).hits
    row = max(FIRST.items, key=lambda item: len(hits[item.code]) * item.bands[-1].points)
    other = edits.turn(FIRST, {f"use|{row.code}": False, "level|poverty|全年齢|1": 1.5}, SHOWN)
    there = compare(scorer, FIRST, other, ITEMS, SHOWN, most=10**6)
    back = compare(scorer, other, FIRST, ITEMS, SHOWN, most=10**6)
    assert len(there.differences) == len(back.differences) == 2
    assert {m.resident_id for m in there.effect.up} == {m.resident_id for m in back.effect.down}
    assert (there.effect.joining, there.effect.leaving) == (back.effect.leaving, back.effect.joining)
    assert there.effect.risen > 0
    falls = [move for move in there.effect.down if move.category == row.category]
    assert falls
    assert all(row.code in move.rules for move in falls)
    assert preview.changed_rules(FIRST, other) == {row.code}
