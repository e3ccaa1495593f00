"""Case: one record beside the residents who may be behind it, field by field."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from kodomo import differences
from kodomo.audit import Actor
from kodomo.differences import Difference
from kodomo.errors import KodomoError
from kodomo.linkage.encode import school_keys
from kodomo.linkage.waterfall import LEVELS
from kodomo.matching.evidence import NAME_KINDS, Step, steps
from kodomo.matching.opinion import Standing, standings
from kodomo.matching.setting import (
    Connection,
    NotYourExtract,
    ask,
    departments,
    extracts_for,
    require_extract,
    settings,
    titles,
)
from kodomo.normalize import address_parts
from kodomo.ops import OpsStore
from kodomo.roster import grade_label

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
# States of 住民基本台帳 in which somebody no longer lives here.
LEFT = {"2": "転出", "3": "死亡", "4": "職権消除"}
_KIND_OF = {1: "alias", 2: "former", 3: "name"}


class RecordGone(KodomoError):
    """The record is not in the snapshot that is shown."""

    def __init__(self) -> None:
        super().__init__("この記録は、いま表示しているデータにありません。一覧を開き直してください。")


@dataclass(frozen=True)
class Line:
    """One field of the record beside the same field of a candidate; `words` says how they agree."""

    label: str
    difference: Difference
    words: str
    agrees: bool | None


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
    """A resident perhaps behind the record; `probability` and `steps` are empty for one found by search."""

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
    last_opinion: int = 0


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
    require_extract(actor, extract)
    record = records_of(con, extract, [record_key]).get(record_key)
    with con.cursor() as cursor:
        links = cursor.execute(
            "select status, resident_id, coalesce(reasons, '') from link"
            " where extract = ? and record_key = ?",
            [extract, record_key],
        ).fetchall()
        model = cursor.execute("select value from meta where key = 'linkage_model'").fetchall()
    if record is None or not links:
        raise RecordGone
    status, linked, reasons = links[0]
    at = standings(ops).get((extract, record_key), Standing())
    offered = {
        row["resident_id"]: row for row in ask(con, "candidates", extract=extract, record_key=record_key)
    }
    order = [one for one in ([linked] if linked else []) + list(offered) if one not in at.ruled_out]
    order = list(dict.fromkeys([*also, *order]))[:6]
    if at.proposal is not None and at.proposal.resident_id and at.proposal.resident_id not in order:
        # The second person must be able to name whom the first named; the last place gives least away.
        order.append(at.proposal.resident_id)
    people = read_people(con, order, as_of)
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
        reasons.split("；")[-1] if reasons and status not in ("auto", "confirmed") else "",
        extract in settings().two_people,
        at,
        candidates,
        best,
        model[0][0] if model else "",
        at.last_opinion,
    )


def records_of(con: Connection, extract: str, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Identity of some records, newest version of each: record_key → fields of IDENTITY it has."""
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
            where record_key in (select unnest($keys::varchar[]))
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
class People:
    """What the register and the schools say of some residents: by resident, households by their number."""

    residents: dict[str, dict[str, Any]]
    households: dict[str, list[dict[str, Any]]]
    former: dict[str, list[dict[str, Any]]]
    schools: dict[str, list[dict[str, Any]]]


