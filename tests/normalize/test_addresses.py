"""Addresses: the same parts out of every notation, and one key for people who live together."""
# ruff: noqa: E501 - cases read best as one row each

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kodomo.normalize import address_parts, address_parts_many, learn_towns, same_dwelling_key


@pytest.mark.parametrize(
    "text",
    ["大阪府豊中市庄内東町1丁目2番3号", "豊中市庄内東町１丁目２番３号", "庄内東町1-2-3", "庄内東町１－２－３", "庄内東町一丁目二番三号", "荘内東町1ー2ー3",
     "豊中市庄内東町1丁目2-3", "豊中市庄内東町1丁目2番地の3", "〒561-0831 大阪府豊中市庄内東町1-2-3", "庄内東町 1丁目 2番 3号"],
)  # fmt: skip
def test_notations_of_one_address(text: str) -> None:
    assert address_parts(text) == ("庄内東町", 1, 2, 3, "")


@pytest.mark.parametrize(
    ("text", "detail", "parts"),
    [
        ("豊中市栗が丘町5番6号", None, ("栗ケ丘町", 0, 5, 6, "")),
        ("栗ヶ丘町5-6-301", None, ("栗ケ丘町", 0, 5, 6, "301")),
        ("山の上町12番地の3", None, ("山ノ上町", 0, 12, 3, "")),
        ("蛍池東町3-4-5", "ハイツ 203号室", ("蛍池東町", 3, 4, 5, "203")),
        ("螢池東町3丁目4番5号　ハイツ203", None, ("蛍池東町", 3, 4, 5, "203")),
        ("新千里東町1丁目12番", "A棟203号", ("新千里東町", 1, 12, None, "A-203")),
        ("豊中市三国1丁目10番12号", None, ("三国", 1, 10, 12, "")),
        ("どこか町12-3", None, ("どこか町", 0, 12, 3, "")),
        ("", None, ("", 0, None, None, "")),
    ],
)
def test_parts(text: str, detail: str | None, parts: tuple) -> None:
    assert address_parts(text, detail) == parts


def test_another_city_is_another_place() -> None:
    assert address_parts("大阪市北区本町1-2-3").town != address_parts("豊中市本町1-2-3").town


@given(st.text(alphabet="豊中市庄内東町蛍池一二三十丁目番号棟室-－ー 　0123456789ＡB", max_size=30))
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert address_parts(text).chome >= 0
    assert isinstance(same_dwelling_key(text, text), str)


def test_a_column_is_read_as_its_values_are() -> None:
    texts = ["庄内東町1-2-3", None, "本町1丁目2番", "庄内東町1-2-3"]
    assert address_parts_many(texts) == [address_parts(text) for text in texts]


def test_same_dwelling_in_any_notation() -> None:
    addresses = pd.Series(
        ["庄内東町1-2-3", "豊中市庄内東町1丁目2番3号", "庄内東町1-2-3", "庄内東町1-2-4", None]
    )
    details = pd.Series(["コーポ豊中 101号室", "コーポ豊中101", "コーポ豊中102", "コーポ豊中101", None])
    keys = same_dwelling_key(addresses, details)
    assert keys[0] == keys[1]
    assert len(set(keys)) == 4
    assert keys[4] == ""
    assert same_dwelling_key("庄内東町1-2-3", "コーポ豊中101") == keys[0]


def test_two_buildings_on_one_lot_stay_apart() -> None:
    assert same_dwelling_key("本町1-2-3", "メゾンA101") != same_dwelling_key("本町1-2-3", "コーポB101")


