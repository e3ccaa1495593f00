"""Replay charts: plotly figures of 検証, from plain values."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import plotly.graph_objects as go

from kodomo.ui import charts, theme

HEIGHT = 300
# Method → colour, dash and width: the rules stand out, what they are compared with stays behind.
LOOKS = {
    "rules": (theme.ACCENT, "solid", 3.0),
    "department": ("#b45309", "dash", 1.8),
    "flags": ("#4d7c5a", "dashdot", 1.8),
    "area": ("#7c4dbd", "dot", 1.8),
    "random": ("#8792a2", "solid", 1.2),
}


def curve(
    series: Sequence[tuple[str, str, Sequence[int], Sequence[float], Sequence[float]]],
    marks: Sequence[tuple[int, float, float]],
    *,
    until: int,
) -> go.Figure:
    """Children checked a month against the share of later events found.

    Args:
        series: (look, label, children checked, share, children found a month) of each list.
        marks: (level, children at that level or above, share) to be marked on the curve.
        until: the end of the axis.
    """
    figure = go.Figure()
    for look, label, checked, share, found in series:
        color, dash, width = LOOKS[look]
        figure.add_trace(
            go.Scatter(
                x=[0, *checked],
                y=[0.0, *share],
                name=escape(label),
                mode="lines",
                line={"color": color, "dash": dash, "width": width},
                customdata=[0.0, *found],
                hovertemplate=(
                    f"{escape(label)}<br>%{{x:,.0f}}人を確認 → %{{y:.0%}}（月に%{{customdata:.1f}}人）"
                    "<extra></extra>"
                ),
            )
        )
    for level, children, share in marks:
        style = theme.level_style(level)
        figure.add_trace(
            go.Scatter(
                x=[children],
                y=[share],
                mode="markers+text",
                marker={"color": style.color, "size": 10, "symbol": "diamond"},
                text=[f"{style.word}{'まで' if level < 3 else ''} {children:,.0f}人"],
                textposition="bottom right",
                textfont={"size": 12, "color": style.color},
                hovertemplate=f"{escape(style.word)}以上　%{{x:,.0f}}人 → %{{y:.0%}}<extra></extra>",
                showlegend=False,
                cliponaxis=False,
            )
        )
    seen = [y for _, _, ks, ys, _ in series for k, y in zip(ks, ys, strict=True) if k <= until]
    top = min(1.02, max(0.1, 1.25 * max([*seen, *(mark[2] for mark in marks)], default=1.0)))
    figure.update_layout(
        charts.layout(
            HEIGHT,
            margin={"l": 8, "r": 14, "t": 46, "b": 8},
            showlegend=True,
            legend={
                "orientation": "h",
                "y": 1.02,
                "yanchor": "bottom",
                "x": 0,
                "font": {"size": 12},
                "itemclick": False,
                "itemdoubleclick": False,
            },
            xaxis={
                "range": [0, until],
                "ticksuffix": "人",
                "tickformat": ",d",
                "fixedrange": True,
                "gridcolor": theme.GRID,
                "automargin": True,
                "nticks": 7,
            },
            yaxis={
                "range": [0, top],
                "tickformat": ".0%",
                "fixedrange": True,
                "gridcolor": theme.GRID,
                "automargin": True,
                "nticks": 6,
            },
        )
    )
    return figure


def bars(rows: Sequence[tuple[str, float, str, str]], *, unit: str = "人") -> go.Figure:
    """Horizontal bars, one a row: (label, value, colour, what the pointer shows)."""
    values = [row[1] for row in rows]
    low, high = min([0.0, *values]), max([1.0, *values])
    figure = go.Figure(
        go.Bar(
            x=values,
            y=[escape(row[0]) for row in rows],
            orientation="h",
            marker={"color": [row[2] for row in rows]},
            text=[f"{value:,.0f}{unit}" for value in values],
            textposition="outside",
            cliponaxis=False,
            hovertext=[escape(row[3]) for row in rows],
            hoverinfo="text",
        )
    )
    figure.update_layout(
        charts.layout(
            30 + 22 * max(len(rows), 1),
            bargap=0.3,
            xaxis={
                "range": [low * 1.3, high * 1.25],
                "fixedrange": True,
                "gridcolor": theme.GRID,
                "automargin": True,
                "zeroline": True,
                "zerolinecolor": theme.MUTED,
                "tickformat": ",d",
                "nticks": 6,
            },
            yaxis={
                "autorange": "reversed",
                "fixedrange": True,
                "automargin": True,
                "showgrid": False,
                "type": "category",
            },
        )
    )
    return figure
