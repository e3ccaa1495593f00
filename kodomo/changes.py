"""Changes: who entered, left, rose and fell since the judgement before, and for which reasons."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import duckdb

from kodomo.paths import SQL
from kodomo.roster import Scope, query

Connection = duckdb.DuckDBPyConnection
KINDS: Mapping[str, str] = {
    "entered": "新しく入った",
    "rose": "上がった",
    "left": "外れた",
    "fell": "下がった",
}
# What is kept of the older judgement: by table, the columns by which it is sorted and the others. Values are
# many and stand in order already.
_TABLES: Mapping[str, tuple[str, str]] = {
    "judgement": ("resident_id, category", "level, points, missing, age_band"),
    "reason": ("resident_id, category, kind, code", "points, text, event_ids"),
    "item_value": ("", "resident_id, item, value, newest_occurred_on"),
}


@dataclass(frozen=True)
class Basis:
    """The earlier judgement that this one is held against."""

    as_of: date
    ruleset: str


@dataclass(frozen=True)
class Move:
    """One child whose level changed in one category; `is_new` when it was no child of the city before."""

    resident_id: str
    category: str
    kind: str
    level_before: int
    level: int
    points_before: float
    points: float
    is_new: bool


# -- keeping, while judging ---------------------------------------------------------------------


def month_before(day: date) -> date:
    """The same day a month earlier; the last day of a month gives the last day of the month before."""
    year, month = (day.year, day.month - 1) if day.month > 1 else (day.year - 1, 12)
    length, last = monthrange(day.year, day.month)[1], monthrange(year, month)[1]
    return date(year, month, last if day.day == length else min(day.day, last))


def keep_earlier(
    con: Connection, as_of: date, judge_on: Callable[[Connection, date], str] | None = None
) -> Basis | None:
    """Keep the judgement that stands in the snapshot, before a new one replaces it.

    Args:
        con: the read-write connection of a build, with the older judgement still in it.
        as_of: the day that will be judged.
        judge_on: judges a day on the connection it is given, into temporary tables, and returns the id of the
            rule set; used for the month before when no older judgement is there. None: nothing to compare.

    Makes earlier_judgement, earlier_reason, earlier_item_value and the meta keys earlier_as_of and
    earlier_ruleset. Judging the same day again keeps what was kept for it.

    Returns:
        What is compared with, None if nothing is.
    """
    meta = dict(con.execute("select key, value from meta").fetchall()) if _has(con, "meta") else {}
    standing = _day(meta.get("as_of")) if all(_has(con, table) for table in _TABLES) else None
    kept = _day(meta.get("earlier_as_of")) if _has(con, "earlier_item_value") else None
    if standing is not None and standing < as_of:
        return _keep(con, Basis(standing, meta.get("ruleset", "")))
    if kept is not None and kept < as_of:
        return Basis(kept, meta.get("earlier_ruleset", ""))
    for table in _TABLES:
        con.execute(f"drop table if exists earlier_{table}")
    if judge_on is None:
        return None
    day = month_before(as_of)
    # A cursor has temporary tables of its own, so nothing of that day stays behind.
    other = con.cursor()
    try:
        return _keep(other, Basis(day, judge_on(other, day)))
    finally:
        other.close()


def _keep(con: Connection, basis: Basis) -> Basis:
    for table, (order, others) in _TABLES.items():
        columns = f"{order}, {others}" if order else others
        sorting = f" order by {order}" if order else ""
        con.execute(f"create or replace table earlier_{table} as select {columns} from {table}{sorting}")
    for key, value in (("earlier_as_of", basis.as_of.isoformat()), ("earlier_ruleset", basis.ruleset)):
        con.execute("delete from meta where key = ?", [key])
        con.execute("insert into meta values (?, ?)", [key, value])
    return basis


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text[:10]) if text else None


def _has(con: Connection, table: str) -> bool:
    found = con.execute(
        "select count(*) from duckdb_tables() where table_name = ? and not temporary", [table]
    ).fetchall()
    return found[0][0] > 0


# -- reading ------------------------------------------------------------------------------------


def basis(con: Connection) -> Basis | None:
    """What the snapshot's judgement is compared with; None where there is nothing."""
    with con.cursor() as cursor:
        # Snapshots of older versions kept less; the next judgement keeps all of it.
        if not _has(cursor, "earlier_item_value"):
            return None
        meta = dict(cursor.execute("select key, value from meta").fetchall())
    day = _day(meta.get("earlier_as_of"))
    return Basis(day, meta.get("earlier_ruleset", "")) if day else None


def counts(con: Connection, scope: Scope) -> dict[tuple[str, str], int]:
    """How many children changed, by (category, kind)."""
    return {(row["category"], row["kind"]): row["children"] for row in _run(con, "counts", scope)}


def overall(con: Connection, scope: Scope) -> dict[str, int]:
    """How many children came onto the list, rose, left it and fell, each child once, by kind."""
    return {row["kind"]: row["children"] for row in _run(con, "overall", scope)}


def gone(con: Connection) -> dict[str, int]:
    """How many children of the earlier list are no children of the city any more, by why."""
    return {row["reason"]: row["children"] for row in _run(con, "gone")}


def moves(
    con: Connection,
    scope: Scope,
    *,
    kinds: Sequence[str] = (),
    categories: Sequence[str] = (),
    number: int = 1,
    size: int = 20,
) -> tuple[list[Move], int]:
    """One page of children whose level changed, and how many there are.

    Args:
        scope: which children (`access.child_filter`).
        kinds, categories: only these; all when empty.
        number: the page, from 1; `size` rows a page.

    Returns:
        entered, rose, left, fell in this order, the highest level first within each.
    """
    rows = _run(
        con,
        "moves",
        scope,
        kinds=list(kinds) or None,
        categories=list(categories) or None,
        limit=size,
        offset=(max(number, 1) - 1) * size,
    )
    total = rows[0]["total"] if rows else 0
    return [Move(**{key: row[key] for key in Move.__dataclass_fields__}) for row in rows], total


@cache
def _sql(name: str) -> str:
    return (SQL / "changes" / f"{name}.sql").read_text(encoding="utf-8")


def _run(con: Connection, name: str, scope: Scope | None = None, **params: Any) -> list[dict[str, Any]]:
    return query(con, _sql(name), scope, **params)
