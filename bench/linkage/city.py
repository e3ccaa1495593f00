"""City: one synthetic city made and loaded for the bench, with its truth, and one with planted twins."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import duckdb
import pandas as pd

from bench.linkage import stress
from bench.linkage.counting import KEYS
from kodomo import intake
from kodomo.contracts import load_contracts
from kodomo.linkage.sources import PERSON_EXTRACTS, read_records
from kodomo.snapshots import Family
from kodomo.synth import generate

NEEDED = ("resident_register", "resident_move", *PERSON_EXTRACTS)


def make(folder: Path, residents: int, noise: float, seed: int, planted: int) -> None:
    """Make `city.duckdb` (the load layer), `rows.parquet` (rows and their truth) and the same with `stress-`.

    Args:
        folder: where to put them; kept as they are where they exist.
        residents: current residents of the city.
        noise: 0 clean, 1 usual, 2 hard.
        seed: of the generator.
        planted: invented children of each kind in the second store; 0 for no second store.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "rows.parquet").exists():
        scratch = Path(tempfile.mkdtemp(dir=folder))
        try:
            generate(scratch / "city", residents, seed=seed, noise=noise)
            _load(scratch, folder)
        finally:
            shutil.rmtree(scratch)
    if planted and not (folder / "stress-rows.parquet").exists():
        shutil.copyfile(folder / "city.duckdb", folder / "stress-city.duckdb")
        rows = pd.read_parquet(folder / "rows.parquet")
        with duckdb.connect(str(folder / "stress-city.duckdb")) as con:
            stress.plant(con, rows, planted).to_parquet(folder / "stress-rows.parquet")


def _load(scratch: Path, folder: Path) -> None:
    """Load the extracts that matching reads and lay the truth beside them; other deliveries are left out."""
    few = scratch / "few"
    few.mkdir()
    contracts = load_contracts()
    for extract in NEEDED:
        pattern = contracts[extract].file.replace("{YYYYMMDD}", "*")
        for path in sorted((scratch / "city" / "deliveries").glob(pattern)):
            path.rename(few / path.name)
    family = Family(scratch / "store" / "city.duckdb")
    intake.load_folder(family, few)
    current = family.current()
    assert current is not None
    truth = pd.read_csv(scratch / "city" / "truth" / "links.csv", dtype=str, keep_default_na=False)
    with duckdb.connect(str(current.path), read_only=True) as con:
        records = read_records(con)[[*KEYS, "number"]]
    rows = records.merge(truth.rename(columns={"resident_id": "true_id"}), on=KEYS)
    rows["by_person"] = rows.pop("number").fillna("") == ""
    shutil.copyfile(current.path, folder / "city.duckdb")
    rows.to_parquet(folder / "rows.parquet")


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
