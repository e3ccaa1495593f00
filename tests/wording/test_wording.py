"""Rules and their differences read as Japanese sentences."""

from __future__ import annotations

from kodomo import edits, wording
from kodomo.conditions import All, AnyOf, AtLeast, Leaf, Not, Then
from kodomo.items import load_items
from kodomo.rules import FIRST_RULESET, load_categories, load_ruleset

SHOWN = load_categories()
ITEMS = load_items()
FIRST = load_ruleset(FIRST_RULESET)
ROWS = (*FIRST.items, *FIRST.combinations, *FIRST.triggers, *FIRST.groups, *FIRST.suppressions)


def test_every_row_of_the_first_rule_set_reads_as_a_sentence_without_codes() -> None:
    for row in ROWS:
        text = wording.sentence(row, ITEMS, SHOWN)
        assert text.endswith(("。",))
        assert row.code not in text
        assert not any(code in text for code in ITEMS if len(code) > 8)


def test_conditions_keep_their_brackets() -> None:
    a, b = Leaf("abuse_consultation_24m", ">=", 2), Leaf("public_assistance", ">=", 1)
    one = ITEMS["abuse_consultation_24m"].label
    other = ITEMS["public_assistance"].label
    assert wording.condition(All((a, AnyOf((a, b)))), ITEMS) == (
        f"「{one}」が2件以上、かつ、〔「{one}」が2件以上、または、「{other}」がある〕"
    )
    assert wording.condition(Not(b), ITEMS) == f"〔「{other}」がある〕に当たらない"
    assert wording.condition(AtLeast(1, (a, b)), ITEMS).endswith("のうち1つ以上")
    assert "30日以内に" in wording.condition(Then(a, b, 30), ITEMS)


def test_the_same_rules_have_no_differences_and_a_change_has_one_sentence() -> None:
    assert wording.differences(FIRST, FIRST, ITEMS, SHOWN) == []
    cap = FIRST.groups[0]
    switched = FIRST.combinations[0]
    draft = edits.turn(
        FIRST, {f"cap|{cap.code}": cap.cap + 1, f"use|{switched.code}": not switched.enabled}, SHOWN
    )
    told = [text for _, text in wording.differences(FIRST, draft, ITEMS, SHOWN)]
    assert len(told) == 2
    assert any(cap.label in text and "→" in text for text in told)
    assert any(switched.label in text and "使わない" in text for text in told)
