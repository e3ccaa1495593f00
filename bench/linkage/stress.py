"""Stress: twins and siblings planted into a loaded city, who must never be linked to one another."""

from __future__ import annotations

import unicodedata

import duckdb
import numpy as np
import pandas as pd

from bench.linkage.counting import KEYS
from kodomo.linkage.sources import PERSON_EXTRACTS

SAME_SEX = 0.65
SHARED_CHARACTER = 0.3
NUMBERED = "school_register"


def _children(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return current residents of 6 to 14, nobody else of whose household was born on their day."""
    query = """
        with newest as (
            select * from src_resident_register
            qualify row_number() over (
                partition by resident_id order by recorded_on desc, delivered_on desc, row_number desc
            ) = 1
        ),
        alone as (
            select * from newest qualify count(*) over (partition by household_id, birth_date) = 1
        ),
        final as (
            select
                resident_id, sex, birth_date,
                split_part(name, '　', 1) as sei, split_part(name, '　', 2) as mei,
                split_part(kana, '　', 2) as mei_kana
            from alone
            where status = '1' and nationality = '1' and sex in ('1', '2')
                and birth_date between date '2012-04-02' and date '2020-04-01'
                and alias_name is null and former_name is null
        )
        select * from final where mei <> '' and mei_kana <> '' order by resident_id
    """
    return con.execute(query).df()


def _other_names(children: pd.DataFrame, chosen: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return another given name of the same generation for each chosen child: mei, mei_kana, sex.

    It differs in characters and in reading; three in ten share one character, as names of twins often do.
    """
    pools = {
        sex: part[["mei", "mei_kana"]].drop_duplicates("mei").reset_index(drop=True)
        for sex, part in children.groupby("sex")
    }
    found: list[tuple[str, str, str]] = []
    for child in chosen.itertuples(index=False):
        sex = str(child.sex) if rng.random() < SAME_SEX else ("2" if child.sex == "1" else "1")
        pool = pools[sex]
        fits = (pool["mei"] != child.mei) & (pool["mei_kana"] != child.mei_kana)
        if rng.random() < SHARED_CHARACTER:
            sharing = fits & pool["mei"].map(lambda name, own=set(str(child.mei)): bool(own & set(str(name))))
            fits = sharing if sharing.any() else fits
        at = rng.choice(np.flatnonzero(fits.to_numpy()))
        found.append((str(pool["mei"].iat[at]), str(pool["mei_kana"].iat[at]), sex))
    return pd.DataFrame(found, columns=["new_mei", "new_kana", "new_sex"], index=chosen.index)


def _tables(con: duckdb.DuckDBPyConnection) -> dict[str, pd.DataFrame]:
    """Return the newest version of every person row that brings no number, as stored."""
    out = {}
    for extract in PERSON_EXTRACTS:
        if extract == NUMBERED:
            continue
        query = f"""
            select * from src_{extract}
            qualify row_number() over (
                partition by record_key order by recorded_on desc, delivered_on desc, row_number desc
            ) = 1
            order by record_key
        """
        out[extract] = con.execute(query).df()
    return out


def _models(tables: dict[str, pd.DataFrame], rows: pd.DataFrame, children: pd.DataFrame) -> pd.DataFrame:
    """Return the records that write 名 as the register does: what a twin's record would look like."""
    parts = [
        frame[["record_key", "name", "kana", "birth_date"]].assign(extract=extract)
        for extract, frame in tables.items()
    ]
    written = pd.concat(parts, ignore_index=True).merge(rows, on=KEYS)
    written = written.merge(
        children, left_on="true_id", right_on="resident_id", suffixes=("", "_register")
    ).reset_index(drop=True)
    plain = written["kana"].fillna("").map(lambda text: unicodedata.normalize("NFKC", str(text)))
    usable = pd.Series(
        [
            mei in name and name != mei and (not kana or mei_kana in kana)
            for name, mei, kana, mei_kana in zip(
                written["name"].fillna(""), written["mei"], plain, written["mei_kana"], strict=True
            )
        ],
        index=written.index,
    )
    usable &= written["birth_date"] == written["birth_date_register"]
    written["kana"] = plain.where(written["kana"].notna())
    return written[usable]


def plant(con: duckdb.DuckDBPyConnection, rows: pd.DataFrame, planted: int, seed: int = 1) -> pd.DataFrame:
    """Add invented children to a loaded city and return its rows with their truth and kind.

    Each copies a department's row about a registered child, as that department wrote it, with another given
    name: an unregistered twin (all else the same), an unregistered sibling (born some years apart), or a
    twin who is registered, too, in the same household.

    Args:
        con: the load layer, writable.
        rows: extract, record_key, true_id, by_person of the city.
        planted: how many of each kind.
        seed: of the choice.

    Returns:
        `rows` with the planted ones and a column kind: "" (of the city), twin, sibling, registered twin,
        and "twin's model" for the rows of a child who was given a registered twin; other_id is that twin.
    """
    rng = np.random.default_rng(seed)
    children, tables = _children(con), _tables(con)
    models = _models(tables, rows, children)
    models = models.iloc[rng.permutation(len(models))].drop_duplicates("true_id")
    if len(models) < 3 * planted:
        raise ValueError(f"{len(models)} children are too few to plant 3 × {planted}")
    models = models.iloc[: 3 * planted].reset_index(drop=True)
    models = models.join(_other_names(children, models, rng))
    models["kind"] = np.repeat(["twin", "sibling", "registered twin"], planted)
    years = rng.integers(1, 5, len(models)) * rng.choice([-1, 1], len(models))
    days = np.where(models["kind"] == "sibling", years * 365 + rng.integers(-40, 41, len(models)), 0)
    models["shift"] = days.astype("timedelta64[D]")
    models["years"] = np.where(models["kind"] == "sibling", years, 0)
    models["new_id"] = [f"99{number:08d}" for number in range(len(models))]
    models["new_key"] = [f"PLANTED{number:06d}" for number in range(len(models))]
    for extract, frame in tables.items():
        _add_records(con, extract, frame, models[models["extract"] == extract])
    _add_residents(con, models[models["kind"] == "registered twin"])
    return _with_truth(rows, models)


def _add_records(
    con: duckdb.DuckDBPyConnection, extract: str, frame: pd.DataFrame, models: pd.DataFrame
) -> None:
    """Insert the copied rows with the new given names (and birth dates of siblings)."""
    if models.empty:
        return
    copies = frame.set_index("record_key").loc[models["record_key"]].reset_index()
    made = models.reset_index(drop=True)
    copies["record_key"] = made["new_key"]
    copies["name"] = [
        str(name).replace(old, new)
        for name, old, new in zip(made["name"], made["mei"], made["new_mei"], strict=True)
    ]
    copies["kana"] = [
        kana.replace(old, new) if isinstance(kana, str) else None
        for kana, old, new in zip(made["kana"], made["mei_kana"], made["new_kana"], strict=True)
    ]
    copies["sex"] = made["new_sex"].where(copies["sex"].notna(), None)
    born = pd.to_datetime(copies["birth_date"]) + made["shift"]
    copies["birth_date"], copies["birth_year"], copies["birth_month"] = born, born.dt.year, born.dt.month
    for field, step in (("grade", -1), ("age", -1)):
        if field in copies:
            copies[field] = copies[field] + step * made["years"]
    con.register("planted", copies)
    con.execute(f"insert into src_{extract} by name select * from planted")
    con.unregister("planted")


def _add_residents(con: duckdb.DuckDBPyConnection, models: pd.DataFrame) -> None:
    """Insert the registered twins beside their models: same household, address and birth date."""
    con.register("twins", models[["true_id", "new_id", "new_mei", "new_kana", "new_sex"]])
    query = """
        insert into src_resident_register by name
        with newest as (
            select * from src_resident_register
            qualify row_number() over (
                partition by resident_id order by recorded_on desc, delivered_on desc, row_number desc
            ) = 1
        )
        select n.* replace (
            t.new_id as resident_id, t.new_id as record_key, t.new_sex as sex,
            split_part(n.name, '　', 1) || '　' || t.new_mei as name,
            split_part(n.kana, '　', 1) || '　' || t.new_kana as kana
        )
        from newest n join twins t on t.true_id = n.resident_id
    """
    con.execute(query)
    con.unregister("twins")


def _with_truth(rows: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    registered = models["kind"] == "registered twin"
    added = pd.DataFrame(
        {
            "extract": models["extract"],
            "record_key": models["new_key"],
            "true_id": models["new_id"].where(registered, ""),
            "by_person": True,
            "kind": models["kind"],
            "other_id": models["true_id"],
        }
    )
    twin_of = dict(zip(models.loc[registered, "true_id"], models.loc[registered, "new_id"], strict=True))
    old = rows.assign(other_id=rows["true_id"].map(twin_of).fillna(""))
    old["kind"] = np.where((old["other_id"] != "") & old["by_person"], "twin's model", "")
    return pd.concat([old, added], ignore_index=True)
