"""The operation log: who did what, when, about which child, in a chain nobody can quietly change."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sqlite3
import tomllib
import weakref
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from kodomo.errors import KodomoError
from kodomo.ops import OpsStore, OpsUnavailable, jst_date, jst_text, parse_utc, utc_text
from kodomo.paths import DATA

T = TypeVar("T")

GENESIS = "0" * 64
ANCHOR_EVERY = 3600
COLUMNS = (
    "seq",
    "at_utc",
    "at_jst",
    "user_id",
    "role",
    "department",
    "session",
    "page",
    "action",
    "subject",
    "purpose",
    "count",
    "detail",
    "result",
    "snapshot",
    "ruleset",
    "prev_hash",
)
RESULTS = ("ok", "denied", "failed")
# Words that would carry a person into the log. Their values belong into no row.
FORBIDDEN_DETAIL = frozenset(
    (
        "name",
        "kana",
        "alias_name",
        "former_name",
        "birth_date",
        "address",
        "postal_code",
        "note",
        "text",
        "words",
        "word",
        "query",
        "password",
        "resident_id",
    )
)


class LogUnavailable(KodomoError):
    """The operation log could not be written, so nothing may be shown or changed."""

    def __init__(self) -> None:
        super().__init__(
            "操作ログに記録できないため、表示と操作を止めました。システム管理者に連絡してください。"
        )


class UnknownAction(KodomoError):
    """Code tried to record an action the catalogue does not list."""

    def __init__(self, action: str) -> None:
        super().__init__(f"操作「{action}」は data/actions.toml にありません。先に登録してください。")


class PersonalDetail(KodomoError):
    """Code tried to put personal data into the details of a log row."""

    def __init__(self) -> None:
        super().__init__("操作ログの詳細に、個人を表す項目は記録できません。件数や記号に置き換えてください。")


@dataclass(frozen=True)
class Actor:
    """Whoever acts: a person in one role, department and session, or the program itself."""

    user_id: str
    name: str
    role: str
    department: str
    session: str = ""
    page: str = ""

    def on(self, page: str) -> Actor:
        """The same actor, standing on a page (its name appears in the log)."""
        return replace(self, page=page)


SYSTEM = Actor("system", "システム", "system", "system", "", "cli")


@dataclass(frozen=True)
class Action:
    """One kind of action the log may contain."""

    code: str
    label: str
    means: str
    about: str
    view: bool = False


@cache
def actions(path: Path = DATA / "actions.toml") -> dict[str, Action]:
    """The catalogue of actions by code, in the order of the file."""
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["action"]
    return {row["code"]: Action(**row) for row in rows}


# -- writing ------------------------------------------------------------------------------------


def subject_of(ops: OpsStore, resident_id: str) -> str:
    """The pseudonym under which a child stands in the log (differs from the one in addresses)."""
    return ops.keyed_hash("log-subject", resident_id)


def hash_words(ops: OpsStore, words: str) -> str:
    """Search words as a keyed hash: equal words can be recognised, the words cannot be read."""
    return ops.keyed_hash("log-words", " ".join(words.split()), 12)


def append(
    con: sqlite3.Connection,
    ops: OpsStore,
    actor: Actor,
    action: str,
    *,
    subject: str | None = None,
    purpose: str | None = None,
    count: int | None = None,
    detail: dict[str, Any] | None = None,
    result: str = "ok",
    snapshot: str | None = None,
    ruleset: str | None = None,
    page: str | None = None,
    at: datetime | None = None,
) -> int:
    """Add one row to the log inside a running write; for `ops.write` callbacks. Returns its number.

    Args are those of `record`.
    """
    if action not in actions():
        raise UnknownAction(action)
    if result not in RESULTS:
        raise ValueError(result)
    detail = detail or {}
    if FORBIDDEN_DETAIL & detail.keys():
        raise PersonalDetail
    moment = at or ops.clock()
    head = con.execute("select seq, hash from operation_log order by seq desc limit 1").fetchone()
    seal = con.execute("select seq, hash, seal from log_head").fetchone()
    if (head and tuple(head)) != (seal and tuple(seal)[:2]):
        # The end of the log is not where it was: adding a row would paper over the gap.
        raise LogUnavailable
    row: dict[str, Any] = {
        "seq": head["seq"] + 1 if head else 1,
        "at_utc": utc_text(moment),
        "at_jst": jst_text(moment),
        "user_id": actor.user_id,
        "role": actor.role,
        "department": actor.department,
        "session": actor.session,
        "page": actor.page if page is None else page,
        "action": action,
        "subject": None if subject is None else subject_of(ops, subject),
        "purpose": purpose,
        "count": None if count is None else int(count),
        "detail": _canonical(detail),
        "result": result,
        "snapshot": snapshot,
        "ruleset": ruleset,
        "prev_hash": head["hash"] if head else GENESIS,
    }
    digest = row_hash(ops.derived_key("log-chain"), row)
    con.execute(
        f"insert into operation_log ({', '.join(COLUMNS)}, hash) values ({', '.join('?' * 18)})",
        (*(row[name] for name in COLUMNS), digest),
    )
    con.execute(
        "insert into log_head (one, seq, hash, seal) values (1, ?, ?, ?)"
        " on conflict (one) do update set seq = excluded.seq, hash = excluded.hash, seal = excluded.seal",
        (row["seq"], digest, _seal(ops, row["seq"], digest)),
    )
    return row["seq"]


def record(
    ops: OpsStore,
    actor: Actor,
    action: str,
    *,
    subject: str | None = None,
    purpose: str | None = None,
    count: int | None = None,
    detail: dict[str, Any] | None = None,
    result: str = "ok",
    snapshot: str | None = None,
    ruleset: str | None = None,
    page: str | None = None,
    at: datetime | None = None,
) -> int:
    """Write one row to the log and return its number once it is on disk.

    Call it before anything is shown: when it raises, show nothing.

    Args:
        actor: who acts.
        action: a code of data/actions.toml.
        subject: resident_id of the child concerned; stored only as a keyed pseudonym.
        purpose: code or words of the purpose given.
        count: how many rows were shown or written.
        detail: small facts as JSON; no names, no note text, search words only by `hash_words`.
        result: 'ok', 'denied' or 'failed'.
        snapshot: name of the snapshot shown.
        ruleset: version of the rule set shown.
        page: name of the page; the actor's page if not given.
        at: the moment, aware; now if not given.

    Raises:
        LogUnavailable: the row could not be written.
        UnknownAction, PersonalDetail: the code asks for what the log does not take.
    """
    return _through(
        ops,
        lambda con: append(
            con,
            ops,
            actor,
            action,
            subject=subject,
            purpose=purpose,
            count=count,
            detail=detail,
            result=result,
            snapshot=snapshot,
            ruleset=ruleset,
            page=page,
            at=at,
        ),
    )


def transact(
    ops: OpsStore, actor: Actor, action: str, fn: Callable[[sqlite3.Connection], T], **facts: Any
) -> T:
    """Run a change and write its log row in one transaction: both stay or neither does.

    Args:
        fn: the change; gets the writing connection, returns what `transact` returns.
        facts: the keyword arguments of `record`.
    """

    def both(con: sqlite3.Connection) -> T:
        result = fn(con)
        append(con, ops, actor, action, **facts)
        return result

    return _through(ops, both)


def reading(
    ops: OpsStore,
    actor: Actor,
    action: str,
    read: Callable[[], T],
    *,
    count: Callable[[T], int] | int | None = None,
    **facts: Any,
) -> T:
    """Read something, log that it will be shown, and only then hand it over.

    Args:
        read: fetches what is to be shown.
        count: how many rows that is, or a function that says so of what was read (e.g. `len`).
        facts: further keyword arguments of `record`.

    Raises:
        LogUnavailable: nothing is handed over.
    """
    found = read()
    record(ops, actor, action, count=count(found) if callable(count) else count, **facts)
    return found


def _through(ops: OpsStore, fn: Callable[[sqlite3.Connection], T]) -> T:
    try:
        return ops.write(fn)
    except LogUnavailable:
        raise
    except OpsUnavailable as error:
        raise LogUnavailable from error
    except sqlite3.Error as error:
        if "operation_log" in str(error) or "log_head" in str(error):
            raise LogUnavailable from error
        raise


def _canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def row_hash(key: bytes, row: Any) -> str:
    """HMAC-SHA256 in hex over a row's canonical JSON (all columns but the hash itself)."""
    text = _canonical([row[name] for name in COLUMNS])
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _seal(ops: OpsStore, seq: int, digest: str) -> str:
    return ops.keyed_hash("log-head", f"{seq}:{digest}", 64)


