"""Rules: the immutable rule set that turns items into points, floors and levels, and its compiler to SQL."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

from kodomo.conditions import (
    CODE,
    All,
    AnyOf,
    AtLeast,
    BadCode,
    Condition,
    Facts,
    Leaf,
    MissingField,
    Not,
    RuleSetError,
    Then,
    UnknownField,
    column,
    condition_data,
    condition_sql,
    leaves,
    literal,
    number,
    parse_condition,
    positive_leaves,
    possible,
    read_days,
    read_row,
    read_text,
    read_value,
    truth,
)
from kodomo.paths import DATA

ALL_AGES = "全年齢"
FIRST_RULESET = DATA / "rules" / "first.toml"

#: Facts about using help. Source: DESIGN §6 "using help never raises 虐待・不登校・いじめ by itself".
HELP_ITEMS = frozenset(
    {
        "public_assistance",
        "public_assistance_started_12m",
        "child_rearing_allowance_full",
        "child_rearing_allowance_part",
        "school_expense_aid",
        "day_support",
        "support_room",
        "counseling_12m",
        "counseling_bullying_12m",
        "counseling_nonattendance_12m",
        "counseling_home_12m",
        "consultation_12m",
        "consultation_poverty_12m",
        "consultation_bullying_12m",
        "consultation_nonattendance_12m",
        "parenting_consultation_12m",
        "child_rearing_allowance_stopped",
    }
)
#: Facts that count only together with another fact, in every category: one parent, disability and care in the
#: family, and how a family is made up.
NEVER_ALONE = frozenset(
    {
        "single_parent",
        "child_certificate",
        "guardian_mental_certificate",
        "guardian_other_certificate",
        "care_need_family",
        "care_need_new_12m",
        "care_need_unserved",
        "unregistered_partner",
        "partner_moved_in_12m",
        "parent_moved_out_12m",
        "unmarried_pregnancy",
    }
)
#: Categories in which help may never be a signal, whatever categories.toml says.
PROTECTED_CATEGORIES = frozenset({"abuse", "nonattendance", "bullying"})
#: Grounds no condition may use: as a word of an item's code, or inside its Japanese label.
FORBIDDEN_CODES = frozenset(
    {
        "alias",
        "birthplace",
        "creed",
        "ethnic",
        "ethnicity",
        "foreign",
        "foreigner",
        "foreigners",
        "nationality",
        "race",
        "religion",
    }
)
FORBIDDEN_LABELS = (
    "国籍",
    "外国人",
    "外国籍",
    "在留",
    "人種",
    "民族",
    "宗教",
    "信仰",
    "信条",
    "思想",
    "本籍",
    "出身地",
    "門地",
    "通称名",
)


# --- refusals -----------------------------------------------------------------------------------------------


class UnreadableRuleSet(RuleSetError):
    """The text is no TOML."""


class UnknownItem(RuleSetError):
    """The item is not in the catalogue."""


class UnknownCategory(RuleSetError):
    """The category is not in data/categories.toml."""


class UnknownAgeBand(RuleSetError):
    """The age band is not in data/categories.toml."""


class UnknownRule(RuleSetError):
    """A group names a rule that does not exist in its category."""


class ItemNotForCategory(RuleSetError):
    """The catalogue does not allow the item in this category."""


class ForbiddenGround(RuleSetError):
    """The item is a ground that may never be used."""


class ForbiddenAlone(RuleSetError):
    """The item may count only together with another fact."""


class HelpAlone(RuleSetError):
    """Using help would raise a level by itself."""


class ProtectiveAddsPoints(RuleSetError):
    """A protective fact would raise a level."""


class NegativePoints(RuleSetError):
    """Points below zero, or no number."""


class BandsOutOfOrder(RuleSetError):
    """The bands of an item do not rise, or begin at or below 0."""


class ThresholdsOutOfOrder(RuleSetError):
    """The thresholds of the levels do not rise."""


class UnreachableLevel(RuleSetError):
    """No facts could ever reach the level."""


class LevelOutOfRange(RuleSetError):
    """A trigger names a level that does not exist."""


class DuplicateCode(RuleSetError):
    """Two rows have the same code."""


class AlwaysTrue(RuleSetError):
    """The condition holds for a child about whom nothing is recorded."""


class BadCategories(RuleSetError):
    """data/categories.toml breaks a rule of its own."""


# --- catalogue ----------------------------------------------------------------------------------------------


class ItemLike(Protocol):
    """What the rules need to know of a catalogue item."""

    @property
    def code(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def window(self) -> str: ...
    @property
    def categories(self) -> Sequence[str]: ...
    @property
    def applies(self) -> str: ...
    @property
    def protective(self) -> bool: ...
    @property
    def forbidden_alone(self) -> bool: ...
    @property
    def no_raise(self) -> Sequence[str]: ...


@dataclass(frozen=True)
class Category:
    """A kind of difficulty (困難類型); `help_is_signal` lets the use of help count by itself."""

    code: str
    label: str
    help_is_signal: bool = False
    note: str = ""


@dataclass(frozen=True)
class Level:
    """An alert level: 0 is none, the highest is looked at first."""

    value: int
    label: str
    meaning: str = ""


@dataclass(frozen=True)
class Categories:
    """The city's categories, levels and age bands, in the order they are shown."""

    categories: tuple[Category, ...]
    levels: tuple[Level, ...]
    age_bands: tuple[str, ...]

    @property
    def top(self) -> int:
        """The highest level."""
        return self.levels[-1].value

    def get(self, code: str) -> Category | None:
        """The category with this code, or None."""
        return next((c for c in self.categories if c.code == code), None)

    def label(self, code: str) -> str:
        """The Japanese name of a category; the code itself when it is unknown."""
        found = self.get(code)
        return found.label if found else code


