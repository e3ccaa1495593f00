"""Tokens: the rows and cells of a delivery, taken from its UTF-8 bytes.

There are two ways to the same outcome. Files whose quotes are well formed are cut by numpy and pyarrow; every
other file, and every odd row, goes through Python's csv module.
"""

from __future__ import annotations

import csv
import io
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv

from kodomo.intake.content import CutOff
from kodomo.intake.kernels import pc
from kodomo.intake.refusals import FileRefused

BLANKS = " \t\r\n\v\f\x1c\x1d\x1e\x1f\x85\u00a0\u1680\u3000\u2028\u2029\u202f\u205f\ufeff" + "".join(
    chr(code) for code in range(0x2000, 0x200B)
)
_CELLS = pa.dictionary(pa.int32(), pa.string())
_CHUNK = 50_000
_LONGEST_ROW = 1_000_000  # characters; a longer last row is a quote that was never closed
_MANY = 1000
_REACHES = (1 << 20, 1 << 24)  # the heading ends within so many bytes; longer ones are none

csv.field_size_limit(sys.maxsize)


class NoHeading(FileRefused):
    """The file has no heading row."""

    def __init__(self) -> None:
        super().__init__(
            "見出し行がないか、受渡仕様の列名と一つも合いません。1行目に列名を入れて出し直してください。"
        )


@dataclass(frozen=True)
class OddRow:
    """A row with too few or too many cells."""

    row_number: int
    cells: tuple[str, ...]

    @property
    def first_filled(self) -> str:
        """The first cell that is not blank."""
        return next((cell for cell in self.cells if cell.strip(BLANKS)), "")


@dataclass
class Tokens:
    """A delivery cut into cells.

    `columns` are the heading's columns (plus one, `extra_cell`, when every row ends with an empty cell too
    many) as text, dictionary-encoded where asked for; `row_number` counts records after the heading from 1,
    blank ones included.
    """

    heading: list[str]
    columns: list[pa.ChunkedArray]
    row_number: npt.NDArray[np.int32]
    odd: list[OddRow] = field(default_factory=list)
    records: int = 0
    extra_cell: bool = False
    open_end: bool = False
    cr_ends: bool = False

    @property
    def open_row(self) -> int:
        """Row number of the record that ends without a line end; 0 when the last one is closed."""
        return self.records if self.open_end else 0


def tokenise(
    data: bytes, *, exact: bool = False, few: Callable[[list[str]], set[int]] | None = None
) -> Tokens:
    """Cut a delivery (UTF-8, no BOM) into cells; `exact` takes the csv module for everything.

    `few` says, given the heading, which columns have few distinct texts: those come dictionary-encoded, with
    one dictionary a column (default: all).

    Raises NoHeading when there is no row at all, and CutOff when the file ends inside quotes.
    """
    data, cr_ends, lone_cr = _one_line_end(data)
    heading, at = _heading(data)
    body = memoryview(data)[at:]
    open_end = bool(len(body)) and data[-1:] not in (b"\n", b"\r")
    encoded = few(heading) if few else set(range(len(heading) + 1))
    tokens = None
    if not exact and not lone_cr and len(heading) > 1:
        tokens = _fast(body, heading, encoded)
    if tokens is None:
        tokens = _exact(body, heading, encoded)
    tokens.open_end = open_end
    tokens.cr_ends = cr_ends
    return tokens


def _one_line_end(data: bytes) -> tuple[bytes, bool, bool]:
    """The data with CR line ends made LF; whether there were any; whether lone CRs remain beside quotes."""
    if b"\r" not in data or data.count(b"\r") == data.count(b"\r\n"):
        return data, False, False
    if b'"' in data:
        return data, b"\n" not in data, True
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n"), True, False


