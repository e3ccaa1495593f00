"""Draw: random streams, weighted choices and day numbers, all reproducible from one seed.

Days are `int32` counts since 1970-01-01; `NEVER` stands for "no day". Working in whole numbers keeps
half a million people in a few arrays and makes every date a table look-up when it is written.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.integer]
Floats: TypeAlias = NDArray[np.floating]
Bools: TypeAlias = NDArray[np.bool_]
Texts: TypeAlias = NDArray[np.object_]

NEVER = -1_000_000
_FIRST = np.datetime64("1905-01-01", "D")
_LAST = np.datetime64("2045-01-01", "D")
FIRST_DAY = int(_FIRST.astype(int))
_ALL = np.arange(_FIRST, _LAST)
YEAR = _ALL.astype("datetime64[Y]").astype(int) + 1970
MONTH = _ALL.astype("datetime64[M]").astype(int) % 12 + 1
DOM = (_ALL - _ALL.astype("datetime64[M]")).astype(int) + 1


def stream(seed: int, name: str) -> np.random.Generator:
    """A random generator for one named part of the city, so that parts do not disturb each other."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, crc32(name.encode())])))


def pick(rng: np.random.Generator, weights: NDArray | list[float], size: int) -> Ints:
    """`size` indices drawn with the given weights."""
    edges = np.cumsum(np.asarray(weights, dtype=float))
    return np.searchsorted(edges, rng.random(size) * edges[-1], side="right").clip(0, len(edges) - 1)


def chance(rng: np.random.Generator, probability: Floats | float, size: int | None = None) -> Bools:
    """True with the given probability, for each element (or `size` times for one number)."""
    n = size if size is not None else len(np.asarray(probability))
    return rng.random(n) < probability


def day(value: date) -> int:
    """The day number of a date."""
    return value.toordinal() - 719_163


def year_of(days: Ints) -> Ints:
    """Calendar year of each day number."""
    return YEAR[np.asarray(days) - FIRST_DAY]


def month_of(days: Ints) -> Ints:
    """Calendar month, 1 to 12."""
    return MONTH[np.asarray(days) - FIRST_DAY]


def fiscal_year(days: Ints) -> Ints:
    """Fiscal year (April to March) of each day number."""
    index = np.asarray(days) - FIRST_DAY
    return YEAR[index] - (MONTH[index] < 4)


def cohort(birth: Ints) -> Ints:
    """School cohort: years begin on 2 April, so a child born on 1 April belongs to the year before."""
    return fiscal_year(np.asarray(birth) - 1)


def add_months(days: Ints, months: Ints | int) -> Ints:
    """The first day of the month `months` after the month of each day."""
    index = np.asarray(days) - FIRST_DAY
    total = YEAR[index] * 12 + MONTH[index] - 1 + months
    return (
        (((total // 12) - 1970) * 12 + total % 12).astype("datetime64[M]").astype("datetime64[D]").astype(int)
    )


def between(rng: np.random.Generator, low: Ints | int, high: Ints | int, size: int) -> Ints:
    """Whole numbers drawn evenly from `low` to `high` (both included; an empty span gives `low`)."""
    low = np.broadcast_to(np.asarray(low), (size,))
    span = np.maximum(np.broadcast_to(np.asarray(high), (size,)) - low + 1, 1)
    return (low + np.floor(rng.random(size) * span)).astype(np.int64)


_ERAS = ((date(2019, 5, 1), "R", "令和"), (date(1989, 1, 8), "H", "平成"), (date(1926, 12, 25), "S", "昭和"))


def _wareki(y: int, m: int, d: int, style: str) -> str:
    for start, letter, name in _ERAS:
        if (y, m, d) >= (start.year, start.month, start.day):
            n = y - start.year + 1
            if style == "dots":
                return f"{letter}{n}.{m}.{d}"
            if style == "packed":
                return f"{letter}{n:02d}{m:02d}{d:02d}"
            return f"{name}{'元' if n == 1 else n}年{m}月{d}日"
    return f"{y:04d}-{m:02d}-{d:02d}"


@cache
def notation(style: str) -> list[str]:
    """Every day from 1905 on, written in one notation; index 0 is the empty cell for `NEVER`.

    Styles: iso 2025-04-01, slash 2025/4/1, plain 20250401, dots R7.4.1, packed R070401, kanji 令和7年4月1日,
    and the months month-iso, month-slash, month-plain, month-dots, month-kanji.
    """
    years, months, days = YEAR.tolist(), MONTH.tolist(), DOM.tolist()
    if style == "iso":
        out = [f"{y}-{m:02d}-{d:02d}" for y, m, d in zip(years, months, days, strict=True)]
    elif style == "slash":
        out = [f"{y}/{m}/{d}" for y, m, d in zip(years, months, days, strict=True)]
    elif style == "plain":
        out = [f"{y}{m:02d}{d:02d}" for y, m, d in zip(years, months, days, strict=True)]
    elif style == "month-iso":
        out = [f"{y}-{m:02d}" for y, m in zip(years, months, strict=True)]
    elif style == "month-slash":
        out = [f"{y}/{m}" for y, m in zip(years, months, strict=True)]
    elif style == "month-plain":
        out = [f"{y}{m:02d}" for y, m in zip(years, months, strict=True)]
    elif style in ("month-dots", "month-kanji"):
        full = "dots" if style == "month-dots" else "kanji"
        out = [_wareki(y, m, d, full) for y, m, d in zip(years, months, days, strict=True)]
        out = [t.rsplit(".", 1)[0] if full == "dots" else t.split("月")[0] + "月" for t in out]
    else:
        out = [_wareki(y, m, d, style) for y, m, d in zip(years, months, days, strict=True)]
    return ["", *out]


def written(days: Ints, style: str = "iso") -> Texts:
    """Day numbers as text in one notation; `NEVER` becomes the empty cell."""
    table = _notation_array(style)
    days = np.asarray(days)
    return table[np.where(days <= NEVER, 0, days - FIRST_DAY + 1)]


@cache
def _notation_array(style: str) -> Texts:
    return np.array(notation(style), dtype=object)
