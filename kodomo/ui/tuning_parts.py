"""Tuning parts: the four parts of アラートレベル調整 and the version that waits for the next judgement."""

from __future__ import annotations

import streamlit as st

from kodomo import access, audit, judge, tuning
from kodomo.audit import Actor
from kodomo.errors import KodomoError
from kodomo.ui import compare_view, draft_state, draft_view, opinion_view, parts, session, tuning_view

PARTS = {
    "調整する": ("view_moves", tuning_view.workbench),
    "案と承認": ("view_rules", draft_view.listing),
    "版と比較": ("ruleset_compare", compare_view.versions),
    "意見": ("view_rules", opinion_view.listing),
}


def show(user: Actor, shown: session.Snapshot) -> None:
    """Let the reader choose a part they may see, and draw it."""
    allowed = [name for name, (action, _) in PARTS.items() if access.may(user, action)]
    wanted = st.session_state.pop("tn_part_next", None)
    if wanted in allowed:
        st.session_state["tn_part"] = wanted
    chosen = st.segmented_control(
        "この画面でできること", allowed, default=allowed[0], key="tn_part", label_visibility="collapsed"
    )
    PARTS[chosen or allowed[0]][1](user, shown)


def pending(user: Actor, shown: session.Snapshot) -> None:
    """Say that a version waits for the next judgement, and offer to apply it where that is allowed."""
    used = tuning.active(session.store(), items=session.catalogue())
    with shown.con.cursor() as cursor:
        judged_by = judge.meta(cursor).get("ruleset_hash")
    if used.hash == judged_by:
        return
    with (
        parts.card("tn_pending"),
        st.container(horizontal=True, vertical_alignment="center", gap="small"),
    ):
        st.html(
            f"<b>使用中の判定基準（{parts.html(used.id)}）は、まだ一覧に反映していません。</b><br>"
            f'<span class="kd-small kd-muted">いまの一覧は、前の判定基準（{parts.html(shown.ruleset)}）による'
            "判定です。次の判定（取り込み）で切り替わります。</span>"
        )
        if access.may(user, "ruleset_activate") and st.button("いますぐ一覧に反映する", type="primary"):
            _apply(user)


def _apply(user: Actor) -> None:
    """Judge the current snapshot anew by the active version and publish the result."""
    ops = session.store()
    try:
        access.require(ops, user, "ruleset_activate")
        session.family().announce = audit.announcing(ops, user)
        with (
            st.spinner("判定し直しています。終わるまで、ほかの人にはいまの一覧が見えています。"),
            session.family().build() as (con, build),
        ):
            used = tuning.apply_active(con, ops, session.catalogue())
            build.stage = "judged"
            build.ruleset = used
            audit.record(ops, user, "ruleset_apply", detail={"version": used}, ruleset=used)
    except KodomoError as refusal:
        st.error(str(refusal))
        return
    st.session_state[draft_state.TOLD] = f"{used} で判定し直しました。一覧に反映されています。"
    st.rerun(scope="app")
