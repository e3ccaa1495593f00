"""Replay view: the blocks of 検証, each with a sentence, a chart and how to read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from kodomo import replay, tuning
from kodomo.replay import Replay
from kodomo.ui import charts, outcome_charts, parts, replay_charts, session, theme

SHOWN = ("curve", "level_mark", "lead_time", "masked", "ablation", "fairness", "stability")
PEOPLE = {"new": "まだ把握していないこども", "all": "すべてのこども"}
WAITS = {6: "6か月以内", 12: "12か月以内"}
CHECKED = (50, 100, 300, 500)


@dataclass(frozen=True)
class Figures:
    """Every figure of one kept replay; none holds a child."""

    curve: pd.DataFrame
    level_mark: pd.DataFrame
    lead_time: pd.DataFrame
    masked: pd.DataFrame
    ablation: pd.DataFrame
    fairness: pd.DataFrame
    stability: pd.DataFrame


@dataclass(frozen=True)
class Choice:
    """What the reader looks at: category, which children, within how many months, how many checked."""

    category: str
    population: str
    months: int
    checked: int

    @property
    def label(self) -> str:
        """The category in words."""
        return session.categories().label(self.category)


@st.cache_data(max_entries=4, show_spinner="検証の数字を読んでいます。")
def _figures(path: str, made_at: str, _found: Replay) -> Figures:
    return Figures(*(replay.read(_found, name) for name in SHOWN))


def figures(found: Replay) -> Figures:
    """The figures of a kept replay, read once for everybody."""
    return _figures(str(found.path), found.made_at, found)


def nothing_yet() -> None:
    """How to make a replay, where there is none."""
    with parts.card("rp_none"):
        st.markdown(
            "検証の結果がまだありません。データ担当かシステム管理者が、サーバーで次の命令を実行すると、ここに表示されます。"
            "数分かかりますが、そのあいだも画面はふだんどおり使えます。"
        )
        st.code("python -m kodomo replay", language=None)
        st.caption(
            "過去の月末ごとに、その日に分かっていたことだけで判定をやり直し、あとで記録された出来事と照らし合わせます。"
        )


def basis(found: Replay) -> str:
    """What the replay rests on, in one line."""
    return (
        f"月末 {found.days}回（{found.first}～{found.last}）　判定基準 {found.ruleset}　"
        f"作成 {parts.moment(found.made_at)}"
    )


def warn_if_old(found: Replay, shown: session.Snapshot) -> None:
    """Say so where the data or the rules have changed since the replay was made."""
    newer_rules = tuning.active(session.store()).hash != found.ruleset_hash
    if newer_rules or found.snapshot != shown.name:
        what = "判定基準" if newer_rules else "データ"
        st.info(
            f"この検証のあとで{what}が変わっています。いまの{what}で確かめるには、"
            "python -m kodomo replay をもう一度実行してください。"
        )


def choose(shown: Figures) -> Choice:
    """The reader's choice, kept when they come back."""
    kinds = [code for code in _categories() if code in set(shown.curve["category"])]
    first, second, third, fourth = st.columns([3.2, 3.4, 2.2, 2.2])
    with first:
        category = st.segmented_control(
            "類型",
            kinds,
            default=kinds[0],
            format_func=session.categories().label,
            key="rp_category",
            required=True,
            persist_state="session",
        )
    with second:
        population = st.segmented_control(
            "見るこども",
            list(PEOPLE),
            default="new",
            format_func=PEOPLE.__getitem__,
            key="rp_people",
            required=True,
            persist_state="session",
        )
    with third:
        months = st.segmented_control(
            "あとの出来事",
            list(WAITS),
            default=6,
            format_func=WAITS.__getitem__,
            key="rp_months",
            required=True,
            persist_state="session",
        )
    with fourth:
        checked = st.selectbox(
            "月に確認する人数",
            CHECKED,
            index=1,
            format_func=lambda k: f"{k}人",
            key="rp_checked",
            persist_state="session",
        )
    return Choice(category or kinds[0], population or "new", int(months or 6), int(checked or 100))


def _categories() -> list[str]:
    return [kind.code for kind in session.categories().categories]


def _events_of(category: str) -> str:
    return "、".join(event.label for event in replay.load_plan().events if event.category == category)


