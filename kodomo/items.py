"""Items: what the city knew about each child on one day, computed by one SQL macro per item."""

from __future__ import annotations

import hashlib
import hmac
import re
import tomllib
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from kodomo import normalize
from kodomo.contracts import load_contracts
from kodomo.errors import KodomoError
from kodomo.paths import DATA, SQL

KINDS = ("flag", "count", "measure", "level")
SUBJECTS = ("child", "sibling", "guardian", "household", "mother")
ABSENT_MEANS = ("zero", "unknown")

# The layer's tables, in the order in which each builds on those before it: table -> macro that makes it.
CHILD_TABLES = {
    "guardian": "guardian_derived()",
    "sibling": "sibling_derived()",
    "household_member": "household_member_derived()",
}
SCALAR_MACROS = (
    "completed_years",
    "fiscal_year",
    "school_grade_on",
    "relation_chain",
    "town_name",
)
#: Subjects whose facts depend on who lived with the child.
_OF_FAMILY = ("sibling", "guardian", "household")
# The macros items share, in the order in which each builds on those before it.
ITEM_HELPERS = (
    "fiscal_year_start",
    "months_ago",
    "newest_ids",
    "housemate",
    "attendance_months",
    "attendance_recent",
    "attendance_window",
    "days_missed_in",
    "earlier_pace",
    "due_checkups",
    "missed_checkups",
    "newest_checkup_finding",
    "child_rearing_allowance_now",
    "pregnancy_notices_with",
    "guardian_certificates",
    "guidance_entries",
    "school_measure",
)
STAGING_HELPERS = ("as_of_cutoff", "append_known", "snapshot_known", "link_settled")


class ItemCatalogueError(KodomoError):
    """The item catalogue in data/items cannot be used as it is."""


class ItemMissingMacroError(KodomoError):
    """An item of the catalogue has no SQL file."""


@dataclass(frozen=True)
class Item:
    """One risk item: what it counts, for whom, from which extract, and what its absence means."""

    code: str
    label: str
    synonyms: tuple[str, ...]
    department: str
    extract: str
    unit: str
    kind: str
    subject: str
    window: str
    basic: bool
    sensitive: bool
    purpose: str
    legal_ground: str
    categories: tuple[str, ...]
    freshness_days: int
    absent_means: str
    applies: str
    unknown_text: str
    caution: str
    protective: bool = False
    forbidden_alone: bool = False
    no_raise: tuple[str, ...] = ()
    gap_why: str = "記録なし"
    steps: tuple[str, ...] = ()  # words for the values 1, 2, 3 … of a level

    def in_words(self, value: float) -> str:
        """A value as staff read it: あり or なし, the word of its step, or the number with its unit."""
        if self.kind == "flag" or self.unit == "有無":
            return "あり" if value else "なし"
        if self.steps and value == int(value) and 1 <= value <= len(self.steps):
            return self.steps[int(value) - 1]
        return f"{value:,.1f}".removesuffix(".0") + self.unit


def load_items(folder: Path = DATA / "items") -> dict[str, Item]:
    """Read the item catalogue.

    Args:
        folder: where the `<department_code>.toml` files lie, each with `[[item]]` tables.

    Returns:
        Items by code, ordered by file name and place in the file.

    Raises:
        ItemCatalogueError: an attribute is missing, unknown or of the wrong kind, or a code stands twice.
    """
    items: dict[str, Item] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            rows = tomllib.loads(path.read_text(encoding="utf-8")).get("item", [])
        except tomllib.TOMLDecodeError as error:
            raise ItemCatalogueError(
                f"{path.name} が読めません（{error}）。書き方を直してください。"
            ) from error
        for row in rows:
            item = _item(row, path.name)
            if item.code in items:
                raise ItemCatalogueError(
                    f"{path.name}: 項目 {item.code} が2回書かれています。片方を消してください。"
                )
            items[item.code] = item
    return items


