"""Preview: every child's level under draft thresholds, held in memory so that a slider answers at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from kodomo.paths import SQL
from kodomo.rules import ALL_AGES, Categories, ThresholdsOutOfOrder, load_categories

#: category → age band (or 全年齢) → points from which level 1, 2, 3 … begin.
Drafts = Mapping[str, Mapping[str, Sequence[float]]]
Whole = NDArray[np.int8]
NO_RANK = 2**31 - 1


@dataclass(frozen=True)
class Cells:
    """The judged city as arrays: k categories, n children (those who have any points, floor or level at all).

    `children` is how many children are judged in all; the others stand at level 0 whatever the thresholds.
    `band` is the place of the age band in ('', *age bands). points, floor and level are k × n; `rank` is the
    order of checking (a large number where there is none).
    """

    categories: tuple[str, ...]
    age_bands: tuple[str, ...]
    top: int
    children: int
    residents: NDArray[np.str_]
    band: Whole
    known: NDArray[np.bool_]
    rank: NDArray[np.int64]
    points: NDArray[np.float64]
    floor: Whole
    level: Whole


@dataclass(frozen=True)
class Move:
    """One child's change of level in one category."""

    resident_id: str
    category: str
    old: int
    new: int
    points: float
    known_case: bool
    joins: bool
    leaves: bool


