"""What each screen shows to whom, what it writes to the log first, and what it refuses."""

from __future__ import annotations

import pytest

from kodomo import accounts, audit, cases, roster
from kodomo.accounts import DEMO
from kodomo.ops import OpsStore
from kodomo.roster import Filter, Scope
from kodomo.snapshots import Family
from kodomo.ui import menu

SCREENS = [screen.name for screen in menu.SCREENS]


def first_refs(city: Family, count: int = 4) -> list[roster.Row]:
    con = city.connect()
    try:
        return list(roster.page(con, Scope(), Filter(), (), size=count).rows)
    finally:
        con.close()


def actions(ops: OpsStore) -> list[tuple[str, str, str]]:
    """(user, action, result) of the log, oldest first."""
    with ops.read() as con:
        found = con.execute("select user_id, action, result from operation_log order by seq").fetchall()
    return [tuple(row) for row in found]


def test_without_login_every_screen_is_the_login_form(visit, city: Family) -> None:
    names = [row.name for row in first_refs(city)]
    for screen in menu.screens():
        at = visit(None, screen.name, child=first_refs(city)[0].child_ref)
        assert [field.label for field in at.text_input] == ["利用者ID", "パスワード"], screen.name
        assert not at.rows
        assert not any(name in at.written for name in names)


def test_a_wrong_password_is_told_in_words_and_logged(visit, ops: OpsStore) -> None:
    at = visit().enter("senmon", "chigau-password")
    assert accounts.WRONG in at.written
    assert ("senmon", "login_failed", "failed") in actions(ops)


def test_an_unknown_id_gets_the_same_words_as_a_wrong_password(visit) -> None:
    assert accounts.WRONG in visit().enter("nobody", "chigau-password").written


def test_the_sixth_failure_stops_the_id_even_for_the_right_password(visit) -> None:
    at = visit()
    for _ in range(6):
        at.enter("senmon", "chigau-password")
    assert accounts.LOCKED in at.written
    assert accounts.LOCKED in at.enter("senmon").written
    assert len(at.text_input) == 2


@pytest.mark.parametrize("user", [row[0] for row in DEMO])
def test_everybody_has_a_home_and_nothing_breaks_on_any_screen(visit, user: str) -> None:
    at = visit(user)
    assert "今日の仕事" in at.written
    for screen in menu.screens():
        at.go(screen.name)
        assert not at.exception, (user, screen.name)
        assert not any("画面を表示できませんでした" in error.value for error in at.error), (user, screen.name)


@pytest.mark.parametrize("user", ["kanri", "chousei", "data", "kansa", "admin"])
def test_who_may_not_list_children_is_told_why_and_the_refusal_is_logged(
    visit, ops: OpsStore, user: str
) -> None:
    at = visit(user, "children")
    assert "この画面は表示できません" in at.written
    assert "こども一覧を表示" in at.written
    assert not at.rows
    assert (user, "view_list", "denied") in actions(ops)


def test_the_list_shows_the_order_of_checking_and_is_logged_first(visit, ops: OpsStore, city: Family) -> None:
    at = visit("senmon", "children")
    assert [row["id"] for row in at.rows[:4]] == [row.child_ref for row in first_refs(city)]
    assert ("senmon", "view_list", "ok") in actions(ops)


def test_search_words_are_neither_in_the_log_nor_in_the_address(visit, ops: OpsStore, city: Family) -> None:
    at = visit("senmon", "children")
    kana = first_refs(city)[0].kana or ""
    at.text_input(key="ls_words").input(kana).run()
    assert first_refs(city)[0].child_ref in [row["id"] for row in at.rows]
    assert ("senmon", "search", "ok") in actions(ops)
    with ops.read() as con:
        log = "\n".join(str(tuple(row)) for row in con.execute("select * from operation_log"))
    assert kana not in log
    assert dict(at.query_params) == {}


