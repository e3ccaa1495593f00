"""Demo answers: a year of invented answers on 名寄せ確認 for an invented city, by the real functions."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from kodomo import accounts, audit, matching, seals
from kodomo.audit import SYSTEM, Actor
from kodomo.demo_history import Chance, month_ends, working_days
from kodomo.matching import DIFFERENT, LATER, NOBODY, SAME, Case, Standing
from kodomo.ops import JST, OpsStore
from kodomo.snapshots import Family

Truth = Mapping[tuple[str, str], str]
SNAPSHOT = "demo"
# How much of what there is to do people got to in the year; the rest is left for whoever tries the screen.
DONE = {"queue": 0.6, "sample": 0.85, "unlinked": 0.7}
# Middle minutes of one answer, and by how much two people on grave records take longer.
MINUTES = {"queue": 1.1, "sample": 0.4, "unlinked": 2.4}
GRAVE = 1.4
PUT_OFF, SLIPPED, DISPUTED = 0.06, 0.06, 0.1
# Of the year's proposals, those of the last days still wait for their second person.
WAITING_DAYS = 12


@dataclass(frozen=True)
class _Task:
    """A record somebody answered about: what the matcher had made of it, and what is true of it."""

    extract: str
    record_key: str
    origin: str
    status: str
    resident_id: str | None
    probability: float | None
    true_resident: str | None


@dataclass(frozen=True)
class _Step:
    """One thing somebody did: an answer, or an undo where `said` is empty."""

    at: datetime
    task: _Task
    actor: Actor
    said: str
    whom: str | None
    minutes: float


def make(
    family: Family,
    ops: OpsStore,
    day: date,
    *,
    months: int = 12,
    seed: int = 1,
    truth: Truth | None = None,
) -> int:
    """Write a year of answers about the records of a linked snapshot into a store that has none.

    Deterministic: the same links, seed and truth give the same answers. Every log row says that it is a
    demonstration. Decisions take effect with the next matching, as people's do.

    Args:
        family: its current snapshot is linked; it need not be judged.
        day: the last day of the year.
        truth: (extract, record_key) → resident_id; records not named belong to nobody. Without it the
            machine's best candidate counts as true.

    Returns:
        how many answers were written.
    """
    if matching.opinions(ops):
        return 0
    con = family.connect()
    try:
        tasks = _tasks(con, truth)
        model = con.execute("select value from meta where key = 'linkage_model'").fetchall()
    finally:
        con.close()
    version = model[0][0] if model else ""
    ends = month_ends(day, months)
    written = 0
    for number, start in enumerate(ends):
        until = ends[number + 1] if number + 1 < len(ends) else day
        days = working_days(start, until)
        if not days:
            continue
        mine = [task for task in tasks if _month_of(task, months, seed) == number]
        steps = [step for task in mine for step in _steps(task, days, number / months, seed, day)]
        steps.sort(key=lambda step: (step.at, step.task.extract, step.task.record_key))
        written += _write(ops, steps, version)
    audit.record(ops, SYSTEM, "demo_history", count=written, detail={"months": months, "seed": seed})
    return written


def _tasks(con: Any, truth: Truth | None) -> list[_Task]:
    """Everything there is to answer about: doubtful records, a sample of the automatic ones, the unlinked."""
    there = {row[0] for row in con.execute("select resident_id from src_resident_register").fetchall()}
    rows: list[tuple[str, str, str, str, str | None, float | None, str | None]] = []
    for row in matching.listed(con, ("review", "none")):
        origin = "queue" if row.status == "review" else "unlinked"
        rows.append(
            (
                row.extract,
                row.record_key,
                origin,
                row.status,
                row.resident_id,
                row.best_probability,
                row.best_id if origin == "queue" else None,
            )
        )
    for extract in matching.titles():
        drawn = matching.drawn(con, extract)
        linked = dict(
            con.execute(
                "select record_key, resident_id from link where extract = ? and status = 'auto'", [extract]
            ).fetchall()
        )
        rows += [
            (extract, one.record_key, "sample", "auto", owner, one.probability, owner)
            for one in drawn
            for owner in (linked[one.record_key],)
        ]
    tasks = []
    for row in sorted(rows, key=lambda row: row[:3]):
        true = row[6] if truth is None else truth.get((row[0], row[1]))
        # Whom the register does not have, nobody can find in it.
        tasks.append(_Task(*row[:6], true if true in there else None))
    return tasks


def _month_of(task: _Task, months: int, seed: int) -> int | None:
    """In which month the record was answered about; nothing where it was not. The first months are heavy."""
    chance = Chance(f"{seed}:month:{task.extract}:{task.record_key}")
    if chance() >= DONE[task.origin]:
        return None
    return int(months * chance() ** (1.5 if task.origin == "queue" else 1.15))


def _staff(extract: str) -> list[Actor]:
    """Who of the demo accounts may answer about an extract, whoever answers most first."""
    people = [
        Actor(user_id, name, role, department, "demo", "matching")
        for user_id, name, department, role in accounts.DEMO
    ]
    able = [one for one in people if extract in matching.extracts_for(one)]
    return sorted(able, key=lambda one: (one.role != "data_steward", one.user_id))


def _steps(task: _Task, days: list[date], passed: float, seed: int, last: date) -> list[_Step]:
    """What people did about one record in one month, in order."""
    chance = Chance(f"{seed}:steps:{task.extract}:{task.record_key}")
    staff = _staff(task.extract)
    first = staff[int(chance() ** 2 * len(staff))]
    second = next((one for one in staff if one.user_id != first.user_id), first)
    day = days[int(chance() * len(days))]
    at = datetime.combine(day, time(9, 5), JST) + timedelta(minutes=430 * chance())
    grave = task.extract in matching.settings().two_people
    middle = MINUTES[task.origin] * (GRAVE if grave else 1.0) * (1.5 - 0.6 * passed)

    def spent() -> float:
        return round(middle * math.exp(0.9 * (chance() + chance() + chance() - 1.5)), 2)

    said, whom = _answer(task, chance)
    out = []

    def add(actor: Actor, what: str, resident: str | None) -> None:
        nonlocal at
        minutes = spent()
        at += timedelta(minutes=minutes)
        out.append(_Step(at, task, actor, what, resident, minutes))

    if task.origin != "sample" and chance() < PUT_OFF:
        add(first, LATER, None)
        at += timedelta(days=1)
    # A link found right by sample needs neither an undo nor a second person.
    decides = not (said == SAME and task.status == "auto" and whom == task.resident_id)
    if decides and chance() < SLIPPED:
        add(first, NOBODY, None)
        at += timedelta(seconds=20)
        out.append(_Step(at, task, first, "", None, 0.0))
    add(first, said, whom)
    if not (grave and decides):
        return out
    if (last - at.date()).days < WAITING_DAYS:
        return out
    at += timedelta(hours=2 + 40 * chance())
    if chance() < DISPUTED:
        add(second, NOBODY if said == SAME else LATER, None)
        if out[-1].said != LATER:
            at += timedelta(hours=3)
            add(first, said, whom)
            at += timedelta(hours=1)
    add(second, said, whom)
    return out


def _answer(task: _Task, chance: Chance) -> tuple[str, str | None]:
    """What people say, as right as the truth."""
    true = task.true_resident
    if task.origin == "sample":
        return (SAME if true == task.resident_id else DIFFERENT), task.resident_id
    if true is None or (task.origin == "unlinked" and chance() < 0.15):
        return NOBODY, None
    return SAME, true


def _write(ops: OpsStore, steps: list[_Step], model: str) -> int:
    """Write one month's steps in one transaction; returns how many were answers."""

    def keep(con: sqlite3.Connection) -> None:
        for step in steps:
            task = step.task
            shown = {"extract": task.extract, "demo": True}
            audit.append(
                con,
                ops,
                step.actor,
                "view_links",
                subject=step.whom,
                count=1,
                detail=shown,
                at=step.at - timedelta(minutes=step.minutes),
            )
            if not step.said:
                sealed = matching.write_undo(
                    con, ops, step.actor, task.extract, task.record_key, SNAPSHOT, step.at
                )
                detail = shown | {"decision": "undone", seals.DETAIL: sealed}
                audit.append(con, ops, step.actor, "link_undo", detail=detail, at=step.at)
                continue
            given = matching.write_answer(
                con,
                ops,
                step.actor,
                _case(task, model),
                step.said,
                step.whom,
                "compared" if step.minutes < 3 else "department",
                step.minutes,
                task.origin,
                SNAPSHOT,
                step.at,
            )
            detail = shown | {"decision": step.said, "origin": task.origin, seals.DETAIL: given.seals}
            audit.append(con, ops, step.actor, "link_decide", subject=step.whom, detail=detail, at=step.at)

    if steps:
        ops.write(keep)
    return sum(bool(step.said) for step in steps)


def _case(task: _Task, model: str) -> Case:
    """The record as somebody who knows all earlier answers opened it."""
    return Case(
        extract=task.extract,
        record_key=task.record_key,
        title=matching.titles()[task.extract],
        department=matching.departments()[task.extract],
        delivered_on=None,
        status=task.status,
        resident_id=task.resident_id,
        why="",
        two_people=task.extract in matching.settings().two_people,
        standing=Standing(),
        candidates=(),
        machine_probability=task.probability,
        model=model,
        last_opinion=2**62,
    )
