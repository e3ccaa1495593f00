"""Link history: which links a new snapshot changed against the one before, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd

from kodomo import cases
from kodomo.linkage.sources import PERSON_EXTRACTS
from kodomo.ops import OpsStore
from kodomo.paths import SQL

Connection = duckdb.DuckDBPyConnection

# Why a link changed, in the order in which causes are looked for; the first that holds is named.
WHY = {
    "person": "職員が決めた",
    "undone": "職員が決定を取り消した",
    "new": "新しく届いた記録",
    "record": "届いた記録の内容が変わった",
    "register": "住民基本台帳の内容が変わった",
    "model": "照合のしかたの版が変わった",
    "weights": "ほかの記録が増え、手がかりの重みが変わった",
    "gone": "記録がなくなった",
}
KEPT_RUNS = 24


@dataclass(frozen=True)
class Before:
    """What to compare with: were there links, the newest receipt and decision they rested on, the model."""

    there: bool
    receipt: int
    decision: int
    model: str
    run: int


@dataclass(frozen=True)
class Change:
    """One changed link; statuses are those of the table `link`, None where the record was not there."""

    run: int
    extract: str
    record_key: str
    old_status: str | None
    new_status: str | None
    old_resident: str | None
    new_resident: str | None
    why: str
    detail: str

    @property
    def moved(self) -> bool:
        """Whether a record that counted for one resident counts for another one now."""
        counted = ("auto", "confirmed")
        return (
            self.old_status in counted
            and self.new_status in counted
            and self.old_resident != self.new_resident
        )


def remember(con: Connection) -> Before:
    """Keep the links of the snapshot that is being rebuilt, before they are made anew."""
    there = _has(con, "link")
    con.execute("drop table if exists temp.link_before")
    con.execute("drop table if exists temp.candidate_before")
    if there:
        con.execute("create temp table link_before as select * from link")
        con.execute("create temp table candidate_before as select * from link_candidate")
    return Before(
        there,
        int(_meta(con, "link_receipt", "") or _newest_receipt(con)),
        int(_meta(con, "link_decision", "0")),
        _meta(con, "linkage_model", ""),
        int(_meta(con, "link_run", "0")),
    )


def last_decision(ops: OpsStore) -> int:
    """The number of the newest decision; read it before the decisions themselves."""
    with ops.read() as con:
        return int(con.execute("select coalesce(max(decision_id), 0) from link_decision").fetchone()[0])


def touched(ops: OpsStore, since: int) -> pd.DataFrame:
    """The records decided about after decision number `since`: extract, record_key, undone (bool)."""
    with ops.read() as con:
        rows = con.execute(
            "select extract, record_key, decision = 'undone' from link_decision where decision_id in"
            " (select max(decision_id) from link_decision where decision_id > ? group by extract, record_key)"
            " order by extract, record_key",
            (since,),
        ).fetchall()
    frame = pd.DataFrame(
        [(row[0], row[1], bool(row[2])) for row in rows],
        columns=pd.Index(["extract", "record_key", "undone"]),
    )
    return frame.astype({"extract": "string", "record_key": "string", "undone": "bool"})


def record(con: Connection, before: Before, decided: pd.DataFrame, decision: int) -> list[str]:
    """Write what changed into `link_change` and the marks into `meta`; returns sentences for the summary.

    Args:
        before: what `remember` returned.
        decided: what `touched` returned.
        decision: the number of the newest decision the links rest on.
    """
    con.execute(
        "create table if not exists link_change (run integer, extract varchar, record_key varchar,"
        " old_status varchar, new_status varchar, old_resident varchar, new_resident varchar, why varchar,"
        " detail varchar)"
    )
    run = before.run + 1
    lines: list[str] = []
    if before.there:
        con.register("decided_links", decided)
        try:
            con.execute(
                f"insert into link_change {_sql('changes')}",
                {"run": run, "receipt": before.receipt, "model": before.model},
            )
        finally:
            con.unregister("decided_links")
        _explain(con, run, before.receipt)
        counts = con.execute(
            "select why, count(*) from link_change where run = ? group by why order by 2 desc, 1", [run]
        ).fetchall()
        words = "、".join(f"{WHY[why]} {n:,}件" for why, n in counts)
        if words:
            lines.append(f"前の版から変わった名寄せ：{words}")
    con.execute("delete from link_change where run <= ?", [run - KEPT_RUNS])
    newest = con.execute("select coalesce(max(receipt_id), 0) from receipt").fetchall()[0][0]
    for key, value in (("link_run", run), ("link_receipt", newest), ("link_decision", decision)):
        con.execute("delete from meta where key = ?", [key])
        con.execute("insert into meta values (?, ?)", [key, str(value)])
    for name in ("link_before", "candidate_before"):
        con.execute(f"drop table if exists temp.{name}")
    return lines


def _sql(name: str) -> str:
    """The query of that name with the newest versions of all person extracts filled in."""
    text = (SQL / "matching" / f"{name}.sql").read_text(encoding="utf-8")
    parts = [
        f"select '{extract}' as extract, record_key from src_{extract} where receipt_id > $receipt::integer"
        for extract in PERSON_EXTRACTS
    ]
    return text.replace("-- {changed_records}", "\n    union\n    ".join(parts))


def _explain(con: Connection, run: int, receipt: int) -> None:
    """Say what of the register changed, for the links that changed with it."""
    rows = con.execute(
        """
        with people as (
            select distinct unnest([old_resident, new_resident]) as resident_id from link_change
            where run = ? and why = 'register'
        ),
        versions as (
            select
                resident_id, name, address, status, household_id, receipt_id,
                row_number() over (
                    partition by resident_id order by receipt_id desc, recorded_on desc, row_number desc
                ) as turn
            from src_resident_register semi join people using (resident_id)
        )
        select
            n.resident_id,
            o.resident_id is null,
            n.name is distinct from o.name,
            n.address is distinct from o.address,
            n.status is distinct from o.status,
            n.household_id is distinct from o.household_id
        from versions as n
        left join versions as o on o.resident_id = n.resident_id and o.turn = 2
        where n.turn = 1 and n.receipt_id > ?
        order by n.resident_id
        """,
        [run, receipt],
    ).fetchall()
    words = {}
    for resident, fresh, name, address, status, household in rows:
        if fresh:
            words[resident] = "新しく載った住民"
        else:
            parts = [
                word
                for word, there in (
                    ("氏名の変更", name),
                    ("住所の変更", address),
                    ("転出・死亡など", status),
                    ("世帯の変更", household),
                )
                if there
            ]
            words[resident] = "・".join(parts) or "ほかの項目の変更"
    for resident, text in words.items():
        con.execute(
            "update link_change set detail = ? where run = ? and why = 'register'"
            " and (new_resident = ? or (old_resident = ? and detail = ''))",
            [text, run, resident, resident],
        )


def changes(
    con: Connection, extracts: Sequence[str], *, new_too: bool = False, page: int = 1, size: int = 30
) -> tuple[list[Change], int]:
    """The changed links of the kept runs, newest run first, and how many there are in all.

    Args:
        extracts: whose records to show.
        new_too: whether records that were not there before are listed.
    """
    if not _has(con, "link_change"):
        return [], 0
    asked: dict[str, Any] = {"extracts": list(extracts), "new_too": new_too}
    where = "list_contains($extracts::varchar[], extract) and ($new_too or why <> 'new')"
    with con.cursor() as cursor:
        total = cursor.execute(f"select count(*) from link_change where {where}", asked).fetchall()[0][0]
        rows = cursor.execute(
            f"select * from link_change where {where} order by run desc, why, extract, record_key"
            " limit $most offset $skipped",
            asked | {"most": size, "skipped": (max(page, 1) - 1) * size},
        ).fetchall()
    return [Change(*row) for row in rows], int(total)


def counts(con: Connection, extracts: Sequence[str]) -> list[tuple[int, str, int]]:
    """(run, why, links) of the kept runs, newest run first."""
    if not _has(con, "link_change"):
        return []
    with con.cursor() as cursor:
        return cursor.execute(
            "select run, why, count(*) from link_change where list_contains($extracts::varchar[], extract)"
            " group by run, why order by run desc, 3 desc, why",
            {"extracts": list(extracts)},
        ).fetchall()


def _has(con: Connection, table: str) -> bool:
    with con.cursor() as cursor:
        found = cursor.execute(
            "select count(*) from duckdb_tables() where table_name = ?", [table]
        ).fetchall()
    return found[0][0] > 0


def _newest_receipt(con: Connection) -> int:
    """The newest receipt, for snapshots without a mark: what came before is unknown and not blamed."""
    if not _has(con, "receipt"):
        return 0
    return int(con.execute("select coalesce(max(receipt_id), 0) from receipt").fetchall()[0][0])


def _meta(con: Connection, key: str, otherwise: str) -> str:
    if not _has(con, "meta"):
        return otherwise
    rows = con.execute("select value from meta where key = ?", [key]).fetchall()
    return rows[0][0] if rows else otherwise


def link_and_record(con: Connection, ops: OpsStore, link: Any) -> list[str]:
    """Match anew with people's decisions and keep what changed.

    Args:
        link: called with the decisions in force; returns the lines of its summary.
    """
    before = remember(con)
    decision = last_decision(ops)
    lines = link(cases.link_decisions(ops))
    return lines + record(con, before, touched(ops, before.decision), decision)
