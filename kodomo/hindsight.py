"""Hindsight: what a draft of the rules would have said at past month-ends, from the facts a replay kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from kodomo import items, rescore
from kodomo.paths import SQL
from kodomo.preview import LISTED
from kodomo.rescore import Scored, Scorer
from kodomo.rules import RuleSet, load_categories

Connection = duckdb.DuckDBPyConnection
Progress = Callable[[float], None]
#: Month-ends whose rules' hits are counted.
RECENT = 12
#: Months after a day within which an event counts as found.
AHEAD = 6


@dataclass
class Found:
    """What one rule set would have found in a category, over the days whose six months have passed.

    listed: children at level 2 or above of whom nothing was known (sum over days); found: those of them who
    had an event; events: all who had one. lead: for each found child, days from the first kept day on the
    list to the event.
    """

    days: int = 0
    listed: int = 0
    found: int = 0
    events: int = 0
    lead: list[int] = field(default_factory=list)

    @property
    def precision(self) -> float | None:
        """The share of listed children who had an event; None where nobody was listed."""
        return self.found / self.listed if self.listed else None

    @property
    def recall(self) -> float | None:
        """The share of events found; None where there were none."""
        return self.found / self.events if self.events else None

    @property
    def median_lead(self) -> float | None:
        """The median of `lead` in days; None where nothing was found."""
        return float(np.median(self.lead)) if self.lead else None


@dataclass(frozen=True)
class Past:
    """What a rule set would have said: per category what it found, per rule its hits on the newest days.

    monthly: category → for each of the newest days, children at level 2 or above.
    """

    found: Mapping[str, Found]
    recent: tuple[date, ...]
    hits: Mapping[str, tuple[int, ...]]
    monthly: Mapping[str, tuple[int, ...]]


# -- keeping ------------------------------------------------------------------------------------------------


def kept_days(days: Sequence[date]) -> list[date]:
    """Of the judged month-ends (oldest first), those whose facts are kept: a year and the half year after."""
    return list(days[-(RECENT + AHEAD) :])


def keeping(con: Connection, days: Sequence[date], lay_out: Callable[[date], None]) -> Callable[[date], None]:
    """A way to lay out a day for `replay.judge_days` that also keeps its facts in the replay store.

    Args:
        con: the connection of the replay, with its store as `replay`.
        days: the days to keep.
        lay_out: makes the temporary tables of a day.
    """
    known = items.load_items()
    codes = sorted(known)
    con.execute(
        "create or replace table replay.past_item as select unnest($codes::varchar[]) as item",
        {"codes": codes},
    )
    con.execute(
        "create or replace table replay.past_child"
        " (as_of date, place integer, resident_id varchar, age_band varchar)"
    )
    con.execute(
        "create or replace table replay.past_fact"
        " (as_of date, item_no smallint, place integer, value double, newest integer)"
    )
    wanted = frozenset(days)

    def both(day: date) -> None:
        lay_out(day)
        if day in wanted:
            con.execute(
                "insert into replay.past_child"
                " select $day, row_number() over (order by resident_id) - 1, resident_id,"
                " coalesce(age_band, '') from child order by resident_id",
                {"day": day},
            )
            query = rescore.fact_sql(con, "true", known, "temp.child")
            con.execute(
                f"insert into replay.past_fact select $day, f.* from ({query}) as f order by item_no, place",
                {"day": day, "items": codes},
            )

    return both


# -- looking back -------------------------------------------------------------------------------------------


def there(store: Path) -> bool:
    """Whether a kept replay's store holds the facts a draft needs."""
    with _opened(store) as con:
        rows = con.execute("select count(*) from duckdb_tables() where table_name = 'past_fact'").fetchall()
    return bool(rows[0][0])