@lru_cache(maxsize=4)
def load_categories(path: Path = DATA / "categories.toml") -> Categories:
    """Read categories, levels and age bands; raises BadCategories when they contradict the house rules."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    categories = tuple(Category(**row) for row in data["category"])
    levels = tuple(sorted((Level(**row) for row in data["level"]), key=lambda level: level.value))
    if [level.value for level in levels] != list(range(len(levels))) or len(levels) < 2:
        raise BadCategories("アラートレベルは0から順に、すき間なく書いてください（data/categories.toml）。")
    for category in categories:
        if category.help_is_signal and category.code in PROTECTED_CATEGORIES:
            raise BadCategories(
                f"「{category.label}」では、支援の利用だけで点を付けることはできません。"
                "help_is_signal を false にしてください。"
            )
        if not CODE.match(category.code):
            raise BadCategories("困難類型の code は、英小文字・数字・下線で書いてください。")
    if len({c.code for c in categories}) != len(categories):
        raise BadCategories("困難類型の code が重なっています。別の code にしてください。")
    return Categories(categories, levels, tuple(row["code"] for row in data["age_band"]))


# --- conditions ---------------------------------------------------------------------------------------------


# --- the rule set -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Band:
    """From this value on, so many points."""

    at: float
    points: float


@dataclass(frozen=True)
class ItemRule:
    """Points for one item: the band reached counts; an age band may have bands of its own."""

    code: str
    category: str
    item: str
    bands: tuple[Band, ...]
    reason: str
    source: str
    label: str = ""
    ages: tuple[tuple[str, tuple[Band, ...]], ...] = ()
    enabled: bool = True

    def bands_for(self, age_band: str) -> tuple[Band, ...]:
        """The bands that count for a child of this age band."""
        return dict(self.ages).get(age_band, self.bands)


@dataclass(frozen=True)
class Combination:
    """Points when several facts come together."""

    code: str
    category: str
    label: str
    when: Condition
    points: float
    reason: str
    source: str
    enabled: bool = True


@dataclass(frozen=True)
class Trigger:
    """A fact that is enough by itself: the level is at least `level`."""

    code: str
    category: str
    label: str
    when: Condition
    level: int
    reason: str
    source: str
    enabled: bool = True


@dataclass(frozen=True)
class Group:
    """Rules that tell one fact: together they give no more than `cap` points."""

    code: str
    category: str
    label: str
    rules: tuple[str, ...]
    cap: float
    reason: str
    source: str


@dataclass(frozen=True)
class Suppression:
    """Somebody is already at work: the level stays, and the row is marked."""

    code: str
    category: str
    label: str
    when: Condition
    reason: str
    source: str
    enabled: bool = True


@dataclass(frozen=True)
class Thresholds:
    """The points from which level 1, 2, 3 … begin, for one category and age band."""

    category: str
    age_band: str
    points: tuple[float, ...]


@dataclass(frozen=True)
class RuleSet:
    """One version of the judgement rules; never changed, only replaced by another."""

    id: str
    title: str
    author: str
    reason: str
    approver: str = ""
    valid_from: dt.date | None = None
    items: tuple[ItemRule, ...] = ()
    groups: tuple[Group, ...] = ()
    combinations: tuple[Combination, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    thresholds: tuple[Thresholds, ...] = ()
    hash: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        """Put the rows into their one order, so that the order of writing changes nothing, and hash them."""
        for name in ("items", "groups", "combinations", "triggers", "suppressions"):
            rows = getattr(self, name)
            object.__setattr__(self, name, tuple(sorted(rows, key=lambda row: (row.category, row.code))))
        ordered = tuple(sorted(self.thresholds, key=lambda t: (t.category, t.age_band)))
        object.__setattr__(self, "thresholds", ordered)
        object.__setattr__(self, "hash", hashlib.sha256(canonical(self).encode()).hexdigest())

    def categories(self) -> tuple[str, ...]:
        """The categories this rule set judges, by code."""
        return tuple(sorted({t.category for t in self.thresholds}))

    def thresholds_for(self, category: str, age_band: str | None) -> tuple[float, ...]:
        """Points from which each level begins for a child of this age band."""
        found = {t.age_band: t.points for t in self.thresholds if t.category == category}
        return found.get(age_band or "", found[ALL_AGES])

    def with_thresholds(self, drafts: Mapping[str, Mapping[str, Sequence[float]]]) -> RuleSet:
        """The same rules with other thresholds: category → age band (or 全年齢) → points from level 1 up."""
        merged = {(t.category, t.age_band): t.points for t in self.thresholds}
        for category, by_age in drafts.items():
            for age_band, points in by_age.items():
                merged[(category, age_band)] = tuple(_points(p, "thresholds") for p in points)
        rows = tuple(Thresholds(c, a, p) for (c, a), p in merged.items())
        return replace(self, thresholds=rows)

    def items_used(self, category: str | None = None) -> tuple[str, ...]:
        """Item codes that can give points or a floor (of one category, or of all), sorted."""
        used: set[str] = set()
        for rule in self.items:
            if rule.enabled and category in (None, rule.category):
                used.add(rule.item)
        for row in (*self.combinations, *self.triggers):
            if row.enabled and category in (None, row.category):
                used.update(leaf.item for leaf in leaves(row.when))
        return tuple(sorted(used))

    def items_read(self) -> tuple[str, ...]:
        """Item codes the judgement reads at all, suppressions included, sorted."""
        used = set(self.items_used())
        for row in self.suppressions:
            if row.enabled:
                used.update(leaf.item for leaf in leaves(row.when))
        return tuple(sorted(used))


# --- canonical form, reading, writing -----------------------------------------------------------------------


def _bands_data(bands: Iterable[Band]) -> list[dict[str, int | float]]:
    return [{"from": number(b.at), "points": number(b.points)} for b in bands]


def _rows_data(ruleset: RuleSet) -> dict[str, Any]:
    """The whole rule set as plain data, keys in the order in which a reader wants them."""
    meta: dict[str, Any] = {
        "id": ruleset.id,
        "title": ruleset.title,
        "author": ruleset.author,
        "approver": ruleset.approver,
        "reason": ruleset.reason,
    }
    if ruleset.valid_from:
        meta["valid_from"] = ruleset.valid_from
    thresholds: dict[str, dict[str, list[int | float]]] = {}
    for row in ruleset.thresholds:
        thresholds.setdefault(row.category, {})[row.age_band] = [number(p) for p in row.points]
    items = []
    for rule in ruleset.items:
        data: dict[str, Any] = {"code": rule.code, "category": rule.category, "item": rule.item}
        if rule.label:
            data["label"] = rule.label
        data["bands"] = _bands_data(rule.bands)
        if rule.ages:
            data["ages"] = {age: _bands_data(bands) for age, bands in rule.ages}
        items.append(data | _tail(rule))
    return {
        "ruleset": meta,
        "thresholds": thresholds,
        "item": items,
        "group": [
            {"code": g.code, "category": g.category, "label": g.label, "rules": list(g.rules)}
            | {"cap": number(g.cap), "reason": g.reason, "source": g.source}
            for g in ruleset.groups
        ],
        "combination": [_head(c) | {"points": number(c.points)} | _tail(c) for c in ruleset.combinations],
        "trigger": [_head(t) | {"level": t.level} | _tail(t) for t in ruleset.triggers],
        "suppression": [_head(s) | _tail(s) for s in ruleset.suppressions],
    }


def _head(row: Combination | Trigger | Suppression) -> dict[str, Any]:
    return {
        "code": row.code,
        "category": row.category,
        "label": row.label,
        "when": condition_data(row.when),
    }


def _tail(row: ItemRule | Combination | Trigger | Suppression) -> dict[str, Any]:
    data: dict[str, Any] = {"reason": row.reason, "source": row.source}
    return data if row.enabled else data | {"enabled": False}


def canonical(ruleset: RuleSet) -> str:
    """The rule set as one canonical JSON text; equal rule sets give equal bytes."""
    return json.dumps(
        _rows_data(ruleset), ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str
    )


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return "[" + ", ".join(_toml_value(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_toml_key(k)} = {_toml_value(v)}" for k, v in value.items()) + " }"
    raise TypeError(type(value).__name__)


def _toml_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml_value(key)


def dump_ruleset(ruleset: RuleSet) -> str:
    """Write a rule set as TOML; `load_ruleset(dump_ruleset(r))` equals `r` and has the same hash."""
    data = _rows_data(ruleset)
    lines = ["# 判定基準", "", "[ruleset]"]
    lines += [f"{_toml_key(k)} = {_toml_value(v)}" for k, v in data["ruleset"].items()]
    for category, by_age in data["thresholds"].items():
        lines += ["", f"[thresholds.{category}]"]
        lines += [f"{_toml_key(age)} = {_toml_value(points)}" for age, points in by_age.items()]
    for name in ("item", "group", "combination", "trigger", "suppression"):
        for row in data[name]:
            lines += ["", f"[[{name}]]"]
            lines += [f"{_toml_key(k)} = {_toml_value(v)}" for k, v in row.items()]
    return "\n".join(lines) + "\n"


def _points(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 1e6 or value < 0:
        raise NegativePoints(
            f"「{where}」の点数は、0以上の数で書いてください。事実で点を引くことはできません。"
        )
    return round(float(value), 2)


def _enabled(row: Mapping[str, Any], where: str) -> bool:
    value = row.get("enabled", True)
    if not isinstance(value, bool):
        raise UnknownField(f"「{where}」の enabled は true か false で書いてください。")
    return value


def _bands(data: Any, where: str) -> tuple[Band, ...]:
    if not isinstance(data, list) or not data:
        raise MissingField(f"「{where}」に bands がありません。「いくつから何点」を一つ以上書いてください。")
    bands = []
    for row in data:
        taken = read_row(row, where, ("from", "points"))
        bands.append(Band(read_value(taken["from"], where), _points(taken["points"], where)))
    return tuple(bands)


def parse_ruleset(text: str) -> RuleSet:
    """Read a rule set from TOML text without checking it against a catalogue; raises RuleSetError."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UnreadableRuleSet(
            f"判定基準のファイルが読めません（{error}）。書き方を直してください。"
        ) from error
    read_row(
        data,
        "判定基準",
        ("ruleset", "thresholds"),
        ("item", "group", "combination", "trigger", "suppression"),
    )
    meta = read_row(
        data["ruleset"], "ruleset", ("id", "title", "author", "reason"), ("approver", "valid_from")
    )
    valid_from = meta.get("valid_from")
    if valid_from is not None and type(valid_from) is not dt.date:
        raise MissingField("ruleset の valid_from は 2025-04-01 のような日付で書いてください（引用符なし）。")
    thresholds = []
    for category, by_age in data["thresholds"].items():
        if not isinstance(by_age, dict):
            raise MissingField(f"thresholds.{category} は「全年齢 = [3, 6, 10]」のように書いてください。")
        for age_band, points in by_age.items():
            where = f"thresholds.{category} の {age_band}"
            if not isinstance(points, list):
                raise MissingField(f"「{where}」は [3, 6, 10] のように、レベル1から順に書いてください。")
            thresholds.append(Thresholds(category, age_band, tuple(_points(p, where) for p in points)))
    common = ("code", "category", "reason", "source")
    items = []
    for row in _rows(data, "item"):
        where = str(row.get("code", "item"))
        read_row(row, where, (*common, "item", "bands"), ("label", "ages", "enabled"))
        ages = tuple(sorted((age, _bands(bands, where)) for age, bands in row.get("ages", {}).items()))
        items.append(
            ItemRule(
                code=read_text(row, "code", where),
                category=read_text(row, "category", where),
                item=read_text(row, "item", where),
                bands=_bands(row["bands"], where),
                reason=read_text(row, "reason", where),
                source=read_text(row, "source", where),
                label=read_text(row, "label", where),
                ages=ages,
                enabled=_enabled(row, where),
            )
        )
    groups = []
    for row in _rows(data, "group"):
        where = str(row.get("code", "group"))
        read_row(row, where, (*common, "label", "rules", "cap"))
        if not isinstance(row["rules"], list) or not all(isinstance(r, str) for r in row["rules"]):
            raise MissingField(f"「{where}」の rules は、まとめる行の code を並べて書いてください。")
        groups.append(
            Group(
                read_text(row, "code", where),
                read_text(row, "category", where),
                read_text(row, "label", where),
                tuple(sorted(row["rules"])),
                _points(row["cap"], where),
                read_text(row, "reason", where),
                read_text(row, "source", where),
            )
        )

    def conditional(name: str, extra: Sequence[str]) -> Iterator[tuple[dict[str, Any], dict[str, Any], str]]:
        for row in _rows(data, name):
            where = str(row.get("code", name))
            read_row(row, where, (*common, "label", "when", *extra), ("enabled",))
            yield (
                row,
                {
                    "code": read_text(row, "code", where),
                    "category": read_text(row, "category", where),
                    "label": read_text(row, "label", where),
                    "when": parse_condition(row["when"], where),
                    "reason": read_text(row, "reason", where),
                    "source": read_text(row, "source", where),
                    "enabled": _enabled(row, where),
                },
                where,
            )

    return RuleSet(
        id=read_text(meta, "id", "ruleset"),
        title=read_text(meta, "title", "ruleset"),
        author=read_text(meta, "author", "ruleset"),
        approver=read_text(meta, "approver", "ruleset"),
        reason=read_text(meta, "reason", "ruleset"),
        valid_from=valid_from,
        items=tuple(items),
        groups=tuple(groups),
        combinations=tuple(
            Combination(**fields, points=_points(row["points"], where))
            for row, fields, where in conditional("combination", ("points",))
        ),
        triggers=tuple(
            Trigger(**fields, level=read_days(row["level"], where))
            for row, fields, where in conditional("trigger", ("level",))
        ),
        suppressions=tuple(Suppression(**fields) for _, fields, _ in conditional("suppression", ())),
        thresholds=tuple(thresholds),
    )


