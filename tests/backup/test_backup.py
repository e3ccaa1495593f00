"""Backup and restore: one file, made while staff work, proven before and after."""

from __future__ import annotations

import json
import os
import shutil
import threading
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kodomo import accounts, audit, backup, cases
from kodomo.audit import SYSTEM, Actor
from kodomo.backup import BrokenBackup, KeyMissing, NotABackup, NothingToKeep, WouldOverwrite, WrongKey
from kodomo.ops import OpsInUse, OpsStore, open_store
from kodomo.snapshots import BuildRunning, Family

STAFF = Actor("senmon", "専門 職員", "specialist", "child_safety", "s1", "child")


def build(family: Family, rows: int) -> None:
    with family.build() as (con, making):
        con.execute(
            f"create or replace table child as select i::varchar as resident_id from range({rows}) t(i)"
        )
        making.stage, making.as_of = "judged", "2026-10-31"


def children(family: Family) -> int:
    con = family.connect()
    try:
        return con.execute("select count(*) from child").fetchall()[0][0]
    finally:
        con.close()


def look(ops: OpsStore, resident: str) -> None:
    cases.review(ops, STAFF, resident, "watch", "several_signs", "メモ", cases.version_of(ops, resident))


@pytest.fixture
def family(tmp_path: Path, monkeypatch):
    monkeypatch.delenv("KODOMO_KEY", raising=False)
    monkeypatch.delenv("KODOMO_ANCHOR", raising=False)
    monkeypatch.setattr(accounts, "ROUNDS", 4)
    family = Family(tmp_path / "a" / "k.duckdb")
    build(family, 100)
    ops = open_store(family)
    accounts.create_demo(ops)
    for number in range(5):
        look(ops, str(number))
    ops.close()
    return family


def reviewed(family: Family) -> set[str]:
    ops = open_store(family)
    try:
        return set(cases.newest(ops))
    finally:
        ops.close()


def test_a_restore_brings_back_what_was_and_verifies(family: Family, tmp_path: Path) -> None:
    made = backup.backup(family, tmp_path / "k.bak")
    assert made.problems == []
    assert os.stat(tmp_path / "k.bak").st_mode & 0o777 == 0o600
    ops = open_store(family)
    look(ops, "77")
    session = accounts.login(ops, "senmon", accounts.DEMO_PASSWORD)
    ops.close()
    build(family, 300)
    done = backup.restore(family, tmp_path / "k.bak")
    assert backup.verify(family) == []
    assert children(family) == 100
    assert reviewed(family) == {"0", "1", "2", "3", "4"}
    assert len(done.aside) == 2
    assert all(path.exists() for path in done.aside)
    ops = open_store(family)
    assert accounts.touch(ops, session).session is None
    assert accounts.issued_before_revocation(ops, "senmon", datetime(2026, 1, 1, tzinfo=UTC))
    assert audit.search(ops, action="restore").total == 1
    look(ops, "78")
    ops.close()
    assert backup.verify(family) == []


def test_a_restore_into_another_place_on_the_same_machine(family: Family, tmp_path: Path) -> None:
    backup.backup(family, tmp_path / "k.bak")
    other = Family(tmp_path / "b" / "z.duckdb")
    assert backup.restore(other, tmp_path / "k.bak").aside == []
    assert backup.verify(other) == []
    assert children(other) == 100
    assert backup.verify(family) == []


def test_the_key_stays_out_unless_asked_for(family: Family, tmp_path: Path) -> None:
    secret = family.key_path.read_bytes().strip()
    for name, with_key in (("without", False), ("with", True)):
        backup.backup(family, tmp_path / name, with_key=with_key)
        with zipfile.ZipFile(tmp_path / name) as archive:
            assert any(secret in archive.read(member) for member in archive.namelist()) == with_key
    shutil.move(family.key_path, tmp_path / "kept.key")
    other = Family(tmp_path / "b" / "z.duckdb")
    with pytest.raises(KeyMissing):
        backup.restore(other, tmp_path / "without")
    assert not other.ops_path.exists()
    backup.restore(other, tmp_path / "with")
    assert other.key_path.read_bytes().strip() == secret
    assert other.key_path.stat().st_mode & 0o777 == 0o600
    assert backup.verify(other) == []


