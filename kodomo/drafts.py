"""Drafts: a rule set on its way from the first slider to the signature of a second person."""

from __future__ import annotations

import json
import sqlite3
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from kodomo import access, audit, edits, seals, tuning
from kodomo.audit import Actor
from kodomo.examples import Example, examples_data, failures, read_examples
from kodomo.ops import Conflict, OpsStore, jst_date, utc_text
from kodomo.paths import DATA
from kodomo.preview import LISTED, changed_rules
from kodomo.rescore import City, Scored
from kodomo.rules import (
    Categories,
    ItemLike,
    RuleSet,
    RuleSetError,
    catalogue,
    dump_ruleset,
    load_categories,
    parse_ruleset,
    validate,
)
from kodomo.wording import title

REASON_LENGTH = 400
STATUSES = {"open": "作成中", "submitted": "承認待ち", "approved": "承認済み", "dropped": "取りやめ"}
STEPS = {
    "start": "案を作り始めた",
    "save": "案を変えた",
    "submit": "承認に出した",
    "withdraw": "承認から引き上げた",
    "return": "差し戻した",
    "approve": "承認した",
    "drop": "取りやめた",
    "rebase": "いまの版に合わせた",
}


class UnknownDraft(RuleSetError):
    """No draft has this number."""

    def __init__(self) -> None:
        super().__init__("その案は見つかりません。案の一覧から選び直してください。")


class DraftClosed(RuleSetError):
    """The draft is not in the state the step asks for."""

    def __init__(self, status: str) -> None:
        super().__init__(
            f"この案は「{STATUSES[status]}」です。画面を開き直して、いまの状態を確かめてください。"
        )


class OwnDraft(RuleSetError):
    """Somebody would sign what they wrote themselves."""

    def __init__(self) -> None:
        super().__init__("自分が作った案や手を入れた案は承認できません。ほかの人に承認を頼んでください。")


class NoReason(RuleSetError):
    """A step needs words."""

    def __init__(self, what: str = "理由") -> None:
        super().__init__(
            f"{what}を{REASON_LENGTH}文字までで書いてください。あとから見直すときの手がかりになります。"
        )


class PastDay(RuleSetError):
    """A version was to count from a day that is over."""

    def __init__(self) -> None:
        super().__init__("使い始める日は、今日かそれより後の日にしてください。")


class BaseMoved(RuleSetError):
    """Another version was approved since the draft was begun."""

    def __init__(self) -> None:
        super().__init__(
            "この案を作り始めたあとに、別の版が承認されています。「いまの版に合わせる」を押して、違いを確かめてください。"
        )


class TooWide(RuleSetError):
    """A rule or a category would flag too many children."""


class TooFew(RuleSetError):
    """A changed rule would speak of hardly anybody."""


class ExamplesFail(RuleSetError):
    """An example child of a rule is judged otherwise than the example says."""


@dataclass(frozen=True)
class Limits:
    """What data/tuning.toml says: shares from 0 to 1, children, staff, minutes and hours."""

    widest_share: float
    fewest_children: int
    staff: int
    minutes_per_review: int
    hours_per_staff: int


@dataclass(frozen=True)
class Draft:
    """One draft as it stands; times are UTC texts, `active_from` a day in Japan."""

    draft_id: str
    based_on: str
    ruleset: RuleSet
    author: str
    reason: str
    active_from: date | None
    examples: tuple[Example, ...]
    preview: Mapping[str, Any]
    status: str
    created_at: str
    updated_at: str
    updated_by: str
    version: int


@dataclass(frozen=True)
class Step:
    """One step of a draft's way."""

    step: str
    user_id: str
    note: str
    version_id: str | None
    taken_at: str


@lru_cache(maxsize=4)
def limits(path: Path = DATA / "tuning.toml") -> Limits:
    """The city's limits for drafts."""
    return Limits(**tomllib.loads(path.read_text(encoding="utf-8")))


# -- reading ------------------------------------------------------------------------------------------------


def read(ops: OpsStore, draft_id: str) -> Draft:
    """One draft by its number; raises UnknownDraft."""
    with ops.read() as con:
        row = con.execute("select * from ruleset_draft where draft_id = ?", (draft_id,)).fetchone()
    if row is None:
        raise UnknownDraft
    return _draft(row)


def listing(ops: OpsStore, statuses: Sequence[str] = ("open", "submitted")) -> list[Draft]:
    """The drafts in these states, the one touched last first."""
    with ops.read() as con:
        rows = con.execute("select * from ruleset_draft order by updated_at desc, rowid desc").fetchall()
    return [_draft(row) for row in rows if row["status"] in statuses]


