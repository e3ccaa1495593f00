"""Links view: the lists of 名寄せ確認: records nobody fits, links that changed and why, what was decided."""

from __future__ import annotations

from html import escape
from typing import Any

import streamlit as st

from kodomo import access, link_history, matching
from kodomo.audit import Actor
from kodomo.ui import downloads, parts, session
from kodomo.ui import matching_place as place
from kodomo.ui.matching_case import case_view
from kodomo.ui.matching_view import spent

WHY = "mt_nobody_why"
STATUS = {
    "auto": "自動",
    "confirmed": "職員が確認",
    "review": "確認待ち",
    "none": "該当なし",
    "rejected": "職員が該当なしと判断",
    None: "（なし）",
}


# -- records nobody fits ----------------------------------------------------------------------------------


def nobody(user: Actor, shown: session.Snapshot) -> None:
    """Records without a resident, with why; one can be opened and given one."""
    extract = place.extract(user)
    if extract is None:
        return
    opened = place.at()
    if opened and opened[0] == extract:
        st.button("一覧に戻る", on_click=place.close_record)
        case_view(user, shown, opened[0], opened[1], "unlinked")
        return
    counted = matching.unlinked_reasons(shown.con, user)
    why = _why(extract, counted)
    number = place.page_number("nobody")
    rows, total = matching.unlinked(shown.con, user, extract, why=why, page=number, size=place.PAGE)
    session.log_once("unlinked", (extract, why, number), "view_links", count=len(rows))
    chosen = parts.clickable_list(
        [
            parts.Column("記録番号", "130px", link=True),
            parts.Column("氏名", "180px"),
            parts.Column("生年月日", "105px"),
            parts.Column("受け取った日", "105px"),
            parts.Column("見つからない理由", "240px"),
            parts.Column("いちばん近い住民とのちがい"),
            parts.Column("決めた人", "85px"),
        ],
        [
            (
                str(at),
                [
                    parts.cell(row.record_key),
                    parts.cell(row.name or "–", sub=[row.kana or ""]),
                    row.birth or "–",
                    parts.day(row.delivered_on),
                    row.why,
                    row.nearest or "–",
                    row.decided_by or ("職員" if row.status == "rejected" else ""),
                ],
            )
            for at, row in enumerate(rows)
        ],
        key=f"mt_nobody_{extract}_{number}",
        empty="相手が見つからない記録はありません。",
        label="相手が見つからない記録",
    )
    place.pager(total, "nobody")
    _download(user, shown, counted)
    if chosen is not None and int(chosen) < len(rows):
        place.open_record((extract, rows[int(chosen)].record_key))
        st.rerun()


def _why(extract: str, counted: list[tuple[str, str, int]]) -> str | None:
    """How many records of each extract nobody fits, and the choice of one reason."""
    totals: dict[str, int] = {}
    for one, _, records in counted:
        totals[one] = totals.get(one, 0) + records
    line = "　".join(
        f"{escape(matching.titles()[one])} {'<b>' if one == extract else ''}{records:,}件"
        f"{'</b>' if one == extract else ''}"
        for one, records in totals.items()
    )
    st.html(
        '<div class="kd-small">相手の住民が見つからない記録：'
        f"{line or 'ありません'}"
        '<br><span class="kd-muted">判定には使われません。'
        "行を押すと、候補をくらべ、名前や住所から住民をさがせます。</span></div>"
    )
    reasons = {why: records for one, why, records in counted if one == extract}
    if len(reasons) < 2:
        return None
    if st.session_state.get(WHY) not in reasons:
        st.session_state.pop(WHY, None)
    return st.pills(
        "理由",
        list(reasons),
        format_func=lambda why: f"{why} {reasons[why]:,}件",
        key=WHY,
        label_visibility="collapsed",
        on_change=place.forget,
    )


def _download(user: Actor, shown: session.Snapshot, counted: list[tuple[str, str, int]]) -> None:
    """Every record nobody fits, for the departments to look up: its number and why, no name."""
    if not counted or not access.may(user, "export_links"):
        return
    con, extracts = shown.con, list(dict.fromkeys(extract for extract, _, _ in counted))

    def rows() -> list[list[Any]]:
        out = []
        for extract in extracts:
            found, _ = matching.unlinked(con, user, extract, size=1_000_000)
            out += [
                [
                    matching.titles()[extract],
                    row.record_key,
                    parts.day(row.delivered_on),
                    row.why,
                    row.nearest,
                    STATUS[row.status],
                ]
                for row in found
            ]
        return out

    downloads.csv_button(
        user,
        "すべての連携データの「相手なし」をCSVで受け取る（氏名なし）",
        file_name=f"相手なし_{shown.as_of:%Y%m%d}.csv",
        action="export_links",
        heading=[
            *("連携データ", "記録番号", "受け取った日", "見つからない理由"),
            *("いちばん近い住民とのちがい", "状態"),
        ],
        rows=rows,
        key="mt_nobody_csv",
    )


# -- what changed -----------------------------------------------------------------------------------------


