"""Missed view: the figures, filters and rows of the work list of missed supports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import streamlit as st

from kodomo import access, missed, roster
from kodomo.audit import Actor
from kodomo.errors import KodomoError
from kodomo.missed import Entry, Gap
from kodomo.ui import downloads, lists, paging, parts, session, theme

ROWS = "ms_rows"
PAGES = "ms"
PAGE_SIZE = 40
STATES = {
    "open": "未着手",
    "again": "もう一度",
    "told": "案内した",
    "applied": "申請あり",
    "not_eligible": "対象外",
    "declined": "辞退",
    "unknown": "分からない",
    "connected": "つながった",
}
DEFAULT_STATES = ["open", "again"]


def nothing_yet() -> None:
    """The snapshot was judged before this list was there."""
    st.info(
        "この版では、まだ支援漏れが調べられていません。次の判定のあとに表示されます。データ担当に連絡してください。"
    )


def nothing_of_own(user: Actor) -> None:
    """This person's department has no gap that rests on its own records alone."""
    st.info(
        f"{session.department_name(user.department)}の記録だけで分かる支援漏れは、まだありません。"
        "ほかの課の記録と合わせて分かるものは、はぐくみセンターが確かめてから、あなたの課に案内をお願いします。"
    )


@st.cache_data(max_entries=8, show_spinner=False)
def _rows(
    _con: Any, name: str, sql: str, params: tuple[object, ...], gaps: tuple[str, ...]
) -> list[dict[str, Any]]:
    """Kept by snapshot, access condition and gaps; `name` says which snapshot `_con` reads."""
    return missed.rows(_con, roster.Scope(sql, params), gaps)


def entries(user: Actor, shown: session.Snapshot, gaps: Sequence[Gap]) -> list[Entry]:
    """Every entry this person may see, with what staff noted on it."""
    limits = session.scope(user)
    found = _rows(shown.con, shown.name, limits.sql, tuple(limits.params), tuple(gap.code for gap in gaps))
    return missed.with_offers(found, session.store())


def state_of(one: Entry) -> str:
    """The one word for where an entry stands: a key of STATES."""
    if one.state != missed.OPEN:
        return one.state
    return "again" if one.again else one.status


# -- figures ----------------------------------------------------------------------------------------------


def summary(user: Actor, shown: session.Snapshot, gaps: Sequence[Gap], found: Sequence[Entry]) -> None:
    """The figures above the list: what to do, what cannot be told, what came of it; and per department."""
    states = Counter(state_of(one) for one in found)
    counted = missed.counts(shown.con, [gap.code for gap in gaps])
    stopped = [
        (missed.settings().gaps[row["gap"]].label, state)
        for row in counted
        for state in [row["qualifies_state"] if row["qualifies_state"] != "ok" else row["has_state"]]
        if state != "ok"
    ]
    left = states["open"] + states["again"]
    parts.cards(
        [
            ("これから案内するもの", parts.count(left), "件", f"うち、もう一度 {states['again']:,}件"),
            (
                "案内した・申請あり",
                parts.count(states["told"] + states["applied"]),
                "件",
                "まだつながっていないもの",
            ),
            (
                "対象外・辞退",
                parts.count(states["not_eligible"] + states["declined"]),
                "件",
                "事実が変わると戻ります",
            ),
            (
                "分からない",
                parts.count(states["unknown"]),
                "件",
                "データ途絶・未連携・名寄せ待ちなど。漏れには数えません",
            ),
            (
                "つながった",
                parts.count(states["connected"]),
                "件",
                f"この{missed.settings().connected_days}日。自動で一覧から外れます",
            ),
        ]
    )
    with st.expander("課・種類ごとの件数"):
        _by_gap(gaps, found, {row["gap"]: row for row in counted})
    if stopped:
        names = "、".join(f"{label}（{state}）" for label, state in stopped[:4])
        more = f" ほか{len(stopped) - 4}種類" if len(stopped) > 4 else ""
        st.warning(
            f"データが届いていないため分からない支援漏れがあります：{names}{more}。「漏れがない」という意味ではありません。"
        )