def _heading(data: bytes) -> tuple[list[str], int]:
    """The heading's cells and where the body begins; blank lines before it are passed over."""
    for reach in _REACHES:
        head = data[:reach]
        reader = csv.reader(io.StringIO(head.decode("utf-8", "ignore"), newline=""))
        for cells in reader:
            if any(cell.strip(BLANKS) for cell in cells):
                at = _offset(head, reader.line_num)
                if at == len(head) < len(data):
                    break  # the heading may go on behind what was looked at
                return cells, at
        if reach >= len(data):
            break
    raise NoHeading


def _offset(data: bytes, lines: int) -> int:
    """Bytes taken by the first `lines` lines (\\n, \\r\\n or \\r)."""
    at = 0
    for _ in range(lines):
        ends = [end for end in (data.find(b"\n", at), data.find(b"\r", at)) if end >= 0]
        if not ends:
            return len(data)
        at = min(ends)
        at += 2 if data[at : at + 2] == b"\r\n" else 1
    return at


def _named(heading: Sequence[str]) -> int:
    """Number of heading cells up to the last one that is filled."""
    count = len(heading)
    while count and not heading[count - 1].strip(BLANKS):
        count -= 1
    return count


def _width(lengths: dict[int, int], heading: Sequence[str]) -> int:
    """How many cells a row of this file has, from how often each count occurs."""
    full, named = len(heading), _named(heading)
    if lengths.get(full):
        return full
    if named < full and any(lengths.get(count) for count in range(named, full)):
        return full
    more = lengths.get(full + 1, 0)
    if more and named == full and more * 2 > sum(lengths.values()):
        return full + 1
    return full


def _fit(cells: list[str], width: int, heading: Sequence[str]) -> list[str] | None:
    """The row brought to `width` cells where that loses nothing, else None."""
    if len(cells) == width:
        return cells
    if width == len(heading) and _named(heading) <= len(cells) < width:
        return cells + [""] * (width - len(cells))
    return None


def _fast(body: memoryview, heading: list[str], encoded: set[int]) -> Tokens | None:
    """The quick way; None when the file needs the exact one."""
    if len(body) == 0:
        return Tokens(heading, _no_cells(len(heading), encoded), np.zeros(0, np.int32))
    array = np.frombuffer(body, np.uint8)
    has_quotes = b'"' in body.obj if isinstance(body.obj, bytes) else True
    quotes: npt.NDArray[np.int64] | None = None
    if has_quotes:
        quotes = np.flatnonzero(array == 0x22)
        if not _well_formed(array, quotes):
            return None
    columns = _parse(body, len(heading), encoded, quoted=has_quotes)
    if columns is not None:
        count = len(columns[0])
        return Tokens(heading, columns, np.arange(1, count + 1, dtype=np.int32), records=count)
    return _scan(body, array, quotes, heading, encoded)


def _well_formed(array: npt.NDArray[np.uint8], quotes: npt.NDArray[np.int64]) -> bool:
    """Whether every quote opens at a cell's start, closes at its end, or is doubled inside."""
    if len(quotes) % 2:
        return False
    opening, closing = quotes[0::2], quotes[1::2]
    before = np.where(opening > 0, array[opening - 1], 0x0A)
    doubled = np.zeros(len(opening), bool)
    doubled[1:] = closing[:-1] == opening[1:] - 1
    if not bool(np.all(np.isin(before, (0x2C, 0x0A)) | doubled)):
        return False
    after = np.full(len(closing), 0x0A, np.uint8)
    inside = closing + 1 < len(array)
    after[inside] = array[closing[inside] + 1]
    doubled_end = np.zeros(len(closing), bool)
    doubled_end[:-1] = doubled[1:]
    plain_end = np.isin(after, (0x2C, 0x0A))
    returns = np.flatnonzero((after == 0x0D) & ~doubled_end)
    for at in closing[returns].tolist() if len(returns) <= 1000 else ():
        if array[at + 1 : at + 3].tobytes() not in (b"\r\n", b"\r"):
            return False
    if len(returns) > 1000:
        follow = np.minimum(closing[returns] + 2, len(array) - 1)
        if not bool(np.all(array[follow] == 0x0A)):
            return False
    plain_end[returns] = True
    return bool(np.all(plain_end | doubled_end))


