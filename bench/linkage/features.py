"""Features: the normalised columns of residents and rows as plain tables, for engines that are not ours.

They come from the code that our engine uses, so that what is compared is the matching and not the cleaning.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd

from bench.linkage.engine import Laps
from kodomo.linkage.encode import Names, Places, Vocabulary, school_keys
from kodomo.linkage.engine import Records, Residents, code_records, code_residents
from kodomo.linkage.sources import PERSON_EXTRACTS, read_records, read_register, read_schools

ADULT_GAP = 15
# One byte per kana, so that DuckDB's byte-wise distances count characters.
_BYTES = str.maketrans({chr(0x30A1 + i): chr(38 + i) for i in range(0x30F7 - 0x30A1)} | {"ー": "$"})


@dataclass
class Tables:
    """left: the rows to match; right: one row for each name a resident has or had (kind 0 current).

    Both: unique_id, sei, mei, sei_loose, mei_loose, sei_kana, mei_kana, sei_sound, mei_sound, whole, reading,
    words, letters, sei_bytes, mei_bytes, dob (yyyymmdd), y, m, d, md, sex, town, block, lot, room (address),
    integers with null for unknown, but for the two byte columns. left: extract, record_key, guardian, school.
    right: resident_id, kind, lots (all addresses), adults (names in the household), schools.
    """

    left: pd.DataFrame
    right: pd.DataFrame
    voc: Vocabulary


def _columns(
    names: Names, birth: dict[str, np.ndarray], sex: np.ndarray, places: Places, voc: Vocabulary
) -> pd.DataFrame:
    kana = np.array([*(text.translate(_BYTES) for text in voc.kana.values), None], dtype=object)
    frame = pd.DataFrame(
        {
            "sei": names.sei_s, "mei": names.mei_s, "sei_loose": names.sei_l, "mei_loose": names.mei_l,
            "sei_kana": names.sei_k, "mei_kana": names.mei_k,
            "sei_sound": names.sei_p, "mei_sound": names.mei_p,
            "whole": names.full_l, "reading": names.full_k, "words": names.words, "letters": names.bag,
            "dob": birth["dob"], "y": birth["year"], "m": birth["month"], "d": birth["day"],
            "md": birth["md"], "sex": sex,
            "town": places.town, "block": places.block, "lot": places.lot, "room": places.room,
        }
    )  # fmt: skip
    frame = frame.astype("Int32").mask(frame < 0)
    frame["sei_bytes"], frame["mei_bytes"] = kana[names.sei_k], kana[names.mei_k]
    return frame


def _take(places: Places, rows: np.ndarray) -> Places:
    return Places(*(getattr(places, name)[rows] for name in Places.__dataclass_fields__))


def _lists(size: int, owner: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Return, per owner, the distinct known values as a list (None where there are none)."""
    known = value >= 0
    pairs = np.unique(np.stack([owner[known], value[known]], axis=1).astype("int64"), axis=0)
    out = np.full(size, None, dtype=object)
    start = np.flatnonzero(np.diff(pairs[:, 0], prepend=-1))
    for person, values in zip(pairs[start, 0].tolist(), np.split(pairs[:, 1], start[1:]), strict=True):
        out[person] = values.tolist()
    return out


def build(con: duckdb.DuckDBPyConnection, laps: Laps) -> Tables:
    """Return the tables of one city; numbered rows of 学齢簿 teach guardian and school, as in our engine."""
    register, frame, schools = read_register(con), read_records(con), read_schools(con)
    laps("read")
    voc = Vocabulary()
    residents = code_residents(register, voc)
    records = code_records(frame, residents, voc, {e: i for i, e in enumerate(PERSON_EXTRACTS)})
    size = len(residents)
    position = pd.Series(np.arange(size), index=residents.ids)
    number = position.reindex(frame["number"].to_numpy(dtype=object)).fillna(-1).to_numpy(dtype="int64")
    numbered = (frame["number"].fillna("") != "").to_numpy()

    left = _columns(records.names, records.birth, records.sex, records.places, voc)
    left["guardian"] = _null(records.guardian.full_l)
    left["school"] = _null(records.school)
    left.insert(0, "unique_id", np.arange(len(left)))
    left[["extract", "record_key"]] = frame[["extract", "record_key"]]
    left = left[~numbered].reset_index(drop=True)

    person = residents.entry_person
    first_place = np.full(size, -1, dtype="int64")
    owner, at = np.unique(residents.place_person, return_index=True)
    first_place[owner] = at
    here = _take(residents.places, first_place)
    for name in Places.__dataclass_fields__:
        getattr(here, name)[first_place < 0] = -1
    birth = {name: value[person] for name, value in residents.birth.items()}
    right = _columns(residents.entries, birth, residents.sex[person], _take(here, person), voc)
    right["lots"] = _lists(size, residents.place_person, residents.places.lot)[person]
    right["adults"] = _adults(residents, records, number)[person]
    right["schools"] = _schools(schools, frame, number, voc, size)[person]
    right["resident_id"] = residents.ids[person]
    right["kind"] = residents.entry_kind
    right.insert(0, "unique_id", np.arange(len(right)))
    laps("normalise")
    return Tables(left, right, voc)


def place_texts(voc: Vocabulary) -> tuple[list[str], list[str]]:
    """Return the texts behind the codes of blocks and of lots."""
    texts = ["", *voc.town.values]
    out = []
    for numbers in (voc.chome, voc.block, voc.lot):
        texts = [f"{texts[key >> 32]}|{key & 0xFFFFFFFF}" for key in numbers.values.tolist()]
        out.append(texts)
    return out[1], out[2]


def _null(values: np.ndarray) -> pd.Series:
    column = pd.Series(values, dtype="Int32")
    return column.mask(column < 0)


def _adults(residents: Residents, records: Records, number: np.ndarray) -> np.ndarray:
    """Return the names of the adults of each child's household and of the guardian in 学齢簿."""
    household, year = residents.household, residents.birth["year"]
    child = np.flatnonzero(year >= 2005)
    person = residents.entry_person
    names = pd.DataFrame(
        {"home": household[person], "year_a": year[person], "name": residents.entries.full_l}
    )
    homes = pd.DataFrame({"child": child, "home": household[child], "year_c": year[child]})
    both = homes[homes["home"] >= 0].merge(names[names["name"] >= 0], on="home")
    both = both[both["year_c"] - both["year_a"] >= ADULT_GAP]
    known = np.flatnonzero(number >= 0)
    owner = np.concatenate([both["child"].to_numpy(), number[known]])
    value = np.concatenate([both["name"].to_numpy(), records.guardian.full_l[known]])
    return _lists(len(residents), owner, value)


def _schools(
    schools: pd.DataFrame, frame: pd.DataFrame, number: np.ndarray, voc: Vocabulary, size: int
) -> np.ndarray:
    """Return the schools that 学齢簿 names for each numbered child."""
    known = number >= 0
    owner = pd.Series(number[known], index=frame["record_key"].to_numpy()[known])
    owner = owner[~owner.index.duplicated()].reindex(schools["record_key"].to_numpy())
    there = owner.notna().to_numpy()
    codes = voc.school.add(school_keys(schools["school_name"][there], schools["school_code"][there], {}))
    return _lists(size, owner[there].to_numpy(dtype="int64"), codes.astype("int64"))
