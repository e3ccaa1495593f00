"""Counting: how right a set of links is against the truth, the same way for every engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

KEYS = ["extract", "record_key"]


@dataclass(frozen=True)
class Count:
    """What was counted over some rows.

    rows: rows to match. present: those whose person is in the register. linked: automatic links (a row may
    have several where an engine gives several). right, wrong: of those. waiting: rows left to a person.
    waiting_right: of those, the candidate shown first is the right one.
    """

    rows: int
    present: int
    linked: int
    right: int
    wrong: int
    waiting: int
    waiting_right: int

    @property
    def precision(self) -> float:
        """Share of the automatic links that are right; 1 where there are none."""
        return self.right / self.linked if self.linked else 1.0

    @property
    def recall(self) -> float:
        """Share of the rows with a person in the register that are linked to that person."""
        return self.right / self.present if self.present else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall of the automatic links."""
        total = self.linked + self.present
        return 2 * self.right / total if total else 1.0

    @property
    def wrong_per_10000(self) -> float:
        """False links in 10,000 automatic ones."""
        return 10_000 * self.wrong / self.linked if self.linked else 0.0

    @property
    def review_share(self) -> float:
        """Share of the rows that wait for a person."""
        return self.waiting / self.rows if self.rows else 0.0

    @property
    def f1_answered(self) -> float:
        """F1 once every waiting row is answered rightly: confirmed where the first candidate is right."""
        right = self.right + self.waiting_right
        total = self.linked + self.waiting_right + self.present
        return 2 * right / total if total else 1.0


def count(rows: pd.DataFrame, links: pd.DataFrame, waiting: pd.DataFrame) -> Count:
    """Count links and waiting rows against the truth.

    Args:
        rows: the rows that count: extract, record_key, true_id ("" = the person is not in the register).
        links: automatic links: extract, record_key, resident_id; several per row are all counted.
        waiting: rows for review with the candidate shown first: extract, record_key, resident_id. A row that
            has an automatic link does not wait.

    Returns:
        The counts over `rows`; links of other rows are left out.
    """
    linked = links[[*KEYS, "resident_id"]].merge(rows, on=KEYS)
    queue = waiting[[*KEYS, "resident_id"]].merge(rows, on=KEYS).drop_duplicates(KEYS)
    done = linked[KEYS].drop_duplicates().assign(done=True)
    queue = queue.merge(done, on=KEYS, how="left")
    queue = queue[queue["done"].isna()]
    right = int(((linked["resident_id"] == linked["true_id"]) & (linked["true_id"] != "")).sum())
    return Count(
        rows=len(rows),
        present=int((rows["true_id"] != "").sum()),
        linked=len(linked),
        right=right,
        wrong=len(linked) - right,
        waiting=len(queue),
        waiting_right=int(((queue["resident_id"] == queue["true_id"]) & (queue["true_id"] != "")).sum()),
    )


def decide(
    pairs: pd.DataFrame, cut: float, review: float, *, best: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Turn scored pairs into automatic links and waiting rows.

    Args:
        pairs: extract, record_key, resident_id, probability, weight.
        cut: lowest probability of an automatic link.
        review: lowest probability of a waiting row.
        best: take only the best pair of each row (by weight, then resident_id), not every pair above the cut.

    Returns:
        Links and waiting rows as `count` takes them; the best pair of a waiting row stands for it.
    """
    ordered = pairs.sort_values(["weight", "resident_id"], ascending=[False, True], kind="stable")
    first = ordered.drop_duplicates(KEYS)
    source = first if best else ordered
    links = source[source["probability"] >= cut]
    waiting = first[(first["probability"] >= review) & (first["probability"] < cut)]
    return links, waiting


def best_cut(rows: pd.DataFrame, pairs: pd.DataFrame, *, most_wrong: float | None = None) -> float:
    """Return the weight whose cut is best on the truth: what an engine could reach if told the answers.

    Args:
        rows, pairs: as in `count` and `decide`; only the best pair of each row is considered.
        most_wrong: of the cuts with at most so many false in 10,000 links, the one that links most; None for
            the highest F1.

    Returns:
        The lowest weight to link at; infinity where no cut will do.
    """
    ordered = pairs.sort_values(["weight", "resident_id"], ascending=[False, True], kind="stable")
    first = ordered.drop_duplicates(KEYS).merge(rows, on=KEYS)
    first = first.sort_values("weight", ascending=False, kind="stable")
    if first.empty:
        return float("inf")
    right = ((first["resident_id"] == first["true_id"]) & (first["true_id"] != "")).to_numpy().cumsum()
    linked = np.arange(1, len(first) + 1)
    weight = first["weight"].to_numpy()
    last = np.append(weight[1:] != weight[:-1], True)  # a cut falls between different weights only
    if most_wrong is None:
        value = 2 * right / (linked + int((rows["true_id"] != "").sum()))
    else:
        value = np.where((linked - right) * 10_000 <= most_wrong * linked, linked, -1).astype(float)
    value = np.where(last, value, -1.0)
    at = int(value.argmax())
    return float(weight[at]) if value[at] > 0 else float("inf")


__all__ = ["KEYS", "Count", "best_cut", "count", "decide"]
