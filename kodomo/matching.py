"""Matching: the records whose resident a person has to settle, what speaks for and against, and the answers."""

from __future__ import annotations

import sqlite3
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

import duckdb

from kodomo import access, audit, cases, differences
from kodomo.audit import Actor
from kodomo.contracts import load_contracts
from kodomo.differences import Difference
from kodomo.errors import KodomoError
from kodomo.linkage.sources import PERSON_EXTRACTS
from kodomo.linkage.waterfall import LEVELS, STEPS
from kodomo.ops import JST, OpsStore, jst_date, parse_utc, utc_text
from kodomo.outcomes import wilson
from kodomo.paths import DATA, SQL

Connection = duckdb.DuckDBPyConnection

SAME, DIFFERENT, NOBODY, LATER, UNDONE = "same", "different", "nobody", "later", "undone"
ANSWERS = {
    SAME: "同じ人",
    DIFFERENT: "ちがう人",
    NOBODY: "どの候補でもない",
    LATER: "あとで",
    UNDONE: "取り消し",
}
STATES = {
    "final": "決定",
    "proposed": "2人目の確認待ち",
    "agreed": "2人で決定",
    "disputed": "2人の答えがちがう",
    "later": "あとで",
    "undone": "取り消し",
}
# Nothing but identity is ever read from a record: what it says about the child stays with the department.
IDENTITY = (
    "name",
    "kana",
    "birth_date",
    "birth_text",
    "birth_year",
    "birth_month",
    "sex",
    "age",
    "guardian_name",
    "address",
    "school_name",
    "institution",
    "grade",
    "class_name",
    "resident_id",
    "recorded_on",
    "delivered_on",
)
SEX = {"1": "男", "2": "女", "9": "不明"}
_KINDS = {1: "通称名", 2: "旧氏名", 3: "以前の氏名", 4: "学齢簿の氏名"}
_NAME_KINDS = {1: "alias", 2: "former", 3: "name"}


class NotYourExtract(KodomoError):
    """Somebody asked for a record of a department that is not theirs."""

    def __init__(self) -> None:
        super().__init__("この連携データの名寄せは、その課の職員かデータ担当が確認します。")


class RecordGone(KodomoError):
    """The record is not in the snapshot that is shown."""

    def __init__(self) -> None:
        super().__init__("この記録は、いま表示しているデータにありません。一覧を開き直してください。")


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
class Settings:
    """data/matching.toml as read; reasons are code → label in the order of the file."""

    two_people: frozenset[str]
    sample_per_extract: int
    least_belief: float
    reasons: dict[str, str]


