"""`python -m bench.ranking`: how many of the first k of each list had a later event, on a linked city.

Judges the newest month-ends whose following six months are recorded, from what was known on each. Items are
computed once for each state of the catalogue and kept beside the database, so a changed rule set is measured
in a fraction of the time of a replay. Every list is drawn from the same children: those not known already.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pandas as pd

from kodomo import items, replay, tuning
from kodomo.ops import open_store
from kodomo.rules import FIRST_RULESET, RuleSet, load_categories, load_ruleset
from kodomo.snapshots import Family

MONTHS_AFTER = 6
#: How many month-ends the model of `bench.ceiling` learns from.
LESSONS = 3
TABLES = ("child", "item_value", "item_status", "item_gap")


def kept_days(family: Family) -> Path:
    """Where the items of judged days are kept for the snapshot and catalogue of today."""
    current = family.current()
    if current is None:
        raise replay.NotLinkedYet
    folder = family.folder / "bench-items"
    folder.mkdir(exist_ok=True)
    return folder / f"{current.path.stem}-{items.items_hash()[:12]}.duckdb"


def from_kept(con: duckdb.DuckDBPyConnection) -> Callable[[date], None]:
    """How a day is laid out: from the items kept in `kept`, computed and kept where they are missing."""
    compute = replay.from_records(con)

    def lay_out(day: date) -> None:
        con.execute("create table if not exists kept.day (as_of date)")
        if not con.execute("select 1 from kept.day where as_of = $day", {"day": day}).fetchall():
            compute(day)
            for table in TABLES:
                con.execute(
                    f"create or replace table kept.{table}_{day:%Y%m%d} as select * from temp.{table}"
                )
            con.execute("insert into kept.day values ($day)", {"day": day})
        for table in TABLES:
            con.execute(f"create or replace temp table {table} as select * from kept.{table}_{day:%Y%m%d}")

    return lay_out


def lesson_days(first: date, lessons: int = LESSONS) -> list[date]:
    """The month-ends a model may learn from: what came within six months of them was over by `first`."""
    newest = replay.month_ends(first, MONTHS_AFTER + 1)[0]
    return replay.month_ends(newest, lessons)


@contextmanager
def measured(
    db: Path, months: int, skip: int, ruleset: RuleSet | None, lessons: int = 0
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection whose `replay` schema holds the judged days and every figure.

    Args:
        db: the family of a linked city.
        months: how many month-ends to judge.
        skip: how many of the newest to leave out, for the rules to be tuned without them.
        ruleset: the rules; None takes the active ones.
        lessons: month-ends that `bench.ceiling` learns from, for its list beside the others; 0 for none.
    """
    family, plan = Family(db), replay.load_plan()
    current = family.current()
    if current is None:
        raise replay.NotLinkedYet
    with TemporaryDirectory(prefix="kodomo-ranking-") as folder:
        con = replay.attached(current.path, Path(folder) / "ranking.duckdb")
        kept = str(kept_days(family)).replace("'", "''")
        con.execute(f"attach '{kept}' as kept")
        try:
            until = con.execute("select max(delivered_on) from delivery").fetchall()[0][0]
            days = replay.month_ends(until, months + skip + MONTHS_AFTER)[:months]
            taught = lesson_days(days[0], lessons) if lessons else []
            replay.lay_out_events(con, plan, until)
            rules = ruleset or tuning.active(open_store(family))
            replay.judge_days(con, [*taught, *days], rules, from_kept(con))
            if taught:
                from bench import ceiling as model

                replay.figures(con, plan, until, ("known_before", "later", "target", "family"))
                model.add(con, taught, days)
                for passing in ("judged_day", "child_day", "score", "other_score"):
                    con.execute(f"delete from replay.{passing} where as_of < $first", {"first": days[0]})
            replay.figures(con, plan, until)
            yield con
        finally:
            con.close()


def table(con: duckdb.DuckDBPyConnection, category: str, k: int) -> pd.DataFrame:
    """What each list finds among its first k, with the mean of its average precision over the days."""
    rows = replay.precision_at(con, category, MONTHS_AFTER, k)
    whole = con.execute(
        "select method, avg(average_precision) as average_precision from listing"
        " where category = $category and months = $months group by method order by method",
        {"category": category, "months": MONTHS_AFTER},
    ).df()
    return rows.merge(whole, on="method", how="left")


def report(rows: pd.DataFrame, title: str, k: int) -> str:
    """The lists of one category in words, the rules first."""
    first = rows[rows["method"] == "rules"].iloc[0]
    lines = [
        f"{title}: first {k} of {first['days']} month-ends,"
        f" {first['events']:.1f} children a month to be found"
    ]
    order = rows.assign(part=(rows["method"] != "rules").astype(int)).sort_values(
        ["part", "found", "method"], ascending=[True, False, True]
    )
    for row in order.to_dict("records"):
        low, high = row["ahead_low"] * 100, row["ahead_high"] * 100
        ahead = f"rules {row['ahead'] * 100:+.1f} points ({low:+.1f} to {high:+.1f})"
        lines.append(
            f"  {row['method']:<28}{row['found']:>7.1f} found {row['precision']:>6.1%}"
            f" ({row['low']:.1%} to {row['high']:.1%})  AP {row['average_precision']:.3f}"
            + ("" if row["method"] == "rules" else f"  {ahead}")
        )
    return "\n".join(lines)


def main(words: Sequence[str] | None = None) -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(prog="python -m bench.ranking", description=__doc__)
    options.add_argument("--db", type=Path, required=True, help="family of a linked city, as for kodomo --db")
    options.add_argument("--months", type=int, default=12, help="month-ends judged")
    options.add_argument("--skip", type=int, default=0, help="leave out this many of the newest month-ends")
    options.add_argument(
        "--k", type=int, help="children checked a month; by the size of the city when left out"
    )
    options.add_argument("--ruleset", type=Path, help="a rule set as TOML; without it the active one")
    options.add_argument("--ceiling", action="store_true", help="a gradient-boosted model beside the rules")
    options.add_argument("--lessons", type=int, default=LESSONS, help="month-ends that model learns from")
    options.add_argument(
        "--first", action="store_true", help="the rule set of data/rules, not the active one"
    )
    asked = options.parse_args(words)
    path = FIRST_RULESET if asked.first else asked.ruleset
    current = Family(asked.db).current()
    if current is None:
        raise replay.NotLinkedYet
    k = asked.k or replay.load_plan().usual_k(current.counts["child"])
    rules = load_ruleset(path) if path else None
    with measured(asked.db, asked.months, asked.skip, rules, asked.lessons if asked.ceiling else 0) as con:
        for category in load_categories().categories:
            print(report(table(con, category.code, k), f"{category.label} ({category.code})", k), end="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
