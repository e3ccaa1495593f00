"""Calibration: what a generated city gives for the figures it should resemble, from its own files."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from kodomo.paths import DATA
from kodomo.synth.writing import layouts


@dataclass(frozen=True)
class Figure:
    """One figure to resemble: its band for the full city, a wider one for small cities, and its source."""

    code: str
    label: str
    unit: str
    low: float
    high: float
    wide: tuple[float, float]
    source: str


def figures(path: Path = DATA / "synth" / "calibration.toml") -> list[Figure]:
    """The figures with their bands."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    return [
        Figure(
            f["code"],
            f["label"],
            f["unit"],
            float(f["band"][0]),
            float(f["band"][1]),
            (float(f["wide"][0]), float(f["wide"][1])),
            f["source"],
        )
        for f in raw["figure"]
    ]


_ERA = {"R": 2018, "H": 1988, "S": 1925, "令和": 2018, "平成": 1988, "昭和": 1925}


def _days(column: pd.Series) -> pd.Series:
    """Dates of any of the generator's notations as timestamps; what cannot be read is NaT."""
    values = column.unique()
    out: dict[str, pd.Timestamp | None] = {}
    for text in values.tolist():
        out[text] = _day(text)
    return pd.to_datetime(column.map(out))


def _day(text: str) -> pd.Timestamp | None:
    era = next((v for k, v in _ERA.items() if text.startswith(k)), 0)
    body = text.replace("元", "1")
    for mark in (*_ERA, "年", "月", "日", "/", "-"):
        body = body.replace(mark, "." if mark in ("年", "月", "/", "-") else "")
    parts = body.strip(".").split(".")
    try:
        if len(parts) == 1 and len(body) == 8:
            return pd.Timestamp(int(body[:4]), int(body[4:6]), int(body[6:]))
        if len(parts) == 1 and len(body) == 6 and era:
            return pd.Timestamp(int(body[:2]) + era, int(body[2:4]), int(body[4:]))
        return pd.Timestamp(int(parts[0]) + era, int(parts[1]), int(parts[2]))
    except (ValueError, IndexError):
        return None


@dataclass
class Files:
    """The deliveries of one generated city, read back as text."""

    folder: Path
    as_of: date

    def read(self, extract: str, fields: list[str] | None = None) -> pd.DataFrame:
        """One extract with its fields as columns, all text."""
        layout = layouts()[extract]
        (path,) = (self.folder / "deliveries").glob(layout.file.replace("{YYYYMMDD}", "*"))
        frame = pd.read_csv(path, dtype=str, encoding=layout.encoding, keep_default_na=False)
        frame.columns = pd.Index([f for _, f in layout.columns])
        return frame if fields is None else frame[fields]

    def newest(self, extract: str) -> pd.DataFrame:
        """One extract with the newest version of each key only."""
        frame = self.read(extract)
        key = list(layouts()[extract].key)
        frame = frame.assign(noted=_days(frame["recorded_on"]))
        return frame.sort_values("noted", kind="stable").drop_duplicates(key, keep="last")


