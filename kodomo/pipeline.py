"""Pipeline: the three steps from delivered files to a judged, published snapshot (版)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from kodomo import (
    audit,
    backup,
    changes,
    intake,
    judge,
    link_history,
    linkage,
    missed,
    pregnancies,
    tuning,
    worsening,
)
from kodomo import export as exports
from kodomo.errors import KodomoError
from kodomo.ops import OpsStore, open_store
from kodomo.snapshots import Family

Progress = Callable[[str, float], None]
Connection = duckdb.DuckDBPyConnection


class NothingLoaded(KodomoError):
    """A step was asked for before any delivery was loaded."""

    def __init__(self) -> None:
        super().__init__("まだデータが読み込まれていません。先に load か refresh を実行してください。")


class NotLinked(KodomoError):
    """A judgement was asked for before the records were matched."""

    def __init__(self) -> None:
        super().__init__("まだ名寄せされていません。先に link か refresh を実行してください。")


class NothingToVerify(KodomoError):
    """There is neither a snapshot nor an operational store under the given name."""

    def __init__(self) -> None:
        super().__init__("調べるデータがありません。--db の場所が正しいか確かめてください。")


@dataclass
class Outcome:
    """What one run did: the sentences to print and the exit code that the contracts promise."""

    lines: list[str] = field(default_factory=list)
    exit_code: int = 0


def _silent(step: str, share: float) -> None:
    """Progress for callers that show none."""


def newest_delivery(con: Connection) -> date:
    """Return the newest delivery date in the store: the day judged when nobody names one.

    A fixed day of the data, not of the clock, so that the same data always gives the same list.

    Raises:
        NothingLoaded: when no delivery was ever accepted.
    """
    row = con.execute("select max(delivered_on) from delivery").fetchall()[0]
    if row[0] is None:
        raise NothingLoaded
    return row[0]


def load(
    family: Family, folder: Path, *, accept_shrink: bool = False, progress: Progress = _silent
) -> Outcome:
    """Load every delivery in `folder`, or nothing where nothing can be loaded.

    Args:
        family: the stores to load into.
        folder: where the delivered files lie.
        accept_shrink: release snapshots that lost more than half of their rows.
        progress: told the step and its share done (0 to 1).

    Returns:
        The receipts in words; exit code 0, 1 (a file was refused) or 2 (nothing could be done).
    """
    _announcing_store(family)
    summary = intake.load_folder(family, folder, accept_shrink=accept_shrink, progress=_reading(progress))
    _log(family, "load", summary)
    return Outcome(summary.lines(), summary.exit_code)


def _reading(progress: Progress) -> Callable[[int, int, str], None]:
    """Show intake's progress in bytes as one step."""
    return lambda done, total, _name: progress("読み込み", done / max(total, 1))


def _announcing_store(family: Family) -> OpsStore:
    """Open the operational store, and let each new snapshot stand in its log before it becomes current."""
    ops = open_store(family)
    family.announce = audit.announcing(ops, audit.SYSTEM)
    return ops


def _log(family: Family, action: str, summary: intake.LoadSummary) -> None:
    counts = {"files": len(summary.receipts), "refused": summary.refused}
    audit.record(open_store(family), audit.SYSTEM, action, detail=counts)


def link(family: Family, *, progress: Progress = _silent) -> Outcome:
    """Match persons (名寄せ) in the current snapshot and publish the result.

    Raises:
        NothingLoaded: when no delivery was ever accepted.
    """
    _need(family)
    ops = _announcing_store(family)
    with family.build() as (con, build):
        newest_delivery(con)
        lines = _link(con, ops, progress)
        build.stage = "linked"
        audit.record(ops, audit.SYSTEM, "link")
    return Outcome(lines)


def relink(family: Family, *, as_of: date | None = None, progress: Progress = _silent) -> Outcome:
    """Match and judge anew what is loaded in one build: people's decisions take effect.

    Args:
        as_of: the day to judge; the day judged before, or else the newest delivery's, when None.

    Raises:
        NothingLoaded: when no delivery was ever accepted.
    """
    _need(family)
    ops = _announcing_store(family)
    current = family.current()
    with family.build() as (con, build):
        newest = newest_delivery(con)
        day = as_of or (date.fromisoformat(current.as_of[:10]) if current and current.as_of else newest)
        lines = _link(con, ops, progress) + _judge(con, ops, day, progress)
        build.stage = "judged"
        audit.record(ops, audit.SYSTEM, "link", detail={"as_of": day.isoformat()})
    return Outcome(lines)


def judge_day(family: Family, *, as_of: date | None = None, progress: Progress = _silent) -> Outcome:
    """Judge the linked snapshot as of one day, the newest delivery's when None, and publish the result.

    Raises:
        NothingLoaded, NotLinked: when an earlier step is missing.
    """
    _need(family)
    ops = _announcing_store(family)
    with family.build() as (con, build):
        day = as_of or newest_delivery(con)
        if not _has(con, "link"):
            raise NotLinked
        lines = _judge(con, ops, day, progress)
        build.stage = "judged"
        audit.record(ops, audit.SYSTEM, "judge", detail={"as_of": day.isoformat()})
    return Outcome(lines)


