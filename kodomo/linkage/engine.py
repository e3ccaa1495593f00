"""Engine: one stage of matching, from coded residents and records to weighed candidate pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kodomo.linkage.candidates import Blocks, Pairs
from kodomo.linkage.encode import (
    Names,
    Places,
    Surnames,
    Texts,
    Vocabulary,
    encode_names,
    encode_places,
    learn_surnames,
    school_keys,
    school_stage,
)
from kodomo.linkage.levels import SWAP, NameLevels, Similar, address_levels, birth_levels, name_levels
from kodomo.linkage.model import BACKGROUND_U, HOUSEHOLD_U, PRIOR_M, Evidence
from kodomo.linkage.sources import Register

ADULT_GAP = 15  # a guardian is at least this many years older than the child
GROWN = 2005  # whoever was born before may be a guardian of anybody at home, a grown brother, too


def _serial(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Return days since 1970 of full dates, far apart for the others."""
    good = (year > 0) & (month > 0) & (day > 0)
    months = (np.where(good, year, 1970) - 1970) * 12 + np.where(good, month, 1) - 1
    days = months.astype("datetime64[M]").astype("datetime64[D]").astype("int64") + np.where(good, day, 1) - 1
    return np.where(good, days, np.iinfo("int32").min // 4).astype("int64")


def _birth(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    year, month, day = (frame[part].to_numpy(dtype="int32") for part in ("year", "month", "day"))
    serial = _serial(year, month, day)
    full = (year > 0) & (month > 0) & (day > 0)
    return {
        "year": year,
        "month": month,
        "day": day,
        "serial": serial,
        "dob": np.where(full, year * 10000 + month * 100 + day, -1).astype("int32"),
        "md": np.where(full, month * 100 + day, -1).astype("int32"),
        # School years begin on 2 April: born 1 April belongs to the year before.
        "school_year": np.where(
            full, year - ((month * 100 + day) < 402), np.where(year > 0, year, -1)
        ).astype("int32"),
    }


def _fiscal_year(days: np.ndarray) -> np.ndarray:
    """Return the fiscal year (from 1 April) of days since 1970; -1 for none."""
    known = days >= 0
    months = (
        np.where(known, days, 0).astype("datetime64[D]").astype("datetime64[M]").astype("int64") + 1970 * 12
    )
    return np.where(known, (months - 3) // 12, -1).astype("int32")


@dataclass
class Residents:
    """The register, coded: one row per resident, names and addresses as separate lists sorted by resident."""

    ids: np.ndarray
    birth: dict[str, np.ndarray]
    sex: np.ndarray
    household: np.ndarray
    ended: np.ndarray
    current: np.ndarray
    entry_person: np.ndarray
    entry_kind: np.ndarray
    entries: Names
    place_person: np.ndarray
    places: Places
    surnames: Surnames

    def __len__(self) -> int:
        return len(self.ids)


@dataclass
class Records:
    """The rows to match, coded."""

    frame: pd.DataFrame
    birth: dict[str, np.ndarray]
    sex: np.ndarray
    names: Names
    guardian: Names
    places: Places
    school: np.ndarray
    group: np.ndarray

    def __len__(self) -> int:
        return len(self.frame)


def _sex(values: pd.Series) -> np.ndarray:
    return values.map({"1": 1, "2": 2}).fillna(-1).to_numpy(dtype="int8")


def code_residents(register: Register, voc: Vocabulary) -> Residents:
    """Return the coded register."""
    people = register.people
    written, read = Texts.of(register.names["name"]), Texts.of(register.names["kana"])
    surnames = learn_surnames(register, written, read)
    names = encode_names(written, read, surnames, voc)
    kinds = register.names["kind"].to_numpy(dtype="int8")
    persons = register.names["person"].to_numpy(dtype="int32")
    _lend_readings(names, persons, kinds)
    household, _ = pd.factorize(people["household_id"])
    return Residents(
        ids=people["resident_id"].to_numpy(dtype=object),
        birth=_birth(people),
        sex=_sex(people["sex"]),
        household=household.astype("int32"),
        ended=people["ended"].to_numpy(dtype="int32"),
        current=people["current"].to_numpy(dtype=bool),
        entry_person=persons,
        entry_kind=kinds,
        entries=names,
        place_person=register.addresses["person"].to_numpy(dtype="int32"),
        places=encode_places(
            Texts.of(register.addresses["address"]), Texts.of(register.addresses["detail"]), voc
        ),
        surnames=surnames,
    )


def _lend_readings(names: Names, persons: np.ndarray, kinds: np.ndarray) -> None:
    """Give 旧氏名 and 通称名, which come without reading, the reading of 名 when 名 is written as today."""
    start = np.flatnonzero(kinds == 0)
    if not len(start):
        return
    first = np.full(int(persons.max()) + 1, -1, dtype="int64")
    first[persons[start]] = start
    own = first[persons]
    lend = (own >= 0) & (names.mei_k < 0) & (names.mei_s >= 0) & (names.mei_s == names.mei_s[own])
    names.mei_k[lend] = names.mei_k[own[lend]]
    names.mei_p[lend] = names.mei_p[own[lend]]


def code_records(
    frame: pd.DataFrame, residents: Residents, voc: Vocabulary, groups: dict[str, int]
) -> Records:
    """Return the coded records (rows of `sources.read_records`)."""
    pairs = frame[["school_code", "school_name"]].dropna()
    by_code: dict[str, str] = {}
    if len(pairs):
        counts = pairs.groupby(["school_code", "school_name"]).size().reset_index(name="n")
        counts = counts.sort_values(["school_code", "n", "school_name"], ascending=[True, False, True])
        counts = counts.drop_duplicates("school_code")
        keys = school_keys(counts["school_name"], [None] * len(counts), {})
        by_code = dict(zip(counts["school_code"], keys, strict=True))
    return Records(
        frame=frame,
        birth=_birth(frame),
        sex=_sex(frame["sex"]),
        names=encode_names(Texts.of(frame["name"]), Texts.of(frame["kana"]), residents.surnames, voc),
        guardian=encode_names(Texts.of(frame["guardian_name"]), None, residents.surnames, voc),
        places=encode_places(Texts.of(frame["address"]), None, voc),
        school=voc.school.add(school_keys(frame["school_name"], frame["school_code"], by_code)),
        group=frame["extract"].map(groups).to_numpy(dtype="int16"),
    )


def take_records(records: Records, rows: np.ndarray) -> Records:
    """Return the records at `rows`."""
    places = Places(*(getattr(records.places, name)[rows] for name in Places.__dataclass_fields__))
    return Records(
        records.frame.iloc[rows].reset_index(drop=True),
        {name: value[rows] for name, value in records.birth.items()},
        records.sex[rows],
        records.names.take(rows),
        records.guardian.take(rows),
        places,
        records.school[rows],
        records.group[rows],
    )


@dataclass
class Bridge:
    """What 学齢簿 adds to residents: school, and names and guardians as the school knows them."""

    person: np.ndarray
    school: np.ndarray
    name_person: np.ndarray
    names: Names | None
    guardian_person: np.ndarray
    guardians: Names | None

    @staticmethod
    def nothing() -> Bridge:
        """Return a bridge to nowhere, for the stage that builds it."""
        none = np.array([], dtype="int32")
        return Bridge(none, none, none, None, none, None)


def _join_names(left: Names, right: Names | None) -> Names:
    if right is None:
        return left
    return Names(
        **{
            name: np.concatenate([getattr(left, name), getattr(right, name)])
            for name in Names.__dataclass_fields__
        }
    )


@dataclass
class Lists:
    """Where the members of each group stand in a column sorted by group."""

    order: np.ndarray
    start: np.ndarray
    count: np.ndarray

    @staticmethod
    def of(group: np.ndarray, size: int) -> Lists:
        """Return the stretches of groups 0 to `size` - 1; `order` sorts by group (stable)."""
        rising = len(group) < 2 or bool((group[1:] >= group[:-1]).all())
        order = np.arange(len(group)) if rising else np.argsort(group, kind="stable")
        count = np.bincount(group, minlength=size).astype("int64")
        return Lists(order, np.cumsum(count) - count, count)

    def expand(self, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return, for each of `groups`, all its places in `order`: (row in `groups`, place)."""
        count = self.count[groups]
        row = np.repeat(np.arange(len(groups)), count)
        begin = self.start[groups] - (np.cumsum(count) - count)
        return row, np.arange(len(row)) + np.repeat(begin, count)


@dataclass
class Homes:
    """Who lives with whom: the same household, or the same dwelling (世帯分離)."""

    year: np.ndarray
    groups: list[tuple[np.ndarray, Lists, np.ndarray]]

    @staticmethod
    def of(residents: Residents) -> Homes:
        """Return the homes of the register; groups too large to be a family are left out."""
        size = len(residents)
        dwelling = np.full(size, -1, dtype="int64")
        if len(residents.place_person):
            first = np.unique(residents.place_person, return_index=True)[1]
            lot, room = residents.places.lot[first], residents.places.room[first]
            dwelling[residents.place_person[first]] = np.where(
                lot >= 0, (lot.astype("int64") << 24) | (room + 1), -1
            )
        groups = []
        for group, most in ((residents.household.astype("int64"), 30), (dwelling, 8)):
            members = np.flatnonzero(group >= 0)
            code = np.full(size, -1, dtype="int64")
            code[members] = pd.factorize(group[members])[0]
            lists = Lists.of(code[members], int(code.max(initial=-1)) + 1)
            small = np.zeros(size, dtype=bool)
            small[members] = lists.count[code[members]] <= most
            groups.append((np.where(small, code, -1), lists, members[lists.order]))
        return Homes(residents.birth["year"], groups)

    def _together(self, people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return everybody who lives with each of `people`: (row in `people`, resident)."""
        rows, others = [], []
        for code, lists, members in self.groups:
            known = np.flatnonzero(code[people] >= 0)
            row, at = lists.expand(code[people[known]])
            rows.append(known[row])
            others.append(members[at])
        row, other = np.concatenate(rows), np.concatenate(others)
        apart = other != people[row]
        return row[apart], other[apart]

    def _older(self, child: np.ndarray, adult: np.ndarray) -> np.ndarray:
        child, adult = self.year[child], self.year[adult]
        return (child > 0) & (adult > 0) & ((child - adult >= ADULT_GAP) | (np.minimum(child, adult) < GROWN))

    def adults(self, people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the adults each of `people` lives with: (row in `people`, adult)."""
        row, other = self._together(people)
        kept = self._older(people[row], other)
        return row[kept], other[kept]

    def children(self, people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return whom each of `people` may be the guardian of: (row in `people`, resident)."""
        row, other = self._together(people)
        kept = self._older(other, people[row])
        return row[kept], other[kept]


@dataclass
class Weighed:
    """The candidate pairs of one stage with everything the decision needs (one row per pair)."""

    pairs: Pairs
    evidence: Evidence
    levels: dict[str, np.ndarray]
    kind: np.ndarray
    exact_given: np.ndarray
    alike_given: np.ndarray
    sei_by_kana: np.ndarray
    mei_by_kana: np.ndarray
    old_place: np.ndarray
    # log of the chance among strangers, field by field (float32); `evidence.stranger` is their sum
    chance: dict[str, np.ndarray]

    def blind(self, records: np.ndarray) -> Weighed:
        """Return the pairs of some records (in rising order) as they would be had nobody brought a number."""
        new = np.full(self.evidence.records, -1, dtype="int32")
        new[records] = np.arange(len(records), dtype="int32")
        rows = np.flatnonzero((new[self.pairs.record] >= 0) & self.pairs.blind)
        pairs = Pairs(new[self.pairs.record[rows]], self.pairs.person[rows], self.pairs.blind[rows])
        old = self.evidence
        levels = {name: level[rows] for name, level in self.levels.items()}
        evidence = Evidence(
            pairs.record.astype("int64"),
            levels,
            old.stranger[rows],
            old.household[rows],
            np.full(len(rows), -1, dtype="int8"),
            old.group[rows],
            len(records),
            old.record_group[records],
        )
        columns = ("kind", "exact_given", "alike_given", "sei_by_kana", "mei_by_kana", "old_place")
        taken = {name: getattr(self, name)[rows] for name in columns}
        chance = {name: value[rows] for name, value in self.chance.items()}
        return Weighed(pairs, evidence, levels, **taken, chance=chance)


class Engine:
    """The coded register and its search tables, ready to weigh the records of any stage."""

    def __init__(self, residents: Residents, voc: Vocabulary) -> None:
        self.residents = residents
        self.voc = voc
        self.blocks = Blocks()
        self.population = len(residents)
        counts = (
            np.bincount(residents.household[residents.household >= 0]) if self.population else np.array([1])
        )
        self.household_size = float(np.mean(counts[counts > 0])) if (counts > 0).any() else 2.0
        self.homes = Homes.of(residents)
        self._frequencies()
        self._load()

    def _load(self) -> None:
        """Fill the search tables with the residents."""
        res = self.residents
        self.blocks.load("entry", _keys(res.entries, res.entry_person, res.birth, res.sex))
        places = {"i": res.place_person, "block": res.places.block, "lot": res.places.lot}
        self.blocks.load("place", places)
        self.blocks.join_homes()

    def close(self) -> None:
        """Release the search tables."""
        self.blocks.close()

    def _frequencies(self) -> None:
        """Count names by birth band, birth dates and houses."""
        res = self.residents
        n = self.population
        first = (
            np.unique(res.entry_person, return_index=True)[1]
            if len(res.entry_person)
            else np.array([], dtype="int64")
        )
        main = res.entries.take(first)
        owner = res.entry_person[first]
        year = res.birth["year"][owner]
        self.band_of = np.where(
            res.birth["year"] > 0, np.clip((res.birth["year"] - 1900) // 5, 0, 30), 30
        ).astype("int64")
        band = self.band_of[owner]
        self._band_size = np.bincount(band, minlength=31).astype(float)

        def by_band(codes: np.ndarray, size: int) -> np.ndarray:
            table = np.zeros((size + 1, 31), dtype="float32")
            known = codes >= 0
            np.add.at(table, (codes[known], band[known]), 1)
            # neighbouring bands count too: fashions do not turn on the first of January
            wide = table.copy()
            wide[:, 1:] += table[:, :-1]
            wide[:, :-1] += table[:, 1:]
            return wide

        size = self._band_size.copy()
        size[1:] += self._band_size[:-1]
        size[:-1] += self._band_size[1:]
        self.wide_size = size
        self.f_mei_kanji = by_band(main.mei_l, len(self.voc.loose))
        self.f_mei_kana = by_band(main.mei_k, len(self.voc.kana))
        self.f_sei_kanji = np.bincount(main.sei_l[main.sei_l >= 0], minlength=len(self.voc.loose) + 1).astype(
            float
        )
        self.f_sei_kana = np.bincount(main.sei_k[main.sei_k >= 0], minlength=len(self.voc.kana) + 1).astype(
            float
        )
        self.f_given = np.bincount(main.mei_l[main.mei_l >= 0], minlength=len(self.voc.loose) + 1).astype(
            float
        )
        dob = res.birth["dob"]
        values, counts = np.unique(dob[dob > 0], return_counts=True)
        self._dob_values, self._dob_counts = values, counts.astype(float)
        current_place = (
            np.unique(res.place_person, return_index=True)[1] if len(res.place_person) else first[:0]
        )
        lots = res.places.lot[current_place]
        self.f_lot = np.bincount(lots[lots >= 0], minlength=len(self.voc.lot) + 1).astype(float)
        rooms = (lots.astype("int64") << 24) | res.places.room[current_place].clip(0).astype("int64")
        rooms = rooms[(lots >= 0) & (res.places.room[current_place] >= 0)]
        self._room_values, self._room_counts = np.unique(rooms, return_counts=True)
        self._n = max(n, 1)
        del year

    # How often a value occurs among strangers: its count in the register, mixed with what is usual in the
    # country, so that a village does not take its own three names for the only ones.
    def _mei_frequency(
        self, kanji: np.ndarray, kana: np.ndarray, use_kana: np.ndarray, person: np.ndarray
    ) -> np.ndarray:
        band = self.band_of[person]
        count = np.where(use_kana, self.f_mei_kana[kana, band], self.f_mei_kanji[kanji, band])
        return (count + 500 * 0.0007) / (self.wide_size[band] + 500)

    def _sei_frequency(self, kanji: np.ndarray, kana: np.ndarray, use_kana: np.ndarray) -> np.ndarray:
        count = np.where(use_kana, self.f_sei_kana[kana], self.f_sei_kanji[kanji])
        return (count + 500 * 0.002) / (self._n + 500)

    def _dob_frequency(self, dob: np.ndarray) -> np.ndarray:
        if not len(self._dob_values):
            return np.full(len(dob), 3e-5)
        at = np.minimum(np.searchsorted(self._dob_values, dob), len(self._dob_values) - 1)
        count = np.where(self._dob_values[at] == dob, self._dob_counts[at], 0.0)
        return (count + 20000 * 3.5e-5) / (self._n + 20000)

    def weigh(self, records: Records, bridge: Bridge, *, numbers: np.ndarray | None = None) -> Weighed:
        """Find and compare the candidates of `records`.

        Args:
            records: the rows of this stage.
            bridge: what 学齢簿 adds to the residents; once given, later stages find residents by it, too.
            numbers: position of the resident whose number each record brings, -1 for none; None when no
                record can bring one.
        """
        res = self.residents
        entries, entry_kind, entry_person = res.entries, res.entry_kind, res.entry_person
        if bridge.names is not None:
            entry_person = np.concatenate([entry_person, bridge.name_person]).astype("int32")
            entry_kind = np.concatenate([entry_kind, np.full(len(bridge.name_person), 4, dtype="int8")])
            order = np.argsort(entry_person, kind="stable")
            entries = _join_names(entries, bridge.names).take(order)
            entry_kind, entry_person = entry_kind[order], entry_person[order]
        lists = Lists.of(entry_person, len(res))
        pairs = self._find(records, bridge, numbers)

        best, names = self._best_names(pairs, records, lists, entries, Similar(self.voc))
        a = records.names.take(pairs.record)
        b = entries.take(best)
        levels: dict[str, np.ndarray] = {"mei": names.mei, "sei": names.sei}
        levels["dob"] = birth_levels(
            {k: v[pairs.record] for k, v in records.birth.items()},
            {k: v[pairs.person] for k, v in res.birth.items()},
        )
        sex_a, sex_b = records.sex[pairs.record], res.sex[pairs.person]
        levels["sex"] = np.where((sex_a < 0) | (sex_b < 0), -1, sex_a == sex_b).astype("int8")
        levels["address"], old_place, lot_seen, room_seen = self._addresses(pairs, records)
        levels["guardian"], guardian_u = self._guardians(pairs, records, names.sei >= 3, bridge)
        levels["school"], school_u = self._schools(pairs, records, bridge)
        levels["grade"] = self._grades(pairs, records, levels["dob"])
        levels["age"] = self._ages(pairs, records)
        when = np.maximum(records.frame["when"].to_numpy(), records.frame["recorded"].to_numpy())[
            pairs.record
        ]
        ended = res.ended[pairs.person]
        levels["stay"] = np.where(ended < 0, 1, np.where(when < 0, -1, when <= ended + 90)).astype("int8")

        chance: dict[str, np.ndarray] = {}
        stranger = self._stranger(
            pairs, levels, names, a, b, guardian_u, school_u, lot_seen, room_seen, chance
        )
        household = np.zeros(len(pairs))
        for name, shares in HOUSEHOLD_U.items():
            table = np.append(np.log(np.array(shares) / sum(shares)), 0.0)
            household += table[levels[name]]
        owner = np.full(len(pairs), -1, dtype="int8")
        if numbers is not None:
            own = numbers[pairs.record]
            owner = np.where(own < 0, -1, own == pairs.person).astype("int8")
        evidence = Evidence(
            pairs.record.astype("int64"),
            levels,
            stranger,
            household,
            owner,
            records.group[pairs.record],
            len(records),
            records.group,
        )
        exact = (names.mei_kanji == 2) | (names.mei_kana == 3)
        exact |= (names.mei_kanji == 1) & (names.mei_kana == 2)
        alike = exact | (names.mei_kanji == 1)
        return Weighed(
            pairs,
            evidence,
            levels,
            entry_kind[best],
            exact,
            alike,
            names.sei_by_kana,
            names.by_kana,
            old_place,
            chance,
        )

    def _find(self, records: Records, bridge: Bridge, numbers: np.ndarray | None) -> Pairs:
        blocks, res = self.blocks, self.residents
        if bridge.names is not None:
            blocks.load("entry", _keys(bridge.names, bridge.name_person, res.birth, res.sex), add=True)
            blocks.join_homes()
        pupil = np.unique(np.stack([bridge.person, bridge.school], axis=1), axis=0)
        blocks.load("pupil", {"i": pupil[:, 0], "school": pupil[:, 1], "dob": res.birth["dob"][pupil[:, 0]]})
        rows = np.arange(len(records), dtype="int32")
        keys = _keys(records.names, rows, records.birth, records.sex)
        keys |= {"block": records.places.block, "lot": records.places.lot, "school": records.school}
        keys["guardian"] = _whole(records.guardian)
        have = set(keys) - {"i"}
        if numbers is not None:
            keys["number"] = numbers.astype("int32")
            have.add("number")
        blocks.load("kin", self._kin(np.unique(keys["guardian"]), bridge))
        blocks.load("record", keys)
        return blocks.find(have=have)

    def _kin(self, wanted: np.ndarray, bridge: Bridge) -> dict[str, np.ndarray]:
        """Return who lives with the bearers of the names `wanted`: name, i, and every 名 of i."""
        res = self.residents
        kanji, reading = _whole(res.entries), _shifted(res.entries.full_k)
        adult, name = [], []
        for codes in (kanji, reading):
            at = np.flatnonzero(_among(codes, wanted[wanted >= 0]))
            adult.append(res.entry_person[at])
            name.append(codes[at])
        row, child = self.homes.children(np.concatenate(adult).astype("int64"))
        name = np.concatenate(name).astype("int64")[row]
        if bridge.guardians is not None:
            child = np.concatenate([child, bridge.guardian_person])
            name = np.concatenate([name, _whole(bridge.guardians)])
        both = np.unique((name << 32) | child)
        row, at = Lists.of(res.entry_person, len(res)).expand(both & 0xFFFFFFFF)
        keys = {"name": both[row] >> 32, "i": res.entry_person[at]}
        return keys | {"mei_l": res.entries.mei_l[at], "mei_p": res.entries.mei_p[at]}

    def _best_names(
        self, pairs: Pairs, records: Records, lists: Lists, entries: Names, similar: Similar
    ) -> tuple[np.ndarray, NameLevels]:
        """Return, for each pair, the resident's name that agrees best, and the agreement."""
        row, at = lists.expand(pairs.person.astype("int64"))
        found = name_levels(records.names.take(pairs.record[row]), entries.take(at), similar)
        value = np.zeros(len(row))
        for name, level in (("sei", found.sei), ("mei", found.mei)):
            ratio = np.log(np.array(PRIOR_M[name]) / np.array(BACKGROUND_U[name]))
            value += np.append(ratio, 0.0)[level]
        first = _first_best(row, value)
        chosen = NameLevels(**{name: getattr(found, name)[first] for name in NameLevels.__dataclass_fields__})
        return at[first], chosen

    def _addresses(
        self, pairs: Pairs, records: Records
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return per pair the best address level, whether it is a former address, and its house and room."""
        res = self.residents
        out = np.full(len(pairs), -1, dtype="int8")
        old = np.zeros(len(pairs), dtype=bool)
        lot = np.full(len(pairs), -1, dtype="int64")
        room = np.full(len(pairs), -1, dtype="int64")
        need = np.flatnonzero(records.places.town[pairs.record] >= 0)
        if not len(need) or not len(res.place_person):
            return out, old, lot, room
        lists = Lists.of(res.place_person, len(res))
        row, at = lists.expand(pairs.person[need].astype("int64"))
        at = lists.order[at]
        a, b, r = records.places, res.places, pairs.record[need][row]
        fields = ("town", "chome", "block", "lot", "room")
        level = address_levels(
            tuple(getattr(a, f)[r] for f in fields), tuple(getattr(b, f)[at] for f in fields)
        )
        first = _first_best(row, level)
        where = need[row[first]]
        out[where] = level[first]
        first_place = lists.start[pairs.person[where]]
        old[where] = lists.order[first_place] != at[first]
        lot[where] = b.lot[at[first]]
        room[where] = b.room[at[first]]
        return out, old, lot, room

    def _guardians(
        self, pairs: Pairs, records: Records, same_surname: np.ndarray, bridge: Bridge
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the guardian level (3 name, 2 名 alone, 0 other, -1 unknown), and its chance by accident.

        Compared are the adults each resident lives with, by every name of theirs, and the guardians the
        school knows.
        """
        full = _whole(records.guardian).astype("int64")[pairs.record]
        given = _given(records.guardian).astype("int64")[pairs.record]
        out = np.full(len(pairs), -1, dtype="int8")
        chance = np.full(len(pairs), 1.0)
        rows = np.flatnonzero(full >= 0)
        if not len(rows):
            return out, chance
        res, entries = self.residents, self.residents.entries
        row, adult = self.homes.adults(pairs.person[rows].astype("int64"))
        more, at = Lists.of(res.entry_person, len(res)).expand(adult)
        row = row[more]
        adults = [(row, _whole(entries)[at], entries.mei_l[at])]
        adults.append((row, _shifted(entries.full_k[at]), _shifted(entries.mei_k[at])))
        if bridge.guardians is not None:
            known = Lists.of(bridge.guardian_person, len(res))
            row, at = known.expand(pairs.person[rows].astype("int64"))
            at = known.order[at]
            adults.append((row, _whole(bridge.guardians)[at], _given(bridge.guardians)[at]))
        found = np.full(len(rows), -1, dtype="int8")
        for row, whole, mei in adults:
            here = whole >= 0
            row, whole, mei = row[here], whole[here], mei[here]
            same = np.where(
                whole == full[rows[row]], 3, np.where((mei >= 0) & (mei == given[rows[row]]), 2, 0)
            )
            for level in (0, 2, 3):  # the best of a resident's adults counts
                best = row[same == level]
                found[best] = np.maximum(found[best], level)
        # A foreign parent may be written in letters here and in characters there: that says nothing against.
        found[(found == 0) & (records.guardian.bag[pairs.record[rows]] >= 0)] = -1
        rows, found = rows[found >= 0], found[found >= 0]
        out[rows] = found
        kanji = records.guardian.mei_l[pairs.record[rows]]
        sei = records.guardian.sei_l[pairs.record[rows]]
        f_given = 2 * (self.f_given[kanji] + 500 * 0.0007) / (self._n + 500)
        f_sei = np.where(same_surname[rows], 1.0, (self.f_sei_kanji[sei] + 1) / (self._n + 500))
        chance[rows] = np.where(found == 3, f_given * f_sei, np.where(found == 2, f_given, 1.0))
        return out, np.minimum(chance, 1.0)

    def _schools(self, pairs: Pairs, records: Records, bridge: Bridge) -> tuple[np.ndarray, np.ndarray]:
        """Return the school level (1 same, 0 another of its stage, -1 unknown) and its accidental chance."""
        school = records.school.astype("int64")[pairs.record]
        out = np.full(len(pairs), -1, dtype="int8")
        chance = np.full(len(pairs), 1.0)
        if not len(bridge.person) or not (school >= 0).any():
            return out, chance
        stage = school_stage(self.voc.school.values)
        known = bridge.school >= 0
        person, theirs = bridge.person[known].astype("int64"), bridge.school[known].astype("int64")
        members = np.unique((person << 32) | theirs)
        stages = np.unique((person << 4) | stage[theirs])
        students = np.bincount(theirs, minlength=len(stage)).astype(float)
        total = np.array([max(students[(stage == s)].sum(), 1.0) for s in range(3)])
        rows = np.flatnonzero(school >= 0)
        s = school[rows]
        same = _member((pairs.person[rows].astype("int64") << 32) | s, members)
        comparable = _member((pairs.person[rows].astype("int64") << 4) | stage[s], stages)
        out[rows] = np.where(same, 1, np.where(comparable & (students[s] > 0), 0, -1))
        share = (students[s] + 1) / (total[stage[s]] + 20)
        chance[rows] = np.where(same, share, 1.0)
        return out, np.minimum(chance, 1.0)

    def _grades(self, pairs: Pairs, records: Records, dob: np.ndarray) -> np.ndarray:
        """Return whether the grade of its time fits the birth date, asked only where school years differ."""
        grade = records.frame["grade"].to_numpy()[pairs.record]
        theirs = self.residents.birth["school_year"][pairs.person]
        ask = (grade >= 0) & (theirs > 0) & (dob < 7)
        fits = np.zeros(len(pairs), dtype=bool)
        for field in ("when", "recorded"):
            year = _fiscal_year(records.frame[field].to_numpy())[pairs.record]
            fits |= (year > 0) & (year - 6 - grade == theirs)
        own = records.birth["school_year"][pairs.record]
        ask &= own != theirs
        return np.where(ask, fits, -1).astype("int8")

    def _ages(self, pairs: Pairs, records: Records) -> np.ndarray:
        """Return how the age fits (2 equal, 1 a year off, 0 not) where the birth date is missing."""
        age = records.frame["age"].to_numpy()[pairs.record]
        when = records.frame["when"].to_numpy()[pairs.record]
        ask = (
            (age >= 0)
            & (records.birth["year"][pairs.record] < 0)
            & (self.residents.birth["year"][pairs.person] > 0)
        )
        known = ask & (when >= 0)
        out = np.full(len(pairs), -1, dtype="int8")
        if known.any():
            rows = np.flatnonzero(known)
            day = np.where(when[rows] >= 0, when[rows], 0).astype("datetime64[D]")
            year = day.astype("datetime64[Y]").astype("int64") + 1970
            yearday = (day - day.astype("datetime64[Y]").astype("datetime64[D]")).astype("int64")
            birth = self.residents.birth
            person = pairs.person[rows]
            born = (np.maximum(birth["month"][person], 1) - 1) * 30.5 + np.maximum(birth["day"][person], 1)
            years = year - birth["year"][person] - (yearday + 1 < born - 1)
            gap = np.abs(years - age[rows])
            out[rows] = np.where(gap == 0, 2, np.where(gap == 1, 1, 0))
        return out

    def _stranger(
        self,
        pairs: Pairs,
        levels: dict[str, np.ndarray],
        names: NameLevels,
        a: Names,
        b: Names,
        guardian_u: np.ndarray,
        school_u: np.ndarray,
        lot: np.ndarray,
        room: np.ndarray,
        chance: dict[str, np.ndarray],
    ) -> np.ndarray:
        """Return the log chance of the levels between two strangers, by the frequency of the agreeing values.

        `chance` is filled with the same field by field (float32), which explains the sum.
        """
        total = np.zeros(len(pairs))

        def add(name: str, values: np.ndarray) -> None:
            nonlocal total
            total += values
            chance[name] = values.astype("float32")

        u = {name: np.array(share) / sum(share) for name, share in BACKGROUND_U.items()}
        for name in ("sex", "grade", "age", "stay"):
            add(name, np.append(np.log(u[name]), 0.0)[levels[name]])
        for name, level in (("mei", names.mei), ("sei", names.sei)):
            base = np.append(np.log(u[name]), 0.0)[level]
            exact = (level >= 3) & (level <= 7)
            kanji = b.mei_l if name == "mei" else b.sei_l
            kana = b.mei_k if name == "mei" else b.sei_k
            use_kana = (kanji < 0) | ((names.by_kana if name == "mei" else names.sei_by_kana) & (kana >= 0))
            if name == "mei":
                f = self._mei_frequency(kanji, kana, use_kana, pairs.person)
            else:
                f = self._sei_frequency(kanji, kana, use_kana)
            valued = exact & ((kanji >= 0) | (kana >= 0))
            value = np.where(valued, np.log(f), base)
            swap = level == SWAP
            if name == "sei" and swap.any():
                f = self._sei_frequency(b.sei_l, b.sei_k, b.sei_l < 0)
                value[swap] += np.log(f[swap]) - np.log(u["sei"][SWAP])
            add(name, value)
        dob = levels["dob"]
        exact = np.log(self._dob_frequency(self.residents.birth["dob"][pairs.person]))
        add("dob", np.where(dob == 7, exact, np.append(np.log(u["dob"]), 0.0)[dob]))
        address = levels["address"]
        f_lot = (self.f_lot[lot] + 1) / (self._n + 500)
        if len(self._room_values):
            key = (lot << 24) | np.maximum(room, 0)
            at = np.minimum(np.searchsorted(self._room_values, key), len(self._room_values) - 1)
            count = np.where(self._room_values[at] == key, self._room_counts[at], 0)
        else:
            count = np.zeros(len(pairs))
        f_room = (count + 1) / (self._n + 500)
        base = np.append(np.log(u["address"]), 0.0)[address]
        add("address", np.where(address == 5, np.log(f_room), np.where(address == 4, np.log(f_lot), base)))
        guardian = levels["guardian"]
        base = np.append(np.log(u["guardian"]), 0.0)[guardian]
        add("guardian", np.where(guardian >= 2, np.log(guardian_u), base))
        school = levels["school"]
        near = (address >= 1) & (school == 1)  # neighbours go to the same school
        same = np.log(np.where(near, np.maximum(school_u, 0.5), school_u))
        add("school", np.where(school == 1, same, np.append(np.log(u["school"]), 0.0)[school]))
        return total


KANA_SHIFT = 1 << 28  # readings and kanji share one number space where a guardian may be written either way


def _first_best(row: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Return, for each distinct entry of the sorted `row`, the first position with its highest value."""
    if not len(row):
        return np.array([], dtype="int64")
    start = np.flatnonzero(np.concatenate([[True], row[1:] != row[:-1]]))
    best = np.repeat(np.maximum.reduceat(value, start), np.diff(np.append(start, len(row))))
    at = np.flatnonzero(value == best)
    return at[np.concatenate([[True], row[at][1:] != row[at][:-1]])]


def _whole(names: Names) -> np.ndarray:
    """Return one code for the whole name: kanji, else reading."""
    return np.where(
        names.full_l >= 0, names.full_l, np.where(names.full_k >= 0, names.full_k + KANA_SHIFT, -1)
    )


def _given(names: Names) -> np.ndarray:
    return np.where(names.mei_l >= 0, names.mei_l, np.where(names.mei_k >= 0, names.mei_k + KANA_SHIFT, -1))


def _member(keys: np.ndarray, sorted_values: np.ndarray) -> np.ndarray:
    """Return which of `keys` occur among `sorted_values` (bool)."""
    if not len(sorted_values):
        return np.zeros(len(keys), dtype=bool)
    at = np.minimum(np.searchsorted(sorted_values, keys), len(sorted_values) - 1)
    return sorted_values[at] == keys


def _shifted(reading: np.ndarray) -> np.ndarray:
    """Return codes of readings in the number space that they share with kanji."""
    return np.where(reading >= 0, reading + KANA_SHIFT, -1)


def _among(codes: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return which `codes` are among `wanted` (bool)."""
    return np.isin(codes, wanted)


def _keys(
    names: Names, person: np.ndarray, birth: dict[str, np.ndarray], sex: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the integer keys that blocking joins on, one row per name; `person` is whose it is."""
    keys = {
        "i": person,
        "sex": sex[person],
        "dob": birth["dob"][person],
        "y": birth["year"][person],
        "m": birth["month"][person],
        "d": birth["day"][person],
        "md": birth["md"][person],
    }
    for name in ("sei_l", "mei_l", "sei_p", "mei_p", "full_l", "full_k", "bag", "words"):
        keys[name] = getattr(names, name)
    return keys
