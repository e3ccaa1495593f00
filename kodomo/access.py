"""Access: who may do what, on which child, seeing which field; denied unless data/roles.toml allows it."""

from __future__ import annotations

import sqlite3
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from kodomo import audit
from kodomo.audit import Actor
from kodomo.errors import KodomoError
from kodomo.ops import OpsStore, jst_date, jst_text, parse_utc, utc_text
from kodomo.paths import DATA


class AccessDenied(KodomoError):
    """The actor has no right to what was asked; the message is the decision's reason."""


class PurposeMissing(KodomoError):
    """A purpose is needed, and none (or an unknown one, or no explanation) was given."""

    def __init__(self, *, note: bool = False) -> None:
        super().__init__(
            "この目的には説明が必要です。いつ、だれから、何のためかを入力してください。"
            if note
            else "閲覧の目的を選んでください。"
        )


@dataclass(frozen=True)
class Role:
    """One role of data/roles.toml."""

    code: str
    label: str
    means: str
    scope: str
    facts: str
    names: str
    outside: str
    actions: frozenset[str]
    fields: frozenset[str]
    internal: bool = False


@dataclass(frozen=True)
class Purpose:
    """A purpose staff may state for opening what lies outside their cases."""

    code: str
    label: str
    note_required: bool


@dataclass(frozen=True)
class Policy:
    """data/roles.toml as read."""

    roles: dict[str, Role]
    columns: dict[str, str]
    field_labels: dict[str, str]
    protected_columns: tuple[str, ...]
    protected_text: str
    purposes: dict[str, Purpose]
    grant_hours: float
    one_session_per_id: bool
    # Actions that staff of one department may do only in these departments.
    departments: dict[str, frozenset[str]] = field(default_factory=dict)

    def in_department(self, actor: Actor, action: str) -> bool:
        """Whether the actor's department allows what the role lists."""
        role = self.roles.get(actor.role)
        if role is None or role.scope != "department" or action not in self.departments:
            return True
        return actor.department in self.departments[action]


@dataclass(frozen=True)
class Decision:
    """Whether something is allowed, and why (a Japanese sentence).

    `needs_purpose` is true when it would be allowed once a purpose is stated (`grant`).
    """

    allowed: bool
    reason: str
    needs_purpose: bool = False

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True)
class ChildScope:
    """What a decision about one child needs to know of it.

    departments: codes of the departments that have a record of the child.
    listed: the child stands in a list (level 1 or above, a known case, or already reviewed).
    granted: the actor has a grant in force for the child.
    """

    resident_id: str
    departments: frozenset[str] = field(default_factory=frozenset)
    listed: bool = False
    granted: bool = False


@dataclass(frozen=True)
class Grant:
    """A right to open one child for a stated purpose, until it runs out."""

    grant_id: int
    user_id: str
    resident_id: str
    purpose: str
    note: str
    granted_at: datetime
    expires_at: datetime


@cache
def policy(path: Path = DATA / "roles.toml") -> Policy:
    """The catalogue of roles, fields and purposes."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    roles = {}
    for row in raw["role"]:
        row = {**row, "actions": frozenset(row["actions"]), "fields": frozenset(row["fields"])}
        roles[row["code"]] = Role(**row)
    columns = {column: row["code"] for row in raw["field"] for column in row["columns"]}
    return Policy(
        roles=roles,
        columns=columns,
        field_labels={row["code"]: row["label"] for row in raw["field"]},
        protected_columns=tuple(raw["protected"]["columns"]),
        protected_text=raw["protected"]["text"],
        purposes={row["code"]: Purpose(**row) for row in raw["purpose"]},
        grant_hours=float(raw["grant_hours"]),
        one_session_per_id=bool(raw["one_session_per_id"]),
        departments={row["action"]: frozenset(row["departments"]) for row in raw["only_in"]},
    )


def roles() -> dict[str, Role]:
    """The roles people can have, by code, in the order of the file."""
    return {code: role for code, role in policy().roles.items() if not role.internal}


def role_label(code: str) -> str:
    """A role's Japanese name; the code itself if unknown."""
    role = policy().roles.get(code)
    return role.label if role else code


def purposes() -> dict[str, Purpose]:
    """The purposes staff may choose from, by code, in the order of the file."""
    return dict(policy().purposes)


# -- deciding -----------------------------------------------------------------------------------

# Actions on one child that need the child to be among the actor's own.
CHILD_ACTIONS = frozenset({"view_child", "review", "print_child", "reveal_protected_address"})


