"""Preview: what a draft of the rules changes, and for whom: counts, moves, groups and departments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kodomo.conditions import Leaf, positive_leaves
from kodomo.rescore import City, Mask, Scored, Whole
from kodomo.rules import ItemRule, RuleSet

#: From this level on a child is on the list that people work through.
LISTED = 2


@dataclass(frozen=True)
class Move:
    """One child's change of level in one category; `rules` are the codes whose points or floors differ."""

    resident_id: str
    category: str
    old: int
    new: int
    points_before: float
    points: float
    known_case: bool
    joins: bool
    leaves: bool
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Effect:
    """What a draft changes.

    counts: category → per level from 0 up, (now, draft). highest: the same over each child's highest level.
    waiting: children at level 2 or above who are not looked at yet, (now, draft). up and down: the first
    moves, those who rise or fall most first; risen and fallen are how many moves there are in all; joining
    and leaving how many children come onto the list (any level) and leave it. fresh: children at level 2 or
    above whom no case of the centre or council knows, (now, draft).
    """

    counts: dict[str, list[tuple[int, int]]]
    highest: list[tuple[int, int]]
    waiting: tuple[int, int]
    up: tuple[Move, ...]
    down: tuple[Move, ...]
    risen: int
    fallen: int
    joining: int
    leaving: int
    fresh: tuple[int, int]


@dataclass(frozen=True)
class Share:
    """A group of children: how many there are, and how many stand at level 2 or above, now and then."""

    name: str
    children: int
    now: int
    draft: int


def effect(
    city: City, before: Scored, after: Scored, settled: Mask | None = None, *, most: int = 50
) -> Effect:
    """What the draft changes for whom.

    Args:
        city: the judged city.
        before: what the rules in use say of it.
        after: what the draft says.
        settled: of the children in `city`, whose review still stands (`settled_of`); nobody's when None.
        most: how many moves up, and how many down, to name.
    """
    old, new = before.level, after.level
    was, will = before.highest, after.highest
    done = np.zeros(len(was), dtype=bool) if settled is None else settled
    listed, lists = was >= LISTED, will >= LISTED
    change = new.astype(np.int8) - old
    return Effect(
        counts={code: _both(old[row], new[row], city.top) for row, code in enumerate(city.categories)},
        highest=_both(was, will, city.top),
        waiting=(int((listed & ~done).sum()), int((lists & (~done | (will > was))).sum())),
        up=_moves(city, before, after, change, most),
        down=_moves(city, before, after, -change, most),
        risen=int((change > 0).sum()),
        fallen=int((change < 0).sum()),
        joining=int(((was == 0) & (will > 0)).sum()),
        leaving=int(((was > 0) & (will == 0)).sum()),
        fresh=(int((listed & ~city.known).sum()), int((lists & ~city.known).sum())),
    )


def settled_of(city: City, residents: Sequence[str]) -> Mask:
    """Which children of the city are among `residents` (those whose newest review still stands)."""
    return np.isin(city.residents, np.asarray(residents, dtype=city.residents.dtype))


def shares(
    city: City, before: Scored, after: Scored, grouping: str, category: str | None = None
) -> list[Share]:
    """How many children of each group stand at level 2 or above, now and with the draft; largest group first.

    Args:
        city, before, after: as in `effect`.
        grouping: a key of `rescore.GROUPINGS`.
        category: one category, or any of them when None.
    """
    groups = city.groupings[grouping]
    size = len(groups.names)
    now, draft = (
        np.bincount(groups.part[_level(city, scored, category) >= LISTED], minlength=size)
        for scored in (before, after)
    )
    children = np.bincount(groups.part, minlength=size)
    rows = [
        Share(name or "不明", *numbers)
        for name, *numbers in zip(groups.names, children.tolist(), now.tolist(), draft.tolist(), strict=True)
    ]
    return sorted(rows, key=lambda row: (-row.children, row.name))


def by_department(
    city: City,
    before: tuple[RuleSet, Scored],
    after: tuple[RuleSet, Scored],
    departments: Mapping[str, str],
    category: str | None = None,
) -> list[Share]:
    """How many children at level 2 or above have a reason from the records of each department.

    Args:
        city: the judged city.
        before: the rules in use and what they say; after: the draft and what it says.
        departments: item code → department.
        category: one category, or any of them when None.

    Returns:
        One row a department that gives any reason, `children` being those any of its reasons counts for.
    """
    counted: dict[str, list[Mask]] = {}
    for side, (ruleset, scored) in enumerate((before, after)):
        for owner, at in _owners(ruleset, scored, departments, category, city.children).items():
            counted.setdefault(owner, [np.zeros(city.children, dtype=bool)] * 2)[side] = at
    on = [_level(city, scored, category) >= LISTED for _, scored in (before, after)]
    rows = [
        Share(owner, int((now | draft).sum()), int((now & on[0]).sum()), int((draft & on[1]).sum()))
        for owner, (now, draft) in counted.items()
    ]
    return sorted(rows, key=lambda row: (-row.draft, row.name))


