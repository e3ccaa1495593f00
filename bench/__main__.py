"""`python -m bench`: load beside DuckDB's own reading, judging and its growth, refresh and page times."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

import duckdb

from bench import drafting, judging, pages, plain_read
from bench.process import Measured, run
from kodomo.snapshots import Family


def _row(what: str, measured: Measured, note: str = "") -> None:
    if measured.code:
        sys.exit(f"{what} ended with exit code {measured.code}")
    print(f"{what:<44}{measured.seconds:>9.1f} s{measured.gib:>9.2f} GiB  {note}", flush=True)


DAY = "2026-10-31"
#: The smaller cities beside which growth is read: the full one has so many times their residents.
SHARES = (16, 4)


def _judged(folder: Path, db: Path) -> dict[str, list[float]]:
    """What `bench.judging` measures on a linked store, in a process of its own."""
    out = folder / "judging.json"
    measured = run(["-m", "bench.judging", db, DAY, out])
    if measured.code:
        sys.exit(f"judging ended with exit code {measured.code}")
    return json.loads(out.read_text("utf-8"))


def _growth(folder: Path, db: Path, residents: int) -> None:
    """Print one day's judgement by step for a sixteenth, a quarter and the whole of the city."""
    cities: list[dict[str, list[float]]] = []
    for share in SHARES:
        city, small = folder / f"city{share}", folder / f"small{share}" / "kodomo.duckdb"
        words = ["-m", "kodomo", "demo", city, "--residents", str(residents // share)]
        for command in (
            words,
            ["-m", "kodomo", "--db", small, "load", city / "deliveries"],
            ["-m", "kodomo", "--db", small, "link"],
        ):
            if run(command).code:
                sys.exit(f"a city of {residents // share:,} residents could not be made")
        cities.append(_judged(folder, small))
        shutil.rmtree(city)
    cities.append(_judged(folder, db))
    print(
        f"\n{'one day alone: seconds (processor seconds)':<44}"
        + "".join(f"{int(city['children'][0]):>11,} children" for city in cities)
    )
    for step in (*judging.STEPS, "together", judging.RELEVEL):
        row = "".join(f"{city[step][0]:>11.2f} ({city[step][1]:>6.2f})" for city in cities)
        print(f"{step:<44}{row}")
    first = cities[0]
    for city in cities[1:]:
        more, longer = city["children"][0] / first["children"][0], city["together"][1] / first["together"][1]
        print(f"{more:.1f} × the children: {longer:.1f} × the processor time")
    print(flush=True)


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
    first = run([*kodomo, db, "judge", "--as-of", DAY])
    _row("judge one day, the month before with it", first, "the first judgement of a store")
    again = run([*kodomo, db, "judge", "--as-of", DAY])
    _row("judge one day, published", again, f"{again.seconds / plain.seconds:.2f} × read_csv (aim 8 s)")
    ready, moves = drafting.measure(db)
    middle, high = pages.summary(moves)
    print(
        f"{'one number of the rules moved, levels anew':<44}{middle:>6.1f} ms, p95 {high:.1f} ms"
        f"  (aim 20; {len(moves)} moves; read into memory once: {ready:,.0f} ms)",
        flush=True,
    )
    _row("replay, 36 month-ends", run([*kodomo, db, "replay", "--months", "36"]), "aim 240 s")
    _growth(folder, db, residents)
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
