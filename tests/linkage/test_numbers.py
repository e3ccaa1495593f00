"""Own numbers: a 宛名番号 in 学齢簿 counts, once name or birth date speak for it."""
# ruff: noqa: E501 - cases read best as one row each

from __future__ import annotations

import pytest

CHILD = {"resident_id": "0001", "household_id": "H1", "name": "森　結衣", "kana": "モリ　ユイ", "birth_date": "2015-06-07", "sex": "2", "address": "豊中市本町1丁目2番3号"}  # fmt: skip
SIBLING = CHILD | {
    "resident_id": "0002",
    "name": "森　翔",
    "kana": "モリ　ショウ",
    "birth_date": "2012-01-30",
    "sex": "1",
}
STRANGER = CHILD | {"resident_id": "0003", "household_id": "H3", "name": "岡本　蓮", "kana": "オカモト　レン", "birth_date": "2014-11-12", "sex": "1", "address": "豊中市浜1丁目1番1号"}  # fmt: skip
TOWN = [CHILD, SIBLING, STRANGER]
ROW = {"record_key": "S1", "resident_id": "0001", "name": "森 結衣", "kana": "モリ ユイ", "birth_date": "2015-06-07", "sex": "2", "address": "本町1-2-3", "school_name": "本町小", "school_code": "1", "grade": 4}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"birth_date": "2015-06-08"},
        {"name": "長谷川　結衣", "kana": "ハセガワ　ユイ"},
        {"kana": None, "sex": None, "address": "浜9-9-9"},
    ],
)
def test_a_number_that_name_or_birth_date_supports_is_taken(city, change: dict) -> None:
    row = city(TOWN, school_register=[ROW | change]).row("school_register", "S1")
    assert (row["resident_id"], row["status"]) == ("0001", "auto")
    assert "宛名番号が一致" in row["reasons"]


def test_a_number_that_contradicts_name_and_birth_date_goes_to_review(city) -> None:
    wrong = ROW | {"resident_id": "0003"}
    found = city(TOWN, school_register=[wrong])
    row = found.row("school_register", "S1")
    assert row["status"] == "review"
    assert "宛名番号" in row["reasons"]
    assert set(found.offered("school_register", "S1")) >= {"0001", "0003"}


def test_the_number_of_a_sibling_goes_to_review(city) -> None:
    found = city(TOWN, school_register=[ROW | {"resident_id": "0002"}])
    assert found.row("school_register", "S1")["status"] == "review"
    assert set(found.offered("school_register", "S1")) >= {"0001", "0002"}


def test_the_number_of_a_twin_goes_to_review(city) -> None:
    twin = CHILD | {"resident_id": "0004", "name": "森　真央", "kana": "モリ　マオ"}
    assert (
        city([*TOWN, twin], school_register=[ROW | {"resident_id": "0004"}]).row("school_register", "S1")[
            "status"
        ]
        == "review"
    )


def test_a_number_nobody_has_is_asked_about_when_somebody_fits(city) -> None:
    row = city(TOWN, school_register=[ROW | {"resident_id": "9999"}]).row("school_register", "S1")
    assert (row["status"], row["resident_id"]) == ("review", "0001")
    row = city(TOWN, school_register=[ROW | {"resident_id": "9999", "name": "谷　彩", "kana": "タニ　アヤ", "birth_date": "2011-02-03", "address": "浜9-9-9"}]).row("school_register", "S1")  # fmt: skip
    assert row["status"] == "none"


def test_a_blank_number_is_matched_by_person(city) -> None:
    row = city(TOWN, school_register=[ROW | {"resident_id": None}]).row("school_register", "S1")
    assert (row["resident_id"], row["status"]) == ("0001", "auto")
