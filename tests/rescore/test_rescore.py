"""Scoring in memory says the same as judging in the database, for every draft of the rules."""

from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kodomo import edits, judge
from kodomo.items import load_items
from kodomo.rescore import City, Scorer, read
from kodomo.rules import FIRST_RULESET, RuleSet, load_categories, load_ruleset
from kodomo.snapshots import Family

SHOWN = load_categories()
ITEMS = load_items()
FIRST = load_ruleset(FIRST_RULESET)
KNOBS = [knob for board in edits.boards(FIRST, ITEMS, SHOWN) for knob in board.knobs]
SWITCHES = [board.switch for board in edits.boards(FIRST, ITEMS, SHOWN) if board.switch]
PLAIN = [knob.id for knob in KNOBS if knob.id.split("|")[0] in ("gives", "points", "cap")]


@pytest.fixture(scope="module")
def con(judged_city: Family):
    opened = judged_city.connect()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def scorer(con: duckdb.DuckDBPyConnection) -> Scorer:
    return Scorer(read(con))


def judged(con: duckdb.DuckDBPyConnection, ruleset: RuleSet) -> dict[tuple[str, str], tuple[float, int, int]]:
    """Points, floor and level of every child and category as the database judges them."""
    as_of = date.fromisoformat(judge.meta(con)["as_of"])
    judge.judge_items(con, as_of, ruleset, persist=False)
    rows = con.execute(
        "select resident_id, category, points, floor_level, level from temp.judgement"
    ).fetchall()
    con.execute("drop table temp.judgement")
    con.execute("drop table temp.reason")
    return {(resident, category): (points, floor, level) for resident, category, points, floor, level in rows}


def same(scorer: Scorer, ruleset: RuleSet, wanted: dict[tuple[str, str], tuple[float, int, int]]) -> None:
    city, scored = scorer.city, scorer.score(ruleset)
    told = {
        (str(resident), category): (
            float(scored.points[k, n]),
            int(scored.floor[k, n]),
            int(scored.level[k, n]),
        )
        for k, category in enumerate(city.categories)
        for n, resident in enumerate(city.residents)
    }
    assert told == wanted


def test_the_rules_in_use_give_the_published_judgement(con, scorer: Scorer) -> None:
    rows = con.execute("select resident_id, category, points, floor_level, level from judgement").fetchall()
    same(scorer, FIRST, {(a, b): (points, floor, level) for a, b, points, floor, level in rows})


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    points=st.dictionaries(st.sampled_from(PLAIN), st.integers(1, 40).map(lambda n: n / 2), max_size=12),
    off=st.sets(st.sampled_from(SWITCHES), max_size=4),
    leaf=st.dictionaries(
        st.sampled_from([knob.id for knob in KNOBS if knob.id.startswith("if|")]),
        st.integers(1, 12).map(float),
        max_size=5,
    ),
)
def test_any_draft_scores_as_the_database_judges_it(con, scorer, points, off, leaf) -> None:
    draft = edits.turn(FIRST, points | leaf | dict.fromkeys(off, False), SHOWN)
    try:
        wanted = judged(con, draft)
    except judge.RuleSetError:
        return  # a draft that may not be judged at all
    same(scorer, draft, wanted)


def test_unknown_is_neither_true_nor_false(con) -> None:
    city = read(con)
    scorer = Scorer(city)
    unknown = {code: held.at[np.isnan(held.value)] for code, held in city.items.items()}
    assert any(len(at) for at in unknown.values())
    scored = scorer.score(FIRST)
    for rule in FIRST.items:
        hit = scored.hits[rule.code]
        assert not set(hit.tolist()) & set(unknown.get(rule.item, np.zeros(0, dtype=np.int32)).tolist())


def test_a_scope_holds_only_its_children(con) -> None:
    few: City = read(con, "age_band = ?", ["中"])
    assert 0 < few.children < read(con).children
    assert set(few.band.tolist()) == {few.age_bands.index("中")}
    assert Scorer(few).score(FIRST).level.shape == (len(few.categories), few.children)


def test_nobody_in_scope_is_no_error(con) -> None:
    nobody = read(con, "false")
    assert nobody.children == 0
    assert Scorer(nobody).score(FIRST).highest.shape == (0,)
