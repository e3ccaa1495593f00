"""Evidence: the weight of a candidate as steps in words that add up to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import Any

from kodomo.linkage.waterfall import STEPS

NAME_KINDS = {1: "通称名", 2: "旧氏名", 3: "以前の氏名", 4: "学齢簿の氏名"}
_STEP_NAMES = {
    "before": "くらべる前",
    "number": "宛名番号",
    "sei": "姓",
    "mei": "名",
    "dob": "生年月日",
    "sex": "性別",
    "address": "住所",
    "guardian": "保護者",
    "school": "学校",
    "grade": "学年",
    "age": "年齢",
    "stay": "住んでいた時期",
    "household": "家族との区別",
}
_PART = {
    8: "姓と名が入れ替わって一致",
    7: "漢字もカナも一致",
    6: "一致（片方の表記だけ）",
    5: "ほぼ一致（似た字や小さな違い）",
    4: "カナが一致、漢字がちがう",
    3: "漢字が一致、カナがちがう",
    2: "カナがほぼ一致",
    1: "一部の字だけ同じ",
    0: "ちがう",
    -1: "くらべられない",
}
_WORDS: dict[str, dict[int, str]] = {
    "sei": _PART,
    "mei": _PART,
    "dob": {
        7: "一致",
        6: "1日ちがい",
        5: "月と日が逆",
        4: "1か所の書きまちがいほどの差",
        3: "年・月・日のうち2つが一致",
        2: "わかっている部分が一致",
        1: "1つだけ一致",
        0: "ちがう",
    },
    "sex": {1: "一致", 0: "ちがう"},
    "address": {
        5: "部屋まで一致",
        4: "番地まで一致",
        3: "近い（同じ番か、部屋がちがう）",
        2: "丁目まで同じ",
        1: "町名だけ同じ",
        0: "ちがう",
    },
    "guardian": {3: "一致", 2: "名が一致", 1: "一部一致", 0: "ちがう"},
    "school": {1: "一致", 0: "ちがう"},
    "grade": {1: "合う", 0: "合わない"},
    "age": {2: "合う", 1: "1歳ちがい", 0: "合わない"},
    "stay": {1: "記録の時に住んでいた", 0: "転出などのあとの記録"},
    "number": {1: "この人の番号", 0: "別の人の番号"},
}


@dataclass(frozen=True)
class Step:
    """One step of the waterfall: `points` are bits, one point makes the same person twice as likely."""

    label: str
    words: str
    points: float


def tenths(values: Sequence[float], total: float) -> list[float]:
    """Round to tenths so that the parts still add up to the rounded total (largest remainders first)."""
    goal = round(total * 10)
    down = [floor(value * 10) for value in values]
    left = goal - sum(down)
    order = sorted(range(len(values)), key=lambda i: (down[i] - values[i] * 10, i))
    for turn in range(abs(left)):
        if order:
            down[order[turn % len(order)]] += 1 if left > 0 else -1
    return [value / 10 for value in down]


def steps(offer: dict[str, Any], level: dict[str, int]) -> list[Step]:
    """The steps of one row of `link_candidate` in words, rounded so that they add up to its weight.

    `level` holds the row's levels by the names of `waterfall.LEVELS`.
    """
    points = dict(zip(STEPS, (float(bit) for bit in offer["bits"]), strict=True))
    shown = [
        name
        for name in STEPS
        if name == "before"
        or abs(points[name]) >= 0.05
        or (name in level and level[name] >= 0 and name in _WORDS)
    ]
    rest = sum(points[name] for name in STEPS if name not in shown)
    values = [points[name] for name in shown]
    values[0] += rest
    out = []
    for name, value in zip(shown, tenths(values, float(offer["weight"])), strict=True):
        key = level.get("owner" if name == "number" else name, -1)
        words = _WORDS.get(name, {}).get(key, "")
        if name == "before":
            words = "住民の中のだれか1人である見込み"
        elif name == "household":
            words = "同じ家の人でも同じように一致する分を引く" if value < 0 else "同じ家の人とは区別できる"
        elif name in ("sei", "mei") and level.get("name_kind", 0):
            words += f"（{NAME_KINDS.get(level['name_kind'], '別の氏名')}と）"
        elif name == "address" and level.get("old_place") and key >= 3:
            words = f"以前の住所と{words}"
        out.append(Step(_STEP_NAMES[name], words, value))
    return out
