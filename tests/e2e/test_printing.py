"""Pages for paper: a purpose is asked, the log comes first, the page is whole and masked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import FrameLocator, Page, expect


@pytest.fixture(scope="module")
def child(dashboard) -> dict[str, dict[str, str]]:
    """The first child in the order of checking with a plain name, and a protected one with its address."""
    con = dashboard.family.connect()
    found = {}
    for key, condition in (("plain", "not protected and name not like '%<%'"), ("protected", "protected")):
        rows = con.execute(
            "select child_ref, name, address, resident_id from child join judgement using (resident_id)"
            f" where {condition} and (child.known_case or level > 0)"
            " order by rank nulls last, child_ref limit 1"
        ).fetchall()
        assert rows, key
        found[key] = dict(zip(("ref", "name", "address", "resident"), rows[0], strict=True))
    con.close()
    return found


def printed(dashboard, action: str) -> list[tuple]:
    store = dashboard.store()
    try:
        with store.read() as con:
            rows = con.execute(
                "select user_id, purpose, count, result from operation_log where action = ? order by seq",
                (action,),
            ).fetchall()
    finally:
        store.close()
    return [tuple(row) for row in rows]


def make(tab: Page, purpose: str = "合同ケース会議の準備") -> FrameLocator:
    """Ask for the page and choose a purpose."""
    tab.get_by_role("button", name="印刷用ページ").click()
    dialog = tab.get_by_role("dialog")
    expect(dialog).to_be_visible()
    dialog.get_by_role("combobox").click()
    tab.get_by_role("option", name=purpose).click()
    dialog.get_by_role("button", name="記録して作る").click()
    frame = dialog.frame_locator("iframe")
    expect(frame.get_by_role("button", name="印刷する")).to_be_visible()
    return frame


def test_a_child_is_printed_after_a_purpose_was_given(
    login: Callable[..., Page], dashboard, child: dict[str, dict[str, str]]
) -> None:
    before = len(printed(dashboard, "print_child"))
    tab = login("senmon", f"/child?child={child['plain']['ref']}")
    tab.get_by_role("button", name="印刷用ページ").click()
    tab.get_by_role("button", name="記録して作る").click()
    expect(tab.get_by_text("閲覧の目的を選んでください")).to_be_visible()
    assert len(printed(dashboard, "print_child")) == before
    tab.keyboard.press("Escape")
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    frame = make(tab)
    text = frame.locator("main").inner_text()
    assert child["plain"]["name"] in text
    for words in (
        "印刷した人",
        "senmon",
        "合同ケース会議の準備",
        "基準日",
        "前回との違い",
        "1つの事実で変わること",
    ):
        assert words in text
    assert len(printed(dashboard, "print_child")) == before + 1
    assert printed(dashboard, "print_child")[-1][:2] == ("senmon", "conference")
    assert [url for url in asked if not url.startswith((dashboard.address, "data:", "blob:"))] == []
    assert child["plain"]["name"] not in tab.title()
    assert child["plain"]["name"] not in tab.url
    assert frame.locator("html").evaluate("() => document.title") == "こどもの資料"
    pressed = frame.locator("html").evaluate(
        "() => { let n = 0; window.print = () => { n += 1; };"
        " document.getElementById('print').click(); return n; }"
    )
    assert pressed == 1


def test_a_protected_address_is_not_on_paper(
    login: Callable[..., Page], child: dict[str, dict[str, str]]
) -> None:
    tab = login("toukatsu", f"/child?child={child['protected']['ref']}")
    text = make(tab).locator("html").evaluate("() => document.documentElement.outerHTML")
    assert "支援措置のため表示しません" in text
    assert child["protected"]["address"] not in text


def test_the_list_is_printed_with_its_filter_and_the_number_is_logged(
    login: Callable[..., Page], dashboard, child: dict[str, dict[str, str]]
) -> None:
    before = len(printed(dashboard, "print_list"))
    tab = login("toukatsu", "/children")
    expect(tab.locator("tr.open").first).to_be_visible()
    name = tab.locator("tr.open .main.link").last.inner_text()
    text = make(tab).locator("main").inner_text()
    assert name in text
    assert "条件: 未確認のみ" in text
    assert len(printed(dashboard, "print_list")) == before + 1
    assert printed(dashboard, "print_list")[-1][2] > 0


def test_a_tile_leads_to_the_list_with_its_filter_set(login: Callable[..., Page]) -> None:
    tab = login("senmon")
    tab.get_by_role("button", name="要確認で、未確認").click()
    expect(tab.locator("h1", has_text="こども一覧")).to_be_visible()
    expect(tab.locator("tr.open").first).to_be_visible()
    for row in tab.locator("tr.open").all()[:10]:
        assert "■ 要確認" in row.inner_text()
    tab.get_by_role("link", name="今日の仕事").first.click()
    tab.get_by_role("button", name="重篤化 今すぐ確認").click()
    expect(tab.locator("h1", has_text="重篤化の見張り")).to_be_visible()
    expect(tab.get_by_text("今すぐ確認").first).to_be_visible()
