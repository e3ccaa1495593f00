"""Every kind of delivery ends as contracts/README.md says: refused whole, held back by row, or taken."""

# A case a line reads best.
# ruff: noqa: E501

from __future__ import annotations

import codecs
import gzip
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import pytest

from tests.intake.desk import ATTENDANCE, MOOD, RESIDENT, Desk, moods, residents, text_of

MyNumber = ("123456789018", "987654321093", "111111111118")
Put = Callable[[Desk], object]


def mood(text: str | bytes, **options: str) -> Put:
    return lambda desk: desk.put("mood_check", text, **options)


def mood_rows(*changes: dict[str, str]) -> Put:
    rows = [
        MOOD | {"児童生徒番号": f"P{number:07d}"} | change for number, change in enumerate(changes, start=1)
    ]
    return lambda desk: desk.put("mood_check", rows)


def register(*changes: dict[str, str]) -> Put:
    rows = [
        RESIDENT | {"宛名番号": f"{number:010d}"} | change for number, change in enumerate(changes, start=1)
    ]
    return lambda desk: desk.put("resident_register", rows)


def attendance(**change: str) -> Put:
    return lambda desk: desk.put("attendance", [ATTENDANCE, ATTENDANCE | {"年月": "2026-05"} | change])


def zipped(text: str) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.csv", text)
    return file.getvalue()


GOOD = text_of(moods(3))
HEAD = GOOD.split("\r\n")[0]
LINES = GOOD.split("\r\n")[1:-1]


@dataclass
class Refused:
    """A file that is refused whole: what happened, and a part of the reason."""

    id: str
    put: Put
    reason: str


def link(desk: Desk) -> None:
    target = desk.put("mood_check", GOOD, name="elsewhere.bin")
    target.rename(desk.folder.parent / "elsewhere.bin")
    (desk.folder / desk.name("mood_check")).symlink_to(desk.folder.parent / "elsewhere.bin")


def with_number(values: list[str], column: str = "世帯番号") -> Put:
    return register(*({column: value} for value in values))


