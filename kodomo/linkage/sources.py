"""Sources: the residents and the person rows to match, read from the load layer."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd

BRIDGE = "school_register"
# extract → the field with the day the row speaks of; the order is the order of the contracts.
PERSON_EXTRACTS = {
    "school_register": None,
    "school_expense_aid": "applied_on",
    "after_school_club": "started_on",
    "pupil_roster": None,
    "education_counseling": "occurred_on",
    "support_room": "started_on",
    "consultation": "occurred_on",
    "guidance_center_case": "occurred_on",
}
# One current row per child: a second row for the same child is somebody else.
ONE_TO_ONE = frozenset({"school_register", "pupil_roster"})

_RECORD_FIELDS = {
    "name": "varchar",
    "kana": "varchar",
    "birth_date": "date",
    "birth_year": "integer",
    "birth_month": "integer",
    "sex": "varchar",
    "address": "varchar",
    "guardian_name": "varchar",
    "school_code": "varchar",
    "school_name": "varchar",
    "grade": "integer",
    "age": "integer",
    "status": "varchar",
    "resident_id": "varchar",
    "recorded_on": "date",
    "delivered_on": "date",
    "seen_to": "date",
    "receipt_id": "integer",
    "row_number": "integer",
}
_RESIDENT_FIELDS = _RECORD_FIELDS | {
    "household_id": "varchar",
    "alias_name": "varchar",
    "former_name": "varchar",
    "address_detail": "varchar",
    "status_on": "date",
    "resident_since": "date",
}


@dataclass
class Register:
    """The residents of every age and state, one row each, with every name and address the city has known.

    people: one row per resident in order of resident_id; the position is the number used inside the engine.
    names: person, kind (0 current, 1 通称, 2 旧氏名, 3 earlier, 4 学齢簿), name, kana.
    addresses: person, kind (0 current, 1 former), address, detail.
    """

    people: pd.DataFrame
    names: pd.DataFrame
    addresses: pd.DataFrame


def _columns(con: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    rows = con.execute(
        "select column_name from duckdb_columns() where table_name = ? and schema_name = 'main'", [table]
    ).fetchall()
    return {name for (name,) in rows}


def _select(con: duckdb.DuckDBPyConnection, table: str, fields: dict[str, str]) -> str:
    """Return a select list that is complete whatever the table has: a missing column is null."""
    there = _columns(con, table)
    return ", ".join(
        f"{f}::{kind} as {f}" if f in there else f"null::{kind} as {f}" for f, kind in fields.items()
    )


def _frame(con: duckdb.DuckDBPyConnection, query: str) -> pd.DataFrame:
    """Return the rows of `query`, texts kept in Arrow columns: a city has a million of them."""
    return con.sql(query).to_arrow_table().to_pandas(date_as_object=False)


def _days(values: pd.Series) -> np.ndarray:
    """Return dates as days since 1970 in int32, -1 for none."""
    stamps = pd.to_datetime(values).to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(stamps), -1, stamps.astype("int64")).astype("int32")


def _with_dates(frame: pd.DataFrame) -> pd.DataFrame:
    """Replace the birth columns by year, month and day (-1 unknown)."""
    stamps = pd.to_datetime(frame.pop("birth_date"))
    year, month = frame.pop("birth_year"), frame.pop("birth_month")
    known = pd.to_numeric(year).astype("float64"), pd.to_numeric(month).astype("float64")
    frame["year"] = stamps.dt.year.astype("float64").fillna(known[0]).fillna(-1).astype("int32")
    frame["month"] = stamps.dt.month.astype("float64").fillna(known[1]).fillna(-1).astype("int32")
    frame["day"] = stamps.dt.day.fillna(-1).astype("int32")
    return frame


def read_records(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return the newest version of every row of the person extracts, in order of extract and key.

    Columns: extract, record_key, name, kana, sex, year, month, day, address, guardian_name, school_code,
    school_name, grade, age, status, number (own 宛名番号 where the row brings one), when and recorded (days
    since 1970), current (in the newest delivery and in force).
    """
    parts = []
    for extract, occurred in PERSON_EXTRACTS.items():
        table = f"src_{extract}"
        there = _columns(con, table)
        if not there:
            continue
        fields = _RECORD_FIELDS
        select = _select(con, table, fields)
        if "institution" in there and "school_name" not in there:
            select = select.replace("null::varchar as school_name", "institution::varchar as school_name")
        when = f"coalesce({occurred}, recorded_on)" if occurred and occurred in there else "recorded_on"
        frame = _frame(
            con,
            f"""
            with src as (select record_key, {select}, {when}::date as occurred_on from {table}),
            final as (
                select *, coalesce(seen_to, delivered_on) is not distinct from
                    (select max(coalesce(seen_to, delivered_on)) from src) as in_newest
                from src
                qualify row_number() over (
                    partition by record_key order by coalesce(seen_to, delivered_on) desc nulls last,
                    recorded_on desc nulls last, delivered_on desc nulls last,
                    receipt_id desc, row_number desc
                ) = 1
            )
            select * from final order by record_key
            """,
        )
        frame.insert(0, "extract", extract)
        parts.append(frame)
    columns = ["extract", "record_key", *_RECORD_FIELDS, "occurred_on", "in_newest"]
    records = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    records = _with_dates(records)
    records["when"] = _days(records.pop("occurred_on"))
    records["recorded"] = _days(records["recorded_on"])
    records["number"] = records.pop("resident_id").where(records["extract"] == BRIDGE)
    records["current"] = records.pop("in_newest").astype(bool) & records["status"].isin(["1", "4"])
    for field in ("grade", "age"):
        records[field] = pd.to_numeric(records[field]).fillna(-1).astype("int32")
    return records.drop(columns=["recorded_on", "delivered_on", "seen_to", "receipt_id", "row_number"])


