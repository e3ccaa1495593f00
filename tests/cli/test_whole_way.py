"""From delivered files to the exported list, on a city small enough to know every answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import HandMadeCity, read_export

AS_OF = "2026-10-31"


@pytest.fixture
def ranking(city: HandMadeCity, kodomo, tmp_path: Path):
    """The exported order of checking, as {(resident, category): level}, plus its rows."""

    def run(**options) -> list[dict[str, str]]:
        folder = city.write(**options)
        code, printed = kodomo("refresh", folder, "--as-of", AS_OF)
        assert code == 0, printed
        out = tmp_path / "ranking.csv"
        assert kodomo("export", "ranking", "--out", out)[0] == 0
        return read_export(out)

    return run


def levels(rows: list[dict[str, str]]) -> dict[tuple[str, str], int]:
    return {(row["resident_id"], row["category"]): int(row["level"]) for row in rows}


def test_each_story_is_found_under_its_category(ranking):
    found = levels(ranking())
    assert max(level for (child, _), level in found.items() if child == "1002") >= 2, "self-harm"
    assert found["1003", "不登校"] == 3, "36 days of non-attendance this year"
    assert found["1004", "虐待"] == 3, "a report to the guidance centre"
    assert found["1005", "いじめ"] == 3, "a serious bullying case"


def test_nobody_else_is_listed(ranking):
    found = {child for child, _ in levels(ranking())}
    assert "1010" not in found, "moved out"
    assert "1006" not in found, "nationality, disability and an allowance raise nothing"
    assert not found & {"1001", "1007"}, "adults"


def test_ranking_has_the_columns_other_programs_rely_on(ranking):
    rows = ranking()
    columns = "as_of,ruleset,rank,resident_id,category,level,points,reasons,missing,known_case"
    assert ",".join(rows[0]) == columns
    assert {row["as_of"] for row in rows} == {AS_OF}
    by_child: dict[str, set[str]] = {}
    for row in rows:
        by_child.setdefault(row["resident_id"], set()).add(row["rank"])
        assert row["reasons"]
    assert all(len(ranks) == 1 for ranks in by_child.values()), "one rank a child"
    order = [int(row["rank"]) for row in rows]
    assert order == sorted(order)
    assert set(order) == set(range(1, len(by_child) + 1))


def test_the_same_data_gives_the_same_list_byte_for_byte(city, kodomo, tmp_path):
    folder = city.write()
    files = []
    for name in ("a", "b"):
        db = tmp_path / name / "kodomo.duckdb"
        assert kodomo("refresh", folder, "--as-of", AS_OF, db=db)[0] == 0
        for kind in ("ranking", "items", "links", "quarantine"):
            assert kodomo("export", kind, "--out", tmp_path / f"{name}-{kind}.csv", db=db)[0] == 0
        files.append(
            [(tmp_path / f"{name}-{kind}.csv").read_bytes() for kind in ("ranking", "items", "links")]
        )
    assert files[0] == files[1]


def test_three_steps_give_what_refresh_gives(city, kodomo, tmp_path):
    folder = city.write()
    assert kodomo("refresh", folder, "--as-of", AS_OF)[0] == 0
    other = tmp_path / "steps" / "kodomo.duckdb"
    for words in (("load", folder), ("link",), ("judge", "--as-of", AS_OF)):
        code, printed = kodomo(*words, db=other)
        assert code == 0, printed
    kodomo("export", "ranking", "--out", tmp_path / "one.csv")
    kodomo("export", "ranking", "--out", tmp_path / "two.csv", db=other)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_a_row_recorded_later_leaves_an_old_list_as_it_was(city, kodomo, tmp_path):
    kodomo("refresh", city.write(), "--as-of", "2026-09-30")
    kodomo("export", "ranking", "--out", tmp_path / "before.csv")
    city.add(
        "guidance",
        指導番号="G9",
        児童生徒番号="P6",
        発生日="2026-09-01",
        種別="4",
        登録日="2026-10-05",
    )
    later = tmp_path / "later" / "kodomo.duckdb"
    kodomo("refresh", city.write(), "--as-of", "2026-09-30", db=later)
    kodomo("export", "ranking", "--out", tmp_path / "after.csv", db=later)
    before = (tmp_path / "before.csv").read_bytes()
    assert before == (tmp_path / "after.csv").read_bytes()
    assert before.count(b"\r\n") > 1, "the old list is not empty"


def test_a_delivery_newer_than_the_day_does_not_count(city, kodomo, tmp_path):
    folder = city.write()
    kodomo("refresh", folder, "--as-of", AS_OF)
    kodomo("export", "ranking", "--out", tmp_path / "before.csv")
    city.add("guidance", 指導番号="G9", 児童生徒番号="P6", 発生日="2026-09-01", 種別="4", 登録日="2026-09-05")
    contract = city.contracts["guidance"]
    newer = folder / contract["file"].replace("{YYYYMMDD}", "20261110")
    newer.write_bytes(city.text("guidance").encode("cp932"))
    code, printed = kodomo("refresh", folder, "--as-of", AS_OF)
    assert code == 0, printed
    kodomo("export", "ranking", "--out", tmp_path / "after.csv")
    assert (tmp_path / "before.csv").read_bytes() == (tmp_path / "after.csv").read_bytes()


def test_a_missing_extract_is_unknown_and_never_nought(ranking):
    rows = ranking(leave_out=("attendance",))
    missing = [row["missing"] for row in rows if row["category"] == "不登校"]
    assert ("1003", "不登校") not in levels(rows)
    assert all("absence" in text or "欠席" in text for text in missing)
    bullied = next(row for row in rows if row["resident_id"] == "1005")
    assert bullied["missing"], "what is not known stands beside what is"


def test_links_say_what_was_matched_and_what_waits(city, kodomo, tmp_path):
    kodomo("refresh", city.write(), "--as-of", AS_OF)
    kodomo("export", "links", "--out", tmp_path / "links.csv")
    rows = read_export(tmp_path / "links.csv")
    assert ",".join(rows[0]) == "extract,record_key,resident_id,status,probability,reasons"
    links = {(row["extract"], row["record_key"]): row for row in rows}
    assert links["pupil_roster", "P2"]["resident_id"] == "1002"
    assert links["pupil_roster", "P3"]["resident_id"] == "1003"
    assert links["guidance_center_case", "C4"]["status"] == "auto"
    assert links["pupil_roster", "P8"]["resident_id"] == "1008", "the twin with the same given name"


def test_items_are_exported_with_value_and_unit(city, kodomo, tmp_path):
    kodomo("refresh", city.write(), "--as-of", AS_OF)
    kodomo("export", "items", "--out", tmp_path / "items.csv")
    rows = read_export(tmp_path / "items.csv")
    assert ",".join(rows[0]) == "as_of,resident_id,item,value,unit,newest_recorded_on"
    absent = next(
        row for row in rows if row["resident_id"] == "1003" and row["item"] == "nonattendance_days_fy"
    )
    assert float(absent["value"]) == 36
    assert absent["unit"] == "日"
