"""What is recorded later changes no past list: not the order, the reasons, the watch or the list before."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kodomo import changes, judge, worsening
from kodomo.paths import CONTRACTS
from kodomo.rules import FIRST_RULESET, load_ruleset
from kodomo.snapshots import Family

KEY = bytes(32)
OLD, DELIVERED, LATER = date(2026, 8, 31), date(2026, 10, 31), date(2026, 11, 30)
LATE_RECEIPT = 900_000
RULES = load_ruleset(FIRST_RULESET)
CONTRACT = {
    contract["extract"]: contract
    for contract in (tomllib.loads(path.read_text("utf-8")) for path in sorted(CONTRACTS.glob("*.toml")))
}
APPENDED = sorted(name for name, contract in CONTRACT.items() if contract["mode"] == "append")
JUDGED = (
    "child",
    "guardian",
    "sibling",
    "household_member",
    "item_value",
    "item_status",
    "item_gap",
    "event",
    "judgement",
    "reason",
    "worsening",
    "worsening_line",
    "worsening_series",
)


@pytest.fixture(scope="module")
def records(
    judged_city: Family, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of the small judged city that a test may add records to."""
    current = judged_city.current()
    assert current is not None
    path: Path = tmp_path_factory.mktemp("late") / "city.duckdb"
    shutil.copyfile(current.path, path)
    con = duckdb.connect(str(path))
    yield con
    con.close()


def told(con: duckdb.DuckDBPyConnection, day: date) -> dict[str, list[tuple]]:
    """Everything judging and watching says of a day, by table."""
    judge.judge(con, day, RULES, KEY, persist=False)
    worsening.watch(con, day, persist=False)
    return {table: con.execute(f"select * from temp.{table} order by all").fetchall() for table in JUDGED}


def listed_before(con: duckdb.DuckDBPyConnection, day: date) -> list[tuple]:
    """The list that `changes` would hold a day's list against: that of the month before."""

    def judge_on(other: duckdb.DuckDBPyConnection, earlier: date) -> str:
        judge.judge(other, earlier, RULES, KEY, persist=False)
        return RULES.id

    for table in ("judgement", "reason", "earlier_judgement", "earlier_reason", "earlier_item_value"):
        con.execute(f"drop table if exists {table}").fetchall()
    basis = changes.keep_earlier(con, day, judge_on)
    assert basis is not None
    assert basis.as_of == changes.month_before(day)
    # A cursor of its own sees what another connection kept, whatever `con` still has open.
    with con.cursor() as reader:
        return [
            row
            for table in ("earlier_judgement", "earlier_reason", "earlier_item_value")
            for row in reader.execute(f"select * from {table} order by all").fetchall()
        ]


def come_late(
    con: duckdb.DuckDBPyConnection,
    extract: str,
    day: date,
    *,
    recorded_on: date,
    delivered_on: date,
    is_new: bool,
    every: int = 1,
) -> int:
    """Add records that tell of the time before `day` and were typed in after it; returns how many.

    They repeat records known on the day with graver numbers and other codes, as corrections of the same
    record or (`is_new`) as records of their own about the same person; one in `every` is taken.
    """
    assert recorded_on > day
    kinds = dict(con.execute(f"select column_name, column_type from (describe src_{extract})").fetchall())
    changed = {
        "recorded_on": f"date '{recorded_on}'",
        "delivered_on": f"date '{delivered_on}'",
        "seen_to": f"date '{delivered_on}'",
        "receipt_id": str(LATE_RECEIPT),
    }
    if is_new:
        changed["record_key"] = "record_key || '~'"
    for column in CONTRACT[extract]["column"]:
        name = column["field"]
        if column["type"] == "int":
            changed[name] = f"coalesce(try_cast(coalesce({name}, 0) + 15 as {kinds[name]}), {name})"
        elif column.get("codes") and name != "sex":
            codes = list(column["codes"])
            changed[name] = (
                f"({codes!r}::varchar[])[(1 + hash(record_key, '{name}') % {len(codes)})::integer]"
            )
    replaced = ", ".join(f"{value} as {name}" for name, value in changed.items())
    taken = f"recorded_on <= date '{day}' and receipt_id < {LATE_RECEIPT} and hash(record_key) % {every} = 0"
    added = con.execute(
        f"insert into src_{extract} select * replace ({replaced}) from src_{extract} where {taken}"
    ).fetchall()[0][0]
    con.execute("insert into delivery values (?, ?, ?, ?)", [extract, delivered_on, LATE_RECEIPT, added])
    if is_new:
        con.execute(
            "insert into link select * replace (record_key || '~' as record_key) from link"
            " where extract = ? and not ends_with(record_key, '~')",
            [extract],
        )
    return added


def forget(con: duckdb.DuckDBPyConnection) -> None:
    """Take out what came late."""
    for extract in CONTRACT:
        con.execute(f"delete from src_{extract} where receipt_id = {LATE_RECEIPT}")
    con.execute(f"delete from delivery where receipt_id = {LATE_RECEIPT}")
    con.execute("delete from link where ends_with(record_key, '~')")


@pytest.fixture(scope="module")
def plain(records: duckdb.DuckDBPyConnection) -> dict[str, list[tuple]]:
    """What is told of the old day without anything late."""
    return told(records, OLD)


def test_late_records_of_every_department_leave_the_old_day_and_its_watch_as_they_were(
    records: duckdb.DuckDBPyConnection, plain: dict[str, list[tuple]]
) -> None:
    before, now = listed_before(records, date(2026, 9, 30)), told(records, DELIVERED)
    try:
        for extract in APPENDED:
            for is_new in (False, True):
                come_late(
                    records,
                    extract,
                    OLD,
                    recorded_on=OLD + timedelta(days=1),
                    delivered_on=DELIVERED,
                    is_new=is_new,
                )
        after = told(records, OLD)
        assert {table for table in JUDGED if after[table] != plain[table]} == set()
        assert listed_before(records, date(2026, 9, 30)) == before
        later = told(records, DELIVERED)
        assert all(later[table] != now[table] for table in ("judgement", "reason", "event", "worsening"))
    finally:
        forget(records)


def test_a_later_delivery_of_every_extract_leaves_the_day_before_it_as_it_was(
    records: duckdb.DuckDBPyConnection,
) -> None:
    before = told(records, DELIVERED)
    try:
        for extract in sorted(CONTRACT):
            come_late(
                records,
                extract,
                DELIVERED,
                recorded_on=LATER - timedelta(days=5),
                delivered_on=LATER,
                is_new=False,
                every=2,
            )
        after = told(records, DELIVERED)
        assert {table for table in JUDGED if after[table] != before[table]} == set()
    finally:
        forget(records)


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    extracts=st.lists(st.sampled_from(APPENDED), min_size=1, max_size=6, unique=True),
    days=st.integers(1, 61),
    is_new=st.booleans(),
    every=st.integers(1, 5),
)
def test_whatever_comes_late_leaves_the_old_day_as_it_was(
    records: duckdb.DuckDBPyConnection,
    plain: dict[str, list[tuple]],
    extracts: list[str],
    days: int,
    is_new: bool,
    every: int,
) -> None:
    try:
        for extract in extracts:
            come_late(
                records,
                extract,
                OLD,
                recorded_on=OLD + timedelta(days=days),
                delivered_on=DELIVERED,
                is_new=is_new,
                every=every,
            )
        after = told(records, OLD)
        assert {table for table in JUDGED if after[table] != plain[table]} == set()
    finally:
        forget(records)
