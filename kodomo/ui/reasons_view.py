"""Reasons view: why a child stands at each level, what one fact would change, what is new since last time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from kodomo import explain, last_time, roster
from kodomo.dossier import Dossier, Event
from kodomo.explain import CategoryExplanation, Change
from kodomo.last_time import CategoryDifference
from kodomo.rules import RuleSet
from kodomo.ui import charts, parts, session, theme
from kodomo.ui.waterfall import Step, waterfall

MARKS = {"combination": "【組み合わせ】", "cap": "【上限】"}
MOST_FACTS = 4
FACTS_CAPTION = (
    "ほかはそのままにして、その1つの事実だけを変え、同じ判定基準で計算し直した結果です。"
    "理由の重さを知り、次に何を確かめるかを決めるためのものです。"
)
UNTESTED = "この判定に使った判定基準を読み出せないため、計算し直せません。"
OTHER_RULES = (
    "この判定は、いま読み出せる判定基準とは別の内容の基準によるものです。境目の点数は参考です。"
    "次の判定のあとに正しく表示されます。"
)


@st.fragment
def reasons(shown: session.Snapshot, known: Dossier) -> None:
    """Why the child stands at each level: the points step by step, and everything that belongs to them."""
    session.stay()
    rules, row = session.ruleset(shown), known.row()
    order = sorted(known.judgements, key=lambda one: (-one.level, -one.points, one.category))
    styles = {one.category: theme.level_style(roster.shown_level(row, rules, one.category)) for one in order}
    kinds = session.categories()
    with parts.card("reasons"):
        st.html(
            "<b>判定の理由</b>　<span class='kd-muted kd-small'>点は順番を決めるための目安です。"
            "理由を読み、事実を確かめてください。</span>"
        )
        if not order:
            st.caption("まだ判定されていません。")
            return
        chosen = st.segmented_control(
            "困難の類型",
            [one.category for one in order],
            format_func=lambda code: f"{kinds.label(code)} {styles[code].shape}{styles[code].word}",
            default=order[0].category,
            key=f"why_{known.child['child_ref']}",
            required=True,
            label_visibility="collapsed",
        )
        with shown.con.cursor() as cursor:
            told = explain.explain(cursor, known.resident_id, rules, session.catalogue(), only=[chosen])
            before = last_time.compare(
                cursor, [known.resident_id], shown.as_of, rules, session.catalogue()
            ).get(known.resident_id)
        _category(told.categories[0], known, rules, before)


def _category(
    category: CategoryExplanation, known: Dossier, rules: RuleSet, before: last_time.LastTime | None
) -> None:
    st.html(f"<div>{parts.html(category.sentence)} {parts.muted(edges(category)).markup}</div>")
    if not category.tested:
        st.caption(OTHER_RULES)
    floors = roster.floors_of(rules)
    if category.contributions:
        st.plotly_chart(
            waterfall(steps_of(category, floors), category.points, category.starts),
            config=charts.CONFIG,
            theme=None,
            key=f"why_chart_{known.child['child_ref']}_{category.category}",
            alt="理由ごとの点を上から順に足した図。同じ内容は、下の「もとになった記録」にあります。",
        )
    elif category.missing:
        st.caption(
            "いま分かっている範囲では、基準に届く理由はありません。ただし、不明なことがあります。"
            "安全という意味ではありません。"
        )
    else:
        st.caption("いま分かっている範囲では、基準に届く理由はありません。安全という意味ではありません。")
    differs = difference_of(before, category.category)
    names = ["もとになった記録", "1つの事実で変わること", "前回との違い"]
    if category.missing:
        names.append(f"不明なこと（{len(category.missing)}）")
    tabs = st.tabs(names)
    with tabs[0]:
        _records(category, known, floors)
    with tabs[1]:
        _facts(category)
    with tabs[2]:
        _difference(differs, before)
    if category.missing:
        with tabs[3]:
            parts.table(
                [("不明なこと", "mid"), ("たずねる課", "nb"), ("なぜ不明か・どう確かめるか", "")],
                [
                    (missing.label, missing.department, parts.muted(f"{missing.why}。{missing.unknown_text}"))
                    for missing in category.missing
                ],
                scroll=True,
                height=300,
            )


def edges(category: CategoryExplanation) -> str:
    """Where the levels begin, in words."""
    found = "・".join(
        f"{theme.level_style(level).shape}{theme.level_style(level).word} {start:g}点"
        for level, start in enumerate(category.starts, start=1)
    )
    return f"（境目 {found}）"


def steps_of(category: CategoryExplanation, floors: Mapping[str, int]) -> list[Step]:
    """The reasons as steps of the chart: what sets a level first, then points, then caps."""
    own = sorted(category.contributions, key=lambda row: -floors.get(row.code, 0))
    return [
        Step(
            row.kind,
            _short(row, floors),
            row.points,
            f"{plain_text(row, floors)}<br>{row.why}",
            floors.get(row.code) if row.kind == "trigger" else None,
        )
        for row in own
        if row.kind != "suppression"
    ]


def _short(row: explain.Contribution, floors: Mapping[str, int]) -> str:
    """A reason's words without what stands in brackets, which the pointer shows."""
    text = plain_text(row, floors)
    if row.kind == "combination":
        text = text.split("（")[0]
    elif text.endswith("）") and "：" in text:
        text = text[: text.rindex("（")]
    return MARKS.get(row.kind, "") + text


