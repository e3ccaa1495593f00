"""The figures of 検証 beside scikit-learn and fairlearn on the same children."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from fairlearn.metrics import MetricFrame, count, selection_rate
from sklearn.metrics import average_precision_score, precision_score, recall_score

from tests.replay.conftest import Past, at_random

DAY = date(2026, 4, 30)


def one_day(seed: int) -> tuple[Past, np.ndarray, np.ndarray]:
    """A past of one day that counts; per child whether an event came, and its score (higher comes first)."""
    past = at_random(seed, children=400, listed=350)
    past.months = 7
    past.scores = [row for row in past.scores if row[0] == DAY]
    known = {e[0] for e in past.events if e[3] <= DAY and e[4] <= DAY and e[3] > date(2025, 4, 30)}
    hits = {e[0] for e in past.events if e[3] > DAY and e[4] > DAY and e[3] <= date(2026, 10, 30)}
    order = sorted(past.scores, key=lambda row: (-row[3] * 1_000_000 - row[4], row[5]))
    score = {row[1]: float(len(order) - place) for place, row in enumerate(order)}
    people = [one for one in past.children if one not in known]
    came = np.array([one in hits for one in people])
    return past, came, np.array([score.get(one, 0.0) for one in people])


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_precision_recall_and_average_precision_are_scikit_learns(seed: int) -> None:
    past, came, score = one_day(seed)
    assert 5 < came.sum() < len(came)
    listing = past.figures()["listing"]
    rows = listing[(listing["method"] == "rules") & (listing["months"] == 6)]
    rows = rows[(rows["category"] == "abuse")]
    assert rows["average_precision"].tolist() == [pytest.approx(average_precision_score(came, score))]
    for k in (10, 25, 40):
        assert (score > 0).sum() > k
        chosen = score >= np.sort(score)[-k]
        assert chosen.sum() == k
        rules = past.at_k(k)["rules"]
        assert rules["precision"] == pytest.approx(precision_score(came, chosen))
        assert rules["found"] / rules["events"] == pytest.approx(recall_score(came, chosen))


@pytest.mark.parametrize("seed", [11, 12])
def test_the_fairness_table_is_fairlearns(seed: int) -> None:
    past, came, _ = one_day(seed)
    past.foreign = frozenset(past.children[:150])
    known = {e[0] for e in past.events if e[3] <= DAY and e[4] <= DAY and e[3] > date(2025, 4, 30)}
    people = [one for one in past.children if one not in known]
    listed = {row[1] for row in past.scores if row[3] >= 2}
    chosen = np.array([one in listed for one in people])
    told = MetricFrame(
        metrics={
            "children": count,
            "selected_share": selection_rate,
            "right_share": precision_score,
            "found_share": recall_score,
        },
        y_true=came,
        y_pred=chosen,
        sensitive_features=["日本以外" if one in past.foreign else "日本" for one in people],
    ).by_group
    fairness = past.figures()["fairness"]
    rows = fairness[(fairness["category"] == "abuse") & (fairness["axis"] == "国籍")].set_index("part")
    assert set(rows.index) == set(told.index)
    shown = 0
    for part in told.index:
        for name in told.columns:
            value = rows.loc[part, name]
            if not np.isnan(value):
                shown += 1
                assert value == pytest.approx(told.loc[part, name])
    assert shown >= 6
