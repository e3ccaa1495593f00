"""Outcomes view: the blocks of 成果指標: five indicators, each with a sentence, a chart and its figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from kodomo import access, outcomes
from kodomo.audit import Actor
from kodomo.cases import catalogue
from kodomo.dossier import sources
from kodomo.outcomes import Indicator
from kodomo.rules import load_categories
from kodomo.ui import charts, downloads, outcome_charts, parts, session, theme

# Below this many children a share says more about chance than about the rules.
FEWEST = 10
PERIODS = ("直近12か月", "直近6か月", "直近3か月", "今年度", "前年度")


@dataclass(frozen=True)
class Figures:
    """Everything the screen shows of one period."""

    since: date
    until: date
    cards: list[Indicator]
    found: pd.DataFrame
    breakdown: pd.DataFrame
    precision: pd.DataFrame
    helped: pd.DataFrame
    waiting: pd.DataFrame
    lead: pd.DataFrame
    work: pd.DataFrame


def period(known: tuple[date, date] | None) -> tuple[date, date] | None:
    """The period chosen, as first and last day; nothing while nobody has reviewed a child."""
    if known is None:
        return None
    chosen = st.segmented_control(
        "期間", PERIODS, default=PERIODS[0], key="oc_period", required=True, persist_state="session"
    )
    return spans(known[1])[chosen or PERIODS[0]]


def spans(last: date) -> dict[str, tuple[date, date]]:
    """The periods on offer, counted back from the month of the last review; a fiscal year begins in April."""
    year = last.year if last.month >= 4 else last.year - 1
    return {
        "直近12か月": (_months_back(last, 11), last),
        "直近6か月": (_months_back(last, 5), last),
        "直近3か月": (_months_back(last, 2), last),
        "今年度": (date(year, 4, 1), last),
        "前年度": (date(year - 1, 4, 1), date(year, 3, 31)),
    }


def _months_back(last: date, months: int) -> date:
    number = last.year * 12 + last.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


@st.cache_data(max_entries=16, show_spinner="成果指標を計算しています。")
def _figures(name: str, mark: int, since: date, until: date, _con: Any) -> Figures:
    ops = session.store()
    with _con.cursor() as cursor:
        cards = outcomes.indicators(ops, since, until, cursor)
        lead = outcomes.lead_days(cursor, ops, since, until)
    return Figures(
        since,
        until,
        cards,
        outcomes.newly_found(ops, since, until),
        outcomes.breakdown(ops, since, until),
        outcomes.precision(ops, since, until),
        outcomes.led_to_help(ops, since, until),
        outcomes.waiting_days(ops, since, until),
        lead,
        outcomes.workload(ops, since, until),
    )


def figures(shown: session.Snapshot, since: date, until: date) -> Figures:
    """The figures of a period, computed once for everybody until the next review."""
    return _figures(shown.name, session.reviews_mark(), since, until, shown.con)


def value_text(card: Indicator) -> tuple[str, str]:
    """An indicator's value and unit as shown."""
    if card.value is None:
        return "–", ""
    if card.unit == "%":
        return f"{card.value:.0%}", ""
    return f"{card.value:,.0f}", card.unit


def cards(shown: Figures) -> None:
    """The indicators as figures, with their range where they are shares."""
    boxes = []
    for card in shown.cards:
        figure, unit = value_text(card)
        note = (
            f"95%の幅 {card.low:.0%}～{card.high:.0%}"
            if card.low is not None and card.high is not None
            else ""
        )
        boxes.append((f"{'①②③④⑤'[card.number - 1]} {card.label}", figure, unit, note))
    parts.cards(boxes)


def _text(shown: Figures, code: str) -> str:
    return next((card.text for card in shown.cards if card.code == code), "")


def _block(name: str, title: str, reading: str) -> None:
    st.html(
        f'<div style="font-weight:600">{parts.html(title)}</div>'
        f'<div class="kd-small kd-muted" style="line-height:1.5;min-height:2.6em">{parts.html(reading)}</div>'
    )


