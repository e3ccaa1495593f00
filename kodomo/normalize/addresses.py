"""Addresses: town, 丁目, 番, 号 and room out of every notation, and a key for who lives together."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import NamedTuple, overload

from kodomo.normalize.names import variants
from kodomo.normalize.text import BLANKS, DASHES, UPPER, fold_column, nfkc, translate
from kodomo.paths import DATA

TOWNS = DATA / "variants" / "towns.csv"


class Address(NamedTuple):
    """One address in parts; "" and None where a part is not given, chome 0 where the town has none."""

    town: str
    chome: int
    block: int | None
    number: int | None
    room: str


NOWHERE = Address("", 0, None, None, "")

_BLANK_RUN = re.compile(f"[{re.escape(BLANKS)}]+")
_DIGIT_DASH = re.compile(rf"(?<=\d) ?[{re.escape(DASHES)}] ?(?=\d)")
# 五番町, 二番丁 and 一番街 are towns.
_KANJI_NUMBER = re.compile("[〇一二三四五六七八九十百]+(?=丁目|番(?![町丁街])|号)")
_DIGITS = {char: value for value, char in enumerate("〇一二三四五六七八九")}
_POSTCODE = re.compile(r"^〒? ?(?:\d{3}-?\d{4} )?")
_CHOME = re.compile(r"^ ?(\d+) ?丁目?[- の]?")
# Folded text writes 阪 as 坂.
_PREFECTURE = r"(?:東京都|北海道|大[阪坂]府|京都府|[^\d ]{2,3}県)"
# A municipality's name ends with its first 市, 区, 町 or 村, but for those that have one inside.
_CITY = re.compile(
    rf"^({_PREFECTURE})? ?([^郡市\d ]{{1,5}}郡(?!市))?"
    r" ?((?:市川|市原|四日市|廿日市|野々市|小郡|蒲郡|郡?[^市区郡\d ]{1,6})市|[^市区町村\d ]{2,4}区"
    r"|(?<=郡)[^\d ]{1,6}?[町村])"
)
_SECTION = "(?:大字|字)?"
_TOWN = re.compile(r"^([^\d]+?) ?\d+(丁目|-\d+-\d)?")
LEARN_FROM = 20_000
_FALLBACK_TOWN = re.compile(r"^[^\d]*?(?=\d|$)")
_LOT = re.compile(r"(?<=\d) ?(?:番地[のノ]?|番[のノ]?|[のノ](?=\d)) ?")
_NUMBERS = re.compile(r"^ ?(\d+(?:-\d+)*)-?(?:号(?!室|棟|館))?")
_USUAL = re.compile(r"^([^\d ]+)(?:(\d+)(?:丁目|-))?(\d+)(?:番|-)(\d+)(?:号(?!室|棟|館))?(?: (.*))?$")
_FLOOR = re.compile(r"\d+(?:階|F(?![A-Z]))")
_ROOM = re.compile(r"([A-Z])?[- ]?(\d+)([A-Z])?")
_WING = re.compile(r"([A-Z]|\d+)号?[棟館]")
_DETAIL_NOISE = re.compile("号室|号|室|[- ・.,()]|[" + re.escape(DASHES) + "]")


def _arabic(match: re.Match[str]) -> str:
    total = current = 0
    for char in match[0]:
        if char in _DIGITS:
            current = current * 10 + _DIGITS[char]
        else:
            total += max(current, 1) * (10 if char == "十" else 100)
            current = 0
    return str(total + current)


def _fold_address(text: str) -> str:
    text = _BLANK_RUN.sub(" ", translate(nfkc(text), UPPER))
    text = translate(translate(unicodedata.normalize("NFKC", text), variants()[0]), variants()[1])
    return _KANJI_NUMBER.sub(_arabic, _DIGIT_DASH.sub("-", text))


def _small_ke(text: str) -> str:
    return re.sub("(?<=[一-龠])[ヶケがガ](?=[一-龠])", "ケ", text)


@dataclass
class Gazetteer:
    """The towns of one city: which there are, how else they are spelled, and which have 丁目.

    towns: folded spelling → (town, whether it has 丁目). home: what an address of this city may begin with,
    prefecture and city; an address of the city may leave them out. homeless: the register names no city.
    """

    towns: dict[str, tuple[str, bool]]
    home: re.Pattern[str]
    homeless: bool = False
    pattern: re.Pattern[str] = field(init=False)
    _seen: dict[str, tuple[str, bool]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        names = "|".join(sorted(map(re.escape, self.towns), key=lambda name: (-len(name), name)))
        self.pattern = re.compile(rf"(?:{names})(?=[ \d-]|$)" if names else r"(?!)")

    def strip(self, text: str) -> str:
        """Return folded text without prefecture and city, where they are this city's, and 大字 or 字."""
        away = _CITY.match(text) if self.homeless else None
        if away and self.pattern.match(text, away.end()):
            return text[away.end() :]
        return self.home.sub("", text, count=1)

    def town(self, text: str) -> tuple[str, bool]:
        """Return the town that is the whole of `text` and whether it has 丁目; "" where it is none."""
        found = self._seen.get(text)
        if found is None:
            found = self._seen[text] = self.towns.get(self.strip(_small_ke(text)), ("", False))
        return found


