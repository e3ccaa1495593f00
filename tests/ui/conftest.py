"""Screens run by AppTest on a copy of the small judged city."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from kodomo.accounts import DEMO_PASSWORD
from kodomo.ops import OpsStore, open_store
from kodomo.paths import ROOT
from kodomo.snapshots import Family

MAIN = str(ROOT / "kodomo" / "ui" / "main.py")


def written(at: AppTest) -> str:
    """Everything a screen shows as text or markup, in one string."""
    kinds = ("html", "markdown", "caption", "error", "info", "success", "warning", "subheader", "text")
    return "\n".join(str(getattr(node, "value", "") or getattr(node, "body", "")) for kind in kinds for node in at.get(kind))


def rows(at: AppTest) -> list[dict[str, Any]]:
    """The rows of the clickable list on a screen."""
    import json

    for node in at.get("bidi_component"):
        proto = node.proto
        if proto.component_name.endswith("kodomo_list"):
            return json.loads(proto.json)["rows"]
    return []


@pytest.fixture
def city(own_city: Family, monkeypatch: pytest.MonkeyPatch) -> Iterator[Family]:
    """The copy that the screens of this test read and write."""
    monkeypatch.setenv("KODOMO_DB", str(own_city.folder / f"{own_city.stem}.duckdb"))
    st.cache_data.clear()
    st.cache_resource.clear()
    yield own_city
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def ops(city: Family) -> OpsStore:
    """The operational store behind the screens."""
    return open_store(city)


@pytest.fixture
def visit(city: Family) -> Callable[..., AppTest]:
    """Opens a screen as somebody: visit("senmon", "children"); without a name, not logged in."""

    def open_screen(user: str | None = None, screen: str | None = None, **query: str) -> AppTest:
        at = AppTest.from_file(MAIN, default_timeout=60)
        for name, value in query.items():
            at.query_params[name] = value
        at.run()
        if user is not None:
            enter(at, user)
        if screen is not None:
            at.switch_page(f"../../pages/{screen}.py").run()
        return at

    return open_screen


def enter(at: AppTest, user: str, password: str = DEMO_PASSWORD) -> AppTest:
    """Fill in the login form."""
    at.text_input[0].input(user)
    at.text_input[1].input(password)
    return at.button[0].click().run()
