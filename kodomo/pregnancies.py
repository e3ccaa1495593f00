"""Pregnancies (妊婦): expectant women in the order of looking, why, what is unknown, and what staff concluded."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from kodomo import cases, sources
from kodomo.conditions import (
    Condition,
    Facts,
    RuleSetError,
    leaves,
    parse_condition,
    positive_leaves,
    truth,
)
from kodomo.items import child_ref
from kodomo.paths import DATA, SQL

Connection = duckdb.DuckDBPyConnection
NEEDS = ("none", "notice", "mother", "resident")
#: Facts for which 0 is not "nothing the matter".
NEUTRAL: Mapping[str, float] = {"mother_age": 30, "days_to_due": 200}
_PASSING = ("expectant_all", "expectant_entry", "expectant_child", "expectant_case", "expectant_mark")


class BadPregnancyCatalogue(RuleSetError):
    """data/pregnancy.toml cannot be used as it is."""


class GoneFromList(cases.BadReview):
    """The entry is no longer on the list the screen shows."""

    def __init__(self) -> None:
        super().__init__("この妊婦は一覧の対象から外れました。画面を開き直してください。")


@dataclass(frozen=True)
class Fact:
    """One fact asked about every expectant woman, as data/pregnancy.toml describes it."""

    code: str
    label: str
    unit: str
    department: str
    extracts: tuple[str, ...]
    freshness: Mapping[str, int]
    needs: str
    forbidden_alone: bool
    unknown_text: str
    caution: str


@dataclass(frozen=True)
class Rule:
    """What lifts an entry to a level, and why."""

    code: str
    level: int
    label: str
    when: Condition
    reason: str
    source: str


@dataclass(frozen=True)
class Settings:
    """data/pregnancy.toml as read; facts by code, rules in the order of the file."""

    overdue_days: int
    unknown_birth_days: int
    born_stays_days: int
    left_stays_days: int
    purpose: str
    legal_ground: str
    facts: dict[str, Fact]
    rules: tuple[Rule, ...]


@cache
def settings(path: Path = DATA / "pregnancy.toml") -> Settings:
    """The facts and rules of data/pregnancy.toml.

    Raises:
        BadPregnancyCatalogue: a fact without its SQL file, a rule on an unknown fact, or a rule that facts
            which must never count alone (未婚, 手帳, 生活保護 …) can fulfil by themselves.
    """
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    facts = {}
    for row in raw["fact"]:
        fact = Fact(**{**row, "extracts": tuple(row["extracts"])})
        if fact.needs not in NEEDS or set(fact.freshness) != set(fact.extracts):
            raise BadPregnancyCatalogue(f"妊婦の事実 {fact.code} の needs か freshness を直してください。")
        if not (SQL / "pregnancy" / f"fact_{fact.code}.sql").is_file():
            raise BadPregnancyCatalogue(f"sql/pregnancy/fact_{fact.code}.sql がありません。足してください。")
        facts[fact.code] = fact
    rules = tuple(Rule(**{**row, "when": parse_condition(row["when"], row["code"])}) for row in raw["rule"])
    for rule in rules:
        _check(rule, facts)
    names = ("overdue_days", "unknown_birth_days", "born_stays_days", "left_stays_days")
    return Settings(
        **{name: int(raw[name]) for name in names},
        purpose=raw["purpose"],
        legal_ground=raw["legal_ground"],
        facts=facts,
        rules=rules,
    )


def _check(rule: Rule, facts: Mapping[str, Fact]) -> None:
    used = {leaf.item for leaf in leaves(rule.when)}
    if used - set(facts) or rule.level not in (1, 2, 3):
        raise BadPregnancyCatalogue(f"妊婦の条件 {rule.code} の項目か level を直してください。")
    barred = sorted(code for code in used if facts[code].forbidden_alone)
    for values in product((0.0, 99.0), repeat=len(barred)):
        alone = {**{code: NEUTRAL.get(code, 0.0) for code in used}, **dict(zip(barred, values, strict=True))}
        if truth(rule.when, Facts(alone)):
            names = "・".join(facts[code].label for code in barred) or "何もないこと"
            raise BadPregnancyCatalogue(
                f"妊婦の条件「{rule.label}」は、{names}だけで当てはまります。ほかの事実と組み合わせてください。"
            )


# -- finding, while judging ---------------------------------------------------------------------


def find(con: Connection, as_of: date, ref_key: bytes, *, chosen: Settings | None = None) -> int:
    """Find the pregnancies known on one day and put them in the order of looking.

    Args:
        con: the connection on which `judge.judge` ran for the same day.
        as_of: the judgement day; only what was known on it counts.
        ref_key: secret for the opaque name of an entry in addresses.
        chosen: other settings than the city's own.

    Makes expectant (one row per pregnancy), expectant_fact (value NULL is unknown, `why` says so) and
    expectant_reason (the rules that hold).

    Returns:
        The number of pregnancies that are going on or whose birth nobody knows of.
    """
    wanted = chosen or settings()
    day = f"date '{as_of.isoformat()}'"
    _install(con, "entry")
    con.execute(
        "create or replace temp table expectant_all as"
        f" select * from expectant_entries({day}, {int(wanted.overdue_days)})"
    )
    con.execute(
        "create or replace temp table expectant_entry as"
        " select * from expectant_all where state in ('expecting', 'overdue')"
        f" and (state <> 'overdue' or {_overdue_for(day)} <= {int(wanted.unknown_birth_days)})"
        f" and (residence <> 'moved' or coalesce({day} - left_on, 0) <= {int(wanted.left_stays_days)})"
    )
    _install(con, "earlier_child", "own_case")
    con.execute("create or replace temp table expectant_child as select * from expectant_earlier_children()")
    con.execute("create or replace temp table expectant_case as select * from expectant_own_cases()")
    _install(con, *(f"fact_{code}" for code in wanted.facts))
    found = _facts(con, as_of, wanted)
    reasons, marks = _reasons(con, found, wanted)
    _keep(con, "expectant_fact", found, FACT_COLUMNS)
    _keep(con, "expectant_reason", reasons, REASON_COLUMNS)
    refs = [
        (entry, child_ref(ref_key, f"pregnancy {entry}"), *marks.get(entry, (0, False, 0)))
        for (entry,) in con.execute("select entry_id from expectant_all order by entry_id").fetchall()
    ]
    _keep(con, "expectant_mark", refs, MARK_COLUMNS, temporary=True)
    con.execute(
        "create or replace table expectant as "
        + _sql("expectant").replace("{overdue_for}", _overdue_for("$as_of")),
        {
            "as_of": as_of,
            "born_stays": wanted.born_stays_days,
            "unknown_birth": wanted.unknown_birth_days,
        },
    )
    for table in _PASSING:
        con.execute(f"drop table if exists temp.{table}")
    return con.execute("select count(*) from expectant where listed = 'open'").fetchall()[0][0]


FACT_COLUMNS = {
    "entry_id": "varchar",
    "code": "varchar",
    "value": "double",
    "why": "varchar",
    "occurred_on": "date",
    "recorded_on": "date",
    "detail": "varchar",
}
REASON_COLUMNS = {
    "entry_id": "varchar",
    "ord": "integer",
    "code": "varchar",
    "level": "integer",
    "label": "varchar",
    "detail": "varchar",
    "facts": "varchar[]",
    "departments": "varchar[]",
}
MARK_COLUMNS = {
    "entry_id": "varchar",
    "entry_ref": "varchar",
    "level": "integer",
    "open_question": "boolean",
    "reasons": "integer",
}


def _overdue_for(day: str) -> str:
    return f"({day} - coalesce(due_estimated, case_on + 280))"


def _facts(con: Connection, as_of: date, wanted: Settings) -> list[tuple[Any, ...]]:
    """Every fact of every entry that has a row or is unknown; what has neither is 0."""
    newest = sources.newest_days(con, as_of)
    lacking = {
        "none": "false",
        "notice": "notified_on is null",
        "mother": "mother_id is null",
        "resident": "residence <> 'here'",
    }
    words = {
        "notice": "妊娠届がない",
        "mother": "名寄せできていない",
        "resident": "市に住民登録がない",
        "none": "",
    }
    found: list[tuple[Any, ...]] = []
    for code, fact in wanted.facts.items():
        state = sources.state(newest, as_of, fact.freshness)
        if state != sources.ALIVE:
            rows = con.execute(
                "select entry_id, null, ?, null, null, null from expectant_entry order by 1", [state]
            ).fetchall()
        else:
            rows = con.execute(
                f"""
                select
                    entries.entry_id,
                    case when not {lacking[fact.needs]} then facts.value end,
                    case
                        when {lacking[fact.needs]} then ?
                        when facts.value is null then '記録なし'
                    end,
                    facts.occurred_on,
                    facts.recorded_on,
                    facts.detail
                from expectant_entry as entries
                left join expectant_fact_{code}(date '{as_of.isoformat()}') as facts
                    on entries.entry_id = facts.entry_id
                where {lacking[fact.needs]} or facts.entry_id is not null
                order by 1
                """,
                [words[fact.needs]],
            ).fetchall()
        found += [(row[0], code, *row[1:]) for row in rows]
    return found


def _reasons(
    con: Connection, found: Sequence[tuple[Any, ...]], wanted: Settings
) -> tuple[list[tuple[Any, ...]], dict[str, tuple[int, bool, int]]]:
    """The rules that hold, by entry, and each entry's level, whether unknown facts could lift it, and how many."""
    values: dict[str, dict[str, float | None]] = defaultdict(dict)
    details: dict[tuple[str, str], str] = {}
    for entry, code, value, _, _, _, detail in found:
        values[entry][code] = value
        details[entry, code] = detail or wanted.facts[code].label
    rules = sorted(enumerate(wanted.rules), key=lambda pair: (-pair[1].level, pair[0]))
    rows: list[tuple[Any, ...]] = []
    marks: dict[str, tuple[int, bool, int]] = {}
    for (entry,) in con.execute("select entry_id from expectant_entry order by entry_id").fetchall():
        facts = Facts(values[entry])
        held, told, unsure = 0, 0, False
        spoken: set[str] = set()
        for _, rule in rules:
            holds = truth(rule.when, facts)
            unsure = unsure or (holds is None and rule.level > held)
            if not holds:
                continue
            behind = [leaf for leaf in positive_leaves(rule.when) if truth(leaf, facts)]
            codes = sorted({leaf.item for leaf in behind}, key=list(wanted.facts).index)
            held = max(held, rule.level)
            if codes and spoken.issuperset(codes) and len(codes) == 1:
                continue  # a weaker rule on the same single fact says nothing new
            spoken.update(codes)
            told += 1
            owners = sorted({sources.department_of(e) for code in codes for e in wanted.facts[code].extracts})
            text = "、".join(dict.fromkeys(details[entry, code] for code in codes))
            rows.append((entry, told, rule.code, rule.level, rule.label, text, codes, owners))
        marks[entry] = (held, unsure and held == 0, told)
    return rows, marks


def _keep(
    con: Connection,
    table: str,
    rows: Sequence[tuple[Any, ...]],
    columns: Mapping[str, str],
    *,
    temporary: bool = False,
) -> None:
    frame = pd.DataFrame({name: [row[at] for row in rows] for at, name in enumerate(columns)}, dtype="object")
    con.register("pregnancy_frame", frame)
    try:
        picked = ", ".join(f"{name}::{kind} as {name}" for name, kind in columns.items())
        kind = "temp " if temporary else ""
        con.execute(
            f"create or replace {kind}table {table} as select {picked} from pregnancy_frame order by 1, 2"
        )
    finally:
        con.unregister("pregnancy_frame")


def _install(con: Connection, *names: str) -> None:
    for name in names:
        con.execute(_sql(name))


@cache
def _sql(name: str) -> str:
    return (SQL / "pregnancy" / f"{name}.sql").read_text(encoding="utf-8")
