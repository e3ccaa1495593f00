"""Watch view: the cards of 重篤化の見張り and the section 一覧の変化."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from kodomo import access, audit, changes, last_time, roster, worsening
from kodomo.audit import Actor
from kodomo.errors import KodomoError
from kodomo.roster import Row
from kodomo.ui import lists, paging, parts, session, theme
from kodomo.worsening import Month, Watched

PAGE_SIZE = 8
MOVES_SIZE = 25
WATCH, MOVES = "重篤化の見張り", "一覧の変化"
CASES, EVERYBODY = "相談・要対協のこども", "すべてのこども"
RESTING = "wt_resting"
PAGES = "wt"
WORDS = "wt_words"
MOST_REASONS = 3

# The name of the drawing language; nothing is fetched from there.
_SVG = "http:" + "//www.w3.org/2000/svg"
_STYLE = f"""<style>
[class*="st-key-wt_open_"] button p {{ color: {theme.ACCENT}; font-weight: 600; text-decoration: underline;
    text-underline-offset: 2px; }}
[class*="st-key-card_watch_"] [data-testid="stColumn"] [data-testid="stVerticalBlock"] {{ gap: .25rem; }}
[class*="st-key-wt_open_"] button {{ min-height: 1.6rem; padding: 0; }}
</style>"""


@dataclass(frozen=True)
class Board:
    """What the watch shows: tier 1 whole, tier 2 within this week's number, and what is kept back."""

    now: list[Watched]
    changed: list[Watched]
    kept_back: int
    resting: list[Watched]
    cap: int
    done: int


def _reset() -> None:
    paging.restart(PAGES)


def section() -> str:
    """Which of the two sections is open."""
    chosen = st.segmented_control(
        "表示",
        [WATCH, MOVES],
        default=WATCH,
        key="wt_section",
        label_visibility="collapsed",
        on_change=_reset,
    )
    return chosen or WATCH


def nothing_yet() -> None:
    """The snapshot was judged before the watch was there."""
    st.info(
        "この版では、まだ見張りが行われていません。次の判定のあとに表示されます。データ担当に連絡してください。"
    )


# -- the watch --------------------------------------------------------------------------------------------


def board(user: Actor, shown: session.Snapshot) -> Board:
    """Everybody with an alarm whom this person may list, narrowed by the controls above the list."""
    department = user.department if access.policy().roles[user.role].facts == "department" else None
    seen = worsening.acknowledgements(session.store())
    found = worsening.listed(shown.con, session.scope(user), seen, department)
    cap, done = worsening.weekly_cap(session.store()), worsening.done_this_week(session.store())
    only_cases, codes, bands, named = _controls(user, shown, found)
    fitting = [
        one
        for one in found
        if (one.known_case or not only_cases)
        and (named is None or one.resident_id in named)
        and (not bands or one.age_band in bands)
        and (not codes or any(alarm.code in codes for alarm in one.alarms))
    ]
    open_ones = [one for one in fitting if not one.resting]
    waiting = [one for one in open_ones if one.tier == worsening.CHANGED]
    # The weekly number holds for the whole view: a filter narrows what is in it, it does not refill it.
    view = [one for one in found if (one.known_case or not only_cases) and not one.resting]
    allowed = worsening.within_cap([one for one in view if one.tier == worsening.CHANGED], cap, done)
    inside = {one.resident_id for one in allowed}
    changed = [one for one in waiting if one.resident_id in inside]
    return Board(
        now=[one for one in open_ones if one.tier == worsening.NOW],
        changed=changed,
        kept_back=len(waiting) - len(changed),
        resting=[one for one in fitting if one.resting],
        cap=cap,
        done=done,
    )