def _block(title: str, text: str) -> None:
    st.html(
        f'<div style="font-weight:600">{parts.html(title)}</div>'
        f'<div class="kd-small kd-muted" style="line-height:1.5">{parts.html(text)}</div>'
    )


def _reading(text: str) -> None:
    st.html(f'<div class="kd-small" style="line-height:1.6"><b>読み方</b>　{parts.html(text)}</div>')


def _draw(figure: Any, key: str) -> None:
    st.plotly_chart(figure, config=charts.CONFIG, theme=None, key=key)


def _table(columns: Sequence[str], rows: Any, key: str) -> None:
    with st.expander("数字を見る", key=key):
        parts.table([(name, "num" if at else "nb") for at, name in enumerate(columns)], list(rows))


def _percent(value: Any) -> str:
    return "–" if pd.isna(value) else f"{float(value):.0%}"


def method_label(method: str) -> str:
    """A list that is compared, in words."""
    if method.startswith("department:"):
        return f"{theme.department(method.removeprefix('department:')).name}だけ"
    names = {"rules": "判定の順", "flags": "該当した項目の数", "area": "学校・地区だけ", "random": "無作為"}
    return names[method]


def best_department(frame: pd.DataFrame, checked: int) -> str | None:
    """The department whose records alone find most among the first `checked`, as the name of its list."""
    alone = frame[frame["method"].str.startswith("department:") & (frame["k"] == checked)]
    if not len(alone):
        return None
    ordered = alone.sort_values(["found", "method"], ascending=[False, True])
    return str(ordered["method"].iloc[0])


def _part(frame: pd.DataFrame, choice: Choice) -> pd.DataFrame:
    return frame[
        (frame["category"] == choice.category)
        & (frame["population"] == choice.population)
        & (frame["months"] == choice.months)
    ]


def workload(shown: Figures, choice: Choice) -> None:
    """The workload curve with the levels on it."""
    frame = _part(shown.curve, choice)
    marks = _part(shown.level_mark, choice)
    with parts.card("rp_curve"):
        _block(
            f"月に何人を確認すると、あとの出来事のどれだけに先に気づけるか（{choice.label}）",
            f"横は月に確認する人数、縦は{WAITS[choice.months]}に起きた出来事（{_events_of(choice.category)}）の"
            "うち、確認した中にいたこどもの割合です。どの月末も、その日に分かっていたことだけで並べています。",
        )
        if not len(frame) or not float(frame["events"].max()):
            st.caption("この選び方で数えられる出来事がありません。")
            return
        best = best_department(frame, choice.checked)
        series = []
        for look, method in (
            ("rules", "rules"),
            ("department", best),
            ("flags", "flags"),
            ("area", "area"),
            ("random", "random"),
        ):
            part = frame[frame["method"] == method].sort_values("k")
            if method is not None and len(part):
                label = method_label(method) + ("（1課で最良）" if look == "department" else "")
                series.append(
                    (look, label, part["k"].tolist(), part["share"].tolist(), part["found"].tolist())
                )
        placed = [
            (int(row["level"]), float(row["children"]), float(row["share"]))
            for row in marks.sort_values("level").to_dict("records")
            if not pd.isna(row["share"])
        ]
        until = int(max([choice.checked, *(point[1] for point in placed)], default=100) * 1.25) + 10
        _draw(replay_charts.curve(series, placed, until=until), "rp_c_curve")
        _reading(_curve_text(frame, choice))
        _table(
            ["月に確認する人数", *(label for _, label, *_ in series)],
            [
                (
                    f"{k:,}人",
                    *(_percent(dict(zip(ks, shares, strict=True)).get(k)) for _, _, ks, shares, _ in series),
                )
                for k in series[0][2]
            ],
            "rp_t_curve",
        )


def _at(frame: pd.DataFrame, method: str | None, k: int) -> Mapping[Any, Any] | None:
    rows = frame[(frame["method"] == method) & (frame["k"] == k)].to_dict("records")
    return rows[0] if rows else None


