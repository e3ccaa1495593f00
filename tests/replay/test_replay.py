"""Replays of whole small cities: nothing known later leaks into an old list, and the kept store is whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from kodomo import audit, hindsight, judge, pipeline, replay, tuning
from kodomo.ops import OpsStore, load_key, open_store
from kodomo.rules import FIRST_RULESET, load_ruleset
from kodomo.snapshots import Family
from tests.cli.conftest import HandMadeCity, city, kodomo

__all__ = ["city", "kodomo"]
OLD, NEW = date(2026, 8, 31), date(2026, 10, 31)


def lists(db: Path, store: Path) -> dict[date, list[tuple]]:
    """Every kept row of two judged days."""
    current = Family(db).current()
    assert current is not None
    con = replay.attached(current.path, store)
    try:
        replay.judge_days(con, [OLD, NEW], load_ruleset(FIRST_RULESET), replay.from_records(con))
        return {
            day: con.execute("select * from replay.score where as_of = ? order by all", [day]).fetchall()
            + con.execute("select * from replay.child_day where as_of = ? order by all", [day]).fetchall()
            for day in (OLD, NEW)
        }
    finally:
        con.close()


def test_what_was_recorded_later_leaves_the_old_list_as_it_was(
    city: HandMadeCity, kodomo: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    plain, late = tmp_path / "plain" / "kodomo.duckdb", tmp_path / "late" / "kodomo.duckdb"
    assert kodomo("refresh", city.write(), db=plain)[0] == 0
    # Dated long before the old day, typed in after it: a child who hurt herself, a report of abuse, absences.
    city.add("guidance", 指導番号="G9", 児童生徒番号="P6", 発生日="2026-07-10", 種別="4", 登録日="2026-09-20")
    city.add(
        "guidance_center_case",
        児相受付番号="C9",
        氏名="鈴木 大翔",
        氏名カナ="スズキ ハルト",
        生年月日="2015-11-20",
        性別="1",
        通告日="2026-06-15",
        虐待種別="1",
        通告元="1",
        登録日="2026-09-25",
    )
    for row in city.rows["attendance"]:
        if row["児童生徒番号"] == "P6" and row["年月"] == "2026-06":
            city.rows["attendance"].append(row | {"不登校欠席": "18", "登録日": "2026-09-30"})
            break
    assert kodomo("refresh", city.write(), db=late)[0] == 0
    before, after = (lists(db, db.with_name("replayed.duckdb")) for db in (plain, late))
    assert before[OLD], "there must be something to leave unchanged"
    assert after[OLD] == before[OLD]
    assert after[NEW] != before[NEW]


@pytest.fixture(scope="module")
def replayed(
    judged_city: Family, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Family, OpsStore]]:
    """A copy of the small judged city with its last eight month-ends replayed."""
    folder = tmp_path_factory.mktemp("replayed") / "stores"
    shutil.copytree(judged_city.folder, folder)
    family = Family(folder / f"{judged_city.stem}.duckdb")
    store = OpsStore(family.ops_path, load_key(family.key_path), anchor_path=family.anchor_path)
    replay.run(family, store, months=8)
    yield family, store
    store.close()


def test_a_replay_is_kept_beside_the_snapshot_and_says_what_it_is_of(replayed) -> None:
    family, store = replayed
    current, found = family.current(), replay.find(family)
    assert found is not None
    assert current is not None
    assert found.snapshot == current.name
    assert found.ruleset_hash == tuning.active(store).hash
    assert found.days == 8
    assert found.last == NEW
    assert os.stat(found.path).st_mode & 0o077 == 0
    assert not list(family.folder.glob("*.replay-building-*"))
    with store.read() as con:
        logged = con.execute("select count(*) from operation_log where action = 'replay'").fetchone()[0]
    assert logged == 1
    assert audit.verify(store, family.anchor_path) == []
    assert pipeline.verify(family) == []


def test_the_last_day_replayed_is_the_published_list(replayed) -> None:
    family, _ = replayed
    found = replay.find(family)
    assert found is not None
    kept = replay._ask(
        found.path,
        "select resident_id, category, level, points, rank from score"
        " where as_of = (select max(as_of) from score) order by all",
    )
    con = family.connect()
    published = con.execute(
        "select resident_id, category, level, points, rank from judgement"
        " where level > 0 or points > 0 order by all"
    ).fetchall()
    assert judge.meta(con)["as_of"] == NEW.isoformat()
    con.close()
    assert kept == published


def test_no_figure_of_the_screen_holds_a_child(replayed) -> None:
    found = replay.find(replayed[0])
    assert found is not None
    frames = [replay.read(found, name) for name in replay.SHOWN]
    frames += [replay.at_k(found, "abuse", 6, 50)]
    for frame in frames:
        assert not {"resident_id", "child_ref", "family", "living_group"} & set(frame.columns)
    with pytest.raises(KeyError):
        replay.read(found, "score")


def test_a_new_replay_takes_the_place_of_the_old_one_and_only_when_it_is_whole(replayed, monkeypatch) -> None:
    family, store = replayed
    before = replay.find(family)

    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(replay, "figures", broken)
    with pytest.raises(RuntimeError):
        replay.run(family, store, months=1)
    assert replay.find(family) == before
    assert not list(family.folder.glob("*.replay-building-*"))


def test_only_one_replay_at_a_time_and_none_without_data(replayed, tmp_path: Path) -> None:
    family, store = replayed
    with replay._alone(family), pytest.raises(replay.ReplayRunning):
        replay.run(family, store)
    empty = Family(tmp_path / "empty" / "kodomo.duckdb")
    assert replay.find(empty) is None
    with pytest.raises(replay.NotLinkedYet):
        replay.run(empty, open_store(empty))


def test_the_command_asks_for_enough_months(
    kodomo: Callable[..., tuple[int, str]],
) -> None:
    assert kodomo("replay", "--months", "3")[0] == 2
    code, said = kodomo("replay")
    assert code == 2
    assert "refresh" in said


def test_a_broken_catalogue_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "replay.toml"
    path.write_text(
        'known_months = 12\nfloor = 10\n[[event]]\ncode = "none"\ncategory = "abuse"\nlabel = "x"\n', "utf-8"
    )
    with pytest.raises(replay.BadReplayCatalogue):
        replay.load_plan(path)
    path.write_text("floor = 10\n", "utf-8")
    with pytest.raises(replay.BadReplayCatalogue):
        replay.load_plan(path)


# -- what a draft would have said -------------------------------------------------------------------------


def test_looking_back_with_the_replayed_rules_gives_the_replayed_lists(replayed) -> None:
    family, store = replayed
    found = replay.find(family)
    assert found is not None
    assert hindsight.there(found.path)
    months = replay.load_plan().known_months
    used = tuning.active(store)
    (past,) = hindsight.look_back(found.path, found.until, months, [used])
    con = duckdb.connect(str(found.path), read_only=True)
    try:
        listed = con.execute(
            "select category, as_of, count(*) from score where level >= 2 group by category, as_of"
        ).fetchall()
    finally:
        con.close()
    told = {
        (code, day): count
        for code, row in past.monthly.items()
        for day, count in zip(past.recent, row, strict=True)
    }
    assert {key: count for key, count in told.items() if count} == {
        (category, day): count for category, day, count in listed if day in past.recent
    }


def test_looking_back_counts_only_what_was_not_known_and_came_within_half_a_year(replayed) -> None:
    family, store = replayed
    found = replay.find(family)
    assert found is not None
    used = tuning.active(store)
    plan = replay.load_plan()
    past, silent = hindsight.look_back(
        found.path,
        found.until,
        plan.known_months,
        [used, replace(used, items=(), combinations=(), triggers=(), groups=())],
    )
    con = duckdb.connect(str(found.path), read_only=True)
    try:
        events = con.execute(
            """
            select e.category, c.as_of, count(distinct c.resident_id)
            from past_child as c inner join outcome_event as e on c.resident_id = e.resident_id
            where e.occurred_on > c.as_of and e.recorded_on > c.as_of
                and e.occurred_on <= c.as_of + interval 6 month and c.as_of + interval 6 month <= $until
                and not exists (
                    select 1 from outcome_event as k
                    where k.resident_id = c.resident_id and k.category = e.category
                        and k.occurred_on <= c.as_of and k.recorded_on <= c.as_of
                        and k.occurred_on > c.as_of - to_months($months)
                )
            group by e.category, c.as_of
            """,
            {"until": found.until, "months": plan.known_months},
        ).fetchall()
    finally:
        con.close()
    wanted: dict[str, int] = {}
    for category, _, count in events:
        wanted[category] = wanted.get(category, 0) + count
    assert wanted
    assert {code: row.events for code, row in past.found.items() if row.events} == wanted
    for row in past.found.values():
        assert row.found <= min(row.listed, row.events)
        assert len(row.lead) == row.found
        assert all(days > 0 for days in row.lead)
    assert all(row.listed == row.found == 0 for row in silent.found.values())
    assert silent.hits.keys() == {row.code for row in used.suppressions if row.enabled}


def test_two_processes_keep_what_one_keeps(replayed, tmp_path: Path) -> None:
    family, _ = replayed
    found = replay.find(family)
    assert found is not None
    folder = tmp_path / "stores"
    shutil.copytree(family.folder, folder)
    other = Family(folder / f"{family.stem}.duckdb")
    store = OpsStore(other.ops_path, load_key(other.key_path), anchor_path=other.anchor_path)
    try:
        made = replay.run(other, store, months=8, processes=2)
    finally:
        store.close()

    def kept(path: Path) -> dict[str, list[str]]:
        with duckdb.connect(str(path), read_only=True) as con:
            names = [row[0] for row in con.execute("select table_name from duckdb_tables()").fetchall()]
            return {
                # As text: the NaN of an unknown value equals no other.
                name: list(map(str, con.execute(f"select * from {name} order by all").fetchall()))
                for name in sorted(names)
                if name != "meta"
            }

    assert kept(made.path) == kept(found.path)


def test_a_process_that_is_ended_from_outside_loses_nothing(replayed, tmp_path: Path, monkeypatch) -> None:
    family, _ = replayed
    found = replay.find(family)
    assert found is not None

    def ended(*_: object) -> None:
        raise BrokenProcessPool

    monkeypatch.setattr(replay, "_judge_in_two", ended)
    folder = tmp_path / "stores"
    shutil.copytree(family.folder, folder)
    other = Family(folder / f"{family.stem}.duckdb")
    store = OpsStore(other.ops_path, load_key(other.key_path), anchor_path=other.anchor_path)
    try:
        made = replay.run(other, store, months=7, processes=2)
    finally:
        store.close()
    assert made.days == 7
    assert len(replay.read(made, "listing"))
