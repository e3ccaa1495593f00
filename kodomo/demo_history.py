"""Demo history: a year of invented staff reviews for an invented city, written by the real functions."""

from __future__ import annotations

import hashlib
import math
import sqlite3
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import pandas as pd

from kodomo import accounts, audit, cases
from kodomo.audit import SYSTEM, Actor
from kodomo.ops import JST, OpsStore, jst_date
from kodomo.snapshots import Family

Lists = Callable[[date], pd.DataFrame]
Progress = Callable[[str, float], None]

# How often a look finds something, by the highest level; with the truth at hand it is decided by the truth.
FOUND = {1: 0.25, 2: 0.45, 3: 0.66}
FOUND_TRUE = {1: 0.70, 2: 0.82, 3: 0.92}
FOUND_FALSE = {1: 0.08, 2: 0.14, 3: 0.22}
NEEDS_SUPPORT = {1: 0.12, 2: 0.30, 3: 0.52}
KNOWN_IS_SUPPORTED = 0.82
HOLD = 0.06
MINUTES = {1: 9.0, 2: 14.0, 3: 21.0}
STEP = "デモの職員確認"
NOTES = (
    "",
    "",
    "",
    "学校に様子を確認した。",
    "担当課に記録の内容を確かめた。",
    "次の会議で共有する。",
    "きょうだいの状況も合わせて確認した。",
    "保健師の訪問の予定を確認した。",
)


@dataclass(frozen=True)
class _Child:
    """A child on one month's list."""

    resident_id: str
    levels: dict[str, int]
    known_case: bool
    ruleset: str | None
    rules: frozenset[str] = frozenset()

    @property
    def level(self) -> int:
        return max(self.levels.values())


def make(
    family: Family,
    ops: OpsStore,
    months: int = 12,
    seed: int = 1,
    *,
    lists: Lists,
    truth: Mapping[str, Collection[str]] | None = None,
    per_month: int = 170,
    progress: Progress | None = None,
) -> int:
    """Write a year of reviews into an empty store: who stood on each month-end's list, looked at in order.

    Deterministic: the same lists, seed and truth give the same reviews. Every row and log row says that it
    is a demonstration. Does nothing where a review exists already.

    Args:
        family: its current snapshot's judgement day ends the history.
        months: how many months back it begins.
        lists: gives the list as of a month-end, one row per child and category with columns resident_id,
            category, level, known_case, ruleset; called once per month, oldest first.
        truth: resident_id -> categories (or anything) in which the child truly is in need; children not
            named are not. Without it chance decides by level alone.
        per_month: at most so many reviews a month.
        progress: told the step and its share done (0 to 1).

    Returns:
        how many reviews were written.
    """
    if cases.newest(ops):
        return 0
    current = family.current()
    last = date.fromisoformat(current.as_of) if current and current.as_of else jst_date(ops.clock())
    staff = _staff()
    seen: dict[str, tuple[int, int]] = {}
    flagged: dict[str, tuple[int, date]] = {}
    written = 0
    ends = month_ends(last, months)
    for number, listed_on in enumerate(ends):
        if progress:
            progress(STEP, number / len(ends))
        until = ends[number + 1] if number + 1 < len(ends) else last
        days = working_days(listed_on, until)
        children = _children(lists(listed_on))
        flagged = {child.resident_id: _since(child, flagged, listed_on) for child in children}
        waiting = [child for child in children if child.level > seen.get(child.resident_id, (0, 0))[1]]
        waiting.sort(key=lambda child: (-child.level, -len(child.levels), child.resident_id))
        chosen = waiting[: min(per_month, math.ceil(len(waiting) * 0.6))] if days else []
        written += _month(ops, chosen, listed_on, days, staff, seed, seen, flagged, truth)
    audit.record(ops, SYSTEM, "demo_history", count=written, detail={"months": months, "seed": seed})
    if progress:
        progress(STEP, 1.0)
    return written


