"""A tiny city in memory: all src_* tables of the contracts, helpers to add rows and to ask for an item."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import duckdb
import pytest

from kodomo import items
from kodomo.paths import CONTRACTS

KEY = b"a key for tests only"
DELIVERED = date(2026, 3, 31)
TYPES = {"date": "date", "month": "date", "int": "integer", "float": "double", "flag": "boolean"}
DEFAULTS: dict[str, Any] = {
    "id": "1",
    "name": "見本 太郎",
    "kana": "ミホン タロウ",
    "date": date(2024, 4, 1),
    "month": date(2024, 4, 1),
    "int": 0,
    "float": 0.0,
    "flag": False,
    "address": "大阪府豊中市庄内東町1丁目2番3号",
    "postal": "561-0831",
    "text": "見本",
}


def day(value: Any) -> Any:
    """A date from ISO text; anything else as it is."""
    if isinstance(value, str) and len(value) == 10 and value[4] == value[7] == "-":
        return date.fromisoformat(value)
    return value


class City:
    """Rows by hand.

    A child with number R has pupil_id 'P'+R, school_register_id 'G'+R and consultation_id 'C'+R.

    Everything counts as delivered on 2026-03-31 unless said otherwise, so an earlier day is a replay in which
    recorded_on alone decides.
    """

    def __init__(self) -> None:
        self.con = duckdb.connect()
        paths = sorted(CONTRACTS.glob("*.toml"))
        self.contracts = {c["extract"]: c for c in (tomllib.loads(p.read_text("utf-8")) for p in paths)}
        self.columns: dict[str, list[str]] = {}
        for name, contract in self.contracts.items():
            parts = []
            for column in contract["column"]:
                parts.append(f"{column['field']} {TYPES.get(column['type'], 'varchar')}")
                if column["field"] == "birth_date":
                    parts += ["birth_text varchar", "birth_year smallint", "birth_month tinyint"]
            parts += ["record_key varchar", "receipt_id integer", "row_number integer", "row_hash ubigint"]
            parts += ["delivered_on date", "seen_to date"]
            self.columns[name] = [part.split()[0] for part in parts]
            self.con.execute(f"create table src_{name} ({', '.join(parts)})")
        self.con.execute(
            "create table delivery (extract varchar, delivered_on date, receipt_id integer, rows integer)"
        )
        self.con.execute(
            "create table link (extract varchar, record_key varchar, resident_id varchar, status varchar,"
            " probability double, reasons varchar, decided_by varchar, decided_at varchar)"
        )
        for name in self.contracts:
            self.deliver(name, DELIVERED)
        self.rows_added = 0
        self.prepared: tuple[date, int] | None = None

    def deliver(self, extract: str, delivered_on: Any) -> None:
        """Note an accepted delivery, whatever rows it had."""
        delivered_on = day(delivered_on)
        known = self.con.execute(
            "select count(*) from delivery where extract = ? and delivered_on = ?", [extract, delivered_on]
        ).fetchone()
        if known == (0,):
            self.con.execute("insert into delivery values (?, ?, 1, 0)", [extract, delivered_on])
        self.prepared = None

    def undelivered(self, extract: str) -> None:
        """As if the extract had never come."""
        self.con.execute("delete from delivery where extract = ?", [extract])
        self.con.execute(f"delete from src_{extract}")
        self.prepared = None

    def link(self, extract: str, record_key: str, resident_id: str | None, status: str = "auto") -> None:
        """Settle (or leave open) whom a row belongs to."""
        self.con.execute(
            "insert into link values (?, ?, ?, ?, 1.0, '見本', null, null)",
            [extract, record_key, resident_id, status],
        )
        self.prepared = None

    def add(self, extract: str, person: str | None = None, **values: Any) -> str:
        """Add one row version; returns its record key.

        Args:
            extract: which extract.
            person: whose row it is: fills 宛名番号 or the pupil, register or consultation number, or writes a
                link.
            values: contract fields (dates also as ISO text); record_key, delivered_on, seen_to; and the
                link's status as link_status. Required fields left out get a default, optional ones are null;
                recorded_on defaults to the newest date in the row up to 2026-03-31.
        """
        contract = self.contracts[extract]
        identity = contract["identity"]
        values = {name: day(value) for name, value in values.items()}
        link_status = values.pop("link_status", "auto")
        if person is not None:
            if identity == "resident_id":
                values.setdefault("mother_id" if extract == "pregnancy" else "resident_id", person)
            elif identity.startswith("via:"):
                field, letter = {
                    "pupil_roster": ("pupil_id", "P"),
                    "school_register": ("school_register_id", "G"),
                    "consultation": ("consultation_id", "C"),
                }[identity[4:]]
                values.setdefault(field, letter + person)
                self._ensure_link(identity[4:], values[field], person)
        row: dict[str, Any] = dict.fromkeys(self.columns[extract])
        for column in contract["column"]:
            field = column["field"]
            if field in values:
                row[field] = values[field]
            elif column["required"] and field != "recorded_on":
                codes = column.get("codes")
                row[field] = next(iter(codes)) if codes else DEFAULTS[column["type"]]
        self.rows_added += 1
        fields = {column["name"]: column["field"] for column in contract["column"]}
        keys = [fields[name] for name in contract["key"]]
        for field in keys:
            if field not in values and field.endswith("_id"):
                row[field] = f"{extract[:3]}{self.rows_added:04d}"
        dates = [value for name, value in row.items() if isinstance(value, date) and name != "birth_date"]
        row["recorded_on"] = min(max([d for d in dates if d <= DELIVERED], default=DELIVERED), DELIVERED)
        row |= {"delivered_on": DELIVERED, "receipt_id": 1, "row_number": self.rows_added}
        for field in keys:
            if extract in ("attendance",) and field == "month" and row[field] is not None:
                row["recorded_on"] = min((row[field] + timedelta(days=35)).replace(day=5), DELIVERED)
        row |= {name: value for name, value in values.items() if name in row}
        row["record_key"] = values.get(
            "record_key",
            "|".join(
                row[f].strftime("%Y-%m") if f == "month" else "" if row[f] is None else str(row[f])
                for f in keys
            ),
        )
        row["seen_to"] = values.get("seen_to", row["delivered_on"])
        row["row_hash"] = self.rows_added
        if row.get("birth_date") is not None:
            row["birth_year"], row["birth_month"] = row["birth_date"].year, row["birth_date"].month
        self.deliver(extract, row["delivered_on"])
        marks = ", ".join("?" for _ in row)
        self.con.execute(f"insert into src_{extract} ({', '.join(row)}) values ({marks})", list(row.values()))
        if person is not None and identity in ("person", "resident_id_or_person"):
            self._ensure_link(extract, row["record_key"], person, link_status)
        self.prepared = None
        return row["record_key"]

    def _ensure_link(self, extract: str, record_key: str, person: str, status: str = "auto") -> None:
        known = self.con.execute(
            "select count(*) from link where extract = ? and record_key = ?", [extract, record_key]
        ).fetchone()
        if known == (0,):
            self.link(extract, record_key, person, status)

    def resident(self, resident_id: str, **values: Any) -> str:
        """A row of the register; household 'H'+number and 世帯主 unless said otherwise."""
        values.setdefault("household_id", "H" + resident_id)
        values.setdefault("relation", "世帯主")
        values.setdefault("birth_date", "1988-06-15")
        values.setdefault("resident_since", "2015-04-01")
        values.setdefault("address_detail", "H" + values["household_id"])
        values.setdefault("recorded_on", "2015-04-01")
        self.add("resident_register", resident_id=resident_id, **values)
        return resident_id

    def child(
        self, resident_id: str = "1001", birth_date: Any = "2015-06-15", *, parent: bool = True, **values: Any
    ) -> str:
        """A child (by default 小4 on 2026-03-31) with mother 'M'+number as 世帯主, and school rows by age.

        parent=False leaves the mother out; pupil=False the 児童生徒名簿; register=False the 学齢簿.
        """
        pupil, register = values.pop("pupil", True), values.pop("register", True)
        values.setdefault("household_id", "H" + resident_id)
        values.setdefault("relation", "子")
        values.setdefault("recorded_on", max(day(birth_date) or date(2015, 4, 1), date(2015, 4, 1)))
        values.setdefault("resident_since", values["recorded_on"])
        if parent:
            where = {n: values[n] for n in ("address", "address_detail") if n in values}
            self.resident("M" + resident_id, household_id=values["household_id"], sex="2", **where)
        self.resident(resident_id, birth_date=birth_date, **values)
        born = day(birth_date)
        if born is not None:
            grade = 2025 - born.year - 5 - (1 if (born.month, born.day) > (4, 1) else 0)
            if 1 <= grade <= 9:
                common = {"birth_date": birth_date, "grade": grade, "recorded_on": "2020-04-05"}
                if pupil:
                    self.add("pupil_roster", resident_id, pupil_id="P" + resident_id, **common)
                if register:
                    self.add("school_register", resident_id, school_register_id="G" + resident_id, **common)
        return resident_id

    def prepare(self, as_of: Any) -> None:
        """Lay out what was known on a day (once for the same day and rows)."""
        as_of = day(as_of)
        if self.prepared != (as_of, self.rows_added):
            items.materialise(self.con, as_of, KEY)
            self.prepared = (as_of, self.rows_added)

    def item(self, code: str, as_of: Any = DELIVERED) -> dict[str, float]:
        """Values of one item on a day, by resident number, straight from its macro."""
        return {row[0]: row[1] for row in self.item_rows(code, as_of)}

    def item_rows(self, code: str, as_of: Any = DELIVERED) -> list[tuple]:
        """Rows of one item: resident_id, value, events, event_ids, newest_occurred_on, newest_recorded_on."""
        self.prepare(as_of)
        items.install_item(self.con, code)
        return self.con.execute(
            f"select * from item_{code}(date '{day(as_of).isoformat()}') order by resident_id"
        ).fetchall()

    def judged(self, as_of: Any = DELIVERED) -> duckdb.DuckDBPyConnection:
        """The connection with all items computed for a day (item_value, item_status, item_gap)."""
        self.prepare(as_of)
        items.compute(self.con, day(as_of))
        return self.con

    def children(self, as_of: Any = DELIVERED) -> dict[str, dict[str, Any]]:
        """The child table on a day, by resident number."""
        self.prepare(as_of)
        cursor = self.con.execute("select * from child order by resident_id")
        names = [column[0] for column in cursor.description]
        return {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}


@pytest.fixture
def city() -> Iterator[City]:
    """An empty city with every extract delivered on 2026-03-31."""
    made = City()
    yield made
    made.con.close()
