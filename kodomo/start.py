"""Start: what a first `make run` prepares, and how the dashboard is opened."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from kodomo import accounts, demo_history, pipeline, synth
from kodomo.ops import open_store
from kodomo.paths import ROOT
from kodomo.snapshots import Family

DEMO_DAY = date(2026, 10, 31)


def prepare(db: Path, city: Path, residents: int, progress: Callable[[str, float], None]) -> None:
    """Make the synthetic city, its snapshot, demo accounts and a year of reviews, unless a snapshot exists.

    A city with data of its own is never touched: the demo is only made where there is no snapshot yet.

    Args:
        db: the store family to open.
        city: where the synthetic deliveries go.
        residents: how many people live in the synthetic city.
        progress: told the step and its share done (0 to 1).
    """
    family = Family(db)
    if family.current() is not None:
        return
    print("初めての起動です。架空の市を用意します（1分半ほどかかります）。", flush=True)
    if not (city / "deliveries").is_dir():
        synth.generate(city, residents, 1, DEMO_DAY, progress=progress)
    pipeline.refresh(family, city / "deliveries", as_of=DEMO_DAY, progress=progress)
    ops = open_store(family)
    accounts.create_demo(ops)
    demo_history.make(family, ops, lists=pipeline.month_end_lists(family), progress=progress)


def open_dashboard(db: Path, port: int) -> int:
    """Replace this process by the dashboard on 127.0.0.1; returns only when that fails."""
    environment = {**os.environ, "KODOMO_DB": str(db), "TZ": "Asia/Tokyo"}
    print(f"ダッシュボードを http://127.0.0.1:{port} で開きます。止めるには Ctrl+C を押してください。", flush=True)
    words = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port", str(port)]
    os.chdir(ROOT)
    os.execve(sys.executable, words, environment)