# -- anchors ------------------------------------------------------------------------------------


def anchor(ops: OpsStore, *, kind: str = "head", anchor_path: Path | None = None) -> dict[str, Any] | None:
    """Note the newest row's number and hash in the anchor file; returns the line, None if the log is empty.

    Args:
        kind: 'head' for the ordinary note, 'restored' after a restore (later rows noted before it
            are then known to be gone for that reason).
        anchor_path: the file; the store's own if not given.
    """
    path = anchor_path or ops.anchor_path
    if path is None:
        return None
    with ops.read() as con:
        head = con.execute("select seq, hash from log_head").fetchone()
    return _write_anchor(ops, path, kind, head["seq"], head["hash"]) if head else None


def _write_anchor(ops: OpsStore, path: Path, kind: str, seq: int, digest: str) -> dict[str, Any]:
    now = ops.clock()
    line: dict[str, Any] = {
        "at": utc_text(now),
        "day": jst_date(now).isoformat(),
        "kind": kind,
        "count": seq,
        "hash": digest,
    }
    line["seal"] = ops.keyed_hash("anchor", _canonical(line), 64)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "rb+") as out:
        # A line that a power cut left unfinished must not swallow this one.
        size = out.seek(0, os.SEEK_END)
        torn = False
        if size:
            out.seek(size - 1)
            torn = out.read(1) != b"\n"
        out.write((("\n" if torn else "") + _canonical(line) + "\n").encode())
        out.flush()
        os.fsync(out.fileno())
    return line


