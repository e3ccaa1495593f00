"""Charts: lanes, rows, labels and text that stays text."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import plotly.graph_objects as go
from hypothesis import given
from hypothesis import strategies as st

from kodomo.ui import charts, theme
from kodomo.ui.charts import Mark

DAY = date(2026, 10, 31)
LANES = [department.code for department in theme.departments()]
PERIODS = st.lists(
    st.tuples(st.integers(0, 900), st.integers(0, 400)).map(
        lambda pair: (DAY - timedelta(days=pair[0]), DAY - timedelta(days=pair[0]) + timedelta(days=pair[1]))
    ),
    max_size=20,
).map(sorted)


def mark(**changes: object) -> Mark:
    values: dict[str, object] = {
        "department": "pupil",
        "occurred_on": date(2026, 4, 10),
        "ended_on": None,
        "recorded_on": date(2026, 4, 12),
        "title": "欠席 5日",
        "detail": "",
        "source": "出欠",
        "grade": 1,
        "is_support": False,
    }
    return Mark(**{**values, **changes})  # type: ignore[arg-type]


def test_every_department_has_its_lane_in_the_fixed_order() -> None:
    figure = charts.timeline([mark()], LANES, as_of=DAY)
    assert list(figure.layout.yaxis.ticktext) == [department.name for department in theme.departments()]
    assert len(set(figure.layout.yaxis.tickvals)) == len(LANES) == 13


def test_the_pointer_shows_source_and_both_dates() -> None:
    text = charts.hover(mark(detail="病欠 3日"))
    for part in ("欠席 5日", "病欠 3日", "発生日 2026-04-10", "登録日 2026-04-12", "児童生徒課・出欠"):
        assert part in text


def test_text_from_data_stays_text_in_a_chart() -> None:
    text = charts.hover(mark(title="<a href='//x'>押す</a>", detail="<b>太字</b>"))
    assert "<a " not in text
    assert "&lt;b&gt;" in text


def test_support_is_a_bar_on_the_same_axis_and_goes_on_to_the_day() -> None:
    figure = charts.timeline([mark(is_support=True, department="child_safety")], LANES, as_of=DAY)
    bar = figure.data[0]
    assert bar.mode == "lines"
    assert bar.x[-2] == str(DAY)


def test_the_timeline_is_a_figure_plotly_accepts() -> None:
    marks = [
        mark(),
        mark(grade=3),
        mark(is_support=True),
        mark(is_support=True, faint=True, department="welfare"),
    ]
    assert go.Figure(charts.timeline(marks, LANES, as_of=DAY).to_dict()).data


def test_no_marks_still_make_a_chart() -> None:
    assert charts.timeline([], LANES, as_of=DAY).layout.xaxis.range is not None


@given(PERIODS)
def test_periods_that_overlap_never_share_a_row(periods: list[tuple[date, date]]) -> None:
    rows = charts.rows_of(periods)
    for i, (start, end) in enumerate(periods):
        for j in range(i):
            if rows[i] == rows[j]:
                other_start, other_end = periods[j]
                assert end < other_start or other_end < start


@given(st.lists(st.integers(0, 400), max_size=30).map(sorted))
def test_marks_on_neighbouring_days_are_not_drawn_on_each_other(days: list[int]) -> None:
    dates = [DAY - timedelta(days=400 - day) for day in days]
    heights = charts.spread(dates)
    for (one, other), (first, second) in zip(pairwise(dates), pairwise(heights), strict=True):
        assert first != second or (other - one).days >= 12


@given(st.lists(st.integers(-5, 9).map(float), max_size=12))
def test_steps_begin_where_the_one_before_ended(points: list[float]) -> None:
    steps = charts.steps(points)
    assert all(start == sum(points[:index]) for index, (start, _) in enumerate(steps))


def test_levels_differ_in_word_shape_and_colour() -> None:
    styles = [*theme.LEVELS, theme.UNKNOWN]
    assert len({style.word for style in styles}) == len({style.shape for style in styles}) == 5
    assert len({style.color for style in theme.LEVELS}) == 4


def test_every_department_of_the_contracts_has_a_lane_and_a_colour_of_its_own() -> None:
    from kodomo.contracts import load_contracts

    known = {department.code: department for department in theme.departments()}
    for contract in load_contracts().values():
        assert known[contract.department_code].name == contract.department
    assert len({department.color for department in known.values()}) == len(known)
