"""Rescore: the judged city in memory, so that any draft of the rules scores every child at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from threading import Lock
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from kodomo.conditions import OPERATORS, All, AnyOf, AtLeast, Condition, Leaf, Not, Then
from kodomo.judge import meta
from kodomo.paths import SQL
from kodomo.rules import (
    Band,
    Categories,
    Combination,
    ItemLike,
    ItemRule,
    RuleSet,
    Suppression,
    Trigger,
    catalogue,
    load_categories,
)

Rule = ItemRule | Combination | Trigger | Suppression
Places = NDArray[np.int32]
Whole = NDArray[np.int8]
Mask = NDArray[np.bool_]
NO_DAY = -(2**31)
NO_RANK = 2**31 - 1
#: What children are grouped by, and the words above it: first where they are, then who they are.
GROUPINGS = {
    "school": "学校",
    "town": "地区",
    "age_band": "年齢",
    "nationality": "国籍",
    "single_parent": "ひとり親",
    "public_assistance": "生活保護",
    "sex": "性別",
}
FLAGS = {
    "single_parent": ("single_parent", "ひとり親", "それ以外"),
    "public_assistance": ("public_assistance", "受けている", "受けていない"),
}
#: Scored rules kept in memory, so that a slider has only its own rule to score again.
KEPT_RULES = 2000


@dataclass(frozen=True)
class Known:
    """One item: the children (places, rising) it says something of.

    `value` is NaN where it is unknown; `newest` is the day of the newest fact, in days since 1970.
    """

    at: Places
    value: NDArray[np.float64]
    newest: Places


@dataclass(frozen=True)
class Grouping:
    """The group of every child: `part[n]` is the place of child n's group in `names`."""

    names: tuple[str, ...]
    part: NDArray[np.int32]


@dataclass(frozen=True)
class City:
    """The children in scope with all that the rules read: k categories, n children by rising resident number.

    `band` is the place of the age band in ('', *age bands); `rank` the order of checking of the published
    judgement (NO_RANK where there is none); `as_of` the judged day in days since 1970.
    """

    as_of: int
    categories: tuple[str, ...]
    age_bands: tuple[str, ...]
    top: int
    residents: NDArray[np.str_]
    band: Whole
    known: Mask
    rank: NDArray[np.int64]
    items: Mapping[str, Known]
    groupings: Mapping[str, Grouping]

    @property
    def children(self) -> int:
        """How many children are in scope."""
        return len(self.residents)


@dataclass(frozen=True)
class Scored:
    """What one rule set says of the city: points, floors and levels (k × n).

    `hits` tells for each enabled rule the places of the children it counts for.
    """

    points: NDArray[np.float64]
    floor: Whole
    level: Whole
    hits: Mapping[str, Places]

    @property
    def highest(self) -> Whole:
        """Each child's highest level over all categories."""
        return self.level.max(axis=0) if self.level.size else np.zeros(self.level.shape[1], dtype=np.int8)


# -- reading ------------------------------------------------------------------------------------------------


def read(
    con: duckdb.DuckDBPyConnection,
    scope_sql: str = "true",
    params: Sequence[Any] = (),
    items: Mapping[str, ItemLike] | None = None,
    shown: Categories | None = None,
) -> City:
    """Read the children in scope and every item value into memory.

    Args:
        con: a connection to a judged snapshot; a cursor of its own is used and drained.
        scope_sql: SQL over the columns of `child` (from `access.child_filter`), with `?` for its parameters.
        params: the parameters of `scope_sql`.
        items: the catalogue, the city's own when None.
        shown: categories, levels and age bands, the city's own when None.
    """
    shown = shown or load_categories()
    known = catalogue(items)
    codes = sorted(known)
    scope, bound = _named(scope_sql, params)
    with con.cursor() as cursor:
        pupil = cursor.execute(_sql("pupil", scope), bound).fetchnumpy()
        query = fact_sql(cursor, scope, known)
        fact = cursor.execute(query, bound | {"items": codes}).fetchnumpy()
        as_of = date.fromisoformat(meta(cursor)["as_of"])  # type: ignore[arg-type]
    residents = np.asarray(pupil["resident_id"], dtype=str)
    bands = ("", *shown.age_bands)
    number: dict[Any, int] = {name: at for at, name in enumerate(bands)}
    held = held_items(fact, codes)
    groupings = {name: _grouping(pupil[name]) for name in ("school", "town", "nationality", "sex")}
    groupings["age_band"] = _grouping(pupil["age_band"])
    for name, (item, yes, no) in FLAGS.items():
        part = np.ones(len(residents), dtype=np.int32)
        if item in held:
            part[held[item].at[held[item].value > 0]] = 0
        groupings[name] = Grouping((yes, no), part)
    return City(
        as_of=(as_of - date(1970, 1, 1)).days,
        categories=tuple(category.code for category in shown.categories),
        age_bands=bands,
        top=shown.top,
        residents=residents,
        band=np.array([number.get(name, 0) for name in pupil["age_band"].tolist()], dtype=np.int8),
        known=np.asarray(pupil["known_case"], dtype=bool),
        rank=_filled(pupil["rank"], NO_RANK).astype(np.int64),
        items=held,
        groupings=groupings,
    )