def _controls(
    user: Actor, shown: session.Snapshot, found: Sequence[Watched]
) -> tuple[bool, list[str], list[str], set[str] | None]:
    present = {alarm.code for one in found for alarm in one.alarms}
    codes = [code for code in worsening.settings().codes if code in present]
    bands = [band for band in roster.BANDS if any(one.age_band == band for one in found)]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="wt_bar"):
        words = lists.search_box(user, WORDS, _reset)
        who = st.segmented_control(
            "対象", [CASES, EVERYBODY], default=CASES, key="wt_who", on_change=_reset, persist_state="session"
        )
        chosen = st.multiselect(
            "動き",
            codes,
            format_func=lambda code: worsening.settings().rule(code).label,
            key="wt_codes",
            placeholder="すべて",
            width=240,
            on_change=_reset,
            persist_state="session",
        )
        ages = st.multiselect(
            "年齢区分",
            bands,
            format_func=theme.band_label,
            key="wt_bands",
            placeholder="すべて",
            width=150,
            on_change=_reset,
            persist_state="session",
        )
        st.toggle("確認済みも表示", key=RESTING, on_change=_reset, persist_state="session")
        if access.may(user, "worsening_cap"):
            with st.popover("1週間の人数"):
                _cap(user, shown, found, only_cases=(who or CASES) == CASES)
    return (who or CASES) == CASES, list(chosen), list(ages), _named(user, shown, words)


def _named(user: Actor, shown: session.Snapshot, words: str) -> set[str] | None:
    """Who fits the words of the search, logged before anybody is shown; nothing without words."""
    found = lists.search(user, shown, words)
    if found is None:
        return None
    session.log_once(
        "watch_search",
        (shown.name, words),
        "search",
        detail={"list": "watch", "words_hash": audit.hash_words(session.store(), words)},
    )
    return set(found)


def _cap(user: Actor, shown: session.Snapshot, found: Sequence[Watched], *, only_cases: bool) -> None:
    """The slider of the weekly number, and what it means."""
    now = worsening.weekly_cap(session.store())
    waiting = sum(
        one.tier == worsening.CHANGED and not one.resting and (one.known_case or not only_cases)
        for one in found
    )
    yearly = worsening.lines(shown.con)
    monthly = yearly[yearly["known_case"] | (not only_cases)]["alarms_12m"].sum() / 12
    st.caption(
        "「変化あり」に1週間で表示する人数です。「今すぐ確認」は、人数に関係なく全員を表示します。"
        f"いま待っている「変化あり」は{waiting:,}人、毎月の数から出るアラームは1か月に約{monthly:,.0f}件です。"
        "変えたことは、操作ログに残ります。"
    )
    with st.form("wt_cap_form", border=False):
        cap = st.slider("人数", 0, worsening.settings().cap_most, now, 5, key="wt_cap")
        if st.form_submit_button("この人数にする") and cap != now:
            try:
                worsening.set_weekly_cap(session.store(), user, cap)
                st.rerun()
            except KodomoError as refusal:
                st.error(str(refusal))


def summary(made: Board) -> None:
    """The figures above the list and what to do next."""
    parts.cards(
        [
            ("■ 今すぐ確認", parts.count(len(made.now)), "人", "重い出来事・再通告・会えていない など"),
            (
                "▲ 変化あり（今週）",
                parts.count(len(made.changed)),
                "人",
                f"1週間 {made.cap}人まで・今週の確認 {made.done}人",
            ),
            (
                "来週以降に回るこども",
                parts.count(made.kept_back),
                "人",
                "動きの大きい順に、次の週に表示します",
            ),
            ("確認済み", parts.count(len(made.resting)), "人", "新しい動きがあると、一覧に戻ります"),
        ]
    )


def page_of(made: Board) -> tuple[list[Watched], int]:
    """The children on this page of the list, and how many there are in all."""
    rows = [*made.now, *made.changed, *(made.resting if st.session_state.get(RESTING) else [])]
    return paging.rows_of(rows, PAGES, PAGE_SIZE), len(rows)


def pager(total: int, size: int) -> None:
    """Page numbers below a list."""
    paging.pager(total, PAGES, size)


