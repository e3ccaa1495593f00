"""The screens 妊婦 and 妊婦の画面, as each role meets them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from kodomo import accounts, audit, pregnancies
from kodomo.audit import SYSTEM, Actor
from kodomo.snapshots import Family
from kodomo.ui import pregnancy_view

_path = Path(__file__).parent.parent / "ui" / "conftest.py"
_spec = importlib.util.spec_from_file_location("ui_rooms", _path)
assert _spec is not None
assert _spec.loader is not None
_ui = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_ui)
city, ops, visit = _ui.city, _ui.ops, _ui.visit
COORDINATOR = Actor("toukatsu", "統括", "coordinator", "child_safety", "s")
HOSTILE = "<b>花子</b>"


@pytest.fixture
def marked(city: Family) -> Family:
    """The first woman has a hostile name, a reason and a protected door."""
    with city.build() as (con, build):
        con.execute(
            "update expectant set name = ?, protected = true, level = 3, open_question = false"
            " where listed = 'open' and rank = 1",
            [HOSTILE],
        )
        con.execute(
            "insert into expectant_reason select entry_id, 1, 'specified', 3, '特定妊婦', '特定妊婦（見本）',"
            " ['specified'], ['maternal'] from expectant where listed = 'open' and rank = 1"
        )
        build.stage = "judged"
    return city


def entries(city: Family, ops, listed: str = "open") -> list[pregnancies.Entry]:
    con = city.connect()
    try:
        return [one for one in pregnancies.listed(con, ops, COORDINATOR) if one.listed == listed]
    finally:
        con.close()


def logged(ops, action: str) -> list[tuple]:
    with ops.read() as con:
        rows = con.execute(
            "select user_id, result, count, subject from operation_log where action = ? order by seq",
            (action,),
        ).fetchall()
    return [tuple(row) for row in rows]


def test_the_list_opens_a_womans_screen_and_a_review_takes_her_off_it(marked, visit, ops):
    tab = visit("toukatsu", "pregnancies")
    assert not tab.exception
    first = entries(marked, ops)[0]
    assert tab.rows[0]["id"] == first.entry_ref
    assert tab.rows[0]["cells"][1]["lines"] == [HOSTILE]
    assert logged(ops, "view_pregnancy")[-1][2] == len(tab.rows)
    tab = visit("toukatsu", "expectant", pregnancy=first.entry_ref)
    assert not tab.exception
    assert HOSTILE not in tab.written
    assert "&lt;b&gt;花子&lt;/b&gt;" in tab.written
    assert "支援措置のため表示しません" in tab.written
    assert (first.address or "豊中市") not in tab.written
    assert logged(ops, "view_expectant")[-1][3] == audit.subject_of(ops, first.mother_id or first.entry_id)
    tab.selectbox(key=f"xp_outcome_{first.entry_ref}").select("watch").run()
    tab.selectbox(key=f"xp_reason_{first.entry_ref}").select("serious_sign").run()
    tab.text_area(key=f"xp_note_{first.entry_ref}").input("保健師に電話した")
    tab.press("記録する")
    assert not tab.exception
    assert "確認を記録しました" in tab.written
    assert "保健師に電話した" in tab.written
    assert first.entry_ref not in [row["id"] for row in visit("toukatsu", "pregnancies").rows]


def test_after_birth_the_child_is_one_step_away(marked, visit, ops):
    born = entries(marked, ops, "born")[0]
    tab = visit("senmon", "expectant", pregnancy=born.entry_ref)
    assert "この妊娠で出生" in tab.written
    assert "こどもの画面で確認します" in tab.written
    assert any(button.key.startswith("xp_child_") for button in tab.button)


@pytest.mark.parametrize("reference", ["", "x", "0000000000000000", "' or 1=1 --", "<script>"])
def test_a_bad_address_says_what_to_do(city, visit, ops, reference):
    tab = visit("toukatsu", "expectant", pregnancy=reference)
    assert not tab.exception
    assert (
        "妊婦の一覧を開く" in tab.written
        or "選んでください" in tab.written
        or "見つかりません" in tab.written
    )
    assert logged(ops, "view_expectant") == []


def test_the_health_office_sees_its_own_records_and_no_level(marked, visit, ops):
    accounts.create(
        ops,
        SYSTEM,
        "hoken",
        "保健 花代",
        "maternal",
        "department_staff",
        accounts.DEMO_PASSWORD,
        must_change=False,
    )
    tab = visit("hoken", "pregnancies")
    assert not tab.exception
    assert tab.rows
    assert not any("level" in cell for row in tab.rows for cell in row["cells"] if isinstance(cell, dict))
    assert "あなたの課の記録だけ" in tab.written
    tab = visit("hoken", "expectant", pregnancy=tab.rows[0]["id"])
    assert not tab.exception
    assert "あなたの役割では、確認の記録はできません" in tab.written


@pytest.mark.parametrize("user", ["jidou", "kanri", "chousei", "kansa"])
def test_others_are_told_why_and_the_refusal_is_logged(marked, visit, ops, user):
    first = entries(marked, ops)[0]
    for screen, action in (("pregnancies", "view_pregnancy"), ("expectant", "view_expectant")):
        tab = visit(user, screen, pregnancy=first.entry_ref)
        assert "この画面は表示できません" in tab.written
        assert "花子" not in tab.written
        assert logged(ops, action)[-1][:2] == (user, "denied")


def test_nothing_is_shown_that_the_log_does_not_hold(marked, visit, monkeypatch):
    tab = visit("toukatsu")

    def refuse(*_args, **_facts):
        raise audit.LogUnavailable

    monkeypatch.setattr(audit, "record", refuse)
    for screen in ("pregnancies", "missed"):
        tab.go(screen)
        assert tab.rows == []
        assert "花子" not in tab.written


def test_filters_and_an_empty_list(marked, visit):
    tab = visit("toukatsu", "pregnancies")
    tab.segmented_control(key="pg_view").set_value(pregnancy_view.EVERYBODY).run()
    assert len(tab.rows) >= 4
    tab.segmented_control(key="pg_view").set_value(pregnancy_view.UNSETTLED).run()
    assert not tab.exception
    assert tab.rows == []