CITY = "神奈川県藤見市"
REGISTER = [
    f"{CITY}{town}{number}"
    for town, numbers in {
        "曽根崎町": ("二丁目２４番", "一丁目３番５号"), "五番町": ("６６１番地２４", "１２番地"), "三条町": ("一丁目１７番２１号", "二丁目１番１号"),
        "藤見ケ丘": ("三丁目１番２号", "三丁目１番３号"), "大字中河原": ("８６番地２４", "８８番地"), "本町": ("四丁目５番６号", "四丁目５番７号"), "本町通": ("二丁目３番４号", "二丁目３番５号"),
    }.items()
    for number in numbers
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("曽根崎町２-２4", ("曽根崎町", 2, 24, None, "")),
        ("藤見市三条町１ー１７ー２１", ("三条町", 1, 17, 21, "")),
        ("五番町661番地の24", ("五番町", 0, 661, 24, "")),
        ("中河原86-24", ("中河原", 0, 86, 24, "")),
        ("藤見市大字中河原86番地の24　レジデンス88弐番館1号室", ("中河原", 0, 86, 24, "1")),
        ("藤見が丘3-1-2-201", ("藤見ケ丘", 3, 1, 2, "201")),
        ("神奈川県藤見市本町通二丁目３番４号", ("本町通", 2, 3, 4, "")),
        ("本町4-5-6", ("本町", 4, 5, 6, "")),
    ],
)
def test_a_register_teaches_the_towns_of_its_city(text: str, parts: tuple) -> None:
    assert address_parts(text, towns=learn_towns(REGISTER)) == parts


def test_a_register_without_the_city_s_name_is_understood_too() -> None:
    towns = learn_towns([text.removeprefix(CITY) for text in REGISTER])
    assert address_parts("神奈川県藤見市三条町1-17-21", towns=towns) == ("三条町", 1, 17, 21, "")
    assert address_parts("三条町1-17-21", towns=towns) == ("三条町", 1, 17, 21, "")


def test_another_city_s_town_of_the_same_name_stays_apart() -> None:
    towns = learn_towns(REGISTER)
    ours = address_parts("本町4-5-6", towns=towns)
    assert address_parts("大阪府豊中市本町4-5-6", towns=towns).town != ours.town
    assert address_parts("神奈川県府中市本町4-5-6", towns=towns).town != ours.town


@pytest.mark.parametrize(
    "city",
    ["三重県四日市市", "千葉県市川市", "福島県郡山市", "愛知県蒲郡市", "福岡県小郡市", "奈良県大和郡山市", "東京都町田市", "大阪府三島郡島本町", "東京都新宿区", "東京都武蔵村山市", "広島県廿日市市", "滋賀県野洲市"],
)  # fmt: skip
def test_every_shape_of_city_name_may_be_left_out(city: str) -> None:
    towns = learn_towns([text.replace(CITY, city) for text in REGISTER])
    for text in (f"{city}三条町1-17-21", "三条町1-17-21"):
        assert address_parts(text, towns=towns) == ("三条町", 1, 17, 21, "")


@pytest.mark.parametrize("prefecture", ["大阪府", "大坂府", "京都府", "兵庫県"])
def test_a_list_may_name_the_prefecture_that_the_register_leaves_out(prefecture: str) -> None:
    towns = learn_towns([f"高田市本町{n}丁目2番3号" for n in range(1, 5)])
    assert address_parts(f"{prefecture}高田市本町1-2-3", towns=towns).town == "本町"


def test_a_register_of_this_city_keeps_the_listed_spellings() -> None:
    towns = learn_towns(["大阪府豊中市庄内東町1丁目2番3号"] * 3 + ["大阪府豊中市新しい町1丁目2番3号"] * 2)
    assert address_parts("荘内東町1-2-3", towns=towns) == ("庄内東町", 1, 2, 3, "")
    assert address_parts("新しい町4-2-3", towns=towns) == ("新しい町", 4, 2, 3, "")


def test_an_empty_register_teaches_nothing_and_harms_nothing() -> None:
    for nothing in ([], [None, ""], ["住所不定"]):
        assert address_parts("庄内東町1-2-3", towns=learn_towns(nothing)) == ("庄内東町", 1, 2, 3, "")
