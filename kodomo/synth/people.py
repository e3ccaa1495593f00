"""People: households with their latent strains, and the persons, names, addresses and moves that follow.

A living unit is who lives together. It may hold two registered households (世帯分離). Units and persons are
arrays; persons are sorted by unit and slot: 0 man, 1 woman, 2 to 9 children, 10 and 11 grandparents,
12 partner.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np

from kodomo.synth import names, places
from kodomo.synth.draw import (
    NEVER,
    Bools,
    Floats,
    Ints,
    Texts,
    between,
    chance,
    day,
    pick,
    stream,
    year_of,
)

MAN, WOMAN, CHILD, GRANDFATHER, GRANDMOTHER, PARTNER = 0, 1, 2, 10, 11, 12
YEAR_DAYS = 365.25


@dataclass
class Moves:
    """Moves inside the city: unit, day, and the addresses before and after."""

    unit: Ints
    on: Ints
    old: Texts
    new: Texts


@dataclass
class City:
    """The whole invented city as of one day; unit arrays start with `u_`, person arrays do not."""

    seed: int
    as_of: int
    start: int
    fy: int
    noise: float
    u_town: Ints = field(default_factory=lambda: np.zeros(0, int))
    u_address: Texts = field(default_factory=lambda: np.zeros(0, object))
    u_detail: Texts = field(default_factory=lambda: np.zeros(0, object))
    u_before: Texts = field(default_factory=lambda: np.zeros(0, object))
    u_moved: Ints = field(default_factory=lambda: np.zeros(0, int))
    u_moves: Ints = field(default_factory=lambda: np.zeros(0, int))
    u_since: Ints = field(default_factory=lambda: np.zeros(0, int))
    u_left: Ints = field(default_factory=lambda: np.zeros(0, int))
    u_family: Bools = field(default_factory=lambda: np.zeros(0, bool))
    u_single: Bools = field(default_factory=lambda: np.zeros(0, bool))
    u_divorced: Ints = field(default_factory=lambda: np.zeros(0, int))
    u_young: Bools = field(default_factory=lambda: np.zeros(0, bool))
    u_money: Floats = field(default_factory=lambda: np.zeros(0))
    u_health: Floats = field(default_factory=lambda: np.zeros(0))
    u_alone: Floats = field(default_factory=lambda: np.zeros(0))
    u_split: Bools = field(default_factory=lambda: np.zeros(0, bool))
    u_head: Ints = field(default_factory=lambda: np.zeros(0, int))
    u_facility: Bools = field(default_factory=lambda: np.zeros(0, bool))
    u_unmarried: Bools = field(default_factory=lambda: np.zeros(0, bool))
    u_maternal: Bools = field(default_factory=lambda: np.zeros(0, bool))
    unit: Ints = field(default_factory=lambda: np.zeros(0, int))
    slot: Ints = field(default_factory=lambda: np.zeros(0, int))
    sex: Ints = field(default_factory=lambda: np.zeros(0, int))
    birth: Ints = field(default_factory=lambda: np.zeros(0, int))
    foreign: Bools = field(default_factory=lambda: np.zeros(0, bool))
    surname: Texts = field(default_factory=lambda: np.zeros(0, object))
    surname_kana: Texts = field(default_factory=lambda: np.zeros(0, object))
    given: Texts = field(default_factory=lambda: np.zeros(0, object))
    given_kana: Texts = field(default_factory=lambda: np.zeros(0, object))
    alias: Texts = field(default_factory=lambda: np.zeros(0, object))
    alias_kana: Texts = field(default_factory=lambda: np.zeros(0, object))
    former_kana: Texts = field(default_factory=lambda: np.zeros(0, object))
    former: Texts = field(default_factory=lambda: np.zeros(0, object))
    renamed: Ints = field(default_factory=lambda: np.zeros(0, int))
    since: Ints = field(default_factory=lambda: np.zeros(0, int))
    born_here: Bools = field(default_factory=lambda: np.zeros(0, bool))
    status: Ints = field(default_factory=lambda: np.zeros(0, int))
    status_on: Ints = field(default_factory=lambda: np.zeros(0, int))
    mother: Ints = field(default_factory=lambda: np.zeros(0, int))
    father: Ints = field(default_factory=lambda: np.zeros(0, int))
    number: Ints = field(default_factory=lambda: np.zeros(0, int))
    household: Ints = field(default_factory=lambda: np.zeros(0, int))
    relation: Texts = field(default_factory=lambda: np.zeros(0, object))
    returned: Bools = field(default_factory=lambda: np.zeros(0, bool))
    namesake: Bools = field(default_factory=lambda: np.zeros(0, bool))
    twin: Bools = field(default_factory=lambda: np.zeros(0, bool))
    moves: Moves | None = None

    @property
    def name(self) -> Texts:
        """Full names, surname and given name parted by a full-width space."""
        return self.surname + "　" + self.given

    @property
    def kana(self) -> Texts:
        """Full readings."""
        return self.surname_kana + "　" + self.given_kana

    def rng(self, name: str) -> np.random.Generator:
        """The random stream of one named part."""
        return stream(self.seed, name)

    def here(self, person: Ints, on: Ints | int) -> Bools:
        """Whether each person was a resident on that day."""
        until = self.status_on[person]
        return (self.since[person] <= on) & ((self.status[person] == 1) | (until > on))


def logistic(x: Floats) -> Floats:
    """The logistic function."""
    return 1 / (1 + np.exp(-x))


def build(seed: int, residents: int, as_of: date, noise: float) -> City:
    """The city's people: exactly `residents` current residents, and those who left or died in five years."""
    fy = as_of.year - (as_of.month < 4)
    city = City(seed, day(as_of), day(date(fy - 2, 4, 1)), fy, noise)
    _families(city, residents)
    _others(city, residents)
    _sort(city)
    _residence(city, residents)
    _move(city)
    _parents(city)
    _name(city)
    _number(city)
    return city


