"""Differences: where two spellings of one name, reading, date or address part, character by character."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from rapidfuzz.distance import Indel

from kodomo.normalize import address_parts, kana_key, loose_key, name_key, phonetic_key
from kodomo.normalize.names import VARIANTS

# What a stretch of characters is beside the other spelling.
SAME, FORM, VARIANT, ALIKE, OTHER = "same", "form", "variant", "alike", "other"
_CLASSES = {"same": "字体の違い", "oldnew": "旧字と新字", "variant": "異体字", "confusable": "似た別の字"}
_JOINING = ("Mn", "Me", "Cf")
_HALF_MARKS = "ﾞﾟ"


@dataclass(frozen=True)
class Span:
    """A stretch of one spelling and what it is: same, form (width, blank), variant, alike or other."""

    text: str
    kind: str


@dataclass(frozen=True)
class Difference:
    """Two spellings side by side; `left` and `right` give the raw text back when joined.

    notes: what the marks mean, e.g. 髙＝高（異体字）.
    """

    left: tuple[Span, ...]
    right: tuple[Span, ...]
    notes: tuple[str, ...]

    @property
    def kinds(self) -> set[str]:
        """The kinds that occur on either side."""
        return {span.kind for span in (*self.left, *self.right)}


@cache
def _classes() -> dict[str, tuple[str, str]]:
    """Variant character → (base character, class) of the variant table."""
    with VARIANTS.open(encoding="utf-8", newline="") as lines:
        return {row["variant"]: (row["base"], row["class"]) for row in csv.DictReader(lines)}


def letters(text: str) -> list[str]:
    """Return the characters as people see them: marks, selectors and half-width ﾞ stay with their letter."""
    out: list[str] = []
    for char in text:
        joins = unicodedata.category(char) in _JOINING or char in _HALF_MARKS
        if joins and out:
            out[-1] += char
        else:
            out.append(char)
    return out


def _relation(one: str, two: str) -> str:
    """The word for two characters that the variant table joins."""
    known = _classes()
    a, b = unicodedata.normalize("NFKC", one)[:1], unicodedata.normalize("NFKC", two)[:1]
    found = [known[char][1] for char in (a, b) if char in known]
    if "confusable" in found:
        return _CLASSES["confusable"]
    return _CLASSES[found[0]] if len(found) == 1 else "異体字"


def names(left: str | None, right: str | None) -> Difference:
    """Compare two names in kanji, alphabet or kana."""
    return _align(left or "", right or "", loose_key, _name_kind)


def readings(left: str | None, right: str | None) -> Difference:
    """Compare two readings."""
    return _align(left or "", right or "", lambda text: phonetic_key(text) or kana_key(text), _kana_kind)


def plain(left: str | None, right: str | None) -> Difference:
    """Compare two texts of digits or letters, e.g. dates as 2015-04-03."""
    return _align(
        left or "",
        right or "",
        lambda text: unicodedata.normalize("NFKC", text).strip(),
        lambda one, two: (SAME, "") if one == two else (FORM, ""),
    )


def _name_kind(one: str, two: str) -> tuple[str, str]:
    if one == two:
        return SAME, ""
    if unicodedata.normalize("NFKC", one) == unicodedata.normalize("NFKC", two):
        return FORM, ""
    if name_key(one) == name_key(two):
        return VARIANT, f"{one}＝{two}（{_relation(one, two)}）"
    return ALIKE, f"{one}と{two}（{_relation(one, two)}）"


def _kana_kind(one: str, two: str) -> tuple[str, str]:
    if one == two:
        return SAME, ""
    if kana_key(one) == kana_key(two):
        return FORM, ""
    return ALIKE, f"{one}と{two}（音が近い）"


def _align(
    left: str, right: str, key: Callable[[str], str], kind: Callable[[str, str], tuple[str, str]]
) -> Difference:
    """Align two texts on the keys of their characters; characters without a key (blanks) never part them."""
    if not left.strip() or not right.strip():  # nothing to compare with: no character differs
        return Difference(_spans([left], [SAME]), _spans([right], [SAME]), ())
    one, two = letters(left), letters(right)
    keys = [[key(char) for char in text] for text in (one, two)]
    at = [[i for i, value in enumerate(row) if value] for row in keys]
    marks = [[FORM if not value else OTHER for value in row] for row in keys]
    notes: list[str] = []
    codes = Indel.opcodes([keys[0][i] for i in at[0]], [keys[1][i] for i in at[1]])
    for code in codes:
        if code.tag != "equal":
            continue
        for step in range(code.src_end - code.src_start):
            i, j = at[0][code.src_start + step], at[1][code.dest_start + step]
            marks[0][i], note = kind(one[i], two[j])
            marks[1][j] = marks[0][i]
            if note and note not in notes:
                notes.append(note)
    return Difference(_spans(one, marks[0]), _spans(two, marks[1]), tuple(notes))


def _spans(chars: list[str], marks: list[str]) -> tuple[Span, ...]:
    out: list[Span] = []
    for char, mark in zip(chars, marks, strict=True):
        if not char:
            continue
        if out and out[-1].kind == mark:
            out[-1] = Span(out[-1].text + char, mark)
        else:
            out.append(Span(char, mark))
    return tuple(out)


def address_words(left: str | None, right: str | None, detail: str | None = None) -> str:
    """Say in words how two addresses part; `detail` is the 方書 of the right one; empty if one is missing."""
    if not left or not right:
        return ""
    a, b = address_parts(left), address_parts(right, detail)
    if not a.town or not b.town or a.town != b.town:
        return "町名が違います"
    if a.chome != b.chome:
        return f"丁目が違います（{a.chome or 'なし'}と{b.chome or 'なし'}）"
    for word, mine, theirs in (("番", a.block, b.block), ("号", a.number, b.number)):
        if mine is None and theirs is None:
            continue
        if mine is None or theirs is None:
            return f"{word}が片方にありません"
        if mine != theirs:
            return f"{word}が違います（{mine}と{theirs}）"
    if a.room and b.room and a.room != b.room:
        return f"部屋が違います（{a.room}と{b.room}）"
    if a.room != b.room:
        return "同じ番地。部屋は片方にだけあります"
    return "同じ住所" + ("（書き方の違いだけ）" if left != right else "")
