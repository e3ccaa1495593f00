"""Every number of a rule set can be moved by name, and what was moved can be told again."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kodomo import edits
from kodomo.edits import BadEdit
from kodomo.items import load_items
from kodomo.rules import ALL_AGES, FIRST_RULESET, load_categories, load_ruleset

SHOWN = load_categories()
ITEMS = load_items()
FIRST = load_ruleset(FIRST_RULESET)
BOARDS = edits.boards(FIRST, ITEMS, SHOWN)
KNOBS = {knob.id: knob for board in BOARDS for knob in board.knobs}
moved = st.dictionaries(
    st.sampled_from([name for name in KNOBS if not name.startswith("floor")]),
    st.integers(1, 60).map(lambda n: n / 2),
    max_size=20,
)


def test_every_row_of_the_rule_set_has_a_board() -> None:
    codes = {board.code for board in BOARDS}
    for rows in (FIRST.items, FIRST.combinations, FIRST.triggers, FIRST.groups, FIRST.suppressions):
        assert {row.code for row in rows} <= codes
    thresholds = [board for board in BOARDS if board.section == "threshold"]
    assert len(thresholds) == len(SHOWN.categories) * (1 + len(SHOWN.age_bands))


def test_a_knob_stands_at_the_value_in_use_and_within_its_scale() -> None:
    for knob in KNOBS.values():
        assert knob.low <= knob.value <= knob.high, knob
    assert (
        edits.turn(FIRST, {name: knob.value for name, knob in KNOBS.items() if name[:5] != "level"}, SHOWN)
        == FIRST
    )


@settings(max_examples=60, deadline=None)
@given(moved, st.sets(st.sampled_from([board.switch for board in BOARDS if board.switch]), max_size=5))
def test_what_was_moved_can_be_told_and_leads_to_the_same_rules(values, off) -> None:
    draft = edits.turn(FIRST, values | dict.fromkeys(off, False), SHOWN)
    told = edits.turned(FIRST, draft, ITEMS, SHOWN)
    assert edits.turn(FIRST, told, SHOWN).hash == draft.hash
    assert {name for name in told if name[:5] != "level"} <= set(values) | off


def test_an_age_band_gets_thresholds_of_its_own_only_when_moved() -> None:
    free = next(
        board
        for board in BOARDS
        if board.section == "threshold" and board.title != ALL_AGES and not board.enabled
    )
    name = free.knobs[-1].id
    draft = edits.turn(FIRST, {name: 99.0}, SHOWN)
    own = {row.age_band for row in draft.thresholds if row.category == free.category}
    assert free.title in own
    assert {row.age_band for row in FIRST.thresholds if row.category == free.category} == own - {free.title}


@pytest.mark.parametrize(
    "edit",
    [
        {"level|abuse|全年齢|9": 3.0},
        {"level|abuse|宇宙|1": 3.0},
        {"level|nothing|全年齢|1": 3.0},
        {"points|nothing": 3.0},
        {"points": 3.0},
        {"gives|ab_council|全年齢|99": 3.0},
        {"gives|ab_council|全年齢|-1": 3.0},
        {"gives|ab_council|全年齢|0": float("nan")},
        {"gives|ab_council|全年齢|0": -1.0},
        {"gives|ab_council|全年齢|0": True},
        {"use|ab_council": 1.0},
        {"floor|ab_t_council_grave": 1.5},
        {"drop table|x": 1.0},
        {"": 1.0},
    ],
)
def test_what_no_slider_can_send_is_refused(edit) -> None:
    with pytest.raises(BadEdit, match="開き直して"):
        edits.turn(FIRST, edit, SHOWN)
