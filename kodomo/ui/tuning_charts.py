"""Tuning charts: who a draft touches by group, the curve a threshold is chosen on, and its past months."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from html import escape
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from kodomo import hindsight, preview, replay, wording
from kodomo.hindsight import Past
from kodomo.preview import Share
from kodomo.rescore import GROUPINGS, City, Scored
from kodomo.rules import ALL_AGES, RuleSet
from kodomo.snapshots import Family
from kodomo.ui import charts, parts, session, theme

FLOOR = 10
MOST = 200
LEVEL_COLUMNS = [(f"{style.shape} {style.word}（人）", "num") for style in theme.LEVELS if style.level]


# -- levels -----------------------------------------------------------------------------------------------


def level_rows(
    counts: Mapping[str, Sequence[Sequence[int]]], highest: Sequence[Sequence[int]]
) -> list[list[object]]:
    """For each category, then for all children: its name and how many at each of `LEVEL_COLUMNS`.

    Args:
        counts: category → (before, after) by level; a category that was not counted shows a dash.
        highest: (before, after) of every child's highest level, by level.
    """
    levels = [style.level for style in theme.LEVELS if style.level]
    counted = [(kind.label, counts.get(kind.code)) for kind in session.categories().categories]
    return [
        [label, *(parts.change(pairs[level]) if pairs else None for level in levels)]
        for label, pairs in [*counted, ("こども（重複なし）", highest)]
    ]


# -- groups -----------------------------------------------------------------------------------------------


def groups(city: City, before: tuple[RuleSet, Scored], after: tuple[RuleSet, Scored]) -> None:
    """Children at 注意 or above by school, district, age, department and the grounds that must not weigh."""
    kinds = session.categories()
    choices = {**GROUPINGS, "department": "理由になった記録の課"}
    with st.container(horizontal=True, gap="small"):
        chosen = parts.choice("分け方", choices, key="tn_group", width=210)
        categories = {"": "すべての類型", **{kind.code: kind.label for kind in kinds.categories}}
        category = parts.choice("困難類型", categories, key="tn_group_category", width=170)
    if chosen == "department":
        owners = {code: item.department for code, item in session.catalogue().items()}
        rows = preview.by_department(city, before, after, owners, category or None)
        names = {row.name: session.department_name(row.name) for row in rows}
    else:
        rows = preview.shares(city, before[1], after[1], chosen, category or None)
        names = {row.name: group_name(chosen, row.name) for row in rows}
    parts.table(
        [
            ("まとまり", ""),
            ("こども（人）", "num"),
            ("注意以上 いま → 調整後（人）", "num"),
            ("割合（%）", "num"),
            ("差", "num"),
        ],
        [_moved_row(row, names[row.name]) for row in rows[:MOST]],
        scroll=True,
        height=205,
    )
    st.caption(
        "「注意」以上のこどもの人数です。"
        + (
            "課は、理由になった記録の持ち主です。1人が複数の課に数えられます。"
            if chosen == "department"
            else f"{FLOOR}人より少ないまとまりの割合は出しません。"
            "差が大きいまとまりは、理由を確かめてください。"
        )
    )


def group_row(row: Share, name: str) -> list[object]:
    """One group as cells: name, children, children at 注意 or above and their share, before and after."""
    share = f"{FLOOR}人未満"
    if row.children >= FLOOR:
        share = f"{100 * row.now / row.children:.1f} → {100 * row.draft / row.children:.1f}"
    return [name, f"{row.children:,}", parts.change((row.now, row.draft)), share]


def _moved_row(row: Share, name: str) -> list[object]:
    if row.children < FLOOR:
        return [*group_row(row, name), "–"]
    moved = 100 * row.draft / row.children - 100 * row.now / row.children
    return [*group_row(row, name), f"{moved:+.1f}"]


def group_name(grouping: str, name: str) -> str:
    """What staff read for a group: an age band in words, everything else as it is."""
    return theme.band_label(name) if grouping == "age_band" else name


# -- the curve --------------------------------------------------------------------------------------------


def curve(city: City, rules: RuleSet, scored: Scored) -> tuple[str, str, int, float] | None:
    """How many children each threshold takes in; a click on the curve chooses one.

    Returns:
        (category, age band, level, points) once a point was clicked.
    """
    kinds = session.categories()
    labels = {kind.code: kind.label for kind in kinds.categories}
    bands = [ALL_AGES, *kinds.age_bands]
    with st.container(horizontal=True, gap="small"):
        category = parts.choice("困難類型", labels, key="tn_curve_category", width=150)
        band = st.selectbox(
            "年齢区分", bands, format_func=theme.band_label, key="tn_curve_band", width=150, filter_mode=None
        )
        words = {style.level: style.word for style in theme.LEVELS if style.level}
        level = st.segmented_control(
            "曲線を押して決めるレベル",
            sorted(words),
            default=2,
            format_func=lambda value: words[value],
            key="tn_curve_level",
        )
    age = None if band == ALL_AGES else band
    points, reached, floors = preview.curve(city, scored, category, age)
    starts = rules.thresholds_for(category, age)
    figure = _curve_figure(points.tolist(), reached.tolist(), starts)
    turn = st.session_state.get("tn_turn", 0)
    event: Any = st.plotly_chart(
        figure,
        key=f"tn_curve_{turn}_{category}_{band}",
        on_select="rerun",
        selection_mode="points",
        config=charts.CONFIG,
    )
    at = [int((points >= start).argmax()) if (points >= start).any() else -1 for start in starts]
    told = "、".join(
        f"{words[n]} {start:g}点からで{reached[place] if place >= 0 else 0:,}人"
        for n, (start, place) in enumerate(zip(starts, at, strict=True), start=1)
    )
    st.caption(
        f"横はしきい値（点）、縦はその点以上のこども（人）。{told}。"
        + (
            f"ほかに、1つの事実で注意以上になっているこどもが{floors:,}人います（しきい値では動きません）。"
            if floors
            else ""
        )
        + "曲線の点を押すと、その点から始まるように案を変えます。"
    )
    picked = event.selection.points if event and event.selection else []
    if not picked or level is None:
        return None
    return category, band, int(level), float(picked[0]["x"])


def _curve_figure(points: Sequence[float], reached: Sequence[int], starts: Sequence[float]) -> go.Figure:
    figure = go.Figure(
        go.Scatter(
            x=list(points),
            y=list(reached),
            mode="lines+markers",
            line={"shape": "vh", "color": theme.ACCENT, "width": 2},
            marker={"size": 7, "color": theme.ACCENT},
            hovertemplate="%{x:g}点から → %{y:,}人<extra></extra>",
        )
    )
    for level, start in enumerate(starts, start=1):
        style = theme.level_style(level)
        figure.add_vline(
            x=start,
            line={"color": style.color, "width": 2, "dash": "dot"},
            annotation_text=f"{style.shape} {escape(style.word)} {start:g}点",
            annotation_font={"size": 12, "color": style.color},
        )
    figure.update_layout(**charts.layout(190, showlegend=False, margin={"l": 50, "r": 10, "t": 22, "b": 34}))
    figure.update_xaxes(title_text="しきい値（点）", rangemode="tozero", gridcolor=theme.GRID)
    figure.update_yaxes(title_text="人", rangemode="tozero", gridcolor=theme.GRID, tickformat=",")
    return figure


# -- past months ------------------------------------------------------------------------------------------


@st.cache_resource
def _worker() -> ThreadPoolExecutor:
    """One thread that looks back while people go on."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="hindsight")


