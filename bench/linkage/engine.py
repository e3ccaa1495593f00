"""Engine: one way of matching, run on one city: `python -m bench.linkage.engine NAME CITY OUT`.

Every engine starts from the load layer and ends with its links (and what it would ask a person) in a Parquet
file; its seconds by step lie beside it. Imports and the copying of the city are not in the seconds.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path

ENGINES = {
    "exact-raw": "bench.linkage.exact:raw",
    "exact-normalised": "bench.linkage.exact:normalised",
    "splink-documented": "bench.linkage.splink_documented:run",
    "splink-features": "bench.linkage.splink_features:run",
    "ours": "bench.linkage.ours:run",
}
# extract, record_key, resident_id; probability and weight (best first); status auto, review or scored.
COLUMNS = ["extract", "record_key", "resident_id", "probability", "weight", "status"]


class Laps:
    """Seconds by step, in the order they were taken."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._clock = time.perf_counter()

    def __call__(self, step: str) -> None:
        """End the step that was under way and call it `step`."""
        now = time.perf_counter()
        self.seconds[step] = self.seconds.get(step, 0.0) + now - self._clock
        self._clock = now

    @property
    def total(self) -> float:
        """Seconds of all steps."""
        return sum(self.seconds.values())


def main(name: str, city: Path, out: Path) -> None:
    """Run one engine on one city and write `out` (Parquet) and its seconds (`out` with .json)."""
    module, function = ENGINES[name].split(":")
    run = getattr(importlib.import_module(module), function)
    used = time.process_time()
    pairs, laps = run(city)
    used = time.process_time() - used
    assert list(pairs.columns) == COLUMNS
    pairs.to_parquet(out)
    taken = {"seconds": laps.total, "processor": used, "steps": laps.seconds}
    out.with_suffix(".json").write_text(json.dumps(taken), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
