"""Explain: why a child stands at a level, what is unknown, who can tell, and what one fact would change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Protocol

import duckdb

from kodomo.conditions import Facts
from kodomo.contracts import load_contracts
from kodomo.judge import meta
from kodomo.paths import SQL
from kodomo.roster import query
from kodomo.rules import Categories, ItemLike, RuleSet, catalogue, load_categories, score
from kodomo.single_fact import Turn, turns


class ExplainedItem(ItemLike, Protocol):
    """What an explanation needs of a catalogue item on top of what the rules need."""

    @property
    def extract(self) -> str: ...
    @property
    def unknown_text(self) -> str: ...


@dataclass(frozen=True)
class Contribution:
    """One bar: a rule that counts, its points (a cap is negative), its words and the events behind it."""

    kind: str
    code: str
    points: float
    text: str
    why: str
    source: str
    events: int
    event_ids: tuple[str, ...]


@dataclass(frozen=True)
class Missing:
    """An item that is unknown: why, which department can tell, and what would fill it."""

    item: str
    label: str
    why: str
    department: str
    unknown_text: str


@dataclass(frozen=True)
class Change:
    """What one fact would do: if `text` (half a sentence) held, the level would be `level`.

    `department` can tell when the fact is unknown now.
    """

    item: str
    label: str
    text: str
    level: int
    level_label: str
    unknown_now: bool
    department: str


@dataclass(frozen=True)
class CategoryExplanation:
    """One category of one child. `starts` are the points from which level 1, 2, 3 … begin.

    `without` are facts without which the level would be lower, `more` those that would raise it, each the
    smallest change of that one fact. `tested` is false when the rules at hand do not give the level that
    stands (the version it was judged by is gone): then no such statement is made.
    """

    category: str
    label: str
    level: int
    level_label: str
    points: float
    floor_level: int
    starts: tuple[float, ...]
    points_to_next: float | None
    suppressed: bool
    contributions: tuple[Contribution, ...]
    missing: tuple[Missing, ...]
    without: tuple[Change, ...]
    more: tuple[Change, ...]
    tested: bool = True

    @property
    def sentence(self) -> str:
        """Level, points and distance to the next level in one sentence."""
        start = f"「{self.level_label}」です（{self.points:g}点）。"
        if self.level > sum(self.points >= s for s in self.starts):
            start = f"点数によらず、すぐに人が確認する条件に当てはまるので「{self.level_label}」です。"
        if self.points_to_next is None:
            return start
        return f"{start}次のレベルまで、あと{self.points_to_next:g}点です。"


@dataclass(frozen=True)
class Protective:
    """A fact that speaks for support being in place."""

    item: str
    label: str
    text: str


@dataclass(frozen=True)
class Explanation:
    """Everything about the levels of one child on the judgement day."""

    resident_id: str
    as_of: date
    ruleset: str
    categories: tuple[CategoryExplanation, ...]
    protective: tuple[Protective, ...]


@dataclass(frozen=True)
class _Known:
    """One item of one child as read from the snapshot."""

    value: float | None
    newest: date | None
    state: str
    why: str


def explain(
    con: duckdb.DuckDBPyConnection,
    resident_id: str,
    ruleset: RuleSet,
    items: Mapping[str, ExplainedItem] | None = None,
    only: Sequence[str] = (),
) -> Explanation:
    """Explain the judgement of one child.

    Args:
        con: a cursor on the published snapshot.
        resident_id: the child; access is the caller's business.
        ruleset: the rule set by which the snapshot was judged.
        items: the catalogue, the city's own when None.
        only: the categories to explain; all when empty.

    Returns:
        One explanation per category, in the city's order, and the protective facts.
    """
    known: Mapping[str, Any] = catalogue(items)
    shown = load_categories()
    told = meta(con.cursor())
    as_of = date.fromisoformat(told["as_of"])
    rows = {row["category"]: row for row in _ask(con, "judgement", resident_id)}
    reasons = _ask(con, "reason", resident_id)
    states = {
        row["item"]: _Known(row["value"], row["newest_occurred_on"], row["state"], row["why"] or "")
        for row in _ask(con, "fact", resident_id)
    }
    age_band = next((row["age_band"] for row in rows.values()), "")
    applying = _applying(con, resident_id, ruleset.items_read(), known)
    facts = _facts(ruleset, states, applying, as_of, age_band)
    categories = tuple(
        _category(row, reasons, ruleset, known, shown, facts, states, applying)
        for row in (rows[c.code] for c in shown.categories if c.code in rows and (not only or c.code in only))
    )
    protective = tuple(
        Protective(code, item.label, amount(item, states[code].value))
        for code, item in known.items()
        if item.protective and code in states and (states[code].value or 0) > 0
    )
    return Explanation(resident_id, as_of, told.get("ruleset", ""), categories, protective)


def amount(item: ItemLike, value: float | None) -> str:
    """A value in words with its unit: 3回, 12.5%, あり, 不明."""
    if value is None:
        return "不明"
    if item.kind == "flag" or item.unit == "有無":
        return "あり" if value else "なし"
    steps: Sequence[str] = getattr(item, "steps", ())
    if steps and value == int(value) and 1 <= value <= len(steps):
        return steps[int(value) - 1]
    return f"{value:.0f}{item.unit}" if float(value).is_integer() else f"{value:.1f}{item.unit}"


@cache
def _sql(name: str) -> str:
    return (SQL / "explain" / f"{name}.sql").read_text(encoding="utf-8")


def _ask(con: duckdb.DuckDBPyConnection, name: str, resident_id: str) -> list[dict[str, Any]]:
    """Run one file of sql/explain for one child."""
    return query(con, _sql(name), resident_id=resident_id)


def _facts(
    ruleset: RuleSet,
    states: Mapping[str, _Known],
    applying: frozenset[str],
    as_of: date,
    age_band: str,
) -> Facts:
    """The child's facts as the judgement saw them: a value, unknown (None), or 0."""
    values: dict[str, float | None] = {}
    dates: dict[str, date | None] = {}
    absent = _Known(None, None, "未連携", "")
    for item in ruleset.items_read():
        found = states.get(item, absent)
        dates[item] = found.newest
        if found.value is not None:
            values[item] = found.value
        elif found.state != "ok":
            values[item] = None if item in applying else 0.0
        else:
            values[item] = None if found.why else 0.0
    return Facts(values, dates, as_of, age_band)


