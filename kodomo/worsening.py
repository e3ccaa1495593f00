"""Worsening (重篤化): who changed for the worse of late, against their own past or by what happened."""

from __future__ import annotations

import json
import sqlite3
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from kodomo import access, audit, seals
from kodomo.audit import Actor
from kodomo.errors import KodomoError
from kodomo.ops import JST, OpsStore, jst_date, parse_utc, utc_text
from kodomo.paths import DATA, SQL
from kodomo.roster import Scope, query

Connection = duckdb.DuckDBPyConnection
NOW, CHANGED = 1, 2
TIERS: Mapping[int, str] = {NOW: "今すぐ確認", CHANGED: "変化あり"}
NOTE_LENGTH = 1000
_PASSING = (
    "worsening_child",
    "worsening_subject",
    "worsening_signal",
    "worsening_chart_setting",
    "worsening_rule",
    "worsening_chart",
    "worsening_found",
)


class NothingToAcknowledge(KodomoError):
    """The child no longer stands on the list as the screen showed it."""

    def __init__(self) -> None:
        super().__init__("このこどもの状況が変わりました。画面を開き直して、もう一度確かめてください。")


class BadNote(KodomoError):
    """The note is missing or too long."""

    def __init__(self) -> None:
        super().__init__(f"見たことと次にすることを、{NOTE_LENGTH:,}文字以内で書いてください。")


class BadCap(KodomoError):
    """The weekly number is not one the settings allow."""

    def __init__(self) -> None:
        super().__init__(f"1週間の人数は、0から{settings().cap_most}までで選んでください。")


@dataclass(frozen=True)
class Rule:
    """One rule or signal as staff read it."""

    code: str
    label: str
    means: str
    unit: str = ""


@dataclass(frozen=True)
class Settings:
    """data/worsening.toml as read; `rules` and `signals` are by code, in the order of the file."""

    weekly_cap: int
    cap_most: int
    chart: dict[str, float]
    signals: dict[str, dict[str, Any]]
    rules: dict[str, dict[str, Any]]

    def rule(self, code: str) -> Rule:
        """What staff read of a rule or signal."""
        if code in self.signals:
            row = self.signals[code]
            return Rule(code, f"{row['label']}の増加", "", row["unit"])
        row = self.rules.get(code, {"label": code, "means": ""})
        return Rule(code, row["label"], row["means"])

    @property
    def codes(self) -> tuple[str, ...]:
        """Rules first, then signals."""
        return (*self.rules, *self.signals)