REFUSED = [
    Refused("no heading", mood("\r\n".join(LINES) + "\r\n"), "見出し"),
    Refused("a title line above the heading", mood("教育センター 心の健康観察\r\n" + GOOD), "見出し"),
    Refused("nothing in the file", mood(""), "見出し"),
    Refused("blank lines only", mood("\r\n\r\n,,,\r\n"), "見出し"),
    Refused("a repeated heading", mood(GOOD.replace("睡眠", "気分", 1)), "二度"),
    Refused("a required column missing", mood(GOOD.replace("気分,", "きぶん,", 1)), "「気分」"),
    Refused("tabs instead of commas", mood(GOOD.replace(",", "\t")), "見出し"),
    Refused("bytes that are no encoding", mood(GOOD.encode() + b"\xff\xfe\xfd\r\n"), "文字コード"),
    Refused("EUC-JP", mood(GOOD.encode("euc_jp")), ""),
    Refused("UTF-8 with one broken byte", mood(GOOD.encode().replace(b"P0000002", b"P\xe300002")), "文字コード"),
    Refused("CP932 with a byte it has not", mood(GOOD.encode("cp932").replace(b"P0000002", b"P\x80")), "文字コード"),
    Refused("CP932 with 0xFF", mood(GOOD.encode("cp932").replace(b"P0000002", b"P\xff")), "文字コード"),
    Refused("UTF-16 with BOM", mood(codecs.BOM_UTF16_LE + GOOD.encode("utf-16-le")), "UTF-16"),
    Refused("UTF-16 without BOM", mood(GOOD.encode("utf-16-be")), "UTF-16"),
    Refused("NUL bytes", mood(GOOD.encode() + b"\x00\x00"), "UTF-16"),
    Refused("gzip named csv", mood(gzip.compress(GOOD.encode())), "圧縮"),
    Refused("zip named csv", mood(zipped(GOOD)), "圧縮"),
    Refused("old Excel named csv", mood(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600), "CSVではありません"),
    Refused("a workbook beside", lambda d: d.put("mood_check", zipped("x"), name=d.name("mood_check")[:-3] + "xlsx"), "CSV"),
    Refused("a zip beside", lambda d: d.put("mood_check", zipped("x"), name=d.name("mood_check")[:-3] + "zip"), "圧縮"),
    Refused("cut off in the middle of a row", mood(GOOD[: GOOD.rindex("P0000003") + 12]), "切れて"),
    Refused("cut off in the last cell", mood(GOOD[:-5]), "切れて"),
    Refused("cut off by one character", mood(GOOD[:-3]), "切れて"),
    Refused("cut off before the last cell", mood(GOOD[: GOOD.rindex(",") + 1]), "切れて"),
    Refused("cut off inside quotes", mood(text_of(moods(3), quote=True)[:-4]), "切れて"),
    Refused("cut off in the middle of a character", lambda d: d.put("resident_register", text_of(residents(2)).encode()[: text_of(residents(2)).encode().rindex("市".encode()) + 1]), "切れて"),
    Refused("a quote never closed", mood(GOOD.replace("P0000002", '"P0000002', 1)), "切れて"),
    Refused("no contract for its name", mood(GOOD, name="99z_教育センター_健康_20260501.csv"), "受渡仕様"),
    Refused("no date in its name", mood(GOOD, name="11c_教育センター_教育ダッシュボード心の健康観察.csv"), ""),
    Refused("a day that does not exist in its name", lambda d: d.put("mood_check", GOOD, "20260231"), "日付"),
    Refused("a month in its name", lambda d: d.put("mood_check", GOOD, "202604"), "日付"),
    Refused("a link", link, "リンク"),
    Refused("a pipe", lambda d: os.mkfifo(d.folder / d.name("mood_check")), "ファイルではありません"),
    Refused("a folder", lambda d: (d.folder / d.name("mood_check")).mkdir(), "フォルダー"),
    Refused("an empty snapshot", lambda d: d.put("resident_register", ",".join(RESIDENT) + "\r\n"), "一つもありません"),
    Refused("a heading with 個人番号", register({"個人番号": "1"}), "個人番号"),
    Refused("a heading with ﾏｲﾅﾝﾊﾞｰ in half width", register({"世帯主のﾏｲﾅﾝﾊﾞｰ": ""}), "個人番号"),
    Refused("Individual Numbers in a column", with_number(list(MyNumber)), "12けた"),
    Refused("Individual Numbers with hyphens, spaces, full width", with_number(["1234-5678-9018", "9876 5432 1093", "１１１１１１１１１１１８"]), "12けた"),
    Refused("Individual Numbers in half of a column", with_number([*MyNumber, "A1", "A2", "A3"]), "12けた"),
    Refused("Individual Numbers in an extra column", register(*({"備考": number} for number in MyNumber)), "12けた"),
    Refused("Individual Numbers in rows with a cell too many", mood(HEAD + "\r\n" + "".join(f"P1,2026-04-07,4,3,0,2026-04-07,{n}\r\n" for n in MyNumber) + LINES[0] + "\r\n"), "12けた"),
]  # fmt: skip


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.id)
def test_a_file_is_refused_whole_with_its_reason(desk: Desk, case: Refused):
    desk.put("attendance", [ATTENDANCE])
    case.put(desk)
    summary = desk.load()
    refused = [receipt for receipt in summary.receipts if receipt.outcome == "refused"]
    assert len(refused) == 1, [receipt.notes for receipt in summary.receipts]
    assert case.reason in (refused[0].refused_reason or "")
    assert (refused[0].rows, refused[0].accepted, refused[0].quarantined) == (0, 0, 0)
    assert summary.exit_code == 1
    assert desk.fetch("select count(*) from src_mood_check") == [(0,)]
    assert desk.fetch("select count(*) from src_resident_register") == [(0,)]
    assert desk.fetch("select count(*) from src_attendance") == [(1,)]
    kept = repr(desk.state())
    assert not any(number in kept for number in MyNumber)


def test_a_file_larger_than_the_limit_is_refused_unread(desk: Desk):
    desk.put("mood_check", GOOD)
    assert "大きすぎ" in (desk.only(max_bytes=50).refused_reason or "")


@dataclass
class Held:
    """A delivery that is taken but for some rows: (row number, column, value, rule) of each."""

    id: str
    put: Put
    held: list[tuple[int, str, str, str]]
    accepted: int
    unchanged: int = 0