def _parse(body: memoryview, width: int, encoded: set[int], *, quoted: bool) -> list[pa.ChunkedArray] | None:
    if bytes(body[:3]) == b"\xef\xbb\xbf":
        return None
    names = [f"c{index}" for index in range(width)]
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(pa.py_buffer(body)),
            read_options=pa_csv.ReadOptions(column_names=names, block_size=4 << 20),
            parse_options=pa_csv.ParseOptions(
                quote_char='"' if quoted else False, newlines_in_values=quoted, ignore_empty_lines=False
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types={name: _kind(place, encoded) for place, name in enumerate(names)},
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    return [
        column.unify_dictionaries() if place in encoded else column
        for place, column in enumerate(table.columns)
    ]


def _kind(place: int, encoded: set[int]) -> pa.DataType:
    return _CELLS if place in encoded else pa.string()


def _scan(
    body: memoryview,
    array: npt.NDArray[np.uint8],
    quotes: npt.NDArray[np.int64] | None,
    heading: list[str],
    encoded: set[int],
) -> Tokens | None:
    """Find blank and odd rows by counting separators, and parse the rest at once."""
    ends = _outside(np.flatnonzero(array == 0x0A), quotes)
    starts = np.concatenate([np.zeros(1, np.int64), ends + 1])
    if starts[-1] == len(array):
        starts = starts[:-1]
    else:
        ends = np.concatenate([ends, np.array([len(array)], np.int64)])
    stops = ends - ((ends > starts) & (array[np.maximum(ends - 1, 0)] == 0x0D))
    commas = _outside(np.flatnonzero(array == 0x2C), quotes)
    count = np.searchsorted(commas, stops) - np.searchsorted(commas, starts)
    del commas
    blank = count == stops - starts
    times = np.bincount(count[~blank] + 1, minlength=len(heading) + 2)
    more, full = int(times[len(heading) + 1]), int(times[len(heading)])
    width = len(heading)
    if more and full < _MANY:
        if full or more < _MANY or more * 2 <= int(times.sum()):
            return None
        width = _width({len(heading) + 1: more}, heading)
    good = ~blank & (count == width - 1)
    columns = _parse(_picked(body, starts, ends, good), width, encoded, quoted=quotes is not None)
    if columns is None or len(columns[0]) != int(good.sum()):
        return None
    numbers = np.flatnonzero(good).astype(np.int32) + 1
    fitted: list[list[str]] = []
    fitted_numbers: list[int] = []
    odd: list[OddRow] = []
    for index in np.flatnonzero(~good & ~blank).tolist():
        text = bytes(body[int(starts[index]) : int(stops[index])]).decode("utf-8")
        cells = next(csv.reader(io.StringIO(text, newline="")), [])
        if not any(cell.strip(BLANKS) for cell in cells):
            continue
        row = _fit(cells, width, heading)
        if row is None:
            odd.append(OddRow(index + 1, tuple(cells)))
        else:
            fitted.append(row)
            fitted_numbers.append(index + 1)
    if more:
        rows = _filled_rows(columns)
        if rows == 0 or (width > len(heading) and rows <= len(odd)):
            return None
    if fitted:
        more = _columns([_arrays(fitted)], width, encoded)
        columns = [
            _join(column, extra, place in encoded)
            for place, (column, extra) in enumerate(zip(columns, more, strict=True))
        ]
        numbers = np.concatenate([numbers, np.array(fitted_numbers, np.int32)])
    return Tokens(heading, columns, numbers, odd, len(starts), width > len(heading))


def _filled_rows(columns: list[pa.ChunkedArray]) -> int:
    """How many rows have a cell that is not blank."""
    filled = np.zeros(len(columns[0]), bool)
    for column in columns:
        texts = column.cast(pa.string())
        length = pc.binary_length(pc.utf8_trim(texts, characters=BLANKS))
        filled |= length.to_numpy() > 0
    return int(filled.sum())


def _outside(positions: npt.NDArray[np.int64], quotes: npt.NDArray[np.int64] | None) -> npt.NDArray[np.int64]:
    if quotes is None or not len(quotes):
        return positions
    return positions[np.searchsorted(quotes, positions) % 2 == 0]


def _picked(
    body: memoryview, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], good: npt.NDArray[np.bool_]
) -> memoryview:
    """The bytes of the good rows alone."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(np.int8)))
    first, last = edges[0::2], edges[1::2] - 1
    pieces: list[bytes | memoryview] = []
    for begin, end in zip(first.tolist(), last.tolist(), strict=True):
        stop = int(ends[end]) + 1
        pieces.append(body[int(starts[begin]) : stop])
        if stop > len(body):
            pieces.append(b"\n")
    return memoryview(b"".join(pieces))


def _exact(body: memoryview, heading: list[str], encoded: set[int]) -> Tokens:
    """The csv module's way, row by row."""
    text = bytes(body).decode("utf-8")
    _refuse_open_quotes(text)
    lengths: Counter[int] = Counter()
    for _, cells in _records(text):
        if any(cell.strip(BLANKS) for cell in cells):
            lengths[len(cells)] += 1
    width = _width(lengths, heading)
    parts: list[list[pa.Array]] = []
    numbers: list[int] = []
    rows: list[list[str]] = []
    odd: list[OddRow] = []
    number = 0
    for number, cells in _records(text):
        if not any(cell.strip(BLANKS) for cell in cells):
            continue
        row = _fit(cells, width, heading)
        if row is None:
            odd.append(OddRow(number, tuple(cells)))
            continue
        rows.append(row)
        numbers.append(number)
        if len(rows) == _CHUNK:
            parts.append(_arrays(rows))
            rows = []
    if rows:
        parts.append(_arrays(rows))
    columns = _columns(parts, width, encoded)
    return Tokens(heading, columns, np.array(numbers, np.int32), odd, number, width > len(heading))


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    return enumerate(csv.reader(io.StringIO(text, newline="")), start=1)


