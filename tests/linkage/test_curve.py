"""Curve: every possible automatic line is counted from the same rows, and known wrong links are shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kodomo.linkage.curve import CUTS, Known, Rows, draw
from tests.linkage.test_decisions import RECORD
from tests.linkage.test_numbers import CHILD, ROW, STRANGER, TOWN

BELIEF = np.array([0.9999, 0.97, 0.55, 0.9999])
PART = Rows(
    BELIEF,
    np.array([True, True, False, True]),
    np.array(["auto", "review", "none", "auto"], dtype=object),
)


def _at(table: pd.DataFrame, cut: float) -> dict:
    return table[table["cut"] == cut].iloc[0].to_dict()


def test_a_higher_line_moves_rows_from_automatic_to_review_and_loses_none() -> None:
    table = draw([PART], [], 0.99)
    assert table["cut"].tolist() == sorted(set(CUTS))
    assert (table[["auto_rows", "review_rows", "none_rows"]].sum(axis=1) == 4).all()
    assert table["auto_rows"].is_monotonic_decreasing
    assert _at(table, 0.95)["auto_rows"] == 3
    assert _at(table, 0.99)["auto_rows"] == 2
    assert (table["none_rows"] == 1).all()


def test_expected_false_is_the_mean_doubt_of_what_the_line_links() -> None:
    table = draw([PART], [], None)
    assert _at(table, 0.95)["expected_false"] == pytest.approx((0.0001 + 0.03 + 0.0001) / 3 * 1e4, abs=1e-3)
    assert _at(table, 0.99)["expected_false"] == pytest.approx(1.0, abs=1e-3)
    assert not table["chosen"].any()


def test_known_rows_count_only_where_the_line_would_link_them() -> None:
    known = Known(np.array([0.9999, 0.97]), np.array([False, True]))
    table = draw([PART], [known], 0.99)
    assert (_at(table, 0.95)["known_rows"], _at(table, 0.95)["known_wrong"]) == (2, 1)
    assert (_at(table, 0.99)["known_rows"], _at(table, 0.99)["known_wrong"]) == (1, 0)


def test_a_line_between_the_usual_ones_is_added_and_marked() -> None:
    table = draw([PART], [], 0.99123)
    assert table.loc[table["chosen"], "cut"].tolist() == [0.99123]
    assert len(table) == len(CUTS) + 1


def _decisions(*rows: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "extract": "consultation",
                "record_key": "K00000",
                "resident_id": resident,
                "decision": decision,
                "decided_by": "u1",
                "decided_at": "2025-06-01",
            }
            for resident, decision in rows
        ]
    )


def test_a_snapshot_keeps_the_curve_of_the_rows_without_a_number(city) -> None:
    found = city(TOWN, school_register=[ROW], consultation=[RECORD])
    chosen = found.curve[found.curve["chosen"]]
    assert len(chosen) == 1
    assert chosen[["auto_rows", "review_rows", "none_rows"]].iloc[0].tolist() == [1, 0, 0]
    # the one row of 学齢簿 was matched once more with its number hidden
    assert chosen[["known_rows", "known_wrong"]].iloc[0].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("resident", "decision", "wrong"),
    [
        (CHILD["resident_id"], "same", 0),
        (STRANGER["resident_id"], "same", 1),
        (CHILD["resident_id"], "different", 1),
        (STRANGER["resident_id"], "different", None),
    ],
)
def test_what_people_decided_tests_the_line(city, resident: str, decision: str, wrong: int | None) -> None:
    found = city(TOWN, consultation=[RECORD], decisions=_decisions((resident, decision)))
    chosen = found.curve[found.curve["cut"] == 0.99].iloc[0]
    assert chosen[["known_rows", "known_wrong"]].tolist() == ([0, 0] if wrong is None else [1, wrong])


def test_an_empty_city_has_an_empty_curve(city) -> None:
    found = city([])
    assert (found.curve[["auto_rows", "review_rows", "none_rows"]] == 0).all().all()
