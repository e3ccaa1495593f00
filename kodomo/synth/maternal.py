"""Maternal: 妊娠届, 乳幼児健診 and 乳児家庭全戸訪問."""

from __future__ import annotations

import numpy as np

from kodomo.synth import writing
from kodomo.synth.burdens import Children, noted
from kodomo.synth.draw import NEVER, Ints, add_months, between, chance, pick
from kodomo.synth.people import WOMAN, City
from kodomo.synth.registers import numbers
from kodomo.synth.welfare import reopened
from kodomo.synth.writing import Sheet


def pregnancies(city: City, kids: Children) -> tuple[Sheet, Ints]:
    """妊娠届: notified in week 5 to 11 mostly; late, unmarried and 特定妊婦 more often where life is hard."""
    rng = city.rng("pregnancy")
    mother = city.mother[kids.person]
    lived = (mother >= 0) & (kids.birth > city.start - 60) & (city.since[kids.person] == kids.birth)
    lived &= np.where(mother >= 0, city.since[mother] < kids.birth - 20, False)
    kid = np.flatnonzero(lived)
    kid = kid[~chance(rng, 0.002, len(kid))]
    # pregnant today: mothers of one small child, and women without children
    age = (city.as_of - city.birth) / 365.25
    can = (city.sex == 2) & (city.slot == WOMAN) & (city.status == 1) & (age > 16) & (age < 45)
    busy = np.zeros(len(can), bool)
    busy[mother[(kids.birth > city.as_of - 400) & (mother >= 0)]] = True
    share = np.where(age < 24, 0.012, np.where(age < 38, 0.048, 0.012)) * np.where(
        city.u_family[city.unit], 1, 0.35
    )
    expecting = np.flatnonzero(can & ~busy & chance(rng, share))
    woman = np.concatenate([mother[kid], expecting])
    child = np.concatenate([kid, np.full(len(expecting), -1)])
    n = len(woman)
    due = np.where(child >= 0, kids.birth[child] + rng.normal(4, 9, n).astype(int), 0)
    due = np.where(child >= 0, due, city.as_of + between(rng, 5, 225, n))
    u = city.unit[woman]
    hard = 0.5 * city.u_money[u] + 0.5 * city.u_alone[u] + 0.4 * city.u_health[u] + 1.6 * city.u_young[u]
    abuse = np.where(child >= 0, kids.burden["abuse"].score[child], -4.2)
    weeks = np.clip(np.round(rng.gamma(9, 0.95, n)), 4, 14).astype(int)
    late = chance(rng, (0.011 * np.exp(0.6 * hard)).clip(0, 0.5), n)
    weeks = np.where(late, 14 + (24 * rng.random(n) ** 1.8).astype(int), weeks)
    notified = due - (40 - weeks) * 7
    born = np.where(child >= 0, kids.birth[child], city.as_of + 999)
    notified = np.minimum(notified, born - 1)
    twin_second = np.zeros(n, bool)
    twin_second[1 : len(kid)] = (woman[1 : len(kid)] == woman[: len(kid) - 1]) & (
        born[1 : len(kid)] == born[: len(kid) - 1]
    )
    single = city.u_single[u] & (rng.random(n) < 0.7)
    marital = np.where(single, np.where(rng.random(n) < 0.75, 1, 2), np.where(chance(rng, 0.05, n), 1, 0))
    marital = np.where(chance(rng, 0.01, n), 3, marital)
    specified = chance(rng, (0.012 * np.exp(0.5 * hard + 0.35 * (abuse + 3.6))).clip(0, 0.75), n)
    follow = ~specified & chance(rng, (0.09 * np.exp(0.45 * hard)).clip(0, 0.8), n)
    support = np.where(specified, 2, np.where(follow, 1, 0))
    ok = (
        (notified <= city.as_of)
        & (city.since[woman] <= notified)
        & ~twin_second
        & (notified > city.start - 280)
    )
    ok &= (city.status[woman] == 1) | (city.status_on[woman] > notified)
    woman, child, due, weeks, notified, marital, support, born = (
        a[ok] for a in (woman, child, due, weeks, notified, marital, support, born)
    )
    at, later, recorded = reopened(noted(rng, notified, 3), born <= city.as_of, noted(rng, born, 14))
    sheet = {
        "handbook_id": writing.ids(np.arange(len(woman))[at] + 60_001, 7),
        "mother_id": numbers(city, woman[at]),
        "notified_on": writing.dates(notified[at], "slash"),
        "weeks": writing.whole(weeks[at]),
        "due_on": writing.dates(due[at], "slash"),
        "marital": writing.choices(["1", "2", "3", "9"], marital[at]),
        "support_class": writing.choices(["0", "1", "2"], support[at]),
        "child_id": numbers(city, np.where(later, kids.person[child[at]], -1)),
    }
    return sheet, recorded


