"""Outcomes: the five quantitative indicators (定量的成果指標), computed from what staff do every day."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from kodomo import cases
from kodomo.ops import OpsStore, jst_date, parse_utc
from kodomo.paths import SQL

# 95 % two-sided.
Z = 1.959963984540054

COLUMNS = (
    "review_id",
    "resident_id",
    "version",
    "reviewed_on",
    "month",
    "outcome",
    "counts_as",
    "leads_to_help",
    "reason_code",
    "level",
    "known_case",
    "since",
    "minutes",
    "user_id",
    "ruleset",
)


@dataclass(frozen=True)
class Indicator:
    """One figure of the five, with its unit and the sentence that says how to read it.

    value is None where there is nothing to compute from yet; a value in % runs from 0 to 1; low and high
    are a 95 % interval.
    """

    number: int
    code: str
    label: str
    value: float | None
    unit: str
    text: str
    low: float | None = None
    high: float | None = None


def wilson(found: int, of: int) -> tuple[float, float]:
    """The 95 % Wilson score interval of a share, two numbers from 0 to 1; (0, 1) when nothing was counted."""
    if of <= 0:
        return 0.0, 1.0
    share = found / of
    scale = 1 + Z * Z / of
    middle = (share + Z * Z / (2 * of)) / scale
    half = Z * math.sqrt(share * (1 - share) / of + Z * Z / (4 * of * of)) / scale
    return max(0.0, middle - half), min(1.0, middle + half)


def months(since: date, until: date) -> list[str]:
    """The months from `since` to `until`, both included, as `2026-04`."""
    first, last = since.year * 12 + since.month - 1, until.year * 12 + until.month - 1
    return [f"{number // 12:04d}-{number % 12 + 1:02d}" for number in range(first, last + 1)]


def period(ops: OpsStore) -> tuple[date, date] | None:
    """The days of the first and the last review; None while there is none."""
    with ops.read() as con:
        row = con.execute("select min(reviewed_on) as first, max(reviewed_on) as last from review").fetchone()
    if row["first"] is None:
        return None
    return date.fromisoformat(row["first"]), date.fromisoformat(row["last"])


def reviews(ops: OpsStore, since: date, until: date) -> pd.DataFrame:
    """The reviews of a period without any free text, oldest first.

    Returns:
        columns `COLUMNS`; month as `2026-04`, counts_as and leads_to_help from data/reviews.toml,
        since = the day the child came onto the list (or the judgement day), minutes of work.
    """
    known = cases.catalogue().outcomes
    with ops.read() as con:
        rows = con.execute(
            "select * from review where reviewed_on between ? and ? order by reviewed_on, review_id",
            (since.isoformat(), until.isoformat()),
        ).fetchall()
    return pd.DataFrame(
        [
            (
                row["review_id"],
                row["resident_id"],
                row["version"],
                date.fromisoformat(row["reviewed_on"]),
                row["reviewed_on"][:7],
                row["outcome"],
                known[row["outcome"]].counts_as if row["outcome"] in known else "open",
                row["outcome"] in known and known[row["outcome"]].leads_to_help,
                row["reason_code"],
                row["level"],
                None if row["known_case"] is None else bool(row["known_case"]),
                _day(row["flagged_on"] or row["as_of"]),
                row["minutes"],
                row["user_id"],
                row["ruleset"],
            )
            for row in rows
        ],
        columns=pd.Index(COLUMNS),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


# -- 1: newly found -----------------------------------------------------------------------------


def newly_found(ops: OpsStore, since: date, until: date) -> pd.DataFrame:
    """① Children in need of support whom the centre did not know before, by month.

    A child counts once, in the month of the first review that found 要支援候補 while the child was no
    known case (要対協, 家庭相談, 児相).

    Returns:
        columns month, children; every month of the period has a row.
    """
    with ops.read() as con:
        rows = con.execute(
            "select substr(min(reviewed_on), 1, 7) as month, min(reviewed_on) as day, resident_id from review"
            " where outcome = 'needs_support' and known_case = 0 group by resident_id"
        ).fetchall()
    counts = dict.fromkeys(months(since, until), 0)
    for row in rows:
        if since.isoformat() <= row["day"] <= until.isoformat():
            counts[row["month"]] += 1
    return pd.DataFrame(list(counts.items()), columns=pd.Index(["month", "children"]))


# -- 2: what reviews found ----------------------------------------------------------------------


def breakdown(ops: OpsStore, since: date, until: date) -> pd.DataFrame:
    """② What reviews concluded, by month and outcome.

    Returns:
        columns month, outcome, label, reviews; every month and outcome has a row, in the order of
        data/reviews.toml.
    """
    found = reviews(ops, since, until)
    counted = found.groupby(["month", "outcome"]).size().to_dict() if len(found) else {}
    return pd.DataFrame(
        [
            (month, outcome.code, outcome.label, int(counted.get((month, outcome.code), 0)))
            for month in months(since, until)
            for outcome in cases.catalogue().outcomes.values()
        ],
        columns=pd.Index(["month", "outcome", "label", "reviews"]),
    )


def precision(ops: OpsStore, since: date, until: date) -> pd.DataFrame:
    """② How often a look at a listed child was worth it, by category and level (適合率).

    Each child counts once, by its newest review of the period; 保留 is not decided and stays out.
    found = 要支援候補 + 見守り + 既支援.

    Returns:
        columns category, level, reviewed, found, precision, low, high (95 % Wilson); the rows with
        category '' and level 0 are over all children. precision is None where nothing was decided.
    """
    newest = _newest(reviews(ops, since, until))
    decided = newest[newest["counts_as"] != "open"]
    rows = [("", 0, *_share(decided))]
    if len(decided):
        with ops.read() as con:
            levels = pd.DataFrame(
                [tuple(row) for row in con.execute("select * from review_level where level >= 1")],
                columns=pd.Index(["review_id", "category", "seen_level"]),
            )
        joined = decided.merge(levels, on="review_id")
        keys = sorted(set(zip(joined["category"].tolist(), joined["seen_level"].tolist(), strict=True)))
        for category, level in keys:
            part = joined[(joined["category"] == category) & (joined["seen_level"] == level)]
            rows.append((category, int(level), *_share(part)))
    names = ["category", "level", "reviewed", "found", "precision", "low", "high"]
    return pd.DataFrame(rows, columns=pd.Index(names))


def _newest(found: pd.DataFrame) -> pd.DataFrame:
    return found.sort_values(["resident_id", "version"]).drop_duplicates("resident_id", keep="last")


def _share(part: pd.DataFrame) -> tuple[int, int, float | None, float, float]:
    hits = int((part["counts_as"] == "found").sum())
    low, high = wilson(hits, len(part))
    return len(part), hits, hits / len(part) if len(part) else None, low, high


# -- 3: led to help -----------------------------------------------------------------------------


def led_to_help(ops: OpsStore, since: date, until: date) -> pd.DataFrame:
    """③ Children whose review led to support or watching, by month.

    Each child counts once a month, by its newest review of that month; 保留 is not decided and stays out.

    Returns:
        columns month, children, helped, share (None in a month without a decision).
    """
    found = reviews(ops, since, until)
    rows = []
    for month in months(since, until):
        part = _newest(found[found["month"] == month])
        part = part[part["counts_as"] != "open"]
        helped = int(part["leads_to_help"].sum()) if len(part) else 0
        rows.append((month, len(part), helped, helped / len(part) if len(part) else None))
    return pd.DataFrame(rows, columns=pd.Index(["month", "children", "helped", "share"]))


# -- 4: how early -------------------------------------------------------------------------------


def waiting_days(ops: OpsStore, since: date, until: date) -> pd.DataFrame:
    """④ Days from the judgement that put a child on the list to the look of a person, by month.

    Returns:
        columns month, reviews, median_days, p90_days (None in a month without reviews).
    """
    found = reviews(ops, since, until)
    rows = []
    for month in months(since, until):
        part = found[found["month"] == month]
        days = _waits(part)
        rows.append((month, len(days), _quantile(days, 0.5), _quantile(days, 0.9)))
    return pd.DataFrame(rows, columns=pd.Index(["month", "reviews", "median_days", "p90_days"]))


def _waits(part: pd.DataFrame) -> list[float]:
    """Days from the list to the review, for reviews that know since when."""
    pairs = zip(part["reviewed_on"].tolist(), part["since"].tolist(), strict=True)
    return [float(max((at - start).days, 0)) for at, start in pairs if isinstance(start, date)]


def _measured(part: pd.DataFrame) -> list[float]:
    """Minutes of the reviews whose beginning is known."""
    return [float(minutes) for minutes in part["minutes"].tolist() if minutes > 0]


def _quantile(values: list[float], share: float) -> float | None:
    return float(np.quantile(values, share)) if values else None


def lead_days(cursor: Any, ops: OpsStore, since: date, until: date) -> pd.DataFrame:
    """④ How long before a grave event (通告, 要対協, 一時保護) a child had been on the list and looked at.

    Args:
        cursor: a DuckDB cursor on the current snapshot (table event).
        since, until: the period in which the grave event happened.

    Returns:
        one row per child whose first grave event after its first review lies in the period: columns
        extract, occurred_on, flagged_on, reviewed_on, lead_days (from the list to the event). No ids.
    """
    with ops.read() as con:
        rows = con.execute(
            "select resident_id, coalesce(flagged_on, as_of, reviewed_on) as flagged_on, reviewed_on"
            " from review where version = 1 order by resident_id"
        ).fetchall()
    first = pd.DataFrame(
        [
            (row["resident_id"], pd.Timestamp(row["flagged_on"]), pd.Timestamp(row["reviewed_on"]))
            for row in rows
        ],
        columns=pd.Index(["resident_id", "flagged_on", "reviewed_on"]),
    ).astype({"resident_id": "string", "flagged_on": "datetime64[us]", "reviewed_on": "datetime64[us]"})
    cursor.register("first_review", first)
    try:
        sql = (SQL / "outcomes" / "lead_days.sql").read_text(encoding="utf-8")
        found = cursor.execute(sql, {"since": since, "until": until}).fetchall()
    finally:
        cursor.unregister("first_review")
    names = ["extract", "occurred_on", "flagged_on", "reviewed_on", "lead_days"]
    return pd.DataFrame(found, columns=pd.Index(names))


# -- 5: the load on staff -----------------------------------------------------------------------


def workload(ops: OpsStore, since: date, until: date) -> pd.DataFrame:
    """⑤ The work this costs, by month: reviews, minutes per review, people, matches checked (名寄せ).

    Returns:
        columns month, reviews, staff, minutes (sum), minutes_per_review (median of measured ones),
        links, link_minutes (sum).
    """
    found = reviews(ops, since, until)
    with ops.read() as con:
        links = [
            (jst_date(parse_utc(row["decided_at"])).isoformat()[:7], row["minutes"] or 0.0)
            for row in con.execute("select decided_at, minutes from link_decision")
        ]
    rows = []
    for month in months(since, until):
        part = found[found["month"] == month]
        measured = _measured(part)
        checked = [minutes for at, minutes in links if at == month]
        rows.append(
            (
                month,
                len(part),
                int(part["user_id"].nunique()),
                round(sum(measured), 1),
                _quantile(measured, 0.5),
                len(checked),
                round(sum(checked), 1),
            )
        )
    names = ["month", "reviews", "staff", "minutes", "minutes_per_review", "links", "link_minutes"]
    return pd.DataFrame(rows, columns=pd.Index(names))


# -- together -----------------------------------------------------------------------------------


def indicators(ops: OpsStore, since: date, until: date, cursor: Any = None) -> list[Indicator]:
    """The five indicators over a period, for cards and reports.

    Args:
        cursor: a DuckDB cursor on the current snapshot; without it the lead before grave events is left out.
    """
    found = reviews(ops, since, until)
    new = int(newly_found(ops, since, until)["children"].sum())
    overall = precision(ops, since, until).iloc[0]
    decided, hits = int(overall["reviewed"]), int(overall["found"])
    newest = _newest(found)
    newest = newest[newest["counts_as"] != "open"]
    helped = int(newest["leads_to_help"].sum()) if len(newest) else 0
    low, high = wilson(helped, len(newest))
    days = _waits(found)
    minutes = _measured(found)
    span = max(len(months(since, until)), 1)
    cards = [
        Indicator(
            1,
            "newly_found",
            "新たに把握した支援が必要なこども",
            float(new),
            "人",
            "センターがまだ把握していなかったこどものうち、確認の結果「要支援候補」となった人数です。",
        ),
        Indicator(
            2,
            "precision",
            "確認の適合率",
            hits / decided if decided else None,
            "%",
            f"確認した{decided:,}人のうち、要支援候補・見守り・既支援が{hits:,}人でした（保留を除く）。",
            float(overall["low"]) if decided else None,
            float(overall["high"]) if decided else None,
        ),
        Indicator(
            3,
            "led_to_help",
            "支援・見守りにつながった割合",
            helped / len(newest) if len(newest) else None,
            "%",
            f"確認した{len(newest):,}人のうち、{helped:,}人が支援の検討や見守りにつながりました。",
            low if len(newest) else None,
            high if len(newest) else None,
        ),
        Indicator(
            4,
            "waiting_days",
            "判定から職員確認までの日数",
            _quantile(days, 0.5),
            "日",
            f"まん中の日数です。9割は{_quantile(days, 0.9):.0f}日以内に確認しました。"
            if days
            else "まだ確認の記録がありません。",
        ),
    ]
    if cursor is not None:
        ahead = [float(value) for value in lead_days(cursor, ops, since, until)["lead_days"].tolist()]
        cards.append(
            Indicator(
                4,
                "lead_days",
                "重い出来事より早く把握した日数",
                _quantile(ahead, 0.5),
                "日",
                f"通告・要対協・一時保護などの前に一覧で把握していた{len(ahead):,}人の、まん中の日数です。",
            )
        )
    cards.append(
        Indicator(
            5,
            "workload",
            "職員の負荷（確認件数）",
            len(found) / span if len(found) else None,
            "件/月",
            f"1件あたりの時間は、まん中で{_quantile(minutes, 0.5):.0f}分です。"
            if minutes
            else "時間の記録はまだありません。",
        )
    )
    return cards