def steps(ops: OpsStore, draft_id: str) -> list[Step]:
    """Every step of a draft, oldest first."""
    with ops.read() as con:
        rows = con.execute(
            "select step, user_id, note, version_id, taken_at from ruleset_draft_step"
            " where draft_id = ? order by step_id",
            (draft_id,),
        ).fetchall()
    return [Step(*tuple(row)) for row in rows]


def own(ops: OpsStore, actor: Actor) -> Draft | None:
    """The open draft this person touched last, to go on with after a new login."""
    return next((row for row in listing(ops, ("open",)) if row.updated_by == actor.user_id), None)


def _draft(row: sqlite3.Row) -> Draft:
    return Draft(
        row["draft_id"],
        row["based_on"],
        parse_ruleset(row["toml"]),
        row["author"],
        row["reason"],
        date.fromisoformat(row["active_from"]) if row["active_from"] else None,
        read_examples(json.loads(row["examples"])),
        json.loads(row["preview"]) if row["preview"] else {},
        row["status"],
        row["created_at"],
        row["updated_at"],
        row["updated_by"],
        row["version"],
    )


# -- writing ------------------------------------------------------------------------------------------------


def start(ops: OpsStore, actor: Actor, ruleset: RuleSet, based_on: str) -> Draft:
    """Begin a draft from a version; raises AccessDenied."""
    access.require(ops, actor, "ruleset_save")
    moment = utc_text(ops.clock())
    made: list[str] = []

    def change(con: sqlite3.Connection) -> None:
        number = con.execute("select count(*) from ruleset_draft").fetchone()[0] + 1
        made.append(f"案{number}")
        con.execute(
            "insert into ruleset_draft (draft_id, based_on, toml, hash, author, status, created_at,"
            " updated_at, updated_by) values (?, ?, ?, ?, ?, 'open', ?, ?, ?)",
            (
                *(made[0], based_on, dump_ruleset(ruleset), ruleset.hash, actor.user_id),
                *(moment, moment, actor.user_id),
            ),
        )
        _step(con, ops, actor, made[0], "start", ruleset.hash)

    ops.write(change)
    return read(ops, made[0])


def save(
    ops: OpsStore,
    actor: Actor,
    known: Draft,
    *,
    ruleset: RuleSet | None = None,
    reason: str | None = None,
    active_from: date | None = None,
    examples: Sequence[Example] | None = None,
) -> Draft:
    """Keep what was changed in an open draft, as it is; it may still be wrong.

    Args:
        known: the draft as this person last saw it; refused when somebody saved it since.
        ruleset, reason, active_from, examples: what changed; None leaves the rest.

    Raises:
        Conflict: somebody else saved the draft in the meantime.
        DraftClosed: it is not open.
        AccessDenied.
    """
    access.require(ops, actor, "ruleset_save")
    rules = ruleset or known.ruleset
    values: dict[str, Any] = {"toml": dump_ruleset(rules), "hash": rules.hash}
    if reason is not None:
        values["reason"] = reason[:REASON_LENGTH]
    if active_from is not None:
        values["active_from"] = active_from.isoformat()
    if examples is not None:
        values["examples"] = json.dumps(examples_data(examples), ensure_ascii=False)
    return _change(ops, actor, known, "save", ("open",), values, rules.hash)


def rebase(ops: OpsStore, actor: Actor, known: Draft, items: Mapping[str, ItemLike] | None = None) -> Draft:
    """Carry a draft's changes over to the newest version; raises what `save` raises."""
    access.require(ops, actor, "ruleset_save")
    shown, catalog = load_categories(), catalogue(items)
    base = tuning.newest_id(ops)
    old, new = tuning.read_version(ops, known.based_on), tuning.read_version(ops, base)
    moved = edits.turned(old, known.ruleset, catalog, shown)
    there = {knob.id for board in edits.boards(new, catalog, shown) for knob in board.knobs}
    there |= {board.switch for board in edits.boards(new, catalog, shown)}
    rules = edits.turn(new, {name: value for name, value in moved.items() if name in there}, shown)
    values = {"based_on": base, "toml": dump_ruleset(rules), "hash": rules.hash}
    return _change(ops, actor, known, "rebase", ("open",), values, rules.hash)


