"""Conditions: trees of comparisons on items, read by Kleene's three-valued logic in Python and in SQL."""

from __future__ import annotations

import datetime as dt
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kodomo.errors import KodomoError

#: The comparisons a condition may use, for one number and for a whole column of them.
OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "=": operator.eq,
    "!=": operator.ne,
}
DEEPEST = 6
CODE = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")


class RuleSetError(KodomoError):
    """Base of every refusal of a rule set."""


class MissingField(RuleSetError):
    """A row lacks something it must say."""


class UnknownField(RuleSetError):
    """A row says something the format does not know."""


class UnknownOperator(RuleSetError):
    """The operator is none of the six."""


class UnknownCondition(RuleSetError):
    """A condition is none of the known shapes."""


class BadCode(RuleSetError):
    """A code is no short lower-case word."""


@dataclass(frozen=True)
class Leaf:
    """One item compared with a number; `within_days` asks that its newest fact is at most so old."""

    item: str
    op: str
    value: float
    within_days: int | None = None


@dataclass(frozen=True)
class All:
    """Every part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: Condition


@dataclass(frozen=True)
class AtLeast:
    """At least `k` of the parts hold."""

    k: int
    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Then:
    """Both leaves hold, and the second's newest fact came 0 to `within_days` days after the first's."""

    first: Leaf
    second: Leaf
    within_days: int


Condition = Leaf | All | AnyOf | Not | AtLeast | Then


def leaves(condition: Condition) -> Iterator[Leaf]:
    """Every leaf of a condition, from left to right."""
    match condition:
        case Leaf():
            yield condition
        case All(parts) | AnyOf(parts) | AtLeast(_, parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case Then(first, second, _):
            yield first
            yield second


def positive_leaves(condition: Condition, positive: bool = True) -> Iterator[Leaf]:
    """The leaves whose holding helps the condition to hold (those under no `not`, or under two)."""
    match condition:
        case Leaf():
            if positive:
                yield condition
        case All(parts) | AnyOf(parts) | AtLeast(_, parts):
            for part in parts:
                yield from positive_leaves(part, positive)
        case Not(part):
            yield from positive_leaves(part, not positive)
        case Then(first, second, _):
            if positive:
                yield first
                yield second


def number(value: float) -> int | float:
    """A number in its shortest form: 3.0 is 3."""
    return int(value) if float(value).is_integer() else float(value)


def condition_data(condition: Condition) -> dict[str, Any]:
    """A condition as plain data, the way it is written in TOML."""
    match condition:
        case Leaf(item, op, value, within):
            data: dict[str, Any] = {"item": item, "op": op, "value": number(value)}
            return data if within is None else data | {"within_days": within}
        case All(parts):
            return {"all": [condition_data(p) for p in parts]}
        case AnyOf(parts):
            return {"any": [condition_data(p) for p in parts]}
        case Not(part):
            return {"not": condition_data(part)}
        case AtLeast(k, parts):
            return {"at_least": {"k": k, "of": [condition_data(p) for p in parts]}}
        case Then(first, second, within):
            return {
                "then": {
                    "first": condition_data(first),
                    "second": condition_data(second),
                    "within_days": within,
                }
            }


def read_value(value: Any, where: str) -> float:
    """A finite number to compare with, to four decimals."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 1e9:
        raise UnknownCondition(f"「{where}」の値は数で書いてください。")
    return round(float(value), 4)


def read_row(row: Any, where: str, needed: Sequence[str], allowed: Sequence[str] = ()) -> dict[str, Any]:
    """A row with exactly the fields it needs and may have; raises MissingField or UnknownField."""
    if not isinstance(row, dict):
        raise UnknownCondition(f"「{where}」の書き方が正しくありません。項目名と値の組で書いてください。")
    for name in needed:
        if name not in row or row[name] == "":
            raise MissingField(f"「{where}」に {name} がありません。書き足してください。")
    extra = sorted(set(row) - set(needed) - set(allowed))
    if extra:
        raise UnknownField(f"「{where}」の {extra[0]} は使えない欄です。消すか、つづりを直してください。")
    return row


