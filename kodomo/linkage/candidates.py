"""Candidates: which residents could be behind a record, found by narrow joins over integer codes."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd

# Each pass: the columns that must be equal, and the most residents that may share the key (0 = any number).
PASSES: tuple[tuple[tuple[str, ...], int], ...] = (
    (("dob", "mei_p"), 0),
    (("dob", "sei_p"), 0),
    (("dob", "mei_l"), 0),
    (("dob", "sei_l"), 0),
    (("dob", "bag"), 0),
    (("dob", "words"), 0),
    (("dob", "full_l"), 0),
    (("dob", "full_k"), 0),
    (("dob", "block"), 0),
    (("dob", "school"), 0),
    (("y", "m", "mei_l"), 400),
    (("y", "d", "mei_l"), 400),
    (("md", "mei_l"), 400),
    (("y", "m", "mei_p"), 200),
    (("y", "d", "mei_p"), 200),
    (("md", "mei_p"), 200),
    (("y", "sei_l", "mei_l"), 100),
    (("y", "sei_p", "mei_p"), 100),
    (("sei_l", "mei_l"), 25),
    (("sei_p", "mei_p"), 25),
    (("full_l",), 25),
    (("full_k",), 25),
    (("bag",), 25),
    (("words",), 25),
    (("mei_l", "block"), 0),
    (("mei_p", "block"), 0),
    (("sei_l", "lot"), 60),
    (("sei_p", "lot"), 60),
    (("y", "lot"), 60),
)


@dataclass
class Pairs:
    """Candidate pairs in order of record, then person (int32 positions)."""

    record: np.ndarray
    person: np.ndarray

    def __len__(self) -> int:
        return len(self.record)


class Blocks:
    """The residents' keys, registered once and joined with the records of each stage."""

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

    def load(self, table: str, frame: pd.DataFrame) -> None:
        """Copy a frame of integers into `table`; -1 becomes null, so that unknown never equals unknown."""
        self.con.register("incoming", frame)
        columns = ", ".join(f"nullif({c}, -1)::integer as {c}" for c in frame.columns)
        self.con.execute(f"create or replace table {table} as select {columns} from incoming")
        self.con.unregister("incoming")

    def find(self, *, have: set[str]) -> Pairs:
        """Return the distinct pairs of tables `entry` (i, keys…) and `record` (i, keys…) over all passes.

        `place` (i, block, lot) and `studies` (i, school) hold the residents' addresses and schools,
        `adult` (i, name) the names in their households.
        """
        con = self.con
        con.execute("create or replace temp table found (r integer, i integer)")
        for keys, cap in PASSES:
            if not set(keys) <= have:
                continue
            self._join(keys, cap)
        if "guardian" in have:
            for given in ("mei_l", "mei_p"):
                con.execute(
                    f"""
                    insert into found
                    select distinct r.i, e.i from record r
                    join adult a on a.name = r.guardian
                    join entry e on e.i = a.i and e.{given} = r.{given}
                    """
                )
        for one, two in (("sei_l", "mei_l"), ("sei_p", "mei_p")):
            con.execute(
                f"""
                insert into found
                select distinct r.i, e.i from record r
                join entry e on e.{one} = r.{two} and e.{two} = r.{one} and (e.y = r.y or e.md = r.md)
                """
            )
        # Without a birth date the name must find everybody who bears it.
        for one, two in (("sei_l", "mei_l"), ("sei_p", "mei_p")):
            con.execute(
                f"""
                insert into found
                select distinct r.i, e.i from record r join entry e on e.{one} = r.{one} and e.{two} = r.{two}
                where r.dob is null
                """
            )
        if "number" in have:
            con.execute("insert into found select i, number from record where number is not null")
        # Whoever is still without a candidate is at least shown those of the same birth date.
        con.execute(
            """
            insert into found
            select distinct r.i, e.i from record r
            anti join found f on f.r = r.i
            join entry e on e.dob = r.dob
            """
        )
        rows = con.execute("select distinct r, i from found order by r, i").fetchnumpy()
        con.execute("drop table found")
        return Pairs(np.asarray(rows["r"], dtype="int32"), np.asarray(rows["i"], dtype="int32"))

    def _join(self, keys: tuple[str, ...], cap: int) -> None:
        place = [key for key in keys if key in ("block", "lot")]
        school = [key for key in keys if key == "school"]
        source = "entry e"
        owner = dict.fromkeys(keys, "e")
        if place:
            source += " join place p on p.i = e.i"
            owner[place[0]] = "p"
        if school:
            source += " join studies s on s.i = e.i"
            owner["school"] = "s"
        select = ", ".join(f"{owner[key]}.{key} as {key}" for key in keys)
        known = " and ".join(f"{owner[key]}.{key} is not null" for key in keys)
        listed = ", ".join(keys)
        capped = f"qualify count(*) over (partition by {listed}) <= {cap}" if cap else ""
        self.con.execute(
            f"""
            insert into found
            with wanted as (select distinct {listed} from record),
            entries as (
                select distinct e.i, {select} from {source} where {known}
            ),
            narrow as (select * from entries semi join wanted using ({listed}) {capped})
            select distinct r.i, n.i from record r join narrow n using ({listed})
            """
        )
