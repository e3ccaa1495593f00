"""Opinion: what people have answered about records, and where each record stands after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from kodomo import cases
from kodomo.ops import OpsStore, jst_date, parse_utc

SAME, DIFFERENT, NOBODY, LATER, UNDONE = "same", "different", "nobody", "later", "undone"
ANSWERS = {
    SAME: "同じ人",
    DIFFERENT: "ちがう人",
    NOBODY: "どの候補でもない",
    LATER: "あとで",
    UNDONE: "取り消し",
}
STATES = {
    "final": "決定",
    "proposed": "2人目の確認待ち",
    "agreed": "2人で決定",
    "disputed": "2人の答えがちがう",
    "later": "あとで",
    "undone": "取り消し",
}


@dataclass(frozen=True)
class Opinion:
    """One stored answer."""

    opinion_id: int
    extract: str
    record_key: str
    resident_id: str | None
    answer: str
    state: str
    origin: str
    given_by: str
    given_at: datetime
    minutes: float | None
    reason: str
    decision_id: int | None
    machine_status: str
    machine_resident: str | None
    machine_probability: float | None

    @property
    def month(self) -> str:
        """The month in Japan, e.g. 2026-11."""
        return jst_date(self.given_at).isoformat()[:7]


@dataclass
class Standing:
    """Where a record stands after all answers.

    proposal: the first of two answers, waiting for the second. ruled_out: whom it is not. settled: decided.
    last_opinion: the number of the newest answer that is not あとで.
    """

    proposal: Opinion | None = None
    disputed: bool = False
    later: datetime | None = None
    ruled_out: set[str] = field(default_factory=set)
    settled: bool = False
    last_opinion: int = 0


def opinions(ops: OpsStore) -> list[Opinion]:
    """Every answer, oldest first."""
    names = list(Opinion.__dataclass_fields__)
    with ops.read() as con:
        rows = con.execute(f"select {', '.join(names)} from link_opinion order by opinion_id").fetchall()
    made = [dict(zip(names, row, strict=True)) for row in rows]
    return [Opinion(**{**row, "given_at": parse_utc(row["given_at"])}) for row in made]


def standings(ops: OpsStore, given: Sequence[Opinion] | None = None) -> dict[tuple[str, str], Standing]:
    """Where each record stands that anybody has answered about: (extract, record_key) → standing."""
    out: dict[tuple[str, str], Standing] = {}
    for item in opinions(ops) if given is None else given:
        at = out.setdefault((item.extract, item.record_key), Standing())
        if item.state != "later":
            at.last_opinion = item.opinion_id
        if item.state == "proposed":
            at.proposal, at.later = item, None
        elif item.state == "disputed":
            at.proposal, at.disputed, at.later = None, True, None
        elif item.state == "later":
            at.later = item.given_at
        else:
            at.proposal, at.disputed, at.later = None, False, None
    for row in cases.link_decisions(ops).itertuples():
        at = out.setdefault((str(row.extract), str(row.record_key)), Standing())
        if row.decision == "same" or row.resident_id is None:
            at.settled = True
        else:
            at.ruled_out.add(str(row.resident_id))
    return out
