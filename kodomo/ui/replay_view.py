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
from kodomo.ui import replay_words as words

WAITS = {6: "6か月以内", 12: "12か月以内"}


@dataclass(frozen=True)
class Figures:
    """Every figure of one kept replay; none holds a child."""

    population: pd.DataFrame
    listing: pd.DataFrame
    curve: pd.DataFrame
    level_mark: pd.DataFrame
    lead_time: pd.DataFrame
    masked: pd.DataFrame
    fairness: pd.DataFrame
    stability: pd.DataFrame


@dataclass(frozen=True)
class Choice:
    """What the reader looks at: category, within how many months an event came, how many are checked."""

    category: str
    months: int
    checked: int

    @property
    def label(self) -> str:
        """The category in words."""
        return session.categories().label(self.category)


@st.cache_data(max_entries=4, show_spinner="検証の数字を読んでいます。")
def _figures(path: str, made_at: str, _found: Replay) -> Figures:
    return Figures(*(replay.read(_found, name) for name in replay.SHOWN))


def figures(found: Replay) -> Figures:
    """The figures of a kept replay, read once for everybody."""
    return _figures(str(found.path), found.made_at, found)


@st.cache_data(max_entries=64, show_spinner=False)
def _at_k(path: str, made_at: str, _found: Replay, category: str, months: int, k: int) -> pd.DataFrame:
    return replay.at_k(_found, category, months, k)


def at_k(found: Replay, choice: Choice) -> pd.DataFrame:
    """Every list at the chosen number of children, counted once for everybody."""
    return _at_k(str(found.path), found.made_at, found, choice.category, choice.months, choice.checked)


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


def choose(found: Replay, shown: Figures) -> Choice:
    """The reader's choice, kept when they come back."""
    kinds = [code for code in _categories() if code in set(shown.curve["category"])]
    first, second, third, _ = st.columns([4.2, 2.6, 2.2, 2.0])
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
        months = st.segmented_control(
            "あとの出来事",
            list(WAITS),
            default=6,
            format_func=WAITS.__getitem__,
            key="rp_months",
            required=True,
            persist_state="session",
        )
    usual = replay.load_plan().usual_k(found.children)
    with third:
        checked = st.number_input(
            "月に確認する人数",
            min_value=5,
            max_value=replay.DEEPEST,
            value=usual,
            step=5,
            key="rp_checked",
            persist_state="session",
        )
    return Choice(category or kinds[0], int(months or 6), int(checked or usual))


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


def _part(frame: pd.DataFrame, choice: Choice) -> pd.DataFrame:
    return frame[(frame["category"] == choice.category) & (frame["months"] == choice.months)]


def workload(shown: Figures, at: pd.DataFrame, choice: Choice) -> None:
    """The workload curve with the levels on it."""
    frame = _part(shown.curve, choice)
    marks = [row for row in _part(shown.level_mark, choice).to_dict("records") if not pd.isna(row["share"])]
    with parts.card("rp_curve"):
        _block(
            f"月に何人を確認すると、あとの出来事のどれだけに先に気づけるか（{choice.label}）",
            f"横は月に確認する人数、縦は{WAITS[choice.months]}に起きた出来事（{_events_of(choice.category)}）の"
            "うち、確認した中にいたこどもの割合です。まだ把握していないこどもを、その日に分かっていたことだけで並べています。",
        )
        if not len(frame) or not float(frame["events"].max()):
            st.caption("この選び方で数えられる出来事がありません。")
            return
        best = words.best_department(at)
        order = ["rules", best, "flags", "area", "random"]
        alone = sorted(m for m in frame["method"].unique() if m.startswith("department:") and m != best)
        series = []
        for method in (*alone, *reversed(order)):
            part = frame[frame["method"] == method].sort_values("k")
            if method is not None and len(part):
                series.append(replay_charts.Line(method, words.list_label(method), best == method, part))
        placed = [(int(row["level"]), float(row["children"]), float(row["share"])) for row in marks]
        until = int(max([choice.checked, *(point[1] for point in placed)], default=100) * 1.25) + 10
        _draw(replay_charts.curve(series, placed, until=until, checked=choice.checked), "rp_c_curve")
        _reading(words.curve(at, marks, choice.checked))
        ordered = series[::-1]
        _table(
            ["月に確認する人数", *(line.label for line in ordered)],
            [
                (f"{k:,}人", *(words.percent(line.share_at(k), 1) for line in ordered))
                for k in sorted(int(k) for k in frame["k"].unique())
            ],
            "rp_t_curve",
        )