def children(user: Actor, shown: session.Snapshot, rows: Sequence[Watched], total: int) -> str | None:
    """One card a child; returns the reference of the child that was opened."""
    if not rows:
        st.caption("いま確かめるこどもはいません。対象や条件を変えると、ほかのこどもを表示できます。")
        return None
    st.html(
        f'<div class="kd-small kd-muted">{total:,}人。上から順に、こどもの画面で確かめ、'
        "メモを書いて「確認した」を押します。線はこどもの毎月の数、帯はそのこどものふだんの幅、"
        "赤い点は見張りの線を超えた月です。</div>"
        f"{_STYLE}"
    )
    residents = [one.resident_id for one in rows]
    about = {row.resident_id: row for row in roster.describe(shown.con, residents, most_reasons=1)}
    series = worsening.months(shown.con, residents)
    happened = worsening.events(
        shown.con, [number for one in rows for alarm in one.alarms for number in alarm.event_ids]
    )
    opened = None
    for one in rows:
        row = about.get(one.resident_id)
        if row is not None and _card(user, shown, one, row, series, happened):
            opened = row.child_ref
    return opened


def _card(
    user: Actor,
    shown: session.Snapshot,
    one: Watched,
    row: Row,
    series: Mapping[tuple[str, str], list[Month]],
    happened: Mapping[str, dict],
) -> bool:
    with parts.card(f"watch_{row.child_ref}"):
        who, what, chart, done = st.columns([2.1, 5.2, 2.6, 1.3], gap="small")
        with who:
            opened = _who(user, row)
        with what:
            st.html(_what(one, happened))
        with chart:
            _sparklines(one, series)
        with done:
            _done(user, shown, one, row)
    return opened


def _who(user: Actor, row: Row) -> bool:
    seen = access.mask(
        user,
        {
            "name": row.name,
            "kana": row.kana,
            "school_name": row.school,
            "protected": row.protected,
            "child_ref": row.child_ref,
        },
    )
    # The name is a label of Streamlit, which reads Markdown: data must stay text.
    opened = st.button(
        _plain(seen["name"] or "–"),
        key=f"wt_open_{row.child_ref}",
        type="tertiary",
        help="こどもの画面を開きます",
    )
    age = "年齢不明" if row.age is None else f"{row.age}歳"
    school = lists.short_school(seen["school_name"] or "")
    st.html(
        f'<div class="kd-small kd-muted">{parts.html(seen["kana"] or "")}<br>'
        f"{parts.html(f'{age} {roster.grade_label(row.grade)}　{school}'.strip())}</div>"
        f"{parts.html(parts.chips(lists.standing_tags(row)))}"
    )
    return opened


def _plain(text: str) -> str:
    """Text as Markdown that shows it as it is."""
    return "".join("\\" + sign if sign in "\\`*_{}[]()<>#+-.!|$:~^=" else sign for sign in text)


def _what(one: Watched, happened: Mapping[str, dict]) -> str:
    known = worsening.settings()
    tone = "#9b1c1c" if one.tier == worsening.NOW else "#8a5300"
    shape = "■" if one.tier == worsening.NOW else "▲"
    lines = [
        f'<b style="color:{tone}">{shape} {worsening.TIERS[one.tier]}</b>　'
        + parts.html(parts.chips([(known.rule(alarm.code).label, "") for alarm in one.alarms]))
    ]
    if one.before is not None and not one.resting:
        lines.append(
            f'<span class="kd-small">前回の確認 {parts.moment(one.before.acknowledged_at)[:10]}'
            f"「{parts.html(one.before.note)}」のあとに、新しい動きがありました。</span>"
        )
    told: set[str] = set()
    for alarm in one.alarms:
        fresh = [number for number in alarm.event_ids if number in happened and number not in told]
        if told and alarm.event_ids and not fresh and alarm.code not in known.signals:
            continue
        told.update(fresh)
        lines.append(f'<span style="font-size:.92rem">{parts.html(alarm.detail)}</span>')
        lines += [
            f'<span class="kd-small kd-muted" style="padding-left:1em">{_event(one, happened[number])}</span>'
            for number in fresh[:3]
        ]
    return '<div style="line-height:1.6">' + "<br>".join(dict.fromkeys(lines)) + "</div>"


