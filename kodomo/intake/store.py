"""Store: how the rows of a delivery join what is already kept of its extract, history and all."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import duckdb
import pyarrow as pa

from kodomo.contracts import Contract
from kodomo.intake.refusals import FileRefused
from kodomo.intake.values import fields_of


class EmptySnapshot(FileRefused):
    """A snapshot without any row."""


class ShrunkSnapshot(FileRefused):
    """A snapshot with fewer than half the rows of the current one."""


@dataclass
class Merged:
    """What became of a delivery's good rows; `repeated` are (row number, key) of refused second rows."""

    accepted: int = 0
    unchanged: int = 0
    repeated: list[tuple[int, str]] = field(default_factory=list)
    carried: int = 0


def key_expression(contract: Contract) -> str:
    """SQL for `record_key`: the key's values joined by '|' (days as 2025-04-01, months as 2025-04)."""
    parts = []
    for name in contract.key_fields:
        kind = contract.column(name).type
        text = f"strftime(\"{name}\", '%Y-%m')" if kind == "month" else f'"{name}"::varchar'
        parts.append(text if len(contract.key_fields) == 1 else f"coalesce({text}, '')")
    return " || '|' || ".join(parts)


def refuse_small_snapshot(
    con: duckdb.DuckDBPyConnection, contract: Contract, delivered_on: date, rows: int
) -> None:
    """Raise EmptySnapshot or ShrunkSnapshot; an older snapshot is not measured against the current one."""
    if contract.mode != "snapshot":
        return
    release = "正しいときは --accept-shrink を付けて読み込んでください。"
    if rows == 0:
        raise EmptySnapshot(f"データの行が一つもありません。これまでの内容を残します。{release}")
    newest = _first(con, "select max(delivered_on) from delivery where extract = ?", [contract.extract])[0]
    if newest is None or newest > delivered_on:
        return
    current = _count(
        con,
        f"select count(distinct record_key) from {contract.table} where delivered_on <= $1 and seen_to >= $1",
        [newest],
    )
    if rows * 2 < current:
        raise ShrunkSnapshot(
            f"行数（{rows:,}）がいまの内容（{current:,}行）の半分より少ないです。これまでの内容を残します。"
            f"抽出条件を確かめてください。{release}"
        )


def merge(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    rows: pa.Table,
    *,
    receipt_id: int,
    delivered_on: date,
    held_keys: pa.Table | None = None,
) -> Merged:
    """Bring the good rows of a delivery into its table.

    `rows` has the contract's fields and `row_number`. `held_keys` (same fields) are rows of a snapshot that
    stay behind: what is current of their keys stays current.
    """
    con.register("incoming", rows)
    try:
        merged = _merge(con, contract, len(rows), receipt_id, delivered_on)
        if held_keys is not None and contract.mode == "snapshot" and len(held_keys):
            con.register("held_back", held_keys)
            merged.carried = _carry(con, contract, delivered_on)
            con.unregister("held_back")
    finally:
        con.unregister("incoming")
    return merged


def _merge(
    con: duckdb.DuckDBPyConnection, contract: Contract, count: int, receipt_id: int, delivered_on: date
) -> Merged:
    table, key = contract.table, key_expression(contract)
    names = list(fields_of(contract))
    columns = ", ".join(f'"{name}"' for name in names)
    content = f"hash({columns})"
    merged = Merged()
    con.execute("drop table if exists clash")
    con.execute("drop table if exists verdict")
    empty = not _count(con, f"select count(*) from (select 1 from {table} limit 1)")
    # Hashing the key's columns is cheaper than building its text; kept rows have only the text.
    key_hash = f"hash({', '.join(contract.key_fields)})" if empty else f"hash({key})"
    clashes = _find_clashes(con, table, key_hash, empty=empty)
    if clashes:
        con.execute(
            f"""
            create temp table candidate as
            select row_number, {key} as record_key, recorded_on, {content} as row_hash
            from incoming where {key_hash} in (select key_hash from clash)
            """
        )
        con.execute(
            """
            create temp table verdict as
            select row_number, record_key, recorded_on, row_hash,
                case
                    when nth = 1 then 'new'
                    when row_hash = first_hash then 'unchanged'
                    else 'repeated'
                end as outcome
            from (
                select *, row_number() over w as nth, first_value(row_hash) over w as first_hash
                from candidate
                window w as (partition by record_key, recorded_on order by row_number)
            )
            """
        )
        con.execute("drop table candidate")
        if not empty:
            if contract.mode == "append":
                _known_append(con, table, delivered_on)
            else:
                _known_snapshot(con, table, contract.extract, delivered_on)
        merged.unchanged = _count(con, "select count(*) from verdict where outcome = 'unchanged'")
        merged.repeated = con.execute(
            "select row_number, record_key from verdict where outcome = 'repeated' order by row_number"
        ).fetchall()
    if contract.mode == "snapshot":
        _close_gap(con, contract, delivered_on, clashes)
    if count > merged.unchanged + len(merged.repeated):
        but = (
            "where row_number not in (select row_number from verdict where outcome <> 'new')"
            if clashes
            else ""
        )
        con.execute(
            f"""
            insert into {table}
                ({columns}, record_key, receipt_id, row_number, row_hash, delivered_on, seen_to)
            select {columns}, {key}, {int(receipt_id)}, row_number, {content},
                date '{delivered_on}', date '{delivered_on}'
            from incoming {but}
            """
        )
    con.execute("drop table if exists clash")
    con.execute("drop table if exists verdict")
    merged.accepted = count - merged.unchanged - len(merged.repeated)
    return merged