def read_schools(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return every school that any version of a 学齢簿 row named: record_key, school_code, school_name."""
    table = f"src_{BRIDGE}"
    columns = ["record_key", "school_code", "school_name"]
    if not set(columns) <= _columns(con, table):
        return pd.DataFrame(columns=columns)
    return _frame(con, f"select distinct record_key, school_code, school_name from {table} order by all")


def register_mark(con: duckdb.DuckDBPyConnection) -> str:
    """Return a fingerprint of everything that `read_register` reads, whatever the order of its rows."""
    parts = []
    for table, columns in (
        ("src_resident_register", list(_RESIDENT_FIELDS)),
        ("src_resident_move", ["resident_id", "old_address", "new_address"]),
    ):
        there = _columns(con, table)
        used = [column for column in columns if column in there]
        if used:
            listed = ", ".join(["resident_id", *used] if "resident_id" in there else used)
            query = f"select count(*), bit_xor(h), sum(h) from (select hash({listed}) as h from {table})"
            parts.append([table, used, *map(str, con.execute(query).fetchall()[0])])
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def read_register(con: duckdb.DuckDBPyConnection) -> Register:
    """Return the residents with every name and address of the register's history and of the moves."""
    table = "src_resident_register"
    if not _columns(con, table):
        con.execute("select 1").fetchall()
        empty = pd.DataFrame(columns=["resident_id", *_RESIDENT_FIELDS])
        return Register(
            _with_dates(empty),
            pd.DataFrame(columns=["person", "kind", "name", "kana"]),
            pd.DataFrame(columns=["person", "kind", "address", "detail"]),
        )
    select = _select(con, table, _RESIDENT_FIELDS)
    # The window runs over narrow rows; names and addresses are fetched for the rows it chose.
    con.execute(
        f"""
        create or replace temp table newest_resident as
        with newest as (
            select resident_id, rowid as place from {table}
            qualify row_number() over (
                partition by resident_id order by coalesce(seen_to, delivered_on) desc nulls last,
                recorded_on desc nulls last, delivered_on desc nulls last, receipt_id desc, row_number desc
            ) = 1
        )
        select place, row_number() over (order by resident_id) - 1 as person from newest
        """
    )
    people = _frame(
        con, f"select {select}, person from {table} join newest_resident on {table}.rowid = place"
    )
    order = np.empty(len(people), dtype="int64")
    order[people.pop("person").to_numpy()] = np.arange(len(people))
    people = _with_dates(people.take(order).reset_index(drop=True))
    people["ended"] = np.where(people["status"].isin(["2", "3", "4"]), _days(people["status_on"]), -1)
    people["current"] = ~people["status"].isin(["2", "3", "4"])
    people["since"] = _days(people["resident_since"])
    number = pd.Series(np.arange(len(people), dtype="int32"), index=people["resident_id"].to_numpy())

    history = _frame(
        con,
        f"""
        with older as (
            select {select} from {table} anti join newest_resident on {table}.rowid = newest_resident.place
        ),
        final as (
            select distinct resident_id, name, kana, alias_name, former_name, address, address_detail
            from older
        )
        select * from final order by all
        """,
    )
    con.execute("drop table newest_resident")
    index = np.arange(len(people), dtype="int32")
    before = number.reindex(history["resident_id"].to_numpy()).to_numpy(dtype="int32")
    names = _stack(
        ["person", "kind", "name", "kana"],
        [
            (index, 0, people["name"], people["kana"]),
            (index, 1, people["alias_name"], None),
            (index, 2, people["former_name"], None),
            (before, 1, history["alias_name"], None),
            (before, 2, history["former_name"], None),
            (before, 3, history["name"], history["kana"]),
        ],
    )
    lived: list[tuple[np.ndarray, int, pd.Series, pd.Series | None]] = [
        (index, 0, people["address"], people["address_detail"]),
        (before, 1, history["address"], history["address_detail"]),
    ]
    if {"resident_id", "old_address", "new_address"} <= _columns(con, "src_resident_move"):
        moves = _frame(
            con,
            """
            with moves as (
                select resident_id, unnest([old_address, new_address]) as address from src_resident_move
            ),
            final as (select distinct resident_id, address from moves where address is not null)
            select * from final order by all
            """,
        )
        where = number.reindex(moves["resident_id"].to_numpy()).fillna(-1).to_numpy(dtype="int32")
        lived.append((where[where >= 0], 1, moves["address"][where >= 0], None))
    return Register(people, names, _stack(["person", "kind", "address", "detail"], lived))


def _nothing(rows: int) -> pd.Series:
    """Return a column of texts, none of them given."""
    return pd.Series([None] * rows, dtype="str")


def _stack(
    columns: list[str], parts: list[tuple[np.ndarray, int, pd.Series, pd.Series | None]]
) -> pd.DataFrame:
    """Return the rows of all parts that say something, sorted by person and kind, repetitions left out."""
    frames = []
    for person, kind, text, more in parts:
        there = text.notna().to_numpy()
        values = [person[there], np.int8(kind), text[there].astype("str").array]
        values.append(more[there].astype("str").array if more is not None else _nothing(int(there.sum())))
        frames.append(pd.DataFrame(dict(zip(columns, values, strict=True))))
    frame = pd.concat([part for part in frames if len(part)] or frames[:1], ignore_index=True)
    order = np.lexsort((frame["kind"].to_numpy(), frame["person"].to_numpy()))
    person = frame["person"].to_numpy()[order]
    beside = np.concatenate([person[1:] == person[:-1], [False]]) if len(order) else np.zeros(0, dtype=bool)
    several = order[beside | np.concatenate([[False], beside[:-1]])] if len(order) else order
    again = frame.take(several).duplicated([columns[0], *columns[2:]]).to_numpy()
    kept = np.ones(len(frame), dtype=bool)
    kept[several[again]] = False
    return frame.take(order[kept[order]]).reset_index(drop=True)