@cache
def settings(path: Path = DATA / "worsening.toml") -> Settings:
    """What is watched and how, of data/worsening.toml."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    return Settings(
        weekly_cap=int(raw["weekly_cap"]),
        cap_most=int(raw["cap_most"]),
        chart=raw["chart"],
        signals={row["code"]: row for row in raw["signal"]},
        rules={row["code"]: row for row in raw["rule"]},
    )


# -- finding, while judging ---------------------------------------------------------------------


def watch(con: Connection, as_of: date, *, persist: bool = True, chosen: Settings | None = None) -> int:
    """Find who worsened as of one day, from what was known on it.

    Args:
        con: the connection on which `judge.judge` ran for the same day.
        as_of: the judgement day.
        persist: write the tables into the database file, not as temporary ones.
        chosen: other settings than the city's own.

    Makes worsening (one row per child and alarm: tier 1 今すぐ確認 or 2 変化あり, code, happened_on,
    known_on, score, detail in Japanese, event_ids, departments, events_mark), worsening_series (the watched
    months of these children with baseline and band) and worsening_line (the lines and their alarms a year).

    Returns:
        The number of children with an alarm.
    """
    wanted = chosen or settings()
    _lay_out(con, wanted)
    day = f"date '{as_of.isoformat()}'"
    for name in ("counts", "chart"):
        con.execute(_sql(name))
    charted = f"worsening_charted({day}, {int(wanted.chart['months'])})"
    con.execute(f"create or replace temp table worsening_chart as select * from {charted}")
    con.execute(_sql("line"))
    _make(con, "worsening_line", f"select * from worsening_lined({day})", persist)
    for name in ("signal", *(f"rule_{code}" for code in wanted.rules)):
        con.execute(_sql(name))
    columns = "resident_id, code, happened_on, known_on, event_ids, score, detail"
    con.execute(
        f"create or replace temp table worsening_found as select {columns}, false as is_rule"
        f" from worsening_signalled({day})"
    )
    for code, rule in wanted.rules.items():
        con.execute(
            f"insert into worsening_found select resident_id, '{code}', happened_on, known_on, event_ids,"
            f" ?::double, ?, true from worsening_rule_{code}({day}, {int(rule['days'])})",
            [rule["weight"], rule["means"] + "。"],
        )
    _make(con, "worsening", _sql("worsening"), persist)
    _make(con, "worsening_series", _sql("series"), persist)
    for table in _PASSING:
        con.execute(f"drop table if exists temp.{table}")
    return con.execute("select count(distinct resident_id) from worsening").fetchall()[0][0]


def _lay_out(con: Connection, wanted: Settings) -> None:
    """The settings as small temporary tables, which the macros read."""
    chart = {
        name: int(value) if float(value).is_integer() and name not in ("shift", "top") else float(value)
        for name, value in wanted.chart.items()
    }
    values = ", ".join(f"{value!r} as {name}" for name, value in chart.items())
    con.execute(f"create or replace temp table worsening_chart_setting as select {values}")
    con.execute(
        "create or replace temp table worsening_signal (signal_no integer, code varchar, label varchar,"
        " unit varchar, extract varchar, min_rise double, min_exposure double)"
    )
    for number, row in enumerate(wanted.signals.values()):
        names = ("code", "label", "unit", "extract", "min_rise", "min_exposure")
        values = [number, *(row[name] for name in names)]
        con.execute("insert into worsening_signal values (?, ?, ?, ?, ?, ?, ?)", values)
    con.execute(_sql("child"))
    con.execute(_sql("subject"))
    con.execute(
        "create or replace temp table worsening_rule"
        " (code varchar, tier_case tinyint, tier_other tinyint, days_severe integer)"
    )
    for row in wanted.rules.values():
        con.execute(
            "insert into worsening_rule values (?, ?, ?, ?)",
            [row["code"], row["tier_case"], row["tier_other"], row.get("days_severe", row["days"])],
        )


def _make(con: Connection, table: str, query: str, persist: bool) -> None:
    if persist:
        con.execute(f"drop table if exists temp.{table}")
    con.execute(f"create or replace {'' if persist else 'temp '}table {table} as {query}")


@cache
def _sql(name: str) -> str:
    return (SQL / "worsening" / f"{name}.sql").read_text(encoding="utf-8")


# -- reading ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Alarm:
    """One alarm of a child. `mark` names it: the same alarm of the same day is the same alarm."""

    code: str
    tier: int
    happened_on: date
    known_on: date
    score: float
    detail: str
    event_ids: tuple[str, ...]

    @property
    def mark(self) -> str:
        """The name under which an acknowledgement covers it."""
        return f"{self.code}|{self.happened_on}"


@dataclass(frozen=True)
class Acknowledgement:
    """Somebody looked: the child rests until an alarm it does not cover, or a new concerning event."""

    resident_id: str
    marks: frozenset[str]
    events_mark: str
    tier: int
    note: str
    user_id: str
    acknowledged_at: datetime


@dataclass(frozen=True)
class Watched:
    """One child on the list, its alarms with the gravest first; `before` is the newest acknowledgement."""

    resident_id: str
    age_band: str
    known_case: bool
    alarms: tuple[Alarm, ...]
    events_mark: str
    before: Acknowledgement | None
    resting: bool

    @property
    def tier(self) -> int:
        """The tier of the gravest alarm."""
        return min(alarm.tier for alarm in self.alarms)

    @property
    def score(self) -> float:
        """The weight of the heaviest alarm, a little more for each further one; for the order only."""
        scores = [alarm.score for alarm in self.alarms]
        return max(scores) + 0.25 * (len(scores) - 1)

    @property
    def known_on(self) -> date:
        """When the newest of it became known."""
        return max(alarm.known_on for alarm in self.alarms)


def there(con: Connection) -> bool:
    """Whether the snapshot was watched at all (older snapshots were not)."""
    with con.cursor() as cursor:
        found = cursor.execute(
            "select count(*) from duckdb_tables() where table_name = 'worsening'"
        ).fetchall()
    return found[0][0] > 0


def listed(
    con: Connection, scope: Scope, acknowledged: Mapping[str, Acknowledgement], department: str | None = None
) -> list[Watched]:
    """All children with an alarm whom a person may list, in the order to look at them.

    Args:
        con: a connection on the snapshot; read by a cursor of its own.
        scope: which children (`access.child_filter`).
        acknowledged: newest acknowledgements by resident id (`acknowledgements`).
        department: only alarms that rest on this department's facts alone; None for all.

    Returns:
        今すぐ確認 first, then by weight, then the newest known; those who rest are among them (`resting`).
    """
    rows = _run(con, "listed", scope, department=department)
    by_child: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_child[row["resident_id"]].append(row)
    found = []
    for resident, own in by_child.items():
        alarms = tuple(
            Alarm(
                row["code"],
                row["tier"],
                row["happened_on"],
                row["known_on"],
                row["score"],
                row["detail"],
                tuple(row["event_ids"]),
            )
            for row in sorted(own, key=lambda row: (row["tier"], -row["score"], row["code"]))
        )
        before = acknowledged.get(resident)
        mark = own[0]["events_mark"]
        resting = (
            before is not None
            and before.events_mark == mark
            and all(alarm.mark in before.marks for alarm in alarms)
        )
        found.append(
            Watched(resident, own[0]["age_band"] or "", own[0]["known_case"], alarms, mark, before, resting)
        )
    return sorted(found, key=lambda one: (one.tier, -one.score, -one.known_on.toordinal(), one.resident_id))


def within_cap(waiting: Sequence[Watched], cap: int, done: int) -> list[Watched]:
    """Those of 変化あり shown this week: the first `cap` less the `done` looked at since Monday."""
    return list(waiting[: max(cap - done, 0)])


@dataclass(frozen=True)
class Month:
    """One watched month: the count, what is usual for this child then, and the band around it."""

    month: date
    value: float
    usual: float
    low: float
    high: float
    is_over: bool


def months(con: Connection, residents: Sequence[str]) -> dict[tuple[str, str], list[Month]]:
    """The watched months by child and signal, oldest first."""
    found: dict[tuple[str, str], list[Month]] = defaultdict(list)
    for row in _run(con, "months", residents=list(residents)):
        key = (row.pop("resident_id"), row.pop("signal"))
        found[key].append(Month(**row))
    return dict(found)


def events(con: Connection, event_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The events behind alarms by id: resident_id, department_code, title and the three dates."""
    rows = _run(con, "events", event_ids=list(event_ids))
    return {row["event_id"]: row for row in rows}


