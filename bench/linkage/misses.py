"""Misses: rows of registered people that were not linked, by what differs, and what would catch them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from bench.linkage.counting import KEYS
from kodomo.linkage.sources import Register, read_records, read_register
from kodomo.normalize import address_parts, kana_key, name_key, name_keys

# In order: the first that applies speaks for what would catch the row.
CATCH = {
    "somebody else of this name and birth date": "宛名番号, address or guardian in the list",
    "no birth date": "a birth date in the list",
    "birth date wrong": "the department corrects the date",
    "given name unlike": "the reading in the list, 通称 in the register",
    "surname unlike": "旧氏名 in the register, guardian in the list",
    "sex wrong": "the department corrects the entry",
    "address unlike": "past addresses kept for longer",
    "no kana": "the reading in the list",
    "no address": "the address in the list",
    "nothing of these": "a person looks at it",
}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _houses(texts: list[str]) -> set[tuple[object, ...]]:
    parts = [address_parts(text) for text in texts if text]
    return {(p.town, p.chome, p.block, p.number) for p in parts if p.town}


def failures(record: pd.Series, names: pd.DataFrame, person: pd.Series, addresses: list[str]) -> list[str]:
    """Return what differs between a row and its own resident, judged on the cleaned values alone.

    Args:
        record: one row of `read_records`.
        names: the resident's names (name, kana, kind), current one first.
        person: one row of the register's people.
        addresses: every address of the resident.
    """
    found = []
    written, reading = name_key(_text(record["name"])), kana_key(_text(record["kana"]))
    known = {name_key(_text(name)) for name in names["name"]}
    current = [name_key(part) for part in _text(names["name"].iloc[0]).split()]
    if written not in known:
        same_start = bool(current) and written.startswith(current[0])
        same_end = len(current) > 1 and written.endswith(current[-1])
        if not same_end:
            found.append("given name unlike")
        if not same_start:
            found.append("surname unlike")
        if same_start and same_end:
            found.append("given name unlike")
    if record["year"] < 0 or record["day"] < 0:
        found.append("no birth date")
    elif tuple(record[["year", "month", "day"]]) != tuple(person[["year", "month", "day"]]):
        found.append("birth date wrong")
    if record["sex"] in ("1", "2") and person["sex"] in ("1", "2") and record["sex"] != person["sex"]:
        found.append("sex wrong")
    here = _houses([_text(record["address"])])
    if not here:
        found.append("no address")
    elif not here & _houses(addresses):
        found.append("address unlike")
    if not reading:
        found.append("no kana")
    return found


def _twice(register: Register) -> set[tuple[str, int]]:
    people = register.people
    frame = pd.DataFrame(
        {
            "name": name_keys(_text(name) for name in people["name"]),
            "born": people["year"] * 10000 + people["month"] * 100 + people["day"],
        }
    )
    again = frame[frame.duplicated(keep="first")]
    return set(zip(again["name"], again["born"].tolist(), strict=True))


def by_kind(city: Path, rows: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that were not linked to their own resident, by kind.

    Args:
        city: the load layer.
        rows: extract, record_key, true_id of the rows that count.
        links: our links: extract, record_key, resident_id, status.

    Returns:
        kind, rows, asked (the right candidate is first in the queue), asked_wrong (in the queue, another
        first), lost (neither linked nor asked), wrong (linked to somebody else), catch.
    """
    both = rows[rows["true_id"] != ""].merge(links[[*KEYS, "resident_id", "status"]], on=KEYS, how="left")
    right = both["resident_id"] == both["true_id"]
    both = both[~(right & (both["status"] == "auto"))].reset_index(drop=True)
    with duckdb.connect(str(city), read_only=True) as con:
        register, records = read_register(con), read_records(con)
    twice = _twice(register)
    position = pd.Series(np.arange(len(register.people)), index=register.people["resident_id"].to_numpy())
    wanted = set(position.reindex(both["true_id"]).dropna().astype(int))
    names = dict(iter(register.names[register.names["person"].isin(wanted)].groupby("person")))
    lived = register.addresses[register.addresses["person"].isin(wanted)]
    houses = lived.groupby("person")["address"].apply(list).to_dict()
    table = []
    missed = both[[*KEYS, "true_id", "resident_id", "status"]].merge(records, on=KEYS, suffixes=("", "_row"))
    for _, row in missed.iterrows():
        number = int(position[row["true_id"]])
        person = register.people.iloc[number]
        status = row["status"]
        found = failures(row, names[number], person, houses.get(number, []))
        born = int(person["year"] * 10000 + person["month"] * 100 + person["day"])
        if (name_key(_text(person["name"])), born) in twice:
            found.insert(0, "somebody else of this name and birth date")
        first = row["resident_id"] == row["true_id"]
        table.append(
            {
                "kind": " + ".join(sorted(found, key=list(CATCH).index)) or "nothing of these",
                "rows": 1,
                "asked": int(status == "review" and first),
                "asked_wrong": int(status == "review" and not first),
                "wrong": int(status == "auto"),
                "lost": int(status not in ("auto", "review")),
            }
        )
    columns = ["kind", "rows", "asked", "asked_wrong", "lost", "wrong"]
    frame = pd.DataFrame(table, columns=columns).groupby("kind", sort=True).sum().reset_index()
    frame = frame.sort_values(["rows", "kind"], ascending=[False, True], ignore_index=True)
    frame["catch"] = [CATCH[min(kind.split(" + "), key=list(CATCH).index)] for kind in frame["kind"]]
    return frame[[*columns, "catch"]]
