"""Decisions: what a person said stays, whatever the machine thinks."""
# ruff: noqa: E501 - cases read best as one row each

from __future__ import annotations

import pandas as pd

from tests.linkage.test_numbers import CHILD, STRANGER, TOWN

RECORD = {"name": "森　結衣", "kana": "モリ　ユイ", "birth_date": "2015-06-07", "sex": "2"}


def _decisions(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"extract": "consultation", "record_key": "K00000", "resident_id": resident, "decision": decision, "decided_by": "u1", "decided_at": at}
            for resident, decision, at in rows
        ]
    )  # fmt: skip


def test_same_is_confirmed_even_against_the_machine(city) -> None:
    found = city(
        TOWN,
        consultation=[RECORD],
        decisions=_decisions((STRANGER["resident_id"], "same", "2025-06-01 10:00:00")),
    )
    row = found.row("consultation")
    assert (row["resident_id"], row["status"]) == (STRANGER["resident_id"], "confirmed")
    assert (row["decided_by"], str(row["decided_at"])) == ("u1", "2025-06-01 10:00:00")


def test_different_with_nobody_left_is_rejected(city) -> None:
    row = city(
        TOWN, consultation=[RECORD], decisions=_decisions((CHILD["resident_id"], "different", "1"))
    ).row("consultation")
    assert row["status"] == "rejected"
    assert row["resident_id"] is None


def test_different_leaves_the_next_candidate(city) -> None:
    namesake = CHILD | {"resident_id": "0009", "household_id": "H9", "address": "豊中市旭丘1番1号"}
    found = city(
        [*TOWN, namesake],
        consultation=[RECORD],
        decisions=_decisions((CHILD["resident_id"], "different", "1")),
    )
    row = found.row("consultation")
    assert row["resident_id"] == "0009"
    assert CHILD["resident_id"] not in found.offered("consultation")


def test_the_newest_decision_counts(city) -> None:
    undone = _decisions(
        (CHILD["resident_id"], "different", "2025-06-01"), (CHILD["resident_id"], "same", "2025-06-02")
    )
    assert city(TOWN, consultation=[RECORD], decisions=undone).row("consultation")["status"] == "confirmed"
    redone = _decisions(
        (CHILD["resident_id"], "same", "2025-06-01"), (CHILD["resident_id"], "different", "2025-06-02")
    )
    assert city(TOWN, consultation=[RECORD], decisions=redone).row("consultation")["status"] == "rejected"


def test_a_decision_about_a_row_that_is_gone_harms_nothing(city) -> None:
    gone = _decisions((CHILD["resident_id"], "same", "1")).assign(record_key="no such row")
    assert city(TOWN, consultation=[RECORD], decisions=gone).row("consultation")["status"] == "auto"


def test_a_confirmed_row_of_the_school_register_is_a_bridge_like_an_automatic_one(city) -> None:
    # Registered as 森 結衣, at school everybody calls her 林 ゆい: only the school register could say so.
    register = {"record_key": "S1", "resident_id": None, "name": "林　百合", "kana": "ハヤシ　ユリ", "birth_date": "2015-06-07", "sex": "2", "address": "豊中市浜9-9-9", "guardian_name": "林　茂", "school_name": "本町小", "school_code": "1", "grade": 4}  # fmt: skip
    roster = {"name": "林　百合", "kana": "ハヤシ　ユリ", "birth_date": "2015-06-07", "sex": "2", "school_name": "本町小", "school_code": "1", "grade": 4}  # fmt: skip
    before = city(TOWN, school_register=[register], pupil_roster=[roster])
    assert before.row("school_register", "S1")["status"] != "auto"
    assert before.row("pupil_roster")["status"] != "auto"
    said = _decisions((CHILD["resident_id"], "same", "2025-06-01")).assign(
        extract="school_register", record_key="S1"
    )
    after = city(TOWN, school_register=[register], pupil_roster=[roster], decisions=said)
    row = after.row("pupil_roster")
    assert (row["resident_id"], row["status"]) == (CHILD["resident_id"], "auto")
    assert "学齢簿の氏名" in row["reasons"]
    undone = said.assign(decision="different", decided_at="2025-06-02")
    both = pd.concat([said, undone], ignore_index=True)
    again = city(TOWN, school_register=[register], pupil_roster=[roster], decisions=both)
    assert again.row("pupil_roster")["status"] != "auto"