def _month(
    ops: OpsStore,
    chosen: list[_Child],
    listed_on: date,
    days: list[date],
    staff: list[Actor],
    seed: int,
    seen: dict[str, tuple[int, int]],
    flagged: dict[str, tuple[int, date]],
    truth: Mapping[str, Collection[str]] | None,
) -> int:
    """Review one month's children on its working days, in one transaction."""
    plan = []
    for place, child in enumerate(chosen):
        chance = Chance(f"{seed}:{child.resident_id}:{listed_on.isoformat()}")
        slot = place / max(len(chosen), 1) * len(days)
        day = days[int(slot)]
        at = datetime.combine(day, time(9, 0), JST) + timedelta(
            minutes=(slot - int(slot)) * 420, seconds=int(chance() * 60)
        )
        minutes = MINUTES[min(child.level, 3)] * math.exp(0.55 * (chance() + chance() + chance() - 1.5))
        plan.append((at, at - timedelta(minutes=minutes), child, chance, staff[int(chance() * len(staff))]))

    def keep(con: sqlite3.Connection) -> None:
        for at, opened, child, chance, actor in plan:
            times, _ = seen.get(child.resident_id, (0, 0))
            outcome, reason = _conclude(child, chance, truth, again=times > 0)
            note = NOTES[int(chance() * len(NOTES))]
            cases.check(outcome, reason, note)
            audit.append(
                con,
                ops,
                actor,
                "view_child",
                subject=child.resident_id,
                detail={"demo": True},
                ruleset=child.ruleset,
                at=opened,
            )
            cases.write_review(
                con,
                ops,
                actor,
                child.resident_id,
                outcome,
                reason,
                note,
                times,
                seen=cases.Seen(
                    levels=child.levels,
                    known_case=child.known_case,
                    ruleset=child.ruleset,
                    as_of=listed_on,
                    flagged_on=flagged[child.resident_id][1],
                    rules=child.rules,
                ),
                opened_at=opened,
                at=at,
                demo=True,
            )
            seen[child.resident_id] = (times + 1, child.level)

    if plan:
        ops.write(keep)
    return len(plan)


class Chance:
    """Numbers from 0 to 1 that follow from a text alone, so that order and machine do not matter."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._turn = 0

    def __call__(self) -> float:
        self._turn += 1
        digest = hashlib.blake2b(f"{self._text}:{self._turn}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64


def _since(child: _Child, before: dict[str, tuple[int, date]], listed_on: date) -> tuple[int, date]:
    """The child's level and since when it has stood there: a rise and a return to the list begin anew."""
    known = before.get(child.resident_id)
    if known is None or child.level > known[0]:
        return child.level, listed_on
    return child.level, known[1]


def _conclude(
    child: _Child, chance: Chance, truth: Mapping[str, Collection[str]] | None, *, again: bool
) -> tuple[str, str]:
    level = min(child.level, 3)
    if truth is None:
        share = FOUND[level]
    else:
        share = (FOUND_TRUE if truth.get(child.resident_id) else FOUND_FALSE)[level]
    if chance() < HOLD:
        outcome = "hold"
    elif chance() < share or (child.known_case and chance() < 0.5):
        if child.known_case and chance() < KNOWN_IS_SUPPORTED:
            outcome = "already_supported"
        else:
            outcome = "needs_support" if chance() < NEEDS_SUPPORT[level] else "watch"
    else:
        outcome = "not_applicable"
    fitting = [
        reason.code
        for reason in cases.reasons_for(outcome)
        if not reason.note_required and (again or reason.code != "worsening")
    ]
    # The first reasons of the catalogue are the common ones.
    return outcome, fitting[int(chance() ** 1.7 * len(fitting))]


def _staff() -> list[Actor]:
    return [
        Actor(user_id, name, role, department, "demo", "child")
        for user_id, name, department, role in accounts.DEMO
        if role in ("coordinator", "specialist")
    ]


def _children(rows: pd.DataFrame) -> list[_Child]:
    """The children of a list, from its rows per child and category."""
    found: dict[str, tuple[dict[str, int], bool, str | None]] = {}
    behind: dict[str, set[str]] = {}
    columns = [rows[name].tolist() for name in ("resident_id", "category", "level", "known_case", "ruleset")]
    rules = rows["rules"].tolist() if "rules" in rows else [None] * len(rows)
    for (resident, category, level, known, ruleset), codes in zip(
        zip(*columns, strict=True), rules, strict=True
    ):
        if level is None or level < 1:
            continue
        # A child without a reason has no list here but a missing value.
        behind.setdefault(str(resident), set()).update(codes if isinstance(codes, Collection) else ())
        levels, _, _ = found.setdefault(
            str(resident), ({}, known is True or bool(known == 1), None if ruleset is None else str(ruleset))
        )
        levels[str(category)] = int(level)
    return [
        _Child(resident, dict(sorted(levels.items())), known, ruleset, frozenset(behind[resident]))
        for resident, (levels, known, ruleset) in sorted(found.items())
    ]


def month_ends(last: date, months: int) -> list[date]:
    """The last days of the `months` months before that of `last` (or ending with it), oldest first."""
    ends = []
    first = last.replace(day=1)
    for _ in range(months):
        end = first - timedelta(days=1)
        ends.append(end)
        first = end.replace(day=1)
    return ends[::-1]


def working_days(after: date, until: date) -> list[date]:
    """Office days after one day and up to another."""
    closed = audit.holidays()
    days = [after + timedelta(days=step) for step in range(1, (until - after).days + 1)]
    return [
        day
        for day in days
        if day.weekday() < 5
        and day.isoformat() not in closed
        and (day.month, day.day) not in {(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)}
    ]
