"""Where two spellings part: raw text kept, variants told from other characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kodomo import differences
from kodomo.differences import ALIKE, FORM, OTHER, SAME, VARIANT, Difference

TEXT = st.text(
    st.sampled_from("髙高橋﨑崎　 澤沢邊邉辺さサｻｶﾞガタカハシー花子ABab･𠮷吉\U000e0100斎斉"), max_size=12
)


def _raw(parted: Difference) -> tuple[str, str]:
    return "".join(one.text for one in parted.left), "".join(one.text for one in parted.right)


def test_a_variant_character_is_named_and_not_called_different() -> None:
    parted = differences.names("髙橋　花子", "高橋花子")
    assert parted.kinds == {VARIANT, FORM, SAME}
    assert parted.notes[0].startswith("髙＝高（")
    assert OTHER not in parted.kinds


def test_confusable_characters_are_called_alike_and_others_different() -> None:
    assert ALIKE in differences.names("斎藤　凛", "斉藤　凛").kinds
    parted = differences.names("青木　陽菜", "青木　結菜")
    assert [one.text for one in parted.left if one.kind == OTHER] == ["陽"]
    assert [one.text for one in parted.right if one.kind == OTHER] == ["結"]


def test_a_half_width_reading_is_the_same_reading() -> None:
    parted = differences.readings("ﾏｽﾀﾞ ｼｮｳ", "マスダ　ショウ")
    assert parted.kinds <= {FORM, SAME}
    assert OTHER in differences.readings("ハルナ", "ユイナ").kinds


@given(TEXT, TEXT)
def test_the_raw_text_comes_back(left: str, right: str) -> None:
    for compare in (differences.names, differences.readings, differences.plain):
        assert _raw(compare(left, right)) == (left, right)


@given(TEXT)
def test_a_text_differs_from_itself_nowhere(text: str) -> None:
    for compare in (differences.names, differences.readings):
        assert compare(text, text).kinds <= {SAME, FORM}


@pytest.mark.parametrize(
    ("left", "right", "begins"),
    [
        ("豊中市本町1-2-3", "豊中市本町１丁目２番３号", "同じ住所"),
        ("豊中市本町1-2-3", "豊中市本町1丁目2番4号", "号が違います"),
        ("豊中市本町1-2-3", "豊中市本町2丁目2番3号", "丁目が違います"),
        ("豊中市本町1-2-3", "豊中市曽根西町1丁目2番3号", "町名が違います"),
        ("", "豊中市本町1丁目2番3号", ""),
    ],
)
def test_addresses_part_in_words(left: str, right: str, begins: str) -> None:
    assert differences.address_words(left, right).startswith(begins)
