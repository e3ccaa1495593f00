"""Encode: names, readings, addresses and schools as integer codes, each distinct value normalised once."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from kodomo.linkage.sources import Register
from kodomo.normalize import (
    Address,
    Gazetteer,
    address_parts_many,
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
_PLAIN_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa\u30fc\uff66-\uff9f]+")
_SCHOOL_PREFIX = re.compile("^(?:.{2,3}[都道府県])?(?:.{1,6}?[市区町村])?立")
_SCHOOL_SUFFIX = re.compile("(小|中|高等|義務教育)学校")


class Codes:
    """A growing dictionary of text values; code -1 is "not given"."""

    def __init__(self) -> None:
        self.values: list[str] = []
        self._index: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.values)

    def add(self, texts: Iterable[str | None]) -> np.ndarray:
        """Return the codes of `texts` (int32), new ones for values not yet seen; empty text is -1."""
        cells = np.array(list(texts), dtype=object)
        if not len(cells):
            return np.array([], dtype="int32")
        place, distinct = pd.factorize(cells)
        index, values = self._index, self.values
        codes = np.full(len(distinct) + 1, NONE, dtype="int32")
        for i, text in enumerate(distinct):
            if not text:
                continue
            code = index.get(text)
            if code is None:
                code = index[text] = len(values)
                values.append(text)
            codes[i] = code
        return codes[place]


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
    lot: Codes = field(default_factory=Codes)
    school: Codes = field(default_factory=Codes)
    towns: Gazetteer = field(default_factory=listed_towns)
    _loose_of: list[int] = field(default_factory=list)
    _sound_of: list[int] = field(default_factory=list)

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
        if key and household:
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


def learn_surnames(register: Register) -> Surnames:
    """Return the surnames of the register's current names: split by blank, or by what households share."""
    current = register.names[register.names["kind"] == 0]
    names, kanas = _texts(current["name"]), _texts(current["kana"])
    kanji: Counter[str] = Counter()
    kana: Counter[str] = Counter()
    readings: dict[str, Counter[str]] = defaultdict(Counter)
    head = [parts[0] if len(parts) > 1 else "" for parts in (text.split() for text in names)]
    head_kana = [parts[0] if len(parts) > 1 else "" for parts in (text.split() for text in kanas)]
    pairs = Counter(zip(head, head_kana, strict=True))
    surname_keys = dict(zip(kept := sorted({a for a, _ in pairs if a}), name_keys(kept), strict=True))
    reading_keys = dict(zip(kept := sorted({b for _, b in pairs if b}), kana_keys(kept), strict=True))
    for (surname, reading), count in pairs.items():
        if surname and not is_latin(surname):
            kanji[surname_keys[surname]] += count
        if reading:
            kana[reading_keys[reading]] += count
            if surname:
                readings[surname_keys[surname]][reading_keys[reading]] += count
    households = register.people["household_id"].to_numpy()[current["person"].to_numpy()].tolist()
    if sum(kanji.values()) * 2 < len(current):
        shared = _common_beginnings(households, name_keys(names))
        kanji.update({key: count for key, count in shared.items() if len(key) <= 4})
    if sum(kana.values()) * 2 < sum(map(bool, kanas)):
        shared = _common_beginnings(households, kana_keys(kanas))
        kana.update({key: count for key, count in shared.items() if count > 1 and len(key) > 1})
    ordered = {
        key: [k for k, _ in sorted(c.items(), key=lambda kc: (-kc[1], kc[0]))] for key, c in readings.items()
    }
    return Surnames(set(kanji), set(kana), ordered)


def _texts(values: Iterable[object]) -> list[str]:
    if isinstance(values, pd.Series):
        return values.astype(object).where(values.notna(), "").tolist()
    return [value if isinstance(value, str) else "" for value in values]


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


def encode_names(
    names: Iterable[object], kanas: Iterable[object], surnames: Surnames, voc: Vocabulary
) -> Names:
    """Return the coded names of two columns (name and reading as delivered).

    Nearly all names are two plain kanji parts with two plain kana parts; those are read part by part from a
    dictionary. The rest (no blank, alphabet, brackets, lost characters) are taken apart one by one.
    """
    name_list, kana_list = _texts(names), _texts(kanas)
    count = len(name_list)
    name_split, kana_split = [text.split() for text in name_list], [text.split() for text in kana_list]
    kanji_key = _plain_parts(name_split, _PLAIN_KANJI, name_keys)
    kana_key_of = _plain_parts(kana_split, _PLAIN_KANA, kana_keys)
    plain = sorted(set(kanji_key.values()))
    loose = dict(zip(plain, loose_keys(plain), strict=True))
    columns: dict[str, list[str]] = {
        name: [""] * count for name in ("sei", "mei", "full", "sei_k", "mei_k", "full_k")
    }
    odd: list[int] = []
    for i, (parts, reading) in enumerate(zip(name_split, kana_split, strict=True)):
        if len(parts) != 2 or len(reading) not in (0, 2):
            odd.append(i)
            continue
        sei, mei = kanji_key.get(parts[0]), kanji_key.get(parts[1])
        if sei is None or mei is None:
            odd.append(i)
            continue
        if reading:
            sei_k, mei_k = kana_key_of.get(reading[0]), kana_key_of.get(reading[1])
            if sei_k is None or mei_k is None:
                odd.append(i)
                continue
            columns["sei_k"][i], columns["mei_k"][i], columns["full_k"][i] = sei_k, mei_k, sei_k + mei_k
        columns["sei"][i], columns["mei"][i], columns["full"][i] = sei, mei, loose[sei] + loose[mei]
    extra: dict[str, list[str]] = {name: [""] * count for name in ("bag", "words", "skeleton")}
    unknown = np.zeros(count, dtype="int32")
    _read_odd(odd, name_list, kana_list, surnames, columns, extra, unknown)
    sei_s, mei_s = voc.strict.add(columns["sei"]), voc.strict.add(columns["mei"])
    sei_k, mei_k = voc.kana.add(columns["sei_k"]), voc.kana.add(columns["mei_k"])
    loose_of, sound_of = voc.loose_of(), voc.sound_of()
    return Names(
        sei_s=sei_s,
        sei_l=loose_of[sei_s],
        mei_s=mei_s,
        mei_l=loose_of[mei_s],
        full_l=voc.whole.add(columns["full"]),
        sei_k=sei_k,
        mei_k=mei_k,
        full_k=voc.reading.add(columns["full_k"]),
        sei_p=sound_of[sei_k],
        mei_p=sound_of[mei_k],
        bag=voc.bag.add(extra["bag"]),
        words=voc.bag.add(extra["words"]),
        skeleton=voc.skeleton.add(extra["skeleton"]),
        unknown=unknown,
    )