def fact_sql(
    con: duckdb.DuckDBPyConnection, scope: str, known: Mapping[str, ItemLike], child: str = "main.child"
) -> str:
    """The query for every known or unknown value; bind $items, the sorted codes of the catalogue.

    Args:
        con: where item_status stands.
        scope: SQL over the columns of `child`, with named parameters.
        known: the catalogue.
        child: the table of children, as nothing of the query hides it.
    """
    states = dict(con.execute("select item, state from item_status order by item").fetchall())
    # The condition is the catalogue's own text, as in judge; children it does not apply to stay at 0.
    unknown = "".join(
        f" union all select resident_id, '{code}' as item from {child}"
        f" where coalesce(({known[code].applies or 'true'}), true)"
        for code in sorted(known)
        if states.get(code) != "ok"
    )
    return _sql("fact", scope).replace("{unknown}", unknown)


def held_items(fact: Mapping[str, Any], codes: Sequence[str]) -> dict[str, Known]:
    """The columns of `fact_sql` as one `Known` an item; `codes` as they were bound."""
    numbers = np.asarray(fact["item_no"], dtype=np.int64)
    place = np.asarray(fact["place"], dtype=np.int32)
    value = np.asarray(fact["value"], dtype=np.float64)
    newest = np.asarray(fact["newest"], dtype=np.int32)
    edges = np.searchsorted(numbers, np.arange(1, len(codes) + 2)).tolist()
    return {
        code: Known(place[a:b], value[a:b], newest[a:b])
        for code, a, b in zip(codes, edges[:-1], edges[1:], strict=True)
        if b > a
    }


def _named(scope_sql: str, params: Sequence[Any]) -> tuple[str, dict[str, Any]]:
    """A scope with named parameters, so that it may stand more than once in a query."""
    parts = scope_sql.split("?")
    text = "".join(f"{part}$scope_{n}" for n, part in enumerate(parts[:-1])) + parts[-1]
    return text, {f"scope_{n}": value for n, value in enumerate(params)}


def _sql(name: str, scope: str) -> str:
    return (SQL / "tuning" / f"{name}.sql").read_text(encoding="utf-8").replace("{scope}", scope)


def _filled(values: Any, missing: float) -> NDArray[Any]:
    if isinstance(values, np.ma.MaskedArray):
        return np.asarray(values.filled(missing))
    return np.asarray(values)


def _grouping(values: Any) -> Grouping:
    names, part = np.unique(np.asarray(values, dtype=str), return_inverse=True)
    return Grouping(tuple(str(name) for name in names), part.astype(np.int32))


# -- conditions, three-valued -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Truth:
    """Where a condition surely holds and where it surely does not; elsewhere it is unknown."""

    yes: Mask
    no: Mask


def _dense(city: City, item: str) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Value (NaN unknown, 0 nothing) and newest day of one item for every child."""
    value = np.zeros(city.children)
    newest = np.full(city.children, NO_DAY, dtype=np.int64)
    held = city.items.get(item)
    if held is not None:
        value[held.at] = held.value
        newest[held.at] = held.newest
    return value, newest


def _leaf(city: City, leaf: Leaf) -> tuple[_Truth, NDArray[np.int64]]:
    value, newest = _dense(city, leaf.item)
    known = ~np.isnan(value)
    yes = OPERATORS[leaf.op](value, leaf.value) & known
    held = _Truth(yes, ~yes & known)
    if leaf.within_days is not None:
        dated = newest != NO_DAY
        near = city.as_of - newest <= leaf.within_days
        held = _Truth(held.yes & dated & near, held.no | (dated & ~near))
    return held, newest


def truth(city: City, condition: Condition) -> _Truth:
    """A condition for every child at once, by Kleene's tables, as `conditions.truth` says it of one."""
    match condition:
        case Leaf():
            return _leaf(city, condition)[0]
        case All(parts):
            found = [truth(city, part) for part in parts]
            return _Truth(
                np.logical_and.reduce([f.yes for f in found]), np.logical_or.reduce([f.no for f in found])
            )
        case AnyOf(parts):
            found = [truth(city, part) for part in parts]
            return _Truth(
                np.logical_or.reduce([f.yes for f in found]), np.logical_and.reduce([f.no for f in found])
            )
        case Not(part):
            inner = truth(city, part)
            return _Truth(inner.no, inner.yes)
        case AtLeast(k, parts):
            found = [truth(city, part) for part in parts]
            sure = np.sum([f.yes for f in found], axis=0)
            never = np.sum([f.no for f in found], axis=0)
            return _Truth(sure >= k, len(parts) - never < k)
        case Then(first, second, within):
            a, a_day = _leaf(city, first)
            b, b_day = _leaf(city, second)
            dated = (a_day != NO_DAY) & (b_day != NO_DAY)
            near = (b_day - a_day >= 0) & (b_day - a_day <= within)
            return _Truth(a.yes & b.yes & dated & near, a.no | b.no | (dated & ~near))
    raise TypeError(type(condition).__name__)