def test_a_level_filter_narrows_the_list(visit) -> None:
    at = visit("senmon", "children")
    at.button_group(key="ls_categories").set_value(["nonattendance"])
    at.button_group(key="ls_levels").set_value([3]).run()
    shown = at.rows
    assert shown
    assert all(row["cells"][4]["level"]["text"] == "■ 要確認" for row in shown)


def test_a_filter_saved_under_a_name_comes_back(visit) -> None:
    at = visit("senmon", "children")
    at.button_group(key="ls_levels").set_value([3]).run()
    at.text_input[1].input("要確認だけ")
    at.press("保存する")
    at.press("条件をすべて外す")
    assert at.button_group(key="ls_levels").value == []
    at.button(key="ls_use_要確認だけ").click().run()
    assert at.button_group(key="ls_levels").value == [3]


def test_a_child_shows_levels_reasons_and_the_timeline_and_is_logged_once(
    visit, ops: OpsStore, city: Family
) -> None:
    row = first_refs(city)[0]
    at = visit("senmon", "child", child=row.child_ref)
    text = at.written
    assert "判定の理由" in text
    assert "各課の時系列" in text
    assert "要確認" in text
    at.run()
    assert [entry for entry in actions(ops) if entry[1] == "view_child"] == [("senmon", "view_child", "ok")]
    seen = audit.who_saw(ops, row.resident_id)
    assert list(seen["user_id"]) == ["senmon"]


def test_names_made_of_markup_stay_names(visit, city: Family) -> None:
    row = first_refs(city)[0]
    assert "<script>" in row.name
    at = visit("senmon", "child", child=row.child_ref)
    assert "<script>" not in at.written
    assert "&lt;script&gt;" in at.written


def test_a_protected_address_and_school_are_masked_for_everybody(visit, city: Family) -> None:
    row = first_refs(city)[3]
    con = city.connect()
    address, school = con.execute(
        "select address, coalesce(school_name, '') from child where resident_id = ?", [row.resident_id]
    ).fetchall()[0]
    con.close()
    for user in ("toukatsu", "senmon"):
        text = visit(user, "child", child=row.child_ref).written
        assert "支援措置のため表示しません" in text
        assert address not in text
        assert not school or school not in text


def test_an_unknown_child_gets_a_plain_sentence(visit, city: Family) -> None:
    at = visit("senmon", "child", child="f" * 16)
    assert "このこどもは見つかりません" in at.written
    assert "一覧から選んでください" in visit("senmon", "child").written


def test_a_review_leaves_the_list_and_stands_in_the_history(visit, ops: OpsStore, city: Family) -> None:
    row = first_refs(city)[0]
    at = visit("senmon", "child", child=row.child_ref)
    at.selectbox(key=f"rv_outcome_{row.child_ref}").set_value("watch").run()
    reason = cases.reasons_for("watch")[0].code
    at.selectbox(key=f"rv_reason_{row.child_ref}").set_value(reason)
    at.text_area(key=f"rv_note_{row.child_ref}").input("学校に様子をたずねた")
    at.button(key="rv_save").click().run()
    assert cases.reviews_of(ops, row.resident_id)[0].outcome == "watch"
    assert "確認を記録しました" in at.written
    listed = at.go("children").rows
    assert row.child_ref not in [entry["id"] for entry in listed]


def test_a_review_without_reason_is_refused_in_words(visit, ops: OpsStore, city: Family) -> None:
    row = first_refs(city)[0]
    at = visit("senmon", "child", child=row.child_ref)
    at.button(key="rv_save").click().run()
    assert "確認の結果を選んでください。" in at.written
    assert cases.reviews_of(ops, row.resident_id) == []


def test_department_staff_see_their_own_facts_and_no_levels(visit, city: Family) -> None:
    con = city.connect()
    reference = con.execute(
        "select child_ref from child where resident_id in"
        " (select resident_id from event where department_code = 'pupil') order by resident_id limit 1"
    ).fetchall()[0][0]
    con.close()
    at = visit("jidou", "children")
    assert at.rows
    assert "要確認" not in at.written
    text = visit("jidou", "child", child=reference).written
    assert "各課の時系列" in text
    for hidden in ("判定の理由", "職員の確認", "世帯・きょうだい", "こども安心課"):
        assert hidden not in text


