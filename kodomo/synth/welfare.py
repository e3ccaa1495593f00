"""Welfare: 生活保護, 障害者手帳, 通所支援, 児童扶養手当, 児童手当, 要介護認定 and 国民健康保険."""

from __future__ import annotations

import numpy as np

from kodomo.synth import writing
from kodomo.synth.burdens import Children, age_on, april, noted
from kodomo.synth.draw import NEVER, Bools, Ints, between, chance
from kodomo.synth.people import CHILD, GRANDFATHER, MAN, PARTNER, WOMAN, City
from kodomo.synth.registers import numbers
from kodomo.synth.writing import Sheet


def reopened(first: Ints, closed: Bools, closing: Ints) -> tuple[Ints, Bools, Ints]:
    """Rows delivered when opened and again, newer, when closed: (row, is the closing version, recorded)."""
    shut = np.flatnonzero(closed)
    row = np.concatenate([np.arange(len(first)), shut])
    later = np.concatenate([np.zeros(len(first), bool), np.ones(len(shut), bool)])
    recorded = np.concatenate([first, np.maximum(closing[shut], first[shut] + 1)])
    return row, later, recorded


def members(city: City, units: Ints) -> tuple[Ints, Ints]:
    """All persons of the given units: (position in `units`, person)."""
    first, last = np.searchsorted(city.unit, units), np.searchsorted(city.unit, units, side="right")
    count = last - first
    row = np.repeat(np.arange(len(units)), count)
    return row, np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)


def leaving(city: City, person: Ints) -> Ints:
    """The day each person left or died, or a far day for current residents."""
    return np.where(city.status[person] == 1, city.as_of + 9999, city.status_on[person])


def public_assistance(city: City, kids: Children) -> tuple[Sheet, Ints]:
    """生活保護: households in poverty, single parents and old people above all; every member a row."""
    rng = city.rng("assistance")
    units = len(city.u_town)
    old = np.zeros(units, bool)
    old[city.unit[age_on(city.birth, city.as_of) > 66]] = True
    rate = np.where(city.u_family & ~old, 0.0017, np.where(old, 0.017, 0.013)) * np.exp(0.95 * city.u_money)
    rate = rate * np.where(city.u_single, 3.0, 1)
    poor = kids.burden["poverty"]
    grave = np.full(units, NEVER)
    np.maximum.at(grave, kids.unit, np.where(chance(rng, 0.42, len(kids)), poor.grave, NEVER))
    base = chance(rng, np.minimum(rate, 0.5))
    start = city.as_of - (rng.exponential(1600, units)).astype(int)
    on_grave = (grave > NEVER) & ~base
    start = np.where(on_grave, grave, start)
    chosen = np.flatnonzero((base | on_grave) & (start > city.u_since))
    start = start[chosen]
    stop = start + (rng.exponential(2300, len(chosen)) + 120).astype(int)
    reason = np.array([0, 2, 3, 5])[np.searchsorted([0.5, 0.72, 0.78], rng.random(len(chosen)))]
    left = city.u_left[chosen]
    moved = (left > NEVER) & (left < stop)
    stop, reason = np.where(moved, left, stop), np.where(moved, 1, reason)
    row, person = members(city, chosen)
    begin = np.maximum(start[row], city.since[person])
    end, why = stop[row], reason[row]
    gone = leaving(city, person) < end
    end = np.where(gone, leaving(city, person), end)
    why = np.where(gone, np.where(city.status[person] == 3, 4, 1), why)
    ok = (begin < end) & (begin <= city.as_of) & (end >= city.start)
    row, person, begin, end, why = row[ok], person[ok], begin[ok], end[ok], why[ok]
    school = np.isin(city.slot[person], range(CHILD, GRANDFATHER)) & (age_on(city.birth[person], begin) > 5.5)
    opened = noted(rng, begin, 9, 0.015)
    shut = noted(rng, end, 12, 0.02)
    at, later, recorded = reopened(opened, end <= city.as_of, shut)
    sheet = {
        "case_id": writing.ids(chosen[row][at] + 10_000, 7, "K"),
        "resident_id": numbers(city, person[at]),
        "started_on": writing.dates(begin[at], "dots"),
        "ended_on": writing.dates(np.where(later, end[at], NEVER), "dots"),
        "end_reason": writing.choices(["1", "2", "3", "4", "5", "9"], np.where(later, why[at], -1)),
        "education_aid": writing.flags(school[at], "有", "無"),
    }
    return sheet, recorded


