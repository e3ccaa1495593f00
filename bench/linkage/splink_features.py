"""Splink with our features: our columns, joint levels of kanji and kana, the best resident per row."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from bench.linkage.engine import COLUMNS, Laps
from bench.linkage.features import build

# Our passes as far as equality of columns can say them; splink has no cap on crowded keys.
BLOCKS = (
    ("dob", "mei_sound"), ("dob", "sei_sound"), ("dob", "mei_loose"), ("dob", "sei_loose"), ("dob", "words"),
    ("dob", "letters"), ("dob", "whole"), ("dob", "reading"), ("dob", "block"),
    ("y", "m", "mei_loose"), ("y", "d", "mei_loose"), ("md", "mei_loose"),
    ("y", "m", "mei_sound"), ("y", "d", "mei_sound"), ("md", "mei_sound"),
    ("y", "sei_loose", "mei_loose"), ("y", "sei_sound", "mei_sound"),
    ("sei_loose", "mei_loose"), ("sei_sound", "mei_sound"), ("letters",), ("words",),
    ("mei_loose", "block"), ("mei_sound", "block"), ("sei_loose", "lot"), ("sei_sound", "lot"), ("y", "lot"),
)  # fmt: skip
KEEP = 0.001
LEFT = ["guardian", "school"]
RIGHT = ["lots", "adults", "schools"]


def _part(part: str, more: list[Any], level: Any, otherwise: Any) -> list[Any]:
    """Return the levels of 姓 or 名: both scripts, kana, kanji, sound, one or two slips."""
    kana, loose, sound, byte = f"{part}_kana", f"{part}_loose", f"{part}_sound", f"{part}_bytes"
    short = f"least(length({byte}_l), length({byte}_r))"
    null = f"({part}_l is null or {part}_r is null) and ({kana}_l is null or {kana}_r is null)"
    return [
        level(null, "unknown").configure(is_null_level=True),
        level(f"{part}_l = {part}_r and coalesce({kana}_l = {kana}_r, true)", "all").configure(
            tf_adjustment_column=part
        ),
        level(f"{kana}_l = {kana}_r", "reading").configure(tf_adjustment_column=kana),
        level(f"{part}_l = {part}_r", "kanji").configure(tf_adjustment_column=part),
        level(f"{loose}_l = {loose}_r", "confusable kanji"),
        level(f"{sound}_l = {sound}_r", "sound"),
        *more,
        level(f"levenshtein({byte}_l, {byte}_r) <= 1 and {short} >= 3", "one slip"),
        level(f"levenshtein({byte}_l, {byte}_r) <= 2 and {short} >= 5", "two slips"),
        otherwise(),
    ]


def run(city: Path) -> tuple[pd.DataFrame, Laps]:
    """Match every row without a number and return its scored pairs, one per row and resident."""
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
    left, right = tables.left, tables.right
    keys = left[["unique_id", "extract", "record_key"]].set_index("unique_id")
    owner = right.set_index("unique_id")["resident_id"]
    left = left.drop(columns=["extract", "record_key"])
    right = right.drop(columns=["resident_id", "kind"])
    # Splink wants the same columns on both sides.
    lists = pa.list_(pa.int64())
    here, there = pa.Table.from_pandas(left), pa.Table.from_pandas(right)
    for name in RIGHT:
        at = there.schema.get_field_index(name)
        there = there.set_column(at, name, pa.array(right[name].tolist(), lists))
        here = here.append_column(name, pa.nulls(len(left), lists))
    for name in LEFT:
        there = there.append_column(name, pa.nulls(len(right), pa.int32()))
    there = there.select(here.column_names)

    level, otherwise = cll.CustomLevel, cll.ElseLevel
    words = level("words_l = words_r or letters_l = letters_r", "words in any order")
    swap = level("sei_loose_l = mei_loose_r and mei_loose_l = sei_loose_r", "exchanged")
    same = "(y_l = y_r)::int + (m_l = m_r)::int + (d_l = d_r)::int"
    given = "coalesce(guardian_l, guardian_r)"
    adults = "coalesce(adults_r, adults_l)"
    lot, lots = "lot_l = lot_r", "list_contains(coalesce(lots_r, lots_l), coalesce(lot_l, lot_r))"
    comparisons = [
        cl.CustomComparison(
            output_column_name="surname", comparison_levels=_part("sei", [], level, otherwise)
        ),
        cl.CustomComparison(
            output_column_name="given", comparison_levels=_part("mei", [words, swap], level, otherwise)
        ),
        cl.CustomComparison(
            output_column_name="birth",
            comparison_levels=[
                level("y_l is null or y_r is null", "unknown").configure(is_null_level=True),
                level("dob_l = dob_r", "equal"),
                level("y_l = y_r and m_l = d_r and d_l = m_r", "month and day exchanged"),
                level(f"{same} = 2", "two of three"),
                level("y_l = y_r and (d_l is null or d_r is null)", "year"),
                level(f"{same} = 1", "one of three"),
                otherwise(),
            ],
        ),
        cl.ExactMatch("sex"),
        cl.CustomComparison(
            output_column_name="address",
            comparison_levels=[
                level("town_l is null or town_r is null", "unknown").configure(is_null_level=True),
                level(f"{lot} and coalesce(room_l = room_r, true)", "dwelling").configure(
                    tf_adjustment_column="lot"
                ),
                level(f"{lot}", "house"),
                level(f"{lots}", "former house"),
                level("block_l = block_r", "block"),
                level("town_l = town_r", "town"),
                otherwise(),
            ],
        ),
        cl.CustomComparison(
            output_column_name="parent",
            comparison_levels=[
                level(f"{given} is null or {adults} is null", "unknown").configure(is_null_level=True),
                level(f"list_contains({adults}, {given})", "of the household"),
                otherwise(),
            ],
        ),
        cl.CustomComparison(
            output_column_name="class",
            comparison_levels=[
                level(
                    "coalesce(school_l, school_r) is null or coalesce(schools_l, schools_r) is null",
                    "unknown",
                ).configure(is_null_level=True),
                level("list_contains(coalesce(schools_l, schools_r), coalesce(school_l, school_r))", "same"),
                otherwise(),
            ],
        ),
    ]
    settings = SettingsCreator(
        link_type="link_only",
        blocking_rules_to_generate_predictions=[block_on(*columns) for columns in BLOCKS],
        comparisons=comparisons,
    )
    con = duckdb.connect(config={"threads": 2, "memory_limit": "8GB"})
    database = DuckDBAPI(connection=con)
    with contextlib.redirect_stdout(io.StringIO()):
        sources = [
            database.register(here, dataset_display_name="a_rows"),
            database.register(there, dataset_display_name="b_residents"),
        ]
        linker = Linker(sources, settings)
        laps("register")
        training = linker.training
        training.estimate_probability_two_random_records_match(
            [block_on("sei", "mei", "dob"), block_on("sei_kana", "mei_kana", "dob")], recall=0.9
        )
        training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
        laps("u")
        for columns in (("dob",), ("sei_kana", "mei_kana")):
            training.estimate_parameters_using_expectation_maximisation(
                block_on(*columns), estimate_without_term_frequencies=True, max_pairs=1e7
            )
        laps("EM")
        scored = linker.inference.predict(threshold_match_probability=KEEP).as_duckdbpyrelation().df()
        laps("predict")
    pairs = scored[["unique_id_l", "unique_id_r", "match_probability", "match_weight"]]
    pairs = pairs.sort_values("match_weight", ascending=False, kind="stable")
    pairs = pairs.assign(resident_id=owner.loc[pairs["unique_id_r"]].to_numpy())
    pairs = pairs.drop_duplicates(["unique_id_l", "resident_id"])
    rows = keys.loc[pairs["unique_id_l"]].reset_index(drop=True)
    out = pd.DataFrame(
        {
            "extract": rows["extract"].to_numpy(),
            "record_key": rows["record_key"].to_numpy(),
            "resident_id": pairs["resident_id"].to_numpy(),
            "probability": pairs["match_probability"].to_numpy(),
            "weight": pairs["match_weight"].to_numpy(),
            "status": "scored",
        }
    )
    laps("pick")
    return out[COLUMNS], laps