def _by_gap(gaps: Sequence[Gap], found: Sequence[Entry], counted: dict[str, dict[str, Any]]) -> None:
    """How many of each kind: from this person's own entries, and whether the sources are alive."""
    states = Counter((one.gap, state_of(one)) for one in found)
    waits = {gap.code: states[gap.code, "open"] + states[gap.code, "again"] for gap in gaps}
    longest = {gap.code: 0 for gap in gaps}
    for one in found:
        if state_of(one) in DEFAULT_STATES:
            longest[one.gap] = max(longest[one.gap], one.days_open)
    parts.table(
        [
            ("案内する課", "nb"),
            ("支援漏れの種類", ""),
            ("これから", "num"),
            ("案内・申請", "num"),
            ("対象外・辞退", "num"),
            ("分からない", "num"),
            ("つながった", "num"),
            ("いちばん長い", "num"),
            ("もとのデータ", "nb"),
        ],
        [
            (
                parts.department_mark(gap.owner),
                gap.label,
                f"{waits[gap.code]:,}件",
                f"{states[gap.code, 'told'] + states[gap.code, 'applied']:,}件",
                f"{states[gap.code, 'not_eligible'] + states[gap.code, 'declined']:,}件",
                f"{states[gap.code, 'unknown']:,}件",
                f"{states[gap.code, 'connected']:,}件",
                f"{longest[gap.code]:,}日" if waits[gap.code] else "–",
                _sources(counted.get(gap.code)),
            )
            for gap in gaps
        ],
    )


def _sources(row: dict[str, Any] | None) -> object:
    state = "未連携" if row is None else row["qualifies_state"]
    if state == "ok" and row is not None:
        state = row["has_state"]
    return "届いています" if state == "ok" else parts.chip(state, "strong")


# -- filters ----------------------------------------------------------------------------------------------


def _reset() -> None:
    paging.restart(PAGES)


def filters(user: Actor, gaps: Sequence[Gap], found: Sequence[Entry]) -> list[Entry]:
    """The controls above the list; returns the entries that fit."""
    owners = [row.code for row in theme.departments() if any(gap.owner == row.code for gap in gaps)]
    open_by_gap = Counter(one.gap for one in found if state_of(one) in DEFAULT_STATES)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="ms_bar"):
        chosen_owners = st.multiselect(
            "案内する課",
            owners,
            format_func=session.department_name,
            key="ms_owners",
            placeholder="すべての課",
            width=150,
            on_change=_reset,
            persist_state="session",
        )
        offered = [gap.code for gap in gaps if not chosen_owners or gap.owner in chosen_owners]
        labels = {gap.code: f"{gap.label}（{open_by_gap[gap.code]:,}）" for gap in gaps}
        chosen_gaps = st.multiselect(
            "支援漏れの種類",
            offered,
            format_func=labels.__getitem__,
            key="ms_gaps",
            placeholder="すべて",
            width=265,
            on_change=_reset,
        )
        states = st.multiselect(
            "状況",
            list(STATES),
            default=DEFAULT_STATES,
            format_func=STATES.__getitem__,
            key="ms_states",
            placeholder="すべて",
            width=236,
            on_change=_reset,
        )
        schools = sorted({one.school_name for one in found if one.school_name and not one.protected})
        chosen_schools = st.multiselect(
            "学校",
            schools,
            format_func=lists.short_school,
            key="ms_schools",
            placeholder="すべて",
            width=160,
            on_change=_reset,
        )
        bands = [band for band in roster.BANDS if any(one.age_band == band for one in found)]
        chosen_bands = st.multiselect(
            "年齢区分",
            bands,
            format_func=theme.band_label,
            key="ms_bands",
            placeholder="すべて",
            width=140,
            on_change=_reset,
        )
    return [
        one
        for one in found
        if (one.gap in chosen_gaps if chosen_gaps else one.gap in offered)
        and (not states or state_of(one) in states)
        and (not chosen_schools or (one.school_name in chosen_schools and not one.protected))
        and (not chosen_bands or one.age_band in chosen_bands)
    ]


def page_of(found: Sequence[Entry]) -> list[Entry]:
    """The entries on this page of the list."""
    return paging.rows_of(found, PAGES, PAGE_SIZE)


def pager(total: int) -> None:
    """Page numbers below the list."""
    paging.pager(total, PAGES, PAGE_SIZE)


