"""Counting of links against the truth, on a handful of rows."""

from __future__ import annotations

import pandas as pd
import pytest

from bench.linkage.counting import best_cut, count, decide


def frame(*rows: tuple[str, str], column: str = "resident_id") -> pd.DataFrame:
    """Rows of one extract: key and resident."""
    return pd.DataFrame(
        [("roster", key, resident) for key, resident in rows], columns=["extract", "record_key", column]
    )


def scored(*rows: tuple[str, str, float]) -> pd.DataFrame:
    """Pairs with a probability that is their weight, too."""
    pairs = frame(*((key, resident) for key, resident, _ in rows))
    return pairs.assign(probability=[p for *_, p in rows], weight=[p for *_, p in rows])


TRUTH = frame(("1", "A"), ("2", "B"), ("3", "C"), ("4", ""), column="true_id")
NOTHING = frame()


def test_right_wrong_and_missed_are_told_apart():
    counted = count(TRUTH, frame(("1", "A"), ("2", "X")), frame(("3", "C")))
    assert (counted.linked, counted.right, counted.wrong) == (2, 1, 1)
    assert counted.precision == pytest.approx(1 / 2)
    assert counted.recall == pytest.approx(1 / 3)
    assert counted.f1 == pytest.approx(2 / 5)
    assert counted.wrong_per_10000 == pytest.approx(5_000)
    assert counted.review_share == pytest.approx(1 / 4)


def test_a_link_of_somebody_who_is_not_registered_is_wrong():
    assert count(TRUTH, frame(("4", "A")), NOTHING).wrong == 1


def test_an_answered_queue_adds_the_rows_whose_first_candidate_is_right():
    links = frame(("1", "A"), ("2", "B"))
    assert count(TRUTH, links, frame(("3", "C"), ("4", "A"))).f1_answered == pytest.approx(1.0)
    assert count(TRUTH, links, frame(("3", "A"))).f1_answered == pytest.approx(4 / 5)


def test_a_linked_row_does_not_wait_and_other_rows_do_not_count():
    counted = count(TRUTH, frame(("1", "A"), ("9", "Z")), frame(("1", "B")))
    assert (counted.linked, counted.waiting) == (1, 0)


def test_several_links_of_one_row_all_count():
    counted = count(TRUTH, frame(("1", "A"), ("1", "B")), NOTHING)
    assert (counted.right, counted.wrong) == (1, 1)


def test_nothing_linked_is_precise_and_useless():
    counted = count(TRUTH, NOTHING, NOTHING)
    assert (counted.precision, counted.recall, counted.f1) == (1.0, 0.0, 0.0)


def test_the_best_pair_of_a_row_speaks_for_it():
    pairs = scored(("1", "A", 0.99), ("1", "B", 0.97), ("2", "B", 0.5))
    links, waiting = decide(pairs, 0.95, 0.01, best=True)
    assert links["resident_id"].tolist() == ["A"]
    assert waiting["record_key"].tolist() == ["2"]
    assert len(decide(pairs, 0.95, 0.01, best=False)[0]) == 2


def test_the_told_cut_keeps_to_the_false_links_allowed():
    pairs = scored(("1", "A", 0.9), ("2", "B", 0.8), ("4", "A", 0.7), ("3", "C", 0.6))
    assert best_cut(TRUTH, pairs, most_wrong=1.0) == pytest.approx(0.8)
    assert best_cut(TRUTH, pairs) == pytest.approx(0.6)


def test_a_cut_never_falls_between_equal_weights():
    pairs = scored(("1", "A", 0.9), ("4", "A", 0.8), ("2", "B", 0.8))
    assert best_cut(TRUTH, pairs, most_wrong=1.0) == pytest.approx(0.9)
    assert best_cut(TRUTH, scored(("4", "A", 0.9)), most_wrong=1.0) == float("inf")
