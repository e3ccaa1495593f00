"""Reviews: stored with their log row or not at all, never changed, and the list of those who wait."""

from __future__ import annotations

import json
import sqlite3
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from kodomo import access, audit, cases
from kodomo.access import AccessDenied, ChildScope
from kodomo.audit import Actor, LogUnavailable
from kodomo.cases import BadReview, Seen, UnknownRecord
from kodomo.ops import Conflict, OpsStore

STAFF = Actor("senmon", "専門 職員", "specialist", "child_safety", "s1", "child")
STEWARD = Actor("data", "データ 担当", "data_steward", "child_safety", "s2", "links")
NOON = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def ops(tmp_path: Path):
    with OpsStore(tmp_path / "k.ops.sqlite", b"k" * 32, Clock()) as store:
        yield store


def look(ops: OpsStore, resident: str = "1", outcome: str = "watch", version: int = 0, **more):
    reason = cases.reasons_for(outcome)[0].code
    return cases.review(ops, STAFF, resident, outcome, reason, "学校に確認した。", version, **more)


def test_a_review_keeps_what_was_seen(ops: OpsStore) -> None:
    seen = Seen({"abuse": 3, "poverty": 1}, False, "first", "snap", date(2026, 11, 19), date(2026, 10, 31))
    stored = look(ops, seen=seen, opened_at=NOON - timedelta(minutes=12))
    assert cases.reviews_of(ops, "1") == [stored]
    assert (stored.version, stored.level, stored.minutes) == (1, 3, 12.0)
    assert stored.levels == {"abuse": 3, "poverty": 1}
    assert (stored.outcome_label, stored.reason_label) == ("見守り", "複数の課の情報が重なっている")
    assert cases.version_of(ops, "1") == 1
    row = audit.search(ops, action="review").rows.iloc[0]
    assert (row["snapshot"], row["ruleset"], row["result"]) == ("snap", "first", "ok")
    assert "学校" not in row["detail"]


def test_two_people_cannot_both_write_the_same_review(ops: OpsStore) -> None:
    results: list[str] = []

    def work() -> None:
        try:
            look(ops)
            results.append("stored")
        except Conflict:
            results.append("conflict")

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["conflict"] * 11 + ["stored"]
    assert audit.search(ops, action="review").total == 1
    assert look(ops, version=1).version == 2


@pytest.mark.parametrize(
    ("outcome", "reason", "note"),
    [
        ("perhaps", "explained", ""),
        ("watch", "explained", ""),
        ("watch", "no_such_reason", ""),
        ("watch", "other", "  "),
        ("watch", "several_signs", "長" * 2001),
    ],
)
def test_parts_that_do_not_go_together_are_refused(ops: OpsStore, outcome, reason, note) -> None:
    with pytest.raises(BadReview):
        cases.review(ops, STAFF, "1", outcome, reason, note, 0)
    assert audit.count_rows(ops) == 0


def test_every_outcome_has_reasons_and_every_reason_an_outcome() -> None:
    known = cases.catalogue()
    for outcome in known.outcomes:
        assert cases.reasons_for(outcome)
    for reason in known.reasons.values():
        assert reason.outcomes
        assert set(reason.outcomes) <= set(known.outcomes)
    assert {outcome.counts_as for outcome in known.outcomes.values()} == {"found", "clear", "open"}


@pytest.mark.parametrize(
    "role", [code for code in access.roles() if code not in ("coordinator", "specialist")]
)
def test_only_those_who_look_may_review(ops: OpsStore, role: str) -> None:
    with pytest.raises(AccessDenied):
        cases.review(ops, Actor("x", "", role, "pupil", "s"), "1", "watch", "several_signs", "", 0)
    assert audit.search(ops, result="denied").total == 1
    assert cases.newest(ops) == {}


def test_a_child_outside_ones_cases_cannot_be_reviewed_without_a_purpose(ops: OpsStore) -> None:
    with pytest.raises(AccessDenied):
        look(ops, child=ChildScope("1"))
    assert look(ops, child=ChildScope("1", granted=True)).version == 1