def precise(at: pd.DataFrame, choice: Choice) -> None:
    """Precision at the chosen number, beside every simpler list."""
    frame = at[~at["method"].str.startswith("without:")]
    rows, colors = [], []
    for row in frame.sort_values(["precision", "method"], ascending=[False, True]).to_dict("records"):
        method = str(row["method"])
        label = words.list_label(method)
        pointer = f"{label}　{words.percent(row['precision'], 1)}（95%の幅 {words.span(row)}）"
        rows.append((label, float(row["precision"]), float(row["low"]), float(row["high"]), pointer))
        colors.append(replay_charts.color_of(method))
    with parts.card("rp_precision"):
        _block(
            f"上から{choice.checked:,}人のうち、{WAITS[choice.months]}に出来事があった割合（適合率）",
            "◆が割合、横の線が95%の幅です。同じこどもたちを、ほかの簡単な並べ方で並べた場合と比べます。",
        )
        if not rows:
            st.caption("この選び方で数えられるこどもがいません。")
            return
        _draw(_near(outcome_charts.shares(rows, colors), rows), "rp_c_precision")
        _reading(
            words.precision(at, choice.checked) + "割合が低くても、確認がむだだったとは限りません。"
            "記録に残らなかった心配は、ここでは数えられません。"
        )
        _table(
            ["並べ方", "月に見つかる人数", "適合率", "95%の幅", "判定の順との差（95%の幅）"],
            [
                (
                    words.list_label(str(row["method"])),
                    f"{row['found']:.1f}人",
                    words.percent(row["precision"], 1),
                    words.span(row),
                    "–" if row["method"] == "rules" else words.difference(row),
                )
                for row in frame.to_dict("records")
            ],
            "rp_t_precision",
        )


def lead(shown: Figures, choice: Choice) -> None:
    """How long before the event the list first stood at 注意 or above."""
    frame = shown.lead_time[shown.lead_time["category"] == choice.category]
    days = [float(day) for day in frame["days"].dropna().tolist()]
    with parts.card("rp_lead"):
        _block(
            f"出来事の何日前に、注意以上になっていたか（{choice.label}）",
            "はじめての出来事ごとに、その前の12か月で最初に注意以上になった月末からの日数です。右ほど早く気づけます。",
        )
        if not len(frame):
            st.caption(
                "前の12か月がすべて判定されている出来事が、まだありません。月末の回数を増やして検証してください。"
            )
            return
        if not days:
            st.caption("出来事の前に注意以上になっていたこどもは、この期間にはいません。")
            return
        _draw(outcome_charts.spread(days), "rp_c_lead")
        labels = {event.code: event.label for event in replay.load_plan().events}
        _reading(words.lead(frame, labels))
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
            pointer = (
                f"{label}　{row['reached']:,}人 / {cases:,}人　ふだんの割合 {words.percent(row['usual'], 1)}"
            )
            rows.append((label, float(row["share"]), float(row["low"]), float(row["high"]), pointer))
            colors.append(style.color)
        _draw(_near(outcome_charts.shares(rows, colors), rows), "rp_c_masked")
        two = words.row_of(frame, level=2)
        if two is not None:
            _reading(words.masked(two, cases))


def departments(at: pd.DataFrame, choice: Choice) -> None:
    """What linking each department adds."""
    frame = at[at["method"].str.startswith("without:")].sort_values(
        ["ahead", "method"], ascending=[False, True]
    )
    rows = frame.to_dict("records")
    with parts.card("rp_departments"):
        _block(
            f"その課のデータがないと、見つかる人数はどれだけ減るか（{choice.label}、上から{choice.checked:,}人）",
            f"課を1つずつ外して判定をやり直し、{WAITS[choice.months]}に出来事があったこどもの数の差を数えました"
            "（連携項目の妥当性）。横の線は95%の幅です。",
        )
        if not rows or not float(rows[0]["events"]):
            st.caption("この選び方で数えられる出来事がありません。")
            return
        _draw(replay_charts.losses([_loss(row, choice.checked) for row in rows]), "rp_c_departments")
        _reading(words.departments(rows, int(rows[0]["days"])))


