"""アラートレベル調整 in the browser: sliders that cannot cross, an effect at once, and nothing that jumps."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

HIGH, MIDDLE = "虐待 要確認 のしきい値（点）", "虐待 注意 のしきい値（点）"


@pytest.fixture
def table(login: Callable[..., Page]) -> Page:
    tab = login("chousei", "/tuning")
    expect(tab.get_by_label(HIGH)).to_be_visible()
    expect(tab.get_by_text("変えたところ（0か所）")).to_be_visible()
    return tab


def press(slider: Locator, key: str, times: int = 1) -> None:
    slider.focus()
    for _ in range(times):
        slider.press(key)


def test_a_move_shows_its_effect_without_moving_anything_else(table: Page) -> None:
    slider = table.get_by_label(HIGH)
    place = slider.bounding_box()
    figures = table.get_by_label("レベルごとの人数").inner_text()
    press(slider, "ArrowLeft", 5)
    expect(table.get_by_text("変えたところ（1か所）")).to_be_visible()
    expect(table.get_by_label("レベルごとの人数")).not_to_have_text(figures)
    assert "→" in table.get_by_label("レベルごとの人数").inner_text()
    expect(table.get_by_text("こども-").first).to_be_visible()
    assert slider.bounding_box() == place
    expect(slider).to_be_focused()


def test_sliders_do_not_cross_and_each_goes_back_alone(table: Page) -> None:
    high, middle = table.get_by_label(HIGH), table.get_by_label(MIDDLE)
    begun = int(middle.input_value())
    press(middle, "ArrowRight", 30)
    assert int(middle.input_value()) == int(high.input_value()) - 1
    press(high, "ArrowRight")
    expect(table.get_by_text("変えたところ（2か所）")).to_be_visible()
    table.get_by_label("虐待 注意 を元の点に戻す").click()
    expect(table.get_by_text("変えたところ（1か所）")).to_be_visible()
    assert int(middle.input_value()) == begun
    table.get_by_role("button", name="すべて元に戻す").click()
    expect(table.get_by_text("変えたところ（0か所）")).to_be_visible()


def test_an_age_band_gets_values_of_its_own_and_the_draft_survives_another_screen(table: Page) -> None:
    table.get_by_role("combobox").first.click()
    table.get_by_role("option", name="中学生").click()
    expect(table.get_by_text("全年齢と同じ値").first).to_be_visible()
    slider = table.get_by_label(HIGH)
    begun = int(slider.input_value())
    press(slider, "ArrowLeft", 2)
    expect(table.get_by_text(f"虐待（中学生）要確認 {begun}点 → {begun - 2}点")).to_be_visible()
    table.get_by_role("link", name="データ連携状況").click()
    expect(table.get_by_role("heading", name="データ連携状況")).to_be_visible()
    table.get_by_role("link", name="アラートレベル調整").click()
    expect(table.get_by_text("中学生は別の値")).to_be_visible()
    expect(table.get_by_text(f"虐待（中学生）要確認 {begun}点 → {begun - 2}点")).to_be_visible()
