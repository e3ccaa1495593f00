"""Drafting times: every child scored anew for drafts that differ by one number, as a slider makes them."""

from __future__ import annotations

import time
from pathlib import Path

from kodomo import edits, rescore
from kodomo.items import load_items
from kodomo.ops import open_store
from kodomo.rules import load_categories
from kodomo.snapshots import Family
from kodomo.tuning import active

MOVES = 60


def measure(db: Path) -> tuple[float, list[float]]:
    """Read a judged city and move one number after the other.

    Returns:
        Milliseconds to read the city into memory and score it once; milliseconds of each move.
    """
    family = Family(db)
    base, items, shown = active(open_store(family)), load_items(), load_categories()
    begun = time.perf_counter()
    with family.connect() as con:
        scorer = rescore.Scorer(rescore.read(con, items=items))
    scorer.score(base)
    ready = 1000 * (time.perf_counter() - begun)
    knobs = [knob for board in edits.boards(base, items, shown) for knob in board.knobs]
    moves = []
    for knob in knobs[:: max(1, len(knobs) // MOVES)]:
        draft = edits.turn(base, {knob.id: knob.value + knob.step}, shown)
        begun = time.perf_counter()
        scorer.score(draft)
        moves.append(1000 * (time.perf_counter() - begun))
    return ready, moves
