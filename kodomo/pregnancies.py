"""Pregnancies (妊婦): expectant women in the order of looking, why, and what staff concluded."""

from __future__ import annotations

import json
import sqlite3
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from kodomo import access, audit, cases, seals, sources
from kodomo.audit import Actor
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
from kodomo.ops import Conflict, OpsStore, jst_date, parse_utc, utc_text
from kodomo.paths import DATA, SQL
from kodomo.roster import query

Connection = duckdb.DuckDBPyConnection
NEEDS = ("none", "notice", "mother", "resident")
#: Facts for which 0 is not "nothing the matter".
NEUTRAL: Mapping[str, float] = {"mother_age": 30, "days_to_due": 200}
_PASSING = ("expectant_all", "expectant_entry", "expectant_child", "expectant_case", "expectant_mark")


class BadPregnancyCatalogue(RuleSetError):
    """data/pregnancy.toml cannot be used as it is."""


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
    _events(con, day)
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


#: Whose records about the mother stand on her own time axis.
EVENTS = (
    *("consultation", "contact_log", "council_case", "disability_certificate", "health_insurance"),
    *("pregnancy", "public_assistance", "resident_move"),
)


def _events(con: Connection, day: str) -> None:
    """Make expectant_event: the dated facts about the mothers of the list, by entry."""
    con.execute(
        "create or replace temp table expectant_whose as"
        " select entry_id, 'mother:' || mother_id as whose from expectant where mother_id is not null"
        " union select entry_id, unnest(keys) from expectant"
        " union select entry_id, 'council_case:' || unnest(consultations) from expectant"
    )
    parts = []
    for extract in EVENTS:
        # A notice belongs to the child once it is born; a case to nobody until it is matched.
        whose = {
            "pregnancy": "'pregnancy:' || e.record_key",
            "consultation": "'council_case:' || e.record_key",
            "council_case": "'council_case:' || split_part(e.record_key, '|', 1)",
            "contact_log": "'council_case:' || split_part(e.record_key, '|', 1)",
        }.get(extract)
        for owner in filter(None, (whose, "'mother:' || e.resident_id" if extract != "pregnancy" else None)):
            parts.append(
                f"""select w.entry_id, '{extract}:' || e.record_key as event_id,
                    '{sources.department_of(extract)}' as department_code, '{extract}' as extract,
                    e.occurred_on, e.ended_on, e.recorded_on, e.kind, e.title, nullif(e.detail, '') as detail,
                    e.grade::tinyint as grade, e.is_support
                from event_{extract}({day}) as e
                inner join expectant_whose as w on w.whose = {owner}
                where e.occurred_on <= {day}"""
            )
    con.execute(
        "create or replace table expectant_event as select * from ("
        + " union ".join(parts)
        + ") order by entry_id, occurred_on, event_id"
    )
    con.execute("drop table temp.expectant_whose")


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
    """The rules that hold, and by entry: its level, whether unknown facts could lift it, how many hold."""
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


# -- reading ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reason:
    """One rule that holds for an entry, with the facts behind it in words and dates."""

    code: str
    level: int
    label: str
    detail: str
    facts: tuple[str, ...]
    departments: frozenset[str]


@dataclass(frozen=True)
class Unknown:
    """A fact nobody can tell: the fact, and why."""

    code: str
    why: str

    @property
    def fact(self) -> Fact:
        """What data/pregnancy.toml says of the fact."""
        return settings().facts[self.code]


@dataclass(frozen=True)
class Review:
    """What somebody concluded about a pregnancy."""

    review_id: int
    entry_id: str
    version: int
    outcome: str
    reason_code: str
    note: str
    reasons: frozenset[str]
    level: int
    user_id: str
    department: str
    reviewed_at: datetime

    @property
    def outcome_label(self) -> str:
        """The conclusion in Japanese."""
        known = cases.catalogue().outcomes.get(self.outcome)
        return known.label if known else self.outcome

    @property
    def reason_label(self) -> str:
        """The reason in Japanese."""
        known = cases.catalogue().reasons.get(self.reason_code)
        return known.label if known else self.reason_code