def read_text(row: Mapping[str, Any], name: str, where: str) -> str:
    """The text of one field; empty when the field is missing."""
    value = row.get(name, "")
    if not isinstance(value, str):
        raise MissingField(f"「{where}」の {name} は文字で書いてください。")
    return value


def read_days(value: Any, where: str) -> int:
    """A whole number of days (or a small count)."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 36_500:
        raise UnknownCondition(f"「{where}」の日数や数は、0以上の整数で書いてください。")
    return value


def parse_condition(data: Any, where: str, depth: int = 0) -> Condition:
    """Read one condition from plain data; `where` names the row in refusals."""
    if depth > DEEPEST:
        raise UnknownCondition(f"「{where}」の条件が深すぎます。{DEEPEST}段までに分けてください。")
    if not isinstance(data, dict):
        raise UnknownCondition(
            f"「{where}」の条件が読めません。item か all・any・not・at_least・then で書いてください。"
        )
    if "item" in data:
        row = read_row(data, where, ("item", "op", "value"), ("within_days",))
        if row["op"] not in tuple(OPERATORS):  # a list in its place is refused as well
            raise UnknownOperator(f"「{where}」の比べ方は {' '.join(OPERATORS)} のどれかで書いてください。")
        within = read_days(row["within_days"], where) if "within_days" in row else None
        return Leaf(read_text(row, "item", where), row["op"], read_value(row["value"], where), within)
    if len(data) != 1:
        raise UnknownCondition(
            f"「{where}」の条件は、all・any・not・at_least・then のうち一つだけにしてください。"
        )
    ((shape, inner),) = data.items()
    if shape in ("all", "any"):
        parts = _parts(inner, where, depth)
        return All(parts) if shape == "all" else AnyOf(parts)
    if shape == "not":
        return Not(parse_condition(inner, where, depth + 1))
    if shape == "at_least":
        row = read_row(inner, where, ("k", "of"))
        parts = _parts(row["of"], where, depth)
        k = read_days(row["k"], where)
        if not 1 <= k <= len(parts):
            raise UnknownCondition(f"「{where}」の at_least の k は、1から条件の数までで書いてください。")
        return AtLeast(k, parts)
    if shape == "then":
        row = read_row(inner, where, ("first", "second", "within_days"))
        first = parse_condition(row["first"], where, depth + 1)
        second = parse_condition(row["second"], where, depth + 1)
        if not isinstance(first, Leaf) or not isinstance(second, Leaf):
            raise UnknownCondition(
                f"「{where}」の then の first と second は、項目一つずつで書いてください。"
            )
        return Then(first, second, read_days(row["within_days"], where))
    raise UnknownCondition(
        f"「{where}」の条件が読めません。item か all・any・not・at_least・then で書いてください。"
    )


def _parts(data: Any, where: str, depth: int) -> tuple[Condition, ...]:
    if not isinstance(data, list) or not data:
        raise UnknownCondition(f"「{where}」の条件が空です。一つ以上書いてください。")
    return tuple(parse_condition(part, where, depth + 1) for part in data)


def possible(condition: Condition, free: frozenset[str]) -> tuple[bool, bool]:
    """Whether a condition can be true, and can be false, when only the free items may differ from 0."""
    match condition:
        case Leaf(item, op, value, _):
            if item in free:
                return True, True
            holds = compare(0.0, op, value)
            return holds, not holds
        case All(parts):
            both = [possible(p, free) for p in parts]
            return all(t for t, _ in both), any(f for _, f in both)
        case AnyOf(parts):
            both = [possible(p, free) for p in parts]
            return any(t for t, _ in both), all(f for _, f in both)
        case Not(part):
            true, false = possible(part, free)
            return false, true
        case AtLeast(k, parts):
            both = [possible(p, free) for p in parts]
            return sum(t for t, _ in both) >= k, sum(not f for _, f in both) < k
        case Then(first, second, _):
            return possible(All((first, second)), free)


def compare(value: float, op: str, other: float) -> bool:
    """Compare two numbers with one of the six operators."""
    if op not in OPERATORS:
        raise UnknownOperator(f"比べ方は {' '.join(OPERATORS)} のどれかで書いてください。")
    return OPERATORS[op](value, other)


@dataclass(frozen=True)
class Facts:
    """What is known of one child: item → value (None is unknown, a missing key is 0) and newest date."""

    values: Mapping[str, float | None]
    dates: Mapping[str, dt.date | None] = field(default_factory=dict)
    as_of: dt.date | None = None
    age_band: str | None = None

    def changed(self, item: str, value: float | None) -> Facts:
        """The same child with one item at another value."""
        return replace(self, values={**self.values, item: value})


def truth(condition: Condition, facts: Facts) -> bool | None:
    """Whether a condition holds, by Kleene's three-valued tables (None is unknown)."""
    match condition:
        case Leaf(item, op, value, within):
            known = facts.values.get(item, 0.0)
            holds = None if known is None else compare(round(known, 4), op, value)
            if within is None:
                return holds
            newest = facts.dates.get(item)
            recent = None
            if newest is not None and facts.as_of is not None:
                recent = (facts.as_of - newest).days <= within
            return _and([holds, recent])
        case All(parts):
            return _and([truth(p, facts) for p in parts])
        case AnyOf(parts):
            return _not(_and([_not(truth(p, facts)) for p in parts]))
        case Not(part):
            return _not(truth(part, facts))
        case AtLeast(k, parts):
            found = [truth(p, facts) for p in parts]
            if found.count(True) >= k:
                return True
            return False if found.count(True) + found.count(None) < k else None
        case Then(first, second, within):
            a, b = facts.dates.get(first.item), facts.dates.get(second.item)
            near = None if a is None or b is None else 0 <= (b - a).days <= within
            return _and([truth(first, facts), truth(second, facts), near])


