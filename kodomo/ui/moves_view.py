"""Moves view: which children a draft brings onto the list or takes off it, through the reader's mask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from kodomo import access, wording
from kodomo.audit import Actor
from kodomo.paths import SQL
from kodomo.preview import Effect, Move
from kodomo.proposal import Proposal
from kodomo.rescore import Scorer
from kodomo.roster import grade_label
from kodomo.rules import RuleSet
from kodomo.ui import parts, session

MOST = 30


@dataclass(frozen=True)
class Faces:
    """Who the children of a preview are, and the first reason of each; shown only through a mask."""

    people: dict[str, dict[str, Any]]
    reasons: dict[tuple[str, str], str]


@st.cache_resource(max_entries=2, show_spinner=False)
def _faces(name: str, sql: str, params: tuple[object, ...], _con: Any) -> Faces:
    """Read once per snapshot: on every move of a slider the names must be there at once."""

    def ask(file: str) -> list[tuple[Any, ...]]:
        query = (SQL / "tuning" / f"{file}.sql").read_text(encoding="utf-8").replace("{scope}", sql)
        with _con.cursor() as cursor:
            return cursor.execute(query, list(params)).fetchall()

    columns = ("child_ref", "name", "age", "school_grade", "protected")
    return Faces(
        {row[0]: dict(zip(columns, row[1:], strict=True)) for row in ask("faces")},
        {(resident, category): text for resident, category, text in ask("first_reasons")},
    )


def faces(shown: session.Snapshot, user: Actor) -> Faces:
    """Names and first reasons of the children this person may count."""
    limits = session.scope(user)
    return _faces(shown.name, limits.sql, tuple(limits.params), shown.con)


def both(user: Actor, shown: session.Snapshot, base: RuleSet, draft: RuleSet, found: Effect) -> None:
    """Those who rise beside those who fall, each with the reason."""
    known = faces(shown, user)
    titles = _titles(base) | _titles(draft)
    up = f"上がる {found.risen:,}件（一覧に加わる {found.joining:,}人）"
    down = f"下がる {found.fallen:,}件（一覧から外れる {found.leaving:,}人）"
    st.html(
        '<div style="display:flex;gap:.8rem">'
        f"{_list(user, up, found.up, found.risen, known, titles)}"
        f"{_list(user, down, found.down, found.fallen, known, titles)}</div>"
    )


def _titles(rules: RuleSet) -> dict[str, str]:
    every = (*rules.items, *rules.combinations, *rules.triggers)
    return {row.code: wording.title(row, session.catalogue()) for row in every}


def _list(
    user: Actor,
    title: str,
    moves: tuple[Move, ...],
    total: int,
    known: Faces,
    titles: Mapping[str, str],
) -> str:
    body = "".join(_line(user, move, known, titles) for move in moves)
    if not moves:
        body = '<div class="kd-muted kd-small" style="padding:.5rem">該当するこどもはいません。</div>'
    return _framed(title, body, len(moves), total)


def _framed(title: str, body: str, drawn: int, total: int) -> str:
    if total > drawn:
        body += (
            f'<div class="kd-muted kd-small" style="padding:.4rem">先頭の{drawn}件を示しています。'
            f"ほか{total - drawn:,}件。</div>"
        )
    return (
        '<div style="flex:1;min-width:0">'
        f'<div style="font-weight:600;font-size:.9rem;padding-bottom:.25rem">{parts.html(title)}</div>'
        f'<div class="kd-scroll" style="height:190px">{body}</div></div>'
    )


@dataclass(frozen=True)
class Line:
    """One move as it is printed: the child as this reader may know it, and why."""

    name: str
    move: Move
    why: str


def lines(
    user: Actor, shown: session.Snapshot, base: RuleSet, draft: RuleSet, moves: Sequence[Move]
) -> list[Line]:
    """The moves for paper, through the reader's mask."""
    known = faces(shown, user)
    titles = _titles(base) | _titles(draft)
    found = []
    for move in moves:
        face = known.people.get(move.resident_id, {})
        asked = {name: face.get(name) for name in ("name", "child_ref", "protected")}
        why = _why(move, known, titles) if access.sees(user, "reasons") else ""
        found.append(Line(str(access.mask(user, asked)["name"]), move, why))
    return found


def _who(user: Actor, resident_id: str, known: Faces) -> str:
    face = known.people.get(resident_id, {})
    seen = access.mask(
        user,
        {"name": face.get("name"), "child_ref": face.get("child_ref"), "protected": face.get("protected")},
    )
    about = " ".join(
        text
        for text in (
            "" if face.get("age") is None else f"{face['age']}歳",
            grade_label(face["school_grade"]) if face.get("school_grade") is not None else "",
        )
        if text
    )
    return f'<b>{parts.html(seen["name"])}</b> <span class="kd-muted">{parts.html(about)}</span>'


def _line(user: Actor, move: Move, known: Faces, titles: Mapping[str, str]) -> str:
    mark = "一覧に加わる" if move.joins else "一覧から外れる" if move.leaves else ""
    tag = parts.chip(mark, "strong" if move.joins else "dash").markup if mark else ""
    points = f"{move.points_before:g} → {move.points:g}点"
    if move.points_before == move.points:
        points = f"{move.points:g}点"
    why = _why(move, known, titles) if access.sees(user, "reasons") else ""
    return (
        '<div style="border-bottom:1px solid #e7eaef;padding:.28rem .4rem;font-size:.85rem;line-height:1.5">'
        f"{_who(user, move.resident_id, known)} {tag}<br>"
        f"{parts.html(session.categories().label(move.category))}　{parts.level_mark(move.old).markup} → "
        f"{parts.level_mark(move.new).markup}　{points}"
        f'<div class="kd-muted">{parts.html(why)}</div></div>'
    )


def _why(move: Move, known: Faces, titles: Mapping[str, str]) -> str:
    """Why the level differs: the rules that count on one side only, else the points, else the thresholds."""
    differing = [titles[code] for code in move.rules if code in titles]
    if differing:
        more = f" ほか{len(differing) - 2}件" if len(differing) > 2 else ""
        return "変わる条件: " + "、".join(differing[:2]) + more
    first = known.reasons.get((move.resident_id, move.category))
    if move.points_before != move.points:
        return f"点の付け方が変わるため（{first}）" if first else "点の付け方が変わるため"
    return f"しきい値が変わるため（{first}）" if first else "しきい値が変わるため"


def places(user: Actor, shown: session.Snapshot, made: Scorer, rules: RuleSet, found: Proposal) -> None:
    """Who would leave the list and who would join it by a proposal."""
    known = faces(shown, user)
    st.html(
        '<div style="display:flex;gap:.8rem">'
        f"{_names(user, '一覧から外れる', found.lost, made, known)}"
        f"{_names(user, '一覧に加わる', found.gained, made, known)}</div>"
    )


def _names(user: Actor, title: str, chosen: Sequence[int], made: Scorer, known: Faces) -> str:
    body = ""
    for place in chosen[:MOST]:
        resident = str(made.city.residents[place])
        body += (
            '<div style="border-bottom:1px solid #e7eaef;padding:.2rem .4rem;font-size:.85rem">'
            f"{_who(user, resident, known)}</div>"
        )
    if not chosen:
        body = '<div class="kd-muted kd-small" style="padding:.5rem">該当するこどもはいません。</div>'
    return _framed(f"{title} {len(chosen):,}人", body, min(len(chosen), MOST), len(chosen))
