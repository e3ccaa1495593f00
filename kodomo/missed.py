"""Missed support (支援漏れ): who by the data would qualify for a support and does not have it, and the offer of it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from kodomo import sources
from kodomo.errors import KodomoError
from kodomo.paths import DATA, SQL

Connection = duckdb.DuckDBPyConnection
CHILD, PREGNANCY = "child", "pregnancy"
OPEN, UNKNOWN, CONNECTED = "open", "unknown", "connected"
UNTOUCHED = "open"
HELPERS = ("_school_aid", "_school_aid_year", "_at_city_school", "_met_about", "_checkup_open", "_reached")


class BadMissedCatalogue(KodomoError):
    """data/missed_support.toml cannot be used as it is."""


class BadStatus(KodomoError):
    """The status is incomplete or contradicts itself; the message says what to change."""


@dataclass(frozen=True)
class Gap:
    """One kind of missed support, as data/missed_support.toml describes it."""

    code: str
    label: str
    support: str
    owner: str
    subject: str
    days: int
    who: str
    counts_as: str
    lacks: str
    qualifies_from: tuple[str, ...]
    has_from: tuple[str, ...]
    freshness: Mapping[str, int]
    legal_ground: str
    unknown_text: str
    caution: str

    @property
    def departments(self) -> tuple[str, ...]:
        """Whose records an entry of this kind rests on."""
        return tuple(sorted({sources.department_of(e) for e in (*self.qualifies_from, *self.has_from)}))


@dataclass(frozen=True)
class Status:
    """How far an offer can have come."""

    code: str
    label: str
    means: str
    rests: bool
    needs_reason: bool
    again_after_days: int


@dataclass(frozen=True)
class Reason:
    """Why an entry is no case for the support."""

    code: str
    label: str
    statuses: tuple[str, ...]
    note_required: bool


@dataclass(frozen=True)
class Settings:
    """data/missed_support.toml as read, each table by code in the order of the file."""

    connected_days: int
    note_length: int
    purpose: str
    legal_ground_for_use: str
    gaps: dict[str, Gap]
    statuses: dict[str, Status]
    reasons: dict[str, Reason]


@cache
def settings(path: Path = DATA / "missed_support.toml") -> Settings:
    """The gaps, statuses and reasons of data/missed_support.toml.

    Raises:
        BadMissedCatalogue: a gap lacks something, has no SQL file, or names a source without its freshness.
    """
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    gaps = {}
    for row in raw["gap"]:
        code = row.get("code", "（codeなし）")
        lacking = {field.name for field in fields(Gap)} ^ set(row)
        if lacking:
            names = "・".join(sorted(lacking))
            raise BadMissedCatalogue(f"支援漏れ {code} の {names} を書き足すか、消してください。")
        gap = Gap(**{name: tuple(value) if isinstance(value, list) else value for name, value in row.items()})
        if set(gap.freshness) != {*gap.qualifies_from, *gap.has_from} or gap.subject not in (
            CHILD,
            PREGNANCY,
        ):
            raise BadMissedCatalogue(f"支援漏れ {code} の freshness か subject を直してください。")
        if not (SQL / "missed" / f"gap_{code}.sql").is_file():
            raise BadMissedCatalogue(f"sql/missed/gap_{code}.sql がありません。足してください。")
        gaps[code] = gap
    return Settings(
        connected_days=int(raw["connected_days"]),
        note_length=int(raw["note_length"]),
        purpose=raw["purpose"],
        legal_ground_for_use=raw["legal_ground_for_use"],
        gaps=gaps,
        statuses={row["code"]: Status(**row) for row in raw["status"]},
        reasons={row["code"]: Reason(**{**row, "statuses": tuple(row["statuses"])}) for row in raw["reason"]},
    )


def reasons_for(status: str) -> list[Reason]:
    """The reasons that may stand for a status, in the order of the file."""
    return [reason for reason in settings().reasons.values() if status in reason.statuses]


# -- finding, while judging ---------------------------------------------------------------------


def find(con: Connection, as_of: date, *, chosen: Settings | None = None) -> int:
    """Find, as of one day, who qualifies for a support and does not have it.

    Args:
        con: the connection on which `judge.judge` and `pregnancies.find` ran for the same day.
        as_of: the judgement day; only what was known on it counts.
        chosen: other settings than the city's own.

    Makes missed_support (one row per gap and child or pregnancy: state open, unknown or connected) and
    missed_count (per gap: how many qualify, have it, lack it, cannot be told, and the state of the sources).
    Where a source is missing or stopped nobody is open: they are unknown, with the reason in `why`.

    Returns:
        The number of open entries.
    """
    wanted = chosen or settings()
    newest = sources.newest_days(con, as_of)
    con.execute(f"create or replace temp table missed_month as {_sql('month')}", {"as_of": as_of})
    for name in HELPERS:
        con.execute(_sql(name))
    con.execute(
        "create or replace temp table missed_found (gap varchar, subject_id varchar, since_on date,"
        " known_on date, has boolean, had_on date, why varchar, mark varchar, detail varchar)"
    )
    rows = []
    for place, gap in enumerate(wanted.gaps.values()):
        con.execute(_sql(f"gap_{gap.code}"))
        con.execute(
            f"insert into missed_found select '{gap.code}', subject_id, since_on, known_on, has, had_on, why,"
            f" mark, detail from missed_gap_{gap.code}(date '{as_of.isoformat()}', {int(gap.days)})"
        )
        states = [
            sources.state(newest, as_of, {extract: gap.freshness[extract] for extract in part})
            for part in (gap.qualifies_from, gap.has_from)
        ]
        matched = sorted({sources.linked_by(e) or "" for e in gap.has_from} - {""})
        rows.append((gap.code, place, gap.owner, gap.subject, *states, matched))
    _frame(con, rows)
    day = {"as_of": as_of, "connected_days": wanted.connected_days}
    con.execute(f"create or replace table missed_support as {_sql('missed_support')}", day)
    con.execute(f"create or replace table missed_count as {_sql('missed_count')}", day)
    for table in ("missed_found", "missed_gap", "missed_month"):
        con.execute(f"drop table if exists temp.{table}")
    return con.execute("select count(*) from missed_support where state = 'open'").fetchall()[0][0]


def _frame(con: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    columns = {
        "gap": "varchar",
        "ord": "integer",
        "owner": "varchar",
        "subject_kind": "varchar",
        "qualifies_state": "varchar",
        "has_state": "varchar",
        "matched": "varchar[]",
    }
    frame = pd.DataFrame({name: [row[at] for row in rows] for at, name in enumerate(columns)}, dtype="object")
    con.register("missed_frame", frame)
    try:
        picked = ", ".join(f"{name}::{kind} as {name}" for name, kind in columns.items())
        con.execute(f"create or replace temp table missed_gap as select {picked} from missed_frame")
    finally:
        con.unregister("missed_frame")


@cache
def _sql(name: str) -> str:
    return (SQL / "missed" / f"{name}.sql").read_text(encoding="utf-8")
