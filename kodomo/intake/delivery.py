"""Delivery: one file judged, from its bytes to typed rows and the rows that stay behind."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kodomo.contracts import Contract, heading_key
from kodomo.intake.checks import (
    Heading,
    check_digit_fits,
    is_totals,
    masked,
    read_heading,
    refuse_individual_numbers,
    sentence,
)
from kodomo.intake.content import CutOff, decode
from kodomo.intake.kernels import pc
from kodomo.intake.receipts import Held
from kodomo.intake.tokens import BLANKS, OddRow, Tokens, tokenise
from kodomo.intake.values import (
    BIRTH,
    RECORDED_ON,
    RULES,
    Cells,
    Typed,
    fields_of,
    has_few_texts,
    missing,
    read_column,
)

_ODD = r"[\x{E000}-\x{F8FF}\x{FE00}-\x{FE0F}\x{10000}-\x{10FFFF}]"
_ABSENCES = ("sick_days", "nonattendance_days", "other_absent_days")
_CROSS = ("birth_after_recorded", "absence_over")
_BATCH = 122_880
# A receipt names this many extra columns: a broken file may bring 100,000, and no reader takes such a cell.
_NAMED = 100


@dataclass
class Judged:
    """A delivery read: good rows (contract fields + row_number), rows that stay behind, notes.

    `held_keys` are the good cells of rows that stay behind (same fields), for snapshots.
    """

    encoding: str
    rows: pa.Table
    count: int
    held: list[Held]
    held_keys: pa.Table | None
    newest_recorded_on: date | None
    notes: list[str] = field(default_factory=list)


def judge(data: bytes, contract: Contract, *, resident_id_check: str = "", exact: bool = False) -> Judged:
    """Read a delivered file's bytes by its contract; raises FileRefused when it is refused whole.

    `exact` takes the slow way to the cells (for comparison). `Judged.count` is the number of rows that are
    not blank = rows in `rows` + rows in `held`.
    """
    content = decode(data)
    tokens = tokenise(content.data, exact=exact, few=lambda names: _few(names, contract))
    heading = read_heading(tokens.heading, contract)
    cells = [Cells.of(column) for column in tokens.columns]
    tokens.columns = []
    refuse_individual_numbers(cells, tokens.odd)
    blank_cells = [column.blank() for column in cells]
    filled = ~np.logical_and.reduce(blank_cells) if len(tokens.row_number) else np.zeros(0, bool)
    typed = {
        column.field: read_column(
            column, cells[heading.place[column.field]], is_key=column.field in contract.key_fields
        )
        for column in contract.columns
        if column.field in heading.place
    }
    judgement = _Rows(contract, tokens, heading, cells, typed, blank_cells, filled)
    judgement.refuse_cut_off()
    held = judgement.hold()
    table = _table(contract, typed, tokens.row_number)
    good = filled & (judgement.rule == 0)
    held_keys = None
    if not bool(good.all()):
        behind = filled & ~good
        if contract.mode == "snapshot" and bool(behind.any()):
            held_keys = table.filter(pa.array(behind))
        table = table.filter(pa.array(good))
    newest = pc.max(table[RECORDED_ON]).as_py() if len(table) else None
    count = int(filled.sum()) + len(tokens.odd)
    notes = _notes(tokens, heading, typed, count)
    if content.odd:
        notes += _odd_characters(tokens, cells)
    if resident_id_check:
        notes += _check_digits(contract, typed)
    return Judged(
        encoding=content.encoding,
        rows=_batched(table),
        count=count,
        held=held,
        held_keys=held_keys,
        newest_recorded_on=newest,
        notes=notes,
    )


def _few(names: list[str], contract: Contract) -> set[int]:
    known = {heading_key(column.name): column for column in contract.columns}
    found = {place: known.get(heading_key(name)) for place, name in enumerate(names)}
    return {place for place, column in found.items() if column and has_few_texts(column, contract)}


class _Rows:
    """Which rows stay behind, for what, and the sentence to each."""

    def __init__(
        self,
        contract: Contract,
        tokens: Tokens,
        heading: Heading,
        cells: list[Cells],
        typed: dict[str, Typed],
        blank_cells: list[npt.NDArray[np.bool_]],
        filled: npt.NDArray[np.bool_],
    ) -> None:
        self.contract = contract
        self.tokens = tokens
        self.heading = heading
        self.cells = cells
        self.typed = typed
        self.blank_cells = blank_cells
        self.filled = filled
        count = len(tokens.row_number)
        # `rule` indexes `rules`; `place` is the column it was found in.
        self.rules = [*RULES, *_CROSS, "cells", "totals"]
        self.rule = np.zeros(count, np.int8)
        self.place = np.full(count, -1, np.int32)
        self.lacking = np.zeros(count, bool)
        self._find_cells()
        self._find_cross()
        self._find_shape()
        self.rule[~filled] = 0

    def _mark(self, wrong: npt.NDArray[np.bool_], rule: int, place: int) -> None:
        fresh = wrong & (self.rule == 0)
        self.rule[fresh] = rule
        self.place[fresh] = place

    def _find_cells(self) -> None:
        by_place = sorted((place, name) for name, place in self.heading.place.items())
        for place, name in by_place:
            errors = self.typed[name].errors
            if errors is None:
                continue
            self.lacking |= errors == RULES.index("required")
            fresh = (errors > 0) & (self.rule == 0)
            self.rule[fresh] = errors[fresh]
            self.place[fresh] = place

    def _find_cross(self) -> None:
        if not len(self.rule):
            return
        if BIRTH in self.typed and RECORDED_ON in self.typed:
            late = _birth_after_recorded(self.typed)
            self._mark(late, self.rules.index("birth_after_recorded"), self.heading.place[BIRTH])
        names = ("school_days", *_ABSENCES)
        if self.contract.extract == "attendance" and all(name in self.typed for name in names):
            days = {name: _integers(self.typed[name].values[name]) for name in names}
            total = sum(days[name] for name in _ABSENCES)
            over = np.asarray(total > days["school_days"], bool)
            self._mark(over, self.rules.index("absence_over"), self.heading.place[_ABSENCES[0]])

    def _find_shape(self) -> None:
        """Rows with a filled cell too many, and totals rows among those that lack a required value."""
        if self.tokens.extra_cell:
            over = ~self.blank_cells[-1]
            self.rule[over] = self.rules.index("cells")
            self.place[over] = -1
        for position in np.flatnonzero(self.lacking & self.filled).tolist():
            place = self._first_filled(position)
            if is_totals(self.cells[place].at(position)):
                self.rule[position] = self.rules.index("totals")
                self.place[position] = place

    def _first_filled(self, position: int) -> int:
        return next(place for place, blank in enumerate(self.blank_cells) if not blank[position])

    def refuse_cut_off(self) -> None:
        """Raise CutOff when the file's last row breaks off without a line end.

        A row that is short does; so does one whose last cell is blank though required, or unreadable and
        shorter than every other row's, or, where all other rows have days of one length there, a shorter one.
        """
        if not self.tokens.open_end:
            return
        last = self.tokens.open_row
        for row in self.tokens.odd:
            if row.row_number == last and not is_totals(row.first_filled):
                raise CutOff
        found = np.flatnonzero((self.tokens.row_number == last) & self.filled)
        named = len(self.tokens.heading)
        field_name = next((name for name, place in self.heading.place.items() if place == named - 1), None)
        if not len(found) or field_name is None or self.tokens.extra_cell:
            return
        position = int(found[0])
        if self.rules[int(self.rule[position])] == "totals":
            return
        cells, typed = self.cells[named - 1], self.typed[field_name]
        lengths = cells.rows(pc.utf8_length(cells.texts).to_numpy(zero_copy_only=False))
        others = lengths[self.filled & (np.arange(len(lengths)) != position)]
        wrong = typed.errors is not None and bool(typed.errors[position])
        own = int(lengths[position])
        column = self.contract.column(field_name)
        if wrong and own == 0:
            raise CutOff
        lacking = typed.errors is not None and typed.errors[position] == RULES.index("required")
        if wrong and not lacking and len(others) and own < int(others.min()):
            raise CutOff
        even = len(others) >= 3 and int(others.min()) == int(others.max())
        if column.type in ("date", "month") and own > 0 and even and own < int(others[0]):
            raise CutOff

    def hold(self) -> list[Held]:
        """The rows that stay behind, in file order; one entry a row."""
        held = [self._odd_row(row) for row in self.tokens.odd]
        by_place = {place: self.contract.column(name) for name, place in self.heading.place.items()}
        names = [*self.tokens.heading, ""]
        said: dict[tuple[str, int], str] = {}
        for position in np.flatnonzero(self.rule).tolist():
            place, rule = int(self.place[position]), self.rules[int(self.rule[position])]
            column = by_place.get(place)
            if (rule, place) not in said:
                said[rule, place] = sentence(rule, column, self._counts(len(names)))
            value = masked(self.cells[place].at(position)) if place >= 0 else f"{len(names)}列"
            if rule == "absence_over":
                value = self._absences(position)
            held.append(
                Held(
                    row_number=int(self.tokens.row_number[position]),
                    column=column.name if column else names[place].strip(BLANKS) if place >= 0 else "",
                    value=value,
                    rule=rule,
                    message=said[rule, place],
                )
            )
        held.sort(key=lambda row: row.row_number)
        return held

    def _absences(self, position: int) -> str:
        """The days that do not add up, as delivered."""
        names = (*_ABSENCES, "school_days")
        parts: list[str] = []
        for name in names:
            cell = self.cells[self.heading.place[name]].at(position).strip(BLANKS)
            parts.append(f"{self.contract.column(name).name} {cell}")
        return "・".join(parts)

    def _odd_row(self, row: OddRow) -> Held:
        if is_totals(row.first_filled):
            return Held(row.row_number, "", masked(row.first_filled), "totals", sentence("totals", None))
        message = sentence("cells", None, self._counts(len(row.cells)))
        return Held(row.row_number, "", f"{len(row.cells)}列", "cells", message)

    def _counts(self, cells: int) -> str:
        return f"見出し {len(self.tokens.heading)}列、この行 {cells}列"


def _birth_after_recorded(typed: dict[str, Typed]) -> npt.NDArray[np.bool_]:
    birth, recorded = typed[BIRTH].values, typed[RECORDED_ON].values[RECORDED_ON]
    late = pc.fill_null(pc.greater(birth[BIRTH], recorded), False).to_numpy(zero_copy_only=False)
    late = np.asarray(late, bool)
    if birth["birth_text"].null_count < len(recorded):
        year = _integers(birth["birth_year"], 0)
        month = _integers(birth["birth_month"], 0)
        recorded_year = _integers(pc.year(recorded), 9999)
        recorded_month = _integers(pc.month(recorded), 12)
        late = late | (year > recorded_year) | ((year == recorded_year) & (month > recorded_month))
    return late


def _integers(array: pa.Array, default: int = 0) -> npt.NDArray[np.int64]:
    return pc.fill_null(array.cast(pa.int64()), default).to_numpy(zero_copy_only=False)


def _table(contract: Contract, typed: dict[str, Typed], numbers: npt.NDArray[np.int32]) -> pa.Table:
    values: dict[str, pa.Array] = {}
    for column in contract.columns:
        found = typed.get(column.field)
        values |= found.values if found else missing(column, len(numbers))
    table = {name: values[name] for name in fields_of(contract)}
    return pa.table(table | {"row_number": pa.array(numbers, pa.int32())})


def _batched(table: pa.Table) -> pa.Table:
    """The same rows in batches that several threads can take up at once."""
    if len(table) <= _BATCH:
        return table
    return pa.Table.from_batches(table.to_batches(max_chunksize=_BATCH), table.schema)


def _notes(tokens: Tokens, heading: Heading, typed: dict[str, Typed], count: int) -> list[str]:
    notes: list[str] = []
    if heading.extra:
        named, more = heading.extra[:_NAMED], len(heading.extra) - _NAMED
        rest = f" ほか{more:,}列" if more > 0 else ""
        notes.append(f"受渡仕様にない列は使いませんでした（{'、'.join(named)}{rest}）")
    if heading.unnamed:
        notes.append("見出しのない列は使いませんでした")
    if heading.absent:
        names = "、".join(f"「{column.name}」" for column in heading.absent)
        notes.append(f"列{names}がありません（値は不明として扱います）")
    if heading.empty_last or tokens.extra_cell:
        notes.append("行の終わりに空の列があります")
    if tokens.cr_ends:
        notes.append("改行がCRだけの形でした")
    if not count:
        notes.append("見出しだけで、データの行がありません")
    total: Counter[str] = Counter()
    for found in typed.values():
        total += found.notes
    if total["open"]:
        notes.append(f"9999-12-31 を「終わりなし」として読みました（{total['open']:,}件）")
    if total["partial"]:
        notes.append(f"不詳を含む生年月日をそのまま残しました（{total['partial']:,}件）")
    if total["run_on"]:
        notes.append(f"改元後も前の元号で書かれた日付を、続く年として読みました（{total['run_on']:,}件）")
    return notes


def _odd_characters(tokens: Tokens, cells: list[Cells]) -> list[str]:
    """外字, variation selectors and characters beyond the basic plane: which columns, how often, which."""
    parts: list[str] = []
    for place, column in enumerate(cells):
        hit = pc.match_substring_regex(column.texts, _ODD).to_numpy(zero_copy_only=False).astype(bool)
        if not hit.any() or place >= len(tokens.heading):
            continue
        texts = column.texts.filter(pa.array(hit)).to_pylist()
        found = sorted({char for text in texts for char in text if _is_odd(char)})
        codes = "・".join(f"U+{ord(char):04X}" for char in found[:8]) + ("ほか" if len(found) > 8 else "")
        name = tokens.heading[place].strip(BLANKS)[:30]
        parts.append(f"「{name}」{int(column.rows(hit).sum()):,}件 {codes}")
    if len(parts) > _NAMED:
        parts[_NAMED:] = [f"ほか{len(parts) - _NAMED:,}列"]
    return [f"外字・異体字セレクター・拡張漢字をそのまま残しました（{'、'.join(parts)}）"] if parts else []


def _is_odd(char: str) -> bool:
    code = ord(char)
    return 0xE000 <= code <= 0xF8FF or 0xFE00 <= code <= 0xFE0F or code >= 0x10000


def _check_digits(contract: Contract, typed: dict[str, Typed]) -> list[str]:
    count = 0
    for column in contract.columns:
        if column.field not in ("resident_id", "mother_id", "guardian_id", "child_id"):
            continue
        found = typed.get(column.field)
        if found is None:
            continue
        values = found.values[column.field]
        texts = values.cast(pa.string()).to_pylist()
        count += sum(1 for text in texts if text and check_digit_fits(text) is False)
    return [f"宛名番号の検査数字が合わないものがあります（{count:,}件、受け入れました）"] if count else []