def _owners(
    ruleset: RuleSet, scored: Scored, departments: Mapping[str, str], category: str | None, children: int
) -> dict[str, Mask]:
    found: dict[str, Mask] = {}
    for row in (*ruleset.items, *ruleset.combinations, *ruleset.triggers):
        if category in (None, row.category) and row.code in scored.hits:
            parts = [Leaf(row.item, ">", 0)] if isinstance(row, ItemRule) else positive_leaves(row.when)
            for owner in sorted({departments[leaf.item] for leaf in parts if leaf.item in departments}):
                found.setdefault(owner, np.zeros(children, dtype=bool))[scored.hits[row.code]] = True
    return found


def changed_rules(before: RuleSet, after: RuleSet) -> frozenset[str]:
    """The codes of the rules and groups that differ between two rule sets."""

    def rows(ruleset: RuleSet) -> dict[str, object]:
        every = (
            *ruleset.items,
            *ruleset.combinations,
            *ruleset.triggers,
            *ruleset.suppressions,
            *ruleset.groups,
        )
        return {row.code: row for row in every}

    one, other = rows(before), rows(after)
    return frozenset(code for code in one.keys() | other.keys() if one.get(code) != other.get(code))


def curve(
    city: City, scored: Scored, category: str, age_band: str | None = None
) -> tuple[NDArray[np.float64], NDArray[np.int64], int]:
    """How many children a threshold would take in: the curve to choose one on.

    Args:
        city: the judged city; scored: what the draft says of it.
        category: which category; age_band: one age band ('' where unknown), or everybody when None.

    Returns:
        Points that occur, rising from 0; how many children have at least so many; and how many children stand
        there by a trigger's floor at level 2 or above, whatever the threshold.
    """
    row = city.categories.index(category)
    chosen = np.ones(city.children, dtype=bool)
    if age_band is not None:
        chosen = city.band == city.age_bands.index(age_band)
    points = np.sort(scored.points[row][chosen & (scored.points[row] > 0)])
    values = np.unique(points)
    reached = len(points) - np.searchsorted(points, values, side="left")
    floors = int(((scored.floor[row] >= LISTED) & chosen).sum())
    return values, reached.astype(np.int64), floors


def _level(city: City, scored: Scored, category: str | None) -> Whole:
    return scored.highest if category is None else scored.level[city.categories.index(category)]


def _both(old: Whole, new: Whole, top: int) -> list[tuple[int, int]]:
    was, will = np.bincount(old, minlength=top + 1), np.bincount(new, minlength=top + 1)
    return [(int(a), int(b)) for a, b in zip(was, will, strict=True)]


def _moves(city: City, before: Scored, after: Scored, size: Whole, most: int) -> tuple[Move, ...]:
    """The moves with a positive `size`, largest first, then by points, order of checking, child, category."""
    rows, places = np.nonzero(size > 0)
    order = np.lexsort((rows, places, city.rank[places], -after.points[rows, places], -size[rows, places]))[
        :most
    ]
    was, will = before.highest, after.highest
    return tuple(
        Move(
            str(city.residents[place]),
            city.categories[row],
            int(before.level[row, place]),
            int(after.level[row, place]),
            float(before.points[row, place]),
            float(after.points[row, place]),
            bool(city.known[place]),
            bool(was[place] == 0),
            bool(will[place] == 0),
            _differing(before, after, place),
        )
        for row, place in zip(rows[order].tolist(), places[order].tolist(), strict=True)
    )


def _differing(before: Scored, after: Scored, place: int) -> tuple[str, ...]:
    """Rules that count for this child on one side only."""
    found = []
    for code in sorted(before.hits.keys() | after.hits.keys()):
        one, other = before.hits.get(code), after.hits.get(code)
        if one is not other and _counts(one, place) != _counts(other, place):
            found.append(code)
    return tuple(found)


def _counts(at: NDArray[np.int32] | None, place: int) -> bool:
    if at is None:
        return False
    where = int(np.searchsorted(at, place))
    return where < len(at) and int(at[where]) == place
