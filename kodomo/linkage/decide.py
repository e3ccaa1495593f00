"""Decide: which pairs link by themselves, which wait for a person, and the sentence that says why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kodomo.linkage.engine import Weighed
from kodomo.linkage.levels import SWAP

AUTO = 0.99
CONTESTED = 0.9995
# Enough, with the whole name equal, to forgive one thing that does not fit: a slip in the birth date, or an
# address, guardian or school of another time. Of 10,000 such links at most one is expected to be wrong.
FORGIVING = 0.9999
# Where more than this share of an extract's plain matches differ in a field, the extract writes that field
# in a way of its own (another year's school, a business address): a difference there speaks against nobody.
UNRELIABLE = 0.25
PLAIN_MATCHES = 20
SURE = 0.999
REVIEW = 0.01
# Of automatic links at most so many may be expected to be wrong.
FALSE_SHARE = 5e-5
REVIEW_SHARE = 0.018
KEEP = 1e-6

# Why a row that looks good still waits for a person; index = code, 0 = nothing to add.
FLAGS = (
    "",
    "同姓同名・同生年月日の人がほかにもいるため確認が必要です",
    "双子・きょうだいの可能性があるため確認が必要です",
    "生年月日が一致しないため確認が必要です",
    "生年月日がないため確認が必要です",
    "姓が一致しないため確認が必要です",
    "性別が違うため確認が必要です",
    "名が一致しないため確認が必要です",
    "宛名番号の人と氏名・生年月日が合わないため確認が必要です",
    "宛名番号が住民基本台帳にないため確認が必要です",
    "同じ人の在籍行がほかにもあるため確認が必要です",
    "この連携データの生年月日がずれているようなので確認が必要です",
    "確かさが足りないため確認が必要です",
    "一致する住民が見つかりません",
    "職員が別人と判断しました",
    "職員が同じ人と判断しました",
    "氏名が文字化けしていて照合できません",
    "氏名・生年月日のほかが合わないため確認が必要です",
)
(NOTHING, HOMONYM, TWIN, BIRTH, NO_BIRTH, SURNAME, SEX, GIVEN, NUMBER) = range(9)
(UNKNOWN_NUMBER, DOUBLE, SHIFTED, UNSURE, NOBODY, REJECTED, CONFIRMED, GARBLED, CONTRARY) = range(9, 18)


@dataclass
class Ranked:
    """Candidates in order of record and rank, with the belief in each (one row per kept pair)."""

    row: np.ndarray  # position in the weighed pairs
    record: np.ndarray
    rank: np.ndarray
    belief: np.ndarray
    odds: np.ndarray


@dataclass
class Verdict:
    """One row per record: the best pair (-1 none), its belief, status, flag; `cut` is the automatic line."""

    top: np.ndarray
    second: np.ndarray
    belief: np.ndarray
    status: np.ndarray
    flag: np.ndarray
    cut: float


def rank(weighed: Weighed, odds: np.ndarray, belief: np.ndarray, current: np.ndarray) -> Ranked:
    """Order the candidates of every record: belief first, then who still lives here, then the number."""
    pairs = weighed.pairs
    order = np.lexsort((pairs.person, ~current, -odds, pairs.record))
    record = pairs.record[order]
    first = np.concatenate([[True], record[1:] != record[:-1]]) if len(record) else np.array([], dtype=bool)
    start = np.maximum.accumulate(np.where(first, np.arange(len(record)), 0)) if len(record) else record
    place = np.arange(len(record)) - start + 1
    worth = (belief[order] >= KEEP) | (place == 1) | (weighed.evidence.owner[order] == 1)
    kept = (place <= 5) & worth & np.isfinite(odds[order])
    return Ranked(
        order[kept], record[kept], place[kept].astype("int32"), belief[order][kept], odds[order][kept]
    )


def support(levels: dict[str, np.ndarray]) -> np.ndarray:
    """Return how many of address, guardian and school agree (0 to 3)."""
    return (
        (levels["address"] >= 4).astype("int8")
        + (levels["guardian"] == 3).astype("int8")
        + (levels["school"] == 1).astype("int8")
    )


def decide(
    weighed: Weighed,
    ranked: Ranked,
    records: int,
    *,
    between: np.ndarray,
    group: np.ndarray,
    suspect: np.ndarray,
    numbered: np.ndarray,
    number_unknown: np.ndarray,
) -> Verdict:
    """Return the verdict for every record.

    Args:
        weighed, ranked: the candidates.
        records: how many records there are.
        between: per pair, the belief when rivals are weighed against each other (`model.rival_odds`).
        group: per record, the number of its extract.
        suspect: per record, whether its extract has shifted birth dates.
        numbered: per record, whether it brings a number the register knows.
        number_unknown: per record, whether it brings one the register does not know.
    """
    top = np.full(records, -1, dtype="int64")
    second = np.full(records, -1, dtype="int64")
    belief = np.zeros(records)
    is_first, is_second = ranked.rank == 1, ranked.rank == 2
    top[ranked.record[is_first]] = ranked.row[is_first]
    second[ranked.record[is_second]] = ranked.row[is_second]
    belief[ranked.record[is_first]] = ranked.belief[is_first]
    has = top >= 0
    safe_top, safe_second = np.maximum(top, 0), np.maximum(second, 0)
    count = len(weighed.pairs)

    def at(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return values[rows] if count else np.full(records, -1, dtype="int8")

    lv = {name: np.where(has, at(level, safe_top), -1) for name, level in weighed.levels.items()}
    lv2 = {name: np.where(second >= 0, at(level, safe_second), -1) for name, level in weighed.levels.items()}
    backing = np.where(has, at(support(weighed.levels), safe_top), 0)
    # A confusable or lost character will do where address, guardian or school speak for the same child.
    given = has & at(weighed.exact_given, safe_top).astype(bool)
    given |= has & at(weighed.alike_given, safe_top).astype(bool) & (backing >= 1) & (lv["dob"] == 7)
    owner = np.where(has, at(weighed.evidence.owner, safe_top), -1)

    names_exact = (lv["mei"] >= 5) & (lv["sei"] >= 5)
    both_scripts = (lv["mei"] == 7) & (lv["sei"] == 7)
    whole_name = (lv["mei"] >= 6) & (lv["sei"] >= 6)
    slipped = (lv["dob"] >= 2) & (lv["dob"] <= 6)
    flag = np.full(records, NOTHING, dtype="int8")

    def raise_flag(rows: np.ndarray, code: int) -> None:
        flag[rows & (flag == NOTHING)] = code

    by_number = owner == 1
    # A number that speaks for somebody else than the best match, or for nobody's name and birth date.
    raise_flag(numbered & has & ~by_number, NUMBER)
    raise_flag(by_number & (lv["dob"] < 2) & ~given, NUMBER)
    raise_flag(by_number & (lv["dob"] >= 0) & (lv["dob"] < 2) & (lv["sei"] < 3), NUMBER)
    raise_flag(by_number & (belief < AUTO), NUMBER)
    twin = (lv["sei"] >= 3) & (lv["dob"] == 7) & ~given & (lv["mei"] >= 0)
    raise_flag(twin, TWIN)
    raise_flag(suspect, SHIFTED)
    raise_flag(number_unknown & has, UNKNOWN_NUMBER)
    person = ~by_number
    raise_flag(person & ~given, GIVEN)
    alone = ~((lv2["mei"] >= 3) & (lv2["sei"] >= 3))
    # Somebody of this very name at this very address; the age may be a year off, or not given at all.
    at_home = names_exact & (lv["address"] >= 4) & (lv["sex"] != 0) & alone
    at_home &= (lv["age"] == 2) | (((lv["age"] == 1) | whole_name) & (lv["age"] != 0) & (belief >= SURE))
    raise_flag(person & (lv["dob"] == -1) & ~at_home, NO_BIRTH)
    raise_flag(person & (lv["dob"] >= 0) & (lv["dob"] < 2), BIRTH)
    plain = has & whole_name & (lv["dob"] == 7)
    against = sum(contradicts(lv[field], plain, group) for field in ("address", "guardian", "school"))
    forgiving = whole_name & (lv["sex"] != 0) & alone & (belief >= FORGIVING)
    small_slip = ((lv["dob"] >= 4) | (lv["dob"] == 2)) & (against == 0) & forgiving
    raise_flag(person & slipped & ~(names_exact & (backing >= 1)) & ~small_slip, BIRTH)
    family = (backing >= 1) | (lv["guardian"] == 2)
    raise_flag(person & (lv["sei"] < 3) & ~((lv["mei"] >= 5) & (lv["dob"] == 7) & family), SURNAME)
    raise_flag(person & (lv["sex"] == 0) & ~(names_exact & (lv["dob"] == 7) & (backing >= 1)), SEX)
    # One field of another time (moved, last year's school, the other parent) is usual; two speak of another.
    outdated = (against == 1) & (lv["dob"] == 7) & forgiving
    raise_flag(person & (against > backing) & ~outdated, CONTRARY)
    rival = (second >= 0) & (lv2["dob"] == 7) & (lv2["mei"] >= 3) & (lv2["sei"] >= 3)
    # Namesakes born on one day: address, guardian or school may tell them apart when it speaks for the one,
    # against the other, and nothing speaks the other way.
    backing2 = np.where(second >= 0, at(support(weighed.levels), safe_second), 0)
    against2 = (lv2["address"] == 0).astype("int8") + (lv2["guardian"] == 0) + (lv2["school"] == 0)
    told_apart = rival & (backing >= 1) & (against == 0) & (backing2 == 0) & (against2 >= 1) & both_scripts
    belief = np.where(told_apart, np.where(has, at(between, safe_top), 0), belief)
    raise_flag(person & rival & (belief < CONTESTED) & ~told_apart, HOMONYM)
    raise_flag(has & (belief < AUTO), UNSURE)

    ready = has & (flag == NOTHING)
    cut = auto_cut(belief[ready & person])
    raise_flag(ready & person & (belief < cut), UNSURE)
    ready &= flag == NOTHING

    status = np.full(records, "none", dtype=object)
    waiting = has & ~ready & ((belief >= REVIEW) | ((flag == NUMBER) & numbered))
    status[waiting] = "review"
    status[ready] = "auto"
    _bound_review(status, belief, flag, records)
    flag[(status == "none") & (flag != REJECTED)] = NOBODY
    return Verdict(top, second, belief, status, flag, cut)


def contradicts(level: np.ndarray, plain: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return per record whether a field speaks against the match (int8): it differs where it usually agrees.

    Args:
        level: the field's level, 0 different, -1 unknown.
        plain: records whose names, readings and birth date agree exactly.
        group: the extract of each record.
    """
    differs = (level == 0).astype("int8")
    for extract in np.unique(group):
        known = plain & (group == extract) & (level >= 0)
        if known.sum() >= PLAIN_MATCHES and differs[known].mean() > UNRELIABLE:
            differs[group == extract] = 0
    return differs


