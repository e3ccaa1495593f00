"""Session: what a screen may ask for: who is at it, which snapshot is current, what this person may see."""

from __future__ import annotations

from collections.abc import Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import streamlit as st

from kodomo import access, accounts, audit, cases, changes, roster, rules, tuning
from kodomo.audit import Actor
from kodomo.directory import Directory
from kodomo.errors import KodomoError
from kodomo.items import Item, load_items
from kodomo.ops import OpsStore, jst_date, open_store
from kodomo.paths import default_db
from kodomo.roster import Scope
from kodomo.snapshots import Family, open_snapshot
from kodomo.ui import menu, parts, theme

SESSION = "kd_session"
PAGE = "kd_page"
SEEN = "kd_seen"
ASK_COORDINATOR = "統括支援員（こども安心課）"
ASK_ADMIN = "システム管理者"


@dataclass(frozen=True)
class Snapshot:
    """The state of the city that is shown: its name, its read-only connection and what it rests on.

    Use one cursor per call and drain it: the connection is shared by everybody.
    """

    name: str
    con: duckdb.DuckDBPyConnection
    as_of: date
    ruleset: str


# -- stores -----------------------------------------------------------------------------------------------


@st.cache_resource
def family() -> Family:
    """The family of files that KODOMO_DB names."""
    return Family(default_db())


@st.cache_resource
def store() -> OpsStore:
    """The operational store, opened once for the process."""
    files = family()
    opened = open_store(files)
    audit.watch(opened)
    return opened


@st.cache_resource(max_entries=3)
def _connection(path: str) -> duckdb.DuckDBPyConnection:
    """A connection on one snapshot; snapshots never change, so its name is all there is to know."""
    return open_snapshot(path)


def snapshot() -> Snapshot:
    """The current snapshot; where there is none, the screen says so and stops."""
    current = family().current()
    if current is None or current.stage != "judged" or current.as_of is None:
        parts.heading("まだ表示できるデータがありません")
        st.info(
            "受領データの取り込みと判定がまだ終わっていません。データ担当が取り込みを終えると、ここに表示されます。"
        )
        st.stop()
    as_of = date.fromisoformat(current.as_of[:10])
    _directory(current.name, as_of)
    return Snapshot(
        name=current.name,
        con=_connection(str(current.path)),
        as_of=as_of,
        ruleset=current.ruleset or "",
    )


def basis(shown: Snapshot) -> str:
    """What the figures of a screen rest on, in one line."""
    return f"基準日 {shown.as_of}　判定基準 {shown.ruleset or '–'}"


@st.cache_resource
def catalogue() -> dict[str, Item]:
    """The item catalogue, read once for the process; never changed."""
    return load_items()


@st.cache_resource
def categories() -> rules.Categories:
    """Categories, levels and age bands, read once for the process; never changed."""
    return rules.load_categories()


@st.cache_resource(max_entries=8)
def _ruleset(version: str) -> rules.RuleSet:
    try:
        return tuning.read_version(store(), version)
    except KodomoError:
        return rules.load_ruleset(rules.FIRST_RULESET)


def ruleset(shown: Snapshot) -> rules.RuleSet:
    """The rule set by which the snapshot was judged."""
    return _ruleset(shown.ruleset)


def rules_in_use() -> rules.RuleSet:
    """The newest kept rules, which judge next (the first ones before any version)."""
    return tuning.read_version(store(), tuning.newest_id(store()))


