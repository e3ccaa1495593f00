"""妊婦 and 支援漏れ in the browser: a row opens, a status is noted, the row leaves the list."""

from __future__ import annotations

from playwright.sync_api import expect


def test_noting_an_offer_takes_the_row_off_the_list(login, dashboard):
    tab = login("toukatsu", "/missed")
    tab.get_by_role("heading", name="支援漏れ").wait_for()
    rows = tab.locator("tr.open")
    rows.first.wait_for()
    before = rows.count()
    kind = rows.first.locator("td").first.inner_text()
    rows.first.click()
    dialog = tab.get_by_role("dialog")
    dialog.get_by_text("読むときの注意").wait_for()
    dialog.get_by_role("combobox").first.click()
    tab.get_by_role("option", name="案内した").click()
    dialog.get_by_label("メモ（だれが、いつ、どう案内したか）").fill("電話で案内した")
    dialog.get_by_role("button", name="記録する").click()
    expect(dialog).to_have_count(0)
    expect(rows).to_have_count(before - 1)
    with dashboard.store() as ops, ops.read() as con:
        row = con.execute("select * from missed_status").fetchone()
        logged = con.execute("select detail from operation_log where action = 'missed_status'").fetchall()
    assert (row["status"], row["note"]) == ("told", "電話で案内した")
    assert kind
    assert len(logged) == 1
    assert "電話" not in logged[0]["detail"]


def test_a_row_of_expectant_women_opens_her_screen_and_the_address_holds_no_name(login):
    tab = login("toukatsu", "/pregnancies")
    tab.get_by_text("すべての妊婦", exact=True).click()
    rows = tab.locator("tr.open")
    rows.first.wait_for()
    name = rows.first.locator("td").nth(1).locator(".main").inner_text()
    rows.first.click()
    tab.get_by_text("職員の確認").wait_for()
    expect(tab.get_by_text(name).first).to_be_visible()
    assert "/expectant?pregnancy=" in tab.url
    assert name not in tab.url
