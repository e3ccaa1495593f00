"""Encode: names, readings, addresses and schools as integer codes, each distinct value normalised once."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, count, islice

import numpy as np
import pandas as pd
import pyarrow as pa

from kodomo.linkage.sources import Register
from kodomo.normalize import (
    Gazetteer,
    address_columns,
    is_kana,
    is_latin,
    is_mojibake,
    kana_keys,
    latin_key,
    learn_towns,
    listed_towns,
    loose_keys,
    name_keys,
    name_parts,
    phonetic_keys,
    romaji_skeleton,
    unknown_characters,
)

NONE = -1
_PLAIN_KANJI = re.compile(
    "(?=.*[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[\u3005-\u3007\u3041-\u3096\u30a1-\u30fa\u30fc\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\ufe00-\ufe0f\U000e0100-\U000e01ef]+"
)
_KANJI = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_PLAIN_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa\u30fc\uff66-\uff9f]+")
_SCHOOL_PREFIX = re.compile("^(?:.{2,3}[都道府県])?(?:.{1,6}?[市区町村])?立")
_SCHOOL_SUFFIX = re.compile("(小|中|高等|義務教育)学校")


class Codes:
    """A growing dictionary of text values; code -1 is "not given"."""

    def __init__(self) -> None:
        # A value that is asked for and not there gets the next number, without a line of Python in between.
        self._index: dict[str | None, int] = defaultdict(count().__next__)
        self._index |= {"": NONE, None: NONE}
        self._values: list[str] = []

    @staticmethod
    def of(values: list[str]) -> Codes:
        """Return a dictionary that holds `values`, distinct and not empty, in this order."""
        codes = Codes()
        codes.add(values)
        return codes

    def __len__(self) -> int:
        return len(self._index) - 2

    @property
    def values(self) -> list[str]:
        """The values in order of their codes."""
        if len(self._values) < len(self):
            self._values += [text for text in islice(self._index, len(self._values) + 2, None) if text]
        return self._values

    def add(self, texts: Iterable[str | None]) -> np.ndarray:
        """Return the codes of `texts` (int32), new ones for values not yet seen; empty text is -1."""
        return np.fromiter(map(self._index.__getitem__, texts), dtype="int32")


class Numbers:
    """A growing dictionary of pairs of codes, such as a block and a number in it; code -1 is "not given"."""

    def __init__(self) -> None:
        self.values = np.array([], dtype="int64")

    @staticmethod
    def of(values: np.ndarray) -> Numbers:
        """Return a dictionary that holds these `values` of another."""
        numbers = Numbers()
        numbers.values = values
        return numbers

    def __len__(self) -> int:
        return len(self.values)

    def add(self, group: np.ndarray, number: np.ndarray) -> np.ndarray:
        """Return the codes of pairs (int32), new ones for pairs not yet seen; a number of -1 gives -1."""
        keys = (group.astype("int64") << 32) | np.maximum(number, 0)
        place, distinct = pd.factorize(keys[number >= 0])
        codes = pd.Index(self.values).get_indexer(pd.Index(distinct))
        new = codes < 0
        codes[new] = len(self.values) + np.arange(int(new.sum()))
        self.values = np.concatenate([self.values, distinct[new]])
        out = np.full(len(keys), NONE, dtype="int32")
        out[number >= 0] = codes[place]
        return out


@dataclass
class Texts:
    """A column of texts by its distinct values: `code` per row (-1 where there is no text)."""

    code: np.ndarray
    values: list[str]

    @staticmethod
    def of(column: Iterable[object]) -> Texts:
        """Return the column; what is not text counts as not given."""
        if isinstance(column, pd.Series) and isinstance(column.dtype, pd.StringDtype):
            cells = pa.array(column)
        else:
            cells = pa.array([cell if isinstance(cell, str) else None for cell in column], pa.large_string())
        cells = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
        coded = cells.dictionary_encode()
        code = coded.indices.fill_null(NONE).to_numpy()
        values = coded.dictionary.to_pylist()
        if "" in values:
            code = np.where(code == values.index(""), NONE, code).astype("int32")
        return Texts(code, values)

    def take(self, rows: np.ndarray) -> Texts:
        """Return the rows `rows`, the values kept as they are."""
        return Texts(self.code[rows], self.values)

    def spread(self, codes: np.ndarray) -> np.ndarray:
        """Return per row what `codes` says of its value, -1 where there is no text."""
        return np.append(codes, NONE).astype(codes.dtype)[self.code]

    @cached_property
    def words(self) -> list[list[str]]:
        """The words of each value, as blanks part them."""
        return [value.split() for value in self.values]

    def parts(self) -> Texts:
        """Return the two words of each value, one after the other; none where there are fewer or more."""
        code = np.full((len(self.values), 2), NONE, dtype="int32")
        pairs = [words for words in self.words if len(words) == 2]
        found = Codes()
        code[np.fromiter(map(len, self.words), dtype="int64") == 2] = found.add(
            chain.from_iterable(pairs)
        ).reshape(-1, 2)
        return Texts(code.ravel(), found.values)


@dataclass
class Vocabulary:
    """The values behind the codes, shared by residents and records.

    strict, loose: kanji parts; whole: kanji of whole names; kana, sound: readings of parts; reading: of
    whole names; bag: whole names whatever the order of their words.
    """

    strict: Codes = field(default_factory=Codes)
    loose: Codes = field(default_factory=Codes)
    whole: Codes = field(default_factory=Codes)
    kana: Codes = field(default_factory=Codes)
    reading: Codes = field(default_factory=Codes)
    sound: Codes = field(default_factory=Codes)
    bag: Codes = field(default_factory=Codes)
    skeleton: Codes = field(default_factory=Codes)
    town: Codes = field(default_factory=Codes)
    room: Codes = field(default_factory=Codes)
    chome: Numbers = field(default_factory=Numbers)
    block: Numbers = field(default_factory=Numbers)
    lot: Numbers = field(default_factory=Numbers)
    school: Codes = field(default_factory=Codes)
    towns: Gazetteer = field(default_factory=listed_towns)
    _loose_of: list[int] = field(default_factory=list)
    _sound_of: list[int] = field(default_factory=list)

    def remember(self, loose_of: np.ndarray, sound_of: np.ndarray) -> None:
        """Take the loose codes and the sounds of values as they were found before."""
        self._loose_of, self._sound_of = loose_of.tolist(), sound_of.tolist()

    def loose_of(self) -> np.ndarray:
        """Return the loose code of every strict code; the last cell serves -1."""
        new = self.strict.values[len(self._loose_of) :]
        if new:
            self._loose_of += self.loose.add(loose_keys(new)).tolist()
        return np.array([*self._loose_of, NONE], dtype="int32")

    def sound_of(self) -> np.ndarray:
        """Return the sound code of every reading of a part; the last cell serves -1."""
        new = self.kana.values[len(self._sound_of) :]
        if new:
            self._sound_of += self.sound.add(phonetic_keys(new)).tolist()
        return np.array([*self._sound_of, NONE], dtype="int32")


@dataclass
class Names:
    """Coded names, one row each; every field is int32 with -1 for "not given".

    s and l: strict and loose kanji key; k and p: reading and sound. sei_*, mei_* are 姓 and 名, full_* both.
    bag and words: alphabet and reading in any order; skeleton: consonants of foreign names.
    """

    sei_s: np.ndarray
    sei_l: np.ndarray
    mei_s: np.ndarray
    mei_l: np.ndarray
    full_l: np.ndarray
    sei_k: np.ndarray
    mei_k: np.ndarray
    full_k: np.ndarray
    sei_p: np.ndarray
    mei_p: np.ndarray
    bag: np.ndarray
    words: np.ndarray
    skeleton: np.ndarray
    unknown: np.ndarray

    def take(self, rows: np.ndarray) -> Names:
        """Return the names of `rows`."""
        return Names(**{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})


@dataclass
class Surnames:
    """What the register teaches about 姓: the kanji seen, and the readings seen."""

    kanji: set[str]
    kana: set[str]
    readings: dict[str, list[str]]


def _common_beginnings(households: Sequence[object], keys: Sequence[str]) -> Counter[str]:
    """Count the beginnings members of a household share: surnames, where the register writes no blank."""
    groups: dict[object, list[str]] = defaultdict(list)
    for household, key in zip(households, keys, strict=True):
        if key and isinstance(household, str) and household:
            groups[household].append(key)
    found: Counter[str] = Counter()
    for members in groups.values():
        if len(members) < 2:
            continue
        first = members[0]
        for other in members[1:]:
            length = 0
            while length < min(len(first), len(other)) - 1 and first[length] == other[length]:
                length += 1
            if length:
                found[first[:length]] += 1
    return found


def learn_surnames(register: Register, names: Texts, kanas: Texts) -> Surnames:
    """Return the surnames of the register's current names: split by blank, or by what households share.

    `names` and `kanas` are the columns of `register.names`.
    """
    current = np.flatnonzero(register.names["kind"].to_numpy() == 0)
    kanji: Counter[str] = Counter()
    kana: Counter[str] = Counter()
    readings: dict[str, Counter[str]] = defaultdict(Counter)
    heads, head = _heads(names, current)
    kana_heads, head_kana = _heads(kanas, current)
    names, kanas = names.take(current), kanas.take(current)
    surname_keys, reading_keys = name_keys(heads), kana_keys(kana_heads)
    pairs, counts = np.unique(((head + 1).astype("int64") << 32) | (head_kana + 1), return_counts=True)
    for pair, number in zip(pairs.tolist(), counts.tolist(), strict=True):
        surname, reading = (pair >> 32) - 1, (pair & 0xFFFFFFFF) - 1
        if surname >= 0 and not is_latin(heads[surname]):
            kanji[surname_keys[surname]] += number
        if reading >= 0:
            kana[reading_keys[reading]] += number
            if surname >= 0:
                readings[surname_keys[surname]][reading_keys[reading]] += number
    if sum(kanji.values()) * 2 < len(current):
        shared = _common_beginnings(_homes(register), _spelled(names, name_keys))
        kanji.update({key: count for key, count in shared.items() if len(key) <= 4})
    if sum(kana.values()) * 2 < int((kanas.code >= 0).sum()):
        shared = _common_beginnings(_homes(register), _spelled(kanas, kana_keys))
        kana.update({key: count for key, count in shared.items() if count > 1 and len(key) > 1})
    ordered = {
        key: [k for k, _ in sorted(c.items(), key=lambda kc: (-kc[1], kc[0]))] for key, c in readings.items()
    }
    return Surnames(set(kanji), set(kana), ordered)


def _heads(texts: Texts, rows: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Return the first words of values of several words, and the position of that of each of `rows` (-1)."""
    heads = Codes()
    code = texts.spread(heads.add([words[0] if len(words) > 1 else "" for words in texts.words]))[rows]
    used, place = np.unique(np.append(code, NONE), return_inverse=True)
    return [heads.values[i] for i in used[1:].tolist()], place[:-1] - 1


