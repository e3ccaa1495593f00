"""The first rule set says what a specialist would expect of plain stories."""

from __future__ import annotations

import datetime as dt

import pytest

from kodomo.items import load_items
from kodomo.rules import FIRST_RULESET, Facts, RuleSet, load_ruleset, score

DAY = dt.date(2026, 10, 31)


@pytest.fixture(scope="module")
def first() -> RuleSet:
    return load_ruleset(FIRST_RULESET, load_items())


def level(first: RuleSet, category: str, facts: dict[str, float | None], age_band: str, days: int) -> int:
    dates = dict.fromkeys(facts, DAY - dt.timedelta(days=days))
    return score(first, category, Facts(facts, dates, DAY, age_band)).level


STORIES = [
    ("a report to the guidance centre", "abuse", {"center_notice_24m": 1}, "3-5", 60, 3, 3),
    ("an old report", "abuse", {"center_notice_24m": 1}, "3-5", 600, 1, 2),
    (
        "an urgent consultation about abuse",
        *("abuse", {"abuse_consultation_24m": 1, "consultation_urgent_12m": 1}, "小低", 30, 3, 3),
    ),
    ("a recent consultation about abuse", "abuse", {"abuse_consultation_24m": 1}, "小低", 30, 1, 2),
    ("whereabouts unknown", "abuse", {"whereabouts_unknown": 1}, "小低", 30, 3, 3),
    ("the council's gravest degree", "abuse", {"council_open": 4}, "中", 200, 3, 3),
    ("the council's lightest degree", "abuse", {"council_open": 1}, "中", 200, 1, 2),
    (
        "grave, and nobody has met the child",
        *("abuse", {"council_open": 3, "days_since_contact": 90}, "中", 200, 3, 3),
    ),
    (
        "check-up missed, visits refused, EPDS high",
        *("abuse", {"checkup_missed": 1, "newborn_visit_refused": 1, "epds": 14}, "0-2", 30, 3, 3),
    ),
    ("one missed check-up", "abuse", {"checkup_missed": 1}, "0-2", 30, 1, 1),
    ("the check-up nurse suspects neglect", "abuse", {"parenting_concern": 4}, "3-5", 100, 2, 2),
    ("self-harm", "bullying", {"self_harm_12m": 1}, "中", 30, 3, 3),
    ("a child who wants to talk", "bullying", {"wants_to_talk_30d": 1}, "小高", 5, 2, 3),
    ("a child who wants to talk", "abuse", {"wants_to_talk_30d": 1}, "小高", 5, 2, 3),
    ("a serious bullying case", "bullying", {"bullying_serious": 1}, "小高", 100, 3, 3),
    ("one open bullying case", "bullying", {"bullied_open": 1, "bullied_12m": 1}, "小高", 20, 1, 1),
    ("bullying settled", "bullying", {"bullied_12m": 1}, "小高", 200, 0, 0),
    ("thirty days of non-attendance", "nonattendance", {"nonattendance_days_fy": 30}, "中", 30, 3, 3),
    ("absences on the rise", "nonattendance", {"absence_rise": 4, "absence_days_3m": 9}, "小高", 30, 1, 2),
    ("a cold", "nonattendance", {"absence_days_3m": 4, "absence_days_fy": 6}, "小低", 30, 0, 0),
    (
        "a relative who needs care, and a child often late",
        *("nonattendance", {"care_need_family": 3, "late_early_3m": 10}, "中", 30, 1, 2),
    ),
    (
        "low income and arrears",
        *("poverty", {"child_rearing_allowance_full": 1, "insurance_arrears": 3}, "小低", 30, 2, 3),
    ),
    (
        "public assistance and arrears",
        *("poverty", {"public_assistance": 1, "insurance_arrears": 1}, "小低", 30, 2, 3),
    ),
    ("school expense aid", "poverty", {"school_expense_aid": 1}, "小低", 30, 0, 1),
]


@pytest.mark.parametrize(
    ("story", "category", "facts", "age_band", "days", "least", "most"),
    STORIES,
    ids=[f"{row[0]} ({row[1]})" for row in STORIES],
)
def test_a_story_reaches_the_level_it_should(
    first, story, category, facts, age_band, days, least, most
) -> None:
    assert least <= level(first, category, facts, age_band, days) <= most, story


def test_every_age_band_can_reach_every_level_by_points_or_a_trigger(first: RuleSet) -> None:
    every = dict.fromkeys(first.items_read(), 99.0)
    for category in first.categories():
        for age_band in ("0-2", "3-5", "小低", "小高", "中", "高", ""):
            assert level(first, category, every, age_band, 1) == 3, (category, age_band)