def _item(row: dict, file: str) -> Item:
    code = row.get("code", "（codeなし）")
    known = {field.name: field for field in fields(Item)}
    optional = {"protective", "forbidden_alone", "no_raise", "gap_why", "steps"}
    for name in known:
        if name not in row and name not in optional:
            raise ItemCatalogueError(f"{file} の項目 {code} に {name} がありません。書き足してください。")
    for name in row:
        if name not in known:
            raise ItemCatalogueError(
                f"{file} の項目 {code} の {name} は使えません。つづりを確かめてください。"
            )
    for name, allowed in (("kind", KINDS), ("subject", SUBJECTS), ("absent_means", ABSENT_MEANS)):
        if row[name] not in allowed:
            raise ItemCatalogueError(
                f"{file} の項目 {code} の {name} は {'・'.join(allowed)} のどれかにしてください。"
            )
    if not re.fullmatch(r"[a-z][a-z0-9_]*", str(code)):
        raise ItemCatalogueError(f"{file} の項目 {code} の code は半角の英小文字・数字・_ にしてください。")
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in row.items()
    }
    return Item(**values)


def items_hash(folder: Path = DATA / "items", sql: Path = SQL) -> str:
    """SHA-256 over the catalogue and every SQL file an item value depends on, as hex."""
    digest = hashlib.sha256()
    paths = sorted(folder.glob("*.toml")) + [
        path for room in ("staging", "child", "items") for path in sorted((sql / room).glob("*.sql"))
    ]
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


