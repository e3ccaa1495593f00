"""Ceiling: how well a gradient-boosted model orders the same children from the same items of the same days.

It is no part of the dashboard and never will be: nobody could say why it puts a child where it does. It only
tells how much more the items hold than the rules take out of them. It learns from days whose following six
months end before the first measured day, and is asked only about families it was not taught with.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date

import duckdb
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from kodomo import items

#: How many earlier month-ends the model learns from, and into how many parts the families are divided.
LESSONS, PARTS = 4, 3


def _table(con: duckdb.DuckDBPyConnection, day: date, codes: Sequence[str]) -> tuple[list[str], np.ndarray]:
    """Children of a kept day and their items as numbers: unknown is NaN, nothing found is 0; then age."""
    stamp = f"{day:%Y%m%d}"
    children = con.execute(
        f"select resident_id, age, school_grade from kept.child_{stamp} order by resident_id"
    ).fetchall()
    numbers = [row[0] for row in children]
    place = {number: at for at, number in enumerate(numbers)}
    column = {code: at for at, code in enumerate(codes)}
    matrix = np.zeros((len(numbers), len(codes) + 2), dtype=np.float32)
    for code, state in con.execute(
        f"select item, state from kept.item_status_{stamp} order by item"
    ).fetchall():
        if state != "ok" and code in column:
            matrix[:, column[code]] = np.nan
    for table, value in (("item_gap", "null"), ("item_value", "value")):
        rows = con.execute(
            f"select resident_id, item, {value} as value from kept.{table}_{stamp}"
        ).fetchnumpy()
        at = np.array([place.get(number, -1) for number in rows["resident_id"]], dtype=np.int64)
        to = np.array([column.get(code, -1) for code in rows["item"]], dtype=np.int64)
        told = rows["value"]
        filled = np.ma.filled(np.ma.asarray(told, dtype=float), np.nan) if len(told) else np.zeros(0)
        good = (at >= 0) & (to >= 0)
        matrix[at[good], to[good]] = filled[good]
    for offset, what in enumerate((1, 2)):
        matrix[:, len(codes) + offset] = [np.nan if row[what] is None else row[what] for row in children]
    return numbers, matrix


def add(
    con: duckdb.DuckDBPyConnection, lessons: Sequence[date], asked: Sequence[date], seed: int = 1
) -> None:
    """Put the model's order of every measured day into replay.other_score as the list 'ceiling'.

    Args:
        con: a connection of `bench.ranking.measured` with the days laid out in `kept` and the tables family,
            target and known_before in `replay`.
        lessons: the days to learn from.
        asked: the days to put in order.
        seed: of the division of families and of the model.
    """
    codes = sorted(items.load_items())
    family = dict(con.execute("select resident_id, family from replay.family order by 1").fetchall())
    part = np.random.default_rng(seed).permutation(max(family.values(), default=0) + 1) % PARTS
    tables = {day: _table(con, day, codes) for day in (*lessons, *asked)}
    categories = con.execute("select category from replay.outcome_category order by 1").fetchall()
    for (category,) in categories:
        told = {}
        for day, (numbers, matrix) in tables.items():
            bound = {"day": day, "category": category}
            hits, known = (
                {row[0] for row in con.execute(query, bound).fetchall()}
                for query in (
                    "select resident_id from replay.target where as_of = $day and category = $category"
                    " and months = 6",
                    "select resident_id from replay.known_before where as_of = $day and category = $category",
                )
            )
            new = np.array([number not in known for number in numbers])
            came = np.array([number in hits for number in numbers])
            told[day] = (matrix, new, came, np.array([part[family[number]] for number in numbers]))
        for left_out in range(PARTS):
            rows = [
                (m[n & (p != left_out)], c[n & (p != left_out)]) for m, n, c, p in (told[d] for d in lessons)
            ]
            x, y = np.concatenate([m for m, _ in rows]), np.concatenate([c for _, c in rows])
            if not y.any():
                continue
            model = HistGradientBoostingClassifier(
                max_iter=100, learning_rate=0.08, max_leaf_nodes=15, l2_regularization=1.0, random_state=seed
            ).fit(x, y)
            for day in asked:
                matrix, new, _, parts = told[day]
                chosen = new & (parts == left_out)
                score = model.predict_proba(matrix[chosen])[:, 1]
                numbers = [number for number, take in zip(tables[day][0], chosen, strict=True) if take]
                con.register("scored", {"resident_id": np.array(numbers), "score": score})
                con.execute(
                    "insert into replay.other_score"
                    " select $day, resident_id::varchar, $category, 'ceiling', score from scored order by 2",
                    {"day": day, "category": category},
                )
                con.unregister("scored")


if __name__ == "__main__":
    from bench.ranking import main

    sys.exit(main(["--ceiling", *sys.argv[1:]]))
