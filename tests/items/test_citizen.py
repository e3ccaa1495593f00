"""Items of 市民課: the household, moves and names on the register."""

from __future__ import annotations

import pytest

DAY = "2026-03-31"


def gap(city, code: str, as_of: str = DAY) -> dict[str, str]:
    con = city.judged(as_of)
    return dict(con.execute("select resident_id, why from item_gap where item = ?", [code]).fetchall())


def test_one_parent_alone_is_a_single_parent_and_two_are_not(city):
    city.child("1")
    city.child("2")
    city.resident("F2", household_id="H2", relation="夫", sex="1")
    assert city.item("single_parent") == {"1": 1.0, "2": 0.0}


def test_a_stepfather_is_a_partner(city):
    city.resident("F", household_id="H1", sex="1")
    city.resident("M", household_id="H1", relation="妻", sex="2")
    city.child("1", household_id="H1", relation="妻の子", parent=False)
    assert city.item("single_parent") == {"1": 0.0}


@pytest.mark.parametrize("relation", ["世帯主", "縁故者", "同居人"])
def test_single_parent_is_unknown_where_the_relation_does_not_tell(city, relation):
    city.child("1", relation=relation, parent=False)
    city.resident("G", household_id="H1", relation="世帯主" if relation != "世帯主" else "同居人")
    assert city.item("single_parent") == {}
    assert gap(city, "single_parent") == {"1": "続柄から保護者が分からない"}


def test_a_peer_of_the_other_sex_behind_the_same_door_leaves_it_open(city):
    city.child("1", address_detail="101")
    city.resident("N", household_id="HN", sex="1", birth_date="1985-01-01", address_detail="101")
    assert city.item("single_parent") == {}
    city.child("2", address_detail="102")
    city.resident("G", household_id="HG", sex="1", birth_date="1955-01-01", address_detail="102")
    assert city.item("single_parent") == {"2": 1.0}


def test_a_divorce_counts_from_the_day_the_register_knew_it(city):
    city.child("1")
    city.resident("F", household_id="H1", relation="夫", sex="1", status="2", status_on="2025-12-01",
                  recorded_on="2025-11-28")  # fmt: skip
    assert city.item("single_parent", "2025-11-30") == {"1": 0.0}
    assert city.item("single_parent", "2025-12-01") == {"1": 1.0}


def test_moves_count_within_24_months_once_recorded(city):
    city.child("1")
    city.add("resident_move", "1", move_type="03", moved_on="2024-03-31", recorded_on="2024-04-02")
    city.add("resident_move", "1", move_type="03", moved_on="2024-04-01", recorded_on="2024-04-02")
    city.add("resident_move", "1", move_type="02", moved_on="2025-08-01", recorded_on="2026-03-20")
    city.add("resident_move", "1", move_type="06", moved_on="2025-08-01", recorded_on="2025-08-02")
    assert city.item("moves_24m", "2026-03-19") == {"1": 2.0}
    assert city.item("moves_24m", "2026-03-31") == {"1": 2.0}
    assert city.item("moves_24m", "2026-03-30") == {"1": 3.0}
    assert city.item("moved_in_12m", "2026-03-19") == {}
    assert city.item("moved_in_12m", "2026-03-20") == {"1": 1.0}
    assert city.item("household_change_12m") == {"1": 1.0}


def test_moves_name_the_events_behind_them(city):
    city.child("1")
    keys = [city.add("resident_move", "1", move_type="03", moved_on=f"2025-0{n}-01") for n in range(1, 8)]
    row = city.item_rows("moves_24m")[0]
    assert row[1:3] == (7.0, 7)
    assert row[3] == [f"resident_move:{key}" for key in reversed(keys)][:5]


def test_a_change_of_name_within_24_months(city):
    city.child("1")
    city.add("resident_move", "1", move_type="07", moved_on="2024-04-15", recorded_on="2024-06-01")
    assert city.item("name_change_24m", "2024-05-31") == {}
    assert city.item("name_change_24m", "2024-06-01") == {"1": 1.0}
    assert city.item("name_change_24m", "2026-04-15") == {}


def test_a_parent_of_19_at_birth_is_young_and_of_20_is_not(city):
    for number, born in (("1", "1995-06-16"), ("2", "1995-06-15")):
        city.resident("M" + number, household_id="H" + number, birth_date=born, sex="2")
        city.child(number, birth_date="2015-06-15", parent=False)
    assert city.item("young_parent") == {"1": 1.0, "2": 0.0}


def test_an_uncertain_birth_date_of_the_parent_counts_only_when_every_date_agrees(city):
    for number, year in (("1", 1995), ("2", 1997)):
        city.resident(
            "M" + number, household_id="H" + number, birth_date=None, birth_text="頃", birth_year=year
        )
        city.child(number, birth_date="2015-06-15", parent=False)
    city.con.execute("update src_resident_register set birth_date = null where birth_text is not null")
    assert city.item("young_parent") == {"2": 1.0}
    assert gap(city, "young_parent") == {"1": "続柄か生年月日から親の年齢が分からない"}


def test_children_behind_one_door_are_counted_until_18(city):
    city.child("1")
    city.child("2", birth_date="2008-04-01", household_id="H1", parent=False)
    assert city.item("children_in_household", "2026-03-31") == {"1": 2.0, "2": 2.0}
    assert city.item("children_in_household", "2026-04-01") == {"1": 1.0}


def test_split_households_and_grandparents(city):
    city.child("1", address_detail="101")
    city.resident("G", household_id="HG", birth_date="1955-01-01", address_detail="101",
                  recorded_on="2025-05-01", resident_since="2025-04-20")  # fmt: skip
    assert city.item("split_household", "2025-04-30") == {}
    assert city.item("split_household", "2025-05-01") == {"1": 1.0}
    assert city.item("three_generation", "2025-04-30") == {}
    assert city.item("three_generation", "2025-05-01") == {"1": 1.0}


def test_an_unregistered_partner_is_found_from_either_side(city):
    city.child("1")
    city.resident("F1", household_id="H1", relation="夫(未届)", sex="1")
    city.resident("F2", household_id="H2", sex="1")
    city.resident("M2", household_id="H2", relation="妻(未届)", sex="2")
    city.child("2", household_id="H2", relation="妻(未届)の子", parent=False)
    city.child("3")
    assert city.item("unregistered_partner") == {"1": 1.0, "2": 1.0}


def test_without_the_register_of_moves_the_number_is_not_zero(city):
    city.child("1")
    city.undelivered("resident_move")
    con = city.judged()
    assert con.execute("select state from item_status where item = 'moves_24m'").fetchall() == [("未連携",)]
    assert con.execute("select count(*) from item_value where item = 'moves_24m'").fetchone() == (0,)


def test_an_old_delivery_is_a_broken_source(city):
    city.child("1")
    state = "select state from item_status where item = 'moves_24m'"
    assert city.judged("2026-05-15").execute(state).fetchall() == [("ok",)]
    assert city.judged("2026-05-16").execute(state).fetchall() == [("データ途絶",)]
