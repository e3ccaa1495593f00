"""Load: every delivery of a folder, in order, into the snapshot under construction."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from kodomo.contracts import Contract, load_contracts
from kodomo.errors import KodomoError
from kodomo.intake.checks import masked, sentence
from kodomo.intake.content import NotAFile, read_bytes, sha256_of
from kodomo.intake.delivery import Judged, judge
from kodomo.intake.names import FileName, contract_of, is_csv, read_name, refuse_other_ending, shown
from kodomo.intake.receipts import (
    Held,
    LoadSummary,
    Receipt,
    ensure_tables,
    known_receipts,
    next_receipt_id,
    write_receipt,
)
from kodomo.intake.refusals import FileRefused
from kodomo.intake.settings import Settings, load_settings
from kodomo.intake.store import merge, refuse_small_snapshot
from kodomo.snapshots import Family

Progress = Callable[[int, int, str], None]
_NUMBERS = ("resident_id", "mother_id", "guardian_id", "child_id")
_NOT_CSV = "CSVではないため読み込みませんでした"


class FolderMissing(KodomoError):
    """The folder to load from does not exist."""


class BrokenRows(FileRefused):
    """A file's rows could not be brought into the store."""


def load_folder(
    family: Family,
    folder: Path | str,
    *,
    accept_shrink: bool = False,
    received_at: datetime | None = None,
    progress: Progress | None = None,
    max_bytes: int | None = None,
    contracts: dict[str, Contract] | None = None,
) -> LoadSummary:
    """Load a folder and publish the new state; nothing is published when nothing changed.

    Arguments as in `load`. Raises FolderMissing, and what `Family.build` raises.
    """
    if not Path(folder).is_dir():
        raise _folder_missing(folder)
    with family.build() as (con, build):
        summary = load(
            con,
            folder,
            accept_shrink=accept_shrink,
            received_at=received_at,
            progress=progress,
            max_bytes=max_bytes,
            contracts=contracts,
        )
        if summary.changed:
            build.stage = "loaded"
        else:
            build.discard()
    return summary


def load(
    con: duckdb.DuckDBPyConnection,
    folder: Path | str,
    *,
    accept_shrink: bool = False,
    received_at: datetime | None = None,
    progress: Progress | None = None,
    max_bytes: int | None = None,
    contracts: dict[str, Contract] | None = None,
) -> LoadSummary:
    """Load every delivery of a folder into `con` (a connection from `Family.build`).

    Extracts are taken in order of their number, each by the day in the file name, then by name.
    `accept_shrink` releases empty and shrunken snapshots; `received_at` is JST wall clock (default: now);
    `progress` is called with (bytes done, bytes in all, what is being done). Raises FolderMissing.
    """
    started = time.monotonic()
    folder = Path(folder)
    if not folder.is_dir():
        raise _folder_missing(folder)
    settings = load_settings()
    run = _Run(
        con,
        contracts or load_contracts(),
        settings,
        max_bytes or settings.max_bytes,
        accept_shrink,
        received_at or datetime.now(ZoneInfo("Asia/Tokyo")).replace(tzinfo=None, microsecond=0),
    )
    ensure_tables(con, run.contracts)
    names = sorted(os.listdir(folder))
    inner = folder / "deliveries"
    if not any(is_csv(name) for name in names) and inner.is_dir():
        folder, names = inner, sorted(os.listdir(inner))
    summary = LoadSummary(str(folder))
    plan = run.plan(folder, names, summary)
    total = sum(size for _, _, size in plan)
    done = 0
    for path, name, size in plan:
        if progress:
            progress(done, total, shown(path.name))
        summary.receipts.append(run.take(path, name))
        done += size
    run.note_unknown_numbers(summary)
    if progress:
        progress(total, total, "")
    summary.changed = run.changed
    summary.seconds = time.monotonic() - started
    return summary


def _folder_missing(folder: Path | str) -> FolderMissing:
    return FolderMissing(f"フォルダー {folder} がありません。受領データを置いた場所を指定してください。")


