"""Anomalies: deliveries that are wrong as a whole, named before their rows are matched wrongly."""

from __future__ import annotations

import numpy as np

from kodomo.linkage.engine import Records, Residents, Weighed
from kodomo.linkage.levels import SWAP
from kodomo.normalize import is_mojibake

ENOUGH = 20


def _share(rows: np.ndarray) -> float:
    return float(rows.mean()) if len(rows) else 0.0


def find_anomalies(
    weighed: Weighed,
    top: np.ndarray,
    belief: np.ndarray,
    records: Records,
    residents: Residents,
    titles: dict[int, str],
) -> tuple[list[str], set[int]]:
    """Return sentences about extracts that look wrong as a whole, and the groups with shifted birth dates.

    `top` and `belief` are the best pair of each record (-1 none) and how much is believed in it.
    """
    warnings: list[str] = []
    shifted: set[int] = set()
    has = top >= 0
    for group in sorted(set(records.group.tolist())):
        mine = records.group == group
        if mine.sum() < ENOUGH:
            continue
        title = titles[group]
        names = records.frame["name"][mine].tolist()
        garbled = np.array([isinstance(name, str) and is_mojibake(name) for name in names])
        if _share(garbled) >= 0.2:
            warnings.append(
                f"{title}：氏名が文字化けしているようです（{int(garbled.sum()):,}行）。文字コードを確かめて、受け取り直してください。"
            )
        rows = np.flatnonzero(mine & has)
        pair = top[rows]
        whole = (weighed.levels["sei"][pair] >= 5) & (weighed.levels["mei"][pair] >= 5)
        rows, pair = rows[whole], pair[whole]
        if len(rows) >= ENOUGH:
            ours = records.birth["serial"][rows]
            theirs = residents.birth["serial"][weighed.pairs.person[pair]]
            known = (ours > -1e6) & (theirs > -1e6)
            gaps, counts = np.unique((ours - theirs)[known], return_counts=True)
            if len(gaps) and gaps[counts.argmax()] != 0 and counts.max() >= 0.5 * known.sum():
                gap = int(gaps[counts.argmax()])
                shifted.add(group)
                amount = f"{abs(gap)}日" if abs(gap) < 300 else f"約{round(abs(gap) / 365.25)}年"
                warnings.append(
                    f"{title}：この名簿の生年月日は{amount}ずれているようです。自動では結びつけません。"
                    "提供元に確かめて、受け取り直してください。"
                )
        swapped = weighed.levels["sei"][top[mine & has]] == SWAP
        if len(swapped) >= ENOUGH and _share(swapped) >= 0.5:
            warnings.append(f"{title}：姓と名が入れ替わっているようです。提供元に列の順を確かめてください。")
        good = int((mine & has & (belief >= 0.5)).sum())
        if good < 0.3 * mine.sum() and group not in shifted and _share(garbled) < 0.2:
            warnings.append(
                f"{title}：一致する住民が見つかる行が{good:,}行しかありません（全{int(mine.sum()):,}行）。"
                "氏名・生年月日の列が正しいか、提供元に確かめてください。"
            )
    return warnings, shifted
