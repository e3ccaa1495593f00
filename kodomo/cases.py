"""Cases: what staff conclude about a child after looking, and who still waits to be looked at."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import pandas as pd

from kodomo import access, audit, seals
from kodomo.audit import Actor
from kodomo.errors import KodomoError
from kodomo.ops import JST, Conflict, OpsStore, jst_date, parse_utc, utc_text
from kodomo.paths import DATA, SQL

NOTE_LENGTH = 2000


class BadReview(KodomoError):
    """The review is incomplete or contradicts itself; the message says what to change."""


class UnknownRecord(KodomoError):
    """A saved filter, notice or decision that does not exist (any more)."""

    def __init__(self) -> None:
        super().__init__("選んだものが見つかりません。画面を開き直してください。")


@dataclass(frozen=True)
class Outcome:
    """What a review may conclude."""

    code: str
    label: str
    means: str
    counts_as: str
    leads_to_help: bool
    again_after_days: int


@dataclass(frozen=True)
class Reason:
    """Why; `outcomes` are the conclusions it may stand for."""

    code: str
    label: str
    outcomes: tuple[str, ...]
    note_required: bool = False


@dataclass(frozen=True)
class Catalogue:
    """data/reviews.toml as read."""

    outcomes: dict[str, Outcome]
    reasons: dict[str, Reason]
    new_record_grade: int
    longest_minutes: float


@dataclass(frozen=True)
class Seen:
    """What the reviewer had before them.

    levels: category -> level on the day. rules: codes of the rules that counted then.
    known_case: the centre knew the child already; None if that was not on the screen.
    as_of: the judgement day. flagged_on: since when the child has been on the list, if known.
    """

    levels: Mapping[str, int] = field(default_factory=dict)
    known_case: bool | None = None
    ruleset: str | None = None
    snapshot: str | None = None
    as_of: date | None = None
    flagged_on: date | None = None
    rules: frozenset[str] = frozenset()

    @property
    def level(self) -> int:
        """The highest level seen."""
        return max(self.levels.values(), default=0)


@dataclass(frozen=True)
class Review:
    """One stored review. `version` counts the child's reviews from 1."""

    review_id: int
    resident_id: str
    version: int
    outcome: str
    reason_code: str
    note: str
    user_id: str
    department: str
    opened_at: datetime
    reviewed_at: datetime
    minutes: float
    level: int
    levels: dict[str, int]
    known_case: bool | None
    ruleset: str | None
    snapshot: str | None
    as_of: date | None

    @property
    def reviewed_on(self) -> date:
        """The day in Japan."""
        return jst_date(self.reviewed_at)

    @property
    def outcome_label(self) -> str:
        """The conclusion in Japanese."""
        known = catalogue().outcomes.get(self.outcome)
        return known.label if known else self.outcome

    @property
    def reason_label(self) -> str:
        """The reason in Japanese."""
        known = catalogue().reasons.get(self.reason_code)
        return known.label if known else self.reason_code


