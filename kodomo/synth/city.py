"""City: build the people, let every department write its extract, and lay the truth beside the deliveries."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from kodomo.synth import burdens, maternal, people, registers, schooling, support, welfare, writing
from kodomo.synth.draw import NEVER, Ints, written
from kodomo.synth.people import City
from kodomo.synth.writing import Sheet

STYLE = {
    "public_assistance": "dots",
    "disability_certificate": "plain",
    "day_support": "plain",
    "pregnancy": "slash",
    "infant_checkup": "slash",
    "newborn_visit": "slash",
    "school_register": "kanji",
    "school_expense_aid": "kanji",
    "school_health": "dots",
    "after_school_club": "plain",
    "pupil_roster": "slash",
    "attendance": "slash",
    "bullying": "slash",
    "guidance": "slash",
    "care_need": "plain",
    "health_insurance": "packed",
    "education_counseling": "slash",
    "consultation": "slash",
    "council_case": "slash",
    "contact_log": "slash",
    "guidance_center_case": "dots",
}
"""How each department writes its 登録日 (iso where not named)."""

STEPS = 30


@dataclass
class Summary:
    """What was written: residents, children, and rows by extract."""

    folder: Path
    residents: int
    children: int
    as_of: date
    rows: dict[str, int] = field(default_factory=dict)
    links: int = 0


def generate(
    folder: Path,
    residents: int = 400_000,
    seed: int = 1,
    as_of: date = date(2026, 10, 31),
    progress: Callable[[str, float], None] | None = None,
    noise: float = 1.0,
) -> Summary:
    """Write a synthetic city's 28 deliveries to folder/deliveries and its truth to folder/truth.

    `residents` is the number of current residents; `noise` scales the errors of rows without 宛名番号
    (0 clean, 1 usual, 2 hard); `progress` is told a word and a share from 0 to 1. The same arguments give
    the same bytes.
    """
    deliveries, truth = folder / "deliveries", folder / "truth"
    deliveries.mkdir(parents=True, exist_ok=True)
    truth.mkdir(parents=True, exist_ok=True)
    stamp = f"{as_of:%Y%m%d}"
    done = 0

    def step(word: str) -> None:
        nonlocal done
        done += 1
        if progress:
            progress(word, min(done / STEPS, 1.0))

    city = people.build(seed, residents, as_of, noise)
    step("住民と世帯")
    kids = burdens.children(city)
    schools = schooling.enrol(city, kids)
    age = (city.as_of - city.birth) / people.YEAR_DAYS
    current = city.status == 1
    summary = Summary(folder, int(current.sum()), int((current & (age < 18)).sum()), as_of)
    links: list[tuple[str, list[str], Ints]] = []

    broken: list[tuple[str, str, int]] = []

    def put(extract: str, sheet: Sheet, recorded: Ints, person: Ints | None = None) -> None:
        sheet = {**sheet, "recorded_on": writing.dates(recorded, STYLE.get(extract, "iso"))}
        order = np.argsort(recorded, kind="stable")
        order = order[recorded[order] <= city.as_of]
        sheet = writing.take(sheet, order)
        if extract not in ("attendance", "mood_check"):
            # two versions of one row on one day: the later one stands
            fields = (*writing.layouts()[extract].key, "recorded_on")
            lasting = (
                ~pd.DataFrame({f: sheet[f].to_pandas() for f in fields}).duplicated(keep="last").to_numpy()
            )
            if not lasting.all():
                sheet, order = writing.take(sheet, lasting), order[lasting]
        dirt = _dirt(extract, sheet, city)
        if dirt is not None:
            sheet, label, count = dirt
            broken.append((extract, label, count))
        summary.rows[extract] = writing.write(deliveries, extract, sheet, stamp)
        if person is not None:
            key = writing.compute.binary_join_element_wise(
                *[sheet[f] for f in writing.layouts()[extract].key], "|"
            )
            keys = key.to_pylist()[: len(order)]
            rows = dict(zip(keys, person[order].tolist(), strict=True))
            links.append((extract, list(rows), np.array(list(rows.values()), dtype=int)))
        step(extract)

    put("resident_register", *registers.register(city))
    put("resident_move", *registers.moves(city))
    put("protective_measure", *registers.protection(city, kids))
    put("public_assistance", *welfare.public_assistance(city, kids))
    put("disability_certificate", *welfare.certificates(city, kids))
    put("day_support", *welfare.day_support(city, kids))
    put("pregnancy", *maternal.pregnancies(city, kids))
    put("infant_checkup", *maternal.checkups(city, kids))
    put("newborn_visit", *maternal.newborn_visits(city, kids))
    put("child_rearing_allowance", *welfare.rearing_allowance(city, kids))
    put("child_allowance", *welfare.child_allowance(city, kids))
    register = schooling.register(city, kids, schools)
    put("school_register", *register)
    put("school_expense_aid", *schooling.expense_aid(city, kids, schools))
    put("school_health", *schooling.health(city, kids, schools, register[2][register[1] <= city.as_of]))
    put("after_school_club", *schooling.club(city, kids, schools))
    put("pupil_roster", *schooling.roster(city, kids, schools))
    absences = schooling.attendance(city, kids, schools)
    kids.burden["nonattendance"].grave = schooling.passed_thirty(kids, absences)
    put("attendance", absences.sheet, absences.recorded)
    put("bullying", *schooling.bullying(city, kids, schools))
    put("guidance", *schooling.guidance(city, kids, schools))
    put("care_need", *welfare.care_need(city, kids))
    put("health_insurance", *welfare.health_insurance(city, kids))
    put("education_counseling", *support.counseling(city, kids, schools))
    put("support_room", *support.support_room(city, kids, schools))
    put("mood_check", *schooling.mood(city, kids, schools))
    written_cases = support.cases(city, kids, schools, absences)
    put("consultation", *written_cases.consultation)
    put("council_case", *written_cases.council)
    put("contact_log", *written_cases.contacts)
    put("guidance_center_case", *written_cases.center)
    summary.links = _truth(truth, city, kids, schools, links)
    _table(truth / "broken.csv", ["extract", "rule", "rows"], broken)
    step("正解データ")
    return summary


DIRT = {
    "consultation": ("occurred_on", "2025/2/30", "impossible date"),
    "after_school_club": ("end_reason", "7", "unknown code"),
    "infant_checkup": ("caries", "99", "out of range"),
    "school_expense_aid": ("name", "", "required value missing"),
    "school_health": ("height_cm", "1284", "out of range"),
    "education_counseling": ("birth_date", "H25.13.4", "impossible date"),
    "newborn_visit": ("outcome", "会えた", "unknown code"),
}
"""The little that is broken in a usual city: by extract, the field, its value and the rule it breaks."""


def _dirt(extract: str, sheet: Sheet, city: City) -> tuple[Sheet, str, int] | None:
    """The sheet with a few extra rows that the intake must set aside; nothing real is lost with them."""
    if extract not in DIRT or city.noise <= 0:
        return None
    column, value, label = DIRT[extract]
    n = len(sheet[column])
    count = max(1, int(n * 0.00004 * city.noise))
    rows = city.rng("dirt " + extract).integers(0, n, count)
    extra = writing.take(sheet, rows)
    extra[column] = writing.texts([value] * count)
    first = writing.layouts()[extract].key[0]
    extra[first] = writing.texts([f"99999{i:05d}" for i in range(count)])
    return writing.stack(sheet, extra), label, count


def _table(path: Path, heading: list[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(heading)
        out.writerows(rows)


def _numbers(city: City, person: Ints) -> list[str]:
    return [t or "" for t in registers.numbers(city, person).to_pylist()]


def _notable(city: City, kids: burdens.Children, schools: schooling.Schools) -> list[tuple[str, str]]:
    """Rare truths worth looking for: kind and resident."""
    u, child = city.unit, np.zeros(len(city.unit), bool)
    child[kids.person] = True
    mother = np.where(city.mother >= 0, city.mother, 0)
    young = child & (city.mother >= 0) & (city.birth - city.birth[mother] < 19 * people.YEAR_DAYS)
    other_name = child & (city.mother >= 0) & (city.surname != city.surname[mother]) & ~city.foreign[mother]
    elsewhere, missing = np.zeros(len(u), bool), np.zeros(len(u), bool)
    grade = city.fy - kids.cohort - 6
    code = schools.code(kids, city.fy)
    elsewhere[kids.person[(grade >= 1) & (grade <= 9) & (code >= 900)]] = True
    missing[kids.person[schools.missing & (grade >= 1) & (grade <= 9)]] = True
    found = {
        "twin": city.twin & child,
        "returned with the old number": city.returned,
        "alias": city.alias != "",
        "changed name": city.renamed > NEVER,
        "child named unlike its mother": other_name,
        "very young mother": young,
        "lives in a facility": city.u_facility[u] & child,
        "household split in the register": city.u_split[u] & child,
        "unregistered partner": np.isin(city.relation, ["夫(未届)", "妻(未届)"]),
        "goes to a school outside the city's own": elsewhere,
        "whereabouts unknown to school": missing,
        "same name and birth date as another child": city.namesake,
    }
    rows: list[tuple[str, str]] = []
    for kind, where in found.items():
        rows += [(kind, number) for number in _numbers(city, np.flatnonzero(where & (city.status == 1)))]
    return rows


def _truth(
    folder: Path,
    city: City,
    kids: burdens.Children,
    schools: schooling.Schools,
    links: list[tuple[str, list[str], Ints]],
) -> int:
    total = 0
    with (folder / "links.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["extract", "record_key", "resident_id"])
        for extract, keys, person in links:
            out.writerows((extract, k, r) for k, r in zip(keys, _numbers(city, person), strict=True))
            total += len(keys)
    columns: dict[str, list[str]] = {"resident_id": _numbers(city, kids.person)}
    for name in burdens.CATEGORIES:
        b = kids.burden[name]
        columns[f"{name}_intensity"] = [f"{v:.2f}" for v in b.intensity.tolist()]
        columns[f"{name}_score"] = [f"{v:.3f}" for v in b.score.tolist()]
        for part, days in (("onset", b.onset), ("grave", b.grave), ("end", b.end)):
            shown = np.where((days > city.as_of), NEVER, days)
            columns[f"{name}_{part}"] = written(np.maximum(shown, NEVER), "iso").tolist()
    with (folder / "children.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(columns)
        out.writerows(zip(*columns.values(), strict=True))
    _table(folder / "notable.csv", ["kind", "resident_id"], _notable(city, kids, schools))
    return total


__all__ = ["City", "Summary", "generate"]