def decide(actor: Actor, action: str, child: ChildScope | None = None) -> Decision:
    """May this actor do this (to this child)? Denied unless the role lists it.

    Args:
        actor: who asks, in the role held now.
        action: a code of data/actions.toml.
        child: the child concerned; actions on one child are denied without it.

    Returns:
        the decision with its reason, a Japanese sentence that may be shown.
    """
    role = policy().roles.get(actor.role)
    if role is None:
        return Decision(
            False, "役割が登録されていないため、利用できません。システム管理者に連絡してください。"
        )
    known = audit.actions().get(action)
    label = known.label if known else "この操作"
    if action not in role.actions:
        return Decision(False, f"{role.label}の役割では「{label}」はできません。")
    if not policy().in_department(actor, action):
        return Decision(False, f"あなたの課の{role.label}は「{label}」はできません。担当の課だけができます。")
    if action not in CHILD_ACTIONS:
        return Decision(True, f"{role.label}の役割で「{label}」が認められています。")
    if child is None:
        return Decision(False, "こどもが選ばれていないため、表示できません。一覧から選んでください。")
    if role.scope == "city":
        if child.listed:
            return Decision(True, f"{role.label}は、一覧にあるこどもを確認する役割です。")
        if child.granted:
            return Decision(True, "目的を入力して、期限つきで開いています。")
        if role.outside == "purpose":
            return Decision(
                False, "一覧にないこどもです。開くには、閲覧の目的を選んでください。", needs_purpose=True
            )
        return Decision(False, "一覧にないこどもは表示できません。")
    if role.scope == "department":
        if actor.department in child.departments:
            return Decision(True, "自分の課が関わったこどもです。自分の課の記録だけを表示します。")
        return Decision(False, "自分の課が関わったこどもではないため、表示できません。")
    return Decision(False, f"{role.label}の役割では、こども1人ずつの情報は表示できません。")


def may(actor: Actor, action: str) -> bool:
    """Does the role list the action at all (for menus and buttons)?"""
    role = policy().roles.get(actor.role)
    return role is not None and action in role.actions and policy().in_department(actor, action)


def require(ops: OpsStore, actor: Actor, action: str, child: ChildScope | None = None) -> Decision:
    """Like `decide`, but a refusal is written to the log and raised.

    Raises:
        AccessDenied: with the reason.
        LogUnavailable: the refusal could not be logged.
    """
    decision = decide(actor, action, child)
    if not decision.allowed:
        audit.record(ops, actor, action, subject=child.resident_id if child else None, result="denied")
        raise AccessDenied(decision.reason)
    return decision


def child_filter(actor: Actor) -> tuple[str, list[Any]]:
    """SQL over the columns of `child` that keeps the children this actor may see in lists, with parameters.

    For 調整担当 all children pass, but `mask` leaves only their pseudonyms.
    """
    role = policy().roles.get(actor.role)
    if role is None or role.scope == "none":
        return "false", []
    if role.scope == "department":
        return "resident_id in (select resident_id from event where department_code = ?)", [actor.department]
    return "true", []


def fact_filter(actor: Actor, column: str = "department_code") -> tuple[str, list[Any]]:
    """SQL over events (or items) that keeps the facts this actor may see, with parameters.

    Args:
        column: the column that holds the department's code ('department_code' in event).
    """
    role = policy().roles.get(actor.role)
    if role is None or role.facts == "none":
        return "false", []
    if role.facts == "department":
        return f"{column} = ?", [actor.department]
    return "true", []


def sees(actor: Actor, group: str) -> bool:
    """May this actor see a group of fields ('identity', 'address', 'school', 'household', 'level',
    'reasons', 'facts', 'notes', 'support')?"""
    role = policy().roles.get(actor.role)
    return role is not None and group in role.fields


# -- scope of one child -------------------------------------------------------------------------