def _curve_text(frame: pd.DataFrame, choice: Choice) -> str:
    rules, blind = _at(frame, "rules", choice.checked), _at(frame, "random", choice.checked)
    if rules is None or blind is None:
        return "こどもの数が、選んだ人数より少ないため示せません。"
    many = f"（無作為の{rules['found'] / blind['found']:.1f}倍）" if blind["found"] else ""
    return (
        f"月に{choice.checked}人を判定の順に確認すると、月平均{rules['events']:.1f}人のうち{rules['found']:.1f}人"
        f"（{_percent(rules['share'])}）が含まれます{many}。◆は各レベルまで確認したときの位置です。"
        "線が左上にあるほど、少ない確認で多く気づけます。"
    )


def precise(shown: Figures, choice: Choice) -> None:
    """Precision at the chosen number, beside simpler lists."""
    frame = _part(shown.curve, choice)
    frame = frame[frame["k"] == choice.checked]
    best = best_department(frame, choice.checked)
    rows, colors = [], []
    for look, method in (
        ("rules", "rules"),
        ("department", best),
        ("flags", "flags"),
        ("area", "area"),
        ("random", "random"),
    ):
        row = _at(frame, method, choice.checked)
        if row is None or method is None:
            continue
        label = method_label(method)
        span = f"{_percent(row['low'])}～{_percent(row['high'])}"
        pointer = f"{label}　{_percent(row['precision'])}（95%の幅 {span}）"
        rows.append((label, float(row["precision"]), float(row["low"]), float(row["high"]), pointer))
        colors.append(replay_charts.LOOKS[look][0])
    with parts.card("rp_precision"):
        _block(
            f"上から{choice.checked}人のうち、{WAITS[choice.months]}に出来事があった割合（適合率）",
            "◆が割合、横の線が95%の幅です。ほかの簡単な並べ方と比べます。",
        )
        if not rows:
            st.caption("この選び方で数えられるこどもがいません。")
            return
        _draw(_near(outcome_charts.shares(rows, colors), rows), "rp_c_precision")
        rules, alone = _at(frame, "rules", choice.checked), _at(frame, best, choice.checked)
        text = (
            "割合が低くても、確認がむだだったとは限りません。"
            "記録に残らなかった心配は、ここでは数えられません。"
        )
        if rules is not None and alone is not None:
            text = (
                f"課をつないだ判定は{_percent(rules['precision'])}、1課だけでいちばん良い{method_label(str(best))}は"
                f"{_percent(alone['precision'])}です。{text}"
            )
        _reading(text)


def lead(shown: Figures, choice: Choice) -> None:
    """How long before the event the list first stood at 注意 or above."""
    frame = shown.lead_time[shown.lead_time["category"] == choice.category]
    days = [float(day) for day in frame["days"].dropna().tolist()]
    with parts.card("rp_lead"):
        _block(
            f"出来事の何日前に、注意以上になっていたか（{choice.label}）",
            "はじめての出来事ごとに、その前の12か月で最初に注意以上になった月末からの日数です。右ほど早く気づけます。",
        )
        if not days:
            st.caption("出来事の前に注意以上になっていたこどもは、この期間にはいません。")
            return
        _draw(outcome_charts.spread(days), "rp_c_lead")
        middle = float(pd.Series(days).median())
        _reading(
            f"出来事{len(frame):,}件のうち{len(days):,}件（{len(days) / len(frame):.0%}）は"
            f"前もって注意以上でした。まん中は{middle:.0f}日前です。"
            f"残りの{len(frame) - len(days):,}件は、前の12か月に一度も注意以上になっていません（見落とし）。"
        )
        labels = {event.code: event.label for event in replay.load_plan().events}
        _table(
            ["出来事", "件数", "前もって注意以上", "まん中（日前）"],
            [
                (
                    labels.get(str(kind), str(kind)),
                    f"{len(part):,}",
                    f"{part['days'].notna().sum():,}",
                    f"{part['days'].median():.0f}" if part["days"].notna().any() else "–",
                )
                for kind, part in frame.groupby("kind")
            ],
            "rp_t_lead",
        )


def _near(figure: Any, rows: Sequence[tuple[str, float, float, float, str]]) -> Any:
    """The same chart with the axis ended where the ranges end: small shares stay readable."""
    figure.update_xaxes(range=[0, min(1.0, max(0.1, 1.25 * max(row[3] for row in rows)))])
    return figure


