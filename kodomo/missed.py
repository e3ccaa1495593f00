"""Missed support (支援漏れ): who by the data qualifies for a support and lacks it, and its offer."""

from __future__ import annotations

import sqlite3
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from kodomo import access, audit, seals, sources
from kodomo.audit import Actor
from kodomo.errors import KodomoError
from kodomo.ops import Conflict, OpsStore, jst_date, parse_utc, utc_text
from kodomo.paths import DATA, SQL
from kodomo.roster import Scope, query

Connection = duckdb.DuckDBPyConnection
CHILD, PREGNANCY = "child", "pregnancy"
OPEN, UNKNOWN, CONNECTED = "open", "unknown", "connected"
UNTOUCHED = "open"
HELPERS = (
    "_school_aid",
    "_school_aid_year",
    "_at_city_school",
    "_met_about",
    "_answered",
    "_checkup_open",
    "_reached",
)


class BadMissedCatalogue(KodomoError):
    """data/missed_support.toml cannot be used as it is."""


class BadStatus(KodomoError):
    """The status is incomplete or contradicts itself; the message says what to change."""


@dataclass(frozen=True)
class Gap:
    """One kind of missed support, as data/missed_support.toml describes it."""

    code: str
    label: str
    support: str
    owner: str
    subject: str
    days: int
    who: str
    counts_as: str
    lacks: str
    qualifies_from: tuple[str, ...]
    has_from: tuple[str, ...]
    freshness: Mapping[str, int]
    legal_ground: str
    unknown_text: str
    caution: str

    @property
    def departments(self) -> tuple[str, ...]:
        """Whose records an entry of this kind rests on."""
        return tuple(sorted({sources.department_of(e) for e in (*self.qualifies_from, *self.has_from)}))


@dataclass(frozen=True)
class Status:
    """How far an offer can have come."""

    code: str
    label: str
    means: str
    rests: bool
    needs_reason: bool
    again_after_days: int


@dataclass(frozen=True)
class Reason:
    """Why an entry is no case for the support."""

    code: str
    label: str
    statuses: tuple[str, ...]
    note_required: bool


@dataclass(frozen=True)
class Settings:
    """data/missed_support.toml as read, each table by code in the order of the file."""

    connected_days: int
    note_length: int
    purpose: str
    legal_ground_for_use: str
    gaps: dict[str, Gap]
    statuses: dict[str, Status]
    reasons: dict[str, Reason]


@cache
def settings(path: Path = DATA / "missed_support.toml") -> Settings:
    """The gaps, statuses and reasons of data/missed_support.toml.

    Raises:
        BadMissedCatalogue: a gap lacks something, has no SQL file, or names a source without its freshness.
    """
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    gaps = {}
    for row in raw["gap"]:
        code = row.get("code", "（codeなし）")
        lacking = {field.name for field in fields(Gap)} ^ set(row)
        if lacking:
            names = "・".join(sorted(lacking))
            raise BadMissedCatalogue(f"支援漏れ {code} の {names} を書き足すか、消してください。")
        values: dict[str, Any] = {}
        for name, value in row.items():
            values[name] = tuple(value) if isinstance(value, list) else value
        gap = Gap(**values)
        named = {*gap.qualifies_from, *gap.has_from}
        if set(gap.freshness) != named or gap.subject not in (CHILD, PREGNANCY):
            raise BadMissedCatalogue(f"支援漏れ {code} の freshness か subject を直してください。")
        if not (SQL / "missed" / f"gap_{code}.sql").is_file():
            raise BadMissedCatalogue(f"sql/missed/gap_{code}.sql がありません。足してください。")
        gaps[code] = gap
    return Settings(
        connected_days=int(raw["connected_days"]),
        note_length=int(raw["note_length"]),
        purpose=raw["purpose"],
        legal_ground_for_use=raw["legal_ground_for_use"],
        gaps=gaps,
        statuses={row["code"]: Status(**row) for row in raw["status"]},
        reasons={row["code"]: Reason(**{**row, "statuses": tuple(row["statuses"])}) for row in raw["reason"]},
    )


def reasons_for(status: str) -> list[Reason]:
    """The reasons that may stand for a status, in the order of the file."""
    return [reason for reason in settings().reasons.values() if status in reason.statuses]


# -- finding, while judging ---------------------------------------------------------------------


