"""Thresholds for a wanted length of the list."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kodomo import proposal
from kodomo.preview import LISTED
from kodomo.proposal import CannotReachLength
from kodomo.rescore import Scorer, read
from kodomo.rules import FIRST_RULESET, load_categories, load_ruleset
from kodomo.snapshots import Family

FIRST = load_ruleset(FIRST_RULESET)


@pytest.fixture(scope="module")
def scorer(judged_city: Family):
    with judged_city.connect() as con:
        return Scorer(read(con))


@settings(max_examples=15, deadline=None)
@given(share=st.floats(0, 1.5))
def test_the_list_is_never_longer_than_wanted_and_thresholds_still_rise(scorer: Scorer, share: float) -> None:
    start = scorer.score(FIRST)
    forced = int((start.floor.max(axis=0) >= LISTED).sum())
    listed = int((start.highest >= LISTED).sum())
    wanted = forced + round(share * (listed - forced))
    found = proposal.keep_list_at(scorer, FIRST, wanted)
    assert found.children[0] == listed
    assert found.children[1] <= wanted or found.children[1] == forced
    assert found.forced == forced
    for row in found.ruleset.thresholds:
        assert all(a < b for a, b in zip(row.points, row.points[1:], strict=False))
        assert row.points[0] > 0
    after = scorer.score(found.ruleset)
    assert int((after.highest >= LISTED).sum()) == found.children[1]
    lost = {n for n in range(scorer.city.children) if start.highest[n] >= LISTED > after.highest[n]}
    assert set(found.lost) == lost
    assert found.children[1] - found.children[0] == len(found.gained) - len(found.lost)


def test_a_tighter_list_is_a_part_of_a_longer_one(scorer: Scorer) -> None:
    start = scorer.score(FIRST)
    forced = int((start.floor.max(axis=0) >= LISTED).sum())
    listed = int((start.highest >= LISTED).sum())
    sizes = [
        proposal.keep_list_at(scorer, FIRST, wanted).children[1]
        for wanted in range(forced, listed + 1, max(1, (listed - forced) // 6))
    ]
    assert sizes == sorted(sizes)


def test_fewer_than_triggers_alone_put_there_cannot_be_had(scorer: Scorer) -> None:
    start = scorer.score(FIRST)
    forced = int((start.floor.max(axis=0) >= LISTED).sum())
    if forced:
        with pytest.raises(CannotReachLength, match="1つの事実"):
            proposal.keep_list_at(scorer, FIRST, forced - 1)
    with pytest.raises(CannotReachLength, match="0以上"):
        proposal.keep_list_at(scorer, FIRST, -1)
    assert load_categories().top >= LISTED
