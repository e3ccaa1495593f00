"""Proposal: thresholds that keep the list at a wanted length, and what that leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from kodomo.preview import LISTED
from kodomo.rescore import City, Mask, Scored, Scorer
from kodomo.rules import RuleSet, RuleSetError, Thresholds, most_points

#: The finest step of a threshold, in points.
STEP = 0.5


class CannotReachLength(RuleSetError):
    """No thresholds give a list of the wanted length."""


@dataclass(frozen=True)
class Proposal:
    """Thresholds for a wanted length of the list.

    ruleset: the draft with the proposed thresholds. children: how many would stand at level 2 or above and
    wait, (with the draft as it is, proposed). forced: of those, how many stand there by a trigger alone,
    whatever the thresholds. lost and gained: places in the city of those who leave the list or join it.
    """

    ruleset: RuleSet
    children: tuple[int, int]
    forced: int
    lost: tuple[int, ...]
    gained: tuple[int, ...]


def keep_list_at(scorer: Scorer, ruleset: RuleSet, wanted: int, settled: Mask | None = None) -> Proposal:
    """Move the thresholds of levels 2 and above so that about `wanted` children wait on the list.

    All categories and age bands move together, by one factor, so that the shape people agreed on stays; the
    longest list that is not longer than wanted is taken. Level 1 moves only where it would be overtaken.
    Triggers are not touched: a child they lift stays on the list whatever the number.

    Args:
        scorer: the judged city.
        ruleset: the draft to begin with.
        wanted: children at level 2 or above who still wait for a look.
        settled: children whose review still stands, as in `preview.effect`.

    Raises:
        CannotReachLength: fewer are wanted than triggers alone put on the list, or the number is below 0.
    """
    city = scorer.city
    done = np.zeros(city.children, dtype=bool) if settled is None else settled
    start = scorer.score(ruleset)
    forced = int(((start.floor.max(axis=0) >= LISTED) & ~done).sum()) if city.children else 0
    if wanted < 0:
        raise CannotReachLength("件数は0以上の数で入れてください。")
    if wanted < forced:
        raise CannotReachLength(
            f"1つの事実だけで一覧に載るこどもが{forced:,}人います。しきい値では{forced:,}人より少なくできません。"
            "「1つで要確認になる条件」を見直すか、件数を増やしてください。"
        )
    tried: dict[float, tuple[RuleSet, Scored]] = {}

    def length(factor: float) -> int:
        rules = _scaled(ruleset, factor, city)
        tried[factor] = (rules, scorer.score(rules))
        return int(((tried[factor][1].highest >= LISTED) & ~done).sum())

    low, high = 0.05, 20.0
    if length(high) > wanted:
        # Points so high that even the highest reachable thresholds keep more: take those.
        chosen = high
    elif length(low) <= wanted:
        chosen = low
    else:
        # The list only grows shorter as the factor grows; 20 halvings are finer than any step of a threshold.
        for _ in range(20):
            middle = float(np.sqrt(low * high))
            if length(middle) > wanted:
                low = middle
            else:
                high = middle
        chosen = high
    rules, after = tried[chosen]
    was = (start.highest >= LISTED) & ~done
    will = (after.highest >= LISTED) & ~done
    return Proposal(
        rules,
        (int(was.sum()), int(will.sum())),
        forced,
        _in_order(city, was & ~will),
        _in_order(city, will & ~was),
    )


def _in_order(city: City, chosen: Mask) -> tuple[int, ...]:
    """Places of the chosen children in the order of checking."""
    places = np.flatnonzero(chosen)
    return tuple(places[np.lexsort((places, city.rank[places]))].tolist())


def _scaled(ruleset: RuleSet, factor: float, city: City) -> RuleSet:
    """The rule set with the thresholds from level 2 up multiplied, rising in steps and within reach."""
    rows = []
    for row in ruleset.thresholds:
        bands = city.age_bands[1:] if row.age_band not in city.age_bands else (row.age_band,)
        most = min(most_points(ruleset, row.category, band) for band in bands)
        rows.append(Thresholds(row.category, row.age_band, _rising(row.points, factor, most)))
    return replace(ruleset, thresholds=tuple(rows))


def _rising(points: Sequence[float], factor: float, most: float) -> tuple[float, ...]:
    wanted = [
        point if level < LISTED else round(point * factor / STEP) * STEP
        for level, point in enumerate(points, start=1)
    ]
    top = max(most, points[-1])
    for at in range(len(wanted) - 1, -1, -1):
        limit = top if at == len(wanted) - 1 else wanted[at + 1] - STEP
        wanted[at] = max(min(wanted[at], limit), STEP * (at + 1))
    for at, (below, above) in enumerate(pairwise(list(wanted)), start=1):
        if above <= below:
            wanted[at] = wanted[at - 1] + STEP
    return tuple(float(point) for point in wanted)
