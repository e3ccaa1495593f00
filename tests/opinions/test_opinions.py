"""Opinions are kept as they were said, move on with a reason, and are counted by department."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from kodomo import opinions, seals
from kodomo.access import AccessDenied
from kodomo.audit import Actor, verify
from kodomo.ops import Conflict, OpsStore

NOW = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)
CLERK = Actor("kakin", "課 職員", "department_staff", "pupil", "s1")
TUNER = Actor("chousei", "調整 担当", "tuner", "child_safety", "s2")
STEWARD = Actor("data", "データ 担当", "data_steward", "child_safety", "s3")
RULES = ["ab_council", "na_days_fy"]


@pytest.fixture
def ops(tmp_path: Path) -> Iterator[OpsStore]:
    store = OpsStore(tmp_path / "k.ops.sqlite", b"k" * 32, clock=lambda: NOW)
    yield store
    store.close()


def one(ops: OpsStore) -> opinions.Opinion:
    return opinions.listing(ops)[0]


def test_an_opinion_is_kept_and_shown_where_it_speaks(ops) -> None:
    opinions.add(ops, CLERK, "rule", "na_days_fy", "<b>20日</b>からがよい", "20日", known=RULES)
    found = one(ops)
    assert (found.kind, found.about, found.proposed, found.status) == (
        "rule",
        "na_days_fy",
        "20日",
        "received",
    )
    assert [(entry.text, entry.department) for entry in found.entries] == [("<b>20日</b>からがよい", "pupil")]
    assert opinions.listing(ops, "ab_council") == []
    assert opinions.open_counts(ops) == {"na_days_fy": 1}
    with ops.read() as con:
        logged = con.execute("select action, detail from operation_log").fetchall()
    assert [row["action"] for row in logged] == ["opinion_add"]
    assert "20日" not in logged[0]["detail"]


def test_it_moves_on_with_a_reason_and_is_counted(ops) -> None:
    opinions.add(ops, CLERK, "new_item", "", "給食の残しを集めたい", known=[""])
    with pytest.raises(opinions.ReasonForStatus):
        opinions.answer(ops, TUNER, one(ops), " ", "declined")
    opinions.answer(ops, TUNER, one(ops), "", "studied")
    opinions.answer(ops, TUNER, one(ops), "来年度の様式に入れます。", "adopted")
    opinions.answer(ops, CLERK, one(ops), "ありがとうございます。")
    found = one(ops)
    assert found.status == "adopted"
    assert [entry.status for entry in found.entries] == ["received", "studied", "adopted", None]
    assert opinions.counts(ops) == {"pupil": {"adopted": 1}}
    assert opinions.open_counts(ops) == {}
    assert verify(ops) == []
    assert seals.verify(ops) == []


def test_nobody_answers_a_thread_that_moved_on_meanwhile(ops) -> None:
    opinions.add(ops, CLERK, "rule", "ab_council", "重い", known=RULES)
    seen = one(ops)
    opinions.answer(ops, TUNER, seen, "確かめます。", "studied")
    with pytest.raises(Conflict):
        opinions.answer(ops, CLERK, seen, "追加です。")


@pytest.mark.parametrize(
    ("kind", "about", "text", "proposed", "refusal"),
    [
        ("rule", "ab_council", "   ", "", opinions.EmptyOpinion),
        ("rule", "ab_council", "あ" * 1001, "", opinions.EmptyOpinion),
        ("rule", "ab_council", "はい", "値" * 101, opinions.EmptyOpinion),
        ("rule", "no_such_rule", "はい", "", opinions.AboutNothing),
        ("new_item", "ab_council", "はい", "", opinions.AboutNothing),
        ("'; drop table opinion;--", "ab_council", "はい", "", opinions.AboutNothing),
    ],
)
def test_what_is_no_opinion_is_refused(ops, kind, about, text, proposed, refusal) -> None:
    with pytest.raises(refusal):
        opinions.add(ops, CLERK, kind, about, text, proposed, known=RULES)
    assert opinions.listing(ops) == []


def test_rights(ops) -> None:
    with pytest.raises(AccessDenied):
        opinions.add(ops, STEWARD, "rule", "ab_council", "はい", known=RULES)
    opinions.add(ops, CLERK, "rule", "ab_council", "はい", known=RULES)
    with pytest.raises(AccessDenied):
        opinions.answer(ops, CLERK, one(ops), "採用で", "adopted")


def test_what_was_said_cannot_be_altered(ops) -> None:
    opinions.add(ops, CLERK, "rule", "ab_council", "はい", known=RULES)
    for change in (
        "update opinion set proposed = 'x'",
        "delete from opinion",
        "update opinion_entry set text = 'x'",
        "delete from opinion_entry",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            ops.write(lambda con, sql=change: con.execute(sql))
