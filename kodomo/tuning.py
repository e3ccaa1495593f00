"""Tuning: what other thresholds would change, at once, and the versions of the rule set people keep."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import pairwise
from typing import Any

import duckdb
import pandas as pd

from kodomo import audit, judge
from kodomo.audit import Actor
from kodomo.conditions import RuleSetError
from kodomo.ops import Conflict, OpsStore, jst_date, utc_text
from kodomo.paths import SQL
from kodomo.rules import (
    ALL_AGES,
    FIRST_RULESET,
    Categories,
    ItemLike,
    RuleSet,
    ThresholdsOutOfOrder,
    catalogue,
    dump_ruleset,
    load_categories,
    load_ruleset,
    parse_ruleset,
    validate,
)

#: category → age band (or 全年齢) → points from which level 1, 2, 3 … begin.
Drafts = Mapping[str, Mapping[str, Sequence[float]]]
MOVE_COLUMNS = (
    *("resident_id", "child_ref", "category", "old_level", "new_level", "points"),
    *("known_case", "suppressed"),
)


class NothingChanged(RuleSetError):
    """The version to be saved says the same as the one in use."""

    def __init__(self) -> None:
        super().__init__("いまの判定基準から変わっていません。どこかを変えてから保存してください。")


class MissingReason(RuleSetError):
    """A version was to be saved without a reason."""

    def __init__(self) -> None:
        super().__init__("変える理由を書いてください。あとから見直すときの手がかりになります。")


class UnknownVersion(RuleSetError):
    """No rule-set version has this number."""

    def __init__(self) -> None:
        super().__init__("その版は見つかりません。版の一覧から選び直してください。")


@dataclass(frozen=True)
class Version:
    """One kept version of the rule set; times are UTC texts, `active_from` is a day in Japan."""

    version_id: str
    parent_id: str | None
    title: str
    hash: str
    author: str
    reason: str
    created_at: str
    active_from: str | None
    status: str


# --- the effect of a draft ----------------------------------------------------------------------------------


def thresholds_of(ruleset: RuleSet) -> dict[str, dict[str, list[float]]]:
    """The thresholds of a rule set as a draft to change: category → age band → points per level."""
    drafts: dict[str, dict[str, list[float]]] = {}
    for row in ruleset.thresholds:
        drafts.setdefault(row.category, {})[row.age_band] = list(row.points)
    return drafts


def counts(
    con: duckdb.DuckDBPyConnection,
    thresholds: Drafts | RuleSet,
    scope_sql: str = "true",
    params: Sequence[Any] = (),
) -> pd.DataFrame:
    """Children per category and level, now and with draft thresholds.

    Args:
        con: a cursor on the published snapshot.
        thresholds: the draft; a mapping names whole categories (with 全年齢), others stay as they are.
        scope_sql: SQL over the columns of `child` (from `access.child_filter`), with `?` for its parameters.
        params: the parameters of `scope_sql`.

    Returns:
        Columns category, level, now, draft; one row for each category and level, also where both are 0.

    Raises:
        ThresholdsOutOfOrder: the thresholds do not rise.
    """
    found = {
        (c, level): (now, draft)
        for c, level, now, draft in _ask(con, "counts", thresholds, scope_sql, params)
    }
    children = _children(con, scope_sql, params)
    rows: list[tuple[str, int, int, int]] = []
    for category in load_categories().categories:
        part = {level: both for (code, level), both in found.items() if code == category.code}
        rows += [(category.code, *row) for row in _with_none(part, children)]
    return pd.DataFrame(rows, columns=["category", "level", "now", "draft"])


def workload(
    con: duckdb.DuckDBPyConnection,
    thresholds: Drafts | RuleSet,
    scope_sql: str = "true",
    params: Sequence[Any] = (),
) -> pd.DataFrame:
    """Children by their highest level over all categories, now and with the draft: columns level, now, draft.

    Args and errors as in `counts`.
    """
    found = {level: (now, draft) for level, now, draft in _ask(con, "load", thresholds, scope_sql, params)}
    rows = _with_none(found, _children(con, scope_sql, params))
    return pd.DataFrame(rows, columns=["level", "now", "draft"])


def _with_none(found: Mapping[int, tuple[int, int]], children: int) -> list[tuple[int, int, int]]:
    """(level, now, draft) for every level, in order; level 0 is everybody who stands at no other."""
    rows = [(level.value, *found.get(level.value, (0, 0))) for level in load_categories().levels[1:]]
    none = (0, children - sum(row[1] for row in rows), children - sum(row[2] for row in rows))
    return [none, *rows]


def _children(con: duckdb.DuckDBPyConnection, scope_sql: str, params: Sequence[Any]) -> int:
    cursor = con.cursor()
    try:
        return cursor.execute(f"select count(*) from child where {scope_sql}", list(params)).fetchall()[0][0]
    finally:
        cursor.close()


def moves(
    con: duckdb.DuckDBPyConnection,
    thresholds: Drafts | RuleSet,
    category: str | None = None,
    scope_sql: str = "true",
    params: Sequence[Any] = (),
    limit: int = 500,
) -> pd.DataFrame:
    """Who would change level: those who rise first.

    Args as in `counts`; `category` keeps one category, `limit` the number of rows.

    Returns:
        The columns of MOVE_COLUMNS.

    Raises:
        ThresholdsOutOfOrder: the thresholds do not rise.
    """
    rows = _ask(con, "moves", thresholds, scope_sql, params, category=category, most=limit)
    return pd.DataFrame(rows, columns=list(MOVE_COLUMNS))


def _ask(
    con: duckdb.DuckDBPyConnection,
    name: str,
    thresholds: Drafts | RuleSet,
    scope_sql: str,
    params: Sequence[Any],
    **more: Any,
) -> list[tuple[Any, ...]]:
    shown = load_categories()
    drafts = thresholds_of(thresholds) if isinstance(thresholds, RuleSet) else thresholds
    categories, age_bands, starts = _expanded(drafts, shown)
    parts = scope_sql.split("?")
    scope = "".join(f"{part}$scope_{n}" for n, part in enumerate(parts[:-1])) + parts[-1]
    whole = scope.strip() == "true"
    reached = " + ".join(f"(j.points >= t.points[{n}])::integer" for n in range(1, shown.top + 1))
    draft = (
        (SQL / "tuning" / "draft.sql")
        .read_text(encoding="utf-8")
        .replace("{scope}", scope)
        .replace("{reached}", reached)
        .replace("{only_in_scope}", "" if whole else "semi join child as c on j.resident_id = c.resident_id")
    )
    query = (SQL / "tuning" / f"{name}.sql").read_text(encoding="utf-8").replace("{draft}", draft)
    bound: dict[str, Any] = {"categories": categories, "age_bands": age_bands, "starts": starts} | more
    bound |= {f"scope_{n}": value for n, value in enumerate(params)}
    cursor = con.cursor()
    try:
        return cursor.execute(query, bound).fetchall()
    finally:
        cursor.close()


def _expanded(drafts: Drafts, shown: Categories) -> tuple[list[str], list[str], list[list[float]]]:
    """The draft spelled out for every age band ('' where a child's is unknown)."""
    categories: list[str] = []
    age_bands: list[str] = []
    starts: list[list[float]] = []
    for category, by_age in drafts.items():
        for age_band in ("", *shown.age_bands):
            points = by_age.get(age_band, by_age.get(ALL_AGES))
            if points is None:
                continue
            rising = all(a < b for a, b in pairwise(points))
            if len(points) != shown.top or not rising or points[0] <= 0:
                raise ThresholdsOutOfOrder(
                    f"{shown.label(category)}のしきい値は、0より大きく、レベルが上がるほど大きい値にしてください。"
                )
            categories.append(category)
            age_bands.append(age_band)
            starts.append([float(p) for p in points])
    return categories, age_bands, starts


# --- versions -----------------------------------------------------------------------------------------------


def save_version(
    ops: OpsStore,
    actor: Actor,
    ruleset: RuleSet,
    reason: str,
    items: Mapping[str, ItemLike] | None = None,
    *,
    based_on: str | None = None,
) -> Version:
    """Keep a rule set as a new version that counts from the next judgement; the one before is retired.

    Args:
        ops: the operational store; change and log rows are one transaction.
        actor: who saves; becomes the author.
        ruleset: the rules; their id becomes the new version's number.
        reason: why, in the author's words.
        items: the catalogue to check against, the city's own when None.
        based_on: the version the author began with; refused when another one is active by now.

    Raises:
        MissingReason, NothingChanged: there is nothing to keep.
        Conflict: somebody else saved a version in the meantime.
        RuleSetError: the rule set is refused.
    """
    words = reason.strip()
    if not words:
        raise MissingReason
    before = active(ops, items=items)
    if based_on is not None and based_on != before.id:
        raise Conflict
    if _same_rules(before, ruleset):
        raise NothingChanged
    validate(ruleset, catalogue(items), load_categories())
    return _keep(ops, actor, ruleset, words, before.id)


def bring_back(
    ops: OpsStore,
    actor: Actor,
    version_id: str,
    reason: str,
    items: Mapping[str, ItemLike] | None = None,
) -> Version:
    """Use an earlier version (or `first`) again, as a new version with the same rules.

    Raises UnknownVersion, and what `save_version` raises.
    """
    return save_version(ops, actor, read_version(ops, version_id), reason, items)


def _keep(ops: OpsStore, actor: Actor, ruleset: RuleSet, reason: str, parent: str) -> Version:
    moment = ops.clock()
    today = jst_date(moment).isoformat()
    kept: list[Version] = []

    def change(con: sqlite3.Connection) -> None:
        now = con.execute("select version_id from ruleset_version where status = 'active'").fetchone()
        if now is not None and now[0] != parent:
            raise Conflict
        known = con.execute("select count(*) from ruleset_version").fetchone()[0]
        saved = replace(
            ruleset, id=f"v{known + 1}", author=actor.user_id, reason=reason, valid_from=jst_date(moment)
        )
        row = Version(
            saved.id,
            parent,
            saved.title,
            saved.hash,
            actor.user_id,
            reason,
            utc_text(moment),
            today,
            "active",
        )
        con.execute("update ruleset_version set status = 'retired' where status = 'active'")
        con.execute(
            "insert into ruleset_version (version_id, parent_id, title, toml, hash, author, reason,"
            " created_at, active_from, status) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(row.version_id, parent, row.title, dump_ruleset(saved), row.hash, row.author, reason),
                *(row.created_at, today, row.status),
            ),
        )
        detail = {"version": row.version_id, "hash": row.hash[:16], "parent": parent}
        audit.append(con, ops, actor, "ruleset_save", detail=detail, ruleset=row.version_id)
        audit.append(con, ops, actor, "ruleset_activate", detail=detail, ruleset=row.version_id)
        kept.append(row)

    ops.write(change)
    return kept[0]