@cache
def catalogue(path: Path = DATA / "reviews.toml") -> Catalogue:
    """The outcomes and reasons of data/reviews.toml, in the order of the file."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    reasons = {row["code"]: Reason(**{**row, "outcomes": tuple(row["outcomes"])}) for row in raw["reason"]}
    return Catalogue(
        outcomes={row["code"]: Outcome(**row) for row in raw["outcome"]},
        reasons=reasons,
        new_record_grade=int(raw["new_record_grade"]),
        longest_minutes=float(raw["longest_minutes"]),
    )


def reasons_for(outcome: str) -> list[Reason]:
    """The reasons that may stand for a conclusion, in the order of the file."""
    return [reason for reason in catalogue().reasons.values() if outcome in reason.outcomes]


# -- reviews ------------------------------------------------------------------------------------


def review(
    ops: OpsStore,
    actor: Actor,
    resident_id: str,
    outcome: str,
    reason_code: str,
    note: str,
    version: int,
    *,
    seen: Seen | None = None,
    opened_at: datetime | None = None,
    at: datetime | None = None,
    child: access.ChildScope | None = None,
) -> Review:
    """Store a review with its log row in one transaction.

    Args:
        outcome, reason_code: codes of data/reviews.toml that go together.
        note: free text, kept only here, never in the log; at most 2,000 characters.
        version: how many reviews of the child the screen showed (0 for none). If there is one more by
            now, nothing is stored.
        seen: levels, rule set and snapshot the reviewer looked at.
        opened_at: when the child's page was opened; measures the minutes of work.
        at: the moment of saving, for histories; now if not given.
        child: decides whether this actor may review this child; without it only the role is checked.

    Raises:
        BadReview: unknown or unfitting codes, a missing or too long note.
        Conflict: somebody else reviewed the child meanwhile.
        access.AccessDenied, audit.LogUnavailable.
    """
    if child is not None:
        access.require(ops, actor, "review", child)
    elif not access.may(actor, "review"):
        access.require(ops, actor, "review")
    check(outcome, reason_code, note)
    return ops.write(
        lambda con: write_review(
            con,
            ops,
            actor,
            resident_id,
            outcome,
            reason_code,
            note,
            version,
            seen=seen,
            opened_at=opened_at,
            at=at,
        )
    )


def rules_behind(cursor: Any, resident_id: str) -> frozenset[str]:
    """Codes of the rules that count for a child in the snapshot behind `cursor` (for `Seen.rules`)."""
    rows = cursor.execute(
        "select distinct code from reason where resident_id = ? and kind <> 'cap' order by code",
        [resident_id],
    ).fetchall()
    return frozenset(row[0] for row in rows)


def check(outcome: str, reason_code: str, note: str) -> None:
    """Refuse a review whose parts do not go together.

    Raises:
        BadReview: the message says what to change.
    """
    if outcome not in catalogue().outcomes:
        raise BadReview("確認の結果を選んでください。")
    reason = catalogue().reasons.get(reason_code)
    if reason is None or outcome not in reason.outcomes:
        raise BadReview("確認の結果に合う理由を選んでください。")
    if reason.note_required and not note.strip():
        raise BadReview("「その他」を選んだときは、メモに理由を書いてください。")
    if len(note) > NOTE_LENGTH:
        raise BadReview(f"メモが長すぎます。{NOTE_LENGTH:,}文字以内にしてください。")


def write_review(
    con: sqlite3.Connection,
    ops: OpsStore,
    actor: Actor,
    resident_id: str,
    outcome: str,
    reason_code: str,
    note: str,
    version: int,
    *,
    seen: Seen | None = None,
    opened_at: datetime | None = None,
    at: datetime | None = None,
    demo: bool = False,
) -> Review:
    """`review` inside a running write, for `ops.write` callbacks; rights and codes are the caller's to check.

    Args:
        demo: marks an invented history, in the row and in the log.
    """
    seen = seen or Seen()
    moment = at or ops.clock()
    opened = opened_at or moment
    minutes = round(min(max((moment - opened).total_seconds() / 60, 0.0), catalogue().longest_minutes), 2)
    newest = con.execute(
        "select max(version) as version from review where resident_id = ?", (resident_id,)
    ).fetchone()["version"]
    if (newest or 0) != version:
        raise Conflict
    row: dict[str, Any] = {
        "resident_id": resident_id,
        "version": version + 1,
        "outcome": outcome,
        "reason_code": reason_code,
        "note": note.strip(),
        "user_id": actor.user_id,
        "role": actor.role,
        "department": actor.department,
        "opened_at": utc_text(opened),
        "reviewed_at": utc_text(moment),
        "reviewed_on": jst_date(moment).isoformat(),
        "minutes": minutes,
        "as_of": seen.as_of.isoformat() if seen.as_of else None,
        "flagged_on": seen.flagged_on.isoformat() if seen.flagged_on else None,
        "snapshot": seen.snapshot,
        "ruleset": seen.ruleset,
        "level": seen.level,
        "known_case": None if seen.known_case is None else int(seen.known_case),
        "demo": int(demo),
    }
    done = con.execute(
        f"insert into review ({', '.join(row)}) values ({', '.join('?' * len(row))})", tuple(row.values())
    )
    review_id = int(done.lastrowid or 0)
    levels = {category: int(level) for category, level in sorted(seen.levels.items())}
    con.executemany(
        "insert into review_level (review_id, category, level) values (?, ?, ?)",
        [(review_id, category, level) for category, level in levels.items()],
    )
    con.executemany(
        "insert into review_rule (review_id, rule) values (?, ?)",
        [(review_id, rule) for rule in sorted(seen.rules)],
    )
    detail: dict[str, Any] = {
        "review": review_id,
        "outcome": outcome,
        "reason": reason_code,
        "digest": _digest(ops, row, levels, sorted(seen.rules)),
    }
    if demo:
        detail["demo"] = True
    audit.append(
        con,
        ops,
        actor,
        "review",
        subject=resident_id,
        detail=detail,
        snapshot=seen.snapshot,
        ruleset=seen.ruleset,
        at=moment,
    )
    return Review(
        review_id,
        resident_id,
        version + 1,
        outcome,
        reason_code,
        row["note"],
        actor.user_id,
        actor.department,
        opened,
        moment,
        minutes,
        seen.level,
        levels,
        seen.known_case,
        seen.ruleset,
        seen.snapshot,
        seen.as_of,
    )


_DIGEST = (
    "resident_id",
    "version",
    "outcome",
    "reason_code",
    "note",
    "user_id",
    "role",
    "department",
    "opened_at",
    "reviewed_at",
    "reviewed_on",
    "minutes",
    "as_of",
    "flagged_on",
    "snapshot",
    "ruleset",
    "level",
    "known_case",
    "demo",
)


def _digest(
    ops: OpsStore, row: Mapping[str, Any] | sqlite3.Row, levels: Mapping[str, int], rules: Sequence[str]
) -> str:
    """What the log keeps of a review: enough to prove the stored row unchanged, nothing to read."""
    told = [[row[name] for name in _DIGEST], dict(levels), *([list(rules)] if rules else [])]
    text = json.dumps(told, ensure_ascii=False, sort_keys=True)
    return hmac.new(ops.derived_key("review-digest"), text.encode(), hashlib.sha256).hexdigest()


def verify(ops: OpsStore, *, limit: int = 20) -> list[str]:
    """Check every stored review against the log row written with it; Japanese sentences, empty when sound."""
    problems = []
    with ops.read() as con:
        levels: dict[int, dict[str, int]] = {}
        for row in con.execute("select * from review_level order by review_id, category"):
            levels.setdefault(row["review_id"], {})[row["category"]] = row["level"]
        rules: dict[int, list[str]] = {}
        for row in con.execute("select * from review_rule order by review_id, rule"):
            rules.setdefault(row["review_id"], []).append(row["rule"])
        logged = {}
        for row in con.execute("select detail from operation_log where action = 'review' and result = 'ok'"):
            detail = json.loads(row["detail"])
            logged[detail.get("review")] = detail.get("digest")
        for row in con.execute("select * from review order by review_id"):
            digest = logged.pop(row["review_id"], None)
            if digest is None:
                problems.append(f"職員確認の{row['review_id']}番は、操作ログに記録がありません。")
            elif digest != _digest(
                ops, row, levels.get(row["review_id"], {}), rules.get(row["review_id"], [])
            ):
                problems.append(f"職員確認の{row['review_id']}番が書き換えられています。")
    problems += [f"職員確認の{number}番が削除されています。" for number in sorted(filter(None, logged))]
    return problems[:limit]


def reviews_of(ops: OpsStore, resident_id: str) -> list[Review]:
    """All reviews of a child, newest first."""
    with ops.read() as con:
        return _reviews(con, "where resident_id = ? order by version desc", (resident_id,))


_newest: WeakKeyDictionary[OpsStore, tuple[int, dict[str, Review]]] = WeakKeyDictionary()


def newest(ops: OpsStore, residents: Iterable[str] | None = None) -> dict[str, Review]:
    """The newest review of each child (of those named), by resident id.

    Reviews are only ever added, so what was read for all children is kept until there is one more.
    """
    with ops.read() as con:
        if residents is not None:
            wanted = json.dumps(sorted(set(residents)))
            part = _reviews(
                con,
                "where (resident_id, version) in (select resident_id, max(version) from review"
                " where resident_id in (select value from json_each(?)) group by resident_id)"
                " order by resident_id",
                (wanted,),
            )
            return {item.resident_id: item for item in part}
        last = con.execute("select max(review_id) from review").fetchone()[0] or 0
        known = _newest.get(ops)
        if known is None or known[0] != last:
            whole = _reviews(
                con,
                "where (resident_id, version) in (select resident_id, max(version) from review"
                " group by resident_id) order by resident_id",
                (),
            )
            known = (last, {item.resident_id: item for item in whole})
            _newest[ops] = known
    return dict(known[1])


def version_of(ops: OpsStore, resident_id: str) -> int:
    """How many reviews the child has: the `version` to hand to `review`."""
    with ops.read() as con:
        return con.execute("select count(*) from review where resident_id = ?", (resident_id,)).fetchone()[0]


def _reviews(con: sqlite3.Connection, where: str, params: Sequence[Any]) -> list[Review]:
    rows = con.execute(f"select * from review {where}", params).fetchall()
    levels: dict[int, dict[str, int]] = {}
    wanted = json.dumps([row["review_id"] for row in rows])
    for row in con.execute(
        "select * from review_level where review_id in (select value from json_each(?))"
        " order by review_id, category",
        (wanted,),
    ):
        levels.setdefault(row["review_id"], {})[row["category"]] = row["level"]
    return [
        Review(
            row["review_id"],
            row["resident_id"],
            row["version"],
            row["outcome"],
            row["reason_code"],
            row["note"],
            row["user_id"],
            row["department"],
            parse_utc(row["opened_at"]),
            parse_utc(row["reviewed_at"]),
            row["minutes"],
            row["level"],
            levels.get(row["review_id"], {}),
            None if row["known_case"] is None else bool(row["known_case"]),
            row["ruleset"],
            row["snapshot"],
            date.fromisoformat(row["as_of"]) if row["as_of"] else None,
        )
        for row in rows
    ]


# -- who still waits ----------------------------------------------------------------------------


def reviewed_since(ops: OpsStore, since: date | None = None) -> pd.DataFrame:
    """The newest review of every child reviewed since a day (ever).

    Returns:
        columns resident_id, reviewed_at (aware, JST), reviewed_on, outcome, level (highest seen),
        levels (category -> level), version, due_on (when a 保留 lapses, else None); by resident_id.
    """
    rows = [
        (
            item.resident_id,
            item.reviewed_at.astimezone(JST),
            item.reviewed_on,
            item.outcome,
            item.level,
            item.levels,
            item.version,
            _due(item),
        )
        for item in newest(ops).values()
        if since is None or item.reviewed_on >= since
    ]
    names = ["resident_id", "reviewed_at", "reviewed_on", "outcome", "level", "levels", "version", "due_on"]
    return pd.DataFrame(rows, columns=pd.Index(names))


def _due(item: Review) -> date | None:
    known = catalogue().outcomes.get(item.outcome)
    if known is None or not known.again_after_days:
        return None
    return item.reviewed_on + timedelta(days=known.again_after_days)


def standing(ops: OpsStore, on: date | None = None) -> list[tuple[str, date, int]]:
    """(resident_id, day, highest level seen) of each child's newest review, as `roster.settled` takes them.

    Args:
        on: the day of looking, today if not given; a 保留 whose time is over is left out.
    """
    day = on or jst_date(ops.clock())
    rows = []
    for item in newest(ops).values():
        due = _due(item)
        if due is None or day < due:
            rows.append((item.resident_id, item.reviewed_on, item.level))
    return rows


def unreviewed(cursor: Any, ops: OpsStore, on: date | None = None) -> pd.DataFrame:
    """The listed children who wait for somebody to look, and why.

    Args:
        cursor: a DuckDB cursor on the current snapshot (judgement, event); it is used up.
        on: the day of looking, today if not given.

    Returns:
        columns resident_id, why ('未確認', 'レベル上昇', '新しい記録', '保留の期限'), by resident_id.
    """
    day = on or jst_date(ops.clock())
    rows = []
    for item in newest(ops).values():
        due = _due(item)
        rows.append((item.resident_id, item.reviewed_on, item.levels, bool(due and day >= due)))
    reviewed = pd.DataFrame(
        [(resident, pd.Timestamp(at), lapsed) for resident, at, _, lapsed in rows],
        columns=pd.Index(["resident_id", "reviewed_on", "lapsed"]),
    ).astype({"resident_id": "string", "reviewed_on": "datetime64[us]", "lapsed": "bool"})
    levels = pd.DataFrame(
        [(resident, category, level) for resident, _, seen, _ in rows for category, level in seen.items()],
        columns=pd.Index(["resident_id", "category", "level"]),
    ).astype({"resident_id": "string", "category": "string", "level": "int64"})
    cursor.register("reviewed", reviewed)
    cursor.register("reviewed_level", levels)
    try:
        sql = (SQL / "cases" / "unreviewed.sql").read_text(encoding="utf-8")
        return cursor.execute(sql, {"new_record_grade": catalogue().new_record_grade}).df()
    finally:
        cursor.unregister("reviewed")
        cursor.unregister("reviewed_level")


# -- matching decisions -------------------------------------------------------------------------


def decide_link(
    ops: OpsStore,
    actor: Actor,
    extract: str,
    record_key: str,
    resident_id: str | None,
    decision: str,
    reason: str,
    *,
    second_by: str | None = None,
    opened_at: datetime | None = None,
) -> int:
    """Keep a person's decision on a doubtful match, with its log row. It survives every refresh.

    Args:
        resident_id: whom it concerns; may be None only for 'rejected' (nobody fits).
        decision: 'confirmed', 'rejected' or 'undone' (back to what the matcher thinks).
        reason: why, in a few words.

    Raises:
        BadReview: a missing reason or person. access.AccessDenied, audit.LogUnavailable.
    """
    action = "link_undo" if decision == "undone" else "link_decide"
    access.require(ops, actor, action)
    if decision not in ("confirmed", "rejected", "undone"):
        raise BadReview("名寄せの決定を選んでください。")
    if decision == "confirmed" and not resident_id:
        raise BadReview("どの住民と同じ人かを選んでください。")
    if not reason.strip():
        raise BadReview("決めた理由を書いてください。")
    facts: dict[str, Any] = {"extract": extract, "decision": decision}

    def keep(con: sqlite3.Connection) -> int:
        number = write_link_decision(
            con,
            actor.user_id,
            extract,
            record_key,
            resident_id,
            decision,
            reason,
            at=ops.clock(),
            second_by=second_by,
            minutes=minutes_since(ops, opened_at),
        )
        facts[seals.DETAIL] = seals.seal(con, ops, seals.DECISION, number)
        return number

    return audit.transact(ops, actor, action, keep, subject=resident_id, detail=facts)


def minutes_since(ops: OpsStore, opened_at: datetime | None) -> float | None:
    """The minutes of work since something was opened, cut at the longest; None if not measured."""
    if opened_at is None:
        return None
    spent = (ops.clock() - opened_at).total_seconds() / 60
    return round(min(max(spent, 0.0), catalogue().longest_minutes), 2)


def write_link_decision(
    con: sqlite3.Connection,
    decided_by: str,
    extract: str,
    record_key: str,
    resident_id: str | None,
    decision: str,
    reason: str,
    *,
    at: datetime,
    second_by: str | None = None,
    minutes: float | None = None,
) -> int:
    """`decide_link` inside a running write; rights, completeness and the log row are the caller's."""
    done = con.execute(
        "insert into link_decision"
        " (extract, record_key, resident_id, decision, decided_by, decided_at, reason, second_by, minutes)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            extract,
            record_key,
            resident_id,
            decision,
            decided_by,
            utc_text(at),
            reason.strip(),
            second_by,
            minutes,
        ),
    )
    return int(done.lastrowid or 0)