def auto_cut(belief: np.ndarray) -> float:
    """Return the lowest belief for automatic links: at most 1 in 20,000 of them is expected to be wrong.

    A belief of .999 is enough in any case, so that a village with five rows need not have twenty thousand.
    """
    ordered = np.sort(belief[belief >= AUTO])[::-1]
    if not len(ordered):
        return AUTO
    expected = np.cumsum(1 - ordered) / np.arange(1, len(ordered) + 1)
    good = np.flatnonzero(expected <= FALSE_SHARE)
    return min(float(ordered[good[-1]]) if len(good) else 1.0, SURE)


def _bound_review(status: np.ndarray, belief: np.ndarray, flag: np.ndarray, records: int) -> None:
    """Leave the least likely of an overlong queue unlinked, with their candidates kept."""
    limit = max(20, int(REVIEW_SHARE * records))
    waiting = np.flatnonzero((status == "review") & (flag != NUMBER) & (flag != SHIFTED) & (belief < 0.5))
    excess = int((status == "review").sum()) - limit
    if excess > 0 and len(waiting):
        order = waiting[np.lexsort((waiting, belief[waiting]))]
        status[order[:excess]] = "none"


def one_to_one(
    verdict: Verdict, weighed: Weighed, odds: np.ndarray, exclusive: np.ndarray, numbered: np.ndarray
) -> None:
    """Send rows to review that claim the same resident within one list where a child can stand only once.

    A clearly better row (a thousand to one) keeps its link. Rows that bring the number are left alone.
    """
    rows = np.flatnonzero((verdict.status == "auto") & exclusive & ~numbered)
    if not len(rows):
        return
    person = weighed.pairs.person[verdict.top[rows]]
    order = np.lexsort((rows, -odds[verdict.top[rows]], person))
    rows, person = rows[order], person[order]
    value = odds[verdict.top[rows]]
    same = np.concatenate([[False], person[1:] == person[:-1]])
    if not same.any():
        return
    first = np.maximum.accumulate(np.where(~same, np.arange(len(rows)), 0))
    weaker = same
    near = np.zeros(len(rows), dtype=bool)
    np.maximum.at(near, first[same], value[same] > value[first[same]] - np.log(1000))
    doubtful = weaker | near
    verdict.status[rows[doubtful]] = "review"
    verdict.flag[rows[doubtful]] = DOUBLE


