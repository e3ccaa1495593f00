"""Search keys: what a page compares when a person types part of a name or an address."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from kodomo.normalize.addresses import Address, address_parts_many
from kodomo.normalize.kana import phonetic_keys
from kodomo.normalize.names import loose_keys
from kodomo.normalize.text import SEPARATOR

_KANA_RUN = re.compile("[\u3041-\u309f\u30a0-\u30ff]+[-‐‑‒–—―−─━〜~]?[\u3041-\u309f\u30a0-\u30ff]*")
# Long vowels written with the vowel's own letter: サアヤ is サーヤ. Those on オ段 fold by sound already.
_LONG = re.compile(
    "(?<=[アカサタナハマヤラワ])ア|(?<=[イキシチニヒミリ])イ"
    "|(?<=[ウクスツヌフムユル])ウ|(?<=[エケセテネヘメレ])エ"
)
_REPEATED = re.compile("([\u3400-\u9fff])々")


def search_key(text: str | None) -> str:
    """Return the text folded as the resident-record standard asks of a search (2.1.2 検索文字入力).

    Kana by sound: 清濁半濁, ッ/ツ and ャ/ヤ, ヂ/ジ and ズ/ヅ, オ段+ウ, long vowels and every dash for ー made
    one, hiragana and half-width as katakana. Kanji by the variant table with the confusable pairs, 々 as the
    character before it; widths and blanks ignored. Compare with `in` or rapidfuzz.
    """
    return search_keys([text])[0]


def search_keys(values: Iterable[str | None]) -> list[str]:
    """Return `search_key` of every value of a column."""
    keys = loose_keys(values)
    if not keys:
        return keys
    whole = _REPEATED.sub(r"\1\1", SEPARATOR.join(keys))
    while True:
        runs = sorted(set(_KANA_RUN.findall(whole)))
        sounds = {run: _LONG.sub("", sound) for run, sound in zip(runs, phonetic_keys(runs), strict=True)}
        again = _KANA_RUN.sub(lambda match, sounds=sounds: sounds[match[0]], whole)
        again = unicodedata.normalize("NFKC", again)
        if again == whole:
            return whole.split(SEPARATOR)
        whole = again


def place_keys(addresses: Iterable[str | None]) -> list[str]:
    """Return every address as town/丁目/番/号/, in any notation and without room; "" where no town is read.

    The key of a less complete address is the beginning of the key of a more complete one (`place_prefix`).
    """
    return [_place(part, whole=True) for part in address_parts_many(addresses)]


def place_prefix(address: str) -> str:
    """Return how `place_keys` begin for everybody at this perhaps incomplete address; "" if none is meant.

    本町1丁目 → 本町/1/ and 本町１－２－３ → 本町/1/2/3/. A town alone means nothing: that would be a crowd.
    """
    part = address_parts_many([address])[0]
    return _place(part, whole=False) if part.block is not None or part.chome else ""


def _place(part: Address, *, whole: bool) -> str:
    if not part.town:
        return ""
    fields = [part.town, part.chome, part.block, part.number]
    if not whole:
        while fields[-1] is None:
            fields.pop()
        if len(fields) == 2 and not part.chome:
            fields.pop()
    return "".join(f"{'' if value is None else value}/" for value in fields)