def _applying(
    con: duckdb.DuckDBPyConnection, resident_id: str, codes: Sequence[str], items: Mapping[str, ItemLike]
) -> frozenset[str]:
    """The items that can concern the child at all; the conditions are the catalogue's own, over `child`."""
    checks = ", ".join(f"coalesce(({items[code].applies or 'true'}), true)" for code in codes)
    if not checks:
        return frozenset()
    found = query(con, f"select [{checks}] as holds from child where resident_id = $id", id=resident_id)
    return frozenset(code for row in found for code, one in zip(codes, row["holds"], strict=True) if one)


def _category(
    row: Mapping[str, Any],
    reasons: Sequence[Mapping[str, Any]],
    ruleset: RuleSet,
    items: Mapping[str, Any],
    shown: Categories,
    facts: Facts,
    states: Mapping[str, _Known],
    applying: frozenset[str],
) -> CategoryExplanation:
    category, level = row["category"], row["level"]
    starts = ruleset.thresholds_for(category, row["age_band"])
    described = {
        r.code: r
        for r in (
            *ruleset.items,
            *ruleset.groups,
            *ruleset.combinations,
            *ruleset.triggers,
            *ruleset.suppressions,
        )
    }
    contributions = tuple(
        Contribution(
            r["kind"],
            r["code"],
            r["points"],
            r["text"],
            described[r["code"]].reason if r["code"] in described else "",
            described[r["code"]].source if r["code"] in described else "",
            r["events"],
            tuple(r["event_ids"]),
        )
        for r in reasons
        if r["category"] == category
    )
    changed = _changes(ruleset, category, row, facts, items, shown, applying)
    without, more = changed or ((), ())
    higher = [s for s in starts[level:] if s > row["points"]]
    return CategoryExplanation(
        category=category,
        label=shown.label(category),
        level=level,
        level_label=shown.levels[level].label,
        points=row["points"],
        floor_level=row["floor_level"],
        starts=starts,
        points_to_next=round(higher[0] - row["points"], 2) if higher else None,
        suppressed=row["suppressed"],
        contributions=contributions,
        missing=tuple(_missing(code, items, states) for code in row["missing"] if code in items),
        without=without,
        more=more,
        tested=changed is not None,
    )


def _missing(code: str, items: Mapping[str, Any], states: Mapping[str, _Known]) -> Missing:
    item = items[code]
    found = states.get(code)
    why = "未連携" if found is None else (found.why if found.state == "ok" else found.state)
    return Missing(code, item.label, why or "記録なし", _owner(item), item.unknown_text)


def _owner(item: Any) -> str:
    """The name of the department that delivers what an item rests on."""
    contract = load_contracts().get(item.extract)
    return contract.department if contract else item.department


def _changes(
    ruleset: RuleSet,
    category: str,
    row: Mapping[str, Any],
    facts: Facts,
    items: Mapping[str, ItemLike],
    shown: Categories,
    applying: frozenset[str],
) -> tuple[tuple[Change, ...], tuple[Change, ...]] | None:
    """The single facts that would change the level; None when the rules do not give the level that stands.

    A fact that cannot concern the child (an absence of a baby) is not named as one that could come.
    """
    again = score(ruleset, category, facts)
    if (again.level, again.points) != (row["level"], round(row["points"], 2)):
        return None
    found = turns(ruleset, category, facts, items)

    def told(turn: Turn) -> Change:
        item = items[turn.item]
        return Change(
            item=turn.item,
            label=item.label,
            text=_in_words(turn, item),
            level=turn.level,
            level_label=shown.levels[turn.level].label,
            unknown_now=turn.before is None,
            department=_owner(item),
        )

    higher = (turn for turn in found.higher if turn.item in applying or turn.before)
    return tuple(map(told, found.lower)), tuple(map(told, higher))


def _in_words(turn: Turn, item: ItemLike) -> str:
    """A turned fact as the first half of a sentence."""
    then = amount(item, turn.after)
    if turn.before is None:
        if not turn.after:
            return f"不明の「{item.label}」が、ないと分かれば"
        if then == "あり":
            return f"不明の「{item.label}」が、あると分かれば"
        return f"不明の「{item.label}」が{then}以上と分かれば"
    now = amount(item, turn.before)
    if turn.renewed:
        return f"「{item.label}」（{now}）に新しい記録があれば"
    if turn.after > turn.before:
        if turn.before:
            return f"「{item.label}」が{now}から{then}になれば"
        return f"「{item.label}」が新しくあれば" if then == "あり" else f"「{item.label}」が{then}になれば"
    if turn.after:
        return f"「{item.label}」が{now}でなく{then}なら"
    return f"「{item.label}」（{now}）がなければ"