def _draw(figure: Any, key: str) -> None:
    st.plotly_chart(figure, config=charts.CONFIG, theme=None, key=key)


def _plain(values: Sequence[Any]) -> list[float | None]:
    """Figures without the frame's own sign for a gap."""
    return [None if value is None or value != value else float(value) for value in values]


def newly_found(shown: Figures) -> None:
    """① How many children nobody at the centre knew were found to need support."""
    months, values = shown.found["month"].tolist(), shown.found["children"].tolist()
    with parts.card("oc_found"):
        _block(
            "found",
            "① 新たに把握した支援が必要なこども（月ごとの人数）",
            f"{_text(shown, 'newly_found')}この期間は合わせて{sum(values):,}人です。1人を1回だけ数えます。",
        )
        _draw(outcome_charts.monthly_bars(months, values, unit="人"), "oc_c_found")
        _table("数字を見る", ["月", "人数"], zip(months, values, strict=True), "oc_t_found")


def concluded(shown: Figures) -> None:
    """② What reviews concluded."""
    months = list(dict.fromkeys(shown.breakdown["month"].tolist()))
    stacks = []
    for outcome in catalogue().outcomes.values():
        part = shown.breakdown[shown.breakdown["outcome"] == outcome.code]
        stacks.append((outcome.code, outcome.label, part["reviews"].tolist()))
    with parts.card("oc_breakdown"):
        _block(
            "breakdown",
            "② 職員確認の結果の内訳（月ごとの件数）",
            f"{_text(shown, 'precision')}1人を2回確認した月は2件と数えます。",
        )
        _draw(outcome_charts.outcomes(months, stacks), "oc_c_breakdown")
        _table(
            "数字を見る",
            ["月", *(label for _, label, _ in stacks)],
            [(month, *(values[at] for _, _, values in stacks)) for at, month in enumerate(months)],
            "oc_t_breakdown",
        )


def precise(shown: Figures) -> None:
    """② How often a look was worth it, by category and level."""
    kinds = session.categories()
    rows, colors, table = [], [], []
    order = [kind.code for kind in kinds.categories]
    frame = shown.precision[shown.precision["category"] != ""]
    whole = shown.precision.iloc[0]
    entries = [
        (
            str(row["category"]),
            int(row["level"]),
            int(row["reviewed"]),
            int(row["found"]),
            row["precision"],
            row["low"],
            row["high"],
        )
        for row in frame.to_dict("records")
        if row["category"] in order
    ]
    for code, level, reviewed, hits, share, low, high in sorted(
        entries, key=lambda row: (order.index(row[0]), -row[1])
    ):
        style = theme.level_style(level)
        label = f"{kinds.label(code)} {style.shape} {style.word}"
        enough = reviewed >= FEWEST
        table.append(
            (
                kinds.label(code),
                style.word,
                reviewed,
                hits,
                f"{share:.0%}（{low:.0%}～{high:.0%}）" if enough else "件数が少ないため示しません",
            )
        )
        if enough:
            rows.append(
                (label, share, low, high, f"{label}　確認した{reviewed:,}人のうち{hits:,}人（{share:.0%}）")
            )
            colors.append(style.color)
    with parts.card("oc_precision"):
        _block(
            "precision",
            "② 類型とレベルごとの適合率（確認してよかった割合）",
            (f"全体では{whole['precision']:.0%}です。" if whole["precision"] is not None else "")
            + "◆が割合、横の線が95%の幅です。高いレベルほど右にあれば、順番のつけ方が合っています。"
            + f"{FEWEST}人未満の組は割合を示しません。",
        )
        if rows:
            _draw(outcome_charts.shares(rows, colors), "oc_c_precision")
        else:
            st.caption("確認がまだ少ないため、割合は示しません。")
        _table(
            "数字を見る",
            ["類型", "レベル", "確認した人数", "支援・見守り・既支援", "適合率（95%の幅）"],
            table,
            "oc_t_precision",
        )