HELD = [
    Held("a required value is blank", mood_rows({}, {"気分": "　"}), [(2, "気分", "　", "required")], 1),
    Held("a key is blank", mood_rows({"児童生徒番号": ""}, {}), [(1, "児童生徒番号", "", "required")], 1),
    Held("00000000 in a required day", mood_rows({"回答日": "00000000"}), [(1, "回答日", "00000000", "required")], 0),
    Held("29 February of a common year", mood_rows({"回答日": "2026-02-29"}), [(1, "回答日", "2026-02-29", "date")], 0),
    Held("month 13", mood_rows({"登録日": "R8.13.1"}), [(1, "登録日", "R8.13.1", "date")], 0),
    Held("year 0 of an era", mood_rows({"登録日": "R0.4.1"}), [(1, "登録日", "R0.4.1", "date")], 0),
    Held("an era that had not begun", mood_rows({"登録日": "令和元年4月30日"}), [(1, "登録日", "令和元年4月30日", "date")], 0),
    Held("words for a day", mood_rows({"登録日": "来週"}), [(1, "登録日", "来週", "date")], 0),
    Held("不詳 where it is no birth date", mood_rows({"登録日": "令和8年4月頃"}), [(1, "登録日", "令和8年4月頃", "date")], 0),
    Held("登録日 without end", mood_rows({"登録日": "9999-12-31"}), [(1, "登録日", "9999-12-31", "date")], 0),
    Held("an impossible month", attendance(年月="2026-13"), [(2, "年月", "2026-13", "date")], 1),
    Held("an unknown code", register({"性別": "3"}, {}), [(1, "性別", "3", "code")], 1),
    Held("an unknown label", register({"異動事由": "引越"}, {}), [(1, "異動事由", "引越", "code")], 1),
    Held("a flag that is none", mood_rows({"相談希望": "たぶん"}, {}), [(1, "相談希望", "たぶん", "code")], 1),
    Held("a number that is none", mood_rows({"気分": "よい"}), [(1, "気分", "よい", "number")], 0),
    Held("a number with its unit", mood_rows({"気分": "4点"}), [(1, "気分", "4点", "number")], 0),
    Held("a number that is not whole", mood_rows({"気分": "3.5"}), [(1, "気分", "3.5", "integer")], 0),
    Held("a number below its range", mood_rows({"気分": "0"}), [(1, "気分", "0", "range")], 0),
    Held("a number above its range", mood_rows({"睡眠": "６"}), [(1, "睡眠", "６", "range")], 0),
    Held("a number without end", mood_rows({"睡眠": "9" * 400}), [(1, "睡眠", "9" * 200 + "…", "range")], 0),
    Held("born after it was recorded", register({"生年月日": "2015-06-11"}, {}), [(1, "生年月日", "2015-06-11", "birth_after_recorded")], 1),
    Held("about a year after it was recorded", register({"生年月日": "令和2年頃"}, {}), [(1, "生年月日", "令和2年頃", "birth_after_recorded")], 1),
    Held("more absences than school days", attendance(病欠="10", その他欠席="9"), [(2, "病欠", "病欠 10・不登校欠席 0・その他欠席 9・授業日数 18", "absence_over")], 1),
    Held("too few cells", mood(f"{HEAD}\r\n{LINES[0]}\r\nP9,2026-04-07\r\n{LINES[1]}\r\n"), [(2, "", "2列", "cells")], 2),
    Held("too few cells in the last row", mood(f"{HEAD}\r\n{LINES[0]}\r\nP9,2026-04-07\r\n"), [(2, "", "2列", "cells")], 1),
    Held("too many cells", mood(f"{HEAD}\r\n{LINES[0]},x\r\n{LINES[1]}\r\n"), [(1, "", "7列", "cells")], 1),
    Held("an empty cell too many in one row", mood(f"{HEAD}\r\n{LINES[0]},\r\n{LINES[1]}\r\n"), [(1, "", "7列", "cells")], 1),
    Held("a comma inside an unquoted cell", register({"方書": "A棟,101"}, {}), [(1, "", "18列", "cells")], 1),
    Held("a totals row", mood(GOOD + "合計,,3,,,\r\n"), [(4, "児童生徒番号", "合計", "totals")], 3),
    Held("a short totals row", mood(GOOD + "計,3\r\n"), [(4, "", "計", "totals")], 3),
    Held("a footnote without line end", mood(GOOD + "※ 4月分"), [(4, "", "※ 4月分", "totals")], 3),
    Held("the key twice with other content", mood_rows({}, {"児童生徒番号": "P0000001", "気分": "1"}), [(2, "児童生徒番号・回答日", "P0000001|2026-04-07", "duplicate_key")], 1),
    Held("the key three times", mood_rows({}, {"児童生徒番号": "P0000001", "気分": "1"}, {"児童生徒番号": "P0000001"}), [(2, "児童生徒番号・回答日", "P0000001|2026-04-07", "duplicate_key")], 1, 1),
    Held("a row repeated exactly", mood(GOOD + LINES[0] + "\r\n"), [], 3, 1),
    Held("a row repeated in another notation", mood(GOOD + "Ｐ0000001,R8.4.7,４,3.0,無,20260407\r\n"), [], 3, 1),
    Held("blank lines and rows of commas", mood(f"{HEAD}\r\n\r\n{LINES[0]}\r\n,,,,,\r\n　,,\r\nP9,x\r\n\r\n"), [(5, "", "2列", "cells")], 1),
    Held("one entry a row, the first column first", mood_rows({"回答日": "x", "気分": "9"}), [(1, "回答日", "x", "date")], 0),
    Held("an Individual Number in one cell is not shown", mood_rows({"気分": "123456789018"}, {}), [(1, "気分", "（12けたの番号のため表示しません）", "range")], 1),
    Held("a snapshot with the key twice on one 登録日", register({}, {"宛名番号": "0000000001", "世帯番号": "7"}), [(2, "宛名番号", "0000000001", "duplicate_key")], 1),
]  # fmt: skip


