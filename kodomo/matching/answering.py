"""Answering: an answer on a record, alone or by two people, and taking it back."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kodomo import access, audit, cases, seals
from kodomo.audit import Actor
from kodomo.errors import KodomoError
from kodomo.matching.case import Case
from kodomo.matching.opinion import (
    DIFFERENT,
    LATER,
    NOBODY,
    SAME,
    STATES,
    UNDONE,
    Opinion,
    opinions,
)
from kodomo.matching.setting import extracts_for, require_extract, settings
from kodomo.ops import Conflict, OpsStore, utc_text


class SecondPersonNeeded(KodomoError):
    """The same person answered twice where two are needed."""

    def __init__(self) -> None:
        super().__init__(
            "この記録は2人で確認します。あなたの答えは記録ずみです。ほかの人が確認すると決まります。"
        )


class NoAnswer(KodomoError):
    """The answer is incomplete; the message says what to choose."""


class NothingToUndo(KodomoError):
    """There is no decision on the record that could be taken back."""

    def __init__(self) -> None:
        super().__init__("この記録には、取り消せる決定がありません。画面を開き直してください。")


@dataclass(frozen=True)
class Given:
    """What became of an answer; `seals` are what the log keeps of it."""

    opinion_id: int
    state: str
    decision_id: int | None
    seals: dict[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """The state in Japanese."""
        return STATES[self.state]


def answer(
    ops: OpsStore,
    actor: Actor,
    case: Case,
    said: str,
    resident_id: str | None,
    *,
    reason: str = "compared",
    opened_at: datetime | None = None,
    origin: str = "queue",
    snapshot: str = "",
) -> Given:
    """Keep an answer on a record with its log row, and the decision it leads to, in one transaction.

    Args:
        said: same, different, nobody or later.
        resident_id: whom the record was held against; needed for same and different.
        reason: a code of data/matching.toml.
        opened_at: when the case was shown; measures the work.
        origin: queue, sample, unlinked or repair.

    Raises:
        NoAnswer, NotYourExtract, SecondPersonNeeded, access.AccessDenied, audit.LogUnavailable.
        Conflict: somebody else answered about the record after it was opened.
    """
    access.require(ops, actor, "link_decide")
    require_extract(actor, case.extract)
    if said not in (SAME, DIFFERENT, NOBODY, LATER):
        raise NoAnswer("同じ人・ちがう人・あとで のどれかを選んでください。")
    if said in (SAME, DIFFERENT) and resident_id not in {one.resident_id for one in case.candidates}:
        raise NoAnswer("くらべる候補を選んでください。")
    if reason not in settings().reasons:
        raise NoAnswer("判断の理由を選んでください。")
    whom = resident_id if said in (SAME, DIFFERENT) else None
    minutes = cases.minutes_since(ops, opened_at)
    # The seals are known only once the rows are written; the log row that takes them follows in the same
    # transaction.
    detail: dict[str, Any] = {"extract": case.extract, "decision": said, "origin": origin}

    def keep(con: sqlite3.Connection) -> Given:
        given = write_answer(
            con, ops, actor, case, said, whom, reason, minutes, origin, snapshot, ops.clock()
        )
        detail[seals.DETAIL] = given.seals
        return given

    return audit.transact(
        ops, actor, "link_decide", keep, subject=whom, snapshot=snapshot or None, detail=detail
    )


def write_answer(
    con: sqlite3.Connection,
    ops: OpsStore,
    actor: Actor,
    case: Case,
    said: str,
    whom: str | None,
    reason: str,
    minutes: float | None,
    origin: str,
    snapshot: str,
    at: datetime,
) -> Given:
    """`answer` inside a running write; rights, completeness and the log row are the caller's.

    Raises:
        SecondPersonNeeded.
        Conflict: somebody else answered about the record after it was opened.
    """
    newest = _newest(con, case.extract, case.record_key)
    first = newest if newest is not None and newest["state"] == "proposed" else None
    # Two people who both opened a record before either spoke judged alone, as two are meant to.
    if first is None and newest is not None and newest["opinion_id"] > case.last_opinion and said != LATER:
        raise Conflict
    state, decision = "final", None
    if said == LATER:
        state = "later"
    elif first is not None and first["given_by"] == actor.user_id:
        raise SecondPersonNeeded
    elif first is not None:
        agreed = (first["answer"], first["resident_id"]) == (said, whom)
        state = "agreed" if agreed else "disputed"
    # An automatic link found right by sample stays the matcher's own: nothing has to be decided.
    confirms = said == SAME and case.status == "auto" and whom == case.resident_id
    if state == "final" and case.two_people and not confirms:
        state = "proposed"
    if state == "agreed" or (state == "final" and not confirms):
        by, second, spent = actor.user_id, None, minutes
        if first is not None:
            by, second = first["given_by"], actor.user_id
            spent = round((first["minutes"] or 0.0) + (minutes or 0.0), 2)
        decision = cases.write_link_decision(
            con,
            by,
            case.extract,
            case.record_key,
            whom,
            "confirmed" if said == SAME else "rejected",
            settings().reasons[reason],
            at=at,
            second_by=second,
            minutes=spent,
        )
    number = _insert(
        con,
        actor,
        {
            "extract": case.extract,
            "record_key": case.record_key,
            "resident_id": whom,
            "answer": said,
            "state": state,
            "origin": origin,
            "given_at": utc_text(at),
            "minutes": minutes,
            "reason": settings().reasons[reason],
            "decision_id": decision,
            "machine_status": case.status,
            "machine_resident": case.resident_id,
            "machine_probability": case.machine_probability,
            "model": case.model,
            "snapshot": snapshot,
        },
    )
    return Given(number, state, decision, _seals(con, ops, number, decision))


def _newest(con: sqlite3.Connection, extract: str, record_key: str) -> sqlite3.Row | None:
    """The newest answer on a record that is not あとで."""
    return con.execute(
        "select * from link_opinion where extract = ? and record_key = ? and state <> 'later'"
        " order by opinion_id desc limit 1",
        (extract, record_key),
    ).fetchone()


def _insert(con: sqlite3.Connection, actor: Actor, row: dict[str, Any]) -> int:
    row = {**row, "given_by": actor.user_id, "department": actor.department}
    done = con.execute(
        f"insert into link_opinion ({', '.join(row)}) values ({', '.join('?' * len(row))})",
        tuple(row.values()),
    )
    return int(done.lastrowid or 0)


def _seals(con: sqlite3.Connection, ops: OpsStore, opinion: int, decision: int | None) -> dict[str, Any]:
    made = seals.seal(con, ops, seals.OPINION, opinion)
    return made if decision is None else made | seals.seal(con, ops, seals.DECISION, decision)


def undo(ops: OpsStore, actor: Actor, extract: str, record_key: str, *, snapshot: str = "") -> None:
    """Take back everything decided about a record: it is again what the matcher makes of it.

    An answer that still waits for a second person is taken back by whoever gave it.

    Raises:
        NothingToUndo, NotYourExtract, access.AccessDenied.
    """
    access.require(ops, actor, "link_undo")
    require_extract(actor, extract)
    detail: dict[str, Any] = {"extract": extract, "decision": "undone"}

    def keep(con: sqlite3.Connection) -> None:
        detail[seals.DETAIL] = write_undo(con, ops, actor, extract, record_key, snapshot, ops.clock())

    audit.transact(ops, actor, "link_undo", keep, snapshot=snapshot or None, detail=detail)


def write_undo(
    con: sqlite3.Connection,
    ops: OpsStore,
    actor: Actor,
    extract: str,
    record_key: str,
    snapshot: str,
    at: datetime,
) -> dict[str, Any]:
    """`undo` inside a running write; rights and the log row are the caller's. Returns the seals for it.

    Raises:
        NothingToUndo.
    """
    newest = _newest(con, extract, record_key)
    decided = con.execute(
        "select decision from link_decision where extract = ? and record_key = ?"
        " order by decision_id desc limit 1",
        (extract, record_key),
    ).fetchone()
    standing = decided is not None and decided["decision"] != "undone"
    waiting = newest is not None and newest["state"] == "proposed"
    if not standing and not waiting:
        raise NothingToUndo
    decision = None
    if standing:
        decision = cases.write_link_decision(
            con, actor.user_id, extract, record_key, None, "undone", "取り消し", at=at
        )
    was = dict(newest) if newest is not None else {}
    number = _insert(
        con,
        actor,
        {
            "extract": extract,
            "record_key": record_key,
            "resident_id": None,
            "answer": UNDONE,
            "state": "undone",
            "origin": "queue",
            "given_at": utc_text(at),
            "minutes": None,
            "reason": "取り消し",
            "decision_id": decision,
            "machine_status": was.get("machine_status", ""),
            "machine_resident": was.get("machine_resident"),
            "machine_probability": was.get("machine_probability"),
            "model": was.get("model", ""),
            "snapshot": snapshot,
        },
    )
    return _seals(con, ops, number, decision)


def recent(ops: OpsStore, actor: Actor, *, most: int = 100) -> list[Opinion]:
    """The newest answers on extracts this person may match, newest first, later ones left out."""
    mine = set(extracts_for(actor))
    kept = [item for item in opinions(ops) if item.extract in mine and item.state != "later"]
    return kept[::-1][:most]