@dataclass(frozen=True)
class Entry:
    """One pregnancy on the list.

    `level` is None where nothing reaches a level and what is unknown could (不明); `listed` is 'open',
    'born' or 'unsettled'; `again` says why a reviewed entry waits anew, '' while the review stands or there
    is none.
    """

    entry_id: str
    entry_ref: str
    keys: tuple[str, ...]
    mother_id: str | None
    name: str | None
    kana: str | None
    birth_date: date | None
    age: int | None
    address: str | None
    address_detail: str | None
    protected: bool
    residence: str
    left_on: date | None
    notified_on: date | None
    weeks: int | None
    due_on: date | None
    case_on: date | None
    state: str
    listed: str
    born_on: date | None
    born_by: str | None
    children: tuple[str, ...]
    level: int | None
    rank: int | None
    reasons: tuple[Reason, ...]
    unknown: tuple[Unknown, ...]
    before: Review | None
    again: str

    @property
    def settled(self) -> bool:
        """Somebody looked, and nothing new has come since."""
        return self.before is not None and not self.again

    def weeks_on(self, day: date) -> int | None:
        """Weeks of pregnancy on a day, by the day the birth is due (40 weeks)."""
        return None if self.due_on is None else 40 - -(-(self.due_on - day).days // 7)


def there(con: Connection) -> bool:
    """Whether the snapshot holds the list at all (older snapshots do not)."""
    with con.cursor() as cursor:
        found = cursor.execute(
            "select count(*) from duckdb_tables() where table_name = 'expectant_event'"
        ).fetchall()
    return found[0][0] > 0


def listed(con: Connection, ops: OpsStore, actor: Actor) -> list[Entry]:
    """All pregnancies this person may list: open ones in the order of looking, then born, then unsettled.

    Staff of one department get the pregnancies their own department knows, with the reasons that rest on its
    facts alone, without a level, by the day the birth is due.
    """
    role = access.policy().roles.get(actor.role)
    if role is None or not access.may(actor, "view_pregnancy"):
        return []
    own = actor.department if role.facts == "department" else None
    reviews = newest(ops)
    today = jst_date(ops.clock())
    reasons: dict[str, list[Reason]] = defaultdict(list)
    for row in query(con, _sql("reasons"), department=own):
        reasons[row["entry_id"]].append(
            Reason(
                row["code"],
                row["level"],
                row["label"],
                row["detail"],
                tuple(row["facts"]),
                frozenset(row["departments"]),
            )
        )
    unknown: dict[str, list[Unknown]] = defaultdict(list)
    order = list(settings().facts)
    for row in query(con, _sql("unknown")):
        if row["code"] in order and own in (None, settings().facts[row["code"]].department):
            unknown[row["entry_id"]].append(Unknown(row["code"], row["why"]))
    found = []
    for row in query(con, _sql("listed"), department=own):
        entry_id, level = row["entry_id"], row["level"]
        before = max(
            (reviews[key] for key in (entry_id, *row["keys"]) if key in reviews),
            key=lambda one: one.review_id,
            default=None,
        )
        told = tuple(reasons[entry_id])
        again = "" if before is None else _again(before, level, told, today)
        found.append(
            Entry(
                **{name: row[name] for name in _PLAIN},
                keys=tuple(row["keys"]),
                children=tuple(row["children"]),
                due_on=row["due_estimated"],
                level=None if own or row["open_question"] else level,
                reasons=told,
                unknown=tuple(sorted(unknown[entry_id], key=lambda one: order.index(one.code))),
                before=before if own is None else None,
                again=again if own is None else "",
            )
        )
    return found


_PLAIN = (
    *("entry_id", "entry_ref", "mother_id", "name", "kana", "birth_date", "age", "address"),
    *("address_detail", "protected", "residence", "left_on", "notified_on", "weeks", "case_on", "state"),
    *("listed", "born_on", "born_by", "rank"),
)


def _again(before: Review, level: int, told: Sequence[Reason], today: date) -> str:
    """Why a reviewed entry waits anew; '' while the review stands."""
    if level > before.level:
        return "レベル上昇"
    if {reason.code for reason in told} - before.reasons:
        return "新しい理由"
    outcome = cases.catalogue().outcomes.get(before.outcome)
    days = outcome.again_after_days if outcome else 0
    if days and today >= jst_date(before.reviewed_at) + timedelta(days=days):
        return "保留の期限"
    return ""


def waiting(entries: Sequence[Entry]) -> list[Entry]:
    """The entries somebody should look at: open, at a level or unknown, and not settled."""
    return [one for one in entries if one.listed == "open" and one.level != 0 and not one.settled]


def open_counts(con: Connection, ops: OpsStore, actor: Actor) -> dict[str, int]:
    """The figures for 今日の仕事: 'waiting' (to be looked at) and 'urgent' (of these, 要確認).

    Both 0 for people without the right, and for snapshots without the list.
    """
    if not there(con):
        return {"waiting": 0, "urgent": 0}
    left = waiting(listed(con, ops, actor))
    return {"waiting": len(left), "urgent": sum(one.level == 3 for one in left)}


def events(con: Connection, actor: Actor, entry: Entry) -> list[dict[str, Any]]:
    """The dated facts about the mother this person may see, newest first.

    Returns:
        rows of event_id, department_code, extract, occurred_on, ended_on, recorded_on, kind, title,
        detail, grade, is_support.
    """
    condition, params = access.fact_filter(actor)
    own = str(params[0]) if params else None
    if condition == "false":
        return []
    return query(con, _sql("events"), entry=entry.entry_id, department=own)


def family(con: Connection, entry: Entry) -> list[dict[str, Any]]:
    """The children who live with the mother and those born of this pregnancy.

    Returns:
        rows of resident_id, child_ref, name, age, birth_date, council_open, in_care, protected, is_born;
        eldest first.
    """
    return query(con, _sql("family"), mother=entry.mother_id, children=list(entry.children))


# -- reviewing ----------------------------------------------------------------------------------


def review(
    ops: OpsStore,
    actor: Actor,
    shown: Entry,
    outcome: str,
    reason_code: str,
    note: str,
    *,
    snapshot: str,
    as_of: date,
) -> Review:
    """Store what somebody concluded about a pregnancy, with its log row in one transaction.

    Args:
        shown: the entry as the screen showed it: its reasons and level are what the review covers.
        outcome, reason_code, note: as for children (data/reviews.toml); the note is kept only here.
        snapshot, as_of: what the screen rested on.

    Raises:
        cases.BadReview: codes that do not go together, a missing or too long note.
        Conflict: somebody else reviewed the entry meanwhile.
        access.AccessDenied, audit.LogUnavailable.
    """
    access.require(ops, actor, "pregnancy_review")
    cases.check(outcome, reason_code, note)
    keys = sorted({shown.entry_id, *shown.keys})
    moment = ops.clock()

    def keep(con: sqlite3.Connection) -> Review:
        last = con.execute(
            "select max(review_id) as last from pregnancy_review"
            " where entry_id in (select value from json_each(?))",
            (json.dumps(keys),),
        ).fetchone()["last"]
        if last != (shown.before.review_id if shown.before else None):
            raise Conflict
        version = con.execute(
            "select coalesce(max(version), 0) + 1 as next from pregnancy_review where entry_id = ?",
            (shown.entry_id,),
        ).fetchone()["next"]
        row = {
            "entry_id": shown.entry_id,
            "version": version,
            "outcome": outcome,
            "reason_code": reason_code,
            "note": note.strip(),
            "reasons": json.dumps(sorted({one.code for one in shown.reasons})),
            "level": shown.level or 0,
            "user_id": actor.user_id,
            "role": actor.role,
            "department": actor.department,
            "snapshot": snapshot,
            "as_of": as_of.isoformat(),
            "reviewed_at": utc_text(moment),
        }
        sealed = seals.insert(con, ops, seals.PREGNANCY_REVIEW, row)
        audit.append(
            con,
            ops,
            actor,
            "pregnancy_review",
            subject=shown.mother_id or shown.entry_id,
            detail={"outcome": outcome, "reason": reason_code, seals.DETAIL: sealed},
            snapshot=snapshot,
            at=moment,
        )
        return _review({**row, "review_id": sealed["pregnancy_review"][0]})

    return ops.write(keep)


def _review(row: Mapping[str, Any] | sqlite3.Row) -> Review:
    return Review(
        row["review_id"],
        row["entry_id"],
        row["version"],
        row["outcome"],
        row["reason_code"],
        row["note"],
        frozenset(json.loads(row["reasons"])),
        row["level"],
        row["user_id"],
        row["department"],
        parse_utc(row["reviewed_at"]),
    )


def newest(ops: OpsStore) -> dict[str, Review]:
    """The newest review of each entry, by entry_id."""
    with ops.read() as con:
        rows = con.execute("select * from pregnancy_review order by review_id").fetchall()
    return {row["entry_id"]: _review(row) for row in rows}


def history(ops: OpsStore, entry: Entry) -> list[Review]:
    """All reviews of a pregnancy, newest first."""
    with ops.read() as con:
        rows = con.execute(
            "select * from pregnancy_review where entry_id in (select value from json_each(?))"
            " order by review_id desc",
            (json.dumps(sorted({entry.entry_id, *entry.keys})),),
        ).fetchall()
    return [_review(row) for row in rows]