@dataclass(frozen=True)
class Effect:
    """What a draft changes.

    counts: category → per level from 0 up, (now, draft). highest: the same over each child's highest level.
    waiting: children at level 2 or above who are not looked at yet, (now, draft). up and down: the first
    moves, those who rise or fall most first; risen and fallen are how many moves there are in all; joining
    and leaving how many children come onto the list and leave it.
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


def read(
    con: duckdb.DuckDBPyConnection,
    scope_sql: str = "true",
    params: Sequence[Any] = (),
    shown: Categories | None = None,
) -> Cells:
    """Read the judgement of a snapshot into arrays.

    Args:
        con: a connection to the published snapshot; a cursor of its own is used and drained.
        scope_sql: SQL over the columns of `child` (from `access.child_filter`), with `?` for its parameters.
        params: the parameters of `scope_sql`.
        shown: categories, levels and age bands, the city's own when None.
    """
    shown = shown or load_categories()
    query = (SQL / "tuning" / "cells.sql").read_text(encoding="utf-8").replace("{scope}", scope_sql)
    with con.cursor() as cursor:
        found = cursor.execute(query, list(params)).fetchnumpy()
        total = cursor.execute(f"select count(*) from child where {scope_sql}", list(params)).fetchall()
    residents, place = np.unique(np.asarray(found["resident_id"], dtype=str), return_inverse=True)
    codes = [category.code for category in shown.categories]
    bands = ("", *shown.age_bands)
    row_of: dict[Any, int] = {code: number for number, code in enumerate(codes)}
    category = np.array([row_of.get(code, -1) for code in found["category"].tolist()], dtype=np.int64)
    kept = category >= 0
    category, place = category[kept], place[kept]
    k, n = len(codes), len(residents)
    points = np.zeros((k, n))
    floor = np.zeros((k, n), dtype=np.int8)
    level = np.zeros((k, n), dtype=np.int8)
    points[category, place] = _plain(found["points"], 0.0)[kept]
    floor[category, place] = _plain(found["floor_level"], 0)[kept]
    level[category, place] = _plain(found["level"], 0)[kept]
    band = np.zeros(n, dtype=np.int8)
    number: dict[Any, int] = {name: at for at, name in enumerate(bands)}
    band[place] = np.array([number.get(name, 0) for name in found["age_band"].tolist()], dtype=np.int8)[kept]
    known = np.zeros(n, dtype=bool)
    known[place] = _plain(found["known_case"], False).astype(bool)[kept]
    rank = np.full(n, NO_RANK)
    rank[place] = _plain(found["rank"], NO_RANK).astype(np.int64)[kept]
    return Cells(
        tuple(codes), bands, shown.top, int(total[0][0]), residents, band, known, rank, points, floor, level
    )


def _plain(values: Any, missing: float) -> NDArray[Any]:
    """A column without gaps."""
    if isinstance(values, np.ma.MaskedArray):
        return np.asarray(values.filled(missing))
    return np.asarray(values)


def levels(cells: Cells, drafts: Drafts, shown: Categories | None = None) -> Whole:
    """Levels (k × n) under the draft; a category the draft does not name keeps its levels.

    The level is the higher of the floor and the number of thresholds reached, as in sql/judge/relevel.sql.

    Raises:
        ThresholdsOutOfOrder: the thresholds do not rise.
    """
    shown = shown or load_categories()
    new = cells.level.copy()
    for row, code in enumerate(cells.categories):
        by_age = drafts.get(code)
        if by_age is None:
            continue
        starts = np.full((len(cells.age_bands), cells.top), np.nan)
        for at, age_band in enumerate(cells.age_bands):
            points = by_age.get(age_band, by_age.get(ALL_AGES))
            if points is None:
                continue
            if len(points) != cells.top or points[0] <= 0 or any(a >= b for a, b in pairwise(points)):
                raise ThresholdsOutOfOrder(
                    f"{shown.label(code)}のしきい値は、0より大きく、レベルが上がるほど大きい値にしてください。"
                )
            starts[at] = points
        drawn = ~np.isnan(starts[:, 0])[cells.band]
        reached = (cells.points[row][:, None] >= starts[cells.band]).sum(axis=1).astype(np.int8)
        new[row] = np.where(drawn, np.maximum(cells.floor[row], reached), cells.level[row])
    return new


def effect(
    cells: Cells, drafts: Drafts, settled: NDArray[np.bool_] | None = None, *, most: int = 50
) -> Effect:
    """What a draft changes for whom.

    Args:
        cells: the judged city.
        drafts: the thresholds tried out.
        settled: of the children in `cells`, whose review still stands (`settled_of`); none when None.
        most: how many moves up, and how many down, to name.

    Raises:
        ThresholdsOutOfOrder: the thresholds do not rise.
    """
    new, old = levels(cells, drafts), cells.level
    rest = cells.children - len(cells.residents)
    counts = {code: _both(old[row], new[row], cells.top, rest) for row, code in enumerate(cells.categories)}
    was, will = _highest(old), _highest(new)
    done = np.zeros(len(was), dtype=bool) if settled is None else settled
    waiting = (int(((was >= 2) & ~done).sum()), int(((will >= 2) & (~done | (will > was))).sum()))
    change = new.astype(np.int64) - old
    return Effect(
        counts=counts,
        highest=_both(was, will, cells.top, rest),
        waiting=waiting,
        up=_moves(cells, new, change, was, will, most),
        down=_moves(cells, new, -change, was, will, most),
        risen=int((change > 0).sum()),
        fallen=int((change < 0).sum()),
        joining=int(((was == 0) & (will > 0)).sum()),
        leaving=int(((was > 0) & (will == 0)).sum()),
    )


def settled_of(cells: Cells, residents: Sequence[str]) -> NDArray[np.bool_]:
    """Which children of `cells` are among `residents` (those whose newest review still stands)."""
    return np.isin(cells.residents, np.asarray(residents, dtype=cells.residents.dtype))


def _highest(level: Whole) -> Whole:
    return level.max(axis=0) if level.size else np.zeros(level.shape[1], dtype=np.int8)


def _both(old: Whole, new: Whole, top: int, rest: int) -> list[tuple[int, int]]:
    was, will = np.bincount(old, minlength=top + 1), np.bincount(new, minlength=top + 1)
    pairs = [(int(a), int(b)) for a, b in zip(was, will, strict=True)]
    return [(pairs[0][0] + rest, pairs[0][1] + rest), *pairs[1:]]


def _moves(
    cells: Cells, new: Whole, size: NDArray[np.int64], was: Whole, will: Whole, most: int
) -> tuple[Move, ...]:
    """The moves with a positive `size`, largest first, then by points, order of checking, child, category."""
    rows, places = np.nonzero(size > 0)
    order = np.lexsort((rows, places, cells.rank[places], -cells.points[rows, places], -size[rows, places]))[
        :most
    ]
    return tuple(
        Move(
            str(cells.residents[place]),
            cells.categories[row],
            int(cells.level[row, place]),
            int(new[row, place]),
            float(cells.points[row, place]),
            bool(cells.known[place]),
            bool(was[place] == 0),
            bool(will[place] == 0),
        )
        for row, place in zip(rows[order].tolist(), places[order].tolist(), strict=True)
    )