def read_people(con: Connection, wanted: Sequence[str], as_of: date) -> People:
    """Read the identity of some residents and of everybody in their households, as of the judgement day."""
    residents: dict[str, dict[str, Any]] = {}
    households: dict[str, list[dict[str, Any]]] = {}
    rows = [row["row_id"] for row in ask(con, "household_rows", residents=list(wanted))]
    for row in ask(con, "residents", rows=rows, as_of=as_of):
        residents[row["resident_id"]] = row
        households.setdefault(row["household_id"], []).append(row)
    former: dict[str, list[dict[str, Any]]] = {}
    for row in ask(con, "former", residents=list(wanted)):
        former.setdefault(row["resident_id"], []).append(row)
    schools: dict[str, list[dict[str, Any]]] = {}
    for row in ask(con, "schools", residents=list(wanted)):
        schools.setdefault(row["resident_id"], []).append(row)
    return People({one: residents[one] for one in wanted if one in residents}, households, former, schools)


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
    resident: str, offer: dict[str, Any] | None, record: dict[str, Any], people: People, hidden: bool
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
        tuple(steps(offer, level)) if offer and offer["bits"] else (),
        tuple(
            Member(
                "" if row["relation"] is None else str(row["relation"]),
                row["name"] or "",
                birth_words(row),
                row["birth_date"] is not None
                and row["birth_date"] == person["birth_date"]
                and row["resident_id"] != resident,
                row["resident_id"] == resident,
                row["status"] not in LEFT,
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
    if person["status"] in LEFT:
        when = f"（{person['status_on']}）" if person["status_on"] else ""
        out.append(f"この人は住民基本台帳では{LEFT[person['status']]}しています{when}。")
    if person["protected"]:
        out.append("支援措置の対象のため、住所と学校は表示しません。")
    return out


def _lines(
    record: dict[str, Any], person: dict[str, Any], people: People, level: dict[str, int], hidden: bool
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
    spans = (*parted.left, *parted.right)
    written = any(span.kind == differences.FORM and span.text.strip() for span in spans)
    return "一致（全角・半角やかなの違いだけ）" if written else "一致"


def _other_name(
    record: dict[str, Any], person: dict[str, Any], people: People, level: dict[str, int]
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
        values = known.get(_KIND_OF.get(kind, ""), [])
    label = NAME_KINDS.get(kind, "")
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


def _guardian_line(name: str, person: dict[str, Any], people: People) -> Line:
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


HIDDEN = "支援措置のため表示しません"


def _address_line(address: str, person: dict[str, Any], people: People, hidden: bool) -> Line:
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
        return Line("住所", differences.plain(HIDDEN, HIDDEN), "一致" if agrees else "ちがいます", agrees)
    detail = f"　{person['address_detail']}" if person["address_detail"] and not old else ""
    left = (differences.Span(address, differences.SAME),)
    right = (differences.Span(f"{best or ''}{detail}", differences.SAME),)
    return Line("住所", Difference(left, right, ()), words or "片方にありません", agrees)


def _school_line(
    school: str | None, record: dict[str, Any], person: dict[str, Any], people: People, hidden: bool
) -> Line:
    rows = people.schools.get(person["resident_id"], [])
    names = list(dict.fromkeys(row["school_name"] for row in rows if row["school_name"]))
    grade = f"　{grade_label(record['grade'])}" if record.get("grade") is not None else ""
    group = record.get("class_name") or ""
    group = f" {group}" + ("" if group.endswith("組") else "組") if group else ""
    if hidden:
        return Line("学校", differences.plain(HIDDEN, HIDDEN), "", None)
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
            theirs + (f"　{grade_label(newest)}" if newest is not None and theirs else ""), differences.SAME
        ),
    )
    words = {True: "同じ学校", False: "別の学校", None: "くらべられません"}[agrees]
    return Line("学校", Difference(left, right, ()), words, agrees)


def _school(name: str) -> str:
    return school_keys([name], [None], {})[0]


@dataclass(frozen=True)
class Attached:
    """A record that is linked to a resident, by its identity alone."""

    extract: str
    record_key: str
    title: str
    name: str | None
    birth: str
    delivered_on: date | None
    status: str


def attached(con: Connection, actor: Actor, resident_id: str) -> list[Attached]:
    """The records now linked to a resident, of the extracts this person may match and of no others.

    That another department has a record at all may say that a family is known to 児童相談所 or 家庭相談:
    whoever matches one department's records learns nothing of the others', not even that they are there.
    """
    mine = extracts_for(actor)
    with con.cursor() as cursor:
        rows = cursor.execute(
            "select extract, record_key, status from link"
            " where resident_id = $1 and status in ('auto', 'confirmed')"
            " and list_contains($2::varchar[], extract) order by extract, record_key",
            [resident_id, mine],
        ).fetchall()
    keys: dict[str, list[str]] = {}
    for extract, key, _ in rows:
        keys.setdefault(extract, []).append(key)
    found = {extract: records_of(con, extract, part) for extract, part in keys.items()}
    out = []
    for extract, key, status in sorted(rows, key=lambda row: (list(titles()).index(row[0]), row[1])):
        row = found[extract].get(key, {})
        out.append(
            Attached(
                extract,
                key,
                titles()[extract],
                row.get("name"),
                birth_words(row) if row else "",
                row.get("delivered_on"),
                status,
            )
        )
    return out


@dataclass(frozen=True)
class Found:
    """A resident found by name: enough to choose, no more.

    `place` goes to 丁目; `left` says 転出, 死亡 or 職権消除.
    """

    resident_id: str
    name: str
    kana: str
    birth: str
    place: str
    relation: str
    left: str
    protected: bool


def describe(con: Connection, residents: Sequence[str], as_of: date) -> list[Found]:
    """Identity of some residents in the order asked, addresses to 丁目 and under 支援措置 not at all."""
    people = read_people(con, residents, as_of).residents
    out = []
    for one in residents:
        if one not in people:
            continue
        row = people[one]
        at = address_parts(row["address"])
        place = f"{at.town}{at.chome}丁目" if at.chome else at.town
        out.append(
            Found(
                one,
                row["name"] or "",
                row["kana"] or "",
                birth_words(row),
                HIDDEN if row["protected"] else place,
                "" if row["relation"] is None else str(row["relation"]),
                LEFT.get(row["status"] or "", ""),
                bool(row["protected"]),
            )
        )
    return out


def without_steps(case: Case) -> Case:
    """The case without the evidence, for people who must not be led by the machine (sample checks)."""
    return replace(
        case,
        candidates=tuple(replace(one, steps=(), probability=None, weight=None) for one in case.candidates),
    )
