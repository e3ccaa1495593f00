"""Registers: 住民基本台帳, 住民異動 and 支援措置."""

from __future__ import annotations

import numpy as np

from kodomo.synth import places, writing
from kodomo.synth.burdens import Children, noted
from kodomo.synth.draw import NEVER, Ints, between, chance, written, year_of
from kodomo.synth.people import MAN, City
from kodomo.synth.writing import Sheet


def numbers(city: City, person: Ints) -> writing.Cells:
    """宛名番号 of each person; -1 is an empty cell."""
    person = np.asarray(person)
    return writing.ids(np.where(person < 0, -1, city.number[person]), 10, check=True)


def register(city: City) -> tuple[Sheet, Ints]:
    """住民基本台帳 as of the day, with those who left in five years."""
    rng = city.rng("register")
    n = len(city.unit)
    t = places.towns()
    u = city.unit
    recorded = noted(rng, city.since, 3, 0.003)
    born_long_ago = city.since < city.as_of - 15_000
    recorded = np.where(born_long_ago, np.maximum(recorded, city.as_of - 15_000), recorded)
    moved = city.u_moved[u]
    recorded = np.maximum(recorded, np.where(moved > city.since, moved + rng.integers(0, 12, n), NEVER))
    recorded = np.maximum(recorded, np.where(city.renamed > NEVER, city.renamed + 1, NEVER))
    announced = (city.status == 2) & chance(rng, 0.6, n)
    gone = city.status_on + np.where(announced, -rng.integers(0, 10, n), rng.integers(0, 14, n))
    recorded = np.where(city.status == 1, recorded, np.maximum(gone, city.since))
    recorded = np.minimum(np.maximum(recorded, city.birth), city.as_of)
    birth = written(city.birth, "iso")
    unclear = np.flatnonzero(chance(rng, 0.00012, n) & city.foreign | chance(rng, 0.000015, n))
    for i in unclear.tolist():
        y = int(year_of(city.birth[i : i + 1])[0])
        era = f"令和{y - 2018}年" if y > 2019 else (f"平成{y - 1988}年" if y > 1989 else f"昭和{y - 1925}年")
        birth[i] = (f"{era}頃", f"{era}月日不詳", f"推定{era}")[i % 3]
    sheet = {
        "resident_id": numbers(city, np.arange(n)),
        "household_id": writing.ids(city.household, 9),
        "relation": writing.texts(city.relation),
        "name": writing.texts(city.name),
        "kana": writing.texts(np.where(chance(rng, 0.004, n), "", city.kana)),
        "alias_name": writing.texts(city.alias),
        "former_name": writing.texts(city.former),
        "birth_date": writing.texts(birth),
        "sex": writing.choices(["1", "2", "9"], np.where(chance(rng, 0.0001, n), 2, city.sex - 1)),
        "nationality": writing.choices(["1", "2"], city.foreign.astype(int)),
        "postal_code": writing.texts(
            np.array([p[:3] + "-" + p[3:] for p in t.postal], object)[city.u_town[u]]
        ),
        "address": writing.texts(city.u_address[u]),
        "address_detail": writing.texts(city.u_detail[u]),
        "resident_since": writing.dates(city.since),
        "status": writing.choices(["1", "2", "3", "4"], city.status - 1),
        "status_on": writing.dates(np.where(city.status == 1, NEVER, city.status_on)),
    }
    return sheet, recorded


