"""Replay words: how to read each figure of 検証, said from the figures themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from kodomo.ui import theme

Row = Mapping[Any, Any]
#: How the lists that are no department's are called.
LISTS = {
    "rules": "判定の順",
    "flags": "該当した項目の数",
    "area": "学校・地区だけ",
    "random": "無作為",
}


def list_label(method: str) -> str:
    """A list that is compared, in words."""
    kind, _, code = method.partition(":")
    if kind == "department":
        return f"{theme.department(code).name}だけ"
    if kind == "without":
        return f"{theme.department(code).name}なし"
    return LISTS[method]


def percent(value: Any, digits: int = 0) -> str:
    """A share in percent; – where there is none."""
    return "–" if value is None or pd.isna(value) else f"{float(value):.{digits}%}"


def points(value: float) -> str:
    """A difference of shares in percentage points."""
    return f"{abs(value) * 100:.1f}ポイント"


def span(row: Row, low: str = "low", high: str = "high") -> str:
    """The 95 % range of a share."""
    return f"{percent(row[low], 1)}～{percent(row[high], 1)}"


def row_of(frame: pd.DataFrame, **wanted: Any) -> Row | None:
    """The one row with these values, None where there is none."""
    for name, value in wanted.items():
        frame = frame[frame[name] == value]
    found = frame.to_dict("records")
    return found[0] if found else None


def best_department(frame: pd.DataFrame) -> str | None:
    """The department whose records alone find most, as the name of its list; None where none finds any."""
    alone = frame[frame["method"].str.startswith("department:")]
    ordered = alone.sort_values(["found", "method"], ascending=[False, True])
    return str(ordered["method"].iloc[0]) if len(ordered) else None


def curve(at: pd.DataFrame, marks: Sequence[Row], checked: int) -> str:
    """The workload curve: found at the chosen number, times a blind draw and the best department, the levels.

    Args:
        at: the lists at the chosen number (`replay.at_k`).
        marks: the levels on the curve.
        checked: children checked a month.
    """
    rules, blind = row_of(at, method="rules"), row_of(at, method="random")
    if rules is None or blind is None:
        return "こどもの数が、選んだ人数より少ないため示せません。"
    share = rules["found"] / rules["events"] if rules["events"] else None
    said = (
        f"月に{checked:,}人を判定の順に確認すると、月平均{rules['events']:.1f}人のうち{rules['found']:.1f}人"
        f"（{percent(share, 1)}）が含まれます。"
    )
    beside = []
    if blind["found"]:
        beside.append(f"無作為に選ぶ場合の{rules['found'] / blind['found']:.1f}倍")
    best = best_department(at)
    alone = row_of(at, method=best) if best else None
    if best and alone and alone["found"]:
        beside.append(f"1課で最良の「{list_label(best)}」の{rules['found'] / alone['found']:.1f}倍")
    if beside:
        said += f"{'、'.join(beside)}です。"
    for mark in sorted(marks, key=lambda row: -row["level"]):
        if mark["level"] == 2 and not pd.isna(mark["share"]):
            everybody = f"注意以上の全員（月平均{mark['children']:,.0f}人）"
            said += f"{everybody}を確認すると{percent(mark['share'], 1)}です。"
    if share is not None:
        said += f"残りの{percent(1 - share, 1)}は、{checked:,}人までの確認では気づけません。"
    return said


def difference(row: Row) -> str:
    """How far the rules are ahead, in percentage points, with the range."""
    return f"{row['ahead'] * 100:+.1f}（{row['ahead_low'] * 100:+.1f}～{row['ahead_high'] * 100:+.1f}）"


def compared(row: Row, method: str) -> str:
    """How far the rules are ahead of one list, where that is more than chance; '' where it may be chance."""
    name, ahead = f"「{list_label(method)}」", float(row["ahead"])
    width = f"95%の幅 {row['ahead_low'] * 100:+.1f}～{row['ahead_high'] * 100:+.1f}"
    if row["ahead_low"] > 0:
        return f"{name}より{points(ahead)}高く（{width}）、偶然とは言いにくい差です。"
    if row["ahead_high"] < 0:
        return (
            f"{name}より{points(ahead)}低く（{width}）、偶然とは言いにくい差です。"
            "この類型では、いまの判定基準の並び順を見直す必要があります。"
        )
    return ""


def precision(at: pd.DataFrame, checked: int) -> str:
    """Precision of the rules, and how far they are ahead of the best of the others."""
    rules = row_of(at, method="rules")
    if rules is None:
        return ""
    said = (
        f"判定の順の上から{checked:,}人では{percent(rules['precision'], 1)}（95%の幅 {span(rules)}）で、"
        f"およそ{round(checked * (1 - rules['precision'])):,}人には、この期間に数えられる出来事がありません。"
    )
    best = best_department(at)
    unsure = []
    for method in (best, "flags", "area"):
        row = row_of(at, method=method) if method else None
        if row is not None and method:
            apart = compared(row, method)
            said += apart
            unsure += [] if apart else [f"「{list_label(method)}」{difference(row)}"]
    if unsure:
        said += (
            f"{'、'.join(unsure)}との差（ポイントと95%の幅）は偶然の幅に入り、どちらがよいとは言えません。"
        )
    return said


def lead(frame: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """How many events the list was ahead of, how long, and which kind it saw least."""
    days = frame["days"].dropna()
    if not len(days):
        return "出来事の前に注意以上になっていたこどもは、この期間にはいません。"
    quarter, middle = days.quantile(0.25), days.median()
    said = (
        f"はじめての出来事{len(frame):,}件のうち{len(days):,}件（{len(days) / len(frame):.0%}）は、"
        "前もって注意以上でした。"
        f"その半分は{middle:.0f}日より前、4分の3は{quarter:.0f}日より前からです。"
        f"残りの{len(frame) - len(days):,}件は、前の12か月に一度も注意以上になっていません（見落とし）。"
    )
    kinds = [
        (part["days"].notna().mean(), labels.get(str(kind), str(kind)), len(part))
        for kind, part in frame.groupby("kind")
        if len(part) >= 10
    ]
    if len(kinds) > 1:
        share, label, many = min(kinds)
        said += f"いちばん前もって分かりにくいのは「{label}」（{many:,}件のうち{share:.0%}）です。"
    return said


def masked(level: Row, cases: int) -> str:
    """Known cases half a year before, beside children nobody knew on the same days."""
    said = (
        f"{cases:,}人のうち{int(level['reached']):,}人（{percent(level['share'], 1)}、"
        f"95%の幅 {span(level)}）は、6か月前に注意以上でした。"
        f"同じ日の、まだ把握していないこども全体では{percent(level['usual'], 1)}です。"
    )
    if not level["usual"] or pd.isna(level["usual"]):
        return said
    times = level["share"] / level["usual"]
    if level["low"] > level["usual"]:
        said += f"ふだんの{times:.1f}倍で、あとで把握するこどもを前もって多く拾えています。"
    else:
        said += "ふだんの割合との差は偶然の幅に入り、前もって拾えているとは言えません。"
    return said + f"それでも{cases - int(level['reached']):,}人は、6か月前には注意以上ではありませんでした。"


def _left_out(row: Row) -> str:
    return theme.department(str(row["method"]).partition(":")[2]).name


def departments(rows: Sequence[Row], days: int) -> str:
    """Which departments the list cannot do without, and which add nothing that could be seen."""
    if not rows:
        return ""
    needed = [r for r in rows if r["ahead_low"] > 0]
    idle = [r for r in rows if r["ahead"] <= 0]
    whole = float(rows[0]["rules_found"])
    said = f"全部の課をつなぐと、{days}回の月末の平均で{whole:.1f}人が含まれます。"
    if needed:
        told = "、".join(f"{_left_out(r)}（{r['rules_found'] - r['found']:.1f}人減）" for r in needed)
        said += f"外すと減ることが偶然の幅をこえて確かなのは、{told}です。"
    else:
        said += "どの課も、外したときの減りは偶然の幅に入ります。人数か月末の回数を増やして確かめてください。"
    if idle:
        names = "、".join(_left_out(r) for r in idle)
        said += (
            f"{names}は、外してもこの類型の上位の人数は減りません"
            "（理由の説明や、不明を減らす役には立ち得ます）。"
        )
    return said


def stability(frame: pd.DataFrame, k: int) -> str:
    """The usual month, and the month with the greatest change."""
    known = frame.dropna(subset=["jaccard"])
    if not len(known):
        return ""
    middle = float(known["jaccard"].median())
    least = known.sort_values(["jaccard", "as_of"]).to_dict("records")[0]
    stayed = 2 * middle / (1 + middle)
    return (
        f"上から{k:,}人は、ふだんの月で{middle:.0%}が同じです（先月の一覧のおよそ{stayed:.0%}が今月も残ります）。"
        f"いちばん入れ替わったのは{pd.Timestamp(least['as_of']):%Y-%m}で{least['jaccard']:.0%}でした。"
        "急に下がった月は、年度の数え直しと、データの届き方を確かめてください。"
    )


def _apart(parts: Sequence[Row], share: str) -> tuple[Row, Row] | None:
    """The lowest and highest group by a share, where their 95 % ranges do not meet."""
    told = [row for row in parts if not pd.isna(row[f"{share}_share"])]
    if len(told) < 2:
        return None
    low = min(told, key=lambda row: (row[f"{share}_share"], str(row["part"])))
    high = max(told, key=lambda row: (row[f"{share}_share"], str(row["part"])))
    return (low, high) if low[f"{share}_high"] < high[f"{share}_low"] else None


def fairness(parts: Sequence[Row], labels: Mapping[str, str], axis: str, floor: int) -> str:
    """Which groups are seen less often or checked in vain more often, beyond chance."""

    def name(row: Row) -> str:
        return labels.get(str(row["part"]), str(row["part"]))

    said = ""
    for share, what, least in (
        (
            "found",
            "気づけた割合（出来事があったこどものうち、前もって注意以上だった割合）",
            "は見落とされやすい区分です",
        ),
        (
            "right",
            "当たった割合（注意以上のうち、出来事があった割合）",
            "は必要のない確認を受けやすい区分です",
        ),
    ):
        told = [row for row in parts if not pd.isna(row[f"{share}_share"])]
        if len(told) < 2:
            said += f"{what}は、比べられる区分が2つありません（{floor}人に満たない区分は比べません）。"
            continue
        pair = _apart(parts, share)
        if pair is None:
            said += f"{what}の区分による差は、偶然の幅に入ります。"
        else:
            low, high = pair
            said += (
                f"{what}は、「{name(low)}」が{percent(low[f'{share}_share'], 1)}、「{name(high)}」が"
                f"{percent(high[f'{share}_share'], 1)}で、偶然とは言いにくい差です。「{name(low)}」{least}。"
            )
    if axis == "国籍":
        said += "国籍は判定に使っていません。差があるときは、課の記録のされ方を確かめてください。"
    few = sum(1 for row in parts if row["children"] < floor)
    if few:
        said += f"{few}区分は{floor}人に満たないため、数も割合も示しません。"
    return said