def lines(con: Connection) -> pd.DataFrame:
    """The alarm lines: signal, known_case, method ('ewma', 'cusum'), line, alarms_12m (of the last year)."""
    with con.cursor() as cursor:
        return cursor.execute("select * from worsening_line order by signal, known_case, method").df()


def _run(con: Connection, name: str, scope: Scope | None = None, **params: Any) -> list[dict[str, Any]]:
    return query(con, _sql(name), scope, **params)


# -- acknowledging ------------------------------------------------------------------------------


def acknowledge(ops: OpsStore, actor: Actor, shown: Watched, note: str, *, snapshot: str, as_of: date) -> int:
    """Note that somebody looked at a child's alarms; it rests until there is something new.

    Args:
        shown: the child as the screen showed it; only these alarms are covered.
        note: what was seen and what comes next; kept only here, never in the log.
        snapshot, as_of: what the screen rested on.

    Returns:
        The number of the acknowledgement.

    Raises:
        BadNote: no note, or one too long.
        NothingToAcknowledge: somebody else acknowledged the child meanwhile.
        access.AccessDenied, audit.LogUnavailable.
    """
    access.require(ops, actor, "worsening_ack")
    if not note.strip() or len(note) > NOTE_LENGTH:
        raise BadNote
    seen_at = utc_text(shown.before.acknowledged_at) if shown.before else ""
    marks = sorted({alarm.mark for alarm in shown.alarms})
    # The log row is written after the change, in the same transaction: it takes the seal of the row with it.
    detail: dict[str, Any] = {
        "codes": sorted({alarm.code for alarm in shown.alarms}),
        "tier": shown.tier,
    }

    def keep(con: sqlite3.Connection) -> int:
        newest = con.execute(
            "select max(acknowledged_at) as at from worsening_ack where resident_id = ?", (shown.resident_id,)
        ).fetchone()["at"]
        if (newest or "") != seen_at:
            raise NothingToAcknowledge
        row = {
            "resident_id": shown.resident_id,
            "marks": json.dumps(marks),
            "events_mark": shown.events_mark,
            "tier": shown.tier,
            "note": note.strip(),
            "user_id": actor.user_id,
            "department": actor.department,
            "snapshot": snapshot,
            "as_of": as_of.isoformat(),
            "acknowledged_at": utc_text(ops.clock()),
        }
        sealed = seals.insert(con, ops, seals.WORSENING_ACK, row)
        detail[seals.DETAIL] = sealed
        return sealed["worsening_ack"][0]

    return audit.transact(
        ops,
        actor,
        "worsening_ack",
        keep,
        subject=shown.resident_id,
        detail=detail,
        snapshot=snapshot,
    )


