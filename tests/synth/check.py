"""Reading deliveries back: a small strict reader of the contracts, independent of the intake."""

from __future__ import annotations

import csv
import re
import tomllib
from collections import Counter
from datetime import date
from pathlib import Path

from kodomo.paths import CONTRACTS

_ERA = {"R": 2018, "H": 1988, "S": 1925, "令和": 2018, "平成": 1988, "昭和": 1925}
_FORMS = (
    re.compile(r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})"),
    re.compile(r"(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})"),
    re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})"),
    re.compile(r"(?P<e>[RHS])(?P<y>\d{1,2})\.(?P<m>\d{1,2})\.(?P<d>\d{1,2})"),
    re.compile(r"(?P<e>[RHS])(?P<y>\d{2})(?P<m>\d{2})(?P<d>\d{2})"),
    re.compile(r"(?P<e>令和|平成|昭和)(?P<y>元|\d{1,2})年(?P<m>\d{1,2})月(?P<d>\d{1,2})日"),
)
_MONTHS = re.compile(
    r"\d{4}-\d{2}|\d{4}/\d{1,2}|\d{6}|[RH]\d{1,2}\.\d{1,2}|(令和|平成)(元|\d{1,2})年\d{1,2}月"
)
_UNCLEAR = re.compile(r"頃|不詳|推定")


def parse_day(text: str) -> date | None:
    """A date in one of the contract's notations; None when it is 不詳."""
    if _UNCLEAR.search(text):
        return None
    for form in _FORMS:
        if m := form.fullmatch(text):
            g = m.groupdict()
            year = 1 if g["y"] == "元" else int(g["y"])
            return date(year + _ERA.get(g.get("e") or "", 0), int(g["m"]), int(g["d"]))
    raise ValueError(f"no date: {text}")


def contracts() -> dict[str, dict]:
    """The contracts by extract."""
    found = [tomllib.loads(p.read_text(encoding="utf-8")) for p in sorted(CONTRACTS.glob("*.toml"))]
    return {c["extract"]: c for c in found}


def read(folder: Path, contract: dict) -> tuple[list[str], list[list[str]], bytes]:
    """Heading, rows and raw bytes of an extract's only delivery."""
    (path,) = folder.glob(contract["file"].replace("{YYYYMMDD}", "*"))
    raw = path.read_bytes()
    rows = list(csv.reader(raw.decode(contract["encoding"]).splitlines()))
    return rows[0], rows[1:], raw


def faults(contract: dict, heading: list[str], rows: list[list[str]], as_of: date) -> Counter[str]:
    """Every breach of the contract, counted by kind."""
    found: Counter[str] = Counter()
    columns = contract["column"]
    if heading != [c["name"] for c in columns]:
        found["heading"] += 1
        return found
    place = {c["field"]: i for i, c in enumerate(columns)}
    memory: dict[tuple[str, str], date | None] = {}
    for i, c in enumerate(columns):
        kind, codes = c["type"], c.get("codes", {})
        for row in rows:
            if len(row) != len(columns):
                found["cells"] += 1
                continue
            value = row[i]
            if not value:
                found[f"{c['field']} missing"] += bool(c["required"])
                continue
            if kind == "date":
                try:
                    memory[c["field"], value] = parse_day(value)
                except ValueError:
                    found[f"{c['field']} no date"] += 1
            elif kind == "month":
                found[f"{c['field']} no month"] += not _MONTHS.fullmatch(value)
            elif kind == "code":
                found[f"{c['field']} unknown code"] += value not in codes and value not in codes.values()
            elif kind in ("int", "float"):
                fits = re.fullmatch(r"\d+" if kind == "int" else r"\d+(\.\d+)?", value)
                inside = fits and c.get("min", 0) <= float(value) <= c.get("max", 1e9)
                found[f"{c['field']} out of range"] += not inside
            elif kind == "flag":
                found[f"{c['field']} no flag"] += value not in ("1", "0", "有", "無", "○", "true", "false")
    name_of = {c["name"]: c["field"] for c in columns}
    key = [place[name_of[name]] for name in contract["key"]]
    seen: set[tuple[str, ...]] = set()
    recorded_at = place["recorded_on"]
    for row in rows:
        identity = tuple(row[k] for k in key) + ((row[recorded_at],) if contract["mode"] == "append" else ())
        found["key twice"] += identity in seen
        seen.add(identity)
        recorded = memory.get(("recorded_on", row[recorded_at]))
        found["recorded after the day"] += recorded is not None and recorded > as_of
        if "birth_date" in place and recorded:
            born = memory.get(("birth_date", row[place["birth_date"]]))
            found["born after recorded"] += born is not None and born > recorded
    if contract["extract"] == "attendance":
        for row in rows:
            n = {f: int(row[i] or 0) for f, i in place.items() if f.endswith("_days") or f.endswith("_days")}
            absent = n["sick_days"] + n["nonattendance_days"] + n["other_absent_days"]
            found["too many absences"] += absent + n["suspended_days"] > n["school_days"]
    return +found