def watch(ops: OpsStore) -> None:
    """Have the store note its head: when new, after the first row of a day, once an hour, and when closed.

    `OpsStore` calls this itself when it is given a place for the notes; a second call does nothing.
    """
    if ops.anchor_path is None or any(isinstance(note, _Watch) for note in ops.notes):
        return
    with suppress(OSError):
        if not ops.anchor_path.exists() and not count_rows(ops):
            _write_anchor(ops, ops.anchor_path, "head", 0, GENESIS)
    with ops.read() as con:
        head = con.execute("select seq from log_head").fetchone()
    ops.notes.append(_Watch(ops, ops.anchor_path, head["seq"] if head else 0))


class _Watch:
    """Decides after each commit whether the head is noted."""

    def __init__(self, ops: OpsStore, path: Path, seq: int) -> None:
        self._ops, self._path, self._seq = weakref.ref(ops), path, seq
        self._at: datetime | None = None

    def __call__(self, con: sqlite3.Connection, closing: bool) -> None:
        ops = self._ops()
        if ops is None:
            return
        now = ops.clock()
        fresh = self._at is not None and jst_date(self._at) == jst_date(now)
        if not closing and fresh and self._at and now - self._at < timedelta(seconds=ANCHOR_EVERY):
            return
        head = con.execute("select seq, hash from log_head").fetchone()
        if head and head["seq"] > self._seq:
            _write_anchor(ops, self._path, "head", head["seq"], head["hash"])
            self._at, self._seq = now, head["seq"]


def _read_anchors(ops: OpsStore, path: Path) -> tuple[list[dict[str, Any]], list[str]]:
    lines: list[dict[str, Any]] = []
    problems: list[str] = []
    for number, text in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
            seal = line.pop("seal")
            genuine = hmac.compare_digest(seal, ops.keyed_hash("anchor", _canonical(line), 64))
        except (ValueError, KeyError, AttributeError, TypeError):
            genuine = False
            line = {}
        if genuine:
            lines.append(line)
        else:
            problems.append(f"控え（アンカー）の{number}行目が書き換えられています。")
    return lines, problems


# -- verifying ----------------------------------------------------------------------------------