class _Macros:
    """The macro files a connection has already, so that a second day creates none again."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        con.execute("create temp table if not exists installed_macro (file varchar, changed bigint)")
        self._changed = dict(
            con.execute("select file, max(changed) from installed_macro group by 1").fetchall()
        )

    def need(self, *path: str) -> None:
        """Create the macro of sql/<path> as a temporary one, unless it stands as the file says now."""
        file = SQL.joinpath(*path)
        changed = file.stat().st_mtime_ns
        if self._changed.get(str(file)) == changed:
            return
        head = r"(?im)^create\s+(or\s+replace\s+)?(temp(orary)?\s+)?macro"
        self._con.execute(re.sub(head, "create or replace temp macro", file.read_text(encoding="utf-8")))
        self._con.execute("insert into installed_macro values (?, ?)", [str(file), changed])
        self._changed[str(file)] = changed


def install_item(con: duckdb.DuckDBPyConnection, code: str) -> None:
    """Create the macro item_<code>(as_of); the tables of `materialise` must be there."""
    _Macros(con).need("items", f"item_{code}.sql")


def extracts() -> list[str]:
    """The extracts there is a staging file for, by name."""
    return sorted(path.stem.removeprefix("stg_") for path in (SQL / "staging").glob("stg_*.sql"))


def install(con: duckdb.DuckDBPyConnection) -> None:
    """Create the staging macros and the small calendar and text macros, for this connection only.

    The macros of children, items and events are created by `materialise`, `compute` and `build_events`,
    because DuckDB wants the tables they read to exist. Nothing is written to the database file.
    """
    _repeated_keys(con)
    macros = _Macros(con)
    for name in STAGING_HELPERS:
        macros.need("staging", f"{name}.sql")
    for name in extracts():
        macros.need("staging", f"stg_{name}.sql")
    for name in SCALAR_MACROS:
        macros.need("child", f"{name}.sql")


def _repeated_keys(con: duckdb.DuckDBPyConnection) -> None:
    """Make the temporary table repeated_key: by extract, hashes of the keys with several versions.

    Which they are does not depend on the judgement day, so a replay counts them once for all its days.
    """
    there = con.execute(
        "select table_name from duckdb_tables() where database_name = current_database()"
        " and schema_name = 'main' and starts_with(table_name, 'src_') order by 1"
    ).fetchall()
    tables = [table for (table,) in there]
    counted = " union all ".join(
        f"select '{table}', count(*), max(receipt_id), sum(row_number) from {table}" for table in tables
    )
    mark = repr(con.execute(counted + " order by 1").fetchall() if tables else [])
    con.execute("create temp table if not exists repeated_key (extract varchar, key_hash ubigint)")
    con.execute("create temp table if not exists repeated_key_of (mark varchar)")
    if con.execute("select mark from repeated_key_of").fetchall() == [(mark,)]:
        return
    parts = ["select ''::varchar as extract, 0::ubigint as key_hash where false"] + [
        f"select '{table.removeprefix('src_')}', hash(record_key) from {table}"
        " group by all having count(*) > 1"
        for table in tables
    ]
    _temp(con, "repeated_key", " union all ".join(parts))
    con.execute("create or replace temp table repeated_key_of as select ? as mark", [mark])


def _day(as_of: date) -> str:
    return f"date '{as_of.isoformat()}'"


def _temp(con: duckdb.DuckDBPyConnection, table: str, query: str) -> None:
    con.execute(f"create or replace temp table {table} as {query}")


def _make(con: duckdb.DuckDBPyConnection, table: str, query: str, *, persist: bool) -> None:
    """Make a table in the database file, or a temporary one that stands before it for this connection."""
    if persist:
        con.execute(f"drop table if exists temp.{table}")
        con.execute(f"create or replace table {table} as {query}")
    else:
        _temp(con, table, query)


def materialise(
    con: duckdb.DuckDBPyConnection, as_of: date, child_key: bytes, *, persist: bool = True
) -> None:
    """Lay out what was known on one day: `known_<extract>`, then the children and their families.

    Args:
        con: a connection to a linked snapshot (src_*, delivery, link); temporary objects belong to it alone,
            so the following steps must use the same connection, not a cursor of it.
        as_of: the judgement day.
        child_key: secret for the opaque child_ref (HMAC-SHA256, first 16 hex digits).
        persist: write child, guardian, sibling and household_member into the database file; False makes them
            temporary, for a replay on a read-only snapshot.

    Makes guardian, sibling, household_member and child, and the temporary tables known_*, resident,
    rerecorded, evidenced, dwelling, living_group, cohabitant, household_unsure, child_reference and
    attendance_month.
    """
    install(con)
    day = _day(as_of)
    for name in extracts():
        _temp(con, f"known_{name}", f"select * from stg_{name}({day})")
    macros = _Macros(con)
    macros.need("child", "rerecorded.sql")
    _temp(con, "rerecorded", f"select * from rerecorded_after({day})")
    macros.need("child", "evidenced.sql")
    _temp(con, "evidenced", "select * from evidenced_people()")
    macros.need("child", "resident_now.sql")
    _temp(con, "resident", f"select * from resident_now({day})")
    _dwellings(con, persist=persist)
    macros.need("child", "shared_dwelling.sql")
    doors = con.execute("select household_id, door from shared_dwelling()").fetchall()
    groups = sorted(_connected(doors).items())
    _frame(con, "living_group", groups, ("household_id", "living_group"))
    macros.need("child", "cohabitant.sql")
    _temp(con, "cohabitant", "select * from cohabitant_of_children()")
    macros.need("child", "household_unsure.sql")
    _temp(con, "household_unsure", "select * from household_unsure_children()")
    for table, call in CHILD_TABLES.items():
        macros.need("child", f"{table}.sql")
        _make(con, table, f"select * from {call}", persist=persist)
    ids = con.execute("select resident_id from cohabitant where is_child order by 1").fetchall()
    refs = [(number, child_ref(child_key, number)) for (number,) in ids]
    _frame(con, "child_reference", refs, ("resident_id", "child_ref"))
    for name in ("council_now", "in_care_now", "last_seen", "on_roster", "school_place", "child"):
        macros.need("child", f"{name}.sql")
    _make(con, "child", f"select * from child_derived({day})", persist=persist)
    macros.need("child", "attendance_month.sql")
    _temp(con, "attendance_month", f"select * from attendance_month_derived({day})")
    for name in ITEM_HELPERS:
        macros.need("items", f"_{name}.sql")


def _dwellings(con: duckdb.DuckDBPyConnection, *, persist: bool) -> None:
    """Make the temporary table dwelling: the door key of every address and 方書 somebody lives at.

    Keys are kept in the database file (door_key) with the hash of the code that made them, so that only
    addresses nobody lived at before are parsed.
    """
    rule = hashlib.sha256()
    for path in sorted(Path(normalize.__file__).parent.glob("*.py")):
        rule.update(path.read_bytes())
    con.execute(
        "create or replace temp table dwelling (address varchar, address_detail varchar, door varchar)"
    )
    kept = con.execute(
        "select count(*) from duckdb_tables() where database_name = current_database()"
        " and schema_name = 'main' and table_name = 'door_key'"
    ).fetchall()
    if kept[0][0]:
        con.execute(
            "insert into dwelling select address, address_detail, door from door_key where rule = ?",
            [rule.hexdigest()],
        )
    missing = con.execute(
        "select distinct address, coalesce(address_detail, '') as address_detail from resident"
        " where address is not null except select address, address_detail from dwelling order by all"
    ).fetchall()
    if not missing:
        return
    doors = normalize.same_dwelling_key([row[0] for row in missing], [row[1] for row in missing])
    frame = pd.DataFrame(missing, columns=["address", "address_detail"], dtype="str").assign(door=doors)
    con.register("rows_of_frame", frame)
    try:
        con.execute("insert into dwelling select address, address_detail, door from rows_of_frame")
    finally:
        con.unregister("rows_of_frame")
    if persist:
        con.execute(
            "create or replace table door_key as select ? as rule, address, address_detail, door"
            " from dwelling order by address, address_detail",
            [rule.hexdigest()],
        )


def child_ref(key: bytes, resident_id: str) -> str:
    """The opaque name of a child in addresses: 16 hex digits, the same for the same key and number."""
    return hmac.new(key, resident_id.encode(), hashlib.sha256).hexdigest()[:16]


def _frame(
    con: duckdb.DuckDBPyConnection,
    table: str,
    rows: list[tuple[str, str]],
    columns: tuple[str, str],
    *,
    persist: bool = False,
) -> None:
    frame = pd.DataFrame({name: [row[i] for row in rows] for i, name in enumerate(columns)}, dtype="str")
    con.register("rows_of_frame", frame)
    try:
        select = ", ".join(f"{name}::varchar as {name}" for name in columns)
        _make(con, table, f"select {select} from rows_of_frame order by 1", persist=persist)
    finally:
        con.unregister("rows_of_frame")


def _connected(edges: list[tuple[str, str]]) -> dict[str, str]:
    """Households that share a door, also over others: household -> smallest number of its group."""
    parent: dict[str, str] = {}

    def root(household: str) -> str:
        parent.setdefault(household, household)
        while parent[household] != household:
            parent[household] = parent[parent[household]]
            household = parent[household]
        return household

    first_behind: dict[str, str] = {}
    for household, door in edges:
        one, other = root(household), root(first_behind.setdefault(door, household))
        if one != other:
            parent[max(one, other)] = min(one, other)
    return {household: root(household) for household in parent}


def extract_status(con: duckdb.DuckDBPyConnection, as_of: date) -> pd.DataFrame:
    """What stands behind each extract on a day: newest delivery, newest 登録日, rows, rows with a person.

    Args:
        con: a connection on which `materialise` ran for the same day.
        as_of: the judgement day.

    Returns:
        One row per extract: extract, newest_delivered_on (null when nothing that counts was ever delivered),
        newest_recorded_on, rows (known that day), settled (of these, rows whose person is known).
    """
    day = _day(as_of)
    parts = [
        f"""select '{name}' as extract,
            (
                select max(d.delivered_on) from delivery as d
                where d.extract = '{name}' and d.delivered_on <= as_of_cutoff('{name}', {day})
            ) as newest_delivered_on,
            max(recorded_on) as newest_recorded_on, count(*) as rows, count(person_id) as settled
            from known_{name}"""
        for name in extracts()
    ]
    return con.execute(" union all ".join(parts) + " order by extract").df()


def compute(con: duckdb.DuckDBPyConnection, as_of: date, *, persist: bool = True) -> None:
    """Compute every item of the catalogue for one day.

    Args:
        con: the connection on which `materialise` ran for the same day.
        as_of: the judgement day.
        persist: write the tables into the database file, not as temporary ones.

    Makes item_value (children with evidence), item_status (ok, 未連携 or データ途絶 by item) and item_gap
    (children an item applies to and nothing is known of, while the extract itself is there).
    A reader takes the value; without one, unknown when the status is not ok or a gap row stands; else 0.

    Raises:
        ItemMissingMacroError: an item has no file in sql/items.
    """
    items = load_items()
    day = _day(as_of)
    con.execute(
        "create or replace temp table item_found (resident_id varchar, item varchar, value double,"
        " events integer, event_ids varchar[], newest_occurred_on date, newest_recorded_on date)"
    )
    macros = _Macros(con)
    unsure = bool(con.execute("select 1 from household_unsure limit 1").fetchall())
    for code, item in items.items():
        path = SQL / "items" / f"item_{code}.sql"
        if not path.exists():
            raise ItemMissingMacroError(
                f"項目 {code} の sql/items/item_{code}.sql がありません。足してください。"
            )
        macros.need("items", path.name)
        of_home = unsure and item.subject in _OF_FAMILY and item.extract == "resident_register"
        con.execute(
            f"insert into item_found select resident_id, '{code}', value, events, event_ids,"
            f" newest_occurred_on, newest_recorded_on from item_{code}({day})"
            " where value is not null and resident_id in (select resident_id from child)"
            + (" and resident_id not in (select resident_id from household_unsure)" if of_home else "")
        )
    if persist:
        _make(con, "item_value", "select * from item_found order by resident_id, item", persist=True)
        con.execute("drop table temp.item_found")
    else:
        con.execute("drop table if exists temp.item_value")
        con.execute("alter table temp.item_found rename to item_value")
    _status(con, items, as_of, persist)
    _gaps(con, items, persist, unsure)


def _status(con: duckdb.DuckDBPyConnection, items: dict[str, Item], as_of: date, persist: bool) -> None:
    newest = dict(extract_status(con, as_of)[["extract", "newest_delivered_on"]].itertuples(index=False))
    identities = {name: contract.identity for name, contract in load_contracts().items()}
    rows = []
    for item in items.values():
        needed = [item.extract]
        if identities.get(item.extract, "").startswith("via:"):
            needed.append(identities[item.extract].removeprefix("via:"))
        if any(pd.isna(newest.get(name)) for name in needed):
            state = "未連携"
        elif (pd.Timestamp(as_of) - pd.Timestamp(newest[item.extract])).days > item.freshness_days:
            state = "データ途絶"
        else:
            state = "ok"
        rows.append((item.code, state))
    _frame(con, "item_status", sorted(rows), ("item", "state"), persist=persist)


def _gaps(con: duckdb.DuckDBPyConnection, items: dict[str, Item], persist: bool, unsure: bool) -> None:
    """Children an item applies to and has no value for, where that does not mean 0.

    Where the household of some children cannot be told (`unsure`), nothing about family is 0 for them.
    """
    identities = {name: contract.identity for name, contract in load_contracts().items()}
    parts = ["select null::varchar as resident_id, null::varchar as item, null::varchar as why where false"]
    for item in items.values():
        identity = identities.get(item.extract, "resident_id")
        own = item.subject in ("child", "mother")
        via_roster = identity == "via:pupil_roster" and own
        of_family = unsure and item.subject in _OF_FAMILY
        if item.absent_means == "zero" and not via_roster and not of_family:
            continue
        why = f"'{item.gap_why}'"
        condition = "true"
        if of_family:
            why = f"""case when c.resident_id in (select resident_id from household_unsure)
                then 'その日の世帯が分からない' else {why} end"""
            if item.absent_means == "zero":
                condition = "c.resident_id in (select resident_id from household_unsure)"
        if via_roster:
            why = f"case when c.no_public_school then '市立校の名簿にない' else {why} end"
            condition = "c.no_public_school" if item.absent_means == "zero" else "true"
        elif identity == "person" and own:
            why = f"""case when c.resident_id in (
                select l.resident_id from link as l where l.extract = '{item.extract}' and l.status = 'review'
            ) then '名寄せできていない' else {why} end"""
        parts.append(
            f"select c.resident_id, '{item.code}', {why} from child as c"
            f" where ({item.applies}) and {condition}"
        )
    query = f"""
        with concerned as ({" union all ".join(parts)})
        select g.* from concerned as g
        inner join item_status as s on s.item = g.item and s.state = 'ok'
        anti join item_value as v on v.resident_id = g.resident_id and v.item = g.item
        order by g.resident_id, g.item"""
    _make(con, "item_gap", query, persist=persist)


def build_events(con: duckdb.DuckDBPyConnection, as_of: date, *, persist: bool = True) -> None:
    """Collect the dated facts of every department about children and the people they live with into `event`.

    Args:
        con: the connection on which `materialise` ran for the same day.
        as_of: the judgement day.
        persist: write the table into the database file, not as a temporary one.
    """
    day = _day(as_of)
    parts = []
    contracts = load_contracts()
    macros = _Macros(con)
    for path in sorted((SQL / "events").glob("event_*.sql")):
        macros.need("events", path.name)
        extract = path.stem.removeprefix("event_")
        parts.append(
            f"""select '{extract}:' || e.record_key as event_id, e.resident_id,
                '{contracts[extract].department_code}' as department_code, '{extract}' as extract,
                e.occurred_on, e.ended_on, e.recorded_on, e.kind, e.title, nullif(e.detail, '') as detail,
                e.grade::tinyint as grade, e.is_support
            from event_{extract}({day}) as e
            where e.resident_id in (select resident_id from household_member) and e.occurred_on <= {day}"""
        )
    events = " union all ".join(parts)
    query = f"select * from ({events}) order by resident_id, occurred_on, event_id"
    _make(con, "event", query, persist=persist)
