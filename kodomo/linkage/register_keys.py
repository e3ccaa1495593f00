"""Register keys: the coded register as the snapshot keeps it, so that it is normalised once."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import fields
from functools import cache

import duckdb
import numpy as np
import pyarrow as pa

from kodomo.linkage.encode import Codes, Names, Numbers, Places, Surnames, Vocabulary
from kodomo.linkage.engine import Residents
from kodomo.linkage.sources import register_mark
from kodomo.normalize import Gazetteer
from kodomo.paths import DATA, ROOT

SCHEMA = "register_key"
# Whatever decides how a register is read and coded; a change to one of them makes kept keys worthless.
SOURCES = (
    *sorted((ROOT / "kodomo" / "normalize").glob("*.py")),
    *(
        ROOT / "kodomo" / "linkage" / f"{name}.py"
        for name in ("encode", "engine", "register_keys", "sources")
    ),
    *sorted((DATA / "variants").glob("*.csv")),
)
_TEXTS = ("strict", "loose", "whole", "kana", "reading", "sound", "bag", "skeleton", "town", "room")
_NUMBERS = ("chome", "block", "lot")
_PERSON = ("sex", "household", "ended", "current")


@cache
def _version() -> str:
    """Return the fingerprint of the normalisation and of its tables of variants."""
    whole = hashlib.sha256()
    for path in SOURCES:
        whole.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return whole.hexdigest()


def mark(con: duckdb.DuckDBPyConnection) -> str:
    """Return what tells two registers apart: the content of the load layer, and how it is normalised."""
    return f"{register_mark(con)}-{_version()}"


def keep(con: duckdb.DuckDBPyConnection, marked: str, residents: Residents, voc: Vocabulary) -> None:
    """Write the coded register and its vocabulary into the snapshot, in place of what was kept before.

    Args:
        con: a build's connection.
        marked: the register's `mark`.
        residents, voc: as `engine.code_residents` returns them, before any record was coded.
    """
    con.execute(f"drop schema if exists {SCHEMA} cascade")
    con.execute(f"create schema {SCHEMA}")
    entry = {"person": residents.entry_person, "kind": residents.entry_kind, **vars(residents.entries)}
    person = {"id": residents.ids, **{name: getattr(residents, name) for name in _PERSON}, **residents.birth}
    texts = {name: getattr(voc, name).values for name in _TEXTS}
    numbers = {name: getattr(voc, name).values for name in _NUMBERS}
    numbers |= {"loose_of": voc.loose_of()[:-1], "sound_of": voc.sound_of()[:-1]}
    surnames = residents.surnames
    learned = {
        "mark": marked,
        "kanji": sorted(surnames.kanji),
        "kana": sorted(surnames.kana),
        "readings": surnames.readings,
        "towns": voc.towns.towns,
        "home": voc.towns.home.pattern,
        "homeless": voc.towns.homeless,
    }
    tables = {
        "person": pa.table(person),
        "entry": pa.table(entry),
        "place": pa.table({"person": residents.place_person, **vars(residents.places)}),
        "text": pa.concat_tables([_named(name, values, "string") for name, values in texts.items()]),
        "number": pa.concat_tables([_named(name, values, "int64") for name, values in numbers.items()]),
        "learned": pa.table({"value": [json.dumps(learned, ensure_ascii=False)]}),
    }
    for name, table in tables.items():
        con.register("incoming_keys", table)
        con.execute(f"create table {SCHEMA}.{name} as select * from incoming_keys")
        con.unregister("incoming_keys")


def kept(con: duckdb.DuckDBPyConnection, marked: str) -> tuple[Residents, Vocabulary] | None:
    """Return the coded register kept for `mark` and its vocabulary, None where there is none."""
    there = con.execute(
        "select count(*) from duckdb_tables() where schema_name = ? and table_name = 'learned'", [SCHEMA]
    ).fetchall()
    if not there[0][0]:
        return None
    learned = json.loads(con.execute(f"select value from {SCHEMA}.learned").fetchall()[0][0])
    if learned["mark"] != marked:
        return None
    towns = {spelling: (town, has_chome) for spelling, (town, has_chome) in learned["towns"].items()}
    voc = Vocabulary(towns=Gazetteer(towns, re.compile(learned["home"]), learned["homeless"]))
    texts, numbers = _columns(con, "text"), _columns(con, "number")
    for name in _TEXTS:
        setattr(voc, name, Codes.of(texts["value"][texts["name"] == name].tolist()))
    found = {name: numbers["value"][numbers["name"] == name] for name in (*_NUMBERS, "loose_of", "sound_of")}
    for name in _NUMBERS:
        setattr(voc, name, Numbers.of(found[name]))
    voc.remember(found["loose_of"], found["sound_of"])
    person, entry, place = (_columns(con, name) for name in ("person", "entry", "place"))
    birth = {name: values for name, values in person.items() if name not in ("id", *_PERSON)}
    residents = Residents(
        ids=person["id"],
        birth=birth,
        sex=person["sex"],
        household=person["household"],
        ended=person["ended"],
        current=person["current"],
        entry_person=entry["person"],
        entry_kind=entry["kind"],
        entries=Names(**{each.name: entry[each.name] for each in fields(Names)}),
        place_person=place["person"],
        places=Places(**{each.name: place[each.name] for each in fields(Places)}),
        surnames=Surnames(set(learned["kanji"]), set(learned["kana"]), learned["readings"]),
    )
    return residents, voc


def _columns(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, np.ndarray]:
    found = con.execute(f"select * from {SCHEMA}.{table} order by rowid").fetchnumpy()
    return {name: np.asarray(values) for name, values in found.items()}


def _named(name: str, values: list[str] | np.ndarray, kind: str) -> pa.Table:
    """Return values as a table of two columns: whose they are, and the values."""
    return pa.table({"name": pa.repeat(name, len(values)), "value": pa.array(values, kind)})
