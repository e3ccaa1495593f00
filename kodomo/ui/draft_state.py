"""Draft state: the draft this person works on, and the city held in memory to try it on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from kodomo import access, drafts, preview, rescore, tuning
from kodomo.audit import Actor
from kodomo.drafts import Draft
from kodomo.rescore import City, Scorer
from kodomo.rules import RuleSet
from kodomo.ui import session

DRAFT = "tn_draft"
TURN = "tn_turn"
TOLD = "tn_told"


@dataclass(frozen=True)
class Table:
    """What the sliders start from: the version they change, and the draft as it stands, if one is begun."""

    base: RuleSet
    draft: Draft | None

    @property
    def rules(self) -> RuleSet:
        """The rules as the sliders have them."""
        return self.draft.ruleset if self.draft else self.base


# -- the city in memory -----------------------------------------------------------------------------------


@st.cache_resource(max_entries=3, show_spinner="調整の準備をしています。")
def _scorer(name: str, sql: str, params: tuple[object, ...], _con: Any) -> Scorer:
    return Scorer(rescore.read(_con, sql, params, session.catalogue()))


def scorer(shown: session.Snapshot, user: Actor) -> Scorer:
    """The children this person may count, ready to be scored by any rules; never changed."""
    limits = session.scope(user)
    return _scorer(shown.name, limits.sql, tuple(limits.params), shown.con)


def whole_city(shown: session.Snapshot) -> Scorer:
    """Every child of the city: for figures and limits, never for names."""
    return _scorer(shown.name, "true", (), shown.con)


@st.cache_resource(max_entries=4, show_spinner=False)
def _settled(name: str, mark: int, sql: str, params: tuple[object, ...], _city: City, _done: Any) -> Any:
    return preview.settled_of(_city, _done)


def settled(shown: session.Snapshot, user: Actor, city: City) -> Any:
    """Which children of the city in memory need no look now: their review still stands."""
    limits = session.scope(user)
    mark = session.reviews_mark()
    return _settled(shown.name, mark, limits.sql, tuple(limits.params), city, session.settled(shown))


# -- the draft --------------------------------------------------------------------------------------------


def table(user: Actor) -> Table:
    """The draft this person works on, or the version in use where none is begun."""
    ops = session.store()
    if not access.may(user, "ruleset_save"):
        return Table(tuning.read_version(ops, tuning.newest_id(ops)), None)
    known: Draft | None = st.session_state.get(DRAFT)
    if known is None:
        known = drafts.own(ops, user)
    if known is None:
        return Table(tuning.read_version(ops, tuning.newest_id(ops)), None)
    st.session_state[DRAFT] = known
    return Table(tuning.read_version(ops, known.based_on), known)


def take_up(known: Draft | None) -> None:
    """Go on with another draft (or with none) from the next look at the sliders."""
    if known is None:
        st.session_state.pop(DRAFT, None)
    else:
        st.session_state[DRAFT] = known
    turn()


def revision(at: Table) -> str:
    """Changes when the sliders must be drawn anew; not when a move begins or saves a draft."""
    return f"{st.session_state.get(TURN, 0)}:{at.base.hash[:8]}"


def turn() -> None:
    """Have the sliders drawn anew from the draft."""
    st.session_state[TURN] = st.session_state.get(TURN, 0) + 1


def told() -> None:
    """What was just done, once."""
    text = st.session_state.pop(TOLD, None)
    if text:
        st.success(text)


def keep(user: Actor, at: Table, rules: RuleSet) -> Table:
    """Save what the sliders say as the draft, beginning one where there is none."""
    ops = session.store()
    known = at.draft
    if known is None:
        known = drafts.start(ops, user, at.base, at.base.id)
    st.session_state[DRAFT] = drafts.save(ops, user, known, ruleset=rules)
    return Table(at.base, st.session_state[DRAFT])
