"""Example children of the rules: they hold for the rules in use, and a changed rule is caught by them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kodomo import edits, examples
from kodomo.examples import BadExample, examples_data, failures, read_examples
from kodomo.items import load_items
from kodomo.rules import FIRST_RULESET, load_categories, load_ruleset

FIRST = load_ruleset(FIRST_RULESET)
ITEMS = load_items()
SHOWN = load_categories()
ROWS = [row.code for row in (*FIRST.items, *FIRST.combinations, *FIRST.triggers, *FIRST.suppressions)]


def test_every_rule_has_children_it_must_and_must_not_match() -> None:
    known = examples.first_examples()
    for code in ROWS:
        mine = [row for row in known if row.rule == code]
        assert any(row.match for row in mine), code
        assert any(not row.match for row in mine), code
    assert {row.rule for row in known} <= set(ROWS)


def test_no_two_examples_of_a_rule_have_one_name() -> None:
    names = [(row.rule, row.label) for row in examples.first_examples()]
    assert len(names) == len(set(names))


def test_the_first_rule_set_passes_all_of_them() -> None:
    assert failures(FIRST, [], ITEMS) == []


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([row for row in FIRST.items if row.bands[0].points]))
def test_a_rule_that_begins_later_is_caught(row) -> None:
    item = ITEMS[row.item]
    if item.kind == "flag" or item.unit == "有無":
        name, value = f"gives|{row.code}|全年齢|0", row.bands[0].points + 0.5
    else:
        name, value = f"from|{row.code}|全年齢|0", row.bands[0].at + 0.5
    draft = edits.turn(FIRST, {name: value}, SHOWN)
    assert row.code in {found.example.rule for found in failures(draft, [], ITEMS)}


def test_an_example_that_agrees_with_the_draft_passes() -> None:
    row = FIRST.combinations[0]
    knob = next(
        knob
        for board in edits.boards(FIRST, ITEMS, SHOWN)
        if board.section == "combination"
        for knob in board.knobs
        if knob.id.startswith("if|")
    )
    draft = edits.turn(FIRST, {knob.id: knob.value + 1}, SHOWN)
    found = failures(draft, [], ITEMS)
    assert found
    assert failures(draft, [one.agreeing for one in found], ITEMS) == []
    assert row.code


def test_a_rule_that_is_off_is_not_tried() -> None:
    code = FIRST.items[0].code
    draft = edits.turn(FIRST, {f"use|{code}": False, f"gives|{code}|全年齢|0": 19.0}, SHOWN)
    assert code not in {one.example.rule for one in failures(draft, [], ITEMS)}


def test_examples_survive_writing_and_reading() -> None:
    known = examples.first_examples()
    assert read_examples(examples_data(known)) == known


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"rule": "x", "label": "x", "match": True, "values": 3},
        {"rule": "x", "label": "x", "match": True, "values": {"a": "many"}},
    ],
)
def test_what_is_no_example_is_refused(row) -> None:
    with pytest.raises(BadExample, match="例のこども"):
        read_examples([row])