def find(con: Connection, as_of: date, *, chosen: Settings | None = None) -> int:
    """Find, as of one day, who qualifies for a support and does not have it.

    Args:
        con: the connection on which `judge.judge` and `pregnancies.find` ran for the same day.
        as_of: the judgement day; only what was known on it counts.
        chosen: other settings than the city's own.

    Makes missed_support (one row per gap and child or pregnancy: state open, unknown or connected) and
    missed_count (per gap: how many qualify, have it, lack it, cannot be told, and the state of the sources).
    Where a source is missing or stopped nobody is open: they are unknown, with the reason in `why`.

    Returns:
        The number of open entries.
    """
    wanted = chosen or settings()
    newest = sources.newest_days(con, as_of)
    con.execute(f"create or replace temp table missed_month as {_sql('month')}", {"as_of": as_of})
    for name in HELPERS:
        con.execute(_sql(name))
    con.execute(
        "create or replace temp table missed_found (gap varchar, subject_id varchar, since_on date,"
        " known_on date, has boolean, had_on date, why varchar, mark varchar, detail varchar)"
    )
    rows = []
    for place, gap in enumerate(wanted.gaps.values()):
        con.execute(_sql(f"gap_{gap.code}"))
        con.execute(
            f"insert into missed_found select '{gap.code}', subject_id, since_on, known_on, has, had_on, why,"
            f" mark, detail from missed_gap_{gap.code}(date '{as_of.isoformat()}', {int(gap.days)})"
        )
        states = [
            sources.state(newest, as_of, {extract: gap.freshness[extract] for extract in part})
            for part in (gap.qualifies_from, gap.has_from)
        ]
        matched = sorted({sources.linked_by(e) or "" for e in gap.has_from} - {""})
        rows.append((gap.code, place, gap.owner, gap.subject, *states, matched))
    _frame(con, rows)
    day = {"as_of": as_of, "connected_days": wanted.connected_days}
    con.execute(f"create or replace table missed_support as {_sql('missed_support')}", day)
    con.execute(f"create or replace table missed_count as {_sql('missed_count')}", day)
    for table in ("missed_found", "missed_gap", "missed_month"):
        con.execute(f"drop table if exists temp.{table}")
    return con.execute("select count(*) from missed_support where state = 'open'").fetchall()[0][0]