def look_back(
    store: Path,
    until: date,
    known_months: int,
    rulesets: Sequence[RuleSet],
    progress: Progress = lambda share: None,
) -> list[Past]:
    """Score every kept month-end by each rule set.

    Args:
        store: the store of a kept replay (`there`).
        until: the last day of which anything is recorded.
        known_months: how long an event counts as known already.
        rulesets: the rules to try, e.g. those in use and a draft.
        progress: told the share done.

    Returns:
        One answer a rule set, in their order.
    """
    shown = load_categories()
    counted = [category.code for category in shown.categories]
    answers: list[dict[str, Found]] = [{code: Found() for code in counted} for _ in rulesets]
    first_on: list[dict[tuple[str, str], date]] = [{} for _ in rulesets]
    hits: list[dict[str, list[int]]] = [{} for _ in rulesets]
    monthly: list[dict[str, list[int]]] = [{code: [] for code in counted} for _ in rulesets]
    with _opened(store) as con:
        told = con.execute(
            "select distinct as_of, as_of + to_months($ahead) <= $until from past_child order by as_of",
            {"ahead": AHEAD, "until": until},
        ).fetchall()
        days, over = [row[0] for row in told], {row[0] for row in told if row[1]}
        codes = [row[0] for row in con.execute("select item from past_item order by item").fetchall()]
        recent = days[-RECENT:]
        for number, day in enumerate(days):
            progress(number / len(days))
            scorer, residents = _day(con, day, codes, shown.age_bands)
            goals = (
                con.execute(_sql("past_goal"), {"as_of": day, "known_months": known_months}).fetchnumpy()
                if day in over
                else None
            )
            for at, ruleset in enumerate(rulesets):
                scored = scorer.score(ruleset)
                if day in recent:
                    for code, places in scored.hits.items():
                        hits[at].setdefault(code, [0] * (len(recent)))[recent.index(day)] = len(places)
                    for k, code in enumerate(counted):
                        monthly[at][code].append(int((scored.level[k] >= LISTED).sum()))
                if goals is not None:
                    _count(answers[at], first_on[at], scored, goals, residents, day, counted)
    progress(1.0)
    return [
        Past(
            answers[at],
            tuple(recent),
            {code: tuple(row) for code, row in sorted(hits[at].items())},
            {code: tuple(row) for code, row in monthly[at].items()},
        )
        for at in range(len(rulesets))
    ]


def _day(con: Connection, day: date, codes: Sequence[str], age_bands: Sequence[str]) -> tuple[Scorer, Any]:
    pupil = con.execute(
        "select resident_id, age_band from past_child where as_of = $day order by place", {"day": day}
    ).fetchnumpy()
    fact = con.execute(
        "select item_no, place, value, newest from past_fact where as_of = $day order by item_no, place",
        {"day": day},
    ).fetchnumpy()
    residents = np.asarray(pupil["resident_id"], dtype=str)
    bands = ("", *age_bands)
    number: dict[Any, int] = {name: at for at, name in enumerate(bands)}
    shown = load_categories()
    size = len(residents)
    city = rescore.City(
        as_of=(day - date(1970, 1, 1)).days,
        categories=tuple(category.code for category in shown.categories),
        age_bands=bands,
        top=shown.top,
        residents=residents,
        band=np.array([number.get(name, 0) for name in pupil["age_band"].tolist()], dtype=np.int8),
        known=np.zeros(size, dtype=bool),
        rank=np.full(size, rescore.NO_RANK),
        items=rescore.held_items(fact, codes),
        groupings={},
    )
    return Scorer(city), residents


def _count(
    answers: dict[str, Found],
    first_on: dict[tuple[str, str], date],
    scored: Scored,
    goals: Mapping[str, Any],
    residents: Any,
    day: date,
    counted: Sequence[str],
) -> None:
    categories = np.asarray(goals["category"], dtype=str)
    places = np.asarray(goals["place"], dtype=np.int64)
    known = np.asarray(goals["known"], dtype=bool)
    days = goals["days"]
    ahead = np.asarray(days.filled(-1) if isinstance(days, np.ma.MaskedArray) else days, dtype=np.int64)
    for k, code in enumerate(counted):
        mine = categories == code
        new = np.ones(len(residents), dtype=bool)
        new[places[mine & known]] = False
        listed = (scored.level[k] >= LISTED) & new
        for place in np.flatnonzero(listed).tolist():
            first_on.setdefault((code, str(residents[place])), day)
        hit = mine & ~known & (ahead >= 0)
        answer = answers[code]
        answer.days += 1
        answer.listed += int(listed.sum())
        answer.events += int(hit.sum())
        caught = hit & listed[places]
        answer.found += int(caught.sum())
        for place, left in zip(places[caught].tolist(), ahead[caught].tolist(), strict=True):
            began = first_on[(code, str(residents[place]))]
            answer.lead.append(left + (day - began).days)


def _opened(path: Path) -> Connection:
    return duckdb.connect(
        str(path),
        read_only=True,
        config={
            "threads": 2,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )


def _sql(name: str) -> str:
    return (SQL / "replay" / f"{name}.sql").read_text(encoding="utf-8")
