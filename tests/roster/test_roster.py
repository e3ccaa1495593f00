"""The list: its order, filters, search, counts and scope."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kodomo import roster, rules
from kodomo.roster import Filter, Scope
from kodomo.snapshots import Family

ALL = Scope()
EVERYBODY = Filter(unreviewed=False)


@pytest.fixture(scope="module")
def con(judged_city: Family) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = judged_city.connect()
    yield connection
    connection.close()


def whole(con: duckdb.DuckDBPyConnection, chosen: Filter = EVERYBODY, **more: object) -> list[roster.Row]:
    """All pages of a list, one after the other."""
    rows: list[roster.Row] = []
    number = 1
    while page := roster.page(con, ALL, chosen, (), number=number, size=20, **more).rows:  # type: ignore[arg-type]
        rows += page
        number += 1
    return rows


def test_pages_follow_the_order_of_checking_without_gap_or_repetition(con: duckdb.DuckDBPyConnection) -> None:
    ranks = [row.rank for row in whole(con)]
    assert ranks == list(range(1, len(ranks) + 1))
    assert len(ranks) == roster.page(con, ALL, EVERYBODY, ()).total == roster.totals(con, ALL, ()).listed


def test_a_level_filter_means_that_level_in_that_category(con: duckdb.DuckDBPyConnection) -> None:
    rows = whole(con, Filter(categories=("nonattendance",), levels=(3, 2), unreviewed=False))
    assert rows
    assert all(row.levels["nonattendance"] in (2, 3) for row in rows)
    counts = {(row.category, row.level): row.children for row in roster.level_counts(con, ALL, ())}
    assert len(rows) == counts.get(("nonattendance", 3), 0) + counts.get(("nonattendance", 2), 0)


def test_a_category_without_level_means_any_level_of_it(con: duckdb.DuckDBPyConnection) -> None:
    rows = whole(con, Filter(categories=("poverty",), unreviewed=False))
    assert rows
    assert all(row.levels["poverty"] >= 1 for row in rows)


def test_settled_children_leave_the_unreviewed_list_and_its_counts(con: duckdb.DuckDBPyConnection) -> None:
    first = roster.page(con, ALL, Filter(), ()).rows[0].resident_id
    before, after = roster.totals(con, ALL, ()), roster.totals(con, ALL, (first,))
    assert first not in [row.resident_id for row in roster.page(con, ALL, Filter(), (first,)).rows]
    assert first in [row.resident_id for row in roster.page(con, ALL, EVERYBODY, (first,)).rows]
    assert after.unreviewed == before.unreviewed - 1
    assert after.listed == before.listed


def test_the_scope_narrows_lists_counts_and_choices_alike(con: duckdb.DuckDBPyConnection) -> None:
    scope = Scope(
        "resident_id in (select resident_id from event where department_code = ?)", ("child_safety",)
    )
    rows = roster.page(con, scope, EVERYBODY, (), size=1000)
    assert 0 < rows.total < roster.page(con, ALL, EVERYBODY, ()).total
    assert roster.totals(con, scope, ()).listed == rows.total == len(rows.rows)
    known = con.execute(
        "select distinct resident_id from event where department_code = 'child_safety'"
    ).fetchall()
    assert {row.resident_id for row in rows.rows} <= {row[0] for row in known}


def test_nobody_in_scope_gives_an_empty_list_and_zeros(con: duckdb.DuckDBPyConnection) -> None:
    nobody = Scope("false")
    assert roster.page(con, nobody, EVERYBODY, ()).total == 0
    assert roster.totals(con, nobody, ()).children == 0
    assert roster.level_counts(con, nobody, ()) == []


def test_a_filter_by_school_never_betrays_a_protected_child(con: duckdb.DuckDBPyConnection) -> None:
    protected = con.execute("select resident_id, school_name from child where protected").fetchall()
    schools = tuple(roster.choices(con, ALL)["schools"])
    shown = {row.resident_id for row in whole(con, Filter(schools=schools, unreviewed=False))}
    assert shown
    assert protected
    assert not shown & {resident for resident, _ in protected}


def test_filters_hold_for_every_row(con: duckdb.DuckDBPyConnection) -> None:
    assert all(row.council_open for row in whole(con, Filter(council=True, unreviewed=False)))
    assert not any(row.known_case for row in whole(con, Filter(unknown=True, unreviewed=False)))
    assert {row.age_band for row in whole(con, Filter(bands=("中",), unreviewed=False))} <= {"中"}
    assert {row.grade for row in whole(con, Filter(grades=(7,), unreviewed=False))} <= {7}


def test_without_levels_the_list_goes_by_name_and_holds_everybody(con: duckdb.DuckDBPyConnection) -> None:
    rows = whole(con, by_rank=False)
    assert len(rows) == roster.totals(con, ALL, ()).children
    assert [row.kana or "" for row in rows] == sorted(row.kana or "" for row in rows)


def test_search_reaches_children_below_every_level(con: duckdb.DuckDBPyConnection) -> None:
    quiet = con.execute(
        "select resident_id from judgement group by resident_id having max(level) = 0 order by 1 limit 1"
    ).fetchall()[0][0]
    page = roster.page(con, ALL, Filter(), (), found=[quiet])
    assert [row.resident_id for row in page.rows] == [quiet]
    assert page.rows[0].rank is None


def test_the_weightiest_reasons_come_first_and_only_so_many(con: duckdb.DuckDBPyConnection) -> None:
    floors = roster.floors_of(rules.load_ruleset(rules.FIRST_RULESET))
    rows = roster.page(con, ALL, EVERYBODY, (), most_reasons=2, floors=floors).rows
    assert all(1 <= len(row.reasons) <= 2 for row in rows)
    assert all("。" not in reason for row in rows for reason in row.reasons)


def test_nothing_known_is_not_the_same_as_nothing_there(con: duckdb.DuckDBPyConnection) -> None:
    ruleset = rules.load_ruleset(rules.FIRST_RULESET)
    row = roster.page(con, ALL, EVERYBODY, ()).rows[0]
    used = ruleset.items_used("nonattendance")
    blank = roster.Row(
        **{
            **vars(row),
            "levels": {"nonattendance": 0},
            "points": {"nonattendance": 0.0},
            "missing": {"nonattendance": used},
        }
    )
    known = roster.Row(**{**vars(blank), "missing": {"nonattendance": ()}})
    assert roster.open_questions(blank, ruleset, "nonattendance")
    assert not roster.open_questions(known, ruleset, "nonattendance")


@given(
    st.builds(
        Filter,
        categories=st.lists(st.text(max_size=5), max_size=3).map(tuple),
        levels=st.lists(st.integers(0, 3), max_size=3).map(tuple),
        grades=st.lists(st.integers(0, 12), max_size=3).map(tuple),
        schools=st.lists(st.text(max_size=8), max_size=3).map(tuple),
        department=st.none() | st.text(max_size=8),
        unreviewed=st.booleans(),
    )
)
def test_a_saved_filter_comes_back_as_it_was(chosen: Filter) -> None:
    assert Filter.from_text(chosen.to_text()) == chosen


@pytest.mark.parametrize("text", ["", "[]", "{", '{"words": "山田"}', "null"])
def test_a_broken_saved_filter_is_refused_in_words(text: str) -> None:
    with pytest.raises(roster.UnknownFilter, match="保存した条件"):
        Filter.from_text(text)


@pytest.mark.parametrize(
    ("grade", "label"),
    [
        (None, ""),
        (-3, "就学前"),
        (0, "就学予定"),
        (1, "小1"),
        (6, "小6"),
        (7, "中1"),
        (9, "中3"),
        (11, "高校年代"),
    ],
)
def test_grades_read_as_people_say_them(grade: int | None, label: str) -> None:
    assert roster.grade_label(grade) == label
