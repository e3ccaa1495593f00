"""Exact: equal name and equal birth date, as delivered or normalised; several alike give no link."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd

from bench.linkage.engine import COLUMNS, Laps
from kodomo.linkage.sources import read_records, read_register
from kodomo.normalize import name_keys


def raw(city: Path) -> tuple[pd.DataFrame, Laps]:
    """Link where the current name is written with the same characters, blanks included."""
    return _run(city, normalise=False)


def normalised(city: Path) -> tuple[pd.DataFrame, Laps]:
    """Link where the names agree without blanks, widths and variant drawings."""
    return _run(city, normalise=True)


def _run(city: Path, *, normalise: bool) -> tuple[pd.DataFrame, Laps]:
    with duckdb.connect(str(city), read_only=True, config={"threads": 2}) as con:
        laps = Laps()
        people, records = read_register(con).people, read_records(con)
    laps("read")
    records = records[records["number"].fillna("") == ""]
    for frame in (people, records := records.copy()):
        name = frame["name"].fillna("")
        frame["key"] = name_keys(name) if normalise else name
        frame["born"] = frame["year"] * 10000 + frame["month"] * 100 + frame["day"]
    laps("normalise")
    full = (people["day"] > 0) & (people["key"] != "")
    known = people.loc[full, ["key", "born", "resident_id"]]
    known = known.drop_duplicates(["key", "born"], keep=False)
    pairs = records.loc[records["key"] != "", ["extract", "record_key", "key", "born"]].merge(
        known, on=["key", "born"]
    )
    pairs = pairs.assign(probability=1.0, weight=1.0, status="auto")[COLUMNS]
    laps("join")
    return pairs, laps
