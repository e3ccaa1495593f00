"""School days: how many days of class each month has, from weekends, holidays and vacations."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache


def _monday(year: int, month: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta((7 - first.weekday()) % 7 + 7 * (nth - 1))


@cache
def holidays(year: int) -> frozenset[date]:
    """National holidays of a calendar year, substitute Mondays included (equinoxes by the usual formula)."""
    spring = int(20.8431 + 0.242194 * (year - 1980) - (year - 1980) // 4)
    autumn = int(23.2488 + 0.242194 * (year - 1980) - (year - 1980) // 4)
    fixed = [
        (1, 1),
        (2, 11),
        (2, 23),
        (3, spring),
        (4, 29),
        (5, 3),
        (5, 4),
        (5, 5),
        (8, 11),
        (9, autumn),
        (11, 3),
        (11, 23),
    ]
    days = {date(year, m, d) for m, d in fixed}
    days |= {_monday(year, 1, 2), _monday(year, 7, 3), _monday(year, 9, 3), _monday(year, 10, 2)}
    for d in sorted(days):
        if d.weekday() == 6:
            while d in days:
                d += timedelta(1)
            days.add(d)
    return frozenset(days)


def is_school_day(d: date) -> bool:
    """Whether the city's schools hold class: no weekend, no holiday, no vacation."""
    if d.weekday() >= 5 or d in holidays(d.year):
        return False
    md = (d.month, d.day)
    return not ((7, 19) <= md <= (8, 25) or md >= (12, 25) or md <= (1, 6) or (3, 25) <= md <= (4, 7))


@cache
def class_days(year: int, month: int) -> tuple[date, ...]:
    """The days of class in one month."""
    d, out = date(year, month, 1), []
    while d.month == month:
        if is_school_day(d):
            out.append(d)
        d += timedelta(1)
    return tuple(out)