def child_scope(cursor: Any, ops: OpsStore, actor: Actor, resident_id: str) -> ChildScope:
    """What a decision needs to know about one child, read from the snapshot and the store.

    Args:
        cursor: a DuckDB cursor on the current snapshot (tables event, child, judgement).
    """
    departments = cursor.execute(
        "select distinct department_code from event where resident_id = ? order by 1", [resident_id]
    ).fetchall()
    known = cursor.execute("select known_case from child where resident_id = ?", [resident_id]).fetchall()
    levels = cursor.execute(
        "select max(level) from judgement where resident_id = ?", [resident_id]
    ).fetchall()
    with ops.read() as con:
        reviewed = con.execute(
            "select 1 from review where resident_id = ? limit 1", (resident_id,)
        ).fetchone()
        granted = _grant_row(con, ops, actor.user_id, resident_id)
    lists = {"worsening": "resident_id = ?", "missed_support": "state = 'open' and subject_id = ?"}
    kept = {row[0] for row in cursor.execute("select table_name from duckdb_tables()").fetchall()}
    watched = any(
        cursor.execute(f"select 1 from {table} where {whose} limit 1", [resident_id]).fetchall()
        for table, whose in lists.items()
        if table in kept
    )
    listed = bool((known and known[0][0]) or (levels and (levels[0][0] or 0) >= 1) or reviewed or watched)
    return ChildScope(resident_id, frozenset(row[0] for row in departments), listed, granted is not None)


# -- break-glass --------------------------------------------------------------------------------


def grant(ops: OpsStore, actor: Actor, resident_id: str, purpose: str, note: str = "") -> Grant:
    """Open a child outside one's cases for a stated purpose, for as long as data/roles.toml says (8 hours).

    Stored, logged as 'break_glass', and listed for 統括支援員 (`grants`).

    Raises:
        AccessDenied: the role may not.
        PurposeMissing: no known purpose, or no explanation where one is needed.
    """
    require(ops, actor, "break_glass")
    known = _purpose(purpose, note)
    now = ops.clock()
    until = now + timedelta(hours=policy().grant_hours)

    def keep(con: sqlite3.Connection) -> int:
        done = con.execute(
            "insert into access_grant (user_id, resident_id, purpose, note, granted_at, expires_at)"
            " values (?, ?, ?, ?, ?, ?)",
            (actor.user_id, resident_id, known.code, note.strip(), utc_text(now), utc_text(until)),
        )
        return int(done.lastrowid or 0)

    grant_id = audit.transact(ops, actor, "break_glass", keep, subject=resident_id, purpose=known.code)
    return Grant(grant_id, actor.user_id, resident_id, known.code, note.strip(), now, until)


def grant_of(ops: OpsStore, actor: Actor, resident_id: str) -> Grant | None:
    """The actor's grant in force for a child, if there is one."""
    with ops.read() as con:
        row = _grant_row(con, ops, actor.user_id, resident_id)
    if row is None:
        return None
    return Grant(
        row["grant_id"],
        row["user_id"],
        row["resident_id"],
        row["purpose"],
        row["note"],
        parse_utc(row["granted_at"]),
        parse_utc(row["expires_at"]),
    )


def _grant_row(con: sqlite3.Connection, ops: OpsStore, user_id: str, resident_id: str) -> sqlite3.Row | None:
    return con.execute(
        "select * from access_grant where user_id = ? and resident_id = ? and expires_at > ?"
        " order by grant_id desc limit 1",
        (user_id, resident_id, utc_text(ops.clock())),
    ).fetchone()


def grants(ops: OpsStore, since: datetime | None = None) -> pd.DataFrame:
    """Every opening for a stated purpose, newest first, for 統括支援員 and 監査担当.

    Returns:
        columns user_id, subject (the child's pseudonym in the log), purpose, note, granted_jst,
        expires_jst, in_force.
    """
    now = ops.clock()
    with ops.read() as con:
        rows = con.execute(
            "select * from access_grant where granted_at >= ? order by grant_id desc",
            (utc_text(since) if since else "",),
        ).fetchall()
    return pd.DataFrame(
        [
            (
                row["user_id"],
                audit.subject_of(ops, row["resident_id"]),
                policy().purposes[row["purpose"]].label
                if row["purpose"] in policy().purposes
                else row["purpose"],
                row["note"],
                jst_text(parse_utc(row["granted_at"])),
                jst_text(parse_utc(row["expires_at"])),
                parse_utc(row["expires_at"]) > now,
            )
            for row in rows
        ],
        columns=pd.Index(["user_id", "subject", "purpose", "note", "granted_jst", "expires_jst", "in_force"]),
    )


def reveal(ops: OpsStore, actor: Actor, child: ChildScope, purpose: str, note: str = "") -> None:
    """Permit one look at a protected address; afterwards `mask(..., revealed=True)` shows it.

    Checks the right, needs a purpose, and logs.

    Raises:
        AccessDenied, PurposeMissing, LogUnavailable: show nothing.
    """
    require(ops, actor, "reveal_protected_address", child)
    known = _purpose(purpose, note)
    audit.record(ops, actor, "reveal_protected_address", subject=child.resident_id, purpose=known.code)


