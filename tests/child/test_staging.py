"""What was known on a day: the cut-off, append versions, snapshots, and whose row it is."""

from __future__ import annotations

from datetime import date

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from kodomo import items
from kodomo.contracts import load_contracts
from kodomo.paths import SQL


def known(city, extract: str, as_of: str, columns: str = "*") -> list[tuple]:
    city.prepare(as_of)
    return city.con.execute(f"select {columns} from known_{extract} order by record_key").fetchall()


def test_every_extract_has_a_staging_file_with_its_contract_s_columns(city):
    city.prepare("2026-03-31")
    for name, contract in load_contracts().items():
        assert (SQL / "staging" / f"stg_{name}.sql").exists()
        columns = [row[0] for row in city.con.execute(f"describe known_{name}").fetchall()]
        assert set(contract.fields) <= set(columns)
        assert columns[-3:] == ["person_id", "record_key", "delivered_on"]


def test_every_macro_file_says_what_it_is_first():
    for room in ("staging", "child", "items", "events"):
        for path in sorted((SQL / room).glob("*.sql")):
            assert path.read_text("utf-8").startswith("-- "), path.name


def test_a_row_counts_from_the_day_it_was_recorded_not_from_the_day_it_happened(city):
    city.add("public_assistance", "1", started_on="2025-05-01", recorded_on="2025-07-10")
    assert known(city, "public_assistance", "2025-07-09") == []
    assert len(known(city, "public_assistance", "2025-07-10")) == 1


def test_the_newest_version_up_to_the_day_stands(city):
    key = {"case_id": "K1", "started_on": "2025-01-01"}
    city.add("public_assistance", "1", recorded_on="2025-01-05", **key)
    city.add("public_assistance", "1", recorded_on="2025-06-05", ended_on="2025-06-01", **key)
    assert known(city, "public_assistance", "2025-06-04", "ended_on") == [(None,)]
    assert known(city, "public_assistance", "2025-06-05", "ended_on") == [(date(2025, 6, 1),)]


def test_a_correction_with_the_same_recording_day_counts_from_its_delivery(city):
    city.deliver("resident_register", "2026-01-05")
    key = {"case_id": "K1", "started_on": "2025-01-01", "recorded_on": "2025-12-20"}
    city.add("public_assistance", "1", delivered_on="2026-01-10", education_aid=False, **key)
    city.add("public_assistance", "1", delivered_on="2026-02-10", education_aid=True, **key)
    assert known(city, "public_assistance", "2026-02-09", "education_aid") == [(False,)]
    assert known(city, "public_assistance", "2026-02-10", "education_aid") == [(True,)]


def test_a_delivery_after_the_day_does_not_count_once_the_system_runs(city):
    city.deliver("resident_register", "2026-01-05")
    city.add("public_assistance", "1", recorded_on="2025-12-01", delivered_on="2026-02-10")
    assert known(city, "public_assistance", "2026-02-01") == []
    assert len(known(city, "public_assistance", "2026-02-10")) == 1


def test_a_replay_before_the_first_load_reads_the_first_load_by_recording_day_only(city):
    city.deliver("resident_register", "2026-01-05")
    city.add("public_assistance", "1", recorded_on="2024-12-01", delivered_on="2026-01-06")
    city.add("public_assistance", "2", recorded_on="2024-12-01", delivered_on="2026-02-06")
    assert [row[0] for row in known(city, "public_assistance", "2025-01-01", "person_id")] == ["1"]


def test_a_key_missing_from_the_newest_snapshot_is_no_longer_known(city):
    for delivered in ("2026-01-05", "2026-02-05"):
        city.deliver("resident_register", delivered)
    common = {"recorded_on": "2020-01-01", "delivered_on": "2026-01-05"}
    city.add("resident_register", resident_id="1", seen_to="2026-01-05", **common)
    city.add("resident_register", resident_id="2", seen_to="2026-03-31", **common)
    ids = [row[0] for row in known(city, "resident_register", "2026-02-04", "resident_id")]
    assert ids == ["1", "2"]
    ids = [row[0] for row in known(city, "resident_register", "2026-02-05", "resident_id")]
    assert ids == ["2"]


