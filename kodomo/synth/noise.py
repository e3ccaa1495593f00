"""Noise: how a department without 宛名番号 writes a person down: characters, readings, dates, addresses.

The table of character slips (data/synth/slips.csv) belongs to this generator alone. The matching engine keeps
its own table, and some slips here are unknown to it on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from kodomo.synth import names, places
from kodomo.synth.draw import FIRST_DAY as BASE
from kodomo.synth.draw import NEVER, Ints, Texts, chance, month_of, notation, pick, written, year_of
from kodomo.synth.people import CHILD, GRANDFATHER, City


@dataclass(frozen=True)
class Habits:
    """One department's manner of writing: name separator, kana width, birth notation, address style, gaps."""

    gap: str = "　"
    half_kana: float = 0.0
    birth: str = "slash"
    address: str = "plain"
    no_kana: float = 0.03
    no_sex: float = 0.02
    no_guardian: float = 0.06
    no_address: float = 0.0
    no_birth: float = 0.0
    alias: float = 0.5
    careless: float = 1.0
    by_ear: float = 0.005
    vague_birth: float = 0.0
    unicode: bool = False


@dataclass
class Description:
    """Persons as one department wrote them."""

    name: Texts
    kana: Texts
    birth: Texts
    sex: Ints
    guardian: Texts
    address: Texts
    postal: Texts


_HALF = dict(
    zip(
        "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲンァィゥェォャュョッー",
        "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜｦﾝｧｨｩｪｫｬｭｮｯｰ",
        strict=True,
    )
)
for _base, _voiced in zip(
    "カキクケコサシスセソタチツテトハヒフヘホウ", "ガギグゲゴザジズゼゾダヂヅデドバビブベボヴ", strict=True
):
    _HALF[_voiced] = _HALF[_base] + "ﾞ"
for _base, _voiced in zip("ハヒフヘホ", "パピプペポ", strict=True):
    _HALF[_voiced] = _HALF[_base] + "ﾟ"
_HALF["　"] = " "
_WIDE = str.maketrans("ャュョッァィゥェォ", "ヤユヨツアイウエオ")
_FOUR = {"ヂ": "ジ", "ヅ": "ズ", "ジ": "ヂ", "ズ": "ヅ"}
_VOICE = {
    "カ": "ガ",
    "キ": "ギ",
    "サ": "ザ",
    "シ": "ジ",
    "タ": "ダ",
    "ト": "ド",
    "ハ": "バ",
    "ガ": "カ",
    "ザ": "サ",
    "ダ": "タ",
    "バ": "ハ",
    "ジ": "シ",
}
_LONG = (
    ("オオ", "オ"),
    ("コウ", "コ"),
    ("ユウ", "ユ"),
    ("ショウ", "ショ"),
    ("リョウ", "リョ"),
    ("ヨウ", "ヨ"),
    ("ソウ", "ソ"),
    ("トウ", "ト"),
    ("イイ", "イ"),
    ("オウ", "オー"),
)
_DIGITS = "〇一二三四五六七八九"
_STAND_IN = {"𠮷": "吉", "圡": "土", "鷗": "鴎", "嵳": "嵯", "翆": "翠", "撹": "攪"}


@cache
def slips() -> dict[str, list[tuple[str, bool]]]:
    """Characters and what is written instead; True marks a different character, not another form."""
    out: dict[str, list[tuple[str, bool]]] = {}
    for row in names.table("slips"):
        out.setdefault(row["from"], []).append((row["to"], row["kind"] == "slip"))
    return out


@cache
def narrow(text: str) -> str:
    """The text in what CP932 can write: stand-ins for the rest, selectors dropped."""
    if names.cp932(text):
        return text
    return "".join(c if names.cp932(c) else _STAND_IN.get(c, "" if ord(c) >= 0xE0100 else "〓") for c in text)


