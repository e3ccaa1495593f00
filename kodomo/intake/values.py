"""Values: cells read into the types of a contract, once for every distinct text of a column."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kodomo.contracts import Column, Contract
from kodomo.intake.dates import Day, read_birth, read_date, read_month
from kodomo.intake.kernels import pc
from kodomo.intake.tokens import BLANKS

RULES = ("", "required", "date", "code", "number", "integer", "range")
BIRTH = "birth_date"
RECORDED_ON = "recorded_on"
_CODE = {rule: index for index, rule in enumerate(RULES)}
# Required days that may stay open: the end of something.
_ENDS = ("ended_on", "lifted_on", "closed_on", "returned_on", "resolved_on")

_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_WHOLE = re.compile(r"[+-]?\d+(?:\.0*)?")
_DECIMAL = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)")
_TRUE = frozenset({"1", "有", "true", "○", "〇", "◯"})
_FALSE = frozenset({"0", "無", "false"})
_MINUS = str.maketrans({"−": "-", "‐": "-", "‑": "-", "–": "-"})

ARROW_TYPES: dict[str, pa.DataType] = {
    "date": pa.date32(),
    "month": pa.date32(),
    "int": pa.int32(),
    "float": pa.float64(),
    "flag": pa.bool_(),
}
SQL_TYPES = {"date": "date", "month": "date", "int": "integer", "float": "double", "flag": "boolean"}


@dataclass
class Cells:
    """One delivered column.

    `texts` are its distinct cells and `index` says which one each row has; where `index` is None, `texts` are
    the cells row by row.
    """

    texts: pa.Array
    index: npt.NDArray[np.int32] | None

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> Cells:
        """Take a column of text, or a dictionary-encoded one whose chunks share one dictionary."""
        if not pa.types.is_dictionary(column.type):
            return cls(column.combine_chunks(), None)
        if not len(column):
            return cls(pa.array([], pa.string()), np.zeros(0, np.int32))
        index = np.concatenate([chunk.indices.to_numpy(zero_copy_only=False) for chunk in column.chunks])
        return cls(column.chunk(0).dictionary, index.astype(np.int32, copy=False))

    def __len__(self) -> int:
        return len(self.texts) if self.index is None else len(self.index)

    def at(self, position: int) -> str:
        """The cell of the row at `position`, as delivered."""
        return str(self.texts[position if self.index is None else int(self.index[position])].as_py())

    def rows(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """What is known per text, spread to the rows."""
        return values if self.index is None else values[self.index]

    def trimmed(self) -> pa.Array:
        """The texts without blanks around them."""
        return pc.utf8_trim(self.texts, characters=BLANKS)

    def blank(self) -> npt.NDArray[np.bool_]:
        """Row by row: whether the cell is blank."""
        empty = pc.equal(pc.binary_length(self.trimmed()), 0).to_numpy(zero_copy_only=False)
        return self.rows(np.asarray(empty, bool))


@dataclass
class Typed:
    """A column read: field -> values (arrow arrays over distinct texts are already spread to rows).

    `errors` holds a number into RULES per row, or is None when there is no error at all.
    """

    values: dict[str, pa.Array]
    errors: npt.NDArray[np.int8] | None
    notes: Counter[str] = field(default_factory=Counter)


def fields_of(contract: Contract) -> dict[str, str]:
    """Fields an extract's table keeps for its columns, with their SQL types, in order."""
    fields: dict[str, str] = {}
    for column in contract.columns:
        fields[column.field] = SQL_TYPES.get(column.type, "varchar")
        if column.field == BIRTH and column.type == "date":
            fields |= {"birth_text": "varchar", "birth_year": "smallint", "birth_month": "tinyint"}
    return fields


def has_few_texts(column: Column, contract: Contract) -> bool:
    """Whether a column's cells are worth reading once per distinct text."""
    if column.type == "id":
        return contract.via is not None
    return column.type not in ("name", "kana", "address", "postal", "text")