def _event(one: Watched, event: Mapping) -> str:
    sibling = "きょうだい：" if event["resident_id"] != one.resident_id else ""
    owner = parts.html(parts.department_mark(event["department_code"]))
    whole_month = event["ended_on"] and event["occurred_on"].day == 1
    end = f"〜{event['ended_on']}" if event["ended_on"] and not whole_month else ""
    day = f"{event['occurred_on']:%Y-%m}" if whole_month else f"{event['occurred_on']}{end}"
    return (
        f"{owner}　{sibling}{parts.html(event['title'])}　発生 {day}　登録 {event['recorded_on'] or '不明'}"
    )


def _sparklines(one: Watched, series: Mapping[tuple[str, str], list[Month]]) -> None:
    """The child's watched months: those with an alarm, else its absences."""
    known = worsening.settings()
    codes = [alarm.code for alarm in one.alarms if alarm.code in known.signals][:2] or ["absence"]
    drawn = ""
    for code in codes:
        found = series.get((one.resident_id, code))
        if not found:
            continue
        signal = known.signals[code]
        crossed = next((alarm.happened_on for alarm in one.alarms if alarm.code == code), None)
        last = found[-1]
        if crossed:
            note = f"{crossed:%Y-%m}に見張りの線を超えた"
        else:
            note = "この月は幅の上" if last.value > last.high else "ふだんの幅の中"
        now = f"{last.month:%Y-%m} {last.value:.0f}{signal['unit']}（ふだん {last.usual:.1f}）"
        drawn += (
            f'<div class="kd-small"><b>{signal["label"]}</b>　{now}<br>'
            f'<span class="kd-muted">{note}</span></div>'
            f"{sparkline(found, signal['label'], signal['unit'])}"
        )
    if not drawn:
        drawn = '<div class="kd-small kd-muted">ふだんと比べられる毎月の記録は、まだありません。</div>'
    st.html(drawn)


def sparkline(found: Sequence[Month], label: str, unit: str, *, width: int = 250, height: int = 54) -> str:
    """The months as a small drawing: a line, the band of what is usual, a dot on each month over it."""
    top = max(max(month.value for month in found), max(month.high for month in found), 1.0)
    step = (width - 8) / max(len(found) - 1, 1)

    def x(at: int) -> str:
        return f"{4 + at * step:.1f}"

    def y(value: float) -> str:
        return f"{height - 4 - (height - 10) * min(value, top) / top:.1f}"

    upper = [f"{x(at)},{y(month.high)}" for at, month in enumerate(found)]
    lower = [f"{x(at)},{y(month.low)}" for at, month in enumerate(found)]
    line = " ".join(f"{x(at)},{y(month.value)}" for at, month in enumerate(found))
    dots = "".join(
        f'<circle cx="{x(at)}" cy="{y(month.value)}" r="3.2" fill="#9b1c1c"/>'
        for at, month in enumerate(found)
        if month.is_over
    )
    first, last = f"{found[0].month:%Y-%m}", f"{found[-1].month:%Y-%m}"
    words = f"{label} {first}から{last}まで、最大 {max(month.value for month in found):.0f}{unit}"
    band = " ".join(upper + lower[::-1])
    drawing = (
        f'<svg xmlns="{_SVG}" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'<polygon points="{band}" fill="#e3e9f0"/>'
        f'<polyline points="{line}" fill="none" stroke="{theme.ACCENT}" stroke-width="1.8"/>{dots}</svg>'
    )
    # Markup of a page may not hold drawings, but a picture made of one.
    picture = b64encode(drawing.encode()).decode()
    return (
        f'<img alt="{parts.html(words)}" src="data:image/svg+xml;base64,{picture}"'
        f' style="width:100%;max-width:{width}px;display:block">'
        f'<div class="kd-muted" style="font-size:.74rem;display:flex;max-width:{width}px;'
        f'justify-content:space-between"><span>{first}</span><span>{last}</span></div>'
    )


