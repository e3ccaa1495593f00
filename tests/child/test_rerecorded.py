"""Days before the first register delivery: rows of the register that were recorded again since."""

from __future__ import annotations

from datetime import date

OLD = "2025-02-28"


def items_of(city, child: str, day: str) -> tuple[dict[str, float], dict[str, str]]:
    """Values and gaps of one child on one day."""
    con = city.judged(date.fromisoformat(day))
    values = con.execute("select item, value from item_value where resident_id = ? order by 1", [child])
    found = dict(values.fetchall())
    gaps = con.execute("select item, why from item_gap where resident_id = ? order by 1", [child])
    return found, dict(gaps.fetchall())


def moved_later(city) -> None:
    """A child known to the schools by 2024, whose row of the register was written anew in June 2025."""
    city.child(
        "1",
        address="大阪府豊中市新千里東町1丁目2番3号",
        recorded_on="2025-06-10",
        resident_since="2015-06-20",
    )
    city.add(
        "resident_move",
        "1",
        move_type="03",
        moved_on="2025-06-08",
        old_address="大阪府豊中市庄内東町1丁目2番3号",
        new_address="大阪府豊中市新千里東町1丁目2番3号",
        recorded_on="2025-06-10",
    )
    city.add("attendance", "1", month="2024-11-01", school_days=20, nonattendance_days=9)


def test_a_child_whose_row_was_recorded_again_stays_in_the_older_day_without_its_newer_facts(city):
    moved_later(city)
    child = city.children(OLD)["1"]
    assert (child["age"], child["sex"]) == (9, "1")
    assert child["address"] is None
    assert child["town"] is None
    assert child["household_id"] != "H1"
    assert city.children("2025-06-30")["1"]["town"] == "新千里東町"
    values, gaps = items_of(city, "1", OLD)
    assert values["nonattendance_days_fy"] == 9
    assert "children_in_household" not in values
    assert gaps["children_in_household"] == gaps["single_parent"] == "その日の世帯が分からない"


def test_without_a_record_of_that_time_nobody_is_taken_to_have_been_known(city):
    city.child("1", recorded_on="2025-06-10", resident_since="2015-06-20", pupil=False, register=False)
    assert "1" not in city.children(OLD)
    city.add("child_allowance", "1", recorded_on="2025-03-15")
    assert "1" not in city.children(OLD)
    city.add("child_allowance", "1", recorded_on="2025-02-15")
    assert "1" in city.children(OLD)


def test_a_child_who_left_or_came_since_lived_here_only_in_between(city):
    moved_later(city)
    city.child("2", recorded_on="2025-06-10", resident_since="2015-06-20", status="2", status_on="2025-06-08")
    city.add("attendance", "2", month="2024-11-01", school_days=20)
    city.child("3", recorded_on="2025-06-10", resident_since="2025-03-20")
    city.add("attendance", "3", month="2024-11-01", school_days=20)
    assert set(city.children(OLD)) == {"1", "2"}
    assert set(city.children("2025-07-31")) == {"1", "3"}


def test_a_parent_who_leaves_later_is_not_missing_before(city):
    father = {"relation": "夫", "sex": "1", "resident_since": "2015-04-01"}
    city.child("1", birth_date="2015-06-15")
    city.resident("F", household_id="H1", recorded_on="2015-04-01", **father)
    values, gaps = items_of(city, "1", OLD)
    assert values["single_parent"] == 0
    assert "single_parent" not in gaps
    # The same family, but the father moved out in May 2025 into a household of his own.
    city.con.execute("delete from src_resident_register where resident_id = 'F'")
    city.resident("F", household_id="H9", recorded_on="2025-05-12", **(father | {"relation": "世帯主"}))
    city.add(
        "resident_move",
        "F",
        move_type="03",
        moved_on="2025-05-10",
        old_address="大阪府豊中市庄内東町1丁目2番3号",
        new_address="大阪府豊中市服部西町4丁目5番6号",
        recorded_on="2025-05-12",
    )
    values, gaps = items_of(city, "1", OLD)
    assert "single_parent" not in values
    assert gaps["single_parent"] == "その日の世帯が分からない"
    values, gaps = items_of(city, "1", "2025-05-31")
    assert values["single_parent"] == 1


def test_in_daily_use_nobody_comes_from_a_newer_row(city):
    city.child("1", recorded_on="2026-04-10", resident_since="2015-06-20")
    city.add("attendance", "1", month="2024-11-01", school_days=20)
    assert "1" not in city.children("2026-04-01")
