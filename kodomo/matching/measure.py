"""Measure: how right the automatic links are by what people answered, and what answering costs."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from kodomo.audit import Actor
from kodomo.matching.opinion import SAME, Opinion, opinions
from kodomo.matching.setting import Connection, extracts_for
from kodomo.ops import JST, OpsStore, jst_date
from kodomo.outcomes import wilson


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

    precision: automatic links drawn by lot that a person found right. reviewed: review rows that did belong
    to somebody. found: records without a resident for whom a person did find one. recall and its interval
    follow from the three and from how many rows stand in each state; None while one of them is unknown.
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
class Point:
    """How right the automatic links were known to be at the end of a month, from all checks until then."""

    month: str
    precision: Share


def course(ops: OpsStore, actor: Actor, extract: str | None = None) -> list[Point]:
    """The estimated precision of the automatic links, month by month, oldest first.

    Args:
        extract: of this one alone, else over all this person may match.
    """
    mine = {extract} & set(extracts_for(actor)) if extract else set(extracts_for(actor))
    newest: dict[tuple[str, str], bool] = {}
    out: dict[str, Point] = {}
    for item in opinions(ops):
        if item.extract not in mine or item.machine_status != "auto":
            continue
        key = (item.extract, item.record_key)
        if item.state == "undone":
            newest.pop(key, None)
        elif item.state in ("final", "agreed") and (item.origin == "sample" or key in newest):
            newest[key] = item.answer == SAME
        else:
            continue
        out[item.month] = Point(item.month, Share(sum(newest.values()), len(newest)))
    return [out[month] for month in sorted(out)]


@dataclass(frozen=True)
class Month:
    """The work of one month: answers (not あとで or 取り消し), people, minutes in all, the middle one."""

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
    """What the trial with hidden numbers gave (meta `linkage_hidden`), if there was one."""
    with con.cursor() as cursor:
        rows = cursor.execute("select value from meta where key = 'linkage_hidden'").fetchall()
    if not rows:
        return None
    return Hidden(*(int(part) for part in rows[0][0].split(",")))
