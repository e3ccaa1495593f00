"""The single fact that is named changes the level when judged again, and no smaller one is left out."""

from __future__ import annotations

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st
from small_city import SmallItem

from kodomo.conditions import All, AnyOf, AtLeast, Condition, Facts, Leaf, Not, Then
from kodomo.rules import (
    ALL_AGES,
    Band,
    Combination,
    Group,
    ItemRule,
    RuleSet,
    Thresholds,
    Trigger,
    score,
)
from kodomo.single_fact import Turn, applied, most_of, step_of, turns

TODAY = dt.date(2025, 10, 31)
ITEMS = {
    item.code: item
    for item in (
        SmallItem("visits", "回数"),
        SmallItem("aid", "あるなし", unit="有無", kind="flag"),
        SmallItem("share", "割合", unit="%", kind="measure"),
        SmallItem("support", "支え", protective=True),
        SmallItem("counseling_12m", "相談の利用"),
    )
}
CODES = sorted(ITEMS)
#: Values above these change nothing: every rule of the tests compares with less.
HIGHEST = {"share": 4.0, "aid": 1.0}

numbers = st.sampled_from([0.0, 1.0, 1.5, 2.0, 3.0])
points = st.sampled_from([0.0, 0.5, 1.0, 2.0, 4.0])
leaf = st.builds(
    Leaf,
    st.sampled_from(CODES),
    st.sampled_from([">=", ">", "<=", "<", "=", "!="]),
    numbers,
    st.sampled_from([None, None, 30]),
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    leaf | st.builds(Then, leaf, leaf, st.sampled_from([0, 30])),
    lambda part: (
        st.builds(All, st.tuples(part, part))
        | st.builds(AnyOf, st.tuples(part, part))
        | st.builds(Not, part)
        | st.builds(AtLeast, st.just(2), st.tuples(part, part, part))
    ),
    max_leaves=4,
)
bands = st.lists(st.sampled_from([1.0, 1.3, 2.0, 3.0]), min_size=1, max_size=3, unique=True).flatmap(
    lambda starts: st.tuples(*[st.builds(Band, st.just(start), points) for start in sorted(starts)])
)


@st.composite
def rulesets(draw: st.DrawFn) -> RuleSet:
    item_rules = tuple(
        ItemRule(
            f"i{n}",
            draw(st.sampled_from(["abuse", "abuse", "abuse", "poverty"])),
            draw(st.sampled_from(CODES)),
            draw(bands),
            "r",
            "s",
            ages=draw(st.sampled_from([(), (("中", (Band(1.0, 3.0),)),)])),
            enabled=draw(st.sampled_from([True, True, True, False])),
        )
        for n in range(draw(st.integers(0, 4)))
    )
    combinations = tuple(
        Combination(f"c{n}", "abuse", "組", draw(conditions), draw(points), "r", "s")
        for n in range(draw(st.integers(0, 2)))
    )
    triggers = tuple(
        Trigger(f"t{n}", "abuse", "印", draw(conditions), draw(st.integers(1, 3)), "r", "s")
        for n in range(draw(st.integers(0, 2)))
    )
    own = [row.code for row in (*item_rules, *combinations) if row.category == "abuse"]
    groups = ()
    if own:
        members = tuple(sorted(draw(st.sets(st.sampled_from(own), min_size=1))))
        groups = (Group("g", "abuse", "束", members, draw(st.sampled_from([1.0, 2.0, 5.0])), "r", "s"),)
    return RuleSet(
        id="x",
        title="",
        author="",
        reason="",
        items=item_rules,
        groups=groups,
        combinations=combinations,
        triggers=triggers,
        thresholds=(
            Thresholds("abuse", ALL_AGES, (1.0, 3.0, 5.0)),
            Thresholds("abuse", "中", (0.5, 2.0, 6.0)),
            Thresholds("poverty", ALL_AGES, (1.0, 3.0, 5.0)),
        ),
    )


@st.composite
def known(draw: st.DrawFn) -> Facts:
    values: dict[str, float | None] = {
        code: draw(st.sampled_from([None, 0.0, 0.0, 1.0, 2.0, 4.0])) for code in CODES
    }
    values["aid"] = draw(st.sampled_from([None, 0.0, 1.0]))
    if values["share"]:
        values["share"] = draw(st.sampled_from([0.4, 1.3, 2.0, 3.7]))
    dates = {
        code: draw(st.sampled_from([TODAY, TODAY - dt.timedelta(20), TODAY - dt.timedelta(200)]))
        for code in CODES
        if values[code]
    }
    return Facts(values, dates, TODAY, draw(st.sampled_from(["中", "小低"])))


def every_value(code: str, facts: Facts) -> list[Turn]:
    """Every other value the item could have, on its own grid, with every day that may be meant."""
    item, before, held = ITEMS[code], facts.values[code], facts.dates.get(code)
    step, top = step_of(item, ()), min(most_of(item), HIGHEST.get(code, 7.0))
    found = []
    for n in range(round(top / step) + 1):
        after = round(n * step, 4)
        if before is not None and after < before:
            found.append(Turn(code, before, after, held if after else None, 0))
        elif before is None or after > before:
            days = {held, TODAY} - {None} if after else {None}
            found += [Turn(code, before, after, day, 0) for day in days]
        elif before and held != TODAY:
            found.append(Turn(code, before, after, TODAY, 0, renewed=True))
    return found


@settings(max_examples=250, deadline=None)
@given(rulesets(), known())
def test_the_named_fact_changes_the_level_and_no_smaller_one_is_left_out(
    ruleset: RuleSet, facts: Facts
) -> None:
    level = score(ruleset, "abuse", facts).level
    found = turns(ruleset, "abuse", facts, ITEMS)
    for turn in (*found.lower, *found.higher):
        assert score(ruleset, "abuse", applied(facts, turn)).level == turn.level
        assert [code for code in CODES if applied(facts, turn).values[code] != facts.values[code]] in (
            [turn.item],
            [],
        )
    assert all(turn.level < level for turn in found.lower)
    assert all(turn.level > level for turn in found.higher)
    used = ruleset.items_used("abuse")
    for code in CODES:
        tried = [
            (score(ruleset, "abuse", applied(facts, turn)).level, turn) for turn in every_value(code, facts)
        ]
        for rising in (True, False):
            for side, named in (("lower", found.lower), ("higher", found.higher)):
                needed = [
                    abs(turn.after - (turn.before or 0.0))
                    for then, turn in tried
                    if is_rising(turn) is rising and (then < level if side == "lower" else then > level)
                ]
                if side == "lower" and rising and code in ("support", "counseling_12m"):
                    needed = []
                own = [turn for turn in named if turn.item == code and is_rising(turn) is rising]
                assert len(own) == bool(needed), (code, side, rising)
                if own:
                    assert code in used
                    assert abs(own[0].after - (own[0].before or 0.0)) == min(needed)


def is_rising(turn: Turn) -> bool:
    return turn.before is None or turn.renewed or turn.after > turn.before


@settings(max_examples=100, deadline=None)
@given(rulesets(), known())
def test_support_is_never_named_as_a_way_to_a_lower_level(ruleset: RuleSet, facts: Facts) -> None:
    for turn in turns(ruleset, "abuse", facts, ITEMS).lower:
        assert not is_rising(turn) or turn.item not in ("support", "counseling_12m")
