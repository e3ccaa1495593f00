"""The readings of 検証 follow the figures: another figure, another sentence."""

from __future__ import annotations

import pandas as pd
import pytest

from kodomo.ui import replay_words as words


def lists(ahead: float, low: float, high: float) -> pd.DataFrame:
    """The rules, one department and a blind draw at 100 children; the rules are `ahead` of the department."""
    rules = {"found": 30.0, "events": 120.0, "precision": 0.3, "low": 0.25, "high": 0.36, "days": 9}
    none = {"ahead": 0.0, "ahead_low": 0.0, "ahead_high": 0.0, "rules_found": 30.0}
    alone = rules | {"found": 30 - ahead * 100, "precision": 0.3 - ahead}
    behind = {"ahead": ahead, "ahead_low": low, "ahead_high": high, "rules_found": 30.0}
    blind = rules | {"found": 3.0, "precision": 0.03}
    return pd.DataFrame(
        [
            {"method": "rules"} | rules | none,
            {"method": "department:pupil"} | alone | behind,
            {"method": "random"} | blind | behind | {"ahead": 0.27},
        ]
    )


@pytest.mark.parametrize(
    ("ahead", "low", "high", "said"),
    [
        (0.1, 0.04, 0.16, "10.0ポイント高く（95%の幅 +4.0～+16.0）、偶然とは言いにくい差です"),
        (-0.1, -0.16, -0.04, "並び順を見直す必要があります"),
        (0.02, -0.03, 0.07, "+2.0（-3.0～+7.0）との差（ポイントと95%の幅）は偶然の幅に入り"),
    ],
)
def test_being_ahead_is_only_claimed_beyond_chance(ahead: float, low: float, high: float, said: str) -> None:
    assert said in words.precision(lists(ahead, low, high), 100)


def test_the_curve_tells_what_is_found_what_is_missed_and_beside_what() -> None:
    marks = [{"level": 2, "children": 40.0, "share": 0.15}, {"level": 3, "children": 5.0, "share": 0.03}]
    said = words.curve(lists(0.1, 0.04, 0.16), marks, 100)
    assert "月平均120.0人のうち30.0人（25.0%）" in said
    assert "無作為に選ぶ場合の10.0倍" in said
    assert "の1.5倍" in said
    assert "注意以上の全員（月平均40人）を確認すると15.0%" in said
    assert "残りの75.0%" in said


def test_lead_time_names_the_kind_seen_least() -> None:
    frame = pd.DataFrame(
        {
            "kind": ["notice"] * 10 + ["council"] * 10,
            "days": [60.0] * 8 + [None] * 2 + [100.0] * 2 + [None] * 8,
        }
    )
    said = words.lead(frame, {"notice": "通告", "council": "登載"})
    assert "20件のうち10件（50%）" in said
    assert "いちばん前もって分かりにくいのは「登載」（10件のうち20%）" in said


@pytest.mark.parametrize(("usual", "said"), [(0.05, "2.0倍"), (0.09, "偶然の幅に入り")])
def test_known_cases_are_called_found_early_only_beyond_chance(usual: float, said: str) -> None:
    level = {"reached": 20, "share": 0.1, "low": 0.07, "high": 0.14, "usual": usual}
    assert said in words.masked(level, 200)


def test_departments_are_needed_unsure_or_idle() -> None:
    def row(code: str, ahead: float, low: float) -> dict:
        return {
            "method": f"without:{code}",
            "found": 20.0 - ahead * 100,
            "rules_found": 20.0,
            "ahead": ahead,
            "ahead_low": low,
        }

    said = words.departments([row("pupil", 0.1, 0.03), row("maternal", 0.02, -0.01), row("welfare", 0, 0)], 4)
    assert "（10.0人減）です" in said
    assert said.index("10.0人減") < said.index("外してもこの類型の上位の人数は減りません")
    assert "どの課も" in words.departments([row("maternal", 0.02, -0.01)], 4)


def group(part: str, children: int, share: float, low: float, high: float) -> dict:
    told = {f"{name}_{what}": v for name in ("found", "right") for what, v in (("low", low), ("high", high))}
    return {"part": part, "children": children, "found_share": share, "right_share": share} | told


def test_groups_differ_only_where_their_ranges_do_not_meet() -> None:
    apart = [group("日本", 5000, 0.4, 0.35, 0.45), group("日本以外", 100, 0.1, 0.05, 0.2)]
    said = words.fairness(apart, {}, "国籍", 10)
    assert "「日本以外」は見落とされやすい区分です" in said
    assert "国籍は判定に使っていません" in said
    near = [group("男", 5000, 0.4, 0.35, 0.45), group("女", 5000, 0.38, 0.33, 0.43)]
    assert "区分による差は、偶然の幅に入ります" in words.fairness(near, {}, "性別", 10)
    none = float("nan")
    few = [group("日本", 5000, 0.4, 0.35, 0.45), group("日本以外", 5, none, none, none)]
    said = words.fairness(few, {}, "国籍", 10)
    assert "比べられる区分が2つありません" in said
    assert "1区分は10人に満たない" in said


def test_stability_names_the_month_of_the_greatest_change() -> None:
    frame = pd.DataFrame({"as_of": pd.to_datetime(["2026-03-31", "2026-04-30", "2026-05-31"])})
    frame["jaccard"] = [0.8, 0.3, 0.7]
    said = words.stability(frame, 300)
    assert "ふだんの月で70%が同じ" in said
    assert "2026-04で30%" in said
