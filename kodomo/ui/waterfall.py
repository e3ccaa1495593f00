"""Waterfall: how the points of one level add up, reason by reason, against the lines where levels begin."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import plotly.graph_objects as go

from kodomo.ui import charts, theme

ADDED = "#3f7cac"
CAPPED = "#9aa5b4"
LABEL_WIDTH = 25
ROW_HEIGHT = 27
LINE_HEIGHT = 14
#: The share of the chart's width that the name of a level takes.
HEAD_ROOM = 0.19


@dataclass(frozen=True)
class Step:
    """One reason: its kind ('item', 'combination', 'cap', 'trigger'), words, points and what to say of it.

    `floor` is the level a trigger sets by itself.
    """

    kind: str
    label: str
    points: float
    hover: str = ""
    floor: int | None = None


def waterfall(steps: Sequence[Step], total: float, starts: Sequence[float]) -> go.Figure:
    """The steps from 0 to the total as bars that begin where the one before ended.

    Args:
        steps: in the order in which they are drawn, from the top.
        total: the points of the child; the last bar.
        starts: the points from which level 1, 2, 3 … begin; a line for each.
    """
    ends = [total]
    height = 0.0
    for step in steps:
        height += step.points
        ends.append(height)
    top = max(*ends, *starts) * 1.1
    heads = _heads(starts, top)
    rows = [*steps, Step("total", "合計", total)]
    labels = ["<br>".join(_lines(step.label)) for step in rows]
    places = [-n for n in range(len(rows))]
    data = {
        "type": "waterfall",
        "orientation": "h",
        "measure": ["relative"] * len(steps) + ["total"],
        "x": [step.points for step in rows],
        "y": places,
        "width": [0.62] * len(rows),
        "text": [_amount(step) for step in rows],
        "textposition": "outside",
        "textfont": {"size": 12, "color": theme.INK},
        "cliponaxis": False,
        "customdata": [_said(step) for step in rows],
        "hovertemplate": "%{customdata}<extra></extra>",
        "connector": {"line": {"color": "#8792a2", "width": 1, "dash": "dot"}, "mode": "between"},
        "increasing": {"marker": {"color": ADDED}},
        "decreasing": {"marker": {"color": CAPPED}},
        "totals": {"marker": {"color": theme.level_style(_level(total, starts)).color}},
    }
    lines = sum(max(1, label.count("<br>") + 1) for label in labels)
    look = charts.layout(
        72 + 14 * max(heads, default=0) + ROW_HEIGHT * len(rows) + LINE_HEIGHT * (lines - len(rows)),
        xaxis={
            "range": [0, top],
            "fixedrange": True,
            "showgrid": False,
            "zeroline": True,
            "zerolinecolor": theme.LINE,
            "ticksuffix": "点",
            "nticks": 8,
            "tickfont": {"size": 11, "color": theme.MUTED},
        },
        yaxis={
            "tickmode": "array",
            "tickvals": places,
            "ticktext": [escape(label).replace("&lt;br&gt;", "<br>") for label in labels],
            "range": [places[-1] - 0.6, 0.6],
            "fixedrange": True,
            "showgrid": False,
            "zeroline": False,
            "automargin": True,
            "tickfont": {"size": 12},
        },
        shapes=[
            {
                "type": "line",
                "xref": "x",
                "x0": start,
                "x1": start,
                "yref": "paper",
                "y0": 0,
                "y1": 1,
                "line": {"color": theme.level_style(level).color, "width": 1.5, "dash": "dash"},
            }
            for level, start in enumerate(starts, start=1)
        ],
        annotations=[
            {
                "x": start,
                "xref": "x",
                "y": 1,
                "yref": "paper",
                "yanchor": "bottom",
                "yshift": 14 * above,
                "text": f"{theme.level_style(level).shape}{theme.level_style(level).word} {start:g}",
                "showarrow": False,
                "font": {"size": 11, "color": theme.level_style(level).color},
            }
            for (level, start), above in zip(enumerate(starts, start=1), heads, strict=True)
        ],
        margin={"l": 8, "r": 26, "t": 22 + 14 * max(heads, default=0), "b": 26},
        hovermode="closest",
        dragmode=False,
    )
    # The parts are made here and checked by test: checking them for every reader costs a tenth of a second.
    return go.Figure({"data": [data], "layout": look}, _validate=False)


def _heads(starts: Sequence[float], top: float) -> list[int]:
    """In which line above the chart each level is named: names that would touch stand above each other."""
    heads: list[int] = []
    for at, start in enumerate(starts):
        near = at > 0 and (start - starts[at - 1]) / top < HEAD_ROOM
        heads.append(heads[-1] + 1 if near else 0)
    return heads


def _lines(label: str) -> list[str]:
    """A label in at most two lines."""
    lines = textwrap.wrap(label, LABEL_WIDTH)
    return lines if len(lines) <= 2 else [lines[0], lines[1][:-1] + "…"]


def _amount(step: Step) -> str:
    if step.floor is not None:
        style = theme.level_style(step.floor)
        return f"{style.shape} この事実だけで{style.word}"
    return f"{step.points:g}点" if step.kind == "total" else f"{step.points:+g}"


def _said(step: Step) -> str:
    text = step.hover or step.label
    return "<br>".join(line for part in text.split("<br>") for line in textwrap.wrap(escape(part), 40))


def _level(points: float, starts: Sequence[float]) -> int:
    return sum(points >= start for start in starts)
