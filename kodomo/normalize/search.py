"""Search keys: what a page compares when a person types part of a name or an address."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from kodomo.normalize.kana import phonetic_keys
from kodomo.normalize.names import loose_keys

_KANA_RUN = re.compile("[\u3041-\u309f\u30a0-\u30ff]+[-‐‑‒–—―−─━〜~]?[\u3041-\u309f\u30a0-\u30ff]*")


def search_key(text: str | None) -> str:
    """Return the text folded as the resident-record standard asks of a search.

    Kana by sound (voicing, small letters, long vowels and ヂ/ジ, ヅ/ズ made one; hiragana as katakana), kanji
    by the variant table with the confusable pairs, widths and blanks ignored. Compare with `in` or rapidfuzz.
    """
    return search_keys([text])[0]


def search_keys(values: Iterable[str | None]) -> list[str]:
    """Return `search_key` of every value of a column."""
    keys = loose_keys(values)
    while True:
        runs = sorted({run for key in keys for run in _KANA_RUN.findall(key)})
        sounds = dict(zip(runs, phonetic_keys(runs), strict=True))
        again = [_KANA_RUN.sub(lambda match, sounds=sounds: sounds[match[0]], key) for key in keys]
        again = [unicodedata.normalize("NFKC", key) for key in again]
        if again == keys:
            return keys
        keys = again
