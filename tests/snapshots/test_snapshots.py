"""A snapshot is published whole or not at all."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from kodomo.paths import ROOT
from kodomo.snapshots import BrokenPointer, BuildRunning, Family, NoSnapshot, verify_snapshot


def write(family: Family, value: int, stage: str = "loaded") -> None:
    with family.build() as (con, build):
        con.execute("create table if not exists fact (n integer)")
        con.execute("insert into fact values (?)", [value])
        build.stage = stage


def read(family: Family) -> list[int]:
    con = family.connect()
    try:
        return [row[0] for row in con.execute("select n from fact order by n").fetchall()]
    finally:
        con.close()


@pytest.fixture
def family(tmp_path: Path) -> Family:
    return Family(tmp_path / "new" / "folder" / "kodomo.duckdb")


def test_before_the_first_build_there_is_nothing(family: Family):
    assert family.current() is None
    assert verify_snapshot(family) == []
    with pytest.raises(NoSnapshot):
        family.connect()


def test_a_build_starts_from_the_current_state(family: Family):
    write(family, 1)
    write(family, 2)
    assert read(family) == [1, 2]
    current = family.current()
    assert current is not None
    assert current.stage == "loaded"
    assert current.counts["fact"] == 2
    assert verify_snapshot(family) == []


def test_an_exception_leaves_the_last_state(family: Family):
    write(family, 1)
    before = family.current()

    def fail_half_way() -> None:
        with family.build() as (con, _build):
            con.execute("insert into fact values (2)")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert family.current() == before
    assert read(family) == [1]
    assert not list(family.folder.glob("*building*"))


def test_a_discarded_build_publishes_nothing(family: Family):
    write(family, 1)
    before = family.current()
    with family.build() as (con, build):
        con.execute("insert into fact values (2)")
        build.discard()
    assert family.current() == before


def test_what_the_judge_wrote_into_meta_reaches_the_pointer(family: Family):
    write(family, 1)
    with family.build() as (con, build):
        con.execute("insert into meta values ('as_of', '2026-10-31'), ('ruleset', 'first')")
        build.stage = "judged"
    current = family.current()
    assert current is not None
    assert (current.as_of, current.ruleset, current.stage) == ("2026-10-31", "first", "judged")


def test_only_the_last_three_snapshots_stay(family: Family):
    for value in range(5):
        write(family, value)
    assert len(list(family.folder.glob("kodomo-*.duckdb"))) == 3
    assert read(family) == [0, 1, 2, 3, 4]


def test_two_families_in_one_folder_do_not_touch_each_other(tmp_path: Path):
    short, long = Family(tmp_path / "a.duckdb"), Family(tmp_path / "a-b.duckdb")
    for value in range(5):
        write(short, value)
        write(long, value)
    assert len(list(tmp_path.glob("a-2*.duckdb"))) == 3
    assert len(list(tmp_path.glob("a-b-2*.duckdb"))) == 3


def test_a_second_builder_is_told_to_wait(family: Family):
    with family.build() as (_con, build):
        with pytest.raises(BuildRunning), family.build():
            pass
        build.discard()


def test_a_reader_keeps_its_snapshot_while_a_new_one_is_published(family: Family):
    write(family, 1)
    con = family.connect()
    write(family, 2)
    assert con.execute("select count(*) from fact").fetchone() == (1,)
    con.close()
    assert read(family) == [1, 2]


def test_an_edited_snapshot_is_found(family: Family):
    write(family, 1)
    current = family.current()
    assert current is not None
    con = duckdb.connect(str(current.path))
    con.execute("insert into fact values (9)")
    con.close()
    assert verify_snapshot(family)


def test_a_broken_or_dangling_pointer_is_named(family: Family):
    write(family, 1)
    data = json.loads(family.pointer_path.read_text("utf-8"))
    family.pointer_path.write_text("{", "utf-8")
    with pytest.raises(BrokenPointer):
        family.current()
    assert verify_snapshot(family)
    family.pointer_path.write_text(json.dumps(data | {"name": "kodomo-gone.duckdb"}), "utf-8")
    with pytest.raises(BrokenPointer):
        family.current()


def test_a_removed_pointer_is_not_taken_for_an_empty_store(family: Family):
    write(family, 1)
    family.pointer_path.unlink()
    assert family.pointer_path.name in verify_snapshot(family)[0]


def test_a_killed_build_leaves_the_last_state_and_no_lock(family: Family):
    write(family, 1)
    before = family.current()
    code = (
        "import sys\n"
        "from kodomo.snapshots import Family\n"
        "with Family(sys.argv[1]).build() as (con, build):\n"
        "    con.execute('insert into fact select range from range(200000)')\n"
        "    print('ready', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(family.folder / "kodomo.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGKILL)
    assert list(family.folder.glob("*building*"))
    assert family.current() == before
    assert read(family) == [1]
    write(family, 2)
    assert read(family) == [1, 2]
    assert not list(family.folder.glob("*building*"))
