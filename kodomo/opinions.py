"""Opinions: what the departments think of items, thresholds and rules, and what became of it (意見)."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kodomo import access, audit, seals
from kodomo.audit import Actor
from kodomo.errors import KodomoError
from kodomo.ops import Conflict, OpsStore, utc_text

TEXT_LENGTH = 1000
PROPOSED_LENGTH = 100
KINDS = {"item": "リスク項目", "threshold": "しきい値", "rule": "判定条件", "new_item": "新しい項目の希望"}
STATUSES = {"received": "受付", "studied": "検討中", "adopted": "採用", "declined": "見送り"}


class EmptyOpinion(KodomoError):
    """An opinion or answer without words, or with too many."""

    def __init__(self) -> None:
        super().__init__(
            f"意見を{TEXT_LENGTH}文字までで書いてください。提案する値は{PROPOSED_LENGTH}文字までです。"
        )


class AboutNothing(KodomoError):
    """The opinion names no item, threshold or rule that there is."""

    def __init__(self) -> None:
        super().__init__("何についての意見かを、一覧から選んでください。")


class UnknownOpinion(KodomoError):
    """There is no such opinion."""

    def __init__(self) -> None:
        super().__init__("その意見は見つかりません。画面を開き直してください。")


class ReasonForStatus(KodomoError):
    """A decision on an opinion needs its reason."""

    def __init__(self) -> None:
        super().__init__(
            "採用または見送りにするときは、その理由を書いてください。意見を出した人に伝わります。"
        )


@dataclass(frozen=True)
class Entry:
    """One contribution to a thread; `status` is what it set, if anything."""

    user_id: str
    department: str
    text: str
    status: str | None
    written_at: str


@dataclass(frozen=True)
class Opinion:
    """One thread: what it speaks of, the value proposed, where it stands, and every contribution in order."""

    opinion_id: int
    kind: str
    about: str
    proposed: str
    author: str
    department: str
    status: str
    created_at: str
    updated_at: str
    version: int
    entries: tuple[Entry, ...]


def add(
    ops: OpsStore, actor: Actor, kind: str, about: str, text: str, proposed: str = "", *, known: Sequence[str]
) -> int:
    """Leave an opinion.

    Args:
        kind: a key of KINDS.
        about: what it speaks of: an item code, category|age band, or a rule code; '' for a new item.
        text: the opinion; kept only here, never in the log.
        proposed: the value wished for, if any.
        known: everything of this kind there is.

    Returns:
        The number of the opinion.

    Raises:
        EmptyOpinion, AboutNothing, access.AccessDenied.
    """
    access.require(ops, actor, "opinion_add")
    words, wish = text.strip(), proposed.strip()
    if not words or len(words) > TEXT_LENGTH or len(wish) > PROPOSED_LENGTH:
        raise EmptyOpinion
    if kind not in KINDS or (about not in known if kind != "new_item" else about):
        raise AboutNothing
    moment = utc_text(ops.clock())

    def keep(con: sqlite3.Connection) -> int:
        row = {
            "kind": kind,
            "about": about,
            "proposed": wish,
            "author": actor.user_id,
            "department": actor.department,
            "created_at": moment,
            "updated_at": moment,
        }
        kept = seals.insert(con, ops, seals.TUNING_OPINION, row)
        number = int(kept[seals.TUNING_OPINION.table][0])
        kept |= _entry(con, ops, number, actor, words, "received", moment)
        detail = {"kind": kind, "about": about, seals.DETAIL: kept}
        audit.append(con, ops, actor, "opinion_add", detail=detail)
        return number

    return ops.write(keep)


def answer(ops: OpsStore, actor: Actor, shown: Opinion, text: str, status: str | None = None) -> None:
    """Write into a thread, and move it on for those who may.

    Args:
        shown: the thread as the screen showed it.
        text: the words; needed for 採用 and 見送り, and where no status changes.
        status: the new status (a key of STATUSES), None to leave it.

    Raises:
        EmptyOpinion, ReasonForStatus: words are missing.
        UnknownOpinion, Conflict: the thread is gone or moved on meanwhile.
        access.AccessDenied.
    """
    access.require(ops, actor, "opinion_add" if status is None else "opinion_decide")
    words = text.strip()
    if status is not None and status not in STATUSES:
        raise UnknownOpinion
    if status in ("adopted", "declined") and not words:
        raise ReasonForStatus
    if (not words and status is None) or len(words) > TEXT_LENGTH:
        raise EmptyOpinion
    moment = utc_text(ops.clock())

    def keep(con: sqlite3.Connection) -> None:
        row = con.execute("select version from opinion where opinion_id = ?", (shown.opinion_id,)).fetchone()
        if row is None:
            raise UnknownOpinion
        if row["version"] != shown.version:
            raise Conflict
        con.execute(
            "update opinion set status = ?, updated_at = ?, version = version + 1 where opinion_id = ?",
            (status or shown.status, moment, shown.opinion_id),
        )
        kept = _entry(con, ops, shown.opinion_id, actor, words, status, moment)
        detail = {"opinion": shown.opinion_id, "status": status or shown.status, seals.DETAIL: kept}
        audit.append(con, ops, actor, "opinion_add" if status is None else "opinion_decide", detail=detail)

    ops.write(keep)


def _entry(
    con: sqlite3.Connection,
    ops: OpsStore,
    opinion_id: int,
    actor: Actor,
    text: str,
    status: str | None,
    moment: str,
) -> dict[str, Any]:
    """Add one contribution; returns its seal for the log row."""
    row = {
        "opinion_id": opinion_id,
        "user_id": actor.user_id,
        "department": actor.department,
        "text": text,
        "status": status,
        "written_at": moment,
    }
    return seals.insert(con, ops, seals.OPINION_ENTRY, row)


def listing(ops: OpsStore, about: str | None = None) -> list[Opinion]:
    """Every thread, or those about one thing; those touched last first."""
    with ops.read() as con:
        rows = con.execute("select * from opinion order by updated_at desc, opinion_id desc").fetchall()
        entries = con.execute(
            "select opinion_id, user_id, department, text, status, written_at from opinion_entry"
            " order by opinion_id, entry_id"
        ).fetchall()
    said: dict[int, list[Entry]] = {}
    for row in entries:
        said.setdefault(row["opinion_id"], []).append(Entry(*tuple(row)[1:]))
    return [
        Opinion(
            row["opinion_id"],
            row["kind"],
            row["about"],
            row["proposed"],
            row["author"],
            row["department"],
            row["status"],
            row["created_at"],
            row["updated_at"],
            row["version"],
            tuple(said.get(row["opinion_id"], ())),
        )
        for row in rows
        if about is None or row["about"] == about
    ]


def open_counts(ops: OpsStore) -> dict[str, int]:
    """How many threads nobody has decided yet stand at each thing they speak of."""
    with ops.read() as con:
        rows = con.execute(
            "select about, count(*) as threads from opinion"
            " where status in ('received', 'studied') group by about order by about"
        ).fetchall()
    return {row["about"]: row["threads"] for row in rows}


def counts(ops: OpsStore) -> dict[str, dict[str, int]]:
    """For the evaluation: department → status → how many opinions, over all time."""
    with ops.read() as con:
        rows = con.execute(
            "select department, status, count(*) as threads from opinion"
            " group by department, status order by department, status"
        ).fetchall()
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row["department"], {})[row["status"]] = row["threads"]
    return found