def _find_clashes(con: duckdb.DuckDBPyConnection, table: str, key_hash: str, *, empty: bool) -> int:
    """Keys (by hash) that stand twice in the delivery or are kept already, as temp table `clash`."""
    con.execute(
        f"""
        create temp table clash as
        select {key_hash} as key_hash from incoming group by 1 having count(*) > 1
        """
    )
    if not empty:
        con.execute(
            f"""
            insert into clash
            select distinct hash(record_key) from {table}
            where hash(record_key) in (select {key_hash} from incoming)
            """
        )
    return _count(con, "select count(*) from clash")


def _known_append(con: duckdb.DuckDBPyConnection, table: str, delivered_on: date) -> None:
    """A row is unchanged when it repeats what stood for its key and 登録日 on its day of delivery.

    When only a later delivery has the very same row, that row's day of delivery moves to the earlier one.
    """
    con.execute(
        f"""
        update verdict set outcome = 'unchanged'
        from (
            select record_key, recorded_on, row_hash from {table}
            where record_key in (select record_key from verdict) and delivered_on <= $1
            qualify row_number() over (
                partition by record_key, recorded_on
                order by delivered_on desc, receipt_id desc, row_number desc
            ) = 1
        ) as standing
        where verdict.outcome = 'new' and verdict.record_key = standing.record_key
            and verdict.recorded_on is not distinct from standing.recorded_on
            and verdict.row_hash = standing.row_hash
        """,
        [delivered_on],
    )
    if not _count(con, f"select count(*) from {table} where delivered_on > $1", [delivered_on]):
        return
    con.execute(
        f"""
        create temp table earlier as
        select verdict.row_number, later.receipt_id, later.row_number as later_row
        from verdict
        join (
            select record_key, recorded_on, row_hash, receipt_id, row_number from {table}
            where record_key in (select record_key from verdict) and delivered_on > $1
            qualify row_number() over (
                partition by record_key, recorded_on order by delivered_on, receipt_id, row_number
            ) = 1
        ) as later
            on verdict.record_key = later.record_key
            and verdict.recorded_on is not distinct from later.recorded_on
            and verdict.row_hash = later.row_hash
        where verdict.outcome = 'new'
        """,
        [delivered_on],
    )
    con.execute(
        f"""
        update {table} set delivered_on = $1, seen_to = $1 from earlier
        where {table}.receipt_id = earlier.receipt_id and {table}.row_number = earlier.later_row
        """,
        [delivered_on],
    )
    con.execute(
        "update verdict set outcome = 'unchanged' where row_number in (select row_number from earlier)"
    )
    con.execute("drop table earlier")


def _neighbours(
    con: duckdb.DuckDBPyConnection, extract: str, delivered_on: date
) -> tuple[date | None, date | None, bool]:
    """The deliveries before and after a day, and whether there is one on that very day."""
    found = _first(
        con,
        """
        select max(delivered_on) filter (where delivered_on < $2),
            min(delivered_on) filter (where delivered_on > $2),
            coalesce(bool_or(delivered_on = $2), false)
        from delivery where extract = $1
        """,
        [extract, delivered_on],
    )
    return found[0], found[1], bool(found[2])


