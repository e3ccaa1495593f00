"""Rulebook: every rule in use as a sentence, with owner, hits and what people found (判定条件)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kodomo import cases, tuning, wording
from kodomo.conditions import leaves
from kodomo.ops import OpsStore
from kodomo.rescore import Scored
from kodomo.rules import Categories, Group, ItemLike, ItemRule, RuleSet


@dataclass(frozen=True)
class Entry:
    """One rule as the page shows it.

    owners: departments whose records it reads. hits: children it counts for now (None for caps). confirmed
    and cleared: reviews, over all time, of children it counted for that found a need, and that found none.
    changed_in: the version that changed it last; changed_on: its first day, None for the first set.
    """

    code: str
    kind: str
    category: str
    title: str
    sentence: str
    owners: tuple[str, ...]
    reason: str
    source: str
    enabled: bool
    hits: int | None
    confirmed: int
    cleared: int
    changed_in: str
    changed_on: str | None


def entries(
    ops: OpsStore,
    ruleset: RuleSet,
    scored: Scored,
    items: Mapping[str, ItemLike],
    departments: Mapping[str, str],
    shown: Categories,
) -> list[Entry]:
    """Every row of a rule set, by category, kind and code.

    Args:
        ops: where the reviews and versions are.
        ruleset: the rules; scored: what they say of the whole city.
        items: the catalogue; departments: item code → department code; shown: names of the categories.
    """
    found, cleared = _reviewed(ops)
    history = _last_changes(ops)
    places = {category.code: at for at, category in enumerate(shown.categories)}
    kinds = list(wording.KINDS)
    made = []
    for row in _rows(ruleset):
        changed = history.get(row.code, (tuning.first_id(), None))
        hits = scored.hits.get(row.code)
        made.append(
            Entry(
                row.code,
                wording.kind_of(row),
                row.category,
                wording.title(row, items),
                wording.sentence(row, items, shown),
                _owners(row, ruleset, departments),
                row.reason,
                row.source,
                True if isinstance(row, Group) else row.enabled,
                None if isinstance(row, Group) else (0 if hits is None else len(hits)),
                found.get(row.code, 0),
                cleared.get(row.code, 0),
                *changed,
            )
        )
    made.sort(key=lambda row: (places.get(row.category, len(places)), kinds.index(row.kind), row.code))
    return made


def _rows(ruleset: RuleSet) -> tuple[wording.Row, ...]:
    return (
        *ruleset.items,
        *ruleset.combinations,
        *ruleset.triggers,
        *ruleset.groups,
        *ruleset.suppressions,
    )


def _owners(row: wording.Row, ruleset: RuleSet, departments: Mapping[str, str]) -> tuple[str, ...]:
    """Departments whose records a row reads; of a cap those of its members."""
    if isinstance(row, ItemRule):
        codes = {row.item}
    elif isinstance(row, Group):
        members = {rule.code: rule for rule in (*ruleset.items, *ruleset.combinations)}
        return tuple(
            sorted(
                {
                    owner
                    for code in row.rules
                    if code in members
                    for owner in _owners(members[code], ruleset, departments)
                }
            )
        )
    else:
        codes = {leaf.item for leaf in leaves(row.when)}
    return tuple(sorted({departments[code] for code in codes if code in departments}))


def _reviewed(ops: OpsStore) -> tuple[dict[str, int], dict[str, int]]:
    """Reviews of children a rule counted for when they were looked at: found and cleared, by rule."""
    outcomes = cases.catalogue().outcomes
    with ops.read() as con:
        rows = con.execute(
            "select r.rule, v.outcome, count(*) as reviews from review_rule as r"
            " join review as v on r.review_id = v.review_id group by r.rule, v.outcome order by r.rule"
        ).fetchall()
    found: dict[str, int] = {}
    cleared: dict[str, int] = {}
    for row in rows:
        kind = outcomes[row["outcome"]].counts_as if row["outcome"] in outcomes else "open"
        if kind == "found":
            found[row["rule"]] = found.get(row["rule"], 0) + row["reviews"]
        elif kind == "clear":
            cleared[row["rule"]] = cleared.get(row["rule"], 0) + row["reviews"]
    return found, cleared


def _last_changes(ops: OpsStore) -> dict[str, tuple[str, str | None]]:
    """For each rule the newest version that says it otherwise than the version before."""
    changed: dict[str, tuple[str, str | None]] = {}
    before = {row.code: row for row in _rows(tuning.read_version(ops, tuning.first_id()))}
    for version in reversed(tuning.versions(ops)):
        now = {row.code: row for row in _rows(tuning.read_version(ops, version.version_id))}
        for code in now.keys() | before.keys():
            if now.get(code) != before.get(code):
                changed[code] = (version.version_id, version.active_from)
        before = now
    return changed
