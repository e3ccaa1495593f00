"""Review view: what staff conclude about a child, and what they concluded before."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from kodomo import access, cases, roster
from kodomo.audit import Actor
from kodomo.dossier import Dossier
from kodomo.errors import KodomoError
from kodomo.ui import parts, session, theme

OPENED = "kd_opened"
SAVED = "kd_saved"


def opened(known: Dossier) -> None:
    """Remember when the screen of this child was opened: the minutes of a review count from here."""
    if st.session_state.get(OPENED, ("", None))[0] != known.resident_id:
        st.session_state[OPENED] = (known.resident_id, session.store().clock())


@st.fragment
def review_box(user: Actor, shown: session.Snapshot, known: Dossier, scope: access.ChildScope) -> None:
    """What staff conclude: outcome, reason and a note; and where to go next."""
    session.stay()
    past = cases.reviews_of(session.store(), known.resident_id)
    with parts.card("review"):
        state = session.standing(shown)
        if st.session_state.pop(SAVED, None) == known.resident_id:
            st.success("確認を記録しました。未確認の一覧から外れました。")
        if past:
            newest = past[0]
            before = (parts.day(newest.reviewed_on), newest.outcome_label, newest.reason_label)
            concluded(before, state.again.get(known.resident_id))
        else:
            concluded(None)
        if not access.may(user, "review"):
            st.caption("あなたの役割では、確認の記録はできません。")
            return
        outcome, reason, note = conclusion(
            "rv", known.child["child_ref"], "メモ（確かめたこと、自分の見立て）"
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            pressed = st.button("記録する", type="primary", key="rv_save")
            after = st.button("次のこどもへ", key="rv_next", type="tertiary")
        if pressed:
            _save(user, shown, known, scope, outcome, reason, note, len(past))
        if after:
            _next(user, shown, known)


def concluded(before: tuple[str, str, str] | None, again: str | None = None) -> None:
    """The head of the box: the last review (day, outcome, reason) and why it no longer stands, if so."""
    if before is None:
        st.html("<b>職員の確認</b>　まだだれも確認していません")
        return
    day, outcome, reason = before
    label = f"再確認が必要です（{again}）" if again else "確認済み"
    st.html(
        f"<b>職員の確認</b>　{parts.html(label)}<div class='kd-small kd-muted'>前回 "
        f"{day} {parts.html(outcome)}（{parts.html(reason)}）</div>"
    )


def conclusion(prefix: str, reference: str, note_label: str) -> tuple[str, str, str]:
    """The fields of a review of a child or a pregnancy: outcome, main reason, note ('' where empty)."""
    outcomes = cases.catalogue().outcomes
    outcome = st.selectbox(
        "確認の結果",
        list(outcomes),
        format_func=lambda code: f"{outcomes[code].label}（{outcomes[code].means}）",
        index=None,
        placeholder="選んでください",
        key=f"{prefix}_outcome_{reference}",
    )
    choices = {reason.code: reason for reason in cases.reasons_for(outcome)} if outcome else {}
    reason = st.selectbox(
        "主な理由",
        list(choices),
        format_func=lambda code: choices[code].label,
        index=None,
        placeholder="選んでください" if choices else "先に結果を選んでください",
        disabled=not choices,
        key=f"{prefix}_reason_{reference}",
    )
    note = st.text_area(note_label, max_chars=cases.NOTE_LENGTH, height=90, key=f"{prefix}_note_{reference}")
    return outcome or "", reason or "", note or ""


def _save(
    user: Actor,
    shown: session.Snapshot,
    known: Dossier,
    scope: access.ChildScope,
    outcome: str,
    reason: str,
    note: str,
    version: int,
) -> None:
    live = session.current()
    if live is None:
        st.rerun(scope="app")
    with shown.con.cursor() as cursor:
        rules = cases.rules_behind(cursor, known.resident_id)
    seen = cases.Seen(
        levels={judgement.category: judgement.level for judgement in known.judgements},
        known_case=bool(known.child["known_case"]),
        ruleset=shown.ruleset,
        snapshot=shown.name,
        as_of=shown.as_of,
        rules=rules,
    )
    at = st.session_state.get(OPENED, ("", None))[1]
    try:
        cases.review(
            session.store(),
            user,
            known.resident_id,
            outcome,
            reason,
            note,
            version,
            seen=seen,
            opened_at=at if isinstance(at, datetime) else None,
            child=scope,
        )
    except KodomoError as refusal:
        st.error(str(refusal))
        return
    st.session_state[SAVED] = known.resident_id
    st.session_state[OPENED] = (known.resident_id, session.store().clock())
    st.rerun(scope="app")


def _next(user: Actor, shown: session.Snapshot, known: Dossier) -> None:
    """Go on to the next child nobody has looked at yet, after this one in the order of checking."""
    waiting = roster.page(
        shown.con, session.scope(user), roster.Filter(), session.settled(shown), size=2, most_reasons=0
    ).rows
    following = [row for row in waiting if row.resident_id != known.resident_id]
    if following:
        st.switch_page(session.page("child"), query_params={"child": following[0].child_ref})
    st.info("未確認のこどもは、もういません。")


def history(known: Dossier) -> None:
    """All reviews of the child, newest first."""
    kinds = session.categories()
    parts.table(
        [
            ("確認日", "nb"),
            ("結果", "nb"),
            ("理由", ""),
            ("メモ", ""),
            ("そのときのレベル", ""),
            ("職員・課", "nb"),
        ],
        [
            (
                parts.moment(review.reviewed_at),
                parts.strong(review.outcome_label),
                review.reason_label,
                review.note,
                "、".join(
                    f"{kinds.label(code)} {theme.level_style(level).word}"
                    for code, level in review.levels.items()
                    if level
                )
                or "–",
                f"{review.user_id}・{session.department_name(review.department)}",
            )
            for review in cases.reviews_of(session.store(), known.resident_id)
        ],
        empty="まだ確認の記録はありません。",
        scroll=True,
    )
