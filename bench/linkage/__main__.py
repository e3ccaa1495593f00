"""`python -m bench.linkage`: our matching beside splink and exact match on the same rows, in one run.

Every city is made and loaded once, every engine then runs on it in a process of its own. The smallest city is
measured at every noise; larger ones at the usual noise only, unless there is no usual one. Twins and siblings
are planted at the usual noise in every city, in the larger ones for the two engines that use all features.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pandas as pd

from bench.linkage import report
from bench.linkage.engine import ENGINES
from bench.linkage.misses import by_kind
from bench.linkage.report import Result
from bench.process import run
from kodomo.paths import ROOT

USUAL = 1.0
# Engines that meet the planted children of the larger cities, too.
THOROUGH = ("splink-features", "ours")
PAGE = ROOT / "docs" / "linkage-bench.md"


def _numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]


def main() -> int:
    """Make the cities, run the engines, print the tables; `--write` puts them into docs/linkage-bench.md."""
    options = argparse.ArgumentParser(prog="python -m bench.linkage", description=__doc__)
    options.add_argument("--sizes", type=_numbers, default=[65_000, 400_000, 2_000_000])
    options.add_argument("--noise", type=_numbers, default=[0, 1, 2], help="0 clean, 1 usual, 2 hard")
    options.add_argument("--planted", type=int, default=1_000, help="planted children of each kind")
    options.add_argument("--limit", type=float, default=600, help="most seconds of one engine on one city")
    options.add_argument("--engines", default=",".join(ENGINES), help="which to run")
    options.add_argument("--work", type=Path, help="keep the cities here and use those that are there")
    options.add_argument("--write", action="store_true", help="write the tables into docs/linkage-bench.md")
    asked = options.parse_args()
    work = asked.work or Path(tempfile.mkdtemp(prefix="kodomo-linkage-"))
    try:
        text = _measure(work.resolve(), asked)
    finally:
        if asked.work is None:
            shutil.rmtree(work, ignore_errors=True)
    if asked.write:
        report.write(PAGE, text)
    return 0


def _measure(work: Path, asked: argparse.Namespace) -> str:
    """Run everything and return the tables as text."""
    sizes = sorted(int(size) for size in asked.sizes)
    blocks: list[str] = []

    def say(text: str) -> None:
        print(text + "\n", flush=True)
        blocks.append(text)

    for size in sizes:
        noises = asked.noise if size == sizes[0] or USUAL not in asked.noise else [USUAL]
        for noise in noises:
            planted = asked.planted if noise == (USUAL if USUAL in noises else noises[0]) else 0
            folder = work / f"{size}-{noise:g}"
            made = run(["-m", "bench.linkage.city", folder, str(size), str(noise), "1", str(planted)])
            if made.code:
                sys.exit(f"the city of {size:,} could not be made (exit code {made.code})")
            for prefix in ("", "stress-") if planted else ("",):
                names = asked.engines.split(",")
                if prefix and size != sizes[0]:
                    names = [name for name in names if name in THOROUGH]
                results = _engines(folder, prefix, names, asked.limit)
                rows = pd.read_parquet(folder / f"{prefix}rows.parquet")
                if prefix:
                    say(report.stress(size, noise, rows, results))
                    continue
                say(report.engines(size, noise, rows, results))
                for result in results:
                    if result.name != "ours" or result.pairs is None:
                        continue
                    say(report.extracts(size, noise, rows, result))
                    person = rows[rows["by_person"]]
                    say(report.misses(size, noise, by_kind(folder / "city.duckdb", person, result.pairs)))
                say(report.times(size, noise, results))
    return "\n\n".join(blocks)


def _engines(folder: Path, prefix: str, names: list[str], limit: float) -> list[Result]:
    """Run each engine in a process of its own on one city."""
    out = []
    for name in names:
        path = folder / f"{prefix}{name}.parquet"
        path.unlink(missing_ok=True)
        load = os.getloadavg()[0]
        city = folder / f"{prefix}city.duckdb"
        measured = run(["-m", "bench.linkage.engine", name, city, path], limit=limit)
        if measured.code:
            out.append(Result(name, measured.code, limit, measured.gib, load))
            continue
        taken = json.loads(path.with_suffix(".json").read_text("utf-8"))
        figures = (taken["seconds"], measured.gib, load, taken["processor"], taken["steps"])
        out.append(Result(name, 0, *figures, pd.read_parquet(path)))
    return out


if __name__ == "__main__":
    raise SystemExit(main())
