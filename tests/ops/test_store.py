"""The operational store: one writer, nothing acknowledged is ever lost."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from kodomo import ops as ops_module
from kodomo.ops import OpsClosed, OpsInUse, OpsNewer, OpsStore, OpsUnavailable, WeakKey, load_key
from kodomo.paths import ROOT

KEY = b"k" * 32


def _tally(con: sqlite3.Connection) -> None:
    con.execute("create table if not exists tally (who text primary key, n integer not null) strict")


def _add(who: str):
    def add(con: sqlite3.Connection) -> int:
        con.execute("insert into tally values (?, 1) on conflict (who) do update set n = n + 1", (who,))
        return con.execute("select n from tally where who = ?", (who,)).fetchone()["n"]

    return add


@pytest.fixture
def ops(tmp_path: Path):
    with OpsStore(tmp_path / "k.ops.sqlite", KEY) as store:
        store.write(_tally)
        yield store


def test_fifty_threads_write_and_nothing_is_lost(ops: OpsStore) -> None:
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for _ in range(20):
                ops.write(_add(f"own-{number}"))
                ops.write(_add("shared"))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with ops.read() as con:
        counts = dict(con.execute("select who, n from tally").fetchall())
    assert counts["shared"] == 1000
    assert all(counts[f"own-{number}"] == 20 for number in range(50))


def test_two_stores_on_one_file_take_turns(ops: OpsStore) -> None:
    with OpsStore(ops.path, KEY) as other:
        threads = [
            threading.Thread(target=lambda store=store: [store.write(_add("both")) for _ in range(60)])
            for store in (ops, other)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with other.read() as con:
            assert con.execute("select n from tally where who = 'both'").fetchone()[0] == 120


CHILD = """
import sys
from pathlib import Path
from kodomo import audit
from kodomo.ops import OpsStore
ops = OpsStore(Path(sys.argv[1]), b"k" * 32, anchor_path=Path(sys.argv[2]))
import threading
def work(number):
    while True:
        seq = audit.record(ops, audit.SYSTEM, "load", detail={"by": number})
        sys.stdout.write(f"{seq}\\n")
        sys.stdout.flush()
for number in range(4):
    threading.Thread(target=work, args=(number,)).start()