@cache
def settings(path: Path = DATA / "matching.toml") -> Settings:
    """What the city has set for this screen."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    return Settings(
        frozenset(raw["two_people"]),
        int(raw["sample_per_extract"]),
        float(raw["least_belief"]),
        {row["code"]: row["label"] for row in raw["reason"]},
    )


@cache
def titles() -> dict[str, str]:
    """The person extracts in order of the contracts: code → title."""
    known = load_contracts()
    return {extract: known[extract].title for extract in known if extract in PERSON_EXTRACTS}


@cache
def departments() -> dict[str, str]:
    """Person extract → department code."""
    known = load_contracts()
    return {extract: known[extract].department_code for extract in titles()}


def extracts_for(actor: Actor) -> list[str]:
    """The person extracts whose records this person may match, in order: all, or those of the own department."""
    role = access.roles().get(actor.role)
    if role is None or not access.may(actor, "view_links"):
        return []
    whole = role.names == "matching" or role.facts == "city"
    return [extract for extract, owner in departments().items() if whole or owner == actor.department]


def _require(actor: Actor, extract: str) -> None:
    if extract not in extracts_for(actor):
        raise NotYourExtract


def _ask(con: Connection, name: str, **asked: Any) -> list[dict[str, Any]]:
    query = (SQL / "matching" / f"{name}.sql").read_text(encoding="utf-8")
    with con.cursor() as cursor:
        found = cursor.execute(query, asked)
        columns = [column[0] for column in found.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


# -- what people have said ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Opinion:
    """One stored answer."""

    opinion_id: int
    extract: str
    record_key: str
    resident_id: str | None
    answer: str
    state: str
    origin: str
    given_by: str
    given_at: datetime
    minutes: float | None
    reason: str
    decision_id: int | None
    machine_status: str
    machine_resident: str | None
    machine_probability: float | None

    @property
    def month(self) -> str:
        """The month in Japan, e.g. 2026-11."""
        return jst_date(self.given_at).isoformat()[:7]


@dataclass
class Standing:
    """Where a record stands after all answers.

    proposal: the first of two answers, waiting for the second. ruled_out: residents it is not. settled: decided.
    """

    proposal: Opinion | None = None
    disputed: bool = False
    later: datetime | None = None
    ruled_out: set[str] = field(default_factory=set)
    settled: bool = False


def opinions(ops: OpsStore) -> list[Opinion]:
    """Every answer, oldest first."""
    names = list(Opinion.__dataclass_fields__)
    with ops.read() as con:
        rows = con.execute(f"select {', '.join(names)} from link_opinion order by opinion_id").fetchall()
    return [
        Opinion(**{name: parse_utc(row[name]) if name == "given_at" else row[name] for name in names})
        for row in rows
    ]


def standings(ops: OpsStore, given: Sequence[Opinion] | None = None) -> dict[tuple[str, str], Standing]:
    """Where each record stands that anybody has answered about: (extract, record_key) → standing."""
    out: dict[tuple[str, str], Standing] = {}
    for item in opinions(ops) if given is None else given:
        at = out.setdefault((item.extract, item.record_key), Standing())
        if item.state == "proposed":
            at.proposal, at.later = item, None
        elif item.state == "disputed":
            at.proposal, at.disputed, at.later = None, True, None
        elif item.state == "later":
            at.later = item.given_at
        else:
            at.proposal, at.disputed, at.later = None, False, None
    for row in cases.link_decisions(ops).itertuples():
        at = out.setdefault((str(row.extract), str(row.record_key)), Standing())
        if row.decision == "same" or row.resident_id is None:
            at.settled = True
        else:
            at.ruled_out.add(str(row.resident_id))
    return out


# -- queues ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Waiting:
    """A record that waits for an answer. state: '' new, 'proposed' by somebody else, 'disputed', 'later'."""

    extract: str
    record_key: str
    status: str
    reasons: str
    probability: float
    state: str = ""
    household_id: str | None = None

    @property
    def two_people(self) -> bool:
        """Whether two people have to say the same."""
        return self.extract in settings().two_people

    @property
    def why(self) -> str:
        """The last part of the reasons: why it was not linked by itself."""
        return self.reasons.split("；")[-1]


@dataclass(frozen=True)
class Listed:
    """A link as the snapshot has it, with what orders the queue (never shown)."""

    extract: str
    record_key: str
    status: str
    resident_id: str | None
    reasons: str
    best_id: str | None
    best_probability: float
    household_id: str | None
    candidates: tuple[str, ...]
    stake: int
    following: int


def listed(con: Connection, statuses: Sequence[str]) -> list[Listed]:
    """The links of the snapshot in some states with what hangs on each; the same for everybody, so it may be kept."""
    everything = list(titles())
    asked = {"statuses": list(statuses), "extracts": everything}
    stakes = {(row["extract"], row["record_key"]): row for row in _ask(con, "stakes", **asked)}
    rows = []
    for row in _ask(con, "links", **asked, least=settings().least_belief):
        weight = stakes[row["extract"], row["record_key"]]
        rows.append(
            Listed(
                row["extract"],
                row["record_key"],
                row["status"],
                row["resident_id"],
                row["reasons"],
                row["best_id"],
                float(row["best_probability"]),
                row["household_id"],
                tuple(row["candidates"] or ()),
                int(weight["stake"]),
                int(weight["following"]),
            )
        )
    return rows


def queue(rows: Sequence[Listed], ops: OpsStore, actor: Actor, extract: str | None = None) -> list[Waiting]:
    """The records this person is asked about, in order.

    First those where a second person is awaited, then by what hangs on a record and by doubt; records whose best
    candidates share a household stand together, so that twins are seen at once; those put off come last.

    Args:
        rows: `listed(con, …)` of every status that may be asked about; of these only review rows are asked, and
            whatever somebody else has proposed on another row.
    """
    mine = set(extracts_for(actor)) & ({extract} if extract else set(titles()))
    said = standings(ops)
    kept: list[tuple[tuple, Waiting, Listed]] = []
    for row in rows:
        if row.extract not in mine:
            continue
        at = said.get((row.extract, row.record_key), Standing())
        other = at.proposal is not None and at.proposal.given_by != actor.user_id
        if at.proposal is not None and not other:
            continue
        if not other and (row.status != "review" or at.settled):
            continue
        if not other and row.candidates and set(row.candidates) <= at.ruled_out:
            continue
        state = "proposed" if other else "later" if at.later else "disputed" if at.disputed else ""
        doubt = abs(row.best_probability - 0.5)
        place = (
            state == "later",
            state != "proposed",
            -row.stake,
            doubt,
            -row.following,
            row.extract,
            row.record_key,
        )
        kept.append(
            (
                place,
                Waiting(
                    row.extract,
                    row.record_key,
                    row.status,
                    row.reasons,
                    row.best_probability,
                    state,
                    row.household_id,
                ),
                row,
            )
        )
    kept.sort(key=lambda one: one[0])
    first: dict[object, int] = {}
    for number, (place, waiting, _) in enumerate(kept):
        first.setdefault((place[:2], waiting.household_id or number), number)
    order = sorted(
        range(len(kept)),
        key=lambda number: (first[kept[number][0][:2], kept[number][1].household_id or number], number),
    )
    return [kept[number][1] for number in order]


def awaiting_second(ops: OpsStore, actor: Actor) -> int:
    """How many of this person's own answers wait for somebody else."""
    return sum(
        at.proposal is not None and at.proposal.given_by == actor.user_id for at in standings(ops).values()
    )


