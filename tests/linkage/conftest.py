"""A tiny load layer made by hand: residents and person rows as dictionaries."""
# ruff: noqa: E501 - cases read best as one row each

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

import duckdb
import pandas as pd
import pytest

from kodomo.linkage import LinkSummary, link

RESIDENT = {
    "resident_id": None, "household_id": None, "relation": "子", "name": None, "kana": None, "alias_name": None,
    "former_name": None, "birth_date": None, "birth_text": None, "birth_year": None, "birth_month": None, "sex": "1",
    "nationality": "1", "postal_code": None, "address": None, "address_detail": None, "resident_since": "2000-04-01",
    "status": "1", "status_on": None, "recorded_on": "2024-04-01",
}  # fmt: skip
RECORD = {
    "record_key": None, "name": None, "kana": None, "birth_date": None, "birth_text": None, "birth_year": None,
    "birth_month": None, "sex": None, "recorded_on": "2025-05-01",
}  # fmt: skip
EXTRA = {
    "school_register": [
        "resident_id",
        "guardian_name",
        "address",
        "school_code",
        "school_name",
        "grade",
        "status",
    ],
    "school_expense_aid": ["guardian_name", "address", "school_name", "grade", "applied_on"],
    "after_school_club": ["guardian_name", "school_name", "grade", "started_on"],
    "pupil_roster": ["school_code", "school_name", "grade", "class_name", "guardian_name", "status"],
    "education_counseling": ["school_name", "grade", "occurred_on"],
    "support_room": ["school_name", "grade", "started_on"],
    "consultation": ["guardian_name", "address", "institution", "occurred_on"],
    "guidance_center_case": ["age", "address", "occurred_on"],
}
DATES = {"birth_date", "resident_since", "status_on", "recorded_on", "applied_on", "started_on", "occurred_on", "seen_to", "delivered_on"}  # fmt: skip
NUMBERS = {"birth_year", "birth_month", "grade", "age", "receipt_id", "row_number"}
KEYS = {"school_register": "R", "pupil_roster": "P"}


def _table(con: duckdb.DuckDBPyConnection, name: str, rows: Iterable[dict], columns: list[str]) -> None:
    rows = list(rows)
    kinds = [
        f"{c} date" if c in DATES else f"{c} integer" if c in NUMBERS else f"{c} varchar" for c in columns
    ]
    con.execute(f"create table {name} ({', '.join(kinds)})")
    if rows:
        marks = ", ".join("?" for _ in columns)
        con.executemany(
            f"insert into {name} values ({marks})", [[row.get(c) for c in columns] for row in rows]
        )


def _filled(row: dict, number: int, base: dict) -> dict:
    out = base | row
    delivered = out.get("delivered_on") or "2025-06-01"
    out |= {
        "receipt_id": 1,
        "row_number": number + 1,
        "delivered_on": delivered,
        "seen_to": out.get("seen_to") or "2025-06-01",
    }
    if out["birth_date"]:
        born = dt.date.fromisoformat(str(out["birth_date"]))
        out |= {"birth_year": born.year, "birth_month": born.month}
    return out


def build(
    residents: Iterable[dict], moves: Iterable[dict] = (), **extracts: list[dict]
) -> duckdb.DuckDBPyConnection:
    """Return a connection with the load tables; `extracts` are rows per extract name."""
    con = duckdb.connect()
    system = ["record_key", "receipt_id", "row_number", "delivered_on", "seen_to"]
    rows = [_filled(row, i, RESIDENT) for i, row in enumerate(residents)]
    for row in rows:
        row["household_id"] = row["household_id"] or "H" + row["resident_id"]
        row["record_key"] = row["resident_id"]
    _table(con, "src_resident_register", rows, [*RESIDENT, *system])
    _table(con, "src_resident_move", moves, ["resident_id", "old_address", "new_address"])
    for extract, extra in EXTRA.items():
        rows = [_filled(row, i, RECORD) for i, row in enumerate(extracts.get(extract, []))]
        for i, row in enumerate(rows):
            row["record_key"] = row["record_key"] or f"K{i:05d}"
            if "status" in extra:
                row["status"] = row.get("status") or "1"
        _table(con, f"src_{extract}", rows, [*RECORD, *extra, *system[1:]])
    return con


class City:
    """A linked city: the tables as frames."""

    def __init__(self, con: duckdb.DuckDBPyConnection, decisions: pd.DataFrame | None = None) -> None:
        self.summary: LinkSummary = link(con, decisions=decisions)
        self.link = con.execute("select * from link order by all").df()
        self.candidates = con.execute("select * from link_candidate order by all").df()
        self.warnings = con.execute("select * from link_warning order by all").df()
        self.curve = con.execute("select * from link_curve order by cut").df()

    def row(self, extract: str, key: str = "K00000") -> pd.Series:
        """Return the link of one record."""
        found = self.link[(self.link["extract"] == extract) & (self.link["record_key"] == key)]
        assert len(found) == 1
        return found.iloc[0]

    def offered(self, extract: str, key: str = "K00000") -> list[str]:
        """Return the candidates of one record in order."""
        mine = self.candidates[
            (self.candidates["extract"] == extract) & (self.candidates["record_key"] == key)
        ]
        return mine.sort_values("rank")["resident_id"].tolist()


@pytest.fixture
def city() -> Callable[..., City]:
    """Build, link and return a hand-made city."""

    def make(residents: Iterable[dict], *, decisions: pd.DataFrame | None = None, **extracts) -> City:
        con = build(residents, **extracts)
        try:
            return City(con, decisions)
        finally:
            con.close()

    return make