def submit(
    ops: OpsStore,
    actor: Actor,
    known: Draft,
    preview: Mapping[str, Any],
    items: Mapping[str, ItemLike] | None = None,
) -> Draft:
    """Hand a draft in for the second signature, with the figures it was made on.

    Args:
        known: the draft as this person sees it; its reason and first day are already saved.
        preview: figures for the approver, as plain data without a child.
        items: the catalogue, the city's own when None.

    Raises:
        NoReason, PastDay, BaseMoved, NothingChanged, ExamplesFail, RuleSetError: it cannot be handed in so.
        Conflict, DraftClosed, AccessDenied.
    """
    access.require(ops, actor, "ruleset_save")
    check(ops, known, items)
    values = {"preview": json.dumps(preview, ensure_ascii=False, sort_keys=True)}
    return _change(ops, actor, known, "submit", ("open",), values, known.ruleset.hash, status="submitted")


def check(ops: OpsStore, known: Draft, items: Mapping[str, ItemLike] | None = None) -> None:
    """Refuse a draft that cannot come into force as it is; the refusals are those of `submit`."""
    if not known.reason.strip():
        raise NoReason("変える理由")
    if known.active_from is None or known.active_from < jst_date(ops.clock()):
        raise PastDay
    if tuning.newest_id(ops) != known.based_on:
        raise BaseMoved
    if tuning.same_rules(tuning.read_version(ops, known.based_on), known.ruleset):
        raise tuning.NothingChanged
    validate(known.ruleset, catalogue(items), load_categories())
    failed = failures(known.ruleset, known.examples, catalogue(items))
    if failed:
        raise ExamplesFail(
            f"例のこども{len(failed)}人の結果が、書いてあることと合いません。"
            f"最初は「{failed[0].example.label}」です。条件か例のどちらかを直してください。"
        )


def withdraw(ops: OpsStore, actor: Actor, known: Draft) -> Draft:
    """Take a draft back from the approver to go on with it; raises DraftClosed, Conflict, AccessDenied."""
    access.require(ops, actor, "ruleset_save")
    return _change(ops, actor, known, "withdraw", ("submitted",), {}, known.ruleset.hash, status="open")


def send_back(ops: OpsStore, actor: Actor, known: Draft, note: str) -> Draft:
    """Give a draft back to its author, with what should be different.

    Raises NoReason, DraftClosed, Conflict, AccessDenied.
    """
    access.require(ops, actor, "ruleset_approve")
    if not note.strip() or len(note) > REASON_LENGTH:
        raise NoReason("差し戻す理由")
    return _change(
        ops, actor, known, "return", ("submitted",), {}, known.ruleset.hash, status="open", note=note.strip()
    )


def drop(ops: OpsStore, actor: Actor, known: Draft) -> Draft:
    """End a draft that nobody wants any more; raises DraftClosed, Conflict, AccessDenied."""
    access.require(ops, actor, "ruleset_save")
    return _change(ops, actor, known, "drop", ("open", "submitted"), {}, known.ruleset.hash, status="dropped")


def approve(
    ops: OpsStore,
    actor: Actor,
    known: Draft,
    note: str = "",
    items: Mapping[str, ItemLike] | None = None,
) -> tuning.Version:
    """Sign a draft: it becomes a version that counts from its first day.

    Raises:
        OwnDraft: the actor wrote it or had a hand in it.
        DraftClosed, Conflict: it is not what the approver saw.
        BaseMoved, PastDay, RuleSetError: it can no longer come into force as it is.
        AccessDenied.
    """
    access.require(ops, actor, "ruleset_approve")
    if len(note) > REASON_LENGTH:
        raise NoReason("ひとこと")
    if actor.user_id in _hands(ops, known):
        raise OwnDraft
    check(ops, known, items)
    first_day = known.active_from
    assert first_day is not None
    kept: list[tuning.Version] = []

    def also(con: sqlite3.Connection) -> str:
        try:
            version = tuning.publish(
                con,
                ops,
                actor,
                known.ruleset,
                known.reason.strip(),
                known.based_on,
                author=known.author,
                active_from=first_day,
            )
        except Conflict as error:
            raise BaseMoved from error
        kept.append(version)
        return version.version_id

    _change(
        ops,
        actor,
        known,
        "approve",
        ("submitted",),
        {},
        known.ruleset.hash,
        status="approved",
        note=note.strip(),
        also=also,
    )
    return kept[0]


def _hands(ops: OpsStore, known: Draft) -> set[str]:
    """Everybody who wrote anything of a draft."""
    wrote = {
        step.user_id
        for step in steps(ops, known.draft_id)
        if step.step in ("start", "save", "rebase", "submit", "withdraw")
    }
    return wrote | {known.author}


