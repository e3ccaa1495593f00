"""Names: one key for one name, however it was typed, and never one key for two names."""
# ruff: noqa: E501 - cases read best as one row each

from __future__ import annotations

import csv
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kodomo.normalize import (
    is_kana,
    is_latin,
    is_mojibake,
    is_transliteration,
    latin_key,
    loose_key,
    name_key,
    name_keys,
    romaji_skeleton,
    split_name,
    unknown_characters,
)
from kodomo.normalize.names import STRICT, VARIANTS
from kodomo.normalize.text import translate

ROWS = list(csv.DictReader(VARIANTS.open(encoding="utf-8")))
PAIRS = {(row["variant"], row["base"]) for row in ROWS}
KANJI = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)
NAMES = st.text(
    st.one_of(KANJI, st.sampled_from([row["variant"] for row in ROWS]), st.sampled_from("あアｱＡa　 々")),
    max_size=8,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [("髙橋", "高橋"), ("山﨑", "山崎"), ("澤田", "沢田"), ("渡邉", "渡辺"), ("渡邊", "渡辺"), ("濵田", "浜田"), ("𠮷田", "吉田"),
     ("齋藤", "斎藤"), ("齊藤", "斉藤"), ("中嶋", "中島"), ("德永", "徳永"), ("辻\U000e0100", "辻"), ("山田　太郎", "山田太郎"), ("Ｎｇｕｙｅｎ", "nguyen")],
)  # fmt: skip
def test_variants_of_one_name_share_a_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("斎藤", "斉藤"), ("凛", "凜"), ("阪本", "坂本"), ("薗田", "園田")]
)
def test_confusable_names_meet_only_in_the_loose_key(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)
    assert loose_key(one) == loose_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("佐野", "左野"), ("堺", "界"), ("浪江", "波江"), ("舟木", "船木"), ("済", "斉")]
)
def test_different_names_never_meet(one: str, other: str) -> None:
    assert loose_key(one) != loose_key(other)


@given(st.text())
def test_key_is_idempotent(text: str) -> None:
    assert name_key(name_key(text)) == name_key(text)
    assert loose_key(loose_key(text)) == loose_key(text)


@given(NAMES, NAMES)
def test_names_meet_only_by_the_table_or_width(one: str, other: str) -> None:
    def plain(text: str) -> str:
        text = unicodedata.normalize("NFKC", text).replace(" ", "").upper()
        for row in ROWS:
            if row["class"] in STRICT:
                text = text.replace(row["variant"], row["base"])
        return text

    if name_key(one) == name_key(other):
        assert plain(one) == plain(other)


def test_every_single_character_keeps_its_own_key_unless_the_table_says_otherwise() -> None:
    table = {
        unicodedata.normalize("NFKC", row["variant"]): row["base"] for row in ROWS if row["class"] in STRICT
    }
    every = [chr(code) for span in (range(0x3400, 0xA000), range(0x20000, 0x2A6E0)) for code in span]
    wide = [unicodedata.normalize("NFKC", char) for char in every]
    wrong = [
        char
        for char, plain, key in zip(every, wide, name_keys(every), strict=True)
        if key != table.get(plain, plain)
    ]
    assert wrong == []


@given(st.text(KANJI, max_size=4), st.text(KANJI, max_size=4))
def test_the_key_of_a_name_is_the_keys_of_its_characters(one: str, other: str) -> None:
    assert name_key(one + other) == name_key(one) + name_key(other)


@given(st.lists(st.text(max_size=12), max_size=30))
def test_a_column_is_folded_as_its_values_are(texts: list[str]) -> None:
    assert name_keys(texts) == [name_key(text) for text in texts]


@given(st.text(alphabet="髙﨑澤山田", max_size=40))
def test_fast_translation_equals_the_slow_one(text: str) -> None:
    text = (text + "山") * 2000
    table: dict[int, int | None] = {ord("髙"): ord("高"), ord("﨑"): ord("崎"), ord("澤"): None}
    assert translate(text, table) == text.translate(table)


def test_private_use_characters_stay_and_are_known_as_unknown() -> None:
    assert name_key("\ue000田") == "\ue000田"
    assert name_key("\ue000田") != name_key("\ue001田")
    assert unknown_characters("\ue000田")
    assert unknown_characters("夢〓")
    assert not unknown_characters("夢奈")


def test_every_row_of_the_table_has_a_class_and_a_source_and_no_chain() -> None:
    strict = {row["variant"] for row in ROWS if row["class"] in STRICT}
    for row in ROWS:
        assert row["class"] in {*STRICT, "confusable"}
        assert row["source"]
        assert row["base"] not in strict
    assert len({row["variant"] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize(
    ("name", "parts"),
    [("山田　太郎", ("山田", "太郎")), ("渡邉太郎", ("渡辺", "太郎")), ("東久世健", ("東久世", "健")), ("林太", ("林", "太")),
     ("未知名前", ("未知", "名前")), ("山田 太郎（通称）", ("山田", "太郎")), ("", ("", ""))],
)  # fmt: skip
def test_split(name: str, parts: tuple[str, str]) -> None:
    assert split_name(name, {"渡辺", "東久世", "東", "林"}) == parts


def test_foreign_names_meet_in_any_order() -> None:
    assert latin_key("NGUYEN Van An") == latin_key("Văn An NGUYỄN") == "AN NGUYEN VAN"
    assert romaji_skeleton("MARIA SANTOS") == romaji_skeleton("サントス マリア")
    assert is_latin("José María")
    assert not is_latin("山田A")
    assert is_kana("さくら ミオ")
    assert not is_kana("桜ミオ")


@pytest.mark.parametrize(
    ("latin", "sei", "mei"),
    [("GABRIEL SANTOS", "サントス", "ガブリエル"), ("SANTOS GABRIEL", "ガブリエル", "サントス"), ("AN NGUYEN VAN", "グエン", "ヴアンアン"), ("MARIO RUIZ", "ルイス", "マリオ"),
     ("CHEN ZIHAN", "チエン", "ズハン"), ("HANAKO YAMADA", "ヤマダ", "ハナコ")],
)  # fmt: skip
def test_an_alphabet_name_is_heard_in_its_reading(latin: str, sei: str, mei: str) -> None:
    assert is_transliteration(latin, sei, mei)


@pytest.mark.parametrize(
    ("latin", "sei", "mei"),
    [("MARIO RUIZ", "ルイス", "マリア"), ("GABRIEL SANTOS", "サントス", "ミゲル"), ("LI YUI", "リ", "ユイ"), ("LUCAS SANTOS", "サントス", "ルカ"), ("LIU ZIHAN", "リウ", "ズハン"), ("", "サントス", "マリア")],
)  # fmt: skip
def test_another_name_is_not(latin: str, sei: str, mei: str) -> None:
    assert not is_transliteration(latin, sei, mei)


def test_mojibake_is_recognised() -> None:
    assert is_mojibake("山田　太郎".encode().decode("cp932", "replace"))
    assert is_mojibake("高橋美咲".encode().decode("latin-1"))
    assert is_mojibake("ヤマダ タロウ".encode().decode("cp932", "replace"))
    assert not is_mojibake("諒太")
    assert not is_mojibake("ﾔﾏﾀﾞ ﾀﾛｳ")
    assert not is_mojibake("José")
    assert not is_mojibake("山田　太郎")
    assert not is_mojibake("NGUYEN VAN AN")
