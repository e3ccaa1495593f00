"""The page 重篤化の見張り, as each role meets it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from kodomo import worsening
from kodomo.ops import OpsStore
from kodomo.ui import watch_view

_path = Path(__file__).parent.parent / "ui" / "conftest.py"
_spec = importlib.util.spec_from_file_location("ui_rooms", _path)
assert _spec is not None
assert _spec.loader is not None
_ui = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_ui)
city, visit = _ui.city, _ui.visit


@pytest.fixture
def store(city) -> OpsStore:
    """The operational store behind the screens."""
    return _ui.open_store(city)


def logged(store: OpsStore, action: str) -> list[dict]:
    with store.read() as con:
        rows = con.execute(
            "select user_id, result, count, detail from operation_log where action = ? order by seq",
            (action,),
        ).fetchall()
    return [dict(row) for row in rows]


def test_a_coordinator_looks_notes_and_the_child_leaves_the_list(visit, store):
    tab = visit("toukatsu", "watch")
    assert not tab.exception
    tab.segmented_control(key="wt_who").set_value(watch_view.EVERYBODY).run()
    assert "今すぐ確認" in tab.written
    assert "発生" in tab.written
    assert "data:image/svg+xml" in tab.written
    assert logged(store, "view_worsening")[-1]["count"] > 0
    box = tab.text_area[0]
    box.input("担任に聞いた")
    tab.press("確認したと記録する")
    assert not tab.exception
    [kept] = worsening.acknowledgements(store).values()
    assert kept.note == "担任に聞いた"
    assert box.key not in [area.key for area in tab.text_area]
    tab.toggle(key=watch_view.RESTING).set_value(True).run()
    assert len(logged(store, "worsening_ack")) == 1


def test_the_weekly_number_is_for_the_coordinator(visit, store):
    tab = visit("toukatsu", "watch")
    tab.slider(key="wt_cap").set_value(5)
    tab.press("この人数にする")
    assert worsening.weekly_cap(store) == 5
    assert json.loads(logged(store, "worsening_cap")[0]["detail"])["cap"] == 5
    assert "wt_cap" not in [slider.key for slider in visit("senmon", "watch").slider]


def test_who_entered_and_left_is_shown_with_reasons(visit, store):
    tab = visit("senmon", "watch")
    tab.segmented_control(key="wt_section").set_value(watch_view.MOVES).run()
    assert not tab.exception
    assert "2026-09-30 の判定と、2026-10-31 の判定" in tab.written
    assert any("［新しい事実］" in json.dumps(row, ensure_ascii=False) for row in tab.rows)
    assert json.loads(logged(store, "view_worsening")[-1]["detail"])["list"] == "changes"


def test_those_who_see_no_children_see_nothing_and_the_refusal_is_logged(visit, store):
    tab = visit("kanri", "watch")
    assert "この画面は表示できません" in tab.written
    assert "今すぐ確認" not in tab.written
    assert logged(store, "view_list")[-1]["result"] == "denied"
