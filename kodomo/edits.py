"""Edits: every number of a rule set that a slider moves, each under a name of its own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from kodomo.conditions import All, AnyOf, AtLeast, Condition, Leaf, Not, Then, leaves
from kodomo.rules import (
    ALL_AGES,
    Band,
    Categories,
    Combination,
    Group,
    ItemLike,
    ItemRule,
    RuleSet,
    RuleSetError,
    Suppression,
    Thresholds,
    Trigger,
    most_points,
)
from kodomo.wording import Row, kind_of, title

#: What a slider sends: knob → number, or whether a row is used.
Edits = Mapping[str, float | bool]
MOST_POINTS = 20.0


class BadEdit(RuleSetError):
    """A slider sent something that is no number for a number of this rule set."""

    def __init__(self) -> None:
        super().__init__("動かした値を読めませんでした。画面を開き直して、もう一度動かしてください。")


@dataclass(frozen=True)
class Knob:
    """One number of a row: where it stands now, and between what it may move.

    `after` names the knob whose value must stay below this one's (thresholds and bands rise).
    """

    id: str
    label: str
    unit: str
    value: float
    low: float
    high: float
    step: float
    after: str = ""


@dataclass(frozen=True)
class Board:
    """One row of the panel: a threshold of a category and age band, or one rule, with its knobs."""

    code: str
    section: str
    category: str
    title: str
    knobs: tuple[Knob, ...]
    switch: str = ""
    enabled: bool = True


# -- naming the numbers -------------------------------------------------------------------------------------


def boards(ruleset: RuleSet, items: Mapping[str, ItemLike], shown: Categories) -> list[Board]:
    """The whole rule set as rows of knobs: thresholds first, then rules by category and code.

    A category's age bands without thresholds of their own stand there with those of 全年齢, so that a slider
    can give them their own.
    """
    found: list[Board] = []
    for category in shown.categories:
        for age_band in (ALL_AGES, *shown.age_bands):
            found.append(_threshold_board(ruleset, category.code, age_band, shown))
    rows: tuple[Row, ...] = (
        *ruleset.items,
        *ruleset.combinations,
        *ruleset.triggers,
        *ruleset.groups,
        *ruleset.suppressions,
    )
    places = {category.code: at for at, category in enumerate(shown.categories)}
    for row in sorted(rows, key=lambda row: places.get(row.category, len(places))):
        switch = "" if isinstance(row, Group) else f"use|{row.code}"
        enabled = True if isinstance(row, Group) else row.enabled
        knobs = tuple(_knobs(row, items, shown))
        found.append(Board(row.code, kind_of(row), row.category, title(row, items), knobs, switch, enabled))
    return found


def _threshold_board(ruleset: RuleSet, category: str, age_band: str, shown: Categories) -> Board:
    own = {row.age_band for row in ruleset.thresholds if row.category == category}
    points = ruleset.thresholds_for(category, None if age_band == ALL_AGES else age_band)
    bands = shown.age_bands if age_band == ALL_AGES else (age_band,)
    most = max((most_points(ruleset, category, band) for band in bands), default=points[-1])
    high = max(min(most, max(20.0, 1.6 * points[-1])), points[-1])
    knobs = []
    for level, point in enumerate(points, start=1):
        name = f"level|{category}|{age_band}|{level}"
        below = f"level|{category}|{age_band}|{level - 1}" if level > 1 else ""
        knobs.append(Knob(name, shown.levels[level].label, "点", point, 0.5, high, 0.5, below))
    return Board(f"{category}|{age_band}", "threshold", category, age_band, tuple(knobs), "", age_band in own)


def _knobs(row: Row, items: Mapping[str, ItemLike], shown: Categories) -> list[Knob]:
    match row:
        case ItemRule():
            found = []
            for age_band, bands in ((ALL_AGES, row.bands), *row.ages):
                found += _band_knobs(row.code, age_band, bands, items[row.item])
            return found
        case Combination():
            points = Knob(f"points|{row.code}", "加える点", "点", row.points, 0.0, MOST_POINTS, 0.5)
            return [points, *_leaf_knobs(row, items)]
        case Trigger():
            level = Knob(f"floor|{row.code}", "上げるレベル", "", row.level, 1, shown.top, 1)
            return [level, *_leaf_knobs(row, items)]
        case Group():
            return [Knob(f"cap|{row.code}", "合わせて", "点まで", row.cap, 0.5, max(30.0, row.cap), 0.5)]
    return _leaf_knobs(row, items)


def _band_knobs(code: str, age_band: str, bands: tuple[Band, ...], item: ItemLike) -> list[Knob]:
    found = []
    some = item.kind == "flag" or item.unit == "有無"
    age = "" if age_band == ALL_AGES else f"{age_band} "
    for at, band in enumerate(bands):
        if not some:
            below = f"from|{code}|{age_band}|{at - 1}" if at else ""
            step = _step(band.at)
            high = _high(max(band.at, bands[-1].at), item)
            name = f"from|{code}|{age_band}|{at}"
            found.append(
                Knob(name, f"{age}{at + 1}段目", f"{item.unit}以上", band.at, step, high, step, below)
            )
        label = f"{age}あるとき" if some else f"{age}{at + 1}段目の点"
        found.append(Knob(f"gives|{code}|{age_band}|{at}", label, "点", band.points, 0.0, MOST_POINTS, 0.5))
    return found


def _leaf_knobs(row: Combination | Trigger | Suppression, items: Mapping[str, ItemLike]) -> list[Knob]:
    found = []
    words = {">=": "以上", ">": "より多い", "<=": "以下", "<": "未満", "=": "ちょうど", "!=": "以外"}
    for at, leaf in enumerate(leaves(row.when)):
        item = items[leaf.item]
        if item.kind == "flag" or item.unit == "有無":
            continue
        step = _step(leaf.value or 1.0)
        unit = f"{item.unit}{words[leaf.op]}"
        high = _high(leaf.value, item)
        found.append(Knob(f"if|{row.code}|{at}", item.label, unit, leaf.value, 0.0, high, step))
    return found


def _step(value: float) -> float:
    return 1.0 if float(value).is_integer() else 0.1


def _high(value: float, item: ItemLike) -> float:
    """A scale with room above the value; shares end at 100 %."""
    if item.unit == "%":
        return 100.0
    if item.kind == "level":
        return max(value, 5.0)
    return max(float(math.ceil(value * 2.5)), 5.0)


# -- turning them -------------------------------------------------------------------------------------------


def turn(ruleset: RuleSet, edits: Edits, shown: Categories) -> RuleSet:
    """The rule set with some of its numbers at other values; nothing is checked but that they are numbers.

    Raises:
        BadEdit: a knob of no row, or something that is no number.
    """
    levels: dict[tuple[str, str], list[float]] = {}
    rows: dict[str, Row] = {
        row.code: row
        for row in (
            *ruleset.items,
            *ruleset.combinations,
            *ruleset.triggers,
            *ruleset.groups,
            *ruleset.suppressions,
        )
    }
    for name, value in sorted(edits.items()):
        kind, _, rest = name.partition("|")
        try:
            if kind == "level":
                category, age_band, level = rest.split("|")
                if age_band != ALL_AGES and age_band not in shown.age_bands:
                    raise BadEdit
                start = ruleset.thresholds_for(category, None if age_band == ALL_AGES else age_band)
                points = levels.setdefault((category, age_band), list(start))
                points[_at(level, len(points), first=1)] = _number(value)
            else:
                code = rest.split("|")[0]
                rows[code] = _turned(rows[code], kind, rest.split("|")[1:], value)
        except (KeyError, ValueError, IndexError) as error:
            raise BadEdit from error
    kept = {(row.category, row.age_band): row.points for row in ruleset.thresholds}
    kept |= {key: tuple(points) for key, points in levels.items()}

    return replace(
        ruleset,
        items=_of(rows, ItemRule),
        combinations=_of(rows, Combination),
        triggers=_of(rows, Trigger),
        groups=_of(rows, Group),
        suppressions=_of(rows, Suppression),
        thresholds=tuple(Thresholds(category, age, points) for (category, age), points in kept.items()),
    )


Kind = TypeVar("Kind")


def _of(rows: Mapping[str, Row], kind: type[Kind]) -> tuple[Kind, ...]:
    return tuple(row for row in rows.values() if isinstance(row, kind))


def _turned(row: Row, kind: str, rest: list[str], value: float | bool) -> Row:
    if kind == "use" and not isinstance(row, Group):
        if not isinstance(value, bool):
            raise BadEdit
        return replace(row, enabled=value)
    if kind in ("from", "gives") and isinstance(row, ItemRule):
        age_band, at = rest
        bands = list(row.bands if age_band == ALL_AGES else dict(row.ages)[age_band])
        place = _at(at, len(bands))
        if kind == "from":
            bands[place] = replace(bands[place], at=round(_number(value), 4))
        else:
            bands[place] = replace(bands[place], points=round(_number(value), 2))
        if age_band == ALL_AGES:
            return replace(row, bands=tuple(bands))
        ages = tuple((age, tuple(bands) if age == age_band else old) for age, old in row.ages)
        return replace(row, ages=ages)
    if kind == "points" and isinstance(row, Combination):
        return replace(row, points=round(_number(value), 2))
    if kind == "floor" and isinstance(row, Trigger):
        if not float(_number(value)).is_integer():
            raise BadEdit
        return replace(row, level=int(value))
    if kind == "cap" and isinstance(row, Group):
        return replace(row, cap=round(_number(value), 2))
    if kind == "if" and isinstance(row, Combination | Trigger | Suppression):
        wanted = _at(rest[0], sum(1 for _ in leaves(row.when)))
        return replace(row, when=_replaced(row.when, wanted, round(_number(value), 4)))
    raise BadEdit


def _at(text: str, size: int, first: int = 0) -> int:
    at = int(text) - first
    if not 0 <= at < size:
        raise BadEdit
    return at


def _number(value: float | bool) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1e6:
        raise BadEdit
    return float(value)


def _replaced(tree: Condition, wanted: int, value: float) -> Condition:
    """The same condition with the value of its n-th leaf changed."""
    seen = -1

    def walk(part: Condition) -> Any:
        nonlocal seen
        match part:
            case Leaf():
                seen += 1
                return replace(part, value=value) if seen == wanted else part
            case All(parts) | AnyOf(parts):
                return replace(part, parts=tuple(walk(inner) for inner in parts))
            case AtLeast(_, parts):
                return replace(part, parts=tuple(walk(inner) for inner in parts))
            case Not(inner):
                return replace(part, part=walk(inner))
            case Then(first, second, _):
                return replace(part, first=walk(first), second=walk(second))
        raise TypeError(type(part).__name__)

    return walk(tree)


def turned(
    before: RuleSet, after: RuleSet, items: Mapping[str, ItemLike], shown: Categories
) -> dict[str, float | bool]:
    """The edits that lead from one rule set to another of the same rows; the inverse of `turn`."""
    found: dict[str, float | bool] = {}
    own = [{(row.category, row.age_band) for row in rules.thresholds} for rules in (before, after)]
    old = {board.code: board for board in boards(before, items, shown)}
    for board in boards(after, items, shown):
        was = old.get(board.code)
        if was is None:
            continue
        if board.switch and board.enabled != was.enabled:
            found[board.switch] = board.enabled
        values = {knob.id: knob.value for knob in was.knobs}
        if board.section == "threshold":
            place = (board.category, board.title)
            if place not in own[1]:
                continue
            if place not in own[0]:
                # Thresholds of its own stay its own, even where they look like those of 全年齢.
                values = {}
        found |= {knob.id: knob.value for knob in board.knobs if values.get(knob.id) != knob.value}
    return found
