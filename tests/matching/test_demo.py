"""The demo's year of answers: on a linked city, as right as the truth, sealed, and the same every time."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from kodomo import audit, demo_answers, matching, pipeline, seals, synth
from kodomo.audit import Actor
from kodomo.ops import open_store
from kodomo.snapshots import Family
from kodomo.start import owners

DAY = date(2026, 10, 31)
STEWARD = Actor("data", "", "data_steward", "child_safety", "s", "matching")


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Family, dict[tuple[str, str], str]]:
    folder = tmp_path_factory.mktemp("linked")
    synth.generate(folder / "city", 2000, 1, DAY)
    family = Family(folder / "stores" / "kodomo.duckdb")
    pipeline.load(family, folder / "city" / "deliveries")
    pipeline.link(family)
    truth = owners(folder / "city" / "truth" / "links.csv")
    assert truth
    return family, truth


@pytest.fixture(scope="module")
def answered(linked):
    family, truth = linked
    ops = open_store(family)
    written = demo_answers.make(family, ops, DAY, truth=truth)
    return family, ops, truth, written


def _told(ops) -> list[tuple]:
    return [
        (one.extract, one.record_key, one.resident_id, one.answer, one.state, one.given_by, one.given_at)
        for one in matching.opinions(ops)
    ]


def test_a_year_of_answers_is_written_once_and_is_sound(answered) -> None:
    family, ops, truth, written = answered
    given = [one for one in matching.opinions(ops) if one.answer != "undone"]
    assert written == len(given) > 50
    assert len({one.month for one in given}) >= 10
    assert max(one.given_at.date() for one in given) <= DAY
    assert demo_answers.make(family, ops, DAY, truth=truth) == 0
    assert seals.verify(ops) == audit.verify(ops) == []


def test_nobody_is_said_to_be_the_same_as_somebody_who_is_not(answered) -> None:
    _, ops, truth, _ = answered
    for one in matching.opinions(ops):
        if one.answer == matching.SAME:
            assert truth.get((one.extract, one.record_key)) == one.resident_id


def test_grave_records_are_settled_by_two_different_people(answered) -> None:
    _, ops, _, _ = answered
    with ops.read() as con:
        rows = con.execute("select extract, decided_by, second_by, decision from link_decision").fetchall()
    grave = [row for row in rows if row["extract"] in matching.settings().two_people]
    assert all(
        row["second_by"] and row["second_by"] != row["decided_by"]
        for row in grave
        if row["decision"] != "undone"
    )


def test_every_time_and_month_can_be_drawn(answered) -> None:
    family, ops, _, _ = answered
    months = matching.burden(ops, STEWARD)
    assert all(month.median and month.minutes > 0 for month in months)
    with family.connect() as con:
        shares = [row.precision for row in matching.quality(con, ops, STEWARD)]
    assert sum(one.of for one in shares) > 40
    assert all(one.low < (one.value or 0.0) < one.high + 1e-9 for one in shares if one.of)
    assert matching.course(ops, STEWARD)[-1].precision.of == sum(one.of for one in shares)


def test_the_same_links_give_the_same_answers(linked, answered, tmp_path: Path) -> None:
    family, truth = linked
    other = Family(tmp_path / "kodomo.duckdb")
    again = open_store(other)
    assert demo_answers.make(family, again, DAY, truth=truth) > 0
    assert _told(again) == _told(answered[1])


def test_truth_is_read_as_the_city_writes_it(linked, tmp_path: Path) -> None:
    path = tmp_path / "links.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([["extract", "record_key", "resident_id"], ["pupil_roster", "P", "1"]])
    assert owners(path) == {("pupil_roster", "P"): "1"}
    assert owners(tmp_path / "none.csv") is None
