"""アラートレベル調整 in the browser: sliders that cannot cross, effects at once, two signatures."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

HIGH, MIDDLE = "虐待 全年齢 要確認", "虐待 全年齢 注意"


@pytest.fixture
def table(login: Callable[..., Page]) -> Page:
    tab = login("chousei", "/tuning")
    expect(tab.get_by_label(HIGH, exact=True)).to_be_visible()
    back = tab.get_by_role("button", name="すべて元に戻す")
    if back.is_enabled():
        back.click()
    expect(tab.get_by_text("変えたところ（0か所）")).to_be_visible()
    return tab


def press(slider: Locator, key: str, times: int = 1) -> None:
    slider.focus()
    for _ in range(times):
        slider.press(key)


def test_a_move_shows_its_effect_without_moving_anything_else(table: Page) -> None:
    slider = table.get_by_label(HIGH, exact=True)
    place = slider.bounding_box()
    press(slider, "ArrowLeft", 20)
    expect(table.get_by_text("変えたところ（1か所）")).to_be_visible()
    expect(table.get_by_label("レベルごとの人数")).to_contain_text("→")
    expect(table.get_by_text("こども-").first).to_be_visible()
    assert slider.bounding_box() == place
    expect(slider).to_be_focused()


def test_sliders_do_not_cross_and_each_goes_back_alone(table: Page) -> None:
    high, middle = table.get_by_label(HIGH, exact=True), table.get_by_label(MIDDLE, exact=True)
    begun = float(middle.input_value())
    press(middle, "ArrowRight", 60)
    assert float(middle.input_value()) == float(high.input_value()) - 0.5
    press(high, "ArrowRight")
    expect(table.get_by_text("変えたところ（2か所）")).to_be_visible()
    table.get_by_label("虐待 全年齢 注意 を元の値に戻す").click()
    expect(table.get_by_text("変えたところ（1か所）")).to_be_visible()
    assert float(middle.input_value()) == begun
    table.get_by_role("button", name="すべて元に戻す").click()
    expect(table.get_by_text("変えたところ（0か所）")).to_be_visible()


def test_an_age_band_gets_values_of_its_own_and_the_draft_survives_another_screen(table: Page) -> None:
    table.get_by_label("年齢区分", exact=True).select_option(label="中学生")
    expect(table.get_by_text("全年齢と同じ値").first).to_be_visible()
    slider = table.get_by_label("虐待 中 要確認", exact=True)
    begun = float(slider.input_value())
    press(slider, "ArrowLeft", 2)
    told = f"虐待（中）の「要確認」を {begun:g}点から → {begun - 1:g}点から"
    expect(table.get_by_text(told)).to_be_visible()
    table.get_by_role("link", name="データ連携状況").click()
    expect(table.get_by_role("heading", name="データ連携状況")).to_be_visible()
    table.get_by_role("link", name="アラートレベル調整").click()
    expect(table.get_by_text(told)).to_be_visible()
    expect(table.get_by_text(re.compile("中学生.*は別の値"))).to_be_visible()


def test_a_rule_is_found_opened_and_switched_off(table: Page) -> None:
    table.get_by_role("tab", name="項目の点").click()
    table.get_by_label("項目や条件をさがす").fill("むし歯")
    rows = table.locator(".list .group")
    assert 0 < rows.count() < 12
    rows.first.locator(".open").click()
    slider = rows.first.locator("input[type=range]").first
    press(slider, "ArrowRight")
    expect(table.get_by_text("変えたところ（1か所）")).to_be_visible()
    expect(rows.first.get_by_text("変更", exact=True)).to_be_visible()
    rows.nth(1).get_by_role("checkbox").uncheck()
    expect(table.get_by_text("変えたところ（2か所）")).to_be_visible()
    expect(table.get_by_text("を使わない").first).to_be_visible()


def test_a_draft_is_handed_in_signed_by_a_second_person_and_compared(
    table: Page, login: Callable[..., Page]
) -> None:
    press(table.get_by_label(HIGH, exact=True), "ArrowLeft", 4)
    expect(table.get_by_text("変えたところ（1か所）")).to_be_visible()
    table.get_by_label("変える理由（必須）").fill("見落としを減らすため")
    table.get_by_role("button", name="承認に出す").click()
    expect(table.get_by_text("を承認に出しました")).to_be_visible()
    table.get_by_role("button", name="ログアウト").click()
    expect(table.get_by_label("利用者ID")).to_be_visible()
    second = login("kanri", "/tuning")
    expect(second.get_by_text("見落としを減らすため").first).to_be_visible()
    expect(second.get_by_text("承認に出したときの見込み")).to_be_visible()
    second.get_by_role("button", name="承認する").first.click()
    expect(second.get_by_text("を承認しました")).to_be_visible()
    second.get_by_text("版と比較", exact=True).click()
    expect(second.get_by_text("見落としを減らすため").first).to_be_visible()
    assert "こども-" not in second.content()
