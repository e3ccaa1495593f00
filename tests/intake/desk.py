"""Desk: a folder of deliveries and a store to load them into, for the intake's tests."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from kodomo.contracts import Contract, load_contracts
from kodomo.intake import LoadSummary, Receipt, load

CONTRACTS = load_contracts()

RESIDENT = {
    "宛名番号": "0000000019",
    "世帯番号": "00000101",
    "続柄": "子",
    "氏名": "山田 花子",
    "氏名カナ": "ヤマダ ハナコ",
    "通称名": "",
    "旧氏名": "",
    "生年月日": "2015-06-01",
    "性別": "2",
    "国籍区分": "1",
    "郵便番号": "561-0832",
    "住所": "豊中市庄内東町1丁目2番3号",
    "方書": "",
    "住民となった日": "2015-06-01",
    "異動事由": "1",
    "異動日": "",
    "登録日": "2015-06-10",
}
MOOD = {
    "児童生徒番号": "P0000001",
    "回答日": "2026-04-07",
    "気分": "4",
    "睡眠": "3",
    "相談希望": "0",
    "登録日": "2026-04-07",
}
ATTENDANCE = {
    "児童生徒番号": "P0000001",
    "年月": "2026-04",
    "授業日数": "18",
    "病欠": "1",
    "不登校欠席": "0",
    "その他欠席": "0",
    "出席停止・忌引等": "0",
    "出席扱い": "0",
    "遅刻": "0",
    "早退": "0",
    "別室登校": "0",
    "保健室利用": "2",
    "登録日": "2026-05-01",
}
BASE = {"resident_register": RESIDENT, "mood_check": MOOD, "attendance": ATTENDANCE}


def residents(count: int, **change: str) -> list[dict[str, str]]:
    """Rows of the register with different numbers."""
    return [RESIDENT | {"宛名番号": f"{number:010d}"} | change for number in range(1, count + 1)]


def moods(count: int, **change: str) -> list[dict[str, str]]:
    """Answers of different pupils."""
    return [MOOD | {"児童生徒番号": f"P{number:07d}"} | change for number in range(1, count + 1)]


def text_of(rows: list[dict[str, str]], *, end: str = "\r\n", quote: bool = False) -> str:
    """Rows as CSV text, the first row's keys as the heading."""

    def line(cells: list[str]) -> str:
        return ",".join('"' + cell.replace('"', '""') + '"' if quote else cell for cell in cells) + end

    heading = list(rows[0])
    return line(heading) + "".join(line([row.get(name, "") for name in heading]) for row in rows)


class Desk:
    """A clerk's desk: puts files into a folder, loads them, looks at what is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.con = duckdb.connect(config={"threads": 1})

    def name(self, extract: str, day: str = "20260501") -> str:
        contract: Contract = CONTRACTS[extract]
        return contract.file.replace("{YYYYMMDD}", day)

    def put(
        self,
        extract: str,
        rows: list[dict[str, str]] | str | bytes,
        day: str = "20260501",
        *,
        name: str | None = None,
        encoding: str = "utf-8",
        **shape: Any,
    ) -> Path:
        path = self.folder / (name or self.name(extract, day))
        if isinstance(rows, list):
            rows = text_of(rows, **shape)
        path.write_bytes(rows if isinstance(rows, bytes) else rows.encode(encoding))
        return path

    def load(self, **options: Any) -> LoadSummary:
        options.setdefault("received_at", datetime(2026, 5, 2, 9, 0))
        return load(self.con, self.folder, **options)

    def only(self, **options: Any) -> Receipt:
        summary = self.load(**options)
        assert len(summary.receipts) == 1
        return summary.receipts[0]

    def fetch(self, query: str, values: list[Any] | None = None) -> list[tuple]:
        return self.con.execute(query, values or []).fetchall()

    def state(self) -> dict[str, list[tuple]]:
        """Everything the load layer keeps."""
        tables = [
            row[0]
            for row in self.fetch("select table_name from duckdb_tables() where not temporary order by 1")
        ]
        return {table: self.fetch(f'select * from "{table}" order by all') for table in tables}
