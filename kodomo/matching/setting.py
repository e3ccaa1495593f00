"""Setting: what a city has set for 名寄せ確認, and whose records a person may match."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from kodomo import access
from kodomo.audit import Actor
from kodomo.contracts import load_contracts
from kodomo.errors import KodomoError
from kodomo.linkage.sources import PERSON_EXTRACTS
from kodomo.paths import DATA, SQL

Connection = duckdb.DuckDBPyConnection


class NotYourExtract(KodomoError):
    """Somebody asked for a record of a department that is not theirs."""

    def __init__(self) -> None:
        super().__init__("この連携データの名寄せは、その課の職員かデータ担当が確認します。")


@dataclass(frozen=True)
class Settings:
    """data/matching.toml as read; reasons are code → label in the order of the file."""

    two_people: frozenset[str]
    sample_per_extract: int
    least_belief: float
    reasons: dict[str, str]


@cache
def settings(path: Path = DATA / "matching.toml") -> Settings:
    """What the city has set for this screen."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    return Settings(
        frozenset(raw["two_people"]),
        int(raw["sample_per_extract"]),
        float(raw["least_belief"]),
        {row["code"]: row["label"] for row in raw["reason"]},
    )


@cache
def titles() -> dict[str, str]:
    """The person extracts in order of the contracts: code → title."""
    known = load_contracts()
    return {extract: known[extract].title for extract in known if extract in PERSON_EXTRACTS}


@cache
def departments() -> dict[str, str]:
    """Person extract → department code."""
    known = load_contracts()
    return {extract: known[extract].department_code for extract in titles()}


def extracts_for(actor: Actor) -> list[str]:
    """The person extracts this person may match, in order: all, or those of the own department."""
    role = access.roles().get(actor.role)
    if role is None or not access.may(actor, "view_links"):
        return []
    whole = role.names == "matching" or role.facts == "city"
    return [extract for extract, owner in departments().items() if whole or owner == actor.department]


def require_extract(actor: Actor, extract: str) -> None:
    """Refuse an extract that is not this person's to match.

    Raises:
        NotYourExtract.
    """
    if extract not in extracts_for(actor):
        raise NotYourExtract


def ask(con: Connection, name: str, **asked: Any) -> list[dict[str, Any]]:
    """Run sql/matching/<name>.sql with its parameters; one dictionary a row."""
    query = (SQL / "matching" / f"{name}.sql").read_text(encoding="utf-8")
    with con.cursor() as cursor:
        found = cursor.execute(query, asked)
        columns = [column[0] for column in found.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


def has_table(con: Connection, table: str) -> bool:
    """Whether the snapshot has a table; older ones lack what came later."""
    with con.cursor() as cursor:
        found = cursor.execute(
            "select count(*) from duckdb_tables() where table_name = ?", [table]
        ).fetchall()
    return found[0][0] > 0
