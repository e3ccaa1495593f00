"""Grounds the code refuses whatever the catalogue says: each one by itself, as points and as a trigger."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kodomo import rules
from kodomo.items import Item, load_items
from kodomo.rules import FIRST_RULESET, RuleSet, load_categories, load_ruleset

ITEMS = load_items()
PROTECTED = sorted(rules.PROTECTED_CATEGORIES)
TEXT = FIRST_RULESET.read_text(encoding="utf-8")
POINTS = '[[item]]\ncode = "zz"\ncategory = "{0}"\nitem = "{1}"\nbands = [{{ from = 1, points = 1 }}]\n{2}'
TRIGGER = (
    '[[trigger]]\ncode = "zz"\ncategory = "{0}"\nlabel = "試験"\nlevel = 3\n'
    'when = {{ item = "{1}", op = ">=", value = 1 }}\n{2}'
)
COMBINED = (
    '[[combination]]\ncode = "zz"\ncategory = "{0}"\nlabel = "試験"\npoints = 1\n'
    'when = {{ all = [{{ item = "{1}", op = ">=", value = 1 }}, '
    '{{ item = "{3}", op = ">=", value = 1 }}] }}\n{2}'
)
WHY = 'reason = "試験"\nsource = "試験"\n'


def allowing(code: str, category: str) -> dict[str, Item]:
    """The catalogue as somebody careless would edit it: the item allowed everywhere and bare of all marks."""
    item = replace(
        ITEMS[code],
        categories=tuple(c.code for c in load_categories().categories),
        forbidden_alone=False,
        no_raise=(),
    )
    assert category in item.categories
    return ITEMS | {code: item}


@pytest.mark.parametrize("shape", [POINTS, TRIGGER], ids=["points", "trigger"])
@pytest.mark.parametrize("category", [c.code for c in load_categories().categories])
@pytest.mark.parametrize("code", sorted(rules.NEVER_ALONE))
def test_one_parent_disability_care_and_family_form_never_count_alone(code, category, shape) -> None:
    with pytest.raises(rules.ForbiddenAlone):
        load_ruleset(TEXT + "\n" + shape.format(category, code, WHY), allowing(code, category))


@pytest.mark.parametrize("shape", [POINTS, TRIGGER], ids=["points", "trigger"])
@pytest.mark.parametrize("category", PROTECTED)
@pytest.mark.parametrize("code", sorted(rules.HELP_ITEMS))
def test_using_help_never_raises_abuse_nonattendance_or_bullying(code, category, shape) -> None:
    with pytest.raises((rules.HelpAlone, rules.ProtectiveAddsPoints)):
        load_ruleset(TEXT + "\n" + shape.format(category, code, WHY), allowing(code, category))


@pytest.mark.parametrize("category", PROTECTED)
def test_two_kinds_of_help_together_are_still_only_help(category) -> None:
    catalogue = allowing("public_assistance", category) | {
        "school_expense_aid": allowing("school_expense_aid", category)["school_expense_aid"]
    }
    text = COMBINED.format(category, "public_assistance", WHY, "school_expense_aid")
    with pytest.raises(rules.HelpAlone):
        load_ruleset(TEXT + "\n" + text, catalogue)


@pytest.mark.parametrize("category", PROTECTED)
def test_one_parent_and_help_together_are_no_reason(category) -> None:
    catalogue = allowing("single_parent", category) | {
        "child_rearing_allowance_full": allowing("child_rearing_allowance_full", category)[
            "child_rearing_allowance_full"
        ]
    }
    text = COMBINED.format(category, "single_parent", WHY, "child_rearing_allowance_full")
    with pytest.raises(rules.ForbiddenAlone):
        load_ruleset(TEXT + "\n" + text, catalogue)


@pytest.mark.parametrize("category", [c.code for c in load_categories().categories])
@pytest.mark.parametrize("code", sorted(code for code, item in ITEMS.items() if item.protective))
def test_a_protective_fact_adds_to_no_level(code, category) -> None:
    text = COMBINED.format(category, code, WHY, "moves_24m")
    catalogue = allowing(code, category) | {"moves_24m": allowing("moves_24m", category)["moves_24m"]}
    with pytest.raises(rules.ProtectiveAddsPoints):
        load_ruleset(TEXT + "\n" + text, catalogue)


@pytest.mark.parametrize("word", sorted(rules.FORBIDDEN_CODES))
@pytest.mark.parametrize("category", [c.code for c in load_categories().categories])
def test_nationality_creed_and_origin_are_no_ground_under_any_name(word, category) -> None:
    code = f"{word}_flag"
    catalogue = ITEMS | {code: replace(allowing("moves_24m", category)["moves_24m"], code=code)}
    for shape in (POINTS, TRIGGER):
        with pytest.raises(rules.ForbiddenGround):
            load_ruleset(TEXT + "\n" + shape.format(category, code, WHY), catalogue)


@pytest.mark.parametrize("word", rules.FORBIDDEN_LABELS)
def test_a_forbidden_ground_is_known_by_its_label_too(word) -> None:
    harmless = allowing("moves_24m", "abuse")["moves_24m"]
    catalogue = ITEMS | {"innocent": replace(harmless, code="innocent", label=f"{word}の区分")}
    with pytest.raises(rules.ForbiddenGround):
        load_ruleset(TEXT + "\n" + POINTS.format("abuse", "innocent", WHY), catalogue)


def everything(first: RuleSet, codes: frozenset[str], age_band: str) -> rules.Facts:
    return rules.Facts(dict.fromkeys(codes & set(first.items_read()), 99.0), age_band=age_band)


@pytest.mark.parametrize("age_band", load_categories().age_bands)
@pytest.mark.parametrize("category", PROTECTED)
def test_all_help_all_family_forms_and_all_certificates_together_reach_no_level(category, age_band) -> None:
    first = load_ruleset(TEXT, ITEMS)
    told = rules.score(first, category, everything(first, rules.HELP_ITEMS | rules.NEVER_ALONE, age_band))
    assert (told.level, told.points) == (0, 0.0)


@pytest.mark.parametrize("age_band", load_categories().age_bands)
def test_family_form_and_certificates_reach_no_level_of_poverty_either(age_band) -> None:
    first = load_ruleset(TEXT, ITEMS)
    assert rules.score(first, "poverty", everything(first, rules.NEVER_ALONE, age_band)).level == 0


def test_the_catalogue_says_the_same_as_the_code() -> None:
    assert {code for code in rules.NEVER_ALONE if not ITEMS[code].forbidden_alone} == set()
    assert {
        code for code in rules.HELP_ITEMS if not set(ITEMS[code].no_raise) and not ITEMS[code].protective
    } == set()
