"""What each command says and returns, right and wrong."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from pathlib import Path

import duckdb
import pytest

from kodomo.cli import COMMANDS, main, parser
from kodomo.paths import ROOT
from tests.cli.conftest import read_export


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_help_is_there_in_plain_words(command, capsys):
    assert main([command, "--help"]) == 0
    assert re.search(r"[ぁ-ん]", capsys.readouterr().out)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_the_readme_names_every_command(command):
    assert f"`{command}" in (ROOT / "README.md").read_text("utf-8") or f"kodomo {command}" in (
        ROOT / "README.md"
    ).read_text("utf-8")


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["refresh"],
        ["export", "secrets", "--out", "x.csv"],
        ["judge", "--as-of", "31.10.2026"],
        ["nonsense"],
    ],
    ids=["no command", "no folder", "unknown export", "odd date", "unknown command"],
)
def test_wrong_words_end_with_two(words, capsys):
    assert main(words) == 2


def test_db_is_taken_before_and_after_the_command(tmp_path):
    before = parser().parse_args(["--db", str(tmp_path / "a"), "verify"])
    after = parser().parse_args(["verify", "--db", str(tmp_path / "a")])
    assert before.db == after.db == tmp_path / "a"


def test_the_environment_names_the_store_when_nobody_else_does(monkeypatch, tmp_path):
    monkeypatch.setenv("KODOMO_DB", str(tmp_path / "b.duckdb"))
    assert parser().parse_args(["verify"]).db == tmp_path / "b.duckdb"


def test_an_empty_folder_ends_with_two_and_a_sentence(kodomo, tmp_path):
    (tmp_path / "empty").mkdir()
    code, printed = kodomo("refresh", tmp_path / "empty")
    assert code == 2
    assert re.search(r"[ぁ-ん]", printed)


def test_a_folder_that_is_not_there_ends_with_two(kodomo, tmp_path):
    assert kodomo("refresh", tmp_path / "nowhere")[0] == 2


@pytest.mark.parametrize("words", [("link",), ("judge",), ("export", "ranking", "--out", "x.csv")])
def test_a_step_before_any_delivery_says_what_to_do_first(kodomo, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, printed = kodomo(*words)
    assert code == 2
    assert "refresh" in printed
    assert not (tmp_path / "x.csv").exists()


def test_one_refused_file_ends_with_one_and_the_rest_goes_through(city, kodomo, tmp_path):
    folder = city.write()
    next(folder.glob("08c_*")).write_bytes("認知番号,個人番号\r\n1,2\r\n".encode("cp932"))
    code, printed = kodomo("refresh", folder, "--as-of", "2026-10-31")
    assert code == 1, printed
    kodomo("export", "receipts", "--out", tmp_path / "receipts.csv")
    rows = read_export(tmp_path / "receipts.csv")
    heading = (
        "received_at,extract,file,sha256,encoding,rows,accepted,unchanged,quarantined,refused_reason,"
        "newest_recorded_on,notes"
    )
    assert ",".join(rows[0]) == heading
    refused = [row for row in rows if row["refused_reason"]]
    assert [row["extract"] for row in refused] == ["bullying"]
    for row in rows:
        counts = [int(row[name]) for name in ("rows", "accepted", "unchanged", "quarantined")]
        assert counts[0] == sum(counts[1:])
    kodomo("export", "ranking", "--out", tmp_path / "ranking.csv")
    assert read_export(tmp_path / "ranking.csv")


def test_a_second_load_of_the_same_folder_changes_nothing(city, kodomo, tmp_path):
    folder = city.write()
    kodomo("refresh", folder, "--as-of", "2026-10-31")
    kodomo("export", "receipts", "--out", tmp_path / "one.csv")
    current = (tmp_path / "store" / "kodomo.current.json").read_bytes()
    assert kodomo("load", folder)[0] == 0
    kodomo("export", "receipts", "--out", tmp_path / "two.csv")
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    assert (tmp_path / "store" / "kodomo.current.json").read_bytes() == current


def test_quarantined_rows_are_named_and_the_exit_is_still_nought(city, kodomo, tmp_path):
    city.add("guidance", 指導番号="G7", 児童生徒番号="P6", 発生日="2026-02-30", 種別="1")
    assert kodomo("refresh", city.write(), "--as-of", "2026-10-31")[0] == 0
    kodomo("export", "quarantine", "--out", tmp_path / "quarantine.csv")
    (row,) = read_export(tmp_path / "quarantine.csv")
    assert ",".join(row) == "file,row_number,extract,column,value,rule,message"
    assert (row["extract"], row["row_number"], row["column"], row["value"]) == (
        "guidance",
        "2",
        "発生日",
        "2026-02-30",
    )
    assert re.search(r"[ぁ-ん]", row["message"])


def test_verify_is_content_with_a_sound_store(city, kodomo):
    kodomo("refresh", city.write(), "--as-of", "2026-10-31")
    code, printed = kodomo("verify")
    assert code == 0, printed


def test_verify_names_an_edited_log_row(city, kodomo, tmp_path):
    kodomo("refresh", city.write(), "--as-of", "2026-10-31")
    kodomo("export", "ranking", "--out", tmp_path / "ranking.csv")
    with sqlite3.connect(tmp_path / "store" / "kodomo.ops.sqlite") as store:
        triggers = store.execute("select name from sqlite_master where type = 'trigger'").fetchall()
        for (name,) in triggers:
            store.execute(f'drop trigger "{name}"')
        store.execute("update operation_log set action = 'nothing' where seq = 1")
    code, printed = kodomo("verify")
    assert code == 1
    assert "1" in printed


def test_verify_names_a_changed_snapshot(city, kodomo, tmp_path):
    kodomo("refresh", city.write(), "--as-of", "2026-10-31")
    (snapshot,) = (tmp_path / "store").glob("kodomo-*.duckdb")
    snapshot.chmod(0o644)
    raw = bytearray(snapshot.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    snapshot.write_bytes(raw)
    assert kodomo("verify")[0] == 1


def test_a_backup_restored_elsewhere_holds_the_same_list(city, kodomo, tmp_path):
    kodomo("refresh", city.write(), "--as-of", "2026-10-31")
    kodomo("export", "ranking", "--out", tmp_path / "before.csv")
    assert kodomo("backup", tmp_path / "copy.kodomo")[0] == 0
    other = tmp_path / "elsewhere" / "kodomo.duckdb"
    other.parent.mkdir()
    (tmp_path / "store" / "kodomo.key").rename(other.parent / "kodomo.key")
    code, printed = kodomo("restore", tmp_path / "copy.kodomo", db=other)
    assert code == 0, printed
    kodomo("export", "ranking", "--out", tmp_path / "after.csv", db=other)
    assert (tmp_path / "before.csv").read_bytes() == (tmp_path / "after.csv").read_bytes()


def test_exports_stand_in_the_operation_log(city, kodomo, tmp_path):
    kodomo("refresh", city.write(), "--as-of", "2026-10-31")
    kodomo("export", "ranking", "--out", tmp_path / "ranking.csv")
    with sqlite3.connect(tmp_path / "store" / "kodomo.ops.sqlite") as store:
        actions = [action for (action,) in store.execute("select action from operation_log order by seq")]
    assert actions[-1] == "export"


def test_an_export_that_cannot_be_logged_is_not_written(city, kodomo, tmp_path: Path, monkeypatch):
    from kodomo import audit

    kodomo("refresh", city.write(), "--as-of", "2026-10-31")

    def refuse(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(audit, "record", refuse)
    assert kodomo("export", "ranking", "--out", tmp_path / "ranking.csv")[0] == 2
    assert not (tmp_path / "ranking.csv").exists()


def test_verify_names_a_snapshot_that_was_changed_together_with_its_pointer(city, kodomo, tmp_path):
    kodomo("refresh", city.write(), "--as-of", "2026-10-31")
    pointer = tmp_path / "store" / "kodomo.current.json"
    facts = json.loads(pointer.read_text("utf-8"))
    snapshot = tmp_path / "store" / facts["name"]
    snapshot.chmod(0o644)
    with duckdb.connect(str(snapshot)) as con:
        con.execute("update judgement set level = 0")
    facts["sha256"] = hashlib.sha256(snapshot.read_bytes()).hexdigest()
    pointer.write_text(json.dumps(facts), "utf-8")
    code, printed = kodomo("verify")
    assert code == 1
    assert facts["name"] in printed
