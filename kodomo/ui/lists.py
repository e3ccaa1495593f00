"""Lists: the counts, filters, search box and rows of the list of children."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from kodomo import access, cases, directory, roster
from kodomo.audit import Actor
from kodomo.errors import KodomoError
from kodomo.roster import Filter, Page, Row
from kodomo.ui import paging, parts, session, theme

WORDS = "ls_words"
PAGES = "ls"
CATEGORIES = "ls_categories"
LEVELS = "ls_levels"
BANDS = "ls_bands"
GRADES = "ls_grades"
SCHOOLS = "ls_schools"
DEPARTMENT = "ls_department"
UNREVIEWED = "ls_unreviewed"
COUNCIL = "ls_council"
SUPPORT = "ls_support"
UNKNOWN = "ls_unknown"
ROWS = "ls_rows"
PAGE_NAME = "children"
SEARCH_HELP = (
    "姓だけ・名だけ・カナ・通称・旧姓・以前の名前でさがせます。にごり、小さい字、のばす音、字体の違いは、区別しません。"
    "住所（丁目や番地まで）、生年月日、宛名番号でもさがせ、空白で区切ると、すべてに合うこどもに絞ります。"
    "支援措置のあるこどもは、住所ではさがせません。"
)
PLAIN = Filter()
REASONS = 2


def follow(key: str = ROWS) -> None:
    """Go to the child whose row was just pressed; the first thing a screen with such rows does."""
    reference = parts.opened_row(key)
    if reference:
        st.switch_page(session.page("child"), query_params={"child": reference})


def counts(user: Actor, shown: session.Snapshot) -> None:
    """The figures above the list: who waits, and how many stand at each level of each category."""
    totals, levels = session.figures(shown, user)
    moved = session.moved(shown, user)
    known = {(row.category, row.level): row for row in levels}
    waiting = (
        "まだ確認していないこども",
        totals.unreviewed,
        f"一覧 {parts.count(totals.listed)}人のうち",
        [
            f"要確認 {parts.count(totals.urgent)}人",
            f"センター未把握 {parts.count(totals.unknown_to_centre)}人",
            *(
                []
                if moved is None
                else [f"前回から 入った{moved.get('entered', 0):,}人・外れた{moved.get('left', 0):,}人"]
            ),
        ],
    )
    boxes = []
    for category in session.categories().categories:
        lines = []
        for style in theme.LEVELS:
            if style.level:
                row = known.get((category.code, style.level))
                lines.append((style.level, row.children if row else 0, row.unreviewed if row else 0))
        boxes.append((category.label, lines))
    parts.count_strip(waiting, boxes)


def _reset_page() -> None:
    paging.restart(PAGES)


def filters(user: Actor, shown: session.Snapshot, *, ranked: bool) -> tuple[Filter, str]:
    """The search box and the filters; returns the filter and the search words."""
    offered = session.choices(shown, user)
    kinds = session.categories()
    labels = {category.code: category.label for category in kinds.categories}
    st.session_state.setdefault(UNREVIEWED, True)
    _apply_saved()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="ls_bar"):
        words = search_box(user, WORDS, _reset_page)
        if ranked:
            st.pills(
                "困難の類型",
                list(labels),
                format_func=labels.__getitem__,
                selection_mode="multi",
                key=CATEGORIES,
                on_change=_reset_page,
                persist_state="session",
            )
            st.pills(
                "アラートレベル",
                [style.level for style in theme.LEVELS if style.level],
                format_func=lambda level: f"{theme.level_style(level).shape} {theme.level_style(level).word}",
                selection_mode="multi",
                key=LEVELS,
                on_change=_reset_page,
                persist_state="session",
            )
        with st.popover(_more_label(), key="ls_more"):
            _more(offered, ranked=ranked)
        if ranked:
            _saved(user)
            st.toggle("未確認のみ", key=UNREVIEWED, on_change=_reset_page, persist_state="session")
    return _chosen(ranked=ranked), words


def search_box(user: Actor, key: str, changed: Callable[[], None]) -> str:
    """The box to look for children by name, address, birth date or number; returns what was typed."""
    if not access.may(user, "search") or not access.sees(user, "identity"):
        return ""
    words = st.text_input(
        "名前でさがす",
        key=key,
        placeholder="カナ・漢字・通称・旧姓・住所",
        help=SEARCH_HELP,
        max_chars=directory.LONGEST,
        width=235,
        on_change=changed,
        autocomplete="off",
        persist_state="session",
    )
    return (words or "").strip()


def _more(offered: Mapping[str, list], *, ranked: bool) -> None:
    st.pills(
        "年齢区分",
        offered["bands"],
        format_func=theme.band_label,
        selection_mode="multi",
        key=BANDS,
        on_change=_reset_page,
        persist_state="session",
    )
    st.multiselect(
        "学年",
        offered["grades"],
        format_func=roster.grade_label,
        key=GRADES,
        placeholder="すべて",
        select_all=False,
        on_change=_reset_page,
        persist_state="session",
    )
    st.multiselect(
        "学校",
        offered["schools"],
        key=SCHOOLS,
        placeholder="すべて",
        select_all=False,
        on_change=_reset_page,
        persist_state="session",
        help="支援措置のあるこどもは、学校で絞ると表示されません。",
    )
    if ranked:
        codes = [department.code for department in theme.departments()]
        st.selectbox(
            "記録のある課",
            codes,
            index=None,
            format_func=lambda code: theme.department(code).name,
            key=DEPARTMENT,
            placeholder="すべて",
            on_change=_reset_page,
            persist_state="session",
        )
        st.checkbox("要対協に登録中", key=COUNCIL, on_change=_reset_page, persist_state="session")
        st.checkbox("支援中", key=SUPPORT, on_change=_reset_page, persist_state="session")
        st.checkbox(
            "センター未把握（相談・要対協の記録なし）",
            key=UNKNOWN,
            on_change=_reset_page,
            persist_state="session",
        )
    st.button("条件をすべて外す", on_click=_clear, type="tertiary")


def _more_label() -> str:
    state = st.session_state
    used = sum(
        bool(state.get(key)) for key in (BANDS, GRADES, SCHOOLS, DEPARTMENT, COUNCIL, SUPPORT, UNKNOWN)
    )
    return f"しぼり込み（{used}）" if used else "しぼり込み"


def _chosen(*, ranked: bool) -> Filter:
    state = st.session_state
    return Filter(
        categories=tuple(state.get(CATEGORIES) or ()) if ranked else (),
        levels=tuple(state.get(LEVELS) or ()) if ranked else (),
        bands=tuple(state.get(BANDS) or ()),
        grades=tuple(state.get(GRADES) or ()),
        schools=tuple(state.get(SCHOOLS) or ()),
        department=state.get(DEPARTMENT) if ranked else None,
        unreviewed=bool(state.get(UNREVIEWED, True)) if ranked else False,
        council=bool(state.get(COUNCIL)),
        support=bool(state.get(SUPPORT)),
        unknown=bool(state.get(UNKNOWN)),
    )


def in_words(chosen: Filter) -> str:
    """What a filter keeps, in words, as it stands on paper."""
    kinds = session.categories()
    words = [kinds.label(code) for code in chosen.categories]
    words += [theme.level_style(level).word for level in chosen.levels]
    words += [theme.band_label(band) for band in chosen.bands]
    words += [roster.grade_label(grade) for grade in chosen.grades]
    words += list(chosen.schools)
    if chosen.department:
        words.append(f"{theme.department(chosen.department).name}の記録がある")
    for wanted, text in (
        (chosen.unreviewed, "未確認のみ"),
        (chosen.council, "要対協に登録中"),
        (chosen.support, "支援中"),
        (chosen.unknown, "センター未把握"),
    ):
        if wanted:
            words.append(text)
    return "、".join(words) or "なし（見守り以上のすべて）"


def _set(chosen: Filter) -> None:
    state = st.session_state
    state[CATEGORIES] = list(chosen.categories)
    state[LEVELS] = list(chosen.levels)
    state[BANDS] = list(chosen.bands)
    state[GRADES] = list(chosen.grades)
    state[SCHOOLS] = list(chosen.schools)
    state[DEPARTMENT] = chosen.department
    state[UNREVIEWED] = chosen.unreviewed
    state[COUNCIL] = chosen.council
    state[SUPPORT] = chosen.support
    state[UNKNOWN] = chosen.unknown
    _reset_page()


def _clear() -> None:
    _set(PLAIN)


def _apply_saved() -> None:
    """Put a chosen saved filter into the widgets, before they are drawn."""
    chosen = st.session_state.pop("ls_apply", None)
    if chosen is not None:
        _set(chosen)


def _saved(user: Actor) -> None:
    """Filters saved under a name: only conditions, never words of a search."""
    if not access.may(user, "saved_filter"):
        return
    with st.popover("保存した条件", key="ls_saved_box"):
        kept = cases.saved_filters(session.store(), user, PAGE_NAME)
        for name, body in kept.items():
            left, right = st.columns([4, 1], vertical_alignment="center")
            if left.button(name, key=f"ls_use_{name}", width="stretch"):
                try:
                    st.session_state["ls_apply"] = Filter.from_text(body)
                    st.rerun()
                except KodomoError as refusal:
                    st.error(str(refusal))
            if right.button("削除", key=f"ls_drop_{name}", type="tertiary"):
                cases.delete_filter(session.store(), user, PAGE_NAME, name)
                st.rerun()
        if not kept:
            st.caption("まだありません。今の条件に名前を付けて保存できます。")
        with st.form("ls_keep", clear_on_submit=True, border=False):
            name = st.text_input("今の条件の名前", max_chars=30, placeholder="例: 要確認・中学生")
            if st.form_submit_button("保存する") and name.strip():
                try:
                    cases.save_filter(
                        session.store(), user, PAGE_NAME, name.strip(), _chosen(ranked=True).to_text()
                    )
                    st.rerun()
                except KodomoError as refusal:
                    st.error(str(refusal))


def search(user: Actor, shown: session.Snapshot, words: str) -> list[str] | None:
    """Resident ids that fit the search words, best first; nothing without words or the right to names."""
    if not words or not access.may(user, "search") or not access.sees(user, "identity"):
        return None
    return session.directory(shown).find(words, children_only=True, by_address=access.sees(user, "address"))


def page_number() -> int:
    """The page to show."""
    return paging.number(PAGES)


def summary(page: Page, number: int, words: str) -> None:
    """How many children fit, and which of them are on the screen."""
    first = (number - 1) * roster.PAGE_SIZE + 1
    if not page.total:
        return
    last = first + len(page.rows) - 1
    how = "確認する順"
    if words:
        how = "名前が近い順" + (f"・{page.total:,}人まで" if page.total >= directory.LIMIT else "")
    parts.say(f"{page.total:,}人のうち {first:,}–{last:,}人目（{how}）。行を押すと、こどもの画面が開きます。")


def pager(total: int) -> None:
    """Page numbers below the list."""
    paging.pager(total, PAGES, roster.PAGE_SIZE, wide=True)


def children(
    user: Actor,
    shown: session.Snapshot,
    rows: Sequence[Row],
    *,
    reviews: Mapping[str, cases.Review],
    ranked: bool,
    key: str = ROWS,
) -> None:
    """The rows of children."""
    kinds = session.categories().categories
    if ranked:
        columns = [
            parts.Column("順", "44px", "num"),
            parts.Column("こども", "184px", link=True),
            *(parts.Column(kind.label, "74px") for kind in kinds),
            parts.Column("理由と、不明なこと"),
            parts.Column("把握の状況・最終目視", "146px"),
            parts.Column("確認", "88px"),
        ]
    else:
        columns = [
            parts.Column("こども", "260px", link=True),
            parts.Column("年齢・学年", "130px"),
            parts.Column("学校"),
        ]
    standing = session.standing(shown) if ranked else session.Standing((), {})
    body = [
        (
            row.child_ref,
            _ranked_cells(user, shown, row, kinds, standing, reviews) if ranked else _plain_cells(user, row),
        )
        for row in rows
    ]
    parts.clickable_list(
        columns,
        body,
        key=key,
        empty="条件に合うこどもはいません。条件を外すか、言葉を変えてください。",
        label="こども一覧",
    )


def masked(user: Actor, row: Row) -> dict:
    """Name, kana and school of a row as this person may see them."""
    return access.mask(
        user,
        {
            "name": row.name,
            "kana": row.kana,
            "school_name": row.school,
            "protected": row.protected,
            "child_ref": row.child_ref,
        },
    )


def about(row: Row) -> str:
    """Age and grade in words."""
    age = "年齢不明" if row.age is None else f"{row.age}歳"
    grade = roster.grade_label(row.grade)
    return f"{age} {grade}".strip()


def _plain_cells(user: Actor, row: Row) -> list[object]:
    seen = masked(user, row)
    tags = [("支援措置", "strong")] if row.protected else []
    return [
        parts.cell(seen["name"] or "–", sub=[seen["kana"] or ""], tags=tags),
        about(row),
        seen["school_name"] or "–",
    ]


def _ranked_cells(
    user: Actor,
    shown: session.Snapshot,
    row: Row,
    kinds: Sequence,
    standing: session.Standing,
    reviews: Mapping[str, cases.Review],
) -> list[object]:
    seen = masked(user, row)
    rules = session.ruleset(shown)
    school = short_school(seen["school_name"] or "")
    child = parts.cell(
        seen["name"] or "–", sub=[line for line in (seen["kana"], f"{about(row)}　{school}".strip()) if line]
    )
    levels = [parts.level_cell(roster.shown_level(row, rules, kind.code)) for kind in kinds]
    reasons = parts.cell(*(row.reasons or ("いまの基準に届く理由はありません",)), sub=_unknown_line(row))
    tags = standing_tags(row)
    seen_on = (
        [f"最終目視 {parts.day(row.last_seen_on)}", f"（{parts.days_ago(row.last_seen_on, shown.as_of)}）"]
        if row.last_seen_on
        else ["最終目視 記録なし"]
    )
    known = parts.cell(tags=tags, sub=seen_on)
    review = reviews.get(row.resident_id)
    if review is not None and row.resident_id in standing.again:
        state = parts.cell(
            tags=[("再確認", "strong")],
            sub=[standing.again[row.resident_id], f"前回 {parts.day(review.reviewed_on)}"],
        )
    elif review is not None:
        state = parts.cell("確認済", sub=[review.outcome_label, parts.day(review.reviewed_on)])
    elif row.rank is not None:
        state = parts.cell(tags=[("未確認", "strong")])
    else:
        state = parts.cell("–")
    return [row.rank if row.rank is not None else "–", child, *levels, reasons, known, state]


def short_school(name: str) -> str:
    """A school without the name of the city before it."""
    return name.split("市立", 1)[1] if "市立" in name else name


def standing_tags(row: Row) -> list[tuple[str, str]]:
    """What the centre already knows of the child, as tags."""
    tags = []
    if row.council_open:
        tags.append(("要対協", "good"))
    elif row.known_case:
        tags.append(("相談あり", "good"))
    else:
        tags.append(("センター未把握", "dash"))
    if row.support_open and not row.council_open:
        tags.append(("支援中", "good"))
    if row.in_care:
        tags.append(("一時保護・施設", "strong"))
    if row.protected:
        tags.append(("支援措置", "strong"))
    return tags


def _unknown_line(row: Row) -> list[str]:
    items, missing = session.catalogue(), row.missing_items
    return parts.unknown_line(len(missing), (items[code].department for code in missing if code in items))