@st.cache_resource
def _worker() -> ThreadPoolExecutor:
    """One thread for what is prepared while people already read."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="prepare")


@st.cache_resource(max_entries=2)
def _directory(name: str, as_of: date) -> Future[Directory]:
    return _worker().submit(Directory.build, _connection(str(family().folder / name)), as_of)


def directory(shown: Snapshot) -> Directory:
    """Everybody of a snapshot, folded for the search; begun when the snapshot is first shown."""
    made = _directory(shown.name, shown.as_of)
    if made.done():
        return made.result()
    with st.spinner("さがす準備をしています。新しい版のはじめだけ、少し時間がかかります。"):
        return made.result()


# -- who --------------------------------------------------------------------------------------------------


def current() -> accounts.Session | None:
    """The live session of whoever sits at this browser tab."""
    return st.session_state.get(SESSION)


def stay() -> None:
    """For fragments, which run without the router: go back to it when the session has ended meanwhile."""
    live = current()
    if live is None or accounts.touch(store(), live).session is None:
        st.rerun(scope="app")


def require(action: str) -> Actor:
    """Let only people with this right go on; the first line of every screen.

    Everybody else gets a screen that says why, and the refusal is written to the operation log first.
    """
    live = current()
    if live is None:
        parts.refuse(
            "ログインが必要です",
            "この画面は、ログインしてから開いてください。",
            "ログインできないときは" + ASK_ADMIN,
            logged=False,
        )
        st.stop()
    actor = live.actor.on(st.session_state.get(PAGE, ""))
    needs_child = action in access.CHILD_ACTIONS
    if needs_child and access.may(actor, action):
        return actor
    try:
        access.require(store(), actor, action)
    except access.AccessDenied as refusal:
        parts.refuse("この画面は表示できません", str(refusal), f"{ASK_COORDINATOR}、権限の変更は{ASK_ADMIN}")
        st.stop()
    return actor


def scope(actor: Actor) -> Scope:
    """Which children this person may list."""
    sql, params = access.child_filter(actor)
    return Scope(sql, tuple(params))


def facts(actor: Actor) -> Scope:
    """Which events this person may see."""
    sql, params = access.fact_filter(actor)
    return Scope(sql, tuple(params))


def department_name(code: str) -> str:
    """A department in words, also those that deliver nothing."""
    return {"audit": "監査", "system": "情報システム"}.get(code) or theme.department(code).name


# -- log --------------------------------------------------------------------------------------------------


def log_once(slot: str, what: Hashable, action: str, **facts_of_row: Any) -> None:
    """Write a view to the operation log before it is shown, once for each thing shown.

    Running the screen again with nothing new on it (a chart's filter, an opened menu) is the same view.
    Raises `audit.LogUnavailable` when it cannot be written: the screen then shows that sentence and nothing
    else.
    """
    live = current()
    if live is None:
        st.stop()
    seen = st.session_state.setdefault(SEEN, {})
    if seen.get(slot) == what:
        return
    now = family().current()
    audit.record(
        store(),
        live.actor.on(st.session_state.get(PAGE, "")),
        action,
        snapshot=now.name if now else None,
        ruleset=now.ruleset if now else None,
        **facts_of_row,
    )
    seen[slot] = what


# -- cached figures ---------------------------------------------------------------------------------------
# Keyed by snapshot, access condition and the state of the reviews: people with the same rights share them.


def reviews_mark() -> int:
    """A number that changes with every review."""
    with store().read() as con:
        row = con.execute("select coalesce(max(review_id), 0) from review").fetchone()
    return int(row[0])


@dataclass(frozen=True)
class Standing:
    """Whose newest review still stands (`settled`), and why reviewed children wait again (`again`)."""

    settled: tuple[str, ...]
    again: dict[str, str]


@st.cache_data(max_entries=8, show_spinner=False)
def _standing(name: str, mark: int, day: date) -> Standing:
    con = _connection(str(family().folder / name))
    with con.cursor() as cursor:
        waiting = cases.unreviewed(cursor, store(), day)
    again = dict(zip(waiting["resident_id"], waiting["why"], strict=True))
    reviewed = cases.newest(store())
    return Standing(
        tuple(resident for resident in reviewed if resident not in again),
        {resident: why for resident, why in again.items() if resident in reviewed},
    )


def standing(shown: Snapshot) -> Standing:
    """Which reviews still stand today."""
    return _standing(shown.name, reviews_mark(), jst_date(store().clock()))


def settled(shown: Snapshot) -> tuple[str, ...]:
    """Resident ids of children whose newest review still stands."""
    return standing(shown).settled


@st.cache_data(max_entries=64, show_spinner=False)
def _figures(
    name: str, mark: int, day: date, sql: str, params: tuple[object, ...]
) -> tuple[roster.Totals, list[roster.LevelCount]]:
    con, limits, done = (
        _connection(str(family().folder / name)),
        Scope(sql, params),
        _standing(name, mark, day).settled,
    )
    return roster.totals(con, limits, done), roster.level_counts(con, limits, done)


def figures(shown: Snapshot, actor: Actor) -> tuple[roster.Totals, list[roster.LevelCount]]:
    """Totals and level counts over the children this person may see."""
    limits = scope(actor)
    return _figures(shown.name, reviews_mark(), jst_date(store().clock()), limits.sql, limits.params)


def city_figures(shown: Snapshot) -> tuple[roster.Totals, list[roster.LevelCount]]:
    """The same figures over the whole city, for those who see figures and no child."""
    everybody = Scope()
    return _figures(shown.name, reviews_mark(), jst_date(store().clock()), everybody.sql, everybody.params)


@st.cache_data(max_entries=64, show_spinner=False)
def _choices(name: str, sql: str, params: tuple[object, ...]) -> dict[str, list[Any]]:
    return roster.choices(_connection(str(family().folder / name)), Scope(sql, params))


def choices(shown: Snapshot, actor: Actor) -> dict[str, list[Any]]:
    """What the filters offer this person."""
    limits = scope(actor)
    return _choices(shown.name, limits.sql, limits.params)


@st.cache_data(max_entries=64, show_spinner=False)
def _moved(name: str, sql: str, params: tuple[object, ...]) -> dict[str, int] | None:
    con = _connection(str(family().folder / name))
    return changes.overall(con, Scope(sql, params)) if changes.basis(con) else None


def moved(shown: Snapshot, actor: Actor) -> dict[str, int] | None:
    """How many children came onto the list, rose, left and fell since the judgement before, by kind.

    None where there is none to hold against.
    """
    limits = scope(actor)
    return _moved(shown.name, limits.sql, limits.params)


@st.cache_data(max_entries=8, show_spinner=False)
def _checked_since(name: str, mark: int, day: date, since: date) -> int:
    con = _connection(str(family().folder / name))
    listed = set(roster.listed(con))
    newest = cases.newest(store(), _standing(name, mark, day).settled)
    return sum(review.reviewed_on > since for child, review in newest.items() if child in listed)


def checked_since(shown: Snapshot, since: date) -> int:
    """How many children of the list left what waits because somebody looked at them after a day."""
    return _checked_since(shown.name, reviews_mark(), jst_date(store().clock()), since)


# -- pages ------------------------------------------------------------------------------------------------


def page(name: str) -> Any:
    """The registered page of a screen, for links and jumps."""
    return st.session_state["kd_pages"][menu.screen(name).name]
