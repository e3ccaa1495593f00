"""Status: how fresh each extract is, what stayed behind and which numbers wait for their owner."""

from __future__ import annotations

from datetime import date

import duckdb
import pandas as pd

from kodomo.contracts import Contract
from kodomo.intake.load import unknown_queries
from kodomo.intake.settings import load_settings

CADENCES = {"daily": "毎日", "weekly": "毎週", "monthly": "毎月", "yearly": "毎年"}
STATUS_COLUMNS = (
    "no",
    "extract",
    "title",
    "department",
    "department_code",
    "cadence",
    "newest_delivered_on",
    "newest_recorded_on",
    "rows",
    "quarantined",
    "refused",
    "unknown_numbers",
    "days_since",
    "state",
)


def status(con: duckdb.DuckDBPyConnection, contracts: dict[str, Contract], as_of: date) -> pd.DataFrame:
    """One row per extract, ordered by number, for データ連携状況 as of a day.

    Columns as in STATUS_COLUMNS: `rows` are the rows that are current (a snapshot's newest state; an
    append's distinct keys), `quarantined` the rows that stayed behind in the newest delivery, `refused` the
    refused files of the extract, `unknown_numbers` the distinct numbers the extract they point to has never
    delivered, `days_since` the days since the newest delivery, `state` 正常, 遅れ, 途絶 or 未受領.
    """
    freshness = load_settings().freshness
    return pd.DataFrame(
        [_row(con, contract, contracts, as_of, freshness) for contract in contracts.values()],
        columns=pd.Index(STATUS_COLUMNS),
    )


def _row(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    contracts: dict[str, Contract],
    as_of: date,
    freshness: dict[str, tuple[int, int]],
) -> tuple[object, ...]:
    newest, held = _one(
        con,
        """
        select delivery.delivered_on, receipt.quarantined
        from delivery join receipt using (receipt_id)
        where delivery.extract = ? and delivery.delivered_on <= ?
        order by delivery.delivered_on desc, receipt_id desc limit 1
        """,
        [contract.extract, as_of],
        2,
    )
    recorded, rows = None, 0
    if newest is not None:
        current = (
            "delivered_on <= $1 and seen_to >= $1" if contract.mode == "snapshot" else "delivered_on <= $1"
        )
        recorded, rows = _one(
            con,
            f"select max(recorded_on), count(distinct record_key) from {contract.table} where {current}",
            [newest],
            2,
        )
    (refused,) = _one(
        con,
        "select count(*) from receipt where extract = ? and refused_reason is not null",
        [contract.extract],
        1,
    )
    unknown = 0
    for label, _, query in unknown_queries(contract, contracts):
        name = next(column.field for column in contract.columns if column.name == label)
        (count,) = _one(
            con, f'select count(distinct "{name}") from ({query}) where delivered_on <= ?', [as_of], 1
        )
        unknown += count
    days = None if newest is None else (as_of - newest).days
    late, stopped = freshness.get(contract.cadence, (40, 75))
    state = "未受領"
    if days is not None:
        state = "正常" if days <= late else "遅れ" if days <= stopped else "途絶"
    return (
        contract.no,
        contract.extract,
        contract.title,
        contract.department,
        contract.department_code,
        CADENCES.get(contract.cadence, contract.cadence),
        newest,
        recorded,
        rows,
        held or 0,
        refused,
        unknown,
        days,
        state,
    )


def _one(con: duckdb.DuckDBPyConnection, query: str, values: list[object], width: int) -> tuple:
    found = con.cursor().execute(query, values).fetchall()
    return found[0] if found else (None,) * width