def masked(shown: Figures) -> None:
    """Known cases, judged half a year before anybody knew them."""
    frame = shown.masked[shown.masked["category"] == ""].sort_values("level", ascending=False)
    cases = int(frame["cases"].max()) if len(frame) else 0
    with parts.card("rp_masked"):
        _block(
            "把握ずみのこどもを、把握する6か月前の情報だけで判定すると",
            "あとで相談や児相の受付があったこどもを、まだ知られていなかった時点に戻して判定しました（どの類型でも）。",
        )
        if cases < replay.load_plan().floor:
            st.caption("あとで把握したこどもがまだ少ないため、割合は示しません。")
            return
        rows, colors = [], []
        for row in frame.to_dict("records"):
            style = theme.level_style(int(row["level"]))
            label = f"{style.shape} {style.word}以上"
            pointer = f"{label}　{row['reached']:,}人 / {cases:,}人　ふだんの割合 {_percent(row['usual'])}"
            rows.append((label, float(row["share"]), float(row["low"]), float(row["high"]), pointer))
            colors.append(style.color)
        _draw(_near(outcome_charts.shares(rows, colors), rows), "rp_c_masked")
        two = next(row for row in frame.to_dict("records") if row["level"] == 2)
        _reading(
            f"{cases:,}人のうち{int(two['reached']):,}人（{_percent(two['share'])}）は、6か月前に注意以上でした。"
            f"同じ日の、まだ把握していないこども全体では{_percent(two['usual'])}です。"
        )


def departments(shown: Figures, choice: Choice) -> None:
    """What linking each department adds."""
    frame = shown.ablation[
        (shown.ablation["category"] == choice.category) & (shown.ablation["k"] == choice.checked)
    ].sort_values(["lost", "department"], ascending=[False, True])
    with parts.card("rp_departments"):
        _block(
            f"その課のデータがないと、見つかる人数はどれだけ減るか（{choice.label}、上から{choice.checked}人）",
            "課を1つずつ外して判定をやり直し、6か月以内に出来事があったこどもの数の差を数えました（連携項目の妥当性）。",
        )
        if not len(frame) or not int(frame["found_all"].max()):
            st.caption("この選び方で数えられる出来事がありません。")
            return
        rows = []
        for row in frame.to_dict("records"):
            found = theme.department(str(row["department"]))
            pointer = f"{found.name}　全部で{row['found_all']}人 → 外すと{row['found_without']}人"
            rows.append((found.name, float(row["lost"]), found.color, pointer))
        _draw(replay_charts.bars(rows), "rp_c_departments")
        _reading(
            f"全部つなぐと、半年ごとの月末を合わせて{int(frame['found_all'].max()):,}人が含まれます。右に長い課ほど、"
            "この類型で欠かせません。0やマイナスは、この類型では並び順に役立っていないことを示します"
            "（人数が少ないときの差は偶然もあります）。"
        )


def stable(shown: Figures, choice: Choice) -> None:
    """How alike successive lists are."""
    frame = shown.stability[shown.stability["category"] == choice.category]
    sizes = sorted(int(k) for k in frame["k"].unique())
    with parts.card("rp_stability"):
        _block(
            f"先月の一覧と、どれだけ同じこどもか（{choice.label}）",
            "両方の月の上位にいたこどもの数を、どちらかの月にいたこどもの数で割った値です。100%なら同じ顔ぶれです。",
        )
        if not len(frame):
            st.caption("くらべられる月がありません。")
            return
        months = sorted({pd.Timestamp(day).strftime("%Y-%m") for day in frame["as_of"]})
        series = []
        for k in sizes:
            part = frame[frame["k"] == k]
            known = {
                pd.Timestamp(day).strftime("%Y-%m"): value
                for day, value in zip(part["as_of"], part["jaccard"], strict=True)
            }
            series.append((f"上から{k}人", [known.get(month) for month in months]))
        _draw(
            outcome_charts.lines(_thin(months), _thin_series(months, series), percent=True), "rp_c_stability"
        )
        middle = float(frame[frame["k"] == sizes[0]]["jaccard"].median())
        _reading(
            f"上から{sizes[0]}人は、ふだんの月で{middle:.0%}が同じです。年度の変わり目は、欠席日数などが数え直しになるため"
            "下がります。急に下がった月は、データの届き方も確かめてください。"
        )


