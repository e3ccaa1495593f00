"""Schooling: 学齢簿, 就学援助, 学校健診, 放課後こどもクラブ, and what the schools themselves keep.

The schools keep 名簿, 出欠, いじめ認知, 生徒指導 and 心の健康観察, under a number of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from kodomo.synth import places, writing
from kodomo.synth.burdens import Children, age_on, april, arrivals, noted, signals
from kodomo.synth.draw import NEVER, Bools, Ints, Texts, add_months, between, chance, day, fiscal_year
from kodomo.synth.noise import Habits, describe
from kodomo.synth.people import City
from kodomo.synth.registers import numbers
from kodomo.synth.schooldays import class_days
from kodomo.synth.welfare import reopened
from kodomo.synth.writing import Sheet

OTHER_ELEMENTARY, OTHER_JUNIOR, SPECIAL, ELSEWHERE = 901, 902, 903, 904


@dataclass
class Schools:
    """Where each child goes to school: codes of both stages, numbers, class, days of public schooling."""

    elementary: Ints
    junior: Ints
    register_no: Ints
    pupil_no: Ints
    group: Ints
    begin: Ints
    end: Ints
    diligence: dict[int, float]
    missing: Bools

    def code(self, kids: Children, fy: Ints | int) -> Ints:
        """School code in a fiscal year."""
        return np.where(fy - kids.cohort - 6 <= 6, self.elementary, self.junior)


def enrol(city: City, kids: Children) -> Schools:
    """Assign schools by town; some go to private, special or other cities' schools."""
    rng = city.rng("schools")
    n = len(kids)
    t, s = places.towns(), places.schools()
    elementary = t.elementary[city.u_town[kids.unit]].copy()
    # a few go to a neighbouring school
    swap = chance(rng, 0.025, n)
    elementary[swap] = np.array(s.elementary)[rng.integers(0, len(s.elementary), swap.sum())]
    feeds = np.zeros(1000, int)
    for a, b in s.feeds.items():
        feeds[a] = b
    junior = feeds[elementary]
    wealth = -city.u_money[kids.unit]
    private6 = chance(rng, (0.013 * np.exp(0.6 * wealth)).clip(0, 0.3))
    elementary = np.where(private6, OTHER_ELEMENTARY, elementary)
    private9 = private6 | chance(rng, (0.105 * np.exp(0.45 * wealth)).clip(0, 0.6))
    junior = np.where(private9, OTHER_JUNIOR, junior)
    special = chance(rng, (0.0025 * np.exp(1.1 * kids.disability)).clip(0, 0.6))
    elementary, junior = np.where(special, SPECIAL, elementary), np.where(special, SPECIAL, junior)
    apart = chance(rng, 0.003, n)
    elementary, junior = np.where(apart, ELSEWHERE, elementary), np.where(apart, ELSEWHERE, junior)
    first = np.where(elementary < places.PUBLIC, april(kids.cohort + 7), april(kids.cohort + 13))
    last = np.where(junior < places.PUBLIC, april(kids.cohort + 16), april(kids.cohort + 13)) - 1
    begin = np.maximum(first, city.since[kids.person])
    end = np.minimum(last, kids.until)
    diligence = {c: float(np.exp(rng.normal(0, 0.55))) for c in sorted(s.name)}
    missing = chance(rng, 0.0002 + 0.003 * (kids.burden["abuse"].grave > NEVER), n) & (
        kids.until == city.as_of
    )
    return Schools(
        elementary,
        junior,
        rng.permutation(n) + 40_000,
        rng.permutation(n) * 7 + 2_000_003,
        rng.integers(1, 5, n),
        begin,
        end,
        diligence,
        missing,
    )


def school_names(codes: Ints, short: Bools | None = None) -> Texts:
    """School names by code; where `short`, as people say them (庄内東小)."""
    s = places.schools().name
    table = np.full(1000, "", object)
    brief = np.full(1000, "", object)
    for code, name in s.items():
        table[code] = name
        brief[code] = name.replace("豊中市立", "").replace("小学校", "小").replace("中学校", "中")
    return np.where(short, brief[codes], table[codes]) if short is not None else table[codes]


