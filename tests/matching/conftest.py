"""A tiny city by hand: a handful of residents, records of four extracts, matched by the real matcher."""
# ruff: noqa: E501 - rows read best on one line

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from kodomo import link_history, linkage
from kodomo.audit import Actor
from kodomo.ops import OpsStore

STEWARD = Actor("data", "データ 担当", "data_steward", "child_safety", "s1", "matching")
SECOND = Actor("toukatsu", "統括 支援員", "coordinator", "child_safety", "s2", "matching")
PUPIL = Actor("jidou", "児童生徒課 職員", "department_staff", "pupil", "s3", "matching")
TWINS = ("0000000011", "0000000012")

_COMMON = "record_key, receipt_id, row_number, delivered_on, seen_to, recorded_on"
_RESIDENTS = (
    # resident_id, household, relation, name, kana, birth, sex, address
    (
        "0000000001",
        "H1",
        "世帯主",
        "髙橋　健",
        "タカハシ　ケン",
        "1985-02-03",
        "1",
        "豊中市本町１丁目２番３号",
    ),
    (
        "0000000002",
        "H1",
        "子",
        "髙橋　美咲",
        "タカハシ　ミサキ",
        "2014-05-06",
        "2",
        "豊中市本町１丁目２番３号",
    ),
    (
        "0000000010",
        "H2",
        "世帯主",
        "青木　直子",
        "アオキ　ナオコ",
        "1986-01-01",
        "2",
        "豊中市曽根西町2丁目4番5号",
    ),
    (TWINS[0], "H2", "子", "青木　陽菜", "アオキ　ハルナ", "2015-08-09", "2", "豊中市曽根西町2丁目4番5号"),
    (TWINS[1], "H2", "子", "青木　結菜", "アオキ　ユイナ", "2015-08-09", "2", "豊中市曽根西町2丁目4番5号"),
    ("0000000020", "H3", "子", "森　大翔", "モリ　ヒロト", "2013-12-01", "1", "豊中市岡町北1丁目1番1号"),
)


