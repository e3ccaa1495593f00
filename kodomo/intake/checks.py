"""Checks: headings, Individual Numbers, rows that are no data, and the sentence to each row that stays."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from kodomo.contracts import Column, Contract, heading_key
from kodomo.intake.kernels import pc
from kodomo.intake.refusals import FileRefused
from kodomo.intake.tokens import BLANKS, NoHeading, OddRow
from kodomo.intake.values import Cells, plain

_TOTALS = re.compile(
    r"※|\*|【?注|\(注|備考|合計|総計|小計|総合計|累計|計|総数|総件数|件数|以上|以下余白|出典|作成|出力"
)
_TWELVE = re.compile(r"(?<![0-9])[0-9](?:[\s\-]?[0-9]){11}(?![0-9])")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−ー", "-"))
_LOOKS_LIKE = r"^[^0-9０-９\pL]*[0-9０-９](?:[^0-9０-９\pL]*[0-9０-９]){11}[^0-9０-９\pL]*$"
_FORBIDDEN = ("個人番号", "マイナンバー")
_LONGEST = 200


class IndividualNumber(FileRefused):
    """The file holds Individual Numbers, which must not be here."""


class RepeatedHeading(FileRefused):
    """A column name stands twice in the heading."""


class MissingColumn(FileRefused):
    """A required column is not in the file."""


@dataclass
class Heading:
    """Where each contract column stands in the file; what else stands there."""

    place: dict[str, int] = field(default_factory=dict)
    absent: list[Column] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    empty_last: bool = False
    unnamed: bool = False


def read_heading(cells: list[str], contract: Contract) -> Heading:
    """Match a heading with the contract.

    Raises IndividualNumber, NoHeading, RepeatedHeading or MissingColumn.
    """
    names = [heading_key(cell) for cell in cells]
    if any(word in name for name in names for word in _FORBIDDEN):
        raise IndividualNumber(
            "個人番号（マイナンバー）の列があります。受け取れません。"
            "列を除いて出し直し、このファイルは消してください。"
        )
    known = {heading_key(column.name): column for column in contract.columns}
    if not any(name in known for name in names):
        raise NoHeading
    repeated = sorted(name for name, times in Counter(names).items() if name and times > 1)
    if repeated:
        shown = "、".join(f"「{known[name].name}」" for name in repeated if name in known) or "同じ列名"
        raise RepeatedHeading(f"見出しに{shown}が二度あります。どちらか一つにして出し直してください。")
    heading = Heading()
    named = max((index + 1 for index, name in enumerate(names) if name), default=0)
    for index, name in enumerate(names):
        if name in known:
            heading.place[known[name].field] = index
        elif name:
            heading.extra.append(cells[index].strip(BLANKS)[:30])
        elif index >= named:
            heading.empty_last = True
        else:
            heading.unnamed = True
    heading.absent = [column for column in contract.columns if column.field not in heading.place]
    required = [column.name for column in heading.absent if column.required]
    if required:
        raise MissingColumn(
            f"必要な列「{'」「'.join(required)}」がありません。列を加えて出し直すか、"
            "列名が変わったときは受渡仕様（data/contracts）を直してください。"
        )
    return heading


def has_check_digit(digits: str) -> bool:
    """Whether 12 digits end in the check digit of an Individual Number (番号法の検査用数字)."""
    total = 0
    for place, digit in enumerate(reversed(digits[:11]), start=1):
        total += int(digit) * (place + 1 if place <= 6 else place - 5)
    rest = total % 11
    return int(digits[11]) == (0 if rest <= 1 else 11 - rest)


def twelve_digits(text: str) -> str | None:
    """The 12 digits of a cell that holds nothing else (hyphens and blanks aside), else None."""
    word = unicodedata.normalize("NFKC", text).translate(_DASHES)
    digits = "".join(char for char in word if char != "-" and not char.isspace() and char not in BLANKS)
    return digits if len(digits) == 12 and digits.isascii() and digits.isdigit() else None


def refuse_individual_numbers(columns: list[Cells], odd: Iterable[OddRow]) -> None:
    """Raise IndividualNumber when a column looks like one.

    It does when at least three cells, and at least half of the filled ones, are 12 digits with a valid check
    digit. Odd rows count by position.
    """
    hits: Counter[int] = Counter()
    filled: Counter[int] = Counter()
    for row in odd:
        for place, cell in enumerate(row.cells):
            if cell.strip(BLANKS):
                filled[place] += 1
                digits = twelve_digits(cell)
                hits[place] += digits is not None and has_check_digit(digits)
    for place, cells in enumerate(columns):
        found = _valid_positions(cells.texts)
        if found:
            wanted = np.zeros(len(cells.texts), bool)
            wanted[found] = True
            hits[place] += int(cells.rows(wanted).sum())
        if hits[place]:
            filled[place] += int((~cells.blank()).sum())
    if any(count >= 3 and count * 2 >= filled[place] for place, count in hits.items()):
        raise IndividualNumber(
            "個人番号（マイナンバー）とみられる12けたの番号の列があります。受け取れません。"
            "列を除いて出し直し、このファイルは消してください。"
        )


def _valid_positions(texts: pa.Array) -> list[int]:
    long_enough = pc.greater_equal(pc.binary_length(texts), 12)
    if not pc.any(long_enough).as_py():
        return []
    places = np.flatnonzero(long_enough.to_numpy(zero_copy_only=False))
    candidates = texts.take(pa.array(places))
    alike = np.flatnonzero(pc.match_substring_regex(candidates, _LOOKS_LIKE).to_numpy(zero_copy_only=False))
    found: list[int] = []
    for place in alike.tolist():
        digits = twelve_digits(candidates[place].as_py())
        if digits is not None and has_check_digit(digits):
            found.append(int(places[place]))
    return found


def is_totals(cell: str) -> bool:
    """Whether a row's first filled cell marks it as a footnote or a totals row."""
    return _TOTALS.match(plain(cell)) is not None


