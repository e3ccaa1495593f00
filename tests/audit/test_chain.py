"""The operation log: every kind of tampering is found and named."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kodomo import audit, backup
from kodomo.audit import SYSTEM, Actor, LogUnavailable, PersonalDetail, UnknownAction
from kodomo.ops import OpsStore, OtherKey

KEY = b"k" * 32
STAFF = Actor("senmon", "専門 職員", "specialist", "child_safety", "s1", "child")


class Clock:
    """A clock the test moves by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def ops(tmp_path: Path):
    with OpsStore(tmp_path / "k.ops.sqlite", KEY, Clock(), anchor_path=tmp_path / "k.anchor.jsonl") as store:
        yield store


def fill(ops: OpsStore, rows: int = 8) -> None:
    for number in range(rows):
        audit.record(ops, STAFF, "view_child", subject=str(number % 3), detail={"n": number})


def tamper(ops: OpsStore, *statements: str) -> None:
    """Change the file the way somebody with the disk would: another connection, no triggers."""
    con = sqlite3.connect(ops.path, isolation_level=None)
    con.executescript("drop trigger operation_log_no_update; drop trigger operation_log_no_delete;")
    for statement in statements:
        con.execute(statement)
    con.executescript(
        "create trigger operation_log_no_update before update on operation_log begin select 1; end;"
        "create trigger operation_log_no_delete before delete on operation_log begin select 1; end;"
    )
    con.close()


COPY = ", ".join((*audit.COLUMNS, "hash"))


def test_an_untouched_log_verifies(ops: OpsStore) -> None:
    assert audit.verify(ops) == []
    fill(ops)
    assert audit.verify(ops) == []


@pytest.mark.parametrize("column", audit.COLUMNS[1:])
def test_an_edit_of_any_column_is_found(ops: OpsStore, column: str) -> None:
    fill(ops)
    value = "7" if column == "count" else "'denied'" if column == "result" else "'x'"
    tamper(ops, f"update operation_log set {column} = {value} where seq = 4")
    found = audit.verify(ops)
    assert "記録番号4" in found[0]


def test_a_deletion_names_the_missing_rows(ops: OpsStore) -> None:
    fill(ops)
    tamper(ops, "delete from operation_log where seq in (4, 5)")
    assert audit.verify(ops)[0] == "操作ログの記録番号4から5が削除されています。"


def test_a_deletion_hidden_by_renumbering_is_found(ops: OpsStore) -> None:
    fill(ops)
    tamper(
        ops,
        "delete from operation_log where seq = 4",
        *(f"update operation_log set seq = {number - 1} where seq = {number}" for number in range(5, 9)),
    )
    assert "記録番号4" in audit.verify(ops)[0]


def test_an_insertion_is_found(ops: OpsStore) -> None:
    fill(ops)
    columns = COPY.replace("seq", "5", 1)
    tamper(
        ops,
        *(f"update operation_log set seq = {number + 1} where seq = {number}" for number in range(8, 4, -1)),
        f"insert into operation_log ({COPY}) select {columns} from operation_log where seq = 4",
    )
    assert "記録番号5" in audit.verify(ops)[0]


def test_an_appended_foreign_row_is_found(ops: OpsStore) -> None:
    fill(ops)
    columns = COPY.replace("seq", "9", 1)
    tamper(ops, f"insert into operation_log ({COPY}) select {columns} from operation_log where seq = 8")
    assert "記録番号9" in audit.verify(ops)[0]


def test_a_swap_of_two_rows_is_found_as_another_order(ops: OpsStore) -> None:
    fill(ops)
    tamper(
        ops,
        "update operation_log set seq = 99 where seq = 4",
        "update operation_log set seq = 4 where seq = 5",
        "update operation_log set seq = 5 where seq = 99",
    )
    assert audit.verify(ops)[0] == "操作ログの記録番号4の順番が入れ替えられています（もとは5番）。"


def test_a_tail_cut_is_found_by_the_sealed_head(ops: OpsStore) -> None:
    fill(ops)
    tamper(ops, "delete from operation_log where seq >= 7")
    assert audit.verify(ops)[0] == "操作ログの末尾（記録番号7から8）が削除されています。"


def test_a_tail_cut_with_a_forged_head_is_found(ops: OpsStore) -> None:
    fill(ops)
    tamper(
        ops,
        "delete from operation_log where seq >= 7",
        "update log_head set seq = 6, hash = (select hash from operation_log where seq = 6)",
    )
    assert "末尾の印" in audit.verify(ops)[0]


def test_a_tail_cut_with_an_old_true_head_is_found_by_the_anchor(ops: OpsStore) -> None:
    fill(ops, 4)
    with ops.read() as con:
        seal = tuple(con.execute("select seq, hash, seal from log_head").fetchone())
    ops.clock.now += timedelta(days=1)  # pyright: ignore[reportFunctionMemberAccess]
    fill(ops, 4)
    tamper(
        ops,
        "delete from operation_log where seq > 4",
        f"update log_head set seq = {seal[0]}, hash = '{seal[1]}', seal = '{seal[2]}'",
    )
    assert "控え（アンカー）にあるのに見つかりません" in audit.verify(ops)[0]


def test_a_whole_log_deleted_is_found(ops: OpsStore) -> None:
    fill(ops)
    tamper(ops, "delete from operation_log")
    assert "末尾（記録番号1から8）" in audit.verify(ops)[0]


