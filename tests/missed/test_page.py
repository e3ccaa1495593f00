"""The screen 支援漏れ, as each role meets it."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
from pathlib import Path

import pytest

from kodomo import accounts, missed
from kodomo.audit import SYSTEM
from kodomo.ui import missed_view

_path = Path(__file__).parent.parent / "ui" / "conftest.py"
_spec = importlib.util.spec_from_file_location("ui_rooms", _path)
assert _spec is not None
assert _spec.loader is not None
_ui = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_ui)
city, ops, visit = _ui.city, _ui.ops, _ui.visit


def logged(ops, action: str) -> list[dict]:
    with ops.read() as con:
        rows = con.execute(
            "select user_id, result, count, detail from operation_log where action = ? order by seq",
            (action,),
        ).fetchall()
    return [dict(row) for row in rows]


def test_the_list_is_logged_and_narrowed_by_department_and_state(visit, ops):
    tab = visit("toukatsu", "missed")
    assert not tab.exception
    everything = len(tab.rows)
    assert everything > 5
    assert logged(ops, "view_missed")[-1]["count"] == everything
    assert json.loads(logged(ops, "view_missed")[-1]["detail"])["list"] == "missed"
    assert all(row["cells"][4]["tags"][0][0] == "未着手" for row in tab.rows)
    tab.multiselect(key="ms_owners").set_value(["benefit"]).run()
    assert 0 < len(tab.rows) < everything
    assert all("子育て給付課" in row["cells"][0]["sub"][0] for row in tab.rows)
    tab.multiselect(key="ms_states").set_value(["declined"]).run()
    assert not tab.exception
    assert tab.rows == []


def test_a_stopped_source_is_said_and_its_children_are_not_on_the_list(city, visit, ops):
    with city.build() as (con, build):
        con.execute("update missed_count set has_state = 'データ途絶' where gap = 'nonattendance'")
        con.execute(
            "update missed_support set state = 'unknown', why = 'データ途絶' where gap = 'nonattendance'"
        )
        build.stage = "judged"
    tab = visit("senmon", "missed")
    assert "「漏れがない」という意味ではありません" in tab.written
    labels = {row["cells"][0]["lines"][0] for row in tab.rows}
    assert missed.settings().gaps["nonattendance"].label not in labels
    tab.multiselect(key="ms_states").set_value(["unknown"]).run()
    assert {row["cells"][4]["tags"][0][0] for row in tab.rows} <= {"分からない"}


def test_a_department_sees_its_own_gaps_only_and_others_read_why_not(visit, ops):
    accounts.create(
        ops,
        SYSTEM,
        "kyufu",
        "給付 花代",
        "benefit",
        "department_staff",
        accounts.DEMO_PASSWORD,
        must_change=False,
    )
    tab = visit("kyufu", "missed")
    assert not tab.exception
    own = {missed.settings().gaps[code].label for code in ("allowance_report", "child_allowance_suspended")}
    assert {row["cells"][0]["lines"][0] for row in tab.rows} <= own
    assert tab.rows
    assert "はぐくみセンターが確かめてから" in visit("jidou", "missed").written


@pytest.mark.parametrize("user", ["kanri", "chousei", "kansa", "admin"])
def test_those_who_see_no_children_see_nothing_and_the_refusal_is_logged(visit, ops, user):
    tab = visit(user, "missed")
    assert "この画面は表示できません" in tab.written
    assert tab.rows == []
    assert logged(ops, "view_missed")[-1]["result"] == "denied"


def test_only_the_coordinator_takes_the_list_out_and_protected_schools_stay_in(city, visit, ops, monkeypatch):
    made = {}
    monkeypatch.setattr(
        missed_view.downloads, "csv_button", lambda user, label, **facts: made.update(facts, user=user)
    )
    assert not visit("senmon", "missed").exception
    assert made == {}
    with city.build() as (con, build):
        con.execute("update child set protected = true")
        build.stage = "judged"
    assert not visit("toukatsu", "missed").exception
    assert made["action"] == "export_missed"
    text = missed_view.downloads.csv_bytes(made["heading"], made["rows"]()).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows
    assert {row["学校"] for row in rows} <= {"支援措置のため表示しません", ""}
    assert "住所" not in rows[0]