def test_the_newest_snapshot_wins_even_when_its_recording_day_is_older(city):
    city.deliver("pupil_roster", "2026-01-05")
    city.deliver("resident_register", "2026-01-05")
    city.add(
        "pupil_roster", pupil_id="P", class_name="1", recorded_on="2025-12-01", delivered_on="2026-01-05"
    )
    city.add(
        "pupil_roster", pupil_id="P", class_name="2", recorded_on="2025-11-01", delivered_on="2026-02-05"
    )
    assert known(city, "pupil_roster", "2026-01-31", "class_name") == [("1",)]
    assert known(city, "pupil_roster", "2026-02-05", "class_name") == [("2",)]
    assert known(city, "pupil_roster", "2026-03-31", "class_name") == []


def test_persons_come_from_settled_links_only(city):
    for number, status in enumerate(("auto", "confirmed", "review", "none", "rejected")):
        city.add("consultation", f"R{number}", consultation_id=f"N{number}", link_status=status)
        city.add("contact_log", consultation_id=f"N{number}", contact_id="1")
    owners = [row[0] for row in known(city, "consultation", "2026-03-31", "person_id")]
    assert owners == ["R0", "R1", None, None, None]
    owners = [row[0] for row in known(city, "contact_log", "2026-03-31", "person_id")]
    assert owners == ["R0", "R1", None, None, None]


def test_the_register_of_pupils_follows_the_match_not_the_number_in_the_row(city):
    city.add("school_register", "R1", school_register_id="G1", resident_id="R9")
    assert known(city, "school_register", "2026-03-31", "person_id") == [("R1",)]


def test_a_late_entry_leaves_the_old_day_as_it_was(city):
    city.child("1001")
    city.add("bullying", "1001", occurred_on="2025-06-01", recorded_on="2025-06-03")
    before = city.judged("2025-06-30").execute("select * from item_value").fetchall()
    city.add("bullying", "1001", occurred_on="2025-06-02", recorded_on="2025-07-01")
    city.add("consultation", "1001", occurred_on="2025-06-02", recorded_on="2025-07-01")
    city.add("contact_log", "1001", occurred_on="2025-06-20", counterpart="1", recorded_on="2025-07-01")
    assert city.judged("2025-06-30").execute("select * from item_value").fetchall() == before
    assert city.children("2025-06-30")["1001"]["known_case"] is False
    assert city.children("2025-06-30")["1001"]["last_seen_on"] is None


@settings(max_examples=60, deadline=None)
@given(born=st.dates(date(2000, 1, 1), date(2026, 1, 1)), on=st.dates(date(2024, 1, 1), date(2027, 12, 31)))
def test_age_and_school_grade_follow_the_calendar(born: date, on: date):
    with duckdb.connect() as con:
        for name in ("completed_years", "fiscal_year", "school_grade_on"):
            con.execute((SQL / "child" / f"{name}.sql").read_text("utf-8"))
        age, grade = con.execute(
            f"select completed_years(date '{born}', date '{on}'), school_grade_on(date '{born}', date '{on}')"
        ).fetchone()
    assert age == on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    school_year = on.year - (on.month < 4)
    born_year = born.year - ((born.month, born.day) < (4, 2))
    assert grade == school_year - born_year - 6


def test_the_same_day_twice_gives_the_same_bytes(city):
    for number in range(5):
        city.child(f"10{number}", birth_date=f"201{number}-05-05")
        city.add("guidance", f"10{number}", occurred_on="2025-06-01")
    first = city.judged().execute("select * from item_value").fetchall()
    items.materialise(city.con, date(2026, 3, 31), b"a key for tests only")
    items.compute(city.con, date(2026, 3, 31))
    assert city.con.execute("select * from item_value").fetchall() == first
