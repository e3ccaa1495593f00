"""Directory: everybody the register ever named, found by any name, reading, address, birth date or number."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import duckdb
import numpy as np
from rapidfuzz import fuzz, process

from kodomo.intake.dates import read_date
from kodomo.normalize.search import place_keys, place_prefix, search_key, search_keys
from kodomo.paths import SQL

LIMIT = 5000
LONGEST = 60
FUZZY_CUTOFF = 78.0
# So many found plainly, and nobody needs those who only resemble what was typed.
ENOUGH = 30
WHOLE, GIVEN, BEGINS, WITHIN, PLACE, BORN = 300.0, 250.0, 200.0, 150.0, 130.0, 120.0
_NOT_RANKED = np.iinfo("int32").max


@dataclass(frozen=True)
class _Column:
    """Distinct keys in one long text, each after a line feed, and the people behind each key.

    `starts`: where each key begins in `text`. The people of key i are `people[first[i]:first[i + 1]]`, as
    places in the directory.
    """

    text: str
    starts: np.ndarray
    first: np.ndarray
    people: np.ndarray

    @classmethod
    def of(cls, keys: Sequence[str], key_of: np.ndarray, people: np.ndarray) -> _Column:
        """Gather people by key; row i says that somebody (`people[i]`) has the key `keys[key_of[i]]`."""
        number: dict[str, int] = {}
        distinct = np.array([number.setdefault(key, len(number)) for key in keys], dtype="int64")
        if "" in number:
            distinct[distinct == number[""]] = -1
        pairs = distinct[key_of] if len(distinct) else np.array([], dtype="int64")
        kept = pairs >= 0
        joint = np.unique((pairs[kept] << 32) | people[kept].astype("int64"))
        counts = np.bincount(joint >> 32, minlength=len(number))
        first = np.concatenate([[0], np.cumsum(counts)]).astype("int64")
        lengths = np.array([len(key) + 1 for key in number], dtype="int64")
        starts = np.concatenate([[1], 1 + np.cumsum(lengths)])[: len(number)].astype("int64")
        text = "\n" + "\n".join(number) + "\n"
        return cls(text, starts, first, (joint & 0xFFFFFFFF).astype("int32"))

    def hits(self, key: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The keys that contain `key`: their numbers, whether they begin with it, whether they are it."""
        at = np.array([found.start() for found in re.finditer(re.escape(key), self.text)], dtype="int64")
        number = np.searchsorted(self.starts, at, side="right") - 1
        begins = self.starts[number] == at if len(at) else np.array([], dtype=bool)
        ends = np.array([self.text[end] == "\n" for end in at + len(key)], dtype=bool)
        return number, begins, begins & ends

    def give(self, score: np.ndarray, numbers: np.ndarray, values: np.ndarray) -> None:
        """Raise the score of everybody behind the keys `numbers` to `values`."""
        counts = self.first[numbers + 1] - self.first[numbers]
        if not counts.sum():
            return
        offsets = np.repeat(self.first[numbers] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
        people = self.people[offsets + np.arange(counts.sum())]
        np.maximum.at(score, people, np.repeat(values, counts).astype("float32"))


@dataclass(frozen=True)
class Directory:
    """Everybody of one snapshot, folded once for the search; shared by everybody and never changed.

    People under 支援措置, and those behind the same door, are found by name and never by address: that they
    turn up would say where they live.
    """

    residents: list[str]
    names: _Column
    given: _Column
    places: _Column
    births: np.ndarray
    ranks: np.ndarray
    children: np.ndarray
    shielded: np.ndarray

    @classmethod
    def build(cls, con: duckdb.DuckDBPyConnection, as_of: date) -> Directory:
        """Read every name and address of the snapshot.

        Args:
            as_of: the judgement day; decides which 支援措置 are in force.
        """
        people = _columns(con, _sql("residents"), {"as_of": as_of})
        residents = people["resident_id"].tolist()
        shielded = people["shielded"].astype(bool)
        births = np.ma.filled(people["birth_date"].astype("datetime64[D]"), np.datetime64("NaT"))
        ranks = np.ma.filled(people["rank"].astype("float64"), np.nan)
        order = np.where(np.isnan(ranks), _NOT_RANKED, np.nan_to_num(ranks)).astype("int32")
        names, name_of, named = _numbered(con, "names", "name")
        firsts, first_of, called = _numbered(con, "names", "given")
        places, place_of, lived = _numbered(con, "addresses", "address")
        away = ~shielded[lived]
        return cls(
            residents,
            _Column.of(search_keys(names), name_of, named),
            _Column.of(search_keys(firsts), first_of, called),
            _Column.of(place_keys(places), place_of[away], lived[away]),
            births,
            order,
            people["is_child"].astype(bool),
            shielded,
        )

    def find(
        self, words: str, *, children_only: bool = False, by_address: bool = True, limit: int = LIMIT
    ) -> list[str]:
        """Resident ids of those who fit what was typed, best first.

        Words may be a name or part of one (漢字, カナ, 通称, 旧氏, an earlier name, 姓 or 名 alone, in any
        order), an address to 丁目 or beyond, today's or an earlier one, a birth date in any notation, or the
        宛名番号; several words with blanks between must all fit the same person. A whole name comes before a
        given name alone, that before a beginning, that before a part, and those who only resemble the name
        (rapidfuzz, from 78 of 100) come last and only where few fit; among equals the order of checking
        decides, then the number.

        Args:
            words: as typed; nothing is found for blanks, and everything after 60 characters is ignored.
            children_only: only today's children (18歳の年度末まで).
            by_address: whether the person asking may see addresses.
            limit: at most so many.
        """
        words = unicodedata.normalize("NFC", words)[:LONGEST]
        parts = [part for part in words.split() if search_key(part)]
        if not parts:
            return []
        score = self._named("".join(parts))
        np.maximum(score, self._elsewhere(words, by_address=by_address), out=score)
        if len(parts) > 1:
            every = np.full(len(self.residents), WHOLE, dtype="float32")
            for part in parts:
                mine = self._named(part)
                np.maximum(mine, self._elsewhere(part, by_address=by_address, town_too=True), out=mine)
                np.minimum(every, mine, out=every)
            np.maximum(score, np.minimum(every, BEGINS), out=score)
        if children_only:
            score[~self.children] = 0
        if np.count_nonzero(score) < ENOUGH:
            self._alike(score, search_key("".join(parts)))
            if children_only:
                score[~self.children] = 0
        found = np.flatnonzero(score)
        order = np.lexsort((found, self.ranks[found], -score[found]))[:limit]
        return [self.residents[place] for place in found[order]]

    def _named(self, word: str) -> np.ndarray:
        """Score everybody by one word as part of a name."""
        score = np.zeros(len(self.residents), dtype="float32")
        key = search_key(word)
        if key:
            number, begins, whole = self.names.hits(key)
            self.names.give(score, number, np.where(whole, WHOLE, np.where(begins, BEGINS, WITHIN)))
            number, begins, whole = self.given.hits(key)
            self.given.give(score, number, np.where(whole, GIVEN, np.where(begins, BEGINS - 10, WITHIN)))
        return score

    def _elsewhere(self, word: str, *, by_address: bool, town_too: bool = False) -> np.ndarray:
        """Score everybody by one word as an address, a birth date or a number."""
        score = np.zeros(len(self.residents), dtype="float32")
        if by_address:
            prefix = place_prefix(word)
            if not prefix and town_too:
                prefix = place_keys([word])[0].partition("/")[0]
            if prefix:
                number, _, _ = self.places.hits(f"\n{prefix}")
                # The hit lies on the line feed before the key.
                self.places.give(score, number + 1, np.full(len(number), PLACE))
        plain = "".join(unicodedata.normalize("NFKC", word).split())
        born = read_date(plain) if any(char.isdigit() for char in plain) else None
        if born is not None and born.kind == "day" and born.value is not None:
            score[self.births == np.datetime64(born.value)] = BORN
        if plain.isascii() and plain.isalnum() and len(plain) >= 5:
            at = bisect_left(self.residents, plain)
            if at < len(self.residents) and self.residents[at] == plain:
                score[at] = WHOLE
        return score

    def _alike(self, score: np.ndarray, key: str) -> None:
        """Score those whose name resembles the key."""
        if len(key) < 3:
            return
        keys = self.names.text[1:-1].split("\n")
        close = process.extract(
            key, keys, scorer=fuzz.ratio, score_cutoff=FUZZY_CUTOFF, limit=200, processor=None
        )
        numbers = np.array([place for _, _, place in close], dtype="int64")
        self.names.give(score, numbers, np.array([value for _, value, _ in close]))


@cache
def _sql(name: str) -> str:
    return (SQL / "directory" / f"{name}.sql").read_text(encoding="utf-8")


def _columns(con: duckdb.DuckDBPyConnection, query: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    with con.cursor() as cursor:
        return cursor.execute(query, dict(asked) or None).fetchnumpy()


# What follows the first blank of a name.
_GIVEN = "nullif(trim(regexp_extract(name, '[ \\t\u3000\u00a0]+(.+)$', 1)), '')"


def _numbered(
    con: duckdb.DuckDBPyConnection, name: str, value: str
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """The distinct values of a query in order, and for each row the places of its value and its resident."""
    shown = _GIVEN if value == "given" else value
    with con.cursor() as cursor:
        cursor.execute(
            f"""
            create or replace temp table directory_rows as
            with
            found as (
                {_sql(name)}
            ),
            numbers as (
                select resident_id, (row_number() over (order by resident_id) - 1)::integer as place
                from (select distinct resident_id from src_resident_register)
            )
            select {shown} as value, numbers.place
            from found
            join numbers using (resident_id)
            """
        )
        values = cursor.execute(
            "select distinct value from directory_rows where value is not null order by value"
        ).fetchall()
        rows = cursor.execute(
            "select (dense_rank() over (order by value) - 1)::integer as value, place from directory_rows"
            " where value is not null"
        ).fetchnumpy()
        cursor.execute("drop table directory_rows")
    return [row[0] for row in values], np.asarray(rows["value"]), np.asarray(rows["place"])
