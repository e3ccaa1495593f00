"""Roster: the list of children in the order of checking, its filters and its counts."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from functools import cache
from typing import Any

import duckdb

from kodomo.errors import KodomoError
from kodomo.paths import SQL
from kodomo.rules import RuleSet

PAGE_SIZE = 50
BANDS = ("0-2", "3-5", "小低", "小高", "中", "高")


class UnknownFilter(KodomoError):
    """A saved filter names a condition this version does not know."""

    def __init__(self) -> None:
        super().__init__("保存した条件を読み取れませんでした。条件を選び直して、もう一度保存してください。")


@dataclass(frozen=True)
class Scope:
    """Which children a person may list: an SQL condition over the columns of `child`, and its parameters.

    The condition comes from `access.child_filter`; `?` marks its parameters in order.
    """

    sql: str = "true"
    params: tuple[object, ...] = ()


@dataclass(frozen=True)
class Filter:
    """What the reader of the list narrowed it to; an empty tuple or `None` means no narrowing."""

    categories: tuple[str, ...] = ()
    levels: tuple[int, ...] = ()
    bands: tuple[str, ...] = ()
    grades: tuple[int, ...] = ()
    schools: tuple[str, ...] = ()
    department: str | None = None
    unreviewed: bool = True
    council: bool = False
    support: bool = False
    unknown: bool = False

    def to_text(self) -> str:
        """The filter as JSON, to be saved under a name."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_text(cls, text: str) -> Filter:
        """The filter that `to_text` wrote.

        Raises:
            UnknownFilter: when the text is no such filter.
        """
        try:
            body = json.loads(text)
            known = {item.name for item in fields(cls)}
            if not isinstance(body, dict) or set(body) - known:
                raise UnknownFilter
            values: dict[str, Any] = {
                key: tuple(value) if isinstance(value, list) else value for key, value in body.items()
            }
            return cls(**values)
        except (ValueError, TypeError) as error:
            raise UnknownFilter from error


@dataclass(frozen=True)
class Row:
    """One child in the list; `levels`, `points` and the unknown item codes `missing` are by category."""

    resident_id: str
    child_ref: str
    rank: int | None
    name: str
    kana: str | None
    age: int | None
    grade: int | None
    school: str | None
    age_band: str
    levels: Mapping[str, int]
    points: Mapping[str, float]
    missing: Mapping[str, tuple[str, ...]]
    reasons: tuple[str, ...]
    protected: bool
    in_care: bool
    known_case: bool
    council_open: bool
    support_open: bool
    last_seen_on: date | None
    last_seen_by: str | None

    @property
    def missing_items(self) -> tuple[str, ...]:
        """All unknown items of the child, each once, in a fixed order."""
        return tuple(sorted({item for items in self.missing.values() for item in items}))


@dataclass(frozen=True)
class Page:
    """One page of the list and the number of all children that fit."""

    rows: tuple[Row, ...]
    total: int


@dataclass(frozen=True)
class Totals:
    """The figures above the list, over the children a person may see."""

    children: int
    listed: int
    unreviewed: int
    urgent: int
    unknown_to_centre: int


@dataclass(frozen=True)
class LevelCount:
    """How many children stand at a level of a category, and how many of them nobody has looked at yet."""

    category: str
    level: int
    children: int
    unreviewed: int


@cache
def _sql(name: str) -> str:
    return (SQL / "roster" / f"{name}.sql").read_text(encoding="utf-8")


