"""The tiny city of the item tests, with a helper that lists its expectant women."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kodomo import items, pregnancies
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
SPECIALIST = Actor("senmon", "専門", "specialist", "child_safety", "s")


@pytest.fixture
def ops(tmp_path: Path) -> Iterator[OpsStore]:
    store = OpsStore(tmp_path / "k.ops.sqlite", b"k" * 32)
    yield store
    store.close()


@pytest.fixture
def specialist() -> Actor:
    return SPECIALIST


@pytest.fixture
def look(city, ops) -> Callable[..., dict[str, pregnancies.Entry]]:
    """The list on a day, by entry_id, as somebody may see it."""

    def find(day: str = "2026-03-31", actor: Actor = SPECIALIST) -> dict[str, pregnancies.Entry]:
        as_of = date.fromisoformat(day)
        city.prepare(as_of)
        items.build_events(city.con, as_of)
        pregnancies.find(city.con, as_of, KEY)
        return {one.entry_id: one for one in pregnancies.listed(city.con, ops, actor)}

    return find
