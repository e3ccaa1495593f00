"""Figures view: how right the automatic links are, where the line lies, and what answering costs."""

from __future__ import annotations

from html import escape

import streamlit as st

from kodomo import matching
from kodomo.audit import Actor
from kodomo.ui import charts, matching_charts, parts, session
from kodomo.ui import matching_place as place
from kodomo.ui.matching_view import spent

KEPT_MONTHS = 24


def quality(user: Actor, shown: session.Snapshot) -> None:
    """Estimated precision and recall with intervals, the automatic line, and the work by month."""
    ops = session.store()
    rows = matching.quality(shown.con, ops, user)
    wanted = st.session_state.get(place.EXTRACT)
    session.log_once("quality", shown.name, "view_links", count=len(rows))
    left, right = st.columns(2, gap="small")
    with left:
        _course(user, wanted)
    with right:
        _burden(user)
    _table([row for row in rows if wanted in (None, row.extract)])
    _hidden(shown)
    _line(shown)


def _course(user: Actor, wanted: str | None) -> None:
    _title(
        "自動の結びつきの正しさ（適合率）の見積もり",
        "帯は95%の区間",
    )
    points = matching.course(session.store(), user, wanted)
    if not points:
        st.caption("まだ抜き取りの答えがありません。「抜き取り」で確かめると、ここに線が出ます。")
        return
    last = points[-1].precision
    parts.say(
        f"{matching.titles().get(wanted or '', 'すべて')}の抜き取り{last.of:,}件のうち、"
        f"正しいと確かめられたものは{last.found:,}件。"
        f"自動の結びつきの{last.low:.1%}以上は正しいと見込めます。"
    )
    _chart(matching_charts.precision_course(points[-KEPT_MONTHS:]), "mt_course")


def _burden(user: Actor) -> None:
    _title("名寄せの手間（月ごと）", "棒は答えるまでの時間の合計、線は1件にかかる時間（まん中）")
    months = matching.burden(session.store(), user)
    if not months:
        st.caption("まだ記録がありません。")
        return
    now = months[-1]
    parts.say(
        f"{now.month}は{now.answers:,}件を{now.people}人で、合わせて{spent(now.minutes)}"
        f"（1件 {spent(now.median)}）。この1年では{sum(row.answers for row in months[-12:]):,}件、"
        f"{sum(row.minutes for row in months[-12:]) / 60:,.1f}時間です。"
    )
    _chart(matching_charts.burden(months[-KEPT_MONTHS:]), "mt_burden")


def _table(rows: list[matching.Quality]) -> None:
    _title(
        "連携データごとの正しさと、もれ",
        "職員の答えからの見積もり。括弧は95%の区間（ウィルソン法）。答えが少ないうちは区間が広くなります",
    )
    parts.table(
        [
            ("連携データ", ""),
            ("自動", "num"),
            ("確認待ち", "num"),
            ("該当なし", "num"),
            ("正しく結びついた割合（適合率）", "num"),
            ("抜き取り", "num"),
            ("もれずに結びついた割合（再現率）", "num"),
            ("確認待ちで同じ人", "num"),
            ("相手なしで見つかった", "num"),
        ],
        [
            (
                matching.titles()[row.extract],
                parts.count(row.auto),
                parts.count(row.review),
                parts.count(row.none),
                _interval(row.precision.value, row.precision.low, row.precision.high),
                f"{row.precision.of}件",
                _interval(row.recall, row.recall_low, row.recall_high),
                f"{row.reviewed.found} / {row.reviewed.of}件",
                f"{row.found.found} / {row.found.of}件",
            )
            for row in rows
        ],
    )


def _hidden(shown: session.Snapshot) -> None:
    measured = matching.hidden_numbers(shown.con)
    if measured is None:
        return
    st.html(
        '<div class="kd-small">学齢簿の宛名番号を隠して結びつけた試し（'
        f"{measured.rows:,}行）：自動 {measured.linked:,}行、うち正しい "
        f"{_interval(measured.precision.value, measured.precision.low, measured.precision.high)}、"
        "もれずに結びついた "
        f"{_interval(measured.recall.value, measured.recall.low, measured.recall.high)}</div>"
    )


def _line(shown: session.Snapshot) -> None:
    _title(
        "自動で結びつける線",
        "機械の見込みがこの線以上で、ほかに迷う理由のない記録だけを自動で結びつけます",
    )
    lines = matching.cuts(shown.con)
    if not lines:
        st.caption("この版には線の記録がありません。次の名寄せから表示されます。")
        return
    left, right = st.columns([62, 38], gap="small")
    with left:
        _chart(matching_charts.line_curve(lines), "mt_line")
    with right:
        parts.bullets(matching.reading(lines))
        parts.say(
            "線の位置にかかわらず、同じ名前の人がいる・双子かもしれない・生年月日がちがうなどの記録は、"
            "必ず職員にたずねます。"
        )


def _title(text: str, note: str) -> None:
    st.html(
        f'<div class="kd-small" style="margin-top:.35rem"><b>{escape(text)}</b>　'
        f'<span class="kd-muted">{escape(note)}</span></div>'
    )


def _chart(figure: object, key: str) -> None:
    st.plotly_chart(figure, config=charts.CONFIG, theme=None, key=key)


def _interval(value: float | None, low: float, high: float) -> str:
    if value is None:
        return "まだ見積もれません"
    return f"{value:.1%}（{low:.1%}–{high:.1%}）"