def test_department_staff_cannot_open_a_child_their_department_does_not_know(
    visit, ops: OpsStore, city: Family
) -> None:
    con = city.connect()
    reference = con.execute(
        "select child_ref from child where resident_id not in"
        " (select resident_id from event where department_code = 'pupil') order by resident_id limit 1"
    ).fetchall()[0][0]
    con.close()
    at = visit("jidou", "child", child=reference)
    assert "このこどもの画面は表示できません" in at.written
    assert ("jidou", "view_child", "denied") in actions(ops)


def test_a_child_outside_the_list_opens_only_with_a_purpose(visit, ops: OpsStore, city: Family) -> None:
    con = city.connect()
    reference, name = con.execute(
        "select child_ref, name from child where not known_case and resident_id in"
        " (select resident_id from judgement group by resident_id having max(level) = 0)"
        " order by resident_id limit 1"
    ).fetchall()[0]
    con.close()
    at = visit("senmon", "child", child=reference)
    assert "閲覧の目的を選んでください" in at.written
    assert name not in at.written
    at.selectbox[0].set_value("consultation")
    at.press("記録して開く")
    assert name in at.written
    assert ("senmon", "break_glass", "ok") in actions(ops)


@pytest.mark.parametrize("screen", ["home", "children", "child"])
def test_when_the_log_cannot_be_written_nothing_is_shown(
    visit, city: Family, monkeypatch: pytest.MonkeyPatch, screen: str
) -> None:
    row = first_refs(city)[1]
    at = visit("senmon", None)

    def refuse(*_: object, **__: object) -> int:
        raise audit.LogUnavailable

    monkeypatch.setattr(audit, "record", refuse)
    at.query_params["child"] = row.child_ref
    if screen == "home":
        at.session_state["kd_seen"] = {}
        at.run()
    else:
        at.go(screen)
    assert not at.rows
    assert row.name not in at.written
    assert row.kana not in at.written


def test_a_session_that_ended_brings_back_the_login_with_the_reason(visit, ops: OpsStore) -> None:
    at = visit("senmon", "children")
    ops.write(
        lambda con: con.execute("update session set last_seen_at = '2026-01-01T00:00:00.000000Z'").rowcount
    )
    at.run()
    assert accounts.ENDED["idle"] in at.written
    assert [field.label for field in at.text_input] == ["利用者ID", "パスワード"]
    assert not at.rows


def test_logout_ends_the_session_on_the_server(visit, ops: OpsStore) -> None:
    at = visit("senmon")
    at.press("ログアウト")
    assert accounts.ENDED["logout"] in at.written
    assert accounts.sessions(ops).empty


def test_every_screen_asks_for_its_right_in_its_first_line() -> None:
    for screen in menu.screens():
        lines = screen.path.read_text(encoding="utf-8").splitlines()
        code = [
            line
            for line in lines[1:]
            if line and not line.startswith(("import ", "from ", '"""', "#")) and "=" in line
        ]
        assert f'session.require("{screen.action}")' in code[0], screen.name


def test_a_first_password_must_be_changed_before_anything_else(visit, ops: OpsStore) -> None:
    accounts.create(
        ops, audit.SYSTEM, "atarashii", "新しい 職員", "child_safety", "specialist", "hajimete-no-angou-1"
    )
    at = visit()
    at.enter("atarashii", "hajimete-no-angou-1")
    assert "パスワードの変更" in at.written
    assert not at.rows


def test_a_city_without_data_says_so(visit, city: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    at = visit("senmon")
    city.pointer_path.unlink()
    at.go("children")
    assert "まだ表示できるデータがありません" in at.written


def test_no_screen_is_listed_twice_and_each_right_exists() -> None:
    assert len(set(SCREENS)) == len(SCREENS)
    assert {screen.action for screen in menu.SCREENS} <= set(audit.actions())