def acknowledgements(ops: OpsStore) -> dict[str, Acknowledgement]:
    """The newest acknowledgement of each child, by resident id."""
    with ops.read() as con:
        rows = con.execute("select * from worsening_ack order by ack_id").fetchall()
    return {
        row["resident_id"]: Acknowledgement(
            row["resident_id"],
            frozenset(json.loads(row["marks"])),
            row["events_mark"],
            row["tier"],
            row["note"],
            row["user_id"],
            parse_utc(row["acknowledged_at"]),
        )
        for row in rows
    }


def done_this_week(ops: OpsStore) -> int:
    """How many children of 変化あり were acknowledged since Monday (Japan)."""
    today = jst_date(ops.clock())
    monday = today - timedelta(days=today.weekday())
    since = utc_text(datetime(monday.year, monday.month, monday.day, tzinfo=JST))
    with ops.read() as con:
        row = con.execute(
            "select count(distinct resident_id) as children from worsening_ack"
            " where tier = ? and acknowledged_at >= ?",
            (CHANGED, since),
        ).fetchone()
    return int(row["children"])


def weekly_cap(ops: OpsStore) -> int:
    """How many children of 変化あり are shown a week: what staff set last, else what the settings say."""
    with ops.read() as con:
        row = con.execute("select weekly_cap from worsening_cap order by cap_id desc limit 1").fetchone()
    return int(row["weekly_cap"]) if row else settings().weekly_cap


def set_weekly_cap(ops: OpsStore, actor: Actor, cap: int) -> None:
    """Set how many children of 変化あり are shown a week; kept with who and when, and logged.

    Raises:
        BadCap: a number outside the settings.
        access.AccessDenied, audit.LogUnavailable.
    """
    access.require(ops, actor, "worsening_cap")
    if not 0 <= cap <= settings().cap_most:
        raise BadCap

    detail: dict[str, Any] = {"cap": cap}

    def keep(con: sqlite3.Connection) -> None:
        row = {"weekly_cap": cap, "user_id": actor.user_id, "set_at": utc_text(ops.clock())}
        detail[seals.DETAIL] = seals.insert(con, ops, seals.WORSENING_CAP, row)

    audit.transact(ops, actor, "worsening_cap", keep, detail=detail)
