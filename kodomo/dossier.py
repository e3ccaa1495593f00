"""Dossier: everything the screens show of one child, read from the snapshot in one go and never kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import duckdb

from kodomo.contracts import load_contracts
from kodomo.items import Item
from kodomo.paths import SQL
from kodomo.roster import Row, Scope

SEXES = {"1": "男", "2": "女", "9": "その他・不明"}


@dataclass(frozen=True)
class Event:
    """One dated fact; `who` is 本人 or the relation of the family member it concerns.

    `lasting` tells a period (to `ended_on`, or still going on without one) from something of one day.
    """

    event_id: str
    resident_id: str
    who: str
    department: str
    extract: str
    source: str
    occurred_on: date
    ended_on: date | None
    recorded_on: date | None
    kind: str
    title: str
    detail: str
    grade: int
    is_support: bool
    lasting: bool


@dataclass(frozen=True)
class Reason:
    """One reason of a level; `events` are those of its events the reader may see."""

    category: str
    ord: int
    kind: str
    code: str
    points: float
    text: str
    events: int
    shown: tuple[Event, ...]


@dataclass(frozen=True)
class Judgement:
    """The child's level in one category and the item codes that are unknown for it."""

    category: str
    points: float
    floor_level: int
    level: int
    rank: int | None
    missing: tuple[str, ...]
    suppressed: bool
    age_band: str


@dataclass(frozen=True)
class Member:
    """Somebody who lives with the child."""

    resident_id: str
    name: str
    birth_date: date | None
    age: int | None
    sex: str | None
    relation_text: str | None
    role: str
    relation: str
    is_self: bool


@dataclass(frozen=True)
class Sibling:
    """A brother or sister who is a child too."""

    resident_id: str
    child_ref: str
    name: str
    age: int | None
    grade: int | None
    school: str | None
    level: int
    council_open: bool
    in_care: bool


@dataclass(frozen=True)
class ItemState:
    """What is known of one item for the child.

    `state` is 'value', 'zero' (nothing recorded, and the delivery is alive), or 'unknown' with the reason in
    `why`.
    """

    item: Item
    state: str
    value: float | None
    why: str
    events: int
    newest_occurred_on: date | None
    newest_recorded_on: date | None


@dataclass(frozen=True)
class Dossier:
    """All of it. `child` holds the columns of the table `child`, unmasked."""

    child: Mapping[str, Any]
    members: tuple[Member, ...]
    siblings: tuple[Sibling, ...]
    judgements: tuple[Judgement, ...]
    reasons: tuple[Reason, ...]
    events: tuple[Event, ...]
    items: tuple[ItemState, ...]

    @property
    def resident_id(self) -> str:
        """The child's resident number."""
        return self.child["resident_id"]

    @property
    def level(self) -> int:
        """The highest level over all categories."""
        return max((judgement.level for judgement in self.judgements), default=0)

    @property
    def rank(self) -> int | None:
        """The place in the order of checking, or none below every level."""
        return next((judgement.rank for judgement in self.judgements if judgement.rank is not None), None)

    def row(self) -> Row:
        """The child as a row of the list, without reasons."""
        child = self.child
        return Row(
            resident_id=self.resident_id,
            child_ref=child["child_ref"],
            rank=self.rank,
            name=child["name"],
            kana=child["kana"],
            age=child["age"],
            grade=child["school_grade"],
            school=child["school_name"],
            age_band=child["age_band"] or "",
            levels={judgement.category: judgement.level for judgement in self.judgements},
            points={judgement.category: judgement.points for judgement in self.judgements},
            missing={judgement.category: judgement.missing for judgement in self.judgements},
            reasons=(),
            protected=bool(child["protected"]),
            in_care=bool(child["in_care"]),
            known_case=bool(child["known_case"]),
            council_open=bool(child["council_open"]),
            support_open=bool(child["support_open"]),
            last_seen_on=child["last_seen_on"],
            last_seen_by=child["last_seen_by"],
        )

    def own_events(self) -> list[Event]:
        """Events of the child alone."""
        return [event for event in self.events if event.resident_id == self.resident_id]

    def supports(self) -> list[Event]:
        """Support of the child that lasts or lasted: what is going on first, then the newest first."""
        own = [event for event in self.own_events() if event.is_support and event.lasting]
        return sorted(own, key=lambda event: (event.ended_on is not None, -event.occurred_on.toordinal()))

    def protective(self) -> list[ItemState]:
        """Items that count as strengths and are present."""
        return [
            state for state in self.items if state.item.protective and state.state == "value" and state.value
        ]

    def unknown(self) -> dict[str, list[ItemState]]:
        """What is unknown, by the department that can fill it."""
        found: dict[str, list[ItemState]] = {}
        for state in self.items:
            if state.state == "unknown":
                found.setdefault(state.item.department, []).append(state)
        return found


