"""Accounts: who may log in, in which role and period, and the sessions that end by themselves."""

from __future__ import annotations

import re
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import bcrypt
import pandas as pd

from kodomo import access, audit
from kodomo import ops as store
from kodomo.audit import SYSTEM, Actor
from kodomo.errors import KodomoError
from kodomo.ops import Conflict, FamilyLike, OpsStore, jst_date, jst_text, parse_utc, utc_text
from kodomo.paths import DATA

ROUNDS = 12
MIN_LENGTH = 12
MAX_BYTES = 72
FAILURES = 6
LOCK = timedelta(minutes=30)
IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=8)
TOUCH_EVERY = timedelta(seconds=30)
# The cookie is written just before the session begins.
COOKIE_SLACK = timedelta(minutes=2)
COOKIE_NAME = "kodomo_login"
COOKIE_DAYS = 1 / 3  # eight hours, in the unit of streamlit-authenticator

DEMO_PASSWORD = "Toyonaka-demo-2026"
# user_id, name, department code, role
DEMO = (
    ("toukatsu", "統括 支援員", "child_safety", "coordinator"),
    ("senmon", "専門 職員", "child_safety", "specialist"),
    ("jidou", "児童生徒課 職員", "pupil", "department_staff"),
    ("kanri", "管理 職", "child_safety", "manager"),
    ("chousei", "調整 担当", "child_safety", "tuner"),
    ("data", "データ 担当", "child_safety", "data_steward"),
    ("kansa", "監査 担当", "audit", "auditor"),
    ("admin", "システム 管理者", "system", "admin"),
)


class WeakPassword(KodomoError):
    """The password does not meet the policy; the message says which part."""


class LoginRefused(KodomoError):
    """Login failed; the message is the same for a wrong password, an unknown ID and a stopped account."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or WRONG)


class UnknownAccount(KodomoError):
    """An administrator named an account that does not exist."""

    def __init__(self) -> None:
        super().__init__("その利用者IDは登録されていません。一覧から選び直してください。")


class AccountExists(KodomoError):
    """The user ID is taken."""

    def __init__(self) -> None:
        super().__init__("その利用者IDはすでに使われています。別の利用者IDにしてください。")


class BadAccount(KodomoError):
    """The user ID, role or period given cannot be used; the message says what to change."""


WRONG = "利用者IDまたはパスワードが違います。確かめてから、もう一度入力してください。"
LOCKED = (
    "続けて失敗したため、この利用者IDでのログインを止めています。"
    "30分後にやり直すか、システム管理者に連絡してください。"
)

ENDED = {
    "idle": "30分間操作がなかったため、利用を終えました。もう一度ログインしてください。",
    "absolute": "ログインから8時間たったため、利用を終えました。もう一度ログインしてください。",
    "logout": "ログアウトしました。続けるときは、もう一度ログインしてください。",
    "replaced": "同じ利用者IDで別の場所からログインしたため、こちらの利用を終えました。",
    "role_changed": "役割が変わったため、利用を終えました。もう一度ログインしてください。",
    "password_changed": "パスワードが変わったため、利用を終えました。もう一度ログインしてください。",
    "stopped": "この利用者IDは使えなくなりました。システム管理者に連絡してください。",
    "unknown": "利用の記録が見つかりません。もう一度ログインしてください。",
}


@dataclass(frozen=True)
class Duty:
    """A role a person holds in a department for a period (both days included; no end = open)."""

    duty_id: int
    role: str
    department: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class Session:
    """A live session, kept on the server; the cookie never carries it."""

    session_id: str
    label: str
    user_id: str
    name: str
    role: str
    department: str
    started_at: datetime
    last_seen_at: datetime
    must_change: bool

    @property
    def actor(self) -> Actor:
        """The session's owner as an actor for access and log."""
        return Actor(self.user_id, self.name, self.role, self.department, self.label)


@dataclass(frozen=True)
class Touch:
    """What `touch` found: the live session, or the reason (code and Japanese sentence) why there is none."""

    session: Session | None
    code: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Gate:
    """May a login be tried now? If not, `message` is what to show."""

    allowed: bool
    message: str = ""
    until: datetime | None = None


# -- passwords ----------------------------------------------------------------------------------


