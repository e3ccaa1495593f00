"""Examples: invented children that a rule must match and must not match, tried before a draft is signed."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from kodomo.conditions import Facts, truth
from kodomo.paths import DATA
from kodomo.rules import ItemLike, ItemRule, RuleSet, RuleSetError


class BadExample(RuleSetError):
    """An example cannot be read."""


@dataclass(frozen=True)
class Example:
    """One invented child: what is known (None is 不明, what is not named is 0), and what a rule must say.

    `points` is what an item rule must give, None for "counts at all"; `days_ago` is the age in days of an
    item's newest fact.
    """

    rule: str
    label: str
    match: bool
    values: tuple[tuple[str, float | None], ...]
    age_band: str = ""
    points: float | None = None
    days_ago: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Failure:
    """An example whose rule says otherwise: in words, and as the example would have to be written."""

    example: Example
    said: str
    agreeing: Example


def read_examples(rows: Iterable[Mapping[str, Any]]) -> tuple[Example, ...]:
    """Examples from plain rows with the fields of `Example`; raises BadExample."""
    found = []
    for row in rows:
        try:
            values = {
                str(item): None if value in (None, "不明") else float(value)
                for item, value in row["values"].items()
            }
            found.append(
                Example(
                    str(row["rule"]),
                    str(row["label"]),
                    bool(row["match"]),
                    tuple(sorted(values.items())),
                    str(row.get("age_band", "")),
                    None if row.get("points") is None else float(row["points"]),
                    tuple(sorted((str(i), int(d)) for i, d in row.get("days_ago", {}).items())),
                )
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadExample(
                "例のこどもの書き方が正しくありません。rule・label・match・values を確かめてください。"
            ) from error
    return tuple(found)


def examples_data(examples: Sequence[Example]) -> list[dict[str, Any]]:
    """Examples as plain rows; the inverse of `read_examples`."""
    return [
        {
            "rule": example.rule,
            "label": example.label,
            "match": example.match,
            "values": dict(example.values),
            "age_band": example.age_band,
            "points": example.points,
            "days_ago": dict(example.days_ago),
        }
        for example in examples
    ]


@lru_cache(maxsize=4)
def first_examples(path: Path = DATA / "rules" / "examples.toml") -> tuple[Example, ...]:
    """The examples of the first rule set, from data/rules/examples.toml."""
    return read_examples(tomllib.loads(path.read_text(encoding="utf-8")).get("example", []))


def with_changes(changed: Sequence[Example]) -> tuple[Example, ...]:
    """The first examples, with those a draft brings in place of the ones of the same rule and label."""
    own = {(example.rule, example.label): example for example in changed}
    kept = [own.pop((example.rule, example.label), example) for example in first_examples()]
    return (*kept, *own.values())


def failures(ruleset: RuleSet, changed: Sequence[Example], items: Mapping[str, ItemLike]) -> list[Failure]:
    """Try every example whose rule is in use.

    Args:
        ruleset: the rules to try.
        changed: examples the draft itself brings; they replace those of the same rule and label.
        items: the catalogue; an example of an item it lacks is passed over with its rule.

    Returns:
        The examples whose rule says otherwise, in their order.
    """
    rows = {
        row.code: row
        for row in (*ruleset.items, *ruleset.combinations, *ruleset.triggers, *ruleset.suppressions)
    }
    found = []
    for example in with_changes(changed):
        row = rows.get(example.rule)
        if row is None or not row.enabled or any(item not in items for item, _ in example.values):
            continue
        facts = _facts(example)
        if isinstance(row, ItemRule):
            value = facts.values.get(row.item, 0.0)
            reached = [
                band
                for band in row.bands_for(example.age_band)
                if value is not None and round(value, 4) >= band.at
            ]
            given = reached[-1].points if reached else 0.0
            good = (given > 0) == example.match and (example.points is None or given == example.points)
            said = f"{given:g}点"
            agreeing = replace(example, match=given > 0, points=None if example.points is None else given)
        else:
            holds = truth(row.when, facts)
            good = (holds is True) == example.match
            said = {True: "当てはまる", False: "当てはまらない", None: "不明"}[holds]
            agreeing = replace(example, match=holds is True)
        if not good:
            found.append(Failure(example, said, agreeing))
    return found


def _facts(example: Example) -> Facts:
    day = dt.date(2026, 10, 31)  # any day: ages of facts are told in days
    return Facts(
        dict(example.values),
        {item: day - dt.timedelta(days=ago) for item, ago in example.days_ago},
        day,
        example.age_band,
    )