@pytest.mark.parametrize("case", HELD, ids=lambda case: case.id)
def test_a_row_stays_behind_with_a_sentence(desk: Desk, case: Held):
    case.put(desk)
    receipt = desk.only()
    assert receipt.outcome == "loaded", receipt.refused_reason
    found = desk.fetch('select row_number, "column", value, rule from quarantine order by row_number')
    assert found == case.held
    assert (receipt.accepted, receipt.unchanged, receipt.quarantined) == (
        case.accepted,
        case.unchanged,
        len(case.held),
    )
    assert receipt.rows == receipt.accepted + receipt.unchanged + receipt.quarantined
    assert all(len(message) > 15 for (message,) in desk.fetch("select message from quarantine"))
    assert desk.fetch(f"select count(*) from src_{receipt.extract}") == [(case.accepted,)]


@dataclass
class Taken:
    """A delivery that is unusual and taken whole; a part of the note the receipt carries."""

    id: str
    put: Put
    note: str
    rows: int = 3


NFD = "11c_教育センター_教育ダッシュボード心の健康観察_20260501.csv"

TAKEN = [
    Taken("UTF-8", mood(GOOD), ""),
    Taken("UTF-8 with BOM", mood(codecs.BOM_UTF8 + GOOD.encode()), ""),
    Taken("CP932", mood(GOOD.encode("cp932")), ""),
    Taken("LF", mood(GOOD.replace("\r\n", "\n")), ""),
    Taken("no line end at the end", mood(GOOD[:-2]), ""),
    Taken("CR", mood(GOOD.replace("\r\n", "\r")), "CR"),
    Taken("CR and quotes", mood(text_of(moods(3), quote=True, end="\r")), "CR"),
    Taken("quoted", mood(text_of(moods(3), quote=True)), ""),
    Taken("quoted in CP932", mood(text_of(moods(3), quote=True).encode("cp932")), ""),
    Taken("columns in another order", lambda d: d.put("mood_check", [dict(reversed(row.items())) for row in moods(3)]), ""),
    Taken("extra columns", lambda d: d.put("mood_check", [row | {"学級閉鎖": "無"} for row in moods(3)]), "学級閉鎖"),
    Taken("a trailing empty column", mood(GOOD.replace("\r\n", ",\r\n")), "空の列"),
    Taken("a trailing empty cell in every row", mood(HEAD + "\r\n" + "".join(line + ",\r\n" for line in LINES)), "空の列"),
    Taken("an empty last name in the heading alone", mood(GOOD.replace("登録日\r\n", "登録日,\r\n")), "空の列"),
    Taken("an optional column missing", lambda d: d.put("mood_check", [{k: v for k, v in row.items() if k != "睡眠"} for row in moods(3)]), "「睡眠」"),
    Taken("trailing blanks and full width", mood(GOOD.replace("4,3,0", "４ ,　3,0　")), ""),
    Taken("headings in other widths", mood(GOOD.replace("児童生徒番号", " 児童生徒番号　")), ""),
    Taken("a heading only", mood(HEAD + "\r\n"), "見出しだけ", 0),
    Taken(".CSV", lambda d: d.put("mood_check", GOOD, name=NFD[:-4] + ".CSV"), "拡張子"),
    Taken("a copy", lambda d: d.put("mood_check", GOOD, name=NFD[:-4] + " - コピー.csv"), "写し"),
    Taken("a copy of a copy", lambda d: d.put("mood_check", GOOD, name=NFD[:-4] + " - コピー (2).csv"), "写し"),
    Taken("downloaded twice", lambda d: d.put("mood_check", GOOD, name=NFD[:-4] + "(1).csv"), "写し"),
    Taken("downloaded twice, full width", lambda d: d.put("mood_check", GOOD, name=NFD[:-4] + "（1）.csv"), "写し"),
    Taken("a name in NFD", lambda d: d.put("mood_check", GOOD, name=__import__("unicodedata").normalize("NFD", NFD)), "NFD"),
    Taken("a via number not yet seen", mood(GOOD), "児童生徒名簿にまだない児童生徒番号"),
    Taken("外字 in CP932", lambda d: d.put("resident_register", text_of(residents(3)).encode("cp932").replace("花子".encode("cp932"), b"\xf0\x40\x8eq")), "U+E000"),
    Taken("𠮷 and a variation selector", lambda d: d.put("resident_register", residents(3, 氏名="𠮷田 葛\U000e0100子")), "U+20BB7・U+E0100"),
    Taken("9999-12-31 as an open end", lambda d: d.put("resident_register", residents(3, 異動日="9999/12/31")), "終わりなし"),
    Taken("平成 that runs on", lambda d: d.put("mood_check", moods(3, 登録日="平成38年4月7日")), "元号"),
    Taken("birth dates that are 不詳", lambda d: d.put("resident_register", residents(3, 生年月日="平成25年5月日不詳")), "不詳"),
]  # fmt: skip