def sample(con: Connection, ops: OpsStore, actor: Actor, extract: str) -> tuple[list[Waiting], int]:
    """Automatic links to check, drawn by a fixed lot, and how many of the lot are answered already.

    The lot goes by a hash of the record, so it neither follows the score nor changes from day to day.
    """
    _require(actor, extract)
    answered = {
        (item.extract, item.record_key)
        for item in opinions(ops)
        if item.origin == "sample" and item.state != "later"
    }
    rows = _ask(con, "sample", extract=extract, most=settings().sample_per_extract)
    left = [
        Waiting(row["extract"], row["record_key"], "auto", row["reasons"] or "", float(row["probability"]))
        for row in rows
        if (row["extract"], row["record_key"]) not in answered
    ]
    return left, len(rows) - len(left)


@dataclass(frozen=True)
class Unlinked:
    """A record nobody was found for, with its identity and why."""

    extract: str
    record_key: str
    name: str | None
    kana: str | None
    birth: str
    status: str
    why: str
    decided_by: str | None


def unlinked(
    con: Connection, actor: Actor, extract: str, *, page: int = 1, size: int = 30
) -> tuple[list[Unlinked], int]:
    """The records of an extract that belong to nobody, and how many there are in all.

    Raises:
        NotYourExtract.
    """
    _require(actor, extract)
    with con.cursor() as cursor:
        total = cursor.execute(
            "select count(*) from link where extract = ? and status in ('none', 'rejected')", [extract]
        ).fetchall()[0][0]
        keys = cursor.execute(
            "select record_key, status, coalesce(reasons, ''), decided_by from link"
            " where extract = ? and status in ('none', 'rejected')"
            " order by record_key limit ? offset ?",
            [extract, size, (max(page, 1) - 1) * size],
        ).fetchall()
    found = _records(con, extract, [key for key, *_ in keys])
    out = []
    for key, status, reasons, decided_by in keys:
        row = found.get(key, {})
        out.append(
            Unlinked(
                extract,
                key,
                row.get("name"),
                row.get("kana"),
                birth_words(row),
                status,
                _why_unlinked(row, reasons),
                decided_by,
            )
        )
    return out, int(total)


def _why_unlinked(row: dict[str, Any], reasons: str) -> str:
    """Why nobody was found, in words that say what could be done."""
    from kodomo.normalize import is_mojibake, unknown_characters

    missing = [
        word
        for word, there in (
            ("カナ", row.get("kana")),
            ("生年月日", row.get("birth_date")),
            ("氏名", row.get("name")),
        )
        if not there
    ]
    parts = [reasons.split("；")[-1]] if reasons else []
    if is_mojibake(row.get("name")):
        parts.append("氏名が文字化けしています")
    elif unknown_characters(row.get("name")):
        parts.append("氏名に読めない字（外字）があります")
    if missing:
        parts.append("、".join(missing) + "がありません")
    return "。".join(dict.fromkeys(parts)) or "一致する住民が見つかりません"


# -- one case -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One field of the record beside the same field of a candidate; `words` says how they agree."""

    label: str
    difference: Difference
    words: str
    agrees: bool | None


@dataclass(frozen=True)
class Step:
    """One step of the waterfall: `points` are bits, one point makes the same person twice as likely."""

    label: str
    words: str
    points: float


@dataclass(frozen=True)
class Member:
    """Somebody of a candidate's household."""

    relation: str
    name: str
    birth: str
    same_birth: bool
    is_candidate: bool
    lives_here: bool


@dataclass(frozen=True)
class Candidate:
    """A resident who may be behind the record. `probability` and `steps` are empty for one found by search."""

    resident_id: str
    name: str
    lines: tuple[Line, ...]
    probability: float | None
    weight: float | None
    steps: tuple[Step, ...]
    household: tuple[Member, ...]
    notes: tuple[str, ...]
    protected: bool


@dataclass(frozen=True)
class Case:
    """A record with its candidates, as one screen shows it."""

    extract: str
    record_key: str
    title: str
    department: str
    delivered_on: date | None
    status: str
    resident_id: str | None
    why: str
    two_people: bool
    standing: Standing
    candidates: tuple[Candidate, ...]
    machine_probability: float | None
    model: str

    @property
    def mixed_first(self) -> Opinion | None:
        """The answer of the first of two people, if one waits."""
        return self.standing.proposal


