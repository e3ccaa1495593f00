"""Kept versions count from their first day, can be brought back, and are in the log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kodomo import tuning
from kodomo.audit import SYSTEM, verify
from kodomo.judge import judge_items, remember_ruleset
from kodomo.ops import Conflict, OpsStore
from kodomo.rules import RuleSet

NOW = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 23)


@pytest.fixture
def snapshot(city, child, as_of, ruleset, catalogue):
    con = city(
        [
            child("1", {"absence": 12}),
            child("2", {"absence": 20, "mood": 30}),
            child("3", {"notice": 1}, known_case=True),
            child("4", {"missed": 2}, age_band="0-2"),
            child("5", {}),
        ]
    )
    judge_items(con, as_of, ruleset, catalogue)
    return con


@pytest.fixture
def ops(tmp_path: Path) -> Iterator[OpsStore]:
    store = OpsStore(tmp_path / "k.ops.sqlite", b"k" * 32, clock=lambda: NOW)
    yield store
    store.close()


@pytest.fixture
def first(ops, monkeypatch, tmp_path, rules_text) -> RuleSet:
    path = tmp_path / "first.toml"
    path.write_text(rules_text, encoding="utf-8")
    monkeypatch.setattr(tuning, "FIRST_RULESET", path)
    return tuning.parse_ruleset(rules_text)


def keep(ops: OpsStore, ruleset: RuleSet, reason: str, from_day: dt.date = TODAY, author: str = "tuner"):
    """Keep a version as an approval does."""
    parent = tuning.newest_id(ops)
    return ops.write(
        lambda con: tuning.publish(
            con, ops, SYSTEM, ruleset, reason, parent, author=author, active_from=from_day
        )
    )


def test_the_file_counts_until_a_version_is_kept(ops, first, catalogue) -> None:
    assert tuning.versions(ops) == []
    assert tuning.active(ops, items=catalogue) == first
    assert tuning.newest_id(ops) == "small"


def test_a_kept_version_counts_from_the_next_judgement(ops, first, catalogue) -> None:
    draft = first.with_thresholds({"abuse": {"全年齢": [1, 2, 3]}})
    saved = keep(ops, draft, "見落としを減らすため")
    assert (saved.version_id, saved.parent_id, saved.status) == ("v1", "small", "active")
    assert (saved.author, saved.approved_by) == ("tuner", SYSTEM.user_id)
    used = tuning.active(ops, dt.date(2026, 10, 31), catalogue)
    assert (used.hash, used.id, used.approver) == (saved.hash, "v1", SYSTEM.user_id)
    assert used.thresholds == draft.thresholds
    assert verify(ops) == []


def test_a_version_waits_for_its_first_day(ops, first, catalogue) -> None:
    later = TODAY + dt.timedelta(days=8)
    keep(ops, first.with_thresholds({"abuse": {"全年齢": [1, 2, 3]}}), "来月から", later)
    assert [row.status for row in tuning.versions(ops)] == ["planned"]
    assert tuning.active(ops, items=catalogue) == first
    assert tuning.active(ops, later, catalogue).id == "v1"


def test_a_version_kept_later_from_an_earlier_day_takes_a_planned_ones_place(ops, first, catalogue) -> None:
    later = TODAY + dt.timedelta(days=8)
    keep(ops, first.with_thresholds({"abuse": {"全年齢": [1, 2, 3]}}), "来月から", later)
    keep(ops, first.with_thresholds({"abuse": {"全年齢": [1, 3, 5]}}), "今日から")
    assert [(row.version_id, row.status) for row in tuning.versions(ops)] == [
        ("v2", "active"),
        ("v1", "retired"),
    ]
    assert tuning.active(ops, later, catalogue).id == "v2"


def test_an_earlier_version_can_be_brought_back(ops, first, catalogue) -> None:
    strict = first.with_thresholds({"abuse": {"全年齢": [1, 2, 3]}})
    keep(ops, strict, "試す")
    tuning.bring_back(ops, SYSTEM, "small", "戻す", catalogue)
    tuning.bring_back(ops, SYSTEM, "v1", "もう一度", catalogue)
    kept = tuning.versions(ops)
    assert [(v.version_id, v.parent_id, v.status) for v in kept] == [
        ("v3", "v2", "active"),
        ("v2", "v1", "retired"),
        ("v1", "small", "retired"),
    ]
    assert tuning.active(ops, items=catalogue).thresholds == strict.thresholds
    assert tuning.read_version(ops, "v2").thresholds == first.thresholds


def test_what_cannot_be_brought_back_is_refused(ops, first, catalogue) -> None:
    with pytest.raises(tuning.MissingReason):
        tuning.bring_back(ops, SYSTEM, "small", "  ", catalogue)
    with pytest.raises(tuning.NothingChanged):
        tuning.bring_back(ops, SYSTEM, "small", "同じ", catalogue)
    with pytest.raises(tuning.UnknownVersion):
        tuning.bring_back(ops, SYSTEM, "v9", "ない版", catalogue)
    assert tuning.versions(ops) == []


def test_a_version_made_from_an_older_one_is_refused(ops, first) -> None:
    keep(ops, first.with_thresholds({"abuse": {"全年齢": [1, 2, 3]}}), "試す")
    other = first.with_thresholds({"abuse": {"全年齢": [1, 2, 5]}})
    with pytest.raises(Conflict):
        ops.write(
            lambda con: tuning.publish(
                con, ops, SYSTEM, other, "古い版から", "small", author="tuner", active_from=TODAY
            )
        )
    assert len(tuning.versions(ops)) == 1


def test_the_active_version_is_applied_without_computing_items_anew(ops, first, catalogue, snapshot) -> None:
    remember_ruleset(snapshot, first)
    assert tuning.apply_active(snapshot, ops, catalogue) == "small"
    keep(ops, first.with_thresholds({"nonattendance": {"全年齢": [3, 4, 6.5]}}), "減らす")
    assert tuning.apply_active(snapshot, ops, catalogue) == "v1"
    level = "select level from judgement where resident_id = '1' and category = 'nonattendance'"
    assert snapshot.execute(level).fetchall() == [(0,)]
    used = tuning.active(ops, items=catalogue)
    points = replace(used, items=tuple(r for r in used.items if r.code != "ab_missed"), triggers=())
    keep(
        ops, points.with_thresholds({"abuse": {"全年齢": [0.3, 0.5, 1], "0-2": [0.3, 0.5, 1]}}), "行を減らす"
    )
    assert tuning.apply_active(snapshot, ops, catalogue) == "v2"
    level = "select level from judgement where resident_id in ('3', '4') and category = 'abuse'"
    assert snapshot.execute(level).fetchall() == [(0,), (0,)]