def _and(parts: Sequence[bool | None]) -> bool | None:
    if any(p is False for p in parts):
        return False
    return None if any(p is None for p in parts) else True


def _not(part: bool | None) -> bool | None:
    return None if part is None else not part


def column(prefix: str, code: str) -> str:
    """The column of the wide table that holds an item: i_<item> its value, d_<item> its newest date."""
    if not CODE.match(code):
        raise BadCode(
            f"code「{code[:40]}」は使えません。英小文字で始め、英小文字・数字・下線だけで書いてください。"
        )
    return f"{prefix}_{code}"


def literal(value: float) -> str:
    """A number as SQL text."""
    return f"{value!r}::double"


def condition_sql(condition: Condition) -> str:
    """A condition as a three-valued SQL expression over the wide table, which also has the day, `as_of`."""
    match condition:
        case Leaf(item, op, value, within):
            sql = f"({column('i', item)} {'<>' if op == '!=' else op} {literal(value)})"
            if within is None:
                return sql
            return f"({sql} and (date_diff('day', {column('d', item)}, as_of) <= {int(within)}))"
        case All(parts):
            return "(" + " and ".join(condition_sql(p) for p in parts) + ")"
        case AnyOf(parts):
            return "(" + " or ".join(condition_sql(p) for p in parts) + ")"
        case Not(part):
            return f"(not {condition_sql(part)})"
        case AtLeast(k, parts):
            found = [condition_sql(p) for p in parts]
            sure = " + ".join(f"coalesce({p}::integer, 0)" for p in found)
            maybe = " + ".join(f"coalesce({p}::integer, 1)" for p in found)
            return f"(case when {sure} >= {int(k)} then true when {maybe} < {int(k)} then false end)"
        case Then(first, second, within):
            days = f"date_diff('day', {column('d', first.item)}, {column('d', second.item)})"
            both = condition_sql(All((first, second)))
            return f"({both} and ({days} between 0 and {int(within)}))"