def open_case(
    con: Connection,
    ops: OpsStore,
    actor: Actor,
    extract: str,
    record_key: str,
    as_of: date,
    *,
    also: Iterable[str] = (),
) -> Case:
    """A record with its candidates side by side.

    Args:
        as_of: the judgement day; decides whether a 支援措置 is in force.
        also: further residents to hold it against, e.g. found by name.

    Raises:
        NotYourExtract, RecordGone.
    """
    _require(actor, extract)
    record = _records(con, extract, [record_key]).get(record_key)
    with con.cursor() as cursor:
        links = cursor.execute(
            "select status, resident_id, coalesce(reasons, '') from link where extract = ? and record_key = ?",
            [extract, record_key],
        ).fetchall()
        model = cursor.execute("select value from meta where key = 'linkage_model'").fetchall()
    if record is None or not links:
        raise RecordGone
    status, linked, reasons = links[0]
    at = standings(ops).get((extract, record_key), Standing())
    offered = {
        row["resident_id"]: row for row in _ask(con, "candidates", extract=extract, record_key=record_key)
    }
    order = [one for one in ([linked] if linked else []) + list(offered) if one not in at.ruled_out]
    if at.proposal is not None and at.proposal.resident_id:
        order = [at.proposal.resident_id, *order]
    order = list(dict.fromkeys([*also, *order]))[:6]
    people = _people(con, order, as_of)
    shown = [one for one in order if one in people.residents]
    hidden = any(people.residents[one]["protected"] for one in shown)
    candidates = tuple(_candidate(one, offered.get(one), record, people, hidden) for one in shown)
    best = max((float(row["probability"]) for row in offered.values()), default=None)
    return Case(
        extract,
        record_key,
        titles()[extract],
        departments()[extract],
        record.get("delivered_on"),
        status,
        linked,
        reasons.split("；")[-1] if reasons else "",
        extract in settings().two_people,
        at,
        candidates,
        best,
        model[0][0] if model else "",
    )