def changed(user: Actor, shown: session.Snapshot) -> None:
    """Which links the newest snapshots changed, and why; a row opens its record, where it can be undone."""
    mine = matching.extracts_for(user)
    opened = place.at()
    if opened:
        st.button("一覧に戻る", on_click=place.close_record)
        case_view(user, shown, *opened, "repair")
        return
    wanted = [st.session_state[place.EXTRACT]] if st.session_state.get(place.EXTRACT) in mine else mine
    counts = link_history.counts(shown.con, wanted)
    newest = max((run for run, _, _ in counts), default=None)
    words = "、".join(f"{link_history.WHY[why]} {n:,}件" for run, why, n in counts if run == newest)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(
            f'<div class="kd-small">いちばん新しい変化：{escape(words or "変わった結びつきはありません")}　'
            '<span class="kd-muted">職員の決定は、取り込みのたびに引きつがれます。'
            "行を押すと、記録を開いて直したり取り消したりできます。</span></div>"
        )
        with_new = st.toggle("新しく届いた記録も表示", key="mt_new", on_change=place.forget)
    number = place.page_number("changed")
    rows, total = link_history.changes(shown.con, wanted, new_too=with_new, page=number, size=place.PAGE)
    session.log_once("changed", (tuple(wanted), number, with_new), "view_links", count=len(rows))
    residents = [one for row in rows for one in (row.old_resident, row.new_resident) if one]
    names = _names(shown, residents)

    def state_of(status: str | None, resident: str | None) -> dict[str, Any]:
        return parts.cell(STATUS.get(status, status or ""), sub=[names.get(resident or "", "")])

    chosen = parts.clickable_list(
        [
            parts.Column("回", "45px", "num"),
            parts.Column("連携データ", "190px", link=True),
            parts.Column("記録番号", "140px"),
            parts.Column("前", "180px"),
            parts.Column("今", "180px"),
            parts.Column("なぜ変わったか"),
        ],
        [
            (
                str(at) if row.new_status is not None else "",
                [
                    row.run,
                    parts.cell(matching.titles()[row.extract]),
                    row.record_key,
                    state_of(row.old_status, row.old_resident),
                    parts.cell(
                        STATUS.get(row.new_status, row.new_status or ""),
                        sub=[names.get(row.new_resident or "", "")],
                        tags=[("別の人に移った", "strong")] if row.moved else [],
                    ),
                    link_history.WHY[row.why] + (f"（{row.detail}）" if row.detail else ""),
                ],
            )
            for at, row in enumerate(rows)
        ],
        key=f"mt_changed_{number}_{with_new}",
        empty="変わった結びつきはありません。",
        label="変わった結びつき",
    )
    place.pager(total, "changed")
    if chosen is not None and int(chosen) < len(rows):
        place.open_record((rows[int(chosen)].extract, rows[int(chosen)].record_key))
        st.rerun()


def _names(shown: session.Snapshot, residents: list[str]) -> dict[str, str]:
    found = matching.describe(shown.con, list(dict.fromkeys(residents)), shown.as_of)
    return {one.resident_id: one.name for one in found}


# -- what was decided -------------------------------------------------------------------------------------


def decided(user: Actor, shown: session.Snapshot) -> None:
    """What was answered, newest first, each with its undo."""
    opened = place.at()
    if opened:
        st.button("一覧に戻る", on_click=place.close_record)
        case_view(user, shown, *opened, "repair")
        return
    every = matching.recent(session.store(), user, most=1_000_000)
    number = place.page_number("decided")
    rows = every[(number - 1) * place.PAGE : number * place.PAGE]
    session.log_once("decided", (number, len(every)), "view_links", count=len(rows))
    st.html(
        f'<div class="kd-small kd-muted">新しい順に{len(every):,}件。'
        "行を押すと記録を開き、決定を取り消せます。取り消すと、次の反映から機械の判断に戻り、確認待ちであればまた列に入ります。"
        "取り消したことも記録に残ります。</div>"
    )
    names = _names(shown, [row.resident_id for row in rows if row.resident_id])
    chosen = parts.clickable_list(
        [
            parts.Column("日時", "135px"),
            parts.Column("答え", "145px", link=True),
            parts.Column("くらべた住民", "170px"),
            parts.Column("連携データ・記録番号"),
            parts.Column("状態", "130px"),
            parts.Column("答えた人", "85px"),
            parts.Column("理由", "170px"),
            parts.Column("時間", "70px", "num"),
        ],
        [
            (
                str(at),
                [
                    parts.moment(row.given_at),
                    parts.cell(matching.ANSWERS[row.answer]),
                    names.get(row.resident_id or "", "–"),
                    parts.cell(matching.titles()[row.extract], sub=[row.record_key]),
                    matching.STATES[row.state],
                    row.given_by,
                    row.reason,
                    spent(row.minutes),
                ],
            )
            for at, row in enumerate(rows)
        ],
        key=f"mt_decided_{number}_{len(every)}",
        empty="まだ決めたものはありません。",
        label="決めたもの",
    )
    place.pager(len(every), "decided")
    if chosen is not None and int(chosen) < len(rows):
        place.open_record((rows[int(chosen)].extract, rows[int(chosen)].record_key))
        st.rerun()
