"""Readings: one key for every way to type kana, and a second for what sounds alike."""
# ruff: noqa: E501 - cases read best as one row each

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kodomo.normalize import kana_key, kana_keys, phonetic_key, phonetic_keys, search_key


@pytest.mark.parametrize("text", ["ﾔﾏﾀﾞ ｼｮｳ", "やまだ　しょう", "ヤマダ・シヨウ", "ﾔﾏﾀﾞｼﾖｳ"])
def test_typing_does_not_matter(text: str) -> None:
    assert kana_key(text) == "ヤマダシヨウ"


@pytest.mark.parametrize(("one", "other"), [("ミヅキ", "ミズキ"), ("チヂワ", "チジワ"), ("ユ－タ", "ユータ")])
def test_spellings_of_one_reading(one: str, other: str) -> None:
    assert kana_key(one) == kana_key(other)


@pytest.mark.parametrize(("one", "other"), [("ユウタ", "ユタ"), ("タカザワ", "タカサワ"), ("ヴィ", "ビ")])
def test_long_vowels_and_voicing_stay_in_the_key(one: str, other: str) -> None:
    assert kana_key(one) != kana_key(other)


@pytest.mark.parametrize(("one", "other"), [("ユウダイ", "ユータイ"), ("オオノ", "オーノ"), ("オオノ", "オノ"), ("ショウコ", "ショコ"), ("タカザワ", "タカサワ")])  # fmt: skip
def test_what_sounds_alike_shares_a_sound(one: str, other: str) -> None:
    assert phonetic_key(one) == phonetic_key(other)


@given(st.text())
def test_keys_are_idempotent(text: str) -> None:
    assert kana_key(kana_key(text)) == kana_key(text)
    assert phonetic_key(phonetic_key(text)) == phonetic_key(text)
    assert search_key(search_key(text)) == search_key(text)


@given(st.lists(st.text(max_size=12), max_size=30))
def test_a_column_is_folded_as_its_values_are(texts: list[str]) -> None:
    assert kana_keys(texts) == [kana_key(text) for text in texts]
    assert phonetic_keys(texts) == [phonetic_key(text) for text in texts]


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("ゆうた", "ユータ"), ("ｻｲﾄｳ", "さいとう"), ("斉藤", "齋藤"), ("渡辺", "渡邉"), ("蛍池東町3-4", "螢池東町３－４"), ("はなこ", "バナコ"), ("一ノ瀬", "一の瀬")],
)  # fmt: skip
def test_search_folds_what_the_standard_asks(typed: str, stored: str) -> None:
    assert search_key(typed) == search_key(stored)