def register(city: City, kids: Children, schools: Schools) -> tuple[Sheet, Ints, Ints]:
    """学齢簿: school-age residents, next year's first graders, and who left or finished in three years."""
    rng = city.rng("school register")
    fy = city.fy
    now = fy - kids.cohort - 6
    gone_fy = np.where(kids.until < city.as_of, fiscal_year(kids.until), fy)
    grade = np.minimum(np.minimum(now, gone_fy - kids.cohort - 6), 9)
    present = city.status[kids.person] == 1
    ok = (grade >= 0) & (now <= 12) & (kids.until >= city.start)
    ok &= (grade > 0) | (present & (city.as_of >= april(np.array([fy]))[0] + 150))
    finished = now > 9
    left_before_school = ~present & (grade == 0)
    ok &= ~left_before_school
    kid = np.flatnonzero(ok)
    n = len(kid)
    status = np.where(~present[kid], 1, np.where(finished[kid], 2, np.where(schools.missing[kid], 3, 0)))
    status = np.where((status == 0) & chance(rng, 0.0004, n), 4, status)
    since = np.maximum(april(kids.cohort[kid] + 6) + 160, city.since[kids.person[kid]])
    roll = np.where(grade[kid] >= 7, april(kids.cohort[kid] + 13), NEVER) + rng.integers(0, 5, n)
    recorded = np.where(
        status == 1,
        kids.until[kid] + rng.integers(0, 20, n),
        np.where(
            status == 2,
            april(kids.cohort[kid] + 16) + rng.integers(0, 4, n),
            np.maximum(since + rng.integers(1, 25, n), roll),
        ),
    )
    recorded = np.where(grade[kid] == 0, since + rng.integers(1, 25, n), recorded)
    recorded = np.where(status == 3, np.minimum(city.as_of - rng.integers(5, 200, n), city.as_of), recorded)
    person = kids.person[kid]
    # a small part without number (区域外, 転入 not yet carried over), and a few from other cities
    strangers = max(2, int(n * 0.0025))
    unnumbered = chance(rng, np.where(city.since[person] > city.as_of - 90, 0.45, 0.012))
    habit = Habits(
        gap="　",
        birth="kanji",
        address="plain",
        no_kana=0.01,
        no_sex=0.003,
        no_guardian=0.02,
        alias=0.25,
        careless=0.45,
        by_ear=0.001,
    )
    pick = np.concatenate([person, np.full(strangers, -1)])
    on = np.concatenate([recorded, city.as_of - rng.integers(30, 500, strangers)])
    d = describe(city, pick, rng, habit, on)
    s = places.schools()
    code = np.concatenate(
        [
            schools.code(kids, np.minimum(gone_fy, kids.cohort + 15))[kid],
            np.array(s.elementary)[rng.integers(0, len(s.elementary), strangers)],
        ]
    )
    grades = np.concatenate([grade[kid], rng.integers(1, 7, strangers)])
    status = np.concatenate([status, np.zeros(strangers, int)])
    mailing = np.array([p[:3] + "-" + p[3:] if p else "" for p in d.postal], object)
    sheet = {
        "school_register_id": writing.ids(
            np.concatenate([schools.register_no[kid], np.arange(strangers) + 900_001]), 8
        ),
        "resident_id": numbers(
            city, np.where(np.concatenate([unnumbered, np.ones(strangers, bool)]), -1, pick)
        ),
        "name": writing.texts(d.name),
        "kana": writing.texts(d.kana),
        "birth_date": writing.texts(d.birth),
        "sex": writing.choices(["1", "2", "9"], d.sex),
        "guardian_name": writing.texts(d.guardian),
        "postal_code": writing.texts(mailing),
        "address": writing.texts(d.address),
        "school_code": writing.ids(code, 4),
        "school_name": writing.texts(school_names(code)),
        "grade": writing.whole(grades),
        "status": writing.choices(["1", "2", "3", "4", "5"], status),
    }
    return sheet, on, pick


def expense_aid(city: City, kids: Children, schools: Schools) -> tuple[Sheet, Ints, Ints]:
    """就学援助: a new application each fiscal year, decided in June and July, none from April to then."""
    rng = city.rng("expense aid")
    units = len(city.u_town)
    steady = rng.normal(0, 0.45, units)
    parts = []
    for fy in range(city.fy - 2, city.fy + 1):
        grade = fy - kids.cohort - 6
        april_first = int(april(np.array([fy]))[0])
        enrolled = (grade >= 1) & (grade <= 9) & (schools.code(kids, fy) < places.PUBLIC)
        enrolled &= (schools.begin <= april_first + 330) & (schools.end > april_first + 20)
        level = kids.burden["poverty"].at(april_first + 60)
        need = city.u_money[kids.unit] + 0.75 * city.u_single[kids.unit] + steady[kids.unit] + 1.1 * level
        applies = enrolled & (need + (rng.normal(0, 0.25, units))[kids.unit] > 1.12)
        applies &= ~chance(rng, 0.16, len(kids)) | (level > 0.8)
        # heavy burdens also make people miss the application
        applies &= ~chance(rng, 0.30 * (kids.burden["abuse"].at(april_first + 60) > 0.5), len(kids))
        applies |= enrolled & chance(rng, 0.012, len(kids))
        kid = np.flatnonzero(applies)
        n = len(kid)
        late_entry = schools.begin[kid] > april_first + 60
        later = late_entry | chance(rng, 0.07, n)
        applied = np.where(
            later,
            np.maximum(schools.begin[kid] + 10, april_first + between(rng, 60, 330, n)),
            april_first + between(rng, 6, 58, n),
        )
        decided = np.where(later, applied + between(rng, 15, 45, n), april_first + between(rng, 70, 115, n))
        decided = np.maximum(decided, applied + 10)
        rich = need[kid] < 1.0
        decision = np.where(chance(rng, np.where(rich, 0.55, 0.07)), 1, np.where(chance(rng, 0.008, n), 2, 0))
        cra = city.u_single[kids.unit[kid]] & (rng.random(n) < 0.75)
        reason = np.where(cra, 1, np.where(need[kid] > 2.1, 2, 3))
        parts.append(
            (kid, np.full(n, fy), applied, decided, decision, reason, april_first + 364 + np.zeros(n, int))
        )
    kid, fy, applied, decided, decision, reason, until = (np.concatenate(c) for c in zip(*parts, strict=True))
    n = len(kid)
    habit = Habits(
        gap=" ",
        birth="kanji",
        address="hyphen",
        no_kana=0.05,
        no_sex=0.15,
        no_guardian=0.02,
        alias=0.35,
        careless=0.9,
        by_ear=0.012,
    )
    person = np.where(chance(rng, 0.0015, n), -1, kids.person[kid])
    d = describe(city, person, rng, habit, applied)
    waits = applied + rng.integers(1, 12, n)
    at, later, recorded = reopened(waits, decided <= city.as_of, decided + rng.integers(0, 6, n))
    stops = later & chance(rng, 0.02, len(at))
    short = np.repeat(chance(rng, 0.35, n), 1)
    sheet = {
        "application_id": writing.ids((fy * 100_000 + np.arange(n))[at], 10),
        "name": writing.texts(d.name[at]),
        "kana": writing.texts(d.kana[at]),
        "birth_date": writing.texts(d.birth[at]),
        "sex": writing.choices(["1", "2", "9"], d.sex[at]),
        "guardian_name": writing.texts(d.guardian[at]),
        "address": writing.texts(d.address[at]),
        "school_name": writing.texts(school_names(_code_in(schools, kids, kid, fy), short)[at]),
        "grade": writing.whole((fy - kids.cohort[kid] - 6)[at]),
        "applied_on": writing.dates(applied[at], "kanji"),
        "decision": writing.choices(["1", "2", "3", "4"], np.where(later, decision[at], 3)),
        "reason": writing.choices(
            ["1", "2", "3", "4", "9"], np.where(later & (decision[at] == 0), reason[at], -1)
        ),
        "ended_on": writing.dates(np.where(stops & (decision[at] == 0), recorded - 1, NEVER), "kanji"),
    }
    del until
    return sheet, recorded, person[at]


