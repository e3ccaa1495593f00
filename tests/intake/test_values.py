"""Cells are read in every notation of contracts/README.md, and into the types of the contract."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kodomo.intake.checks import check_digit_fits, has_check_digit, is_totals, masked, twelve_digits
from kodomo.intake.dates import read_birth, read_date, read_month
from tests.intake.desk import MOOD, Desk, moods, residents

APRIL = date(2025, 4, 1)


@pytest.mark.parametrize(
    "text",
    [
        "2025-04-01",
        "2025/4/1",
        "20250401",
        "R7.4.1",
        "R070401",
        "令和7年4月1日",
        "２０２５／０４／０１",
        "Ｒ７．４．１",
        "r7.4.1",
        " 令和 7年 4月 1日 ",
        "R07/04/01",
        "2025年4月1日",
        "平成37年4月1日",
        "H37.4.1",
        "2025-04-01 00:00:00",
    ],
)
def test_days(text: str):
    assert read_date(text).value == APRIL


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("令和元年5月1日", date(2019, 5, 1)),
        ("H31.4.30", date(2019, 4, 30)),
        ("平成31年5月1日", date(2019, 5, 1)),
        ("2024-02-29", date(2024, 2, 29)),
        ("S64.1.7", date(1989, 1, 7)),
        ("昭和64年1月8日", date(1989, 1, 8)),
        ("大正15年12月24日", date(1926, 12, 24)),
    ],
)
def test_days_at_the_edges_of_eras(text: str, value: date):
    assert read_date(text).value == value


@pytest.mark.parametrize("text", ["", "　", "00000000", "99999999"])
def test_no_day(text: str):
    assert read_date(text).kind == "none"


@pytest.mark.parametrize(
    "text", ["9999-12-31", "9999/12/31", "99991231", "9999年12月31日", "９９９９－１２－３１"]
)
def test_an_open_end(text: str):
    assert read_date(text).kind == "open"


@pytest.mark.parametrize(
    "text",
    [
        "2025-02-29",
        "2025-13-01",
        "2025-00-10",
        "R0.1.1",
        "R1.4.30",
        "昭和1年1月1日",
        "平成1年1月7日",
        "2025-4",
        "abc",
        "2025041",
        "0205-04-01",
        "1/4/2025",
        "2025-04-31",
        "R7.2.29",
        "2025-04-01x",
        "45748",
        "-1",
        "2025--01",
    ],
)
def test_impossible_days(text: str):
    assert read_date(text).kind == "bad"


@pytest.mark.parametrize(
    "text", ["2025-04", "2025/4", "202504", "R7.4", "令和7年4月", "2025-04-01", "２０２５年４月"]
)
def test_months(text: str):
    assert read_month(text).value == APRIL


@pytest.mark.parametrize("text", ["2025-13", "R1.4", "2025", "2025-04-02", "4月", "abc"])
def test_impossible_months(text: str):
    assert read_month(text).kind == "bad"


@pytest.mark.parametrize(
    ("text", "year", "month"),
    [
        ("令和2年頃", 2020, None),
        ("平成25年5月日不詳", 2013, 5),
        ("平成25年月日不詳", 2013, None),
        ("推定平成30年", 2018, None),
        ("昭和45年頃", 1970, None),
        ("昭和45年5月頃", 1970, 5),
        ("1990年頃", 1990, None),
        ("平成2年5月1日頃", 1990, 5),
        ("19900000", 1990, None),
        ("1990-05-00", 1990, 5),
        ("令和２年ころ（推定）", 2020, None),
        ("不詳", None, None),
        ("生年月日不詳", None, None),
        ("昭和年月日不詳", None, None),
    ],
)
def test_birth_dates_that_are_not_wholly_known(text: str, year: int | None, month: int | None):
    found = read_birth(text)
    assert (found.kind, found.value, found.year, found.month) == ("partial", None, year, month)


@pytest.mark.parametrize(
    "text", ["平成25年13月日不詳", "平成25年2月30日", "abc", "2015-02-30", "R0年頃", "（）", "9999-12-31"]
)
def test_birth_dates_that_are_wrong(text: str):
    assert read_birth(text).kind == "bad"


def test_a_partial_birth_date_is_kept_as_delivered_with_what_is_known(desk: Desk):
    rows = residents(4)
    for row, birth in zip(rows, ["平成25年5月日不詳", " 令和2年頃　", "不詳", "H27.6.1"], strict=True):
        row |= {"生年月日": birth, "登録日": "2026-04-01"}
    desk.put("resident_register", rows)
    desk.load()
    kept = desk.fetch(
        "select birth_date, birth_text, birth_year, birth_month "
        "from src_resident_register order by row_number"
    )
    assert kept == [
        (None, "平成25年5月日不詳", 2013, 5),
        (None, "令和2年頃", 2020, None),
        (None, "不詳", None, None),
        (date(2015, 6, 1), None, 2015, 6),
    ]


def test_types_and_trimming(desk: Desk):
    row = residents(1)[0] | {"宛名番号": "　００１２３ ", "氏名": "　山田　花子　", "氏名カナ": "ﾔﾏﾀﾞ ﾊﾅｺ"}
    row |= {"性別": " 女 ", "異動日": "99999999", "郵便番号": "５６１－０８３２", "方書": "  "}
    desk.put("resident_register", [row])
    desk.load()
    kept = desk.fetch(
        "select resident_id, record_key, name, kana, sex, status_on, postal_code, address_detail "
        "from src_resident_register"
    )
    assert kept == [("00123", "00123", "山田　花子", "ﾔﾏﾀﾞ ﾊﾅｺ", "2", None, "561-0832", None)]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "0", ""], [True, False, None]),
        (["有", "無", "　"], [True, False, None]),
        (["TRUE", "false", ""], [True, False, None]),
        (["○", "", "◯"], [True, False, True]),
        (["〇", "", ""], [True, False, False]),
        (["１", "０", "1"], [True, False, True]),
    ],
)
def test_flags(desk: Desk, cells: list[str], expected: list[bool | None]):
    desk.put("mood_check", [row | {"相談希望": cell} for row, cell in zip(moods(3), cells, strict=True)])
    desk.load()
    assert [
        row[0] for row in desk.fetch("select wants_to_talk from src_mood_check order by row_number")
    ] == expected


def test_numbers(desk: Desk):
    desk.put(
        "mood_check",
        [row | {"気分": text} for row, text in zip(moods(4), ["３", "3.0", " 3", "+3"], strict=True)],
    )
    desk.load()
    assert desk.fetch("select distinct mood from src_mood_check") == [(3,)]


def test_a_missing_optional_column_is_unknown(desk: Desk):
    desk.put("mood_check", [{name: cell for name, cell in MOOD.items() if name not in ("睡眠", "相談希望")}])
    desk.load()
    assert desk.fetch("select sleep, wants_to_talk from src_mood_check") == [(None, None)]


@pytest.mark.parametrize("digits", ["123456789018", "987654321093", "111111111118"])
def test_check_digits_of_individual_numbers(digits: str):
    assert has_check_digit(digits)
    assert not any(
        has_check_digit(digits[:11] + str(wrong)) for wrong in range(10) if str(wrong) != digits[11]
    )


@given(st.integers(min_value=0, max_value=10**11 - 1))
def test_just_one_digit_checks(number: int):
    assert sum(has_check_digit(f"{number:011d}{digit}") for digit in range(10)) == 1


def test_twelve_digits_are_seen_through_hyphens_blanks_and_width():
    assert twelve_digits(" 1234-5678 ９０１８ ") == "123456789018"
    assert twelve_digits("1234567890123") is None
    assert twelve_digits("P12345678901") is None
    assert "123456789018" not in masked("番号は123456789018です")
    assert masked("2026-02-30") == "2026-02-30"


def test_totals_and_footnotes_are_known_by_their_first_word():
    assert all(
        is_totals(word)
        for word in ("合計", "※注意", " 計 ", "小計：3", "備考", "注）", "以上", "総計", "件数")
    )
    assert not any(is_totals(word) for word in ("P0000001", "山田", "0001"))


def test_the_resident_number_rule_is_only_looked_at_when_set():
    assert check_digit_fits("0000000019") is True
    assert check_digit_fits("0000000018") is False
    assert check_digit_fits("A1") is None


@given(st.dates(min_value=date(2019, 5, 1), max_value=date(2099, 12, 31)))
def test_every_notation_of_a_day_reads_back(day: date):
    year = day.year - 2018
    forms = [
        day.isoformat(),
        f"{day.year}/{day.month}/{day.day}",
        f"{day:%Y%m%d}",
        f"R{year}.{day.month}.{day.day}",
        f"R{year:02d}{day:%m%d}",
        f"令和{'元' if year == 1 else year}年{day.month}月{day.day}日",
    ]
    assert {read_date(form).value for form in forms} == {day}


@given(st.text(max_size=12))
def test_no_text_breaks_the_readers(text: str):
    for read in (read_date, read_month, read_birth):
        assert read(text).kind in ("day", "none", "open", "partial", "bad")
