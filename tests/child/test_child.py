"""Who is a child of the city on a day, who lives with it, and what stands beside its name."""

from __future__ import annotations

from datetime import date

import pytest


def family(city, members: list[tuple[str, str, str, str]], household: str = "H1", **values) -> None:
    """Register rows (number, relation, birth date, sex) of one household."""
    for number, relation, born, sex in members:
        city.resident(
            number, relation=relation, birth_date=born, sex=sex, household_id=household,
            recorded_on="2020-01-01", resident_since="2019-01-01", **values,
        )  # fmt: skip


def guardians(city, child: str, as_of: str = "2026-03-31") -> dict[str, str]:
    city.prepare(as_of)
    rows = city.con.execute("select guardian_id, kind from guardian where child_id = ?", [child]).fetchall()
    return dict(rows)


def roles(city) -> dict[str, str]:
    city.prepare("2026-03-31")
    return dict(city.con.execute("select resident_id, role from household_member").fetchall())


@pytest.mark.parametrize(
    ("born", "day", "expected"),
    [
        ("2007-04-02", "2026-03-31", True),
        ("2007-04-01", "2026-03-31", False),
        ("2007-04-01", "2025-03-31", True),
        ("2007-04-01", "2025-04-01", False),
        ("2008-04-01", "2026-03-31", True),
        ("2008-04-01", "2026-04-01", False),
        ("2008-02-29", "2026-03-31", True),
    ],
)
def test_a_child_until_the_march_after_the_eighteenth_birthday(city, born, day, expected):
    city.resident("1", birth_date=born, recorded_on="2020-01-01")
    assert ("1" in city.children(day)) is expected


@pytest.mark.parametrize(
    ("born", "grade", "band"),
    [
        ("2019-04-01", 1, "小低"),
        ("2019-04-02", 0, "3-5"),
        ("2016-04-02", 3, "小低"),
        ("2016-04-01", 4, "小高"),
        ("2013-04-01", 7, "中"),
        ("2010-04-01", 10, "高"),
        ("2023-04-01", -3, "0-2"),
        ("2023-03-31", -3, "3-5"),
    ],
)
def test_grades_and_bands_by_birth_date(city, born, grade, band):
    city.child("1", birth_date=born, recorded_on="2023-04-02", pupil=False, register=False)
    row = city.children("2026-03-31" if born != "2023-04-01" else "2026-03-30")["1"]
    assert (row["school_grade"], row["age_band"]) == (grade, band)


def test_a_29_february_child_ages_on_1_march_of_a_common_year(city):
    city.child("1", birth_date="2016-02-29")
    assert city.children("2025-02-28")["1"]["age"] == 8
    assert city.children("2025-03-01")["1"]["age"] == 9


def test_a_partial_birth_date_is_kept_and_not_rounded(city):
    city.resident("1", birth_date=None, birth_text="平成27年頃", birth_year=2015, recorded_on="2020-01-01")
    city.con.execute("update src_resident_register set birth_date = null")
    row = city.children()["1"]
    assert row["birth_date"] is None
    assert row["birth_text"] == "平成27年頃"
    assert row["age"] == 10
    assert row["school_grade"] is None
    assert row["age_band"] == "小高"
    city.add("school_register", "1", grade=5)
    assert city.children()["1"]["school_grade"] == 5


def test_a_partial_birth_date_with_month_settles_the_grade(city):
    city.resident("1", birth_date=None, birth_text="平成27年6月頃", birth_year=2015, birth_month=6)
    city.con.execute("update src_resident_register set birth_date = null")
    assert city.children()["1"]["school_grade"] == 4


def test_moved_out_dead_and_struck_off_children_are_no_children_from_that_day(city):
    for number, status in (("1", "2"), ("2", "3"), ("3", "4")):
        city.child(number, status=status, status_on="2025-12-01", recorded_on="2025-11-20")
    assert set(city.children("2025-11-30")) == {"1", "2", "3"}
    assert city.children("2025-12-01") == {}


def test_one_who_comes_later_is_no_child_yet(city):
    city.child("1", resident_since="2025-12-01", recorded_on="2025-11-20")
    assert city.children("2025-11-30") == {}
    assert set(city.children("2025-12-01")) == {"1"}


def test_father_and_mother_of_a_child_of_the_head(city):
    family(
        city,
        [("F", "世帯主", "1985-01-01", "1"), ("M", "妻", "1986-01-01", "2"), ("1", "子", "2015-05-05", "2")],
    )
    assert guardians(city, "1") == {"F": "father", "M": "mother"}
    assert roles(city) == {"F": "保護者", "M": "保護者", "1": "きょうだい"}


def test_a_child_of_the_wife_has_the_head_as_partner_of_the_mother(city):
    family(
        city,
        [
            ("F", "世帯主", "1985-01-01", "1"),
            ("M", "妻", "1986-01-01", "2"),
            ("1", "妻の子", "2015-05-05", "2"),
        ],
    )
    assert guardians(city, "1") == {"F": "partner", "M": "mother"}


