"""A rule set is one immutable text with one hash; what breaks the house rules is refused in a sentence."""

from __future__ import annotations

import re

import pytest

from kodomo import rules
from kodomo.conditions import CODE, BadCode, MissingField, RuleSetError, UnknownField, UnknownOperator
from kodomo.items import load_items
from kodomo.rules import FIRST_RULESET, RuleSet, dump_ruleset, load_categories, load_ruleset, parse_ruleset

ROW = """
[[{kind}]]
code = "{code}"
category = "{category}"
label = "試験の行"
when = {when}
{extra}
reason = "試験"
source = "試験"
"""
ITEM = """
[[item]]
code = "extra"
category = "{category}"
item = "{item}"
bands = [{{ from = {start}, points = {points} }}]
reason = "試験"
source = "試験"
"""


def leaf(item: str, op: str = ">=", value: str = "1") -> str:
    return f'{{ item = "{item}", op = "{op}", value = {value} }}'


def both(*parts: str) -> str:
    return f"{{ all = [{', '.join(parts)}] }}"


def combination(
    when: str, category: str = "bullying", kind: str = "combination", extra: str = "points = 1"
) -> str:
    return ROW.format(kind=kind, code="extra", category=category, when=when, extra=extra)


def item(code: str, category: str = "bullying", start: str = "1", points: str = "1") -> str:
    return ITEM.format(category=category, item=code, start=start, points=points)


def test_written_and_read_again_it_is_the_same(ruleset: RuleSet, catalogue: dict) -> None:
    again = load_ruleset(dump_ruleset(ruleset), catalogue)
    assert again == ruleset
    assert again.hash == ruleset.hash


def test_the_order_of_rows_changes_nothing(rules_text: str, catalogue: dict, ruleset: RuleSet) -> None:
    head, *rows = re.split(r"(?m)^(?=\[\[)", rules_text)
    shuffled = load_ruleset(head + "\n".join(reversed(rows)), catalogue)
    assert shuffled == ruleset
    assert shuffled.hash == ruleset.hash


def test_any_change_changes_the_hash(rules_text: str, ruleset: RuleSet) -> None:
    assert parse_ruleset(rules_text.replace("points = 2.5", "points = 2.6")).hash != ruleset.hash
    assert ruleset.with_thresholds({"abuse": {"全年齢": [3, 4, 6]}}).hash != ruleset.hash


REFUSALS: list[tuple[str, type[RuleSetError]]] = [
    (item("no_such_item"), rules.UnknownItem),
    (item('x\\" or 1=1 --'), rules.UnknownItem),
    (combination(leaf("no_such_item")), rules.UnknownItem),
    (item("absence", category="luck"), rules.UnknownCategory),
    (item("poverty_only"), rules.ItemNotForCategory),
    (combination(both(leaf("poverty_only"), leaf("absence"))), rules.ItemNotForCategory),
    (item("nationality"), rules.ForbiddenGround),
    (item("nationality", category="poverty"), rules.ForbiddenGround),
    (item("roots"), rules.ForbiddenGround),
    (combination(both(leaf("nationality"), leaf("absence"))), rules.ForbiddenGround),
    (combination(leaf("roots"), kind="suppression", extra=""), rules.ForbiddenGround),
    (item("single_parent"), rules.ForbiddenAlone),
    (item("single_parent", category="poverty"), rules.ForbiddenAlone),
    (combination(leaf("single_parent"), kind="trigger", extra="level = 1"), rules.ForbiddenAlone),
    (combination(both(leaf("single_parent"), leaf("absence", ">=", "0"))), rules.ForbiddenAlone),
    (
        combination(both(leaf("single_parent"), f"{{ not = {leaf('absence')} }}")),
        rules.ForbiddenAlone,
    ),
    (combination(f"{{ any = [{leaf('single_parent')}, {leaf('absence')}] }}"), rules.ForbiddenAlone),
    (combination(both(leaf("single_parent"), leaf("public_assistance"))), rules.ForbiddenAlone),
    (item("public_assistance"), rules.HelpAlone),
    (item("public_assistance", category="abuse"), rules.HelpAlone),
    (item("public_assistance", category="nonattendance"), rules.HelpAlone),
    (item("tired"), rules.HelpAlone),
    (combination(leaf("public_assistance"), kind="trigger", extra="level = 3"), rules.HelpAlone),
    (item("support_room"), rules.ProtectiveAddsPoints),
    (combination(both(leaf("support_room"), leaf("absence"))), rules.ProtectiveAddsPoints),
    (item("absence", points="-1"), rules.NegativePoints),
    (item("absence", points="true"), rules.NegativePoints),
    (item("absence", points="nan"), rules.NegativePoints),
    (item("absence", start="0"), rules.BandsOutOfOrder),
    (combination(leaf("absence", "<", "3")), rules.AlwaysTrue),
    (combination(f"{{ not = {leaf('absence')} }}"), rules.AlwaysTrue),
    (combination(leaf("absence"), kind="trigger", extra="level = 4"), rules.LevelOutOfRange),
    (combination(leaf("absence"), kind="trigger", extra="level = 0"), rules.LevelOutOfRange),
    (combination(leaf("absence", "~")), UnknownOperator),
    (combination(leaf("absence"), extra="points = 1\ncolour = 2"), UnknownField),
    (item("absence") + item("mood"), rules.DuplicateCode),
    (item("absence").replace('"extra"', '"Extra; drop"'), BadCode),
    (item("absence").replace('reason = "試験"\n', ""), MissingField),
    (
        item("absence").replace("bands", 'ages = { "40代" = [{ from = 1, points = 1 }] }\nbands'),
        rules.UnknownAgeBand,
    ),
    (
        '[[group]]\ncode = "g"\ncategory = "abuse"\nlabel = "g"\nrules = ["na_mood"]\ncap = 1\n'
        'reason = "r"\nsource = "s"\n',
        rules.UnknownRule,
    ),
    ("[[item]]\ncode = ", rules.UnreadableRuleSet),
]