def _home(prefecture: str, county: str, city: str) -> re.Pattern[str]:
    before = re.escape(prefecture) if prefecture else _PREFECTURE
    there = rf"(?:{re.escape(county)})?{re.escape(city)}"
    return re.compile(rf"^(?:{before})? ?(?:{there})? ?{_SECTION}" if city else f"^{_SECTION}")


@cache
def listed_towns() -> Gazetteer:
    """Return the towns of data/variants/towns.csv, used where no register has taught others."""
    known: dict[str, tuple[str, bool]] = {}
    places: list[tuple[str, str]] = []
    with TOWNS.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            places.append((row["prefecture"], row["city"]))
            town = _small_ke(_fold_address(row["town"]))
            for spelling in (row["town"], *filter(None, row["aliases"].split(";"))):
                known[_small_ke(_fold_address(spelling))] = (town, row["has_chome"] == "1")
    prefecture, city = (_fold_address(part) for part in places[0])
    return Gazetteer(known, _home(prefecture, "", city))


def learn_towns(addresses: Sequence[str | None]) -> Gazetteer:
    """Return the towns of whatever city the addresses, a register's, belong to.

    Prefecture and city are those that most addresses name. A town is what stands before the first number of
    at least two addresses; it has 丁目 when most of them give one. The towns of data/variants/towns.csv join
    when they are this city's. Of a long column `LEARN_FROM` addresses, evenly spread, are read.
    """
    step = -(-len(addresses) // LEARN_FROM) or 1
    folded = fold_column(list(addresses)[::step], _fold_address)
    texts = [_POSTCODE.sub("", _small_ke(text), count=1) for text in folded if text]
    cities = Counter(found.groups("") for found in map(_CITY.match, texts) if found)
    named = min(cities, key=lambda names: (-cities[names], names), default=None)
    if named is None or cities[named] * 2 < len(texts):
        named = ("", "", "")
    home = _home(*named)
    seen: Counter[str] = Counter()
    with_chome: Counter[str] = Counter()
    for text in texts:
        found = _TOWN.match(home.sub("", text, count=1))
        if found:
            town = found[1].replace(" ", "")
            seen[town] += 1
            with_chome[town] += found[2] is not None
    towns = {town: (town, with_chome[town] * 2 >= n) for town, n in seen.items() if n > 1}
    listed = listed_towns()
    if sum(n for town, n in seen.items() if town in listed.towns) * 2 >= sum(seen.values()):
        towns |= listed.towns
        return Gazetteer(towns, home if named[2] else listed.home)
    return Gazetteer(towns, home, homeless=not named[2])


@lru_cache(maxsize=65536)
def _room(detail: str) -> str:
    if not detail:
        return ""
    text = _FLOOR.sub(" ", detail)
    wing = _WING.search(text)
    if wing:
        text = text[: wing.start()] + " " + text[wing.end() :]
    found = _ROOM.findall(text)
    if found:
        room = "".join(found[-1])
    elif wing:
        room = ""
    else:
        return _DETAIL_NOISE.sub("", detail)
    return f"{wing[1]}-{room}" if wing else room


def _parse(text: str, detail: str, gazetteer: Gazetteer) -> Address:
    """Read one folded address; `detail` is the folded 方書."""
    usual = _USUAL.match(text)
    if usual:
        town, has_chome = gazetteer.town(usual[1])
        if town and has_chome == (usual[2] is not None):
            room = _room(detail) or _room((usual[5] or "").strip())
            return Address(town, int((usual[2] or "0")[:9]), int(usual[3][:9]), int(usual[4][:9]), room)
    text = _small_ke(text.strip())
    if not text:
        return NOWHERE
    text = gazetteer.strip(_POSTCODE.sub("", text))
    match = gazetteer.pattern.match(text)
    has_chome = None
    if match:
        town, has_chome = gazetteer.towns[match[0]]
        rest = text[match.end() :]
    else:
        match = _FALLBACK_TOWN.match(text)
        end = match.end() if match else len(text)
        town, rest = text[:end].replace(" ", ""), text[end:]
    chome = 0
    explicit = _CHOME.match(rest)
    block_first = explicit is not None or re.match(r" ?\d+ ?番", rest) is not None
    if explicit:
        chome, rest = int(explicit[1][:9]), rest[explicit.end() :]
    rest = _LOT.sub("-", rest)
    numbers: list[int] = []
    found = _NUMBERS.match(rest)
    if found:
        numbers = [int(part[:9]) for part in found[1].split("-")]
        rest = rest[found.end() :]
    if not block_first and numbers and (has_chome or (has_chome is None and len(numbers) >= 3)):
        chome = numbers.pop(0)
    block = numbers[0] if numbers else None
    number = numbers[1] if len(numbers) > 1 else None
    room = _room(detail) or (str(numbers[2]) if len(numbers) > 2 else _room(rest.strip()))
    return Address(town, chome, block, number, room)


def address_parts(address: str | None, detail: str | None = None, towns: Gazetteer | None = None) -> Address:
    """Return town, 丁目, 番, 号 and room of one address (`detail` is the 方書).

    Reads 庄内東町1丁目2番3号, 庄内東町１－２－３ and 庄内東町一丁目二番三号, with or without prefecture and
    city, with the building behind the number or in `detail`. Another city's address keeps the city in `town`.
    `towns` are this city's (`learn_towns`), by default those of data/variants/towns.csv.
    """
    return address_parts_many([address], [detail], towns)[0]


def address_parts_many(
    addresses: Iterable[str | None],
    details: Iterable[str | None] | None = None,
    towns: Gazetteer | None = None,
) -> list[Address]:
    """Return `address_parts` of every row; each distinct pair of address and 方書 is read once."""
    addresses = list(addresses)
    gazetteer = towns or listed_towns()
    folded = fold_column(addresses, _fold_address)
    other = fold_column(details, _fold_address) if details is not None else [""] * len(addresses)
    seen: dict[tuple[str, str], Address] = {}
    out: list[Address] = []
    for pair in zip(folded, other, strict=True):
        found = seen.get(pair)
        if found is None:
            found = seen[pair] = _parse(*pair, gazetteer)
        out.append(found)
    return out


@overload
def same_dwelling_key(  # pyright: ignore[reportOverlappingOverload]
    address: str | None, detail: str | None = None
) -> str: ...
@overload
def same_dwelling_key(
    address: Iterable[str | None], detail: Iterable[str | None] | None = None
) -> list[str]: ...
def same_dwelling_key(address, detail=None):  # pyright: ignore[reportInconsistentOverload]
    """Return a key shared by people of one address and 方書, in any notation; "" is nobody's home.

    Takes one address or a whole column (list or Series, with a column of 方書 of the same length) and returns
    one key or a list of keys. The building's name counts, so that two buildings on one lot stay apart.
    """
    if address is None or isinstance(address, str):
        return same_dwelling_key([address], [detail])[0]
    addresses = [value if isinstance(value, str) else None for value in address]
    details = (
        [value if isinstance(value, str) else None for value in detail]
        if detail is not None
        else [None] * len(addresses)
    )
    folded = fold_column(addresses, _fold_address)
    other = fold_column(details, _fold_address)
    gazetteer = listed_towns()
    seen: dict[tuple[str, str], str] = {}
    keys: list[str] = []
    for text, extra in zip(folded, other, strict=True):
        key = seen.get((text, extra))
        if key is None:
            place = _parse(text, "", gazetteer)
            if not place.town:
                key = ""
            elif place.block is None:
                key = f"{_DETAIL_NOISE.sub('', text)}|{_DETAIL_NOISE.sub('', extra)}"
            else:
                home = f"{place.town}|{place.chome}|{place.block}|{place.number or ''}"
                key = f"{home}|{_DETAIL_NOISE.sub('', extra) or place.room}"
            seen[text, extra] = key
        keys.append(key)
    return keys