def _homes(register: Register) -> list[object]:
    """Return the households of the current names."""
    current = register.names["person"][register.names["kind"] == 0].to_numpy()
    return register.people["household_id"].to_numpy(dtype=object)[current].tolist()


def _spelled(texts: Texts, keys: Callable[[Iterable[str]], list[str]]) -> list[str]:
    values = [*keys(texts.values), ""]
    return [values[code] for code in texts.code.tolist()]


def _split_key(key: str, known: set[str]) -> tuple[str, str]:
    for length in range(min(len(key) - 1, 12), 0, -1):
        if key[:length] in known:
            return key[:length], key[length:]
    return "", ""


def _split_kanji(key: str, surnames: Surnames) -> tuple[str, str]:
    """Split a name without blank: a known 姓 in front, else one at the end (exchanged), else by length."""
    left, right = _split_key(key, surnames.kanji)
    if left:
        return left, right
    for length in range(min(len(key) - 1, 5), 0, -1):
        if key[-length:] in surnames.kanji:
            return key[:-length], key[-length:]
    cut = 2 if len(key) > 2 else 1
    return key[:cut], key[cut:]


def _split_kana(key: str, sei: str, mei: str, surnames: Surnames) -> tuple[str, str]:
    """Split a reading without blank so that it fits the split of the kanji."""
    for reading in surnames.readings.get(sei, ()):
        if key.startswith(reading) and len(reading) < len(key):
            return reading, key[len(reading) :]
    for reading in surnames.readings.get(mei, ()):
        if key.endswith(reading) and len(reading) < len(key):
            return key[: -len(reading)], reading
    return _split_key(key, surnames.kana)


