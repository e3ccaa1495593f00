"""Screens run by AppTest on a copy of the small judged city."""

from __future__ import annotations

import json
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
TEXT = ("html", "markdown", "caption", "error", "info", "success", "warning", "subheader", "text")


class Visit:
    """Somebody's browser tab: an AppTest with words for what these tests do; the rest is AppTest's own."""

    def __init__(self) -> None:
        self.at = AppTest.from_file(MAIN, default_timeout=60)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.at, name)

    def enter(self, user: str, password: str = DEMO_PASSWORD) -> Visit:
        """Fill in the login form."""
        self.at.text_input[0].input(user)
        self.at.text_input[1].input(password)
        self.at.button[0].click().run()
        return self

    def go(self, screen: str) -> Visit:
        """Open a screen."""
        self.at.switch_page(f"../../pages/{screen}.py").run()
        return self

    def press(self, label: str) -> Visit:
        """Press the button of that label."""
        next(button for button in self.at.button if button.label == label).click().run()
        return self

    def choose(self, key: str, value: Any) -> Visit:
        """Have a control of that key say `value`."""
        self.at.session_state[key] = value
        self.at.run()
        return self

    @property
    def written(self) -> str:
        """Everything the screen shows as text or markup."""
        return "\n".join(
            str(getattr(node, "value", "") or getattr(node, "body", ""))
            for kind in TEXT
            for node in self.at.get(kind)
        )

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of the clickable list on the screen."""
        for node in self.at.get("bidi_component"):
            if node.proto.component_name == "kodomo_list":
                return json.loads(node.proto.json)["rows"]
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
def visit(city: Family) -> Callable[..., Visit]:
    """Opens a screen as somebody: visit("senmon", "children"); without a name, not logged in."""

    def open_screen(user: str | None = None, screen: str | None = None, **query: str) -> Visit:
        tab = Visit()
        for name, value in query.items():
            tab.at.query_params[name] = value
        tab.at.run()
        if user is not None:
            tab.enter(user)
        return tab.go(screen) if screen is not None else tab

    return open_screen
