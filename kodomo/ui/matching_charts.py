"""Matching charts: the curve of the automatic line, how right links were month by month, and the work."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from kodomo.matching import Cut, Month, Point, share
from kodomo.ui import charts, theme

WRONG = "#9b1c1c"


def line_curve(lines: Sequence[Cut]) -> go.Figure:
    """Above: how many records people are asked about at each line; below: how many links are wrong.

    The lines stand evenly, from the loosest to the strictest; the chosen one is marked in both parts.
    """
    names = [share(line.cut) for line in lines]
    chosen = [place for place, line in enumerate(lines) if line.chosen]
    known = [
        (place, 10_000 * line.known_wrong / line.known_rows)
        for place, line in enumerate(lines)
        if line.known_rows
    ]
    places = list(range(len(lines)))
    figure = go.Figure(
        data=[
            go.Scatter(
                x=places,
                y=[line.review_rows for line in lines],
                customdata=[[name, line.auto_rows] for name, line in zip(names, lines, strict=True)],
                mode="lines+markers",
                line={"color": theme.ACCENT, "shape": "hv"},
                marker={"size": 5},
                hovertemplate="線 %{customdata[0]}<br>職員にたずねる %{y:,}件<br>"
                "自動 %{customdata[1]:,}件<extra></extra>",
            ),
            go.Scatter(
                x=places,
                y=[line.expected_false for line in lines],
                customdata=names,
                mode="lines+markers",
                line={"color": WRONG, "shape": "hv"},
                marker={"size": 5},
                yaxis="y2",
                hovertemplate="線 %{customdata}<br>見込み 1万件に%{y:.2f}件<extra></extra>",
            ),
            go.Scatter(
                x=[place for place, _ in known],
                y=[value for _, value in known],
                customdata=[
                    [names[place], lines[place].known_wrong, lines[place].known_rows] for place, _ in known
                ],
                mode="markers",
                marker={"symbol": "x", "size": 7, "color": theme.MUTED},
                yaxis="y2",
                hovertemplate="線 %{customdata[0]}<br>本人がわかっている%{customdata[2]:,}件のうち"
                "まちがい%{customdata[1]:,}件<extra></extra>",
            ),
        ]
    )
    most = max([line.expected_false for line in lines] + [value for _, value in known]) or 1.0
    figure.update_layout(
        **charts.layout(
            330,
            margin={"l": 62, "r": 12, "t": 22, "b": 66},
            xaxis={
                "tickmode": "array",
                "tickvals": places,
                "ticktext": names,
                "tickangle": -55,
                "tickfont": {"size": 11},
                "anchor": "y2",
                "fixedrange": True,
                "showgrid": False,
                "zeroline": False,
            },
            yaxis={
                "domain": [0.56, 1],
                "rangemode": "tozero",
                "gridcolor": theme.GRID,
                "fixedrange": True,
                "nticks": 4,
                "tickformat": ",d",
            },
            yaxis2={
                "domain": [0, 0.42],
                "range": [0, most * 1.12],
                "gridcolor": theme.GRID,
                "fixedrange": True,
                "nticks": 4,
            },
            shapes=[
                {
                    "type": "line",
                    "x0": place,
                    "x1": place,
                    "xref": "x",
                    "y0": 0,
                    "y1": 1,
                    "yref": "paper",
                    "line": {"color": theme.INK, "width": 1.5, "dash": "dot"},
                }
                for place in chosen
            ],
            annotations=[
                _title("職員にたずねる件数", 1.0),
                _title("自動1万件のうちのまちがい（線＝見込み、×＝本人がわかっている記録）", 0.42),
                *[
                    {
                        "x": place,
                        "xref": "x",
                        "y": 1.02,
                        "yref": "paper",
                        "yanchor": "bottom",
                        "text": f"いまの線 {names[place]}",
                        "showarrow": False,
                        "font": {"size": 12, "color": theme.INK},
                    }
                    for place in chosen
                ],
            ],
        )
    )
    return figure


def _title(text: str, height: float) -> dict[str, object]:
    return {
        "x": 0.004,
        "xref": "paper",
        "xanchor": "left",
        "y": height,
        "yref": "paper",
        "yanchor": "top",
        "text": text,
        "showarrow": False,
        "bgcolor": "rgba(255,255,255,.8)",
        "font": {"size": 12, "color": theme.MUTED},
    }


def precision_course(points: Sequence[Point]) -> go.Figure:
    """The estimated precision with its interval, month by month; the band narrows as more is checked."""
    months = [point.month for point in points]
    low = [100 * point.precision.low for point in points]
    high = [100 * point.precision.high for point in points]
    value = [100 * (point.precision.value or 0.0) for point in points]
    figure = go.Figure(
        data=[
            go.Scatter(
                x=[*months, *months[::-1]],
                y=[*high, *low[::-1]],
                fill="toself",
                fillcolor="rgba(31,95,139,.16)",
                line={"width": 0},
                hoverinfo="skip",
            ),
            go.Scatter(
                x=months,
                y=value,
                customdata=[
                    [point.precision.found, point.precision.of, one, two]
                    for point, one, two in zip(points, low, high, strict=True)
                ],
                mode="lines+markers",
                line={"color": theme.ACCENT},
                hovertemplate="%{x}<br>%{customdata[1]:,}件のうち%{customdata[0]:,}件が正しい<br>"
                "%{y:.1f}%（%{customdata[2]:.1f}–%{customdata[3]:.1f}%）<extra></extra>",
            ),
        ]
    )
    figure.update_layout(
        **charts.layout(
            210,
            margin={"l": 48, "r": 10, "t": 8, "b": 30},
            xaxis={"type": "category", "fixedrange": True, "showgrid": False, "nticks": 8},
            yaxis={
                "range": [min([*low, 90.0]) - 1, 100.4],
                "ticksuffix": "%",
                "gridcolor": theme.GRID,
                "fixedrange": True,
            },
        )
    )
    return figure


def burden(months: Sequence[Month]) -> go.Figure:
    """名寄せ負荷: minutes by month as bars, and the middle time of one decision in seconds as a line."""
    figure = go.Figure(
        data=[
            go.Bar(
                x=[row.month for row in months],
                y=[row.minutes for row in months],
                customdata=[[row.answers, row.people] for row in months],
                marker={"color": theme.ACCENT},
                hovertemplate="%{x}<br>合計 %{y:,.0f}分<br>%{customdata[0]:,}件・%{customdata[1]}人"
                "<extra></extra>",
            ),
            go.Scatter(
                x=[row.month for row in months],
                y=[None if row.median is None else round(60 * row.median) for row in months],
                mode="lines+markers",
                line={"color": "#b45309"},
                yaxis="y2",
                hovertemplate="%{x}<br>1件 %{y:,}秒（まん中）<extra></extra>",
            ),
        ]
    )
    figure.update_layout(
        **charts.layout(
            210,
            margin={"l": 44, "r": 48, "t": 8, "b": 30},
            xaxis={"type": "category", "fixedrange": True, "showgrid": False, "nticks": 8},
            yaxis={
                "ticksuffix": "分",
                "tickformat": ",d",
                "gridcolor": theme.GRID,
                "fixedrange": True,
                "rangemode": "tozero",
            },
            yaxis2={
                "overlaying": "y",
                "side": "right",
                "ticksuffix": "秒",
                "tickformat": ",d",
                "nticks": 4,
                "rangemode": "tozero",
                "showgrid": False,
                "fixedrange": True,
            },
        )
    )
    return figure
