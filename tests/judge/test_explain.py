"""An explanation names the bars, what is unknown, who can tell, and which fact would change the level."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from kodomo.explain import Explanation, explain
from kodomo.judge import judge_items


@pytest.fixture
def told(city, child, as_of, ruleset, catalogue):
    def build(one, states=None) -> dict:
        con = city([one], states)
        judge_items(con, as_of, ruleset, catalogue)
        found: Explanation = explain(con, one.id, ruleset, catalogue)
        assert found.as_of == dt.date(2025, 10, 31)
        return {c.category: c for c in found.categories} | {"protective": found.protective}

    return build


def test_the_bars_add_up_and_carry_reason_and_source(told, child) -> None:
    found = told(child("1", {"public_assistance": 1, "arrears": 6}))["poverty"]
    assert [(c.code, c.points) for c in found.contributions] == [
        ("po_arrears", 4),
        ("po_aid", 3),
        ("po_money", -2),
    ]
    assert sum(c.points for c in found.contributions) == found.points
    assert all(c.why and c.source for c in found.contributions)
    assert (found.level_label, found.points_to_next) == ("注意", 1)
    assert found.sentence == "「注意」です（5点）。次のレベルまで、あと1点です。"


def test_what_is_unknown_is_named_with_its_owner(told, child) -> None:
    found = told(child("1", {"absence": 12}, unknown=["mood"]), {"missed": "データ途絶"})
    (mood,) = found["nonattendance"].missing
    assert (mood.label, mood.why, mood.department) == ("気持ちが低い日", "記録なし", "こども安心課")
    assert found["abuse"].missing[0].why == "データ途絶"


def test_the_single_facts_that_would_change_the_level(told, child) -> None:
    found = told(child("1", {"absence": 12}, unknown=["mood"]))["nonattendance"]
    assert [(c.item, c.level) for c in found.without] == [("absence", 0)]
    assert [(c.item, c.level, c.unknown_now) for c in found.more] == [
        ("absence", 2, False),
        ("mood", 2, True),
    ]
    assert found.more[0].text == "「欠席日数」が12日から20日になれば"
    assert found.more[1].text == "不明の「気持ちが低い日」が30%以上と分かれば"
    assert found.more[1].department == "こども安心課"


def test_a_fact_that_cannot_concern_the_child_is_not_named(told, child) -> None:
    found = told(child("1", {}, school_grade=-3, unknown=["mood"]))["nonattendance"]
    assert [c.item for c in found.more] == ["mood"]


def test_rules_that_do_not_give_the_level_that_stands_name_no_fact(
    city, child, as_of, ruleset, catalogue
) -> None:
    con = city([child("1", {"absence": 12})])
    judge_items(con, as_of, ruleset, catalogue)
    other = replace(ruleset, items=tuple(r for r in ruleset.items if r.code != "na_absence"))
    found = next(c for c in explain(con, "1", other, catalogue).categories if c.category == "nonattendance")
    assert not found.tested
    assert (found.without, found.more) == ((), ())


def test_a_floor_is_said_to_be_one(told, child) -> None:
    found = told(child("1", {"notice": 1}))["abuse"]
    assert found.floor_level == found.level == 3
    assert found.sentence == "点数によらず、すぐに人が確認する条件に当てはまるので「要確認」です。"
    assert found.points_to_next is None
    assert [(c.item, c.level) for c in found.without] == [("notice", 0)]


def test_protective_facts_stand_beside(told, child) -> None:
    found = told(child("1", {"absence": 12, "support_room": 3}))
    assert [(p.item, p.text) for p in found["protective"]] == [("support_room", "3回")]
    assert found["nonattendance"].suppressed
