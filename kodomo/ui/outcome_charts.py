"""Outcome charts: plotly figures of 成果指標, from plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import plotly.graph_objects as go

from kodomo.ui import charts, theme

HEIGHT = 236
# Outcomes of a review: colours apart in lightness as well as hue, and a pattern for what is not decided.
OUTCOME_LOOK: Mapping[str, tuple[str, str]] = {
    "needs_support": ("#9b1c1c", ""),
    "watch": ("#d08a2e", ""),
    "already_supported": ("#1f5f8b", ""),
    "not_applicable": ("#c9d0d9", ""),
    "hold": ("#ffffff", "/"),
}


def _axes(unit: str, *, percent: bool = False, labels: Sequence[str] = ()) -> dict[str, object]:
    return {
        "xaxis": {
            "type": "category",
            "fixedrange": True,
            "showgrid": False,
            "automargin": True,
            "tickangle": 0,
            "tickfont": {"size": 12},
            "tickmode": "array",
            "tickvals": list(labels),
            "ticktext": month_ticks(labels),
        },
        "yaxis": {
            "fixedrange": True,
            "gridcolor": theme.GRID,
            "rangemode": "tozero",
            "automargin": True,
            "tickformat": ".0%" if percent else ",d",
            "ticksuffix": "" if percent else unit,
            "tickfont": {"size": 12},
            "nticks": 5,
            "zeroline": True,
            "zerolinecolor": theme.LINE,
        },
        "margin": {"l": 8, "r": 10, "t": 10, "b": 8},
    }


def month_ticks(months: Sequence[str]) -> list[str]:
    """Months as `4月`, with the year below the first one and each January."""
    ticks = []
    for place, month in enumerate(months):
        year, number = month[:4], int(month[5:7])
        ticks.append(f"{number}月<br>{year}年" if place == 0 or number == 1 else f"{number}月")
    return ticks


def monthly_bars(
    months: Sequence[str], values: Sequence[float | None], *, unit: str, color: str = theme.ACCENT
) -> go.Figure:
    """One bar a month with its figure on top."""
    figure = go.Figure(
        go.Bar(
            x=list(months),
            y=list(values),
            marker={"color": color},
            text=["" if value is None else f"{value:,.0f}" for value in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate=f"%{{x}}　%{{y:,.0f}}{unit}<extra></extra>",
        )
    )
    top = max((value for value in values if value is not None), default=1) or 1
    axes = _axes(unit, labels=months)
    axes["yaxis"] = {**_dict(axes["yaxis"]), "range": [0, top * 1.18]}
    figure.update_layout(charts.layout(HEIGHT, bargap=0.35, **axes))
    return figure


def outcomes(months: Sequence[str], stacks: Sequence[tuple[str, str, Sequence[int]]]) -> go.Figure:
    """What reviews concluded, stacked by month; `stacks`: (code, label, reviews per month), lowest first."""
    figure = go.Figure()
    for code, label, values in stacks:
        color, pattern = OUTCOME_LOOK.get(code, ("#8792a2", ""))
        figure.add_trace(
            go.Bar(
                x=list(months),
                y=list(values),
                name=escape(label),
                marker={
                    "color": color,
                    "line": {"color": theme.MUTED if pattern else color, "width": 0.8 if pattern else 0},
                    "pattern": {"shape": pattern, "fgcolor": theme.MUTED, "size": 5},
                },
                hovertemplate=f"%{{x}}　{escape(label)} %{{y:,.0f}}件<extra></extra>",
            )
        )
    axes = _axes("件", labels=months)
    axes["margin"] = {"l": 8, "r": 10, "t": 34, "b": 8}
    figure.update_layout(charts.layout(HEIGHT, barmode="stack", bargap=0.35, **_legend(), **axes))
    return figure


def shares(rows: Sequence[tuple[str, float, float, float, str]], colors: Sequence[str]) -> go.Figure:
    """Shares with their 95 % range, one row each: (label, share, low, high, what the pointer shows)."""
    figure = go.Figure(
        go.Scatter(
            x=[row[1] for row in rows],
            y=[escape(row[0]) for row in rows],
            mode="markers+text",
            marker={"color": list(colors), "size": 9, "symbol": "diamond"},
            text=[f"{row[1]:.0%}" for row in rows],
            textposition="top center",
            textfont={"size": 11},
            cliponaxis=False,
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [row[3] - row[1] for row in rows],
                "arrayminus": [row[1] - row[2] for row in rows],
                "color": "#8792a2",
                "thickness": 1.4,
                "width": 4,
            },
            hovertext=[escape(row[4]) for row in rows],
            hoverinfo="text",
        )
    )
    figure.update_layout(
        charts.layout(
            34 + 27 * max(len(rows), 1),
            xaxis={
                "range": [0, 1.0],
                "tickformat": ".0%",
                "gridcolor": theme.GRID,
                "fixedrange": True,
                "automargin": True,
                "zeroline": False,
                "nticks": 6,
            },
            yaxis={
                "autorange": "reversed",
                "fixedrange": True,
                "automargin": True,
                "showgrid": False,
                "type": "category",
            },
            margin={"l": 8, "r": 16, "t": 12, "b": 8},
        )
    )
    return figure


def lines(
    months: Sequence[str],
    series: Sequence[tuple[str, Sequence[float | None]]],
    *,
    unit: str = "",
    percent: bool = False,
) -> go.Figure:
    """One line a series over months, told apart by colour, symbol and dash; gaps stay gaps."""
    figures = ".0%" if percent else ",.0f"
    looks = ((theme.ACCENT, "circle", "solid"), ("#8a5300", "diamond", "dash"))
    figure = go.Figure()
    for (name, values), (color, symbol, dash) in zip(series, looks, strict=False):
        figure.add_trace(
            go.Scatter(
                x=list(months),
                y=list(values),
                name=escape(name),
                mode="lines+markers",
                line={"color": color, "width": 2, "dash": dash},
                marker={"symbol": symbol, "size": 7},
                hovertemplate=f"%{{x}}　{escape(name)} %{{y:{figures}}}{unit}<extra></extra>",
            )
        )
    axes = _axes(unit, percent=percent, labels=months)
    top = max((value for _, values in series for value in values if value is not None), default=1) or 1
    axes["yaxis"] = {**_dict(axes["yaxis"]), "range": [0, min(top * 1.25, 1.0) if percent else top * 1.15]}
    extra = _legend() if len(series) > 1 else {}
    if extra:
        axes["margin"] = {"l": 8, "r": 10, "t": 34, "b": 8}
    figure.update_layout(charts.layout(HEIGHT, **extra, **axes))
    return figure


def spread(days: Sequence[float], *, step: int = 30) -> go.Figure:
    """How many children were known how long before, in steps of a month of 30 days."""
    top = int(max(days, default=0) // step) + 1
    counts = [0] * top
    for value in days:
        counts[int(max(value, 0) // step)] += 1
    labels = ["1か月<br>未満" if not place else f"{place}か月" for place in range(top)]
    figure = go.Figure(
        go.Bar(
            x=labels,
            y=counts,
            marker={"color": theme.ACCENT},
            text=[f"{value}" if value else "" for value in counts],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}人<extra></extra>",
        )
    )
    axes = _axes("人")
    axes["xaxis"] = {
        "type": "category",
        "fixedrange": True,
        "showgrid": False,
        "automargin": True,
        "tickangle": 0,
        "tickfont": {"size": 11},
    }
    axes["yaxis"] = {**_dict(axes["yaxis"]), "range": [0, max(counts, default=1) * 1.2 or 1]}
    figure.update_layout(charts.layout(HEIGHT, bargap=0.25, **axes))
    return figure


def _legend() -> dict[str, object]:
    return {
        "showlegend": True,
        "legend": {
            "orientation": "h",
            "y": 1.02,
            "yanchor": "bottom",
            "x": 0,
            "traceorder": "normal",
            "font": {"size": 12},
            "itemclick": False,
            "itemdoubleclick": False,
        },
    }


def _dict(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value