_EXACT = {
    7: "氏名・カナが一致",
    6: "氏名が一致",
    5: "氏名が一致（似た字や小さな違いあり）",
    4: "カナが一致、漢字に違いあり",
    3: "漢字が一致、カナに違いあり",
}
_KIND = ("", "（通称名）", "（旧氏名）", "（以前の氏名）", "（学齢簿の氏名）")


def _names_text(sei: int, mei: int, kind: int) -> str:
    where = _KIND[kind] if 0 <= kind < len(_KIND) else ""
    if sei == SWAP:
        return "姓と名が入れ替わって一致" + where
    if mei == -1 and sei == -1:
        return "氏名を比べられない"
    if sei >= 3 and mei >= 3:
        low = min(sei, mei)
        words = _EXACT
        return words[low] + where
    if mei >= 3:
        return ("名が一致、姓はほぼ一致" if sei == 2 else "名が一致、姓は違う") + where
    if sei >= 3:
        return {
            2: "姓が一致、名のカナはほぼ一致",
            1: "姓が一致、名は一部だけ同じ",
            0: "姓が一致、名は違う",
        }.get(mei, "姓が一致") + where
    return "氏名は違う"


_TEXTS: tuple[tuple[str, dict[int, str]], ...] = (
    (
        "dob",
        {
            7: "生年月日が一致",
            6: "生年月日が1日違い",
            5: "生年月日の月と日が逆",
            4: "生年月日が一部違う",
            3: "生年月日が一部違う",
            2: "分かっている生年月日が一致",
            1: "生年月日が違う",
            0: "生年月日が違う",
            -1: "生年月日を比べられない",
        },
    ),
    ("age", {2: "年齢が合う", 1: "年齢がほぼ合う", 0: "年齢が違う"}),
    ("sex", {0: "性別が違う"}),
    (
        "address",
        {
            5: "住所が一致",
            4: "住所が一致",
            3: "住所が近い",
            2: "丁目まで同じ",
            1: "町名だけ同じ",
            0: "住所は違う",
        },
    ),
    ("guardian", {3: "保護者が一致", 2: "保護者の名が一致", 0: "保護者は違う"}),
    ("school", {1: "学校が一致", 0: "学校は違う"}),
    ("grade", {1: "学年が合う", 0: "学年が合わない"}),
    ("stay", {0: "転出などのあとの記録"}),
)  # fmt: skip


