"""Replay charts: plotly figures of 検証, from plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd
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


@dataclass(frozen=True)
class Line:
    """One list on the workload curve: its name in data, its label, whether it is the best department."""

    method: str
    label: str
    best: bool
    points: pd.DataFrame

    def share_at(self, k: int) -> float | None:
        """The share found among the first k; None where that was not counted."""
        found = self.points.loc[self.points["k"] == k, "share"]
        return float(found.iloc[0]) if len(found) else None


@dataclass(frozen=True)
class Loss:
    """Children no longer found without one department, with the 95 % range, and what the pointer shows."""

    label: str
    lost: float
    low: float
    high: float
    color: str
    pointer: str


def color_of(method: str) -> str:
    """The colour of a list: each department its own."""
    kind, _, code = method.partition(":")
    return theme.department(code).color if code else LOOKS[kind][0]


def _look(line: Line) -> tuple[str, str, float]:
    if line.best:
        return LOOKS["department"]
    if line.method.startswith("department:"):
        return color_of(line.method), "solid", 0.8
    return LOOKS[line.method]


def curve(
    lines: Sequence[Line], marks: Sequence[tuple[int, float, float]], *, until: int, checked: int
) -> go.Figure:
    """Children checked a month against the share of later events found.

    Args:
        lines: the lists, the last drawn on top; their points have k, share and found (children a month).
        marks: (level, children at that level or above, share) to be marked on the curve.
        until: the end of the axis.
        checked: the number the reader chose, drawn as a vertical line.
    """
    figure = go.Figure()
    for place, line in enumerate(lines):
        color, dash, width = _look(line)
        thin = line.method.startswith("department:") and not line.best
        label = line.label + ("（1課で最良）" if line.best else "")
        figure.add_trace(
            go.Scatter(
                x=[0, *line.points["k"].tolist()],
                y=[0.0, *line.points["share"].tolist()],
                name=escape(label),
                mode="lines",
                line={"color": color, "dash": dash, "width": width},
                opacity=0.55 if thin else 1.0,
                showlegend=not thin,
                legendrank=1000 - place,
                customdata=[0.0, *line.points["found"].tolist()],
                hovertemplate=(
                    f"{escape(label)}<br>%{{x:,.0f}}人を確認 → %{{y:.1%}}（月に%{{customdata:.1f}}人）"
                    "<extra></extra>"
                ),
            )
        )
    figure.add_vline(x=checked, line={"color": theme.MUTED, "width": 1, "dash": "dot"})
    seen = [y for line in lines for y in line.points.loc[line.points["k"] <= until, "share"].tolist()]
    top = min(1.02, max(0.1, 1.25 * max([*seen, *(mark[2] for mark in marks)], default=1.0)))
    for level, children, share in marks:
        style = theme.level_style(level)
        figure.add_trace(
            go.Scatter(
                x=[children],
                y=[share],
                mode="markers+text",
                marker={"color": style.color, "size": 10, "symbol": "diamond"},
                text=[f"{style.word}{'まで' if level < 3 else ''} {children:,.0f}人"],
                textposition="bottom right" if share > 0.1 * top else "top right",
                textfont={"size": 12, "color": style.color},
                hovertemplate=f"{escape(style.word)}以上　%{{x:,.0f}}人 → %{{y:.0%}}<extra></extra>",
                showlegend=False,
                cliponaxis=False,
            )
        )
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


def losses(rows: Sequence[Loss]) -> go.Figure:
    """Horizontal bars of what each department adds, with the 95 % range of each."""
    low, high = min([0.0, *(row.low for row in rows)]), max([1.0, *(row.high for row in rows)])
    figure = go.Figure(
        go.Bar(
            x=[row.lost for row in rows],
            y=[escape(row.label) for row in rows],
            orientation="h",
            marker={"color": [row.color for row in rows]},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [row.high - row.lost for row in rows],
                "arrayminus": [row.lost - row.low for row in rows],
                "color": theme.INK,
                "thickness": 1.1,
                "width": 3,
            },
            hovertext=[escape(row.pointer) for row in rows],
            hoverinfo="text",
        )
    )
    figure.update_layout(
        charts.layout(
            40 + 22 * max(len(rows), 1),
            bargap=0.35,
            xaxis={
                "range": [low * 1.1, high * 1.1],
                "ticksuffix": "人",
                "fixedrange": True,
                "gridcolor": theme.GRID,
                "automargin": True,
                "zeroline": True,
                "zerolinecolor": theme.MUTED,
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
