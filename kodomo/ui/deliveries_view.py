"""Deliveries view: the blocks of データ連携状況: freshness, receipts, rows that stayed behind, matches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import streamlit as st

from kodomo import access, deliveries, matching
from kodomo.audit import Actor
from kodomo.contracts import Contract, load_contracts
from kodomo.intake.status import status
from kodomo.ops import jst_date
from kodomo.ui import downloads, paging, parts, session, theme

# State of an extract: shape, text colour, background, what it means.
STATES = {
    "途絶": ("■", "#9b1c1c", "#fbeaea", "長く届いていません。この課の項目は不明になります"),
    "遅れ": ("▲", "#8a5300", "#fdf3df", "決めた周期より遅れています"),
    "未受領": ("？", "#5b6675", "transparent", "まだ一度も届いていません。項目は未連携です"),
    "正常": ("○", "#20262d", "transparent", "決めた周期で届いています"),
}
VIEWS = ("新しさ", "受領の記録", "保留行", "名寄せ")
VIEW = "dl_view"


@st.cache_resource
def contracts() -> dict[str, Contract]:
    """The delivery contracts, read once for the process; never changed."""
    return load_contracts()


def scope(user: Actor) -> tuple[str, ...]:
    """The extracts this person may see rows and figures of, in the order of the contracts."""
    role = access.policy().roles[user.role]
    return tuple(
        contract.extract
        for contract in contracts().values()
        if role.facts != "department" or contract.department_code == user.department
    )


def own_only(user: Actor) -> bool:
    """Whether this person sees the own department's deliveries alone."""
    return access.policy().roles[user.role].facts == "department"


def rule_label(code: str) -> str:
    """Why a row stays behind, in two or three words."""
    return deliveries.RULES.get(code, code)


def _sees_rows(user: Actor) -> bool:
    """Rows that stayed behind: for those who look after all, and for the department they came from."""
    return access.may(user, "view_quarantine") or own_only(user)


@st.cache_data(max_entries=8, show_spinner="連携データの状態を集めています。")
def _status(name: str, day: date, _con: Any) -> list[dict[str, Any]]:
    frame = status(_con, contracts(), day).astype(object)
    frame = frame.where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def freshness(user: Actor, shown: session.Snapshot) -> list[dict[str, Any]]:
    """The state of every extract this person may see, worst first."""
    seen = set(scope(user))
    rows = [row for row in _status(shown.name, shown.as_of, shown.con) if row["extract"] in seen]
    order = list(STATES)
    return sorted(rows, key=lambda row: (order.index(row["state"]), row["no"]))


def state_mark(state: str) -> parts.Html:
    """The state of an extract as shape, word and colour."""
    shape, color, background, means = STATES[state]
    border = f"border:1px dashed {color};" if state == "未受領" else ""
    weight = "font-weight:400;" if state == "正常" else ""
    return parts.Html(
        f'<span class="kd-lv" title="{means}" style="{weight}color:{color};background:{background};{border}">'
        f"{shape} {state}</span>"
    )


def summary(user: Actor, shown: session.Snapshot, rows: Sequence[dict[str, Any]]) -> None:
    """How many extracts are fresh, and what is to be done next."""
    states = {state: sum(row["state"] == state for row in rows) for state in STATES}
    held_rows = deliveries.tally(shown.con, scope(user))
    held = sum(row.rows for row in held_rows)
    refused = deliveries.refused(shown.con, scope(user) if own_only(user) else None)
    newest = max((row["newest_delivered_on"] for row in rows if row["newest_delivered_on"]), default=None)
    parts.cards(
        [
            ("連携データ", f"{len(rows)}", "種類", f"正常 {states['正常']}"),
            (
                "届いていないもの",
                f"{states['途絶'] + states['遅れ'] + states['未受領']}",
                "種類",
                f"途絶 {states['途絶']}・遅れ {states['遅れ']}・未受領 {states['未受領']}",
            ),
            ("保留行", parts.count(held), "行", "直して出し直すと取り込まれます"),
            ("受け取れなかったファイル", parts.count(refused), "件", "理由は「受領の記録」にあります"),
            ("最後の受領", parts.day(newest), "", _since(newest)),
        ]
    )


def notices(user: Actor, shown: session.Snapshot) -> None:
    """What matching noticed about whole lists this person may see, above everything else."""
    for notice in matching.notices(shown.con, scope(user)):
        st.warning(f"{notice.message}（{notice.rows:,}行、全体の{notice.share:.0%}）")


def _since(newest: date | None) -> str:
    if newest is None:
        return "まだありません"
    days = (jst_date(session.store().clock()) - newest).days
    return "今日" if days <= 0 else f"今日まで {days:,}日"


def view() -> str:
    """Which of the four parts is open."""
    return (
        st.segmented_control(
            "表示",
            VIEWS,
            default=VIEWS[0],
            key=VIEW,
            required=True,
            label_visibility="collapsed",
            persist_state="session",
        )
        or VIEWS[0]
    )