class _Run:
    """One load: what it knows and what it changed."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        contracts: dict[str, Contract],
        settings: Settings,
        max_bytes: int,
        accept_shrink: bool,
        received_at: datetime,
    ) -> None:
        self.con = con
        self.contracts = contracts
        self.settings = settings
        self.max_bytes = max_bytes
        self.accept_shrink = accept_shrink
        self.received_at = received_at
        self.changed = False
        self._known: dict[tuple[str, str], Receipt] | None = None
        self._next_id: int | None = None

    @property
    def known(self) -> dict[tuple[str, str], Receipt]:
        """Receipts of earlier loads and of this one, by (file, sha256)."""
        if self._known is None:
            self._known = known_receipts(self.con)
        return self._known

    def plan(
        self, folder: Path, names: list[str], summary: LoadSummary
    ) -> list[tuple[Path, FileName | FileRefused, int]]:
        """The files to take, in order; strays are named and receipted here."""
        found: list[tuple[tuple[str, date, str], Path, FileName | FileRefused, int]] = []
        for name in names:
            path = folder / name
            status = os.lstat(path)
            if not is_csv(name):
                refusal = refuse_other_ending(name, self.contracts)
                if stat.S_ISDIR(status.st_mode):
                    summary.strays.append(shown(name) + "/")
                elif refusal is None or not stat.S_ISREG(status.st_mode):
                    summary.strays.append(shown(name))
                    summary.receipts.append(self._stray(path))
                else:
                    found.append((self._order(name, None), path, refusal, 0))
                continue
            try:
                parsed: FileName | FileRefused = read_name(name, self.contracts)
            except FileRefused as refusal:
                parsed = refusal
            day = parsed.delivered_on if isinstance(parsed, FileName) else None
            found.append((self._order(name, day), path, parsed, status.st_size))
        found.sort(key=lambda item: item[0])
        return [(path, parsed, size) for _, path, parsed, size in found]

    def _order(self, name: str, day: date | None) -> tuple[str, date, str]:
        contract = contract_of(name, self.contracts)
        return (contract.no if contract else "~", day or date.max, shown(name))

    def _stray(self, path: Path) -> Receipt:
        receipt = Receipt(file=shown(path.name), outcome="stray", notes=[_NOT_CSV])
        known = self.known.get((receipt.file, ""))
        return known if known is not None and known.outcome == "stray" else self._write(receipt)

    def take(self, path: Path, name: FileName | FileRefused) -> Receipt:
        """Judge one file and bring it in; whatever is wrong with it ends in a receipt."""
        receipt = Receipt(file=shown(path.name), outcome="refused")
        contract = contract_of(path.name, self.contracts)
        receipt.extract = contract.extract if contract else ""
        if isinstance(name, FileName):
            receipt.delivered_on = name.delivered_on
        try:
            data = read_bytes(path, self.max_bytes)
            receipt.sha256 = sha256_of(data)
            known = self.known.get((receipt.file, receipt.sha256))
            if known is not None and known.outcome == "already":
                return known
            if isinstance(name, FileRefused):
                raise name
            return self._bring_in(data, name, receipt)
        except FileRefused as refusal:
            if isinstance(name, FileRefused) and not isinstance(refusal, NotAFile):
                refusal = name
            return self._refuse(receipt, refusal)

    def _refuse(self, receipt: Receipt, refusal: FileRefused) -> Receipt:
        known = self.known.get((receipt.file, receipt.sha256))
        receipt = Receipt(
            file=receipt.file,
            outcome="refused",
            extract=receipt.extract,
            sha256=receipt.sha256,
            refused_reason=str(refusal),
            delivered_on=receipt.delivered_on,
        )
        if known is not None and known.refused_reason == receipt.refused_reason:
            return known
        return self._write(receipt)

    def _bring_in(self, data: bytes, name: FileName, receipt: Receipt) -> Receipt:
        contract = name.contract
        twin = self._twin(receipt)
        if twin is not None and twin.delivered_on == name.delivered_on:
            receipt.outcome = "repeated"
            receipt.encoding = twin.encoding
            receipt.rows = receipt.unchanged = twin.rows
            receipt.newest_recorded_on = twin.newest_recorded_on
            receipt.notes = [f"{twin.file} と同じ内容のため、一度だけ読み込みました", *name.notes]
            return self._write(receipt)
        judged = judge(data, contract, resident_id_check=self.settings.resident_id_check)
        del data
        if not self.accept_shrink:
            refuse_small_snapshot(self.con, contract, name.delivered_on, judged.count)
        receipt.receipt_id = self._new_id()
        receipt.outcome = "loaded"
        receipt.encoding = judged.encoding
        receipt.newest_recorded_on = judged.newest_recorded_on
        receipt.notes = [*name.notes, *judged.notes]
        self.con.execute("begin transaction")
        try:
            self._keep(contract, name, receipt, judged, twin)
            self._write(receipt)
            self.con.execute("commit")
        except (duckdb.Error, pa.ArrowException) as error:
            self.con.execute("rollback")
            raise BrokenRows(
                "データを保存できませんでした。空き容量を確かめて、もう一度読み込んでください。"
                f"（{type(error).__name__}）"
            ) from error
        return receipt

    def _keep(
        self, contract: Contract, name: FileName, receipt: Receipt, judged: Judged, twin: Receipt | None
    ) -> None:
        assert receipt.receipt_id is not None
        merged = merge(
            self.con,
            contract,
            judged.rows,
            receipt_id=receipt.receipt_id,
            delivered_on=name.delivered_on,
            held_keys=judged.held_keys,
        )
        detail = "・".join(contract.key)
        message = sentence("duplicate_key", None, detail)
        held = judged.held + [
            Held(number, detail, masked(key), "duplicate_key", message) for number, key in merged.repeated
        ]
        receipt.rows = judged.count
        receipt.accepted = merged.accepted
        receipt.unchanged = merged.unchanged
        receipt.held = sorted(held, key=lambda row: row.row_number)
        if twin is not None:
            receipt.notes.append(f"{twin.file} と同じ内容です")
            receipt.unchanged += len(receipt.held)
            receipt.held = []
        receipt.quarantined = len(receipt.held)
        if merged.carried:
            receipt.notes.append(f"保留した行のうち {merged.carried:,} 件は、前回の内容のまま残しました")
        self.con.execute(
            "insert into delivery values (?, ?, ?, ?)",
            [contract.extract, name.delivered_on, receipt.receipt_id, receipt.rows],
        )

    def _twin(self, receipt: Receipt) -> Receipt | None:
        """An accepted file of the same extract and content under another name."""
        for known in self.known.values():
            if (
                known.sha256 == receipt.sha256
                and known.extract == receipt.extract
                and known.outcome in ("already", "loaded")
                and known.file != receipt.file
            ):
                return known
        return None

    def _new_id(self) -> int:
        if self._next_id is None:
            self._next_id = next_receipt_id(self.con)
        number = self._next_id
        self._next_id += 1
        return number

    def _write(self, receipt: Receipt) -> Receipt:
        if receipt.receipt_id is None:
            receipt.receipt_id = self._new_id()
        write_receipt(self.con, receipt, self.received_at)
        self.con.execute("delete from meta where key = 'last_receipt_id'")
        self.con.execute("insert into meta values ('last_receipt_id', ?)", [str(receipt.receipt_id)])
        self.known[(receipt.file, receipt.sha256)] = receipt
        self.changed = True
        return receipt

    def note_unknown_numbers(self, summary: LoadSummary) -> None:
        """Say in each new receipt how many rows carry a number that nobody has delivered yet."""
        fresh = {
            receipt.receipt_id: receipt
            for receipt in summary.receipts
            if receipt.outcome == "loaded" and receipt.accepted
        }
        by_extract: dict[str, list[int]] = {}
        for number, receipt in fresh.items():
            assert number is not None
            by_extract.setdefault(receipt.extract, []).append(number)
        for extract, numbers in by_extract.items():
            contract = self.contracts[extract]
            for label, title, query in unknown_queries(contract, self.contracts):
                counts = self.con.execute(
                    f"select receipt_id, count(*) from ({query}) where receipt_id >= ? group by 1 order by 1",
                    [min(numbers)],
                ).fetchall()
                for number, count in counts:
                    receipt = fresh.get(number)
                    if receipt is not None:
                        receipt.notes.append(
                            f"{title}にまだない{label}があります（{count:,}件、受け入れました）"
                        )
                        self.con.execute(
                            "update receipt set notes = ? where receipt_id = ?",
                            ["；".join(receipt.notes), number],
                        )


def unknown_queries(contract: Contract, contracts: dict[str, Contract]) -> list[tuple[str, str, str]]:
    """(heading, title of the other extract, SQL for the rows whose number it has never delivered)."""
    pairs: list[tuple[str, str, str]] = []
    if contract.via is not None:
        other = contracts[contract.via]
        shared = [name for name in other.key_fields if name in contract.fields]
        pairs += [(name, contract.via, name) for name in shared]
    if contract.extract != "resident_register" and "resident_register" in contracts:
        pairs += [(name, "resident_register", "resident_id") for name in _NUMBERS if name in contract.fields]
    return [
        (
            contract.column(name).name,
            contracts[other].title,
            f"select {contract.table}.* from {contract.table} "
            f'anti join src_{other} as other on {contract.table}."{name}" = other."{target}" '
            f'where {contract.table}."{name}" is not null',
        )
        for name, other, target in pairs
    ]
