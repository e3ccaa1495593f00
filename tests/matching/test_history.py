"""Which links a refresh changed, and why."""
# ruff: noqa: E501 - rows read best on one line

from __future__ import annotations

from kodomo import link_history


def _all(con) -> dict[str, link_history.Change]:
    rows, _ = link_history.changes(
        con, ["pupil_roster", "consultation", "guidance_center_case"], new_too=True
    )
    newest = max((row.run for row in rows), default=0)
    return {row.record_key: row for row in rows if row.run == newest}


def test_the_first_match_changes_nothing(matched) -> None:
    assert _all(matched) == {}


def test_the_same_data_gives_the_same_links(matched, rematch) -> None:
    before = matched.execute("select * from link order by all").fetchall()
    rematch()
    assert matched.execute("select * from link order by all").fetchall() == before
    assert _all(matched) == {}


def test_a_new_record_is_called_new(matched, con, add, rematch) -> None:
    con.execute("insert into receipt values (2)")
    add("consultation", "C2", "森　大翔", "モリ　ヒロト", "2013-12-01", kind="30")
    lines = rematch()
    assert _all(matched)["C2"].why == "new"
    assert any("新しく届いた記録 1件" in line for line in lines)


def test_a_new_resident_explains_the_link_that_came_with_them(matched, con, rematch) -> None:
    con.execute("insert into receipt values (2)")
    con.execute(
        """
        insert into src_resident_register
            (resident_id, household_id, relation, name, kana, birth_date, birth_year, birth_month, sex, address,
            resident_since, status, record_key, receipt_id, row_number, delivered_on, seen_to, recorded_on)
        values ('0000000030', 'H4', '子', '見知らぬ　子', 'ミシラヌ　コ', '2016-01-31', 2016, 1, '1',
            '豊中市岡町北2丁目2番2号', '2026-11-01', '1', '0000000030', 2, 1, '2026-11-30', '2026-11-30',
            '2026-11-01')
        """
    )
    rematch()
    change = _all(matched)["C9"]
    assert (change.why, change.detail) == ("register", "新しく載った住民")
    assert (change.old_status, change.new_resident) == ("none", "0000000030")


def test_a_changed_record_explains_its_link(matched, con, rematch) -> None:
    con.execute("insert into receipt values (2)")
    con.execute(
        "insert into src_consultation select * replace ('森　大翔' as name, 'モリ　ヒロト' as kana,"
        " '2013-12-01'::date as birth_date, 2013 as birth_year, 12 as birth_month, 2 as receipt_id,"
        " '2026-11-30'::date as delivered_on, '2026-11-30'::date as seen_to, '2026-11-15'::date as recorded_on)"
        " from src_consultation where record_key = 'C9'"
    )
    rematch()
    assert _all(matched)["C9"].why == "record"


def test_old_runs_are_forgotten(matched, con, rematch) -> None:
    con.execute(
        "insert into link_change values (0, 'consultation', 'C1', 'auto', 'none', '1', null, 'weights', '')"
    )
    con.execute("update meta set value = '30' where key = 'link_run'")
    rematch()
    assert link_history.changes(matched, ["consultation"], new_too=True)[1] == 0
