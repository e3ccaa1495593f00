"""Answers and decisions changed behind the program's back, and two people answering at once."""

from __future__ import annotations

import sqlite3
from datetime import date

import pytest

from kodomo import audit, matching, seals
from kodomo.matching import DIFFERENT, LATER, NOBODY, SAME
from kodomo.ops import Conflict

DAY = date(2026, 10, 31)
TWIN = "0000000012"


@pytest.fixture
def answered(matched, ops, people):
    """Three answers: on P2 decided, taken back and decided anew; on G1 by two people."""
    who, second = people["steward"], people["second"]

    def say(actor, extract: str, key: str, said: str, resident: str | None) -> None:
        case = matching.open_case(matched, ops, actor, extract, key, DAY)
        matching.answer(ops, actor, case, said, resident)

    say(who, "pupil_roster", "P2", SAME, TWIN)
    matching.undo(ops, who, "pupil_roster", "P2")
    say(who, "pupil_roster", "P2", NOBODY, None)
    say(who, "guidance_center_case", "G1", SAME, TWIN)
    say(second, "guidance_center_case", "G1", SAME, TWIN)
    return ops


def _tamper(ops, *statements: str) -> None:
    con = sqlite3.connect(ops.path, isolation_level=None)
    for (name,) in con.execute("select name from sqlite_master where type = 'trigger'").fetchall():
        con.execute(f"drop trigger {name}")
    for statement in statements:
        con.execute(statement)
    con.close()


def test_what_nobody_touched_is_sound(answered) -> None:
    assert seals.verify(answered) == audit.verify(answered) == []


@pytest.mark.parametrize(
    ("change", "first"),
    [
        ("update link_opinion set answer = 'different' where opinion_id = 3", "名寄せの答えの3番が書き換え"),
        ("update link_opinion set minutes = 0.1 where opinion_id = 4", "名寄せの答えの4番が書き換え"),
        ("update link_opinion set given_by = 'x'", "名寄せの答えの1番が書き換え"),
        ("delete from link_opinion where opinion_id = 2", "名寄せの答えの2番が削除"),
        (
            "update link_decision set resident_id = '0000000001' where decision_id = 1",
            "名寄せの決定の1番が書き換え",
        ),
        ("update link_decision set second_by = null where decision_id = 4", "名寄せの決定の4番が書き換え"),
        ("update link_decision set decision = 'confirmed' where decision_id = 3", "名寄せの決定の3番が書"),
        (
            "insert into link_decision select 99, extract, record_key, '0000000001', 'confirmed', decided_by,"
            " decided_at, reason, null, null from link_decision where decision_id = 1",
            "名寄せの決定の99番は、操作ログに記録がありません",
        ),
    ],
)
def test_a_change_is_found_and_its_first_place_named(answered, change: str, first: str) -> None:
    _tamper(answered, "pragma foreign_keys = off", change)
    assert seals.verify(answered)[0].startswith(first)


def test_answers_from_before_there_were_seals_are_let_pass_and_no_more_of_them(
    matched, ops, people, monkeypatch
) -> None:
    who = people["steward"]
    monkeypatch.setattr(seals, "seal", lambda *_: {})
    monkeypatch.setattr(seals, "DETAIL", "nothing")
    case = matching.open_case(matched, ops, who, "pupil_roster", "P2", DAY)
    matching.answer(ops, who, case, SAME, TWIN)
    monkeypatch.undo()
    assert seals.verify(ops) == []
    row = "select 2, extract, record_key, resident_id, decision, decided_by, decided_at, reason, null, null"
    _tamper(ops, f"insert into link_decision {row} from link_decision")
    assert seals.verify(ops) == ["名寄せの決定の2番は、操作ログに記録がありません。"]


def test_who_answers_on_what_somebody_else_just_answered_is_told(matched, ops, people) -> None:
    first, other = people["steward"], people["pupil"]
    early = matching.open_case(matched, ops, other, "pupil_roster", "P2", DAY)
    case = matching.open_case(matched, ops, first, "pupil_roster", "P2", DAY)
    matching.answer(ops, first, case, SAME, TWIN)
    with pytest.raises(Conflict):
        matching.answer(ops, other, early, DIFFERENT, TWIN)
    assert matching.answer(ops, other, early, LATER, None).state == "later"
    assert len(matching.opinions(ops)) == 2


def test_two_who_opened_a_grave_record_at_once_count_as_two(matched, ops, people) -> None:
    first, second = people["steward"], people["second"]
    cases = [
        matching.open_case(matched, ops, who, "guidance_center_case", "G1", DAY) for who in (first, second)
    ]
    matching.answer(ops, first, cases[0], SAME, TWIN)
    assert matching.answer(ops, second, cases[1], SAME, TWIN).state == "agreed"


def test_the_place_of_a_candidate_does_not_tell_what_the_first_person_said(matched, ops, people) -> None:
    first, second = people["steward"], people["second"]
    case = matching.open_case(matched, ops, first, "guidance_center_case", "G1", DAY)
    order = [one.resident_id for one in case.candidates]
    matching.answer(ops, first, case, DIFFERENT, order[-1])
    again = matching.open_case(matched, ops, second, "guidance_center_case", "G1", DAY)
    assert [one.resident_id for one in again.candidates] == order