def refresh(
    family: Family,
    folder: Path,
    *,
    as_of: date | None = None,
    accept_shrink: bool = False,
    progress: Progress = _silent,
) -> Outcome:
    """Load, match and judge in one build: staff see the old snapshot until the new one is whole.

    Args as in `load` and `judge_day`. Returns the summary and the exit code of the load.
    """
    ops = _announcing_store(family)
    with family.build() as (con, build):
        summary = intake.load(con, folder, accept_shrink=accept_shrink, progress=_reading(progress))
        if summary.exit_code == 2:
            build.discard()
            return Outcome(summary.lines(), 2)
        lines = summary.lines() + _link(con, ops, progress)
        day = as_of or newest_delivery(con)
        lines += _judge(con, ops, day, progress)
        build.stage = "judged"
        progress("公開", 0.0)
        counts: dict[str, Any] = {"files": len(summary.receipts), "refused": summary.refused}
        audit.record(ops, audit.SYSTEM, "refresh", detail=counts | {"as_of": day.isoformat()})
    return Outcome(lines, summary.exit_code)


def _link(con: Connection, ops: OpsStore, progress: Progress) -> list[str]:
    return link_history.link_and_record(
        con, ops, lambda decisions: linkage.link(con, decisions=decisions, progress=progress).lines()
    )


def _judge(con: Connection, ops: OpsStore, day: date, progress: Progress) -> list[str]:
    progress("判定", 0.0)
    ruleset = tuning.active(ops, day)
    key = ops.derived_key("child-ref")

    def judge_on(other: Connection, earlier: date) -> str:
        rules = tuning.active(ops, earlier)
        judge.judge(other, earlier, rules, key, persist=False)
        return rules.id

    changes.keep_earlier(con, day, judge_on)
    judge.judge(con, day, ruleset, key)
    worsening.watch(con, day)
    pregnancies.find(con, day, key)
    missed.find(con, day)
    progress("判定", 1.0)
    rows = con.execute(
        "select level, count(distinct resident_id) from judgement where level > 0 group by 1 order by 1 desc"
    ).fetchall()
    children = con.execute("select count(*) from child").fetchall()[0][0]
    words = "、".join(f"レベル{level} {count:,}人" for level, count in rows) or "該当なし"
    return [f"判定日 {day} 対象のこども {children:,}人: {words}（判定基準 {ruleset.id}）"]


def _has(con: Connection, table: str) -> bool:
    found = con.execute("select count(*) from duckdb_tables() where table_name = ?", [table]).fetchall()
    return found[0][0] > 0


def _need(family: Family) -> None:
    if family.current() is None:
        raise NothingLoaded


def export(family: Family, kind: str, out: Path) -> int:
    """Write one of the exports; the file appears once the operation log holds the export.

    Args:
        family: the stores to read.
        kind: receipts, quarantine, links, ranking or items.
        out: the CSV file to write.

    Returns:
        The number of rows written.

    Raises:
        NothingLoaded: when there is no snapshot yet.
        LogUnavailable: when the export could not be logged; nothing is written.
    """
    current = family.current()
    if current is None:
        raise NothingLoaded
    con, waiting = family.connect(), out.with_name(f".{out.name}.waiting")
    try:
        rows = exports.write_csv(con, kind, waiting)
        audit.record(
            open_store(family),
            audit.SYSTEM,
            "export",
            count=rows,
            detail={"kind": kind},
            snapshot=current.name,
        )
        waiting.replace(out)
        return rows
    finally:
        con.close()
        waiting.unlink(missing_ok=True)


def verify(family: Family) -> list[str]:
    """Check the operation log's chain and the integrity of both stores.

    Returns:
        Japanese sentences, the first broken place first; empty when all is sound.

    Raises:
        NothingToVerify: when there is nothing at this place.
    """
    paths = (family.pointer_path, family.ops_path, family.anchor_path)
    if not any(path.exists() for path in paths):
        raise NothingToVerify
    return backup.verify(family)


def month_end_lists(family: Family) -> Callable[[date], pd.DataFrame]:
    """Return a function that judges any past day from what was known then, publishing nothing.

    The function takes the day and gives one row per child and category at level 1 or above:
    resident_id, category, level, known_case, ruleset, rank, rules (codes of those that counted).
    """
    ops = open_store(family)
    con = family.connect()

    def listed(day: date) -> pd.DataFrame:
        ruleset = tuning.active(ops, day)
        judge.judge(con, day, ruleset, ops.derived_key("child-ref"), persist=False)
        return con.execute(
            """
            select j.resident_id, j.category, j.level, j.known_case, ? as ruleset, j.rank, r.rules
            from judgement as j
            left join (
                select resident_id, category, list(code order by code) as rules from reason
                where kind <> 'cap' group by resident_id, category
            ) as r on j.resident_id = r.resident_id and j.category = r.category
            where j.level > 0 order by j.rank, j.category
            """,
            [ruleset.id],
        ).df()

    return listed
