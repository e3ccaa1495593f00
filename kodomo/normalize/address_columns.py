"""Address columns: the parts of many addresses as integers, each head, tail and 方書 read once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kodomo.normalize.addresses import (
    Gazetteer,
    _fold_address,  # pyright: ignore[reportPrivateUsage]
    _parse,  # pyright: ignore[reportPrivateUsage]
    _room,  # pyright: ignore[reportPrivateUsage]
)
from kodomo.normalize.text import fold_column

_HEAD = re.compile("[^0-9０-９]*")
_WORD = re.compile(r"[^\d ]+")
# What `addresses._USUAL` reads behind the town.
_TAIL = re.compile(r"(?:(\d+)(?:丁目|-))?(\d+)(?:番|-)(\d+)(?:号(?!室|棟|館))?(?: (.*))?")


@dataclass
class AddressColumns:
    """Addresses in parts, one row each: towns and rooms as codes into their texts, -1 where not given.

    towns, rooms: the texts. town, room: their codes. chome (0 where there is none), block, number: integers.
    """

    towns: list[str]
    rooms: list[str]
    town: np.ndarray
    chome: np.ndarray
    block: np.ndarray
    number: np.ndarray
    room: np.ndarray


class _Codes:
    """Texts in order of their first appearance; "" has no code."""

    def __init__(self) -> None:
        self.index: dict[str, int] = {}

    def of(self, text: str) -> int:
        """Return the code of `text`."""
        return self.index.setdefault(text, len(self.index)) if text else -1


def address_columns(
    addresses: Sequence[str], details: Sequence[str], where: np.ndarray, what: np.ndarray, towns: Gazetteer
) -> AddressColumns:
    """Return what `addresses.address_parts` finds, for many rows at once.

    Nearly every address is a known town with numbers behind it. A city has a hundred towns and some thousand
    numbers, so those are read apart and put together as integers; the other addresses are read one by one.

    Args:
        addresses, details: distinct texts of addresses and of 方書.
        where, what: per row, the position of its address and of its 方書, -1 for none.
        towns: the towns of this city.
    """
    addresses, details = [*addresses, ""], [*details, ""]  # position -1 is the blank
    town_codes, room_codes = _Codes(), _Codes()
    cut = [found.end() for found in map(_HEAD.match, addresses) if found]
    head, heads = pd.factorize(
        np.array([text[:end] for text, end in zip(addresses, cut, strict=True)], dtype=object)
    )
    tail, tails = pd.factorize(
        np.array([text[end:] for text, end in zip(addresses, cut, strict=True)], dtype=object)
    )
    town = np.full((len(heads), 2), -1, dtype="int64")  # the town, and whether it has 丁目
    for i, text in enumerate(fold_column(heads, _fold_address)):
        name, has_chome = towns.town(text) if _WORD.fullmatch(text) else ("", False)
        town[i] = town_codes.of(name), has_chome
    parts = np.full(
        (len(tails), 5), -1, dtype="int64"
    )  # whether it has 丁目 (-1 unusual), 丁目, 番, 号, room
    for i, text in enumerate(fold_column(tails, _fold_address)):
        found = _TAIL.fullmatch(text)
        if found:
            chome, block, number, rest = found.groups()
            room = room_codes.of(_room((rest or "").strip()))
            parts[i] = chome is not None, *(int(part[:9]) for part in (chome or "0", block, number)), room
    folded = fold_column(details, _fold_address)
    own_room = np.array([room_codes.of(_room(text)) for text in folded], dtype="int64")

    usual = (town[head, 0] >= 0) & (parts[tail, 0] == town[head, 1])
    out = np.full((len(where), 5), -1, dtype="int64")
    out[:, 1] = 0
    good = usual[where]
    at = where[good]
    out[good, 0] = town[head[at], 0]
    out[good, 1:] = parts[tail[at], 1:]
    out[good, 4] = np.where(own_room[what[good]] >= 0, own_room[what[good]], out[good, 4])
    rest = np.flatnonzero(~good & (where >= 0))
    places, place = np.unique(where[rest], return_inverse=True)
    texts = fold_column([addresses[i] for i in places], _fold_address)
    both, pairs = pd.factorize(place.astype("int64") * len(details) + what[rest] % len(details))
    read = np.zeros((len(pairs), 5), dtype="int64")
    for i, pair in enumerate(pairs.tolist()):
        found = _parse(texts[pair // len(details)], folded[pair % len(details)], towns)
        numbers = (-1 if number is None else number for number in (found.block, found.number))
        read[i] = town_codes.of(found.town), found.chome, *numbers, room_codes.of(found.room)
    out[rest] = read[both]
    return AddressColumns(
        list(town_codes.index), list(room_codes.index), *(out[:, i].astype("int32") for i in range(5))
    )
