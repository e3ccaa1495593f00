"""Names: surnames by frequency, given names by birth cohort, and foreign names, for many people at once."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache

import numpy as np

from kodomo.paths import DATA
from kodomo.synth.draw import Bools, Floats, Ints, Texts, pick

FOLDER = DATA / "synth"


def table(name: str) -> list[dict[str, str]]:
    """The rows of one CSV in data/synth."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def cp932(text: str) -> bool:
    """Whether the text can be written in CP932."""
    try:
        text.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True)
class Surnames:
    """Japanese surnames with reading and weight."""

    kanji: Texts
    kana: Texts
    weight: Floats


@dataclass(frozen=True)
class Given:
    """Given names of one sex and cohort."""

    kanji: Texts
    kana: Texts
    weight: Floats


@dataclass(frozen=True)
class Foreign:
    """Names of one country: per part (surname, male, female) the kanji, kana and alphabet forms."""

    country: str
    weight: float
    parts: dict[str, list[tuple[str, str, str]]]


@cache
def surnames() -> Surnames:
    """The surname table."""
    rows = table("surnames")
    return Surnames(
        np.array([r["kanji"] for r in rows], object),
        np.array([r["kana"] for r in rows], object),
        np.array([float(r["weight"]) for r in rows]),
    )


@cache
def given() -> dict[tuple[int, int], Given]:
    """Given names by (sex 1 or 2, cohort 1 before 1965, 2 to 1999, 3 from 2000)."""
    rows = table("given")
    out = {}
    for sex in (1, 2):
        for cohort in (1, 2, 3):
            part = [r for r in rows if r["sex"] == str(sex) and r["cohort"] == str(cohort)]
            out[sex, cohort] = Given(
                np.array([r["kanji"] for r in part], object),
                np.array([r["kana"] for r in part], object),
                np.array([float(r["weight"]) for r in part]),
            )
    return out


@cache
def foreign() -> list[Foreign]:
    """Foreign name tables."""
    rows = table("foreign")
    out = []
    for country in dict.fromkeys(r["country"] for r in rows):
        part = [r for r in rows if r["country"] == country]
        parts = {
            p: [(r["kanji"], r["kana"], r["alphabet"]) for r in part if r["part"] == p]
            for p in ("surname", "male", "female")
        }
        out.append(Foreign(country, float(part[0]["weight"]), parts))
    return out


def draw_given(rng: np.random.Generator, sex: Ints, birth_year: Ints) -> tuple[Texts, Texts]:
    """Given names (kanji, kana) fitting sex and birth year; cohorts blend into each other."""
    n = len(sex)
    kanji, kana = np.empty(n, object), np.empty(n, object)
    year = birth_year + rng.normal(0, 6, n)
    group = np.where(year < 1962, 1, np.where(year < 1999, 2, 3))
    for s in (1, 2):
        for c in (1, 2, 3):
            where = np.flatnonzero((sex == s) & (group == c))
            names = given()[s, c]
            chosen = pick(rng, names.weight, len(where))
            kanji[where], kana[where] = names.kanji[chosen], names.kana[chosen]
    return kanji, kana


def separate_twins(
    kanji: Texts, kana: Texts, same: Bools, rng: np.random.Generator, sex: Ints, year: Ints
) -> None:
    """Redraw given names that repeat the one before within a family (`same`), in place, until they differ."""
    for _ in range(4):
        again = np.flatnonzero(same & (kanji == np.roll(kanji, 1)))
        if not len(again):
            return
        kanji[again], kana[again] = draw_given(rng, sex[again], year[again])
