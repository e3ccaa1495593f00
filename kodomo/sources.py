"""Sources: which extracts are alive on a day, for whatever rests on several of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import duckdb
import pandas as pd

from kodomo import items
from kodomo.contracts import load_contracts

ALIVE = "ok"


def newest_days(con: duckdb.DuckDBPyConnection, as_of: date) -> dict[str, date]:
    """The newest delivery day that counts for a day, by extract; extracts never delivered are left out.

    Args:
        con: the connection on which `items.materialise` ran for the same day.
    """
    rows = items.extract_status(con, as_of)[["extract", "newest_delivered_on"]].dropna().to_dict("records")
    return {str(row["extract"]): pd.Timestamp(row["newest_delivered_on"]).date() for row in rows}


def state(newest: Mapping[str, date], as_of: date, freshness: Mapping[str, int]) -> str:
    """How alive a set of extracts is as a whole: 'ok', else the worst of 未連携 and データ途絶.

    Args:
        newest: as `newest_days` gives it.
        freshness: extract -> days after which it counts as stopped. An extract whose numbers belong to
            another's rows (`via:`) needs that one too.
    """
    contracts = load_contracts()
    found = ALIVE
    for extract, days in freshness.items():
        identity = contracts[extract].identity
        parent = identity.removeprefix("via:") if identity.startswith("via:") else extract
        if extract not in newest or parent not in newest:
            return "未連携"
        if (as_of - newest[extract]).days > days:
            found = "データ途絶"
    return found


def linked_by(extract: str) -> str | None:
    """The extract whose matching (名寄せ) decides whose a row is; None where rows carry 宛名番号."""
    identity = load_contracts()[extract].identity
    if identity.startswith("via:"):
        return identity.removeprefix("via:")
    return None if identity == "resident_id" else extract


def department_of(extract: str) -> str:
    """The department that delivers an extract."""
    return load_contracts()[extract].department_code