def _code_in(schools: Schools, kids: Children, kid: Ints, fy: Ints) -> Ints:
    return np.where(fy - kids.cohort[kid] - 6 <= 6, schools.elementary[kid], schools.junior[kid])


def health(city: City, kids: Children, schools: Schools, known: Ints) -> tuple[Sheet, Ints]:
    """学校健診 each spring: height, weight, untreated caries, whether the dentist was seen afterwards."""
    rng = city.rng("school health")
    in_register = np.zeros(len(kids), bool)
    in_register[kids.of[known[known >= 0]]] = True
    thin = rng.normal(0, 1, len(kids))
    tall = rng.normal(0, 1, len(kids))
    parts = []
    for fy in range(city.fy - 2, city.fy + 1):
        grade = fy - kids.cohort - 6
        first = int(april(np.array([fy]))[0])
        on = first + 12 + (np.where(grade <= 6, schools.elementary, schools.junior) * 7 + grade * 3) % 68
        ok = (grade >= 1) & (grade <= 9) & (schools.begin <= on) & (schools.end > on) & in_register
        ok &= (schools.code(kids, fy) < places.PUBLIC) & chance(rng, 0.975, len(kids)) & (on <= city.as_of)
        kid = np.flatnonzero(ok)
        parts.append((kid, np.full(len(kid), fy), on[kid]))
    kid, fy, on = (np.concatenate(c) for c in zip(*parts, strict=True))
    n = len(kid)
    age = age_on(kids.birth[kid], on)
    boy = kids.sex[kid] == 1
    mean_height = np.interp(
        age, [6.5, 9.5, 11.5, 12.5, 13.5, 14.6, 16], [116.8, 133.5, 145.5, 153, 160, 165, 168]
    )
    girl_height = np.interp(
        age, [6.5, 9.5, 10.5, 11.5, 12.5, 13.5, 14.6, 16], [115.8, 134, 140.8, 147.5, 152.3, 155, 156.4, 157]
    )
    height = np.where(boy, mean_height, girl_height) + tall[kid] * (4.8 + 0.18 * age)
    weight_level = kids.burden["abuse"].at(on, kid)
    poor = kids.burden["poverty"].at(on, kid)
    hungry = weight_level * (thin[kid] > 0.2)
    bmi = np.interp(age, [6, 9, 12, 15], [15.5, 16.6, 18.4, 20]) * np.exp(
        0.1 * thin[kid] * -1 + rng.normal(0, 0.02, n) - 0.09 * hungry
    )
    weight = bmi * (height / 100) ** 2
    rate = 0.20 * np.exp(0.45 * city.u_money[kids.unit[kid]]) * np.exp(0.9 * weight_level + 0.7 * poor)
    has = chance(rng, (0.9 * rate).clip(0, 0.9))
    caries = np.where(has, rng.geometric((0.5 - 0.22 * np.maximum(weight_level, poor)).clip(0.2, 1)), 0).clip(
        0, 20
    )
    seen = chance(rng, (0.62 - 0.12 * city.u_money[kids.unit[kid]] - 0.35 * weight_level).clip(0.05, 0.95))
    back = on + between(rng, 40, 150, n)
    at, later, recorded = reopened(noted(rng, on, 20, 0.01), has & (back <= city.as_of), noted(rng, back, 5))
    visited = np.where(has[at], np.where(later & seen[at], 0, 1), -1)
    sheet = {
        "school_register_id": writing.ids(schools.register_no[kid][at], 8),
        "examined_on": writing.dates(on[at], "dots"),
        "height_cm": writing.decimals(height[at]),
        "weight_kg": writing.decimals(weight[at].clip(10, 150)),
        "caries": writing.whole(caries[at]),
        "dental_visited": writing.choices(["1", "2"], visited),
        "note": writing.choices(
            ["視力要受診", "アレルギーあり", "やせ傾向", "肥満傾向"],
            np.where(
                chance(rng, 0.05, n),
                rng.integers(0, 2, n),
                np.where(bmi < 13.2, 2, np.where(bmi > 25, 3, -1)),
            )[at],
        ),
    }
    return sheet, recorded


