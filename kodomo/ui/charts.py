"""Charts: plotly figures of the screens, built from plain values with graph_objects only."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from typing import Any

import plotly.graph_objects as go

from kodomo.ui import theme

CONFIG = {
    "displayModeBar": False,
    "displaylogo": False,
    "showTips": False,
    "doubleClick": "reset",
    "locale": "ja",
}
RANGES: Mapping[str, int | None] = {"3か月": 92, "6か月": 183, "1年": 366, "3年": 1096, "すべて": None}

_GRADES = {
    0: ("circle-open", 8, "事実"),
    1: ("circle", 9, "気づき"),
    2: ("diamond", 11, "心配"),
    3: ("square", 12, "重い出来事"),
}
_SUPPORT_HEIGHT = 4.5


@dataclass(frozen=True)
class Mark:
    """One fact on the timeline: when it happened, when it was recorded, whose it is and what it says.

    `faint` marks facts about somebody else in the family.
    """

    department: str
    occurred_on: date
    ended_on: date | None
    recorded_on: date | None
    title: str
    detail: str
    source: str
    grade: int
    is_support: bool
    faint: bool = False


def layout(height: int, **extra: Any) -> dict[str, Any]:
    """The common look of all charts."""
    base: dict[str, Any] = {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "paper_bgcolor": theme.PAPER,
        "plot_bgcolor": theme.PAPER,
        "font": {"family": theme.FONT, "size": 13, "color": theme.INK},
        "hoverlabel": {
            "bgcolor": theme.PAPER,
            "bordercolor": theme.LINE,
            "align": "left",
            "font": {"family": theme.FONT, "size": 13, "color": theme.INK},
        },
        "showlegend": False,
        "separators": ".,",
    }
    return base | extra


def timeline(
    marks: Sequence[Mark],
    lanes: Sequence[str],
    *,
    as_of: date,
    first: date | None = None,
    last: date | None = None,
    revision: str = "",
) -> go.Figure:
    """Facts of all departments on one axis: a lane for each department, support as bars in the same lane.

    Arguments: `marks` in order of date; `lanes` department codes from top to bottom; `as_of` the day of
    judgement (a vertical line); `first` to `last` the part that is shown. `revision` keeps the reader's zoom
    while it stays.
    """
    traces: list[dict[str, object]] = []
    place = {code: -index for index, code in enumerate(lanes)}
    for code in lanes:
        own = [mark for mark in marks if mark.department == code]
        traces += _supports([mark for mark in own if mark.is_support], place[code], code, as_of)
        traces += _points([mark for mark in own if not mark.is_support], place[code], code)
    span_first = first or min((mark.occurred_on for mark in marks), default=as_of - timedelta(days=365))
    span_last = last or as_of
    pad = max(6, (span_last - span_first).days // 60)
    look = layout(
        92 + 31 * max(len(lanes), 1),
        xaxis={
            "type": "date",
            "range": [str(span_first - timedelta(days=pad)), str(span_last + timedelta(days=pad))],
            "side": "top",
            "showgrid": True,
            "gridcolor": theme.GRID,
            "tickformatstops": [
                {"dtickrange": [None, "M1"], "value": "%Y-%m-%d"},
                {"dtickrange": ["M1", "M12"], "value": "%Y-%m"},
                {"dtickrange": ["M12", None], "value": "%Y年"},
            ],
            "hoverformat": "%Y-%m-%d",
            "rangeslider": {"visible": False},
        },
        yaxis={
            "tickmode": "array",
            "tickvals": [place[code] for code in lanes],
            "ticktext": [theme.department(code).name for code in lanes],
            "range": [-len(lanes) + 0.45, 0.55],
            "fixedrange": True,
            "showgrid": False,
            "zeroline": False,
            "automargin": True,
        },
        shapes=[*_bands(lanes, place), *_verticals(span_first, as_of)],
        annotations=[*_year_labels(span_first, span_last), _today_label(as_of)],
        hovermode="closest",
        hoverdistance=14,
        dragmode="zoom",
        margin={"l": 8, "r": 14, "t": 30, "b": 26},
        uirevision=revision or None,
    )
    # The parts are made here and checked by test: checking them for every reader costs a tenth of a second.
    return go.Figure({"data": traces, "layout": look}, _validate=False)


def _bands(lanes: Sequence[str], place: Mapping[str, int]) -> list[dict[str, object]]:
    return [
        {
            "type": "rect",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "yref": "y",
            "y0": place[code] - 0.5,
            "y1": place[code] + 0.5,
            "fillcolor": "#f7f8fa" if index % 2 else theme.PAPER,
            "line": {"width": 0},
            "layer": "below",
        }
        for index, code in enumerate(lanes)
    ]


def _verticals(first: date, as_of: date) -> list[dict[str, object]]:
    lines: list[dict[str, object]] = [_vertical(as_of, theme.MUTED, "solid")]
    for year in range(first.year, as_of.year + 1):
        lines.append(_vertical(date(year, 4, 1), "#b8c0cc", "dot"))
    return lines


def _vertical(day: date, color: str, dash: str) -> dict[str, object]:
    return {
        "type": "line",
        "xref": "x",
        "x0": str(day),
        "x1": str(day),
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": {"color": color, "width": 1, "dash": dash},
        "layer": "below",
    }


def _year_labels(first: date, last: date) -> list[dict[str, object]]:
    """At the foot of the chart, the fiscal year that begins at each dotted line."""
    return [
        {
            "x": f"{year}-04-01",
            "xref": "x",
            "y": 0,
            "yref": "paper",
            "yanchor": "top",
            "xanchor": "left",
            "text": f"{year}年度",
            "showarrow": False,
            "font": {"size": 11, "color": theme.MUTED},
        }
        for year in range(first.year, last.year + 1)
    ]


def _today_label(as_of: date) -> dict[str, object]:
    return {
        "x": str(as_of),
        "xref": "x",
        "y": 0,
        "yref": "paper",
        "yanchor": "top",
        "xanchor": "right",
        "text": "基準日",
        "showarrow": False,
        "font": {"size": 11, "color": theme.MUTED},
    }


def _supports(marks: Sequence[Mark], level: int, code: str, as_of: date) -> list[dict[str, object]]:
    """The support of one lane as at most two traces of bars, the child's own and the family's."""
    periods = [(mark.occurred_on, max(mark.ended_on or as_of, mark.occurred_on)) for mark in marks]
    bars: dict[bool, tuple[list[object], list[object], list[object]]] = {}
    for mark, (start, end), row in zip(marks, periods, rows_of(periods), strict=True):
        days = max((end - start).days, 1)
        # Points along the bar, so that the pointer finds it anywhere; the last, empty one ends the line.
        points = [start + timedelta(days=step) for step in range(0, days, max(days // 24, 1))] + [end]
        x, y, text = bars.setdefault(mark.faint, ([], [], []))
        x += [*(str(point) for point in points), None]
        y += [*([level - 0.1 - 0.11 * min(row, 3)] * len(points)), None]
        text += [*([hover(mark)] * len(points)), ""]
    return [
        {
            "type": "scatter",
            "x": x,
            "y": y,
            "mode": "lines",
            "line": {"color": theme.department(code).color, "width": _SUPPORT_HEIGHT},
            "opacity": 0.3 if faint else 0.65,
            "hovertext": text,
            "hoverinfo": "text",
            "name": "支援",
        }
        for faint, (x, y, text) in sorted(bars.items())
    ]


def rows_of(periods: Sequence[tuple[date, date]]) -> list[int]:
    """A row for each period, from 0, so that no two that overlap share one; the first free row is taken."""
    ends: list[date] = []
    rows = []
    for start, end in periods:
        row = next((index for index, last in enumerate(ends) if last < start), len(ends))
        ends[row : row + 1] = [end]
        rows.append(row)
    return rows


def _points(marks: Sequence[Mark], level: int, code: str) -> list[dict[str, object]]:
    """The events of one lane as one trace of markers."""
    if not marks:
        return []
    color = theme.department(code).color
    grades = [_GRADES.get(mark.grade, _GRADES[0]) for mark in marks]
    return [
        {
            "type": "scatter",
            "x": [str(mark.occurred_on) for mark in marks],
            "y": [level + 0.2 + 0.17 * height for height in spread([mark.occurred_on for mark in marks])],
            "mode": "markers",
            "marker": {
                "symbol": [symbol for symbol, _, _ in grades],
                "size": [size for _, size, _ in grades],
                "color": color,
                "opacity": [0.5 if mark.faint else 1.0 for mark in marks],
                "line": {
                    "color": [theme.INK if mark.grade >= 2 else color for mark in marks],
                    "width": [1.6 if mark.grade >= 3 else 1 for mark in marks],
                },
            },
            "hovertext": [hover(mark) for mark in marks],
            "hoverinfo": "text",
            "name": "出来事",
        }
    ]


def spread(days: Sequence[date], gap: int = 12) -> list[float]:
    """A height of -1, 0 or 1 for each day, so that days closer than `gap` days do not hide each other."""
    heights: list[float] = []
    run = 0
    for index, day in enumerate(days):
        close = index > 0 and (day - days[index - 1]).days < gap
        run = run + 1 if close else 0
        heights.append((0.0, 1.0, -1.0)[run % 3])
    return heights


def hover(mark: Mark) -> str:
    """What the pointer shows over a mark; text from data is escaped, long text is broken into lines."""
    happened = str(mark.occurred_on)
    if mark.ended_on:
        happened += f" ～ {mark.ended_on}"
    elif mark.is_support:
        happened += " ～ 継続中"
    lines = [
        f"<b>{escape(mark.title)}</b>",
        *(escape(line) for line in textwrap.wrap(mark.detail or "", 30)[:6]),
        f"発生日 {happened}",
        f"登録日 {mark.recorded_on or '不明'}",
        f"出典 {escape(theme.department(mark.department).name)}・{escape(mark.source)}",
    ]
    return "<br>".join(lines)


def timeline_legend() -> str:
    """How to read the marks, in one line."""
    return "○ 事実　● 気づき　◆ 心配　■ 重い出来事　太い帯 支援の期間　（色は課ごとに固定）"


def steps(points: Sequence[float]) -> list[tuple[float, float]]:
    """Where each step of a sum begins, and how far it goes: (start, points) in the given order."""
    found, total = [], 0.0
    for value in points:
        found.append((total, value))
        total += value
    return found


def level_counts(counts: Mapping[str, Mapping[int, int]], *, unit: str = "人") -> go.Figure:
    """How many stand at each level, one bar a category, highest level on the left.

    `counts` is category label -> level -> number of children; level 0 is not drawn.
    """
    figure = go.Figure()
    labels = list(counts)
    for style in theme.LEVELS:
        if not style.level:
            continue
        values = [counts[label].get(style.level, 0) for label in labels]
        figure.add_trace(
            go.Bar(
                x=values,
                y=labels,
                orientation="h",
                name=f"{style.shape} {style.word}",
                marker={"color": style.color},
                text=[f"{value:,}" if value else "" for value in values],
                textposition="inside",
                insidetextanchor="middle",
                hovertemplate=f"%{{y}} {style.word} %{{x:,}}{unit}<extra></extra>",
            )
        )
    figure.update_layout(
        **layout(
            84 + 34 * max(len(labels), 1),
            barmode="stack",
            showlegend=True,
            legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
            xaxis={"showgrid": True, "gridcolor": theme.GRID, "fixedrange": True, "tickformat": ",d"},
            yaxis={"autorange": "reversed", "fixedrange": True, "automargin": True},
            margin={"l": 8, "r": 12, "t": 34, "b": 30},
        )
    )
    return figure


def bars(
    labels: Sequence[str],
    values: Sequence[float],
    *,
    unit: str = "",
    color: str = theme.ACCENT,
    height: int | None = None,
) -> go.Figure:
    """Plain horizontal bars with the figure at the end of each, in the given order."""
    figure = go.Figure(
        go.Bar(
            x=list(values),
            y=[escape(label) for label in labels],
            orientation="h",
            marker={"color": color},
            text=[f"{value:,.0f}{unit}" for value in values],
            textposition="outside",
            cliponaxis=False,
            hoverinfo="skip",
        )
    )
    figure.update_layout(
        **layout(
            height or 40 + 28 * max(len(labels), 1),
            xaxis={"visible": False, "fixedrange": True, "rangemode": "tozero"},
            yaxis={"autorange": "reversed", "fixedrange": True, "automargin": True},
            margin={"l": 8, "r": 60, "t": 8, "b": 8},
        )
    )
    return figure