def helped(shown: Figures) -> None:
    """③ How many looks led to help."""
    frame = shown.helped
    with parts.card("oc_helped"):
        _block(
            "helped",
            "③ 支援・見守りにつながった割合（月ごと）",
            f"{_text(shown, 'led_to_help')}保留は分母に入れません。",
        )
        months = frame["month"].tolist()
        _draw(
            outcome_charts.lines(months, [("つながった割合", _plain(frame["share"].tolist()))], percent=True),
            "oc_c_helped",
        )
        _table(
            "数字を見る",
            ["月", "決まった人数", "つながった人数", "割合"],
            [
                (month, children, found, "–" if share is None else f"{share:.0%}")
                for month, children, found, share in zip(
                    months,
                    frame["children"].tolist(),
                    frame["helped"].tolist(),
                    _plain(frame["share"].tolist()),
                    strict=True,
                )
            ],
            "oc_t_helped",
        )


def waiting(shown: Figures) -> None:
    """④ How long a child waits for somebody to look."""
    frame = shown.waiting
    months = frame["month"].tolist()
    median, p90 = _plain(frame["median_days"].tolist()), _plain(frame["p90_days"].tolist())
    with parts.card("oc_waiting"):
        _block(
            "waiting",
            "④ 一覧に載ってから職員確認までの日数（月ごと）",
            f"{_text(shown, 'waiting_days')}9割の線が高い月は、長く待っていたこどもを確認した月です。",
        )
        _draw(
            outcome_charts.lines(months, [("まん中", median), ("9割がこの日数以内", p90)], unit="日"),
            "oc_c_waiting",
        )
        _table(
            "数字を見る",
            ["月", "確認", "まん中（日）", "9割（日）"],
            [
                (month, reviews, _days(middle), _days(most))
                for month, reviews, middle, most in zip(
                    months, frame["reviews"].tolist(), median, p90, strict=True
                )
            ],
            "oc_t_waiting",
        )


