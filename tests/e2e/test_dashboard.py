"""The main job in the browser: log in, read the list, open a child, record a review."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, TimeoutError, expect

from kodomo import accounts, roster
from kodomo.roster import Filter, Row, Scope
from kodomo.ui import menu

ADDRESSES = ["/", *(f"/{screen.name}" for screen in menu.screens())]


@pytest.fixture(scope="module")
def waiting(dashboard) -> Iterator[list[Row]]:
    """The first children in the order of checking, as the stores have them."""
    con = dashboard.family.connect()
    yield list(roster.page(con, Scope(), Filter(), (), size=12).rows)
    con.close()


def choose(tab: Page, label: str, option: re.Pattern[str]) -> None:
    """Pick an option; a screen that is still being drawn may close an opened list, so it is opened again."""
    box = tab.get_by_role("combobox", name=label)
    expect(box).to_be_enabled()
    offered = tab.get_by_role("option", name=option).first
    for _ in range(6):
        box.click()
        try:
            offered.click(timeout=4000)
            return
        except TimeoutError:
            tab.keyboard.press("Escape")
    pytest.fail(f"{label} offered nothing to choose")


@pytest.mark.parametrize("path", ADDRESSES)
def test_every_address_of_a_fresh_server_shows_the_login_and_no_child(
    tab: Page, dashboard, waiting: list[Row], path: str
) -> None:
    tab.goto(f"{dashboard.address}{path}?child={waiting[4].child_ref}")
    expect(tab.get_by_label("利用者ID")).to_be_visible()
    tab.wait_for_timeout(500)
    text = tab.inner_text("body")
    for row in waiting:
        assert row.name not in text
        assert row.kana not in text
    expect(tab.locator("tr.open")).to_have_count(0)


def test_an_address_survives_the_login(login: Callable[..., Page], waiting: list[Row]) -> None:
    tab = login("senmon", f"/child?child={waiting[5].child_ref}")
    expect(tab.get_by_text(waiting[5].name).first).to_be_visible()
    assert tab.url.endswith(f"/child?child={waiting[5].child_ref}")


def test_nothing_is_asked_of_the_internet_and_pages_are_japanese(
    tab: Page, login: Callable[..., Page], waiting: list[Row], dashboard
) -> None:
    elsewhere: list[str] = []
    tab.on(
        "request",
        lambda request: (
            elsewhere.append(request.url)
            if not request.url.startswith(
                (dashboard.address, "data:", "blob:", dashboard.address.replace("http", "ws"))
            )
            else None
        ),
    )
    login("senmon", "/children")
    tab.locator("tr.open").nth(5).click()
    expect(tab.get_by_text("各課の時系列")).to_be_visible()
    tab.wait_for_timeout(1500)
    assert elsewhere == []
    assert tab.locator("html").get_attribute("lang") == "ja"


def test_names_made_of_markup_sql_and_formulas_are_read_as_text(
    login: Callable[..., Page], waiting: list[Row]
) -> None:
    tab = login("senmon", "/children")
    for row in waiting[:3]:
        expect(tab.locator("tr.open", has_text=row.name)).to_be_visible()
    assert tab.locator("tr.open b, tr.open script").count() == 0
    tab.locator("tr.open").first.click()
    expect(tab.get_by_text(waiting[0].name).first).to_be_visible()
    assert tab.title() != "x"


def test_the_way_from_the_list_to_a_child_and_a_review_and_back(
    login: Callable[..., Page], waiting: list[Row], dashboard
) -> None:
    row = waiting[6]
    tab = login("senmon", "/children")
    tab.locator("tr.open", has_text=row.name).first.click()
    expect(tab.get_by_text("判定の理由")).to_be_visible()
    expect(tab.locator(".js-plotly-plot").first).to_be_visible()
    choose(tab, "確認の結果", re.compile("^見守り"))
    choose(tab, "主な理由", re.compile("."))
    tab.get_by_label("メモ（確かめたこと、自分の見立て）").fill("学校に様子をたずねた")
    tab.get_by_label("メモ（確かめたこと、自分の見立て）").blur()
    tab.get_by_role("button", name="記録する").click()
    expect(tab.get_by_text("確認を記録しました")).to_be_visible()
    tab.get_by_role("link", name="こども一覧").first.click()
    expect(tab.locator("tr.open").first).to_be_visible()
    tab.get_by_text("要確認").first.wait_for()
    expect(tab.locator("tr.open", has_text=row.kana or "")).to_have_count(0)


def test_the_next_page_goes_on_where_the_first_ended(login: Callable[..., Page]) -> None:
    tab = login("senmon", "/children")
    expect(tab.locator("tr.open")).to_have_count(roster.PAGE_SIZE)
    last = int(tab.locator("tr.open").last.locator("td").first.inner_text())
    tab.get_by_test_id("stPaginationPage").filter(has_text="2").first.click()
    expect(tab.locator("tr.open td").first).to_have_text(str(last + 1))


def test_search_finds_a_child_and_keeps_words_out_of_the_address(
    login: Callable[..., Page], waiting: list[Row]
) -> None:
    row = waiting[7]
    tab = login("senmon", "/children")
    tab.get_by_role("textbox", name="名前でさがす").fill(row.kana or "")
    tab.get_by_role("textbox", name="名前でさがす").press("Enter")
    expect(tab.get_by_text("名前が近い順")).to_be_visible()
    expect(tab.locator("tr.open", has_text=row.name).first).to_be_visible()
    assert "?" not in tab.url


def test_an_unknown_address_says_so_in_japanese(login: Callable[..., Page]) -> None:
    tab = login("senmon", "/nanimonai")
    expect(tab.get_by_text("このページはありません").first).to_be_visible()
    assert "Page not found" not in tab.inner_text("body")


def test_a_role_without_right_is_told_why_and_where_to_ask(login: Callable[..., Page]) -> None:
    tab = login("kansa", "/children")
    expect(tab.get_by_text("この画面は表示できません")).to_be_visible()
    expect(tab.get_by_text("監査担当の役割では")).to_be_visible()
    expect(tab.locator("tr.open")).to_have_count(0)


def test_a_reloaded_page_stays_logged_in_until_logout_makes_the_cookie_worthless(
    login: Callable[..., Page], dashboard
) -> None:
    tab = login("senmon", "/children")
    expect(tab.locator("tr.open").first).to_be_visible()
    tab.wait_for_timeout(1500)
    cookie = next(item for item in tab.context.cookies() if item["name"] == accounts.COOKIE_NAME)
    tab.reload()
    expect(tab.locator("tr.open").first).to_be_visible()
    tab.get_by_role("button", name="ログアウト").click()
    expect(tab.get_by_text(accounts.ENDED["logout"])).to_be_visible()
    tab.wait_for_timeout(500)
    tab.context.add_cookies([cookie])
    tab.goto(f"{dashboard.address}/children")
    expect(tab.get_by_label("利用者ID")).to_be_visible()
    tab.wait_for_timeout(800)
    expect(tab.locator("tr.open")).to_have_count(0)


def test_an_expired_session_brings_the_login_with_the_reason(login: Callable[..., Page], dashboard) -> None:
    tab = login("senmon", "/children")
    expect(tab.locator("tr.open").first).to_be_visible()
    store = dashboard.store()
    store.write(
        lambda con: (
            con.execute(
                "update session set last_seen_at = '2026-01-01T00:00:00.000000Z' where ended_at is null"
            ).rowcount
        )
    )
    store.close()
    tab.locator("tr.open").first.click()
    expect(tab.get_by_text("30分間操作がなかったため")).to_be_visible()
    expect(tab.locator("tr.open")).to_have_count(0)


@pytest.mark.parametrize("path", ["/", "/children", "/child"])
def test_nothing_is_cut_at_1366_by_768(login: Callable[..., Page], waiting: list[Row], path: str) -> None:
    tab = login("senmon", f"{path}?child={waiting[8].child_ref}" if path == "/child" else path)
    tab.wait_for_timeout(2000)
    wide = tab.evaluate(
        "() => { const main = document.querySelector('[data-testid=stMain]');"
        " return [main.scrollWidth - main.clientWidth,"
        " document.scrollingElement.scrollWidth - window.innerWidth] }"
    )
    assert max(wide) <= 1
    clipped = tab.evaluate(
        "() => [...document.querySelectorAll('.kd-card, .kd td, .kd th, .kd-head')]"
        ".filter(node => node.scrollWidth > node.clientWidth + 2).map(node => node.innerText.slice(0, 40))"
    )
    assert clipped == []


def test_security_headers_are_on_every_answer_and_metrics_are_closed(tab: Page, dashboard) -> None:
    answer = tab.request.get(dashboard.address + "/", headers={"Accept": "text/html"})
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert tab.request.get(dashboard.address + "/_stcore/metrics").status == 404
    assert tab.request.get(dashboard.address + "/_stcore/agent/openapi.json").status == 404
