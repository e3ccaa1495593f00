"""Waterfall: the weight of a pair, in bits, as steps that add up to it."""

from __future__ import annotations

import numpy as np

from kodomo.linkage.engine import Weighed
from kodomo.linkage.model import FIELDS, NUMBER_RIGHT, Model

# before: how likely this resident was before anything was compared. number: what 宛名番号 adds or takes.
# household: what the agreement loses because somebody of the same home would agree as well.
STEPS = ("before", "number", *FIELDS, "household")
# What the steps were read from: the levels of `levels.py`, whose number the row brings, and which name and
# address of the resident agreed best (0 current).
LEVELS = (*FIELDS, "owner", "name_kind", "old_place")


def steps(weighed: Weighed, model: Model, odds: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the steps of the pairs `rows` in bits, one column for each of STEPS (float32).

    They add up to the `odds` of `model.log_odds` (natural logarithm, one per pair), the prior included.
    """
    out = np.zeros((len(rows), len(STEPS)))
    evidence = weighed.evidence
    group, owner = evidence.group[rows], evidence.owner[rows]
    registered = np.array([model.registered.get(number, 0.95) for number in group.tolist()])
    population = np.log(max(model.population, 2))
    open_row = np.log(registered) - population - np.log1p(-registered)
    named = np.where(owner > 0, np.log(NUMBER_RIGHT) - np.log(0.5 * (1 - NUMBER_RIGHT)), -population)
    out[:, 0] = open_row
    out[:, 1] = np.where(owner < 0, 0.0, named - open_row)
    for place, name in enumerate(FIELDS, start=2):
        level = weighed.levels[name][rows]
        for number, m in model.by_group.items():
            mine = group == number
            out[mine, place] = np.append(np.log(np.maximum(m[name], 1e-9)), 0.0)[level[mine]]
        out[:, place] -= weighed.chance[name][rows]
    out[:, -1] = odds[rows] - out.sum(axis=1)
    return (out / np.log(2)).astype("float32")


def levels(weighed: Weighed, rows: np.ndarray) -> np.ndarray:
    """Return what LEVELS names for the pairs `rows`, one column each (int8)."""
    columns = [weighed.levels[name] for name in FIELDS]
    columns += [weighed.evidence.owner, weighed.kind, weighed.old_place]
    return np.stack([np.asarray(values)[rows].astype("int8") for values in columns], axis=1)
