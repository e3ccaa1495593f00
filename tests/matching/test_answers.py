"""Answers: alone, by two people, taken back; what the next refresh makes of them."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from kodomo import audit, cases, link_history, matching
from kodomo.access import AccessDenied
from kodomo.audit import Actor
from kodomo.matching import DIFFERENT, LATER, NOBODY, SAME

DAY = date(2026, 10, 31)


def _status(con, extract: str, key: str) -> tuple[str, str | None]:
    return con.execute(
        "select status, resident_id from link where extract = ? and record_key = ?", [extract, key]
    ).fetchall()[0]


def _ask(con, ops, who, extract: str, key: str):
    return matching.open_case(con, ops, who, extract, key, DAY)


def test_one_persons_answer_links_the_record_at_the_next_refresh(matched, ops, people, rematch) -> None:
    who = people["steward"]
    case = _ask(matched, ops, who, "pupil_roster", "P2")
    given = matching.answer(ops, who, case, SAME, "0000000012")
    assert given.state == "final"
    assert matching.unapplied(matched, ops) == 1
    rematch()
    assert _status(matched, "pupil_roster", "P2") == ("confirmed", "0000000012")
    assert matching.unapplied(matched, ops) == 0
    rematch()
    assert _status(matched, "pupil_roster", "P2") == ("confirmed", "0000000012")


def test_a_grave_record_waits_for_a_second_person_who_agrees(matched, ops, people, rematch) -> None:
    first, second = people["steward"], people["second"]
    case = _ask(matched, ops, first, "guidance_center_case", "G1")
    assert case.two_people
    assert matching.answer(ops, first, case, SAME, "0000000011").state == "proposed"
    assert len(cases.link_decisions(ops)) == 0
    with pytest.raises(matching.SecondPersonNeeded):
        matching.answer(
            ops, first, _ask(matched, ops, first, "guidance_center_case", "G1"), SAME, "0000000011"
        )
    rows = matching.with_proposals(matched, ops, matching.listed(matched))
    assert "G1" not in [row.record_key for row in matching.queue(rows, ops, first)]
    asked = matching.queue(rows, ops, second)
    assert (asked[0].record_key, asked[0].state) == ("G1", "proposed")
    given = matching.answer(
        ops, second, _ask(matched, ops, second, "guidance_center_case", "G1"), SAME, "0000000011"
    )
    assert given.state == "agreed"
    rematch()
    assert _status(matched, "guidance_center_case", "G1") == ("confirmed", "0000000011")
    with ops.read() as store:
        row = store.execute("select decided_by, second_by from link_decision").fetchone()
    assert tuple(row) == ("data", "toukatsu")


def test_two_answers_that_differ_decide_nothing_and_are_asked_again(matched, ops, people) -> None:
    first, second = people["steward"], people["second"]
    for who, said in ((first, SAME), (second, DIFFERENT)):
        case = _ask(matched, ops, who, "guidance_center_case", "G1")
        given = matching.answer(ops, who, case, said, "0000000011")
    assert given.state == "disputed"
    assert len(cases.link_decisions(ops)) == 0
    rows = matching.listed(matched, ["review"])
    assert [one.state for one in matching.queue(rows, ops, first) if one.record_key == "G1"] == ["disputed"]


def test_different_rules_one_resident_out_and_asks_about_the_next(matched, ops, people, rematch) -> None:
    who = people["steward"]
    case = _ask(matched, ops, who, "pupil_roster", "P2")
    before = [one.resident_id for one in case.candidates]
    assert set(before) >= {"0000000011", "0000000012"}
    matching.answer(ops, who, case, DIFFERENT, before[0])
    after = [one.resident_id for one in _ask(matched, ops, who, "pupil_roster", "P2").candidates]
    assert before[0] not in after
    assert "P2" in [one.record_key for one in matching.queue(matching.listed(matched, ["review"]), ops, who)]
    rematch()
    assert _status(matched, "pupil_roster", "P2")[1] != before[0]


def test_nobody_fits_is_kept_over_every_refresh(matched, ops, people, rematch) -> None:
    who = people["steward"]
    matching.answer(ops, who, _ask(matched, ops, who, "pupil_roster", "P2"), NOBODY, None)
    rematch()
    rematch()
    assert _status(matched, "pupil_roster", "P2") == ("rejected", None)


def test_undo_gives_the_record_back_to_the_matcher(matched, ops, people, rematch) -> None:
    who = people["steward"]
    before = _status(matched, "pupil_roster", "P2")
    matching.answer(ops, who, _ask(matched, ops, who, "pupil_roster", "P2"), SAME, "0000000012")
    rematch()
    matching.undo(ops, who, "pupil_roster", "P2")
    with pytest.raises(matching.NothingToUndo):
        matching.undo(ops, who, "pupil_roster", "P2")
    rematch()
    assert _status(matched, "pupil_roster", "P2") == before
    rows, _ = link_history.changes(matched, ["pupil_roster"])
    assert [row.why for row in rows] == ["undone", "person"]


def test_a_record_that_was_mixed_up_moves_to_the_right_child(matched, ops, people, rematch) -> None:
    first, second = people["steward"], people["second"]
    assert _status(matched, "consultation", "C1") == ("auto", "0000000002")
    for who in (first, second):
        rows = matching.with_proposals(matched, ops, matching.listed(matched))
        assert ("C1" in [one.record_key for one in matching.queue(rows, ops, who)]) == (who is second)
        case = matching.open_case(matched, ops, who, "consultation", "C1", DAY, also=["0000000020"])
        assert case.candidates[0].resident_id == "0000000020"
        matching.answer(ops, who, case, SAME, "0000000020", origin="repair")
    rematch()
    assert _status(matched, "consultation", "C1") == ("confirmed", "0000000020")
    rows, _ = link_history.changes(matched, ["consultation"])
    assert rows[0].moved
    assert rows[0].why == "person"
    assert [one.record_key for one in matching.attached(matched, first, "0000000020")] == ["C1"]


def test_later_decides_nothing_and_stands_last(matched, ops, people) -> None:
    who = people["steward"]
    rows = matching.listed(matched, ["review"])
    first = matching.queue(rows, ops, who)[0]
    case = _ask(matched, ops, who, first.extract, first.record_key)
    assert matching.answer(ops, who, case, LATER, None).state == "later"
    assert matching.queue(rows, ops, who)[-1].record_key == first.record_key
    assert matching.today(ops, who)[0] == 0


def test_the_time_of_each_decision_is_measured_and_summed_by_month(matched, ops, people, clock) -> None:
    who = people["steward"]
    opened = clock()
    clock.forward(seconds=90)
    matching.answer(
        ops, who, _ask(matched, ops, who, "pupil_roster", "P2"), SAME, "0000000012", opened_at=opened
    )
    assert [(one.month, one.answers, one.minutes) for one in matching.burden(ops, who)] == [
        ("2026-11", 1, 1.5)
    ]


def test_every_answer_has_its_log_row_without_a_name(matched, ops, people) -> None:
    who = people["steward"]
    matching.answer(ops, who, _ask(matched, ops, who, "pupil_roster", "P2"), SAME, "0000000012")
    matching.undo(ops, who, "pupil_roster", "P2")
    found = audit.search(ops, action=["link_decide", "link_undo"])
    assert found.total == 2
    assert "青木" not in found.rows.to_string()
    assert "P2" not in found.rows.to_string()
    assert audit.verify(ops) == []


def test_answers_can_neither_be_changed_nor_deleted(matched, ops, people) -> None:
    who = people["steward"]
    matching.answer(ops, who, _ask(matched, ops, who, "pupil_roster", "P2"), SAME, "0000000012")
    for sql in ("update link_opinion set answer = 'different'", "delete from link_opinion"):
        with pytest.raises(Exception, match="append-only"):
            ops.write(lambda con, sql=sql: con.execute(sql))


def test_a_clerk_matches_the_own_department_and_no_other(matched, ops, people) -> None:
    clerk = people["pupil"]
    assert matching.extracts_for(clerk) == ["pupil_roster"]
    rows = matching.listed(matched, ["review"])
    assert {one.extract for one in matching.queue(rows, ops, clerk)} == {"pupil_roster"}
    with pytest.raises(matching.NotYourExtract):
        _ask(matched, ops, clerk, "consultation", "C1")
    with pytest.raises(matching.NotYourExtract):
        matching.undo(ops, clerk, "consultation", "C1")
    # Not even that another department has a record: it may be a case nobody here is to know of.
    assert [one.extract for one in matching.attached(matched, clerk, "0000000002")] == ["pupil_roster"]
    assert {one.extract for one in matching.attached(matched, people["steward"], "0000000002")} == {
        "pupil_roster",
        "consultation",
    }
    auditor = Actor("kansa", "", "auditor", "audit", "s")
    assert matching.extracts_for(auditor) == []
    with pytest.raises(AccessDenied):
        matching.undo(ops, auditor, "pupil_roster", "P2")


def test_decisions_speak_the_matchers_words_and_the_newest_counts(ops, people) -> None:
    who = people["steward"]
    cases.decide_link(ops, who, "pupil_roster", "X", "1", "rejected", "別人")
    cases.decide_link(ops, who, "pupil_roster", "X", "2", "confirmed", "一致")
    cases.decide_link(ops, who, "pupil_roster", "X", "3", "confirmed", "一致")
    found = cases.link_decisions(ops)
    assert list(zip(found["resident_id"], found["decision"], strict=True)) == [
        ("1", "different"),
        ("3", "same"),
    ]
    cases.decide_link(ops, who, "pupil_roster", "X", None, "undone", "取り消し")
    assert isinstance(cases.link_decisions(ops), pd.DataFrame)
    assert len(cases.link_decisions(ops)) == 0