class Clock:
    """A clock the test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        """Let time pass."""
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    """The clock of the store."""
    return Clock()


@pytest.fixture
def ops(tmp_path: Path, clock: Clock) -> Iterator[OpsStore]:
    """An empty operational store."""
    with OpsStore(tmp_path / "t.ops.sqlite", b"k" * 32, clock=clock) as store:
        yield store


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """The load layer of the tiny city, without links."""
    made = duckdb.connect()
    made.execute(
        """
        create table meta (key varchar, value varchar);
        create table receipt (receipt_id integer);
        insert into receipt values (1);
        create table child (resident_id varchar, protected boolean);
        create table src_resident_register (
            resident_id varchar, household_id varchar, relation varchar, name varchar, kana varchar,
            birth_date date, sex varchar, address varchar, alias_name varchar, former_name varchar,
            birth_text varchar, birth_year smallint, birth_month tinyint, address_detail varchar,
            resident_since date, status varchar, status_on date, record_key varchar, receipt_id integer,
            row_number integer, delivered_on date, seen_to date, recorded_on date);
        create table src_resident_move (
            resident_id varchar, old_address varchar, new_address varchar, receipt_id integer);
        create table src_protective_measure (
            resident_id varchar, started_on date, lifted_on date, record_key varchar, receipt_id integer,
            row_number integer, delivered_on date, recorded_on date);
        """
    )
    for extract, more in (
        (
            "school_register",
            "resident_id, guardian_name, address, school_code, school_name, grade int, status",
        ),
        ("school_expense_aid", "guardian_name, address, school_name, grade int, applied_on date, reason"),
        ("after_school_club", "guardian_name, school_name, grade int, started_on date"),
        ("pupil_roster", "guardian_name, school_code, school_name, grade int, class_name, status"),
        ("education_counseling", "school_name, grade int, occurred_on date, topic"),
        ("support_room", "school_name, grade int, started_on date"),
        ("consultation", "guardian_name, address, institution, occurred_on date, kind"),
        ("guidance_center_case", "age int, address, occurred_on date, kind"),
    ):
        columns = ", ".join(one if " " in one.strip() else f"{one} varchar" for one in more.split(", "))
        made.execute(
            f"create table src_{extract} (name varchar, kana varchar, birth_date date, birth_text varchar,"
            " birth_year smallint, birth_month tinyint, sex varchar, record_key varchar, receipt_id integer,"
            f" row_number integer, delivered_on date, seen_to date, recorded_on date, {columns})"
        )
    for table, key in (
        ("attendance", "pupil_id"),
        ("bullying", "pupil_id"),
        ("guidance", "pupil_id"),
        ("mood_check", "pupil_id"),
        ("school_health", "school_register_id"),
        ("contact_log", "consultation_id"),
        ("council_case", "consultation_id"),
    ):
        made.execute(f"create table src_{table} ({key} varchar, kind varchar)")
    for number, row in enumerate(_RESIDENTS, start=1):
        made.execute(
            f"insert into src_resident_register (resident_id, household_id, relation, name, kana, birth_date, sex,"
            f" address, birth_year, birth_month, resident_since, status, {_COMMON})"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '2010-04-01', '1', ?, 1, ?, '2026-10-31', '2026-10-31',"
            " '2020-04-01')",
            [*row, int(row[5][:4]), int(row[5][5:7]), row[0], number],
        )
    put(made, "pupil_roster", "P1", "高橋　美咲", "タカハシ　ミサキ", "2014-05-06", guardian_name="高橋　健")
    put(made, "pupil_roster", "P2", "青木　＊菜", "", "2015-08-09", guardian_name="青木　直子")
    put(made, "guidance_center_case", "G1", "青木　春菜", "アオキ　ハルカ", "2015-08-09", kind="1")
    put(made, "consultation", "C1", "高橋　美咲", "タカハシ　ミサキ", "2014-05-06", kind="11",
        guardian_name="高橋　健", address="豊中市本町1-2-3")  # fmt: skip
    put(made, "consultation", "C9", "見知らぬ　子", "ミシラヌ　コ", "2016-01-31", kind="30")
    yield made
    made.close()


def put(
    con: duckdb.DuckDBPyConnection, extract: str, key: str, name: str, kana: str, birth: str, **more: object
) -> None:
    """Add a record."""
    receipt = con.execute("select max(receipt_id) from receipt").fetchall()[0][0]
    columns = {
        "name": name, "kana": kana or None, "birth_date": birth, "birth_year": int(birth[:4]),
        "birth_month": int(birth[5:7]), "sex": None, "record_key": key, "receipt_id": receipt, "row_number": 1,
        "delivered_on": "2026-10-31", "seen_to": "2026-10-31", "recorded_on": "2026-05-01", **more,
    }  # fmt: skip
    con.execute(
        f"insert into src_{extract} ({', '.join(columns)}) values ({', '.join('?' * len(columns))})",
        list(columns.values()),
    )


def match(con: duckdb.DuckDBPyConnection, ops: OpsStore) -> list[str]:
    """Run the matcher as a refresh does."""
    return link_history.link_and_record(
        con, ops, lambda decisions: linkage.link(con, decisions=decisions).lines()
    )


@pytest.fixture
def people() -> dict[str, Actor]:
    """Who answers: a データ担当, a second person, and somebody of 児童生徒課."""
    return {"steward": STEWARD, "second": SECOND, "pupil": PUPIL}


@pytest.fixture
def rematch(con: duckdb.DuckDBPyConnection, ops: OpsStore) -> Callable[[], list[str]]:
    """Match again, as the next refresh does."""
    return lambda: match(con, ops)


@pytest.fixture
def add(con: duckdb.DuckDBPyConnection) -> Callable[..., None]:
    """Add a record: add(extract, key, name, kana, birth, …)."""
    return lambda *row, **more: put(con, *row, **more)


@pytest.fixture
def matched(con: duckdb.DuckDBPyConnection, ops: OpsStore) -> duckdb.DuckDBPyConnection:
    """The tiny city, matched once."""
    match(con, ops)
    return con