# -- scoring ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Hit:
    """The children one rule counts for, with its points in hundredths (0 for triggers and suppressions)."""

    at: Places
    points: NDArray[np.int64]


class Scorer:
    """Scores one city by any rule set; a rule scored before is not scored again.

    Safe to share between readers: what it keeps never changes once it is there.
    """

    def __init__(self, city: City) -> None:
        """Begin with the city and nothing scored."""
        self.city = city
        self._hits: dict[Rule, _Hit] = {}
        self._lock = Lock()

    def score(self, ruleset: RuleSet) -> Scored:
        """Points, floors and levels of every child, the same as `judge.judge_items` gives."""
        city = self.city
        rows = (*ruleset.items, *ruleset.combinations, *ruleset.triggers, *ruleset.suppressions)
        found = {row.code: self._hit(row) for row in rows if row.enabled}
        shape = (len(city.categories), city.children)
        cents = np.zeros(shape, dtype=np.int64)
        floor = np.zeros(shape, dtype=np.int8)
        for k, category in enumerate(city.categories):
            mine = [row for row in (*ruleset.items, *ruleset.combinations) if row.category == category]
            parts = [found[row.code] for row in mine if row.code in found]
            cents[k] = _sum(parts, city.children)
            for group in ruleset.groups:
                if group.category == category:
                    members = [found[code] for code in group.rules if code in found]
                    over = _sum(members, city.children) - round(group.cap * 100)
                    cents[k] -= np.maximum(over, 0)
            for row in ruleset.triggers:
                if row.enabled and row.category == category:
                    at = found[row.code].at
                    floor[k, at] = np.maximum(floor[k, at], row.level)
        points = cents / 100
        return Scored(
            points,
            floor,
            self._levels(ruleset, points, floor),
            {code: hit.at for code, hit in found.items()},
        )

    def _levels(self, ruleset: RuleSet, points: NDArray[np.float64], floor: Whole) -> Whole:
        """The higher of the floor and the number of thresholds reached, as in sql/judge/relevel.sql."""
        level = floor.copy()
        for k, category in enumerate(self.city.categories):
            starts = np.array([ruleset.thresholds_for(category, band) for band in self.city.age_bands])
            # Most children have no points at all, and every threshold lies above 0.
            some = np.flatnonzero(points[k] > 0)
            reached = (points[k, some][:, None] >= starts[self.city.band[some]]).sum(axis=1)
            level[k, some] = np.maximum(level[k, some], reached)
        return level

    def _hit(self, row: Rule) -> _Hit:
        # Words do not change whom a rule counts for.
        key = replace(row, reason="", source="", label="")
        known = self._hits.get(key)
        if known is None:
            known = self._banded(row) if isinstance(row, ItemRule) else self._conditional(row)
            with self._lock:
                if len(self._hits) >= KEPT_RULES:
                    self._hits.clear()
                self._hits[key] = known
        return known

    def _banded(self, row: ItemRule) -> _Hit:
        held = self.city.items.get(row.item)
        if held is None:
            return _Hit(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int64))
        points = _reached(row.bands, held.value)
        if row.ages:
            band = self.city.band[held.at]
            for age_band, bands in row.ages:
                mine = band == self.city.age_bands.index(age_band)
                points[mine] = _reached(bands, held.value[mine])
        some = points != 0
        return _Hit(held.at[some], points[some])

    def _conditional(self, row: Combination | Trigger | Suppression) -> _Hit:
        cents = round(row.points * 100) if isinstance(row, Combination) else 0
        at = np.flatnonzero(truth(self.city, row.when).yes).astype(np.int32)
        if isinstance(row, Combination) and not cents:
            at = at[:0]
        return _Hit(at, np.full(len(at), cents, dtype=np.int64))


def _reached(bands: Sequence[Band], value: NDArray[np.float64]) -> NDArray[np.int64]:
    """Points in hundredths of the highest band reached; 0 below the first and where the value is unknown."""
    starts = np.array([band.at for band in bands])
    points = np.array([0, *(round(band.points * 100) for band in bands)], dtype=np.int64)
    # NaN sorts behind every number: unknown values would reach the last band.
    return points[np.where(np.isnan(value), 0, np.searchsorted(starts, value, side="right"))]


def _sum(hits: Sequence[_Hit], children: int) -> NDArray[np.int64]:
    if not hits:
        return np.zeros(children, dtype=np.int64)
    at = np.concatenate([hit.at for hit in hits])
    points = np.concatenate([hit.points for hit in hits])
    # Whole hundredths below 2**53: the sums of bincount are exact.
    return np.bincount(at, weights=points, minlength=children).astype(np.int64)
