"""Addresses: the same parts out of every notation, and one key for people who live together."""
# ruff: noqa: E501 - cases read best as one row each

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kodomo.normalize import address_parts, address_parts_many, same_dwelling_key


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
