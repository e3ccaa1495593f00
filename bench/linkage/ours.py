"""Ours: `kodomo.linkage.link` on a copy of the city, the tables it writes included in its seconds."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import duckdb
import pandas as pd

from bench.linkage.engine import COLUMNS, Laps
from kodomo.linkage import link


def run(city: Path) -> tuple[pd.DataFrame, Laps]:
    """Link every row and return the links and the queue."""
    with tempfile.TemporaryDirectory(dir=city.parent) as folder:
        copy = Path(folder) / "city.duckdb"
        shutil.copyfile(city, copy)
        with duckdb.connect(str(copy), config={"threads": 2, "memory_limit": "4GB"}) as con:
            laps = Laps()
            summary = link(con)
            laps("link")
            laps.seconds = dict(summary.seconds)
            query = f"""
                select {", ".join(COLUMNS[:4])}, probability as weight, status from link
                where resident_id is not null order by all
            """
            return con.execute(query).df(), laps