def _days(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def early(shown: Figures) -> None:
    """④ How long before a grave event a child had been on the list."""
    days = [float(value) for value in shown.lead["lead_days"].tolist()]
    with parts.card("oc_lead"):
        _block(
            "lead",
            "④ 重い出来事より何日前に把握していたか（人数）",
            _text(shown, "lead_days") + "右にあるほど、早く気づいていたことを示します。",
        )
        if days:
            _draw(outcome_charts.spread(days), "oc_c_lead")
        else:
            st.caption("この期間に、一覧で把握したあとの重い出来事はありません。")
        counted = (
            shown.lead.groupby("extract")["lead_days"].agg(["size", "median"]) if days else pd.DataFrame()
        )
        _table(
            "数字を見る",
            ["出来事の記録", "人数", "まん中（日前）"],
            [
                (sources().get(str(extract), str(extract)), int(row["size"]), f"{row['median']:.0f}")
                for extract, row in counted.sort_index().iterrows()
            ],
            "oc_t_lead",
        )


def work(shown: Figures) -> None:
    """⑤ The work this costs."""
    frame = shown.work
    months = frame["month"].tolist()
    hours = [round(value / 60, 1) for value in frame["minutes"].tolist()]
    with parts.card("oc_work"):
        _block(
            "work",
            "⑤ 職員の負荷：確認の件数（月ごと）",
            f"{_text(shown, 'workload')}この期間の確認は合わせて{int(frame['reviews'].sum()):,}件、"
            f"約{sum(hours):,.0f}時間です。",
        )
        _draw(outcome_charts.monthly_bars(months, frame["reviews"].tolist(), unit="件"), "oc_c_work")
        _table(
            "数字を見る",
            [
                "月",
                "確認（件）",
                "確認した職員（人）",
                "合計（時間）",
                "1件のまん中（分）",
                "名寄せの確認（件）",
            ],
            [
                (month, reviews, staff, f"{hour:,.0f}", _days(minutes), links)
                for month, reviews, staff, hour, minutes, links in zip(
                    months,
                    frame["reviews"].tolist(),
                    frame["staff"].tolist(),
                    hours,
                    _plain(frame["minutes_per_review"].tolist()),
                    frame["links"].tolist(),
                    strict=True,
                )
            ],
            "oc_t_work",
        )


def minutes(shown: Figures) -> None:
    """⑤ The time one review takes."""
    frame = shown.work
    with parts.card("oc_minutes"):
        _block(
            "minutes",
            "⑤ 職員の負荷：確認1件にかかった時間（月ごとのまん中）",
            "こどもの画面を開いてから確認を記録するまでの時間です。職員ごとの比較には使いません。",
        )
        _draw(
            outcome_charts.lines(
                frame["month"].tolist(), [("まん中", _plain(frame["minutes_per_review"].tolist()))], unit="分"
            ),
            "oc_c_minutes",
        )


def _table(label: str, columns: Sequence[str], rows: Any, key: str) -> None:
    with st.expander(label, key=key):
        parts.table([(name, "nb" if not at else "num") for at, name in enumerate(columns)], list(rows))


def export(user: Actor, shown: Figures) -> None:
    """All figures of the period as one long CSV, for those who may."""
    if not access.may(user, "export_outcomes"):
        return
    downloads.csv_button(
        user,
        "数字をCSVで受け取る",
        file_name=f"成果指標_{shown.since:%Y%m}-{shown.until:%Y%m}.csv",
        action="export_outcomes",
        heading=["指標", "月", "区分", "値", "単位"],
        rows=lambda: long_rows(shown),
        key="oc_csv",
        detail={"since": shown.since.isoformat(), "until": shown.until.isoformat()},
    )


def long_rows(shown: Figures) -> list[list[Any]]:
    """Every figure as (indicator, month, part, value, unit); shares run from 0 to 1, gaps are empty."""
    rows: list[list[Any]] = []
    for card in shown.cards:
        value = None if card.value is None else round(card.value, 4)
        rows.append(
            [f"{card.number} {card.label}", "", "期間全体", value, "割合" if card.unit == "%" else card.unit]
        )
    for row in shown.found.to_dict("records"):
        rows.append(["1 新たに把握した支援が必要なこども", row["month"], "", row["children"], "人"])
    for row in shown.breakdown.to_dict("records"):
        rows.append(["2 職員確認の結果", row["month"], row["label"], row["reviews"], "件"])
    kinds = load_categories()
    for row in shown.precision.to_dict("records"):
        if row["category"] and row["reviewed"] >= FEWEST:
            part = f"{kinds.label(row['category'])} {theme.level_style(int(row['level'])).word}"
            rows.append(["2 適合率", "", part, round(float(row["precision"]), 4), "割合"])
    for row in shown.helped.to_dict("records"):
        (share,) = _plain([row["share"]])
        share = None if share is None else round(share, 4)
        rows.append(["3 支援・見守りにつながった割合", row["month"], "", share, "割合"])
    for row in shown.waiting.to_dict("records"):
        for part, name in (("まん中", "median_days"), ("9割", "p90_days")):
            rows.append(["4 判定から職員確認までの日数", row["month"], part, *_plain([row[name]]), "日"])
    for row in shown.work.to_dict("records"):
        rows.append(["5 確認の件数", row["month"], "", row["reviews"], "件"])
        rows.append(["5 確認の時間の合計", row["month"], "", row["minutes"], "分"])
    return rows


def nothing_yet() -> None:
    """What stands here before the first review."""
    st.info(
        "職員確認がまだ記録されていません。こどもの画面で確認を記録すると、ここに成果指標が表示されます。"
    )
