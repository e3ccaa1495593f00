"""The tiny city of the item tests, with a helper that looks for missed supports."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kodomo import items, missed, pregnancies
from kodomo.audit import Actor
from kodomo.ops import OpsStore

_TESTS = Path(__file__).parent.parent
KEY = b"a key for tests only"


def _borrow(name: str, path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_tiny = _borrow("tiny_city", _TESTS / "items" / "conftest.py")
city = _tiny.city


@pytest.fixture
def look(city) -> Callable[[str], dict[tuple[str, str], dict[str, Any]]]:
    """Looks for missed supports on a day: {(gap, subject): row of missed_support}."""

    def find(day: str) -> dict[tuple[str, str], dict[str, Any]]:
        as_of = date.fromisoformat(day)
        city.prepare(as_of)
        items.build_events(city.con, as_of)
        pregnancies.find(city.con, as_of, KEY)
        missed.find(city.con, as_of)
        cursor = city.con.execute("select * from missed_support order by gap, subject_id")
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return {(row["gap"], row["subject_id"]): row for row in rows}

    return find


@pytest.fixture
def ops(tmp_path: Path) -> Iterator[OpsStore]:
    store = OpsStore(tmp_path / "k.ops.sqlite", b"k" * 32)
    yield store
    store.close()


@pytest.fixture
def specialist() -> Actor:
    return Actor("senmon", "専門", "specialist", "child_safety", "s")
