"""Judging times: one day judged in this process, step by step, and the levels set anew; nothing is kept."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from kodomo import items, judge, tuning, worsening
from kodomo.ops import open_store
from kodomo.snapshots import Family

#: The steps of a judgement, in their order; `together` adds them up.
STEPS = ("what was known", "items", "events", "levels and reasons", "worsening watch")
RELEVEL = "levels anew, thresholds only"


def measure(db: Path, day: date) -> dict[str, tuple[float, float]]:
    """Judge one day of a linked store into temporary tables.

    Args:
        db: names the store's family.
        day: the judgement day.

    Returns:
        By step, and `together`: seconds of wall time, and of the processors. `children` holds their number.
    """
    family = Family(db)
    ops = open_store(family)
    ruleset, key = tuning.active(ops, day), ops.derived_key("child-ref")
    con = family.connect()
    figures: dict[str, tuple[float, float]] = {}

    def timed(step: str, act: Callable[[], object]) -> None:
        wall, processor = time.perf_counter(), time.process_time()
        act()
        figures[step] = (time.perf_counter() - wall, time.process_time() - processor)

    acts = (
        lambda: items.materialise(con, day, key, persist=False),
        lambda: items.compute(con, day, persist=False),
        lambda: items.build_events(con, day, persist=False),
        lambda: judge.judge_items(con, day, ruleset, persist=False),
        lambda: worsening.watch(con, day, persist=False),
    )
    for step, act in zip(STEPS, acts, strict=True):
        timed(step, act)
    wall, processor = (sum(figures[step][n] for step in STEPS) for n in (0, 1))
    figures["together"] = (wall, processor)
    timed(RELEVEL, lambda: judge.relevel(con, ruleset, persist=False))
    figures["children"] = (con.execute("select count(*) from child").fetchall()[0][0], 0.0)
    return figures


if __name__ == "__main__":
    Path(sys.argv[3]).write_text(json.dumps(measure(Path(sys.argv[1]), date.fromisoformat(sys.argv[2]))))
