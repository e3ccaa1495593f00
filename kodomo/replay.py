"""Replay (検証): past month-ends judged again from what was known then, measured by what came later."""

from __future__ import annotations

import fcntl
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from glob import escape
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from kodomo import audit, hindsight, items, judge, tuning
from kodomo.conditions import leaves
from kodomo.errors import KodomoError
from kodomo.ops import OpsStore
from kodomo.paths import DATA, SQL
from kodomo.rules import RuleSet, load_categories
from kodomo.snapshots import Current, Family

Progress = Callable[[str, float], None]
Connection = duckdb.DuckDBPyConnection

#: How many children a month somebody might check; the points of the workload curve.
STEPS = (10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1000, 1500, 2000, 3000)
#: The most children a month that precision is counted for.
DEEPEST = 1000
#: Months within which a later event counts as found.
HORIZONS = (6, 12)
#: Month-ends, half a year apart, on which each department is left out in turn.
SAMPLES = 2
#: The figures, in the order in which each is built from those before it; one file each in sql/replay.
FIGURES = (
    "known_before",
    "later",
    "target",
    "population",
    "area_score",
    "family",
    "place",
    "listing",
    "placed",
    "curve",
    "level_mark",
    "lead_time",
    "masked",
    "fairness",
    "stability",
)
#: Figures that name no child and no family, for the screen.
SHOWN = ("population", "listing", "curve", "level_mark", "lead_time", "masked", "fairness", "stability")
STEP = "過去の月末を判定"
#: What judging leaves in the store, day after day; the figures are built from it.
KEPT = ("child_day", "score", "other_score", "without_score", "past_item", "past_child", "past_fact")
#: Days times linked records from which a second process is worth its start.
WORTH_TWO = 1_000_000
#: Opaque names of children are not kept, so no secret stands behind them here.
_NO_KEY = bytes(32)
#: Tables that only the building of the figures needs.
_PASSING = ("known_before", "later", "target", "area_score", "family", "place")


class NotLinkedYet(KodomoError):
    """A replay was asked for before the records were matched."""

    def __init__(self) -> None:
        super().__init__("まだ名寄せされていません。先に refresh を実行してください。")


class ReplayRunning(KodomoError):
    """Another process is replaying the same family."""

    def __init__(self) -> None:
        super().__init__("ほかの検証が動いています。終わるのを待ってから、もう一度実行してください。")


class NothingToReplay(KodomoError):
    """No month-end lies after the first recorded events."""

    def __init__(self) -> None:
        super().__init__(
            "検証に使える過去の月末がありません。半年分ほどの記録がそろってから実行してください。"
        )


class BadReplayCatalogue(KodomoError):
    """data/replay.toml cannot be used as it is."""


@dataclass(frozen=True)
class OutcomeEvent:
    """One kind of later event: the category it belongs to, and its name for staff."""

    code: str
    category: str
    label: str


@dataclass(frozen=True)
class Plan:
    """What data/replay.toml says: the events, and the limits of counting."""

    events: tuple[OutcomeEvent, ...]
    known_months: int
    floor: int
    checked: int
    checked_of: int

    def usual_k(self, children: int) -> int:
        """How many children a month are checked in a city of so many, in steps of 5, at least 10."""
        share = min(1.0, children / self.checked_of)
        return max(10, round(self.checked * share / 5) * 5)


@dataclass(frozen=True)
class Replay:
    """One kept replay: where it lies, which snapshot and rules it is of, and the days it judged."""

    path: Path
    snapshot: str
    ruleset: str
    ruleset_hash: str
    first: date
    last: date
    until: date
    days: int
    children: int
    made_at: str