@pytest.mark.parametrize("case", TAKEN, ids=lambda case: case.id)
def test_an_unusual_delivery_is_taken_whole(desk: Desk, case: Taken):
    case.put(desk)
    receipt = desk.only()
    assert receipt.outcome == "loaded", receipt.refused_reason
    assert (receipt.rows, receipt.accepted) == (case.rows, case.rows), desk.fetch("select * from quarantine")
    assert case.note in desk.fetch("select notes from receipt")[0][0]


def test_what_is_no_delivery_is_ignored_and_named(desk: Desk):
    desk.put("mood_check", GOOD)
    for name in ("README.txt", "Thumbs.db", ".DS_Store", ".hidden.csv", "~$11c.csv"):
        (desk.folder / name).write_text("x")
    (desk.folder / "前年度").mkdir()
    summary = desk.load()
    assert sorted(summary.strays) == sorted(
        ["README.txt", "Thumbs.db", ".DS_Store", ".hidden.csv", "~$11c.csv", "前年度/"]
    )
    assert summary.exit_code == 0
    assert desk.fetch("select count(*) from receipt where extract = '' and refused_reason is null") == [(5,)]


def test_a_heading_of_100_000_columns_is_read_and_named_in_a_receipt_a_reader_can_take(desk: Desk):
    heading, *lines = GOOD.splitlines()
    wide = [heading + "".join(f",余分{place}" for place in range(100_000))]
    wide += [line + "," * 100_000 for line in lines]
    desk.put("mood_check", "\r\n".join(wide) + "\r\n")
    receipt = desk.only()
    assert (receipt.accepted, receipt.refused_reason) == (3, None)
    notes = "".join(receipt.notes)
    assert "余分0、" in notes
    assert "ほか99,900列" in notes
    assert len(notes) < 2_000


def test_no_delivery_at_all_is_exit_2(desk: Desk):
    assert desk.load().exit_code == 2
    (desk.folder / "README.txt").write_text("x")
    assert desk.load().exit_code == 2


def test_all_refused_is_exit_2(desk: Desk):
    desk.put("mood_check", "")
    assert desk.load().exit_code == 2


def test_the_folder_deliveries_inside_is_used(desk: Desk):
    outer = Desk(desk.folder.parent)
    desk.put("mood_check", GOOD)
    summary = outer.load()
    assert summary.loaded == 1
    assert summary.folder.endswith("deliveries")


def test_text_that_looks_like_code_stays_text(desk: Desk):
    evil = ["'; drop table receipt; --", "<script>alert(1)</script>", '=HYPERLINK("x")', "{{7*7}}", "%s%n"]
    rows = [row | {"氏名": text, "方書": text} for row, text in zip(residents(5), evil, strict=True)]
    desk.put("resident_register", rows, quote=True)
    assert desk.only().accepted == 5
    assert [
        row[0] for row in desk.fetch("select name from src_resident_register order by row_number")
    ] == evil
