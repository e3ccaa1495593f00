"""A tiny city of our own: catalogue, rules and tables, so that these tests do not depend on real items."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pytest

from kodomo.rules import RuleSet, load_ruleset

AS_OF = dt.date(2025, 10, 31)


@dataclass(frozen=True)
class SmallItem:
    code: str
    label: str
    unit: str = "回"
    kind: str = "count"
    window: str = "12か月"
    categories: Sequence[str] = ("poverty", "abuse", "nonattendance", "bullying")
    applies: str = "true"
    department: str = "child_safety"
    extract: str = "consultation"
    unknown_text: str = "記録が届いていません"
    absent_means: str = "zero"
    protective: bool = False
    forbidden_alone: bool = False
    no_raise: Sequence[str] = ()


CATALOGUE = {
    item.code: item
    for item in (
        SmallItem("absence", "欠席日数", unit="日", window="年度内", applies="school_grade between 1 and 9"),
        SmallItem("mood", "気持ちが低い日", unit="%", window="30日"),
        SmallItem("missed", "健診の未受診", window=""),
        SmallItem("notice", "通告", unit="件", window="24か月"),
        SmallItem("arrears", "保険料の滞納", unit="か月", window=""),
        SmallItem("public_assistance", "生活保護", unit="有無", kind="flag", window="判定日の時点"),
        SmallItem("single_parent", "ひとり親", unit="有無", kind="flag", forbidden_alone=True),
        SmallItem("support_room", "教育支援センターの利用", protective=True),
        SmallItem("poverty_only", "貧困だけに使う項目", categories=("poverty",)),
        SmallItem("tired", "眠れない日", no_raise=("bullying",)),
        SmallItem("nationality", "国の区分", unit="有無", kind="flag"),
        SmallItem("roots", "外国籍の家庭", unit="有無", kind="flag"),
    )
}

RULES = """
[ruleset]
id = "small"
title = "小さな判定基準"
author = "試験"
reason = "試験のため"

[thresholds.poverty]
"全年齢" = [2, 4, 6]
[thresholds.abuse]
"全年齢" = [2, 4, 6]
"0-2" = [1, 3, 5]
[thresholds.nonattendance]
"全年齢" = [2, 4, 6.5]
[thresholds.bullying]
"全年齢" = [2, 4, 5]

[[item]]
code = "na_absence"
category = "nonattendance"
item = "absence"
bands = [{ from = 10, points = 2 }, { from = 20, points = 4.5 }]
ages = { "小低" = [{ from = 5, points = 2 }] }
reason = "試験"
source = "試験"

[[item]]
code = "na_mood"
category = "nonattendance"
item = "mood"
bands = [{ from = 30, points = 1 }, { from = 50, points = 2.5 }]
reason = "試験"
source = "試験"

[[item]]
code = "ab_missed"
category = "abuse"
item = "missed"
bands = [{ from = 1, points = 2 }, { from = 2, points = 4 }]
reason = "試験"
source = "試験"

[[item]]
code = "po_aid"
category = "poverty"
item = "public_assistance"
bands = [{ from = 1, points = 3 }]
reason = "試験"
source = "試験"

[[item]]
code = "po_arrears"
category = "poverty"
item = "arrears"
bands = [{ from = 1, points = 2 }, { from = 6, points = 4 }]
reason = "試験"
source = "試験"

[[item]]
code = "bu_mood"
category = "bullying"
item = "mood"
bands = [{ from = 30, points = 5 }]
reason = "試験"
source = "試験"

[[group]]
code = "po_money"
category = "poverty"
label = "お金の事実"
rules = ["po_aid", "po_arrears"]
cap = 5
reason = "試験"
source = "試験"

[[combination]]
code = "na_both"
category = "nonattendance"
label = "欠席と気持ちの落ち込み"
when = { all = [{ item = "absence", op = ">=", value = 10 }, { item = "mood", op = ">=", value = 30 }] }
points = 2
reason = "試験"
source = "試験"

[[combination]]
code = "po_single"
category = "poverty"
label = "ひとり親で滞納がある"
when.all = [{ item = "single_parent", op = ">=", value = 1 }, { item = "arrears", op = ">=", value = 1 }]
points = 1
reason = "試験"
source = "試験"

[[combination]]
code = "ab_again"
category = "abuse"
label = "未受診のあとの通告"
when.then.first = { item = "missed", op = ">=", value = 1 }
when.then.second = { item = "notice", op = ">=", value = 1 }
when.then.within_days = 90
points = 1
reason = "試験"
source = "試験"

[[trigger]]
code = "ab_notice"
category = "abuse"
label = "最近の通告"
when = { item = "notice", op = ">=", value = 1, within_days = 365 }
level = 3
reason = "試験"
source = "試験"

[[suppression]]
code = "na_room"
category = "nonattendance"
label = "教育支援センターを利用中"
when = { item = "support_room", op = ">=", value = 1 }
reason = "試験"
source = "試験"
"""


@dataclass
class Child:
    """One child of the tiny city; `facts` are item → value, `unknown` are items with a gap row."""

    id: str
    facts: Mapping[str, float]
    unknown: Sequence[str] = ()
    age_band: str | None = "中"
    school_grade: int | None = 7
    last_seen_on: dt.date | None = dt.date(2025, 10, 1)
    known_case: bool = False
    dates: Mapping[str, dt.date] | None = None


@pytest.fixture
def catalogue() -> dict[str, SmallItem]:
    return dict(CATALOGUE)


@pytest.fixture
def ruleset() -> RuleSet:
    return load_ruleset(RULES, CATALOGUE)


@pytest.fixture
def rules_text() -> str:
    return RULES


@pytest.fixture
def as_of() -> dt.date:
    return AS_OF


@pytest.fixture
def child() -> type[Child]:
    return Child


@pytest.fixture
def city() -> Callable[..., duckdb.DuckDBPyConnection]:
    """Build the tables below the judgement from a few children."""

    def build(
        children: Sequence[Child], states: Mapping[str, str] | None = None
    ) -> duckdb.DuckDBPyConnection:
        con = duckdb.connect(":memory:", config={"threads": 2})
        con.execute(
            "create table child (resident_id varchar, child_ref varchar, age_band varchar, school_grade int,"
            " last_seen_on date, known_case boolean)"
        )
        con.execute(
            "create table item_value (resident_id varchar, item varchar, value double, events integer,"
            " event_ids varchar[], newest_occurred_on date, newest_recorded_on date)"
        )
        con.execute("create table item_gap (resident_id varchar, item varchar, why varchar)")
        con.execute("create table item_status (item varchar, state varchar)")
        con.execute("create table meta (key varchar, value varchar)")
        con.execute("insert into meta values ('as_of', '2025-10-31'), ('ruleset', 'small')")
        for item in CATALOGUE:
            con.execute("insert into item_status values ($1, $2)", [item, (states or {}).get(item, "ok")])
        for row in children:
            con.execute(
                "insert into child values ($1, $2, $3, $4, $5, $6)",
                [row.id, f"ref{row.id}", row.age_band, row.school_grade, row.last_seen_on, row.known_case],
            )
            for item, value in row.facts.items():
                day = (row.dates or {}).get(item, dt.date(2025, 9, 1))
                con.execute(
                    "insert into item_value values ($1, $2, $3, 1, [$4], $5, $5)",
                    [row.id, item, value, f"x:{row.id}:{item}", day],
                )
            for item in row.unknown:
                con.execute("insert into item_gap values ($1, $2, '記録なし')", [row.id, item])
        return con

    return build