def _same_rules(one: RuleSet, other: RuleSet) -> bool:
    """Whether two rule sets judge alike, whatever they are called."""
    plain = {"id": "-", "title": "-", "author": "-", "approver": "", "reason": "-", "valid_from": None}
    return replace(one, **plain).hash == replace(other, **plain).hash


def versions(ops: OpsStore) -> list[Version]:
    """Every kept version, newest first; the file the city began with (`first`) is not among them."""
    with ops.read() as con:
        rows = con.execute(
            "select version_id, parent_id, title, hash, author, reason, created_at, active_from, status"
            " from ruleset_version order by created_at desc, rowid desc"
        ).fetchall()
    return [Version(*tuple(row)) for row in rows]


@cache
def first_id() -> str:
    """The name of the rule set that the city starts with, as its file in data/rules says."""
    return parse_ruleset(FIRST_RULESET.read_text(encoding="utf-8")).id


def read_version(ops: OpsStore, version_id: str) -> RuleSet:
    """The rules of one version; `first_id()` names the file in data/rules. Raises UnknownVersion."""
    first = parse_ruleset(FIRST_RULESET.read_text(encoding="utf-8"))
    if version_id == first.id:
        return first
    with ops.read() as con:
        row = con.execute(
            "select toml, hash from ruleset_version where version_id = ?", (version_id,)
        ).fetchone()
    if row is None:
        raise UnknownVersion
    return parse_ruleset(row["toml"])