"""


def test_kill_during_writes_loses_no_acknowledged_row(tmp_path: Path) -> None:
    from kodomo import audit

    path, anchor = tmp_path / "k.ops.sqlite", tmp_path / "k.anchor.jsonl"
    acknowledged: set[int] = set()
    for _ in range(3):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(path), str(anchor)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert child.stdout is not None
        for _ in range(80):
            acknowledged.add(int(child.stdout.readline()))
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read().splitlines(keepends=True)
        acknowledged |= {int(line) for line in rest if line.endswith("\n")}
        child.wait()
    with OpsStore(path, KEY, anchor_path=anchor) as store:
        assert store.check() == []
        assert audit.verify(store) == []
        with store.read() as con:
            kept = {row[0] for row in con.execute("select seq from operation_log")}
    assert acknowledged <= kept


def test_a_failed_change_leaves_nothing_and_harms_no_neighbour(ops: OpsStore) -> None:
    def fail(con: sqlite3.Connection) -> None:
        con.execute("insert into tally values ('half', 1)")
        raise ValueError("no")

    futures = [ops.submit(_add("fine")), ops.submit(fail), ops.submit(_add("fine"))]
    assert futures[0].result() == 1
    with pytest.raises(ValueError, match="no"):
        futures[1].result()
    assert futures[2].result() == 2
    with ops.read() as con:
        assert con.execute("select count(*) from tally where who = 'half'").fetchone()[0] == 0


def test_a_full_disk_is_a_plain_refusal(ops: OpsStore) -> None:
    def fill(con: sqlite3.Connection) -> None:
        con.execute(f"pragma max_page_count = {con.execute('pragma page_count').fetchone()[0]}")
        con.executemany("insert into tally values (?, 1)", [(f"{number:0900d}",) for number in range(400)])

    with pytest.raises(OpsUnavailable):
        ops.write(fill)
    ops.write(lambda con: con.execute("pragma max_page_count = 100000").fetchone())
    assert ops.write(_add("after")) == 1


def test_readers_cannot_write(ops: OpsStore) -> None:
    with pytest.raises(OpsUnavailable), ops.read() as con:
        con.execute("delete from tally")


def test_a_write_inside_a_write_is_refused_at_once(ops: OpsStore) -> None:
    with pytest.raises(RuntimeError):
        ops.write(lambda con: ops.write(_add("inner")))


def test_a_closed_store_takes_no_work_and_leaves_one_file(ops: OpsStore) -> None:
    with ops.read() as con:
        con.execute("select 1").fetchone()
    ops.close()
    ops.close()
    with pytest.raises(OpsClosed):
        ops.write(_add("late"))
    with pytest.raises(OpsClosed), ops.read():
        pass
    assert not Path(f"{ops.path}-wal").exists()


def test_an_open_store_keeps_a_restore_out(ops: OpsStore) -> None:
    alone = ops_module.FileLock(ops_module.use_path(ops.path))
    assert not alone.acquire(seconds=0.01)
    ops.close()
    assert alone.acquire(seconds=0.01)
    with pytest.raises(OpsInUse):
        OpsStore(ops.path, KEY)
    alone.close()


def test_altered_migrations_are_refused(ops: OpsStore) -> None:
    ops.write(lambda con: con.execute("update schema_version set sha256 = 'x' where version = 1"))
    ops.close()
    with pytest.raises(OpsNewer):
        OpsStore(ops.path, KEY)


def test_a_file_that_is_no_database_is_a_plain_refusal(tmp_path: Path) -> None:
    path = tmp_path / "k.ops.sqlite"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(OpsUnavailable):
        OpsStore(path, KEY)


def test_the_check_names_a_dropped_trigger(ops: OpsStore) -> None:
    assert ops.check() == []
    ops.write(lambda con: con.execute("drop trigger review_no_update"))
    assert "review_no_update" in ops.check()[0]


@pytest.mark.parametrize(
    "table", ["operation_log", "review", "review_level", "link_decision", "access_grant", "ruleset_version"]
)
def test_history_is_append_only(ops: OpsStore, table: str) -> None:
    rows = {
        "operation_log": "(seq, at_utc, at_jst, user_id, role, department, session, page, action, detail,"
        " result, prev_hash, hash) values (1, '', '', '', '', '', '', '', '', '', 'ok', '', '')",
        "review": "(review_id, resident_id, version, outcome, reason_code, note, user_id, role, department,"
        " opened_at, reviewed_at, reviewed_on, minutes, level)"
        " values (1, '1', 1, '', '', '', '', '', '', '', '', '', 0, 0)",
        "review_level": "(review_id, category, level) values (1, 'abuse', 1)",
        "link_decision": "(extract, record_key, decision, decided_by, decided_at, reason)"
        " values ('', '', 'rejected', '', '', '')",
        "access_grant": "(user_id, resident_id, purpose, note, granted_at, expires_at)"
        " values ('', '', '', '', '', '')",
        "ruleset_version": "(version_id, title, toml, hash, author, reason, created_at)"
        " values ('1', '', '', '', '', '', '')",
    }
    changed = {"ruleset_version": "toml", "operation_log": "detail", "review_level": "level"}
    if table == "review_level":
        ops.write(lambda con: con.execute(f"insert into review {rows['review']}"))
    ops.write(lambda con: con.execute(f"insert into {table} {rows[table]}"))
    column = changed.get(table, "reason" if table == "link_decision" else "note")
    with pytest.raises(sqlite3.IntegrityError):
        ops.write(lambda con: con.execute(f"update {table} set {column} = '0'"))
    with pytest.raises(sqlite3.IntegrityError):
        ops.write(lambda con: con.execute(f"delete from {table}"))


def test_a_rule_set_version_may_change_its_status(ops: OpsStore) -> None:
    def change(con: sqlite3.Connection) -> int:
        con.execute(
            "insert into ruleset_version (version_id, title, toml, hash, author, reason, created_at)"
            " values ('1', '', '', '', '', '', '')"
        )
        return con.execute(
            "update ruleset_version set status = 'active', active_from = '2026-11-01'"
        ).rowcount

    assert ops.write(change) == 1


def test_the_key_is_made_once_and_only_for_the_owner(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("KODOMO_KEY", raising=False)
    keys: list[bytes] = []
    path = tmp_path / "new" / "k.key"
    threads = [threading.Thread(target=lambda: keys.append(load_key(path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(keys)) == 1
    assert path.stat().st_mode & 0o777 == 0o600
    assert [item.name for item in path.parent.iterdir()] == ["k.key"]
    with pytest.raises(FileNotFoundError):
        load_key(tmp_path / "other.key", create=False)


def test_the_key_of_the_environment_wins_and_must_be_long(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("KODOMO_KEY", "x" * 40)
    assert load_key(tmp_path / "k.key") == b"x" * 40
    assert not (tmp_path / "k.key").exists()
    monkeypatch.setenv("KODOMO_KEY", "short")
    with pytest.raises(WeakKey):
        load_key(tmp_path / "k.key")