# -- rows -------------------------------------------------------------------------------------------------


def rows(user: Actor, found: Sequence[Entry], total: int) -> Entry | None:
    """The rows of the list; returns the entry whose row was just pressed."""
    parts.say(
        f"{total:,}件。種類ごとに、長く続いているものから並べています。行を押すと、注意と状況の記録が開きます。"
        "データは手がかりです。家庭に連絡する前に、案内する課で記録を確かめてください。"
    )
    by_id = {f"{one.gap}:{one.ref}": one for one in found}
    opened = parts.clickable_list(
        [
            parts.Column("支援漏れ・案内する課", "208px"),
            parts.Column("こども・妊婦", "176px", link=True),
            parts.Column("理由"),
            parts.Column("続いている日数", "112px", "num"),
            parts.Column("状況", "150px"),
        ],
        [(name, _cells(user, one)) for name, one in by_id.items()],
        key=ROWS,
        empty="当てはまるものはありません。状況や種類を変えると、ほかのものを表示できます。",
        label="支援漏れの一覧",
    )
    return by_id.get(opened or "")


def _cells(user: Actor, one: Entry) -> list[object]:
    seen = _seen(user, one)
    where = state_of(one)
    tone = {"open": "strong", "again": "strong", "unknown": "dash", "connected": "good"}.get(where, "")
    noted = []
    if one.offer is not None:
        noted = [
            f"{parts.moment(one.offer.set_at)[:10]} {one.offer.label}",
            *([one.again] if one.again else []),
        ]
    return [
        parts.cell(one.kind.label, sub=[f"{theme.department(one.kind.owner).name}・{one.kind.support}"]),
        parts.cell(
            seen["name"] or "氏名不明",
            sub=[seen["kana"] or "", _about(one, seen)],
            tags=[("支援措置", "strong")] if one.protected else [],
        ),
        parts.cell(one.text),
        parts.cell(f"{one.days_open:,}日", sub=[f"{one.since_on} から"]),
        parts.cell(tags=[(STATES[where], tone)], sub=noted),
    ]


def _about(one: Entry, seen: dict[str, Any]) -> str:
    age = "年齢不明" if one.age is None else f"{one.age}歳"
    if one.subject_kind == missed.PREGNANCY:
        return f"{age}　妊婦"
    school = lists.short_school(seen["school_name"] or "")
    return f"{age} {roster.grade_label(one.school_grade)}　{school}".strip()


@st.dialog("支援漏れの状況", width="large")
def open_entry(user: Actor, shown: session.Snapshot, one: Entry) -> None:
    """One entry: the facts, what to mind, the way to the screen of whom it is about, the status to note."""
    session.stay()
    seen = _seen(user, one)
    st.html(
        f"<b>{parts.html(one.kind.label)}</b>　{parts.department_mark(one.kind.owner).markup}"
        f'<div style="margin-top:.3rem">{parts.html(seen["name"] or "氏名不明")}　'
        f'<span class="kd-muted">{parts.html(_about(one, seen))}</span></div>'
    )
    parts.facts(
        [
            ("理由", one.text),
            ("続いている日数", f"{one.days_open:,}日（{one.since_on} から、登録 {parts.day(one.known_on)}）"),
            ("案内する支援", one.kind.support),
            ("つながったとみなすもの", one.kind.counts_as),
            ("読むときの注意", one.kind.caution),
        ]
    )
    is_child = one.subject_kind == missed.CHILD
    if access.may(user, "view_child" if is_child else "view_expectant") and st.button(
        "こどもの画面を開く" if is_child else "妊婦の画面を開く", key="ms_open"
    ):
        name, field = ("child", "child") if is_child else ("expectant", "pregnancy")
        st.switch_page(session.page(name), query_params={field: one.ref})
    if one.state != missed.CONNECTED and access.may(user, "missed_status"):
        _form(user, shown, one)
    past = missed.history(session.store(), one.gap, one.subject_id)
    if past:
        parts.table(
            [("日時", "nb"), ("状況", ""), ("メモ", ""), ("職員・課", "nb")],
            [
                (
                    parts.moment(offer.set_at),
                    offer.label,
                    offer.note,
                    f"{offer.user_id}・{session.department_name(offer.department)}",
                )
                for offer in past
            ],
        )