LINK_DECISION = (
    "extract",
    "record_key",
    "resident_id",
    "decision",
    "decided_by",
    "decided_at",
    "decision_id",
)


def link_decisions(ops: OpsStore) -> pd.DataFrame:
    """The decisions in force, in the words of the matcher.

    Per record: one resident it is the "same" as, any number it is "different" from, or, with resident_id
    None, "different" from everybody. A newer decision on the same resident replaces the older, a new "same"
    the former "same", and an undone decision is as if never made.

    Returns:
        columns extract, record_key, resident_id, decision ('same' | 'different'), decided_by, decided_at
        (UTC text), decision_id; by extract, record_key, decision_id.
    """
    with ops.read() as con:
        rows = con.execute(
            f"select {', '.join(LINK_DECISION)} from link_decision order by extract, record_key, decision_id"
        ).fetchall()
    standing: dict[tuple[str, str], dict[str | None, sqlite3.Row]] = {}
    for row in rows:
        about = standing.setdefault((row["extract"], row["record_key"]), {})
        resident = row["resident_id"]
        if row["decision"] == "undone":
            if resident is None:
                about.clear()
            else:
                about.pop(resident, None)
            continue
        if row["decision"] == "confirmed" or resident is None:
            about.pop(None, None)
            for other in [one for one, kept in about.items() if kept["decision"] == "confirmed"]:
                del about[other]
        about.pop(resident, None)
        about[resident] = row
    words = {"confirmed": "same", "rejected": "different"}
    kept = [
        tuple(words[row[name]] if name == "decision" else row[name] for name in LINK_DECISION)
        for about in standing.values()
        for row in sorted(about.values(), key=lambda row: row["decision_id"])
    ]
    return pd.DataFrame(kept, columns=pd.Index(LINK_DECISION), dtype="object")


