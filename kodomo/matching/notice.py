"""Notice: what matching noticed about a whole list: shifted birth dates, swapped columns, mojibake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kodomo.matching.setting import Connection, departments, has_table, titles


@dataclass(frozen=True)
class Notice:
    """One sentence about a whole extract, with how many rows and what share of them it concerns."""

    extract: str
    title: str
    department: str
    kind: str
    rows: int
    share: float
    message: str


def notices(con: Connection, extracts: Sequence[str]) -> list[Notice]:
    """What was noticed about some extracts, in the order of the contracts; empty for older snapshots."""
    if not has_table(con, "link_warning"):
        return []
    with con.cursor() as cursor:
        rows = cursor.execute(
            "select extract, kind, rows, share, message from link_warning"
            " where list_contains($1::varchar[], extract) order by extract, kind, message",
            [list(extracts)],
        ).fetchall()
    order = list(titles())
    return [
        Notice(extract, titles()[extract], departments()[extract], kind, int(count), float(share), message)
        for extract, kind, count, share, message in sorted(rows, key=lambda row: order.index(row[0]))
    ]
