"""Exports are exact, complete and in the columns that other programs rely on."""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path

import duckdb
import pytest

from kodomo import export
from kodomo.judge import judge_items
from kodomo.paths import ROOT


def read(path: Path) -> list[list[str]]:
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.fixture
def snapshot(city, child, as_of, ruleset, catalogue):
    con = city(
        [
            child("00000000001", {"absence": 12, "single_parent": 1}, unknown=["mood"]),
            child("00000000002", {"notice": 1, "mood": 33.3}, known_case=True),
            child("00000000003", {}),
        ]
    )
    judge_items(con, as_of, ruleset, catalogue)
    con.execute(
        "create table receipt (receipt_id int, received_at timestamp, extract varchar, file varchar,"
        " sha256 varchar, encoding varchar, rows int, accepted int, unchanged int, quarantined int,"
        " refused_reason varchar, newest_recorded_on date, notes varchar, delivered_on date)"
    )
    con.execute(
        "insert into receipt values (2, '2026-11-23 09:00:05', 'x', '=b.csv', 'ff', 'cp932', 3, 2, 0, 1,"
        " null, '2026-10-01', '=1+1 の列', '2026-10-01'), (1, '2026-11-23 09:00:05', 'x', 'a.csv', 'ee',"
        " 'utf-8', 0, 0, 0, 0, '空です', null, null, '2026-09-01')"
    )
    con.execute(
        "create table quarantine (receipt_id int, file varchar, row_number int, extract varchar,"
        ' "column" varchar, value varchar, rule varchar, message varchar)'
    )
    rows = ["=HYPERLINK(1)", "-5", "+81-6-0000", "@x", 'かな\n改行,"引用"', "-2026/13/01"]
    for n, value in enumerate(rows, start=1):
        con.execute(
            "insert into quarantine values (1, 'a.csv', $1, 'x', '列', $2, 'r', '直してください')", [n, value]
        )
    con.execute(
        "create table link (extract varchar, record_key varchar, resident_id varchar, status varchar,"
        " probability double, reasons varchar, decided_by varchar, decided_at varchar)"
    )
    con.execute(
        "insert into link values"
        " ('b', '-001|x', '00000000001', 'auto', 0.987654321, '氏名が同じ', null, null),"
        " ('a', '002', null, 'none', null, '', null, null),"
        " ('a', '001', '00000000002', 'review', 1.0, '=?', null, null)"
    )
    return con


def test_the_columns_are_those_of_the_contract() -> None:
    text = (ROOT / "tests" / "export" / "columns.txt").read_text(encoding="utf-8")
    told = dict(line.split(": ") for line in text.strip().splitlines())
    assert {kind: ", ".join(columns) for kind, columns in export.COLUMNS.items()} == told


@pytest.mark.parametrize("kind", sorted(export.COLUMNS))
def test_the_query_gives_the_columns_in_their_order(snapshot, catalogue, kind) -> None:
    query = (export.SQL / "export" / f"{kind}.sql").read_text(encoding="utf-8")
    found = snapshot.execute(query, export._parameters(kind, catalogue)).description
    assert tuple(column[0] for column in found) == export.COLUMNS[kind]


def test_the_ranking_has_one_row_per_child_and_category(snapshot, catalogue, tmp_path) -> None:
    out = tmp_path / "ranking.csv"
    assert export.write_csv(snapshot, "ranking", out, catalogue) == 3
    assert out.read_bytes().startswith(b"\xef\xbb\xbfas_of,ruleset,rank")
    assert read(out)[1:] == [
        [
            *("2025-10-31", "small", "1", "00000000002", "虐待", "3", "0"),
            *("最近の通告：1件（24か月）。この事実だけで「要確認」にします", "", "1"),
        ],
        [
            "2025-10-31",
            "small",
            "1",
            "00000000002",
            "いじめ",
            "3",
            "5",
            "気持ちが低い日：33.3%（30日）",
            "",
            "1",
        ],
        [
            *("2025-10-31", "small", "2", "00000000001", "不登校", "1", "2"),
            *("欠席日数：12日（年度内）", "気持ちが低い日", "0"),
        ],
    ]


def test_items_are_written_with_unit_and_exact_value(snapshot, catalogue, tmp_path) -> None:
    out = tmp_path / "new" / "items.csv"
    assert export.write_csv(snapshot, "items", out, catalogue) == 4
    assert read(out)[1:] == [
        ["2025-10-31", "00000000001", "absence", "12", "日", "2025-09-01"],
        ["2025-10-31", "00000000001", "single_parent", "1", "有無", "2025-09-01"],
        ["2025-10-31", "00000000002", "mood", "33.3", "%", "2025-09-01"],
        ["2025-10-31", "00000000002", "notice", "1", "件", "2025-09-01"],
    ]


def test_receipts_come_in_order_of_arrival(snapshot, catalogue, tmp_path) -> None:
    out = tmp_path / "receipts.csv"
    export.write_csv(snapshot, "receipts", out, catalogue)
    assert read(out)[1:] == [
        ["2026-11-23 09:00:05", "x", "a.csv", "ee", "utf-8", "0", "0", "0", "0", "空です", "", ""],
        [
            "2026-11-23 09:00:05",
            "x",
            "=b.csv",
            "ff",
            "cp932",
            "3",
            "2",
            "0",
            "1",
            "",
            "2026-10-01",
            "'=1+1 の列",
        ],
    ]


def test_text_that_looks_like_a_formula_is_kept_from_spreadsheets(snapshot, catalogue, tmp_path) -> None:
    out = tmp_path / "quarantine.csv"
    export.write_csv(snapshot, "quarantine", out, catalogue)
    values = [row[4] for row in read(out)[1:]]
    assert values == ["'=HYPERLINK(1)", "-5", "+81-6-0000", "'@x", 'かな\n改行,"引用"', "-2026/13/01"]


def test_links_keep_ids_as_they_are(snapshot, catalogue, tmp_path) -> None:
    out = tmp_path / "links.csv"
    export.write_csv(snapshot, "links", out, catalogue)
    assert read(out)[1:] == [
        ["a", "001", "00000000002", "review", "1", "'=?"],
        ["a", "002", "", "none", "", ""],
        ["b", "-001|x", "00000000001", "auto", "0.987654321", "氏名が同じ"],
    ]


def test_lines_end_as_windows_wants_and_twice_is_the_same(snapshot, catalogue, tmp_path) -> None:
    one, two = tmp_path / "1.csv", tmp_path / "2.csv"
    export.write_csv(snapshot, "ranking", one, catalogue)
    export.write_csv(snapshot, "ranking", two, catalogue)
    assert one.read_bytes() == two.read_bytes()
    assert one.read_bytes().count(b"\r\n") == one.read_bytes().count(b"\n") == 4


def test_what_is_not_there_is_refused_and_leaves_no_file(tmp_path, catalogue) -> None:
    con = duckdb.connect(":memory:")
    with pytest.raises(export.UnknownExport):
        export.write_csv(con, "everything", tmp_path / "x.csv", catalogue)
    with pytest.raises(export.NothingToExport):
        export.write_csv(con, "ranking", tmp_path / "x.csv", catalogue)
    assert list(tmp_path.iterdir()) == []


def test_the_day_of_judgement_is_written_as_a_date(snapshot, catalogue) -> None:
    days = {row[0] for row in export.rows(snapshot, "ranking", catalogue)}
    assert {dt.date.fromisoformat(day) for day in days} == {dt.date(2025, 10, 31)}
