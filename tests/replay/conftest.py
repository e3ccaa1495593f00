"""Small replay stores written by hand or at random, for the figures."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

import duckdb
import pandas as pd
import pytest

from kodomo import replay

COLUMNS = {
    "child_day": "as_of date, resident_id varchar, school_code varchar, town varchar, nationality varchar,"
    " sex varchar, age_band varchar, known_case boolean, single_parent boolean, public_assistance boolean",
    "score": "as_of date, resident_id varchar, category varchar, level integer, points double, rank integer,"
    " flags integer",
    "department_score": "as_of date, resident_id varchar, category varchar, department varchar, score double",
    "without_score": "as_of date, department varchar, resident_id varchar, category varchar, level integer,"
    " points double",
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
    departments: list[tuple] = field(default_factory=list)
    without: list[tuple] = field(default_factory=list)
    events: list[tuple] = field(default_factory=list)
    facts: list[tuple] = field(default_factory=list)
    foreign: frozenset[str] = frozenset()

    @property
    def days(self) -> list[date]:
        return replay.month_ends(self.until, self.months)

    def figures(self) -> dict[str, pd.DataFrame]:
        con = duckdb.connect()
        con.execute("attach ':memory:' as replay")
        children = [
            (
                day,
                one,
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
            "department_score": self.departments,
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
        kept = ("curve", "level_mark", "lead_time", "masked", "ablation", "fairness", "stability")
        found = {name: con.execute(f"select * from replay.{name}").df() for name in kept}
        con.close()
        return found


@pytest.fixture
def past() -> Past:
    """Fifteen month-ends, forty children, nothing else."""
    return Past()


def at_random(seed: int) -> Past:
    """Scores and events drawn at random; some events of the past, so that 'new' leaves some children out."""
    draw = random.Random(seed)
    made = Past()
    for day in made.days:
        for rank, one in enumerate(draw.sample(made.children, draw.randint(5, 30)), start=1):
            made.scores.append((day, one, "abuse", draw.randint(0, 3), draw.randint(1, 20), rank, 1))
    for one in draw.sample(made.children, 25):
        happened = date(2025, 3, 1) + timedelta(days=draw.randint(0, 600))
        recorded = happened + timedelta(days=draw.randint(0, 90))
        made.events.append((one, "abuse", "notice", happened, recorded))
    return made