@cache
def _sql(name: str) -> str:
    return (SQL / "dossier" / f"{name}.sql").read_text(encoding="utf-8")


def _run(
    con: duckdb.DuckDBPyConnection, name: str, fill: Mapping[str, Scope] | None = None, **params: object
) -> list[dict[str, Any]]:
    """Run one file of sql/dossier on a cursor of its own and drain it; `fill` sets its access conditions."""
    text = _sql(name)
    for slot, scope in (fill or {}).items():
        condition = scope.sql
        for index, value in enumerate(scope.params):
            condition = condition.replace("?", f"${slot}_{index}", 1)
            params[f"{slot}_{index}"] = value
        text = text.replace("{" + slot + "}", f"({condition})")
    with con.cursor() as cursor:
        cursor.execute(text, params or None)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@cache
def sources() -> Mapping[str, str]:
    """The title of every extract, from the contracts."""
    return {contract.extract: contract.title for contract in load_contracts().values()}


@cache
def lasting() -> frozenset[str]:
    """Extracts whose records last: those that can say when something ended."""
    return frozenset(
        contract.extract
        for contract in load_contracts().values()
        if any(column.field in ("ended_on", "closed_on") for column in contract.columns)
    )


def find(con: duckdb.DuckDBPyConnection, child_ref: str, scope: Scope) -> dict[str, Any] | None:
    """The row of `child` behind an opaque reference; nothing when unknown or outside `scope`."""
    rows = _run(con, "child", {"scope": scope}, child_ref=child_ref)
    return rows[0] if rows else None


def load(
    con: duckdb.DuckDBPyConnection,
    child: Mapping[str, Any],
    scope: Scope,
    facts: Scope,
    items: Mapping[str, Item],
) -> Dossier:
    """Everything shown of one child.

    Arguments: `child` as `find` returned it; `scope` which children the reader may list (for brothers and
    sisters); `facts` which events the reader may see, as a condition over the columns of `event`; `items` the
    catalogue.
    """
    resident = child["resident_id"]
    members = _members(con, child)
    people = {member.resident_id: member.relation for member in members} | {resident: "本人"}
    events = _events(con, people, facts)
    by_id: dict[str, list[Event]] = {}
    for event in events:
        by_id.setdefault(event.event_id, []).append(event)
    return Dossier(
        child=child,
        members=tuple(members),
        siblings=tuple(_siblings(con, resident, scope)),
        judgements=tuple(
            Judgement(**{**row, "missing": tuple(row["missing"] or ())})
            for row in _run(con, "judgement", resident_id=resident)
        ),
        reasons=tuple(_reasons(con, resident, by_id)),
        events=tuple(events),
        items=tuple(_items(con, resident, items)),
    )


def _members(con: duckdb.DuckDBPyConnection, child: Mapping[str, Any]) -> list[Member]:
    rows = _run(con, "household", resident_id=child["resident_id"], living_group=child["living_group"])
    kinds = {"mother": "母", "father": "父"}
    members = []
    for row in rows:
        relation = kinds.get(row["guardian_kind"] or "", row["guardian_kind"] or "")
        if row["is_self"]:
            relation = "本人"
        elif not relation:
            relation = "きょうだい" if row["is_sibling"] else row["role"]
        members.append(
            Member(
                resident_id=row["resident_id"],
                name=row["name"],
                birth_date=row["birth_date"],
                age=row["age"],
                sex=row["sex"],
                relation_text=row["relation_text"],
                role=row["role"],
                relation=relation,
                is_self=row["is_self"],
            )
        )
    return members


