"""Child view: the way into the screen of one child, its heading, and who looked at it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from kodomo import access, audit, dossier, roster
from kodomo.audit import Actor
from kodomo.dossier import Dossier
from kodomo.errors import KodomoError
from kodomo.ui import lists, parts, session


def choose(shown: session.Snapshot) -> dict[str, Any]:
    """The row of the child the address asks for; without one the screen says what to do and stops."""
    reference = st.query_params.get("child", "")
    row = dossier.find(shown.con, reference, roster.Scope()) if reference else None
    if row is None:
        parts.heading("こども")
        with parts.card("missing"):
            if reference:
                st.html(
                    "<b>このこどもは見つかりません。</b><br>アドレスが違うか、転出などで一覧の対象から外れました。"
                )
            else:
                st.html("こどもが選ばれていません。一覧から選んでください。")
            if access.may(_actor(), "view_list"):
                st.page_link(session.page("children"), label="こども一覧を開く")
        st.stop()
    return row


def _actor() -> Actor:
    live = session.current()
    assert live is not None
    return live.actor


def admit(user: Actor, shown: session.Snapshot, row: Mapping[str, Any]) -> access.ChildScope:
    """Let the reader in, ask for a purpose, or say why not; nothing of the child is shown before."""
    with shown.con.cursor() as cursor:
        scope = access.child_scope(cursor, session.store(), user, row["resident_id"])
    decision = access.decide(user, "view_child", scope)
    if decision.allowed:
        return scope
    if not decision.needs_purpose:
        try:
            access.require(session.store(), user, "view_child", scope)
        except access.AccessDenied as refusal:
            parts.refuse("このこどもの画面は表示できません", str(refusal), session.ASK_COORDINATOR)
        st.stop()
    parts.heading("閲覧の目的を選んでください")
    with parts.card("purpose", width=640):
        st.html(
            f"{parts.html(decision.reason)}<br>"
            '<span class="kd-muted kd-small">開けるのは8時間です。だれが何の目的で開いたかは、'
            "統括支援員と監査担当に知らされます。</span>"
        )
        purposes = access.purposes()
        with st.form("purpose", border=False):
            code = st.selectbox(
                "目的",
                list(purposes),
                format_func=lambda key: purposes[key].label,
                index=None,
                placeholder="選ぶ",
            )
            note = st.text_area("説明（いつ、だれから、何のため）", max_chars=300)
            if st.form_submit_button("記録して開く", type="primary"):
                try:
                    access.grant(session.store(), user, row["resident_id"], code or "", note)
                    st.rerun()
                except KodomoError as refusal:
                    st.error(str(refusal))
    st.stop()


def header(user: Actor, shown: session.Snapshot, known: Dossier) -> None:
    """Who the child is, what stands beside the level, and when anybody last saw the child."""
    child = access.mask(user, known.child)
    row = known.row()
    sees_support, sees_level = access.sees(user, "support"), access.sees(user, "level")
    tags = lists.standing_tags(row) if sees_support else []
    if not sees_support and known.child["protected"]:
        tags = [("支援措置", "strong")]
    rank = f"　確認順 {known.rank:,}番" if known.rank and sees_level else ""
    facts: list[tuple[str, object]] = [("住所", _address(child, known.child))]
    if sees_support:
        facts.append(("最終目視", _last_seen(known, shown)))
    with parts.card("header"):
        st.html(
            '<div class="kd-apart">'
            f'<div><span style="font-size:1.4rem;font-weight:700">{parts.html(child["name"])}</span>'
            f'<span class="kd-muted kd-gap">{parts.html(child["kana"])}{_other_names(child)}</span>'
            f'<div style="margin-top:.15rem">{parts.html(about(child))}</div></div>'
            f'<div style="text-align:right"><div>{parts.chips(tags).markup}</div>'
            f'<div class="kd-muted kd-small">{parts.html(session.basis(shown) + rank)}</div></div></div>'
            '<div class="kd-apart" style="margin-top:.4rem">'
            f"<div>{_levels(row, shown) if sees_level else ''}</div>{parts.facts_line(facts).markup}</div>"
        )


def about(child: Mapping[str, Any]) -> str:
    """Sex, age, grade, school and class on one line, of a masked row."""
    born = parts.day(child["birth_date"]) if child["birth_date"] else child["birth_text"] or "不明"
    age = "年齢不明" if child["age"] is None else f"{child['age']}歳"
    school = child["school_name"] or ("市立校の名簿になし" if child.get("no_public_school") else "")
    words = [
        dossier.SEXES.get(child["sex"] or "", ""),
        f"{age}（{born}生）",
        roster.grade_label(child["school_grade"]),
        school,
        child.get("class_name") or "",
    ]
    return "　".join(word for word in words if word)


def _other_names(child: Mapping[str, Any]) -> str:
    return "".join(
        f"　{label} {parts.html(child[column])}"
        for label, column in (("通称", "alias_name"), ("旧氏", "former_name"))
        if child.get(column)
    )


def _address(masked: Mapping[str, Any], child: Mapping[str, Any]) -> object:
    if child["protected"]:
        return parts.chip(str(masked["address"] or "支援措置のため表示しません"), "strong")
    return " ".join(part for part in (masked["address"], masked["address_detail"]) if part) or "–"


def _last_seen(known: Dossier, shown: session.Snapshot) -> object:
    last, by = known.child["last_seen_on"], known.child["last_seen_by"]
    if last is None:
        return parts.chip("記録なし（だれも会えていない可能性があります）", "strong")
    where = f"・{session.department_name(by)}" if by else ""
    return f"{parts.day(last)}（{parts.days_ago(last, shown.as_of)}{where}）"


def _levels(row: roster.Row, shown: session.Snapshot) -> str:
    rules = session.ruleset(shown)
    return "".join(
        f'<span style="margin-right:1rem;white-space:nowrap">{parts.html(kind.label)} '
        f"{parts.level_mark(roster.shown_level(row, rules, kind.code)).markup}</span>"
        for kind in session.categories().categories
        if kind.code in row.levels
    )


def viewers(user: Actor, known: Dossier) -> None:
    """Who looked at this child; asking for it is itself logged."""
    if not st.button("見た人の一覧を表示する", key="vw_show"):
        st.caption("表示すると、そのことも操作ログに残ります。")
        return
    audit.record(session.store(), user, "who_saw", subject=known.resident_id)
    seen = audit.who_saw(session.store(), known.resident_id)
    parts.table(
        [
            ("利用者", "nb"),
            ("役割", "nb"),
            ("課", "nb"),
            ("回数", "num"),
            ("最初", "nb"),
            ("最後", "nb"),
            ("目的", ""),
        ],
        [
            (
                row["user_id"],
                access.role_label(row["role"]),
                session.department_name(row["department"]),
                row["times"],
                parts.moment(row["first_jst"]),
                parts.moment(row["last_jst"]),
                _purposes(row["purposes"]),
            )
            for row in seen.to_dict("records")
        ],
        scroll=True,
    )


def _purposes(codes: object) -> str:
    known = access.purposes()
    if not isinstance(codes, str) or not codes:
        return "担当として"
    return "、".join(known[code].label if code in known else code for code in codes.split(","))


def mixed(user: Actor, row: Mapping[str, Any]) -> None:
    """The way to 名寄せ確認 for whoever sees that another child's records stand here."""
    if not access.may(user, "link_decide"):
        return
    if st.button("別のこどもの記録が混ざっているとき", type="tertiary", icon=":material/call_split:"):
        st.session_state["mt_view"] = "混ざりを直す"
        st.session_state["mt_child"] = row["resident_id"]
        st.switch_page(session.page("matching"))