def club(city: City, kids: Children, schools: Schools) -> tuple[Sheet, Ints, Ints]:
    """放課後こどもクラブ: a membership a year, mostly in the lower grades; arrears come with poverty."""
    rng = city.rng("club")
    units = len(city.u_town)
    works = rng.random(units)
    parts = []
    for fy in range(city.fy - 2, city.fy + 1):
        grade = fy - kids.cohort - 6
        first = int(april(np.array([fy]))[0])
        share = (
            np.interp(grade, [1, 2, 3, 4, 5, 6], [0.54, 0.5, 0.4, 0.23, 0.1, 0.05])
            * (grade >= 1)
            * (grade <= 6)
        )
        share = share * np.where(city.u_single[kids.unit], 1.35, 1)
        ok = (works[kids.unit] < share) & (schools.elementary < places.PUBLIC)
        ok &= (schools.begin < first + 200) & (schools.end > first + 10)
        kid = np.flatnonzero(ok)
        start = np.maximum(first, schools.begin[kid] + 5)
        n = len(kid)
        end = np.minimum(first + 364, schools.end[kid])
        poor = kids.burden["poverty"].at(min(first + 200, city.as_of), kid)
        owes = chance(rng, (0.018 + 0.42 * poor + 0.02 * (city.u_money[kids.unit[kid]] > 1)).clip(0, 0.9))
        quits = chance(rng, 0.09, n)
        why = np.where(schools.end[kid] < first + 364, 3, np.where(quits, np.where(owes, 2, 1), 0))
        end = np.where(quits, np.minimum(end, start + between(rng, 60, 300, n)), end)
        parts.append((kid, np.full(n, fy), start, end, why, owes))
    kid, fy, start, end, why, owes = (np.concatenate(c) for c in zip(*parts, strict=True))
    n = len(kid)
    ok = start < end
    kid, fy, start, end, why, owes = kid[ok], fy[ok], start[ok], end[ok], why[ok], owes[ok]
    n = len(kid)
    habit = Habits(
        gap="",
        half_kana=0.9,
        birth="plain",
        no_kana=0.03,
        no_sex=0.06,
        no_guardian=0.01,
        alias=0.6,
        careless=1.2,
    )
    person = np.where(chance(rng, 0.001, n), -1, kids.person[kid])
    d = describe(city, person, rng, habit, start)
    opened = np.where(start < city.start + 5, start - 20, noted(rng, start, 7) - 12)
    opened = np.maximum(opened, kids.birth[kid] + 100)
    at, later, recorded = reopened(opened, end <= city.as_of, noted(rng, end, 6))
    half_year = np.flatnonzero(owes & (start + 150 <= np.minimum(end, city.as_of)))
    rows = np.concatenate([at, half_year])
    shut = np.concatenate([later, np.zeros(len(half_year), bool)])
    recorded = np.concatenate([recorded, start[half_year] + 130 + rng.integers(0, 20, len(half_year))])
    months = np.where(owes[rows], np.where(shut, 4 + rows % 5, 3), 0)
    months = np.concatenate([np.where(later, months[: len(at)], 0), months[len(at) :]])
    order = np.lexsort((recorded, rows))
    clean = np.ones(len(rows), bool)
    same = (rows[order][1:] == rows[order][:-1]) & (recorded[order][1:] == recorded[order][:-1])
    clean[order[1:][same]] = False
    code = schools.elementary[kid]
    sheet = {
        "membership_id": writing.ids((fy % 100 * 100_000 + np.arange(n))[rows], 8),
        "name": writing.texts(d.name[rows]),
        "kana": writing.texts(d.kana[rows]),
        "birth_date": writing.texts(d.birth[rows]),
        "sex": writing.choices(["男", "女", "不明"], d.sex[rows]),
        "guardian_name": writing.texts(d.guardian[rows]),
        "school_name": writing.texts(school_names(code, chance(rng, 0.5, n))[rows]),
        "grade": writing.whole((fy - kids.cohort[kid] - 6)[rows]),
        "started_on": writing.dates(start[rows], "plain"),
        "ended_on": writing.dates(np.where(shut, end[rows], NEVER), "plain"),
        "end_reason": writing.choices(["1", "2", "3", "4", "9"], np.where(shut, why[rows], -1)),
        "arrears_months": writing.whole(months),
    }
    return writing.take(sheet, clean), recorded[clean], person[rows][clean]


