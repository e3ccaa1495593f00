"""Paths: where the project keeps its code-side data, and where a city keeps its stores."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"
SQL = ROOT / "sql"
CONTRACTS = DATA / "contracts"


def default_db() -> Path:
    """The store family used when nobody names one: `KODOMO_DB`, else data/stores/kodomo.duckdb."""
    return Path(os.environ.get("KODOMO_DB") or DATA / "stores" / "kodomo.duckdb")