def freshness_table(rows: Sequence[dict[str, Any]], shown: session.Snapshot) -> None:
    """Every extract with its state, newest delivery and what is wrong with it."""
    st.html(
        '<div class="kd-small kd-muted">'
        f"基準日 {shown.as_of} の時点の状態です。悪いものから並べています。"
        + "　".join(f"{STATES[name][0]} {name}＝{STATES[name][3]}" for name in ("途絶", "遅れ", "未受領"))
        + "。</div>"
    )
    parts.table(
        [
            ("課", "nb"),
            ("連携データ", ""),
            ("状態", "nb"),
            ("周期", "nb"),
            ("最後の受領", "nb"),
            ("経過", "num"),
            ("最新の登録日", "nb"),
            ("行数", "num"),
            ("保留", "num"),
            ("受け取れない", "num"),
            ("不明な番号", "num"),
        ],
        [
            (
                parts.department_mark(row["department_code"]),
                row["title"],
                state_mark(row["state"]),
                row["cadence"],
                parts.day(row["newest_delivered_on"]),
                "–" if row["days_since"] is None else f"{int(row['days_since']):,}日",
                parts.day(row["newest_recorded_on"]),
                parts.count(row["rows"]),
                _notable(row["quarantined"]),
                _notable(row["refused"]),
                _notable(row["unknown_numbers"]),
            )
            for row in rows
        ],
        empty="あなたの課の連携データはありません。",
        scroll=True,
        height=520,
    )
    st.caption(
        "保留は最後の受領で取り込めなかった行、受け取れないは受け取れなかったファイル、"
        "不明な番号は相手の台帳にまだない番号の数です。"
    )


def _notable(value: int | None) -> object:
    return parts.strong(parts.count(value)) if value else parts.muted("0")


# -- receipts ---------------------------------------------------------------------------------------------


def receipts(user: Actor, shown: session.Snapshot) -> None:
    """What became of every delivered file, newest first."""
    troubled = st.toggle(
        "受け取れない・保留のあるものだけ",
        key="dl_troubled",
        persist_state="session",
        on_change=paging.restart,
        args=("dl_receipts",),
    )
    number = paging.number("dl_receipts")
    allowed = scope(user) if own_only(user) else None
    found, total = deliveries.receipts(shown.con, allowed, troubled=troubled, number=number)
    known = contracts()
    parts.table(
        [
            ("受領", "nb"),
            ("課", "nb"),
            ("連携データ・ファイル", ""),
            ("行", "num"),
            ("受け入れ", "num"),
            ("変更なし", "num"),
            ("保留", "num"),
            ("結果", ""),
        ],
        [
            (
                parts.moment(row.received_at),
                parts.department_mark(known[row.extract].department_code) if row.extract in known else "–",
                parts.join(
                    known[row.extract].title if row.extract in known else "（種類がわからないファイル）",
                    parts.muted(row.file),
                    by="<br>",
                ),
                parts.count(row.rows),
                parts.count(row.accepted),
                parts.count(row.unchanged),
                _notable(row.quarantined),
                _result(row),
            )
            for row in found
        ],
        empty="当てはまる受領の記録はありません。",
        scroll=True,
        height=520,
    )
    _pager(total, "dl_receipts")


def _result(row: deliveries.Receipt) -> object:
    if row.refused_reason:
        return parts.join(parts.chip("受け取れません", "strong"), row.refused_reason)
    return parts.muted(row.notes) if row.notes else parts.muted("受け取りました")


# -- rows that stayed behind ------------------------------------------------------------------------------


def quarantine(user: Actor, shown: session.Snapshot) -> None:
    """Rows that stayed behind, with the sentence to act on; figures for those who may not see rows."""
    counted = deliveries.tally(shown.con, scope(user))
    if not counted:
        st.html('<div class="kd-muted" style="padding:.8rem 0">保留行はありません。</div>')
        return
    if not _sees_rows(user):
        _tally(counted)
        return
    extracts, rule = _filters(user, counted)
    number = paging.number("dl_held")
    found, total = deliveries.held(shown.con, extracts, rule=rule, number=number)
    values = access.may(user, "view_quarantine")
    session.log_once(
        "held",
        (shown.name, tuple(extracts), rule, number),
        "view_quarantine" if values else "view_intake",
        count=len(found),
        detail={"held": total, "page": number, "values": values},
    )
    known = contracts()
    columns = [("連携データ・ファイル", ""), ("行番号", "num"), ("列", "nb")]
    columns += [("届いた値", "")] if values else []
    columns += [("どう直すか", "")]
    parts.table(
        columns,
        [
            (
                parts.join(known[row.extract].title, parts.muted(row.file), by="<br>"),
                f"{row.row_number:,}",
                row.column,
                *([row.value or parts.muted("（空欄）")] if values else []),
                row.message,
            )
            for row in found
        ],
        scroll=True,
        height=430,
    )
    _pager(total, "dl_held")
    con, names = shown.con, {code: contract.title for code, contract in known.items()}

    def rows() -> list[list[Any]]:
        every, _ = deliveries.held(con, extracts, rule=rule, size=1_000_000)
        return [
            [
                names.get(row.extract, row.extract),
                row.file,
                row.row_number,
                row.column,
                *([row.value] if values else []),
                deliveries.RULES.get(row.rule, row.rule),
                row.message,
            ]
            for row in every
        ]

    downloads.csv_button(
        user,
        "この一覧をCSVで受け取る",
        file_name=f"保留行_{shown.as_of:%Y%m%d}.csv",
        action="view_quarantine" if values else "view_intake",
        heading=[
            "連携データ",
            "ファイル",
            "行番号",
            "列",
            *(["届いた値"] if values else []),
            "規則",
            "どう直すか",
        ],
        rows=rows,
        key="dl_held_csv",
        detail={"download": True, "values": values},
    )


