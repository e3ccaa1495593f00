"""Seals: what the operation log keeps of a row people wrote, so that a changed or removed one is found."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kodomo.ops import OpsStore

DETAIL = "sealed"


@dataclass(frozen=True)
class Sealed:
    """A table of sealed rows: its key, the columns a seal covers, the actions of its log rows, its name."""

    table: str
    key: str
    columns: tuple[str, ...]
    actions: tuple[str, ...]
    label: str


_ACTIONS = ("link_decide", "link_undo")
DECISION = Sealed(
    "link_decision",
    "decision_id",
    (
        *("extract", "record_key", "resident_id", "decision", "decided_by", "decided_at", "reason"),
        *("second_by", "minutes"),
    ),
    _ACTIONS,
    "名寄せの決定",
)
OPINION = Sealed(
    "link_opinion",
    "opinion_id",
    (
        *("extract", "record_key", "resident_id", "answer", "state", "origin", "given_by", "department"),
        *("given_at", "minutes", "reason", "decision_id", "machine_status", "machine_resident"),
        *("machine_probability", "model", "snapshot"),
    ),
    _ACTIONS,
    "名寄せの答え",
)
PREGNANCY_REVIEW = Sealed(
    "pregnancy_review",
    "review_id",
    (
        *("entry_id", "version", "outcome", "reason_code", "note", "reasons", "level", "user_id", "role"),
        *("department", "snapshot", "as_of", "reviewed_at"),
    ),
    ("pregnancy_review",),
    "妊婦の確認",
)
MISSED_STATUS = Sealed(
    "missed_status",
    "status_id",
    (
        *("gap", "subject_id", "version", "status", "reason_code", "note", "mark", "since_on", "user_id"),
        *("role", "department", "snapshot", "as_of", "set_at"),
    ),
    ("missed_status",),
    "支援漏れの状況",
)
WORSENING_ACK = Sealed(
    "worsening_ack",
    "ack_id",
    (
        *("resident_id", "marks", "events_mark", "tier", "note", "user_id", "department", "snapshot"),
        *("as_of", "acknowledged_at"),
    ),
    ("worsening_ack",),
    "重篤化の見張りの確認",
)
WORSENING_CAP = Sealed(
    "worsening_cap",
    "cap_id",
    ("weekly_cap", "user_id", "set_at"),
    ("worsening_cap",),
    "重篤化の見張りの人数",
)
RULESET_VERSION = Sealed(
    "ruleset_version",
    "version_id",
    (
        *("parent_id", "title", "toml", "hash", "author", "reason", "created_at", "active_from"),
        *("approved_by", "approved_at"),
    ),
    ("ruleset_activate",),
    "判定基準の版",
)
DRAFT_STEP = Sealed(
    "ruleset_draft_step",
    "step_id",
    ("draft_id", "step", "user_id", "hash", "note", "version_id", "taken_at"),
    ("ruleset_save", "ruleset_submit", "ruleset_approve"),
    "判定基準の案の経過",
)
TUNING_OPINION = Sealed(
    "opinion",
    "opinion_id",
    ("kind", "about", "proposed", "author", "department", "created_at"),
    ("opinion_add",),
    "判定基準への意見",
)
OPINION_ENTRY = Sealed(
    "opinion_entry",
    "entry_id",
    ("opinion_id", "user_id", "department", "text", "status", "written_at"),
    ("opinion_add", "opinion_decide"),
    "意見の書き込み",
)
TABLES = (
    OPINION,
    DECISION,
    PREGNANCY_REVIEW,
    MISSED_STATUS,
    WORSENING_ACK,
    WORSENING_CAP,
    RULESET_VERSION,
    DRAFT_STEP,
    TUNING_OPINION,
    OPINION_ENTRY,
)


def insert(con: sqlite3.Connection, ops: OpsStore, what: Sealed, row: Mapping[str, Any]) -> dict[str, Any]:
    """Add one row inside a running write; returns its seal, for the log row in the same transaction."""
    done = con.execute(
        f"insert into {what.table} ({', '.join(row)}) values ({', '.join('?' * len(row))})",
        tuple(row.values()),
    )
    return seal(con, ops, what, int(done.lastrowid or 0))


def seal(con: sqlite3.Connection, ops: OpsStore, what: Sealed, number: int | str) -> dict[str, Any]:
    """The seal of a row just written, for the detail of the log row in the same transaction.

    Returns:
        {table: [number, HMAC-SHA-256 over the row]}; nothing of the row can be read from it.
    """
    row = con.execute(f"select * from {what.table} where {what.key} = ?", (number,)).fetchone()
    return {what.table: [number, _digest(ops, what, row)]}


def _digest(ops: OpsStore, what: Sealed, row: Mapping[str, Any] | sqlite3.Row) -> str:
    text = json.dumps([row[name] for name in (what.key, *what.columns)], ensure_ascii=False)
    return hmac.new(ops.derived_key(f"seal-{what.table}"), text.encode(), hashlib.sha256).hexdigest()


def verify(ops: OpsStore, *, limit: int = 20) -> list[str]:
    """Check every sealed row against the log row written with it.

    Rows written before the log kept seals cannot be checked; no more of them may be there than the log has
    rows without a seal, and none after the first sealed one.

    Returns:
        Japanese sentences, lowest number first within a table; empty when sound.
    """
    problems: list[str] = []
    with ops.read() as con:
        for what in TABLES:
            marks = ", ".join("?" * len(what.actions))
            sealed: dict[Any, str] = {}
            unsealed = 0
            for (text,) in con.execute(
                f"select detail from operation_log where action in ({marks}) and result = 'ok'", what.actions
            ):
                detail = json.loads(text)
                found = detail.get(DETAIL, {}).get(what.table)
                if found is not None:
                    sealed[found[0]] = found[1]
                unsealed += DETAIL not in detail
            first = min(sealed, default=None)
            places: dict[Any, str] = {}
            for row in con.execute(f"select * from {what.table} order by {what.key}"):
                number = row[what.key]
                digest = sealed.pop(number, None)
                if digest is not None and digest != _digest(ops, what, row):
                    places[number] = "が書き換えられています。"
                elif digest is None and (unsealed <= 0 or (first is not None and number > first)):
                    places[number] = "は、操作ログに記録がありません。"
                elif digest is None:
                    unsealed -= 1
            places |= dict.fromkeys(sealed, "が削除されています。")
            problems += [f"{what.label}の{number}番{places[number]}" for number in sorted(places)]
    return problems[:limit]