def certificates(city: City, kids: Children) -> tuple[Sheet, Ints]:
    """障害者手帳 of children, parents and older people."""
    rng = city.rng("certificates")
    n = len(city.unit)
    age = age_on(city.birth, city.as_of)
    kid = kids.of
    dev = np.where(kid >= 0, kids.disability[kid], 0)
    u = city.unit
    adult = (age > 20) & (city.slot < CHILD)
    body = np.where(age > 65, 0.075, np.where(age > 40, 0.02, 0.004)) * (age > 0.8)
    mental = np.where(adult, 0.011 * np.exp(0.75 * city.u_health[u]), np.where(age > 18, 0.008, 0.0))
    mental = mental + np.where((kid >= 0) & (age > 8), 0.002 * np.exp(0.8 * dev), 0)
    mind = np.where((kid >= 0) & (age > 2), 0.0085 * np.exp(1.25 * dev), np.where(age > 18, 0.006, 0))
    out: list[tuple[Ints, int]] = []
    for kind, share in ((0, body), (1, mind), (2, mental)):
        out.append((np.flatnonzero(chance(rng, np.minimum(share, 0.9), n)), kind))
    person = np.concatenate([p for p, _ in out])
    kind = np.concatenate([np.full(len(p), k) for p, k in out])
    earliest = np.maximum(city.since[person], city.birth[person] + np.where(kind == 0, 200, 900))
    issued = between(rng, earliest, np.minimum(leaving(city, person), city.as_of) - 1, len(person))
    returned = np.where(chance(rng, 0.03, len(person)), issued + between(rng, 300, 2000, len(person)), NEVER)
    left = leaving(city, person)
    returned = np.where((left <= city.as_of) & (city.status[person] == 3), left + 20, returned)
    ok = (issued > earliest) & (issued < left) & ((returned <= NEVER) | (returned >= city.start))
    ok &= left > city.start
    person, kind, issued, returned = person[ok], kind[ok], issued[ok], returned[ok]
    grade = np.where(
        kind == 0,
        rng.integers(1, 7, len(person)),
        np.where(kind == 1, rng.integers(7, 10, len(person)), rng.integers(10, 13, len(person))),
    )
    labels = ["", "1級", "2級", "3級", "4級", "5級", "6級", "A", "B1", "B2", "1級", "2級", "3級"]
    closed = (returned > NEVER) & (returned <= city.as_of)
    at, later, recorded = reopened(noted(rng, issued, 8), closed, returned + 10)
    sheet = {
        "certificate_id": writing.ids(person[at] * 3 + kind[at] + 1, 9),
        "resident_id": numbers(city, person[at]),
        "certificate_type": writing.choices(["1", "2", "3"], kind[at]),
        "grade": writing.choices(labels, grade[at]),
        "issued_on": writing.dates(issued[at], "plain"),
        "returned_on": writing.dates(np.where(later, returned[at], NEVER), "plain"),
    }
    return sheet, recorded


