"""Writing: columns become one delivery file, in the contract's order, encoding and line ends.

Each column is turned into Arrow text by table look-up and the whole file is joined in one go: the joined
array's buffer is the file.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kodomo.paths import CONTRACTS
from kodomo.synth.draw import FIRST_DAY, NEVER, Bools, Floats, Ints, notation

Cells: TypeAlias = pa.Array
compute: Any = pc  # pyarrow makes these functions at import; a type checker cannot see them
Sheet: TypeAlias = dict[str, Cells]
_CHUNK = 400_000


@dataclass(frozen=True)
class Layout:
    """What the writer needs of a contract: file name pattern, encoding, and columns as (heading, field)."""

    file: str
    encoding: str
    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...]


@cache
def layouts(folder: Path = CONTRACTS) -> dict[str, Layout]:
    """The 28 contracts by extract, as layouts."""
    out: dict[str, Layout] = {}
    for path in sorted(folder.glob("*.toml")):
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        columns = tuple((c["name"], c["field"]) for c in raw["column"])
        field = dict(columns)
        key = tuple(field[name] for name in raw["key"])
        out[raw["extract"]] = Layout(raw["file"], raw["encoding"], columns, key)
    return out


@cache
def _dates(style: str) -> pa.Array:
    return pa.array(notation(style), pa.string())


@cache
def _numbers() -> pa.Array:
    return pa.array([str(i) for i in range(1000)], pa.string())


def dates(days: Ints, style: str = "iso") -> Cells:
    """Day numbers in one notation; `NEVER` is an empty cell."""
    days = np.asarray(days)
    return _dates(style).take(pa.array(np.where(days <= NEVER, 0, days - FIRST_DAY + 1).astype(np.int32)))


def whole(values: Ints, missing: Bools | None = None) -> Cells:
    """Whole numbers from 0 to 999; negative ones and those marked missing are empty cells."""
    values = np.asarray(values)
    empty = values < 0 if missing is None else (values < 0) | missing
    return _numbers().take(pa.array(np.where(empty, 0, values).astype(np.int32), mask=empty))


def decimals(values: Floats) -> Cells:
    """Numbers with one decimal; NaN is an empty cell."""
    tenths = np.rint(np.nan_to_num(np.asarray(values, dtype=float), nan=0.0) * 10).astype(np.int64)
    left = compute.cast(pa.array(tenths // 10), pa.string())
    joined = compute.binary_join_element_wise(
        left, _numbers().take(pa.array((tenths % 10).astype(np.int32))), "."
    )
    return compute.if_else(pa.array(np.isnan(values)), pa.scalar(None, pa.string()), joined)


def ids(numbers: Ints, width: int, prefix: str = "", check: bool = False) -> Cells:
    """Running numbers as fixed-width text, with leading zeros kept; negative ones are empty cells."""
    numbers = np.asarray(numbers, dtype=np.int64)
    body = with_check_digit(numbers) if check else numbers
    text = compute.utf8_lpad(
        compute.cast(pa.array(np.maximum(body, 0)), pa.string()), width - len(prefix), "0"
    )
    if prefix:
        text = compute.binary_join_element_wise(pa.scalar(prefix), text, "")
    return compute.if_else(pa.array(numbers < 0), pa.scalar(None, pa.string()), text)


def with_check_digit(serial: Ints) -> Ints:
    """Serial numbers with a modulus-11 check digit (weights 2 to 7) appended, as cities number people."""
    rest, total, weight = serial.copy(), np.zeros_like(serial), 2
    for _ in range(12):
        total += rest % 10 * weight
        rest //= 10
        weight = 2 if weight == 7 else weight + 1
    digit = 11 - total % 11
    return serial * 10 + np.where(digit >= 10, 0, digit)


def choices(codes: list[str], index: Ints) -> Cells:
    """Codes by index; a negative index is an empty cell."""
    index = np.asarray(index)
    return pa.array(codes, pa.string()).take(pa.array(np.maximum(index, 0).astype(np.int32), mask=index < 0))


def texts(values: object) -> Cells:
    """Text cells from a list or object array."""
    return pa.array(values, pa.string())


def flags(values: Bools, yes: str = "1", no: str = "0") -> Cells:
    """Yes/no cells in one department's manner."""
    return choices([no, yes], np.asarray(values).astype(np.int32))


def take(sheet: Sheet, rows: Ints | Bools) -> Sheet:
    """The sheet with only (or in the order of) the given rows."""
    index = pa.array(np.flatnonzero(rows) if rows.dtype == np.bool_ else rows)
    return {field: cells.take(index) for field, cells in sheet.items()}


def stack(*sheets: Sheet) -> Sheet:
    """Several sheets with the same fields, one below the other."""
    return {f: pa.concat_arrays([s[f] for s in sheets]) for f in sheets[0]}


def lines(sheet: Sheet, layout: Layout, ending: str) -> list[pa.Array]:
    """The rows as joined text with line ends, in chunks whose buffers are the file."""
    n = len(next(iter(sheet.values())))
    out: list[pa.Array] = []
    for start in range(0, n, _CHUNK):
        columns = [sheet[field].slice(start, _CHUNK) for _, field in layout.columns]
        row = compute.binary_join_element_wise(*columns, ",", null_handling="replace", null_replacement="")
        out.append(compute.binary_join_element_wise(row, pa.scalar(ending), ""))
    return out


def write(folder: Path, extract: str, sheet: Sheet, stamp: str) -> int:
    """Write one delivery and return its number of rows."""
    layout = layouts()[extract]
    cp932 = layout.encoding == "cp932"
    ending = "\r\n" if cp932 else "\n"
    encoding = "cp932" if cp932 else "utf-8"
    path = folder / layout.file.replace("{YYYYMMDD}", stamp)
    head = ",".join(name for name, _ in layout.columns) + ending
    with path.open("wb") as file:
        if layout.encoding == "utf-8-sig":
            file.write(b"\xef\xbb\xbf")
        file.write(head.encode(encoding))
        for chunk in lines(sheet, layout, ending):
            body = _bytes(chunk)
            file.write(body if encoding == "utf-8" or body.isascii() else body.decode().encode("cp932"))
    return len(next(iter(sheet.values())))


def _bytes(chunk: pa.Array) -> bytes:
    offsets = np.frombuffer(chunk.buffers()[1], dtype=np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
    return chunk.buffers()[2].slice(int(offsets[0]), int(offsets[-1] - offsets[0])).to_pybytes()
