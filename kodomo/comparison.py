"""Comparison: two rule sets side by side: what they say otherwise, and whom they place otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kodomo import preview, wording
from kodomo.preview import Effect, Share
from kodomo.rescore import Mask, Scored, Scorer
from kodomo.rules import Categories, ItemLike, RuleSet


@dataclass(frozen=True)
class Comparison:
    """Two rule sets on the same city.

    differences: (category, sentence). effect: counts and moves from the first to the second. groups: grouping
    → children at level 2 or above by both. before and after: what each says of every child.
    """

    one: RuleSet
    other: RuleSet
    differences: tuple[tuple[str, str], ...]
    effect: Effect
    groups: Mapping[str, tuple[Share, ...]]
    before: Scored
    after: Scored


def compare(
    scorer: Scorer,
    one: RuleSet,
    other: RuleSet,
    items: Mapping[str, ItemLike],
    shown: Categories,
    settled: Mask | None = None,
    *,
    most: int = 100,
) -> Comparison:
    """Put two rule sets side by side on one judged city.

    Args:
        scorer: the city.
        one, other: the rule sets; the effect is told from the first to the second.
        items: the catalogue; shown: names of categories and levels.
        settled: children whose review still stands.
        most: how many moves up, and how many down, to name.
    """
    before, after = scorer.score(one), scorer.score(other)
    groupings = ("age_band", "school", "town", "nationality", "single_parent", "public_assistance", "sex")
    return Comparison(
        one,
        other,
        tuple(wording.differences(one, other, items, shown)),
        preview.effect(scorer.city, before, after, settled, most=most),
        {name: tuple(preview.shares(scorer.city, before, after, name)) for name in groupings},
        before,
        after,
    )