def query(
    con: duckdb.DuckDBPyConnection, text: str, scope: Scope | None = None, **params: Any
) -> list[dict[str, Any]]:
    """Run one query on a cursor of its own and drain it.

    Args:
        text: SQL with named parameters; `{scope}` stands where the condition of `scope` goes.
        scope: which children this person may list; its `?` become parameters of their own.
        params: the named parameters.

    Returns:
        One mapping of column to value per row.
    """
    if scope is not None:
        condition = scope.sql
        for index, value in enumerate(scope.params):
            condition = condition.replace("?", f"$scope_{index}", 1)
            params[f"scope_{index}"] = value
        text = text.replace("{scope}", f"({condition})")
    with con.cursor() as cursor:
        cursor.execute(text, params or None)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _run(
    con: duckdb.DuckDBPyConnection, name: str, scope: Scope | None = None, **params: object
) -> list[dict[str, Any]]:
    """Run one file of sql/roster on a cursor of its own and drain it."""
    return query(con, _sql(name), scope, **params)


def page(
    con: duckdb.DuckDBPyConnection,
    scope: Scope,
    chosen: Filter,
    settled: Sequence[str],
    *,
    found: Sequence[str] | None = None,
    number: int = 1,
    size: int = PAGE_SIZE,
    most_reasons: int = 3,
    floors: Mapping[str, int] | None = None,
    by_rank: bool = True,
) -> Page:
    """One page of the list.

    Arguments: `scope` what the reader may list; `chosen` the filter; `settled` the resident ids whose newest
    review still stands; `found` the resident ids of a search, best first, or `None` without a search (with
    one, children below every level are listed too); `number` counts pages from 1; `by_rank` false orders by
    name and lists children below every level, for those who may not see levels.
    """
    matched = _run(
        con,
        "matches",
        scope,
        categories=list(chosen.categories) or None,
        levels=list(chosen.levels) or None,
        bands=list(chosen.bands) or None,
        grades=list(chosen.grades) or None,
        schools=list(chosen.schools) or None,
        department=chosen.department,
        unreviewed=chosen.unreviewed and found is None and by_rank,
        listed=found is None and by_rank,
        by_rank=by_rank,
        council=chosen.council,
        support=chosen.support,
        unknown=chosen.unknown,
        settled=list(settled),
        found=list(found) if found is not None else None,
        limit=size,
        offset=(max(number, 1) - 1) * size,
    )
    if not matched:
        return Page((), 0)
    residents = [row["resident_id"] for row in matched]
    ranks = {row["resident_id"]: row["rank"] for row in matched}
    rows = describe(con, residents, ranks, most_reasons=most_reasons, floors=floors)
    order = {resident: place for place, resident in enumerate(residents)}
    return Page(tuple(sorted(rows, key=lambda row: order[row.resident_id])), matched[0]["total"])


def describe(
    con: duckdb.DuckDBPyConnection,
    residents: Sequence[str],
    ranks: Mapping[str, int | None] | None = None,
    *,
    most_reasons: int = 3,
    floors: Mapping[str, int] | None = None,
) -> list[Row]:
    """What the list shows of the given children, in no particular order of checking (by resident id).

    `floors` gives the level that each trigger sets by itself, by its code (`floors_of`).
    """
    wanted = list(residents)
    levels: dict[str, dict[str, int]] = defaultdict(dict)
    points: dict[str, dict[str, float]] = defaultdict(dict)
    missing: dict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
    own_ranks: dict[str, int | None] = {}
    for row in _run(con, "levels", residents=wanted):
        levels[row["resident_id"]][row["category"]] = row["level"]
        points[row["resident_id"]][row["category"]] = row["points"]
        missing[row["resident_id"]][row["category"]] = tuple(row["missing"] or ())
        own_ranks[row["resident_id"]] = row["rank"]
    reasons = _weightiest(_run(con, "reasons", residents=wanted), floors or {}, most_reasons)
    ranks = ranks if ranks is not None else own_ranks
    return [
        Row(
            resident_id=row["resident_id"],
            child_ref=row["child_ref"],
            rank=ranks.get(row["resident_id"]),
            name=row["name"],
            kana=row["kana"],
            age=row["age"],
            grade=row["school_grade"],
            school=row["school_name"],
            age_band=row["age_band"] or "",
            levels=levels[row["resident_id"]],
            points=points[row["resident_id"]],
            missing=missing[row["resident_id"]],
            reasons=tuple(reasons[row["resident_id"]]),
            protected=bool(row["protected"]),
            in_care=bool(row["in_care"]),
            known_case=bool(row["known_case"]),
            council_open=bool(row["council_open"]),
            support_open=bool(row["support_open"]),
            last_seen_on=row["last_seen_on"],
            last_seen_by=row["last_seen_by"],
        )
        for row in _run(con, "rows", residents=wanted)
    ]


