"""Text folding shared by the normalisers: whole columns at once, because a city has a million values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping

SEPARATOR = "\n"
# Variation selectors say which drawing of a character was meant; they never make another name.
SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
BLANKS = "".join(
    map(
        chr,
        (
            *range(0x09, 0x0A),
            *range(0x0B, 0x0E),
            *range(0x1C, 0x21),
            0x85,
            0xA0,
            0x1680,
            *range(0x2000, 0x200E),
        ),
    )
)
BLANKS += "\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
DASHES = "-‐‑‒–—―−─━ーｰ－〜～~"
UPPER = {ord(c): ord(c.upper()) for c in "abcdefghijklmnopqrstuvwxyz"}


def nfkc(text: str) -> str:
    """Return `text` in Unicode's compatibility form (widths made one), without variation selectors."""
    return unicodedata.normalize("NFKC", SELECTORS.sub("", text))


def translate(text: str, table: Mapping[int, int | None]) -> str:
    """Return `text.translate(table)`, several times as fast; no target of `table` may itself be a key.

    A long column holds few of the table's characters; replacing those one by one runs at the speed of memory.
    """
    if len(text) < 2000:
        return text.translate(table)
    present = sorted(char for char in set(text) if table.get(ord(char), ord(char)) != ord(char))
    if len(present) > 60:
        return text.translate(table)
    for char in present:
        target = table[ord(char)]
        text = text.replace(char, "" if target is None else chr(target))
    return text


def fold_column(values: Iterable[str | None], fold: Callable[[str], str]) -> list[str]:
    """Apply `fold` to a whole column in one call.

    `fold` must treat a line feed as a wall: it may neither remove it nor look across it. Values are joined by
    line feeds, folded once and split again, ten times as fast as one call per value. None becomes "".
    """
    cells = ["" if value is None else value for value in values]
    if not cells:
        return []
    joined = SEPARATOR.join(cells)
    if joined.count(SEPARATOR) != len(cells) - 1:
        joined = SEPARATOR.join(cell.replace(SEPARATOR, " ") for cell in cells)
    return fold(joined).split(SEPARATOR)