def test_after_a_tail_cut_nothing_more_is_written(ops: OpsStore) -> None:
    fill(ops)
    tamper(ops, "delete from operation_log where seq >= 7")
    with pytest.raises(LogUnavailable):
        fill(ops, 1)


def test_putting_an_older_copy_of_the_store_back_is_found(ops: OpsStore, tmp_path: Path) -> None:
    fill(ops)
    backup.copy_store(ops, tmp_path / "old.sqlite")
    fill(ops)
    ops.close()
    assert ops.anchor_path is not None
    with OpsStore(tmp_path / "old.sqlite", KEY) as old:
        assert audit.verify(old) == []
        assert "記録番号9から16" in audit.verify(old, ops.anchor_path)[0]


def test_an_unreachable_place_for_anchors_stops_no_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with OpsStore(tmp_path / "k.sqlite", KEY, anchor_path=tmp_path / "file" / "anchor.jsonl") as store:
        fill(store)
        assert "見つかりません" in audit.verify(store)[0]


def test_a_changed_anchor_line_is_found(ops: OpsStore) -> None:
    fill(ops)
    assert ops.anchor_path is not None
    lines = ops.anchor_path.read_text().splitlines()
    lines[-1] = json.dumps({**json.loads(lines[-1]), "count": 3})
    ops.anchor_path.write_text("\n".join(lines) + "\n")
    assert f"{len(lines)}行目" in audit.verify(ops)[0]


def test_a_missing_anchor_is_said(ops: OpsStore) -> None:
    fill(ops)
    assert ops.anchor_path is not None
    ops.anchor_path.unlink()
    assert "見つかりません" in audit.verify(ops)[0]


def test_another_key_is_refused_before_it_can_break_the_chain(ops: OpsStore) -> None:
    fill(ops)
    ops.close()
    with pytest.raises(OtherKey):
        OpsStore(ops.path, b"z" * 32)
    with OpsStore(ops.path, KEY) as again:
        assert audit.verify(again) == []


def test_an_anchor_is_noted_once_a_day_and_at_most_once_an_hour(ops: OpsStore) -> None:
    assert ops.anchor_path is not None

    def lines() -> int:
        assert ops.anchor_path is not None
        return len(ops.anchor_path.read_text().splitlines())

    fill(ops, 5)
    first = lines()
    fill(ops, 5)
    assert lines() == first
    ops.clock.now += timedelta(hours=2)  # pyright: ignore[reportFunctionMemberAccess]
    fill(ops, 5)
    assert lines() == first + 1


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 30), st.text(max_size=5)), min_size=1, max_size=6), st.data())
def test_whatever_was_written_one_changed_row_is_enough(tmp_path: Path, rows, data) -> None:
    path = tmp_path / f"{data.draw(st.uuids())}.sqlite"
    with OpsStore(path, KEY) as ops:
        for count, word in rows:
            audit.record(ops, SYSTEM, "load", count=count, detail={"v": word})
        assert audit.verify(ops) == []
        seq = data.draw(st.integers(1, len(rows)))
        tamper(ops, f"update operation_log set count = count + 1 where seq = {seq}")
        assert f"記録番号{seq}" in audit.verify(ops)[0]
        ops.close()
    path.unlink()


# -- written before shown -----------------------------------------------------------------------


def test_nothing_is_handed_over_when_the_log_cannot_be_written(ops: OpsStore) -> None:
    assert audit.reading(ops, STAFF, "view_list", lambda: [1, 2, 3], count=len) == [1, 2, 3]
    ops.write(
        lambda con: con.execute(
            "create trigger broken before insert on operation_log"
            " begin select raise(abort, 'operation_log'); end"
        )
    )
    shown: list[int] = []
    with pytest.raises(LogUnavailable):
        shown = audit.reading(ops, STAFF, "view_list", lambda: [1, 2, 3], count=len)
    assert shown == []


def test_a_full_disk_denies_the_read(ops: OpsStore) -> None:
    ops.write(
        lambda con: con.execute(
            f"pragma max_page_count = {con.execute('pragma page_count').fetchone()[0]}"
        ).fetchone()
    )

    def look() -> None:
        for _ in range(500):
            audit.reading(ops, STAFF, "view_list", lambda: 1, detail={"pad": "x" * 900})

    with pytest.raises(LogUnavailable):
        look()


def test_a_change_without_its_log_row_does_not_happen(ops: OpsStore) -> None:
    def change(con: sqlite3.Connection) -> None:
        con.execute(
            "insert into notice (title, body, shown_from, author, created_at) values ('', '', '', '', '')"
        )

    with pytest.raises(UnknownAction):
        audit.transact(ops, STAFF, "no_such_action", change)
    with ops.read() as con:
        assert con.execute("select count(*) from notice").fetchone()[0] == 0


def test_rows_carry_no_person(ops: OpsStore) -> None:
    audit.record(ops, STAFF, "view_child", subject="0001234567")
    audit.record(ops, STAFF, "search", detail={"words_hash": audit.hash_words(ops, "豊中　花子")})
    with pytest.raises(PersonalDetail):
        audit.record(ops, STAFF, "search", detail={"words": "豊中 花子"})
    with ops.read() as con:
        text = json.dumps(
            [tuple(row) for row in con.execute("select * from operation_log")], ensure_ascii=False
        )
    assert "0001234567" not in text
    assert "花子" not in text
    assert "専門" not in text