def day_support(city: City, kids: Children) -> tuple[Sheet, Ints]:
    """障害児通所支援: a decision a year for children who need it."""
    rng = city.rng("day support")
    n = len(kids)
    needs = chance(rng, np.minimum(0.034 * np.exp(1.05 * kids.disability), 0.8))
    age_from = rng.uniform(2.2, 9, n)
    opening = np.maximum(
        kids.birth + (age_from * 365.25).astype(int), np.maximum(kids.begin - 360, city.start - 360)
    )
    parts = []
    for year in range(4):
        start = opening + year * 365
        last = chance(rng, 0.12, n) if year else np.zeros(n, bool)
        needs = needs & ~last
        ok = needs & (start <= city.as_of) & (start < kids.until) & (age_on(kids.birth, start) < 17.5)
        ok &= start >= city.since[kids.person]
        parts.append((np.flatnonzero(ok), start[ok]))
    kid = np.concatenate([p[0] for p in parts])
    start = np.concatenate([p[1] for p in parts])
    age = age_on(kids.birth[kid], start)
    service = np.where(age < 6.5, np.where(chance(rng, 0.08, len(kid)), 2, 0), 1)
    service = np.where(chance(rng, 0.01, len(kid)), 3, service)
    sheet = {
        "recipient_id": writing.ids(kid + 300_000, 10),
        "resident_id": numbers(city, kids.person[kid]),
        "service": writing.choices(["1", "2", "3", "4"], service),
        "started_on": writing.dates(start, "plain"),
        "ended_on": writing.dates(start + 364, "plain"),
        "days_per_month": writing.whole(rng.integers(2, 20, len(kid))),
    }
    return sheet, noted(rng, start, 6)


def rearing_allowance(city: City, kids: Children) -> tuple[Sheet, Ints]:
    """児童扶養手当: single parents below the income limit, certified per child, 現況届 in August."""
    rng = city.rng("rearing allowance")
    u = kids.unit
    parent = np.where(kids.of[kids.person] >= 0, city.mother[kids.person], -1)
    parent = np.where(parent < 0, city.father[kids.person], parent)
    units = len(city.u_town)
    claims = (city.u_money + rng.normal(0, 0.7, units) > 0.9)[u]
    begin = np.where(city.u_divorced[u] > NEVER, city.u_divorced[u] + 25, kids.birth + 40)
    begin = np.maximum(begin, np.maximum(city.since[kids.person] + 12, kids.birth + 20))
    limit = april(kids.cohort + 19) - 1
    end = np.minimum(limit, np.where(city.status[kids.person] == 1, city.as_of + 9999, kids.until))
    remarried = chance(rng, 0.05, units)[u]
    end = np.where(remarried, np.minimum(end, begin + 900), end)
    ok = (
        city.u_single[u]
        & claims
        & (parent >= 0)
        & (begin < end)
        & (begin <= city.as_of)
        & (end >= city.start)
    )
    ok &= ~chance(rng, 0.05, units)[u]
    kid = np.flatnonzero(ok)
    money = city.u_money[u[kid]] + rng.normal(0, 0.5, units)[u[kid]]
    payment = np.where(money > 0.55, 0, np.where(money > -0.35, 1, 2))
    missing = np.flatnonzero(chance(rng, 0.03 + 0.05 * (city.u_alone > 1.2)))
    late = np.isin(u[kid], missing)
    late |= chance(rng, 0.22 * kids.burden["abuse"].at(city.as_of)[kid])
    opened = noted(rng, begin[kid], 10)
    closed = end[kid] <= city.as_of
    at, later, recorded = reopened(opened, closed, noted(rng, end[kid], 12))
    # each August the yearly report brings a newer version of the running rows
    extra_row, extra_rec, extra_pay = [], [], []
    for fy in range(city.fy - 2, city.fy + 1):
        august = int(april(np.array([fy]))[0]) + 160
        running = (opened < august) & (end[kid] > august)
        rows = np.flatnonzero(running)
        extra_row.append(rows)
        extra_rec.append(august + rng.integers(0, 25, len(rows)))
        shift = np.where(chance(rng, 0.08, len(rows)), rng.integers(-1, 2, len(rows)), 0)
        extra_pay.append((payment[rows] + shift).clip(0, 2))
    rows = np.concatenate([at, *extra_row])
    recorded = np.concatenate([recorded, *extra_rec])
    pay = np.concatenate([payment[at], *extra_pay])
    shut = np.concatenate([later, np.zeros(len(rows) - len(at), bool)])
    report = np.concatenate(
        [np.full(len(at), -1), *[np.where(late[r] & chance(rng, 0.75, len(r)), 1, 0) for r in extra_row]]
    )
    pay = np.where(report == 1, 2, pay)
    who = kid[rows]
    sheet = {
        "certificate_id": writing.ids(u[who] + 70_000, 8),
        "guardian_id": numbers(city, parent[who]),
        "resident_id": numbers(city, kids.person[who]),
        "payment": writing.choices(["1", "2", "3"], pay),
        "started_on": writing.dates(begin[who]),
        "ended_on": writing.dates(np.where(shut, end[who], NEVER)),
        "annual_report": writing.choices(["1", "2"], report),
    }
    return sheet, recorded


