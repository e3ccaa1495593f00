"""Deliveries: what became of the delivered files: receipts, rows that stayed behind, and matches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb

from kodomo.paths import SQL

PAGE_SIZE = 50
# Why a row stays behind, in two or three words; the sentence to act on comes with the row.
RULES = {
    "required": "必須の欄が空",
    "date": "日付",
    "code": "コード",
    "number": "数字",
    "integer": "整数",
    "range": "範囲",
    "birth_after_recorded": "生年月日と登録日",
    "absence_over": "欠席の合計",
    "cells": "列の数",
    "totals": "合計・注記の行",
    "duplicate_key": "同じ記録が2行",
}


@dataclass(frozen=True)
class Receipt:
    """One delivered file and what became of it; received_at is Japanese wall clock."""

    receipt_id: int
    received_at: datetime
    extract: str
    file: str
    encoding: str | None
    rows: int | None
    accepted: int | None
    unchanged: int | None
    quarantined: int | None
    refused_reason: str | None
    newest_recorded_on: date | None
    notes: str | None
    delivered_on: date | None


@dataclass(frozen=True)
class Held:
    """One row that stayed behind, with the sentence to act on."""

    receipt_id: int
    file: str
    row_number: int
    extract: str
    column: str | None
    value: str | None
    rule: str
    message: str


@dataclass(frozen=True)
class Tally:
    """How many rows of an extract stayed behind under one rule."""

    extract: str
    rule: str
    rows: int


@dataclass(frozen=True)
class Matches:
    """How the records of an extract found their resident: numbers of records by status."""

    extract: str
    auto: int
    confirmed: int
    review: int
    none: int
    rejected: int

    @property
    def records(self) -> int:
        """All records."""
        return self.auto + self.confirmed + self.review + self.none + self.rejected

    @property
    def share(self) -> float | None:
        """The share that counts as matched, from 0 to 1."""
        return (self.auto + self.confirmed) / self.records if self.records else None


def receipts(
    con: duckdb.DuckDBPyConnection,
    extracts: Sequence[str] | None = None,
    *,
    troubled: bool = False,
    number: int = 1,
    size: int = PAGE_SIZE,
) -> tuple[list[Receipt], int]:
    """One page of receipts, newest first, and how many there are.

    Args:
        extracts: only these (files that no extract could be told of are then left out); all when None.
        troubled: only refused files and those with rows that stayed behind.
    """
    rows = _ask(con, "receipts", extracts=_listed(extracts), troubled=troubled, **_page(number, size))
    return [Receipt(*row[1:]) for row in rows], int(rows[0][0]) if rows else 0


def refused(con: duckdb.DuckDBPyConnection, extracts: Sequence[str] | None = None) -> int:
    """How many files were not taken at all; with `extracts`, only files of these."""
    return int(_ask(con, "refused", extracts=_listed(extracts))[0][0])


def held(
    con: duckdb.DuckDBPyConnection,
    extracts: Sequence[str] | None = None,
    *,
    rule: str | None = None,
    number: int = 1,
    size: int = PAGE_SIZE,
) -> tuple[list[Held], int]:
    """One page of the rows that stayed behind, newest receipt first, and how many there are."""
    rows = _ask(con, "held", extracts=_listed(extracts), rule=rule, **_page(number, size))
    return [Held(*row[1:]) for row in rows], int(rows[0][0]) if rows else 0


def tally(con: duckdb.DuckDBPyConnection, extracts: Sequence[str] | None = None) -> list[Tally]:
    """How many rows stayed behind, by extract and rule, most first."""
    return [Tally(*row) for row in _ask(con, "tally", extracts=_listed(extracts))]


def matches(con: duckdb.DuckDBPyConnection, extracts: Sequence[str] | None = None) -> list[Matches]:
    """How records found their resident, by extract."""
    return [Matches(*row) for row in _ask(con, "matches", extracts=_listed(extracts))]


def _listed(extracts: Sequence[str] | None) -> list[str] | None:
    return None if extracts is None else list(extracts)


def _page(number: int, size: int) -> dict[str, int]:
    return {"most": size, "skipped": (max(number, 1) - 1) * size}


def _ask(con: duckdb.DuckDBPyConnection, name: str, **asked: Any) -> list[tuple]:
    query = (SQL / "deliveries" / f"{name}.sql").read_text(encoding="utf-8")
    with con.cursor() as cursor:
        return cursor.execute(query, asked).fetchall()
