"""Register keys: an unchanged register is normalised once, a changed one again; the links are the same."""

from __future__ import annotations

import duckdb
import pytest

from kodomo.linkage import register_keys, run
from tests.linkage.conftest import City, build
from tests.linkage.test_link import CHILD, OTHERS, RECORD, REGISTER, SCHOOL, TOWN

FOREIGN = CHILD | {"resident_id": "0004", "name": "NGUYEN VAN AN", "kana": "グエン　ヴァン　アン"}
MOVE = {"resident_id": "0003", "old_address": "豊中市旭丘1番1号", "new_address": CHILD["address"]}


@pytest.fixture
def con():
    con = build(
        [*TOWN, FOREIGN, CHILD | {"resident_id": "0005", "kana": None, "address": "どこか"}],
        moves=[MOVE],
        school_register=[REGISTER],
        pupil_roster=[RECORD | SCHOOL | {"name": name} for name in ("高沢優斗", "髙澤　太郎", "AN NGUYEN")],
        consultation=[RECORD | {"address": "旭丘1-1"}],
    )
    yield con
    con.close()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count how often the register is read and normalised."""
    calls: list[int] = []
    known = run.read_register

    def counted(con: duckdb.DuckDBPyConnection):
        calls.append(1)
        return known(con)

    monkeypatch.setattr(run, "read_register", counted)
    return calls


def test_an_unchanged_register_is_normalised_once_with_the_same_links(con, read) -> None:
    first, again = City(con), City(con)
    assert len(read) == 1
    assert again.link.equals(first.link)
    assert again.candidates.equals(first.candidates)


def test_a_changed_resident_or_move_is_read_again(con, read) -> None:
    City(con)
    con.execute("update src_resident_register set name = '髙澤　優太' where resident_id = '0003'")
    assert City(con).row("consultation")["status"] != "auto"
    con.execute("update src_resident_move set old_address = '豊中市本町1丁目1番1号'")
    City(con)
    assert len(read) == 3


def test_another_normalisation_leaves_kept_keys_alone(con, read, monkeypatch) -> None:
    City(con)
    monkeypatch.setattr(register_keys, "_version", lambda: "another table of variants")
    City(con)
    assert len(read) == 2


def test_kept_keys_are_the_keys(con) -> None:
    residents, voc = run._residents(con)
    kept = register_keys.kept(con, register_keys.mark(con))
    assert kept is not None
    for name, codes in vars(residents.entries).items():
        assert getattr(kept[0].entries, name).tolist() == codes.tolist(), name
    for name, codes in vars(residents.places).items():
        assert getattr(kept[0].places, name).tolist() == codes.tolist(), name
    assert kept[0].surnames == residents.surnames
    assert kept[1].whole.values == voc.whole.values
    assert kept[1].loose_of().tolist() == voc.loose_of().tolist()
    assert len(OTHERS) < len(kept[0].ids)