# -- saved filters and notices ------------------------------------------------------------------


def save_filter(ops: OpsStore, actor: Actor, page: str, name: str, body: str) -> None:
    """Keep a filter of a page under a name for this person; the same name replaces it.

    Args:
        body: the filter as text; must not contain search words.

    Raises:
        BadReview: no name, or one too long.
    """
    if not name.strip() or len(name.strip()) > 40:
        raise BadReview("検索条件の名前を、40文字以内で入力してください。")

    def keep(con: sqlite3.Connection) -> None:
        con.execute(
            "insert into saved_filter (user_id, page, name, body, updated_at) values (?, ?, ?, ?, ?)"
            " on conflict (user_id, page, name) do update set body = excluded.body,"
            " updated_at = excluded.updated_at, version = version + 1",
            (actor.user_id, page, name.strip(), body, utc_text(ops.clock())),
        )

    audit.transact(ops, actor, "saved_filter", keep, page=page, detail={"done": "saved"})


def saved_filters(ops: OpsStore, actor: Actor, page: str) -> dict[str, str]:
    """This person's saved filters of a page: name -> body, by name."""
    with ops.read() as con:
        rows = con.execute(
            "select name, body from saved_filter where user_id = ? and page = ? order by name",
            (actor.user_id, page),
        ).fetchall()
    return {row["name"]: row["body"] for row in rows}


