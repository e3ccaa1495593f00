"""The preview in memory says the same as the judgement itself, for every draft."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kodomo import judge, preview, tuning
from kodomo.rules import ALL_AGES, FIRST_RULESET, ThresholdsOutOfOrder, load_categories, load_ruleset
from kodomo.snapshots import Family

KINDS = load_categories()
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
def con(judged_city: Family):
    opened = judged_city.connect()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def cells(con: duckdb.DuckDBPyConnection) -> preview.Cells:
    return preview.read(con)


@settings(max_examples=25, deadline=None)
@given(draft=drafts)
def test_counts_and_moves_are_those_of_the_database(con, cells, draft) -> None:
    found = preview.effect(cells, draft, most=10_000)
    for row in tuning.counts(con, draft).to_dict("records"):
        assert found.counts[row["category"]][row["level"]] == (row["now"], row["draft"])
    highest = tuning.workload(con, draft)
    assert found.highest == list(zip(highest["now"].tolist(), highest["draft"].tolist(), strict=True))
    moved = tuning.moves(con, draft, limit=100_000)
    told = {(m.resident_id, m.category, m.old, m.new) for m in found.up + found.down}
    asked = moved[["resident_id", "category", "old_level", "new_level"]].itertuples(index=False, name=None)
    assert told == set(asked)
    rising = moved[moved["new_level"] > moved["old_level"]]
    assert [m.resident_id for m in found.up] == rising["resident_id"].tolist()


def test_a_saved_draft_gives_the_levels_that_were_shown(own_city: Family) -> None:
    draft = {"abuse": {ALL_AGES: [2, 5, 9]}, "poverty": {ALL_AGES: [4, 8, 15], "中": [2, 3, 4]}}
    rules = load_ruleset(FIRST_RULESET)
    others = [row for row in rules.thresholds if row.category not in draft]
    with own_city.build() as (con, build):
        shown = preview.effect(preview.read(con), draft)
        judge.relevel(con, replace(rules, thresholds=tuple(others)).with_thresholds(draft))
        after = preview.effect(preview.read(con), {})
        build.discard()
    assert {code: [pair[1] for pair in pairs] for code, pairs in shown.counts.items()} == {
        code: [pair[0] for pair in pairs] for code, pairs in after.counts.items()
    }


def test_children_reviewed_already_wait_again_only_when_they_rise(cells) -> None:
    everybody = np.ones(len(cells.residents), dtype=bool)
    assert preview.effect(cells, {}, everybody).waiting == (0, 0)
    lower = {code: {ALL_AGES: [1, 2, 3]} for code in CODES}
    found = preview.effect(cells, lower, everybody)
    assert found.waiting[0] == 0
    assert found.waiting[1] > 0
    high = int((cells.level.max(axis=0) >= 2).sum())
    assert preview.effect(cells, {}).waiting == (high, high)


def test_settled_children_are_found_by_their_number(cells) -> None:
    some = [str(cells.residents[0]), str(cells.residents[-1]), "nobody"]
    marked = preview.settled_of(cells, some)
    assert marked.sum() == len({some[0], some[1]})
    assert not preview.settled_of(cells, []).any()


@pytest.mark.parametrize("starts", [[3, 3, 6], [6, 5, 9], [0, 2, 3], [1, 2]])
def test_thresholds_out_of_order_are_refused(cells, starts) -> None:
    with pytest.raises(ThresholdsOutOfOrder, match="貧困"):
        preview.effect(cells, {"poverty": {ALL_AGES: starts}})


def test_a_scope_keeps_other_children_out_of_every_figure(con, cells) -> None:
    few = preview.read(con, "age_band = ?", ["中"])
    assert 0 < few.children < cells.children
    everybody = preview.effect(few, {}).highest
    assert sum(now for now, _ in everybody) == few.children


def test_nobody_in_scope_is_no_error(con) -> None:
    nobody = preview.read(con, "false")
    found = preview.effect(nobody, {"poverty": {ALL_AGES: [1, 2, 3]}})
    assert nobody.children == 0
    assert (found.risen, found.fallen, found.up) == (0, 0, ())
