"""Tuning: the versions of the rule set that people keep, and which of them judges on a day."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, lru_cache
from pathlib import Path

import duckdb

from kodomo import audit, judge, seals
from kodomo.audit import Actor
from kodomo.conditions import RuleSetError
from kodomo.ops import Conflict, OpsStore, jst_date, utc_text
from kodomo.rules import (
    FIRST_RULESET,
    ItemLike,
    RuleSet,
    catalogue,
    dump_ruleset,
    load_categories,
    load_ruleset,
    parse_ruleset,
    validate,
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
    """One kept version of the rule set; times are UTC texts, `active_from` is a day in Japan.

    `status` is active (counts today), planned (its first day is still to come) or retired.
    """

    version_id: str
    parent_id: str | None
    title: str
    hash: str
    author: str
    reason: str
    created_at: str
    active_from: str
    approved_by: str | None
    status: str


# --- versions -----------------------------------------------------------------------------------------------


def publish(
    con: sqlite3.Connection,
    ops: OpsStore,
    actor: Actor,
    ruleset: RuleSet,
    reason: str,
    parent: str,
    *,
    author: str,
    active_from: date,
) -> Version:
    """Keep a rule set as a new version inside a running transaction, with its log rows.

    Args:
        con: the writing connection (from `ops.write`).
        ops: the operational store.
        actor: who approves or brings back.
        ruleset: the rules; their id becomes the new version's number.
        reason: why, in the author's words.
        parent: the version these rules were made from.
        author: user ID of the author.
        active_from: the first day it judges.

    Raises:
        Conflict: another version was kept after `parent`.
    """
    newest = con.execute("select version_id from ruleset_version order by rowid desc limit 1").fetchone()
    if parent != (newest[0] if newest else first_id()):
        raise Conflict
    moment = ops.clock()
    number = con.execute("select count(*) from ruleset_version").fetchone()[0] + 1
    approver = "" if actor.user_id == author else actor.user_id
    saved = replace(
        ruleset, id=f"v{number}", author=author, approver=approver, reason=reason, valid_from=active_from
    )
    row = Version(
        saved.id,
        parent,
        saved.title,
        saved.hash,
        author,
        reason,
        utc_text(moment),
        active_from.isoformat(),
        approver or None,
        "active" if active_from <= jst_date(moment) else "planned",
    )
    con.execute(
        "insert into ruleset_version (version_id, parent_id, title, toml, hash, author, reason, created_at,"
        " active_from, status, approved_by, approved_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, 'active', ?, ?)",
        (
            *(row.version_id, parent, row.title, dump_ruleset(saved), row.hash, author, reason),
            *(row.created_at, row.active_from, row.approved_by, row.created_at),
        ),
    )
    detail = {
        "version": row.version_id,
        "hash": row.hash[:16],
        "parent": parent,
        "active_from": row.active_from,
        seals.DETAIL: seals.seal(con, ops, seals.RULESET_VERSION, row.version_id),
    }
    audit.append(con, ops, actor, "ruleset_activate", detail=detail, ruleset=row.version_id)
    return row


def newest_id(ops: OpsStore) -> str:
    """The newest kept version, also one whose first day is still to come; `first_id()` before any."""
    with ops.read() as con:
        row = con.execute("select version_id from ruleset_version order by rowid desc limit 1").fetchone()
    return row[0] if row else first_id()


def bring_back(
    ops: OpsStore,
    actor: Actor,
    version_id: str,
    reason: str,
    items: Mapping[str, ItemLike] | None = None,
) -> Version:
    """Use an earlier version (or the first) again from today, as a new version with the same rules.

    One person is enough: these rules were signed before, and going back must be quick.

    Raises:
        UnknownVersion: there is no such version.
        MissingReason, NothingChanged: there is nothing to bring back.
        RuleSetError: the rules no longer fit the catalogue.
        Conflict: somebody kept a version in the meantime.
    """
    words = reason.strip()
    if not words:
        raise MissingReason
    ruleset = read_version(ops, version_id)
    parent = newest_id(ops)
    if same_rules(read_version(ops, parent), ruleset):
        raise NothingChanged
    validate(ruleset, catalogue(items), load_categories())
    today = jst_date(ops.clock())
    return ops.write(
        lambda con: publish(con, ops, actor, ruleset, words, parent, author=actor.user_id, active_from=today)
    )


def same_rules(one: RuleSet, other: RuleSet) -> bool:
    """Whether two rule sets judge alike, whatever they are called."""
    plain = {"id": "-", "title": "-", "author": "-", "approver": "", "reason": "-", "valid_from": None}
    return replace(one, **plain).hash == replace(other, **plain).hash


def versions(ops: OpsStore) -> list[Version]:
    """Every kept version, newest first; the file the city began with (`first_id`) is not among them."""
    today = jst_date(ops.clock()).isoformat()
    with ops.read() as con:
        rows = con.execute(
            "select version_id, parent_id, title, hash, author, reason, created_at, active_from, approved_by"
            " from ruleset_version order by rowid desc"
        ).fetchall()
        used = _counting(con, today)
    found: list[Version] = []
    for row in rows:
        # A version kept later, from the same day or before, takes a planned one's place for good.
        comes = row["active_from"] > today and all(later.active_from > row["active_from"] for later in found)
        status = "planned" if comes else "retired"
        if used is not None and row["version_id"] == used["version_id"]:
            status = "active"
        found.append(
            Version(
                row["version_id"],
                row["parent_id"],
                row["title"],
                row["hash"],
                row["author"],
                row["reason"],
                row["created_at"],
                row["active_from"],
                row["approved_by"],
                status,
            )
        )
    return found


def _counting(con: sqlite3.Connection, day: str) -> sqlite3.Row | None:
    """The version that counts on a day: the newest kept of those whose first day has come."""
    return con.execute(
        "select version_id, toml from ruleset_version where active_from <= ? order by rowid desc limit 1",
        (day,),
    ).fetchone()


def first_id() -> str:
    """The name of the rule set that the city starts with, as its file in data/rules says."""
    return _first(FIRST_RULESET).id


@cache
def _first(path: Path) -> RuleSet:
    return parse_ruleset(path.read_text(encoding="utf-8"))


def read_version(ops: OpsStore, version_id: str) -> RuleSet:
    """The rules of one version; `first_id()` names the file in data/rules. Raises UnknownVersion."""
    first = _first(FIRST_RULESET)
    if version_id == first.id:
        return first
    with ops.read() as con:
        row = con.execute(
            "select toml, hash from ruleset_version where version_id = ?", (version_id,)
        ).fetchone()
    if row is None:
        raise UnknownVersion
    return _parsed(row["toml"])


@lru_cache(maxsize=16)
def _parsed(text: str) -> RuleSet:
    """The rules of a kept version, whose text never changes: the sliders ask for them on every move."""
    return parse_ruleset(text)


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
    with ops.read() as con:
        row = _counting(con, max(on or today, today).isoformat())
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
    if used is not None and same_rules(replace(used, thresholds=wanted.thresholds), wanted):
        judge.relevel(con, wanted)
    else:
        judge.judge_items(con, date.fromisoformat(told["as_of"]), wanted, items)
        judge.remember_ruleset(con, wanted)
    return wanted.id


def _by_hash(ops: OpsStore, wanted: str) -> RuleSet | None:
    first = _first(FIRST_RULESET)
    if first.hash == wanted:
        return first
    with ops.read() as con:
        row = con.execute("select toml from ruleset_version where hash = ?", (wanted,)).fetchone()
    return _parsed(row["toml"]) if row else None