def test_without_the_log_there_is_no_review(ops: OpsStore) -> None:
    ops.write(lambda con: con.execute("drop trigger log_head_no_delete"))
    audit.record(ops, STAFF, "view_home")
    ops.write(lambda con: con.execute("delete from log_head"))
    with pytest.raises(LogUnavailable):
        look(ops)
    assert cases.newest(ops) == {}


def test_a_hostile_note_is_only_text(ops: OpsStore) -> None:
    note = "'); drop table review; -- <script>alert(1)</script> =1+1"
    cases.review(ops, STAFF, "1", "watch", "several_signs", note, 0)
    assert cases.reviews_of(ops, "1")[0].note == note


@pytest.mark.parametrize(
    "change",
    [
        "update review set note = 'x' where review_id = 2",
        "update review set outcome = 'not_applicable' where review_id = 2",
        "update review_level set level = 1 where review_id = 2",
        "delete from review_level where review_id = 2",
    ],
)
def test_a_review_changed_behind_the_programs_back_is_found(ops: OpsStore, change: str) -> None:
    for number in range(3):
        look(ops, str(number), seen=Seen({"abuse": 2}))
    assert cases.verify(ops) == []
    con = sqlite3.connect(ops.path, isolation_level=None)
    for name in ("review_no_update", "review_level_no_update", "review_level_no_delete"):
        con.execute(f"drop trigger {name}")
    con.execute(change)
    con.close()
    assert cases.verify(ops) == ["職員確認の2番が書き換えられています。"]


def test_a_review_removed_behind_the_programs_back_is_found(ops: OpsStore) -> None:
    look(ops)
    con = sqlite3.connect(ops.path, isolation_level=None)
    con.execute("drop trigger review_no_delete")
    con.execute("delete from review")
    con.close()
    assert cases.verify(ops) == ["職員確認の1番が削除されています。"]


# -- who waits ----------------------------------------------------------------------------------


@pytest.fixture
def city():
    con = duckdb.connect()
    con.execute("create table judgement (resident_id varchar, category varchar, level integer)")
    con.execute("create table event (resident_id varchar, recorded_on date, grade integer)")
    rows = [(str(number), "abuse", 2) for number in range(1, 8)] + [("8", "abuse", 0), ("5", "poverty", 1)]
    con.executemany("insert into judgement values (?, ?, ?)", rows)
    con.execute(
        "insert into event values ('3', date '2026-11-21', 2), ('4', date '2026-11-21', 1),"
        " ('6', date '2026-11-20', 3)"
    )
    yield con
    con.close()


def test_reviewed_children_leave_the_list_until_something_changes(ops: OpsStore, city) -> None:
    look(ops, "2", seen=Seen({"abuse": 1}))  # has risen to 2 since
    look(ops, "3", seen=Seen({"abuse": 2}))  # a grave record arrived the day after
    look(ops, "4", seen=Seen({"abuse": 2}))  # only a small record arrived
    look(ops, "5", seen=Seen({"abuse": 2}))  # another category has come up
    look(ops, "6", seen=Seen({"abuse": 2}))  # the grave record was there already
    look(ops, "7", "hold", seen=Seen({"abuse": 2}))
    waiting = cases.unreviewed(city.cursor(), ops, date(2026, 11, 25))
    assert dict(zip(waiting["resident_id"], waiting["why"], strict=True)) == {
        "1": "未確認",
        "2": "レベル上昇",
        "3": "新しい記録",
        "5": "レベル上昇",
    }
    later = cases.unreviewed(city.cursor(), ops, date(2026, 12, 4))
    assert ("7", "保留の期限") in set(zip(later["resident_id"], later["why"], strict=True))


def test_with_no_review_everybody_listed_waits(ops: OpsStore, city) -> None:
    assert len(cases.unreviewed(city.cursor(), ops)) == 7


