"""名寄せ確認 in the browser: one key an answer, two people for grave records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from kodomo import cases, matching
from kodomo.audit import Actor
from kodomo.ops import OpsStore

COORDINATOR = Actor("toukatsu", "", "coordinator", "child_safety", "s")
DAY = date(2026, 10, 31)


@pytest.fixture
def store(dashboard) -> Iterator[OpsStore]:
    """The operational store beside the server."""
    opened = dashboard.store()
    yield opened
    opened.close()


@pytest.fixture
def proposed(dashboard, store: OpsStore) -> matching.Case:
    """A consultation record of which the first of two people says that it belongs to somebody else."""
    con = dashboard.family.connect()
    try:
        key = con.execute(
            "select record_key from link where extract = 'consultation' and status = 'auto'"
            " order by all limit 1"
        ).fetchall()[0][0]
        case = matching.open_case(con, store, COORDINATOR, "consultation", key, DAY)
    finally:
        con.close()
    matching.answer(store, COORDINATOR, case, matching.DIFFERENT, case.resident_id, origin="repair")
    return case


def test_the_second_person_answers_with_one_key_and_takes_it_back_with_another(
    login: Callable[..., Page], store: OpsStore, proposed: matching.Case
) -> None:
    tab = login("data", "/matching")
    expect(tab.get_by_text(proposed.record_key).first).to_be_visible()
    expect(tab.get_by_text("2人目の確認です")).to_be_visible()
    expect(tab.get_by_role("button", name="ちがう人")).to_be_visible()
    tab.wait_for_timeout(1500)
    tab.keyboard.press("2")
    expect(tab.get_by_role("button", name="直前を取り消す")).to_be_visible()
    expect(tab.get_by_text("2人目の確認です")).to_have_count(0)
    given = matching.opinions(store)[-1]
    assert (given.record_key, given.state, given.given_by) == (proposed.record_key, "agreed", "data")
    assert given.minutes is not None
    assert list(cases.link_decisions(store)["decision"]) == ["different"]
    assert proposed.record_key not in tab.url
    tab.keyboard.press("0")
    expect(tab.get_by_role("button", name="直前を取り消す")).to_have_count(0)
    assert len(cases.link_decisions(store)) == 0


def test_every_part_opens_and_nothing_is_cut(login: Callable[..., Page]) -> None:
    tab = login("data", "/matching")
    for part in (
        "抜き取り",
        "相手なし",
        "変わった結びつき",
        "決めたもの",
        "混ざりを直す",
        "正しさと手間",
        "確認する",
    ):
        tab.get_by_text(part, exact=True).first.click()
        tab.wait_for_timeout(1200)
        expect(tab.get_by_text("画面を表示できませんでした")).to_have_count(0)
        assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_clerk_is_asked_about_the_own_department_alone(login: Callable[..., Page], proposed) -> None:
    tab = login("jidou", "/matching")
    expect(tab.get_by_role("heading", name="名寄せ確認")).to_be_visible()
    text = tab.inner_text("body")
    assert proposed.record_key not in text
    for foreign in ("児童相談所受付", "こども家庭相談受付", "就学援助"):
        assert foreign not in text


def test_a_role_without_the_right_is_refused(login: Callable[..., Page]) -> None:
    tab = login("chousei", "/matching")
    expect(tab.get_by_text("この画面は表示できません")).to_be_visible()


def test_records_nobody_fits_are_handed_over_without_a_name(
    login: Callable[..., Page], dashboard, store: OpsStore
) -> None:
    tab = login("data", "/matching")
    tab.get_by_text("相手なし", exact=True).first.click()
    with tab.expect_download() as waiting:
        tab.get_by_role("button", name="すべての連携データの「相手なし」").click()
    text = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
    con = dashboard.family.connect()
    try:
        rows = con.execute("select count(*) from link where status in ('none', 'rejected')").fetchall()[0][0]
        names = con.execute("select distinct name from src_consultation where name is not null").fetchall()
    finally:
        con.close()
    assert len(text.strip().splitlines()) == rows + 1 > 1
    assert not [name for (name,) in names if name in text]
    with store.read() as log:
        row = log.execute("select count from operation_log where action = 'export_links'").fetchone()
    assert row["count"] == rows


def test_figures_typed_into_the_search_answer_nothing(login: Callable[..., Page], store: OpsStore) -> None:
    tab = login("data", "/matching")
    tab.get_by_text("抜き取り", exact=True).first.click()
    expect(tab.get_by_text("くじで選びました")).to_be_visible()
    tab.wait_for_timeout(1500)
    tab.get_by_text("ほかの人をさがす").first.click()
    box = tab.get_by_placeholder("例 とよなか")
    before = len(matching.opinions(store))
    box.press_sequentially("1234")
    box.press("Enter")
    expect(tab.get_by_text("見つかりません")).to_be_visible()
    assert len(matching.opinions(store)) == before