def _filters(user: Actor, counted: Sequence[deliveries.Tally]) -> tuple[tuple[str, ...], str | None]:
    known = contracts()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        extracts = [code for code in scope(user) if any(row.extract == code for row in counted)]
        if not own_only(user):
            codes = list(dict.fromkeys(known[code].department_code for code in extracts))
            department = st.selectbox(
                "課",
                codes,
                index=None,
                format_func=lambda code: theme.department(code).name,
                placeholder="すべて",
                key="dl_department",
                on_change=paging.restart,
                args=("dl_held",),
                width=200,
            )
            if department:
                extracts = [code for code in extracts if known[code].department_code == department]
        chosen = st.selectbox(
            "連携データ",
            extracts,
            index=None,
            format_func=lambda code: known[code].title,
            placeholder="すべて",
            key="dl_extract",
            on_change=paging.restart,
            args=("dl_held",),
            width=260,
        )
        rules = list(dict.fromkeys(row.rule for row in counted if row.extract in extracts))
        rule = st.selectbox(
            "規則",
            rules,
            index=None,
            format_func=rule_label,
            placeholder="すべて",
            key="dl_rule",
            on_change=paging.restart,
            args=("dl_held",),
            width=200,
        )
    return ((chosen,) if chosen else tuple(extracts)), rule


def _tally(counted: Sequence[deliveries.Tally]) -> None:
    known = contracts()
    st.caption("行の中身は、データ担当と、そのデータを出した課だけが見られます。")
    parts.table(
        [("課", "nb"), ("連携データ", ""), ("規則", "nb"), ("保留", "num")],
        [
            (
                parts.department_mark(known[row.extract].department_code),
                known[row.extract].title,
                deliveries.RULES.get(row.rule, row.rule),
                parts.count(row.rows),
            )
            for row in counted
        ],
        scroll=True,
    )


# -- matches ----------------------------------------------------------------------------------------------


def matches(user: Actor, shown: session.Snapshot, rows: Sequence[dict[str, Any]]) -> None:
    """How the records of each extract found their resident, and numbers that wait for their owner."""
    known = contracts()
    found = {row.extract: row for row in deliveries.matches(shown.con, scope(user))}
    st.html(
        '<div class="kd-small kd-muted">宛名番号のない記録を、氏名・生年月日などで住民と結びつけた結果です。'
        "結びつかない記録は判定に使われず、そのこどもの項目は不明になります。</div>"
    )
    parts.table(
        [
            ("課", "nb"),
            ("連携データ", ""),
            ("記録", "num"),
            ("結びついた割合", "num"),
            ("自動", "num"),
            ("職員が確認", "num"),
            ("確認待ち", "num"),
            ("該当者なし", "num"),
            ("別の人と判断", "num"),
        ],
        [
            (
                parts.department_mark(known[extract].department_code),
                known[extract].title,
                parts.count(row.records),
                "–" if row.share is None else f"{row.share:.1%}",
                parts.count(row.auto),
                parts.count(row.confirmed),
                _notable(row.review),
                _notable(row.none),
                parts.count(row.rejected),
            )
            for extract in known
            if (row := found.get(extract)) is not None
        ],
        empty="名寄せが必要な連携データはありません。",
        scroll=True,
        height=360,
    )
    waiting = [row for row in rows if row["unknown_numbers"]]
    st.html(
        '<div style="margin-top:.4rem"><b>相手の台帳にまだない番号</b>　<span class="kd-small kd-muted">'
        "相手の連携データが届くと、自動で結びつきます。</span></div>"
    )
    parts.table(
        [("課", "nb"), ("連携データ", ""), ("不明な番号", "num")],
        [
            (parts.department_mark(row["department_code"]), row["title"], parts.count(row["unknown_numbers"]))
            for row in sorted(waiting, key=lambda row: row["no"])
        ],
        empty="ありません。",
    )


# -- paging -----------------------------------------------------------------------------------------------


def _pager(total: int, name: str) -> None:
    if total:
        first = (paging.number(name) - 1) * deliveries.PAGE_SIZE + 1
        last = min(first + deliveries.PAGE_SIZE - 1, total)
        st.html(f'<div class="kd-small kd-muted">{total:,}件のうち {first:,}–{last:,}件目</div>')
    paging.pager(total, name, deliveries.PAGE_SIZE)