def _families(city: City, residents: int) -> None:
    rng = city.rng("families")
    n = int(residents * FAMILIES * 1.18) + 8
    shape = np.interp(np.arange(46), [0, 6, 12, 17, 22, 30, 45], [0.97, 1.02, 1.06, 1.03, 1.15, 1.4, 1.6])
    eldest = pick(rng, shape, n) + rng.random(n) - 0.75
    town = places.draw_towns(rng, n, tilt=0.25)
    money = 1.0 * places.towns().stress[town] + rng.normal(0, 0.85, n)
    single = chance(rng, logistic(-2.85 + 0.85 * money + 0.075 * np.clip(eldest, 0, 17))) & (eldest > 0.3)
    money += 0.65 * single
    health = 0.3 * money + rng.normal(0, 0.95, n)
    alone = 0.25 * money + 0.25 * health + rng.normal(0, 0.9, n)
    first = np.clip(rng.normal(31.3 - 0.9 * money, 4.6), 18.5, 45)
    early = chance(rng, 0.006 * np.exp(0.8 * money))
    first = np.where(early, rng.uniform(15.3, 18.9, n), first)
    mother = city.as_of - ((eldest + first) * YEAR_DAYS).astype(int)
    father = mother - (rng.normal(1.9, 4, n).clip(-7, 18) * YEAR_DAYS).astype(int)
    father = np.minimum(father, city.as_of - ((eldest + 17) * YEAR_DAYS).astype(int))
    father_led = single & chance(rng, 0.11, n)
    unit = np.arange(n)
    blocks: list[tuple[Ints, int | Ints, Ints, Ints]] = []
    old_m = (city.as_of - mother) / YEAR_DAYS
    dead_m, dead_f = (
        chance(rng, ((old_m - 66) / 45).clip(0, 0.6)),
        chance(rng, ((old_m - 60) / 38).clip(0, 0.8)),
    )
    man = (~single | father_led) & ~dead_f
    woman = (~single | ~father_led) & ~dead_m
    woman |= ~man & ~woman
    blocks.append((unit[man], MAN, np.ones(man.sum(), int), father[man]))
    blocks.append((unit[woman], WOMAN, np.full(woman.sum(), 2), mother[woman]))
    count = pick(rng, [0.33, 0.475, 0.155, 0.032, 0.008], n) + 1
    age = eldest.copy()
    twin_unit = np.zeros(n, bool)
    for j in range(5):
        if j:
            twin = chance(rng, 0.0105, n) & ~twin_unit
            twin_unit |= twin & (count > j)
            age = age - np.where(twin, 0, 1.25 + rng.gamma(2.2, 0.75, n))
        alive = (count > j) & (age >= 0)
        stay = np.where(age < 18.3, 1, np.where(age < 22.5, 0.72, np.where(age < 30, 0.36, 0.14)))
        alive &= (rng.random(n) < stay) | (twin_unit & (age < 18))
        birth = city.as_of - np.floor(age * YEAR_DAYS).astype(int)
        sex = np.where(rng.random(n) < 0.513, 1, 2)
        blocks.append((unit[alive], CHILD + j, sex[alive], birth[alive]))
    facility = np.zeros(n, bool)
    facility[: max(1, residents // 60_000)] = True
    for b, (units_, slot, sex, birth) in enumerate(blocks):
        inside = ~facility[units_]
        blocks[b] = (units_[inside], slot, sex[inside], birth[inside])
    homes = np.flatnonzero(facility)
    for j in range(8):
        birth = city.as_of - (rng.uniform(2.5, 17.5, len(homes)) * YEAR_DAYS).astype(int)
        blocks.append((homes, CHILD + j, rng.integers(1, 3, len(homes)), birth))
    single &= ~facility
    eldest = np.where(facility, 12.0, eldest)
    city.u_facility = facility
    base = np.where(rng.random(n) < 0.5, mother, father)
    young_family = eldest < 22
    three = young_family & ~facility & chance(rng, np.where(single, 0.17, 0.05))
    for slot, sex, share in ((GRANDFATHER, 1, 0.6), (GRANDMOTHER, 2, 0.9)):
        birth = base - (rng.normal(28.5, 4, n).clip(19, 42) * YEAR_DAYS).astype(int)
        keep = three & chance(rng, share, n) & (birth > city.as_of - int(97 * YEAR_DAYS))
        blocks.append((unit[keep], slot, np.full(keep.sum(), sex), birth[keep]))
    partner = single & ~father_led & ~three & (eldest < 18) & chance(rng, 0.045, n)
    birth = mother + (rng.normal(0, 5, n) * YEAR_DAYS).astype(int).clip(-4000, 1800)
    blocks.append((unit[partner], PARTNER, np.ones(partner.sum(), int), birth[partner]))

    city.unit = np.concatenate([b[0] for b in blocks])
    city.slot = np.concatenate([np.full(len(b[0]), b[1]) for b in blocks])
    city.sex = np.concatenate([b[2] for b in blocks])
    city.birth = np.concatenate([b[3] for b in blocks])
    city.u_town, city.u_money, city.u_health, city.u_alone = town, money, health, alone
    city.u_family, city.u_single, city.u_young = np.ones(n, bool), single, early
    city.u_maternal = (base == mother) & ~father_led
    lived = np.maximum(eldest, 0.5) * YEAR_DAYS
    never_married = chance(rng, 0.13, n)
    split_on = city.as_of - (lived * rng.random(n) ** 1.3).astype(int)
    city.u_divorced = np.where(single & ~never_married, split_on, NEVER)
    city.u_split = three & chance(rng, 0.35, n)
    # head: 0 man or woman of the middle generation, 1 grandparent
    city.u_head = np.where(three & ~city.u_split & chance(rng, 0.5, n), 1, 0)
    stay_years = rng.exponential(np.where(eldest < 6, 10, np.where(eldest < 18, 19, 36)), n) + 0.05
    city.u_since = city.as_of - (stay_years * YEAR_DAYS).astype(int)
    leaves = ~facility & chance(rng, np.where(eldest < 6, 0.25, np.where(eldest < 18, 0.14, 0.1)))
    city.u_left = np.where(leaves, _season(rng, city.as_of - between(rng, 2, 1825, n), city.as_of), NEVER)


FAMILIES = 0.249
"""Families (with children of any age, at home or not) per resident; sets the number of children."""


def _season(rng: np.random.Generator, on: Ints, limit: int) -> Ints:
    """Move about a third of the days into late March and early April, when people move."""
    spring = chance(rng, 0.25, len(on))
    years = year_of(on)
    peak = ((years - 1970).astype("datetime64[Y]").astype("datetime64[D]").astype(int)) + between(
        rng, 76, 100, len(on)
    )
    return np.where(spring & (peak <= limit), peak, on)


def _others(city: City, residents: int) -> None:
    """Singles, couples and old people without children at home; more than needed, cut to size later."""
    rng = city.rng("others")
    base = len(city.u_town)
    n = int(residents * 0.5) + 8
    kind = pick(rng, [0.36, 0.16, 0.16, 0.13, 0.13, 0.06], n)
    low = np.array([19, 38, 66, 28, 62, 76])[kind]
    high = np.array([37, 65, 95, 61, 88, 96])[kind]
    age = low + rng.random(n) ** 1.1 * (high - low)
    two = np.isin(kind, [3, 4])
    town = places.draw_towns(rng, n, tilt=-0.1)
    money = 0.8 * places.towns().stress[town] + rng.normal(0, 0.9, n)
    sex = np.where(rng.random(n) < np.where(age > 65, 0.36, 0.53), 1, 2)
    sex = np.where(two, 1, sex)
    birth = city.as_of - (age * YEAR_DAYS).astype(int)
    unit = np.arange(n) + base
    second = birth + (rng.normal(1.8, 3.5, n) * YEAR_DAYS).astype(int).clip(-2500, 4000)
    city.unit = np.concatenate([city.unit, unit, unit[two]])
    city.slot = np.concatenate([city.slot, np.where(sex == 1, MAN, WOMAN), np.full(two.sum(), WOMAN)])
    city.sex = np.concatenate([city.sex, sex, np.full(two.sum(), 2)])
    city.birth = np.concatenate([city.birth, birth, second[two]])
    city.u_town = np.concatenate([city.u_town, town])
    city.u_money = np.concatenate([city.u_money, money])
    city.u_health = np.concatenate([city.u_health, 0.3 * money + rng.normal(0, 0.95, n)])
    city.u_alone = np.concatenate([city.u_alone, rng.normal(0, 1, n)])
    empty = np.zeros(n, bool)
    for name in ("u_family", "u_single", "u_young", "u_split", "u_maternal", "u_facility"):
        setattr(city, name, np.concatenate([getattr(city, name), empty]))
    city.u_divorced = np.concatenate([city.u_divorced, np.full(n, NEVER)])
    city.u_head = np.concatenate([city.u_head, np.zeros(n, int)])
    years = rng.exponential(np.array([7, 18, 38, 12.5, 36, 38])[kind], n) + 0.03
    city.u_since = np.concatenate([city.u_since, city.as_of - (years * YEAR_DAYS).astype(int)])
    leaves = chance(rng, np.array([0.53, 0.22, 0.09, 0.31, 0.09, 0.09])[kind])
    left = np.where(leaves, _season(rng, city.as_of - between(rng, 2, 1825, n), city.as_of), NEVER)
    city.u_left = np.concatenate([city.u_left, left])


def _sort(city: City) -> None:
    order = np.lexsort((city.slot, city.unit))
    for name in ("unit", "slot", "sex", "birth"):
        setattr(city, name, getattr(city, name)[order])


def _residence(city: City, residents: int) -> None:
    """Residence spans and status; units beyond the wanted number of residents are dropped."""
    rng = city.rng("residence")
    left = city.u_left
    city.u_since = np.maximum(city.u_since, city.as_of - 28_000)
    gap = np.where(left > NEVER, left - between(rng, 200, 4000, len(left)), city.u_since)
    city.u_since = np.minimum(_season(rng, np.minimum(city.u_since, gap), city.as_of), gap)
    n = len(city.unit)
    age = (city.as_of - city.birth) / YEAR_DAYS
    died = chance(rng, np.where(age > 62, 0.031 * np.exp((age - 62) * 0.1), 0.002).clip(0, 0.7)) & (age > 25)
    died &= ~np.isin(city.slot, np.arange(CHILD, GRANDFATHER)) & (left[city.unit] <= NEVER)
    # the last adult of a family with children stays alive in this city
    minors = np.bincount(city.unit[age < 19], minlength=len(left)) > 0
    died &= ~(minors[city.unit] & np.isin(city.slot, [MAN, WOMAN]) & chance(rng, 0.9, n))
    died &= ~(minors[city.unit] & city.u_single[city.unit] & np.isin(city.slot, [MAN, WOMAN]))
    city.status = np.where(died, 3, np.where(left[city.unit] > NEVER, 2, 1))
    city.status_on = np.where(died, city.as_of - between(rng, 1, 1825, n), left[city.unit])
    struck = chance(rng, 0.00025, n) & (city.status == 1) & (age > 20) & ~minors[city.unit]
    city.status = np.where(struck, 4, city.status)
    city.status_on = np.where(struck, city.as_of - between(rng, 5, 1825, n), city.status_on)
    city.since = np.maximum(city.birth, city.u_since[city.unit])
    city.born_here = city.birth >= city.u_since[city.unit]
    # babies of leavers born after leaving were never here
    keep = (city.status == 1) | (city.since < city.status_on)
    current = np.bincount(city.unit[keep & (city.status == 1)], minlength=len(left))
    family_total = int(current[city.u_family].sum())
    other = np.flatnonzero(~city.u_family)
    total = family_total + np.cumsum(current[other])
    cut = int(np.searchsorted(total, residents, side="right"))
    wanted = np.ones(len(left), bool)
    wanted[other[cut:]] = False
    missing = residents - (int(total[cut - 1]) if cut else family_total)
    if missing > 0:
        lone = other[cut:][current[other[cut:]] == 1][:missing]
        wanted[lone] = True
    keep &= wanted[city.unit]
    _subset(city, keep)


_UNIT = [
    "u_town",
    "u_since",
    "u_left",
    "u_family",
    "u_single",
    "u_divorced",
    "u_young",
    "u_money",
    "u_health",
    "u_alone",
    "u_split",
    "u_head",
    "u_maternal",
    "u_facility",
]
_PERSON = ["unit", "slot", "sex", "birth", "status", "status_on", "since", "born_here"]


def _subset(city: City, keep: Bools) -> None:
    for name in _PERSON:
        setattr(city, name, getattr(city, name)[keep])
    used, city.unit = np.unique(city.unit, return_inverse=True)
    for name in _UNIT:
        setattr(city, name, getattr(city, name)[used])


def _move(city: City) -> None:
    """Addresses, and moves inside the city during the three years."""
    rng = city.rng("moves")
    n = len(city.u_town)
    flat = np.where(city.u_family, 0.5, 0.7) + 0.08 * city.u_money
    now = places.draw(rng, city.u_town, flat)
    city.u_address, city.u_detail = now.text, now.detail
    for i, unit in enumerate(np.flatnonzero(city.u_facility).tolist()):
        city.u_detail[unit] = ("豊中みどり学園", "児童養護施設あすなろ", "こどもの家はなみずき")[i % 3]
    until = np.where(city.u_left > NEVER, city.u_left, city.as_of)
    since = np.maximum(city.u_since, city.start - 365)
    years = np.maximum(until - since, 0) / YEAR_DAYS
    rate = np.where(city.u_family, 0.0155, 0.0195) * np.exp(0.45 * city.u_money) * years
    rate = rate * np.where(city.u_family & (city.u_money > 1.6), 1.8, 1) * ~city.u_facility
    city.u_moves = np.minimum(rng.poisson(rate.clip(0, 1.6)), 4)
    city.u_moved = np.full(n, NEVER)
    city.u_before = np.full(n, "", object)
    parts: list[Moves] = []
    new = np.where(now.detail == "", now.text, now.text + "　" + now.detail)
    latest = until.copy()
    for step in range(4):
        who = np.flatnonzero(city.u_moves > step)
        if not len(who):
            break
        span = np.maximum(latest[who] - since[who], 2)
        on = latest[who] - (1 + span * rng.random(len(who)) * (0.6 if step == 0 else 0.5)).astype(int)
        town = np.where(rng.random(len(who)) < 0.4, city.u_town[who], places.draw_towns(rng, len(who)))
        old = places.draw(rng, town, 0.6)
        before = np.where(old.detail == "", old.text, old.text + "　" + old.detail)
        parts.append(Moves(who, on, before, new[who]))
        if step == 0:
            city.u_moved[who], city.u_before[who] = on, before
        new[who], latest[who] = before, on
    city.moves = Moves(
        np.concatenate([p.unit for p in parts]),
        np.concatenate([p.on for p in parts]),
        np.concatenate([p.old for p in parts]),
        np.concatenate([p.new for p in parts]),
    )


def _parents(city: City) -> None:
    """Mother and father of every child, registered households and relations."""
    n, units = len(city.unit), len(city.u_town)
    at = {}
    for slot in (MAN, WOMAN, GRANDFATHER, GRANDMOTHER):
        index = np.full(units, -1)
        where = np.flatnonzero(city.slot == slot)
        index[city.unit[where]] = where
        at[slot] = index
    child = (city.slot >= CHILD) & (city.slot < GRANDFATHER)
    city.mother = np.where(child, at[WOMAN][city.unit], -1)
    city.father = np.where(child, at[MAN][city.unit], -1)
    city.twin = np.zeros(n, bool)
    same = (city.unit[1:] == city.unit[:-1]) & (city.birth[1:] == city.birth[:-1]) & child[1:] & child[:-1]
    city.twin[1:] |= same
    city.twin[:-1] |= same
    man, woman = at[MAN][city.unit] >= 0, at[WOMAN][city.unit] >= 0
    elder = (at[GRANDFATHER] >= 0) | (at[GRANDMOTHER] >= 0)
    by_elder = (city.u_head == 1) & elder
    rng = city.rng("relations")
    mother_heads = chance(rng, 0.03, units) & ~city.u_single
    head_man = man & ~mother_heads[city.unit]
    maternal = city.u_maternal[city.unit]
    step = child & man & woman & chance(rng, 0.012, units)[city.unit]
    relation = np.full(n, "世帯主", object)
    slot = city.slot
    big = by_elder[city.unit]
    relation[child] = np.where(big[child], "子の子", np.where(step[child] & head_man[child], "妻の子", "子"))
    relation[(slot == WOMAN) & man & head_man & ~big] = "妻"
    relation[(slot == MAN) & ~head_man & ~big] = "夫"
    relation[(slot == MAN) & big] = np.where(maternal & woman, "子の夫", "子")[(slot == MAN) & big]
    relation[(slot == WOMAN) & big] = np.where(maternal | ~man, "子", "子の妻")[(slot == WOMAN) & big]
    grandfather_head = at[GRANDFATHER][city.unit] >= 0
    relation[(slot == GRANDMOTHER) & big & grandfather_head] = "妻"
    own = np.where(maternal & head_man, "妻の", np.where(~maternal & ~head_man & man, "夫の", ""))
    relation[(slot == GRANDFATHER) & ~big] = (own + "父")[(slot == GRANDFATHER) & ~big]
    relation[(slot == GRANDMOTHER) & ~big] = (own + "母")[(slot == GRANDMOTHER) & ~big]
    relation[slot == PARTNER] = "夫(未届)"
    city.u_unmarried = ~city.u_single & city.u_family & chance(rng, 0.006, units)
    wife = (relation == "妻") & (slot == WOMAN) & city.u_unmarried[city.unit]
    relation[wife] = "妻(未届)"
    apart = city.u_split[city.unit] & (slot >= GRANDFATHER) & (slot < PARTNER)
    relation[apart & ((slot == GRANDFATHER) | ~grandfather_head)] = "世帯主"
    relation[apart & (slot == GRANDMOTHER) & grandfather_head] = "妻"
    # couples without children
    city.relation = relation
    alone = city.u_facility[city.unit]
    city.relation[alone] = "世帯主"
    city.household = city.unit * 16 + np.where(alone, city.slot, apart)


def _name(city: City) -> None:
    """Names: one surname per family, maiden names, names after divorce, foreign names and aliases."""
    rng = city.rng("names")
    n, units = len(city.unit), len(city.u_town)
    table = names.surnames()
    own, other = pick(rng, table.weight, units), pick(rng, table.weight, units)
    u = city.unit
    back = (city.u_divorced > NEVER) & chance(rng, 0.62, units)
    follows = back & chance(rng, 0.82, units)
    uses_other = (city.slot == WOMAN) & back[u] & city.u_single[u]
    child = (city.slot >= CHILD) & (city.slot < GRANDFATHER)
    no_father = city.u_single & (city.u_divorced <= NEVER)
    changed_child = child & follows[u] & city.u_single[u] & (city.birth < city.u_divorced[u])
    uses_other |= changed_child
    elders = np.isin(city.slot, [GRANDFATHER, GRANDMOTHER]) & city.u_maternal[u] & ~no_father[u]
    uses_other |= elders
    uses_other |= city.relation == "妻(未届)"
    index = np.where(uses_other, other[u], own[u])
    stranger = (city.slot == PARTNER) | city.u_facility[u]
    index = np.where(stranger, pick(rng, table.weight, n), index)
    city.surname, city.surname_kana = table.kanji[index], table.kana[index]
    year = year_of(city.birth)
    city.given, city.given_kana = names.draw_given(rng, city.sex, year)
    same = np.zeros(n, bool)
    same[1:] = child[1:] & child[:-1] & (u[1:] == u[:-1])
    names.separate_twins(city.given, city.given_kana, same, rng, city.sex, year)
    _namesakes(city, child)
    city.former, city.renamed = np.full(n, "", object), np.full(n, NEVER)
    lost = (uses_other & ~elders) & (city.u_divorced[u] > NEVER)
    city.former[lost] = (table.kanji[own[u]] + "　" + city.given)[lost]
    city.renamed[lost] = np.maximum(city.u_divorced[u], city.since)[lost] + 7
    city.renamed[(city.renamed > city.as_of - 3)] = NEVER
    city.former[lost & (city.renamed <= NEVER)] = ""
    keeps = (city.relation == "妻") & (city.status == 1) & ~lost & ~city.u_single[u] & chance(rng, 0.02, n)
    city.former[keeps] = (table.kanji[other[u]] + "　" + city.given)[keeps]
    city.former_kana = np.where(city.former != "", table.kana[own[u]], "").astype(object)
    city.alias, city.alias_kana = np.full(n, "", object), np.full(n, "", object)
    city.foreign = np.zeros(n, bool)
    whole = chance(rng, np.where(city.u_family, 0.012, 0.025))
    mixed = city.u_family & ~whole & ~city.u_single & chance(rng, 0.012, units)
    city.foreign = (whole[u] & ~stranger) | (mixed[u] & (city.slot == WOMAN))
    countries = names.foreign()
    land = pick(rng, [c.weight for c in countries], units)
    family_name: dict[int, int] = {}
    alias_unit = chance(rng, 0.5, units)
    draws = rng.random((n, 3))
    for i in np.flatnonzero(city.foreign).tolist():
        c = countries[land[u[i]]]
        parts = c.parts["surname"]
        mine = family_name.setdefault(int(u[i]), int(draws[i, 0] * len(parts)))
        if city.slot[i] in (WOMAN, GRANDMOTHER) and c.country in ("CN", "KR", "VN"):
            mine = int(draws[i, 0] * len(parts))
        last = parts[mine]
        pool = c.parts["male" if city.sex[i] == 1 else "female"]
        first = pool[int(draws[i, 1] * len(pool))]
        if last[0] and (c.country == "KR" or draws[i, 2] < 0.5):
            city.surname[i], city.given[i] = last[0], first[0]
        else:
            city.surname[i], city.given[i] = last[2], first[2]
        city.surname_kana[i], city.given_kana[i] = last[1], first[1]
        city.former[i] = ""
        city.renamed[i] = NEVER
        if alias_unit[u[i]] and c.country in ("CN", "KR", "VN", "PH"):
            given = names.given()[int(city.sex[i]), 3 if year[i] > 1999 else 2]
            one = int(draws[i, 2] * len(given.kanji))
            city.alias[i] = str(table.kanji[own[u[i]]]) + "　" + str(given.kanji[one])
            city.alias_kana[i] = str(table.kana[own[u[i]]]) + "　" + str(given.kana[one])


def _namesakes(city: City, child: Bools) -> None:
    """A few pairs of unrelated children share surname, given name, birth date and sex."""
    city.namesake = np.zeros(len(city.unit), bool)
    index = np.flatnonzero(child & (city.status == 1) & ~city.u_facility[city.unit])
    order = index[np.lexsort((index, city.sex[index], city.birth[index], city.surname[index].astype(str)))]
    a, b = order[:-1], order[1:]
    alike = (
        (city.surname[a] == city.surname[b]) & (city.birth[a] == city.birth[b]) & (city.sex[a] == city.sex[b])
    )
    alike &= city.unit[a] != city.unit[b]
    for i in np.flatnonzero(alike)[: 2 + len(city.u_town) // 20_000].tolist():
        city.given[b[i]], city.given_kana[b[i]] = city.given[a[i]], city.given_kana[a[i]]
        city.namesake[[a[i], b[i]]] = True


def _number(city: City) -> None:
    """宛名番号 in order of first registration; people who came back keep their old, lower number."""
    rng = city.rng("numbers")
    n = len(city.unit)
    city.returned = ~city.born_here & (city.since > city.start) & chance(rng, 0.03, n)
    first = np.where(city.returned, city.since - between(rng, 700, 4000, n), city.since)
    order = np.lexsort((rng.random(n), np.maximum(first, city.as_of - 14000)))
    serial = np.empty(n, np.int64)
    serial[order] = 100_000 + np.cumsum(rng.integers(1, 6, n))
    city.number = serial
    ids = np.unique(city.household)
    new = rng.permutation(len(ids)) * 3 + 200_000
    city.household = new[np.searchsorted(ids, city.household)]