def _loss(row: Mapping[Any, Any], checked: int) -> replay_charts.Loss:
    found = theme.department(str(row["method"]).partition(":")[2])
    pointer = (
        f"{found.name}　全部で月{row['rules_found']:.1f}人 → 外すと{row['found']:.1f}人"
        f"（差の95%の幅 {row['ahead_low'] * checked:+.1f}～{row['ahead_high'] * checked:+.1f}人）"
    )
    lost, low, high = (float(row[name]) * checked for name in ("ahead", "ahead_low", "ahead_high"))
    return replay_charts.Loss(found.name, lost, low, high, found.color, pointer)


def stable(shown: Figures, choice: Choice) -> None:
    """How alike successive lists are."""
    frame = shown.stability[shown.stability["category"] == choice.category]
    with parts.card("rp_stability"):
        _block(
            f"先月の一覧と、どれだけ同じこどもか（{choice.label}）",
            "両方の月の上位にいたこどもの数を、どちらかの月にいたこどもの数で割った値です。100%なら同じ顔ぶれです。",
        )
        if not len(frame):
            st.caption("くらべられる月がありません。")
            return
        nearest = min((abs(int(k) - choice.checked), int(k)) for k in frame["k"].unique())[1]
        part = frame[frame["k"] == nearest].sort_values("as_of")
        months = [pd.Timestamp(day).strftime("%Y-%m") for day in part["as_of"]][-12:]
        values = [None if pd.isna(value) else float(value) for value in part["jaccard"]][-12:]
        _draw(outcome_charts.lines(months, [(f"上から{nearest}人", values)], percent=True), "rp_c_stability")
        _reading(words.stability(part, nearest))


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
        told = part.to_dict("records")
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
            [_fair_row(row, labels, floor) for row in told],
            scroll=True,
            height=300,
        )
        _reading(words.fairness(told, labels, str(axis or "国籍"), floor))


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
        words.percent(row["selected_share"], 1),
        *(_ranged(row, share) for share in ("right", "found")),
    )


def _ranged(row: Mapping[Any, Any], share: str) -> str:
    if pd.isna(row[f"{share}_share"]):
        return "–"
    return f"{words.percent(row[f'{share}_share'], 1)}（{words.span(row, f'{share}_low', f'{share}_high')}）"


def limits(found: Replay) -> None:
    """What these figures cannot say."""
    with parts.card("rp_limits"):
        _block("この検証で分からないこと", "数字を使う前に、必ず読んでください。")
        parts.bullets(
            [
                "数えているのは記録に残った出来事だけです。起きても記録されなかったことは数えられません。",
                f"出来事のあとの記録は{found.until}までです。あとの期間がそろわない新しい月末は、割合の計算に入れていません。",
                "住民票は、あとから登録し直された人（転居・転出・改姓など）の、その日の内容が残っていません。その日までにどこかの課の記録"
                "があったこどもは、年齢と性別だけを使って対象に入れ、住所と世帯に関わる項目は「不明」としています。",
                "同じ家族を何度も数えるため、95%の幅は家族ごとにまとめて計算しています（ウィルソンの式）。属性ごとの表の幅は、"
                "延べ人数のまま計算しています。",
                "同じ人かどうか（名寄せ）は、いまの結果を過去の月末にも使っています。",
                "いまの判定基準を過去に当てはめています。この結果を見て基準を直すと、次の半年の結果だけが公平な検証になります。",
                "確認や支援を受けて出来事が起きなかったこどもも、「当たらなかった」と数えています。",
                "1課だけの並べ方は、その課の記録だけを読む判定条件の点を合計したものです。上限（まとめ）はかけていません。",
                "点が同じこどもは、判定の順では確認の順、ほかの並べ方では番号をかき混ぜた順に並べています。",
            ]
        )
