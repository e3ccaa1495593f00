"""Waiting: the records a person is asked about, in order; those drawn by lot; those nobody was found for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kodomo.audit import Actor
from kodomo.matching.case import birth_words, records_of
from kodomo.matching.opinion import Standing, opinions, standings
from kodomo.matching.setting import Connection, ask, extracts_for, require_extract, settings, titles
from kodomo.normalize import is_mojibake, unknown_characters
from kodomo.ops import OpsStore


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


def listed(
    con: Connection, statuses: Sequence[str] = ("review",), records: Sequence[tuple[str, str]] = ()
) -> list[Listed]:
    """The links in some states, and some records more, with what hangs on each; the same for everybody."""
    asked = {
        "statuses": list(statuses),
        "extracts": list(titles()),
        "keys": [f"{extract}|{key}" for extract, key in records],
    }
    stakes = {(row["extract"], row["record_key"]): row for row in ask(con, "stakes", **asked)}
    rows = []
    for row in ask(con, "links", **asked, least=settings().least_belief):
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


def with_proposals(con: Connection, ops: OpsStore, rows: Sequence[Listed]) -> list[Listed]:
    """`rows` and, whatever their state, the records on which one of two people has spoken."""
    known = {(row.extract, row.record_key) for row in rows}
    open_ones = [key for key, at in standings(ops).items() if at.proposal is not None and key not in known]
    return [*rows, *listed(con, (), open_ones)] if open_ones else list(rows)


def queue(rows: Sequence[Listed], ops: OpsStore, actor: Actor, extract: str | None = None) -> list[Waiting]:
    """The records this person is asked about, in order.

    First those where a second person is awaited, then by what hangs on a record, then by doubt; those whose
    candidates share a household stand together, so that twins are seen at once; those put off come last.

    Args:
        rows: `with_proposals(con, ops, listed(con))`.
        extract: only records of this one.
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
    require_extract(actor, extract)
    answered = {
        (item.extract, item.record_key)
        for item in opinions(ops)
        if item.origin == "sample" and item.state != "later"
    }
    rows = drawn(con, extract)
    left = [row for row in rows if (row.extract, row.record_key) not in answered]
    return left, len(rows) - len(left)


def drawn(con: Connection, extract: str) -> list[Waiting]:
    """The whole lot of an extract, answered or not."""
    return [
        Waiting(row["extract"], row["record_key"], "auto", row["reasons"] or "", float(row["probability"]))
        for row in ask(con, "sample", extract=extract, most=settings().sample_per_extract)
    ]


@dataclass(frozen=True)
class Unlinked:
    """A record nobody was found for, with its identity, why, and how far the nearest resident is."""

    extract: str
    record_key: str
    name: str | None
    kana: str | None
    birth: str
    delivered_on: date | None
    status: str
    why: str
    nearest: str
    decided_by: str | None


def unlinked(
    con: Connection, actor: Actor, extract: str, *, why: str | None = None, page: int = 1, size: int = 30
) -> tuple[list[Unlinked], int]:
    """The records of an extract that belong to nobody, and how many there are in all.

    Args:
        why: only those of this reason, in the words of `unlinked_reasons`.

    Raises:
        NotYourExtract.
    """
    require_extract(actor, extract)
    keys = ask(
        con,
        "unlinked",
        extract=extract,
        why=why,
        most=size,
        skipped=(max(page, 1) - 1) * size,
    )
    found = records_of(con, extract, [row["record_key"] for row in keys])
    out = []
    for one in keys:
        row = found.get(one["record_key"], {})
        out.append(
            Unlinked(
                extract,
                one["record_key"],
                row.get("name"),
                row.get("kana"),
                birth_words(row),
                row.get("delivered_on"),
                one["status"],
                _why_unlinked(row, one["why"]),
                one["nearest"].replace("；", "、"),
                one["decided_by"],
            )
        )
    return out, int(keys[0]["total"]) if keys else 0


def unlinked_reasons(con: Connection, actor: Actor) -> list[tuple[str, str, int]]:
    """(extract, why, records) of the records that belong to nobody, most first within an extract."""
    rows = ask(con, "unlinked_reasons", extracts=extracts_for(actor))
    order = list(titles())
    rows.sort(key=lambda row: (order.index(row["extract"]), -row["records"], row["why"]))
    return [(row["extract"], row["why"], int(row["records"])) for row in rows]


def _why_unlinked(row: dict[str, Any], why: str) -> str:
    """Why nobody was found, in words that say what could be done."""
    missing = [
        word
        for word, there in (
            ("カナ", row.get("kana")),
            ("生年月日", row.get("birth_date")),
            ("氏名", row.get("name")),
        )
        if not there
    ]
    parts = [why]
    if is_mojibake(row.get("name")):
        parts.append("氏名が文字化けしています")
    elif unknown_characters(row.get("name")):
        parts.append("氏名に読めない字（外字）があります")
    if missing:
        parts.append("、".join(missing) + "がありません")
    return "。".join(dict.fromkeys(parts))
