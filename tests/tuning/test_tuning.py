"""Other thresholds show their effect at once; saved versions count, can be brought back and are logged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from kodomo import tuning
from kodomo.audit import SYSTEM, verify
from kodomo.judge import judge_items, relevel, remember_ruleset
from kodomo.ops import Conflict, OpsStore
from kodomo.rules import RuleSet, ThresholdsOutOfOrder

NOW = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)


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


def now_and_draft(frame, category: str) -> list[tuple[int, int]]:
    part = frame[frame["category"] == category]
    return list(zip(part["now"], part["draft"], strict=True))


def test_without_a_change_nothing_moves(snapshot, ruleset) -> None:
    frame = tuning.counts(snapshot, ruleset)
    assert list(frame["now"]) == list(frame["draft"])
    assert frame.groupby("category")["now"].sum().unique().tolist() == [5]
    assert tuning.moves(snapshot, ruleset).empty


def test_counts_and_moves_tell_the_same_as_judging_again(snapshot, ruleset: RuleSet) -> None:
    draft = tuning.thresholds_of(ruleset)
    draft["nonattendance"]["全年齢"] = [3, 4, 8]
    draft["abuse"]["0-2"] = [1, 5, 6]
    frame = tuning.counts(snapshot, draft)
    moved = tuning.moves(snapshot, draft)
    told = {(r.resident_id, r.category): (r.old_level, r.new_level) for r in moved.itertuples()}
    assert told == {
        ("1", "nonattendance"): (1, 0),
        ("2", "nonattendance"): (3, 2),
        ("4", "abuse"): (2, 1),
    }
    relevel(snapshot, ruleset.with_thresholds(draft))
    after = tuning.counts(snapshot, draft)
    assert list(after["now"]) == list(frame["draft"])
    assert list(after["draft"]) == list(frame["draft"])


def test_a_floor_stays_whatever_the_thresholds(snapshot, ruleset) -> None:
    draft = {"abuse": {"全年齢": [50, 60, 70]}}
    assert now_and_draft(tuning.counts(snapshot, draft), "abuse")[3] == (1, 1)


def test_those_who_rise_come_first(snapshot, ruleset) -> None:
    draft = {"nonattendance": {"全年齢": [1, 2, 100]}}
    moved = tuning.moves(snapshot, draft, category="nonattendance")
    assert list(moved["resident_id"]) == ["1", "2"]
    assert list(moved["child_ref"]) == ["ref1", "ref2"]


def test_the_scope_keeps_other_children_out(snapshot, ruleset) -> None:
    draft = {"nonattendance": {"全年齢": [100, 200, 300]}}
    scope = "resident_id in (?, ?)"
    assert tuning.counts(snapshot, draft, scope, ["1", "5"])["now"].sum() == 2 * 4
    assert list(tuning.moves(snapshot, draft, None, scope, ["1", "5"])["resident_id"]) == ["1"]
    assert tuning.moves(snapshot, draft, None, "false").empty


def test_the_workload_counts_every_child_once(snapshot, ruleset) -> None:
    frame = tuning.workload(snapshot, {"nonattendance": {"全年齢": [100, 200, 300]}})
    assert list(frame["now"]) == [1, 1, 1, 2]
    assert list(frame["draft"]) == [2, 0, 1, 2]


@pytest.mark.parametrize("points", [[3, 2, 1], [1, 1, 2], [0, 1, 2], [1, 2], [1, 2, 3, 4]])
def test_thresholds_that_do_not_rise_are_refused(snapshot, points) -> None:
    with pytest.raises(ThresholdsOutOfOrder):
        tuning.counts(snapshot, {"abuse": {"全年齢": points}})


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


def test_the_file_counts_until_a_version_is_saved(ops, first, catalogue) -> None:
    assert tuning.versions(ops) == []
    assert tuning.active(ops, items=catalogue) == first


def test_a_saved_version_counts_from_the_next_judgement(ops, first, catalogue) -> None:
    draft = first.with_thresholds({"abuse": {"全年齢": [1, 2, 3]}})
    saved = tuning.save_version(ops, SYSTEM, draft, " 見落としを減らすため ", catalogue, based_on="small")
    assert (saved.version_id, saved.parent_id, saved.status) == ("v1", "small", "active")
    assert saved.reason == "見落としを減らすため"
    used = tuning.active(ops, dt.date(2026, 10, 31), catalogue)
    assert used.hash == saved.hash
    assert used.id == "v1"
    assert used.thresholds == draft.thresholds
    assert verify(ops) == []


def test_an_earlier_version_can_be_brought_back(ops, first, catalogue) -> None:
    strict = first.with_thresholds({"abuse": {"全年齢": [1, 2, 3]}})
    tuning.save_version(ops, SYSTEM, strict, "試す", catalogue)
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


def test_what_cannot_be_saved_is_refused(ops, first, catalogue) -> None:
    changed = first.with_thresholds({"abuse": {"全年齢": [1, 2, 3]}})
    with pytest.raises(tuning.MissingReason):
        tuning.save_version(ops, SYSTEM, changed, "  ", catalogue)
    with pytest.raises(tuning.NothingChanged):
        tuning.save_version(ops, SYSTEM, first, "同じ", catalogue)
    wrong = first.with_thresholds({"abuse": {"全年齢": [3, 2, 1]}})
    with pytest.raises(ThresholdsOutOfOrder):
        tuning.save_version(ops, SYSTEM, wrong, "逆", catalogue)
    with pytest.raises(tuning.UnknownVersion):
        tuning.bring_back(ops, SYSTEM, "v9", "ない版", catalogue)
    with pytest.raises(Conflict):
        tuning.save_version(ops, SYSTEM, changed, "古い版から", catalogue, based_on="v7")
    assert tuning.versions(ops) == []


def test_the_active_version_is_applied_without_computing_items_anew(
    ops, first, catalogue, snapshot, as_of
) -> None:
    remember_ruleset(snapshot, first)
    assert tuning.apply_active(snapshot, ops, catalogue) == "small"
    strict = first.with_thresholds({"nonattendance": {"全年齢": [100, 200, 300]}})
    with pytest.raises(tuning.RuleSetError):
        tuning.save_version(ops, SYSTEM, strict, "届かない", catalogue)
    strict = first.with_thresholds({"nonattendance": {"全年齢": [3, 4, 6.5]}})
    tuning.save_version(ops, SYSTEM, strict, "減らす", catalogue)
    assert tuning.apply_active(snapshot, ops, catalogue) == "v1"
    level = "select level from judgement where resident_id = '1' and category = 'nonattendance'"
    assert snapshot.execute(level).fetchall() == [(0,)]
    points = tuning.replace(
        strict, items=tuple(r for r in strict.items if r.code != "ab_missed"), triggers=()
    )
    points = points.with_thresholds({"abuse": {"全年齢": [0.3, 0.5, 1], "0-2": [0.3, 0.5, 1]}})
    tuning.save_version(ops, SYSTEM, points, "行を減らす", catalogue)
    assert tuning.apply_active(snapshot, ops, catalogue) == "v2"
    level = "select level from judgement where resident_id in ('3', '4') and category = 'abuse'"
    assert snapshot.execute(level).fetchall() == [(0,), (0,)]