def missing(column: Column, count: int) -> dict[str, pa.Array]:
    """The values of a column that was not delivered: all unknown."""
    kinds = {"birth_text": pa.string(), "birth_year": pa.int16(), "birth_month": pa.int8()}
    found = {column.field: pa.nulls(count, ARROW_TYPES.get(column.type, pa.string()))}
    if column.field == BIRTH and column.type == "date":
        found |= {name: pa.nulls(count, kind) for name, kind in kinds.items()}
    return found


def read_column(column: Column, cells: Cells, *, is_key: bool) -> Typed:
    """Read one column. `is_key`: the column is part of the extract's key, so that an open end is no value."""
    if column.type in ("id", "postal"):
        return _texts(column, cells, _as_number_text)
    if column.type in ("name", "kana", "address", "text"):
        return _texts(column, cells, None)
    if column.field == BIRTH and column.type == "date":
        return _birth(column, cells)
    if column.type in ("date", "month"):
        return _dates(column, cells, is_key)
    if column.type == "flag":
        return _flags(column, cells)
    if column.type == "code":
        return _spread(column, cells, _code_reader(column), pa.string())
    reader = _int_reader(column) if column.type == "int" else _float_reader(column)
    return _spread(column, cells, reader, ARROW_TYPES[column.type])


def plain(text: str) -> str:
    """NFKC, no blanks around it."""
    return unicodedata.normalize("NFKC", text).strip(BLANKS)


def _as_number_text(texts: pa.Array) -> pa.Array:
    if pc.all(pc.string_is_ascii(texts)).as_py() is not False:
        return texts
    return pc.utf8_trim(pc.utf8_normalize(texts, form="NFKC"), characters=BLANKS)


def _texts(column: Column, cells: Cells, shape: Callable[[pa.Array], pa.Array] | None) -> Typed:
    texts = cells.trimmed()
    if shape is not None:
        texts = shape(texts)
    empty = pc.equal(pc.binary_length(texts), 0)
    texts = pc.if_else(empty, pa.scalar(None, pa.string()), texts)
    errors = None
    if column.required:
        bad = np.asarray(empty.to_numpy(zero_copy_only=False), bool)
        if bad.any():
            errors = np.where(bad, np.int8(_CODE["required"]), np.int8(0)).astype(np.int8)
    return _rows(cells, {column.field: texts}, errors)


def _rows(
    cells: Cells,
    values: dict[str, pa.Array],
    errors: npt.NDArray[np.int8] | None,
    notes: Counter[str] | None = None,
) -> Typed:
    """Spread what was read per distinct text over the rows; text columns stay dictionary-encoded."""
    index = None if cells.index is None else pa.array(cells.index)
    spread: dict[str, pa.Array] = {}
    for name, array in values.items():
        if index is None:
            spread[name] = array
        elif pa.types.is_string(array.type):
            spread[name] = pa.DictionaryArray.from_arrays(index, array)
        else:
            spread[name] = array.take(index)
    row_errors = None
    if errors is not None and len(cells):
        row_errors = cells.rows(errors)
        if not row_errors.any():
            row_errors = None
    return Typed(spread, row_errors, notes or Counter())


def _spread(column: Column, cells: Cells, read: Callable[[str], tuple[Any, str]], kind: pa.DataType) -> Typed:
    values: list[Any] = []
    errors = np.zeros(len(cells.texts), np.int8)
    for position, text in enumerate(cells.texts.to_pylist()):
        word = plain(text)
        if not word:
            values.append(None)
            errors[position] = _CODE["required"] if column.required else 0
            continue
        value, rule = read(word)
        values.append(value)
        errors[position] = _CODE[rule]
    return _rows(cells, {column.field: pa.array(values, kind)}, errors)


def _code_reader(column: Column) -> Callable[[str], tuple[Any, str]]:
    known = {plain(label): code for code, label in column.codes.items()}
    known |= {plain(code): code for code in column.codes}

    def read(word: str) -> tuple[Any, str]:
        code = known.get(word)
        return code, "" if code is not None else "code"

    return read


def _number(word: str) -> str:
    word = word.translate(_MINUS)
    return word.replace(",", "") if _THOUSANDS.fullmatch(word) else word