@st.cache_resource(max_entries=24, show_spinner=False)
def _looking_back(store: str, mark: str, _job: Any) -> Future[list[Past]]:
    return _worker().submit(_job)


def looking_back(family: Family, base: RuleSet, draft: RuleSet) -> Future[list[Past]] | None:
    """What both rule sets would have said in past months, being computed; None without a kept replay."""
    found = replay.find(family)
    if found is None or not hindsight.there(found.path):
        return None
    months = replay.load_plan().known_months

    def job() -> list[Past]:
        return hindsight.look_back(Path(found.path), found.until, months, [base, draft])

    return _looking_back(str(found.path), f"{base.hash}:{draft.hash}", job)


@st.fragment(run_every=2)
def past(family: Family, base: RuleSet, draft: RuleSet) -> None:
    """What the draft would have found in past months beside the rules in use."""
    session.stay()
    running = looking_back(family, base, draft)
    if running is None:
        st.caption(
            "過去の月末の判定（検証）がまだ作られていません。データ担当が「検証」の計算を行うと、ここに出ます。"
        )
        return
    if not running.done():
        st.html(
            '<div class="kd-muted" role="status">計算中です。終わるとここに出ます。'
            "ほかの操作を続けられます。</div>"
        )
        return
    if running.exception() is not None:
        st.error("過去の月での確かめを計算できませんでした。検証をもう一度作ってから、開き直してください。")
        return
    one, other = running.result()
    past_table(one, other)
    _fired(base, draft, one, other)


