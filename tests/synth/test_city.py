"""The generated city keeps every contract, repeats byte for byte, and tells the truth about itself."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest

from kodomo.synth import generate
from kodomo.synth.calibration import figures, measure
from kodomo.synth.draw import written
from kodomo.synth.schooldays import class_days
from kodomo.synth.writing import with_check_digit

AS_OF = date(2026, 10, 31)


def _reader() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check", Path(__file__).with_name("check.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


check = _reader()
EXTRACTS = sorted(check.contracts())


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _rows(city, extract: str) -> list[dict[str, str]]:
    contract = check.contracts()[extract]
    _, rows, _ = check.read(city.folder / "deliveries", contract)
    fields = [c["field"] for c in contract["column"]]
    return [dict(zip(fields, row, strict=True)) for row in rows]


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def test_the_same_arguments_give_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        generate(tmp_path / name, residents=3_000, seed=seed, as_of=AS_OF)
    first, second, third = (_digests(tmp_path / n) for n in "abc")
    assert first == second
    assert first != third
    assert len([n for n in first if n.startswith("deliveries")]) == 28


@pytest.mark.parametrize("extract", EXTRACTS)
def test_every_file_keeps_its_contract_but_for_the_dirt_that_is_told(city, extract: str) -> None:
    contract = check.contracts()[extract]
    heading, rows, raw = check.read(city.folder / "deliveries", contract)
    told = [r for r in _table(city.folder / "truth" / "broken.csv") if r["extract"] == extract]
    faults = check.faults(contract, heading, rows, AS_OF)
    assert sum(faults.values()) == sum(int(r["rows"]) for r in told), dict(faults)
    assert len(rows) == city.summary.rows[extract]
    assert (b"\r\n" in raw) == (contract["encoding"] == "cp932")
    assert raw.startswith(b"\xef\xbb\xbf") == (contract["encoding"] == "utf-8-sig")


@pytest.mark.parametrize(
    ("extract", "of", "field"),
    [
        ("attendance", "pupil_roster", "pupil_id"),
        ("bullying", "pupil_roster", "pupil_id"),
        ("guidance", "pupil_roster", "pupil_id"),
        ("mood_check", "pupil_roster", "pupil_id"),
        ("school_health", "school_register", "school_register_id"),
        ("council_case", "consultation", "consultation_id"),
        ("contact_log", "consultation", "consultation_id"),
    ],
)
def test_numbers_that_lead_to_another_extract_are_found_there(
    city, extract: str, of: str, field: str
) -> None:
    known = {r[field] for r in _rows(city, of)}
    assert {r[field] for r in _rows(city, extract) if not r[field].startswith("99999")} <= known


def test_numbers_of_residents_are_in_the_register(city) -> None:
    known = {r["resident_id"] for r in _rows(city, "resident_register")}
    for extract in ("resident_move", "protective_measure", "public_assistance", "child_rearing_allowance"):
        assert {r["resident_id"] for r in _rows(city, extract)} <= known, extract
    for row in _rows(city, "pregnancy"):
        assert row["mother_id"] in known
        assert row["child_id"] in known | {""}


def test_the_truth_names_every_matched_row_once_and_only_residents(city) -> None:
    links = _table(city.folder / "truth" / "links.csv")
    known = {r["resident_id"] for r in _rows(city, "resident_register")}
    told = {(r["extract"], r["record_key"]) for r in links}
    assert len(told) == len(links)
    assert {r["resident_id"] for r in links} <= known | {""}
    for extract, field in (("consultation", "consultation_id"), ("pupil_roster", "pupil_id")):
        rows = {r[field] for r in _rows(city, extract) if not r[field].startswith("99999")}
        assert {k for e, k in told if e == extract} == rows
    strangers = sum(not r["resident_id"] for r in links)
    assert 0 < strangers < len(links) * 0.02


def test_numbered_school_rows_agree_with_the_truth(city) -> None:
    links = {
        r["record_key"]: r["resident_id"]
        for r in _table(city.folder / "truth" / "links.csv")
        if r["extract"] == "school_register"
    }
    rows = [r for r in _rows(city, "school_register") if r["resident_id"]]
    assert all(links[r["school_register_id"]] == r["resident_id"] for r in rows)
    assert len(rows) > 0.9 * len(links)


def test_grave_events_follow_the_beginning_by_months_and_are_written_down(city) -> None:
    children = _table(city.folder / "truth" / "children.csv")
    gaps = [
        (date.fromisoformat(c["abuse_grave"]) - date.fromisoformat(c["abuse_onset"])).days
        for c in children
        if c["abuse_grave"]
    ]
    assert gaps
    assert min(gaps) >= 60
    links = {
        (r["extract"], r["record_key"]): r["resident_id"] for r in _table(city.folder / "truth" / "links.csv")
    }
    received = {
        links["consultation", r["consultation_id"]]
        for r in _rows(city, "consultation")
        if r["kind"] in ("11", "12", "13", "14") and ("consultation", r["consultation_id"]) in links
    }
    grave = {c["resident_id"] for c in children if c["abuse_grave"]}
    assert len(grave & received) > 0.8 * len(grave)


def test_rare_truths_are_all_there(city) -> None:
    kinds = {r["kind"] for r in _table(city.folder / "truth" / "notable.csv")}
    assert {
        "twin",
        "returned with the old number",
        "alias",
        "changed name",
        "child named unlike its mother",
        "very young mother",
        "lives in a facility",
        "household split in the register",
        "unregistered partner",
        "same name and birth date as another child",
    } <= kinds


def test_a_city_without_noise_has_no_broken_rows_and_closer_names(city, tmp_path: Path) -> None:
    generate(tmp_path, residents=6_000, seed=3, as_of=AS_OF, noise=0)
    assert _table(tmp_path / "truth" / "broken.csv") == []
    clean, usual = measure(tmp_path, AS_OF), measure(city.folder, AS_OF)
    assert clean["differs_consultation"] < usual["differs_consultation"] / 2


def test_an_earlier_day_knows_nothing_of_later(tmp_path: Path) -> None:
    day = date(2025, 6, 15)
    generate(tmp_path, residents=2_500, seed=2, as_of=day)
    for extract, contract in check.contracts().items():
        heading, rows, _ = check.read(tmp_path / "deliveries", contract)
        faults = check.faults(contract, heading, rows, day)
        assert not faults["recorded after the day"], extract


@pytest.fixture(scope="module")
def measured(city) -> dict[str, float]:
    return measure(city.folder, AS_OF)


@pytest.mark.parametrize("figure", figures(), ids=lambda f: f.code)
def test_the_city_resembles_the_published_figures(measured: dict[str, float], figure) -> None:
    low, high = figure.wide
    assert low <= measured[figure.code] <= high


def test_august_has_few_days_of_class_and_holidays_none() -> None:
    assert len(class_days(2025, 8)) <= 5
    assert len(class_days(2025, 6)) == 21
    assert date(2026, 9, 21) not in class_days(2026, 9)
    assert 190 <= sum(len(class_days(2025 + (m < 4), m)) for m in range(1, 13)) <= 210


def test_dates_are_written_in_each_notation() -> None:
    import numpy as np

    from kodomo.synth.draw import day

    days = np.array([day(date(2019, 5, 1)), day(date(2019, 4, 30)), -1_000_000])
    assert written(days, "dots").tolist() == ["R1.5.1", "H31.4.30", ""]
    assert written(days, "kanji").tolist() == ["令和元年5月1日", "平成31年4月30日", ""]
    assert written(days, "packed").tolist() == ["R010501", "H310430", ""]
    assert written(days, "plain").tolist() == ["20190501", "20190430", ""]


def test_check_digit_follows_modulus_11() -> None:
    import numpy as np

    assert (
        with_check_digit(np.array([123456789]))[0] % 10
        == (11 - sum(int(d) * w for d, w in zip("987654321", [2, 3, 4, 5, 6, 7, 2, 3, 4], strict=True)) % 11)
        % 11
        % 10
    )