def masked(text: str) -> str:
    """A delivered value as the quarantine may keep it: no 12-digit number, not endless."""
    word = unicodedata.normalize("NFKC", text).translate(_DASHES)
    if twelve_digits(text) is not None or _TWELVE.search(word):
        return "（12けたの番号のため表示しません）"
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def check_digit_fits(number: str) -> bool | None:
    """宛名番号 under M11W2-7: weights 2 to 7 from the right, remainders 0 and 1 give 0; None: no number."""
    if not (number.isascii() and number.isdigit() and len(number) > 1):
        return None
    total = sum(int(digit) * (place % 6 + 2) for place, digit in enumerate(reversed(number[:-1])))
    rest = total % 11
    return int(number[-1]) == (0 if rest <= 1 else 11 - rest)


def sentence(rule: str, column: Column | None, detail: str = "") -> str:
    """What a clerk can do about a row that stays behind; never carries a value of the row."""
    name = column.name if column else ""
    if rule == "required":
        return f"「{name}」が空です。必ず要る項目なので、元の記録で補って出し直してください。"
    if rule == "date":
        kind = "年月" if column and column.type == "month" else "日付"
        return f"「{name}」が暦にない{kind}か、読めない書き方です。元の記録を確かめて直してください。"
    if rule == "code":
        if column and column.type == "flag":
            return f"「{name}」は 1／0、有／無、○／空欄 のどれかで入れてください。"
        codes = "、".join(f"{code} {label}" for code, label in (column.codes if column else {}).items())
        return f"「{name}」が受渡仕様にない値です。次のどれかに直してください（{codes}）。"
    if rule == "number":
        return f"「{name}」が数字ではありません。数字だけを入れて出し直してください。"
    if rule == "integer":
        return f"「{name}」は整数で入れてください。小数は受け取れません。"
    if rule == "range":
        return f"「{name}」が決められた範囲（{_range(column)}）の外です。元の記録を確かめて直してください。"
    if rule == "birth_after_recorded":
        return f"「{name}」が登録日より後です。どちらが正しいか元の記録を確かめて直してください。"
    if rule == "absence_over":
        return "病欠・不登校欠席・その他欠席の合計が授業日数を超えています。日数を確かめて直してください。"
    if rule == "cells":
        return f"列の数が見出しと合いません（{detail}）。区切りのカンマや引用符を確かめて出し直してください。"
    if rule == "totals":
        return "合計や注記の行のようです。データの行だけにして出し直してください（この行は使いません）。"
    if rule == "duplicate_key":
        return (
            f"同じ「{detail}」で登録日も同じ行が前にあり、内容が違います（先の行を使います）。"
            "正しい方だけにして出し直してください。"
        )
    raise ValueError(rule)


def _range(column: Column | None) -> str:
    if column is None:
        return ""
    low = "" if column.min is None else f"{column.min:g}"
    high = "" if column.max is None else f"{column.max:g}"
    return f"{low}〜{high}" if low or high else "整数として扱える大きさ"