def test_the_newest_review_stands(ops: OpsStore) -> None:
    look(ops, "1", "hold", seen=Seen({"abuse": 1}))
    ops.clock.now += timedelta(days=1)  # pyright: ignore[reportFunctionMemberAccess]
    look(ops, "1", "watch", version=1, seen=Seen({"abuse": 3}))
    look(ops, "2", "hold")
    frame = cases.reviewed_since(ops)
    assert list(frame["resident_id"]) == ["1", "2"]
    assert list(frame["version"]) == [2, 1]
    assert frame["levels"][0] == {"abuse": 3}
    assert frame["due_on"][1] == date(2026, 12, 5)
    assert cases.standing(ops) == [("1", date(2026, 11, 21), 3), ("2", date(2026, 11, 21), 0)]
    assert cases.standing(ops, date(2026, 12, 5)) == [("1", date(2026, 11, 21), 3)]
    assert set(cases.newest(ops, ["1", "9"])) == {"1"}
    assert len(cases.reviewed_since(ops, date(2026, 11, 22))) == 0


# -- the rest -----------------------------------------------------------------------------------


def test_matching_decisions_are_kept_and_can_be_undone(ops: OpsStore) -> None:
    cases.decide_link(ops, STEWARD, "pupil_roster", "a|1", "5", "confirmed", "住所も一致")
    cases.decide_link(ops, STEWARD, "pupil_roster", "a|2", None, "rejected", "別人")
    cases.decide_link(ops, STEWARD, "pupil_roster", "a|1", "5", "undone", "取り違え")
    found = cases.link_decisions(ops)
    assert list(zip(found["record_key"], found["decision"], strict=True)) == [("a|2", "different")]
    assert audit.search(ops, action=["link_decide", "link_undo"]).total == 3
    with pytest.raises(AccessDenied):
        cases.decide_link(ops, STAFF, "pupil_roster", "a|3", "5", "confirmed", "一致")
    for resident, decision, reason in (
        (None, "confirmed", "一致"),
        ("5", "perhaps", "x"),
        ("5", "rejected", " "),
    ):
        with pytest.raises(BadReview):
            cases.decide_link(ops, STEWARD, "pupil_roster", "a|3", resident, decision, reason)


def test_saved_filters_belong_to_one_person(ops: OpsStore) -> None:
    cases.save_filter(ops, STAFF, "children", "要確認だけ", json.dumps({"levels": [3]}))
    cases.save_filter(ops, STAFF, "children", "要確認だけ", json.dumps({"levels": [2, 3]}))
    assert cases.saved_filters(ops, STAFF, "children") == {"要確認だけ": '{"levels": [2, 3]}'}
    assert cases.saved_filters(ops, STEWARD, "children") == {}
    cases.delete_filter(ops, STAFF, "children", "要確認だけ")
    with pytest.raises(UnknownRecord):
        cases.delete_filter(ops, STAFF, "children", "要確認だけ")
    with pytest.raises(BadReview):
        cases.save_filter(ops, STAFF, "children", " ", "{}")


def test_notices_reach_their_audience_for_their_time(ops: OpsStore) -> None:
    admin = Actor("admin", "", "admin", "system", "s")
    cases.publish_notice(ops, admin, "停止", "今夜止めます。", shown_to=date(2026, 11, 21))
    number = cases.publish_notice(ops, admin, "名寄せ", "確認をお願いします。", audience="data_steward")
    assert [item.title for item in cases.notices(ops, STEWARD)] == ["名寄せ", "停止"]
    assert [item.title for item in cases.notices(ops, STAFF)] == ["停止"]
    assert cases.notices(ops, STAFF, date(2026, 11, 22)) == []
    cases.mark_read(ops, STEWARD, number)
    cases.mark_read(ops, STEWARD, number)
    assert [item.read for item in cases.notices(ops, STEWARD)] == [True, False]
    with pytest.raises(AccessDenied):
        cases.publish_notice(ops, STAFF, "x", "y")
    with pytest.raises(BadReview):
        cases.publish_notice(ops, admin, "x", "y", audience="everyone")