def _seen(user: Actor, one: Entry) -> dict[str, Any]:
    return access.mask(
        user,
        {
            "name": one.name,
            "kana": one.kana,
            "school_name": one.school_name,
            "protected": one.protected,
            "child_ref": one.ref,
        },
    )


def _form(user: Actor, shown: session.Snapshot, one: Entry) -> None:
    known = missed.settings()
    base = f"{one.gap}_{one.ref}"
    status = st.selectbox(
        "状況",
        list(known.statuses),
        format_func=lambda code: known.statuses[code].label,
        index=None,
        placeholder="選んでください",
        key=f"ms_status_{base}",
    )
    if status:
        st.caption(known.statuses[status].means + "。")
    reasons = {reason.code: reason.label for reason in missed.reasons_for(status or "")}
    reason = None
    if reasons:
        reason = st.selectbox(
            "理由",
            list(reasons),
            format_func=reasons.__getitem__,
            index=None,
            placeholder="選んでください",
            key=f"ms_reason_{base}",
        )
    note = st.text_area(
        "メモ（だれが、いつ、どう案内したか）", max_chars=known.note_length, height=80, key=f"ms_note_{base}"
    )
    if st.button("記録する", type="primary", key=f"ms_save_{base}"):
        try:
            missed.set_status(
                session.store(),
                user,
                one,
                status or "",
                reason or "",
                note or "",
                snapshot=shown.name,
                as_of=shown.as_of,
            )
            st.rerun()
        except KodomoError as refusal:
            st.error(str(refusal))


# -- out --------------------------------------------------------------------------------------------------


def export(user: Actor, found: Sequence[Entry]) -> None:
    """The list as it is filtered, as a file: no addresses, no schools of protected children."""
    if not access.may(user, "export_missed") or not found:
        return
    heading = [
        "支援漏れ",
        "案内する課",
        "氏名",
        "カナ",
        "年齢",
        "学年",
        "学校",
        "状況",
        "続いている日数",
        "はじまり",
        "理由",
        "メモ",
    ]

    def lines() -> list[tuple[object, ...]]:
        told = []
        for one in found:
            seen = _seen(user, one)
            told.append(
                (
                    one.kind.label,
                    theme.department(one.kind.owner).name,
                    seen["name"],
                    seen["kana"],
                    one.age,
                    roster.grade_label(one.school_grade),
                    seen["school_name"],
                    STATES[state_of(one)],
                    one.days_open,
                    one.since_on,
                    one.text,
                    one.offer.note if one.offer else "",
                )
            )
        return told

    downloads.csv_button(
        user,
        f"この一覧をファイルで受け取る（{len(found):,}件）",
        file_name="missed_support.csv",
        action="export_missed",
        heading=heading,
        rows=lines,
        key="ms_export",
        detail={"list": "missed"},
    )
    st.caption("ファイルには氏名が入ります。受け取ったことは、件数とともに操作ログに残ります。")


def how_it_works(gaps: Sequence[Gap]) -> None:
    """What counts as a missed support, kind by kind, and on what ground."""
    with st.expander("支援漏れの種類と、数え方"):
        known = missed.settings()
        parts.bullets(
            [
                "当てはまる人のうち、支援の記録がない人を出しています。支援の記録が届くと、自動で「つながった」になります。",
                "もとのデータが届かない・古い・名寄せ待ちのときは「分からない」で、漏れには数えません。",
                "一時保護・施設・里親のこどもは出しません。住所は表示しません。",
                known.purpose,
                f"利用の根拠：{known.legal_ground_for_use}",
            ]
        )
        parts.table(
            [
                ("種類", "mid"),
                ("案内する課", "nb"),
                ("当てはまる人", ""),
                ("つながっているとみなすもの", ""),
                ("もとにする連携データの課", ""),
                ("支援の根拠", ""),
            ],
            [
                (
                    gap.label,
                    parts.department_mark(gap.owner),
                    parts.join(gap.who, parts.note(f"出すのは {gap.days}日たってから")),
                    parts.join(gap.counts_as, parts.note(gap.unknown_text)),
                    "・".join(theme.department(code).name for code in gap.departments),
                    parts.muted(gap.legal_ground),
                )
                for gap in gaps
            ],
        )
