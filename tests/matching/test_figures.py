"""Warnings about whole lists, the curve of the automatic line in words, and how right links were by month."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kodomo import matching
from kodomo.matching import DIFFERENT, SAME, Cut, Month, Point, Share, reading, share
from kodomo.ui import matching_charts

DAY = date(2026, 10, 31)
LINES = [
    Cut(0.9, 120, 5, 3, 14.0, 50, 1, False),
    Cut(0.995, 110, 15, 3, 0.42, 48, 0, True),
    Cut(0.999, 110, 15, 3, 0.42, 48, 0, False),
    Cut(0.9999, 90, 35, 3, 0.004, 40, 0, False),
]


def test_older_snapshots_have_neither_warnings_nor_a_curve(con) -> None:
    assert matching.notices(con, list(matching.titles())) == []
    assert matching.cuts(con) == []
    assert reading([]) == ["まだ線を決めるだけの記録がありません。"]


def test_a_warning_is_told_to_those_who_match_the_list(con) -> None:
    con.execute(
        "create table link_warning"
        " (extract varchar, kind varchar, rows integer, share double, message varchar)"
    )
    con.execute(
        "insert into link_warning values ('consultation', 'swapped', 30, 0.9, '姓と名'),"
        " ('pupil_roster', 'shifted', 600, 1.0, '児童生徒名簿：この名簿の生年月日は1日ずれているようです。')"
    )
    told = matching.notices(con, ["pupil_roster"])
    assert [(one.title, one.rows, one.share) for one in told] == [("児童生徒名簿", 600, 1.0)]
    assert [one.extract for one in matching.notices(con, list(matching.titles()))] == [
        "pupil_roster",
        "consultation",
    ]


def test_the_curve_of_a_matched_city_marks_one_line(matched) -> None:
    lines = matching.cuts(matched)
    assert [line.cut for line in lines] == sorted(line.cut for line in lines)
    assert sum(line.chosen for line in lines) == 1
    assert "件を自動で結びつけ" in reading(lines)[0]
    assert len(matching_charts.line_curve(lines).data) == 3


def test_the_curve_reads_what_a_lower_and_a_higher_line_would_change() -> None:
    said = reading(LINES)
    assert said[0].startswith("いまの線では、110件を自動で結びつけ、15件を職員にたずねます。")
    assert "1万件のうち0.42件" in said[0]
    assert "48件" in said[1]
    assert "別の人に結びついたものは0件" in said[1]
    assert said[2].startswith("線を90%まで下げると、職員の確認は10件へります")
    assert said[3].startswith("線を99.99%まで上げると、職員の確認が20件ふえ")
    assert "0.01未満" in said[3]


@given(st.floats(0, 1))
def test_a_line_reads_as_a_share_that_never_claims_certainty(cut: float) -> None:
    text = share(cut)
    assert text.endswith("%")
    assert float(text[:-1]) == pytest.approx(100 * cut, abs=max(0.06 * 100 * (1 - cut), 0.001))


def test_each_check_by_lot_moves_the_months_estimate(matched, ops, people, clock) -> None:
    who = people["steward"]

    def check(said: str) -> None:
        case = matching.open_case(matched, ops, who, "pupil_roster", "P1", DAY)
        matching.answer(ops, who, case, said, "0000000002", origin="sample")

    assert matching.course(ops, who) == []
    check(SAME)
    clock.forward(days=40)
    check(DIFFERENT)
    points = matching.course(ops, who)
    assert [(one.month, one.precision.found, one.precision.of) for one in points] == [
        ("2026-11", 1, 1),
        ("2026-12", 0, 1),
    ]
    matching.undo(ops, who, "pupil_roster", "P1")
    assert matching.course(ops, who)[-1].precision == Share(0, 0)
    assert matching.course(ops, who, "consultation") == []


def test_charts_draw_what_they_are_given() -> None:
    course = [Point("2026-10", Share(9, 10)), Point("2026-11", Share(29, 30))]
    drawn = matching_charts.precision_course(course)
    assert list(drawn.data[1].y) == [pytest.approx(90.0), pytest.approx(96.7, abs=0.1)]
    work = matching_charts.burden([Month("2026-10", 4, 2, 6.0, 1.5), Month("2026-11", 1, 1, 0.0, None)])
    assert list(work.data[1].y) == [90, None]