def encode_names(names: Texts, kanas: Texts | None, surnames: Surnames, voc: Vocabulary) -> Names:
    """Return the coded names of two columns (name and reading as delivered).

    Nearly all names are two plain kanji parts with two plain kana parts; those are read part by part, every
    distinct part once. The rest (no blank, alphabet, brackets, lost characters) are taken apart one by one.
    """
    count = len(names.code)
    kanas = kanas or Texts(np.full(count, NONE, dtype="int32"), [])
    parts, readings = names.parts(), kanas.parts()
    kanji_keys, kana_keys_ = (
        _plain(parts.values, _PLAIN_KANJI, name_keys),
        _plain(readings.values, _PLAIN_KANA, kana_keys),
    )
    strict, kana = parts.spread(voc.strict.add(kanji_keys)), readings.spread(voc.kana.add(kana_keys_))
    sei_s, mei_s = (names.spread(strict[place::2]) for place in (0, 1))
    sei_k, mei_k = (kanas.spread(kana[place::2]) for place in (0, 1))
    bare = kanas.code < 0
    plain = (sei_s >= 0) & (mei_s >= 0) & (bare | ((sei_k >= 0) & (mei_k >= 0)))
    for column in (sei_s, mei_s, sei_k, mei_k):
        column[~plain] = NONE
    loose_of, sound_of = voc.loose_of(), voc.sound_of()
    coded = Names(
        sei_s=sei_s,
        sei_l=loose_of[sei_s],
        mei_s=mei_s,
        mei_l=loose_of[mei_s],
        full_l=_joined(loose_of[sei_s], loose_of[mei_s], voc.loose, voc.whole),
        sei_k=sei_k,
        mei_k=mei_k,
        full_k=_joined(sei_k, mei_k, voc.kana, voc.reading),
        sei_p=sound_of[sei_k],
        mei_p=sound_of[mei_k],
        bag=np.full(count, NONE, dtype="int32"),
        words=np.full(count, NONE, dtype="int32"),
        skeleton=np.full(count, NONE, dtype="int32"),
        unknown=np.zeros(count, dtype="int32"),
    )
    odd = np.flatnonzero(~plain & ~((names.code < 0) & bare))
    if len(odd):
        _read_odd(coded, odd, names, kanas, surnames, voc)
    return coded