def _siblings(con: duckdb.DuckDBPyConnection, resident: str, scope: Scope) -> list[Sibling]:
    return [
        Sibling(
            resident_id=row["resident_id"],
            child_ref=row["child_ref"],
            name=row["name"],
            age=row["age"],
            grade=row["school_grade"],
            school=row["school_name"],
            level=row["level"] or 0,
            council_open=bool(row["council_open"]),
            in_care=bool(row["in_care"]),
        )
        for row in _run(con, "siblings", {"scope": scope}, resident_id=resident)
    ]


def _events(con: duckdb.DuckDBPyConnection, people: Mapping[str, str], facts: Scope) -> list[Event]:
    return [
        Event(
            event_id=row["event_id"],
            resident_id=row["resident_id"],
            who=people[row["resident_id"]],
            department=row["department_code"],
            extract=row["extract"],
            source=sources().get(row["extract"], row["extract"]),
            occurred_on=row["occurred_on"],
            ended_on=row["ended_on"],
            recorded_on=row["recorded_on"],
            kind=row["kind"] or "",
            title=row["title"] or "",
            detail=row["detail"] or "",
            grade=row["grade"] or 0,
            is_support=bool(row["is_support"]),
            lasting=row["extract"] in lasting(),
        )
        for row in _run(con, "events", {"facts": facts}, residents=sorted(people))
    ]


def _reasons(
    con: duckdb.DuckDBPyConnection, resident: str, by_id: Mapping[str, Sequence[Event]]
) -> list[Reason]:
    return [
        Reason(
            category=row["category"],
            ord=row["ord"],
            kind=row["kind"],
            code=row["code"],
            points=row["points"] or 0.0,
            text=row["text"],
            events=row["events"] or 0,
            shown=tuple(
                event for event_id in row["event_ids"] or () for event in by_id.get(event_id, ())[:1]
            ),
        )
        for row in _run(con, "reasons", resident_id=resident)
    ]


def _items(con: duckdb.DuckDBPyConnection, resident: str, items: Mapping[str, Item]) -> list[ItemState]:
    """The state of every item that applies to the child or has a value, by Kleene's rule."""
    values = {row["item"]: row for row in _run(con, "values", resident_id=resident)}
    gaps = {row["item"]: row["why"] for row in _run(con, "gaps", resident_id=resident)}
    states = {row["item"]: row["state"] for row in _run(con, "states")}
    applying = _applying(con, resident, items)
    found = []
    for code, item in items.items():
        row = values.get(code)
        state = states.get(code, "未連携")
        if row is not None:
            found.append(
                ItemState(
                    item,
                    "value",
                    row["value"],
                    "" if state == "ok" else state,
                    row["events"] or 0,
                    row["newest_occurred_on"],
                    row["newest_recorded_on"],
                )
            )
        elif code not in applying:
            continue
        elif state != "ok" or code in gaps:
            found.append(ItemState(item, "unknown", None, gaps.get(code, state), 0, None, None))
        else:
            found.append(ItemState(item, "zero", 0.0, "", 0, None, None))
    return found


def _applying(con: duckdb.DuckDBPyConnection, resident: str, items: Mapping[str, Item]) -> set[str]:
    """Codes of the items that apply to the child; the conditions are the catalogue's own, over `child`."""
    conditions = {code: item.applies.strip() or "true" for code, item in items.items()}
    if not conditions:
        return set()
    columns = ", ".join(f"coalesce(({condition}), false)" for condition in conditions.values())
    with con.cursor() as cursor:
        cursor.execute(f"select {columns} from child as c where resident_id = ?", [resident])
        rows = cursor.fetchall()
    return {code for code, applies in zip(conditions, rows[0], strict=True) if applies} if rows else set()


def value_text(state: ItemState) -> str:
    """An item's value with its unit, in words: 有, なし, 12日, 不明."""
    if state.state == "unknown":
        return "不明"
    return state.item.in_words(state.value or 0.0)