def _plain_parts(
    rows: Sequence[Sequence[str]], pattern: re.Pattern[str], keys: Callable[[Iterable[str]], list[str]]
) -> dict[str, str]:
    """Return the keys of the parts that need no second look."""
    parts = sorted({part for row in rows for part in row})
    plain = [part for part in parts if pattern.fullmatch(part) and not is_mojibake(part)]
    return {part: key for part, key in zip(plain, keys(plain), strict=True) if key}


def _read_odd(
    rows: list[int],
    names: Sequence[str],
    kanas: Sequence[str],
    surnames: Surnames,
    columns: dict[str, list[str]],
    extra: dict[str, list[str]],
    unknown: np.ndarray,
) -> None:
    """Take the unusual names apart and write their parts into `columns`, `extra` and `unknown`."""
    if not rows:
        return
    read = {pair: _read_name(*pair) for pair in {(names[i], kanas[i]) for i in rows}}
    pairs = sorted(read)
    sei, mei, whole, sei_kana, mei_kana, whole_kana, bag, letters, words, skeleton, dark = (
        list(column) for column in zip(*(read[pair] for pair in pairs), strict=True)
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
    position = {pair: i for i, pair in enumerate(pairs)}
    whole_loose = [key or joined for key, joined in zip(loose_keys(whole_key), letters, strict=True)]
    found = {"sei": sei_key, "mei": mei_key, "full": whole_loose}
    found |= {"sei_k": sei_reading, "mei_k": mei_reading, "full_k": whole_reading}
    other = {"bag": bag, "words": words, "skeleton": skeleton}
    for row in rows:
        i = position[names[row], kanas[row]]
        for name, values in found.items():
            columns[name][row] = values[i]
        for name, values in other.items():
            extra[name][row] = values[i]
        unknown[row] = dark[i]


def _read_name(name: str, kana: str) -> tuple[str, str, str, str, str, str, str, str, str, str, int]:
    """Take one name apart.

    Returns 姓, 名 and whole as written, the same of the reading, alphabet words in any order and letters in
    this order, words of the reading in any order, consonants, and 1 where a character is unknown.
    """
    if is_mojibake(name):
        name = ""
    if is_mojibake(kana):
        kana = ""
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


def encode_places(addresses: Iterable[object], details: Iterable[object] | None, voc: Vocabulary) -> Places:
    """Return the coded addresses of a column (and of its 方書).

    A column with 方書 is the register's; it teaches `voc` the towns of the city.
    """
    place, where = pd.factorize(np.array(_texts(addresses), dtype=object))
    if details is None:
        parts = address_parts_many(where, towns=voc.towns)
    else:
        voc.towns = learn_towns(where.tolist())
        extra, what = pd.factorize(np.array(_texts(details), dtype=object))
        place, both = pd.factorize(place.astype("int64") * max(len(what), 1) + extra)
        rows = where[both // max(len(what), 1)], what[both % max(len(what), 1)]
        parts = address_parts_many(*rows, voc.towns)
    distinct: dict[Address, int] = {}
    codes = np.array([distinct.setdefault(part, len(distinct)) for part in parts], dtype="int64")[place]
    seen = list(distinct)
    blocks = [f"{p.town}|{p.chome}|{p.block}" if p.block is not None else "" for p in seen]
    lots = [f"{p.town}|{p.chome}|{p.block}|{p.number}" if p.number is not None else "" for p in seen]
    places = Places(
        town=voc.town.add(p.town for p in seen),
        chome=np.array([p.chome for p in seen], dtype="int32"),
        block=voc.lot.add(blocks),
        lot=voc.lot.add(lots),
        room=voc.room.add(p.room for p in seen),
    )
    if not len(codes):
        return places
    return Places(
        places.town[codes], places.chome[codes], places.block[codes], places.lot[codes], places.room[codes]
    )


def school_keys(names: Iterable[object], codes: Iterable[object], by_code: dict[str, str]) -> list[str]:
    """Return one key per school, 豊中市立克明小学校 and 克明小 alike; the code serves a blank name."""
    keys: list[str] = []
    memo: dict[str, str] = {}
    for name, code in zip(_texts(names), _texts(codes), strict=True):
        if not name:
            keys.append(by_code.get(code, ""))
            continue
        key = memo.get(name)
        if key is None:
            plain = name_keys([name])[0]
            key = memo[name] = _SCHOOL_SUFFIX.sub(r"\1", _SCHOOL_PREFIX.sub("", plain))
        keys.append(key)
    return keys


def school_stage(keys: Sequence[str]) -> np.ndarray:
    """Return 1 for primary, 2 for lower secondary, 0 where the name does not say (int8)."""
    return np.array(
        [1 if key.endswith("小") else 2 if key.endswith("中") else 0 for key in keys], dtype="int8"
    )
