"""The screen 検証: how to make a replay, its charts, and who may see it."""

from __future__ import annotations

import pandas as pd
import pytest

from kodomo import replay
from kodomo.ops import OpsStore
from kodomo.snapshots import Family
from kodomo.ui import replay_charts


def test_without_a_replay_the_screen_says_how_to_make_one(visit) -> None:
    at = visit("kanri", "replay")
    assert not at.exception
    assert "検証の結果がまだありません" in at.written
    assert [code.value for code in at.code] == ["python -m kodomo replay"]


def test_the_screen_shows_every_chart_with_its_reading_and_is_logged(
    visit, city: Family, ops: OpsStore
) -> None:
    replay.run(city, ops, months=8)
    at = visit("toukatsu", "replay")
    assert not at.exception
    for words in (
        "月に何人を確認すると",
        "適合率",
        "何日前に",
        "6か月前の情報だけで",
        "その課のデータがないと",
    ):
        assert words in at.written
    assert at.written.count("読み方") >= 3
    assert "年齢と性別だけを使って対象に入れ" in at.written
    assert len(at.get("plotly_chart")) >= 3
    assert "もう一度実行してください" not in at.written
    for kind in ("虐待", "不登校", "いじめ"):
        at.session_state["rp_category"] = replay_code(kind)
        at.run()
        assert not at.exception
    with ops.read() as con:
        row = con.execute("select count(*) from operation_log where action = 'view_replay'").fetchone()
    assert row[0] == 1


def replay_code(label: str) -> str:
    return {"虐待": "abuse", "不登校": "nonattendance", "いじめ": "bullying"}[label]


@pytest.mark.parametrize("user", ["senmon", "kansa"])
def test_others_are_refused(visit, user: str) -> None:
    at = visit(user, "replay")
    assert "この画面は表示できません" in at.written


def test_the_curve_marks_each_level_and_begins_at_nothing() -> None:
    points = pd.DataFrame({"k": [10, 20], "share": [0.2, 0.4], "found": [1.0, 2.0]})
    figure = replay_charts.curve(
        [replay_charts.Line("rules", "判定の順", False, points)], [(3, 12.0, 0.25)], until=100, checked=20
    )
    drawn = figure.to_plotly_json()
    assert list(drawn["data"][0]["x"]) == [0, 10, 20]
    assert list(drawn["data"][1]["text"]) == ["要確認 12人"]
    assert drawn["layout"]["yaxis"]["range"][1] == pytest.approx(0.5)
