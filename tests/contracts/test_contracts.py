"""Contracts are read from TOML and refuse what contradicts itself."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kodomo.contracts import ContractError, load_contracts
from kodomo.paths import CONTRACTS


def test_all_28_extracts_in_order_of_no():
    contracts = load_contracts()
    assert len(contracts) == 28
    assert [contract.no for contract in contracts.values()] == sorted(c.no for c in contracts.values())
    assert len({contract.department for contract in contracts.values()}) == 13


def test_key_columns_become_fields_in_the_order_of_the_key():
    assert load_contracts()["contact_log"].key_fields == ("consultation_id", "occurred_on", "contact_id")


def test_via_names_the_other_extract():
    contracts = load_contracts()
    assert contracts["mood_check"].via == "pupil_roster"
    assert contracts["school_register"].via is None


def test_every_extract_has_a_recording_day_and_required_keys():
    for contract in load_contracts().values():
        assert contract.column("recorded_on").required
        assert all(contract.column(name).required for name in contract.key_fields)


def test_a_renamed_column_keeps_its_field(tmp_path: Path):
    shutil.copytree(CONTRACTS, tmp_path / "contracts")
    path = tmp_path / "contracts" / "11c_mood_check.toml"
    path.write_text(path.read_text("utf-8").replace("回答日", "入力日"), "utf-8")
    contract = load_contracts(tmp_path / "contracts")["mood_check"]
    assert contract.column("occurred_on").name == "入力日"
    assert contract.key_fields == ("pupil_id", "occurred_on")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('mode = "append"', 'mode = "sometimes"'),
        ('key = ["児童生徒番号", "回答日"]', 'key = ["番号"]'),
        ('identity = "via:pupil_roster"', 'identity = "via:nowhere"'),
        ('identity = "via:pupil_roster"', 'identity = "guess"'),
        ("{YYYYMMDD}", "2025"),
        ('type = "flag"', 'type = "maybe"'),
        ('field = "mood"', 'field = "sleep"'),
        ("min = 1", "min = 9"),
        ('field = "recorded_on"', 'field = "noted_on"'),
        ('title = "', "title = "),
    ],
)
def test_a_contract_that_contradicts_itself_is_refused(tmp_path: Path, old: str, new: str):
    shutil.copytree(CONTRACTS, tmp_path / "contracts")
    path = tmp_path / "contracts" / "11c_mood_check.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(ContractError):
        load_contracts(tmp_path / "contracts")


def test_two_files_for_one_extract_are_refused(tmp_path: Path):
    shutil.copytree(CONTRACTS, tmp_path / "contracts")
    folder = tmp_path / "contracts"
    shutil.copy(folder / "11c_mood_check.toml", folder / "99_again.toml")
    with pytest.raises(ContractError):
        load_contracts(folder)


def test_an_empty_folder_is_refused(tmp_path: Path):
    with pytest.raises(ContractError):
        load_contracts(tmp_path)