def load_plan(path: Path = DATA / "replay.toml") -> Plan:
    """Read which later events count, from data/replay.toml.

    Raises:
        BadReplayCatalogue: something is missing, or an event has no file in sql/replay.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        events = tuple(OutcomeEvent(**row) for row in data["event"])
        plan = Plan(events, *(int(data[name]) for name in ("known_months", "floor", "checked", "checked_of")))
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise BadReplayCatalogue("data/replay.toml を読めません。書き方を見直してください。") from error
    shown = {category.code for category in load_categories().categories}
    for event in plan.events:
        if event.category not in shown or not (SQL / "replay" / f"event_{event.code}.sql").is_file():
            raise BadReplayCatalogue(
                f"data/replay.toml の {event.code} は使えません。類型の名前と"
                f" sql/replay/event_{event.code}.sql があるかを確かめてください。"
            )
    return plan


def month_ends(until: date, months: int) -> list[date]:
    """The last `months` month-ends up to and including `until`, oldest first."""
    day = until if (until + timedelta(days=1)).day == 1 else until.replace(day=1) - timedelta(days=1)
    found = []
    for _ in range(months):
        found.append(day)
        day = day.replace(day=1) - timedelta(days=1)
    return found[::-1]


def _silent(step: str, share: float) -> None:
    """Progress for callers that show none."""


@lru_cache(maxsize=64)
def _read(path: Path, _changed: int) -> str:
    return path.read_text(encoding="utf-8")


def _sql(name: str) -> str:
    path = SQL / "replay" / f"{name}.sql"
    return _read(path, path.stat().st_mtime_ns)


# -- making --------------------------------------------------------------------------------------------


def run(
    family: Family,
    ops: OpsStore,
    months: int = 36,
    progress: Progress = _silent,
    *,
    processes: int | None = None,
) -> Replay:
    """Judge past month-ends by the active rules from what was known then, and keep the results.

    Nothing is published: staff go on reading the snapshot; an earlier replay stays until this one is whole.

    Args:
        family: the stores; the current snapshot is read, never written.
        ops: where the active rule set comes from, and the log.
        months: how many month-ends at most; those before the records begin are left out.
        progress: told the step and its share done (0 to 1).
        processes: 1 or 2; by the size of the city when None. The result is the same.

    Returns:
        The replay that was kept.

    Raises:
        NotLinkedYet: there is no linked snapshot.
        ReplayRunning: another replay of the same family is running.
        NothingToReplay: no month-end lies after the first recorded events.
        RuleSetError: the active rules do not fit the catalogue.
    """
    current = family.current()
    if current is None or current.stage not in ("linked", "judged"):
        raise NotLinkedYet
    ruleset, plan = tuning.active(ops), load_plan()
    with _alone(family):
        return _run(family, ops, months, progress, current, ruleset, plan, processes)


@contextmanager
def _alone(family: Family) -> Iterator[None]:
    """Hold the replay's own lock, which no refresh and no screen waits for."""
    lock = os.open(family.folder / f"{family.stem}.replay.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ReplayRunning from error
        for left in family.folder.glob(f"{escape(family.stem)}.replay-building-*"):
            if left.suffix == ".duckdb":
                _remove(left)
        yield
    finally:
        os.close(lock)


def _run(
    family: Family,
    ops: OpsStore,
    months: int,
    progress: Progress,
    current: Current,
    ruleset: RuleSet,
    plan: Plan,
    processes: int | None,
) -> Replay:
    building = family.folder / f"{family.stem}.replay-building-{os.getpid()}.duckdb"
    con = attached(current.path, building)
    try:
        until = con.execute("select max(delivered_on) from delivery").fetchall()[0][0]
        if until is None:
            raise NothingToReplay
        lay_out_events(con, plan, until)
        first = con.execute(_sql("first_day")).fetchall()[0][0]
        days = [day for day in month_ends(until, months) if first is not None and day >= first]
        if not days:
            raise NothingToReplay
        _judge(con, current.path, building, days, ruleset, progress, processes)
        progress("集計", 0.0)
        figures(con, plan, until)
        facts = {
            "snapshot": current.name,
            "ruleset": ruleset.id,
            "ruleset_hash": ruleset.hash,
            "items_hash": items.items_hash(),
            "first": days[0].isoformat(),
            "last": days[-1].isoformat(),
            "until": until.isoformat(),
            "days": str(len(days)),
            "children": str(con.execute("select arg_max(children, as_of) from judged_day").fetchall()[0][0]),
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        rows = pd.DataFrame(list(facts.items()), columns=pd.Index(["key", "value"]), dtype="str")
        _keep(con, "meta", rows)
        con.execute("use memory")
        con.execute("detach city")
        con.execute("checkpoint replay")
        con.execute("detach replay")
        con.close()
        audit.record(ops, audit.SYSTEM, "replay", detail={"days": len(days)}, snapshot=current.name)
        path = (
            family.folder / f"{family.stem}.replay-{current.path.stem.removeprefix(family.stem + '-')}.duckdb"
        )
        os.chmod(building, 0o600)
        os.replace(building, path)
        for older in _kept(family):
            if older != path:
                _remove(older)
        progress("集計", 1.0)
        made = find(family)
        assert made is not None
        return made
    finally:
        with suppress(duckdb.Error):
            con.close()
        _remove(building)


def _judge(
    con: Connection,
    snapshot: Path,
    building: Path,
    days: Sequence[date],
    ruleset: RuleSet,
    progress: Progress,
    processes: int | None,
) -> None:
    """Judge all days into `replay`, in one process or in two that take the older and the newer days."""
    if processes is None:
        children = con.execute("select count(*) from city.main.link").fetchall()[0][0]
        processes = 2 if (os.cpu_count() or 1) > 1 and len(days) * children > WORTH_TWO else 1
    alone = processes < 2 or len(days) < 2
    if not alone:
        try:
            _judge_in_two(con, snapshot, building, days, ruleset, progress)
        except BrokenProcessPool:
            # One of the two was ended from outside, as a machine short of memory does: one alone needs half.
            alone = True
    if alone:
        _judge_part(con, days, days, ruleset, lambda done: progress(STEP, done / len(days)))
    _note_days(con)
    progress(STEP, 1.0)


def _note_days(con: Connection) -> None:
    """Make replay.judged_day from the children of each day."""
    con.execute(
        "create or replace table replay.judged_day as"
        " select as_of, count(*) as children from replay.child_day group by as_of order by as_of"
    )


def _judge_part(
    con: Connection,
    part: Sequence[date],
    days: Sequence[date],
    ruleset: RuleSet,
    told: Callable[[int], None],
) -> None:
    """Judge some of the days of a replay, and keep the facts of those a draft will be tried on."""
    lay_out = hindsight.keeping(con, hindsight.kept_days(days), from_records(con))

    def counted(_step: str, share: float) -> None:
        told(round(share * len(part)))

    judge_days(con, part, ruleset, lay_out, counted, _sampled(days))


def _judge_in_two(
    con: Connection,
    snapshot: Path,
    building: Path,
    days: Sequence[date],
    ruleset: RuleSet,
    progress: Progress,
) -> None:
    """Two processes, each with one thread: most of a day's many small queries never use a second one."""
    split = _half(days)
    parts = [days[:split], days[split:]]
    stores = [building.with_name(f"{building.stem}-part{n}.duckdb") for n in range(len(parts))]
    fresh = get_context("spawn")
    done = fresh.Array("i", len(parts))
    try:
        with ProcessPoolExecutor(len(parts), fresh, _share_progress, (done,)) as pool:
            running = [
                pool.submit(_part_in_process, n, snapshot, stores[n], part, days, ruleset)
                for n, part in enumerate(parts)
            ]
            while not all(future.done() for future in running):
                wait(running, timeout=1.0)
                progress(STEP, sum(done[n] for n in range(len(parts))) / len(days))
            for future in running:
                future.result()
        for number, store in enumerate(stores):
            quoted = str(store).replace("'", "''")
            con.execute(f"attach '{quoted}' as part (read_only)")
            for table in KEPT:
                if number and table == "past_item":
                    continue
                start = (
                    f"insert into replay.{table}" if number else f"create or replace table replay.{table} as"
                )
                con.execute(f"{start} select * from part.main.{table}")
            con.execute("detach part")
    finally:
        for store in stores:
            _remove(store)


_done: Any = None


def _share_progress(done: Any) -> None:
    global _done
    _done = done


def _part_in_process(
    number: int,
    snapshot: Path,
    store: Path,
    part: Sequence[date],
    days: Sequence[date],
    ruleset: RuleSet,
) -> None:
    """What one of two processes does: its days, into a store of its own."""

    def told(days_done: int) -> None:
        _done[number] = days_done

    con = attached(snapshot, store, threads=1)
    try:
        _judge_part(con, part, days, ruleset, told)
        con.execute("checkpoint replay")
    finally:
        con.close()


def _half(days: Sequence[date]) -> int:
    """Where to cut, so that both parts take about as long: some days have more to be done."""
    kept, sampled = set(hindsight.kept_days(days)), set(_sampled(days))
    weight = [1.0 + 0.3 * (day in kept) + 2.5 * (day in sampled) for day in days]
    before = [abs(sum(weight[:cut]) - sum(weight[cut:])) for cut in range(len(days) + 1)]
    return min(max(before.index(min(before)), 1), len(days) - 1)


def attached(snapshot: Path, building: Path, *, threads: int = 2) -> Connection:
    """A connection that reads a snapshot as `city`, in use, and writes a store of its own as `replay`.

    Args:
        snapshot: a linked snapshot; it is opened read-only.
        building: the store to write; made when it is not there.
        threads: how many threads a query may use.
    """
    con = duckdb.connect(
        ":memory:",
        config={
            "threads": threads,
            "memory_limit": f"{2 * threads}GB",
            "temp_directory": f"{building}.tmp",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    for path, name, how in ((snapshot, "city", " (read_only)"), (building, "replay", "")):
        quoted = str(path).replace("'", "''")
        con.execute(f"attach '{quoted}' as {name}{how}")
    con.execute("use city")
    return con


def _keep(con: Connection, table: str, frame: pd.DataFrame) -> None:
    """Put a small frame into the replay store."""
    con.register("replay_frame", frame)
    try:
        con.execute(f"create or replace table replay.{table} as select * from replay_frame")
    finally:
        con.unregister("replay_frame")


def lay_out_events(con: Connection, plan: Plan, until: date) -> None:
    """Make replay.outcome_event and replay.known_fact: what came, with the day it was first recorded.

    Args:
        con: a connection as `attached` gives it.
        plan: which events count.
        until: the last day of which anything is recorded.
    """
    items.install(con)
    con.execute(
        "create or replace table replay.outcome_event (resident_id varchar, category varchar, kind varchar,"
        " occurred_on date, recorded_on date)"
    )
    for event in plan.events:
        query = _sql(f"event_{event.code}")
        bound: dict[str, Any] = {"category": event.category, "kind": event.code}
        if "$until" in query:
            bound["until"] = until
        con.execute(
            "insert into replay.outcome_event"
            f" select resident_id, $category, $kind, occurred_on, recorded_on from ({query})"
            " where resident_id is not null and occurred_on is not null order by occurred_on, resident_id",
            bound,
        )
    con.execute("create or replace table replay.known_fact as " + _sql("known_fact"))


def from_records(con: Connection) -> Callable[[date], None]:
    """How `judge_days` gets a day: children and items computed from the records known on it."""

    def lay_out(day: date) -> None:
        items.materialise(con, day, _NO_KEY, persist=False)
        items.compute(con, day, persist=False)

    return lay_out


def judge_days(
    con: Connection,
    days: Sequence[date],
    ruleset: RuleSet,
    lay_out: Callable[[date], None],
    progress: Progress = _silent,
    left_out: Sequence[date] = (),
) -> None:
    """Judge each day from what was known on it; keep children, scores and what each department alone says.

    Args:
        con: a connection as `attached` gives it.
        days: the days to judge, oldest first.
        ruleset: the rules, the same for every day.
        lay_out: makes the temporary tables child, item_value, item_status and item_gap of one day.
        progress: told the step and its share done.
        left_out: days of these judged once more without each department in turn.

    Makes replay.child_day, score, other_score (each department alone), without_score and judged_day.
    """
    owners = _rule_departments(ruleset)
    con.register("replay_frame", owners)
    con.execute("create or replace temp table rule_department as select * from replay_frame")
    con.unregister("replay_frame")
    kept = {"child_day": "child_on_day", "score": "score_on_day", "other_score": "department_on_day"}
    con.execute(
        "create or replace table replay.without_score (as_of date, department varchar, resident_id varchar,"
        " category varchar, level integer, points double, rank integer)"
    )
    for number, day in enumerate(days):
        progress(STEP, number / len(days))
        lay_out(day)
        judge.judge_items(con, day, ruleset, persist=False)
        for table, query in kept.items():
            start = "insert into" if number else "create or replace table"
            con.execute(f"{start} replay.{table} {'' if number else 'as '}{_sql(query)}", {"as_of": day})
        if day in left_out:
            _without_departments(con, day, ruleset)
    _note_days(con)
    progress(STEP, 1.0)


def _sampled(days: Sequence[date]) -> list[date]:
    """The newest month-ends with half a year behind them, half a year apart."""
    return [days[n] for n in range(len(days) - 1 - HORIZONS[0], -1, -HORIZONS[0])][:SAMPLES]


def _rule_departments(ruleset: RuleSet) -> pd.DataFrame:
    """Rules that read one department's records only: rule, category, department, level (of a trigger)."""
    known = items.load_items()
    rows: list[tuple[str, str, str, int]] = [
        (rule.code, rule.category, known[rule.item].department, 0) for rule in ruleset.items if rule.enabled
    ]
    for row in (*ruleset.combinations, *ruleset.triggers):
        owners = {known[leaf.item].department for leaf in leaves(row.when)}
        if row.enabled and len(owners) == 1:
            rows.append((row.code, row.category, owners.pop(), getattr(row, "level", 0)))
    return pd.DataFrame(rows, columns=pd.Index(["rule", "category", "department", "level"]))


def _without_departments(con: Connection, day: date, ruleset: RuleSet) -> None:
    """Judge the day once more for each department, as if it delivered nothing; fills replay.without_score.

    Works on copies of the item tables; those of the connection stand as before afterwards.
    """
    known = items.load_items()
    read = {code for code in ruleset.items_read() if code in known}
    for table in ("item_value", "item_status", "item_gap"):
        con.execute(f"create or replace temp table whole_{table} as select * from temp.{table}")
    try:
        for department in sorted({known[code].department for code in read}):
            gone = sorted(code for code in read if known[code].department == department)
            for table in ("item_value", "item_gap"):
                con.execute(
                    f"create or replace temp table {table} as"
                    f" select * from whole_{table} where item not in (select unnest($gone::varchar[]))",
                    {"gone": gone},
                )
            con.execute(
                "create or replace temp table item_status as select item,"
                " case when item in (select unnest($gone::varchar[])) then '未連携' else state end as state"
                " from whole_item_status order by item",
                {"gone": gone},
            )
            judge.judge_items(con, day, ruleset, persist=False)
            con.execute(
                "insert into replay.without_score"
                " select $day, $department, resident_id, category, level, points, rank from judgement"
                " where level > 0 or points > 0 order by category, resident_id",
                {"day": day, "department": department},
            )
    finally:
        for table in ("item_value", "item_status", "item_gap"):
            con.execute(f"create or replace temp table {table} as select * from whole_{table}")
            con.execute(f"drop table whole_{table}")


def figures(con: Connection, plan: Plan, until: date, names: Sequence[str] = FIGURES) -> None:
    """Compute every figure of the screen from the judged days in `replay`, and keep it there.

    Args:
        con: a connection with the store as `replay`; it is left in use.
        plan: the events and limits.
        until: the last day of which anything is recorded.
        names: which of FIGURES; all of them, or the first few for a bench that needs no more.
    """
    con.execute("use replay")
    counted = [category.code for category in load_categories().categories]
    having = {event.category for event in plan.events}
    lists: Mapping[str, tuple[str, list[Any]]] = {
        "outcome_category": ("category", [code for code in counted if code in having]),
        "step": ("k", list(STEPS)),
        "horizon": ("months", list(HORIZONS)),
        "level": ("level", [level.value for level in load_categories().levels if level.value]),
    }
    for table, (column, values) in lists.items():
        _keep(con, table, pd.DataFrame({column: values}))
    _wilson(con)
    bound: dict[str, Any] = {
        "until": until,
        "known_months": plan.known_months,
        "floor": plan.floor,
        "deepest": DEEPEST,
    }
    for name in names:
        query = _sql(name)
        used = {key: value for key, value in bound.items() if f"${key}" in query}
        con.execute(f"create or replace table replay.{name} as {query}", used)
    if names == FIGURES:
        for name in _PASSING:
            con.execute(f"drop table replay.{name}")


def _wilson(con: Connection) -> None:
    for statement in _sql("wilson").split(";\n"):
        if statement.strip():
            con.execute(statement)


# -- reading -------------------------------------------------------------------------------------------


def find(family: Family) -> Replay | None:
    """The newest kept replay of the family, whichever snapshot it is of; None where there is none."""
    for path in _kept(family):
        with suppress(duckdb.Error, KeyError, ValueError):
            told = dict(_ask(path, "select key, value from meta order by key"))
            return Replay(
                path,
                told["snapshot"],
                told["ruleset"],
                told["ruleset_hash"],
                date.fromisoformat(told["first"]),
                date.fromisoformat(told["last"]),
                date.fromisoformat(told["until"]),
                int(told["days"]),
                int(told["children"]),
                told["made_at"],
            )
    return None


def read(found: Replay, figure: str) -> pd.DataFrame:
    """One figure of a kept replay, one of SHOWN. Raises KeyError for any other name."""
    if figure not in SHOWN:
        raise KeyError(figure)
    con = duckdb.connect(str(found.path), read_only=True)
    try:
        return con.execute(f"select * from {figure}").df()
    finally:
        con.close()


def at_k(found: Replay, category: str, months: int, k: int) -> pd.DataFrame:
    """Precision of every list among its first k, with its range and how far the rules are ahead of it.

    Args:
        found: a kept replay.
        category: which category.
        months: within how many months an event counts, one of HORIZONS.
        k: children checked a month, 1 to DEEPEST.

    Returns:
        One row a list: method, days, found and events (children a month), precision, low, high, rules_found,
        ahead, ahead_low, ahead_high (95 % ranges). Lists 'without:…' are the rules without a department, on
        fewer days; rules_found is the rules' own figure on the same days.
    """
    con = duckdb.connect(str(found.path), read_only=True)
    try:
        return precision_at(con, category, months, k)
    finally:
        con.close()


def precision_at(con: Connection, category: str, months: int, k: int) -> pd.DataFrame:
    """What `at_k` tells, from a connection that has the figures in use."""
    _wilson(con)
    return con.execute(_sql("at_k"), {"category": category, "months": months, "k": k}).df()


def _ask(path: Path, query: str) -> list[tuple[Any, ...]]:
    con = duckdb.connect(str(path), read_only=True)
    try:
        return con.execute(query).fetchall()
    finally:
        con.close()


def _kept(family: Family) -> list[Path]:
    """Every whole replay of the family, newest snapshot first."""
    start = f"{family.stem}.replay-"
    return (
        sorted(
            (
                path
                for path in family.folder.iterdir()
                if path.name.startswith(start)
                and path.suffix == ".duckdb"
                and path.stem.removeprefix(start)[:1].isdigit()
            ),
            key=lambda path: path.name,
            reverse=True,
        )
        if family.folder.is_dir()
        else []
    )


def _remove(path: Path) -> None:
    for name in (path, Path(f"{path}.wal")):
        name.unlink(missing_ok=True)
