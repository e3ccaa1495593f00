"""Evaluation: how right the links are against a known truth, per extract."""

from __future__ import annotations

import pandas as pd

LINKED = ("auto", "confirmed")


def evaluate(link: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Compare links with the truth.

    Args:
        link: extract, record_key, resident_id, status (the `link` table or the links export).
        truth: extract, record_key, resident_id (blank or null: the person is not in the register).

    Returns:
        One row per extract and one called 全体: rows, in_register, linked, right, wrong, missed, review,
        review_right (the best candidate is the right one), precision, recall, f1, wrong_per_10000 (of the
        automatic links), review_share, f1_reviewed (the review queue answered without error where the right
        candidate is on top). Rows whose truth is unknown are left out.
    """
    keys = ["extract", "record_key"]
    both = link[[*keys, "resident_id", "status"]].merge(
        truth[[*keys, "resident_id"]].rename(columns={"resident_id": "true_id"}), on=keys, how="inner"
    )
    given = both["resident_id"].fillna("").astype(str)
    true = both["true_id"].fillna("").astype(str)
    linked = both["status"].isin(LINKED)
    review = both["status"] == "review"
    frame = pd.DataFrame(
        {
            "extract": both["extract"],
            "rows": 1,
            "in_register": (true != "").astype(int),
            "linked": linked.astype(int),
            "right": (linked & (given == true) & (true != "")).astype(int),
            "wrong": (linked & (given != true)).astype(int),
            "review": review.astype(int),
            "review_right": (review & (given == true) & (true != "")).astype(int),
        }
    )
    counts = frame.groupby("extract", sort=False).sum()
    counts.loc["全体"] = counts.sum()
    counts["missed"] = counts["in_register"] - counts["right"]
    counts["precision"] = counts["right"] / counts["linked"].clip(lower=1)
    counts["recall"] = counts["right"] / counts["in_register"].clip(lower=1)
    counts["f1"] = 2 * counts["right"] / (counts["linked"] + counts["in_register"]).clip(lower=1)
    counts["wrong_per_10000"] = counts["wrong"] / counts["linked"].clip(lower=1) * 10000
    counts["review_share"] = counts["review"] / counts["rows"].clip(lower=1)
    answered = counts["right"] + counts["review_right"]
    counts["f1_reviewed"] = (
        2 * answered / (counts["linked"] + counts["review_right"] + counts["in_register"]).clip(lower=1)
    )
    return counts.reset_index()
