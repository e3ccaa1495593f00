"""成果指標: figures from reviews, charts with a sentence each, and who may take them away."""

from __future__ import annotations

from datetime import date

import pytest

from kodomo import cases, demo_history, outcomes, pipeline
from kodomo.audit import Actor
from kodomo.export import csv_bytes
from kodomo.ops import OpsStore
from kodomo.snapshots import Family
from kodomo.ui import outcome_charts, outcomes_view

SENMON = Actor("senmon", "専門 職員", "specialist", "child_safety", "test", "child")


@pytest.fixture
def reviewed(city: Family, ops: OpsStore) -> int:
    """Two months of demo reviews."""
    return demo_history.make(city, ops, months=2, lists=pipeline.month_end_lists(city), per_month=25)


def test_before_the_first_review_a_sentence_stands_there(visit) -> None:
    at = visit("kanri", "outcomes")
    assert any("職員確認がまだ記録されていません" in info.value for info in at.info)
    assert not at.exception


def test_five_indicators_with_charts_and_a_logged_view(visit, reviewed: int, ops: OpsStore) -> None:
    at = visit("kanri", "outcomes")
    assert not at.exception
    for mark in "①②③④⑤":
        assert mark in at.written
    assert len(at.get("plotly_chart")) >= 6
    assert f"{reviewed:,}件" in at.written
    with ops.read() as con:
        row = con.execute("select count(*) from operation_log where action = 'view_outcomes'").fetchone()
    assert row[0] == 1


def test_only_some_roles_may_take_the_figures_away(visit, reviewed: int) -> None:
    assert len(visit("kanri", "outcomes").get("download_button")) == 1
    assert not visit("senmon", "outcomes").get("download_button")


def test_periods_count_back_from_the_last_review() -> None:
    last = date(2026, 2, 15)
    spans = outcomes_view.spans(last)
    assert spans["直近12か月"][0].isoformat() == "2025-03-01"
    assert spans["直近3か月"][0].isoformat() == "2025-12-01"
    assert [day.isoformat() for day in spans["今年度"]] == ["2025-04-01", last.isoformat()]
    assert [day.isoformat() for day in spans["前年度"]] == ["2024-04-01", "2025-03-31"]


def test_the_file_holds_every_month_and_neutralises_formulas(
    visit, reviewed: int, ops: OpsStore, city
) -> None:
    since, until = outcomes.period(ops) or (None, None)
    assert since is not None
    assert until is not None
    with city.connect() as con:
        shown = outcomes_view._figures.__wrapped__("x", 1, since, until, con)
    rows = outcomes_view.long_rows(shown)
    assert {row[1] for row in rows if row[0].startswith("5 ")} >= set(outcomes.months(since, until))
    assert csv_bytes(["a"], [["=1+1"], ["-2"]]).decode("utf-8-sig") == "a\r\n'=1+1\r\n-2\r\n"


def test_charts_carry_japanese_labels_and_gaps_stay_gaps() -> None:
    months = ["2025-12", "2026-01", "2026-02"]
    assert outcome_charts.month_ticks(months) == ["12月<br>2025年", "1月<br>2026年", "2月"]
    figure = outcome_charts.lines(months, [("割合", [0.5, None, 0.25])], percent=True)
    assert list(figure.data[0].y) == [0.5, None, 0.25]
    assert not figure.data[0].connectgaps
    assert outcome_charts.spread([0, 29, 30, 95]).data[0].y == (2, 1, 0, 1)


def test_few_children_get_no_share(visit, city: Family, ops: OpsStore) -> None:
    with city.connect() as con:
        resident, level = con.execute(
            "select resident_id, max(level) from judgement where level > 0 group by 1 order by 1 limit 1"
        ).fetchone()
    cases.review(
        ops,
        SENMON,
        resident,
        "watch",
        cases.reasons_for("watch")[0].code,
        "",
        0,
        seen=cases.Seen(
            levels={"abuse": level}, known_case=False, ruleset="first", as_of=None, flagged_on=None
        ),
    )
    at = visit("toukatsu", "outcomes")
    assert "確認がまだ少ないため、割合は示しません。" in at.written