@pytest.mark.parametrize(
    ("text", "error"), REFUSALS, ids=[f"{n}-{e.__name__}" for n, (_, e) in enumerate(REFUSALS)]
)
def test_a_row_that_breaks_a_rule_is_refused(
    rules_text: str, catalogue: dict, text: str, error: type[RuleSetError]
) -> None:
    with pytest.raises(error) as refused:
        load_ruleset(rules_text + text, catalogue)
    assert re.search("[ぁ-ん].*。$", str(refused.value))


THRESHOLDS: list[tuple[str, type[RuleSetError]]] = [
    ("[2, 4]", rules.ThresholdsOutOfOrder),
    ("[4, 2, 6]", rules.ThresholdsOutOfOrder),
    ("[2, 2, 6]", rules.ThresholdsOutOfOrder),
    ("[0, 2, 6]", rules.ThresholdsOutOfOrder),
    ("[2, 4, 600]", rules.UnreachableLevel),
]


@pytest.mark.parametrize(("text", "error"), THRESHOLDS)
def test_thresholds_must_rise_and_be_reachable(
    rules_text: str, catalogue: dict, text: str, error: type[RuleSetError]
) -> None:
    with pytest.raises(error):
        load_ruleset(rules_text.replace("[2, 4, 5]", text), catalogue)


def test_a_trigger_makes_a_level_reachable(rules_text: str, catalogue: dict) -> None:
    text = rules_text.replace("[2, 4, 5]", "[2, 4, 600]")
    load_ruleset(
        text + combination(leaf("absence", ">=", "30"), kind="trigger", extra="level = 3"), catalogue
    )


def test_every_category_needs_thresholds(rules_text: str, catalogue: dict) -> None:
    with pytest.raises(MissingField):
        load_ruleset(
            rules_text.replace('[thresholds.bullying]\n"全年齢"', '[thresholds.bullying]\n"中"'), catalogue
        )


def test_restricted_facts_may_count_beside_others(rules_text: str, catalogue: dict) -> None:
    good = both(leaf("single_parent"), leaf("absence", ">=", "10"))
    loaded = load_ruleset(rules_text + combination(good), catalogue)
    assert any(row.code == "extra" for row in loaded.combinations)


def test_help_is_a_signal_only_for_poverty() -> None:
    signal = {c.code for c in load_categories().categories if c.help_is_signal}
    assert signal == {"poverty"}


def test_categories_may_not_make_help_a_signal_elsewhere(tmp_path: object) -> None:
    text = (rules.DATA / "categories.toml").read_text(encoding="utf-8")
    path = tmp_path / "categories.toml"  # type: ignore[operator]
    path.write_text(text.replace("help_is_signal = false", "help_is_signal = true"), encoding="utf-8")
    with pytest.raises(rules.BadCategories):
        load_categories(path)


@pytest.fixture(scope="module")
def first() -> RuleSet:
    return load_ruleset(FIRST_RULESET, load_items())


def test_the_first_rule_set_is_complete(first: RuleSet) -> None:
    codes = [c.code for c in load_categories().categories]
    for code in codes:
        assert sum(rule.category == code for rule in first.items) >= 8, code
    assert len(first.combinations) >= 12
    assert len(first.triggers) >= 10
    assert {group.category for group in first.groups} == set(codes)
    assert any(row.age_band != "全年齢" for row in first.thresholds)
    for row in (*first.items, *first.groups, *first.combinations, *first.triggers, *first.suppressions):
        assert row.reason, row.code
        assert row.source, row.code
        assert CODE.match(row.code)


def test_the_first_rule_set_round_trips(first: RuleSet) -> None:
    again = load_ruleset(dump_ruleset(first), load_items())
    assert (again, again.hash) == (first, first.hash)


RESTRICTED = [
    *sorted(rules.HELP_ITEMS | rules.NEVER_ALONE),
    "unregistered_partner",
    "care_need_family",
    "care_need_unserved",
]


@pytest.mark.parametrize("category", sorted(rules.PROTECTED_CATEGORIES))
def test_help_disability_and_single_parents_alone_reach_no_level(first: RuleSet, category: str) -> None:
    everything = rules.Facts(dict.fromkeys(RESTRICTED, 9.0), age_band="小高")
    assert rules.score(first, category, everything).level == 0


def test_no_unknown_fact_lowers_a_level_of_the_first_rule_set(first: RuleSet) -> None:
    known = dict.fromkeys(first.items_read(), 2.0)
    for category in first.categories():
        for code in known:
            with_zero = rules.score(first, category, rules.Facts({**known, code: 0.0}))
            unknown = rules.score(first, category, rules.Facts({**known, code: None}))
            assert unknown.level >= with_zero.level, (category, code)