def moves(city: City) -> tuple[Sheet, Ints]:
    """住民異動 of the three years: births, moves in, inside and out, deaths, changed households and names."""
    rng = city.rng("move events")
    u, n = city.unit, len(city.unit)
    everyone = np.arange(n)
    home = np.where(city.u_detail[u] == "", city.u_address[u], city.u_address[u] + "　" + city.u_detail[u])
    far = np.array(
        [
            "吹田市千里山西",
            "大阪市淀川区西中島",
            "池田市石橋",
            "箕面市小野原東",
            "尼崎市塚口町",
            "東京都世田谷区",
            "京都市左京区",
            "神戸市東灘区",
            "茨木市春日",
            "高槻市富田町",
            "伊丹市中央",
            "堺市北区",
            "広島市中区",
            "福岡市博多区",
        ],
        object,
    )
    parts: list[tuple[Ints, int, Ints, np.ndarray, np.ndarray]] = []
    empty = np.full(n, "", object)
    window = city.start

    def add(where: np.ndarray, kind: int, on: Ints, old: np.ndarray, new: np.ndarray) -> None:
        rows = np.flatnonzero(where)
        parts.append((everyone[rows], kind, on[rows], old[rows], new[rows]))

    elsewhere = far[rng.integers(0, len(far), len(city.u_town))][u] + "1丁目2番3号"
    add(city.born_here & (city.since >= window), 0, city.since, empty, home)
    came = ~city.born_here & (city.since >= window)
    abroad = came & city.foreign & chance(rng, 0.5, n)
    add(came & ~abroad, 1, city.since, elsewhere, home)
    add(abroad, 8, city.since, empty, home)
    assert city.moves is not None
    first = np.searchsorted(u, city.moves.unit)
    last = np.searchsorted(u, city.moves.unit, side="right")
    count = last - first
    row = np.repeat(np.arange(len(count)), count)
    person = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
    on = city.moves.on[row]
    there = city.here(person, on) & (on >= window) & (city.since[person] < on)
    parts.append((person[there], 2, on[there], city.moves.old[row][there], city.moves.new[row][there]))
    for status, kind in ((2, 3), (3, 4), (4, 7)):
        gone = (city.status == status) & (city.status_on >= window)
        add(gone, kind, city.status_on, home, elsewhere if status == 2 else empty)
    parted = city.u_divorced[u]
    add((parted >= window) & (parted > city.since + 10) & city.here(everyone, parted), 5, parted, home, home)
    add(city.renamed >= window, 6, city.renamed, empty, empty)
    person, kind, on, old, new = (
        np.concatenate(c)
        for c in zip(*[(p, np.full(len(p), k), o, a, b) for p, k, o, a, b in parts], strict=True)
    )
    recorded = noted(rng, on, 4, 0.006) - np.where(kind == 3, rng.integers(0, 8, len(on)), 0)
    sheet = {
        "resident_id": numbers(city, person),
        "move_type": writing.choices(["01", "02", "03", "04", "05", "06", "07", "08", "09"], kind),
        "moved_on": writing.dates(on),
        "old_address": writing.texts(old),
        "new_address": writing.texts(new),
    }
    order = np.lexsort((person, recorded))
    rank = np.empty(len(order), int)
    rank[order] = np.arange(len(order))
    sheet["move_id"] = writing.ids(rank + 5_000_001, 10, "I")
    return sheet, recorded


def protection(city: City, kids: Children) -> tuple[Sheet, Ints]:
    """支援措置: the applicant and the family members she asks protection for, a row each."""
    rng = city.rng("protection")
    units = len(city.u_town)
    parted = city.u_single & city.u_family & (city.u_left <= NEVER)
    chance_of = np.where(parted, 0.012 * np.exp(0.5 * city.u_alone + 0.3 * city.u_health), 0.0004)
    heavy = np.zeros(units, bool)
    heavy[kids.unit[kids.burden["abuse"].grave > NEVER]] = True
    chosen = np.flatnonzero(chance(rng, chance_of * np.where(heavy, 2.5, 1)) & (city.u_left <= NEVER))
    begin = np.maximum(city.u_since[chosen], city.start - 500) + between(rng, 0, 400, len(chosen))
    ok = begin < city.as_of - 3
    chosen, begin = chosen[ok], begin[ok]
    first, last = np.searchsorted(city.unit, chosen), np.searchsorted(city.unit, chosen, side="right")
    count = last - first
    row = np.repeat(np.arange(len(chosen)), count)
    person = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
    member = (city.status[person] == 1) & ~(
        (city.slot[person] == MAN) & city.u_single[city.unit[person]] == 0
    )
    member |= city.slot[person] != MAN
    on = np.maximum(begin[row], city.since[person])
    kind = np.where(
        heavy[chosen[row]] & (rng.random(len(chosen))[row] < 0.35), 2, (rng.random(len(chosen))[row] > 0.9)
    )
    lifted = np.where(rng.random(len(chosen))[row] < 0.12, on + 200, NEVER)
    lifted = np.where(lifted > city.as_of, NEVER, lifted)
    recorded = np.maximum(noted(rng, on, 1.5, 0.005), np.where(lifted > NEVER, lifted + 1, NEVER))
    ended = on + 365
    sheet = {
        "measure_id": writing.ids(row + 1001, 7, "S"),
        "resident_id": numbers(city, person),
        "kind": writing.choices(["1", "2", "3", "4"], kind.astype(int)),
        "started_on": writing.dates(on),
        "ended_on": writing.dates(ended),
        "lifted_on": writing.dates(lifted),
    }
    return writing.take(sheet, member), recorded[member]
