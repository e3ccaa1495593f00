"""名寄せ確認 screen: what each role is shown, bad input, and what stands in the log first."""

from __future__ import annotations

import json
from datetime import date

import pytest

from kodomo import cases, matching
from kodomo.audit import Actor
from kodomo.ops import OpsStore
from kodomo.snapshots import Family

PARTS = ("抜き取り", "相手なし", "変わった結びつき", "決めたもの", "混ざりを直す", "正しさと手間")
DATA = Actor("data", "", "data_steward", "child_safety", "s", "matching")
WARNING = "児童生徒名簿：この名簿の生年月日は1日ずれているようです。"


def part(at, name: str):
    at.at.button_group(key="mt_view").set_value(name).run()
    assert not at.at.exception
    return at


def logged(ops: OpsStore, action: str) -> list[dict]:
    with ops.read() as con:
        rows = con.execute("select detail from operation_log where action = ? order by seq", (action,))
        return [json.loads(row["detail"]) for row in rows]


@pytest.fixture
def warned(city: Family) -> Family:
    """The city with a warning about a whole list."""
    with city.build() as (con, build):
        con.execute("insert into link_warning values ('pupil_roster', 'shifted', 40, 1.0, ?)", [WARNING])
        build.stage = "judged"
    return city


@pytest.fixture
def adult(city: Family) -> tuple[str, str]:
    """Number and name of somebody who moved away as a grown-up."""
    with city.connect() as con:
        return con.execute(
            "select resident_id, name from src_resident_register where status = '2'"
            " and birth_date < '1990-01-01' order by resident_id limit 1"
        ).fetchall()[0]


@pytest.mark.parametrize("user", ["data", "toukatsu", "jidou"])
def test_every_part_opens_for_whoever_may_match(visit, city: Family, user: str) -> None:
    at = visit(user, "matching")
    assert "次にすること" in at.written
    for name in PARTS:
        part(at, name)


def test_a_warning_about_a_whole_list_stands_on_top_of_both_screens(visit, warned: Family) -> None:
    for screen in ("matching", "deliveries"):
        for user in ("data", "jidou"):
            at = visit(user, screen)
            assert [WARNING in one.value for one in at.at.warning][:1] == [True], (screen, user)


def test_the_repair_finds_a_grown_up_who_moved_away(visit, adult, ops: OpsStore) -> None:
    at = part(visit("data", "matching"), "混ざりを直す")
    at.at.text_input(key="mt_repair_words").set_value(adult[1]).run()
    row = next(row for row in at.rows if row["cells"][0]["lines"] == [adult[1]])
    assert ["転出", "strong"] in row["cells"][5]["tags"]
    detail = logged(ops, "view_links")[-1]
    assert detail["done"] == "search"
    assert adult[1] not in json.dumps(logged(ops, "view_links"), ensure_ascii=False)


@pytest.mark.parametrize(
    "typed", ["'; drop table link;--", "<script>", "　", "%", "(", "あ" * 60, "1", "\u202e", "=1+1"]
)
def test_whatever_is_typed_breaks_nothing(visit, city: Family, typed: str) -> None:
    at = part(visit("data", "matching"), "混ざりを直す")
    at.at.text_input(key="mt_repair_words").set_value(typed).run()
    assert not at.at.exception


def test_a_state_nobody_could_reach_by_pressing_leads_back_to_the_queue(visit, city: Family) -> None:
    at = visit("data", "matching")
    for state in (
        {"mt_at": ("consultation", "nothing")},
        {"mt_at": ("no_such_extract", "x")},
        {"mt_extract": "no_such_extract"},
        {"mt_chosen": "0"},
        {"mt_also": "0"},
        {"mt_place": 999},
        {"mt_child": "0", "mt_view": "混ざりを直す"},
        {"mt_reason": "no_such_reason"},
    ):
        for name, value in state.items():
            at.at.session_state[name] = value
        at.at.run()
        assert not at.at.exception, state


def test_a_clerk_sees_the_own_records_and_no_sign_of_the_others(visit, city: Family, ops: OpsStore) -> None:
    with city.connect() as con:
        resident, name = con.execute(
            "select c.resident_id, c.name from child as c"
            " join link as a on a.resident_id = c.resident_id and a.extract = 'consultation'"
            " join link as b on b.resident_id = c.resident_id and b.extract = 'pupil_roster'"
            " where not c.protected and c.name not like '%<%' order by 1 limit 1"
        ).fetchall()[0]
    at = visit("jidou", "matching")
    at.at.session_state["mt_child"] = resident
    part(at, "混ざりを直す")
    assert name in at.written
    assert {row["cells"][0]["lines"][0] for row in at.rows} == {"児童生徒名簿"}
    for word in ("こども家庭相談受付", "児童相談所受付"):
        assert word not in at.written


def test_an_answer_somebody_gave_meanwhile_is_told_and_not_overwritten(
    visit, city: Family, ops: OpsStore
) -> None:
    with city.build() as (con, build):
        key = con.execute(
            "select record_key from link where extract = 'pupil_roster' and status = 'auto' order by 1"
        ).fetchall()[0][0]
        con.execute("update link set status = 'review' where record_key = ?", [key])
        build.stage = "judged"
    at = visit("toukatsu", "matching")
    at.at.session_state["mt_at"] = ("pupil_roster", key)
    at.at.run()
    with city.connect() as con:
        case = matching.open_case(con, ops, DATA, "pupil_roster", key, date(2026, 10, 31))
    matching.answer(ops, DATA, case, matching.NOBODY, None)
    at.at.button(key="mt_say_same").click().run()
    assert not at.at.exception
    assert [one.answer for one in matching.opinions(ops)] == ["nobody"]
    assert list(cases.link_decisions(ops)["decision"]) == ["different"]