def _refuse_open_quotes(text: str) -> None:
    """Raise CutOff when the last record ends inside quotes."""
    if '"' not in text:
        return
    reader = csv.reader(io.StringIO(text, newline=""))
    before = start = 0
    for _ in reader:
        start, before = before, reader.line_num
    last = "".join(islice(io.StringIO(text, newline=""), start, None))
    if len(last) > _LONGEST_ROW or _ends_inside(last):
        raise CutOff


def _ends_inside(record: str) -> bool:
    """Whether a record's last cell is opened by a quote and not closed (the csv module's own states)."""
    state = "start"
    for char in record:
        if state == "quoted":
            if char == '"':
                state = "closing"
        elif state == "closing":
            state = "quoted" if char == '"' else "start" if char in ",\r\n" else "plain"
        elif char in ",\r\n":
            state = "start"
        elif state == "start" and char == '"':
            state = "quoted"
        else:
            state = "plain"
    return state == "quoted"


def _no_cells(width: int, encoded: set[int]) -> list[pa.ChunkedArray]:
    return [pa.chunked_array([], type=_kind(place, encoded)) for place in range(width)]


def _arrays(rows: list[list[str]]) -> list[pa.Array]:
    return [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]


def _columns(parts: list[list[pa.Array]], width: int, encoded: set[int]) -> list[pa.ChunkedArray]:
    if not parts:
        return _no_cells(width, encoded)
    columns = [pa.chunked_array([part[place] for part in parts], type=pa.string()) for place in range(width)]
    return [
        column.dictionary_encode().unify_dictionaries() if place in encoded else column
        for place, column in enumerate(columns)
    ]


def _join(left: pa.ChunkedArray, right: pa.ChunkedArray, encoded: bool) -> pa.ChunkedArray:
    joined = pa.chunked_array([*left.chunks, *right.chunks], type=left.type)
    return joined.unify_dictionaries() if encoded else joined