def _int_reader(column: Column) -> Callable[[str], tuple[Any, str]]:
    low = max(column.min if column.min is not None else -(2**31), -(2**31))
    high = min(column.max if column.max is not None else 2**31 - 1, 2**31 - 1)

    def read(word: str) -> tuple[Any, str]:
        word = _number(word)
        if not _WHOLE.fullmatch(word):
            return None, "integer" if _DECIMAL.fullmatch(word) else "number"
        digits = word.split(".")[0]
        if len(digits.lstrip("+-0")) > 11:
            return None, "range"
        value = int(digits)
        return (value, "") if low <= value <= high else (None, "range")

    return read


def _float_reader(column: Column) -> Callable[[str], tuple[Any, str]]:
    low = column.min if column.min is not None else -1e300
    high = column.max if column.max is not None else 1e300

    def read(word: str) -> tuple[Any, str]:
        word = _number(word)
        if not _DECIMAL.fullmatch(word):
            return None, "number"
        value = float(word)
        return (value, "") if low <= value <= high else (None, "range")

    return read


def _flags(column: Column, cells: Cells) -> Typed:
    """A flag; a blank is 'no' where the file writes no explicit one (○/空欄), else unknown."""
    words = [plain(text).lower() for text in cells.texts.to_pylist()]
    explicit = _counted(cells, [word in _FALSE for word in words]) > 0
    values: list[bool | None] = []
    errors = np.zeros(len(words), np.int8)
    for position, word in enumerate(words):
        if not word:
            values.append(None if explicit else False)
            errors[position] = _CODE["required"] if column.required and explicit else 0
        elif word in _TRUE or word in _FALSE:
            values.append(word in _TRUE)
        else:
            values.append(None)
            errors[position] = _CODE["code"]
    return _rows(cells, {column.field: pa.array(values, pa.bool_())}, errors)


def _counted(cells: Cells, wanted: list[bool]) -> int:
    if not any(wanted):
        return 0
    return int(cells.rows(np.asarray(wanted, bool)).sum())


def _dates(column: Column, cells: Cells, is_key: bool) -> Typed:
    read = read_month if column.type == "month" else read_date
    days = [read(text) for text in cells.texts.to_pylist()]
    errors = np.zeros(len(days), np.int8)
    for position, day in enumerate(days):
        if day.kind == "bad" or (day.kind == "open" and (is_key or column.field == RECORDED_ON)):
            errors[position] = _CODE["date"]
        elif column.required and (
            day.kind == "none" or (day.kind == "open" and not column.field.endswith(_ENDS))
        ):
            errors[position] = _CODE["required"]
    notes = Counter(
        {
            "run_on": _counted(cells, [day.run_on for day in days]),
            "open": _counted(
                cells, [day.kind == "open" and not errors[place] for place, day in enumerate(days)]
            ),
        }
    )
    return _rows(cells, {column.field: pa.array([day.value for day in days], pa.date32())}, errors, notes)


def _birth(column: Column, cells: Cells) -> Typed:
    days: list[Day] = [read_birth(text) for text in cells.texts.to_pylist()]
    errors = np.zeros(len(days), np.int8)
    for position, day in enumerate(days):
        if day.kind == "bad":
            errors[position] = _CODE["date"]
        elif day.kind == "none" and column.required:
            errors[position] = _CODE["required"]
    texts = [
        text if day.kind == "partial" else None
        for text, day in zip(cells.trimmed().to_pylist(), days, strict=True)
    ]
    notes = Counter(
        {
            "run_on": _counted(cells, [day.run_on for day in days]),
            "partial": _counted(cells, [day.kind == "partial" for day in days]),
        }
    )
    values = {
        column.field: pa.array([day.value for day in days], pa.date32()),
        "birth_text": pa.array(texts, pa.string()),
        "birth_year": pa.array([day.year for day in days], pa.int16()),
        "birth_month": pa.array([day.month for day in days], pa.int8()),
    }
    return _rows(cells, values, errors, notes)
