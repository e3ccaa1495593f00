"""Wording: a rule as one Japanese sentence, and the difference between two rule sets in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from kodomo.conditions import All, AnyOf, AtLeast, Condition, Leaf, Not, Then, number
from kodomo.explain import amount
from kodomo.rules import (
    ALL_AGES,
    Band,
    Categories,
    Combination,
    Group,
    ItemLike,
    ItemRule,
    RuleSet,
    Suppression,
    Trigger,
)

Row = ItemRule | Combination | Trigger | Suppression | Group
#: What each kind of row is called on the screens.
KINDS = {
    "item": "項目の点",
    "combination": "組み合わせの点",
    "trigger": "1つで上がる条件",
    "group": "合計の上限",
    "suppression": "支援中の印",
}
_COMPARED = {
    ">=": "が{}以上",
    ">": "が{}より多い",
    "<=": "が{}以下",
    "<": "が{}未満",
    "=": "が{}",
    "!=": "が{}以外",
}


def kind_of(row: Row) -> str:
    """The key of KINDS for a row."""
    match row:
        case ItemRule():
            return "item"
        case Combination():
            return "combination"
        case Trigger():
            return "trigger"
        case Group():
            return "group"
    return "suppression"


def title(row: Row, items: Mapping[str, ItemLike]) -> str:
    """The short name of a row: its own, or that of its item."""
    if isinstance(row, ItemRule) and not row.label:
        return items[row.item].label if row.item in items else row.item
    return row.label


def condition(tree: Condition, items: Mapping[str, ItemLike]) -> str:
    """A condition as words that end in a plain form, ready for 「…とき」."""
    match tree:
        case Leaf():
            return _leaf(tree, items)
        case All(parts):
            return "、かつ、".join(_inner(part, items) for part in parts)
        case AnyOf(parts):
            return "、または、".join(_inner(part, items) for part in parts)
        case Not(part):
            return f"〔{condition(part, items)}〕に当たらない"
        case AtLeast(k, parts):
            return f"〔{'／'.join(condition(part, items) for part in parts)}〕のうち{k}つ以上"
        case Then(first, second, within):
            return f"{_leaf(first, items)}ことのあと{within}日以内に、{_leaf(second, items)}"
    raise TypeError(type(tree).__name__)


def _inner(part: Condition, items: Mapping[str, ItemLike]) -> str:
    text = condition(part, items)
    return f"〔{text}〕" if isinstance(part, All | AnyOf) else text


def _leaf(leaf: Leaf, items: Mapping[str, ItemLike]) -> str:
    item = items[leaf.item]
    if item.kind == "flag" or item.unit == "有無":
        there = (leaf.op, leaf.value) in ((">=", 1.0), (">", 0.0), ("=", 1.0), ("!=", 0.0))
        text = f"「{item.label}」が{'ある' if there else 'ない'}"
    else:
        text = f"「{item.label}」{_COMPARED[leaf.op].format(amount(item, leaf.value))}"
    return text if leaf.within_days is None else f"{text}（{leaf.within_days}日以内の記録）"


def sentence(row: Row, items: Mapping[str, ItemLike], shown: Categories) -> str:
    """A row as one sentence that says when it counts and what it does.

    Args:
        row: an item rule, combination, trigger, group or suppression.
        items: the catalogue; shown: the names of categories and levels.
    """
    label = shown.label(row.category)
    match row:
        case ItemRule():
            item = items[row.item]
            text = f"「{item.label}」{_bands(item, row.bands)}を「{label}」に加えます。"
            for age_band, bands in row.ages:
                text += f"年齢区分「{age_band}」では{_bands(item, bands)}です。"
            return text
        case Combination():
            return f"{condition(row.when, items)}とき、「{label}」に{number(row.points)}点を加えます。"
        case Trigger():
            more = "" if row.level == shown.top else "以上"
            level = shown.levels[row.level].label
            return f"{condition(row.when, items)}とき、それだけで「{label}」を「{level}」{more}にします。"
        case Group():
            return f"次の{len(row.rules)}つは、合わせて{number(row.cap)}点までとします。"
    return (
        f"{condition(row.when, items)}とき、「{label}」に支援が動いている印を付けます。レベルは変わりません。"
    )


def _bands(item: ItemLike, bands: Sequence[Band]) -> str:
    if item.kind == "flag" or item.unit == "有無":
        return f"がある場合に{number(bands[-1].points)}点"
    return "が" + "、".join(f"{amount(item, band.at)}以上で{number(band.points)}点" for band in bands)


# -- differences --------------------------------------------------------------------------------------------


def differences(
    before: RuleSet, after: RuleSet, items: Mapping[str, ItemLike], shown: Categories
) -> list[tuple[str, str]]:
    """What the second rule set says otherwise than the first, one sentence a change.

    Returns:
        (category code, sentence), thresholds first, then rows by category, kind and code.
    """
    found = _thresholds(before, after, shown)
    one, other = _rows(before), _rows(after)
    changed: list[tuple[str, int, str, str]] = []
    order = list(KINDS)
    for code in sorted(one.keys() | other.keys()):
        old, new = one.get(code), other.get(code)
        row = new or old
        if row is None or old == new:
            continue
        head = f"{KINDS[kind_of(row)]}「{title(row, items)}」"
        changed += [
            (row.category, order.index(kind_of(row)), code, text)
            for text in _changed(head, old, new, items, shown)
        ]
    places = {category.code: at for at, category in enumerate(shown.categories)}
    changed.sort(key=lambda entry: (places.get(entry[0], len(places)), *entry[1:3]))
    return found + [(category, text) for category, _, _, text in changed]


def _rows(ruleset: RuleSet) -> dict[str, Row]:
    every = (*ruleset.items, *ruleset.combinations, *ruleset.triggers, *ruleset.groups, *ruleset.suppressions)
    return {row.code: row for row in every}


def _thresholds(before: RuleSet, after: RuleSet, shown: Categories) -> list[tuple[str, str]]:
    found = []
    for category in shown.categories:
        sides = [
            {row.age_band: row.points for row in rules.thresholds if row.category == category.code}
            for rules in (before, after)
        ]
        for age_band in (ALL_AGES, *shown.age_bands):
            if age_band not in sides[0] and age_band not in sides[1]:
                continue
            old, new = (side.get(age_band, side[ALL_AGES]) for side in sides)
            for level, (was, now) in enumerate(zip(old, new, strict=True), start=1):
                if was != now:
                    name = shown.levels[level].label
                    where = f"{category.label}（{age_band}）の「{name}」"
                    found.append((category.code, f"{where}を {number(was)}点から → {number(now)}点から"))
    return found


def _changed(
    head: str, old: Row | None, new: Row | None, items: Mapping[str, ItemLike], shown: Categories
) -> list[str]:
    if old is None:
        assert new is not None
        return [f"{head}を加える：{sentence(new, items, shown)}"]
    if new is None:
        return [f"{head}をなくす：{sentence(old, items, shown)}"]
    found = []
    if isinstance(old, Group) or isinstance(new, Group):
        assert isinstance(old, Group)
        assert isinstance(new, Group)
        if old.cap != new.cap:
            found.append(f"{head} {number(old.cap)}点まで → {number(new.cap)}点まで")
        if old.rules != new.rules:
            found.append(f"{head}に入れる行を変える（{len(old.rules)} → {len(new.rules)}）")
    else:
        if old.enabled != new.enabled:
            found.append(f"{head}を{'使う' if new.enabled else '使わない'}")
        if _meaning(old) != _meaning(new):
            found.append(f"{head} {sentence(old, items, shown)} → {sentence(new, items, shown)}")
    if not found:
        found.append(f"{head}の理由か出典の文を変える")
    return found


def _meaning(row: Row) -> Row:
    if isinstance(row, Group):
        return row
    return replace(row, reason="", source="", enabled=True)