def _thin(months: Sequence[str]) -> list[str]:
    """The newest 12 months: more do not fit on the axis."""
    return list(months[-12:])


def _thin_series(
    months: Sequence[str], series: Sequence[tuple[str, list[float | None]]]
) -> list[tuple[str, list[float | None]]]:
    return [(name, values[-len(_thin(months)) :]) for name, values in series]


def fair(shown: Figures, choice: Choice) -> None:
    """How the list treats groups of children."""
    frame = shown.fairness[shown.fairness["category"] == choice.category]
    floor = replay.load_plan().floor
    with parts.card("rp_fairness"):
        _block(
            f"こどもの属性ごとの違い（{choice.label}、注意以上）",
            "まだ把握していないこどもを半年ごとに数えた延べ人数です。載った割合・当たった割合・気づけた割合を属性で比べます。"
            f"もとになる人数が{floor}人に満たない割合は示しません。",
        )
        axes = list(dict.fromkeys(frame["axis"].tolist()))
        if not axes:
            st.caption("数えられるこどもがいません。")
            return
        axis = st.segmented_control(
            "属性", sorted(axes, key=_axis_order), default="国籍", key="rp_axis", required=True
        )
        part = frame[frame["axis"] == (axis or "国籍")]
        labels = {code: theme.band_label(code) for code in part["part"]} if axis == "年齢" else {}
        parts.table(
            [
                ("区分", "nb"),
                ("延べ人数", "num"),
                ("注意以上", "num"),
                ("あとの出来事", "num"),
                ("そのうち注意以上", "num"),
                ("載った割合", "num"),
                ("当たった割合", "num"),
                ("気づけた割合", "num"),
            ],
            [_fair_row(row, labels, floor) for row in part.to_dict("records")],
            scroll=True,
            height=300,
        )
        _reading(
            "「気づけた割合」（出来事があったこどものうち、前もって注意以上だった割合）が低い区分は、見落とされやすい区分です。"
            "「当たった割合」がほかより低い区分は、必要のない確認を受けやすい区分です。"
            "国籍は判定に使っていません。差があるときは、課の記録のされ方も合わせて確かめてください。"
        )


def _axis_order(axis: str) -> int:
    order = ("国籍", "ひとり親", "生活保護", "地区", "性別", "年齢")
    return order.index(axis) if axis in order else len(order)


def _fair_row(row: Mapping[Any, Any], labels: Mapping[str, str], floor: int) -> tuple[str, ...]:
    name = labels.get(str(row["part"]), str(row["part"]))
    if row["children"] < floor:
        return (name, f"{floor}人未満", *("–",) * 6)
    return (
        name,
        f"{int(row['children']):,}",
        *(f"{int(row[column]):,}" for column in ("selected", "events", "found")),
        *(_percent1(row[column]) for column in ("selected_share", "right_share", "found_share")),
    )


def _percent1(value: Any) -> str:
    return "–" if pd.isna(value) else f"{float(value):.1%}"


def limits(found: Replay) -> None:
    """What these figures cannot say."""
    with parts.card("rp_limits"):
        _block("この検証で分からないこと", "数字を使う前に、必ず読んでください。")
        parts.bullets(
            [
                "数えているのは記録に残った出来事だけです。起きても記録されなかったことは数えられません。",
                f"出来事のあとの記録は{found.until}までです。あとの期間がそろわない新しい月末は、割合の計算に入れていません。",
                "住民票の登録日で厳しく区切っています。あとから登録し直された住民は、古い月末の対象から外れます。",
                "同じ人かどうか（名寄せ）は、いまの結果を過去の月末にも使っています。",
                "いまの判定基準を過去に当てはめています。この結果を見て基準を直すと、次の半年の結果だけが公平な検証になります。",
                "確認や支援を受けて出来事が起きなかったこどもも、「当たらなかった」と数えています。",
                "1課だけの並べ方は、その課の記録だけを読む判定条件の点を合計したものです。上限（まとめ）はかけていません。",
            ]
        )