_ACTIONS = {
    "start": "ruleset_save",
    "save": "ruleset_save",
    "rebase": "ruleset_save",
    "submit": "ruleset_submit",
    "withdraw": "ruleset_submit",
    "drop": "ruleset_save",
    "return": "ruleset_approve",
    "approve": "ruleset_approve",
}


def _change(
    ops: OpsStore,
    actor: Actor,
    known: Draft,
    step: str,
    allowed: Sequence[str],
    values: Mapping[str, Any],
    rules_hash: str,
    *,
    status: str | None = None,
    note: str = "",
    also: Any = None,
) -> Draft:
    """One step of a draft: the change, its place in the history and its log row in one transaction."""
    moment = utc_text(ops.clock())

    def change(con: sqlite3.Connection) -> None:
        row = con.execute(
            "select status, version from ruleset_draft where draft_id = ?", (known.draft_id,)
        ).fetchone()
        if row is None:
            raise UnknownDraft
        if row["status"] not in allowed:
            raise DraftClosed(row["status"])
        if row["version"] != known.version:
            raise Conflict
        version_id = also(con) if also else None
        new = {
            **values,
            "status": status or row["status"],
            "updated_at": moment,
            "version": known.version + 1,
        }
        if step in ("save", "rebase"):
            new["updated_by"] = actor.user_id
        names = sorted(new)
        con.execute(
            f"update ruleset_draft set {', '.join(f'{name} = ?' for name in names)} where draft_id = ?",
            (*(new[name] for name in names), known.draft_id),
        )
        _step(con, ops, actor, known.draft_id, step, rules_hash, note, version_id)

    ops.write(change)
    return read(ops, known.draft_id)


def _step(
    con: sqlite3.Connection,
    ops: OpsStore,
    actor: Actor,
    draft_id: str,
    step: str,
    rules_hash: str,
    note: str = "",
    version_id: str | None = None,
) -> None:
    row = {
        "draft_id": draft_id,
        "step": step,
        "user_id": actor.user_id,
        "hash": rules_hash,
        "note": note,
        "version_id": version_id,
        "taken_at": utc_text(ops.clock()),
    }
    kept = seals.insert(con, ops, seals.DRAFT_STEP, row)
    detail = {"draft": draft_id, "step": step, "hash": rules_hash[:16], seals.DETAIL: kept}
    audit.append(con, ops, actor, _ACTIONS[step], detail=detail, ruleset=version_id)


# -- limits -------------------------------------------------------------------------------------------------


def refuse_extremes(
    city: City,
    before: RuleSet,
    after: RuleSet,
    scored: Scored,
    items: Mapping[str, ItemLike],
    shown: Categories,
    bounds: Limits | None = None,
) -> None:
    """Refuse a draft that flags too many children, or whose changed rule fits hardly anybody.

    Args:
        city: the whole judged city, not the part one person may see.
        before: the rules the draft was made from; after: the draft; scored: what the draft says.
        items: the catalogue; shown: names of the categories.
        bounds: the limits, the city's own when None.

    Raises:
        TooWide, TooFew.
    """
    bounds = bounds or limits()
    if not city.children:
        return
    changed = changed_rules(before, after)
    for k, category in enumerate(shown.categories):
        listed = int((scored.level[k] >= LISTED).sum())
        if listed > bounds.widest_share * city.children:
            raise TooWide(
                f"「{category.label}」の「{shown.levels[LISTED].label}」以上が{listed:,}人"
                f"（{listed / city.children:.0%}）になります。"
                f"{bounds.widest_share:.0%}をこえる案は出せません。しきい値を上げてください。"
            )
    for row in (*after.items, *after.combinations, *after.triggers):
        if row.code not in changed or not row.enabled:
            continue
        hits = len(np.unique(scored.hits[row.code]))
        name = title(row, items)
        if hits > bounds.widest_share * city.children:
            raise TooWide(
                f"「{name}」に当てはまるこどもが{hits:,}人（{hits / city.children:.0%}）になります。"
                f"{bounds.widest_share:.0%}をこえる条件は、急ぐこどもを埋もれさせます。条件をきびしくしてください。"
            )
        if hits < bounds.fewest_children:
            raise TooFew(
                f"「{name}」に当てはまるこどもが{hits}人です。{bounds.fewest_children}人より少ない条件は、"
                "特定の家庭だけを指すことになりかねず、効果も確かめられません。条件をゆるめるか、使わないにしてください。"
            )