def _weightiest(
    rows: Sequence[Mapping[str, Any]], floors: Mapping[str, int], most: int
) -> dict[str, list[str]]:
    """The weightiest reasons of each child: highest category first, then what sets the level, then points."""
    by_child: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        by_child[row["resident_id"]].append(row)
    chosen = {}
    for resident, own in by_child.items():
        own.sort(
            key=lambda row: (
                -row["level"],
                -floors.get(row["code"], 0) if row["kind"] == "trigger" else 0,
                -(row["points"] or 0.0),
                row["category"],
                row["ord"],
            )
        )
        texts = dict.fromkeys(row["text"].split("。")[0] for row in own)
        chosen[resident] = list(texts)[:most]
    return defaultdict(list, chosen)


def floors_of(ruleset: RuleSet) -> dict[str, int]:
    """The level each trigger of a rule set sets by itself, by its code."""
    return {trigger.code: trigger.level for trigger in ruleset.triggers}


def open_questions(row: Row, ruleset: RuleSet, category: str) -> bool:
    """Whether 'no level' would say too much: what is unknown could lift the child to a level by itself.

    Arguments: `row` the child; `ruleset` the rules it was judged by. True only at level 0, when the most
    points the unknown items could give, with those already there, reach the first level.
    """
    missing = row.missing.get(category, ())
    if row.levels.get(category, 0) or not missing:
        return False
    most = sum(
        max((band.points for band in rule.bands_for(row.age_band)), default=0.0)
        for rule in ruleset.items
        if rule.enabled and rule.category == category and rule.item in missing
    )
    return row.points.get(category, 0.0) + most >= ruleset.thresholds_for(category, row.age_band)[0]


def shown_level(row: Row, ruleset: RuleSet, category: str) -> int | None:
    """The level as it may be shown: None (不明) where 'no level' would say too much (`open_questions`)."""
    return None if open_questions(row, ruleset, category) else row.levels.get(category, 0)


def totals(con: duckdb.DuckDBPyConnection, scope: Scope, settled: Sequence[str]) -> Totals:
    """The totals above the list."""
    return Totals(**_run(con, "totals", scope, settled=list(settled))[0])


def level_counts(con: duckdb.DuckDBPyConnection, scope: Scope, settled: Sequence[str]) -> list[LevelCount]:
    """Children at each level of each category, highest level first within a category."""
    return [LevelCount(**row) for row in _run(con, "counts", scope, settled=list(settled))]


def listed(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The resident ids of all children on the list, to be compared with a later one."""
    with con.cursor() as cursor:
        cursor.execute("select distinct resident_id from judgement where level >= 1 order by resident_id")
        return [row[0] for row in cursor.fetchall()]


def choices(con: duckdb.DuckDBPyConnection, scope: Scope) -> dict[str, list[Any]]:
    """The schools, grades and age bands that occur among the children in scope."""
    row = _run(con, "choices", scope)[0]
    return {
        "schools": row["schools"] or [],
        "grades": [grade for grade in row["grades"] or [] if 0 <= grade <= 12],
        "bands": [band for band in BANDS if band in (row["bands"] or [])],
    }


def grade_label(grade: int | None) -> str:
    """A school grade in words: 就学前, 就学予定, 小1 … 中3, 高校年代."""
    if grade is None:
        return ""
    if grade < 0:
        return "就学前"
    if grade == 0:
        return "就学予定"
    if grade <= 6:
        return f"小{grade}"
    return f"中{grade - 6}" if grade <= 9 else "高校年代"