def child_allowance(city: City, kids: Children) -> tuple[Sheet, Ints]:
    """児童手当: nearly every child; since October 2024 to the end of high-school age, no income limit."""
    rng = city.rng("child allowance")
    parent = np.where(city.father[kids.person] >= 0, city.father[kids.person], city.mother[kids.person])
    begin = np.maximum(kids.birth, city.since[kids.person]) + 10
    widened = int((np.datetime64(f"{2024}-10-01") - np.datetime64("1970-01-01")).astype(int))
    old_at_widening = april(kids.cohort + 16) <= widened
    begin = np.where(old_at_widening, np.maximum(begin, widened), begin)
    limit = april(kids.cohort + 19) - 1
    end = np.minimum(limit, np.where(city.status[kids.person] == 1, city.as_of + 9999, kids.until))
    ok = (
        (parent >= 0)
        & (begin < end)
        & (begin <= city.as_of)
        & (end >= city.start)
        & chance(rng, 0.985, len(kids))
    )
    kid = np.flatnonzero(ok)
    held = chance(rng, 0.003 + 0.06 * kids.burden["abuse"].at(city.as_of)[kid])
    held |= chance(rng, 0.02 * kids.burden["poverty"].at(city.as_of)[kid])
    opened = noted(rng, begin[kid], 8)
    closed = end[kid] <= city.as_of
    at, later, recorded = reopened(opened, closed, noted(rng, end[kid], 10))
    suspension = np.flatnonzero(held & ~closed)
    rows = np.concatenate([at, suspension])
    when = np.maximum(opened[suspension] + 30, city.as_of - between(rng, 5, 420, len(suspension)))
    recorded = np.concatenate([recorded, when])
    shut = np.concatenate([later, np.zeros(len(suspension), bool)])
    stopped = np.concatenate([np.zeros(len(at), bool), np.ones(len(suspension), bool)])
    who = kid[rows]
    moved = city.status[kids.person[who]] == 2
    sheet = {
        "guardian_id": numbers(city, parent[who]),
        "resident_id": numbers(city, kids.person[who]),
        "started_on": writing.dates(begin[who]),
        "ended_on": writing.dates(np.where(shut, end[who], NEVER)),
        "end_reason": writing.choices(["転出", "年齢到達"], np.where(shut, np.where(moved, 0, 1), -1)),
        "suspended": writing.flags(stopped),
    }
    return sheet, recorded


def care_need(city: City, kids: Children) -> tuple[Sheet, Ints]:
    """要介護認定 of people who live with children."""
    rng = city.rng("care need")
    with_child = np.zeros(len(city.u_town), bool)
    with_child[kids.unit] = True
    age = age_on(city.birth, city.as_of)
    rate = np.where(age >= 85, 0.55, np.where(age >= 75, 0.22, np.where(age >= 65, 0.06, 0)))
    rate = np.where((age > 40) & (age < 65) & (city.slot < CHILD), 0.004, rate)
    rate = rate * np.where(city.slot >= GRANDFATHER, 1.6, 1) * (city.slot != PARTNER)
    person = np.flatnonzero(with_child[city.unit] & chance(rng, np.minimum(rate, 0.9), len(age)))
    first = np.maximum(city.since[person], city.start - 400) + between(rng, 0, 700, len(person))
    level = rng.integers(0, 6, len(person))
    rows, starts, levels = [], [], []
    for step in range(4):
        start = first + step * 365
        ok = (start <= city.as_of) & (start < leaving(city, person))
        rows.append(person[ok])
        starts.append(start[ok])
        levels.append(level[ok])
        level = np.minimum(level + chance(rng, 0.3, len(person)), 6)
    who, start = np.concatenate(rows), np.concatenate(starts)
    sheet = {
        "insured_id": writing.ids(who + 1_000_000, 10),
        "resident_id": numbers(city, who),
        "care_level": writing.choices(["11", "12", "21", "22", "23", "24", "25"], np.concatenate(levels)),
        "started_on": writing.dates(start, "plain"),
        "ended_on": writing.dates(start + 364, "plain"),
        "uses_service": writing.flags(chance(rng, 0.72, len(who)), "○", ""),
    }
    return sheet, noted(rng, start, 7)


