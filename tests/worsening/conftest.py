"""The tiny city of the item tests, with a helper that watches it."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kodomo import items, worsening
from kodomo.audit import Actor
from kodomo.ops import OpsStore

_TESTS = Path(__file__).parent.parent


def _borrow(name: str, path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_tiny = _borrow("tiny_city", _TESTS / "items" / "conftest.py")
city = _tiny.city
COORDINATOR = Actor("toukatsu", "統括", "coordinator", "child_safety", "s")


def eager() -> worsening.Settings:
    """Settings whose lines are so low that a handful of children gives alarms."""
    made = worsening.settings()
    return replace(made, chart={**made.chart, "alarms_case": 20.0, "alarms_other": 20.0})


@pytest.fixture
def watched(city):
    """Watches the city on a day: {(child, code): (tier, happened_on, known_on, event_ids, detail)}."""

    def watch(day: str | date, settings: worsening.Settings | None = None) -> dict[tuple[str, str], tuple]:
        as_of = date.fromisoformat(day) if isinstance(day, str) else day
        con = city.judged(as_of)
        items.build_events(con, as_of)
        worsening.watch(con, as_of, chosen=settings or eager())
        rows = con.execute(
            "select resident_id, code, tier, happened_on, known_on, event_ids, detail from worsening"
            " order by resident_id, code"
        ).fetchall()
        return {(row[0], row[1]): row[2:] for row in rows}

    return watch


@pytest.fixture
def ops(tmp_path: Path) -> Iterator[OpsStore]:
    store = OpsStore(tmp_path / "k.ops.sqlite", b"k" * 32)
    yield store
    store.close()


@pytest.fixture
def coordinator() -> Actor:
    return COORDINATOR