def _purpose(purpose: str, note: str) -> Purpose:
    known = policy().purposes.get(purpose)
    if known is None:
        raise PurposeMissing
    if known.note_required and not note.strip():
        raise PurposeMissing(note=True)
    return known


def who_may_see(cursor: Any, ops: OpsStore, resident_id: str) -> pd.DataFrame:
    """Everybody who may open that child's page today, and why (この子を見られる人と理由).

    Args:
        cursor: a DuckDB cursor on the current snapshot.

    Returns:
        columns user_id, name, role, department, reason, needs_purpose; by user_id.
    """
    day = jst_date(ops.clock()).isoformat()
    with ops.read() as con:
        holders = con.execute(
            "select distinct a.user_id, a.name, d.role, d.department"
            " from account as a join duty as d using (user_id)"
            " where a.status = 'active' and d.ended_at is null and d.valid_from <= ?"
            " and (d.valid_to is null or d.valid_to >= ?) order by a.user_id, d.role, d.department",
            (day, day),
        ).fetchall()
    nobody = Actor("", "", "", "")
    shared = child_scope(cursor, ops, nobody, resident_id)
    rows = []
    for holder in holders:
        actor = Actor(holder["user_id"], holder["name"], holder["role"], holder["department"])
        scope = replace(shared, granted=grant_of(ops, actor, resident_id) is not None)
        decision = decide(actor, "view_child", scope)
        if decision.allowed or decision.needs_purpose:
            rows.append((*tuple(holder), decision.reason, decision.needs_purpose))
    names = ["user_id", "name", "role", "department", "reason", "needs_purpose"]
    return pd.DataFrame(rows, columns=pd.Index(names))


# -- masking ------------------------------------------------------------------------------------


def pseudonym(child_ref: str) -> str:
    """The short sign shown in place of a name, e.g. `こども-3fa9c1`."""
    return f"こども-{child_ref[:6]}"


def mask(
    actor: Actor, row: Mapping[str, Any], *, revealed: bool = False, matching: bool = False
) -> dict[str, Any]:
    """A child's row as this actor may see it, same keys: what may not be seen is None or a sentence.

    Args:
        row: columns of `child` (or any part of them); `protected` decides about the address. A row
            without `protected` is treated as protected.
        revealed: the address was opened by `reveal` just now.
        matching: the row is shown on 名寄せ確認, the only place where データ担当 sees names.
    """
    rules = policy()
    role = rules.roles.get(actor.role)
    fields = role.fields if role else frozenset()
    names = role.names if role else "none"
    if names == "none" or (names == "matching" and not matching):
        fields = fields - {"identity", "address", "school"}
    protected = _truth(row.get("protected", True)) and not (revealed and actor.role == "coordinator")
    seen = {}
    for column, value in row.items():
        group = rules.columns.get(column)
        if group is not None and group not in fields:
            value = None
        elif protected and column in rules.protected_columns:
            value = rules.protected_text
        seen[column] = value
    if "name" in seen and seen["name"] is None and names in ("pseudonym",) and row.get("child_ref"):
        seen["name"] = pseudonym(str(row["child_ref"]))
    return seen


def mask_frame(actor: Actor, rows: pd.DataFrame, *, matching: bool = False) -> pd.DataFrame:
    """`mask` over a frame of children; the same columns come back."""
    rules = policy()
    role = rules.roles.get(actor.role)
    fields = role.fields if role else frozenset()
    names = role.names if role else "none"
    if names == "none" or (names == "matching" and not matching):
        fields = fields - {"identity", "address", "school"}
    masked = rows.copy()
    if "protected" in rows:
        protected = rows["protected"].map(_truth).astype(bool)
    else:
        protected = pd.Series(True, index=rows.index)
    for column in rows.columns:
        group = rules.columns.get(column)
        if group is not None and group not in fields:
            masked[column] = None
        elif column in rules.protected_columns and protected.any():
            masked[column] = masked[column].astype(object).mask(protected, rules.protected_text)
    if "name" in rows and "identity" not in fields and names == "pseudonym" and "child_ref" in rows:
        masked["name"] = rows["child_ref"].map(pseudonym)
    return masked


def _truth(value: Any) -> bool:
    """Anything that is not plainly false protects."""
    return not (isinstance(value, bool) or type(value).__name__ in ("bool_", "bool")) or bool(value)
