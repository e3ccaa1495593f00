"""データ連携状況: what each role sees of deliveries and of rows that stayed behind."""

from __future__ import annotations

import pytest

from kodomo import deliveries
from kodomo.contracts import load_contracts
from kodomo.ops import OpsStore
from kodomo.snapshots import Family

VALUE = "<b>三</b>=1+1"


@pytest.fixture
def troubled(city: Family) -> Family:
    """The city with held rows of two departments, a refused file and an extract that never came."""
    with city.build() as (con, build):
        held = [
            (1, "08b.csv", row, "attendance", "授業日数", VALUE, "integer", "整数で入れてください。")
            for row in range(1, 121)
        ]
        held.append((1, "01a.csv", 7, "resident_register", "性別", VALUE, "code", "仕様にない値です。"))
        con.executemany("insert into quarantine values (?, ?, ?, ?, ?, ?, ?, ?)", held)
        con.execute(
            "insert into receipt (receipt_id, received_at, extract, file, rows, accepted, unchanged,"
            " quarantined, refused_reason)"
            " values (900, '2026-10-31 10:00', 'consultation', '<i>12a</i>.csv', 0, 0, 0, 0,"
            " 'CSVではありません。')"
        )
        con.execute("delete from delivery where extract = 'public_assistance'")
        con.execute("update delivery set delivered_on = '2026-01-31' where extract = 'health_insurance'")
        build.stage = "judged"
    return city


def show(at, view: str):
    at.at.button_group(key="dl_view").set_value(view).run()
    assert not at.exception
    return at


def held_rows(city: Family, extracts: list[str] | None = None) -> int:
    with city.connect() as con:
        return sum(row.rows for row in deliveries.tally(con, extracts))


def rows_of(ops: OpsStore, action: str) -> list[tuple]:
    with ops.read() as con:
        found = con.execute(
            "select user_id, count, detail from operation_log where action = ? order by seq", (action,)
        ).fetchall()
    return [tuple(row) for row in found]


def test_state_of_every_extract_worst_first(visit, troubled: Family, ops: OpsStore) -> None:
    at = visit("data", "deliveries")
    text = at.written
    assert "■ 途絶" in text
    assert "？ 未受領" in text
    assert text.index("国民健康保険") < text.index("住民基本台帳")
    assert rows_of(ops, "view_intake")[0][:2] == ("data", 28)


def test_the_data_steward_sees_held_rows_with_their_values_as_text(
    visit, troubled: Family, ops: OpsStore
) -> None:
    at = show(visit("data", "deliveries"), "保留行")
    assert "&lt;b&gt;三&lt;/b&gt;=1+1" in at.written
    assert VALUE not in at.written
    assert "仕様にない値です。" in at.written
    assert f"{held_rows(troubled):,}件のうち 1–50件目" in at.written
    assert rows_of(ops, "view_quarantine")[0][1] == 50


def test_a_department_sees_its_own_held_rows_without_values(visit, troubled: Family, ops: OpsStore) -> None:
    at = show(visit("jidou", "deliveries"), "保留行")
    assert "整数で入れてください。" in at.written
    own = [code for code, row in load_contracts().items() if row.department_code == "pupil"]
    assert f"{held_rows(troubled, own):,}件のうち" in at.written
    assert "三" not in at.written
    assert "仕様にない値です。" not in at.written
    assert not rows_of(ops, "view_quarantine")


@pytest.mark.parametrize("user", ["kanri", "senmon", "chousei", "admin"])
def test_others_see_figures_of_held_rows_only(visit, troubled: Family, user: str) -> None:
    at = show(visit(user, "deliveries"), "保留行")
    assert "行の中身は、データ担当と、そのデータを出した課だけが見られます。" in at.written
    assert "整数で入れてください。" not in at.written
    assert not at.get("download_button")


def test_a_department_sees_the_receipts_of_its_own_files_only(visit, troubled: Family) -> None:
    assert "住民基本台帳" not in show(visit("jidou", "deliveries"), "受領の記録").written
    seen = show(visit("data", "deliveries"), "受領の記録").written
    assert "CSVではありません。" in seen
    assert "&lt;i&gt;12a&lt;/i&gt;.csv" in seen


def test_matches_are_counted_per_extract(visit, troubled: Family) -> None:
    with troubled.connect() as con:
        waiting = con.execute("select count(*) from link where extract = 'pupil_roster'").fetchone()[0]
    at = show(visit("data", "deliveries"), "名寄せ")
    assert "児童生徒名簿" in at.written
    assert f"{waiting:,}" in at.written
