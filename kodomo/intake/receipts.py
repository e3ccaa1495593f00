"""Receipts: what became of every delivered file and of every row that stayed behind."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

import duckdb
import pyarrow as pa

from kodomo.contracts import Contract
from kodomo.intake.values import fields_of

RECEIPT_COLUMNS = {
    "receipt_id": "integer",
    "received_at": "timestamp",
    "extract": "varchar",
    "file": "varchar",
    "sha256": "varchar",
    "encoding": "varchar",
    "rows": "integer",
    "accepted": "integer",
    "unchanged": "integer",
    "quarantined": "integer",
    "refused_reason": "varchar",
    "newest_recorded_on": "date",
    "notes": "varchar",
    "delivered_on": "date",
}
QUARANTINE_COLUMNS = {
    "receipt_id": "integer",
    "file": "varchar",
    "row_number": "integer",
    "extract": "varchar",
    "column": "varchar",
    "value": "varchar",
    "rule": "varchar",
    "message": "varchar",
}
DELIVERY_COLUMNS = {
    "extract": "varchar",
    "delivered_on": "date",
    "receipt_id": "integer",
    "rows": "integer",
}
KEPT_COLUMNS = {
    "record_key": "varchar",
    "receipt_id": "integer",
    "row_number": "integer",
    "row_hash": "ubigint",
    "delivered_on": "date",
    "seen_to": "date",
}


@dataclass
class Held:
    """One row that stays behind: where, which value, which rule, and what to do."""

    row_number: int
    column: str
    value: str
    rule: str
    message: str


@dataclass
class Receipt:
    """What became of one delivered file. rows = accepted + unchanged + quarantined.

    `outcome` is 'loaded', 'already' (taken by an earlier load), 'repeated' (same content under another name),
    'refused' or 'stray' (no CSV, ignored).
    """

    file: str
    outcome: str
    extract: str = ""
    sha256: str = ""
    encoding: str = ""
    rows: int = 0
    accepted: int = 0
    unchanged: int = 0
    quarantined: int = 0
    refused_reason: str | None = None
    newest_recorded_on: date | None = None
    notes: list[str] = field(default_factory=list)
    delivered_on: date | None = None
    receipt_id: int | None = None
    held: list[Held] = field(default_factory=list)


@dataclass
class LoadSummary:
    """What a load did: a receipt per file, names that were ignored, and whether anything changed."""

    folder: str
    receipts: list[Receipt] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)
    changed: bool = False
    seconds: float = 0.0

    @property
    def files(self) -> int:
        """Deliveries seen (CSV, or meant to be)."""
        return sum(1 for receipt in self.receipts if receipt.outcome != "stray")

    @property
    def refused(self) -> int:
        """Files refused whole."""
        return self._count("refused")

    @property
    def loaded(self) -> int:
        """Files newly taken."""
        return self._count("loaded") + self._count("repeated")

    @property
    def already(self) -> int:
        """Files that an earlier load had taken."""
        return self._count("already")

    @property
    def exit_code(self) -> int:
        """0 all went through, 1 some files were refused, 2 nothing could be done."""
        if self.files == 0 or self.refused == self.files:
            return 2
        return 1 if self.refused else 0

    def total(self, name: str) -> int:
        """Sum of `rows`, `accepted`, `unchanged` or `quarantined` over the files taken by this load."""
        return sum(
            int(getattr(receipt, name))
            for receipt in self.receipts
            if receipt.outcome in ("loaded", "repeated")
        )

    def lines(self) -> list[str]:
        """The summary in Japanese, a line each; file names and reasons, no values."""
        if self.files == 0:
            return [f"受領データ（CSV）が見つかりません：{self.folder}", *self._stray_lines()]
        lines = [
            f"受領データ {self.files} ファイル：新しく読み込み {self.loaded}、読み込み済み {self.already}、"
            f"受け取れず {self.refused}",
            f"行数 {self.total('rows'):,}：受入 {self.total('accepted'):,}、"
            f"変更なし {self.total('unchanged'):,}、保留 {self.total('quarantined'):,}",
        ]
        lines += [
            f"受け取れないファイル：{receipt.file}　{receipt.refused_reason}"
            for receipt in self.receipts
            if receipt.outcome == "refused"
        ]
        lines += [
            f"保留した行：{receipt.file}　{receipt.quarantined:,} 行"
            for receipt in self.receipts
            if receipt.outcome == "loaded" and receipt.quarantined
        ]
        return lines + self._stray_lines()

    def _stray_lines(self) -> list[str]:
        return [f"読み込まなかったもの：{name}" for name in self.strays]

    def _count(self, outcome: str) -> int:
        return sum(1 for receipt in self.receipts if receipt.outcome == outcome)


def ensure_tables(con: duckdb.DuckDBPyConnection, contracts: dict[str, Contract]) -> None:
    """Create what the load layer needs; a column a contract gained is added with unknown values."""
    wanted = {
        "meta": {"key": "varchar", "value": "varchar"},
        "receipt": RECEIPT_COLUMNS,
        "quarantine": QUARANTINE_COLUMNS,
        "delivery": DELIVERY_COLUMNS,
    }
    wanted |= {contract.table: fields_of(contract) | KEPT_COLUMNS for contract in contracts.values()}
    present: dict[str, set[str]] = {}
    for table, column in con.execute(
        """
        select table_name, column_name from duckdb_columns()
        where database_name = current_database() and schema_name = 'main'
        """
    ).fetchall():
        present.setdefault(table, set()).add(column)
    for table, columns in wanted.items():
        if table not in present:
            body = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
            con.execute(f'create table "{table}" ({body})')
            continue
        for name, kind in columns.items():
            if name not in present[table]:
                con.execute(f'alter table "{table}" add column "{name}" {kind}')


def known_receipts(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], Receipt]:
    """Receipts by delivered identity (file name, sha256)."""
    rows = con.execute(
        """
        select receipt_id, extract, file, sha256, encoding, rows, accepted, unchanged, quarantined,
            refused_reason, newest_recorded_on, notes, delivered_on
        from receipt order by receipt_id
        """
    ).fetchall()
    found: dict[tuple[str, str], Receipt] = {}
    for number, extract, file, sha, encoding, total, taken, same, held, reason, newest, notes, day in rows:
        outcome = "refused" if reason is not None else "already" if extract else "stray"
        found[(file, sha)] = Receipt(
            file=file,
            outcome=outcome,
            extract=extract,
            sha256=sha,
            encoding=encoding,
            rows=total,
            accepted=taken,
            unchanged=same,
            quarantined=held,
            refused_reason=reason,
            newest_recorded_on=newest,
            notes=notes.split("；") if notes else [],
            delivered_on=day,
            receipt_id=number,
        )
    return found


def write_receipt(con: duckdb.DuckDBPyConnection, receipt: Receipt, received_at: datetime) -> None:
    """Keep a receipt and its rows that stayed behind; an older receipt of the same identity is replaced."""
    con.execute("delete from receipt where file = ? and sha256 = ?", [receipt.file, receipt.sha256])
    places = ", ".join("?" * len(RECEIPT_COLUMNS))
    con.execute(
        f"insert into receipt ({', '.join(RECEIPT_COLUMNS)}) values ({places})",
        [
            receipt.receipt_id,
            received_at,
            receipt.extract,
            receipt.file,
            receipt.sha256,
            receipt.encoding,
            receipt.rows,
            receipt.accepted,
            receipt.unchanged,
            receipt.quarantined,
            receipt.refused_reason,
            receipt.newest_recorded_on,
            "；".join(receipt.notes),
            receipt.delivered_on,
        ],
    )
    if not receipt.held:
        return
    held = pa.table(
        {
            "row_number": pa.array([row.row_number for row in receipt.held], pa.int32()),
            "column": pa.array([row.column for row in receipt.held], pa.string()),
            "value": pa.array([row.value for row in receipt.held], pa.string()),
            "rule": pa.array([row.rule for row in receipt.held], pa.string()),
            "message": pa.array([row.message for row in receipt.held], pa.string()),
        }
    )
    con.register("held_rows", held)
    con.execute(
        """
        insert into quarantine (receipt_id, file, row_number, extract, "column", value, rule, message)
        select ?, ?, row_number, ?, "column", value, rule, message from held_rows order by row_number
        """,
        [receipt.receipt_id, receipt.file, receipt.extract],
    )
    con.unregister("held_rows")


def next_receipt_id(con: duckdb.DuckDBPyConnection) -> int:
    """A number no receipt had before; numbers of replaced receipts are not used again."""
    numbers = con.execute(
        """
        select receipt_id from receipt
        union all
        select value::integer from meta where key = 'last_receipt_id'
        """
    ).fetchall()
    return max((int(number) for (number,) in numbers), default=0) + 1
