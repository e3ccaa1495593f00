"""Pregnancy view: the figures, filters and rows of the list of expectant women."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from kodomo import access, pregnancies
from kodomo.audit import Actor
from kodomo.pregnancies import Entry
from kodomo.ui import paging, parts, session

ROWS = "pg_rows"
PAGES = "pg"
PAGE_SIZE = 30
REASONS = 3
WAITING, EVERYBODY, BORN, UNSETTLED = "確かめる妊婦", "すべての妊婦", "出産済み", "出生が分からない"
RESIDENCE = {
    "moved": "転出済み",
    "struck": "住民票が職権で消除",
    "elsewhere": "市に住民登録がない",
    "unlinked": "名寄せできていない",
}


def follow() -> None:
    """Go to the woman whose row was just pressed; the first thing the screen does."""
    reference = parts.opened_row(ROWS)
    if reference:
        st.switch_page(session.page("expectant"), query_params={"pregnancy": reference})


def nothing_yet() -> None:
    """The snapshot was judged before this list was there."""
    st.info(
        "この版では、まだ妊婦の一覧が作られていません。次の判定のあとに表示されます。データ担当に連絡してください。"
    )


def ranked(user: Actor) -> bool:
    """Whether this person sees levels; others get their own department's records by the day of birth."""
    return access.sees(user, "level")


def summary(user: Actor, entries: Sequence[Entry]) -> None:
    """The figures above the list, and what to do next."""
    going = [one for one in entries if one.listed == "open"]
    born = sum(one.listed == "born" for one in entries)
    unsettled = sum(one.listed == "unsettled" for one in entries)
    cards = []
    if ranked(user):
        left = pregnancies.waiting(entries)
        cards += [
            ("■ 要確認で、未確認", parts.count(sum(one.level == 3 for one in left)), "人", "先に確認します"),
            (
                "未確認（見守り以上・不明）",
                parts.count(len(left)),
                "人",
                f"うち、不明のため分からない {sum(one.level is None for one in left):,}人",
            ),
        ]
    days = pregnancies.settings().born_stays_days
    cards += [
        ("妊娠中・出産の時期", parts.count(len(going)), "人", "出産の記録がまだない人"),
        ("出産済み", parts.count(born), "人", f"{days}日のあいだ、ここにも残ります"),
        (
            "出生が分からないまま",
            parts.count(unsettled),
            "人",
            "予定日から半年を過ぎた人",
        ),
    ]
    parts.cards(cards)


def _reset() -> None:
    paging.restart(PAGES)


def filters(user: Actor, entries: Sequence[Entry]) -> list[Entry]:
    """The controls above the list; returns the entries that fit, in their order."""
    views = [WAITING, EVERYBODY, BORN, UNSETTLED] if ranked(user) else [EVERYBODY, BORN, UNSETTLED]
    present = {reason.code: reason.label for one in entries for reason in one.reasons}
    codes = [rule.code for rule in pregnancies.settings().rules if rule.code in present]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="pg_bar"):
        view = st.segmented_control(
            "表示", views, default=views[0], key="pg_view", on_change=_reset, required=True
        )
        wanted = st.multiselect(
            "理由",
            codes,
            format_func=present.__getitem__,
            key="pg_reasons",
            placeholder="すべて",
            width=320,
            on_change=_reset,
        )
        soon = st.toggle("予定日まで60日以内", key="pg_soon", on_change=_reset)
    if view == WAITING:
        found = pregnancies.waiting(entries)
    else:
        kind = {BORN: "born", UNSETTLED: "unsettled"}.get(view or EVERYBODY, "open")
        found = [one for one in entries if one.listed == kind]
    as_of = session.snapshot().as_of
    return [
        one
        for one in found
        if (not wanted or any(reason.code in wanted for reason in one.reasons))
        and (not soon or (one.due_on is not None and (one.due_on - as_of).days <= 60))
    ]


def page_of(found: Sequence[Entry]) -> list[Entry]:
    """The entries on this page of the list."""
    return paging.rows_of(found, PAGES, PAGE_SIZE)


def pager(total: int) -> None:
    """Page numbers below the list."""
    paging.pager(total, PAGES, PAGE_SIZE, wide=True)


def women(user: Actor, shown: session.Snapshot, rows: Sequence[Entry], total: int) -> None:
    """The rows of the list."""
    how = "確かめる順" if ranked(user) else "出産予定日の順。あなたの課の記録だけを表示しています"
    parts.say(
        f"{total:,}人（{how}）。順は確認する順で、評価ではありません。行を押すと、その人の画面が開きます。"
        "妊婦健診の結果と、おやこ保健課の妊婦訪問は連携されていません。"
    )
    columns = [parts.Column("順", "44px", "num")] if ranked(user) else []
    columns += [parts.Column("妊婦", "200px", link=True)]
    columns += [parts.Column("確認の順", "92px")] if ranked(user) else []
    columns += [
        parts.Column("理由と、不明なこと"),
        parts.Column("妊娠の状況", "210px"),
        *([parts.Column("確認", "112px")] if ranked(user) else []),
    ]
    parts.clickable_list(
        columns,
        [(one.entry_ref, _cells(user, shown, one)) for one in rows],
        key=ROWS,
        empty="当てはまる妊婦はいません。表示や条件を変えると、ほかの人を表示できます。",
        label="妊婦の一覧",
    )


