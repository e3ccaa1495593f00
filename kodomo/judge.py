"""Judge: one day's level, order of checking and reasons for every child, by one rule set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path

import duckdb
import pandas as pd

from kodomo import items as item_layer
from kodomo.conditions import Leaf, RuleSetError, positive_leaves
from kodomo.paths import SQL
from kodomo.rules import (
    Categories,
    ItemLike,
    RuleSet,
    age_order,
    catalogue,
    hit_sql,
    load_categories,
    validate,
)

Connection = duckdb.DuckDBPyConnection
KIND_ORDER = ("trigger", "combination", "item", "cap", "suppression")
#: Tables that live only while judging.
_PASSING = (
    "rule_row",
    "rule_leaf",
    "rule_read_item",
    "rule_category",
    "rule_category_item",
    "rule_group_member",
    "rule_threshold",
    "rule_hit",
    "rule_cap",
    "rule_missing",
    "item_unknown",
    "judge_cell",
)


class NotJudged(RuleSetError):
    """The snapshot holds no judgement yet."""

    def __init__(self) -> None:
        super().__init__("まだ判定されていません。先に judge か refresh を実行してください。")


def judge(
    con: Connection,
    as_of: date,
    ruleset: RuleSet,
    child_key: bytes,
    items: Mapping[str, ItemLike] | None = None,
    *,
    persist: bool = True,
    judged_at: datetime | None = None,
) -> None:
    """Judge every child as of one day: facts known by then, items, events, then levels and reasons.

    Args:
        con: a connection to a linked snapshot; read-write, or read-only with `persist=False`.
        as_of: the judgement day; only what was known on it counts.
        ruleset: the rules to judge by.
        child_key: secret for the opaque child_ref.
        items: the catalogue, the city's own when None.
        persist: write the tables into the database file; False keeps them temporary (replay, preview).
        judged_at: when this judgement is made (UTC), now when None; goes into `meta` only.

    Makes child, household_member, guardian, sibling, item_value, item_status, item_gap, event, judgement and
    reason, and the meta keys as_of, ruleset, ruleset_hash, items_hash, judged_at.

    Raises:
        RuleSetError: the rule set does not fit the catalogue.
    """
    validate(ruleset, catalogue(items), load_categories())
    item_layer.materialise(con, as_of, child_key, persist=persist)
    item_layer.compute(con, as_of, persist=persist)
    item_layer.build_events(con, as_of, persist=persist)
    judge_items(con, as_of, ruleset, items, persist=persist)
    if persist:
        moment = judged_at or datetime.now(UTC)
        _remember(
            con,
            {
                "as_of": as_of.isoformat(),
                "ruleset": ruleset.id,
                "ruleset_hash": ruleset.hash,
                "items_hash": item_layer.items_hash(),
                "judged_at": moment.isoformat(timespec="seconds"),
            },
        )


def judge_items(
    con: Connection,
    as_of: date,
    ruleset: RuleSet,
    items: Mapping[str, ItemLike] | None = None,
    categories: Categories | None = None,
    *,
    persist: bool = True,
) -> None:
    """Judge from child, item_value, item_status and item_gap alone; makes judgement and reason.

    Args as in `judge`; `categories` defaults to the city's own. Raises RuleSetError.
    """
    known = catalogue(items)
    shown = categories or load_categories()
    validate(ruleset, known, shown)
    _lay_out_rules(con, ruleset, known, shown)
    _lay_out_unknown(con, ruleset, known)
    _temp(con, "judge_cell", _sql("cell"))
    hits = f"create or replace temp table rule_hit as {hit_sql(ruleset)}"
    con.execute(hits, {"as_of": as_of, "ages": age_order(ruleset)})
    _temp(con, "rule_cap", _sql("cap"))
    _temp(con, "rule_missing", _sql("missing"))
    _temp(con, "judgement", _sql("judgement"))
    _temp(con, "judgement", _relevel_sql(len(shown.levels) - 1))
    _temp(con, "reason", _sql("reason"))
    for table in _PASSING:
        con.execute(f"drop table if exists temp.{table}")
    if persist:
        _keep(con, "judgement", "resident_id, category")
        _keep(con, "reason", "resident_id, category, ord")


def _keep(con: Connection, table: str, order: str) -> None:
    """Move a temporary table into the database file, sorted."""
    # A temporary table hides the kept one of the same name, even under the name main.
    place = con.execute("select current_database()").fetchall()[0][0]
    con.execute(
        f'create or replace table "{place}".main.{table} as select * from temp.{table} order by {order}'
    )
    con.execute(f"drop table temp.{table}")


def relevel(
    con: Connection, ruleset: RuleSet, categories: Categories | None = None, *, persist: bool = True
) -> None:
    """Set level and rank of the whole `judgement` table anew from the thresholds of a rule set.

    Points, floors and reasons stay: use it only when nothing but thresholds changed since the judgement.
    With `persist=False` the new judgement is a temporary table and nothing is written.
    Raises NotJudged when the snapshot has no judgement.
    """
    shown = categories or load_categories()
    if not judged(con):
        raise NotJudged
    lay_out_thresholds(con, ruleset, shown)
    _temp(con, "judgement", _relevel_sql(len(shown.levels) - 1))
    con.execute("drop table temp.rule_threshold")
    if persist:
        _keep(con, "judgement", "resident_id, category")
        remember_ruleset(con, ruleset)


def remember_ruleset(con: Connection, ruleset: RuleSet) -> None:
    """Write into `meta` by which rule set the judgement was made."""
    _remember(con, {"ruleset": ruleset.id, "ruleset_hash": ruleset.hash})


def judged(con: Connection) -> bool:
    """Whether the snapshot holds a judgement."""
    found = con.execute("select count(*) from duckdb_tables() where table_name = 'judgement'").fetchall()
    return found[0][0] > 0


def meta(con: Connection) -> dict[str, str]:
    """What the snapshot says of itself: as_of, ruleset, ruleset_hash, items_hash, judged_at and more."""
    return dict(con.execute("select key, value from meta order by key").fetchall())


def _remember(con: Connection, values: Mapping[str, str]) -> None:
    con.execute("create table if not exists main.meta (key varchar, value varchar)")
    for key, value in values.items():
        con.execute("delete from main.meta where key = $key", {"key": key})
        con.execute("insert into main.meta values ($key, $value)", {"key": key, "value": value})


@lru_cache(maxsize=16)
def _read(path: Path, _changed: int) -> str:
    return path.read_text(encoding="utf-8")


def _sql(name: str) -> str:
    path = SQL / "judge" / f"{name}.sql"
    return _read(path, path.stat().st_mtime_ns)


def _relevel_sql(levels: int) -> str:
    further = " ".join(f"+ (j.points >= t.points[{n}])::integer" for n in range(2, levels + 1))
    return _sql("relevel").replace("{further_levels}", further)


def _temp(con: Connection, table: str, query: str) -> None:
    con.execute(f"create or replace temp table {table} as {query}")


def _frame(con: Connection, table: str, columns: Mapping[str, str], rows: Sequence[Sequence[object]]) -> None:
    """Put a few Python rows into a temporary table; `columns` is name → SQL type."""
    names = list(columns)
    frame = pd.DataFrame({n: [row[i] for row in rows] for i, n in enumerate(names)}, dtype="object")
    con.register("judge_frame", frame)
    try:
        _temp(
            con,
            table,
            "select " + ", ".join(f"{n}::{t} as {n}" for n, t in columns.items()) + " from judge_frame",
        )
    finally:
        con.unregister("judge_frame")


def lay_out_thresholds(con: Connection, ruleset: RuleSet, categories: Categories) -> None:
    """Make the temporary table rule_threshold: category, age_band ('' where unknown), points per level."""
    rows = [
        (category.code, age_band, list(ruleset.thresholds_for(category.code, age_band)))
        for category in categories.categories
        for age_band in ("", *categories.age_bands)
    ]
    _frame(con, "rule_threshold", {"category": "varchar", "age_band": "varchar", "points": "double[]"}, rows)


def _lay_out_rules(
    con: Connection, ruleset: RuleSet, items: Mapping[str, ItemLike], categories: Categories
) -> None:
    """Make the temporary tables that sql/judge reads: what each rule is called and which items it reads."""
    lay_out_thresholds(con, ruleset, categories)
    codes = [(category.code,) for category in categories.categories]
    _frame(con, "rule_category", {"category": "varchar"}, codes)
    used = [(c, item) for (c,) in codes for item in ruleset.items_used(c)]
    _frame(con, "rule_category_item", {"category": "varchar", "item": "varchar"}, used)
    read = [(n, item) for n, item in enumerate(ruleset.items_read())]
    _frame(con, "rule_read_item", {"item_no": "smallint", "item": "varchar"}, read)
    enabled = {r.code for r in (*ruleset.items, *ruleset.combinations) if r.enabled}
    members = [
        (g.category, g.code, g.cap, code) for g in ruleset.groups for code in g.rules if code in enabled
    ]
    columns = {"category": "varchar", "code": "varchar", "cap": "decimal(9,2)", "rule": "varchar"}
    _frame(con, "rule_group_member", columns, members)
    rows: list[tuple[object, ...]] = []
    parts: list[tuple[object, ...]] = []
    top = {level.value: level.label for level in categories.levels}
    for rule in ruleset.items:
        label = rule.label or items[rule.item].label
        rows.append((rule.code, rule.category, "item", label, "", None))
        parts += _leaf_rows(rule.code, [Leaf(rule.item, ">", 0)], items)
    for kind, group in (
        ("combination", ruleset.combinations),
        ("trigger", ruleset.triggers),
        ("suppression", ruleset.suppressions),
    ):
        for row in group:
            level = getattr(row, "level", None)
            more = "" if level == categories.top else "以上"
            remark = f"。この事実だけで「{top[level]}」{more}にします" if level else ""
            rows.append((row.code, row.category, kind, row.label, remark, level))
            parts += _leaf_rows(row.code, _each_once(positive_leaves(row.when)), items)
    for group in ruleset.groups:
        remark = f"は、合わせて{group.cap:g}点までとします"
        rows.append((group.code, group.category, "cap", group.label, remark, None))
    columns = {
        "code": "varchar",
        "category": "varchar",
        "kind": "varchar",
        "kind_no": "tinyint",
        "label": "varchar",
        "remark": "varchar",
        "level": "integer",
    }
    numbered = [(*row[:3], KIND_ORDER.index(str(row[2])), *row[3:]) for row in rows]
    _frame(con, "rule_row", columns, numbered)
    columns = {
        "rule": "varchar",
        "leaf_no": "smallint",
        "alone": "boolean",
        "item": "varchar",
        "op": "varchar",
        "value": "double",
        "item_label": "varchar",
        "item_unit": "varchar",
        "item_steps": "varchar",
        "item_window": "varchar",
    }
    _frame(con, "rule_leaf", columns, parts)


def _each_once(parts: Iterable[Leaf]) -> list[Leaf]:
    """Leaves in their order, an item that is asked for in several degrees (>=) only once, by the lowest."""
    kept: dict[tuple[str, str, float | None], Leaf] = {}
    for leaf in parts:
        key = (leaf.item, leaf.op, None if leaf.op == ">=" else leaf.value)
        if key not in kept or leaf.value < kept[key].value:
            kept[key] = leaf
    return list(kept.values())


def _leaf_rows(code: str, parts: Sequence[Leaf], items: Mapping[str, ItemLike]) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for n, leaf in enumerate(parts):
        item = items[leaf.item]
        unit = "" if item.kind == "flag" or item.unit == "有無" else item.unit
        words = (item.label, unit, "|".join(getattr(item, "steps", ())), _short(item.window))
        rows.append((code, n, len(parts) == 1, leaf.item, leaf.op, leaf.value, *words))
    return rows


def _short(window: str) -> str:
    """A window as it stands behind a value: without its explanation, nothing for the day itself."""
    short = window.split("（")[0].strip()
    return "" if short.startswith(("判定日", "現在")) else short


def _lay_out_unknown(con: Connection, ruleset: RuleSet, items: Mapping[str, ItemLike]) -> None:
    """Make item_unknown(resident_id, item): gaps, and every child an item without a source applies to."""
    _temp(
        con,
        "item_unknown",
        "select g.resident_id, g.item from item_gap as g inner join rule_read_item as r on g.item = r.item",
    )
    states = dict(con.execute("select item, state from item_status order by item").fetchall())
    for item in ruleset.items_read():
        if states.get(item) != "ok":
            applies = items[item].applies or "true"
            con.execute(
                "insert into item_unknown select resident_id, $item from child"
                f" where coalesce(({applies}), true)",
                {"item": item},
            )
