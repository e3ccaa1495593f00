"""操作ログ and データ連携状況 in the browser: a file is made when asked for, and that is logged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect


def test_the_log_is_handed_over_as_a_file_and_that_is_a_row(login: Callable[..., Page], dashboard) -> None:
    tab = login("kansa", "/oplog")
    expect(tab.get_by_text("件のうち").first).to_be_visible()
    with tab.expect_download() as waiting:
        tab.get_by_role("button", name="この一覧をCSVで受け取る").click()
    text = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
    assert text.startswith("番号,日時,利用者,役割,課")
    assert waiting.value.suggested_filename.startswith("操作ログ_")
    store = dashboard.store()
    try:
        with store.read() as con:
            row = con.execute(
                "select user_id, count from operation_log where action = 'export_log'"
                " order by seq desc limit 1"
            ).fetchone()
    finally:
        store.close()
    assert row["user_id"] == "kansa"
    assert row["count"] == len(text.splitlines()) - 1


def test_every_part_of_the_deliveries_screen_opens(login: Callable[..., Page]) -> None:
    tab = login("data", "/deliveries")
    for name, words in (
        ("受領の記録", "受け取りました"),
        ("保留行", "保留"),
        ("名寄せ", "相手の台帳にまだない番号"),
        ("新しさ", "最新の登録日"),
    ):
        tab.get_by_role("radio", name=name).or_(
            tab.get_by_role("button", name=name, exact=True)
        ).first.click()
        expect(tab.get_by_text(words).first).to_be_visible()
    expect(tab.get_by_text("画面を表示できませんでした")).to_have_count(0)


def test_the_guide_says_what_unknown_means(login: Callable[..., Page]) -> None:
    tab = login("admin", "/guide")
    expect(tab.get_by_text("不明は0ではありません。")).to_be_visible()
    expect(tab.get_by_text("あなたの役割：システム管理者")).to_be_visible()