def active(ops: OpsStore, on: date | None = None, items: Mapping[str, ItemLike] | None = None) -> RuleSet:
    """The rule set to judge with: the active version of the store, else data/rules/first.toml.

    Args:
        on: the day judged. A version counts once the calendar has reached its first day, whichever day is
            judged, so that a version saved today is used on yesterday's deliveries too.
        items: the catalogue to check against, the city's own when None.

    Raises:
        RuleSetError: the rules no longer fit the catalogue.
    """
    today = jst_date(ops.clock())
    latest = max(on or today, today).isoformat()
    with ops.read() as con:
        row = con.execute(
            "select toml from ruleset_version where status = 'active'"
            " and (active_from is null or active_from <= ?)"
            " order by created_at desc, rowid desc limit 1",
            (latest,),
        ).fetchone()
    return load_ruleset(row["toml"] if row else FIRST_RULESET, items)


def apply_active(
    con: duckdb.DuckDBPyConnection, ops: OpsStore, items: Mapping[str, ItemLike] | None = None
) -> str:
    """Bring a freshly built snapshot to the active rule set without computing items anew.

    Only thresholds changed: levels and ranks are set anew. Rules changed: points and reasons too, from the
    item values in the snapshot. Returns the id of the rule set; raises judge.NotJudged without a judgement.
    """
    wanted = active(ops, items=items)
    if not judge.judged(con):
        raise judge.NotJudged
    told = judge.meta(con)
    if told.get("ruleset_hash") == wanted.hash:
        return wanted.id
    used = _by_hash(ops, told.get("ruleset_hash", ""))
    if used is not None and _same_rules(replace(used, thresholds=wanted.thresholds), wanted):
        judge.relevel(con, wanted)
    else:
        judge.judge_items(con, date.fromisoformat(told["as_of"]), wanted, items)
        judge.remember_ruleset(con, wanted)
    return wanted.id


def _by_hash(ops: OpsStore, wanted: str) -> RuleSet | None:
    first = parse_ruleset(FIRST_RULESET.read_text(encoding="utf-8"))
    if first.hash == wanted:
        return first
    with ops.read() as con:
        row = con.execute("select toml from ruleset_version where hash = ?", (wanted,)).fetchone()
    return parse_ruleset(row["toml"]) if row else None
