"""Export: the five machine-read tables of a snapshot as CSV (UTF-8 with BOM, CRLF), values kept exact."""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from kodomo.errors import KodomoError
from kodomo.paths import SQL
from kodomo.rules import ItemLike, catalogue, load_categories

#: The columns of each export. Source: contracts/README.md, "The command line".
COLUMNS: dict[str, tuple[str, ...]] = {
    "receipts": (
        *("received_at", "extract", "file", "sha256", "encoding", "rows", "accepted", "unchanged"),
        *("quarantined", "refused_reason", "newest_recorded_on", "notes"),
    ),
    "quarantine": ("file", "row_number", "extract", "column", "value", "rule", "message"),
    "links": ("extract", "record_key", "resident_id", "status", "probability", "reasons"),
    "ranking": (
        *("as_of", "ruleset", "rank", "resident_id", "category", "level", "points", "reasons"),
        *("missing", "known_case"),
    ),
    "items": ("as_of", "resident_id", "item", "value", "unit", "newest_recorded_on"),
}
#: Cells of free text: a spreadsheet must not take them for formulas. Numbers and ids stay as they are.
FREE_TEXT = frozenset({"refused_reason", "notes", "value", "message", "reasons", "missing"})
#: What each export needs in the snapshot.
NEEDS = {
    "receipts": "receipt",
    "quarantine": "quarantine",
    "links": "link",
    "ranking": "judgement",
    "items": "item_value",
}
_FETCH = 10_000
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9][0-9.,/:-]*\Z")


class UnknownExport(KodomoError):
    """There is no export of that name."""

    def __init__(self) -> None:
        super().__init__(f"書き出せるのは {'・'.join(COLUMNS)} です。どれかを選んでください。")


class NothingToExport(KodomoError):
    """The step that makes this table has not run yet."""

    def __init__(self) -> None:
        super().__init__("まだ書き出すものがありません。先に refresh を実行してください。")


def rows(
    con: duckdb.DuckDBPyConnection, kind: str, items: Mapping[str, ItemLike] | None = None
) -> Iterator[tuple[str, ...]]:
    """The rows of one export as text cells, in their fixed order; read from the store in portions.

    Args:
        con: a connection to the published snapshot.
        kind: 'receipts', 'quarantine', 'links', 'ranking' or 'items'.
        items: the catalogue, the city's own when None.

    Raises:
        UnknownExport, NothingToExport.
    """
    if kind not in COLUMNS:
        raise UnknownExport
    cursor = con.cursor()
    try:
        if not _exists(cursor, NEEDS[kind]):
            raise NothingToExport
        query = (SQL / "export" / f"{kind}.sql").read_text(encoding="utf-8")
        cursor.execute(query, _parameters(kind, items))
        free = tuple(name in FREE_TEXT for name in COLUMNS[kind])
        while portion := cursor.fetchmany(_FETCH):
            for row in portion:
                yield tuple(_cell(value, text) for value, text in zip(row, free, strict=True))
    finally:
        cursor.close()


def write_csv(
    con: duckdb.DuckDBPyConnection, kind: str, out: Path, items: Mapping[str, ItemLike] | None = None
) -> int:
    """Write one export to a file and return the number of rows; the file appears whole or not at all.

    Args and errors as in `rows`.
    """
    lines = rows(con, kind, items)
    first = next(lines, None)
    out.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=out.parent, prefix=".export-", suffix=".csv")
    try:
        with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as file:
            count = _write(file, COLUMNS[kind], _chain(first, lines))
        os.replace(name, out)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return count


def csv_bytes(heading: Iterable[str], lines: Iterable[Iterable[Any]]) -> bytes:
    """Any table as the bytes of a CSV file (UTF-8 with BOM, CRLF); every cell is treated as free text."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(list(heading))
    writer.writerows([_cell(value, True) for value in line] for line in lines)
    return text.getvalue().encode("utf-8-sig")


def _write(file: Any, heading: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> int:
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(heading)
    count = 0
    for line in lines:
        writer.writerow(line)
        count += 1
    return count


def _chain(first: tuple[str, ...] | None, rest: Iterator[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    if first is not None:
        yield first
        yield from rest


def _exists(cursor: duckdb.DuckDBPyConnection, table: str) -> bool:
    found = cursor.execute("select 1 from duckdb_tables() where table_name = $table", {"table": table})
    return len(found.fetchall()) > 0


def _parameters(kind: str, items: Mapping[str, ItemLike] | None) -> dict[str, list[str]]:
    if kind == "ranking":
        shown, known = load_categories(), catalogue(items)
        return {
            "categories": [c.code for c in shown.categories],
            "labels": [c.label for c in shown.categories],
            "items": list(known),
            "item_labels": [item.label for item in known.values()],
        }
    if kind == "items":
        known = catalogue(items)
        return {"items": list(known), "units": [item.unit for item in known.values()]}
    return {}


def _cell(value: Any, free_text: bool) -> str:
    """One value as text: whole numbers without a point, dates as 2026-10-31, nothing for NULL."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    text = str(value)
    if free_text and text[:1] in ("=", "+", "-", "@", "\t", "\r") and not _PLAIN_NUMBER.match(text):
        return "'" + text
    return text
