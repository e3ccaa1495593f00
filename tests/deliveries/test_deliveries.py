"""Receipts, rows that stayed behind and matches, as the screen asks for them."""

from __future__ import annotations

import duckdb
import pytest

from kodomo import deliveries


@pytest.fixture
def con():
    made = duckdb.connect(":memory:")
    made.execute(
        "create table receipt (receipt_id int, received_at timestamp, extract varchar, file varchar,"
        " sha256 varchar, encoding varchar, rows int, accepted int, unchanged int, quarantined int,"
        " refused_reason varchar, newest_recorded_on date, notes varchar, delivered_on date)"
    )
    made.execute(
        "create table quarantine (receipt_id int, file varchar, row_number int, extract varchar,"
        ' "column" varchar,'
        " value varchar, rule varchar, message varchar)"
    )
    made.execute(
        "create table link (extract varchar, record_key varchar, resident_id varchar, status varchar)"
    )
    for number, (extract, held, reason) in enumerate(
        [
            ("attendance", 0, None),
            ("attendance", 2, None),
            ("bullying", 0, "CSVではありません。"),
            (None, 0, "不明"),
        ],
        1,
    ):
        made.execute(
            "insert into receipt values"
            " (?, '2026-10-31 09:00', ?, ?, 'x', 'utf-8', 10, 8, 0, ?, ?, null, null, null)",
            [number, extract, f"{number}.csv", held, reason],
        )
    for row in range(1, 121):
        made.execute(
            "insert into quarantine values"
            " (2, '2.csv', ?, 'attendance', '病欠', '<b>99</b>', ?, '直してください。')",
            [row, "range" if row % 2 else "integer"],
        )
    made.execute("insert into quarantine values (1, '1.csv', 5, 'bullying', null, null, 'cells', '列の数')")
    made.execute(
        "insert into link values ('pupil_roster', '1', 'a', 'auto'), ('pupil_roster', '2', 'b', 'confirmed'),"
        " ('pupil_roster', '3', null, 'review'), ('pupil_roster', '4', null, 'none')"
    )
    return made


def test_receipts_come_newest_first_with_their_number(con) -> None:
    found, total = deliveries.receipts(con)
    assert [row.receipt_id for row in found] == [4, 3, 2, 1]
    assert total == 4


def test_receipts_keep_to_the_extracts_asked_for(con) -> None:
    found, total = deliveries.receipts(con, ["attendance"])
    assert ([row.receipt_id for row in found], total) == ([2, 1], 2)
    assert deliveries.receipts(con, []) == ([], 0)


def test_only_refused_and_held_receipts_when_asked(con) -> None:
    assert [row.receipt_id for row in deliveries.receipts(con, troubled=True)[0]] == [4, 3, 2]


def test_refused_files_are_counted_with_and_without_a_known_kind(con) -> None:
    assert deliveries.refused(con) == 2
    assert deliveries.refused(con, ["bullying"]) == 1


def test_held_rows_are_paged_without_gap_or_overlap(con) -> None:
    seen = []
    for number in (1, 2, 3, 4):
        found, total = deliveries.held(con, number=number)
        assert total == 121 or not found
        seen += [(row.receipt_id, row.row_number) for row in found]
    assert len(seen) == len(set(seen)) == 121
    assert seen == sorted(seen, key=lambda row: (-row[0], row[1]))


def test_held_rows_by_rule_and_tally_agree(con) -> None:
    assert deliveries.held(con, rule="range")[1] == 60
    assert {(row.extract, row.rule): row.rows for row in deliveries.tally(con, ["attendance"])} == {
        ("attendance", "integer"): 60,
        ("attendance", "range"): 60,
    }


def test_words_of_an_attack_are_only_words(con) -> None:
    assert deliveries.held(con, ["x'); drop table quarantine; --"]) == ([], 0)
    assert deliveries.held(con, rule="' or true --")[1] == 0
    assert deliveries.held(con)[1] == 121


def test_matches_count_what_counts(con) -> None:
    (found,) = deliveries.matches(con)
    assert (found.records, found.auto, found.confirmed, found.review, found.none) == (4, 1, 1, 1, 1)
    assert found.share == 0.5
