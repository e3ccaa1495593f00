"""A draft goes from its first slider to a second person's signature; nobody overwrites it unseen."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kodomo import drafts, edits, seals, tuning
from kodomo.access import AccessDenied
from kodomo.audit import Actor, verify
from kodomo.examples import failures
from kodomo.items import load_items
from kodomo.ops import Conflict, OpsStore
from kodomo.rescore import Scorer, read
from kodomo.rules import FIRST_RULESET, RuleSetError, load_categories, load_ruleset
from kodomo.snapshots import Family

NOW = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 23)
SHOWN = load_categories()
ITEMS = load_items()
FIRST = load_ruleset(FIRST_RULESET)
TUNER = Actor("chousei", "調整 担当", "tuner", "child_safety", "s1")
SECOND = Actor("chousei2", "調整 次郎", "tuner", "child_safety", "s2")
COORDINATOR = Actor("toukatsu", "統括 支援員", "coordinator", "child_safety", "s3")
MANAGER = Actor("kanri", "管理 職", "manager", "child_safety", "s4")
CLERK = Actor("kakin", "課 職員", "department_staff", "pupil", "s5")
LEVEL = "level|abuse|全年齢|2"


@pytest.fixture
def ops(tmp_path: Path) -> Iterator[OpsStore]:
    store = OpsStore(tmp_path / "k.ops.sqlite", b"k" * 32, clock=lambda: NOW)
    yield store
    store.close()


def moved(value: float = 6.5):
    return edits.turn(FIRST, {LEVEL: value}, SHOWN)


@pytest.fixture
def begun(ops: OpsStore) -> drafts.Draft:
    known = drafts.start(ops, TUNER, FIRST, tuning.first_id())
    return drafts.save(ops, TUNER, known, ruleset=moved(), reason="多すぎるため", active_from=TODAY)


def actions(ops: OpsStore) -> list[str]:
    with ops.read() as con:
        return [row[0] for row in con.execute("select action from operation_log order by seq")]


def test_a_draft_is_kept_as_it_goes_and_found_again(ops, begun) -> None:
    again = drafts.own(ops, TUNER)
    assert again is not None
    assert (again.draft_id, again.ruleset.hash, again.reason) == (
        begun.draft_id,
        moved().hash,
        "多すぎるため",
    )
    assert drafts.own(ops, SECOND) is None
    assert actions(ops) == ["ruleset_save", "ruleset_save"]
    assert tuning.versions(ops) == []


def test_a_half_made_draft_may_be_wrong(ops, begun) -> None:
    wrong = edits.turn(FIRST, {LEVEL: 99.0}, SHOWN)
    kept = drafts.save(ops, TUNER, begun, ruleset=wrong)
    with pytest.raises(RuleSetError):
        drafts.submit(ops, TUNER, kept, {}, ITEMS)
    assert drafts.read(ops, begun.draft_id).status == "open"


def test_two_people_cannot_overwrite_each_other_unseen(ops, begun) -> None:
    drafts.save(ops, SECOND, begun, ruleset=moved(5.5))
    with pytest.raises(Conflict):
        drafts.save(ops, TUNER, begun, ruleset=moved(4.5))
    assert drafts.read(ops, begun.draft_id).ruleset.hash == moved(5.5).hash


def test_a_second_person_signs_and_it_becomes_a_version(ops, begun) -> None:
    handed = drafts.submit(ops, TUNER, begun, {"children": 3}, ITEMS)
    assert (handed.status, handed.preview) == ("submitted", {"children": 3})
    version = drafts.approve(ops, MANAGER, handed, "よい", ITEMS)
    assert (version.version_id, version.author, version.approved_by) == ("v1", "chousei", "kanri")
    assert tuning.active(ops).thresholds == moved().thresholds
    assert drafts.read(ops, begun.draft_id).status == "approved"
    told = [(step.step, step.user_id) for step in drafts.steps(ops, begun.draft_id)]
    assert told == [("start", "chousei"), ("save", "chousei"), ("submit", "chousei"), ("approve", "kanri")]
    assert actions(ops)[-3:] == ["ruleset_submit", "ruleset_activate", "ruleset_approve"]
    assert verify(ops) == []


def test_nobody_signs_what_they_had_a_hand_in(ops) -> None:
    known = drafts.start(ops, TUNER, FIRST, tuning.first_id())
    known = drafts.save(ops, COORDINATOR, known, ruleset=moved(), reason="多い", active_from=TODAY)
    handed = drafts.submit(ops, TUNER, known, {}, ITEMS)
    with pytest.raises(drafts.OwnDraft):
        drafts.approve(ops, COORDINATOR, handed, "", ITEMS)
    with pytest.raises(AccessDenied):
        drafts.approve(ops, SECOND, handed, "", ITEMS)
    assert tuning.versions(ops) == []
    drafts.approve(ops, MANAGER, handed, "", ITEMS)


def test_it_can_be_sent_back_taken_back_and_dropped(ops, begun) -> None:
    handed = drafts.submit(ops, TUNER, begun, {}, ITEMS)
    with pytest.raises(drafts.NoReason):
        drafts.send_back(ops, MANAGER, handed, " ")
    back = drafts.send_back(ops, MANAGER, handed, "7点で")
    assert back.status == "open"
    again = drafts.withdraw(ops, TUNER, drafts.submit(ops, TUNER, back, {}, ITEMS))
    ended = drafts.drop(ops, TUNER, again)
    with pytest.raises(drafts.DraftClosed, match="取りやめ"):
        drafts.save(ops, TUNER, ended, ruleset=moved(9))
    assert [draft.status for draft in drafts.listing(ops, ("dropped",))] == ["dropped"]
    assert drafts.listing(ops) == []


def test_what_was_handed_in_no_longer_changes_under_the_approver(ops, begun) -> None:
    handed = drafts.submit(ops, TUNER, begun, {}, ITEMS)
    with pytest.raises(drafts.DraftClosed, match="承認待ち"):
        drafts.save(ops, TUNER, handed, ruleset=moved(4))
    changed = drafts.save(ops, TUNER, drafts.withdraw(ops, TUNER, handed), ruleset=moved(4))
    drafts.submit(ops, TUNER, changed, {}, ITEMS)
    with pytest.raises(Conflict):
        drafts.approve(ops, MANAGER, handed, "", ITEMS)


def test_what_cannot_be_handed_in_is_refused_in_a_sentence(ops, begun) -> None:
    with pytest.raises(drafts.NoReason, match="変える理由"):
        drafts.submit(ops, TUNER, replace(begun, reason=" "), {}, ITEMS)
    with pytest.raises(drafts.PastDay, match="今日"):
        drafts.submit(ops, TUNER, replace(begun, active_from=TODAY - dt.timedelta(days=1)), {}, ITEMS)
    with pytest.raises(tuning.NothingChanged):
        drafts.submit(ops, TUNER, replace(begun, ruleset=FIRST), {}, ITEMS)
    with pytest.raises(drafts.UnknownDraft):
        drafts.read(ops, "案99")
    with pytest.raises(AccessDenied):
        drafts.start(ops, CLERK, FIRST, tuning.first_id())
    assert drafts.read(ops, begun.draft_id).status == "open"


def test_a_draft_made_before_another_version_is_carried_over(ops, begun) -> None:
    other = drafts.start(ops, SECOND, FIRST, tuning.first_id())
    rules = edits.turn(FIRST, {"level|poverty|全年齢|2": 6.5}, SHOWN)
    other = drafts.save(ops, SECOND, other, ruleset=rules, reason="別", active_from=TODAY)
    drafts.approve(ops, MANAGER, drafts.submit(ops, SECOND, other, {}, ITEMS), "", ITEMS)
    with pytest.raises(drafts.BaseMoved):
        drafts.submit(ops, TUNER, begun, {}, ITEMS)
    carried = drafts.rebase(ops, TUNER, begun, ITEMS)
    assert carried.based_on == "v1"
    both = edits.turn(rules, {LEVEL: 6.5}, SHOWN)
    assert tuning.same_rules(carried.ruleset, both)
    drafts.approve(ops, MANAGER, drafts.submit(ops, TUNER, carried, {}, ITEMS), "", ITEMS)
    assert tuning.newest_id(ops) == "v2"


def test_examples_that_fail_stop_it_until_they_agree(ops, begun) -> None:
    knob = next(
        knob.id
        for board in edits.boards(FIRST, ITEMS, SHOWN)
        if board.section == "combination"
        for knob in board.knobs
        if knob.id.startswith("if|")
    )
    value = next(k.value for board in edits.boards(FIRST, ITEMS, SHOWN) for k in board.knobs if k.id == knob)
    changed = drafts.save(ops, TUNER, begun, ruleset=edits.turn(FIRST, {knob: value + 1}, SHOWN))
    with pytest.raises(drafts.ExamplesFail, match="例のこども"):
        drafts.submit(ops, TUNER, changed, {}, ITEMS)
    agreeing = [found.agreeing for found in failures(changed.ruleset, [], ITEMS)]
    changed = drafts.save(ops, TUNER, changed, examples=agreeing)
    assert drafts.submit(ops, TUNER, changed, {}, ITEMS).status == "submitted"


def test_an_ended_draft_and_its_history_cannot_be_altered(ops, begun) -> None:
    drafts.drop(ops, TUNER, begun)
    for change in (
        "update ruleset_draft set toml = ''",
        "delete from ruleset_draft",
        "update ruleset_draft_step set note = 'x'",
        "delete from ruleset_draft_step",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            ops.write(lambda con, sql=change: con.execute(sql))


# -- limits -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scorer(judged_city: Family):
    with judged_city.connect() as con:
        return Scorer(read(con))


def refuse(scorer: Scorer, draft, **bounds) -> None:
    usual = drafts.limits()
    drafts.refuse_extremes(
        scorer.city, FIRST, draft, scorer.score(draft), ITEMS, SHOWN, replace(usual, **bounds)
    )


def test_the_rules_in_use_and_a_small_change_pass_the_limits(scorer) -> None:
    refuse(scorer, FIRST)
    refuse(scorer, moved())


def test_a_category_that_would_hold_too_many_is_refused(scorer) -> None:
    low = FIRST.with_thresholds({"poverty": {"全年齢": [0.5, 1, 1.5]}})
    with pytest.raises(drafts.TooWide, match="貧困"):
        refuse(scorer, low, widest_share=0.02)


def test_a_changed_rule_for_too_many_or_too_few_is_refused(scorer) -> None:
    hits = {code: len(np.unique(at)) for code, at in scorer.score(FIRST).hits.items()}
    many = max((row for row in FIRST.items), key=lambda row: hits[row.code])
    few = min((row for row in FIRST.items), key=lambda row: hits[row.code])
    knob = f"gives|{many.code}|全年齢|0"
    share = hits[many.code] / scorer.city.children / 2
    wide = edits.turn(FIRST, {knob: many.bands[0].points + 0.5}, SHOWN)
    with pytest.raises(drafts.TooWide):
        refuse(scorer, wide, widest_share=share)
    rare = edits.turn(FIRST, {f"gives|{few.code}|全年齢|0": few.bands[0].points + 0.5}, SHOWN)
    with pytest.raises(drafts.TooFew, match="特定の家庭"):
        refuse(scorer, rare, fewest_children=hits[few.code] + 1)
    refuse(scorer, edits.turn(FIRST, {f"use|{few.code}": False}, SHOWN), fewest_children=hits[few.code] + 1)


def test_a_version_or_step_changed_behind_the_log_is_found(ops, begun) -> None:
    drafts.approve(ops, MANAGER, drafts.submit(ops, TUNER, begun, {}, ITEMS), "", ITEMS)
    assert seals.verify(ops) == []
    with sqlite3.connect(ops.path) as con:
        for name in ("ruleset_version_content_stays", "ruleset_draft_step_no_update"):
            con.execute(f"drop trigger {name}")
        con.execute("update ruleset_version set reason = 'ほかの理由'")
        con.execute("update ruleset_draft_step set user_id = 'someone' where step = 'approve'")
    con.close()
    problems = seals.verify(ops)
    assert "判定基準の版のv1番が書き換えられています。" in problems
    assert any("判定基準の案の経過" in problem for problem in problems)
