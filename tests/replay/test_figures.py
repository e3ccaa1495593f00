"""The figures of a replay, against sums done by hand and against a plain-Python oracle."""

from __future__ import annotations

import random
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from kodomo import outcomes, replay
from tests.replay.conftest import Past, at_random

DAY = date(2026, 4, 30)


def later_by(day: date, months: int) -> date:
    """A day so many months later, never past the end of that month."""
    number = day.year * 12 + day.month - 1 + months
    ends = replay.month_ends(date(number // 12 + (number % 12 == 11), (number + 1) % 12 + 1, 1), 1)
    return min(date(ends[0].year, ends[0].month, min(day.day, ends[0].day)), ends[0])


def by_hand(past: Past, k: int, months: int) -> tuple[float, float]:
    """Children found a month among the first k, and children there were to find, without any SQL."""
    found, whole = [], []
    for day in past.days:
        end = later_by(day, months)
        if end > past.until:
            continue
        known = {e[0] for e in past.events if e[4] <= day and e[3] <= day and e[3] > later_by(day, -12)}
        people = [one for one in past.children if one not in known]
        hits = {e[0] for e in past.events if e[3] > day and e[4] > day and e[3] <= end} & set(people)
        listed = [row for row in past.scores if row[0] == day and row[1] in people]
        order = [row[1] for row in sorted(listed, key=lambda row: (-row[3] * 1_000_000 - row[4], row[5]))]
        got = len(hits & set(order[:k]))
        if k > len(order):
            rest = len(people) - len(order)
            got += (k - len(order)) * len(hits - set(order)) / rest
        found.append(got)
        whole.append(len(hits))
    return sum(found) / len(found), sum(whole) / len(whole)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_workload_curve_is_what_counting_by_hand_gives(seed: int) -> None:
    past = at_random(seed)
    curve = past.figures()["curve"]
    for months in replay.HORIZONS:
        rows = curve[(curve["method"] == "rules") & (curve["months"] == months)]
        rows = rows[(rows["category"] == "abuse") & (rows["k"] <= 20)]
        assert len(rows) == 2
        for row in rows.to_dict("records"):
            found, whole = by_hand(past, row["k"], months)
            assert row["found"] == pytest.approx(found)
            assert row["events"] == pytest.approx(whole)
            assert row["precision"] == pytest.approx(found / row["k"])
            rules = past.at_k(row["k"], months)["rules"]
            assert (rules["found"], rules["events"]) == (pytest.approx(found), pytest.approx(whole))


def test_any_number_may_be_checked_not_only_the_points_of_the_curve() -> None:
    past = at_random(4)
    for k in (7, 13, 18):
        rules = past.at_k(k)["rules"]
        assert rules["found"] == pytest.approx(by_hand(past, k, 6)[0])
        assert rules["low"] < rules["precision"] < rules["high"]


def test_blind_checking_finds_its_share(past: Past) -> None:
    past.events = [(str(n), "abuse", "notice", date(2026, 10, 1), date(2026, 10, 5)) for n in range(1, 5)]
    blind = past.at_k(20)["random"]
    # Only at the end of April lies the event within the six months that have passed; nine days are counted.
    assert blind["days"] == 9
    assert blind["found"] == pytest.approx(20 / 40 * 4 / 9)


def test_on_one_day_of_only_children_the_range_is_wilsons(past: Past) -> None:
    past.months, past.children = 7, [str(n) for n in range(1, 201)]
    past.scores = [(DAY, str(n), "abuse", 3, 9.0, n, 1) for n in range(1, 101)]
    past.events = [(str(n), "abuse", "notice", date(2026, 6, 1), date(2026, 6, 1)) for n in range(1, 31)]
    rules = past.at_k(100)["rules"]
    low, high = outcomes.wilson(30, 100)
    assert rules["precision"] == pytest.approx(0.3)
    assert (rules["low"], rules["high"]) == (pytest.approx(low), pytest.approx(high))


def test_brothers_and_sisters_on_the_list_together_widen_the_range(past: Past) -> None:
    past.months, past.children = 7, [str(n) for n in range(1, 201)]
    past.scores = [(DAY, str(n), "abuse", 3, 9.0, n, 1) for n in range(1, 101)]
    past.events = [(str(n), "abuse", "notice", date(2026, 6, 1), date(2026, 6, 1)) for n in range(1, 31)]
    alone = past.at_k(100)["rules"]
    past.homes = {str(n): f"H{(n - 1) // 2}" for n in range(1, 201)}
    together = past.at_k(100)["rules"]
    assert together["precision"] == alone["precision"]
    # Pairs that share their fate count once: half as many independent children.
    low, high = outcomes.wilson(15, 50)
    assert (together["low"], together["high"]) == (pytest.approx(low), pytest.approx(high))


@pytest.mark.parametrize("seed", [5, 6])
def test_the_ranges_are_as_wide_as_drawing_families_again_and_again(seed: int) -> None:
    draw = random.Random(seed)
    past = at_random(seed)
    past.children = [str(n) for n in range(1, 301)]
    past.homes = {str(n): f"H{n // draw.choice([1, 2, 2, 3])}" for n in range(1, 301)}
    past.scores = [
        (day, one, "abuse", 2, float(draw.randint(1, 50)), rank, 1)
        for day in past.days
        for rank, one in enumerate(draw.sample(past.children, 200), start=1)
    ]
    sick = [home for home in sorted(set(past.homes.values())) if draw.random() < 0.25]
    past.events = [
        (one, "abuse", "notice", when, when)
        for one in past.children
        if past.homes[one] in sick
        for when in [date(2025, 9, 1) + timedelta(days=draw.randint(0, 400))]
    ]
    past.others = [
        (row[0], row[1], "abuse", "department:pupil", float(draw.randint(1, 50))) for row in past.scores
    ]
    k = 60
    with past.counted() as con:
        placed = con.execute(
            "select method, family, count(*) as places, sum(list_contains(found, 6)::integer) as hits"
            " from placed where category = 'abuse' and place <= $k and list_contains(passed, 6)"
            " group by method, family",
            {"k": k},
        ).df()
        told = {row["method"]: row for row in replay.precision_at(con, "abuse", 6, k).to_dict("records")}
    wide = placed.pivot_table(index="family", columns="method", values=["places", "hits"], fill_value=0)
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(len(wide), np.full(len(wide), 1 / len(wide)), size=4000)
    share = {
        method: (drawn @ wide["hits"][method]) / (drawn @ wide["places"][method])
        for method in ("rules", "department:pupil")
    }
    for method, values in share.items():
        width = told[method]["high"] - told[method]["low"]
        assert width == pytest.approx(np.quantile(values, 0.975) - np.quantile(values, 0.025), rel=0.12)
    apart = share["rules"] - share["department:pupil"]
    row = told["department:pupil"]
    assert row["ahead"] == pytest.approx(told["rules"]["precision"] - row["precision"])
    width = row["ahead_high"] - row["ahead_low"]
    assert width == pytest.approx(np.quantile(apart, 0.975) - np.quantile(apart, 0.025), rel=0.12)


def test_every_list_is_drawn_from_the_same_children(past: Past) -> None:
    past.months, past.children = 7, [str(n) for n in range(1, 101)]
    listed = [str(n) for n in range(1, 41)]
    past.scores = [(DAY, one, "abuse", 2, 9.0, int(one), 1) for one in listed]
    past.others = [(DAY, one, "abuse", "department:pupil", 1.0) for one in listed]
    past.without = [(DAY, "pupil", one, "abuse", 1, 3.0, int(one)) for one in listed]
    # Known already: on no list, though every list has them first.
    past.events = [(one, "abuse", "notice", date(2026, 1, 5), date(2026, 1, 5)) for one in listed[:20]]
    past.events += [(one, "abuse", "council", date(2026, 6, 1), date(2026, 6, 1)) for one in listed[:30]]
    for row in past.at_k(20).values():
        assert row["events"] == 10
        assert row["found"] == pytest.approx(10 if row["method"] not in ("random", "area") else row["found"])
    assert past.at_k(20)["random"]["found"] == pytest.approx(20 * 10 / 80)


def test_an_event_known_late_counts_only_from_days_before_it_was_recorded(past: Past) -> None:
    past.scores = [(DAY, "1", "abuse", 3, 9.0, 1, 1)]
    marks = {}
    for recorded in (date(2026, 4, 30), date(2026, 5, 1)):
        past.events = [("1", "abuse", "notice", date(2026, 5, 1), recorded)]
        shown = past.figures()["level_mark"]
        row = shown[(shown["category"] == "abuse") & (shown["months"] == 6)]
        marks[recorded.day] = row[row["level"] == 3]["found"].iloc[0]
    assert marks[30] == 0
    assert marks[1] > 0
    past.events = [("1", "abuse", "notice", date(2026, 4, 30), date(2026, 5, 20))]
    shown = past.figures()["level_mark"]
    assert shown["found"].max() == 0, "what had happened already is not a later event"


def test_lead_time_begins_at_the_first_month_end_at_level_two(past: Past) -> None:
    past.scores = [
        (date(2026, 2, 28), "1", "abuse", 1, 3.0, 1, 1),
        (date(2026, 5, 31), "1", "abuse", 2, 6.0, 1, 1),
        (date(2026, 7, 31), "1", "abuse", 3, 9.0, 1, 1),
    ]
    happened = date(2026, 9, 10)
    past.events = [
        ("1", "abuse", "notice", happened, happened),
        ("2", "abuse", "council", happened, happened),
        ("2", "abuse", "severity_up", date(2026, 10, 1), date(2026, 10, 1)),
    ]
    lead = past.figures()["lead_time"]
    days = dict(zip(lead["kind"], lead["days"], strict=True))
    assert days["notice"] == (happened - date(2026, 5, 31)).days
    assert pd.isna(days["council"]), "never listed"
    assert "severity_up" not in days, "not the first event of that child"


def test_known_cases_are_judged_half_a_year_before_anybody_knew(past: Past) -> None:
    past.scores = [(DAY, "1", "abuse", 2, 6.0, 1, 1), (date(2026, 5, 31), "2", "abuse", 3, 9.0, 1, 1)]
    past.facts = [
        ("1", date(2026, 10, 28), date(2026, 10, 31)),
        ("2", date(2026, 10, 28), date(2026, 10, 31)),
    ]
    masked = past.figures()["masked"]
    found = {(row["category"], row["level"]): row for row in masked.to_dict("records")}
    assert found["", 2]["cases"] == 2
    assert found["", 2]["reached"] == 1
    assert found["", 3]["reached"] == 0
    low, high = outcomes.wilson(1, 2)
    assert (found["", 2]["low"], found["", 2]["high"]) == (pytest.approx(low), pytest.approx(high))
    assert found["", 2]["usual"] == pytest.approx(1 / 40)


def test_leaving_a_department_out_shows_what_it_found(past: Past) -> None:
    past.children = [str(n) for n in range(1, 61)]
    past.scores = [(DAY, str(n), "abuse", 2, 60.0 - n, n, 1) for n in range(1, 31)]
    past.scores += [(date(2026, 3, 31), str(n), "abuse", 2, 60.0 - n, n, 1) for n in range(1, 31)]
    past.without = [(DAY, "pupil", str(n), "abuse", 2, 30.0 + n, 31 - n) for n in range(1, 31)]
    past.events = [("1", "abuse", "notice", date(2026, 6, 1), date(2026, 6, 1))]
    row = past.at_k(10)["without:pupil"]
    assert (row["days"], row["rules_found"], row["found"]) == (1, 1, 0)
    assert row["ahead"] == pytest.approx(0.1)
    assert row["ahead_low"] < 0.1 < row["ahead_high"]


def test_no_share_is_given_of_fewer_than_ten(past: Past) -> None:
    past.foreign = frozenset(str(n) for n in range(1, 6))
    past.months = 7
    past.scores = [(DAY, str(n), "abuse", 2, 6.0, n, 1) for n in range(1, 21)]
    past.events = [(str(n), "abuse", "notice", date(2026, 6, 1), date(2026, 6, 1)) for n in range(1, 13)]
    fairness = past.figures()["fairness"]
    rows = fairness[(fairness["category"] == "abuse") & (fairness["axis"] == "国籍")].to_dict("records")
    found = {row["part"]: row for row in rows}
    few, many = found["日本以外"], found["日本"]
    assert (few["children"], few["selected"], few["events"], few["found"]) == (5, 5, 5, 5)
    assert all(few[name] != few[name] for name in ("selected_share", "right_share", "found_share"))
    assert many["children"] == 35
    assert many["selected_share"] == pytest.approx(15 / 35)
    assert many["right_share"] == pytest.approx(7 / 15)
    assert many["found_share"] != many["found_share"], "seven events are too few"


def test_stability_is_the_share_of_children_on_both_lists(past: Past) -> None:
    past.months = 2
    first, second = past.days
    past.scores = [(first, str(n), "abuse", 2, 6.0, n, 1) for n in (1, 2, 3)]
    past.scores += [(second, str(n), "abuse", 2, 6.0, n, 1) for n in (2, 3, 4)]
    stability = past.figures()["stability"]
    assert stability[stability["k"] == 100]["jaccard"].tolist() == [pytest.approx(2 / 4)]


def test_month_ends_go_back_from_the_last_whole_month() -> None:
    assert replay.month_ends(date(2026, 3, 30), 3) == [
        date(2025, 12, 31),
        date(2026, 1, 31),
        date(2026, 2, 28),
    ]
    assert replay.month_ends(date(2024, 2, 29), 1) == [date(2024, 2, 29)]