def _plain(
    parts: Sequence[str], pattern: re.Pattern[str], keys: Callable[[Iterable[str]], list[str]]
) -> list[str]:
    """Return the keys of the parts, "" for those that need a second look."""
    plain = [part if pattern.fullmatch(part) and not is_mojibake(part) else "" for part in parts]
    return keys(plain)


def _joined(left: np.ndarray, right: np.ndarray, parts: Codes, whole: Codes) -> np.ndarray:
    """Return the codes in `whole` of two parts written together, -1 where one is missing."""
    out = np.full(len(left), NONE, dtype="int32")
    known = (left >= 0) & (right >= 0)
    place, pairs = pd.factorize((left[known].astype("int64") << 32) | right[known])
    texts = parts.values
    ones, twos = (pairs >> 32).tolist(), (pairs & 0xFFFFFFFF).tolist()
    out[known] = whole.add([texts[one] + texts[two] for one, two in zip(ones, twos, strict=True)])[place]
    return out


def _read_odd(
    coded: Names, rows: np.ndarray, names: Texts, kanas: Texts, surnames: Surnames, voc: Vocabulary
) -> None:
    """Take the unusual names of `rows` apart and write their codes into `coded`."""
    place, both = pd.factorize((names.code[rows].astype("int64") << 32) | (kanas.code[rows] + 1))
    name_of, kana_of = [*names.values, ""], ["", *kanas.values]
    read = [_read_name(name_of[pair >> 32], kana_of[pair & 0xFFFFFFFF]) for pair in both.tolist()]
    sei, mei, whole, sei_kana, mei_kana, whole_kana, bag, letters, words, skeleton, dark = (
        list(column) for column in zip(*read, strict=True)
    )
    whole_key, sei_key, mei_key = name_keys(whole), name_keys(sei), name_keys(mei)
    for i, key in enumerate(whole_key):
        if key and not sei_key[i]:
            sei_key[i], mei_key[i] = _split_kanji(key, surnames)
    whole_reading, sei_reading, mei_reading = kana_keys(whole_kana), kana_keys(sei_kana), kana_keys(mei_kana)
    for i, key in enumerate(whole_reading):
        if key and not sei_reading[i]:
            sei_reading[i], mei_reading[i] = _split_kana(key, sei_key[i], mei_key[i], surnames)
    # A part written in kana (長岡ユイ) is a reading; it neither agrees nor disagrees with another's kanji.
    for keys, readings in ((sei_key, sei_reading), (mei_key, mei_reading)):
        in_kana = [i for i, key in enumerate(keys) if key and is_kana(key)]
        for i, reading in zip(in_kana, kana_keys(keys[i] for i in in_kana), strict=True):
            keys[i] = ""
            readings[i] = readings[i] or reading
    whole_loose = [key or joined for key, joined in zip(loose_keys(whole_key), letters, strict=True)]
    sei_s, mei_s = voc.strict.add(sei_key), voc.strict.add(mei_key)
    sei_k, mei_k = voc.kana.add(sei_reading), voc.kana.add(mei_reading)
    loose_of, sound_of = voc.loose_of(), voc.sound_of()
    found = {
        "sei_s": sei_s, "sei_l": loose_of[sei_s], "mei_s": mei_s, "mei_l": loose_of[mei_s],
        "full_l": voc.whole.add(whole_loose),
        "sei_k": sei_k, "mei_k": mei_k, "full_k": voc.reading.add(whole_reading),
        "sei_p": sound_of[sei_k], "mei_p": sound_of[mei_k],
        "bag": voc.bag.add(bag), "words": voc.bag.add(words), "skeleton": voc.skeleton.add(skeleton),
        "unknown": np.array(dark, dtype="int32"),
    }  # fmt: skip
    for name, codes in found.items():
        getattr(coded, name)[rows] = codes[place]