@pytest.mark.parametrize("relation", ["夫（未届）", "夫(未届)", "未届の夫"])
def test_an_unregistered_husband_is_a_partner(city, relation):
    family(
        city,
        [
            ("M", "世帯主", "1986-01-01", "2"),
            ("F", relation, "1985-01-01", "1"),
            ("1", "子", "2015-05-05", "2"),
        ],
    )
    assert guardians(city, "1") == {"F": "partner", "M": "mother"}
    assert city.item("unregistered_partner") == {"1": 1.0}
    assert city.item("single_parent") == {"1": 0.0}


def test_the_parent_of_a_grandchild_of_the_head_is_the_head_s_child(city):
    family(
        city,
        [
            ("G", "世帯主", "1955-01-01", "1"), ("O", "妻", "1957-01-01", "2"),
            ("M", "子", "1986-01-01", "2"),
            ("1", "子の子", "2015-05-05", "2"), ("2", "子の子", "2017-05-05", "1"),
        ],
    )  # fmt: skip
    assert guardians(city, "1") == {"M": "mother"}
    assert roles(city) == {"G": "祖父母", "O": "祖父母", "M": "保護者", "1": "きょうだい", "2": "きょうだい"}
    assert city.item("single_parent") == {"1": 1.0, "2": 1.0}
    assert city.item("three_generation") == {"1": 1.0, "2": 1.0}


def test_two_grown_children_of_the_head_leave_the_parent_open_until_a_record_names_one(city):
    family(
        city,
        [
            ("G", "世帯主", "1955-01-01", "1"), ("M", "子", "1986-01-01", "2"),
            ("U", "子", "1988-01-01", "1"),
            ("1", "子の子", "2015-05-05", "2"),
        ],
    )  # fmt: skip
    assert guardians(city, "1") == {}
    assert city.item("single_parent") == {}
    city.add("child_allowance", "1", guardian_id="M", started_on="2016-01-01")
    assert guardians(city, "1") == {"M": "mother"}


def test_the_wife_s_mother_is_a_grandmother_and_cousins_are_no_siblings(city):
    family(
        city,
        [
            ("F", "世帯主", "1985-01-01", "1"), ("M", "妻", "1986-01-01", "2"),
            ("O", "妻の母", "1957-01-01", "2"),
            ("1", "子", "2015-05-05", "2"), ("2", "妻の妹の子", "2016-05-05", "2"),
            ("A", "妻の妹", "1990-01-01", "2"),
        ],
    )  # fmt: skip
    assert roles(city)["O"] == "祖父母"
    assert city.con.execute("select * from sibling").fetchall() == []
    assert guardians(city, "2") == {"A": "mother"}


def test_a_child_who_heads_the_household_has_the_father_in_it(city):
    family(city, [("1", "世帯主", "2008-05-05", "1"), ("F", "父", "1980-01-01", "1")])
    assert guardians(city, "1") == {"F": "father"}


def test_households_behind_one_door_are_one_living_group(city):
    same = {"address": "豊中市庄内東町1丁目2番3号", "address_detail": "メゾン庄内101号室"}
    city.child("1", address=same["address"], address_detail=same["address_detail"])
    city.resident(
        "G", household_id="HG", birth_date="1950-01-01",
        address="豊中市庄内東町１－２－３", address_detail="メゾン庄内１０１",
    )  # fmt: skip
    assert roles(city) == {"1": "きょうだい", "M1": "保護者", "G": "祖父母"}
    assert city.item("split_household") == {"1": 1.0}
    city.resident("N", household_id="HN", address=same["address"], address_detail="メゾン庄内102号室")
    assert "N" not in roles(city)


def test_without_room_number_only_a_full_house_number_joins_households(city):
    city.child("1", address="豊中市庄内東町1丁目", address_detail=None)
    city.resident("N", household_id="HN", address="豊中市庄内東町1丁目", address_detail=None)
    city.child("2", address="豊中市庄内東町1丁目9番9号", address_detail=None)
    city.resident("O", household_id="HO", address="豊中市庄内東町1-9-9", address_detail=None)
    assert set(roles(city)) == {"1", "M1", "2", "M2", "O"}


def test_a_facility_is_no_family(city):
    where = {"address": "豊中市服部西町4丁目5番6号", "address_detail": None}
    for number in range(13):
        city.child(f"2{number:02d}", relation="世帯主", parent=False, **where)
    groups = {row["living_group"] for row in city.children().values()}
    assert len(groups) == 13
    assert city.item("single_parent") == {}


def test_protection_covers_the_household_and_ends_only_when_lifted(city):
    city.child("1")
    key = {"measure_id": "A", "started_on": "2024-04-01", "ended_on": "2025-04-01"}
    city.add("protective_measure", "M1", recorded_on="2024-04-01", **key)
    assert city.children("2024-03-31")["1"]["protected"] is False
    assert city.children("2026-03-31")["1"]["protected"] is True
    city.add("protective_measure", "M1", lifted_on="2026-01-10", recorded_on="2026-01-12", **key)
    assert city.children("2026-01-11")["1"]["protected"] is True
    assert city.children("2026-01-12")["1"]["protected"] is False