def verify(ops: OpsStore, anchor_path: Path | None = None, *, limit: int = 20) -> list[str]:
    """Check the whole log; returns what is wrong as Japanese sentences, first broken place first.

    Found: a changed row, an inserted row, a missing row, rows in another order, rows cut off at the
    end (by the sealed head and by the anchors), changed anchor lines.

    Not promised: whoever holds the disk, the key and the anchor file can write a new history that
    verifies. Keep the key outside the machine's backups (KODOMO_KEY) and the anchor where the same
    person cannot write (KODOMO_ANCHOR). Between two anchors (at most an hour of work, while the store
    is open), somebody with the disk and an older copy of the whole store can put that copy back
    unseen. The log says what this program did; whoever reads the files around it leaves no row.

    Args:
        anchor_path: where heads were noted; the store's own if not given. A file that does not
            exist is reported as soon as the log has rows.
        limit: stop after that many findings.
    """
    problems: list[str] = []
    key = ops.derived_key("log-chain")
    path = anchor_path or ops.anchor_path
    lines: list[dict[str, Any]] = []
    anchor_problems: list[str] = []
    wanted: dict[int, str] = {}
    if path is not None and path.exists():
        lines, anchor_problems = _read_anchors(ops, path)
        for line in lines:
            if line["kind"] == "restored":
                # What was noted before and lies beyond the restored end went with the restore.
                wanted = {seq: digest for seq, digest in wanted.items() if seq < line["count"]}
            wanted[line["count"]] = line["hash"]
    with ops.read() as con:
        previous_hash = GENESIS
        previous_seq = 0
        head = con.execute("select seq, hash, seal from log_head").fetchone()
        for row in con.execute("select * from operation_log order by seq"):
            seq = row["seq"]
            if seq > previous_seq + 1:
                gone = _span(previous_seq + 1, seq - 1)
                problems.append(f"操作ログの{gone}が削除されています。")
            elif not _genuine(key, row):
                problems.append(_diagnose(con, key, row, previous_hash))
            elif row["prev_hash"] != previous_hash:
                problems.append(
                    f"操作ログの記録番号{seq}の前で、つながりが切れています。前の記録が差し替えられています。"
                )
            noted = wanted.pop(seq, None)
            if noted is not None and noted != row["hash"]:
                problems.append(f"操作ログの記録番号{seq}が、控え（アンカー）と一致しません。")
            previous_hash = row["hash"]
            previous_seq = seq
            if len(problems) >= limit:
                return problems
    if head is None:
        if previous_seq:
            problems.append("操作ログの末尾の印がありません。記録が書き換えられています。")
    elif head["seal"] != _seal(ops, head["seq"], head["hash"]):
        problems.append("操作ログの末尾の印が書き換えられています。")
    elif head["seq"] > previous_seq:
        problems.append(f"操作ログの末尾（{_span(previous_seq + 1, head['seq'])}）が削除されています。")
    elif (head["seq"], head["hash"]) != (previous_seq, previous_hash):
        problems.append(
            f"操作ログの{_span(head['seq'] + 1, previous_seq)}は、このシステムが書いたものではありません。"
        )
    beyond = max((seq for seq in wanted if seq > previous_seq), default=None)
    if beyond is not None and not any("末尾（" in text for text in problems):
        problems.append(
            f"操作ログの末尾（{_span(previous_seq + 1, beyond)}）が、"
            "控え（アンカー）にあるのに見つかりません。"
        )
    problems += anchor_problems
    if path is not None and previous_seq and not lines and not anchor_problems:
        problems.append(
            "操作ログの控え（アンカー）が見つかりません。末尾の削除を確かめられません。保存場所を確認してください。"
        )
    return problems[:limit]


def _span(first: int, last: int) -> str:
    return f"記録番号{first}" if first == last else f"記録番号{first}から{last}"


def _genuine(key: bytes, row: Any) -> bool:
    return hmac.compare_digest(row["hash"], row_hash(key, row))


