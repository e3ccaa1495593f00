"""Conditions are read by Kleene's three-valued tables, in Python and in SQL alike."""

from __future__ import annotations

import datetime as dt

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kodomo.conditions import (
    All,
    AnyOf,
    AtLeast,
    Condition,
    Facts,
    Leaf,
    Not,
    Then,
    UnknownCondition,
    UnknownOperator,
    condition_data,
    condition_sql,
    parse_condition,
    truth,
)

DAY = dt.date(2025, 10, 31)
ITEMS = ("a", "b", "c")
leaf = st.builds(
    Leaf,
    st.sampled_from(ITEMS),
    st.sampled_from([">=", ">", "<=", "<", "=", "!="]),
    st.sampled_from([0.0, 1.0, 2.5]),
    st.sampled_from([None, None, 30]),
)


def _trees(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(parts, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        several.map(All),
        several.map(AnyOf),
        parts.map(Not),
        several.flatmap(lambda p: st.integers(1, len(p)).map(lambda k: AtLeast(k, p))),
        st.builds(Then, leaf, leaf, st.integers(0, 60)),
    )


tree = st.recursive(leaf, _trees, max_leaves=6)
value = st.sampled_from([None, 0.0, 1.0, 2.5, 3.0])
date = st.sampled_from([None, DAY, DAY - dt.timedelta(days=20), DAY - dt.timedelta(days=50)])
facts = st.builds(
    lambda v, d: Facts(dict(zip(ITEMS, v, strict=True)), dict(zip(ITEMS, d, strict=True)), DAY),
    st.tuples(value, value, value),
    st.tuples(date, date, date),
)
CON = duckdb.connect(":memory:", config={"threads": 1})


@settings(max_examples=150, deadline=None)
@given(tree, facts)
def test_sql_and_python_agree(condition: Condition, known: Facts) -> None:
    columns = ["$as_of::date as as_of"]
    bound: dict[str, object] = {"as_of": DAY}
    for item in ITEMS:
        columns += [f"$v_{item}::double as i_{item}", f"$d_{item}::date as d_{item}"]
        bound |= {f"v_{item}": known.values[item], f"d_{item}": known.dates[item]}
    query = f"select {condition_sql(condition)} from (select {', '.join(columns)})"
    assert CON.execute(query, bound).fetchall()[0][0] is truth(condition, known)


@settings(max_examples=100, deadline=None)
@given(tree, tree, facts)
def test_laws_of_kleene_hold(one: Condition, other: Condition, known: Facts) -> None:
    assert truth(Not(Not(one)), known) is truth(one, known)
    assert truth(Not(All((one, other))), known) is truth(AnyOf((Not(one), Not(other))), known)
    assert truth(All((one, other)), known) is truth(All((other, one)), known)
    assert truth(AtLeast(1, (one, other)), known) is truth(AnyOf((one, other)), known)
    assert truth(AtLeast(2, (one, other)), known) is truth(All((one, other)), known)


@settings(max_examples=100, deadline=None)
@given(tree, facts, st.tuples(*[st.sampled_from([0.0, 1.0, 2.5, 3.0])] * 3))
def test_what_is_certain_stays_so_when_more_is_known(
    condition: Condition, known: Facts, filled: tuple[float, float, float]
) -> None:
    before = truth(condition, known)
    more = {
        i: (v if known.values[i] is None else known.values[i]) for i, v in zip(ITEMS, filled, strict=True)
    }
    after = truth(condition, Facts(more, known.dates, DAY))
    assert before is None or before is after


@settings(max_examples=100, deadline=None)
@given(tree)
def test_written_and_read_again_it_is_the_same(condition: Condition) -> None:
    assert parse_condition(condition_data(condition), "試験") == condition


def test_then_asks_for_the_order() -> None:
    condition = Then(Leaf("a", ">=", 1), Leaf("b", ">=", 1), 30)
    early, late = DAY - dt.timedelta(days=25), DAY
    values = {"a": 1.0, "b": 1.0}
    assert truth(condition, Facts(values, {"a": early, "b": late}, DAY)) is True
    assert truth(condition, Facts(values, {"a": late, "b": early}, DAY)) is False
    assert truth(condition, Facts(values, {"a": None, "b": late}, DAY)) is None


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"all": []},
        {"all": [{"item": "a", "op": ">=", "value": 1}], "any": []},
        {"at_least": {"k": 3, "of": [{"item": "a", "op": ">=", "value": 1}]}},
        {"item": "a", "op": ">=", "value": "1; drop table child"},
        {"item": "a", "op": ">=", "value": float("nan")},
        {"item": "a", "op": ">=", "value": 10**400},
        {"then": {"first": {"not": {"item": "a", "op": "=", "value": 1}}, "second": {}, "within_days": 1}},
        {"maybe": {}},
    ],
)
def test_what_is_no_condition_is_refused(data: object) -> None:
    with pytest.raises(UnknownCondition):
        parse_condition(data, "試験")


def test_an_unknown_operator_is_refused() -> None:
    with pytest.raises(UnknownOperator):
        parse_condition({"item": "a", "op": "like", "value": 1}, "試験")


def test_a_bottomless_condition_is_refused() -> None:
    data: dict = {"item": "a", "op": ">=", "value": 1}
    for _ in range(50):
        data = {"not": data}
    with pytest.raises(UnknownCondition):
        parse_condition(data, "試験")
