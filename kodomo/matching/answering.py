"""Answering: an answer on a record, alone or by two people, and taking it back."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from kodomo import access, audit, cases
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
    Standing,
    opinions,
)
from kodomo.matching.setting import departments, extracts_for, require_extract, settings, titles
from kodomo.ops import OpsStore, utc_text


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
    """What became of an answer."""

    opinion_id: int
    state: str
    decision_id: int | None

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
    """
    access.require(ops, actor, "link_decide")
    require_extract(actor, case.extract)
    if said not in (SAME, DIFFERENT, NOBODY, LATER):
        raise NoAnswer("同じ人・ちがう人・あとで のどれかを選んでください。")
    if said in (SAME, DIFFERENT) and not resident_id:
        raise NoAnswer("くらべる候補を選んでください。")
    if reason not in settings().reasons:
        raise NoAnswer("判断の理由を選んでください。")
    whom = resident_id if said in (SAME, DIFFERENT) else None
    minutes = cases.minutes_since(ops, opened_at)

    def keep(con: sqlite3.Connection) -> Given:
        first = _pending(con, case.extract, case.record_key)
        state, decision = "final", None
        if said == LATER:
            state = "later"
        elif first is not None and first["given_by"] == actor.user_id:
            raise SecondPersonNeeded
        elif first is not None:
            agreed = (first["answer"], first["resident_id"]) == (said, whom)
            state = "agreed" if agreed else "disputed"
        elif case.two_people and not (said == SAME and case.status == "auto" and whom == case.resident_id):
            state = "proposed"
        # An automatic link found right by sample stays the matcher's own: nothing has to be decided.
        confirms = said == SAME and case.status == "auto" and whom == case.resident_id
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
                at=ops.clock(),
                second_by=second,
                minutes=spent,
            )
        return Given(
            _insert(con, ops, actor, case, said, state, whom, reason, minutes, origin, snapshot, decision),
            state,
            decision,
        )

    return audit.transact(
        ops,
        actor,
        "link_decide",
        keep,
        subject=whom,
        snapshot=snapshot or None,
        detail={"extract": case.extract, "decision": said, "origin": origin},
    )


def _pending(con: sqlite3.Connection, extract: str, record_key: str) -> sqlite3.Row | None:
    """The first of two answers on a record, if one waits for the second."""
    row = con.execute(
        "select * from link_opinion where extract = ? and record_key = ? and state <> 'later'"
        " order by opinion_id desc limit 1",
        (extract, record_key),
    ).fetchone()
    return row if row is not None and row["state"] == "proposed" else None


def _insert(
    con: sqlite3.Connection,
    ops: OpsStore,
    actor: Actor,
    case: Case,
    said: str,
    state: str,
    whom: str | None,
    reason: str,
    minutes: float | None,
    origin: str,
    snapshot: str,
    decision: int | None,
) -> int:
    row = {
        "extract": case.extract,
        "record_key": case.record_key,
        "resident_id": whom,
        "answer": said,
        "state": state,
        "origin": origin,
        "given_by": actor.user_id,
        "department": actor.department,
        "given_at": utc_text(ops.clock()),
        "minutes": minutes,
        "reason": settings().reasons.get(reason, reason),
        "decision_id": decision,
        "machine_status": case.status,
        "machine_resident": case.resident_id,
        "machine_probability": case.machine_probability,
        "model": case.model,
        "snapshot": snapshot,
    }
    done = con.execute(
        f"insert into link_opinion ({', '.join(row)}) values ({', '.join('?' * len(row))})",
        tuple(row.values()),
    )
    return int(done.lastrowid or 0)


def undo(ops: OpsStore, actor: Actor, extract: str, record_key: str, *, snapshot: str = "") -> None:
    """Take back everything decided about a record: it is again what the matcher makes of it.

    An answer that still waits for a second person is taken back by whoever gave it.

    Raises:
        NothingToUndo, NotYourExtract, access.AccessDenied.
    """
    access.require(ops, actor, "link_undo")
    require_extract(actor, extract)

    def keep(con: sqlite3.Connection) -> None:
        newest = con.execute(
            "select * from link_opinion where extract = ? and record_key = ? and state <> 'later'"
            " order by opinion_id desc limit 1",
            (extract, record_key),
        ).fetchone()
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
                con,
                actor.user_id,
                extract,
                record_key,
                None,
                "undone",
                "取り消し",
                at=ops.clock(),
            )
        was = dict(newest) if newest is not None else {}
        shell = Case(
            extract,
            record_key,
            titles()[extract],
            departments()[extract],
            None,
            str(was.get("machine_status", "")),
            was.get("machine_resident"),
            "",
            extract in settings().two_people,
            Standing(),
            (),
            was.get("machine_probability"),
            str(was.get("model", "")),
        )
        _insert(con, ops, actor, shell, UNDONE, "undone", None, "取り消し", None, "queue", snapshot, decision)

    audit.transact(
        ops,
        actor,
        "link_undo",
        keep,
        snapshot=snapshot or None,
        detail={"extract": extract, "decision": "undone"},
    )


def recent(ops: OpsStore, actor: Actor, *, most: int = 100) -> list[Opinion]:
    """The newest answers on extracts this person may match, newest first, later ones left out."""
    mine = set(extracts_for(actor))
    kept = [item for item in opinions(ops) if item.extract in mine and item.state != "later"]
    return kept[::-1][:most]