def named(user: Actor, one: Entry) -> dict:
    """Name, kana, age and address as this person may see them."""
    return access.mask(
        user,
        {
            "name": one.name,
            "kana": one.kana,
            "age": one.age,
            "birth_date": one.birth_date,
            "address": one.address,
            "address_detail": one.address_detail,
            "protected": one.protected,
            "child_ref": one.entry_ref,
        },
    )


def tags(one: Entry) -> list[tuple[str, str]]:
    """What stands beside her name."""
    found = [(RESIDENCE[one.residence], "strong")] if one.residence in RESIDENCE else []
    if one.case_on is not None:
        found.append(("要対協（特定妊婦）", "good"))
    if one.protected:
        found.append(("支援措置", "strong"))
    return found


def standing(one: Entry, shown: session.Snapshot) -> list[str]:
    """The pregnancy in short lines: week, due day, notice; or the birth."""
    lines = []
    if one.born_on is not None:
        lines.append(f"出産済み {one.born_on}")
        if one.born_by == "register":
            lines.append("児宛名番号は未記入（住民票で確認）")
    elif one.due_on is None:
        lines.append("妊娠届なし（予定日は不明）")
    elif one.due_on < shown.as_of:
        lines.append(f"予定日 {one.due_on} を過ぎている")
    else:
        lines += [f"妊娠{one.weeks_on(shown.as_of)}週ごろ", f"予定日 {one.due_on}"]
    if one.notified_on is not None:
        lines.append(f"届出 {one.notified_on}（{one.weeks}週）")
    if one.case_on is not None:
        lines.append(f"要対協の登載 {one.case_on}")
    return lines


def facts_told(one: Entry) -> list[str]:
    """The facts behind the reasons, gravest first; a reason whose facts all stand there is left out."""
    told: list[str] = []
    spoken: set[str] = set()
    for reason in one.reasons:
        if not spoken.issuperset(reason.facts) or not reason.facts:
            told.append(reason.detail or reason.label)
            spoken.update(reason.facts)
    return told


def _cells(user: Actor, shown: session.Snapshot, one: Entry) -> list[object]:
    seen = named(user, one)
    age = "年齢不明" if seen["age"] is None else f"{seen['age']}歳"
    told = facts_told(one)
    more = [f"ほか {len(told) - REASONS}件"] if len(told) > REASONS else []
    nothing = "いま分かっている範囲では、理由はありません" if ranked(user) else "–"
    cells: list[object] = [one.rank if one.rank is not None else "–"] if ranked(user) else []
    cells.append(parts.cell(seen["name"] or "氏名不明", sub=[seen["kana"] or "", age], tags=tags(one)))
    if ranked(user):
        cells.append(parts.level_cell(one.level))
    unknown = parts.unknown_line(len(one.unknown), (each.fact.department for each in one.unknown))
    cells.append(parts.cell(*(told[:REASONS] or [nothing]), sub=[*more, *unknown]))
    lines = standing(one, shown)
    cells.append(parts.cell(lines[0], sub=lines[1:]))
    if ranked(user):
        cells.append(_reviewed(one))
    return cells


def _reviewed(one: Entry) -> dict:
    if one.listed == "born":
        return parts.cell("こどもへ", sub=["こどもの画面で確認します"])
    if one.before is None:
        return parts.cell(tags=[("未確認", "strong")])
    day = parts.moment(one.before.reviewed_at)[:10]
    if one.again:
        return parts.cell(tags=[("再確認", "strong")], sub=[one.again, f"前回 {day}"])
    return parts.cell("確認済", sub=[one.before.outcome_label, day])


def how_it_works(user: Actor) -> None:
    """What puts somebody on the list, and on what ground."""
    known = pregnancies.settings()
    with st.expander("この一覧のしくみ（順を決める条件と根拠）"):
        parts.bullets(
            [
                "妊娠届を出した人と、要対協の特定妊婦を、母を主語にして並べています。届出のない特定妊婦も入ります。",
                "未婚・離別、同居のおとながいないこと、手帳、生活保護、転入だけでは、理由になりません。国籍は使いません。",
                "分からないことは「不明」とし、「なし」とはみなしません。届かない・古いデータも不明です。",
                f"出産のあとは、{known.born_stays_days}日でこの一覧から外れます。妊娠中の事実は、こどもの画面に残ります。",
                known.purpose,
                f"根拠：{known.legal_ground}",
            ]
        )
        if ranked(user):
            parts.table(
                [("順", "nb"), ("条件", ""), ("理由", ""), ("出どころ", "")],
                [
                    (parts.level_mark(rule.level), rule.label, rule.reason, parts.muted(rule.source))
                    for rule in sorted(known.rules, key=lambda rule: -rule.level)
                ],
            )