def _read_name(name: str, kana: str) -> tuple[str, str, str, str, str, str, str, str, str, str, int]:
    """Take one name apart.

    Returns 姓, 名 and whole as written, the same of the reading, alphabet words in any order and letters in
    this order, words of the reading in any order, consonants, and 1 where a character is unknown.
    """
    if is_mojibake(name):
        name = ""
    if is_mojibake(kana):
        kana = ""
    if _PLAIN_KANJI.fullmatch(name) and (not kana or _PLAIN_KANA.fullmatch(kana)):
        return "", "", name, "", "", kana, "", "", "", "", 0
    if kana and is_kana(name) and _KANJI.search(kana):
        name, kana = kana, name  # each in the other's column
    parts, reading = name_parts(name), name_parts(kana)
    sei = mei = whole = bag = letters = words = skeleton = ""
    unknown = 1 if unknown_characters(name) else 0
    if parts and is_kana(name):
        # the same reading twice, once with a blank: the blank tells 姓 from 名
        if not reading or (len(reading) == 1 and kana_keys(["".join(parts)]) == kana_keys(reading)):
            reading = parts
    elif parts and (name.isascii() or is_latin(name)):
        bag = latin_key(name)
        letters = "".join(latin_key(part) for part in parts)
        skeleton = romaji_skeleton(name)
    elif parts:
        whole = "".join(parts)
        if len(parts) > 1:
            sei, mei = parts[0], "".join(parts[1:])
    sei_kana = mei_kana = whole_kana = ""
    if reading:
        if is_latin("".join(reading)):
            bag = bag or latin_key(kana)
        else:
            whole_kana = "".join(reading)
            if len(reading) > 1:
                sei_kana, mei_kana = reading[0], "".join(reading[1:])
            if not whole:
                words = " ".join(sorted(kana_keys(reading)))
                skeleton = skeleton or romaji_skeleton(" ".join(reading))
    return sei, mei, whole, sei_kana, mei_kana, whole_kana, bag, letters, words, skeleton, unknown


@dataclass
class Places:
    """Coded addresses, int32, -1 where not given; `lot` is the whole down to 号, `block` without 号."""

    town: np.ndarray
    chome: np.ndarray
    block: np.ndarray
    lot: np.ndarray
    room: np.ndarray


def encode_places(addresses: Texts, details: Texts | None, voc: Vocabulary) -> Places:
    """Return the coded addresses of a column (and of its 方書).

    A column with 方書 is the register's; it teaches `voc` the towns of the city.
    """
    if details is None:
        details = Texts(np.full(len(addresses.code), NONE, dtype="int32"), [])
    else:
        voc.towns = learn_towns(addresses.values)
    found = address_columns(addresses.values, details.values, addresses.code, details.code, voc.towns)
    town = np.append(voc.town.add(found.towns), NONE)[found.town]
    chome = voc.chome.add(town + 1, found.chome)
    block = voc.block.add(chome, found.block)
    lot = voc.lot.add(block, np.where(found.block >= 0, found.number, -1))
    room = np.append(voc.room.add(found.rooms), NONE)[found.room]
    return Places(town=town, chome=found.chome, block=block, lot=lot, room=room)


def school_keys(names: Iterable[object], codes: Iterable[object], by_code: dict[str, str]) -> list[str]:
    """Return one key per school, 豊中市立克明小学校 and 克明小 alike; the code serves a blank name."""
    name, code = Texts.of(names), Texts.of(codes)
    named = [_SCHOOL_SUFFIX.sub(r"\1", _SCHOOL_PREFIX.sub("", key)) for key in name_keys(name.values)]
    coded = [by_code.get(text, "") for text in code.values]
    return [
        named[i] if i >= 0 else coded[j] if j >= 0 else ""
        for i, j in zip(name.code.tolist(), code.code.tolist(), strict=True)
    ]


def school_stage(keys: Sequence[str]) -> np.ndarray:
    """Return 1 for primary, 2 for lower secondary, 0 where the name does not say (int8)."""
    return np.array(
        [1 if key.endswith("小") else 2 if key.endswith("中") else 0 for key in keys], dtype="int8"
    )