def past_table(one: Past, other: Past) -> None:
    """Found, precision and lead time of both, category by category."""
    kinds = session.categories()
    rows: list[list[object]] = []
    for kind in kinds.categories:
        was, now = one.found[kind.code], other.found[kind.code]
        if not was.days:
            continue
        rows.append(
            [
                kind.label,
                _arrow(was.listed / was.days, now.listed / now.days, "{:,.0f}"),
                _arrow(was.found / was.days, now.found / now.days, "{:,.1f}"),
                _arrow(_percent(was.precision), _percent(now.precision), "{:.1f}"),
                _arrow(_percent(was.recall), _percent(now.recall), "{:.1f}"),
                _arrow(was.median_lead, now.median_lead, "{:.0f}"),
            ]
        )
    parts.table(
        [
            ("類型", "nb"),
            ("一覧（人/月）", "num"),
            ("うち出来事（人/月）", "num"),
            ("当たり（%）", "num"),
            ("発見（%）", "num"),
            ("先がけ（日）", "num"),
        ],
        rows,
        empty="半年後まで記録のある月末がまだありません。",
    )
    days = max((found.days for found in one.found.values()), default=0)
    st.caption(
        f"いま → 調整後。まだ知られていなかったこどもについて、過去{days}か月の月末で「注意」以上だった人と、"
        f"その後{hindsight.AHEAD}か月の出来事（通告、30日欠席、いじめの認知、保護の開始など）をくらべたものです。"
        "当たりは一覧のうち出来事があった割合、発見は出来事のうち一覧にいた割合、"
        "先がけは一覧に載ってから出来事までの日数の中央値です。"
    )


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _arrow(was: float | None, now: float | None, form: str) -> str:
    told = [("–" if value is None else form.format(value)) for value in (was, now)]
    return told[0] if told[0] == told[1] else f"{told[0]} → {told[1]}"


def _fired(base: RuleSet, draft: RuleSet, one: Past, other: Past) -> None:
    """How often each changed rule would have fired on the last month-ends."""
    changed = preview.changed_rules(base, draft)
    names = {
        row.code: wording.title(row, session.catalogue())
        for row in (*draft.items, *draft.combinations, *draft.triggers, *draft.suppressions)
        if row.code in changed
    }
    rows: list[Sequence[object]] = [
        [
            "■▲ 注意以上のこども（" + kind.label + "）",
            _spread(one.monthly[kind.code]),
            _spread(other.monthly[kind.code]),
        ]
        for kind in session.categories().categories
        if one.monthly[kind.code] != other.monthly[kind.code]
    ]
    none = (0,) * len(other.recent)
    rows += [
        [name, _spread(one.hits.get(code, none)), _spread(other.hits.get(code, none))]
        for code, name in sorted(names.items())
    ]
    parts.table(
        [
            (f"直近{len(other.recent)}か月の月末で当てはまった人数", ""),
            ("いま（月平均・最少〜最多）", "num"),
            ("調整後", "num"),
        ],
        rows,
        empty="変えた条件はまだありません。",
        scroll=True,
        height=150,
    )


def _spread(months: Sequence[int]) -> str:
    if not months:
        return "–"
    return f"{sum(months) / len(months):,.0f}人（{min(months):,}〜{max(months):,}）"
