"""The catalogue as a whole: every item says what it is, what it is not, and has one macro to compute it."""

from __future__ import annotations

import re
import tomllib

import pytest

from kodomo.contracts import load_contracts
from kodomo.items import load_items
from kodomo.paths import DATA, SQL

ITEMS = load_items()
SQL_ITEMS = SQL / "items"
TEXTS = ("label", "unit", "window", "purpose", "legal_ground", "unknown_text", "caution", "gap_why")
SENTENCES = ("purpose", "unknown_text", "caution")
# Grounds no rule may rest on alone: disability, ひとり親, and a family member's need of care.
NEVER_ALONE = (
    "single_parent",
    "child_certificate",
    "guardian_mental_certificate",
    "guardian_other_certificate",
    "care_need_family",
    "care_need_new_12m",
    "care_need_unserved",
    "unregistered_partner",
    "partner_moved_in_12m",
    "parent_moved_out_12m",
    "child_rearing_allowance_stopped",
)
# Use of help: raises no level of abuse, nonattendance or bullying by itself.
HELP = (
    "school_expense_aid",
    "public_assistance",
    "child_rearing_allowance_full",
    "child_rearing_allowance_part",
    "counseling_12m",
    "counseling_bullying_12m",
    "counseling_nonattendance_12m",
    "counseling_home_12m",
    "consultation_12m",
    "parenting_consultation_12m",
)
PROTECTIVE = ("club_member", "counted_present_3m", "support_room", "day_support")


def codes_in(name):
    return {row["code"] for row in tomllib.loads((DATA / f"{name}.toml").read_text("utf-8"))[name_of(name)]}


def name_of(name):
    return {"departments": "department", "categories": "category"}[name]


def test_the_catalogue_reaches_over_all_departments():
    assert len(ITEMS) >= 90
    assert {item.department for item in ITEMS.values()} == codes_in("departments")


def test_every_extract_feeds_an_item_or_the_catalogue_says_why_not():
    said = {
        row["extract"]: row["reason"]
        for path in (DATA / "items").glob("*.toml")
        for row in tomllib.loads(path.read_text("utf-8")).get("without_item", [])
    }
    fed = {item.extract for item in ITEMS.values()}
    assert all(reason.endswith("。") for reason in said.values())
    assert fed.isdisjoint(said)
    assert fed | set(said) == set(load_contracts())


def test_every_item_has_one_macro_and_every_macro_one_item():
    assert {f"item_{code}" for code in ITEMS} == {path.stem for path in SQL_ITEMS.glob("item_*.sql")}


@pytest.mark.parametrize("code", ITEMS)
def test_an_item_is_described_in_full(code):
    item = ITEMS[code]
    for name in TEXTS:
        assert getattr(item, name).strip(), name
    for name in SENTENCES:
        assert getattr(item, name).endswith(("。", "？")), name
    assert item.synonyms
    assert item.freshness_days > 0
    assert item.department == load_contracts()[item.extract].department_code
    assert set(item.categories) <= codes_in("categories")
    assert set(item.no_raise) <= codes_in("categories")
    assert (item.unit == "有無") == (item.kind == "flag")


@pytest.mark.parametrize("code", ITEMS)
def test_the_macro_of_an_item_says_at_its_top_what_it_is(code):
    text = (SQL_ITEMS / f"item_{code}.sql").read_text(encoding="utf-8")
    assert text.startswith(f"-- {code}"), "the comment on top begins with the code"
    assert re.search(rf"^create or replace (temp )?macro item_{code}\(as_of\) as table$", text, re.MULTILINE)


def test_labels_and_codes_are_told_apart():
    labels = [item.label for item in ITEMS.values()]
    assert len(set(labels)) == len(labels)


def test_grounds_that_may_not_stand_alone_are_marked():
    assert [code for code in NEVER_ALONE if not ITEMS[code].forbidden_alone] == []


def test_using_help_is_marked_as_raising_nothing_by_itself():
    assert [c for c in HELP if not {"abuse", "nonattendance", "bullying"} <= set(ITEMS[c].no_raise)] == []


def test_what_supports_a_child_is_marked_as_protective():
    assert {code for code, item in ITEMS.items() if item.protective} >= set(PROTECTIVE)


def test_nationality_is_in_no_item():
    text = " ".join(
        path.read_text(encoding="utf-8")
        for path in [*(DATA / "items").glob("*.toml"), *SQL_ITEMS.glob("item_*.sql")]
    )
    assert "nationality" not in text
    assert "国籍" not in text