@cache
def homophones() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Surnames and given names by reading: what somebody may write who has only heard a name."""
    table, surnames, given = names.surnames(), dict[str, list[str]](), dict[str, list[str]]()
    for kanji, kana in zip(table.kanji.tolist(), table.kana.tolist(), strict=True):
        surnames.setdefault(kana, []).append(kanji)
    for part in names.given().values():
        for kanji, kana in zip(part.kanji.tolist(), part.kana.tolist(), strict=True):
            given.setdefault(kana, []).append(kanji)
    return surnames, given


def _heard(text: str, kana: str, options: dict[str, list[str]], kind: float, r: float) -> str:
    """The name as somebody writes it who heard it: other characters, hiragana or katakana."""
    if kind < 0.6:
        others = [k for k in options.get(kana, ()) if k != text]
        return others[int(r * len(others))] if others else text
    if kind < 0.85 and kana:
        return "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in kana)
    return kana or text


def half(text: str) -> str:
    """Full-width katakana as half-width."""
    return "".join(_HALF.get(c, c) for c in text)


def _spell(text: str, r: float, wrong: bool) -> str:
    table = slips()
    options = [(i, to) for i, c in enumerate(text) for to, bad in table.get(c, ()) if bad == wrong]
    if not options:
        return text
    i, to = options[int(r * len(options))]
    return text[:i] + to + text[i + 1 :]


def _misread(kana: str, kind: float, r: float) -> str:
    if kind < 0.35:
        return kana.translate(_WIDE)
    if kind < 0.6:
        for old, new in _LONG:
            if old in kana:
                return kana.replace(old, new, 1)
        return kana
    table = _FOUR if kind < 0.75 else _VOICE
    spots = [i for i, c in enumerate(kana) if c in table]
    if not spots:
        return kana
    i = spots[int(r * len(spots))]
    return kana[:i] + table[kana[i]] + kana[i + 1 :]


def _slip_day(day: int, kind: float, r: float) -> int:
    d = (np.datetime64(day, "D")).astype(object)
    if kind < 0.35 and d.day <= 12 and d.day != d.month:
        return day + (d.replace(month=d.day, day=d.month) - d).days
    if kind < 0.6:
        return day + (1 if r < 0.5 else -1)
    if kind < 0.8:
        return day + (10 if d.day <= 18 else -10)
    year = d.year + (1 if r < 0.4 else -1)
    try:
        return day + (d.replace(year=year) - d).days
    except ValueError:
        return day + 1


def _address(text: str, detail: str, style: str, r: float, with_detail: bool) -> str:
    out = text
    if style in ("hyphen", "bare"):
        out = out.replace("丁目", "-").replace("番", "-").replace("号", "")
    elif style == "kanji":
        head, mark, tail = out.partition("丁目")
        if mark and head and head[-1].isdigit():
            out = head[:-1] + _DIGITS[int(head[-1])] + mark + tail
        out = out.replace("番", "番地の").replace("号", "") if r < 0.3 else out
    elif style == "wide":
        out = out.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
        out = out.replace("丁目", "－").replace("番", "－").replace("号", "")
    if style == "bare" or r > 0.82:
        out = out.removeprefix("豊中市")
    elif r > 0.7:
        out = "大阪府" + out
    if with_detail and detail:
        room = detail
        if r < 0.12:
            digits = "".join(c for c in detail if c.isdigit())
            room = "-" + digits if style in ("hyphen", "bare") else digits + "号室"
            return out + room
        return out + ("　" if r < 0.7 else " ") + room
    return out


_STYLES = ("plain", "hyphen", "kanji", "wide", "bare")


def describe(city: City, person: Ints, rng: np.random.Generator, habits: Habits, on: Ints) -> Description:
    """Write down persons the way one department does; a person of -1 is somebody not in the register.

    `on` is the day each row was written: an address changed shortly before may still be the old one.
    """
    n = len(person)
    level = city.noise * habits.careless
    who = np.maximum(person, 0)
    known = person >= 0
    surname, reading = city.surname[who].copy(), city.surname_kana[who].copy()
    given, given_kana = city.given[who].copy(), city.given_kana[who].copy()
    birth, sex = city.birth[who].copy(), city.sex[who].copy()
    unit = city.unit[who]
    address, detail = city.u_address[unit].copy(), city.u_detail[unit].copy()
    out = np.flatnonzero(~known)
    if len(out):
        table = names.surnames()
        chosen = pick(rng, table.weight, len(out))
        surname[out], reading[out] = table.kanji[chosen], table.kana[chosen]
        birth[out] = on[out] - rng.integers(400, 5600, len(out))
        sex[out] = rng.integers(1, 3, len(out))
        given[out], given_kana[out] = names.draw_given(rng, sex[out], year_of(birth[out]))
        away = places.draw(rng, places.draw_towns(rng, len(out)), 0.0)
        towns = np.array(
            ["吹田市千里山東", "池田市井口堂", "箕面市西小路", "大阪市淀川区東三国", "尼崎市東園田町"], object
        )
        far = towns[rng.integers(0, 5, len(out))] + np.array(
            [f"{a}丁目{b}番" for a, b in zip(away.block, away.lot, strict=True)], object
        )
        address[out] = np.where(rng.random(len(out)) < 0.25, away.text, far)
        detail[out] = ""
        # some are brothers, sisters or twins of a registered child, under the same roof
        children = np.flatnonzero((city.slot >= CHILD) & (city.slot < GRANDFATHER) & (city.status == 1))
        kin = out[chance(rng, 0.3, len(out))]
        model = children[rng.integers(0, len(children), len(kin))]
        surname[kin], reading[kin] = city.surname[model], city.surname_kana[model]
        address[kin], detail[kin] = city.u_address[city.unit[model]], city.u_detail[city.unit[model]]
        twin = chance(rng, 0.35, len(kin))
        apart = np.where(twin, 0, rng.integers(400, 1800, len(kin)) * rng.choice([-1, 1], len(kin)))
        birth[kin] = np.minimum(city.birth[model] + apart, on[kin] - 30)
    # the old address, when the move was not yet known there
    moved = city.u_moved[unit]
    stale = (
        known
        & (moved > NEVER)
        & (
            (on < moved)
            | (chance(rng, 0.55 * min(level, 1.5), n) & (on < moved + 150))
            | chance(rng, 0.05 * level, n)
        )
    )
    before = city.u_before[unit]
    alias = known & (city.alias[who] != "") & chance(rng, habits.alias, n)
    # before the change of name every department wrote the old one; afterwards some still do
    renamed = city.renamed[who]
    old_name = (
        known
        & (city.former[who] != "")
        & (((renamed > NEVER) & (on < renamed)) | chance(rng, 0.12 * level, n) & (renamed > NEVER))
    )
    guardian = np.where(city.mother[who] >= 0, city.mother[who], city.father[who])
    father = (city.father[who] >= 0) & (chance(rng, 0.55, n) | (city.mother[who] < 0))
    guardian = np.where(father, city.father[who], guardian)
    no_guardian = chance(rng, habits.no_guardian, n) | (guardian < 0) | ~known
    r = rng.random((n, 12))
    hit = rng.random((n, 9)) < np.array([0.055, 0.006, 0.006, 0.05, 0.009, 0.04, 0.06, 0.05, 0.004]) * level
    kana_off = chance(rng, habits.no_kana, n)
    half_kana = chance(rng, habits.half_kana, n) | (hit[:, 5] & (rng.random(n) < 0.5))
    style_slip = chance(rng, 0.12 * level, n)
    with_detail = chance(rng, 0.7, n)
    gap_slip = chance(rng, 0.08 * level, n)
    blank = chance(rng, habits.no_address, n)
    ear = np.where(chance(rng, habits.by_ear * city.noise, n), rng.random(n), 0.0)
    vague = chance(rng, habits.vague_birth * city.noise, n)
    no_birth = chance(rng, habits.no_birth, n)
    name_out, kana_out, guard_out, address_out = (np.empty(n, object) for _ in range(4))
    tidy = (lambda t: t) if habits.unicode else narrow
    gaps = ("", " ", "　")
    surnames, givens, readings, given_readings, old_addresses = (
        [str(t) for t in column.tolist()] for column in (surname, given, reading, given_kana, before)
    )
    for i in range(n):
        x, h = r[i], hit[i]
        last, first, lk, fk = surnames[i], givens[i], readings[i], given_readings[i]
        if alias[i]:
            last, _, first = str(city.alias[who[i]]).partition("　")
            lk, _, fk = str(city.alias_kana[who[i]]).partition("　")
        elif old_name[i]:
            last = str(city.former[who[i]]).partition("　")[0]
            lk = str(city.former_kana[who[i]])
        gap = gaps[int(x[0] * 3)] if gap_slip[i] else habits.gap
        foreign = known[i] and city.foreign[who[i]] and not alias[i]
        if foreign and h[6]:
            last, first, lk, fk = first, last, fk, lk
        if ear[i] > 0:
            if ear[i] < 0.35:
                last = _heard(last, lk, homophones()[0], x[11] * 0.6, x[1])
            else:
                first = _heard(first, fk, homophones()[1], x[11], x[2])
        if h[0]:
            last = _spell(last, x[1], False)
        if h[7]:
            first = _spell(first, x[2], False)
        if h[1]:
            first = _spell(first, x[2], True)
        if h[8] and len(first) > 1:
            first = first[:-1] if x[3] < 0.5 else first[::-1]
        name_out[i] = tidy(last + (" " if foreign and last.isascii() else gap) + first)
        if kana_off[i]:
            kana_out[i] = ""
        else:
            if h[3]:
                if x[4] < 0.4:
                    lk = _misread(lk, x[5], x[6])
                else:
                    fk = _misread(fk, x[5], x[6])
            kana = lk + gap + fk
            kana_out[i] = half(kana) if half_kana[i] else kana
        if no_guardian[i]:
            guard_out[i] = ""
        else:
            g = guardian[i]
            text = city.surname[g] + gap + city.given[g]
            if city.alias[g] != "" and alias[i]:
                text = str(city.alias[g]).replace("　", gap)
            guard_out[i] = tidy(_spell(text, x[7], False) if h[0] and x[8] < 0.5 else text)
        style = _STYLES[int(x[9] * 5)] if style_slip[i] else habits.address
        if blank[i]:
            address_out[i] = ""
        elif stale[i]:
            text, _, room = old_addresses[i].partition("　")
            address_out[i] = tidy(_address(text, room, style, x[10], bool(with_detail[i])))
        else:
            address_out[i] = tidy(_address(address[i], detail[i], style, x[10], bool(with_detail[i])))
    for i in np.flatnonzero(hit[:, 4]).tolist():
        birth[i] = min(_slip_day(int(birth[i]), r[i, 1], r[i, 2]), int(on[i]) - 1)
    birth_out = written(birth, habits.birth)
    for i in np.flatnonzero(chance(rng, 0.04 * level, n)).tolist():
        other = ("iso", "slash", "plain", "dots", "kanji")[int(r[i, 3] * 5)]
        birth_out[i] = notation(other)[int(birth[i]) - BASE + 1]
    birth_out[no_birth] = ""
    years = year_of(birth)
    for i in np.flatnonzero(vague).tolist():
        y = int(years[i])
        era = f"令和{y - 2018}年" if y > 2019 else f"平成{y - 1988}年"
        birth_out[i] = (f"{era}頃", f"{era}月日不詳", f"推定{era}")[i % 3] if y > 1989 else birth_out[i]
    sex_out = np.where(chance(rng, habits.no_sex, n), -1, sex - 1)
    sex_out = np.where(chance(rng, 0.002 * level, n), 1 - sex_out.clip(0, 1), sex_out)
    sex_out = np.where(chance(rng, 0.001 * level, n), 2, sex_out)
    t = places.towns()
    postal = t.postal[city.u_town[unit]].copy()
    postal[~known | stale] = ""
    return Description(name_out, kana_out, birth_out, sex_out, guard_out, address_out, postal)


__all__ = ["Description", "Habits", "describe", "month_of"]