def health_insurance(city: City, kids: Children) -> tuple[Sheet, Ints]:
    """国民健康保険: insured households with their arrears, updated yearly and when arrears change."""
    rng = city.rng("insurance")
    units = len(city.u_town)
    old = np.zeros(units)
    np.maximum.at(old, city.unit, age_on(city.birth, city.as_of))
    share = np.where(old > 74, 0.02, np.where(old > 64, 0.54, np.where(city.u_family, 0.095, 0.14)))
    share = share * np.exp(0.25 * city.u_money)
    chosen = np.flatnonzero(
        chance(rng, np.minimum(share, 0.9)) & ((city.u_left <= NEVER) | (city.u_left > city.start))
    )
    poor = np.zeros(units)
    onset = np.full(units, NEVER)
    np.maximum.at(onset, kids.unit, kids.burden["poverty"].onset)
    poor[onset > NEVER] = 1
    owes = chance(rng, np.minimum(0.07 * np.exp(0.8 * city.u_money) + 0.4 * poor, 0.95))[chosen]
    begin_arrears = np.where(onset > NEVER, onset + 90, city.start + rng.integers(-300, 900, units))[chosen]
    row, person = members(city, chosen)
    begin = np.maximum(
        city.since[person], city.as_of - (rng.exponential(2400, units)[chosen][row]).astype(int) - 30
    )
    begin = np.minimum(begin, np.maximum(city.since[person], city.start + 100))
    left = leaving(city, person)
    ok = (
        (begin < left)
        & (left >= city.start)
        & (begin <= city.as_of)
        & (age_on(city.birth[person], city.as_of) < 75)
    )
    row, person, begin, left = row[ok], person[ok], begin[ok], left[ok]
    opened = noted(rng, begin, 6)
    closed = left <= city.as_of
    at, later, recorded = reopened(opened, closed, noted(rng, left, 10))
    arrears = np.zeros(len(at), int)
    extra, when, months = [], [], []
    for quarter in range(11):
        on = city.start + 60 + quarter * 91
        debt = ((on - begin_arrears) / 30.4).clip(0, 18).astype(int)[row]
        now = owes[row] & (debt > 0) & (opened < on) & (left > on) & (on <= city.as_of)
        rows = np.flatnonzero(now)
        extra.append(rows)
        when.append(np.full(len(rows), on) + rng.integers(0, 9, len(chosen))[row[rows]])
        months.append(debt[rows])
    rows = np.concatenate([at, *extra])
    recorded = np.concatenate([recorded, *when])
    arrears = np.concatenate([arrears, *months])
    shut = np.concatenate([later, np.zeros(len(rows) - len(at), bool)])
    sheet = {
        "policy_id": writing.ids(chosen[row][rows] + 1_000_000, 8),
        "resident_id": numbers(city, person[rows]),
        "started_on": writing.dates(begin[rows]),
        "ended_on": writing.dates(np.where(shut, left[rows], NEVER)),
        "arrears_months": writing.whole(arrears),
        "card": writing.choices(["1", "2", "3"], np.where(arrears >= 12, 2, np.where(arrears >= 5, 1, 0))),
    }
    return sheet, recorded


__all__ = ["MAN", "WOMAN", "reopened"]
