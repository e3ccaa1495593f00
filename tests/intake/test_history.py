"""Later, older and repeated deliveries: what becomes current, what becomes history, what stays unchanged."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from kodomo.intake import FolderMissing
from tests.intake.desk import MOOD, RESIDENT, Desk, moods, residents, text_of

FIRST, SECOND, THIRD = date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)


def spans(desk: Desk) -> list[tuple]:
    return desk.fetch(
        "select record_key, address_detail, delivered_on, seen_to from src_resident_register order by all"
    )


def person(number: int, **change: str) -> dict[str, str]:
    return RESIDENT | {"宛名番号": f"{number:010d}"} | change


def counts(desk: Desk) -> list[tuple]:
    return desk.fetch(
        "select rows, accepted, unchanged, quarantined from receipt order by delivered_on, receipt_id"
    )


def test_a_second_load_of_the_same_folder_changes_nothing(desk: Desk):
    desk.put("resident_register", residents(3))
    desk.put("mood_check", [*moods(3), MOOD | {"気分": "9"}])
    desk.put("attendance", "broken")
    (desk.folder / "README.txt").write_text("x")
    first = desk.load()
    before = desk.state()
    second = desk.load(received_at=datetime(2026, 5, 3, 9, 0))
    assert desk.state() == before
    assert (first.changed, second.changed) == (True, False)
    assert (first.exit_code, second.exit_code) == (1, 1)
    assert (second.loaded, second.already, second.refused) == (0, 2, 1)


def test_the_same_content_under_another_name_is_taken_once(desk: Desk):
    desk.put("mood_check", [*moods(3), MOOD | {"気分": "9"}])
    desk.put("mood_check", [*moods(3), MOOD | {"気分": "9"}], name=desk.name("mood_check")[:-4] + " (1).csv")
    desk.load()
    assert sorted(counts(desk)) == [(4, 0, 4, 0), (4, 3, 0, 1)]
    assert desk.fetch("select count(*) from src_mood_check") == [(3,)]
    assert "同じ内容" in desk.fetch("select notes from receipt where accepted = 0")[0][0]


def test_the_same_content_on_a_later_day_is_a_delivery_of_its_own(desk: Desk):
    desk.put("resident_register", residents(3), "20260501")
    desk.put("resident_register", residents(3), "20260601")
    desk.load()
    assert counts(desk) == [(3, 3, 0, 0), (3, 0, 3, 0)]
    assert {row[2:] for row in spans(desk)} == {(FIRST, SECOND)}


def test_a_snapshot_ends_what_it_no_longer_has_and_keeps_its_history(desk: Desk):
    desk.put("resident_register", [person(1), person(2), person(3)], "20260501")
    desk.put("resident_register", [person(1), person(2, 方書="201", 登録日="2026-05-20")], "20260601")
    desk.load()
    assert spans(desk) == [
        ("0000000001", None, FIRST, SECOND),
        ("0000000002", "201", SECOND, SECOND),
        ("0000000002", None, FIRST, FIRST),
        ("0000000003", None, FIRST, FIRST),
    ]
    assert counts(desk) == [(3, 3, 0, 0), (2, 1, 1, 0)]


def test_files_of_one_folder_are_taken_in_order_of_their_day(desk: Desk):
    desk.put(
        "resident_register",
        [person(1, 方書="新")],
        "20260601",
        name=desk.name("resident_register", "20260601"),
    )
    desk.put("resident_register", [person(1, 方書="旧")], "20260501")
    desk.load()
    assert desk.fetch("select receipt_id from receipt order by delivered_on") == [(1,), (2,)]


@pytest.mark.parametrize(
    "order", [("20260501", "20260601", "20260701"), ("20260501", "20260701", "20260601")]
)
def test_an_older_snapshot_that_comes_late_leaves_the_same_history(desk: Desk, order: tuple[str, ...]):
    files = {
        "20260501": [person(1), person(2), person(3), person(4)],
        "20260601": [person(1), person(2, 方書="201"), person(4)],
        "20260701": [person(1), person(2), person(3)],
    }
    for day in order:
        desk.put("resident_register", files[day], day)
        desk.load()
    assert spans(desk) == [
        ("0000000001", None, FIRST, THIRD),
        ("0000000002", "201", SECOND, SECOND),
        ("0000000002", None, FIRST, FIRST),
        ("0000000002", None, THIRD, THIRD),
        ("0000000003", None, FIRST, FIRST),
        ("0000000003", None, THIRD, THIRD),
        ("0000000004", None, FIRST, SECOND),
    ]


def test_an_older_snapshot_does_not_become_current(desk: Desk):
    desk.put("resident_register", [person(1, 方書="新"), person(2)], "20260601")
    desk.load()
    desk.put("resident_register", [person(1, 方書="旧")], "20260501")
    assert desk.load().exit_code == 0
    current = desk.fetch(
        "select record_key, address_detail from src_resident_register where seen_to = ? order by 1", [SECOND]
    )
    assert current == [("0000000001", "新"), ("0000000002", None)]


def test_a_corrected_snapshot_of_the_same_day_replaces_the_first(desk: Desk):
    desk.put("resident_register", [person(1), person(2), person(3)], "20260501")
    desk.load()
    desk.put("resident_register", [person(1), person(2, 方書="正")], "20260501")
    desk.load()
    current = desk.fetch(
        "select record_key, address_detail from src_resident_register "
        "where delivered_on <= ? and seen_to >= ? order by 1",
        [FIRST, FIRST],
    )
    assert current == [("0000000001", None), ("0000000002", "正")]
    assert len(spans(desk)) == 4


def test_a_snapshot_row_that_stays_behind_leaves_the_last_good_one_current(desk: Desk):
    desk.put("resident_register", [person(1), person(2)], "20260501")
    desk.put("resident_register", [person(1), person(2, 性別="7")], "20260601")
    desk.load()
    assert {row[0]: row[3] for row in spans(desk)} == {"0000000001": SECOND, "0000000002": SECOND}
    assert "前回の内容" in desk.fetch("select notes from receipt where quarantined = 1")[0][0]


def test_a_snapshot_may_have_a_key_on_two_days_of_recording(desk: Desk):
    desk.put("resident_register", [person(1, 登録日="2026-04-01"), person(1, 登録日="2026-04-20", 方書="2")])
    assert desk.only().accepted == 2


def test_a_snapshot_of_fewer_than_half_the_rows_waits_for_a_clerk(desk: Desk):
    desk.put("resident_register", residents(10), "20260501")
    desk.put("resident_register", residents(4), "20260601")
    assert desk.load().exit_code == 1
    reason = desk.fetch("select refused_reason from receipt where delivered_on = ?", [SECOND])[0][0]
    assert "--accept-shrink" in reason
    assert desk.fetch("select count(*) from src_resident_register where seen_to = ?", [FIRST]) == [(10,)]
    assert desk.load(accept_shrink=True).exit_code == 0
    assert desk.fetch("select count(*) from src_resident_register where seen_to = ?", [SECOND]) == [(4,)]
    assert desk.fetch("select count(*) from receipt") == [(2,)]
    assert desk.load().exit_code == 0


def test_exactly_half_the_rows_are_enough(desk: Desk):
    desk.put("resident_register", residents(10), "20260501")
    desk.put("resident_register", residents(5), "20260601")
    assert desk.load().exit_code == 0


def test_a_small_older_snapshot_is_history_and_not_measured(desk: Desk):
    desk.put("resident_register", residents(10), "20260601")
    desk.load()
    desk.put("resident_register", residents(2), "20260501")
    assert desk.load().exit_code == 0


def test_an_append_keeps_versions_by_the_day_of_recording(desk: Desk):
    desk.put("mood_check", [MOOD], "20260501")
    desk.put("mood_check", [MOOD | {"気分": "2", "登録日": "2026-05-10"}], "20260601")
    desk.load()
    kept = desk.fetch("select mood, recorded_on, delivered_on from src_mood_check order by delivered_on")
    assert kept == [(4, date(2026, 4, 7), FIRST), (2, date(2026, 5, 10), SECOND)]


def test_an_append_may_bring_two_versions_in_one_file(desk: Desk):
    desk.put("mood_check", [MOOD, MOOD | {"気分": "2", "登録日": "2026-04-10"}])
    assert desk.only().accepted == 2


def test_a_later_delivery_with_the_same_day_of_recording_wins_and_back_again(desk: Desk):
    for day, mood in (("20260501", "4"), ("20260601", "2"), ("20260701", "4")):
        desk.put("mood_check", [MOOD | {"気分": mood}], day)
    desk.load()
    assert desk.fetch("select mood from src_mood_check order by delivered_on") == [(4,), (2,), (4,)]
    assert counts(desk) == [(1, 1, 0, 0)] * 3


def test_a_repeated_append_is_unchanged(desk: Desk):
    desk.put("mood_check", moods(3), "20260501")
    desk.put("mood_check", moods(5), "20260601")
    desk.load()
    assert counts(desk) == [(3, 3, 0, 0), (5, 2, 3, 0)]
    assert desk.fetch("select count(*) from src_mood_check") == [(5,)]


def test_an_older_append_that_comes_late_only_moves_the_day_of_delivery(desk: Desk):
    desk.put("mood_check", moods(3), "20260601")
    desk.load()
    desk.put("mood_check", moods(2), "20260501")
    desk.load()
    assert counts(desk) == [(2, 0, 2, 0), (3, 3, 0, 0)]
    kept = desk.fetch("select record_key, delivered_on, seen_to from src_mood_check order by 1")
    assert [row[1:] for row in kept] == [(FIRST, FIRST), (FIRST, FIRST), (SECOND, SECOND)]


def test_numbers_are_looked_for_after_all_files_are_in(desk: Desk):
    move = {
        "異動番号": "1",
        "宛名番号": "0000000001",
        "異動事由": "転入",
        "異動日": "2026-04-01",
        "旧住所": "",
        "新住所": "",
        "登録日": "2026-04-01",
    }
    roster = {
        "児童生徒番号": "P0000001",
        "氏名": "山田 花子",
        "生年月日": "2015-06-01",
        "学校コード": "01",
        "学校名": "庄内小学校",
        "学年": "5",
        "在籍状況": "在籍",
        "登録日": "2026-04-01",
    }
    desk.put("resident_register", residents(1))
    desk.put("resident_move", [move, move | {"異動番号": "2", "宛名番号": "0000000002"}])
    desk.put("mood_check", moods(2))
    desk.put("pupil_roster", [roster])
    assert desk.load().exit_code == 0
    notes = dict(desk.fetch("select extract, notes from receipt"))
    assert "住民基本台帳にまだない宛名番号があります（1件" in notes["resident_move"]
    assert "児童生徒名簿にまだない児童生徒番号があります（1件" in notes["mood_check"]
    assert notes["resident_register"] == ""
    assert desk.fetch("select move_type, record_key from src_resident_move order by 2") == [
        ("02", "1"),
        ("02", "2"),
    ]


def test_receipts_and_quarantine_have_their_columns(desk: Desk):
    desk.put("mood_check", text_of(moods(2)) + "P9,2026-04-07\r\n")
    desk.load()
    row = desk.fetch(
        "select received_at, extract, file, length(sha256), encoding, rows, newest_recorded_on, delivered_on "
        "from receipt"
    )
    assert row == [
        (
            datetime(2026, 5, 2, 9, 0),
            "mood_check",
            desk.name("mood_check"),
            64,
            "utf-8",
            3,
            date(2026, 4, 7),
            FIRST,
        )
    ]
    assert desk.fetch("select file, extract, row_number from quarantine") == [
        (desk.name("mood_check"), "mood_check", 3)
    ]


def test_every_extract_has_its_table_from_the_start(desk: Desk):
    desk.load()
    assert desk.fetch("select count(*) from duckdb_tables() where table_name like 'src\\_%' escape '\\'") == [
        (28,)
    ]


def test_a_folder_that_is_not_there(desk: Desk):
    desk.folder.rmdir()
    with pytest.raises(FolderMissing):
        desk.load()
