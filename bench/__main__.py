"""`python -m bench`: generation, load beside DuckDB's own reading, refresh and page times, in one run."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import duckdb

from bench import pages, plain_read
from bench.process import Measured, run
from kodomo.snapshots import Family


def _row(what: str, measured: Measured, note: str = "") -> None:
    if measured.code:
        sys.exit(f"{what} ended with exit code {measured.code}")
    print(f"{what:<44}{measured.seconds:>9.1f} s{measured.gib:>9.2f} GiB  {note}", flush=True)


def _ready(db: Path, city: Path) -> None:
    """Give the measured store the demo accounts and reviews that a first start makes."""
    (db.parent / f"{db.stem}.demo").touch()
    words = ["-m", "kodomo", "start", "--no-open", "--db", db, "--city", city]
    _row("accounts and a year of reviews", run(words))


def main() -> int:
    """Measure and print; every ratio is of figures taken in this run."""
    options = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    options.add_argument("--residents", type=int, default=400_000)
    options.add_argument("--no-pages", action="store_true", help="leave the browser out")
    asked = options.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="kodomo-bench-"))
    try:
        return _measure(folder, asked.residents, not asked.no_pages)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(folder: Path, residents: int, with_pages: bool) -> int:
    city, db, kodomo = folder / "city", folder / "stores" / "kodomo.duckdb", ["-m", "kodomo", "--db"]
    deliveries = city / "deliveries"
    print(f"{residents:,} residents\n{'what':<44}{'seconds':>11}{'peak':>13}")
    _row("generation", run(["-m", "kodomo", "demo", city, "--residents", str(residents)]))
    plain_read.as_utf8(deliveries, folder / "utf8")
    plain = run(["-m", "bench.plain_read", folder / "utf8", folder / "plain.duckdb"])
    _row("DuckDB's own read_csv of the same files", plain)
    shutil.rmtree(folder / "utf8")
    load = run([*kodomo, db, "load", deliveries])
    _row("load", load, f"{load.seconds / plain.seconds:.2f} × read_csv (at most 3)")
    _row("load again (nothing new)", run([*kodomo, db, "load", deliveries]))
    _row("link", run([*kodomo, db, "link"]))
    _row("judge one day (own process, first time)", run([*kodomo, db, "judge", "--as-of", "2026-10-31"]))
    _row("judge one day (again)", run([*kodomo, db, "judge", "--as-of", "2026-10-31"]))
    whole = folder / "whole" / "kodomo.duckdb"
    _row("refresh, files to published snapshot", run([*kodomo, whole, "refresh", deliveries]))
    shutil.rmtree(whole.parent)
    _accounted_for(db)
    if with_pages:
        _ready(db, city)
        figures, peak = pages.measure(db)
        print(f"\n{'on screen, milliseconds':<44}{'median':>9}{'p95':>9}")
        for what, values in figures.items():
            middle, high = pages.summary(values)
            print(f"{what:<44}{middle:>9.0f}{high:>9.0f}   ({len(values)} rounds)")
        print(f"server's peak memory {peak:.2f} GiB")
    return 0


def _accounted_for(db: Path) -> None:
    """Print that every delivered row is accepted, unchanged or quarantined."""
    current = Family(db).current()
    assert current is not None
    with duckdb.connect(str(current.path), read_only=True) as con:
        query = 'select sum("rows"), sum(accepted), sum(unchanged), sum(quarantined) from receipt'
        rows, accepted, unchanged, quarantined = con.execute(query).fetchall()[0]
    same = "equal" if rows == accepted + unchanged + quarantined else "NOT EQUAL"
    print(
        f"rows in {rows:,} = {accepted:,} accepted + {unchanged:,} unchanged + {quarantined:,} held: {same}"
    )


if __name__ == "__main__":
    raise SystemExit(main())