def _diagnose(con: sqlite3.Connection, key: bytes, row: sqlite3.Row, previous_hash: str) -> str:
    """Say what most likely happened to a row whose hash does not fit."""
    seq = row["seq"]
    after = con.execute(
        "select prev_hash from operation_log where seq > ? order by seq limit 1", (seq,)
    ).fetchone()
    before = con.execute("select seq from operation_log where hash = ?", (row["prev_hash"],)).fetchone()
    guesses = {before["seq"] + 1} if before else set()
    guesses |= {seq - 1, seq + 1}
    for guess in sorted(guesses):
        if guess != seq and _genuine(key, {**dict(row), "seq": guess}):
            return f"操作ログの記録番号{seq}の順番が入れ替えられています（もとは{guess}番）。"
    if after is not None and after["prev_hash"] == previous_hash:
        return f"操作ログの記録番号{seq}は、あとから差し込まれています。"
    return f"操作ログの記録番号{seq}の内容が書き換えられています。"


# -- searching ----------------------------------------------------------------------------------

# Sensitive hours and volumes; 住民記録システム標準仕様書 10.2 asks for these analyses.
NIGHT_FROM, NIGHT_TO = 22, 6
BULK_PER_HOUR = 60


@cache
def holidays(path: Path = DATA / "holidays.toml") -> frozenset[str]:
    """The days on which the office is closed beside Saturdays and Sundays, as ISO dates."""
    return frozenset(str(day) for day in tomllib.loads(path.read_text(encoding="utf-8"))["holidays"])


@dataclass(frozen=True)
class LogPage:
    """One page of the log: rows as a frame (newest first) and how many rows match in all."""

    rows: pd.DataFrame
    total: int


def published(ops: OpsStore) -> dict[str, str]:
    """The SHA-256 of every snapshot the log saw published, by name.

    A snapshot that was changed together with its pointer is found by it.
    """
    query = "select snapshot, detail from operation_log where action = 'publish' order by seq"
    with ops.read() as con:
        return {row["snapshot"]: json.loads(row["detail"])["sha256"] for row in con.execute(query)}


def announcing(ops: OpsStore, actor: Actor) -> Callable[[str, str], object]:
    """Return what a family's `announce` is set to: a snapshot stands in the log before anybody sees it."""
    return lambda name, sha256: record(ops, actor, "publish", snapshot=name, detail={"sha256": sha256})


def search(
    ops: OpsStore,
    *,
    resident_id: str | None = None,
    subject: str | None = None,
    user_id: str | None = None,
    action: str | Sequence[str] | None = None,
    since: date | None = None,
    until: date | None = None,
    result: str | None = None,
    off_hours: bool = False,
    failed: bool = False,
    bulk: bool = False,
    page: int = 1,
    size: int = 50,
) -> LogPage:
    """One page of the log that fits all filters given, newest first.

    The caller records that the log was read ('view_log').

    Args:
        resident_id, subject: rows about that child (by number, or by pseudonym).
        user_id: rows of that user.
        action: one code or several.
        since, until: first and last day (Japanese calendar), both included.
        result: 'ok', 'denied' or 'failed'.
        off_hours: only from 22 to 6 o'clock, on weekends and holidays (深夜・休業日).
        failed: only refused and failed ones, failed logins among them.
        bulk: only rows of a user and clock hour with 60 or more rows that show children (大量検索).
        page, size: page number from 1, rows per page.

    Returns:
        rows with columns seq, at_jst, user_id, role, department, session, page, action, label,
        subject, purpose, count, detail, result, snapshot, ruleset.
    """
    where: list[str] = ["true"]
    params: list[Any] = []
    if resident_id is not None:
        subject = subject_of(ops, resident_id)
    if subject is not None:
        where.append("subject = ?")
        params.append(subject)
    if user_id:
        where.append("user_id = ?")
        params.append(user_id)
    if action:
        codes = [action] if isinstance(action, str) else list(action)
        where.append(f"action in ({', '.join('?' * len(codes))})")
        params += codes
    if since:
        where.append("at_jst >= ?")
        params.append(since.isoformat())
    if until:
        where.append("at_jst < ?")
        params.append((until + timedelta(days=1)).isoformat())
    if result:
        where.append("result = ?")
        params.append(result)
    if off_hours:
        sql, more = off_hours_filter()
        where.append(sql)
        params += more
    if failed:
        where.append("result in ('denied', 'failed')")
    if bulk:
        views = _view_codes()
        where.append(
            "(user_id, substr(at_jst, 1, 13)) in (select user_id, substr(at_jst, 1, 13) from operation_log"
            f" where action in ({', '.join('?' * len(views))}) group by 1, 2 having count(*) >= ?)"
        )
        params += [*views, BULK_PER_HOUR]
    clause = " and ".join(where)
    with ops.read() as con:
        total = con.execute(f"select count(*) from operation_log where {clause}", params).fetchone()[0]
        rows = _frame(
            con.execute(
                "select seq, at_jst, user_id, role, department, session, page, action, subject, purpose,"
                f" count, detail, result, snapshot, ruleset from operation_log where {clause}"
                " order by seq desc limit ? offset ?",
                (*params, size, (max(page, 1) - 1) * size),
            )
        )
    rows.insert(8, "label", [_label(code) for code in rows["action"]])
    return LogPage(rows, total)


