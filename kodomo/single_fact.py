"""Single fact: which one fact, taken away, added or found out, would change the level of one child."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor

from kodomo.conditions import Facts, leaves
from kodomo.rules import HELP_ITEMS, ItemLike, RuleSet, score

#: Units in which less than a whole one is meant; other measures where a rule or the child has a fraction.
FINE_UNITS = frozenset({"%", "cm", "kg"})
FINE_STEP = 0.1
MOST_PERCENT = 100.0


@dataclass(frozen=True)
class Turn:
    """One fact and the level it would give: `item` at `after` instead of `before` (None is unknown).

    `newest` is the day of its newest record then; `renewed` says that only a new record of the same amount
    is meant.
    """

    item: str
    before: float | None
    after: float
    newest: dt.date | None
    level: int
    renewed: bool = False


@dataclass(frozen=True)
class Turns:
    """The facts that would lower the level if they were not there, and those that would raise it."""

    lower: tuple[Turn, ...]
    higher: tuple[Turn, ...]


def turns(ruleset: RuleSet, category: str, facts: Facts, items: Mapping[str, ItemLike]) -> Turns:
    """Find, item by item, the smallest change of that one item that lowers or raises the level.

    Every value an item can have is covered: between two values at which some rule changes its mind nothing
    changes, so one value of each such stretch is judged by `rules.score`, the nearest first. A new or larger
    amount is tried with the day of the newest record as it stands and with a record of the judgement day.

    A protective fact or the use of help is never named as something that would lower a level when it is
    added: a level must not be brought down by registering support (DESIGN §6).

    Args:
        ruleset: the rules the child was judged by.
        category: the category whose level is asked about.
        facts: what is known of the child, as the judgement saw it.
        items: the catalogue.

    Returns:
        At most one lowering and one raising turn an item and direction: known facts first, then the smaller
        change, then the code.
    """
    own = _narrowed(ruleset, category)
    level = score(own, category, facts).level
    lower: list[Turn] = []
    higher: list[Turn] = []
    for code in own.items_used(category):
        item = items[code]
        value = facts.values.get(code, 0.0)
        compared = list(_compared(own, category, code, facts.age_band or ""))
        step = step_of(item, [*compared, value or 0.0])
        starts = _stretches(compared, step, most_of(item))
        for tried in (_downward(code, value, starts, step, facts), _upward(code, value, starts, facts)):
            found_lower = found_higher = False
            for turn in tried:
                then = score(own, category, applied(facts, turn)).level
                if then < level and not found_lower:
                    found_lower = True
                    if not (_rises(turn) and (item.protective or code in HELP_ITEMS)):
                        lower.append(replace(turn, level=then))
                elif then > level and not found_higher:
                    found_higher = True
                    higher.append(replace(turn, level=then))
                if found_lower and found_higher:
                    break
    return Turns(tuple(sorted(lower, key=_order)), tuple(sorted(higher, key=_order)))


def applied(facts: Facts, turn: Turn) -> Facts:
    """The child's facts with the one fact turned."""
    return replace(
        facts,
        values={**facts.values, turn.item: turn.after},
        dates={**facts.dates, turn.item: turn.newest},
    )


def _narrowed(ruleset: RuleSet, category: str) -> RuleSet:
    """The rules of one category alone: they give the same level, several times faster."""
    return replace(
        ruleset,
        **{
            name: tuple(row for row in getattr(ruleset, name) if row.category == category)
            for name in ("items", "groups", "combinations", "triggers")
        },
        suppressions=(),
    )


def step_of(item: ItemLike, numbers: Iterable[float]) -> float:
    """The smallest difference between two values of an item, given values that were met in it."""
    fine = item.unit in FINE_UNITS or any(not float(number).is_integer() for number in numbers)
    return FINE_STEP if item.kind == "measure" and fine else 1.0


def most_of(item: ItemLike) -> float:
    """The largest value an item can have."""
    if item.kind == "flag" or item.unit == "有無":
        return 1.0
    steps: Sequence[str] = getattr(item, "steps", ())
    if steps:
        return float(len(steps))
    return MOST_PERCENT if item.unit == "%" else float("inf")


def _compared(ruleset: RuleSet, category: str, code: str, age_band: str) -> Iterator[float]:
    """Every number with which bands and leaves of the category compare an item."""
    for rule in ruleset.items:
        if rule.enabled and rule.category == category and rule.item == code:
            yield from (band.at for band in rule.bands_for(age_band))
    for row in (*ruleset.combinations, *ruleset.triggers):
        if row.enabled and row.category == category:
            yield from (leaf.value for leaf in leaves(row.when) if leaf.item == code)


def _stretches(compared: Iterable[float], step: float, most: float) -> list[float]:
    """The values, rising from 0, at which something may change; between one and the next nothing can.

    The smallest value above 0 is among them, for it is the first that has a day of its own.
    """
    found = {0.0, step}
    for value in compared:
        first = round(ceil(round(value / step, 6)) * step, 4)
        after = round((floor(round(value / step, 6)) + 1) * step, 4)
        found.update(one for one in (first, after) if 0 <= one <= most)
    return sorted(found)


def _downward(
    code: str, value: float | None, starts: Sequence[float], step: float, facts: Facts
) -> list[Turn]:
    """Smaller values, the nearest first: the last of each stretch below."""
    if value is None:
        return []
    last = {round(start - step, 4) for start in starts}
    return [
        Turn(code, value, one, facts.dates.get(code) if one else None, 0)
        for one in sorted((one for one in last if 0 <= one < value), reverse=True)
    ]


def _upward(code: str, value: float | None, starts: Sequence[float], facts: Facts) -> list[Turn]:
    """Larger values, the nearest first, and before them a new record of the amount there is."""
    held = facts.dates.get(code)
    found = []
    if value and held != facts.as_of:
        found.append(Turn(code, value, value, facts.as_of, 0, renewed=True))
    for one in starts:
        if value is not None and one <= value:
            continue
        if not one:
            found.append(Turn(code, value, one, None, 0))
            continue
        if held is not None and held != facts.as_of:
            found.append(Turn(code, value, one, held, 0))
        found.append(Turn(code, value, one, facts.as_of, 0))
    return found


def _rises(turn: Turn) -> bool:
    return turn.renewed or turn.after > (turn.before or 0.0)


def _order(turn: Turn) -> tuple[bool, float, str]:
    return turn.before is None, abs(turn.after - (turn.before or 0.0)), turn.item
