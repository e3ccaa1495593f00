"""Levels: how well each pair agrees, field by field, as small integers that grow with agreement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA, LCSseq, Levenshtein

from kodomo.linkage.encode import Names, Vocabulary
from kodomo.normalize import is_transliteration

# Name parts: 7 kanji and reading, 6 the only script both have, 5 one exact and the other a variant or a slip,
# 4 reading only, 3 kanji only, 2 reading nearly, 1 a shared character, 0 different, -1 not comparable.
# 姓 has one level more: 8 = 姓 and 名 exchanged.
SWAP = 8
# Birth date: 7 equal, 6 a day off, 5 month and day exchanged, 4 one part mistyped, 3 one part different,
# 2 known parts of a partial date equal, 1 one part equal, 0 different.
# Address: 5 same room, 4 same house, 3 same block or another room, 2 same 丁目, 1 same town, 0 elsewhere.
_ERA_GAPS = (12, 14, 30, 63, 88)


@dataclass
class Similar:
    """Judgements about pairs of distinct values, computed once per pair of values."""

    voc: Vocabulary

    def _distinct(self, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        joint = (left.astype("int64") << 32) | right.astype("int64")
        distinct, inverse = np.unique(joint, return_inverse=True)
        return (distinct >> 32).astype("int64"), (distinct & 0xFFFFFFFF).astype("int64"), inverse

    def readings(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Return 3 equal, 2 alike or one slip, 1 two slips in a long one, 0 different, -1 unknown (int8)."""
        out = np.full(len(left), -1, dtype="int8")
        known = (left >= 0) & (right >= 0)
        out[known & (left == right)] = 3
        todo = known & (left != right)
        if todo.any():
            a, b, inverse = self._distinct(left[todo], right[todo])
            texts, sound_of = self.voc.kana.values, self.voc.sound_of()
            one, two = [texts[i] for i in a], [texts[i] for i in b]
            distance = process.cpdist(one, two, scorer=OSA.distance, score_cutoff=3, dtype=np.uint8)
            length = np.minimum([len(t) for t in one], [len(t) for t in two])
            alike = (sound_of[a] == sound_of[b]) & (sound_of[a] >= 0)
            close = alike | ((distance <= 1) & (length >= 3))
            near = np.where(close, 2, np.where((distance <= 1) | ((distance <= 2) & (length >= 5)), 1, 0))
            out[todo] = near.astype("int8")[inverse]
        return out

    def kanji(
        self, left_s: np.ndarray, right_s: np.ndarray, left_l: np.ndarray, right_l: np.ndarray
    ) -> np.ndarray:
        """Return 2 equal, 1 confusable, 0 different, -1 unknown (int8)."""
        out = np.full(len(left_s), -1, dtype="int8")
        known = (left_s >= 0) & (right_s >= 0)
        out[known] = 0
        out[known & (left_l == right_l)] = 1
        out[known & (left_s == right_s)] = 2
        return out

    def shared(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Return whether two kanji parts share a character (bool)."""
        out = np.zeros(len(left), dtype=bool)
        known = (left >= 0) & (right >= 0)
        if known.any():
            a, b, inverse = self._distinct(left[known], right[known])
            texts = self.voc.loose.values
            common = process.cpdist(
                [texts[i] for i in a], [texts[i] for i in b], scorer=LCSseq.similarity, dtype=np.uint8
            )
            out[known] = (common > 0)[inverse]
        return out

    def masked(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Return whether two kanji parts of one length agree but for one character (an unknown one, bool)."""
        out = np.zeros(len(left), dtype=bool)
        known = (left >= 0) & (right >= 0)
        if known.any():
            a, b, inverse = self._distinct(left[known], right[known])
            texts = self.voc.loose.values
            one, two = [texts[i] for i in a], [texts[i] for i in b]
            distance = process.cpdist(one, two, scorer=Levenshtein.distance, dtype=np.uint8)
            same = np.array([len(x) == len(y) and len(x) >= 2 for x, y in zip(one, two, strict=True)])
            out[known] = ((distance <= 1) & same)[inverse]
        return out

    def skeletons(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Return whether two foreign names have nearly the same consonants (bool)."""
        out = np.zeros(len(left), dtype=bool)
        known = (left >= 0) & (right >= 0)
        if known.any():
            a, b, inverse = self._distinct(left[known], right[known])
            texts = self.voc.skeleton.values
            one, two = [texts[i] for i in a], [texts[i] for i in b]
            close = process.cpdist(one, two, scorer=Levenshtein.normalized_similarity, dtype=np.float32)
            long_enough = np.array(
                [min(len(texts[i]), len(texts[j])) >= 4 for i, j in zip(a, b, strict=True)]
            )
            out[known] = ((close >= 0.75) & long_enough)[inverse]
        return out

    def transliterated(self, latin: Names, reading: Names) -> np.ndarray:
        """Return whether alphabet names of the one may be the readings of the other (bool)."""
        out = np.zeros(len(latin.bag), dtype=bool)
        known = (latin.bag >= 0) & (reading.sei_k >= 0) & (reading.mei_k >= 0)
        if known.any():
            table = np.stack([latin.bag[known], reading.sei_k[known], reading.mei_k[known]], axis=1)
            distinct, inverse = np.unique(table, axis=0, return_inverse=True)
            bags, kana = self.voc.bag.values, self.voc.kana.values
            same = [is_transliteration(bags[i], kana[j], kana[k]) for i, j, k in distinct.tolist()]
            out[known] = np.array(same)[inverse.ravel()]
        return out


def _part_level(kanji: np.ndarray, kana: np.ndarray, shared: np.ndarray) -> np.ndarray:
    conditions = [
        (kanji < 0) & (kana < 0),
        (kanji == 2) & (kana == 3),
        ((kanji == 2) & (kana < 0)) | ((kana == 3) & (kanji < 0)),
        ((kanji == 1) & ((kana >= 2) | (kana < 0))) | ((kanji == 2) & (kana == 2)),
        (kana == 3) & (kanji == 0),
        kanji >= 1,
        kana == 2,
        (kana == 1) | shared,
    ]
    return np.select(conditions, [-1, 7, 6, 5, 4, 3, 2, 1], 0).astype("int8")


@dataclass
class NameLevels:
    """Agreement of record names with entry names, one row per pair (int8)."""

    sei: np.ndarray
    mei: np.ndarray
    mei_kanji: np.ndarray
    mei_kana: np.ndarray
    by_kana: np.ndarray
    sei_by_kana: np.ndarray


def name_levels(a: Names, b: Names, similar: Similar) -> NameLevels:
    """Compare the names `a` of records with the names `b` of residents, row by row."""
    sei_kj = similar.kanji(a.sei_s, b.sei_s, a.sei_l, b.sei_l)
    mei_kj = similar.kanji(a.mei_s, b.mei_s, a.mei_l, b.mei_l)
    sei_kn = similar.readings(a.sei_k, b.sei_k)
    mei_kn = similar.readings(a.mei_k, b.mei_k)
    # A name that was split elsewhere still agrees as a whole.
    whole = (a.full_l >= 0) & (a.full_l == b.full_l)
    foreign = whole & (a.bag >= 0)
    for kanji in (sei_kj, mei_kj):
        kanji[whole & (kanji == 0)] = 1
        kanji[foreign] = 2
    whole_kana = (a.full_k >= 0) & (a.full_k == b.full_k)
    sei_kn[whole_kana] = 3
    mei_kn[whole_kana] = 3
    # A lost character (外字, 〓) agrees with any one character, never more than "confusable"; alone it does
    # not make a given name the same: twins share a character more often than not.
    seen = mei_kj.copy()
    dark = (a.unknown > 0) | (b.unknown > 0)
    if dark.any():
        rows = np.flatnonzero(dark)
        for kanji, left, right in ((sei_kj, a.sei_l, b.sei_l), (mei_kj, a.mei_l, b.mei_l)):
            close = similar.masked(left[rows], right[rows])
            kanji[rows] = np.where((kanji[rows] == 0) & close, 1, kanji[rows])
    need = (mei_kj == 0) & (mei_kn < 2)
    mei_shared = np.zeros(len(a.sei_s), dtype=bool)
    mei_shared[need] = similar.shared(a.mei_l[need], b.mei_l[need])
    need = (sei_kj == 0) & (sei_kn < 2)
    sei_shared = np.zeros(len(a.sei_s), dtype=bool)
    sei_shared[need] = similar.shared(a.sei_l[need], b.sei_l[need])
    sei = _part_level(sei_kj, sei_kn, sei_shared)
    mei = _part_level(mei_kj, mei_kn, mei_shared)
    # Foreign names: the words in any order, in the alphabet or by reading.
    both = ((a.bag >= 0) & (a.bag == b.bag)) | ((a.words >= 0) & (a.words == b.words))
    sei[both] = np.maximum(sei[both], 6)
    mei[both] = np.maximum(mei[both], 6)
    foreign = ((mei < 2) | (sei < 2)) & (a.skeleton >= 0) & (b.skeleton >= 0)
    if foreign.any():
        rows = np.flatnonzero(foreign)
        near = rows[similar.skeletons(a.skeleton[rows], b.skeleton[rows])]
        sei[near] = np.maximum(sei[near], 2)
        mei[near] = np.maximum(mei[near], 2)
    # One in the alphabet, the other by reading: like a confusable character, good with something beside it.
    mixed = np.flatnonzero(((mei < 5) | (sei < 5)) & ((a.bag >= 0) != (b.bag >= 0)))
    if len(mixed):
        one, other = a.take(mixed), b.take(mixed)
        same = mixed[similar.transliterated(one, other) | similar.transliterated(other, one)]
        sei[same] = mei[same] = 5
        seen[same] = np.maximum(seen[same], 1)
    kanji_swap = (a.sei_l >= 0) & (a.mei_l >= 0) & (a.sei_l == b.mei_l) & (a.mei_l == b.sei_l)
    kana_swap = (a.sei_k >= 0) & (a.mei_k >= 0) & (a.sei_k == b.mei_k) & (a.mei_k == b.sei_k)
    no_kanji = (a.mei_l < 0) | (b.mei_l < 0)
    no_kana = (a.mei_k < 0) | (b.mei_k < 0)
    swapped = (
        ((kanji_swap & (kana_swap | no_kana)) | (kana_swap & (kanji_swap | no_kanji))) & (mei < 5) & (sei < 5)
    )
    sei[swapped] = SWAP
    mei[swapped] = np.where(kanji_swap[swapped] & kana_swap[swapped], 7, 6)
    return NameLevels(
        sei,
        mei,
        np.where(both | (swapped & kanji_swap), 2, seen).astype("int8"),
        np.where(swapped & kana_swap, 3, mei_kn).astype("int8"),
        (mei_kn == 3) & (mei_kj != 2),
        (sei_kn == 3) & (sei_kj != 2),
    )


def birth_levels(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> np.ndarray:
    """Compare birth dates (year, month, day, -1 unknown; serial in days) and return levels (int8)."""
    full_a, full_b = (a["day"] >= 0) & (a["month"] >= 0), (b["day"] >= 0) & (b["month"] >= 0)
    full = full_a & full_b & (a["year"] >= 0) & (b["year"] >= 0)
    y, m, d = (a["year"] == b["year"]), (a["month"] == b["month"]), (a["day"] == b["day"])
    equal = y.astype("int8") + m + d
    off = np.abs(a["serial"] - b["serial"])
    gap = np.abs(a["year"] - b["year"])
    digit = (
        (y & m & _one_digit(a["day"], b["day"]))
        | (y & d & _one_digit(a["month"], b["month"]))
        | (m & d & ((gap <= 1) | (gap == 10) | np.isin(gap, _ERA_GAPS)))
    )
    out = np.select(
        [
            ~full,
            equal == 3,
            off == 1,
            y & (a["month"] == b["day"]) & (a["day"] == b["month"]),
            (equal == 2) & digit,
            equal == 2,
            (equal == 1),
        ],
        [-1, 7, 6, 5, 4, 3, 1],
        0,
    ).astype("int8")
    partial = ~full & (a["year"] >= 0) & (b["year"] >= 0)
    month_known = (a["month"] >= 0) & (b["month"] >= 0)
    out[partial] = np.where(
        y[partial] & (~month_known[partial] | m[partial]), 2, np.where(gap[partial] <= 1, 1, 0)
    ).astype("int8")
    return out


def _one_digit(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """True where two numbers below 100 differ in one of their two digits."""
    tens, ones = (a // 10) == (b // 10), (a % 10) == (b % 10)
    return tens ^ ones


def address_levels(a_codes: tuple[np.ndarray, ...], b_codes: tuple[np.ndarray, ...]) -> np.ndarray:
    """Compare coded addresses (town, chome, block, lot, room) row by row and return levels (int8)."""
    a_town, a_chome, a_block, a_lot, a_room = a_codes
    b_town, b_chome, b_block, b_lot, b_room = b_codes
    town = a_town == b_town
    chome = town & (a_chome == b_chome)
    block = (a_block >= 0) & (a_block == b_block)
    lot = (a_lot >= 0) & (a_lot == b_lot)
    open_number = block & ((a_lot < 0) | (b_lot < 0))
    rooms = (a_room >= 0) & (b_room >= 0)
    return np.select(
        [
            (a_town < 0) | (b_town < 0),
            lot & rooms & (a_room == b_room),
            lot & ~rooms,
            (lot & rooms) | open_number,
            block | chome,
            town,
        ],
        [-1, 5, 4, 3, 2, 1],
        0,
    ).astype("int8")
