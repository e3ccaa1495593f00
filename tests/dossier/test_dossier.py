"""One child: what is shown, for whom, and what is honestly unknown."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from kodomo import dossier
from kodomo.dossier import Dossier
from kodomo.items import load_items
from kodomo.roster import Scope
from kodomo.snapshots import Family

ALL = Scope()
ITEMS = load_items()


@pytest.fixture(scope="module")
def con(judged_city: Family) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = judged_city.connect()
    yield connection
    connection.close()


def at_rank(con: duckdb.DuckDBPyConnection, rank: int, facts: Scope = ALL, scope: Scope = ALL) -> Dossier:
    """The dossier of the child at a place in the order of checking."""
    reference = con.execute(
        "select child_ref from child where resident_id in (select resident_id from judgement where rank = ?)",
        [rank],
    ).fetchall()[0][0]
    row = dossier.find(con, reference, ALL)
    assert row is not None
    return dossier.load(con, row, scope, facts, ITEMS)


@pytest.fixture(scope="module")
def first(con: duckdb.DuckDBPyConnection) -> Dossier:
    return at_rank(con, 1)


def test_an_unknown_reference_and_one_out_of_scope_find_nobody(
    con: duckdb.DuckDBPyConnection, first: Dossier
) -> None:
    assert dossier.find(con, "0" * 16, ALL) is None
    assert dossier.find(con, "' or 1=1 --", ALL) is None
    assert dossier.find(con, first.child["child_ref"], Scope("false")) is None


def test_the_first_child_has_levels_reasons_and_the_events_behind_them(first: Dossier) -> None:
    assert first.rank == 1
    assert first.level == 3
    assert {judgement.category for judgement in first.judgements} == {
        "poverty",
        "abuse",
        "nonattendance",
        "bullying",
    }
    assert any(reason.shown for reason in first.reasons)
    own = {event.event_id for event in first.events}
    assert all(event.event_id in own for reason in first.reasons for event in reason.shown)


def test_only_facts_the_reader_may_see_are_loaded(con: duckdb.DuckDBPyConnection) -> None:
    narrow = at_rank(con, 1, facts=Scope("department_code = ?", ("pupil",)))
    assert narrow.events
    assert {event.department for event in narrow.events} == {"pupil"}
    assert {event.department for reason in narrow.reasons for event in reason.shown} <= {"pupil"}


def test_events_say_whose_they_are_newest_first(con: duckdb.DuckDBPyConnection) -> None:
    for rank in range(1, 6):
        child = at_rank(con, rank)
        days = [event.occurred_on for event in child.events]
        assert days == sorted(days, reverse=True)
        people = {member.resident_id for member in child.members} | {child.resident_id}
        assert {event.resident_id for event in child.events} <= people
        assert all(
            (event.who == "本人") == (event.resident_id == child.resident_id) for event in child.events
        )


def test_every_item_is_a_value_a_zero_or_unknown_with_a_reason(con: duckdb.DuckDBPyConnection) -> None:
    for rank in range(1, 6):
        child = at_rank(con, rank)
        for state in child.items:
            if state.state == "unknown":
                assert state.value is None
                assert state.why
                assert dossier.value_text(state) == "不明"
            else:
                assert state.value is not None
        assert {state.item.code for states in child.unknown().values() for state in states} == {
            state.item.code for state in child.items if state.state == "unknown"
        }


def test_an_extract_that_never_came_makes_its_items_unknown_not_zero(own_city: Family) -> None:
    with own_city.build() as (con, build):
        con.execute("update item_status set state = '未連携' where item = 'school_expense_aid'")
        con.execute("delete from item_value where item = 'school_expense_aid'")
        build.stage = "judged"
    con = own_city.connect()
    resident = con.execute(
        "select child_ref from child where school_grade between 1 and 6 order by resident_id limit 1"
    ).fetchall()[0][0]
    row = dossier.find(con, resident, ALL)
    assert row is not None
    child = dossier.load(con, row, ALL, ALL, ITEMS)
    con.close()
    state = next(state for state in child.items if state.item.code == "school_expense_aid")
    assert (state.state, state.why) == ("unknown", "未連携")
    assert state in child.unknown()["school_affairs"]


def test_support_lasts_and_what_goes_on_now_comes_first(con: duckdb.DuckDBPyConnection) -> None:
    for rank in range(1, 12):
        child = at_rank(con, rank)
        supports = child.supports()
        assert all(event.lasting and event.is_support for event in supports)
        ended = [event.ended_on is not None for event in supports]
        assert ended == sorted(ended)


def test_a_contact_is_of_one_day_and_a_council_case_lasts() -> None:
    assert "council_case" in dossier.lasting()
    assert "contact_log" not in dossier.lasting()


def test_brothers_and_sisters_out_of_scope_stay_hidden(con: duckdb.DuckDBPyConnection) -> None:
    for rank in range(1, 20):
        if at_rank(con, rank).siblings:
            assert at_rank(con, rank, scope=Scope("false")).siblings == ()
            return
    pytest.fail("no child with a brother or sister among the first")


def test_the_household_names_the_child_first(first: Dossier) -> None:
    assert first.members[0].is_self
    assert first.members[0].relation == "本人"