def roster(city: City, kids: Children, schools: Schools) -> tuple[Sheet, Ints, Ints]:
    """児童生徒名簿 of the city's own schools: everyday names, no address, no other number."""
    rng = city.rng("roster")
    fy = city.fy
    ok = (schools.begin < schools.end) & (schools.end >= city.start) & (schools.begin <= city.as_of)
    kid = np.flatnonzero(ok)
    n = len(kid)
    end = schools.end[kid]
    current = end >= city.as_of
    last_fy = np.minimum(fiscal_year(np.minimum(end, city.as_of)), fy)
    grade = last_fy - kids.cohort[kid] - 6
    code = _code_in(schools, kids, kid, last_fy)
    moved = ~current & (kids.until[kid] <= end + 1) & (kids.until[kid] < city.as_of)
    status = np.where(current, 0, np.where(moved, 1, 2))
    recorded = np.where(
        status == 0,
        np.maximum(
            schools.begin[kid] + rng.integers(0, 12, n),
            np.where(grade >= 7, april(kids.cohort[kid] + 13), NEVER) + rng.integers(0, 9, n),
        ),
        end + rng.integers(0, 10, n),
    )
    strangers = max(2, int(n * 0.004))
    person = np.concatenate([kids.person[kid], np.full(strangers, -1)])
    on = np.concatenate([recorded, np.full(strangers, city.as_of - 120)])
    habit = Habits(
        gap="　", birth="slash", no_kana=0.02, no_sex=0.02, no_guardian=0.04, alias=0.82, careless=1.35
    )
    d = describe(city, person, rng, habit, on)
    s = places.schools()
    codes = np.concatenate([code, np.array(s.elementary)[rng.integers(0, len(s.elementary), strangers)]])
    grades = np.concatenate([grade, rng.integers(1, 7, strangers)])
    sheet = {
        "pupil_id": writing.ids(
            np.concatenate([schools.pupil_no[kid], np.arange(strangers) * 7 + 9_000_001]), 8
        ),
        "name": writing.texts(d.name),
        "kana": writing.texts(d.kana),
        "birth_date": writing.texts(d.birth),
        "sex": writing.choices(["1", "2", "9"], d.sex),
        "school_code": writing.ids(codes, 4),
        "school_name": writing.texts(school_names(codes)),
        "grade": writing.whole(grades),
        "class_name": writing.choices(
            ["1組", "2組", "3組", "4組"], np.concatenate([schools.group[kid], np.ones(strangers, int)]) - 1
        ),
        "guardian_name": writing.texts(d.guardian),
        "status": writing.choices(["1", "2", "3"], np.concatenate([status, np.zeros(strangers, int)])),
    }
    return sheet, on, person


@dataclass
class Attendance:
    """Monthly attendance of every public pupil, and the day each fiscal year's 30th absence was passed."""

    kid: Ints
    month: Ints
    sheet: Sheet
    recorded: Ints
    days: Ints
    sick: Ints
    refusing: Ints
    other: Ints


