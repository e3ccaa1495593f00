"""Places: towns of Toyonaka, their schools, and addresses in the register's notation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from kodomo.synth.draw import Bools, Floats, Ints, Texts, pick
from kodomo.synth.names import table

PUBLIC = 800
"""School codes below this are the city's own schools; those above are private, national or elsewhere."""


@dataclass(frozen=True)
class Towns:
    """The 104 towns: postal code, name, number of 丁目 (0 for none), district, stress and weight."""

    postal: Texts
    name: Texts
    chome: Ints
    district: Texts
    stress: Floats
    weight: Floats
    elementary: Ints


@dataclass(frozen=True)
class Schools:
    """School names by code, and the junior high each elementary school feeds."""

    name: dict[int, str]
    feeds: dict[int, int]

    @property
    def elementary(self) -> list[int]:
        """Codes of the city's elementary schools."""
        return sorted(self.feeds)

    @property
    def junior(self) -> list[int]:
        """Codes of the city's junior high schools."""
        return sorted(c for c in self.name if c < PUBLIC and c not in self.feeds)


@cache
def towns() -> Towns:
    """The town table."""
    rows = table("towns")

    def column(name: str, kind: type) -> np.ndarray:
        return np.array([kind(r[name]) for r in rows], object if kind is str else None)

    return Towns(
        column("postal", str),
        column("town", str),
        column("chome", int),
        column("district", str),
        column("stress", float),
        column("weight", float),
        column("elementary", int),
    )


@cache
def schools() -> Schools:
    """The school table."""
    rows = table("schools")
    return Schools(
        {int(r["code"]): r["name"] for r in rows}, {int(r["code"]): int(r["next"]) for r in rows if r["next"]}
    )


_STYLES = [
    "メゾン",
    "コーポ",
    "ハイツ",
    "グランドール",
    "パークハイム",
    "サンライフ",
    "シャトー",
    "ヴィラ",
    "ロイヤルコート",
    "レジデンス",
]
_HOUSING = ["府営{t}住宅", "市営{t}住宅", "UR{t}団地"]


@dataclass
class Addresses:
    """Addresses as parts and as the register writes them."""

    town: Ints
    chome: Ints
    block: Ints
    lot: Ints
    text: Texts
    detail: Texts


def draw(rng: np.random.Generator, town: Ints, flat_share: Floats | float) -> Addresses:
    """Addresses in the given towns; `flat_share` is the share living in a flat (方書 filled)."""
    n, t = len(town), towns()
    limit = t.chome[town]
    chome = np.where(limit > 0, np.floor(rng.random(n) * np.maximum(limit, 1)).astype(int) + 1, 0)
    block, lot = rng.integers(1, 26, n), rng.integers(1, 31, n)
    flat: Bools = rng.random(n) < flat_share
    room = rng.integers(1, 8, n) * 100 + rng.integers(1, 9, n)
    style = (town * 7 + chome * 31 + block * 17 + lot * 3) % 97
    small = np.array([str(i) for i in range(1000)], object)
    part = np.where(chome > 0, small[chome] + "丁目", "")
    text = "豊中市" + t.name[town] + part + small[block] + "番" + small[lot] + "号"
    names = np.array(_STYLES, object)[style % len(_STYLES)] + t.name[town]
    public = np.flatnonzero(flat & (style >= 80))
    for i in public.tolist():
        names[i] = _HOUSING[style[i] % 3].format(t=t.name[town[i]])
    detail = np.where(flat, names + small[room] + "号", "")
    return Addresses(town, chome, block, lot, text, detail.astype(object))


def draw_towns(rng: np.random.Generator, size: int, tilt: float = 0.0) -> Ints:
    """Towns by weight; a positive `tilt` favours the less stressed north, a negative one the south."""
    t = towns()
    return pick(rng, t.weight * np.exp(-tilt * t.stress), size)
