"""Timeline view: the records of all departments about one child on one time axis, and as a table."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from kodomo import access
from kodomo.audit import Actor
from kodomo.dossier import Dossier, Event
from kodomo.ui import charts, parts, session, theme


@st.fragment
def timeline(user: Actor, shown: session.Snapshot, known: Dossier) -> None:
    """All departments on one time axis, with filters and the same as a table."""
    session.stay()
    with parts.card("timeline"):
        family = any(event.who != "本人" for event in known.events)
        st.html(f"<b>各課の時系列</b>　<span class='kd-small kd-muted'>{charts.timeline_legend()}</span>")
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            span = st.segmented_control(
                "期間", list(charts.RANGES), default="1年", key="tl_span", required=True
            )
            whose = "本人だけ"
            if family:
                whose = st.segmented_control(
                    "だれの記録",
                    ["本人と家族", "本人だけ"],
                    default="本人と家族",
                    key="tl_whose",
                    required=True,
                )
            chosen = st.multiselect(
                "課",
                [department.code for department in theme.departments()],
                format_func=lambda code: theme.department(code).name,
                placeholder="すべての課",
                select_all=False,
                key="tl_departments",
                width=180,
            )
            kinds = sorted({event.source for event in known.events})
            sources = st.multiselect(
                "種類", kinds, placeholder="すべての種類", select_all=False, key="tl_kinds", width=180
            )
            worry = st.toggle("心配な出来事だけ", key="tl_worry")
        events = [
            event
            for event in known.events
            if (whose == "本人と家族" or event.who == "本人")
            and (not chosen or event.department in chosen)
            and (not sources or event.source in sources)
            and (not worry or event.grade >= 2 or event.is_support)
        ]
        days = charts.RANGES[span or "1年"]
        first = shown.as_of - timedelta(days=days) if days else None
        inside = [
            event
            for event in events
            if first is None
            or (event.ended_on or event.occurred_on) >= first
            or (event.is_support and event.lasting and event.ended_on is None)
        ]
        lanes = [
            department.code for department in theme.departments() if not chosen or department.code in chosen
        ]
        if access.policy().roles[user.role].facts == "department":
            lanes = [user.department]
        periods = sum(event.is_support and event.lasting for event in inside)
        chart, rows = st.tabs(["図", f"表（{len(inside):,}件）"])
        with chart:
            parts.say(
                f"この期間の記録 {len(inside) - periods:,}件と、支援の期間 {periods:,}件。"
                "図の上を横になぞると拡大し、ダブルクリックで戻ります。点を指すと、内容と2つの日付が出ます。"
            )
            st.plotly_chart(
                charts.timeline(
                    [_mark(event) for event in reversed(inside)],
                    lanes,
                    as_of=shown.as_of,
                    first=first,
                    revision=f"{known.child['child_ref']}{span}",
                ),
                config=charts.CONFIG,
                theme=None,
                key="tl_chart",
                alt="各課の記録を、課ごとの横の列に日付の順で並べた図。同じ内容は「表」にあります。",
            )
        with rows:
            parts.table(
                [
                    ("発生日", "nb"),
                    ("終了日", "nb"),
                    ("登録日", "nb"),
                    ("課", "nb"),
                    ("種類", "nb"),
                    ("だれ", "nb"),
                    ("内容", ""),
                ],
                [
                    (
                        parts.day(event.occurred_on),
                        parts.day(event.ended_on)
                        if event.ended_on
                        else ("継続中" if event.is_support and event.lasting else None),
                        parts.day(event.recorded_on),
                        parts.department_mark(event.department),
                        event.source,
                        event.who,
                        parts.Html(
                            f"<b>{parts.html(event.title)}</b>"
                            + (
                                f"<br><span class='kd-small'>{parts.html(event.detail)}</span>"
                                if event.detail
                                else ""
                            )
                        ),
                    )
                    for event in inside[:400]
                ],
                empty="この条件に合う記録はありません。",
                scroll=True,
            )
            if len(inside) > 400:
                st.caption("新しいほうから400件を表示しています。期間か課を絞ると、残りが見られます。")


def _mark(event: Event) -> charts.Mark:
    own = event.who == "本人"
    return charts.Mark(
        department=event.department,
        occurred_on=event.occurred_on,
        ended_on=event.ended_on,
        recorded_on=event.recorded_on,
        title=event.title if own else f"{event.title}（{event.who}）",
        detail=event.detail,
        source=event.source,
        grade=event.grade,
        is_support=event.is_support and event.lasting,
        faint=not own,
    )
