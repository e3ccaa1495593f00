"""操作ログ: what the auditor finds, that reading is written, one child's rows, and the check of the chain."""

from __future__ import annotations

import sqlite3

import pytest

from kodomo import audit
from kodomo.audit import Actor
from kodomo.ops import OpsStore
from kodomo.snapshots import Family

SENMON = Actor("senmon", "専門 職員", "specialist", "child_safety", "test", "child")


@pytest.fixture
def busy(city: Family, ops: OpsStore) -> str:
    """A log with views of one child and a refusal; returns the child's number."""
    with city.connect() as con:
        resident = con.execute("select resident_id from child order by 1 limit 1").fetchone()[0]
    for _ in range(3):
        audit.record(ops, SENMON, "view_child", subject=resident, purpose="family")
    audit.record(ops, SENMON, "view_log", result="denied")
    for number in range(70):
        audit.record(ops, SENMON, "view_list", count=50, detail={"page": number})
    return resident


def test_rows_are_paged_and_reading_them_is_a_row(visit, busy: str, ops: OpsStore) -> None:
    before = audit.count_rows(ops)
    at = visit("kansa", "oplog")
    assert not at.exception
    assert "件のうち 1–50件目" in at.written
    with ops.read() as con:
        last = con.execute(
            "select user_id, action, count from operation_log order by seq desc limit 1"
        ).fetchone()
    assert tuple(last) == ("kansa", "view_log", 50)
    assert audit.count_rows(ops) > before


def test_refusals_and_bulk_views_can_be_filtered(visit, busy: str) -> None:
    at = visit("kansa", "oplog")
    at.at.button_group(key="lg_special").set_value("failed").run()
    assert "拒否" in at.written
    assert "1件のうち 1–1件目" in at.written
    at.at.button_group(key="lg_special").set_value("bulk").run()
    assert "74件のうち" in at.written


def test_one_childs_viewers_are_found_by_number_without_a_name(
    visit, busy: str, city: Family, ops: OpsStore
) -> None:
    with city.connect() as con:
        name = con.execute("select name from child where resident_id = ?", [busy]).fetchone()[0]
    at = visit("kansa", "oplog")
    at.text_input(key="lg_child").input(f" {busy} ").run()
    assert "この番号のこどもを見た人" in at.written
    assert "確認中のこどものきょうだい・同居家族" in at.written
    assert "3件のうち" in at.written
    assert name not in at.written
    with ops.read() as con:
        row = con.execute("select subject from operation_log where action = 'who_saw'").fetchone()
    assert row[0] == audit.subject_of(ops, busy)


def test_words_that_are_no_number_find_nothing_and_break_nothing(visit, busy: str) -> None:
    at = visit("kansa", "oplog")
    at.text_input(key="lg_child").input("' or 1=1--").run()
    assert not at.exception
    assert "条件に合う記録はありません。" in at.written


def test_a_sound_chain_is_said_to_be_sound_and_the_check_is_logged(visit, busy: str, ops: OpsStore) -> None:
    at = visit("kansa", "oplog").press("書き換えがないか検査する")
    assert any("書き換え・削除・差し込みはありません" in found.value for found in at.success)
    with ops.read() as con:
        assert (
            con.execute("select count(*) from operation_log where action = 'verify_log'").fetchone()[0] == 1
        )


def test_a_changed_row_is_named(visit, busy: str, city: Family, ops: OpsStore) -> None:
    at = visit("kansa", "oplog")
    with sqlite3.connect(city.ops_path) as con:
        con.execute("drop trigger operation_log_no_update")
        con.execute("update operation_log set user_id = 'nobody' where seq = 3")
    at.press("書き換えがないか検査する")
    assert any("記録番号3" in found.value for found in at.error)


@pytest.mark.parametrize("user", ["toukatsu", "admin", "kanri"])
def test_others_do_not_read_the_log(visit, busy: str, user: str) -> None:
    at = visit(user, "oplog")
    assert "この画面は表示できません" in at.written
    assert "件のうち" not in at.written