def reasons(weighed: Weighed, rows: np.ndarray) -> np.ndarray:
    """Return the short Japanese reasons of the pairs `rows`, one part per field compared (object array)."""
    if not len(rows):
        return np.array([], dtype=object)
    fields = [
        weighed.levels["sei"],
        weighed.levels["mei"],
        weighed.kind,
        weighed.old_place,
        weighed.evidence.owner,
    ]
    fields += [weighed.levels[name] for name, _ in _TEXTS]
    table = np.stack([np.asarray(values)[rows].astype("int64") for values in fields], axis=1)
    shifted = table - table.min(axis=0)
    key = np.zeros(len(rows), dtype="int64")  # one number per combination of levels sorts faster than rows do
    for column, most in zip(shifted.T, shifted.max(axis=0), strict=True):
        key = key * (most + 1) + column
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    texts: list[str] = []
    for sei, mei, kind, old, owner, *rest in table[first].tolist():
        parts = ["宛名番号が一致"] if owner == 1 else []
        parts.append(_names_text(sei, mei, kind))
        for (name, words), level in zip(_TEXTS, rest, strict=True):
            word = words.get(level)
            if word and name == "address" and old and level >= 4:
                word = "以前の住所が一致"
            if word:
                parts.append(word)
        texts.append("；".join(parts))
    return np.array(texts, dtype=object)[inverse]