def _frame(con: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    columns = {
        "gap": "varchar",
        "ord": "integer",
        "owner": "varchar",
        "subject_kind": "varchar",
        "qualifies_state": "varchar",
        "has_state": "varchar",
        "matched": "varchar[]",
    }
    frame = pd.DataFrame({name: [row[at] for row in rows] for at, name in enumerate(columns)}, dtype="object")
    con.register("missed_frame", frame)
    try:
        picked = ", ".join(f"{name}::{kind} as {name}" for name, kind in columns.items())
        con.execute(f"create or replace temp table missed_gap as select {picked} from missed_frame")
    finally:
        con.unregister("missed_frame")


@cache
def _sql(name: str) -> str:
    return (SQL / "missed" / f"{name}.sql").read_text(encoding="utf-8")


# -- who may see what ---------------------------------------------------------------------------


def visible(actor: Actor) -> list[Gap]:
    """The gaps this person may see.

    People who see all departments' facts see every gap. Staff of one department see those whose support
    their own department offers and that rest on its own records (who lives here is known to all): what other
    departments know is not theirs to see.
    """
    role = access.policy().roles.get(actor.role)
    if role is None or not access.may(actor, "view_missed"):
        return []
    gaps = list(settings().gaps.values())
    if role.facts == "city":
        return gaps
    if role.facts == "department":
        own = {actor.department, "citizen"}
        return [gap for gap in gaps if gap.owner == actor.department and set(gap.departments) <= own]
    return []


# -- reading ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Offer:
    """How far the offer of a support has come, as somebody noted it. `version` counts from 1."""

    status_id: int
    gap: str
    subject_id: str
    version: int
    status: str
    reason_code: str
    note: str
    mark: str
    user_id: str
    department: str
    set_at: datetime

    @property
    def label(self) -> str:
        """The status in Japanese, with its reason."""
        known = settings().statuses.get(self.status)
        reason = settings().reasons.get(self.reason_code)
        return (known.label if known else self.status) + (f"（{reason.label}）" if reason else "")


@dataclass(frozen=True)
class Entry:
    """One entry of the work list.

    `ref` is the opaque name for the address of the child's or the mother's screen; `offer` is the newest
    note on it, `again` says why it counts no more ('' while it does, or without one).
    """

    gap: str
    subject_id: str
    subject_kind: str
    ref: str
    name: str | None
    kana: str | None
    age: int | None
    school_grade: int | None
    school_name: str | None
    age_band: str
    protected: bool
    state: str
    since_on: date
    known_on: date | None
    had_on: date | None
    days_open: int
    why: str | None
    mark: str
    detail: str
    offer: Offer | None
    again: str

    @property
    def kind(self) -> Gap:
        """What data/missed_support.toml says of the gap."""
        return settings().gaps[self.gap]

    @property
    def status(self) -> str:
        """The status that counts now: 未着手 where there is none or it counts no more."""
        return UNTOUCHED if self.offer is None or self.again else self.offer.status

    @property
    def resting(self) -> bool:
        """Somebody is at it or has settled it: not on the list until something changes."""
        return settings().statuses[self.status].rests

    @property
    def text(self) -> str:
        """The reason in words, with dates."""
        if self.state == CONNECTED:
            return f"{self.detail}。{self.had_on} につながりました"
        if self.state == UNKNOWN:
            return f"{self.detail}。つながっているか分かりません（{self.why}）"
        return f"{self.detail}。{self.kind.lacks}"


def there(con: Connection) -> bool:
    """Whether the snapshot holds the list at all (older snapshots do not)."""
    with con.cursor() as cursor:
        found = cursor.execute(
            "select count(*) from duckdb_tables() where table_name = 'missed_count'"
        ).fetchall()
    return found[0][0] > 0


def rows(con: Connection, scope: Scope, gaps: Sequence[str]) -> list[dict[str, Any]]:
    """The entries of some gaps about the children in scope, without what staff noted on them.

    Args:
        scope: which children the reader may list (`access.child_filter`).
        gaps: codes of the gaps the reader may see (`visible`).

    Returns:
        rows as `Entry` takes them, longest open first within a gap.
    """
    return query(con, _sql("listed"), scope, gaps=list(gaps))


def with_offers(found: Sequence[Mapping[str, Any]], ops: OpsStore) -> list[Entry]:
    """Entries with what staff noted on them, in the same order."""
    noted = offers(ops)
    today = jst_date(ops.clock())
    entries = []
    for row in found:
        offer = noted.get((row["gap"], row["subject_id"]))
        again = "" if offer is None else _again(offer, row["mark"], today)
        entries.append(Entry(**row, offer=offer, again=again))
    return entries


def _again(offer: Offer, mark: str, today: date) -> str:
    """Why a status counts no more; '' while it does."""
    status = settings().statuses.get(offer.status)
    if status is None or offer.mark != mark:
        return "事実が変わりました"
    days = status.again_after_days
    if days and today >= jst_date(offer.set_at) + timedelta(days=days):
        return f"{days}日たちました"
    return ""


def counts(con: Connection, gaps: Sequence[str]) -> list[dict[str, Any]]:
    """The figures of some gaps over the whole city: gap, owner, qualifies_state, has_state, qualifies, has,
    open, unknown, connected; in the order of the catalogue."""
    return query(con, _sql("counts"), gaps=list(gaps))


def offers(ops: OpsStore) -> dict[tuple[str, str], Offer]:
    """The newest status of each entry, by gap and subject."""
    with ops.read() as con:
        found = con.execute("select * from missed_status order by status_id").fetchall()
    return {(row["gap"], row["subject_id"]): _offer(row) for row in found}


def history(ops: OpsStore, gap: str, subject_id: str) -> list[Offer]:
    """All statuses of one entry, newest first."""
    with ops.read() as con:
        found = con.execute(
            "select * from missed_status where gap = ? and subject_id = ? order by version desc",
            (gap, subject_id),
        ).fetchall()
    return [_offer(row) for row in found]


def _offer(row: Mapping[str, Any] | sqlite3.Row) -> Offer:
    return Offer(
        row["status_id"],
        row["gap"],
        row["subject_id"],
        row["version"],
        row["status"],
        row["reason_code"],
        row["note"],
        row["mark"],
        row["user_id"],
        row["department"],
        parse_utc(row["set_at"]),
    )


def open_counts(con: Connection, ops: OpsStore, actor: Actor) -> dict[str, int]:
    """The figures for 今日の仕事: 'waiting' (open and nobody at it) and 'again' (of these, noted on before).

    Both 0 for people without the right, and for snapshots without the list.
    """
    gaps = [gap.code for gap in visible(actor)]
    if not gaps or not there(con):
        return {"waiting": 0, "again": 0}
    condition, params = access.child_filter(actor)
    noted = offers(ops)
    subjects = sorted({subject for _, subject in noted})
    scope = Scope(condition, tuple(params))
    total, *asked = query(con, _sql("open"), scope, gaps=gaps, subjects=subjects)
    today = jst_date(ops.clock())
    resting = again = 0
    for row in asked:
        offer = noted.get((row["gap"], row["subject_id"]))
        if offer is not None:
            lapsed = bool(_again(offer, row["mark"], today))
            again += lapsed
            resting += not lapsed and settings().statuses[offer.status].rests
    return {"waiting": total["entries"] - resting, "again": again}


def figures(con: Connection, ops: OpsStore) -> list[dict[str, Any]]:
    """The whole city's figures by gap, for the indicators; no child is named.

    Returns:
        rows of gap, label, owner, qualifies, open, unknown, connected (in the last year), each status's code
        with the open entries that stand there, and connected_after_offer: connected, and noted as 案内した or
        申請あり on or before the day the support came.
    """
    if not there(con):
        return []
    codes = list(settings().gaps)
    entries = with_offers(rows(con, Scope(), codes), ops)
    first = _first_offers(ops)
    standing = Counter((one.gap, one.status) for one in entries if one.state == OPEN)
    led = Counter(
        one.gap
        for one in entries
        if one.state == CONNECTED
        and one.had_on is not None
        and first.get((one.gap, one.subject_id), date.max) <= one.had_on
    )
    return [
        {
            **{name: row[name] for name in ("gap", "owner", "qualifies", "open", "unknown", "connected")},
            "label": settings().gaps[row["gap"]].label,
            **{f"status_{code}": standing[row["gap"], code] for code in settings().statuses},
            "connected_after_offer": led[row["gap"]],
        }
        for row in counts(con, codes)
    ]


def _first_offers(ops: OpsStore) -> dict[tuple[str, str], date]:
    with ops.read() as con:
        found = con.execute(
            "select gap, subject_id, min(set_at) as at from missed_status"
            " where status in ('told', 'applied') group by gap, subject_id order by gap, subject_id"
        ).fetchall()
    return {(row["gap"], row["subject_id"]): jst_date(parse_utc(row["at"])) for row in found}


# -- noting -------------------------------------------------------------------------------------


def set_status(
    ops: OpsStore,
    actor: Actor,
    shown: Entry,
    status: str,
    reason_code: str,
    note: str,
    *,
    snapshot: str,
    as_of: date,
) -> Offer:
    """Note how far the offer of a support has come, with its log row in one transaction.

    Args:
        shown: the entry as the screen showed it; the status holds while its facts are the same.
        status, reason_code: codes of data/missed_support.toml; a reason only where the status needs one.
        note: kept only here, never in the log.
        snapshot, as_of: what the screen rested on.

    Raises:
        BadStatus: unknown or unfitting codes, a missing reason or note, a note too long.
        Conflict: somebody else noted on the entry meanwhile.
        access.AccessDenied, audit.LogUnavailable.
    """
    access.require(ops, actor, "missed_status")
    if shown.gap not in {gap.code for gap in visible(actor)}:
        audit.record(ops, actor, "missed_status", result="denied", detail={"gap": shown.gap})
        raise access.AccessDenied("自分の課の支援ではないため、状況を変えられません。")
    _check(status, reason_code, note)
    moment = ops.clock()

    def keep(con: sqlite3.Connection) -> Offer:
        last = con.execute(
            "select coalesce(max(version), 0) as last from missed_status where gap = ? and subject_id = ?",
            (shown.gap, shown.subject_id),
        ).fetchone()["last"]
        if last != (shown.offer.version if shown.offer else 0):
            raise Conflict
        row = {
            "gap": shown.gap,
            "subject_id": shown.subject_id,
            "version": last + 1,
            "status": status,
            "reason_code": reason_code,
            "note": note.strip(),
            "mark": shown.mark,
            "since_on": shown.since_on.isoformat(),
            "user_id": actor.user_id,
            "role": actor.role,
            "department": actor.department,
            "snapshot": snapshot,
            "as_of": as_of.isoformat(),
            "set_at": utc_text(moment),
        }
        sealed = seals.insert(con, ops, seals.MISSED_STATUS, row)
        audit.append(
            con,
            ops,
            actor,
            "missed_status",
            subject=shown.subject_id,
            detail={"gap": shown.gap, "status": status, "reason": reason_code, seals.DETAIL: sealed},
            snapshot=snapshot,
            at=moment,
        )
        return _offer({**row, "status_id": sealed["missed_status"][0]})

    return ops.write(keep)


def _check(status: str, reason_code: str, note: str) -> None:
    known = settings().statuses.get(status)
    if known is None:
        raise BadStatus("状況を選んでください。")
    reason = settings().reasons.get(reason_code)
    if known.needs_reason and (reason is None or status not in reason.statuses):
        raise BadStatus(f"「{known.label}」の理由を選んでください。")
    if not known.needs_reason and reason_code:
        raise BadStatus(f"「{known.label}」には理由を付けません。")
    if reason is not None and reason.note_required and not note.strip():
        raise BadStatus("「その他」を選んだときは、メモに理由を書いてください。")
    if len(note) > settings().note_length:
        raise BadStatus(f"メモが長すぎます。{settings().note_length:,}文字以内にしてください。")
