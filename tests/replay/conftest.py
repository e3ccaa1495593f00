"""Small replay stores written by hand or at random, for the figures."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta

import duckdb
import pandas as pd
import pytest

from kodomo import replay

COLUMNS = {
    "child_day": "as_of date, resident_id varchar, living_group varchar, school_code varchar, town varchar,"
    " nationality varchar, sex varchar, age_band varchar, known_case boolean, single_parent boolean,"
    " public_assistance boolean",
    "score": "as_of date, resident_id varchar, category varchar, level integer, points double, rank integer,"
    " flags integer",
    "other_score": "as_of date, resident_id varchar, category varchar, method varchar, score double",
    "without_score": "as_of date, department varchar, resident_id varchar, category varchar, level integer,"
    " points double, rank integer",
    "outcome_event": "resident_id varchar, category varchar, kind varchar, occurred_on date,"
    " recorded_on date",
    "known_fact": "resident_id varchar, occurred_on date, recorded_on date",
}


@dataclass
class Past:
    """Judged days, scores and later events; `figures` computes what the screen shows."""

    until: date = date(2026, 10, 31)
    months: int = 15
    children: list[str] = field(default_factory=lambda: [str(n) for n in range(1, 41)])
    scores: list[tuple] = field(default_factory=list)
    others: list[tuple] = field(default_factory=list)
    without: list[tuple] = field(default_factory=list)
    events: list[tuple] = field(default_factory=list)
    facts: list[tuple] = field(default_factory=list)
    foreign: frozenset[str] = frozenset()
    homes: dict[str, str] = field(default_factory=dict)

    @property
    def days(self) -> list[date]:
        return replay.month_ends(self.until, self.months)

    def figures(self) -> dict[str, pd.DataFrame]:
        """Every figure of the screen."""
        with self.counted() as con:
            return {name: con.execute(f"select * from replay.{name}").df() for name in replay.SHOWN}

    def at_k(self, k: int, months: int = 6, category: str = "abuse") -> dict[str, dict]:
        """What each list finds among its first k, by the list's name."""
        with self.counted() as con:
            rows = replay.precision_at(con, category, months, k).to_dict("records")
        return {row["method"]: row for row in rows}

    @contextmanager
    def counted(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A store with every figure, in use."""
        con = duckdb.connect()
        con.execute("attach ':memory:' as replay")
        children = [
            (
                day,
                one,
                self.homes.get(one, one),
                None,
                "本町",
                "日本以外" if one in self.foreign else "日本",
                "男",
                "小低",
                *[False] * 3,
            )
            for day in self.days
            for one in self.children
        ]
        rows = {
            "child_day": children,
            "score": self.scores,
            "other_score": self.others,
            "without_score": self.without,
            "outcome_event": self.events,
            "known_fact": self.facts,
        }
        for table, columns in COLUMNS.items():
            con.execute(f"create table replay.{table} ({columns})")
            if rows[table]:
                marks = ", ".join("?" for _ in rows[table][0])
                con.executemany(f"insert into replay.{table} values ({marks})", rows[table])
        con.execute(
            "create table replay.judged_day as"
            " select as_of, count(*) as children from replay.child_day group by as_of"
        )
        replay.figures(con, replay.load_plan(), self.until)
        try:
            yield con
        finally:
            con.close()


@pytest.fixture
def past() -> Past:
    """Fifteen month-ends, forty children, nothing else."""
    return Past()


def at_random(seed: int, children: int = 40, listed: int = 30) -> Past:
    """Scores and events drawn at random; some events of the past, so that some children are known already."""
    draw = random.Random(seed)
    made = Past(children=[str(n) for n in range(1, children + 1)])
    for day in made.days:
        chosen = draw.sample(made.children, draw.randint(listed // 6, listed))
        for rank, one in enumerate(chosen, start=1):
            made.scores.append((day, one, "abuse", draw.randint(0, 3), draw.randint(1, 20), rank, 1))
    for one in draw.sample(made.children, children * 5 // 8):
        happened = date(2025, 3, 1) + timedelta(days=draw.randint(0, 600))
        recorded = happened + timedelta(days=draw.randint(0, 90))
        made.events.append((one, "abuse", "notice", happened, recorded))
    return made
