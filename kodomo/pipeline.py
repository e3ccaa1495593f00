"""Pipeline: the three steps from delivered files to a judged, published snapshot (版)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from kodomo import audit, intake, judge, linkage, tuning
from kodomo.accounts import load_key
from kodomo.cases import link_decisions
from kodomo.errors import KodomoError
from kodomo.ops import OpsStore
from kodomo.snapshots import Family

Progress = Callable[[str, float], None]


class NothingLoaded(KodomoError):
    """A step was asked for before any delivery was loaded."""

    def __init__(self) -> None:
        super().__init__("まだデータが読み込まれていません。先に load か refresh を実行してください。")


@dataclass
class Outcome:
    """What one run did: the sentences to print and the exit code that the contracts promise."""

    lines: list[str] = field(default_factory=list)
    exit_code: int = 0


def _silent(step: str, share: float) -> None:
    """Progress for callers that show none."""


def newest_delivery(con: duckdb.DuckDBPyConnection) -> date:
    """Return the newest delivery date in the store: the day judged when nobody names one.

    A fixed day of the data, not of the clock, so that the same data always gives the same list.

    Raises:
        NothingLoaded: when no delivery was ever accepted.
    """
    row = con.execute("select max(delivered_on) from delivery").fetchall()[0]
    if row[0] is None:
        raise NothingLoaded
    return row[0]


def load(family: Family, folder: Path, *, accept_shrink: bool = False, progress: Progress = _silent) -> Outcome:
    """Load every delivery in `folder`, or nothing where nothing can be loaded.

    Args:
        family: the stores to load into.
        folder: where the delivered files lie.
        accept_shrink: release snapshots that lost more than half of their rows.
        progress: told the step and its share done (0 to 1).

    Returns:
        The receipts in words; exit code 0, 1 (a file was refused) or 2 (nothing could be done).
    """
    summary = intake.load_folder(family, folder, accept_shrink=accept_shrink, progress=progress)
    return Outcome(summary.lines(), summary.exit_code)


def _log(family: Family, action: str, **detail: object) -> None:
    """Write what the command line did into the operation log."""
    ops = OpsStore(family.ops_path, load_key(family))
    try:
        audit.record(ops, audit.SYSTEM, action, detail=detail)
    finally:
        ops.close()


def link(family: Family, *, progress: Progress = _silent) -> Outcome:
    """Match persons (名寄せ) in the current snapshot and publish the result.

    Raises:
        NothingLoaded: when no delivery was ever accepted.
    """
    ops = OpsStore(family.ops_path, load_key(family))
    try:
        with family.build(stage="linked") as (con, _):
            newest_delivery(con)
            summary = linkage.link(con, decisions=link_decisions(ops), progress=progress)
    finally:
        ops.close()
    return Outcome(summary.lines())