@cache
def _common() -> frozenset[str]:
    lines = (DATA / "common_passwords.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip().lower() for line in lines if line.strip() and not line.startswith("#"))


def check_password_policy(password: str, user_id: str = "") -> None:
    """Refuse a password that is too short, too long for bcrypt, or among the first an attacker tries.

    At least 12 characters, at most 72 bytes, no rule about kinds of characters (NIST SP 800-63B).

    Raises:
        WeakPassword: the message says what to change.
    """
    if password != password.strip():
        raise WeakPassword("パスワードの前後に空白は使えません。空白を除いてください。")
    if len(password) < MIN_LENGTH:
        raise WeakPassword(f"パスワードは{MIN_LENGTH}文字以上にしてください。")
    if len(password.encode("utf-8")) > MAX_BYTES:
        raise WeakPassword("パスワードが長すぎます。半角72文字（全角24文字）以内にしてください。")
    lowered = password.lower()
    core = re.sub(r"[\W\d_]+$", "", lowered)
    if lowered in _common() or core in _common() or (user_id and user_id.lower() in (lowered, core)):
        raise WeakPassword("推測されやすいパスワードです。別の言葉を組み合わせてください。")
    if len(set(lowered)) < 5 or lowered in "0123456789012345678901234567890" or _repeats(lowered):
        raise WeakPassword("同じ文字や並びの繰り返しは使えません。別の言葉を組み合わせてください。")


def _repeats(text: str) -> bool:
    return any(len(text) % size == 0 and text[:size] * (len(text) // size) == text for size in range(1, 7))


def hash_password(password: str) -> str:
    """The bcrypt hash of a password."""
    return bcrypt.hashpw(password.encode("utf-8"), bcrypt.gensalt(ROUNDS)).decode("ascii")


def _matches(password: str, hashed: str) -> bool:
    try:
        return bcrypt.checkpw(password.strip().encode("utf-8"), hashed.encode("ascii"))
    except ValueError:
        return False


@cache
def _dummy(rounds: int) -> str:
    return bcrypt.hashpw(b"nobody has this password", bcrypt.gensalt(rounds)).decode("ascii")


def load_key(family: FamilyLike) -> bytes:
    """The city's secret for a family of files; see `kodomo.ops.load_key`."""
    return store.load_key(family.key_path)


# -- accounts -----------------------------------------------------------------------------------


def create(
    ops: OpsStore,
    actor: Actor,
    user_id: str,
    name: str,
    department: str,
    role: str,
    password: str,
    *,
    valid_from: date | None = None,
    valid_to: date | None = None,
    must_change: bool = True,
) -> None:
    """Add an account with one duty.

    Args:
        user_id: 3 to 32 of a-z, 0-9, `_`, `-`, `.`, starting with a letter.
        department: department code; decides what a 課職員 sees.
        valid_from, valid_to: the days on which the duty holds, both included; from today, open end.

    Raises:
        BadAccount, AccountExists, WeakPassword, access.AccessDenied.
    """
    _may(ops, actor, "account_create")
    if not re.fullmatch(r"[a-z][a-z0-9_.-]{2,31}", user_id) or user_id == SYSTEM.user_id:
        raise BadAccount("利用者IDは、英小文字で始まる3文字から32文字の英数字にしてください。")
    if not name.strip():
        raise BadAccount("氏名を入力してください。")
    _check_role(role)
    start = valid_from or jst_date(ops.clock())
    _check_period(start, valid_to)
    check_password_policy(password, user_id)
    hashed = hash_password(password)
    now = utc_text(ops.clock())

    def add(con: sqlite3.Connection) -> None:
        if con.execute("select 1 from account where user_id = ?", (user_id,)).fetchone():
            raise AccountExists
        con.execute(
            "insert into account"
            " (user_id, name, department, password_hash, must_change, created_at, password_at)"
            " values (?, ?, ?, ?, ?, ?, ?)",
            (user_id, name.strip(), department, hashed, int(must_change), now, now),
        )
        _add_duty(con, user_id, role, department, start, valid_to, actor.user_id, now)

    audit.transact(
        ops, actor, "account_create", add, detail={"account": user_id, "role": role, "department": department}
    )


def _add_duty(
    con: sqlite3.Connection,
    user_id: str,
    role: str,
    department: str,
    start: date,
    end: date | None,
    by: str,
    now: str,
) -> None:
    con.execute(
        "insert into duty (user_id, role, department, valid_from, valid_to, granted_by, granted_at)"
        " values (?, ?, ?, ?, ?, ?, ?)",
        (user_id, role, department, start.isoformat(), end.isoformat() if end else None, by, now),
    )


def _check_role(role: str) -> None:
    if role not in access.roles():
        raise BadAccount("その役割はありません。一覧から選んでください。")


def _check_period(start: date, end: date | None) -> None:
    if end is not None and end < start:
        raise BadAccount("終わりの日が始まりの日より前です。日付を入れ直してください。")


def _may(ops: OpsStore, actor: Actor, action: str) -> None:
    if actor is not SYSTEM:
        access.require(ops, actor, action)


def create_demo(ops: OpsStore) -> list[str]:
    """Create the demo accounts that are missing, one for every role; returns the user IDs created.

    All share `DEMO_PASSWORD`, which the README shows. For invented cities only.
    """
    made = []
    start = jst_date(ops.clock()) - timedelta(days=400)
    for user_id, name, department, role in DEMO:
        try:
            create(
                ops,
                SYSTEM,
                user_id,
                name,
                department,
                role,
                DEMO_PASSWORD,
                valid_from=start,
                must_change=False,
            )
            made.append(user_id)
        except AccountExists:
            continue
    return made


def accounts(ops: OpsStore) -> pd.DataFrame:
    """All accounts with their duties, one row per duty (an account without one has a single row).

    Columns user_id, name, department, status, must_change, created_jst, version, duty_id, role, role_label,
    duty_department, valid_from, valid_to, ended_at, in_force, locked, last_login_jst.
    """
    today = jst_date(ops.clock()).isoformat()
    now = utc_text(ops.clock())
    rows = []
    with ops.read() as con:
        locked = {
            row["id_hash"]
            for row in con.execute("select id_hash from login_failure where locked_until > ?", (now,))
        }
        last = {
            row["user_id"]: row["at"]
            for row in con.execute("select user_id, max(started_at) as at from session group by user_id")
        }
        for row in con.execute(
            "select a.*, d.duty_id, d.role, d.department as duty_department, d.valid_from, d.valid_to,"
            " d.ended_at from account as a left join duty as d using (user_id) order by a.user_id, d.duty_id"
        ):
            in_force = (
                row["duty_id"] is not None
                and row["ended_at"] is None
                and row["valid_from"] <= today
                and (row["valid_to"] is None or row["valid_to"] >= today)
            )
            at = last.get(row["user_id"])
            rows.append(
                (
                    row["user_id"],
                    row["name"],
                    row["department"],
                    row["status"],
                    bool(row["must_change"]),
                    jst_text(parse_utc(row["created_at"])),
                    row["version"],
                    row["duty_id"],
                    row["role"],
                    access.role_label(row["role"]) if row["role"] else None,
                    row["duty_department"],
                    row["valid_from"],
                    row["valid_to"],
                    row["ended_at"],
                    in_force,
                    _id_hash(ops, row["user_id"]) in locked,
                    jst_text(parse_utc(at)) if at else None,
                )
            )
    names = (
        "user_id name department status must_change created_jst version duty_id role role_label "
        "duty_department valid_from valid_to ended_at in_force locked last_login_jst"
    )
    return pd.DataFrame(rows, columns=pd.Index(names.split()))


def duties(ops: OpsStore, user_id: str, on: date | None = None) -> list[Duty]:
    """The duties a person holds on a day (today), oldest first; none if the account is stopped or unknown."""
    day = on or jst_date(ops.clock())
    with ops.read() as con:
        return _duties(con, user_id, day)


def _duties(con: sqlite3.Connection, user_id: str, day: date) -> list[Duty]:
    found = con.execute(
        "select d.* from duty as d join account as a using (user_id)"
        " where user_id = ? and a.status = 'active' and d.ended_at is null and d.valid_from <= ?"
        " and (d.valid_to is null or d.valid_to >= ?) order by d.duty_id",
        (user_id, day.isoformat(), day.isoformat()),
    ).fetchall()
    return [
        Duty(
            row["duty_id"],
            row["role"],
            row["department"],
            date.fromisoformat(row["valid_from"]),
            date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        )
        for row in found
    ]


def give_role(
    ops: OpsStore,
    actor: Actor,
    user_id: str,
    role: str,
    department: str,
    valid_from: date,
    valid_to: date | None = None,
) -> None:
    """Give a person a duty for a period, e.g. from 1 April; running sessions of that person end.

    Raises:
        UnknownAccount, BadAccount, access.AccessDenied.
    """
    _may(ops, actor, "role_change")
    _check_role(role)
    _check_period(valid_from, valid_to)
    now = utc_text(ops.clock())

    def add(con: sqlite3.Connection) -> None:
        _known(con, user_id)
        _add_duty(con, user_id, role, department, valid_from, valid_to, actor.user_id, now)
        _revoke(con, user_id, now, "role_changed")

    audit.transact(
        ops,
        actor,
        "role_change",
        add,
        detail={"account": user_id, "given": role, "department": department, "from": valid_from.isoformat()},
    )


def end_role(ops: OpsStore, actor: Actor, user_id: str, duty_id: int) -> None:
    """End a duty now; running sessions of that person end.

    Raises:
        UnknownAccount: no such account, or the duty is not this person's or already ended.
    """
    _may(ops, actor, "role_change")
    now = utc_text(ops.clock())

    def end(con: sqlite3.Connection) -> None:
        done = con.execute(
            "update duty set ended_at = ?, ended_by = ?"
            " where duty_id = ? and user_id = ? and ended_at is null",
            (now, actor.user_id, duty_id, user_id),
        )
        if done.rowcount != 1:
            raise UnknownAccount
        _revoke(con, user_id, now, "role_changed")

    audit.transact(ops, actor, "role_change", end, detail={"account": user_id, "ended_duty": duty_id})


def set_status(ops: OpsStore, actor: Actor, user_id: str, status: str, version: int) -> None:
    """Stop an account ('stopped') or let it in again ('active').

    Raises:
        UnknownAccount, BadAccount.
        Conflict: somebody changed the account since `version` was read.
    """
    _may(ops, actor, "account_stop")
    if status not in ("active", "stopped"):
        raise BadAccount("利用者の状態は「利用中」か「停止」から選んでください。")
    now = utc_text(ops.clock())

    def change(con: sqlite3.Connection) -> None:
        _known(con, user_id)
        done = con.execute(
            "update account set status = ?, version = version + 1 where user_id = ? and version = ?",
            (status, user_id, version),
        )
        if done.rowcount != 1:
            raise Conflict
        _revoke(con, user_id, now, "stopped")

    audit.transact(ops, actor, "account_stop", change, detail={"account": user_id, "status": status})


def reset_password(ops: OpsStore, actor: Actor, user_id: str, password: str) -> None:
    """Set a new first password for somebody; they must change it at the next login.

    Raises:
        UnknownAccount, WeakPassword, access.AccessDenied.
    """
    _may(ops, actor, "password_reset")
    check_password_policy(password, user_id)
    _set_password(ops, actor, "password_reset", user_id, password, must_change=True)


def change_password(ops: OpsStore, actor: Actor, old: str, new: str) -> None:
    """Change one's own password; every session of this person ends, this one too.

    Raises:
        LoginRefused: the old password is wrong.
        WeakPassword: the new one does not meet the policy, or is the old one.
    """
    gate = login_allowed(ops, actor.user_id)
    if not gate.allowed:
        raise LoginRefused(gate.message)
    if not check_password(ops, actor.user_id, old):
        note_failure(ops, actor.user_id)
        raise LoginRefused("今のパスワードが違います。確かめてから、もう一度入力してください。")
    check_password_policy(new, actor.user_id)
    if new == old.strip():
        raise WeakPassword("今と同じパスワードです。別のパスワードにしてください。")
    _set_password(ops, actor, "password_change", actor.user_id, new, must_change=False)


def _set_password(
    ops: OpsStore, actor: Actor, action: str, user_id: str, password: str, *, must_change: bool
) -> None:
    hashed = hash_password(password)
    now = utc_text(ops.clock())

    def change(con: sqlite3.Connection) -> None:
        _known(con, user_id)
        con.execute(
            "update account set password_hash = ?, password_at = ?, must_change = ?, version = version + 1"
            " where user_id = ?",
            (hashed, now, int(must_change), user_id),
        )
        con.execute("delete from login_failure where id_hash = ?", (_id_hash(ops, user_id),))
        _revoke(con, user_id, now, "password_changed")

    audit.transact(ops, actor, action, change, detail={"account": user_id})


def unlock(ops: OpsStore, actor: Actor, user_id: str) -> None:
    """Let a locked user ID be tried again at once."""
    _may(ops, actor, "unlock")
    audit.transact(
        ops,
        actor,
        "unlock",
        lambda con: (
            con.execute("delete from login_failure where id_hash = ?", (_id_hash(ops, user_id),)).rowcount
        ),
        detail={"account": user_id},
    )


def _known(con: sqlite3.Connection, user_id: str) -> None:
    if not con.execute("select 1 from account where user_id = ?", (user_id,)).fetchone():
        raise UnknownAccount


def _revoke(con: sqlite3.Connection, user_id: str, now: str, reason: str) -> None:
    con.execute("update account set revoked_at = ? where user_id = ?", (now, user_id))
    con.execute(
        "update session set ended_at = ?, end_reason = ? where user_id = ? and ended_at is null",
        (now, reason, user_id),
    )


# -- logging in ---------------------------------------------------------------------------------


def credentials(ops: OpsStore) -> dict[str, Any]:
    """What streamlit-authenticator's `Authenticate` takes, for accounts that hold a duty today.

    Returns:
        {"credentials": {"usernames": {...}}, "cookie": {"name", "key", "expiry_days"}}; a fresh dict
        on every call, passwords as bcrypt hashes, the cookie key derived from the city's secret.
    """
    day = jst_date(ops.clock()).isoformat()
    users: dict[str, Any] = {}
    with ops.read() as con:
        for row in con.execute(
            "select a.user_id, a.name, a.password_hash, group_concat(d.role) as roles"
            " from account as a join duty as d using (user_id)"
            " where a.status = 'active' and d.ended_at is null and d.valid_from <= ?"
            " and (d.valid_to is null or d.valid_to >= ?) group by a.user_id order by a.user_id",
            (day, day),
        ):
            users[row["user_id"]] = {
                "name": row["name"],
                "first_name": row["name"],
                "last_name": "",
                "email": "",
                "password": row["password_hash"],
                "roles": sorted(set(row["roles"].split(","))),
                "logged_in": False,
            }
    return {
        "credentials": {"usernames": users},
        "cookie": {
            "name": COOKIE_NAME,
            "key": ops.keyed_hash("login-cookie", "v1", 64),
            "expiry_days": COOKIE_DAYS,
        },
    }


def _id_hash(ops: OpsStore, user_id: str) -> str:
    return ops.keyed_hash("login-id", user_id.strip().lower(), 32)


def login_allowed(ops: OpsStore, user_id: str) -> Gate:
    """May this user ID be tried now? Unknown IDs are answered exactly like known ones."""
    with ops.read() as con:
        row = con.execute(
            "select locked_until from login_failure where id_hash = ?", (_id_hash(ops, user_id),)
        ).fetchone()
    if row and row["locked_until"]:
        until = parse_utc(row["locked_until"])
        if until > ops.clock():
            return Gate(False, LOCKED, until)
    return Gate(True)


def check_password(ops: OpsStore, user_id: str, password: str) -> bool:
    """Does the password fit an account that holds a duty today? Takes as long for unknown IDs."""
    with ops.read() as con:
        row = con.execute(
            "select password_hash from account where user_id = ?", (user_id.strip(),)
        ).fetchone()
        may_enter = bool(row and _duties(con, user_id.strip(), jst_date(ops.clock())))
    fits = _matches(password, row["password_hash"] if row else _dummy(ROUNDS))
    return fits and may_enter


def note_failure(ops: OpsStore, user_id: str, *, even_out: bool = False) -> Gate:
    """Count a failed login; the sixth in a row stops the ID for 30 minutes. Returns what to say now.

    Args:
        user_id: as typed; logged only if it is a known ID.
        even_out: spend the time of one password check when the ID is unknown, for callers whose own
            check skips it (streamlit-authenticator does).
    """
    id_hash = _id_hash(ops, user_id)
    now = ops.clock()

    def count(con: sqlite3.Connection) -> tuple[bool, bool]:
        known = (
            con.execute("select 1 from account where user_id = ?", (user_id.strip(),)).fetchone() is not None
        )
        row = con.execute("select * from login_failure where id_hash = ?", (id_hash,)).fetchone()
        failures = 1
        if row and not (row["locked_until"] and parse_utc(row["locked_until"]) <= now):
            failures = row["failures"] + 1
        locked = failures >= FAILURES
        con.execute(
            "insert into login_failure (id_hash, failures, last_at, locked_until) values (?, ?, ?, ?)"
            " on conflict (id_hash) do update set failures = excluded.failures, last_at = excluded.last_at,"
            " locked_until = excluded.locked_until",
            (id_hash, failures, utc_text(now), utc_text(now + LOCK) if locked else None),
        )
        con.execute("delete from login_failure where last_at < ?", (utc_text(now - timedelta(days=1)),))
        who = Actor(user_id.strip() if known else "unknown", "", "", "", "", "login")
        audit.append(con, ops, who, "login_failed", result="failed", detail={"id": id_hash[:12]})
        if locked:
            audit.append(con, ops, who, "login_locked", result="failed", detail={"id": id_hash[:12]})
        return known, locked

    known, locked = ops.write(count)
    if even_out and not known:
        _matches("nobody", _dummy(ROUNDS))
    return Gate(False, LOCKED, now + LOCK) if locked else Gate(True, WRONG)


def note_success(
    ops: OpsStore, user_id: str, *, duty_id: int | None = None, single: bool | None = None
) -> Session:
    """Begin a session after a right password; failures so far are forgotten.

    Args:
        duty_id: the duty to act in; the first one in force if not given.
        single: whether older sessions of the ID end; as data/roles.toml says if not given.

    Raises:
        LoginRefused: the account is stopped, locked, or holds no duty today.
    """
    gate = login_allowed(ops, user_id)
    if not gate.allowed:
        raise LoginRefused(gate.message)
    now = ops.clock()
    at = utc_text(now)
    session_id = secrets.token_hex(24)

    def begin(con: sqlite3.Connection) -> Session:
        held = _duties(con, user_id, jst_date(now))
        chosen = [duty for duty in held if duty_id is None or duty.duty_id == duty_id]
        if not chosen:
            raise LoginRefused
        con.execute("delete from login_failure where id_hash = ?", (_id_hash(ops, user_id),))
        if access.policy().one_session_per_id if single is None else single:
            con.execute(
                "update session set ended_at = ?, end_reason = 'replaced'"
                " where user_id = ? and ended_at is null",
                (at, user_id),
            )
        con.execute(
            "insert into session (session_id, label, user_id, duty_id, started_at, last_seen_at)"
            " values (?, ?, ?, ?, ?, ?)",
            (session_id, session_id[:12], user_id, chosen[0].duty_id, at, at),
        )
        session = _session(con, session_id)
        assert session is not None
        audit.append(con, ops, session.actor.on("login"), "login")
        return session

    return ops.write(begin)


def login(ops: OpsStore, user_id: str, password: str) -> Session:
    """The whole login without any screen: lockout, password, session.

    Raises:
        LoginRefused: one message for every reason but the lockout.
    """
    gate = login_allowed(ops, user_id)
    if not gate.allowed:
        raise LoginRefused(gate.message)
    if not check_password(ops, user_id, password):
        raise LoginRefused(note_failure(ops, user_id).message)
    return note_success(ops, user_id.strip())


def issued_before_revocation(ops: OpsStore, user_id: str, issued_at: datetime) -> bool:
    """Is a login cookie issued at that moment dead?

    It is after a logout, the end of a session, a change of password or role, for a stopped account
    and for an unknown one.
    """
    with ops.read() as con:
        row = con.execute("select status, revoked_at from account where user_id = ?", (user_id,)).fetchone()
    if row is None or row["status"] != "active":
        return True
    return row["revoked_at"] is not None and utc_text(issued_at) <= row["revoked_at"]


# -- sessions -----------------------------------------------------------------------------------


def _session(con: sqlite3.Connection, session_id: str) -> Session | None:
    row = con.execute(
        "select s.*, a.name, a.must_change, d.role, d.department as duty_department from session as s"
        " join account as a using (user_id) join duty as d using (duty_id) where session_id = ?",
        (session_id,),
    ).fetchone()
    if row is None:
        return None
    return Session(
        row["session_id"],
        row["label"],
        row["user_id"],
        row["name"],
        row["role"],
        row["duty_department"],
        parse_utc(row["started_at"]),
        parse_utc(row["last_seen_at"]),
        bool(row["must_change"]),
    )


def touch(ops: OpsStore, session: Session | str, *, activity: bool = True) -> Touch:
    """Is the session still good? Call at the start of every page run.

    Ends it (and logs that) after 30 minutes without activity, 8 hours after login, or when its duty
    is over. The last activity is stored at most every 30 seconds.

    Args:
        activity: false for a look that is no sign of a person (a timer on the page).
    """
    session_id = session if isinstance(session, str) else session.session_id
    now = ops.clock()
    with ops.read() as con:
        live = _session(con, session_id)
        row = con.execute("select * from session where session_id = ?", (session_id,)).fetchone()
        held = _duties(con, row["user_id"], jst_date(now)) if row else []
    if live is None:
        return Touch(None, "unknown", ENDED["unknown"])
    if row["ended_at"]:
        return Touch(None, row["end_reason"], ENDED.get(row["end_reason"], ENDED["unknown"]))
    code = ""
    if now - live.started_at >= ABSOLUTE:
        code = "absolute"
    elif now - live.last_seen_at >= IDLE:
        code = "idle"
    elif row["duty_id"] not in {duty.duty_id for duty in held}:
        code = "role_changed"
    if code:
        _end(ops, live, code, "session_expired")
        return Touch(None, code, ENDED[code])
    if activity and now - live.last_seen_at >= TOUCH_EVERY:
        ops.write(
            lambda con: (
                con.execute(
                    "update session set last_seen_at = ? where session_id = ? and ended_at is null",
                    (utc_text(now), session_id),
                ).rowcount
            )
        )
    return Touch(live)


def resume(ops: OpsStore, user_id: str, issued_at: datetime | None = None) -> Touch:
    """The person's live session, for a reloaded page that only has the login cookie.

    Args:
        issued_at: when the cookie was issued; a cookie older than the last revocation, or than the
            login of the live session, gets nothing.
    """
    if issued_at is not None and issued_before_revocation(ops, user_id, issued_at):
        return Touch(None, "logout", ENDED["logout"])
    with ops.read() as con:
        row = con.execute(
            "select session_id, started_at from session where user_id = ? and ended_at is null"
            " order by started_at desc, session_id limit 1",
            (user_id,),
        ).fetchone()
        last = con.execute(
            "select end_reason from session where user_id = ? order by ended_at desc limit 1", (user_id,)
        ).fetchone()
    if row is None:
        code = (last["end_reason"] if last else None) or "unknown"
        return Touch(None, code, ENDED.get(code, ENDED["unknown"]))
    if issued_at is not None and issued_at < parse_utc(row["started_at"]) - COOKIE_SLACK:
        return Touch(None, "replaced", ENDED["replaced"])
    return touch(ops, row["session_id"])


def logout(ops: OpsStore, session: Session | str) -> None:
    """End the session on the server and make every login cookie issued so far worthless."""
    session_id = session if isinstance(session, str) else session.session_id
    with ops.read() as con:
        live = _session(con, session_id)
    if live is not None:
        _end(ops, live, "logout", "logout")


def _end(ops: OpsStore, session: Session, reason: str, action: str) -> None:
    now = utc_text(ops.clock())

    def end(con: sqlite3.Connection) -> None:
        done = con.execute(
            "update session set ended_at = ?, end_reason = ? where session_id = ? and ended_at is null",
            (now, reason, session.session_id),
        )
        if done.rowcount:
            con.execute("update account set revoked_at = ? where user_id = ?", (now, session.user_id))
            audit.append(con, ops, session.actor, action, detail={"reason": reason})

    ops.write(end)


def sessions(ops: OpsStore, *, live: bool = True) -> pd.DataFrame:
    """Sessions, newest first: label, user_id, started_jst, last_seen_jst, ended_jst, end_reason."""
    with ops.read() as con:
        rows = con.execute(
            "select * from session where (ended_at is null or not ?) order by started_at desc, label", (live,)
        ).fetchall()
    return pd.DataFrame(
        [
            (
                row["label"],
                row["user_id"],
                jst_text(parse_utc(row["started_at"])),
                jst_text(parse_utc(row["last_seen_at"])),
                jst_text(parse_utc(row["ended_at"])) if row["ended_at"] else None,
                row["end_reason"],
            )
            for row in rows
        ],
        columns=pd.Index(["label", "user_id", "started_jst", "last_seen_jst", "ended_jst", "end_reason"]),
    )