def delete_filter(ops: OpsStore, actor: Actor, page: str, name: str) -> None:
    """Forget a saved filter.

    Raises:
        UnknownRecord: there is none of that name.
    """

    def drop(con: sqlite3.Connection) -> None:
        done = con.execute(
            "delete from saved_filter where user_id = ? and page = ? and name = ?",
            (actor.user_id, page, name),
        )
        if not done.rowcount:
            raise UnknownRecord

    audit.transact(ops, actor, "saved_filter", drop, page=page, detail={"done": "deleted"})


@dataclass(frozen=True)
class Notice:
    """A notice on the home page."""

    notice_id: int
    title: str
    body: str
    audience: str
    shown_from: date
    shown_to: date | None
    author: str
    read: bool


def publish_notice(
    ops: OpsStore,
    actor: Actor,
    title: str,
    body: str,
    *,
    audience: str = "*",
    shown_from: date | None = None,
    shown_to: date | None = None,
) -> int:
    """Put a notice on the home page of a role ('*' for everybody).

    Raises:
        BadReview: an empty title or body, an unknown role, an end before the beginning.
    """
    access.require(ops, actor, "notice_publish")
    start = shown_from or jst_date(ops.clock())
    if not title.strip() or not body.strip():
        raise BadReview("お知らせの題と本文を入力してください。")
    if audience != "*" and audience not in access.roles():
        raise BadReview("お知らせを見せる役割を選んでください。")
    if shown_to is not None and shown_to < start:
        raise BadReview("終わりの日が始まりの日より前です。日付を入れ直してください。")

    def keep(con: sqlite3.Connection) -> int:
        done = con.execute(
            "insert into notice (title, body, audience, shown_from, shown_to, author, created_at)"
            " values (?, ?, ?, ?, ?, ?, ?)",
            (
                title.strip(),
                body.strip(),
                audience,
                start.isoformat(),
                shown_to.isoformat() if shown_to else None,
                actor.user_id,
                utc_text(ops.clock()),
            ),
        )
        return int(done.lastrowid or 0)

    return audit.transact(ops, actor, "notice_publish", keep, detail={"audience": audience})


