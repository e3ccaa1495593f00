"""Curve: what every possible line for automatic links would link, ask about and get wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kodomo.linkage.decide import NOTHING, UNSURE, Verdict

# Lines on belief, denser towards certainty: there the line is looked for.
CUTS = (
    0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9998, 0.9999, 0.99995, 0.99998,
    0.99999, 0.999995, 0.999999,
)  # fmt: skip
COLUMNS = {
    "cut": "double",
    "auto_rows": "integer",
    "review_rows": "integer",
    "none_rows": "integer",
    "expected_false": "double",
    "known_rows": "integer",
    "known_wrong": "integer",
    "chosen": "boolean",
}


@dataclass
class Rows:
    """Rows matched by person, one cell each: the belief, whether only the line decides, and the status."""

    belief: np.ndarray
    open: np.ndarray
    status: np.ndarray

    @staticmethod
    def of(verdict: Verdict, counted: np.ndarray) -> Rows:
        """Return the rows of `verdict` that `counted` names (bool).

        A row with a reason to wait (a namesake, a twin, another birth date) waits at every line; `open` are
        those without one, which the line alone sends to a person or not.
        """
        status = verdict.status[counted]
        plain = (verdict.flag[counted] == NOTHING) | (verdict.flag[counted] == UNSURE)
        return Rows(verdict.belief[counted], plain & (status != "none"), status)


@dataclass
class Known:
    """Rows whose person is known without the machine: its belief in its choice, and whether that is wrong."""

    belief: np.ndarray
    wrong: np.ndarray

    @staticmethod
    def of(verdict: Verdict, wrong: np.ndarray, counted: np.ndarray) -> Known:
        """Return those rows of `counted` (bool) that a line could link; `wrong` is one cell per record."""
        open_rows = counted & (verdict.status != "none")
        open_rows &= (verdict.flag == NOTHING) | (verdict.flag == UNSURE)
        return Known(verdict.belief[open_rows], wrong[open_rows])


def draw(parts: Sequence[Rows], known: Sequence[Known], chosen: float | None) -> pd.DataFrame:
    """Return one row per line, COLUMNS in ascending order of `cut`.

    Args:
        parts: the rows matched by person, part by part.
        known: rows whose person is known: numbers that were hidden from the machine, and people's decisions.
        chosen: the line in force, added to `CUTS`; None where nothing was matched.

    auto_rows, review_rows and none_rows add up to all rows. expected_false is what the model itself expects
    to be wrong among 10,000 automatic links. known_rows are the rows of known person that the line would
    link, known_wrong those of them it would link to another.
    """
    cuts = sorted({*CUTS, *([] if chosen is None else [chosen])})
    rows = sum(len(part.belief) for part in parts)
    none = sum(int((part.status == "none").sum()) for part in parts)
    belief = np.sort(np.concatenate([part.belief[part.open] for part in parts] or [np.array([])]))[::-1]
    missing = np.cumsum(1 - belief)
    seen = np.concatenate([each.belief for each in known] or [np.array([])])
    wrong = np.concatenate([each.wrong for each in known] or [np.array([], dtype=bool)])
    table = []
    for cut in cuts:
        auto = int((belief >= cut).sum())
        expected = round(float(missing[auto - 1]) / auto * 10000, 4) if auto else 0.0
        sure = seen >= cut
        counts = (auto, rows - none - auto, none, expected, int(sure.sum()), int((sure & wrong).sum()))
        table.append((cut, *counts, cut == chosen))
    return pd.DataFrame(table, columns=list(COLUMNS))