def _rows(data: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    rows = data.get(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise MissingField(f"{name} の行は [[{name}]] で始めてください。")
    return rows


def load_ruleset(
    source: Path | str,
    items: Mapping[str, ItemLike] | None = None,
    categories: Categories | None = None,
) -> RuleSet:
    """Read a rule set from a path or from TOML text, and check it.

    `items` is the catalogue (item code → item); None is the city's own. Raises RuleSetError.
    """
    text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
    ruleset = parse_ruleset(text)
    validate(ruleset, catalogue(items), categories or load_categories())
    return ruleset


def catalogue(items: Mapping[str, ItemLike] | None = None) -> Mapping[str, ItemLike]:
    """The given catalogue, or the city's own from data/items."""
    if items is not None:
        return items
    from kodomo.items import load_items

    return load_items()


# --- checking -----------------------------------------------------------------------------------------------


def validate(ruleset: RuleSet, items: Mapping[str, ItemLike], categories: Categories) -> None:
    """Refuse a rule set that names unknown things, uses a forbidden ground or cannot work (RuleSetError)."""
    _check_codes(ruleset)
    _check_thresholds(ruleset, categories)
    for rule in ruleset.items:
        _check_category(rule, ruleset, categories)
        item = _check_item(rule.item, rule.code, items)
        _check_allowed(item, rule.category, rule.code, categories)
        if item.protective:
            raise ProtectiveAddsPoints(
                f"「{rule.code}」: 「{item.label}」は支えになる事実なので、点を付けられません。"
                "行を消してください。"
            )
        _refuse_restricted(item, rule.category, rule.code, categories)
        for age_band, bands in ((ALL_AGES, rule.bands), *rule.ages):
            if age_band != ALL_AGES and age_band not in categories.age_bands:
                raise UnknownAgeBand(
                    f"「{rule.code}」の年齢区分 {age_band} はありません。"
                    "data/categories.toml を見てください。"
                )
            starts = [band.at for band in bands]
            if starts[0] <= 0 or any(b <= a for a, b in pairwise(starts)):
                raise BandsOutOfOrder(
                    f"「{rule.code}」の bands は、0より大きい値から小さい順に書いてください。"
                )
    for row in (*ruleset.combinations, *ruleset.triggers):
        _check_category(row, ruleset, categories)
        _check_condition(row, items, categories)
    for trigger in ruleset.triggers:
        if not 1 <= trigger.level <= categories.top:
            raise LevelOutOfRange(f"「{trigger.code}」の level は1から{categories.top}までで書いてください。")
    for row in ruleset.suppressions:
        _check_category(row, ruleset, categories)
        for leaf in leaves(row.when):
            _check_item(leaf.item, row.code, items)
        if possible(row.when, frozenset())[0]:
            raise _always_true(row.code)
    _check_groups(ruleset)
    _check_reachable(ruleset, categories)


def _check_codes(ruleset: RuleSet) -> None:
    seen: set[str] = set()
    for row in (
        *ruleset.items,
        *ruleset.groups,
        *ruleset.combinations,
        *ruleset.triggers,
        *ruleset.suppressions,
    ):
        if not CODE.match(row.code):
            raise BadCode(
                f"code「{row.code[:40]}」は使えません。"
                "英小文字で始め、英小文字・数字・下線だけで書いてください。"
            )
        if row.code in seen:
            raise DuplicateCode(f"code「{row.code}」が二度出てきます。片方を別の名前にしてください。")
        seen.add(row.code)


def _check_thresholds(ruleset: RuleSet, categories: Categories) -> None:
    seen: set[tuple[str, str]] = set()
    for row in ruleset.thresholds:
        if categories.get(row.category) is None:
            raise UnknownCategory(
                f"thresholds.{row.category} の困難類型はありません。data/categories.toml を見てください。"
            )
        if row.age_band != ALL_AGES and row.age_band not in categories.age_bands:
            raise UnknownAgeBand(
                f"thresholds.{row.category} の年齢区分「{row.age_band}」はありません。"
                "data/categories.toml を見てください。"
            )
        label = f"{categories.label(row.category)}（{row.age_band}）"
        if len(row.points) != categories.top:
            raise ThresholdsOutOfOrder(
                f"{label}のしきい値は、レベル1から{categories.top}まで{categories.top}個書いてください。"
            )
        if row.points[0] <= 0 or any(b <= a for a, b in pairwise(row.points)):
            raise ThresholdsOutOfOrder(
                f"{label}のしきい値は、0より大きく、レベルが上がるほど大きい値にしてください。"
            )
        seen.add((row.category, row.age_band))
    for category in categories.categories:
        if (category.code, ALL_AGES) not in seen:
            raise MissingField(
                f"「{category.label}」の{ALL_AGES}のしきい値がありません。"
                f"thresholds.{category.code} に書き足してください。"
            )


def _check_category(
    row: ItemRule | Combination | Trigger | Suppression, ruleset: RuleSet, categories: Categories
) -> None:
    if categories.get(row.category) is None:
        raise UnknownCategory(
            f"「{row.code}」の困難類型 {row.category} はありません。data/categories.toml を見てください。"
        )


def _check_item(code: str, where: str, items: Mapping[str, ItemLike]) -> ItemLike:
    if FORBIDDEN_CODES & set(code.lower().split("_")):
        raise ForbiddenGround(
            f"「{where}」: 国籍・信条などは、どの条件にも使えません。この項目を外してください。"
        )
    item = items.get(code)
    if item is None or not CODE.match(code):
        raise UnknownItem(
            f"「{where}」の項目 {code[:60]} は、リスク項目の一覧にありません。つづりを確かめてください。"
        )
    if any(word in item.label for word in FORBIDDEN_LABELS):
        raise ForbiddenGround(
            f"「{where}」: 国籍・信条などは、どの条件にも使えません。この項目を外してください。"
        )
    return item


def _check_allowed(item: ItemLike, category: str, where: str, categories: Categories) -> None:
    if category not in item.categories:
        raise ItemNotForCategory(
            f"「{where}」: 項目「{item.label}」は「{categories.label(category)}」に使えません。"
            "リスク項目の使い道を確かめてください。"
        )


def _is_help(item: ItemLike, category: str, categories: Categories) -> bool:
    """Whether this item is use of help that may not raise this category by itself."""
    found = categories.get(category)
    signal = bool(found and found.help_is_signal)
    return (item.code in HELP_ITEMS and not signal) or category in item.no_raise


def _is_never_alone(item: ItemLike) -> bool:
    return item.forbidden_alone or item.code in NEVER_ALONE


def _refuse_restricted(item: ItemLike, category: str, where: str, categories: Categories) -> None:
    if _is_never_alone(item):
        raise ForbiddenAlone(
            f"「{where}」: 「{item.label}」だけで点やレベルを付けることはできません。"
            "ほかの事実との組み合わせにしてください。"
        )
    if _is_help(item, category, categories):
        raise HelpAlone(
            f"「{where}」: 「{item.label}」は支援の利用です。"
            f"それだけで「{categories.label(category)}」を上げることはできません。"
            "ほかの事実との組み合わせにしてください。"
        )


def _always_true(where: str) -> AlwaysTrue:
    return AlwaysTrue(
        f"「{where}」は、何も記録のない子にも当てはまります。当てはまる事実を条件に入れてください。"
    )


def _check_condition(
    row: Combination | Trigger, items: Mapping[str, ItemLike], categories: Categories
) -> None:
    """Every leaf known and allowed; not true of an empty record, nor from restricted facts alone."""
    never_alone: set[str] = set()
    help_use: set[str] = set()
    for leaf in leaves(row.when):
        item = _check_item(leaf.item, row.code, items)
        _check_allowed(item, row.category, row.code, categories)
        if _is_never_alone(item):
            never_alone.add(item.code)
        if _is_help(item, row.category, categories):
            help_use.add(item.code)
    if possible(row.when, frozenset())[0]:
        raise _always_true(row.code)
    if possible(row.when, frozenset(never_alone | help_use))[0]:
        restricted = sorted(never_alone) or sorted(help_use)
        _refuse_restricted(items[restricted[0]], row.category, row.code, categories)
    for leaf in positive_leaves(row.when):
        if items[leaf.item].protective:
            label = items[leaf.item].label
            raise ProtectiveAddsPoints(
                f"「{row.code}」: 「{label}」は支えになる事実なので、点を上げる条件にできません。"
                "外してください。"
            )


def _check_groups(ruleset: RuleSet) -> None:
    known = {r.code: r.category for r in (*ruleset.items, *ruleset.combinations)}
    seen: set[str] = set()
    for group in ruleset.groups:
        for code in group.rules:
            if known.get(code) != group.category:
                raise UnknownRule(
                    f"「{group.code}」の rules にある {code} は、同じ困難類型の行にありません。"
                    "つづりを確かめてください。"
                )
            if code in seen:
                raise DuplicateCode(f"{code} が二つのまとまりに入っています。一つだけにしてください。")
            seen.add(code)


def most_points(ruleset: RuleSet, category: str, age_band: str) -> float:
    """The most points a child of this age band could have in a category."""
    most: dict[str, float] = {}
    for rule in ruleset.items:
        if rule.enabled and rule.category == category:
            most[rule.code] = max(band.points for band in rule.bands_for(age_band))
    for row in ruleset.combinations:
        if row.enabled and row.category == category:
            most[row.code] = row.points
    total = 0.0
    for group in ruleset.groups:
        total += min(group.cap, sum(most.pop(code, 0.0) for code in group.rules))
    return round(total + sum(most.values()), 2)


def _check_reachable(ruleset: RuleSet, categories: Categories) -> None:
    for category in categories.categories:
        floor = max(
            (t.level for t in ruleset.triggers if t.enabled and t.category == category.code), default=0
        )
        for age_band in (ALL_AGES, *categories.age_bands):
            most = most_points(ruleset, category.code, age_band)
            for level, points in enumerate(ruleset.thresholds_for(category.code, age_band), start=1):
                if points > most and level > floor:
                    raise UnreachableLevel(
                        f"{category.label}（{age_band}）のレベル{level}は{number(points)}点からですが、"
                        f"点を全部足しても{number(most)}点です。しきい値を下げるか、点を見直してください。"
                    )


# --- meaning: one child at a time ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Score:
    """What a rule set says of one child in one category."""

    points: float
    floor_level: int
    level: int
    hits: Mapping[str, float]
    caps: Mapping[str, float]
    suppressed: bool


def score(ruleset: RuleSet, category: str, facts: Facts) -> Score:
    """Judge one child in one category; the plain-Python twin of the SQL, used to explain and to test it.

    `hits` maps rule codes to points (0 for triggers), `caps` group codes to the points taken away.
    """
    hits: dict[str, float] = {}
    for rule in ruleset.items:
        if rule.enabled and rule.category == category:
            value = facts.values.get(rule.item, 0.0)
            reached = [
                b
                for b in rule.bands_for(facts.age_band or "")
                if value is not None and round(value, 4) >= b.at
            ]
            if reached and reached[-1].points:
                hits[rule.code] = reached[-1].points
    for row in ruleset.combinations:
        if row.enabled and row.category == category and row.points and truth(row.when, facts):
            hits[row.code] = row.points
    caps: dict[str, float] = {}
    for group in ruleset.groups:
        if group.category == category:
            over = round(sum(hits.get(code, 0.0) for code in group.rules) - group.cap, 2)
            if over > 0:
                caps[group.code] = over
    points = round(sum(hits.values()) - sum(caps.values()), 2)
    floor = 0
    for trigger in ruleset.triggers:
        if trigger.enabled and trigger.category == category and truth(trigger.when, facts):
            hits[trigger.code] = 0.0
            floor = max(floor, trigger.level)
    reached_level = sum(points >= t for t in ruleset.thresholds_for(category, facts.age_band))
    suppressed = any(
        s.enabled and s.category == category and bool(truth(s.when, facts)) for s in ruleset.suppressions
    )
    return Score(points, floor, max(floor, reached_level), hits, caps, suppressed)


# --- the compiler -------------------------------------------------------------------------------------------
# The wide table has one row per child: as_of, age_no (place of the age band in `age_order`, NULL where no
# rule names it), one DOUBLE column i_<item> per item (NULL = unknown, 0 = nothing found or not applicable),
# and, for items whose newest date matters, a DATE column d_<item>. SQL's AND, OR and NOT on it are Kleene's.
# Only catalogue codes (checked against CODE) and numbers enter the text.


def dated_items(ruleset: RuleSet) -> tuple[str, ...]:
    """Items whose newest date some condition reads, sorted."""
    found: set[str] = set()

    def walk(condition: Condition) -> None:
        match condition:
            case Leaf(item, _, _, within):
                if within is not None:
                    found.add(item)
            case All(parts) | AnyOf(parts) | AtLeast(_, parts):
                for part in parts:
                    walk(part)
            case Not(part):
                walk(part)
            case Then(first, second, _):
                found.update((first.item, second.item))

    for row in (*ruleset.combinations, *ruleset.triggers, *ruleset.suppressions):
        if row.enabled:
            walk(row.when)
    return tuple(sorted(found))


def _bands_sql(item: str, bands: Sequence[Band]) -> str:
    name = column("i", item)
    steps = " ".join(f"when {name} >= {literal(b.at)} then {b.points:.2f}" for b in reversed(bands))
    return f"case {steps} end"


def age_order(ruleset: RuleSet) -> list[str]:
    """The age bands that items name, sorted; the wide table counts them from 1."""
    return sorted({age for rule in ruleset.items if rule.enabled for age, _ in rule.ages})


def wide_sql(ruleset: RuleSet) -> str:
    """SQL of the wide table over `child` and `judge_cell`; bind $as_of (date) and $ages (`age_order`).

    `judge_cell` numbers the items by their place in `ruleset.items_read()`, from 0.
    """
    order = ruleset.items_read()
    dated = [(order.index(item), column("d", item)) for item in dated_items(ruleset)]
    values = [
        f"nullif(coalesce(p.\"{n}\", 0), '-infinity') as {column('i', item)}" for n, item in enumerate(order)
    ]
    newest = [f"max(newest_occurred_on) filter (where item_no = {n}) as {name}" for n, name in dated]
    return f"""
        with cell as (
            select
                resident_id,
                item_no,
                value
            from judge_cell
        ),

        pivoted as (
            pivot cell on item_no in ({", ".join(map(str, range(len(order))))})
            using max(value) group by resident_id
        ),

        newest as (
            select
                {", ".join(["resident_id", *newest])}
            from judge_cell
            where item_no in ({", ".join(str(n) for n, _ in dated) or "-1"})
            group by resident_id
        ),

        final as (
            select
                c.resident_id,
                $as_of::date as as_of,
                list_position($ages::varchar[], c.age_band) as age_no,
                {", ".join([*values, *(f"n.{name}" for _, name in dated)])}
            from child as c
            left join pivoted as p on c.resident_id = p.resident_id
            left join newest as n on c.resident_id = n.resident_id
        )

        select * from final
    """


def hit_sql(ruleset: RuleSet) -> str:
    """SQL from `child` and `judge_cell` to resident_id, rule, points (decimal): one row per rule that counts.

    Triggers and suppressions give 0 points; parameters as in `wide_sql`.
    """
    ages = {name: n for n, name in enumerate(age_order(ruleset), start=1)}
    columns: list[tuple[str, str]] = []
    for rule in ruleset.items:
        if rule.enabled:
            sql = _bands_sql(rule.item, rule.bands)
            if rule.ages:
                steps = " ".join(f"when {ages[a]} then {_bands_sql(rule.item, b)}" for a, b in rule.ages)
                sql = f"case age_no {steps} else {sql} end"
            columns.append((rule.code, sql))
    for row in ruleset.combinations:
        if row.enabled:
            columns.append((row.code, f"case when {condition_sql(row.when)} then {row.points:.2f} end"))
    hits = [f"nullif(({sql})::decimal(9, 2), 0) as {column('r', code)}" for code, sql in columns]
    for row in (*ruleset.triggers, *ruleset.suppressions):
        if row.enabled:
            name = column("r", row.code)
            hits.append(f"(case when {condition_sql(row.when)} then 0 end)::decimal(9, 2) as {name}")
    return f"""
        with wide as materialized ({wide_sql(ruleset)}),

        counted as (
            select
                resident_id,
                {", ".join(hits)}
            from wide
        ),

        final as (
            select
                resident_id,
                name[3:] as rule,
                points
            from (unpivot counted on columns(* exclude (resident_id)) into name name value points)
        )

        select * from final
    """
