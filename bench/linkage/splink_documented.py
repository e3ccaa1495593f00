"""Splink as documented: a comparison of its library per column, its training, every pair above a cut.

The set-up follows the project's own febrl4 and link_only examples. It is given our normalised columns: a city
that starts with splink alone would be worse off.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from bench.linkage.engine import COLUMNS, Laps
from bench.linkage.features import Tables, build, place_texts

KEEP = 0.001


def _texts(frame: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """Return the columns as text: names and readings by part, birth date, sex, dwelling, block, town."""
    voc = tables.voc

    def text(values: list[str], codes: pd.Series) -> np.ndarray:
        return np.array([*values, None], dtype=object)[codes.fillna(-1).to_numpy(dtype="int64")]

    blocks, lots = place_texts(voc)
    born = pd.to_datetime(frame["dob"].astype("string"), format="%Y%m%d", errors="coerce")
    lot, room = text(lots, frame["lot"]), text(voc.room.values, frame["room"])
    dwelling = [None if a is None else f"{a}|{b or ''}" for a, b in zip(lot, room, strict=True)]
    return pd.DataFrame(
        {
            "unique_id": frame["unique_id"],
            "surname": text(voc.strict.values, frame["sei"]),
            "given": text(voc.strict.values, frame["mei"]),
            "surname_kana": text(voc.kana.values, frame["sei_kana"]),
            "given_kana": text(voc.kana.values, frame["mei_kana"]),
            "dob": born.dt.strftime("%Y-%m-%d").astype(object).where(born.notna(), None),
            "sex": frame["sex"],
            "dwelling": np.array(dwelling, dtype=object),
            "block": text(blocks, frame["block"]),
            "town": text(voc.town.values, frame["town"]),
        }
    )


def run(city: Path) -> tuple[pd.DataFrame, Laps]:
    """Match every row without a number with the residents' current names and return the scored pairs."""
    import splink.comparison_level_library as cll  # pyright: ignore[reportMissingImports]
    import splink.comparison_library as cl  # pyright: ignore[reportMissingImports]
    from splink import (  # pyright: ignore[reportMissingImports]
        DuckDBAPI,
        Linker,
        SettingsCreator,
        block_on,
    )

    logging.getLogger("splink").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    laps = Laps()
    with duckdb.connect(str(city), read_only=True, config={"threads": 2}) as con:
        tables = build(con, laps)
    now = tables.right[tables.right["kind"] == 0]
    keys, owner = (
        tables.left.set_index("unique_id")[["extract", "record_key"]],
        now.set_index("unique_id")["resident_id"],
    )
    names = ("surname", "given", "surname_kana", "given_kana")
    settings = SettingsCreator(
        link_type="link_only",
        blocking_rules_to_generate_predictions=[
            block_on("surname", "given"),
            block_on("surname_kana", "given_kana"),
            block_on("dob", "given"),
            block_on("dob", "given_kana"),
            block_on("dob", "surname"),
            block_on("dob", "surname_kana"),
            block_on("dob", "town"),
            block_on("given", "block"),
            block_on("given_kana", "block"),
            block_on("surname", "dwelling"),
        ],
        comparisons=[
            *(cl.NameComparison(name).configure(term_frequency_adjustments=True) for name in names),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.ExactMatch("sex"),
            cl.CustomComparison(
                output_column_name="address",
                comparison_levels=[
                    cll.NullLevel("town"),
                    cll.ExactMatchLevel("dwelling", term_frequency_adjustments=True),
                    cll.ExactMatchLevel("block"),
                    cll.ExactMatchLevel("town"),
                    cll.ElseLevel(),
                ],
            ),
        ],
    )
    con = duckdb.connect(config={"threads": 2, "memory_limit": "8GB"})
    database = DuckDBAPI(connection=con)
    with contextlib.redirect_stdout(io.StringIO()):
        sources = [
            database.register(_texts(tables.left, tables), dataset_display_name="a_rows"),
            database.register(_texts(now, tables), dataset_display_name="b_residents"),
        ]
        linker = Linker(sources, settings)
        laps("register")
        training = linker.training
        training.estimate_probability_two_random_records_match(
            [block_on("surname", "given", "dob"), block_on("surname_kana", "given_kana", "dob")], recall=0.9
        )
        training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
        laps("u")
        for columns in (("dob",), ("surname_kana", "given_kana")):
            training.estimate_parameters_using_expectation_maximisation(
                block_on(*columns), estimate_without_term_frequencies=True, max_pairs=1e7
            )
        laps("EM")
        scored = linker.inference.predict(threshold_match_probability=KEEP).as_duckdbpyrelation().df()
        laps("predict")
    rows = keys.loc[scored["unique_id_l"]]
    pairs = pd.DataFrame(
        {
            "extract": rows["extract"].to_numpy(),
            "record_key": rows["record_key"].to_numpy(),
            "resident_id": owner.loc[scored["unique_id_r"]].to_numpy(),
            "probability": scored["match_probability"].to_numpy(),
            "weight": scored["match_weight"].to_numpy(),
            "status": "scored",
        }
    )
    laps("pick")
    return pairs[COLUMNS], laps