def measure(folder: Path, as_of: date) -> dict[str, float]:
    """Every figure of data/synth/calibration.toml, measured from folder/deliveries and folder/truth."""
    f, out = Files(folder, as_of), dict[str, float]()
    end = pd.Timestamp(as_of)
    year = end - pd.DateOffset(years=1)
    r = f.read("resident_register")
    r["born"] = _days(r["birth_date"])
    now = r[r["status"] == "1"].copy()
    now["age"] = (end - now["born"]).dt.days / 365.25
    total = len(now)
    per = 400_000 / total
    kids = now[now["age"] < 18]
    out["residents"] = total * per
    out["children"] = len(kids) * per
    for low, high in ((0, 5), (5, 10), (10, 15), (15, 18)):
        out[f"children_{low}_{high - 1}"] = ((now["age"] >= low) & (now["age"] < high)).sum() * per
    out["elderly_share"] = 100 * (now["age"] >= 65).mean()
    out["household_size"] = total / now["household_id"].nunique()
    out["foreign_share"] = 100 * (now["nationality"] == "2").mean()
    out["foreign_children_share"] = 100 * (kids["nationality"] == "2").mean()
    m = f.read("resident_move")
    m["on"] = _days(m["moved_on"])
    last = m[m["on"] > year]
    for code, kinds in (("births", ["01"]), ("deaths", ["05"])):
        out[code] = last["move_type"].isin(kinds).sum() * per
    for code, kinds in (("moves_in", ["02", "09"]), ("moves_out", ["04"]), ("moves_inside", ["03"])):
        out[code] = 100 * last["move_type"].isin(kinds).sum() / total

    roster = f.read("pupil_roster")
    running = roster[roster["status"] == "1"]
    grade = running["grade"].astype(int)
    pupils6, pupils9 = (grade <= 6).sum(), (grade >= 7).sum()
    out["elementary_pupils"], out["junior_pupils"] = pupils6 * per, pupils9 * per
    school = f.read("school_register")
    enrolled = school[school["status"] == "1"]
    junior = enrolled[enrolled["grade"].astype(int) >= 7]
    out["junior_elsewhere_share"] = 100 * (junior["school_code"].astype(int) >= 900).mean()

    fy = as_of.year - (as_of.month < 4) - 1
    start, stop = pd.Timestamp(fy, 4, 1), pd.Timestamp(fy + 1, 3, 31)
    a = f.read("attendance")
    a = a[(a["month"] >= f"{fy}04") & (a["month"] <= f"{fy + 1}03")]
    days = ["sick_days", "nonattendance_days", "other_absent_days"]
    a[days] = a[days].astype(int)
    absent = a.groupby("pupil_id")[days].sum()
    born = _days(roster["birth_date"])
    cohort = pd.Series((born - pd.Timedelta(days=1)).dt.year - ((born - pd.Timedelta(days=1)).dt.month < 4))
    level = pd.Series((fy - cohort - 6).to_numpy(), index=roster["pupil_id"])
    absent["grade"] = level.reindex(absent.index)
    absent["all"] = absent[days].sum(axis=1)
    small, big = absent[absent["grade"] <= 6], absent[absent["grade"] >= 7]
    refusing = absent["nonattendance_days"] >= 30
    out["nonattendance_elementary"] = 100 * (small["nonattendance_days"] >= 30).mean()
    out["nonattendance_junior"] = 100 * (big["nonattendance_days"] >= 30).mean()
    out["nonattendance_all"] = 100 * refusing.mean()
    out["nonattendance_90"] = 100 * (absent["nonattendance_days"] >= 90).sum() / max(refusing.sum(), 1)
    out["long_absence_other"] = (
        100 * ((absent["all"] >= 30) & ~refusing).sum() / max((absent["all"] >= 30).sum(), 1)
    )
    out["sick_days_mean"] = absent["sick_days"].mean()

    b = f.newest("bullying")
    b["on"] = _days(b["occurred_on"])
    b = b[(b["on"] >= start) & (b["on"] <= stop) & (b["role"] == "1")]
    victim = level.reindex(b["pupil_id"]).to_numpy()
    out["bullying_elementary"] = 1000 * (victim <= 6).sum() / max(len(small), 1)
    out["bullying_junior"] = 1000 * (victim >= 7).sum() / max(len(big), 1)
    out["bullying_resolved"] = 100 * (b["status"] == "3").mean()

    aid = f.newest("school_expense_aid")
    aid = aid[aid["application_id"].str[1:5] == str(fy)]
    granted = aid[aid["decision"] == "1"]
    out["expense_aid"] = 100 * len(granted) / len(absent)
    names = roster.assign(short=roster["school_name"].map(short_school))
    size = names[names["status"] == "1"].groupby("short").size()
    share = (granted["school_name"].map(short_school).value_counts() / size).dropna() * 100
    share = share[size.reindex(share.index) >= 40]
    out["expense_aid_lowest_school"], out["expense_aid_highest_school"] = (
        float(share.min()),
        float(share.max()),
    )

    child_ids = set(kids["resident_id"])
    p = f.newest("public_assistance")
    on_aid = p[p["ended_on"] == ""]
    out["assistance_children"] = 100 * on_aid["resident_id"].isin(child_ids).sum() / len(kids)
    out["assistance_all"] = 100 * on_aid["resident_id"].isin(set(now["resident_id"])).sum() / total
    c = f.newest("child_rearing_allowance")
    c = c[(c["ended_on"] == "") & c["resident_id"].isin(child_ids)]
    out["rearing_allowance"] = 100 * c[c["payment"].isin(["1", "2"])]["resident_id"].nunique() / len(kids)
    alone = kids.merge(
        now[(now["age"] >= 18) & now["relation"].isin(["世帯主", "妻", "夫"])]
        .groupby("household_id")
        .size()
        .rename("adults"),
        left_on="household_id",
        right_index=True,
        how="left",
    )
    house = alone.drop_duplicates("household_id")
    house = house[house["relation"].isin(["子", "妻の子"])]
    out["single_households"] = 100 * (house["adults"] == 1).mean()

    checks = f.read("infant_checkup")
    checks["due"] = _days(checks["due_month"] + "/1")
    checks = checks[(checks["due"] >= start) & (checks["due"] <= stop)]
    keys = ["resident_id", "checkup"]
    blank = checks[checks["attended_on"] == ""][keys].drop_duplicates()
    due = checks[keys].drop_duplicates()
    for kind, label in (("1", "4m"), ("2", "18m"), ("3", "42m")):
        out[f"checkup_missed_{label}"] = (
            100 * (blank["checkup"] == kind).sum() / max((due["checkup"] == kind).sum(), 1)
        )
    came = checks[checks["attended_on"] != ""][keys].drop_duplicates()
    out["checkup_came_later"] = 100 * len(blank.merge(came)) / max(len(blank), 1)
    v = f.read("newborn_visit")
    seen = v[v["epds"] != ""]["epds"].astype(int)
    out["epds_9"] = 100 * (seen >= 9).mean()
    w = f.newest("pregnancy")
    w["on"] = _days(w["notified_on"])
    w = w[w["on"] > year]
    out["specified_expectant"] = 100 * (w["support_class"] == "2").mean()
    out["late_pregnancy_22"] = 100 * (w["weeks"].astype(int) >= 22).mean()

    club = f.newest("after_school_club")
    joined = _days(club["started_on"])
    club = club[(joined >= pd.Timestamp(fy + 1, 4, 1)) & (club["ended_on"] == "")]
    out["club_share"] = 100 * len(club) / max(pupils6, 1)
    con = f.read("consultation")
    con["on"] = _days(con["occurred_on"])
    con = con[con["on"] > year]
    out["consultations"] = 1000 * len(con) / len(kids)
    out["abuse_consultations"] = 1000 * con["kind"].isin(["11", "12", "13", "14"]).sum() / len(kids)
    g = f.newest("guidance_center_case")
    g["on"] = _days(g["occurred_on"])
    g = g[g["on"] > year]
    harm = g[g["kind"] != "0"]
    out["center_notices"] = 1000 * len(harm) / len(kids)
    for kind, label in (("1", "physical"), ("2", "psychological"), ("3", "neglect"), ("4", "sexual")):
        out[f"center_{label}"] = 100 * (harm["kind"] == kind).mean()
    out["center_police"] = 100 * (harm["route"] == "1").mean()
    out["custody"] = 1000 * (g["custody_on"] != "").sum() / len(kids)
    k = f.read("council_case")
    k["on"] = _days(k["started_on"])
    k = k.sort_values("on", kind="stable").drop_duplicates("consultation_id", keep="last")
    open_ = k[k["ended_on"] == ""]
    out["council_open"] = 1000 * (open_["kind"] != "3").sum() / len(kids)
    out["council_protection_share"] = (
        100 * (open_["kind"] == "1").sum() / max((open_["kind"] != "3").sum(), 1)
    )
    insured = f.newest("health_insurance")
    out["insurance"] = 100 * (insured["ended_on"] == "").sum() / total
    d = f.newest("disability_certificate")
    d = d[d["returned_on"] == ""]
    out["certificates_children"] = 100 * d["resident_id"].isin(child_ids).sum() / len(kids)
    d = f.newest("day_support")
    d = d[_days(d["ended_on"]) >= end]
    out["day_support"] = 100 * d["resident_id"].nunique() / len(kids)
    out["mood_rows"] = len(f.read("mood_check", ["mood"])) * per / 1e6
    out.update(_names(f, r))
    return out


