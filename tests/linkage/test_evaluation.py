"""Evaluation: the figures that say how right the links are."""
# ruff: noqa: E501 - cases read best as one row each

from __future__ import annotations

import pandas as pd
import pytest

from kodomo.linkage import evaluate


def test_figures_follow_from_the_counts() -> None:
    link = pd.DataFrame(
        [("a", "1", "x", "auto"), ("a", "2", "y", "auto"), ("a", "3", "z", "review"), ("a", "4", None, "none"), ("a", "5", "x", "auto"), ("b", "1", "q", "confirmed")],
        columns=["extract", "record_key", "resident_id", "status"],
    )  # fmt: skip
    truth = pd.DataFrame(
        [
            ("a", "1", "x"),
            ("a", "2", "n"),
            ("a", "3", "z"),
            ("a", "4", "w"),
            ("a", "5", None),
            ("b", "1", "q"),
        ],
        columns=["extract", "record_key", "resident_id"],
    )
    figures = evaluate(link, truth).set_index("extract")
    a = figures.loc["a"]
    assert (a["linked"], a["right"], a["wrong"], a["missed"], a["review"], a["review_right"]) == (
        3,
        1,
        2,
        3,
        1,
        1,
    )
    assert a["precision"] == pytest.approx(1 / 3)
    assert a["recall"] == pytest.approx(1 / 4)
    assert a["wrong_per_10000"] == pytest.approx(20000 / 3)
    assert figures.loc["b", "f1"] == 1
    assert figures.loc["全体", "rows"] == 6