def checkups(city: City, kids: Children) -> tuple[Sheet, Ints]:
    """乳幼児健診 at 4, 18 and 42 months: most attend, most of the missing come two or three months later."""
    rng = city.rng("checkups")
    parts = []
    for kind, months in ((0, 4), (1, 18), (2, 42)):
        due = add_months(kids.birth, months)
        ok = (due >= city.start) & (due <= city.as_of) & city.here(kids.person, due) & (due < kids.until)
        rows = np.flatnonzero(ok)
        parts.append((rows, np.full(len(rows), kind), due[rows]))
    kid, kind, due = (np.concatenate(c) for c in zip(*parts, strict=True))
    n = len(kid)
    u = kids.unit[kid]
    weight = kids.burden["abuse"].at(due + 30, kid)
    poor = kids.burden["poverty"].at(due + 30, kid)
    absent = 0.035 * np.exp(0.3 * city.u_alone[u]) + 0.19 * weight + 0.06 * poor + 0.25 * weight * poor
    absent = absent + 0.03 * city.foreign[kids.person[kid]] + np.where(kind == 2, -0.003, 0)
    missed = chance(rng, absent.clip(0, 0.9))
    comes = missed & chance(rng, np.where(weight > 0.3, 0.33, 0.8), n)
    day_in_month = due + between(rng, 3, 26, n)
    attended = np.where(missed, np.where(comes, due + between(rng, 45, 140, n), NEVER), day_in_month)
    attended = np.where(attended > city.as_of, NEVER, attended)
    reminders = np.where(missed, rng.integers(1, 4, n) + (weight > 0.4), 0)
    trouble = 0.7 * weight + 0.12 * (city.u_health[u] > 1) + 0.1 * poor
    parenting = np.where(
        chance(rng, 0.012 + 0.35 * weight * weight),
        3,
        np.where(chance(rng, 0.02 + 0.25 * trouble), 2, np.where(chance(rng, 0.12 + 0.3 * trouble), 1, 0)),
    )
    parenting = np.where(chance(rng, 0.9, n) & (parenting == 3) & (weight < 0.05), 1, parenting)
    result = np.where(chance(rng, 0.1 + 0.08 * np.clip(kids.disability[kid], 0, 3)), 1, 0)
    result = np.where(chance(rng, 0.05, n), 2, np.where(chance(rng, 0.012, n), 3, result))
    bad_teeth = np.array([0.0, 0.012, 0.11])[kind] * np.exp(
        0.5 * city.u_money[u] + 0.9 * np.maximum(weight, poor)
    )
    caries = np.where(chance(rng, bad_teeth.clip(0, 0.9)), 1 + rng.geometric(0.42, n), 0)
    caries = np.where(kind == 0, -1, caries.clip(-1, 20))
    close = add_months(due, 1) + between(rng, 3, 18, n)
    first_blank = missed
    rows = np.concatenate(
        [
            np.flatnonzero(~first_blank),
            np.flatnonzero(first_blank),
            np.flatnonzero(comes & (attended > NEVER)),
        ]
    )
    blank = np.concatenate(
        [
            np.zeros((~first_blank).sum(), bool),
            np.ones(first_blank.sum(), bool),
            np.zeros((comes & (attended > NEVER)).sum(), bool),
        ]
    )
    recorded = np.where(blank, close[rows], noted(rng, attended[rows].clip(city.start), 5, 0.01))
    recorded = np.where(~blank & missed[rows], np.maximum(recorded, close[rows] + 1), recorded)
    there = attended[rows] > NEVER
    shown = there & ~blank
    sheet = {
        "resident_id": numbers(city, kids.person[kid[rows]]),
        "checkup": writing.choices(["1", "2", "3"], kind[rows]),
        "due_month": writing.dates(due[rows], "month-slash"),
        "attended_on": writing.dates(np.where(shown, attended[rows], NEVER), "slash"),
        "result": writing.choices(["1", "2", "3", "4"], np.where(shown, result[rows], -1)),
        "caries": writing.whole(np.where(shown, caries[rows], -1)),
        "parenting": writing.choices(["1", "2", "3", "4"], np.where(shown, parenting[rows], -1)),
        "reminders": writing.whole(np.where(blank, np.minimum(reminders[rows], 2), reminders[rows])),
    }
    return sheet, recorded


def newborn_visits(city: City, kids: Children) -> tuple[Sheet, Ints]:
    """乳児家庭全戸訪問 within four months, with EPDS; absent families are visited again."""
    rng = city.rng("newborn visits")
    target = kids.birth + between(rng, 25, 110, len(kids))
    ok = (target >= city.start) & (target <= city.as_of) & city.here(kids.person, target)
    ok &= city.since[kids.person] < target
    kid, on = np.flatnonzero(ok), target[ok]
    n = len(kid)
    u = kids.unit[kid]
    weight = kids.burden["abuse"].at(on, kid)
    absent = chance(rng, (0.05 * np.exp(0.3 * city.u_alone[u]) + 0.2 * weight).clip(0, 0.9))
    refused = ~absent & chance(rng, (0.004 + 0.13 * weight).clip(0, 0.9))
    outcome = np.where(absent, 1, np.where(refused, 2, 0))
    again = (outcome > 0) & chance(rng, np.where(weight > 0.3, 0.5, 0.85), n)
    second = np.flatnonzero(again)
    rows = np.concatenate([np.arange(n), second])
    day = np.concatenate([on, on[second] + between(rng, 7, 45, len(second))])
    met = np.concatenate(
        [outcome, np.where(chance(rng, np.where(weight[second] > 0.3, 0.5, 0.9), len(second)), 0, 1)]
    )
    mean = 4.15 + 1.35 * city.u_health[u[rows]] + 0.6 * city.u_alone[u[rows]] + 3.0 * weight[rows]
    epds = np.clip(np.round(rng.normal(mean, 2.9)), 0, 30).astype(int)
    seen = met == 0
    follow = seen & ((epds >= 9) & chance(rng, 0.75, len(rows)) | chance(rng, 0.05 + 0.4 * weight[rows]))
    young = kids.birth[kid[rows]] + 122 >= day
    sheet = {
        "resident_id": numbers(city, kids.person[kid[rows]]),
        "visited_on": writing.dates(day, "slash"),
        "outcome": writing.choices(["1", "2", "3"], met),
        "epds": writing.whole(np.where(seen, epds, -1)),
        "follow_up": writing.flags(follow, "有", "無"),
    }
    keep = np.flatnonzero(young & (day <= city.as_of))
    return writing.take(sheet, keep), noted(rng, day, 6)[keep]


__all__ = ["checkups", "newborn_visits", "pick", "pregnancies"]