def off_hours_filter() -> tuple[str, list[Any]]:
    """SQL over operation_log rows outside office days and from 22 to 6 o'clock, with its parameters."""
    sql = (
        "(cast(substr(at_jst, 12, 2) as integer) >= ? or cast(substr(at_jst, 12, 2) as integer) < ?"
        " or strftime('%w', substr(at_jst, 1, 10)) in ('0', '6')"
        " or substr(at_jst, 6, 5) in ('12-29', '12-30', '12-31', '01-01', '01-02', '01-03')"
        " or substr(at_jst, 1, 10) in (select value from json_each(?)))"
    )
    return sql, [NIGHT_FROM, NIGHT_TO, json.dumps(sorted(holidays()))]


def who_saw(ops: OpsStore, resident_id: str) -> pd.DataFrame:
    """Who saw that child: one row per user and role.

    Returns:
        columns user_id, role, department, times, first_jst, last_jst, purposes.
    """
    views = [code for code, action in actions().items() if action.view and action.about == "child"]
    with ops.read() as con:
        return _frame(
            con.execute(
                "select user_id, role, department, count(*) as times, min(at_jst) as first_jst,"
                " max(at_jst) as last_jst, group_concat(distinct purpose) as purposes from operation_log"
                f" where subject = ? and result = 'ok' and action in ({', '.join('?' * len(views))})"
                " group by user_id, role, department order by last_jst desc, user_id",
                (subject_of(ops, resident_id), *views),
            )
        )


def summary(ops: OpsStore, since: date, until: date) -> pd.DataFrame:
    """Rows of the log per user over a period: user_id, rows, children, off_hours, denied, failed_logins."""
    night, more = off_hours_filter()
    with ops.read() as con:
        return _frame(
            con.execute(
                "select user_id, count(*) as rows, count(distinct subject) as children,"
                f" sum({night}) as off_hours, sum(result = 'denied') as denied,"
                " sum(action = 'login_failed') as failed_logins from operation_log"
                " where at_jst >= ? and at_jst < ? group by user_id order by rows desc, user_id",
                (*more, since.isoformat(), (until + timedelta(days=1)).isoformat()),
            )
        )


def count_rows(ops: OpsStore) -> int:
    """How many rows the log has."""
    with ops.read() as con:
        return con.execute("select count(*) from operation_log").fetchone()[0]


def last_row(ops: OpsStore) -> datetime | None:
    """When the newest row was written, aware; None while the log is empty."""
    with ops.read() as con:
        row = con.execute("select at_utc from operation_log order by seq desc limit 1").fetchone()
    return parse_utc(row["at_utc"]) if row else None


def _view_codes() -> list[str]:
    return [code for code, action in actions().items() if action.view and action.about in ("child", "list")]


def _label(code: str) -> str:
    action = actions().get(code)
    return action.label if action else code


def _frame(cursor: sqlite3.Cursor) -> pd.DataFrame:
    rows: Iterable[Any] = cursor.fetchall()
    return pd.DataFrame(
        [tuple(row) for row in rows], columns=pd.Index([part[0] for part in cursor.description])
    )
