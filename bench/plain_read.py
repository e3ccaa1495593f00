"""The yardstick for intake: DuckDB's own `read_csv` of the same files, already UTF-8, into tables."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb


def as_utf8(deliveries: Path, folder: Path) -> None:
    """Write every delivered file again as plain UTF-8 (not measured: the yardstick reads clean files)."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(deliveries.glob("*.csv")):
        raw = path.read_bytes()
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("cp932")
        (folder / path.name).write_text(text, "utf-8", newline="")


def read(folder: Path, store: Path) -> None:
    """Read every file into a table of text columns, in a database file like intake's."""
    store.unlink(missing_ok=True)
    con = duckdb.connect(str(store), config={"threads": 2})
    for number, path in enumerate(sorted(folder.glob("*.csv"))):
        source = "read_csv(?, all_varchar = true, header = true, ignore_errors = true)"
        con.execute(f"create table t{number} as select * from {source}", [str(path)])
    con.execute("checkpoint")
    con.close()


if __name__ == "__main__":
    read(Path(sys.argv[1]), Path(sys.argv[2]))
