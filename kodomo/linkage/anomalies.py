"""Anomalies: deliveries that are wrong as a whole, named before their rows are matched wrongly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kodomo.linkage.engine import Records, Residents, Weighed
from kodomo.linkage.levels import SWAP
from kodomo.normalize import is_mojibake

ENOUGH = 20
(MOJIBAKE, SHIFTED, SWAPPED, NOBODY) = ("mojibake", "shifted", "swapped", "nobody")


@dataclass(frozen=True)
class Anomaly:
    """One thing that is wrong with an extract as a whole: how many of its rows show it, and what to do."""

    group: int
    kind: str
    rows: int
    share: float
    message: str


def find_anomalies(
    weighed: Weighed,
    top: np.ndarray,
    belief: np.ndarray,
    records: Records,
    residents: Residents,
    titles: dict[int, str],
) -> list[Anomaly]:
    """Return what looks wrong with extracts as a whole, in order of extract.

    `top` and `belief` are the best pair of each record (-1 none) and how much is believed in it. Rows of an
    extract of kind SHIFTED may not link by themselves.
    """
    found: list[Anomaly] = []
    has = top >= 0
    for group in sorted(set(records.group.tolist())):
        mine = records.group == group
        count = int(mine.sum())
        if count < ENOUGH:
            continue
        title = titles[group]

        def note(kind: str, rows: int, of: int, text: str, group: int = group, title: str = title) -> None:
            found.append(Anomaly(group, kind, rows, round(rows / of, 6), f"{title}：{text}"))

        names = records.frame["name"][mine].tolist()
        garbled = sum(isinstance(name, str) and is_mojibake(name) for name in names)
        if garbled >= 0.2 * count:
            note(
                MOJIBAKE,
                garbled,
                count,
                f"氏名が文字化けしているようです（{garbled:,}行）。文字コードを確かめて、受け取り直してください。",
            )
        rows = np.flatnonzero(mine & has)
        pair = top[rows]
        whole = (weighed.levels["sei"][pair] >= 5) & (weighed.levels["mei"][pair] >= 5)
        rows, pair = rows[whole], pair[whole]
        shifted = False
        if len(rows) >= ENOUGH:
            ours = records.birth["serial"][rows]
            theirs = residents.birth["serial"][weighed.pairs.person[pair]]
            known = (ours > -1e6) & (theirs > -1e6)
            gaps, counts = np.unique((ours - theirs)[known], return_counts=True)
            shifted = bool(len(gaps) and gaps[counts.argmax()] != 0 and counts.max() >= 0.5 * known.sum())
            if shifted:
                gap = int(gaps[counts.argmax()])
                amount = f"{abs(gap)}日" if abs(gap) < 300 else f"約{round(abs(gap) / 365.25)}年"
                note(
                    SHIFTED,
                    int(counts.max()),
                    int(known.sum()),
                    f"この名簿の生年月日は{amount}ずれているようです。自動では結びつけません。"
                    "提供元に確かめて、受け取り直してください。",
                )
        swapped = weighed.levels["sei"][top[mine & has]] == SWAP
        if len(swapped) >= ENOUGH and swapped.mean() >= 0.5:
            note(
                SWAPPED,
                int(swapped.sum()),
                len(swapped),
                "姓と名が入れ替わっているようです。提供元に列の順を確かめてください。",
            )
        good = int((mine & has & (belief >= 0.5)).sum())
        if good < 0.3 * count and not shifted and garbled < 0.2 * count:
            note(
                NOBODY,
                count - good,
                count,
                f"一致する住民が見つかる行が{good:,}行しかありません（全{count:,}行）。"
                "氏名・生年月日の列が正しいか、提供元に確かめてください。",
            )
    return found