def test_care_is_open_custody_or_placement(city):
    for number in ("1", "2", "3", "4"):
        city.child(number)
    city.add("guidance_center_case", "1", occurred_on="2026-01-01", custody_on="2026-01-02")
    city.add(
        "guidance_center_case", "2", occurred_on="2025-01-01",
        custody_on="2025-01-02", custody_ended_on="2025-02-01", measure="2",
    )  # fmt: skip
    city.add("guidance_center_case", "3", occurred_on="2024-01-01", measure="3")
    city.add("guidance_center_case", "4", occurred_on="2024-01-01", measure="4")
    city.add("guidance_center_case", "4", occurred_on="2025-01-01", measure="2")
    assert {n: row["in_care"] for n, row in city.children().items()} == {
        "1": True, "2": False, "3": True, "4": False,
    }  # fmt: skip


def test_the_newest_council_row_is_the_state(city):
    city.child("1")
    city.add("consultation", "1", consultation_id="C1", occurred_on="2023-01-01")
    city.add("council_case", consultation_id="C1", started_on="2025-01-01", severity="2")
    city.add("council_case", consultation_id="C1", started_on="2025-06-01", severity="3")
    row = city.children("2025-12-31")["1"]
    assert (row["council_open"], row["council_severity"], row["known_case"], row["support_open"]) == (
        True,
        3,
        True,
        True,
    )
    city.add(
        "council_case", consultation_id="C1", started_on="2026-01-10", severity="3", ended_on="2026-01-10",
        recorded_on="2026-01-12",
    )  # fmt: skip
    assert city.children("2026-01-11")["1"]["council_open"] is True
    row = city.children("2026-01-12")["1"]
    assert (row["council_open"], row["council_severity"], row["known_case"]) == (False, None, False)


def test_known_for_24_months_after_a_consultation(city):
    city.child("1")
    city.add("consultation", "1", occurred_on="2024-03-31")
    assert city.children("2026-03-30")["1"]["known_case"] is True
    assert city.children("2026-03-31")["1"]["known_case"] is False


def test_last_seen_names_the_day_and_the_department(city):
    city.child("1")
    city.add(
        "attendance", "1", month="2025-12-01", school_days=18, sick_days=18, nonattendance_days=0,
        other_absent_days=0, late=0, early_leave=0,
    )  # fmt: skip
    assert city.children()["1"]["last_seen_on"] is None
    city.add("attendance", "1", month="2025-11-01", school_days=18, sick_days=1, recorded_on="2025-12-05")
    row = city.children()["1"]
    assert (row["last_seen_on"], row["last_seen_by"]) == (date(2025, 11, 30), "pupil")
    city.add("contact_log", "1", occurred_on="2026-02-01", method="3", counterpart="1", outcome="1")
    city.add("contact_log", "1", occurred_on="2026-02-02", method="1", counterpart="2", outcome="1")
    city.add("contact_log", "1", occurred_on="2026-02-03", method="1", counterpart="1", outcome="2")
    assert city.children()["1"]["last_seen_by"] == "pupil"
    city.add("contact_log", "1", occurred_on="2026-01-20", method="1", counterpart="1", outcome="1")
    row = city.children()["1"]
    assert (row["last_seen_on"], row["last_seen_by"]) == (date(2026, 1, 20), "child_safety")


def test_a_pupil_without_a_roster_row_is_in_no_public_school(city):
    city.child("1", pupil=False)
    city.child("2")
    city.child("3", birth_date="2024-05-05", recorded_on="2024-06-01")
    assert {n: row["no_public_school"] for n, row in city.children().items()} == {
        "1": True,
        "2": False,
        "3": False,
    }


def test_a_replay_knows_the_pupils_of_its_day_though_the_roster_is_newer(city):
    city.child("1", pupil=False)
    city.add("pupil_roster", "1", pupil_id="P1", grade=4, recorded_on="2025-04-05")
    city.child("2", pupil=False)
    city.child("3", pupil=False)
    city.link("pupil_roster", "P3", "3")
    city.add("attendance", "3", month="2024-11-01", school_days=20)
    missing = {number for number, row in city.children("2025-02-28").items() if row["no_public_school"]}
    assert missing == {"2"}
    missing = {number for number, row in city.children("2026-03-31").items() if row["no_public_school"]}
    assert missing == {"2", "3"}


@pytest.mark.parametrize(
    ("address", "town"),
    [
        ("大阪府豊中市庄内東町1丁目2番3号", "庄内東町"),
        ("豊中市庄内東町１丁目２－３", "庄内東町"),
        ("大阪府 豊中市 新千里東町一丁目2-3", "新千里東町"),
        ("服部西町4-5-6", "服部西町"),
    ],
)
def test_town_of_an_address(city, address, town):
    city.child("1", address=address)
    assert city.children()["1"]["town"] == town


def test_the_reference_of_a_child_is_opaque_and_depends_on_the_key(city):
    from kodomo.items import child_ref

    assert child_ref(b"a", "1001") != child_ref(b"b", "1001")
    assert len(child_ref(b"a", "1001")) == 16
    city.child("1001")
    assert city.children()["1001"]["child_ref"] == child_ref(b"a key for tests only", "1001")