def plain_text(row: explain.Contribution, floors: Mapping[str, int]) -> str:
    """A reason's words; what a trigger does is said by its mark."""
    return row.text.split("。この事実だけで")[0] if row.code in floors else row.text


def _records(category: CategoryExplanation, known: Dossier, floors: Mapping[str, int]) -> None:
    behind = {reason.code: reason for reason in known.reasons if reason.category == category.category}
    rows = []
    for row in sorted(category.contributions, key=lambda row: -floors.get(row.code, 0)):
        reason = behind.get(row.code)
        shown = reason.shown[:3] if reason else ()
        records = "".join(parts.note(record(event)).markup for event in shown)
        if row.events > len(shown):
            records += parts.note(f"ほか {row.events - len(shown)}件の記録").markup
        rows.append(
            (
                parts.Html(f"{parts.html(MARKS.get(row.kind, '') + plain_text(row, floors))}{records}"),
                parts.muted(row.why),
                effect(row, floors),
            )
        )
    parts.table(
        [("理由と、もとになった記録", ""), ("なぜ理由にするか", ""), ("点", "num")],
        rows,
        empty="理由に数えた記録はありません。",
        scroll=True,
        height=320,
    )


def effect(row: explain.Contribution, floors: Mapping[str, int]) -> parts.Html:
    """What a reason does: points, the level it sets by itself, or that somebody is at work."""
    if row.code in floors and row.kind == "trigger":
        return parts.join(parts.level_mark(floors[row.code]), parts.muted("にする"))
    if row.kind == "suppression":
        return parts.muted("関わりあり")
    return parts.Html(f"{row.points:+g}")


def record(event: Event) -> str:
    """One record behind a reason: day, what, about whom, which department, when it was recorded."""
    who = "" if event.who == "本人" else f"［{event.who}］"
    return (
        f"{parts.day(event.occurred_on)} {event.title}{who}"
        f"（{theme.department(event.department).name}・登録 {parts.day(event.recorded_on)}）"
    )


def _facts(category: CategoryExplanation) -> None:
    if not category.tested:
        st.caption(UNTESTED)
        return
    st.caption(FACTS_CAPTION)
    left, right = st.columns(2, gap="medium")
    with left:
        st.html("<b class='kd-small'>これがなければ、下がる</b>")
        _change_list(
            category.without,
            "1つの事実だけで下がることはありません。いくつかの事実が重なっています。"
            if category.level
            else "いまは、どのレベルにも届いていません。",
        )
        asked = [change for change in category.more if change.unknown_now]
        if asked:
            st.html("<b class='kd-small'>不明なことが分かれば、上がるかもしれない</b>")
            _change_list(asked, "")
    with right:
        st.html("<b class='kd-small'>これが加われば、上がる</b>")
        _change_list(
            [change for change in category.more if not change.unknown_now],
            "1つの事実だけで上がることはありません。"
            if category.level < len(category.starts)
            else "いちばん高いレベルです。",
        )


def _change_list(changes: Sequence[Change], empty: str) -> None:
    if not changes:
        st.caption(empty)
        return
    parts.bullets(sentence_of(change) for change in changes[:MOST_FACTS])
    rest = changes[MOST_FACTS:]
    if rest:
        with st.expander(f"ほか {len(rest)}件"):
            parts.bullets(sentence_of(change) for change in rest)


def sentence_of(change: Change) -> parts.Html:
    """A change as a sentence; what is unknown names whom to ask."""
    said = parts.Html(f"{parts.html(change.text)}、<b>{parts.html(change.level_label)}</b>")
    if not change.unknown_now:
        return said
    return parts.join(said, parts.muted(f"（{change.department}にたずねる）"))


def difference_of(before: last_time.LastTime | None, category: str) -> CategoryDifference | None:
    """What differs in one category, if anything is held against."""
    if before is None or before.is_new:
        return None
    return next((one for one in before.categories if one.category == category), None)


def _difference(one: CategoryDifference | None, before: last_time.LastTime | None) -> None:
    st.caption(difference_sentence(one, before))
    if one is not None and one.differences:
        parts.table(
            [("なぜ", "nb"), ("理由", ""), ("前回", "num"), ("今回", "num"), ("何があったか", "")],
            [
                (
                    parts.chip(last_time.CAUSES[row.cause]),
                    row.text,
                    points_of(row.before),
                    points_of(row.now),
                    parts.muted(row.why),
                )
                for row in one.differences
            ],
            scroll=True,
            height=300,
        )


def difference_sentence(one: CategoryDifference | None, before: last_time.LastTime | None) -> str:
    """The whole difference in words, also where there is nothing to hold against."""
    if before is None:
        return "比べられる前回の判定がありません。"
    if one is None:
        return (
            f"前回（{before.before.as_of}）は、この市の対象のこどもではありませんでした（転入・出生など）。"
        )
    rules = "この間に判定基準が変わっています。" if before.rules_changed else ""
    same = "" if one.differences else "理由に変わりはありません。"
    return f"{before.before.as_of} の判定と比べると、{one.sentence}{same}{rules}"


def points_of(points: float | None) -> str:
    """Points of a reason, or a dash where it did not count."""
    return "–" if points is None else f"{points:g}"
