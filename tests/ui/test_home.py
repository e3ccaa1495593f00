"""今日の仕事: what waits for each role, in figures that agree with the screens they lead to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kodomo import roster, worsening
from kodomo.roster import Scope
from kodomo.ui import homeview, menu


def tiles(tab: Any) -> dict[str, dict[str, Any]]:
    """The tiles of the screen by id."""
    for node in tab.at.get("bidi_component"):
        if node.proto.component_name == "kodomo_tiles":
            return {tile["id"]: tile for tile in json.loads(node.proto.json)["tiles"]}
    return {}


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("toukatsu", {"urgent", "unreviewed", "unknown", "entered", "watch", "matching", "stale"}),
        ("senmon", {"urgent", "unreviewed", "unknown", "entered", "watch", "stale"}),
        ("jidou", {"own", "watch", "matching", "stale"}),
        ("data", {"matching", "stale"}),
        ("kanri", set()),
        ("kansa", set()),
    ],
)
def test_each_role_is_shown_what_waits_for_it(visit, user: str, expected: set[str]) -> None:
    tab = visit(user)
    assert not tab.exception
    assert set(tiles(tab)) - {"missed", "pregnancies"} == expected


def test_the_figures_are_those_of_the_screens(visit, city, ops) -> None:
    shown = tiles(visit("toukatsu"))
    con = city.connect()
    try:
        totals = roster.totals(con, Scope(), [])
        alarmed = worsening.listed(con, Scope(), worsening.acknowledgements(ops))
    finally:
        con.close()
    assert shown["urgent"]["figure"] == f"{totals.urgent:,}"
    assert shown["unreviewed"]["figure"] == f"{totals.unreviewed:,}"
    assert shown["watch"]["figure"] == f"{sum(one.tier == worsening.NOW for one in alarmed):,}"
    assert shown["urgent"]["first"] is (totals.urgent > 0)


def test_every_tile_leads_to_a_screen_there_is() -> None:
    names = {screen.name for screen in menu.SCREENS}
    assert {name for name, _ in homeview.WAYS.values()} <= names