def short_school(name: str) -> str:
    """A school's name without the city and with its kind shortened."""
    return name.replace("豊中市立", "").replace("小学校", "小").replace("中学校", "中")


def _names(f: Files, register: pd.DataFrame) -> dict[str, float]:
    """How many rows of each person-matched extract do not equal the register in name and birth date."""
    truth = pd.read_csv(f.folder / "truth" / "links.csv", dtype=str, keep_default_na=False)
    people = register.assign(plain=register["name"].str.replace("　", "")).set_index("resident_id")[
        ["plain", "born"]
    ]
    out: dict[str, float] = {}
    for extract in (
        "school_register",
        "school_expense_aid",
        "after_school_club",
        "pupil_roster",
        "consultation",
    ):
        frame = f.newest(extract)
        right = truth[truth["extract"] == extract].set_index("record_key")["resident_id"]
        frame["person"] = right.reindex(frame[layouts()[extract].key[0]]).to_numpy()
        frame = frame[frame["person"] != ""]
        mine = people.reindex(frame["person"])
        name = frame["name"].str.replace(r"[ 　]", "", regex=True).to_numpy()
        same = (name == mine["plain"].to_numpy()) & (
            _days(frame["birth_date"]).to_numpy() == mine["born"].to_numpy()
        )
        out[f"differs_{extract}"] = 100 * (1 - same.mean())
    return out


def table(folder: Path, as_of: date) -> str:
    """The calibration table of docs/calibration.md for one generated city."""
    got = measure(folder, as_of)
    lines = ["| figure | band | this city | source |", "|---|---|---|---|"]
    for f in figures():
        inside = "" if f.low <= got[f.code] <= f.high else " (outside)"
        low, high, value = (f"{v:,.0f}" if v >= 1000 else f"{v:.3g}" for v in (f.low, f.high, got[f.code]))
        lines.append(f"| {f.label} | {low}–{high} {f.unit} | {value}{inside} | {f.source} |")
    return "\n".join(lines)
