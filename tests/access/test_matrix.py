"""Access: what every role may do, written out; everything else is denied with a reason."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from kodomo import access, accounts, audit
from kodomo.access import AccessDenied, ChildScope, PurposeMissing
from kodomo.audit import Actor
from kodomo.ops import OpsStore

EVERYBODY = {"view_home", "view_guide", "view_notice", "accept_conduct", "password_change"}
CHILDREN = {"saved_filter", "view_list", "search", "view_child", "view_intake"}
SIGNING = {"ruleset_approve", "ruleset_compare", "opinion_add", "opinion_decide"}
MATCHING = {"view_links", "link_decide", "link_undo", "export_links"}
ALLOWED = {
    "coordinator": EVERYBODY
    | CHILDREN
    | {
        "break_glass",
        "reveal_protected_address",
        "review",
        "print_child",
        "print_list",
        "export_list",
        "who_saw",
    }
    | {"who_may_see", "view_grants", "view_pregnancy", "tune_preview", "view_moves", "view_rules"}
    | {"ruleset_save", "ruleset_activate", "ruleset_retire", "view_outcomes", "export_outcomes"}
    | SIGNING
    | {"ruleset_submit"}
    | {"notice_publish", "view_worsening", "worsening_ack", "worsening_cap"}
    | {"view_replay", "view_expectant", "pregnancy_review", "view_missed", "missed_status", "export_missed"}
    | MATCHING,
    "specialist": EVERYBODY
    | CHILDREN
    | {"break_glass", "review", "print_child", "print_list", "view_pregnancy", "view_rules", "view_outcomes"}
    | {"view_worsening", "worsening_ack", "opinion_add"}
    | {"view_expectant", "pregnancy_review", "view_missed", "missed_status"},
    "department_staff": EVERYBODY
    | CHILDREN
    | {"view_worsening", "view_missed", "missed_status", "view_rules", "opinion_add"}
    | MATCHING,
    "manager": EVERYBODY
    | {"view_outcomes", "export_outcomes", "view_intake", "view_rules", "view_replay", "tune_preview"}
    | SIGNING,
    "tuner": EVERYBODY
    | {"saved_filter", "tune_preview", "view_moves", "view_rules", "ruleset_save", "view_outcomes"}
    | {"view_intake", "view_replay", "ruleset_submit", "ruleset_compare", "opinion_add", "opinion_decide"},
    "data_steward": EVERYBODY
    | {"view_intake", "view_quarantine", "load", "link", "judge", "refresh"}
    | MATCHING,
    "auditor": EVERYBODY
    | {"view_log", "export_log", "verify_log", "signoff_log", "who_saw", "view_grants", "view_accounts"},
    "admin": EVERYBODY
    | {"view_accounts", "account_create", "account_stop", "password_reset", "role_change", "unlock"}
    | {"notice_publish", "view_intake", "backup", "restore"},
}
SCOPE = ChildScope("1", frozenset({"pupil"}), listed=True)


def actor(role: str, department: str = "pupil") -> Actor:
    return Actor("u", "氏名", role, department, "s")


def test_the_matrix_covers_every_role() -> None:
    assert set(ALLOWED) == set(access.roles())


@pytest.mark.parametrize("role", [*ALLOWED, "nobody", ""])
@pytest.mark.parametrize("action", [*audit.actions(), "no_such_action"])
def test_every_role_and_action(role: str, action: str) -> None:
    decision = access.decide(actor(role), action, SCOPE)
    assert decision.allowed == (action in ALLOWED.get(role, set()))
    assert decision.reason.endswith("。")
    assert access.may(actor(role), action) == (action in ALLOWED.get(role, set()))


def test_the_list_of_expectant_women_is_for_the_departments_that_look_after_them() -> None:
    for action in ("view_pregnancy", "view_expectant"):
        for department in ("maternal", "child_safety"):
            assert access.decide(actor("department_staff", department), action)
            assert access.may(actor("department_staff", department), action)
        refused = access.decide(actor("department_staff", "pupil"), action)
        assert not refused
        assert "担当の課だけ" in refused.reason
        assert not access.may(actor("department_staff", "pupil"), action)


def test_roles_name_only_known_actions_and_fields() -> None:
    for role in access.policy().roles.values():
        assert role.actions <= set(audit.actions())
        assert role.fields <= set(access.policy().field_labels)


def test_one_child_is_denied_without_naming_it() -> None:
    for action in access.CHILD_ACTIONS:
        assert not access.decide(actor("coordinator"), action)


@pytest.mark.parametrize("role", ["coordinator", "specialist"])
def test_a_child_on_no_list_needs_a_purpose(role: str) -> None:
    outside = ChildScope("1", frozenset({"pupil"}))
    decision = access.decide(actor(role), "view_child", outside)
    assert not decision
    assert decision.needs_purpose
    assert access.decide(actor(role), "view_child", ChildScope("1", granted=True))


def test_a_department_sees_only_children_it_knows() -> None:
    assert access.decide(actor("department_staff", "pupil"), "view_child", SCOPE)
    refused = access.decide(actor("department_staff", "welfare"), "view_child", SCOPE)
    assert not refused
    assert not refused.needs_purpose
    assert not access.decide(
        actor("department_staff", "welfare"), "view_child", ChildScope("1", granted=True)
    )


@pytest.fixture
def city():
    con = duckdb.connect()
    con.execute("create table child (resident_id varchar, known_case boolean)")
    con.execute("insert into child values ('1', false), ('2', false), ('3', true)")
    con.execute("create table event (event_id varchar, resident_id varchar, department_code varchar)")
    con.execute("insert into event values ('a', '1', 'pupil'), ('b', '1', 'welfare'), ('c', '2', 'welfare')")
    con.execute("create table judgement (resident_id varchar, category varchar, level integer)")
    con.execute("insert into judgement values ('1', 'abuse', 2), ('2', 'abuse', 0)")
    yield con
    con.close()


@pytest.mark.parametrize(
    ("role", "children", "facts"),
    [
        ("coordinator", ["1", "2", "3"], ["a", "b", "c"]),
        ("specialist", ["1", "2", "3"], ["a", "b", "c"]),
        ("department_staff", ["1"], ["a"]),
        ("tuner", ["1", "2", "3"], []),
        ("manager", [], []),
        ("data_steward", [], []),
        ("auditor", [], []),
        ("admin", [], []),
        ("nobody", [], []),
    ],
)
def test_the_filters_keep_what_the_role_may_see(city, role: str, children: list, facts: list) -> None:
    sql, params = access.child_filter(actor(role))
    found = city.execute(f"select resident_id from child where {sql} order by 1", params).fetchall()
    assert [row[0] for row in found] == children
    sql, params = access.fact_filter(actor(role))
    found = city.execute(f"select event_id from event where {sql} order by 1", params).fetchall()
    assert [row[0] for row in found] == facts


def test_a_hostile_department_code_stays_a_value(city) -> None:
    sql, params = access.child_filter(actor("department_staff", "x') or true --"))
    assert city.execute(f"select resident_id from child where {sql}", params).fetchall() == []


# -- masks --------------------------------------------------------------------------------------

ROW = {
    "resident_id": "1",
    "child_ref": "3fa9c1d200000000",
    "name": "豊中 花子",
    "kana": "トヨナカ ハナコ",
    "birth_date": "2018-05-01",
    "age_band": "小低",
    "address": "豊中市中桜塚3-1-1",
    "address_detail": "101",
    "postal_code": "561-8501",
    "town": "中桜塚",
    "school_name": "桜塚小学校",
    "school_code": "01",
    "class_name": "1",
    "note": "メモ",
    "level": 2,
}
PLACES = ("address", "address_detail", "postal_code", "town", "school_name", "school_code", "class_name")


@pytest.mark.parametrize("role", [*ALLOWED, "nobody"])
@pytest.mark.parametrize("protected", [True, None, "unknown"])
def test_a_protected_address_is_shown_to_nobody(role: str, protected: object) -> None:
    for matching in (False, True):
        seen = access.mask(actor(role), {**ROW, "protected": protected}, matching=matching)
        frame = access.mask_frame(
            actor(role), pd.DataFrame([{**ROW, "protected": protected}]), matching=matching
        )
        for column in PLACES:
            assert seen[column] in (None, "支援措置のため表示しません")
            assert frame[column][0] in (None, "支援措置のため表示しません") or pd.isna(frame[column][0])


def test_a_row_that_does_not_say_is_protected() -> None:
    assert access.mask(actor("coordinator"), ROW)["address"] == "支援措置のため表示しません"
    assert (
        access.mask_frame(actor("coordinator"), pd.DataFrame([ROW]))["town"][0]
        == "支援措置のため表示しません"
    )


def test_only_the_coordinator_sees_a_revealed_address() -> None:
    row = {**ROW, "protected": True}
    assert access.mask(actor("coordinator"), row, revealed=True)["address"] == ROW["address"]
    assert access.mask(actor("specialist"), row, revealed=True)["address"] == "支援措置のため表示しません"


@pytest.mark.parametrize(
    ("role", "name", "birth", "level", "note"),
    [
        ("coordinator", "豊中 花子", "2018-05-01", 2, "メモ"),
        ("specialist", "豊中 花子", "2018-05-01", 2, "メモ"),
        ("department_staff", "豊中 花子", "2018-05-01", None, None),
        ("tuner", "こども-3fa9c1", None, 2, None),
        ("manager", None, None, None, None),
        ("data_steward", None, None, None, None),
        ("auditor", None, None, None, None),
        ("admin", None, None, None, None),
        ("nobody", None, None, None, None),
    ],
)
def test_each_role_sees_its_fields(role: str, name, birth, level, note) -> None:
    row = {**ROW, "protected": False}
    seen = access.mask(actor(role), row)
    frame = access.mask_frame(actor(role), pd.DataFrame([row])).iloc[0]
    for column, value in (("name", name), ("birth_date", birth), ("level", level), ("note", note)):
        assert seen[column] == value
        assert frame[column] == value or (value is None and pd.isna(frame[column]))
    assert seen.keys() == row.keys()
    shown_address = role in ("coordinator", "specialist", "department_staff")
    assert (seen["address"] == ROW["address"]) == shown_address


def test_the_data_steward_sees_names_only_when_matching() -> None:
    row = {**ROW, "protected": False}
    assert access.mask(actor("data_steward"), row, matching=True)["name"] == "豊中 花子"
    assert access.mask(actor("data_steward"), row, matching=True)["level"] is None
    assert access.mask(actor("auditor"), row, matching=True)["name"] is None


# -- break-glass --------------------------------------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def ops(tmp_path: Path):
    with OpsStore(tmp_path / "k.ops.sqlite", b"k" * 32, Clock()) as store:
        yield store


def test_a_purpose_opens_one_child_for_eight_hours(ops: OpsStore, city) -> None:
    staff = actor("specialist")
    assert not access.decide(staff, "view_child", access.child_scope(city.cursor(), ops, staff, "2"))
    access.grant(ops, staff, "2", "family")
    assert access.decide(staff, "view_child", access.child_scope(city.cursor(), ops, staff, "2"))
    other = Actor("v", "別人", "specialist", "pupil", "s")
    assert not access.decide(other, "view_child", access.child_scope(city.cursor(), ops, other, "2"))
    listed = access.grants(ops)
    assert list(listed["purpose"]) == ["確認中のこどものきょうだい・同居家族"]
    assert "2" not in set(listed["subject"])
    assert audit.search(ops, action="break_glass", resident_id="2").total == 1
    ops.clock.now += timedelta(hours=8, seconds=1)  # pyright: ignore[reportFunctionMemberAccess]
    assert not access.decide(staff, "view_child", access.child_scope(city.cursor(), ops, staff, "2"))
    assert not access.grants(ops)["in_force"].any()


def test_listed_and_known_children_need_no_purpose(ops: OpsStore, city) -> None:
    staff = actor("specialist")
    for child in ("1", "3"):
        assert access.decide(staff, "view_child", access.child_scope(city.cursor(), ops, staff, child))


def test_who_may_see_a_child_and_why(ops: OpsStore, city, monkeypatch) -> None:
    monkeypatch.setattr(accounts, "ROUNDS", 4)
    accounts.create_demo(ops)

    def who(child: str) -> dict[str, bool]:
        found = access.who_may_see(city.cursor(), ops, child)
        assert all(reason.endswith("。") for reason in found["reason"])
        return dict(zip(found["user_id"], found["needs_purpose"], strict=True))

    assert who("1") == {"jidou": False, "senmon": False, "toukatsu": False}
    assert who("2") == {"senmon": True, "toukatsu": True}


def test_a_purpose_must_be_known_and_explained(ops: OpsStore) -> None:
    staff = actor("coordinator")
    with pytest.raises(PurposeMissing):
        access.grant(ops, staff, "2", "curiosity")
    with pytest.raises(PurposeMissing):
        access.grant(ops, staff, "2", "other", "  ")
    with pytest.raises(AccessDenied):
        access.grant(ops, actor("department_staff"), "2", "family")
    assert audit.search(ops, action="break_glass", result="denied").total == 1


def test_a_reveal_is_for_the_coordinator_and_leaves_a_row(ops: OpsStore) -> None:
    access.reveal(ops, actor("coordinator"), SCOPE, "emergency", "一時保護のための訪問")
    with pytest.raises(AccessDenied):
        access.reveal(ops, actor("specialist"), SCOPE, "emergency", "訪問")
    rows = audit.search(ops, action="reveal_protected_address").rows
    assert list(rows["result"]) == ["denied", "ok"]


def test_no_role_name_or_reason_is_english() -> None:
    for role in access.roles().values():
        assert not re.search(r"[A-Za-z]{3,}", role.label + role.means)