def _done(user: Actor, shown: session.Snapshot, one: Watched, row: Row) -> None:
    if one.resting and one.before is not None:
        day = parts.moment(one.before.acknowledged_at)[:10]
        st.html(
            f'<div class="kd-small">確認済み<br>{day}<br>'
            f'<span class="kd-muted">{parts.html(one.before.note)}</span></div>'
        )
        return
    if not access.may(user, "worsening_ack"):
        return
    with st.popover("確認した", width="stretch"), st.form(f"wt_ack_{row.child_ref}", border=False):
        note = st.text_area(
            "見たこと・次にすること",
            max_chars=worsening.NOTE_LENGTH,
            placeholder="例: 学校に電話。担任が家庭訪問。11月に再確認",
            key=f"wt_note_{row.child_ref}",
        )
        st.caption("新しい出来事があるまで、一覧から外れます。")
        if st.form_submit_button("確認したと記録する", type="primary"):
            try:
                worsening.acknowledge(
                    session.store(), user, one, note, snapshot=shown.name, as_of=shown.as_of
                )
                st.rerun()
            except KodomoError as refusal:
                st.error(str(refusal))


def how_it_works(shown: session.Snapshot) -> None:
    """What is watched, and how many alarms a month the lines give."""
    known = worsening.settings()
    with st.expander("見張りのしくみと、1か月のアラームの数"):
        st.caption(
            "毎月の数を、そのこども自身のふだん（3〜14か月前）と比べます。休みの多い月や学級閉鎖の影響は、同じ年齢区分の市全体の"
            "授業日あたりの数で除いています。線は、1か月に出るアラームの数から決めています。届いていない月は0とみなしません。"
        )
        lines = worsening.lines(shown.con)
        parts.table(
            [
                ("見る数", ""),
                ("対象", ""),
                ("方法", ""),
                ("過去1年のアラーム", "num"),
                ("1か月あたり", "num"),
            ],
            [
                (
                    known.rule(line["signal"]).label,
                    CASES if line["known_case"] else "そのほかのこども",
                    "短い上昇（EWMA）" if line["method"] == "ewma" else "続く上昇（CUSUM）",
                    f"{line['alarms_12m']:,.0f}件",
                    f"{line['alarms_12m'] / 12:,.1f}件",
                )
                for line in lines.to_dict("records")
            ],
        )
        parts.table(
            [("動き", ""), ("内容", ""), ("区分", "")],
            [
                (
                    rule["label"],
                    rule["means"],
                    worsening.TIERS.get(rule["tier_case"], "–"),
                )
                for rule in known.rules.values()
            ],
        )


# -- entered and left -------------------------------------------------------------------------------------


