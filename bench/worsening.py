"""`python -m bench.worsening`: the watch of 重篤化 against the synthetic truth, beside two simple rules."""

from __future__ import annotations

import argparse
import csv
import statistics
from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import duckdb

from kodomo import judge, rules, worsening
from kodomo.snapshots import Family

#: An alarm is right when a child's situation truly becomes grave within so many days after it, or became so
#: within so many days before it: then it is the news of the grave day itself, told at the next month-end.
HORIZON = 180
LATE = 45
ABSENCE = 7

#: The simple rules held against: SQL over the judged day that gives resident_id. {day} is the date.
SIMPLE: Mapping[str, str] = {
    "any new event (grade 2 and more)": (
        "select distinct resident_id from event where grade >= 2 and recorded_on > {day} - 30"
    ),
    f"fixed line: {ABSENCE} days absent in a month": (
        "select person_id as resident_id from ("
        " select person_id, month, sum(sick_days + nonattendance_days + other_absent_days) as days"
        "  from known_attendance where person_id is not null and month > {day} - 92 group by all)"
        f" group by person_id having arg_max(days, month) >= {ABSENCE}"
    ),
}
WATCH: Mapping[str, str] = {
    "watch, both tiers": "select distinct resident_id from worsening",
    "watch, 今すぐ確認 only": "select distinct resident_id from worsening where tier = 1",
    "watch, own-baseline chart only": (
        "select distinct resident_id from worsening where code in (select signal from worsening_line)"
    ),
    "watch, event rules only": (
        "select distinct resident_id from worsening where code not in (select signal from worsening_line)"
    ),
}
RULES: Mapping[str, str] = {
    f"– {code}": f"select distinct resident_id from worsening where code = '{code}'"
    for code in worsening.settings().codes
}


@dataclass
class Tally:
    """The alarms of one way of watching: by day, who is on its list."""

    days: dict[date, frozenset[str]] = field(default_factory=dict)

    def told(self, grave: Mapping[str, list[date]], of: Callable[[str, date], bool]) -> int:
        """How many grave days had an alarm before them or soon after."""
        return sum(
            any(-LATE <= (at - day).days <= HORIZON and child in listed for day, listed in self.days.items())
            for child, days in grave.items()
            for at in days
            if of(child, at)
        )

    def found(self, grave: Mapping[str, list[date]], of: Callable[[str, date], bool]) -> list[int | None]:
        """Days between the first alarm within the horizon and each grave day; None where there was none."""
        leads: list[int | None] = []
        for child, days in grave.items():
            for at in days:
                if not of(child, at):
                    continue
                before = [
                    day
                    for day, listed in self.days.items()
                    if at - timedelta(days=HORIZON) <= day < at and child in listed
                ]
                leads.append((at - min(before)).days if before else None)
        return leads

    def new(self) -> Iterable[tuple[date, str]]:
        """Every alarm that was not there on the day before in the series."""
        last: frozenset[str] = frozenset()
        for day in sorted(self.days):
            yield from ((day, child) for child in sorted(self.days[day] - last))
            last = self.days[day]


def month_ends(last: date, count: int) -> list[date]:
    """The last days of `count` months that end at or before `last`, oldest first."""
    year, month = last.year, last.month
    if last.day < monthrange(year, month)[1]:
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    found = []
    for _ in range(count):
        found.append(date(year, month, monthrange(year, month)[1]))
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return found[::-1]


def grave_days(truth: Path) -> dict[str, list[date]]:
    """The days on which each child's situation truly became grave, of truth/children.csv."""
    found: dict[str, list[date]] = {}
    with truth.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            days = [
                date.fromisoformat(value) for key, value in row.items() if key.endswith("_grave") and value
            ]
            if days:
                found[row["resident_id"]] = sorted(days)
    return found


