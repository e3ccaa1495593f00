"""The five indicators, on a small history whose answers are known by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kodomo import accounts, audit, cases, demo_history, outcomes
from kodomo.audit import Actor
from kodomo.cases import Seen
from kodomo.ops import JST, OpsStore
from kodomo.snapshots import Family

STAFF = Actor("senmon", "専門 職員", "specialist", "child_safety", "s1", "child")
SINCE, UNTIL = date(2026, 9, 1), date(2026, 11, 30)


@pytest.fixture
def ops(tmp_path: Path):
    with OpsStore(tmp_path / "k.ops.sqlite", b"k" * 32) as store:
        yield store


def look(ops, resident, day, outcome, levels, *, known=False, version=0, waited=10, minutes=20.0) -> None:
    at = datetime(day.year, day.month, day.day, 10, 0, tzinfo=JST)
    cases.review(
        ops,
        STAFF,
        resident,
        outcome,
        cases.reasons_for(outcome)[0].code,
        "",
        version,
        seen=Seen(levels, known, "first", None, day, day - timedelta(days=waited)),
        opened_at=at - timedelta(minutes=minutes),
        at=at,
    )


@pytest.fixture
def history(ops: OpsStore) -> OpsStore:
    look(ops, "1", date(2026, 9, 10), "needs_support", {"abuse": 3}, waited=4)
    look(ops, "1", date(2026, 11, 10), "needs_support", {"abuse": 3}, version=1, waited=4)
    look(ops, "2", date(2026, 9, 11), "needs_support", {"abuse": 3}, known=True, waited=8)
    look(ops, "3", date(2026, 11, 2), "not_applicable", {"abuse": 3, "poverty": 1}, waited=12, minutes=40)
    look(ops, "4", date(2026, 11, 3), "hold", {"poverty": 1})
    look(ops, "5", date(2026, 11, 4), "already_supported", {"poverty": 1}, known=True)
    look(ops, "6", date(2026, 11, 5), "watch", {"poverty": 1})
    return ops


def test_newly_found_counts_a_child_once_and_only_unknown_ones(history: OpsStore) -> None:
    found = outcomes.newly_found(history, SINCE, UNTIL)
    assert dict(zip(found["month"], found["children"], strict=True)) == {
        "2026-09": 1,
        "2026-10": 0,
        "2026-11": 0,
    }


def test_precision_by_category_and_level(history: OpsStore) -> None:
    found = outcomes.precision(history, SINCE, UNTIL)
    rows = {
        (row.category, row.level): (row.reviewed, row.found)
        for row in found.itertuples()  # pyright: ignore
    }
    assert rows == {("", 0): (5, 4), ("abuse", 3): (3, 2), ("poverty", 1): (3, 2)}
    assert found["precision"][0] == pytest.approx(0.8)
    assert (found["low"] < found["precision"]).all()
    assert (found["precision"] < found["high"]).all()


def test_breakdown_and_help_by_month(history: OpsStore) -> None:
    counts = outcomes.breakdown(history, SINCE, UNTIL)
    assert counts["reviews"].sum() == 7
    assert len(counts) == 15
    helped = outcomes.led_to_help(history, SINCE, UNTIL)
    assert list(helped["children"]) == [2, 0, 4]
    assert list(helped["helped"]) == [2, 0, 2]
    assert helped["share"][0] == 1.0
    assert pd.isna(helped["share"][1])


def test_days_until_somebody_looked(history: OpsStore) -> None:
    days = outcomes.waiting_days(history, SINCE, UNTIL)
    assert list(days["reviews"]) == [2, 0, 5]
    assert days["median_days"][0] == 6.0


def test_lead_before_grave_events(history: OpsStore) -> None:
    con = duckdb.connect()
    con.execute("create table event (resident_id varchar, extract varchar, occurred_on date, grade integer)")
    con.execute(
        "insert into event values"
        " ('1', 'council_case', '2026-09-30', 3), ('1', 'consultation', '2026-10-30', 3),"
        " ('2', 'consultation', '2026-09-01', 3), ('3', 'consultation', '2026-11-20', 2),"
        " ('6', 'bullying', '2026-11-20', 3), ('9', 'consultation', '2026-11-20', 3)"
    )
    found = outcomes.lead_days(con.cursor(), history, SINCE, UNTIL)
    assert list(found["extract"]) == ["council_case"]
    assert list(found["lead_days"]) == [24]
    assert "resident_id" not in found


def test_workload_by_month(history: OpsStore) -> None:
    steward = Actor("data", "", "data_steward", "child_safety", "s")
    cases.decide_link(history, steward, "pupil_roster", "a", "1", "confirmed", "一致")
    load = outcomes.workload(history, SINCE, date.today())
    assert list(load["reviews"])[:3] == [2, 0, 5]
    assert load["minutes_per_review"][0] == 20.0
    assert load["links"].sum() == 1


def test_five_indicators_with_and_without_data(history: OpsStore, tmp_path: Path) -> None:
    cards = outcomes.indicators(history, SINCE, UNTIL)
    assert [card.number for card in cards] == [1, 2, 3, 4, 5]
    assert cards[0].value == 1
    assert cards[1].value == pytest.approx(0.8)
    with OpsStore(tmp_path / "empty.sqlite", b"k" * 32) as empty:
        assert outcomes.period(empty) is None
        cards = outcomes.indicators(empty, SINCE, UNTIL)
        assert [card.value for card in cards] == [0, None, None, None, None]


@given(st.integers(0, 200), st.integers(0, 200))
def test_the_interval_holds_the_share(found: int, more: int) -> None:
    low, high = outcomes.wilson(found, found + more)
    assert 0 <= low <= high <= 1
    if found + more:
        assert low - 1e-12 <= found / (found + more) <= high + 1e-12


# -- the demo year ------------------------------------------------------------------------------


def _lists(day: date) -> pd.DataFrame:
    rows = [
        (str(number), category, 1 + (number * 7 + day.month * (number % 3)) % 3, number % 9 == 0, "first")
        for number in range(300)
        for category in ("abuse", "poverty")
        if (number + len(category)) % 2
    ]
    names = ["resident_id", "category", "level", "known_case", "ruleset"]
    return pd.DataFrame(rows, columns=pd.Index(names))


def _family(folder: Path) -> Family:
    family = Family(folder / "k.duckdb")
    with family.build() as (con, build):
        con.execute("create table judgement (resident_id varchar)")
        build.stage, build.as_of = "judged", "2026-10-31"
    return family


def test_the_demo_year_is_the_same_every_time_and_verifies(tmp_path: Path) -> None:
    histories = []
    for name in ("a", "b"):
        family = _family(tmp_path / name)
        with OpsStore(family.ops_path, b"k" * 32, anchor_path=family.anchor_path) as ops:
            written = demo_history.make(family, ops, months=6, lists=_lists)
            assert written > 150
            assert demo_history.make(family, ops, months=6, lists=_lists) == 0
            assert audit.verify(ops) + cases.verify(ops) == []
            histories.append(
                [
                    (item.resident_id, item.outcome, item.reason_code, item.reviewed_at, item.minutes)
                    for item in cases.newest(ops).values()
                ]
            )
            assert all(item.reviewed_on <= date(2026, 10, 31) for item in cases.newest(ops).values())
            first, last = outcomes.period(ops) or (SINCE, UNTIL)
            assert len(outcomes.months(first, last)) == 6
            assert (outcomes.breakdown(ops, first, last).groupby("month")["reviews"].sum() > 0).all()
            assert set(audit.search(ops, action="review").rows["user_id"]) <= {
                row[0] for row in accounts.DEMO
            }
    assert histories[0] == histories[1]


def test_with_the_truth_reviews_find_those_in_need(tmp_path: Path) -> None:
    family = _family(tmp_path)
    truth = {str(number): {"abuse"} for number in range(0, 300, 2)}
    with OpsStore(family.ops_path, b"k" * 32) as ops:
        demo_history.make(family, ops, months=6, lists=_lists, truth=truth)
        found = [item for item in cases.newest(ops).values() if item.outcome in ("needs_support", "watch")]
    assert sum(item.resident_id in truth for item in found) > 0.75 * len(found)
