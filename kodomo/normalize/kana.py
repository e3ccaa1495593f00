"""Readings: one key that ignores how kana were typed, and a second that ignores how they sound alike."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from kodomo.normalize.text import BLANKS, DASHES, UPPER, fold_column, nfkc, translate

_HIRAGANA = {code: code + 0x60 for code in (*range(0x3041, 0x3097), 0x309D, 0x309E)}
_LARGE = dict(
    zip(map(ord, "ァィゥェォッャュョヮヵヶヂヅ"), map(ord, "アイウエオツヤユヨワカケジズ"), strict=True)
)
_KANA: dict[int, int | None] = {
    **UPPER,
    **{code: _LARGE.get(target, target) for code, target in _HIRAGANA.items()},
    **_LARGE,
    **{ord(dash): ord("ー") for dash in DASHES},
    **dict.fromkeys(map(ord, BLANKS + "・･·.,、。'’"), None),
}
_VOICED = "ガギグゲゴザジズゼゾダデドバビブベボパピプペポヴ"
_PLAIN = "カキクケコサシスセソタテトハヒフヘホハヒフヘホフ"
_UNVOICED: dict[int, int | None] = {
    **dict(zip(map(ord, _VOICED + "ヲヰヱ"), map(ord, _PLAIN + "オイエ"), strict=True)),
    ord("ー"): None,
}
_LONG_O = re.compile(
    "(?<=[オコソトノホモヨロウクスツヌフムユル])ウ|(?<=[オコソトノホモヨロ])オ|(?<=[エケセテネヘメレ])イ"
)
_DOUBLE = re.compile(r"([^\n])\1")


def _fold_kana(text: str) -> str:
    for _ in range(2):  # a second pass for marks that joined their letter only after the blank between went
        text = unicodedata.normalize("NFKC", translate(nfkc(text), _KANA))
    return translate(text, _KANA)


def _fold_sound(text: str) -> str:
    text = translate(_fold_kana(text), _UNVOICED)
    while True:
        shorter = _DOUBLE.sub(r"\1", _LONG_O.sub("", text))
        if shorter == text:
            return text
        text = shorter


def kana_key(text: str | None) -> str:
    """Return the reading as full-width large katakana without blanks: ﾔﾏﾀﾞ ｼｮｳ, やまだ　しょう → ヤマダシヨウ.

    Folds width, hiragana, small letters, ヂ/ジ, ヅ/ズ and every dash to ー. Long vowels and voicing stay.
    """
    return kana_keys([text])[0]


def kana_keys(values: Iterable[str | None]) -> list[str]:
    """Return `kana_key` of every value of a column."""
    return fold_column(values, _fold_kana)


def phonetic_key(text: str | None) -> str:
    """Return the reading without voicing, long vowels and doubled letters: ユウダイ and ユータイ → ユタイ.

    For blocking and for "sounds alike"; two people who share it need not share a reading.
    """
    return phonetic_keys([text])[0]


def phonetic_keys(values: Iterable[str | None]) -> list[str]:
    """Return `phonetic_key` of every value of a column."""
    return fold_column(values, _fold_sound)
