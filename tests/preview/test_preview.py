"""The preview tells what a draft changes as judging again would, for everybody it concerns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kodomo import edits, judge, preview
from kodomo.items import load_items
from kodomo.preview import LISTED
from kodomo.rescore import GROUPINGS, Scorer, read
from kodomo.rules import ALL_AGES, FIRST_RULESET, load_categories, load_ruleset
from kodomo.snapshots import Family

KINDS = load_categories()
FIRST = load_ruleset(FIRST_RULESET)
CODES = [category.code for category in KINDS.categories]
points = st.lists(st.integers(1, 30), min_size=3, max_size=3, unique=True).map(sorted)
drafts = st.fixed_dictionaries(
    {},
    optional={
        code: st.fixed_dictionaries({ALL_AGES: points}, optional=dict.fromkeys(KINDS.age_bands, points))
        for code in CODES
    },
)


@pytest.fixture(scope="module")
def scorer(judged_city: Family):
    with judged_city.connect() as con:
        return Scorer(read(con))


@settings(max_examples=25, deadline=None)
@given(draft=drafts)
def test_counts_and_moves_are_those_of_the_two_scores(scorer: Scorer, draft) -> None:
    before, after = scorer.score(FIRST), scorer.score(FIRST.with_thresholds(draft))
    found = preview.effect(scorer.city, before, after, most=10**6)
    for k, code in enumerate(CODES):
        for level, (now, then) in enumerate(found.counts[code]):
            assert now == int((before.level[k] == level).sum())
            assert then == int((after.level[k] == level).sum())
    moves = found.up + found.down
    assert (len(found.up), len(found.down)) == (found.risen, found.fallen)
    assert len(moves) == int((before.level != after.level).sum())
    assert {move.resident_id for move in moves if move.joins} == {
        str(scorer.city.residents[n]) for n in np.flatnonzero((before.highest == 0) & (after.highest > 0))
    }
    sizes = [move.new - move.old for move in found.up]
    assert sizes == sorted(sizes, reverse=True)


def test_a_draft_gives_the_levels_that_judging_by_it_gives(own_city: Family) -> None:
    draft = {"abuse": {ALL_AGES: [2, 5, 9]}, "poverty": {ALL_AGES: [4, 8, 15], "中": [2, 3, 4]}}
    others = [row for row in FIRST.thresholds if row.category not in draft]
    wanted = replace(FIRST, thresholds=tuple(others)).with_thresholds(draft)
    with own_city.build() as (con, build):
        made = Scorer(read(con))
        shown = preview.effect(made.city, made.score(FIRST), made.score(wanted))
        judge.relevel(con, wanted)
        kept = con.execute(
            "select category, level, count(*) from judgement group by category, level"
        ).fetchall()
        build.discard()
    told = {
        (code, level): pair[1] for code, pairs in shown.counts.items() for level, pair in enumerate(pairs)
    }
    assert {key: n for key, n in told.items() if n} == {(code, level): n for code, level, n in kept}


def test_children_reviewed_already_wait_again_only_when_they_rise(scorer: Scorer) -> None:
    now = scorer.score(FIRST)
    everybody = np.ones(scorer.city.children, dtype=bool)
    assert preview.effect(scorer.city, now, now, everybody).waiting == (0, 0)
    lower = scorer.score(FIRST.with_thresholds({code: {ALL_AGES: [1, 2, 3]} for code in CODES}))
    found = preview.effect(scorer.city, now, lower, everybody)
    assert found.waiting[0] == 0
    assert found.waiting[1] > 0
    high = int((now.highest >= LISTED).sum())
    assert preview.effect(scorer.city, now, now).waiting == (high, high)


def test_settled_children_are_found_by_their_number(scorer: Scorer) -> None:
    city = scorer.city
    some = [str(city.residents[0]), str(city.residents[-1]), "nobody"]
    assert preview.settled_of(city, some).sum() == 2
    assert not preview.settled_of(city, []).any()


def test_groups_add_up_to_everybody(scorer: Scorer) -> None:
    now = scorer.score(FIRST)
    lower = scorer.score(FIRST.with_thresholds({"abuse": {ALL_AGES: [1, 2, 3]}}))
    for grouping in GROUPINGS:
        rows = preview.shares(scorer.city, now, lower, grouping)
        assert sum(row.children for row in rows) == scorer.city.children
        assert sum(row.now for row in rows) == int((now.highest >= LISTED).sum())
        assert sum(row.draft for row in rows) == int((lower.highest >= LISTED).sum())
        one = preview.shares(scorer.city, now, lower, grouping, "poverty")
        assert all(row.now == row.draft for row in one)


def test_departments_are_those_whose_records_give_a_reason(scorer: Scorer) -> None:
    owners = {code: item.department for code, item in load_items().items()}
    now = scorer.score(FIRST)
    rows = {row.name: row for row in preview.by_department(scorer.city, (FIRST, now), (FIRST, now), owners)}
    assert set(rows) <= set(owners.values())
    off = [row.code for row in FIRST.items if owners[row.item] == "pupil"]
    conditional = [
        row.code
        for row in (*FIRST.combinations, *FIRST.triggers)
        if any(owners[leaf.item] == "pupil" for leaf in _leaves(row))
    ]
    silent = edits.turn(FIRST, {f"use|{code}": False for code in off + conditional}, KINDS)
    after = preview.by_department(scorer.city, (FIRST, now), (silent, scorer.score(silent)), owners)
    pupil = next(row for row in after if row.name == "pupil")
    assert pupil.now > 0
    assert pupil.draft == 0


def _leaves(row):
    from kodomo.conditions import leaves

    return leaves(row.when)


def test_the_curve_counts_children_from_each_point_up(scorer: Scorer) -> None:
    now = scorer.score(FIRST)
    for k, code in enumerate(CODES):
        values, reached, floors = preview.curve(scorer.city, now, code)
        assert list(values) == sorted(set(now.points[k][now.points[k] > 0].tolist()))
        assert [int((now.points[k] >= value).sum()) for value in values] == reached.tolist()
        assert floors == int((now.floor[k] >= LISTED).sum())


def test_nobody_in_scope_is_no_error(judged_city: Family) -> None:
    with judged_city.connect() as con:
        nobody = Scorer(read(con, "false"))
    found = preview.effect(nobody.city, nobody.score(FIRST), nobody.score(FIRST))
    assert (found.risen, found.fallen, found.up, found.waiting) == (0, 0, (), (0, 0))
    assert preview.shares(nobody.city, nobody.score(FIRST), nobody.score(FIRST), "town") == []