def watched(con: duckdb.DuckDBPyConnection, days: list[date]) -> tuple[dict[str, Tally], dict, dict]:
    """Judge and watch each day from what was known on it, publishing nothing.

    Returns:
        the alarms by way of watching, the children of each day, and those under consultation.
    """
    ruleset = rules.load_ruleset(rules.FIRST_RULESET)
    queries = {**WATCH, **SIMPLE, **RULES}
    tallies = {name: Tally() for name in queries}
    children: dict[date, frozenset[str]] = {}
    cases: dict[date, frozenset[str]] = {}

    def asked(query: str) -> frozenset[str]:
        return frozenset(row[0] for row in con.execute(query).fetchall())

    for day in days:
        judge.judge(con, day, ruleset, bytes(32), persist=False)
        worsening.watch(con, day, persist=False)
        children[day] = asked("select resident_id from child")
        cases[day] = asked("select resident_id from child where known_case")
        for name, query in queries.items():
            tallies[name].days[day] = asked(query.format(day=f"date '{day}'")) & children[day]
    return tallies, children, cases


def main() -> int:
    """Watch the month-ends that have half a year after them, and print what the alarms were worth."""
    options = argparse.ArgumentParser(prog="python -m bench.worsening", description=__doc__)
    options.add_argument("--db", type=Path, required=True, help="a linked store (family name)")
    options.add_argument("--truth", type=Path, required=True, help="truth/children.csv of the same city")
    options.add_argument("--months", type=int, default=12)
    asked = options.parse_args()
    current = Family(asked.db).current()
    if current is None:
        options.error("there is no snapshot under that name")
    grave = grave_days(asked.truth)
    with duckdb.connect(str(current.path), read_only=True) as con:
        newest = con.execute("select max(delivered_on) from delivery").fetchall()[0][0]
        days = month_ends(newest - timedelta(days=HORIZON), asked.months)
        tallies, children, cases = watched(con, days)
    first, last = days[0], days[-1] + timedelta(days=31)
    months = sum(map(len, children.values()))
    print(f"{len(days)} month-ends {days[0]} to {days[-1]}, {months / len(days):,.0f} children a day")
    heads = ("way of watching", "before", "lead, median (quartiles)", "or told soon after", "new / month")
    heads = (*heads, "right", "false / 100")
    print(f"| {' | '.join(heads)} |")
    print("|---" * len(heads) + "|")
    for group, of_child in (("everyone", children), ("under consultation", cases)):

        def counted(child: str, at: date, of_child: dict = of_child) -> bool:
            """Grave days that the series could foresee, of children there on a month-end before."""
            return first < at <= last and any(
                child in of_child[day] for day in days if at - timedelta(days=HORIZON) <= day < at
            )

        print(f"| **{group}** " + "| " * len(heads) + "|")
        for name, tally in tallies.items():
            leads = tally.found(grave, counted)
            alarms = [(day, child) for day, child in tally.new() if child in of_child[day] and day != first]
            right = [
                one
                for one in alarms
                if any(-LATE <= (at - one[0]).days <= HORIZON for at in grave.get(one[1], ()))
            ]
            size = sum(len(of_child[day]) for day in days if day != first)
            told = tally.told(grave, counted)
            print(_line(name, leads, told, len(alarms), len(right), size, len(days) - 1))
    return 0


def _line(
    name: str, leads: list[int | None], told: int, alarms: int, right: int, size: int, months: int
) -> str:
    known = sorted(lead for lead in leads if lead is not None)
    share = f"{len(known)} of {len(leads)} ({100 * len(known) / max(len(leads), 1):.0f}%)"
    spread = "–"
    if len(known) > 1:
        low, middle, high = statistics.quantiles(known, n=4, method="inclusive")
        spread = f"{middle:.0f} days ({low:.0f}–{high:.0f})"
    false = 100 * (alarms - right) / max(size, 1)
    hit = f"{100 * right / max(alarms, 1):.1f}%"
    late = f"{100 * told / max(len(leads), 1):.0f}%"
    return f"| {name} | {share} | {spread} | {late} | {alarms / months:,.1f} | {hit} | {false:.2f} |"


if __name__ == "__main__":
    raise SystemExit(main())
