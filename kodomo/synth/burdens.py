"""Burdens: what is truly happening to each child, when it began and when it became grave.

Nobody in the city sees these; every department's rows are drawn from them. A burden begins, sends weak
signals for months, and in a part of the children ends in a grave event. Households share poverty and neglect,
siblings share part of the rest, and two burdens together weigh more than their sum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kodomo.synth.draw import NEVER, Bools, Floats, Ints, between, chance, cohort, fiscal_year
from kodomo.synth.people import CHILD, GRANDFATHER, City, logistic

CATEGORIES = ("poverty", "abuse", "nonattendance", "bullying")


@dataclass
class Burden:
    """One category over all children: the latent score, and the days it began, became grave and ended."""

    score: Floats
    onset: Ints
    grave: Ints
    end: Ints

    intensity: Floats

    def at(self, on: Ints | int, child: Ints | None = None) -> Floats:
        """How heavy the burden weighs on a day, 0 to about 2, for all children or the given ones.

        It grows over five months and drops to a quarter when help has ended it.
        """
        pick = slice(None) if child is None else child
        onset, end = self.onset[pick], self.end[pick]
        grown = np.clip((on - onset) / 150.0, 0, 1) * (onset > NEVER)
        return grown * np.where((end > NEVER) & (on > end), 0.25, 1.0) * self.intensity[pick]


@dataclass
class Children:
    """Everybody of child age during the three years, with residence spans, parents and burdens."""

    person: Ints
    of: Ints
    unit: Ints
    birth: Ints
    cohort: Ints
    sex: Ints
    begin: Ints
    until: Ints
    disability: Floats
    frail: Floats
    burden: dict[str, Burden]

    def __len__(self) -> int:
        return len(self.person)


def children(city: City) -> Children:
    """Children of the three years and their burdens."""
    rng = city.rng("burdens")
    is_child = (city.slot >= CHILD) & (city.slot < GRANDFATHER)
    person = np.flatnonzero(is_child & (cohort(city.birth) >= city.fy - 2 - 18))
    n = len(person)
    of = np.full(len(city.unit), -1)
    of[person] = np.arange(n)
    unit, birth = city.unit[person], city.birth[person]
    until = np.where(city.status[person] == 1, city.as_of, np.minimum(city.status_on[person], city.as_of))
    begin = np.maximum(city.since[person], city.start)
    disability = rng.normal(0, 1, n) + 0.15 * (city.sex[person] == 1)
    kids = Children(
        person,
        of,
        unit,
        birth,
        cohort(birth),
        city.sex[person],
        begin,
        until,
        disability,
        rng.gamma(2.0, 0.5, n),
        {},
    )
    age = (city.as_of - birth) / 365.25
    units = len(city.u_town)
    money, health, alone = city.u_money[unit], city.u_health[unit], city.u_alone[unit]
    single, young = city.u_single[unit], city.u_young[unit]
    u_poor, u_tense = rng.normal(0, 1, units), rng.normal(0, 1, units)
    u_start = city.start - 500 + (rng.random(units) * (city.as_of - city.start + 480)).astype(int)
    u_start2 = city.start - 500 + (rng.random(units) * (city.as_of - city.start + 480)).astype(int)

    poor = (
        -5.0
        + 1.35 * money
        + 0.8 * single
        + 0.35 * health
        + 0.9 * ((money > 1.1) & (health > 0.8))
        + 0.5 * young
    )
    poor = poor + 0.7 * u_poor[unit]
    kids.burden["poverty"] = _burden(city, rng, kids, poor, u_start[unit], 0.92, shared=True)
    both = (money > 0.9) & (alone > 0.9)
    abuse = (
        -5.3 + 0.55 * money + 0.7 * health + 0.75 * alone + 1.1 * both + 0.8 * ((health > 1) & (alone > 0.6))
    )
    abuse = abuse + 0.3 * np.minimum(city.u_moves[unit], 2)
    abuse = abuse + 0.4 * single + 1.2 * young + 0.9 * u_tense[unit] + 0.25 * disability
    abuse = abuse + 0.5 * np.exp(-(((age - 5) / 5) ** 2)) - 0.6 * (age > 15)
    kids.burden["abuse"] = _burden(
        city,
        rng,
        kids,
        abuse,
        u_start2[unit],
        0.92,
        shared=True,
        heavier=0.3 * (kids.burden["poverty"].onset > NEVER),
    )
    house = rng.normal(0, 1, units)[unit]
    shy = (
        -5.55
        + 0.6 * np.clip((age - 12.5) / 1.5, 0, 1)
        + 0.95 * disability
        + 0.85 * house
        + 0.4 * health
        + 0.3 * alone
        + 0.25 * money
    )
    shy = shy + 0.7 * (kids.burden["abuse"].onset > NEVER) + 0.25 * np.clip(age - 6, 0, 9)
    kids.burden["nonattendance"] = _burden(
        city,
        rng,
        kids,
        shy,
        city.start - 400 + (rng.random(n) * (city.as_of - city.start + 380)).astype(int),
        0.85,
        even=True,
    )
    outsider = city.foreign[person] | (city.alias[person] != "")
    recent = (city.since[person] > city.start - 300) & ~city.born_here[person]
    teased = -3.5 + 0.55 * disability + 0.25 * house + 0.5 * outsider + 0.6 * recent + 0.25 * money
    teased = teased + 0.5 * (kids.burden["poverty"].onset > NEVER) - 0.25 * np.clip(age - 12, 0, 6)
    kids.burden["bullying"] = _burden(
        city,
        rng,
        kids,
        teased,
        city.start - 200 + (rng.random(n) * (city.as_of - city.start + 180)).astype(int),
        0.92,
    )
    return kids


def _burden(
    city: City,
    rng: np.random.Generator,
    kids: Children,
    score: Floats,
    start: Ints,
    grave_share: float,
    shared: bool = False,
    heavier: Floats | float = 0.0,
    even: bool = False,
) -> Burden:
    n = len(score)
    has = rng.random(n) < logistic(score)
    if shared:
        # siblings live through the same: the household decides, the child's own share is small
        first = np.zeros(len(city.u_town))
        np.maximum.at(first, kids.unit, has * 1.0)
        has |= (first[kids.unit] > 0) & chance(rng, 0.6, n)
    onset = np.where(has, np.maximum(start, kids.birth) + between(rng, 0, 60, n), NEVER)
    grave = onset + 150 + (rng.gamma(2.4, 115, n)).astype(int)
    home = rng.gamma(1.1, 0.42, len(city.u_town))[kids.unit]
    intensity = np.clip(
        0.28 + (home if shared else 0.0) + rng.gamma(0.5 if shared else 2.3, 0.35, n) + heavier, 0.2, 2.4
    )
    if even:
        intensity = np.ones(n)
    becomes = (
        has
        & chance(rng, grave_share * (1.0 if even else logistic(9.0 * (intensity - 1.05))), n)
        & (grave <= city.as_of)
        & (grave < kids.until)
        & (grave > kids.begin)
    )
    grave = np.where(becomes, grave, NEVER)
    end = np.where(becomes & chance(rng, 0.4, n), grave + between(rng, 90, 500, n), NEVER)
    fade = has & ~becomes & chance(rng, 0.3, n)
    end = np.where(fade, onset + between(rng, 200, 700, n), end)
    return Burden(score, onset, grave, end, np.where(has, intensity, 0.0))


def arrivals(
    rng: np.random.Generator, rate: Floats | float, begin: Ints, end: Ints, late: float = 1.0
) -> tuple[Ints, Ints]:
    """Events at a yearly rate in [begin, end] of each row: (row, day); `late` below 1 leans to the end."""
    span = np.maximum(end - begin, 0)
    count = rng.poisson(np.maximum(rate, 0) * span / 365.25)
    row = np.repeat(np.arange(len(span)), count)
    return row, begin[row] + np.floor(span[row] * rng.random(len(row)) ** late).astype(int)


def signals(
    rng: np.random.Generator, kids: Children, name: str, rate: Floats | float, who: Bools | None = None
) -> tuple[Ints, Ints]:
    """Events at a yearly rate while a burden lasts: (child, day)."""
    b = kids.burden[name]
    bearing = (b.onset > NEVER) if who is None else (b.onset > NEVER) & who
    begin = np.maximum(np.where(bearing, b.onset, kids.until), kids.begin)
    end = np.where(b.end > NEVER, np.minimum(b.end, kids.until), kids.until)
    return arrivals(rng, rate * b.intensity, begin, end, late=0.8)


def noted(rng: np.random.Generator, on: Ints, mean: float, late: float = 0.02) -> Ints:
    """Recording days: some days after the fact, a few of them months late."""
    n = len(on)
    delay = np.floor(rng.exponential(mean, n)).astype(int)
    return on + delay + np.where(rng.random(n) < late, between(rng, 40, 240, n), 0)


def grade(kids: Children, fy: Ints | int) -> Ints:
    """School grade in a fiscal year (1 to 9; 0 the year before entry)."""
    return fy - kids.cohort - 6


def age_on(birth: Ints, on: Ints | int) -> Floats:
    """Age in years."""
    return (on - birth) / 365.25


def _april(year: Ints) -> Ints:
    return (((np.asarray(year) - 1970) * 12 + 3).astype("datetime64[M]")).astype("datetime64[D]").astype(int)


april = _april
__all__ = ["Burden", "Children", "arrivals", "children", "fiscal_year", "noted", "signals"]