def _known_snapshot(con: duckdb.DuckDBPyConnection, table: str, extract: str, delivered_on: date) -> None:
    """Rows that a neighbouring delivery has with the same content widen that version's interval."""
    before, after, _ = _neighbours(con, extract, delivered_on)
    con.execute(
        f"""
        create temp table standing as
        select record_key, row_hash, receipt_id, row_number,
            case
                when delivered_on <= $1 and seen_to >= $1 then 'covers'
                when seen_to = $2 then 'before'
                else 'after'
            end as place
        from {table}
        where ((delivered_on <= $1 and seen_to >= $1) or seen_to = $2 or delivered_on = $3)
            and seen_to >= delivered_on
            and record_key in (select record_key from verdict)
        qualify row_number() over (
            partition by record_key, row_hash
            order by case place when 'covers' then 1 when 'before' then 2 else 3 end, receipt_id, row_number
        ) = 1
        """,
        [delivered_on, before, after],
    )
    con.execute(
        """
        delete from standing where (record_key, row_hash) not in (
            select record_key, row_hash from verdict where outcome = 'new'
        )
        """
    )
    for place, change in (("before", "seen_to"), ("after", "delivered_on")):
        if _count(con, f"select count(*) from standing where place = '{place}'"):
            con.execute(
                f"""
                update {table} set {change} = $1 from standing
                where standing.place = '{place}' and {table}.receipt_id = standing.receipt_id
                    and {table}.row_number = standing.row_number
                    and {table}.row_hash = standing.row_hash
                    and {table}.seen_to >= {table}.delivered_on
                    and {f"{table}.seen_to = $2" if place == "before" else f"{table}.delivered_on = $2"}
                """,
                [delivered_on, before if place == "before" else after],
            )
    con.execute(
        """
        update verdict set outcome = 'unchanged' from standing
        where verdict.outcome = 'new' and verdict.record_key = standing.record_key
            and verdict.row_hash = standing.row_hash
        """
    )
    con.execute("drop table standing")


def _close_gap(con: duckdb.DuckDBPyConnection, contract: Contract, delivered_on: date, clashes: int) -> None:
    """Versions that span this delivery's day without being in it end before it, and go on after it.

    Happens only when an older snapshot arrives late or a second one comes for the same day.
    """
    table = contract.table
    before, after, same = _neighbours(con, contract.extract, delivered_on)
    if after is None and not same:
        return
    inside = "(record_key, row_hash) not in (select record_key, row_hash from verdict)" if clashes else "true"
    con.execute(
        f"""
        create temp table outside as
        select * from {table} where delivered_on <= $1 and seen_to >= $1 and {inside}
        """,
        [delivered_on],
    )
    if _count(con, "select count(*) from outside"):
        con.execute(
            f"delete from {table} where delivered_on <= $1 and seen_to >= $1 and {inside}", [delivered_on]
        )
        # Up to the delivery before; a version of this very day alone stays as history with an empty interval.
        con.execute(
            f"""
            insert into {table}
            select * replace (
                case when delivered_on < $1 then $2 else ($1::date - 1)::date end as seen_to
            )
            from outside where delivered_on < $1 or seen_to = $1
            """,
            [delivered_on, before],
        )
        if after is not None:
            con.execute(
                f"insert into {table} select * replace ($2 as delivered_on) from outside where seen_to > $1",
                [delivered_on, after],
            )
    con.execute("drop table outside")


def _carry(con: duckdb.DuckDBPyConnection, contract: Contract, delivered_on: date) -> int:
    """Keep current what the newest snapshot still names but whose row stays behind; returns how many keys."""
    table, key = contract.table, key_expression(contract)
    before, after, same = _neighbours(con, contract.extract, delivered_on)
    if before is None or after is not None or same:
        return 0
    con.execute(
        f"""
        create temp table kept as
        select distinct {key} as record_key from held_back where ({key}) is not null
            and ({key}) not in (
                select record_key from {table} where delivered_on <= $1 and seen_to >= $1
            )
        """,
        [delivered_on],
    )
    found = _count(
        con,
        f"select count(distinct record_key) from {table} "
        "where seen_to = $1 and seen_to >= delivered_on and record_key in (select record_key from kept)",
        [before],
    )
    con.execute(
        f"""
        update {table} set seen_to = $1
        where seen_to = $2 and seen_to >= delivered_on and record_key in (select record_key from kept)
        """,
        [delivered_on, before],
    )
    con.execute("drop table kept")
    return found


def _first(con: duckdb.DuckDBPyConnection, query: str, values: list[object] | None = None) -> tuple:
    """The only row of a query, with the result drained."""
    return con.execute(query, values or []).fetchall()[0]


def _count(con: duckdb.DuckDBPyConnection, query: str, values: list[object] | None = None) -> int:
    return int(_first(con, query, values)[0])