def attendance(city: City, kids: Children, schools: Schools) -> Attendance:
    """出欠 by month: the school calendar, sickness, 不登校 that grows, neglect that hides in その他."""
    rng = city.rng("attendance")
    n = len(kids)
    diligent = rng.gamma(1.6, 1 / 1.6, n)
    depth = rng.beta(1.9, 1.75, n)
    ill = np.where(chance(rng, 0.021, n), rng.uniform(5, 14, n), 1.0)
    wobble = rng.normal(0, 0.5, n)
    parts = []
    month = date(city.fy - 2, 4, 1)
    units = city.u_money[kids.unit]
    while day(month) <= city.as_of:
        full = class_days(month.year, month.month)
        nxt = date(month.year + month.month // 12, month.month % 12 + 1, 1)
        first, last = day(month), day(nxt) - 1
        kid = np.flatnonzero((schools.begin <= last) & (schools.end >= first))
        fy = month.year - (month.month < 4)
        code = _code_in(schools, kids, kid, np.full(len(kid), fy))
        ok = code < places.PUBLIC
        kid, code = kid[ok], code[ok]
        calendar = np.array([day(d) for d in full])
        lower = np.searchsorted(calendar, schools.begin[kid])
        upper = np.searchsorted(calendar, schools.end[kid], side="right")
        days = np.maximum(upper - lower, 0)
        grade = fy - kids.cohort[kid] - 6
        finishing = np.isin(grade, [6, 9]) & (month.month == 3)
        event = ((code * 5 + month.month) % 4 == 0) & (month.month not in (8,)) & (days > 10)
        days = np.maximum(days - event - np.where(finishing, 4, 0), 0)
        m = len(kid)
        mid = first + 15
        refuse = kids.burden["nonattendance"].at(mid, kid)
        abuse, poor = kids.burden["abuse"].at(mid, kid), kids.burden["poverty"].at(mid, kid)
        teased = kids.burden["bullying"].at(mid, kid)
        share = np.clip(depth[kid] * refuse * (0.65 + 0.55 * refuse) * np.exp(0.25 * wobble[kid]), 0, 1)
        share = np.where(refuse > 0.15, share, 0.0)
        stay = rng.binomial(days, np.clip(share + rng.normal(0, 0.07, m) * (share > 0.02), 0, 1))
        stay = stay + np.where(chance(rng, 0.006 + 0.05 * teased, m), rng.integers(1, 3, m), 0)
        season = {1: 1.5, 2: 1.6, 3: 1.0, 12: 1.4, 11: 1.2, 6: 0.9, 7: 0.8, 9: 0.9}.get(month.month, 0.9)
        sick = rng.poisson(
            0.0215
            * days
            * season
            * diligent[kid]
            * ill[kid]
            * (1 + 0.9 * abuse + 0.45 * poor + 0.35 * refuse)
        )
        away = rng.poisson(
            days * (0.0012 + 0.025 * abuse * (kids.frail[kid] > 0.8) + 0.012 * poor * (kids.frail[kid] > 1))
        )
        banned = rng.poisson(0.011 * days * (season > 1.1) + 0.003 * days)
        stay = np.minimum(stay, days)
        sick = np.minimum(sick, days - stay)
        away = np.minimum(away, days - stay - sick)
        banned = np.minimum(banned, days - stay - sick - away)
        there = days - stay - sick - away - banned
        external = np.where(
            (refuse > 0.6) & (kids.frail[kid] > 1.5), np.minimum(rng.integers(0, 7, m), there), 0
        )
        late = rng.poisson(
            days * (0.006 + 0.11 * abuse + 0.05 * poor + 0.06 * refuse + 0.004 * np.clip(units[kid], 0, 3))
        )
        early = rng.poisson(days * (0.004 + 0.03 * refuse + 0.012 * teased))
        apart = rng.binomial(there.clip(0), np.clip(0.18 * refuse * (depth[kid] < 0.7), 0, 1))
        nurse = rng.poisson(days * (0.011 + 0.05 * teased + 0.035 * abuse + 0.04 * refuse))
        late, early = np.minimum(late, there), np.minimum(early, there)
        parts.append(
            (
                kid,
                np.full(m, first),
                np.full(m, last),
                days,
                stay,
                sick,
                away,
                banned,
                external,
                late,
                early,
                apart,
                nurse,
            )
        )
        month = nxt
    kid, first, last, days, stay, sick, away, banned, external, late, early, apart, nurse = (
        np.concatenate(c) for c in zip(*parts, strict=True)
    )
    school_delay = (schools.elementary % 7)[kid]
    recorded = (
        last + 3 + school_delay + np.where(chance(rng, 0.012, len(kid)), rng.integers(20, 130, len(kid)), 0)
    )
    sheet = {
        "pupil_id": writing.ids(schools.pupil_no, 8).take(kid),
        "month": writing.dates(first, "month-plain"),
        "school_days": writing.whole(days),
        "sick_days": writing.whole(sick),
        "nonattendance_days": writing.whole(stay),
        "other_absent_days": writing.whole(away),
        "suspended_days": writing.whole(banned),
        "counted_present_days": writing.whole(external),
        "late": writing.whole(late.clip(0, 31)),
        "early_leave": writing.whole(early.clip(0, 31)),
        "separate_room_days": writing.whole(apart.clip(0, 31)),
        "nurse_visits": writing.whole(nurse.clip(0, 99)),
    }
    return Attendance(kid, first, sheet, recorded, days, sick, stay, away)


def passed_thirty(kids: Children, absences: Attendance) -> Ints:
    """For each child the end of the first month in which 不登校欠席 of a fiscal year reached 30 days."""
    frame = pd.DataFrame({"kid": absences.kid, "month": absences.month, "days": absences.refusing})
    frame["year"] = fiscal_year(absences.month)
    frame["sum"] = frame.groupby(["kid", "year"])["days"].cumsum()
    first = frame[frame["sum"] >= 30].groupby("kid")["month"].min()
    out = np.full(len(kids), NEVER)
    out[first.index.to_numpy()] = add_months(first.to_numpy(), 1) - 1
    return out


def _in_class(kids: Children, schools: Schools, kid: Ints, on: Ints) -> Bools:
    code = _code_in(schools, kids, kid, fiscal_year(on))
    return (schools.begin[kid] <= on) & (schools.end[kid] >= on) & (code < places.PUBLIC)


def bullying(city: City, kids: Children, schools: Schools) -> tuple[Sheet, Ints]:
    """いじめ認知: schools differ in diligence; most are resolved after three months; victim and others."""
    rng = city.rng("bullying")
    zeal = np.ones(1000)
    for code, value in schools.diligence.items():
        zeal[code] = value
    grade = city.fy - 1 - kids.cohort - 6
    rate = np.where(grade <= 6, 0.062, 0.0245) * zeal[schools.code(kids, city.fy - 1)]
    plain = arrivals(rng, rate * np.exp(0.25 * kids.disability), schools.begin.clip(city.start), schools.end)
    heavy = signals(rng, kids, "bullying", 0.9 * np.minimum(zeal[schools.code(kids, city.fy - 1)], 1.6))
    b = kids.burden["bullying"]
    grave = np.flatnonzero(b.grave > NEVER)
    victim = np.concatenate([plain[0], heavy[0], grave])
    on = np.concatenate([plain[1], heavy[1], b.grave[grave]])
    weight = np.concatenate(
        [np.zeros(len(plain[0]), int), np.ones(len(heavy[0]), int), np.full(len(grave), 2)]
    )
    ok = _in_class(kids, schools, victim, on) & (on >= city.start) & (on <= city.as_of)
    victim, on, weight = victim[ok], on[ok], weight[ok]
    order = np.lexsort((victim, on))
    victim, on, weight = victim[order], on[order], weight[order]
    m = len(victim)
    # partners: pupils of the same school and grade
    fy = fiscal_year(on)
    code = _code_in(schools, kids, victim, fy)
    incident = np.arange(m)
    who, role, inc = [victim], [np.zeros(m, int)], [incident]
    key = schools.code(kids, city.fy) * 100 + (city.fy - kids.cohort - 6)
    by_key = np.argsort(key, kind="stable")
    sorted_key = key[by_key]
    mine = key[victim]
    low, high = np.searchsorted(sorted_key, mine), np.searchsorted(sorted_key, mine, side="right")
    for position, share in ((1, 0.72), (1, 0.22), (2, 0.18)):
        other = by_key[low + np.floor(rng.random(m) * (high - low)).astype(int)]
        add = chance(rng, share, m) & (other != victim) & _in_class(kids, schools, other, on)
        who.append(other[add])
        role.append(np.full(add.sum(), position))
        inc.append(incident[add])
    kid, role_all, inc_all = np.concatenate(who), np.concatenate(role), np.concatenate(inc)
    pair = np.unique(inc_all.astype(np.int64) * 10_000_000 + kid, return_index=True)[1]
    kid, role_all, inc_all = kid[pair], role_all[pair], inc_all[pair]
    kind = np.where(
        weight > 0,
        rng.choice(9, m, p=[0.42, 0.16, 0.08, 0.07, 0.02, 0.06, 0.09, 0.08, 0.02]),
        rng.choice(9, m, p=[0.56, 0.11, 0.17, 0.03, 0.003, 0.037, 0.06, 0.02, 0.01]),
    )
    serious = (weight == 2) & chance(rng, 0.06, m)
    lasting = np.where(weight == 2, 260, np.where(weight == 1, 150, 95))
    resolved = on + lasting + rng.exponential(30, m).astype(int)
    never = (weight > 0) & chance(rng, 0.25, m)
    resolved = np.where(never, city.as_of + 500, resolved)
    opened = noted(rng, on, 4, 0.015)
    at, later, recorded = reopened(
        opened[inc_all], resolved[inc_all] <= city.as_of, noted(rng, resolved, 8)[inc_all]
    )
    watch = np.flatnonzero(
        (weight[inc_all] > 0) & (on[inc_all] + 60 < city.as_of) & (on[inc_all] + 60 < resolved[inc_all])
    )
    rows = np.concatenate([at, watch])
    state = np.concatenate([np.where(later, 2, 0), np.ones(len(watch), int)])
    recorded = np.concatenate([recorded, np.maximum(opened[inc_all[watch]] + 1, on[inc_all[watch]] + 61)])
    i = inc_all[rows]
    del code
    keep = _distinct(rows, recorded)
    sheet = {
        "incident_id": writing.ids(i + 1, 7, "B"),
        "pupil_id": writing.ids(schools.pupil_no[kid[rows]], 8),
        "role": writing.choices(["1", "2", "3"], role_all[rows]),
        "occurred_on": writing.dates(on[i], "slash"),
        "kind": writing.choices(list("123456789"), kind[i]),
        "status": writing.choices(["1", "2", "3"], state),
        "resolved_on": writing.dates(np.where(state == 2, resolved[i], NEVER), "slash"),
        "serious": writing.flags(serious[i] & (recorded > on[i] + 20), "1", "0"),
    }
    return writing.take(sheet, keep), recorded[keep]


def _distinct(rows: Ints, recorded: Ints) -> Bools:
    """Keep one version of a row for each recording day (the last given)."""
    order = np.lexsort((np.arange(len(rows)), recorded, rows))
    keep = np.ones(len(rows), bool)
    same = (rows[order][1:] == rows[order][:-1]) & (recorded[order][1:] == recorded[order][:-1])
    keep[order[:-1][same]] = False
    return keep


def guidance(city: City, kids: Children, schools: Schools) -> tuple[Sheet, Ints]:
    """生徒指導: violence, delinquency, running away, self-harm."""
    rng = city.rng("guidance")
    grade = city.fy - 1 - kids.cohort - 6
    base = np.where(grade > 6, 0.016, 0.0065) * np.exp(0.5 * kids.disability + 0.3 * city.u_money[kids.unit])
    plain = arrivals(rng, base, schools.begin.clip(city.start), schools.end)
    hurt = signals(rng, kids, "abuse", np.where(grade > 4, 0.32, 0.08))
    mocked = signals(rng, kids, "bullying", np.where(grade > 4, 0.1, 0.02))
    absent = signals(rng, kids, "nonattendance", np.where(grade > 5, 0.08, 0.01))
    kid = np.concatenate([plain[0], hurt[0], mocked[0], absent[0]])
    on = np.concatenate([plain[1], hurt[1], mocked[1], absent[1]])
    m = len(kid)
    source = np.repeat([0, 1, 2, 3], [len(p[0]) for p in (plain, hurt, mocked, absent)])
    chances = np.array(
        [
            [0.46, 0.12, 0.05, 0.03, 0.11, 0.17, 0.06],
            [0.2, 0.16, 0.28, 0.18, 0.05, 0.08, 0.05],
            [0.2, 0.03, 0.04, 0.4, 0.05, 0.25, 0.03],
            [0.05, 0.1, 0.3, 0.35, 0.03, 0.12, 0.05],
        ]
    )
    kind = (rng.random(m)[:, None] > np.cumsum(chances, axis=1)[source]).sum(axis=1).clip(0, 6)
    ok = _in_class(kids, schools, kid, on) & (on >= city.start) & (on <= city.as_of)
    kid, on, kind = kid[ok], on[ok], kind[ok]
    order = np.lexsort((kid, on))
    kid, on, kind = kid[order], on[order], kind[order]
    m = len(kid)
    sheet = {
        "guidance_id": writing.ids(np.arange(m) + 1, 7, "G"),
        "pupil_id": writing.ids(schools.pupil_no[kid], 8),
        "occurred_on": writing.dates(on, "slash"),
        "kind": writing.choices(["1", "2", "3", "4", "5", "6", "9"], kind),
        "response": writing.choices(
            ["保護者連絡", "個別指導", "関係機関連携", "SC面談", "別室指導"], rng.integers(-1, 5, m)
        ),
    }
    return sheet, noted(rng, on, 4, 0.02)


def mood(city: City, kids: Children, schools: Schools) -> tuple[Sheet, Ints]:
    """心の健康観察: about one answer a week per pupil of the schools that take part."""
    rng = city.rng("mood")
    n = len(kids)
    s = places.schools()
    part = np.zeros(1000, bool)
    for code in s.elementary + s.junior:
        part[code] = (code * 7919) % 100 < 91
    level = rng.normal(0, 0.55, n)
    answers = np.clip(rng.beta(9, 1.6, n), 0.05, 0.98)
    weekday = (schools.elementary + schools.group + kids.cohort) % 5
    parts = []
    monday = date(city.fy - 2, 4, 8)
    monday -= timedelta(monday.weekday())
    while day(monday) <= city.as_of:
        open_days = [d for i in range(5) for d in [monday + timedelta(i)] if d in class_days(d.year, d.month)]
        if open_days:
            possible = np.array([day(d) for d in open_days])
            week = day(monday)
            fy = monday.year - (monday.month < 4)
            kid = np.flatnonzero((schools.begin <= week) & (schools.end >= week + 4))
            code = _code_in(schools, kids, kid, np.full(len(kid), fy))
            kid = kid[part[code] & (code < places.PUBLIC)]
            load = (
                0.9 * kids.burden["bullying"].at(week, kid)
                + 0.8 * kids.burden["abuse"].at(week, kid)
                + 0.7 * kids.burden["nonattendance"].at(week, kid)
            )
            kid_answers = rng.random(len(kid)) < answers[kid] * (
                1 - 0.55 * np.clip(kids.burden["nonattendance"].at(week, kid), 0, 1)
            )
            kid, load = kid[kid_answers], load[kid_answers]
            on = possible[np.minimum(weekday[kid], len(possible) - 1)]
            m = len(kid)
            feel = rng.normal(3.85 + level[kid] - load, 0.8, m)
            rest = rng.normal(3.75 + 0.6 * level[kid] - 0.7 * load, 0.85, m)
            feel8 = np.clip(np.rint(feel), 1, 5).astype(np.int8)
            rest8 = np.clip(np.rint(rest), 1, 5).astype(np.int8)
            talk = rng.random(m) < 0.004 + 0.03 * load + 0.02 * (feel8 <= 1)
            parts.append((kid.astype(np.int32), on.astype(np.int32), feel8, rest8, talk))
        monday += timedelta(7)
    kid, on, feel, rest, talk = (np.concatenate(c) for c in zip(*parts, strict=True))
    late = rng.random(len(kid)) < 0.01
    recorded = on + late * rng.integers(1, 20, len(kid))
    sheet = {
        "pupil_id": writing.ids(schools.pupil_no, 8).take(kid),
        "occurred_on": writing.dates(on),
        "mood": writing.whole(feel),
        "sleep": writing.whole(rest, rng.random(len(kid)) < 0.02),
        "wants_to_talk": writing.flags(talk),
    }
    return sheet, recorded
