"""Support: 教育相談, 教育支援センター, こども家庭相談, 要対協, 対応記録 and 児童相談所."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kodomo.synth import writing
from kodomo.synth.burdens import Children, age_on, arrivals, noted, signals
from kodomo.synth.draw import NEVER, Ints, between, chance, fiscal_year
from kodomo.synth.noise import Habits, describe
from kodomo.synth.people import WOMAN, City
from kodomo.synth.schooling import Attendance, Schools, _code_in, _distinct, school_names
from kodomo.synth.welfare import reopened
from kodomo.synth.writing import Sheet


def counseling(city: City, kids: Children, schools: Schools) -> tuple[Sheet, Ints, Ints]:
    """教育相談 at the education centre, by everyday name and school."""
    rng = city.rng("counseling")
    grade = city.fy - 1 - kids.cohort - 6
    school_age = (grade >= 0) & (grade <= 10)
    plain = arrivals(rng, 0.017 * school_age * np.exp(0.6 * kids.disability), kids.begin, kids.until)
    parts = [(*plain, np.zeros(len(plain[0]), int))]
    for k, (name, rate) in enumerate((("nonattendance", 0.45), ("bullying", 0.16), ("abuse", 0.1)), start=1):
        kid, on = signals(rng, kids, name, rate * school_age)
        parts.append((kid, on, np.full(len(kid), k)))
    kid, on, source = (np.concatenate(c) for c in zip(*parts, strict=True))
    g = fiscal_year(on) - kids.cohort[kid] - 6
    ok = (g >= 1) & (g <= 9) & (on <= city.as_of) & (on >= city.start)
    kid, on, source, g = kid[ok], on[ok], source[ok], g[ok]
    order = np.lexsort((kid, on))
    kid, on, source, g = kid[order], on[order], source[order], g[order]
    n = len(kid)
    chances = np.array(
        [
            [0.13, 0.04, 0.46, 0.08, 0.1, 0.13, 0.06],
            [0.8, 0.02, 0.05, 0.05, 0.05, 0.02, 0.01],
            [0.15, 0.5, 0.02, 0.03, 0.28, 0.01, 0.01],
            [0.15, 0.03, 0.15, 0.55, 0.07, 0.03, 0.02],
        ]
    )
    topic = (rng.random(n)[:, None] > np.cumsum(chances, axis=1)[source]).sum(axis=1).clip(0, 6)
    person = np.where(chance(rng, 0.012, n), -1, kids.person[kid])
    habit = Habits(gap="　", birth="slash", no_kana=0.12, no_sex=0.08, alias=0.85, by_ear=0.03, careless=1.5)
    d = describe(city, person, rng, habit, on)
    close = on + rng.exponential(120, n).astype(int) + 5
    at, later, recorded = reopened(
        noted(rng, on, 3), (close <= city.as_of) & chance(rng, 0.8, n), noted(rng, close, 8)
    )
    code = _code_in(schools, kids, kid, fiscal_year(on))
    name = np.where(chance(rng, 0.05, n), "", school_names(code, chance(rng, 0.6, n)))
    sheet = {
        "counseling_id": writing.ids(np.arange(n)[at] + 1, 7, "C"),
        "name": writing.texts(d.name[at]),
        "kana": writing.texts(d.kana[at]),
        "birth_date": writing.texts(d.birth[at]),
        "sex": writing.choices(["1", "2", "9"], d.sex[at]),
        "school_name": writing.texts(name[at]),
        "grade": writing.whole(np.where(chance(rng, 0.05, n), -1, g)[at]),
        "occurred_on": writing.dates(on[at], "slash"),
        "topic": writing.choices(["1", "2", "3", "4", "5", "6", "9"], topic[at]),
        "method": writing.choices(["1", "2", "3", "4"], rng.choice(4, n, p=[0.55, 0.33, 0.05, 0.07])[at]),
        "closed_on": writing.dates(np.where(later, close[at], NEVER), "slash"),
    }
    return sheet, recorded, person[at]


def support_room(city: City, kids: Children, schools: Schools) -> tuple[Sheet, Ints, Ints]:
    """教育支援センター通室: pupils who stay away from school and found this door."""
    rng = city.rng("support room")
    b = kids.burden["nonattendance"]
    start = b.onset + 200 + rng.gamma(2, 80, len(kids)).astype(int)
    g = fiscal_year(np.maximum(start, city.start)) - kids.cohort - 6
    ok = (b.onset > NEVER) & chance(rng, 0.15, len(kids)) & (start >= city.start) & (start < city.as_of - 5)
    ok &= (g >= 2) & (g <= 9) & (start < schools.end) & (start > schools.begin)
    kid = np.flatnonzero(ok)
    start, g, n = start[kid], g[kid], len(kid)
    end = start + between(rng, 60, 600, n)
    person = kids.person[kid]
    habit = Habits(gap=" ", birth="iso", no_kana=0.1, no_sex=0.1, alias=0.85, by_ear=0.02, careless=1.4)
    d = describe(city, person, rng, habit, start)
    at, later, recorded = reopened(noted(rng, start, 4), end <= city.as_of, noted(rng, end, 6))
    code = _code_in(schools, kids, kid, fiscal_year(start))
    sheet = {
        "enrollment_id": writing.ids(np.arange(n)[at] + 1, 6, "T"),
        "name": writing.texts(d.name[at]),
        "kana": writing.texts(d.kana[at]),
        "birth_date": writing.texts(d.birth[at]),
        "sex": writing.choices(["1", "2", "9"], d.sex[at]),
        "school_name": writing.texts(school_names(code, chance(rng, 0.7, n))[at]),
        "grade": writing.whole(g[at]),
        "started_on": writing.dates(start[at]),
        "ended_on": writing.dates(np.where(later, end[at], NEVER)),
        "days_per_month": writing.decimals(np.round(rng.gamma(3, 2.4, n).clip(0.5, 20), 1)[at]),
    }
    return sheet, recorded, person[at]


@dataclass
class Cases:
    """Everything こども安心課 and 児童相談所 wrote, and whom each row truly concerns."""

    consultation: tuple[Sheet, Ints, Ints]
    council: tuple[Sheet, Ints]
    contacts: tuple[Sheet, Ints]
    center: tuple[Sheet, Ints, Ints]


_KINDS = ["11", "12", "13", "14", "20", "30", "40", "50", "60", "70", "80", "99"]
_ROUTES = ["01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "99"]


def cases(city: City, kids: Children, schools: Schools, absences: Attendance) -> Cases:
    """相談受付 with siblings and 特定妊婦; council cases with changing severity; contacts; 児相 reports."""
    rng = city.rng("cases")
    abuse = kids.burden["abuse"]
    n = len(kids)
    grave_row = np.flatnonzero(abuse.grave > NEVER)
    age = age_on(kids.birth, city.as_of)
    parts: list[tuple[Ints, Ints, Ints]] = []

    def add(pair: tuple[Ints, Ints], source: int) -> None:
        parts.append((pair[0], pair[1], np.full(len(pair[0]), source)))

    small = np.where(age < 7, 1.5, 1.0)
    add(arrivals(rng, 0.0085 * small * np.exp(0.3 * city.u_money[kids.unit]), kids.begin, kids.until), 0)
    add(signals(rng, kids, "abuse", 0.34), 1)
    add(signals(rng, kids, "poverty", 0.07), 2)
    add(signals(rng, kids, "nonattendance", 0.07), 3)
    add(signals(rng, kids, "bullying", 0.035), 4)
    add(arrivals(rng, 0.0032 * np.exp(0.35 * city.u_alone[kids.unit]), kids.begin, kids.until), 5)
    poverty = kids.burden["poverty"].grave
    need = np.flatnonzero((poverty > NEVER) & chance(rng, 0.5, n))
    add((need, poverty[need]), 2)
    # a grave event is always received
    add((grave_row, abuse.grave[grave_row]), 6)
    kid, on, source = (np.concatenate(c) for c in zip(*parts, strict=True))
    ok = (
        (on >= city.start)
        & (on <= city.as_of)
        & (on < kids.until[kid] + 1)
        & (age_on(kids.birth[kid], on) < 18)
    )
    ok &= on > kids.birth[kid]
    kid, on, source = kid[ok], on[ok], source[ok]
    # siblings are received together where the home is the matter
    home = np.isin(source, [1, 2, 5, 6]) & chance(rng, 0.55, len(kid)) & ~city.u_facility[kids.unit[kid]]
    first, last = (
        np.searchsorted(kids.unit, kids.unit[kid]),
        np.searchsorted(kids.unit, kids.unit[kid], side="right"),
    )
    extra = []
    for k in range(4):
        other = np.minimum(first + k, n - 1)
        take = home & (first + k < last) & (other != kid) & (age_on(kids.birth[other], on) < 18)
        take &= (kids.birth[other] < on) & (kids.until[other] >= on) & (kids.begin[other] <= on)
        extra.append((other[take], on[take], source[take], np.flatnonzero(take)))
    event = np.concatenate([np.arange(len(kid)), *[e[3] for e in extra]])
    kid = np.concatenate([kid, *[e[0] for e in extra]])
    on = np.concatenate([on, *[e[1] for e in extra]])
    source = np.concatenate([source, *[e[2] for e in extra]])
    sibling = np.arange(len(event)) >= len(event) - sum(len(e[0]) for e in extra)
    # expecting women who need support
    pregnant = _expecting(city, kids, rng)
    m_adult = len(pregnant[0])
    person = np.concatenate([kids.person[kid], pregnant[0]])
    on = np.concatenate([on, pregnant[1]])
    source = np.concatenate([source, np.full(m_adult, 7)])
    sibling = np.concatenate([sibling, np.zeros(m_adult, bool)])
    child = np.concatenate([kid, np.full(m_adult, -1)])
    event = np.concatenate([event, np.arange(m_adult) + len(event) + 1])
    order = np.lexsort((sibling, event, on))
    person, on, source, child, event = person[order], on[order], source[order], child[order], event[order]
    keep = np.unique(event.astype(np.int64) * 2_000_000 + person, return_index=True)[1]
    keep.sort()
    person, on, source, child, event = person[keep], on[keep], source[keep], child[keep], event[keep]
    m = len(person)
    groups, at_event = np.unique(event, return_inverse=True)
    e = len(groups)
    table = np.array(
        [
            # 身体 心理 ネグ 性 養護 育児 不登校 いじめ 発達 非行 貧困 その他
            [0.01, 0.02, 0.01, 0, 0.12, 0.4, 0.04, 0.02, 0.24, 0.03, 0.05, 0.06],
            [0.2, 0.33, 0.25, 0.01, 0.06, 0.1, 0.01, 0, 0.01, 0.01, 0.02, 0],
            [0.01, 0.03, 0.12, 0, 0.15, 0.07, 0.01, 0, 0.01, 0.01, 0.57, 0.02],
            [0.01, 0.02, 0.02, 0, 0.04, 0.09, 0.78, 0, 0.03, 0.01, 0, 0],
            [0.01, 0.01, 0, 0, 0.02, 0.04, 0.18, 0.7, 0.02, 0.01, 0, 0.01],
            [0.2, 0.5, 0.16, 0.01, 0.05, 0.06, 0, 0, 0, 0.01, 0.01, 0],
            [0.28, 0.42, 0.28, 0.02, 0, 0, 0, 0, 0, 0, 0, 0],
            [0, 0, 0, 0, 0.7, 0.2, 0, 0, 0, 0, 0.1, 0],
        ]
    )
    roll = rng.random(e)[at_event]
    kind = (roll[:, None] > np.cumsum(table, axis=1)[source]).sum(axis=1).clip(0, 11)
    violent = kind <= 3
    route_table = np.array(
        [
            [0.42, 0.04, 0.12, 0.1, 0.05, 0.15, 0.05, 0.0, 0.02, 0.03, 0.02],
            [0.08, 0.12, 0.2, 0.09, 0.05, 0.12, 0.06, 0.12, 0.12, 0.02, 0.02],
        ]
    )
    route = (
        (rng.random(e)[at_event][:, None] > np.cumsum(route_table, axis=1)[violent.astype(int)])
        .sum(axis=1)
        .clip(0, 10)
    )
    urgency = np.where(
        source == 6, rng.integers(1, 3, e)[at_event], np.where(chance(rng, 0.25, e)[at_event] & violent, 1, 0)
    )
    outsiders = chance(rng, 0.03, m) & (source < 6)
    shown = np.where(outsiders, -1, person)
    habit = Habits(
        gap="　",
        birth="slash",
        no_kana=0.28,
        no_sex=0.12,
        no_guardian=0.2,
        no_address=0.12,
        alias=0.7,
        by_ear=0.06,
        vague_birth=0.006,
        careless=1.9,
    )
    d = describe(city, shown, rng, habit, on)
    grades = fiscal_year(on) - np.where(child >= 0, kids.cohort[child], 0) - 6
    in_school = (child >= 0) & (grades >= 1) & (grades <= 9)
    c = np.maximum(child, 0)
    code = np.where(in_school, _code_in(schools, kids, c, fiscal_year(on)), 101)
    place = np.where(in_school, school_names(code, chance(rng, 0.8, m)), "")
    nursery = (child >= 0) & (grades < 1) & (age_on(kids.birth[c], on) > 1.2) & chance(rng, 0.6, m)
    place = np.where(
        nursery,
        "市立" + np.array(["桜塚", "庄内", "服部", "てしま", "原田", "上野"], object)[c % 6] + "こども園",
        place,
    )
    place = np.where(chance(rng, 0.15, m), "", place)
    recorded = noted(rng, on, 2, 0.012)
    consultation = {
        "consultation_id": writing.ids(np.arange(m) + 1, 8, "U"),
        "name": writing.texts(d.name),
        "kana": writing.texts(d.kana),
        "birth_date": writing.texts(d.birth),
        "sex": writing.choices(["1", "2", "9"], d.sex),
        "guardian_name": writing.texts(d.guardian),
        "address": writing.texts(d.address),
        "institution": writing.texts(place.astype(object)),
        "occurred_on": writing.dates(on, "slash"),
        "route": writing.choices(_ROUTES, route),
        "kind": writing.choices(_KINDS, kind),
        "urgency": writing.choices(["1", "2", "3"], urgency),
    }
    ok_row = recorded <= city.as_of
    council, council_rec, case_row, case_open, case_end = _council(
        city, kids, rng, child, on, source, kind, outsiders, ok_row
    )
    contacts = _contacts(city, kids, rng, child, on, source, case_row, case_open, case_end, ok_row)
    center = _center(city, kids, rng)
    del absences
    return Cases((consultation, recorded, shown), (council, council_rec), contacts, center)


def _expecting(city: City, kids: Children, rng: np.random.Generator) -> tuple[Ints, Ints]:
    mother = city.mother[kids.person]
    hard = kids.burden["abuse"].score
    ok = (kids.birth > city.start + 60) & (mother >= 0) & (city.since[kids.person] == kids.birth)
    ok &= np.where(mother >= 0, city.since[mother] < kids.birth - 150, False)
    ok &= chance(rng, (0.010 * np.exp(0.85 * (hard + 4.2))).clip(0, 0.8))
    kid = np.flatnonzero(ok)
    women, once = np.unique(mother[kid], return_index=True)
    on = kids.birth[kid][once] - between(rng, 30, 150, len(once))
    age = (city.as_of - city.birth) / 365.25
    now = (city.sex == 2) & (city.slot == WOMAN) & (city.status == 1) & (age > 16) & (age < 40)
    score = 0.5 * city.u_money[city.unit] + 0.5 * city.u_alone[city.unit] + 0.5 * city.u_health[city.unit]
    fresh = np.flatnonzero(now & chance(rng, 0.00022 * np.exp(score)))
    fresh = np.setdiff1d(fresh, women)
    on2 = city.as_of - between(rng, 5, 150, len(fresh))
    ok2 = city.since[fresh] < on2
    women, on = np.concatenate([women, fresh[ok2]]), np.concatenate([on, on2[ok2]])
    ok3 = (on >= city.start) & (on <= city.as_of)
    return women[ok3], on[ok3]


def _council(
    city: City,
    kids: Children,
    rng: np.random.Generator,
    child: Ints,
    on: Ints,
    source: Ints,
    kind: Ints,
    outsiders: np.ndarray,
    ok_row: np.ndarray,
) -> tuple[Sheet, Ints, Ints, Ints, Ints]:
    c = np.maximum(child, 0)
    violent = kind <= 3
    share = np.select(
        [source == 6, source == 7, source == 1, (source == 5) & violent, violent, kind == 4],
        [0.75, 0.9, 0.30, 0.07, 0.08, 0.06],
        0.012,
    )
    enters = chance(rng, share) & ok_row & ~outsiders
    # one running case per child: the first entering consultation opens it
    row = np.flatnonzero(enters)
    key = np.where(child[row] >= 0, child[row], 10_000_000 + row)
    _, first = np.unique(key, return_index=True)
    row = row[np.sort(first)]
    start = on[row] + rng.integers(5, 40, len(row))
    grave = np.where((child[row] >= 0), kids.burden["abuse"].grave[c[row]], NEVER)
    level = np.where(
        source[row] == 6,
        rng.choice(3, len(row), p=[0.35, 0.5, 0.15]) + 1,
        rng.choice(3, len(row), p=[0.62, 0.34, 0.04]),
    )
    type_ = np.where(
        source[row] == 7,
        2,
        np.where(violent[row] & (level > 0), 0, np.where(chance(rng, 0.2, len(row)), 0, 1)),
    )
    length = rng.gamma(1.6, 230, len(row)).astype(int) + 120
    end = start + length
    rows, days, levels, ends = [np.arange(len(row))], [start], [level], [np.full(len(row), NEVER)]
    # later worse: the grave event comes after the case was opened
    worse = (grave > start + 20) & (grave < city.as_of - 5) & chance(rng, 0.75, len(row))
    w = np.flatnonzero(worse)
    rows.append(w)
    days.append(grave[w] + rng.integers(2, 25, len(w)))
    levels.append(np.minimum(level[w] + rng.integers(1, 3, len(w)), 3))
    ends.append(np.full(len(w), NEVER))
    end = np.where(worse, np.maximum(end, grave + 200), end)
    # some get a new assessment without a grave event, up or down
    drift = np.flatnonzero(~worse & chance(rng, 0.3, len(row)) & (end - start > 200))
    rows.append(drift)
    days.append(start[drift] + ((end - start)[drift] * (0.3 + 0.4 * rng.random(len(drift)))).astype(int))
    levels.append((level[drift] + np.where(chance(rng, 0.3, len(drift)), 1, -1)).clip(0, 3))
    ends.append(np.full(len(drift), NEVER))
    moved = np.where(child[row] >= 0, kids.until[c[row]], city.as_of + 9999)
    moved = np.where(moved >= city.as_of, city.as_of + 9999, moved)
    end = np.where(moved < end, np.maximum(moved, start + 1), end)
    closing = np.flatnonzero(end <= city.as_of)
    order_level = level.copy()
    order_level[w] = levels[1]
    rows.append(closing)
    days.append(end[closing])
    levels.append(np.maximum(order_level[closing] - 1, 0))
    ends.append(end[closing])
    r, d, lv, en = (np.concatenate(x) for x in (rows, days, levels, ends))
    late = (en <= NEVER) & (d >= end[r])
    keep = ~late & (d <= city.as_of)
    r, d, lv, en = r[keep], d[keep], lv[keep], en[keep]
    unique = _distinct(r, d)
    r, d, lv, en = r[unique], d[unique], lv[unique], en[unique]
    lead = np.array(
        ["こども安心課", "おやこ保健課", "児童相談所", "学校", "こども安心課", "福祉事務所"], object
    )
    sheet = {
        "consultation_id": writing.ids(row[r] + 1, 8, "U"),
        "started_on": writing.dates(d, "slash"),
        "kind": writing.choices(["1", "2", "3"], type_[r]),
        "severity": writing.choices(["1", "2", "3", "4"], lv),
        "ended_on": writing.dates(en, "slash"),
        "lead": writing.texts(lead[row[r] % 6]),
    }
    return sheet, noted(rng, d, 3, 0.01), row, start, end


def _contacts(
    city: City,
    kids: Children,
    rng: np.random.Generator,
    child: Ints,
    on: Ints,
    source: Ints,
    case_row: Ints,
    case_open: Ints,
    case_end: Ints,
    ok_row: np.ndarray,
) -> tuple[Sheet, Ints]:
    first = np.flatnonzero(ok_row)
    few = rng.poisson(1.3, len(first)) + (source[first] == 6)
    r1 = np.repeat(first, few)
    d1 = on[r1] + rng.exponential(18, len(r1)).astype(int)
    span = np.minimum(case_end, city.as_of) - case_open
    count = rng.poisson(np.maximum(span, 0) / 32.0)
    r2 = np.repeat(case_row, count)
    d2 = np.repeat(case_open, count) + (np.repeat(span, count) * rng.random(len(r2))).astype(int)
    r, d = np.concatenate([r1, r2]), np.concatenate([d1, d2])
    ok = d <= city.as_of
    r, d = r[ok], d[ok]
    order = np.lexsort((r, d))
    r, d = r[order], d[order]
    n = len(r)
    c = np.maximum(child[r], 0)
    grave = np.where(child[r] >= 0, kids.burden["abuse"].grave[c], NEVER)
    heavy = np.where(child[r] >= 0, kids.burden["abuse"].onset[c] > NEVER, False)
    before = heavy & (grave > NEVER) & (d > grave - 150) & (d < grave)
    method = rng.choice(6, n, p=[0.22, 0.18, 0.33, 0.07, 0.17, 0.03])
    counterpart = np.where(
        method == 3, 2, np.where(method == 4, rng.integers(2, 6, n), np.where(chance(rng, 0.25, n), 0, 1))
    )
    fails = chance(rng, (0.12 + 0.12 * heavy + 0.25 * before).clip(0, 0.9))
    outcome = np.where(method >= 4, 3, np.where(fails, np.where(chance(rng, 0.25, n), 2, 1), 0))
    outcome = np.where((method == 3) & ~fails, 3, outcome)
    sheet = {
        "consultation_id": writing.ids(r + 1, 8, "U"),
        "contact_id": writing.ids(np.arange(n) + 1, 8, "R"),
        "occurred_on": writing.dates(d, "slash"),
        "method": writing.choices(list("123456"), method),
        "counterpart": writing.choices(list("123456"), counterpart),
        "outcome": writing.choices(list("1234"), outcome),
    }
    return sheet, noted(rng, d, 2, 0.01)


def _center(city: City, kids: Children, rng: np.random.Generator) -> tuple[Sheet, Ints, Ints]:
    abuse = kids.burden["abuse"]
    n = len(kids)
    quiet = arrivals(
        rng,
        0.0044 * np.exp(0.45 * city.u_alone[kids.unit] + 0.2 * city.u_money[kids.unit]),
        kids.begin,
        kids.until,
    )
    early = signals(rng, kids, "abuse", 0.05)
    grave = np.flatnonzero((abuse.grave > NEVER) & chance(rng, 0.85, n))
    other = arrivals(rng, 0.004 * np.exp(0.8 * kids.disability), kids.begin, kids.until)
    kid = np.concatenate([quiet[0], early[0], grave, other[0]])
    on = np.concatenate([quiet[1], early[1], abuse.grave[grave] + rng.integers(0, 12, len(grave)), other[1]])
    source = np.repeat([0, 1, 2, 3], [len(quiet[0]), len(early[0]), len(grave), len(other[0])])
    ok = (
        (on >= city.start)
        & (on <= city.as_of)
        & (age_on(kids.birth[kid], on) < 18)
        & (on <= kids.until[kid])
        & (on > kids.birth[kid])
    )
    kid, on, source = kid[ok], on[ok], source[ok]
    order = np.lexsort((kid, on))
    kid, on, source = kid[order], on[order], source[order]
    m = len(kid)
    kind = np.where(
        source == 3,
        0,
        np.where(
            source == 2,
            rng.choice(4, m, p=[0.27, 0.44, 0.27, 0.02]),
            rng.choice(4, m, p=[0.185, 0.68, 0.125, 0.01]),
        )
        + 1,
    )
    route = np.where(
        source == 0,
        rng.choice(7, m, p=[0.7, 0.04, 0.1, 0.02, 0.04, 0.08, 0.02]),
        rng.choice(7, m, p=[0.34, 0.17, 0.1, 0.08, 0.19, 0.08, 0.04]),
    )
    takes = (source == 2) & chance(rng, 0.34, m) | (source == 1) & chance(rng, 0.06, m)
    custody = np.where(takes, on + rng.integers(0, 15, m), NEVER)
    back = np.where(takes, custody + (rng.gamma(1.5, 28, m)).astype(int) + 2, NEVER)
    measure = np.where(
        takes,
        rng.choice(6, m, p=[0.28, 0.42, 0.14, 0.06, 0.08, 0.02]),
        rng.choice(6, m, p=[0.7, 0.12, 0, 0, 0.14, 0.04]),
    )
    custody = np.where(custody > city.as_of, NEVER, custody)
    person = np.where(chance(rng, 0.03, m) & (source != 2), -1, kids.person[kid])
    habit = Habits(
        gap=" ",
        birth="dots",
        address="kanji",
        no_kana=0.3,
        no_sex=0.06,
        no_guardian=1,
        no_address=0.1,
        no_birth=0.07,
        alias=0.6,
        by_ear=0.07,
        vague_birth=0.01,
        careless=1.8,
    )
    d = describe(city, person, rng, habit, on)
    years = np.floor(age_on(kids.birth[kid], on)).astype(int).clip(0, 20)
    opened = noted(rng, np.where(custody > NEVER, np.maximum(on, custody), on), 5, 0.02)
    decided = np.maximum(opened + 5, on + 45)
    closing = np.maximum(decided, np.where(back > NEVER, back + 3, 0))
    at, later, recorded = reopened(opened, closing <= city.as_of, closing)
    sheet = {
        "center_case_id": writing.ids(np.arange(m)[at] + 1, 7, "J"),
        "name": writing.texts(d.name[at]),
        "kana": writing.texts(d.kana[at]),
        "birth_date": writing.texts(d.birth[at]),
        "age": writing.whole(np.where(person < 0, -1, years)[at]),
        "sex": writing.choices(["1", "2", "9"], d.sex[at]),
        "address": writing.texts(d.address[at]),
        "occurred_on": writing.dates(on[at], "dots"),
        "kind": writing.choices(["0", "1", "2", "3", "4"], kind[at]),
        "route": writing.choices(["1", "2", "3", "4", "5", "6", "9"], route[at]),
        "custody_on": writing.dates(custody[at], "dots"),
        "custody_ended_on": writing.dates(np.where(later, back[at], NEVER), "dots"),
        "measure": writing.choices(["1", "2", "3", "4", "5", "9"], np.where(later, measure[at], -1)),
    }
    return sheet, recorded, person[at]
