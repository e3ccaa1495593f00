"""Candidates: which residents could be behind a record, found by narrow joins over integer codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

# Each pass: where it looks (`entry`: names, `born`: names of those born on a day that some record gives,
# `home`: names at addresses, `pupil`: schools), the columns that must be equal, and the most residents that
# may share the key (0 = any number).
Pass = tuple[str, tuple[str, ...], int]
# Whoever is meant is nearly always found here; these passes stay narrow however large the city is.
NARROW: tuple[Pass, ...] = (
    ("born", ("dob", "mei_p"), 0),
    ("born", ("dob", "sei_p"), 0),
    ("born", ("dob", "mei_l"), 0),
    ("born", ("dob", "sei_l"), 0),
    ("born", ("dob", "bag"), 0),
    ("born", ("dob", "words"), 0),
    ("entry", ("y", "sei_l", "mei_l"), 100),
    ("entry", ("y", "sei_p", "mei_p"), 100),
    ("entry", ("md", "sei_l", "mei_l"), 100),
    ("entry", ("md", "sei_p", "mei_p"), 100),
    ("home", ("block", "mei_l"), 0),
    ("home", ("block", "mei_p"), 0),
)
# The wide net, cast only for records that no resident fits in name and birth date (`Blocks.find`). A key that
# more residents share than the cap allows says too little and finds nobody.
WIDE: tuple[Pass, ...] = (
    ("home", ("dob", "block"), 0),
    ("pupil", ("dob", "school"), 0),
    ("entry", ("y", "m", "mei_l"), 400),
    ("entry", ("y", "d", "mei_l"), 400),
    ("entry", ("md", "mei_l"), 400),
    ("entry", ("y", "m", "mei_p"), 200),
    ("entry", ("y", "d", "mei_p"), 200),
    ("entry", ("md", "mei_p"), 200),
    ("entry", ("sei_l", "mei_l"), 25),
    ("entry", ("sei_p", "mei_p"), 25),
    ("entry", ("full_l",), 25),
    ("entry", ("full_k",), 25),
    ("entry", ("bag",), 25),
    ("entry", ("words",), 25),
    ("home", ("lot", "sei_l"), 60),
    ("home", ("lot", "sei_p"), 60),
    ("home", ("lot", "y"), 60),
)
SETTLING: tuple[tuple[str, ...], ...] = (("dob", "full_l"), ("dob", "full_k"))


@dataclass
class Pairs:
    """Candidate pairs in order of record, then person (int32 positions).

    blind: whether a pair was found by what the record says, and not only by the number it brings (bool).
    """

    record: np.ndarray
    person: np.ndarray
    blind: np.ndarray

    def __len__(self) -> int:
        return len(self.record)


class Blocks:
    """The residents' keys as tables of integers, loaded once and joined with the records of each stage."""

    def __init__(self, memory: str = "1GB") -> None:
        self.con = duckdb.connect(
            config={
                "threads": 2,
                "memory_limit": memory,
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            }
        )
        self.con.execute("set preserve_insertion_order = false")

    def close(self) -> None:
        """Release the memory."""
        self.con.close()

    def load(self, table: str, columns: Mapping[str, np.ndarray], *, add: bool = False) -> None:
        """Copy columns of integers into `table`; -1 becomes null, so that unknown never equals unknown."""
        self.con.register("incoming", pa.table({name: pa.array(values) for name, values in columns.items()}))
        select = ", ".join(f"nullif({name}, -1)::integer as {name}" for name in columns)
        begin = f"insert into {table} by name" if add else f"create or replace table {table} as"
        self.con.execute(f"{begin} select {select} from incoming")
        self.con.unregister("incoming")

    def join_homes(self) -> None:
        """Lay the tables `entry` and `place` together as `home`: every name at every address."""
        self.con.execute(
            """
            create or replace table home as
            select e.i, e.dob, e.y, e.sei_l, e.sei_p, e.mei_l, e.mei_p, p.block, p.lot
            from entry e join (select distinct i, block, lot from place) p on p.i = e.i
            """
        )

    def find(self, *, have: set[str]) -> Pairs:
        """Return the distinct pairs of the residents' tables and table `record` (i, keys…) over all passes.

        A record is settled when a resident has its birth date and its whole name in every script both know,
        and no other sex; a name without birth date or another's birth date cannot outweigh that, so the
        wide passes leave it out. `kin` (name, mei_l, mei_p, i) holds the names of the adults that
        residents live with.
        """
        con = self.con
        con.execute("create or replace temp view asking as select * from record")
        con.execute("create or replace temp table born as select * from entry semi join record using (dob)")
        found: list[np.ndarray] = []
        settled: list[np.ndarray] = []
        for keys in SETTLING:
            if set(keys) <= have:
                pairs, sure = self._settling(keys)
                found.append(pairs)
                settled.append(pairs[sure] >> 32)
        for where, keys, cap in NARROW:
            if set(keys) <= have:
                found.append(self._join(where, keys, cap))
        if "guardian" in have:
            found += [self._pairs("kin", ("name", given), on="guardian") for given in ("mei_l", "mei_p")]
        for one, two in (("sei_l", "mei_l"), ("sei_p", "mei_p")):
            found.append(
                self._fetch(
                    f"""
                    select (r.i::bigint << 32) | e.i as pair from asking r
                    join entry e on e.{one} = r.{two} and e.{two} = r.{one}
                    where e.y = r.y or e.md = r.md
                    """
                )
            )
        con.register("settled", pa.table({"i": np.unique(np.concatenate([*settled, [-1]]))}))
        con.execute("create or replace temp table open as select * from record anti join settled using (i)")
        con.unregister("settled")
        con.execute("create or replace temp view asking as select * from open")
        for where, keys, cap in WIDE:
            if set(keys) <= have:
                found.append(self._join(where, keys, cap))
        # Without a birth date the name must find everybody who bears it.
        for one, two in (("sei_l", "mei_l"), ("sei_p", "mei_p")):
            found.append(self._pairs("entry", (one, two), only="r.dob is null"))
        blind = _distinct(found)
        numbered = np.array([], dtype="int64")
        if "number" in have:
            numbered = self._fetch(
                "select (i::bigint << 32) | number as pair from record where number is not null"
            )
        pairs = _distinct([blind, numbered])
        # Whoever is still without a candidate is at least shown those of the same birth date.
        con.register("served", pa.table({"i": np.unique(pairs >> 32)}))
        con.execute("create or replace temp view asking as select * from open anti join served using (i)")
        pairs = _distinct([pairs, self._pairs("born", ("dob",))])
        con.unregister("served")
        return Pairs(
            (pairs >> 32).astype("int32"), (pairs & 0xFFFFFFFF).astype("int32"), np.isin(pairs, blind)
        )

    def _fetch(self, query: str) -> np.ndarray:
        return np.asarray(self.con.execute(query).fetchnumpy()["pair"], dtype="int64")

    def _settling(self, keys: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Return pairs of equal `keys`, and which of them settle their record."""
        on = " and ".join(f"e.{key} = r.{key}" for key in keys)
        rows = self.con.execute(
            f"""
            select
                (r.i::bigint << 32) | e.i as pair,
                coalesce(e.full_l = r.full_l, true) and coalesce(e.full_k = r.full_k, true)
                    and coalesce(e.sex = r.sex, true) as sure
            from asking r join born e on {on}
            """
        ).fetchnumpy()
        return np.asarray(rows["pair"], dtype="int64"), np.asarray(rows["sure"], dtype=bool)

    def _pairs(
        self, where: str, keys: tuple[str, ...], *, on: str | None = None, only: str = "true"
    ) -> np.ndarray:
        """Return the pairs of equal `keys`; `on` is what the record calls the first of them."""
        equal = " and ".join(
            f"t.{key} = r.{on if on and not place else key}" for place, key in enumerate(keys)
        )
        return self._fetch(
            f"""
            select distinct (r.i::bigint << 32) | t.i as pair
            from asking r join {where} t on {equal} where {only}
            """
        )

    def _join(self, where: str, keys: tuple[str, ...], cap: int) -> np.ndarray:
        """Return the pairs of equal `keys`, those left out that more than `cap` residents share."""
        if not cap:
            return self._pairs(where, keys)
        listed = ", ".join(keys)
        return self._fetch(
            f"""
            with wanted as (select distinct {listed} from asking),
            entries as (select distinct i, {listed} from {where} semi join wanted using ({listed})),
            narrow as (select * from entries qualify count(*) over (partition by {listed}) <= {cap})
            select (r.i::bigint << 32) | n.i as pair from asking r join narrow n using ({listed})
            """
        )


def _distinct(parts: list[np.ndarray]) -> np.ndarray:
    return np.unique(np.concatenate(parts)) if parts else np.array([], dtype="int64")