def test_another_key_is_refused(family: Family, tmp_path: Path, monkeypatch) -> None:
    backup.backup(family, tmp_path / "k.bak")
    monkeypatch.setenv("KODOMO_KEY", "y" * 40)
    with pytest.raises(WrongKey):
        backup.restore(Family(tmp_path / "b" / "z.duckdb"), tmp_path / "k.bak")


def test_a_backup_while_staff_write_is_consistent(family: Family, tmp_path: Path) -> None:
    ops = open_store(family)
    stop = threading.Event()

    def work(number: int) -> None:
        while not stop.wait(0.01):
            look(ops, f"w{number}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    made = [backup.backup(family, tmp_path / f"{number}.bak") for number in range(3)]
    stop.set()
    for thread in threads:
        thread.join()
    ops.close()
    for archive in made:
        assert archive.problems == []
        other = Family(tmp_path / archive.path.stem / "z.duckdb")
        backup.restore(other, archive.path)
        assert backup.verify(other) == []
    assert made[0].log_rows < made[2].log_rows


@pytest.mark.parametrize("harm", ["cut", "flip", "empty", "text", "missing", "swapped", "extra"])
def test_a_damaged_archive_changes_nothing(family: Family, tmp_path: Path, harm: str) -> None:
    file = tmp_path / "k.bak"
    backup.backup(family, file)
    data = file.read_bytes()
    if harm == "cut":
        file.write_bytes(data[: len(data) // 2])
    elif harm == "flip":
        middle = len(data) // 2
        file.write_bytes(data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1 :])
    elif harm == "empty":
        file.write_bytes(b"")
    elif harm == "text":
        file.write_text("これは控えではありません")
    elif harm == "missing":
        file.unlink()
    else:
        with zipfile.ZipFile(file) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        if harm == "swapped":
            manifest = json.loads(parts["manifest.json"])
            manifest["made_at"] = "2020-01-01T00:00:00.000000Z"
            parts["manifest.json"] = json.dumps(manifest).encode()
        else:
            parts["../escaped"] = b"x"
        with zipfile.ZipFile(file, "w") as archive:
            for name, part in parts.items():
                archive.writestr(name, part)
    before = sorted(path.name for path in family.folder.iterdir() if not path.name.startswith("."))
    with pytest.raises(NotABackup):
        backup.restore(family, file)
    assert backup.verify(family) == []
    assert sorted(path.name for path in family.folder.iterdir()) == before
    assert not (tmp_path / "escaped").exists()


def test_a_tampered_log_is_not_restored(family: Family, tmp_path: Path) -> None:
    import sqlite3

    con = sqlite3.connect(family.ops_path)
    con.executescript(
        "drop trigger operation_log_no_update; update operation_log set detail = '{}' where seq = 3"
    )
    con.close()
    made = backup.backup(family, tmp_path / "k.bak")
    assert "記録番号3" in made.problems[0]
    with pytest.raises(BrokenBackup):
        backup.restore(Family(tmp_path / "b" / "z.duckdb"), tmp_path / "k.bak")
    assert not (tmp_path / "b" / "z.ops.sqlite").exists()


def test_a_running_dashboard_keeps_the_restore_out(family: Family, tmp_path: Path) -> None:
    ops = open_store(family)
    backup.backup(family, tmp_path / "k.bak")
    with pytest.raises(OpsInUse):
        backup.restore(family, tmp_path / "k.bak")
    ops.close()
    with family.build() as (_, making):
        making.discard()
        with pytest.raises(BuildRunning):
            backup.restore(family, tmp_path / "k.bak")
    backup.restore(family, tmp_path / "k.bak")


@pytest.mark.parametrize("stop_at", range(5))
def test_a_restore_cut_off_in_its_switch_is_completed(
    family: Family, tmp_path: Path, monkeypatch, stop_at: int
) -> None:
    backup.backup(family, tmp_path / "k.bak")
    ops = open_store(family)
    look(ops, "77")
    ops.close()
    build(family, 300)

    class PowerCut(BaseException):
        pass

    calls = {"n": 0}
    real_replace, real_link = os.replace, os.link

    def counted(real):
        def step(*args, **more):
            if backup.journal_path(family.ops_path).exists():
                if calls["n"] == stop_at:
                    raise PowerCut
                calls["n"] += 1
            return real(*args, **more)

        return step

    monkeypatch.setattr(backup.os, "replace", counted(real_replace))
    monkeypatch.setattr(backup.os, "link", counted(real_link))
    try:
        backup.restore(family, tmp_path / "k.bak")
        cut = False
    except PowerCut:
        cut = True
    monkeypatch.setattr(backup.os, "replace", real_replace)
    monkeypatch.setattr(backup.os, "link", real_link)
    assert cut == (stop_at < 4)
    assert reviewed(family) == {"0", "1", "2", "3", "4"}
    assert children(family) == 100
    assert backup.verify(family) == []
    assert not backup.journal_path(family.ops_path).exists()
    assert not [path for path in family.folder.iterdir() if ".restore-" in path.name and path.is_dir()]


def test_a_backup_never_replaces_what_is_no_backup(family: Family, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("大事な手紙")
    with pytest.raises(WouldOverwrite):
        backup.backup(family, tmp_path / "letter.txt")
    backup.backup(family, tmp_path / "k.bak")
    backup.backup(family, tmp_path / "k.bak")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "k.bak", "letter.txt"]


def test_nothing_to_keep_is_said(tmp_path: Path) -> None:
    with pytest.raises(NothingToKeep):
        backup.backup(Family(tmp_path / "empty" / "k.duckdb"), tmp_path / "k.bak")


def test_a_store_without_a_snapshot_can_be_kept(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("KODOMO_KEY", raising=False)
    family = Family(tmp_path / "a" / "k.duckdb")
    ops = open_store(family)
    audit.record(ops, SYSTEM, "load")
    ops.close()
    backup.backup(family, tmp_path / "k.bak")
    other = Family(tmp_path / "b" / "k.duckdb")
    backup.restore(other, tmp_path / "k.bak")
    assert backup.verify(other) == []
    assert other.current() is None


def test_a_lost_store_is_brought_back(family: Family, tmp_path: Path) -> None:
    backup.backup(family, tmp_path / "k.bak")
    for path in family.folder.iterdir():
        if path != family.key_path:
            path.unlink()
    backup.restore(family, tmp_path / "k.bak")
    assert backup.verify(family) == []
    assert reviewed(family) == {"0", "1", "2", "3", "4"}


def test_verify_says_what_is_gone(family: Family, tmp_path: Path, monkeypatch) -> None:
    assert backup.verify(family) == []
    kept = family.ops_path.read_bytes()
    family.ops_path.unlink()
    assert "ファイルがありません" in backup.verify(family)[0]
    family.ops_path.write_bytes(b"no database" * 100)
    assert "開けません" in backup.verify(family)[0]
    family.ops_path.write_bytes(kept)
    monkeypatch.setenv("KODOMO_KEY", "y" * 40)
    assert "秘密鍵" in backup.verify(family)[0]
    monkeypatch.delenv("KODOMO_KEY")
    family.key_path.unlink()
    assert "鍵がない" in backup.verify(family)[0]
    assert not family.key_path.exists()


def test_a_destroyed_store_is_brought_back(family: Family, tmp_path: Path) -> None:
    backup.backup(family, tmp_path / "k.bak")
    family.ops_path.write_bytes(b"no database" * 100)
    done = backup.restore(family, tmp_path / "k.bak")
    assert backup.verify(family) == []
    assert any(path.read_bytes().startswith(b"no database") for path in done.aside)