def _records(con: Connection, extract: str, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Identity of some records, newest version of each: record_key → fields of IDENTITY that the extract has."""
    if extract not in titles():
        raise NotYourExtract
    table = f"src_{extract}"
    with con.cursor() as cursor:
        there = {
            name
            for (name,) in cursor.execute(
                "select column_name from duckdb_columns() where table_name = ?", [table]
            ).fetchall()
        }
        columns = [name for name in IDENTITY if name in there]
        rows = cursor.execute(
            f"""
            select record_key, {", ".join(columns)} from {table}
            where list_contains($keys::varchar[], record_key)
            qualify row_number() over (
                partition by record_key order by coalesce(seen_to, delivered_on) desc nulls last,
                recorded_on desc nulls last, delivered_on desc nulls last, receipt_id desc, row_number desc
            ) = 1
            order by record_key
            """,
            {"keys": list(keys)},
        ).fetchall()
    return {key: dict(zip(columns, values, strict=True)) for key, *values in rows}


@dataclass
class _People:
    residents: dict[str, dict[str, Any]]
    households: dict[str, list[dict[str, Any]]]
    former: dict[str, list[dict[str, Any]]]
    schools: dict[str, list[dict[str, Any]]]


def _people(con: Connection, wanted: Sequence[str], as_of: date) -> _People:
    residents: dict[str, dict[str, Any]] = {}
    households: dict[str, list[dict[str, Any]]] = {}
    for row in _ask(con, "residents", residents=list(wanted), as_of=as_of):
        residents[row["resident_id"]] = row
        households.setdefault(row["household_id"], []).append(row)
    former: dict[str, list[dict[str, Any]]] = {}
    for row in _ask(con, "former", residents=list(wanted)):
        former.setdefault(row["resident_id"], []).append(row)
    schools: dict[str, list[dict[str, Any]]] = {}
    for row in _ask(con, "schools", residents=list(wanted)):
        schools.setdefault(row["resident_id"], []).append(row)
    return _People({one: residents[one] for one in wanted if one in residents}, households, former, schools)


def birth_words(row: dict[str, Any]) -> str:
    """A birth date as 2015-04-03; as delivered where only part of it is known; empty without one."""
    if row.get("birth_date") is not None:
        return row["birth_date"].isoformat()
    if row.get("birth_text"):
        return str(row["birth_text"])
    if row.get("birth_year"):
        month = f"-{row['birth_month']:02d}" if row.get("birth_month") else ""
        return f"{row['birth_year']}{month}"
    return ""


def _candidate(
    resident: str, offer: dict[str, Any] | None, record: dict[str, Any], people: _People, hidden: bool
) -> Candidate:
    person = people.residents[resident]
    level = dict(zip(LEVELS, offer["levels"], strict=True)) if offer and offer["levels"] else {}
    household = people.households[person["household_id"]]
    return Candidate(
        resident,
        person["name"] or "",
        tuple(_lines(record, person, people, level, hidden)),
        float(offer["probability"]) if offer else None,
        float(offer["weight"]) if offer else None,
        tuple(_steps(offer, level)) if offer and offer["bits"] else (),
        tuple(
            Member(
                "" if row["relation"] is None else str(row["relation"]),
                row["name"] or "",
                birth_words(row),
                row["birth_date"] is not None
                and row["birth_date"] == person["birth_date"]
                and row["resident_id"] != resident,
                row["resident_id"] == resident,
                row["status"] not in ("2", "3", "4"),
            )
            for row in household
        ),
        tuple(_notes(person, household)),
        bool(person["protected"]),
    )


def _notes(person: dict[str, Any], household: list[dict[str, Any]]) -> list[str]:
    """What to be careful about with this candidate."""
    out = []
    if any(
        row["resident_id"] != person["resident_id"]
        and row["birth_date"] is not None
        and row["birth_date"] == person["birth_date"]
        for row in household
    ):
        out.append(
            "同じ世帯に、生年月日が同じ人がいます（双子かもしれません）。名の漢字とカナをよく見てください。"
        )
    if person["status"] in ("2", "3", "4"):
        word = {"2": "転出", "3": "死亡", "4": "職権消除"}.get(person["status"], "異動")
        when = f"（{person['status_on']}）" if person["status_on"] else ""
        out.append(f"この人は住民基本台帳では{word}しています{when}。")
    if person["protected"]:
        out.append("支援措置の対象のため、住所と学校は表示しません。")
    return out


def _lines(
    record: dict[str, Any], person: dict[str, Any], people: _People, level: dict[str, int], hidden: bool
) -> list[Line]:
    out = [
        _name_line("氏名", record.get("name"), person["name"]),
        _kana_line("カナ", record.get("kana"), person["kana"]),
    ]
    out += _other_name(record, person, people, level)
    born, theirs = birth_words(record), birth_words(person)
    out.append(_plain_line("生年月日", born, theirs))
    if born == "" and record.get("age") is not None:
        out.append(_plain_line("年齢", f"{record['age']}歳（記録の時）", ""))
    out.append(_plain_line("性別", SEX.get(record.get("sex") or "", ""), SEX.get(person["sex"] or "", "")))
    if record.get("guardian_name"):
        out.append(_guardian_line(record["guardian_name"], person, people))
    if record.get("address"):
        out.append(_address_line(record["address"], person, people, hidden))
    school = record.get("school_name") or record.get("institution")
    if school or record.get("grade"):
        out.append(_school_line(school, record, person, people, hidden))
    if record.get("resident_id"):
        out.append(_plain_line("宛名番号", record["resident_id"], person["resident_id"]))
    return out


def _name_line(label: str, left: str | None, right: str | None) -> Line:
    parted = differences.names(left, right)
    return Line(label, parted, _name_words(parted, left, right), _agrees(parted, left, right))


def _kana_line(label: str, left: str | None, right: str | None) -> Line:
    parted = differences.readings(left, right)
    return Line(label, parted, _name_words(parted, left, right), _agrees(parted, left, right))


def _plain_line(label: str, left: str, right: str) -> Line:
    parted = differences.plain(left, right)
    words = "" if left and right else "片方にありません"
    if left and right:
        words = "一致" if left == right else "ちがいます"
    return Line(label, parted, words, None if not (left and right) else left == right)


def _agrees(parted: Difference, left: str | None, right: str | None) -> bool | None:
    if not left or not right:
        return None
    return differences.OTHER not in parted.kinds


def _name_words(parted: Difference, left: str | None, right: str | None) -> str:
    if not left or not right:
        return "片方にありません"
    if parted.notes:
        return "、".join(parted.notes) + (
            "。ほかにちがう字があります" if differences.OTHER in parted.kinds else ""
        )
    if differences.OTHER in parted.kinds:
        return "ちがう字があります"
    return "一致" if differences.FORM not in parted.kinds else "一致（空白や全角・半角の違いだけ）"


def _other_name(
    record: dict[str, Any], person: dict[str, Any], people: _People, level: dict[str, int]
) -> list[Line]:
    """A second name line where another name of the resident agreed best, or where one is known at all."""
    kind = level.get("name_kind", 0)
    known: dict[str, list[str]] = {}
    for row in people.former.get(person["resident_id"], []):
        if row["value"] and row["what"] != "address" and row["value"] != person["name"]:
            known.setdefault(row["what"], []).append(row["value"])
    if kind == 4:
        values = [row["name"] for row in people.schools.get(person["resident_id"], []) if row["name"]]
    else:
        values = known.get(_NAME_KINDS.get(kind, ""), [])
    label = _KINDS.get(kind, "")
    if not values and known:
        what, values = next(iter(sorted(known.items())))
        label = {"alias": "通称名", "former": "旧氏名", "name": "以前の氏名"}[what]
    if not values:
        return []
    best = min(sorted(set(values)), key=lambda value: _apart(record.get("name"), value))
    return [_name_line(label, record.get("name"), best)]


def _apart(left: str | None, right: str | None) -> int:
    """How many characters of two names have no counterpart."""
    parted = differences.names(left, right)
    return sum(len(span.text) for span in (*parted.left, *parted.right) if span.kind == differences.OTHER)


def _guardian_line(name: str, person: dict[str, Any], people: _People) -> Line:
    adults = [
        row["name"]
        for row in people.households[person["household_id"]]
        if row["name"] and row["resident_id"] != person["resident_id"] and _older(row, person)
    ]
    adults += [
        row["guardian_name"] for row in people.schools.get(person["resident_id"], []) if row["guardian_name"]
    ]
    if not adults:
        return Line("保護者", differences.names(name, ""), "住民基本台帳の世帯に大人がいません", None)
    best = min(sorted(set(adults)), key=lambda value: _apart(name, value))
    return _name_line("保護者", name, best)


def _older(row: dict[str, Any], person: dict[str, Any]) -> bool:
    mine, theirs = row["birth_year"], person["birth_year"]
    return mine is None or theirs is None or theirs - mine >= 15


_HIDDEN = "支援措置のため表示しません"


def _address_line(address: str, person: dict[str, Any], people: _People, hidden: bool) -> Line:
    best, words, old = person["address"], "", False
    places = [(person["address"], person["address_detail"], False)]
    places += [
        (row["value"], row["more"], True)
        for row in people.former.get(person["resident_id"], [])
        if row["what"] == "address" and row["value"] != person["address"]
    ]
    for value, detail, former in places:
        said = differences.address_words(address, value, detail)
        if not words or (said.startswith("同じ") and not words.startswith("同じ")):
            best, words, old = value, said, former
    agrees = None if not words else words.startswith("同じ")
    if old and agrees:
        words = f"以前の住所と{words}"
    if hidden:
        return Line("住所", differences.plain(_HIDDEN, _HIDDEN), "一致" if agrees else "ちがいます", agrees)
    detail = f"　{person['address_detail']}" if person["address_detail"] and not old else ""
    left = (differences.Span(address, differences.SAME),)
    right = (differences.Span(f"{best or ''}{detail}", differences.SAME),)
    return Line("住所", Difference(left, right, ()), words or "片方にありません", agrees)


def _school_line(
    school: str | None, record: dict[str, Any], person: dict[str, Any], people: _People, hidden: bool
) -> Line:
    rows = people.schools.get(person["resident_id"], [])
    names = list(dict.fromkeys(row["school_name"] for row in rows if row["school_name"]))
    grade = f"　{record['grade']}年" if record.get("grade") is not None else ""
    group = f"{record['class_name']}組" if record.get("class_name") else ""
    if hidden:
        return Line("学校", differences.plain(_HIDDEN, _HIDDEN), "", None)
    theirs = names[0] if names else ""
    for value in names:
        if school and _school(value) == _school(school):
            theirs = value
            break
    agrees = None if not (school and theirs) else _school(school) == _school(theirs)
    newest = next((row["grade"] for row in rows if row["grade"] is not None), None)
    left = (differences.Span(f"{school or ''}{grade}{group}", differences.SAME),)
    right = (
        differences.Span(
            theirs + (f"　{newest}年" if newest is not None and theirs else ""), differences.SAME
        ),
    )
    words = {True: "同じ学校", False: "別の学校", None: "くらべられません"}[agrees]
    return Line("学校", Difference(left, right, ()), words, agrees)


def _school(name: str) -> str:
    from kodomo.linkage.encode import school_keys

    return school_keys([name], [None], {})[0]


# -- evidence in words ----------------------------------------------------------------------------------

_STEP_NAMES = {
    "before": "くらべる前",
    "number": "宛名番号",
    "sei": "姓",
    "mei": "名",
    "dob": "生年月日",
    "sex": "性別",
    "address": "住所",
    "guardian": "保護者",
    "school": "学校",
    "grade": "学年",
    "age": "年齢",
    "stay": "住んでいた時期",
    "household": "家族との区別",
}
_PART = {
    8: "姓と名が入れ替わって一致",
    7: "漢字もカナも一致",
    6: "一致（片方の表記だけ）",
    5: "ほぼ一致（似た字や小さな違い）",
    4: "カナが一致、漢字がちがう",
    3: "漢字が一致、カナがちがう",
    2: "カナがほぼ一致",
    1: "一部の字だけ同じ",
    0: "ちがう",
    -1: "くらべられない",
}
_WORDS: dict[str, dict[int, str]] = {
    "sei": _PART,
    "mei": _PART,
    "dob": {
        7: "一致",
        6: "1日ちがい",
        5: "月と日が逆",
        4: "1か所の書きまちがいほどの差",
        3: "年・月・日のうち2つが一致",
        2: "わかっている部分が一致",
        1: "1つだけ一致",
        0: "ちがう",
    },
    "sex": {1: "一致", 0: "ちがう"},
    "address": {
        5: "部屋まで一致",
        4: "番地まで一致",
        3: "近い（同じ番か、部屋がちがう）",
        2: "丁目まで同じ",
        1: "町名だけ同じ",
        0: "ちがう",
    },
    "guardian": {3: "一致", 2: "名が一致", 1: "一部一致", 0: "ちがう"},
    "school": {1: "一致", 0: "ちがう"},
    "grade": {1: "合う", 0: "合わない"},
    "age": {2: "合う", 1: "1歳ちがい", 0: "合わない"},
    "stay": {1: "記録の時に住んでいた", 0: "転出などのあとの記録"},
    "number": {1: "この人の番号", 0: "別の人の番号"},
}


def tenths(values: Sequence[float], total: float) -> list[float]:
    """Round to tenths so that the parts still add up to the rounded total (largest remainders first)."""
    from math import floor

    goal = round(total * 10)
    down = [floor(value * 10) for value in values]
    left = goal - sum(down)
    order = sorted(range(len(values)), key=lambda i: (down[i] - values[i] * 10, i))
    for turn in range(abs(left)):
        if order:
            down[order[turn % len(order)]] += 1 if left > 0 else -1
    return [value / 10 for value in down]


def _steps(offer: dict[str, Any], level: dict[str, int]) -> list[Step]:
    points = dict(zip(STEPS, (float(bit) for bit in offer["bits"]), strict=True))
    shown = [
        name
        for name in STEPS
        if name == "before"
        or abs(points[name]) >= 0.05
        or (name in level and level[name] >= 0 and name in _WORDS)
    ]
    rest = sum(points[name] for name in STEPS if name not in shown)
    values = [points[name] for name in shown]
    values[0] += rest
    out = []
    for name, value in zip(shown, tenths(values, float(offer["weight"])), strict=True):
        key = level.get("owner" if name == "number" else name, -1)
        words = _WORDS.get(name, {}).get(key, "")
        if name == "before":
            words = "住民の中のだれか1人である見込み"
        elif name == "household":
            words = "同じ家の人でも同じように一致する分を引く" if value < 0 else "同じ家の人とは区別できる"
        elif name in ("sei", "mei") and level.get("name_kind", 0):
            words += f"（{_KINDS.get(level['name_kind'], '別の氏名')}と）"
        elif name == "address" and level.get("old_place") and key >= 3:
            words = f"以前の住所と{words}"
        out.append(Step(_STEP_NAMES[name], words, value))
    return out


# -- answering ------------------------------------------------------------------------------------------


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
    _require(actor, case.extract)
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
    _require(actor, extract)

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


# -- how well, and at what cost ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Share:
    """A share with its 95 % Wilson interval; value is None where nothing was counted."""

    found: int
    of: int

    @property
    def value(self) -> float | None:
        """The share, 0 to 1."""
        return self.found / self.of if self.of else None

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return wilson(self.found, self.of)[0]

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return wilson(self.found, self.of)[1]


@dataclass(frozen=True)
class Quality:
    """How right the automatic links of one extract are, by what people answered.

    precision: automatic links drawn by lot that a person found right. reviewed: review rows whose best candidate was
    the right one. found: records without a resident for whom a person did find one. recall and its interval follow
    from the three and from how many rows stand in each state; None while one of them is unknown.
    """

    extract: str
    auto: int
    review: int
    none: int
    precision: Share
    reviewed: Share
    found: Share
    recall: float | None
    recall_low: float
    recall_high: float


def quality(con: Connection, ops: OpsStore, actor: Actor) -> list[Quality]:
    """Estimated precision and recall of the automatic links, per extract this person may match."""
    newest: dict[tuple[str, str, str], Opinion] = {}
    for item in opinions(ops):
        key = (item.extract, item.record_key, item.machine_status)
        if item.state == "undone":
            newest.pop(key, None)
        elif item.state in ("final", "agreed"):
            newest[key] = item
    with con.cursor() as cursor:
        rows = cursor.execute(
            "select extract, status, count(*) from link group by all order by all"
        ).fetchall()
    count = {(extract, status): int(n) for extract, status, n in rows}
    out = []
    for extract in extracts_for(actor):
        mine = [item for item in newest.values() if item.extract == extract]
        drawn = [item for item in mine if item.machine_status == "auto" and item.origin == "sample"]
        asked = [item for item in mine if item.machine_status == "review"]
        lost = [item for item in mine if item.machine_status == "none"]
        precision = Share(sum(item.answer == SAME for item in drawn), len(drawn))
        reviewed = Share(sum(item.answer == SAME for item in asked), len(asked))
        found = Share(sum(item.answer == SAME for item in lost), len(lost))
        auto = count.get((extract, "auto"), 0)
        review = count.get((extract, "review"), 0)
        none = count.get((extract, "none"), 0)

        def recall(
            right: float, waiting: float, hidden: float, n: tuple[int, int, int] = (auto, review, none)
        ) -> float:
            linked, missed = n[0] * right, n[1] * waiting + n[2] * hidden
            return linked / (linked + missed) if linked + missed else 1.0

        complete = bool(precision.of) and (bool(reviewed.of) or not review) and (bool(found.of) or not none)
        out.append(
            Quality(
                extract,
                auto,
                review,
                none,
                precision,
                reviewed,
                found,
                recall(precision.value or 0.0, reviewed.value or 0.0, found.value or 0.0)
                if complete
                else None,
                recall(precision.low, reviewed.high, found.high),
                recall(precision.high, reviewed.low, found.low),
            )
        )
    return out


@dataclass(frozen=True)
class Month:
    """The work of one month: answers (あとで and 取り消し left out), people, minutes in all and the middle one."""

    month: str
    answers: int
    people: int
    minutes: float
    median: float | None


def burden(ops: OpsStore, actor: Actor) -> list[Month]:
    """名寄せ負荷 by month, oldest first, over the extracts this person may match."""
    mine = set(extracts_for(actor))
    months: dict[str, list[Opinion]] = {}
    for item in opinions(ops):
        if item.extract in mine and item.state not in ("later", "undone"):
            months.setdefault(item.month, []).append(item)
    out = []
    for month in sorted(months):
        spent = [item.minutes for item in months[month] if item.minutes is not None]
        out.append(
            Month(
                month,
                len(months[month]),
                len({item.given_by for item in months[month]}),
                round(sum(spent), 1),
                round(median(spent), 2) if spent else None,
            )
        )
    return out


def today(ops: OpsStore, actor: Actor) -> tuple[int, float | None]:
    """How many answers this person gave today, and the middle minutes of one."""
    day = jst_date(ops.clock())
    mine = [
        item
        for item in opinions(ops)
        if item.given_by == actor.user_id
        and item.state not in ("later", "undone")
        and item.given_at.astimezone(JST).date() == day
    ]
    spent = [item.minutes for item in mine if item.minutes is not None]
    return len(mine), round(median(spent), 2) if spent else None


def unapplied(con: Connection, ops: OpsStore) -> int:
    """How many decisions were made after the links that are shown: the next refresh puts them into effect."""
    with con.cursor() as cursor:
        rows = cursor.execute("select value from meta where key = 'link_decision'").fetchall()
    mark = int(rows[0][0]) if rows else 0
    with ops.read() as store:
        return int(
            store.execute("select count(*) from link_decision where decision_id > ?", (mark,)).fetchone()[0]
        )


# -- the repair: this child's data was mixed -----------------------------------------------------------------


@dataclass(frozen=True)
class Attached:
    """A record that is linked to a child, by its identity alone."""

    extract: str
    record_key: str
    title: str
    name: str | None
    birth: str
    delivered_on: date | None
    status: str
    may_open: bool


def attached(con: Connection, actor: Actor, resident_id: str) -> list[Attached]:
    """The records now linked to a resident. Those of other departments are named by their extract alone."""
    mine = set(extracts_for(actor))
    with con.cursor() as cursor:
        rows = cursor.execute(
            "select extract, record_key, status from link"
            " where resident_id = ? and status in ('auto', 'confirmed') order by extract, record_key",
            [resident_id],
        ).fetchall()
    keys: dict[str, list[str]] = {}
    for extract, key, _ in rows:
        keys.setdefault(extract, []).append(key)
    found = {extract: _records(con, extract, part) for extract, part in keys.items() if extract in mine}
    out = []
    for extract, key, status in sorted(rows, key=lambda row: (list(titles()).index(row[0]), row[1])):
        row = found.get(extract, {}).get(key, {})
        out.append(
            Attached(
                extract,
                key if extract in mine else "",
                titles()[extract],
                row.get("name"),
                birth_words(row) if row else "",
                row.get("delivered_on"),
                status,
                extract in mine,
            )
        )
    return out


@dataclass(frozen=True)
class Found:
    """A resident found by name."""

    resident_id: str
    name: str
    kana: str
    birth: str
    address: str


def describe(con: Connection, residents: Sequence[str], as_of: date) -> list[Found]:
    """Identity of some residents in the order asked, addresses under 支援措置 hidden."""
    people = _people(con, residents, as_of).residents
    return [
        Found(
            one,
            people[one]["name"] or "",
            people[one]["kana"] or "",
            birth_words(people[one]),
            _HIDDEN if people[one]["protected"] else people[one]["address"] or "",
        )
        for one in residents
        if one in people
    ]


@dataclass(frozen=True)
class Hidden:
    """The matcher's work on 学齢簿 rows whose 宛名番号 was hidden from it."""

    rows: int
    linked: int
    right: int

    @property
    def precision(self) -> Share:
        """Of the automatic links, those to the resident of the number."""
        return Share(self.right, self.linked)

    @property
    def recall(self) -> Share:
        """Of the rows, those linked to the resident of the number."""
        return Share(self.right, self.rows)


def hidden_numbers(con: Connection) -> Hidden | None:
    """What the trial with hidden numbers gave, if the snapshot has one (meta `linkage_hidden`: rows, linked, right)."""
    with con.cursor() as cursor:
        rows = cursor.execute("select value from meta where key = 'linkage_hidden'").fetchall()
    if not rows:
        return None
    return Hidden(*(int(part) for part in rows[0][0].split(",")))


def without_steps(case: Case) -> Case:
    """The case without the evidence, for people who must not be led by the machine's opinion (sample checks)."""
    return replace(
        case,
        candidates=tuple(replace(one, steps=(), probability=None, weight=None) for one in case.candidates),
    )
