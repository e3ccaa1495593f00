"""Status says of every extract how fresh it is and what waits."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kodomo.intake import status
from tests.intake.desk import CONTRACTS, MOOD, Desk, moods, residents


def of(desk: Desk, extract: str, as_of: date) -> dict[str, Any]:
    frame = status(desk.con, CONTRACTS, as_of)
    assert len(frame) == 28
    assert list(frame["no"]) == sorted(frame["no"])
    return frame[frame["extract"] == extract].iloc[0].to_dict()


@pytest.mark.parametrize(
    ("day", "state"),
    [
        (date(2026, 4, 30), "未受領"),
        (date(2026, 5, 1), "正常"),
        (date(2026, 5, 5), "正常"),
        (date(2026, 5, 6), "遅れ"),
        (date(2026, 5, 16), "途絶"),
    ],
)
def test_a_daily_extract_grows_late_and_stops(desk: Desk, day: date, state: str):
    desk.put("mood_check", moods(2))
    desk.load()
    assert of(desk, "mood_check", day)["state"] == state


def test_figures_of_an_extract(desk: Desk):
    desk.put("mood_check", [*moods(2), MOOD | {"気分": "9"}])
    desk.put("resident_register", residents(3), "20260501")
    desk.put("resident_register", residents(2), "20260502")
    desk.load()
    mood = of(desk, "mood_check", date(2026, 5, 3))
    assert (mood["rows"], mood["quarantined"], mood["unknown_numbers"], mood["days_since"]) == (2, 1, 2, 2)
    assert mood["newest_recorded_on"] == date(2026, 4, 7)
    assert of(desk, "resident_register", date(2026, 5, 3))["rows"] == 2
    assert of(desk, "resident_register", date(2026, 5, 1))["rows"] == 3
    assert of(desk, "guidance", date(2026, 5, 3))["state"] == "未受領"
