"""Start: what a first `make run` prepares, and how the dashboard is opened."""

from __future__ import annotations

import csv
import os
import shutil
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from kodomo import accounts, demo_answers, demo_history, pipeline, synth
from kodomo.ops import open_store
from kodomo.paths import ROOT
from kodomo.snapshots import Family

DEMO_DAY = date(2026, 10, 31)
Progress = Callable[[str, float], None]


def prepare(db: Path, city: Path, residents: int, progress: Progress) -> None:
    """Make the synthetic city, its snapshot, demo accounts and a year of work where there is no snapshot.

    A store with data of its own is never touched: a marker beside the store says that it is the demo.
    A first start that was cut off goes on where it stopped.

    Args:
        db: the store family to open.
        city: where the synthetic deliveries go.
        residents: how many people live in the synthetic city.
        progress: told the step and its share done (0 to 1).
    """
    family = Family(db)
    marker = family.folder / f"{family.stem}.demo"
    if family.current() is None:
        print("初めての起動です。架空の市を用意します（1分半ほどかかります）。", flush=True)
        family.folder.mkdir(parents=True, exist_ok=True)
        marker.touch()
        _make_city(city, residents, progress)
        pipeline.load(family, city / "deliveries", progress=progress)
    if not marker.exists():
        return
    ops = open_store(family)
    accounts.create_demo(ops)
    current = family.current()
    if current is None or current.stage != "judged":
        # Answers on doubtful matches need links, and take effect when the records are matched again.
        pipeline.link(family, progress=progress)
        demo_answers.make(family, ops, DEMO_DAY, truth=owners(city / "truth" / "links.csv"))
        pipeline.relink(family, as_of=DEMO_DAY, progress=progress)
    lists, truth = pipeline.month_end_lists(family), _in_need(city / "truth" / "children.csv")
    demo_history.make(family, ops, lists=lists, truth=truth, progress=progress)


def _make_city(city: Path, residents: int, progress: Progress) -> None:
    """Write the city beside its place first: a start that is cut off leaves no half of a city."""
    if (city / "deliveries").is_dir():
        return
    half = city.with_name(f".{city.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    synth.generate(half, residents, 1, DEMO_DAY, progress=progress)
    half.rename(city)


def _in_need(truth: Path) -> dict[str, list[str]] | None:
    """Read who truly is in need and in what, so that the demo's reviews are about as right as people's."""
    if not truth.exists():
        return None
    with truth.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    found = {
        row["resident_id"]: [name for name in row if name.endswith("_onset") and row[name]] for row in rows
    }
    return {resident: categories for resident, categories in found.items() if categories}


def owners(truth: Path) -> dict[tuple[str, str], str] | None:
    """Read whose each record truly is, so that the demo's answers are as right as people's."""
    if not truth.exists():
        return None
    with truth.open(encoding="utf-8-sig", newline="") as file:
        return {(row["extract"], row["record_key"]): row["resident_id"] for row in csv.DictReader(file)}


def open_dashboard(db: Path, port: int) -> int:
    """Replace this process by the dashboard on 127.0.0.1; returns only when that fails."""
    environment = {**os.environ, "KODOMO_DB": str(db.absolute()), "TZ": "Asia/Tokyo"}
    print(
        f"ダッシュボードを http://127.0.0.1:{port} で開きます。止めるには Ctrl+C を押してください。",
        flush=True,
    )
    words = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port", str(port)]
    os.chdir(ROOT)
    os.execve(sys.executable, words, environment)
