"""Anomalies: deliveries that are wrong as a whole, named before their rows are matched wrongly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kodomo.linkage.engine import Records, Residents, Weighed
from kodomo.linkage.levels import SWAP
from kodomo.normalize import is_kana, is_mojibake

ENOUGH = 20
SAMPLE = 1000
# Of rows whose whole name fits somebody, usually two or three in a hundred have quite another birth date.
MISFIT = 0.15
(MOJIBAKE, SHIFTED, MISALIGNED, SWAPPED) = ("mojibake", "shifted", "misaligned", "swapped")
(EXCHANGED, NO_BIRTH, SEX, NOBODY) = ("exchanged", "no_birth", "sex", "nobody")
# Rows of such an extract may not link by themselves: its birth dates are those of other people.
UNSAFE = frozenset({SHIFTED, MISALIGNED})


@dataclass(frozen=True)
class Anomaly:
    """One thing that is wrong with an extract as a whole: how many of its rows show it, and what to do."""

    group: int
    kind: str
    rows: int
    share: float
    message: str


def _has_kanji(text: str) -> bool:
    return any("\u3400" <= char <= "\u9fff" or "\uf900" <= char <= "\ufaff" for char in text)


def _count(values: list[Any], share: float, holds: Callable[[Any], bool]) -> int:
    """How often something holds, 0 where it cannot be near `share` of all: then not every row is read.

    A thousand rows spread over the list decide that; half the share among them is reason enough to count.
    """
    sample = values[:: max(1, len(values) // SAMPLE)]
    if len(sample) < len(values) and sum(map(holds, sample)) < 0.5 * share * len(sample):
        return 0
    return sum(map(holds, values))


def _crossed(both: tuple[object, object]) -> bool:
    """Kana where the name should be, and kanji where its kana should be."""
    name, kana = both
    return isinstance(name, str) and isinstance(kana, str) and _has_kanji(kana) and is_kana(name)


def find_anomalies(
    weighed: Weighed,
    top: np.ndarray,
    belief: np.ndarray,
    records: Records,
    residents: Residents,
    titles: dict[int, str],
) -> list[Anomaly]:
    """Return what looks wrong with extracts as a whole, in order of extract.

    `top` and `belief` are the best pair of each record (-1 none) and how much is believed in it.
    """
    found: list[Anomaly] = []
    has = top >= 0
    # Of everybody who bears a record's whole name, how well the birth date fits at best (-1 nobody, no date).
    best_birth = np.full(len(records), -1, dtype="int8")
    named = np.flatnonzero((weighed.levels["sei"] >= 5) & (weighed.levels["mei"] >= 5))
    np.maximum.at(best_birth, weighed.pairs.record[named], weighed.levels["dob"][named])
    for group in sorted(set(records.group.tolist())):
        mine = records.group == group
        count = int(mine.sum())
        if count < ENOUGH:
            continue
        title = titles[group]

        def note(kind: str, rows: int, of: int, text: str, group: int = group, title: str = title) -> None:
            found.append(Anomaly(group, kind, rows, round(rows / of, 6), f"{title}：{text}"))

        names = records.frame["name"][mine].tolist()
        garbled = _count(names, 0.2, lambda name: isinstance(name, str) and is_mojibake(name))
        if garbled >= 0.2 * count:
            note(
                MOJIBAKE,
                garbled,
                count,
                f"氏名が文字化けしているようです（{garbled:,}行）。文字コードを確かめて、受け取り直してください。",
            )
        kanas = records.frame["kana"][mine].tolist()
        crossed = _count(list(zip(names, kanas, strict=True)), 0.5, _crossed)
        if crossed >= 0.5 * count:
            note(
                EXCHANGED,
                crossed,
                count,
                "氏名とカナの列が入れ替わっているようです。提供元に列の順を確かめてください。",
            )
        dateless = int((mine & (records.birth["year"] < 0)).sum())
        if dateless >= 0.5 * count:
            note(
                NO_BIRTH,
                dateless,
                count,
                f"生年月日の分からない行が{dateless:,}行あります（全{count:,}行）。ほとんどが確認待ちになります。"
                "生年月日の列があるか、提供元に確かめてください。",
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
            fitting = weighed.levels["sex"][pair][weighed.levels["dob"][pair] == 7]
            fitting = fitting[fitting >= 0]
            if len(fitting) >= ENOUGH and (fitting == 0).mean() >= 0.5:
                note(
                    SEX,
                    int((fitting == 0).sum()),
                    len(fitting),
                    "性別が逆になっているようです。提供元に符号（1男・2女）を確かめてください。",
                )
        far = best_birth[mine & (best_birth >= 0)] <= 1
        if not shifted and far.sum() >= ENOUGH and far.mean() >= MISFIT:
            note(
                MISALIGNED,
                int(far.sum()),
                len(far),
                f"氏名は同じで生年月日の違う行が{int(far.sum()):,}行あります。氏名と生年月日の行がずれているようです。"
                "自動では結びつけません。提供元に確かめて、受け取り直してください。",
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