def moves(user: Actor, shown: session.Snapshot, before: changes.Basis) -> str | None:
    """Who entered, rose, left and fell, with the reasons; returns the reference of the opened child."""
    kinds = {category.code: category.label for category in session.categories().categories}
    scope = session.scope(user)
    counted = changes.counts(shown.con, scope)
    gone = changes.gone(shown.con) if not scope.params and scope.sql == "true" else {}
    st.caption(
        f"{before.as_of} の判定と、{shown.as_of} の判定を比べています。"
        + (
            ""
            if before.ruleset == shown.ruleset
            else f"判定基準が変わっています（{before.ruleset} → {shown.ruleset}）。"
        )
    )
    _left_otherwise(shown, before, gone)
    parts.table(
        [("困難の類型", ""), *((label, "num") for label in changes.KINDS.values())],
        [
            (label, *(f"{counted.get((code, kind), 0):,}人" for kind in changes.KINDS))
            for code, label in kinds.items()
        ],
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        turns = st.pills(
            "変化",
            list(changes.KINDS),
            format_func=changes.KINDS.__getitem__,
            selection_mode="multi",
            key="wt_kinds",
            on_change=_reset,
        )
        wanted = st.pills(
            "困難の類型",
            list(kinds),
            format_func=kinds.__getitem__,
            selection_mode="multi",
            key="wt_categories",
            on_change=_reset,
        )
    number = paging.number(PAGES)
    rows, total = changes.moves(
        shown.con, scope, kinds=turns, categories=wanted, number=number, size=MOVES_SIZE
    )
    session.log_once(
        "changes",
        (shown.name, tuple(turns), tuple(wanted), number),
        "view_worsening",
        count=len(rows),
        detail={"list": "changes", "hits": total, "page": number},
    )
    residents = sorted({row.resident_id for row in rows})
    about = {row.resident_id: row for row in roster.describe(shown.con, residents, most_reasons=1)}
    with shown.con.cursor() as cursor:
        why = last_time.compare(cursor, residents, shown.as_of, session.ruleset(shown), session.catalogue())
    body = [
        (
            about[row.resident_id].child_ref,
            _move_cells(user, about[row.resident_id], row, kinds, why.get(row.resident_id)),
        )
        for row in rows
        if row.resident_id in about
    ]
    opened = parts.clickable_list(
        [
            parts.Column("こども", "190px", link=True),
            parts.Column("変化", "110px"),
            parts.Column("類型", "70px"),
            parts.Column("前回", "84px"),
            parts.Column("今回", "84px"),
            parts.Column("理由の変化"),
        ],
        body,
        key="wt_moves",
        empty="変化のあったこどもはいません。",
        label="一覧の変化",
    )
    pager(total, MOVES_SIZE)
    return opened


def _move_cells(
    user: Actor, row: Row, move: changes.Move, kinds: Mapping[str, str], why: last_time.LastTime | None
) -> list[object]:
    seen = access.mask(
        user,
        {"name": row.name, "kana": row.kana, "protected": row.protected, "child_ref": row.child_ref},
    )
    age = "年齢不明" if row.age is None else f"{row.age}歳"
    lines = _why(why, move.category)
    return [
        parts.cell(
            seen["name"] or "–", sub=[f"{seen['kana'] or ''}　{age} {roster.grade_label(row.grade)}".strip()]
        ),
        parts.cell(tags=[(changes.KINDS[move.kind], "strong" if move.kind in ("entered", "rose") else "")]),
        kinds.get(move.category, move.category),
        parts.level_cell(move.level_before),
        parts.level_cell(move.level),
        parts.cell(*lines),
    ]


def _why(held: last_time.LastTime | None, category: str) -> list[str]:
    """The weightiest differences of one category in words, each with its cause."""
    one = next((one for one in held.categories if one.category == category), None) if held else None
    if one is None:
        return []
    if one.moved_edges:
        return ["レベルの境目の点数が変わりました（判定基準の変更）"]
    # A level falls by what went, and rises by what came: the others only explain the rest.
    turned = 1 if one.level > one.level_before else -1
    told = sorted(one.differences, key=lambda row: (row.points * turned <= 0, -abs(row.points)))
    lines = [f"［{last_time.CAUSES[row.cause]}］{row.text}" for row in told[:MOST_REASONS]]
    rest = len(told) - MOST_REASONS
    return [*lines, f"ほか {rest}件"] if rest > 0 else lines


def _left_otherwise(shown: session.Snapshot, before: changes.Basis, gone: Mapping[str, int]) -> None:
    """Who left for other reasons than points: looked at by staff, or no child of the city any more."""
    checked = session.checked_since(shown, before.as_of)
    words = [f"職員が確認して、未確認の一覧から外れたこども {checked:,}人"] if checked else []
    if gone:
        total = "、".join(f"{why} {count:,}人" for why, count in gone.items())
        words.append(f"対象から外れた、前回の一覧のこども {sum(gone.values()):,}人（{total}）")
    if words:
        st.caption("点数のほかの理由では、" + "。".join(words) + "。")