def notices(ops: OpsStore, actor: Actor, on: date | None = None) -> list[Notice]:
    """The notices shown to this person on a day (today), newest first."""
    day = (on or jst_date(ops.clock())).isoformat()
    with ops.read() as con:
        rows = con.execute(
            "select n.*, r.user_id is not null as was_read from notice as n"
            " left join notice_read as r on r.notice_id = n.notice_id and r.user_id = ?"
            " where n.audience in ('*', ?) and n.shown_from <= ? and (n.shown_to is null or n.shown_to >= ?)"
            " order by n.notice_id desc",
            (actor.user_id, actor.role, day, day),
        ).fetchall()
    return [
        Notice(
            row["notice_id"],
            row["title"],
            row["body"],
            row["audience"],
            date.fromisoformat(row["shown_from"]),
            date.fromisoformat(row["shown_to"]) if row["shown_to"] else None,
            row["author"],
            bool(row["was_read"]),
        )
        for row in rows
    ]


def mark_read(ops: OpsStore, actor: Actor, notice_id: int) -> None:
    """Remember that this person has read a notice."""
    now = utc_text(ops.clock())
    ops.write(
        lambda con: (
            con.execute(
                "insert into notice_read (notice_id, user_id, read_at) values (?, ?, ?)"
                " on conflict do nothing",
                (notice_id, actor.user_id, now),
            ).rowcount
        )
    )
