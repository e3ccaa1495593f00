"""Last time: how one child's points differ from the judgement before, reason by reason, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

import duckdb

from kodomo import changes
from kodomo.conditions import Facts, Leaf, leaves, truth
from kodomo.explain import amount
from kodomo.paths import SQL
from kodomo.roster import query
from kodomo.rules import ItemLike, RuleSet, catalogue, load_categories, score

#: Extracts of which only worrying records stand among the events: one missing there proves nothing.
_PARTLY_EVENTS = frozenset({"attendance", "mood_check", "infant_checkup"})

_PARTS = ("judgement", "reason", "value")
_TABLES = tuple(f"{when}_{part}" for when in ("earlier", "now") for part in _PARTS)

#: Why a reason came, went or changed its points, in the words of the screen.
CAUSES: Mapping[str, str] = {
    "arrived": "転入・出生など",
    "new": "新しい事実",
    "rose": "増えた",
    "waited": "日がたって届いた",
    "found": "不明だったことが分かった",
    "fell": "減った",
    "ended": "なくなった",
    "aged": "期間を過ぎた",
    "year": "年度が変わった",
    "corrected": "記録の訂正",
    "lost": "不明になった",
    "band": "年齢区分が変わった",
    "rules": "判定基準の変更",
    "cap": "上限の調整",
    "other": "ほかの理由",
}


@dataclass(frozen=True)
class Difference:
    """One reason whose points differ; `cause` is a key of CAUSES, `why` the sentence about it."""

    kind: str
    code: str
    text: str
    before: float | None
    now: float | None
    cause: str
    why: str

    @property
    def points(self) -> float:
        """What it adds to (or takes from) the points of the earlier judgement."""
        return round((self.now or 0.0) - (self.before or 0.0), 2)


@dataclass(frozen=True)
class CategoryDifference:
    """One category then and now; the points of `differences` add up to the whole difference."""

    category: str
    label: str
    level_before: int
    level: int
    points_before: float
    points: float
    differences: tuple[Difference, ...]
    moved_edges: bool

    @property
    def sentence(self) -> str:
        """The whole difference in one sentence."""
        levels = load_categories().levels
        before, now = levels[self.level_before].label, levels[self.level].label
        if self.level != self.level_before:
            start = (
                f"「{before}」から「{now}」に{'上がり' if self.level > self.level_before else '下がり'}ました"
            )
        else:
            start = f"前回と同じ「{now}」です"
        points = f"（{self.points_before:g}点 → {self.points:g}点）。"
        if self.moved_edges:
            return start + points + "レベルの境目の点数が変わったためです。"
        return start + points


@dataclass(frozen=True)
class LastTime:
    """What changed since the earlier judgement; `is_new` when the child was no child of the city then."""

    before: changes.Basis
    is_new: bool
    rules_changed: bool
    categories: tuple[CategoryDifference, ...]


@dataclass(frozen=True)
class _Day:
    """The child on one of the two days: item values (None is unknown), newest dates, reasons.

    `there` is false where the child was no child of the city then.
    """

    day: date
    there: bool
    values: Mapping[str, float | None]
    dates: Mapping[str, date | None]
    age_band: str
    reasons: Mapping[tuple[str, str], Mapping[str, Any]]
    unknown: frozenset[str] = field(default_factory=frozenset)

    @property
    def facts(self) -> Facts:
        return Facts(self.values, self.dates, self.day, self.age_band)

    def known(self, item: str) -> float | None:
        """The item's value, 0 where nothing is recorded, None where it is unknown."""
        return self.values.get(item, None if item in self.unknown else 0.0)


def compare(
    con: duckdb.DuckDBPyConnection,
    residents: Sequence[str],
    as_of: date,
    ruleset: RuleSet,
    items: Mapping[str, ItemLike] | None = None,
) -> dict[str, LastTime]:
    """Hold the judgement of some children against the one before.

    What a changed rule set does is told apart from what happened: the facts of the earlier day are judged by
    the rules of today in between.

    Args:
        con: a cursor on the published snapshot.
        residents: the children; access is the caller's business.
        as_of: the day the snapshot was judged for.
        ruleset: the rule set by which it was judged.
        items: the catalogue, the city's own when None.

    Returns:
        By resident id, for those who are judged now; empty where the snapshot keeps no earlier judgement.
    """
    before = changes.basis(con)
    if before is None or not residents:
        return {}
    known, shown = catalogue(items), load_categories()
    read = {name: _by_child(con, name, residents) for name in _TABLES}
    rules_changed = before.ruleset != ruleset.id
    days = {
        resident: (
            _day(before.as_of, *(read[f"earlier_{part}"][resident] for part in _PARTS)),
            _day(as_of, *(read[f"now_{part}"][resident] for part in _PARTS)),
        )
        for resident in residents
        if resident in read["now_judgement"]
    }
    evidence = _evidence(con, (row for pair in days.values() for day in pair for row in day.reasons.values()))
    found = {}
    for resident, (then, now) in days.items():
        earlier = {row["category"]: row for row in read["earlier_judgement"][resident]}
        judged = {row["category"]: row for row in read["now_judgement"][resident]}
        teller = _Teller(ruleset, known, then, now, evidence)
        categories = tuple(
            _category(category.code, category.label, earlier, judged, teller, rules_changed)
            for category in shown.categories
            if category.code in judged
        )
        found[resident] = LastTime(before, not earlier, rules_changed, categories)
    return found


