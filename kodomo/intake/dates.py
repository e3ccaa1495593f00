"""Dates: every notation a department may use, read into days, months and partly known birth dates."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

# First day of each era. Days after an era's end in its own count (平成31年5月) are read as they run on.
_ERAS = {
    "M": date(1868, 1, 25),
    "T": date(1912, 7, 30),
    "S": date(1926, 12, 25),
    "H": date(1989, 1, 8),
    "R": date(2019, 5, 1),
}
_ORDER = "MTSHR"
_NAMES = {"明治": "M", "大正": "T", "昭和": "S", "平成": "H", "令和": "R"}
_ERA = "(明治|大正|昭和|平成|令和|[MTSHRmtshr])"
_OLDEST, _NEWEST = 1868, 2150

_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−ーｰ", "-"))
_USUAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[ T]0{1,2}:00(?::00(?:\.0+)?)?$")
_WESTERN = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})")
_WESTERN_KANJI = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日")
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})")
_JAPANESE = re.compile(_ERA + r"(元|\d{1,2})(?:年|([-./]))(\d{1,2})(?:月|[-./])(\d{1,2})日?")
_JAPANESE_DIGITS = re.compile(r"([MTSHRmtshr])(\d{2})(\d{2})(\d{2})")
_MONTHS = (
    re.compile(r"(\d{4})[-/.](\d{1,2})"),
    re.compile(r"(\d{4})年(\d{1,2})月"),
    re.compile(r"(\d{4})(\d{2})"),
)
_JAPANESE_MONTH = re.compile(_ERA + r"(元|\d{1,2})(?:年|[-./])(\d{1,2})月?")
_JAPANESE_MONTH_DIGITS = re.compile(r"([MTSHRmtshr])(\d{2})(\d{2})")
_NONE = frozenset({"", "00000000", "99999999", "000000", "999999"})
_PART = re.compile(
    rf"(?:{_ERA}(元|\d{{1,2}})|(\d{{4}}))年(?:(\d{{1,2}})月)?(?:(\d{{1,2}})日)?(?:月日|日|月)?"
)
_PART_DIGITS = re.compile(r"(\d{4})([-/.]?)(\d{2})\2(00)")
_MARKS = re.compile(r"推定|およそ|おおよそ|約|頃|ころ|ごろ|不詳|不明|未詳|生まれ|生|くらい|ぐらい")
_BRACKETS = str.maketrans("", "", "()[]【】「」、,")


@dataclass(frozen=True)
class Day:
    """What a cell says about a day.

    `kind` is 'day' (value is the day; a month is its first day), 'none' (blank, 00000000, 99999999),
    'open' (9999-12-31: no end), 'partial' (a birth date that is only partly known) or 'bad'.
    `run_on` marks a day written in an era that had ended.
    """

    kind: str
    value: date | None = None
    run_on: bool = False
    year: int | None = None
    month: int | None = None


_BAD = Day("bad")
_EMPTY = Day("none")
_OPEN = Day("open")


def clean(text: str) -> str:
    """A cell as dates are read from it: NFKC, one kind of dash, no blanks."""
    plain = unicodedata.normalize("NFKC", text).translate(_DASHES).strip()
    plain = _TIME.sub("", plain)
    return "".join(plain.split())


@lru_cache(maxsize=200_000)
def read_date(text: str) -> Day:
    """A day in any accepted notation (contracts/README.md)."""
    if _USUAL.fullmatch(text):
        return _western(int(text[:4]), int(text[5:7]), int(text[8:]))
    plain = clean(text)
    if plain in _NONE:
        return _EMPTY
    for pattern in (_WESTERN, _WESTERN_KANJI, _DIGITS):
        found = pattern.fullmatch(plain)
        if found:
            numbers = [int(part) for part in found.groups() if part.isdigit()]
            return _western(*numbers)
    found = _JAPANESE.fullmatch(plain)
    if found:
        era, year, _, month, day = found.groups()
        return _japanese(era, year, int(month), int(day))
    found = _JAPANESE_DIGITS.fullmatch(plain)
    if found:
        era, year, month, day = found.groups()
        return _japanese(era, year, int(month), int(day))
    return _BAD


def read_month(text: str) -> Day:
    """A month in any accepted notation, as its first day; a full date counts when it is a first day."""
    plain = clean(text)
    if plain in _NONE:
        return _EMPTY
    for pattern in _MONTHS:
        found = pattern.fullmatch(plain)
        if found:
            year, month = int(found.group(1)), int(found.group(2))
            if (year, month) == (9999, 12):
                return _OPEN
            return _western(year, month, 1)
    for pattern in (_JAPANESE_MONTH, _JAPANESE_MONTH_DIGITS):
        found = pattern.fullmatch(plain)
        if found:
            era, year, month = found.groups()
            return _japanese(era, year, int(month), None)
    day = read_date(text)
    return day if day.kind == "open" or (day.value is not None and day.value.day == 1) else _BAD


def read_birth(text: str) -> Day:
    """A birth date; one that is 不詳 becomes 'partial' with the year and month that are known."""
    day = read_date(text)
    if day.kind == "day":
        assert day.value is not None
        return Day("day", day.value, day.run_on, day.value.year, day.value.month)
    if day.kind == "none":
        return day
    if day.kind == "open":
        return _BAD
    plain = clean(text)
    found = _PART_DIGITS.fullmatch(plain)
    if found:
        year, month = int(found.group(1)), int(found.group(3))
        return _partial(year, month or None) if 0 <= month <= 12 else _BAD
    plain = plain.translate(_BRACKETS)
    rest = _MARKS.sub("", plain)
    marked = rest != plain
    found = _PART.fullmatch(rest)
    if found:
        era, era_year, western, month, day_text = found.groups()
        month_number = int(month) if month else None
        if western:
            year = int(western)
        else:
            start = _ERAS[_NAMES.get(era, era.upper())]
            count = 1 if era_year == "元" else int(era_year)
            if count == 0:
                return _BAD
            year = start.year + count - 1
        if month_number is not None and not 1 <= month_number <= 12:
            return _BAD
        if day_text and not marked:
            return _BAD
        if (
            day_text
            and month_number is not None
            and _western(year, month_number, int(day_text)).kind != "day"
        ):
            return _BAD
        return _partial(year, month_number)
    if marked:
        inner = read_date(rest) if rest else _BAD
        if inner.kind == "day":
            assert inner.value is not None
            return _partial(inner.value.year, inner.value.month)
        found = re.fullmatch(r"(\d{4})(?:[-/.](\d{1,2}))?", rest)
        if found:
            month_number = int(found.group(2)) if found.group(2) else None
            if month_number is not None and not 1 <= month_number <= 12:
                return _BAD
            return _partial(int(found.group(1)), month_number)
        if re.fullmatch(rf"(?:生?年月日|年月日|{_ERA}年月日|{_ERA}年|月日|年|)", rest) or re.fullmatch(
            r"\d{1,3}歳(?:代|位)?", rest
        ):
            return Day("partial")
    return _BAD


def _partial(year: int, month: int | None) -> Day:
    if not _OLDEST <= year <= _NEWEST:
        return _BAD
    return Day("partial", None, False, year, month)


def _western(year: int, month: int, day: int) -> Day:
    if (year, month, day) == (9999, 12, 31):
        return _OPEN
    if not _OLDEST <= year <= _NEWEST:
        return _BAD
    try:
        return Day("day", date(year, month, day))
    except ValueError:
        return _BAD


def _japanese(era: str, year: str, month: int, day: int | None) -> Day:
    letter = _NAMES.get(era, era.upper())
    start = _ERAS[letter]
    count = 1 if year == "元" else int(year)
    if count == 0:
        return _BAD
    found = _western(start.year + count - 1, month, day or 1)
    if found.value is None:
        return found
    too_early = (
        (found.value.year, found.value.month) < (start.year, start.month)
        if day is None
        else found.value < start
    )
    if too_early:
        return _BAD
    after = _ORDER[_ORDER.index(letter) + 1 :]
    run_on = bool(after) and found.value >= _ERAS[after[0]]
    return Day("day", found.value, run_on)
