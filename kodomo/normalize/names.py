"""Names: keys that see through variant characters, widths and blanks, and the split into 姓 and 名."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import cache
from itertools import permutations

from kodomo.normalize.kana import kana_key
from kodomo.normalize.text import BLANKS, UPPER, fold_column, nfkc, translate
from kodomo.paths import DATA

VARIANTS = DATA / "variants" / "kanji.csv"
STRICT = frozenset({"same", "oldnew", "variant"})
_NOISE = BLANKS + "・･·.,、。'’`´*＊"
_DELETE: dict[int, int | None] = {**UPPER, **dict.fromkeys(map(ord, _NOISE), None)}
_GAP = re.compile(f"[{re.escape(BLANKS)}・･]+")
_BRACKETS = re.compile(r"[(（\[［〔【<＜].*?[)）\]］〕】>＞]")
_TITLE = re.compile("(?:様|さま|ちゃん|君|くん|殿)$")
_UNKNOWN = re.compile("[\ue000-\uf8ff\U000f0000-\U0010fffd\ufffd〓□■●◆◎☆★?？]")
_KANA_ONLY = re.compile(r"[\u3041-\u309f\u30a0-\u30ff\uff66-\uff9f]+")
_SUSPECT = re.compile("[\u0080-\u00ff\ufffd\uff61-\uff9f\u7e01-\u9fa0]")
_JAPANESE = re.compile("[\u3041-\u30ff\u4e00-\u9fff\u3000\uff01-\uff9f]")
_BROKEN = re.compile("[\u0080-\u009f\ufffd]")
_ROWS = {
    "": "アイウエオ",
    "K": "カキクケコ",
    "S": "サシスセソ",
    "T": "タチツテト",
    "N": "ナニヌネノ",
    "H": "ハヒフヘホ",
    "M": "マミムメモ",
    "R": "ラリルレロ",
    "G": "ガギグゲゴ",
    "Z": "ザジズゼゾ",
    "D": "ダヂヅデド",
    "B": "バビブベボ",
    "P": "パピプペポ",
}
_ROMAJI = {
    kana: row + vowel for row, letters in _ROWS.items() for kana, vowel in zip(letters, "AIUEO", strict=True)
}
_ROMAJI |= {"ヤ": "YA", "ユ": "YU", "ヨ": "YO", "ワ": "WA", "ヲ": "O", "ン": "N", "ヴ": "BU"}
# How letters sound alike across languages, applied in this order; vowels go last.
_SOUND = [
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("PH", "F"),
        ("TH", "T"),
        ("CK|Q|C(?=[AOUKL])|X", "K"),
        ("SCH|SH|CH|TS|TZ|Z|J|C|S|T(?=I|Y)", "S"),
        ("L", "R"),
        ("V|W(?=[AEIO])", "B"),
        ("F|HU", "H"),
        ("DH", "D"),
        ("GH", "G"),
        ("KH", "K"),
        ("NG(?![AEIOU])", "N"),
        ("M(?=[BPM])", "N"),
        ("Y", "I"),
        ("[AEIOUWH]", ""),
        (r"(.)\1+", r"\1"),
    )
]


@cache
def variants() -> tuple[dict[int, int], dict[int, int]]:
    """Return two translations: characters that are the same, and with those that lists confuse."""
    strict: dict[int, int] = {}
    loose: dict[int, int] = {}
    with VARIANTS.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            table = strict if row["class"] in STRICT else loose
            table[ord(unicodedata.normalize("NFKC", row["variant"]))] = ord(row["base"])
    both = {source: loose.get(target, target) for source, target in strict.items()} | loose
    both |= {ord("ヶ"): ord("ケ"), ord("ヵ"): ord("カ"), ord("之"): ord("ノ"), ord("の"): ord("ノ")}
    return strict, both


def _fold_name(text: str) -> str:
    for _ in range(2):  # a second pass for marks that joined their letter only after the blank between went
        text = unicodedata.normalize("NFKC", translate(nfkc(text), _DELETE))
    return translate(translate(text, _DELETE), variants()[0])


def _fold_loose(text: str) -> str:
    return translate(_fold_name(text), variants()[1])


def name_key(text: str | None) -> str:
    """Return the name without blanks, widths and variant drawings: 髙澤　花子 → 高沢花子.

    Two names share a key only when they differ in blanks, width, letter case, variation selectors or pairs of
    data/variants/kanji.csv other than `confusable`. Private-use characters stay as they are.
    """
    return name_keys([text])[0]


def name_keys(values: Iterable[str | None]) -> list[str]:
    """Return `name_key` of every value of a column."""
    return fold_column(values, _fold_name)


def loose_key(text: str | None) -> str:
    """Return `name_key` with confusable characters folded too (斎/斉, 凛/凜, ノ/の); never enough alone."""
    return loose_keys([text])[0]


def loose_keys(values: Iterable[str | None]) -> list[str]:
    """Return `loose_key` of every value of a column."""
    return fold_column(values, _fold_loose)


def name_parts(text: str | None) -> list[str]:
    """Return the blank-separated parts of a name as written, without brackets and without 様 or 君."""
    if not text:
        return []
    bare = _BRACKETS.sub(" ", text) or text
    parts = [part for part in _GAP.split(bare) if part]
    if not parts:
        parts = [part for part in _GAP.split(text) if part]
    if len(parts) > 1 and _TITLE.fullmatch(parts[-1]):
        parts.pop()
    return parts


def split_name(name: str | None, surnames: Collection[str]) -> tuple[str, str]:
    """Return the keys of 姓 and 名.

    A blank decides where there is one; otherwise the longest beginning found among `surnames` (`name_key`
    values, usually all surnames of the register); otherwise two characters of three or more, or one of two.
    """
    parts = name_parts(name)
    if len(parts) > 1:
        return name_key(parts[0]), name_key("".join(parts[1:]))
    key = name_key(parts[0] if parts else "")
    for length in range(min(len(key) - 1, 12), 0, -1):
        if key[:length] in surnames:
            return key[:length], key[length:]
    cut = 2 if len(key) > 2 else 1
    return key[:cut], key[cut:]


def is_kana(text: str | None) -> bool:
    """True when the name is written in hiragana or katakana alone."""
    return bool(text) and _KANA_ONLY.fullmatch("".join(name_parts(text))) is not None


def is_latin(text: str | None) -> bool:
    """True when the name is written in the alphabet (accents and blanks allowed)."""
    letters = [char for char in nfkc(text or "") if char.isalpha()]
    return bool(letters) and all(unicodedata.name(char, "").startswith("LATIN") for char in letters)


def latin_key(text: str | None) -> str:
    """Return an alphabet name with its words sorted: 'Van An NGUYEN' → 'AN NGUYEN VAN'."""
    plain = unicodedata.normalize("NFD", nfkc(text or "").upper().replace("Đ", "D"))
    words = re.findall("[A-Z]+", "".join(char for char in plain if not unicodedata.combining(char)))
    return " ".join(sorted(words))


def romaji_skeleton(text: str | None) -> str:
    """Return the consonants of an alphabet or katakana name, so that NGUYEN and グエン come near."""
    words: list[str] = []
    for part in name_parts(text):
        if not is_latin(part):
            part = "".join(_ROMAJI.get(char, "") for char in kana_key(part))
        word = latin_key(part).replace(" ", "")
        for pattern, replacement in _SOUND:
            word = pattern.sub(replacement, word)
        words.append(word)
    return " ".join(sorted(filter(None, words)))


def _sounds(text: str) -> tuple[str, str]:
    """Return consonants and vowels of letters; u goes, which kana put where there is none (ガブリエル)."""
    consonants = text.removeprefix("N") if text.startswith("NG") else text  # グエン
    for pattern, replacement in _SOUND:
        consonants = pattern.sub(replacement, consonants)
    return consonants, re.sub("[^AEIO]", "", text.replace("Y", "I"))


def _within(one: str, other: str) -> bool:
    rest = iter(other)
    return all(char in rest for char in one)


def is_transliteration(latin: str, sei: str, mei: str) -> bool:
    """True when an alphabet name, its words in any order, may be the reading 姓 and 名 (`kana_key` values).

    All consonants of each part must sound alike, and the vowels of the one must appear in order in the other:
    MARIO is マリオ and not マリア. Names of fewer than four consonants prove nothing.
    """
    words = latin.split()[:5]
    heard = [_sounds("".join(_ROMAJI.get(char, "") for char in text)) for text in (sei, mei)]
    if sum(len(consonants) for consonants, _ in heard) < 4:
        return False
    for order in permutations(words):
        for cut in range(1, len(order)):
            spoken = _sounds("".join(order[:cut])), _sounds("".join(order[cut:]))
            if all(
                one[0] == other[0] and (_within(one[1], other[1]) or _within(other[1], one[1]))
                for one, other in zip(spoken, heard, strict=True)
            ):
                return True
    return False


def unknown_characters(text: str | None) -> bool:
    """True when a character is private (外字), lost or a placeholder such as 〓, and may be any other."""
    return bool(text) and _UNKNOWN.search(text or "") is not None


def is_mojibake(text: str | None) -> bool:
    """True when the text looks like bytes read in the wrong encoding: read back, 繧ｿ繝ｭ makes sense."""
    if not text or not _SUSPECT.search(text):
        return False
    if text.count("\ufffd") * 3 >= len(text):
        return True
    enough = 0.5 if _BROKEN.search(text) else 0.9
    for encoding in ("cp932", "cp1252", "latin-1"):
        data = text.encode(encoding, "ignore")
        sense = len(_JAPANESE.findall(data.decode("utf-8", "ignore"))) * 3
        if sense and sense >= enough * len(data) and len(data) >= len(text):
            return True
    return False