def _category(
    category: str,
    label: str,
    earlier: Mapping[str, Mapping[str, Any]],
    judged: Mapping[str, Mapping[str, Any]],
    teller: _Teller,
    rules_changed: bool,
) -> CategoryDifference:
    before = earlier.get(category, {"level": 0, "points": 0.0})
    row = judged[category]
    differences = teller.differences(category, rules_changed)
    told = sum(one.points for one in differences)
    left_over = round(row["points"] - before["points"] - told, 2)
    if left_over:
        rest = Difference("item", "", "上のどれにも分けられない差", None, left_over, "other", "")
        differences = (*differences, rest)
    return CategoryDifference(
        category=category,
        label=label,
        level_before=before["level"],
        level=row["level"],
        points_before=before["points"],
        points=row["points"],
        differences=differences,
        moved_edges=rules_changed and row["level"] != before["level"] and not differences,
    )


class _Teller:
    """Finds the reasons that differ and the sentence for each."""

    def __init__(
        self,
        ruleset: RuleSet,
        items: Mapping[str, ItemLike],
        then: _Day,
        now: _Day,
        evidence: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self.ruleset, self.items, self.then, self.now, self.evidence = ruleset, items, then, now, evidence
        self.leaves: dict[str, tuple[Leaf, ...]] = {
            rule.code: (Leaf(rule.item, ">", 0.0),) for rule in ruleset.items
        }
        for row in (*ruleset.combinations, *ruleset.triggers, *ruleset.suppressions):
            self.leaves[row.code] = tuple(leaves(row.when))

    def differences(self, category: str, rules_changed: bool) -> tuple[Difference, ...]:
        """The reasons of one category that differ, the weightiest first."""
        middle: dict[str, float] | None = None
        if rules_changed:
            between = score(self.ruleset, category, self.then.facts)
            middle = {**between.hits, **{code: -over for code, over in between.caps.items()}}
        found = []
        keys = {key for key in (*self.then.reasons, *self.now.reasons) if key[0] == category}
        for _, code in sorted(keys):
            old, new = self.then.reasons.get((category, code)), self.now.reasons.get((category, code))
            before: float | None = old["points"] if old else None
            after: float | None = new["points"] if new else None
            if old is not None and new is not None and before == after:
                continue
            row = new or old
            assert row is not None
            by_rules = middle is not None and middle.get(code) != before and middle.get(code) == after
            if not self.then.there:
                cause, why = "arrived", "前回は、この市の対象のこどもではありませんでした。"
            elif by_rules:
                cause, why = "rules", "判定基準が変わったためで、事実は同じです。"
            elif row["kind"] == "cap":
                cause, why = "cap", "まとめて数える理由の点が変わったため、上限で止める分が変わりました。"
            else:
                cause, why = self.cause(code, old, new)
                if middle is not None and middle.get(code) != before:
                    why += "判定基準も変わっています。"
            text = row["text"].split("。")[0]
            found.append(Difference(row["kind"], code, text, before, after, cause, why))
        return tuple(sorted(found, key=lambda one: (-abs(one.points), one.kind, one.code)))

    def cause(
        self, code: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None
    ) -> tuple[str, str]:
        """Why one reason differs: the item that turned one of its parts (else the first that moved)."""
        turned = [
            leaf.item
            for leaf in self.leaves.get(code, ())
            if truth(leaf, self.then.facts) != truth(leaf, self.now.facts)
        ]
        for item in dict.fromkeys((*turned, *(leaf.item for leaf in self.leaves.get(code, ())))):
            before, after = self.then.known(item), self.now.known(item)
            if before != after:
                return self._of_item(self.items[item], before, after, old, new)
        if self.then.age_band != self.now.age_band:
            return "band", f"年齢区分が「{self.then.age_band}」から「{self.now.age_band}」に変わりました。"
        if new is None or (old is not None and (new["points"] or 0.0) < (old["points"] or 0.0)):
            return "aged", "記録は同じですが、数える期間を過ぎました。"
        fresh = self._fresh(new)
        return (
            ("new", f"新しい記録があります（{fresh}）。")
            if fresh
            else ("waited", "日がたって当てはまりました。")
        )

    def _of_item(
        self,
        item: ItemLike,
        before: float | None,
        after: float | None,
        old: Mapping[str, Any] | None,
        new: Mapping[str, Any] | None,
    ) -> tuple[str, str]:
        name, then, now = f"「{item.label}」", amount(item, before), amount(item, after)
        if before is None:
            return "found", f"{name}は前回は不明でしたが、今回は{now}と分かりました。"
        if after is None:
            return (
                "lost",
                f"{name}は前回は{then}でしたが、今回は不明です。よくなったという意味ではありません。",
            )
        change = f"{name}が{then}から{now}になりました。"
        if after > before:
            fresh = self._fresh(new)
            if not fresh and new is not None:
                return "waited", change + "新しい記録はなく、日がたったためです。"
            return "rose" if before else "new", change + (f"新しい記録（{fresh}）。" if fresh else "")
        kind, because = self._fall(item, old)
        if kind == "fell" and not after and item.kind != "measure":
            kind = "ended"
        return kind, change + because

    def _fresh(self, new: Mapping[str, Any] | None) -> str:
        """When the newest evidence became known, if that was after the earlier judgement."""
        days = [
            row["recorded_on"]
            for row in self._behind(new)
            if row["recorded_on"] and row["recorded_on"] > self.then.day
        ]
        return f"登録 {max(days)}" if days else ""

    def _behind(self, reason: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
        ids: Sequence[str] = (reason or {}).get("event_ids") or ()
        return [self.evidence[event] for event in ids if event in self.evidence]

    def _fall(self, item: ItemLike, old: Mapping[str, Any] | None) -> tuple[str, str]:
        """Why a value fell: corrected, ended, a new 年度, out of the window, or counted lower anew."""
        ids: Sequence[str] = (old or {}).get("event_ids") or ()
        behind = self._behind(old)
        told = {event for event in ids if event.split(":", 1)[0] not in _PARTLY_EVENTS}
        if not told <= set(self.evidence):
            return "corrected", "もとの記録が訂正されたか、取り消されました。"
        ended = [
            row["ended_on"]
            for row in behind
            if row["ended_on"] and self.then.day < row["ended_on"] <= self.now.day
        ]
        if ended:
            return "ended", f"{max(ended)}に終わりました。"
        if "年度" in item.window and _fiscal_year(self.then.day) != _fiscal_year(self.now.day):
            return "year", "新しい年度になり、数え直しています。"
        if behind and ("直近" in item.window or "か月" in item.window):
            return "aged", f"数える期間（{item.window}）を過ぎた記録があります。"
        return "fell", ""


def _day(
    day: date,
    judged: Sequence[Mapping[str, Any]],
    reasons: Sequence[Mapping[str, Any]],
    values: Sequence[Mapping[str, Any]],
) -> _Day:
    known = {row["item"]: row["value"] for row in values}
    unknown = frozenset(item for row in judged for item in row["missing"] if item not in known)
    return _Day(
        day,
        bool(judged),
        {**known, **dict.fromkeys(unknown)},
        {row["item"]: row["newest_occurred_on"] for row in values},
        next((row["age_band"] for row in judged), ""),
        {(row["category"], row["code"]): row for row in reasons},
        unknown,
    )


def _evidence(
    con: duckdb.DuckDBPyConnection, reasons: Iterable[Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    wanted = sorted({event for reason in reasons for event in reason["event_ids"] or ()})
    return {row["event_id"]: row for row in query(con, _sql("evidence"), event_ids=wanted)}


def _fiscal_year(day: date) -> int:
    return day.year if day.month >= 4 else day.year - 1


@cache
def _sql(name: str) -> str:
    return (SQL / "explain" / f"{name}.sql").read_text(encoding="utf-8")


def _by_child(
    con: duckdb.DuckDBPyConnection, name: str, residents: Sequence[str]
) -> defaultdict[str, list[dict[str, Any]]]:
    """Run one file of sql/explain for some children; its rows by child."""
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in query(con, _sql(name), residents=list(residents)):
        found[row["resident_id"]].append(row)
    return found
