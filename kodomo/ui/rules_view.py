"""Rules view: the rule set in use, one row a rule, with what it does, whom it counts for and how it fared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from kodomo import access, edits, rulebook, wording
from kodomo.audit import Actor
from kodomo.errors import KodomoError
from kodomo.hindsight import Past
from kodomo.rulebook import Entry
from kodomo.rules import RuleSet
from kodomo.ui import draft_state, opinion_view, parts, session, tuning_charts

FLOOR = 10
SIZE = 12


@st.cache_data(max_entries=4, show_spinner="判定条件を読んでいます。")
def _entries(name: str, mark: int, rules_hash: str, _shown: session.Snapshot, _rules: RuleSet) -> list[Entry]:
    scored = draft_state.whole_city(_shown).score(_rules)
    items = session.catalogue()
    owners = {code: item.department for code, item in items.items()}
    return rulebook.entries(session.store(), _rules, scored, items, owners, session.categories())


def show(user: Actor, shown: session.Snapshot) -> None:
    """Filters, the rows, and the row that was opened."""
    used = session.rules_in_use()
    session.log_once("rules", (shown.name, used.hash), "view_rules", detail={"version": used.id})
    rows = _entries(shown.name, session.reviews_mark(), used.hash, shown, used)
    st.html(
        '<div class="kd-small">いま使っている判定基準の条件です。'
        "点を足し合わせ、しきい値をこえるとレベルになります。"
        "レベルは確認する順番の目安で、判断ではありません。条件への意見は、行を開いて書けます。</div>"
    )
    chosen = _filtered(rows)
    _table(user, shown, used, chosen)


def _filtered(rows: Sequence[Entry]) -> list[Entry]:
    kinds = session.categories()
    categories = {"": "すべての類型", **{kind.code: kind.label for kind in kinds.categories}}
    sorts = {"": "すべての種類", **wording.KINDS}
    owners = sorted({owner for row in rows for owner in row.owners})
    names = {"": "すべての課", **{owner: session.department_name(owner) for owner in owners}}
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        category = parts.choice("困難類型", categories, key="ru_category", width=150)
        kind = parts.choice("種類", sorts, key="ru_kind", width=170)
        owner = parts.choice("記録の持ち主", names, key="ru_owner", width=200)
        text = st.text_input("ことばでさがす", key="ru_text", max_chars=40, autocomplete="off", width=200)
    word = text.strip()
    return [
        row
        for row in rows
        if category in ("", row.category)
        and kind in ("", row.kind)
        and (not owner or owner in row.owners)
        and (not word or word in row.sentence + row.title + row.reason + row.source)
    ]


def _people(count: int | None, user: Actor) -> str:
    """A number of children; small ones are hidden from those who see only their own department's children."""
    if count is None:
        return "–"
    figures = access.child_filter(user)[0] == "true" or access.may(user, "view_outcomes")
    if 0 < count < FLOOR and not figures:
        return f"{FLOOR}人未満"
    return f"{count:,}"


@st.fragment
def _table(user: Actor, shown: session.Snapshot, used: RuleSet, rows: Sequence[Entry]) -> None:
    session.stay()
    pages = max(1, -(-len(rows) // SIZE))
    page = min(st.session_state.get("ru_page", 1), pages)
    part = rows[(page - 1) * SIZE : page * SIZE]
    silent = _silent(used)
    opened = parts.clickable_list(
        [
            parts.Column("条件", "43%", link=True),
            parts.Column("種類", "12%"),
            parts.Column("いま（人）", "8%", "num"),
            parts.Column("支援・見守り（件）", "13%", "num"),
            parts.Column("対象外（件）", "9%", "num"),
            parts.Column("変更した版", "8%"),
            parts.Column("0人の月", "7%", "num"),
        ],
        [
            (
                row.code,
                [
                    parts.cell(
                        row.title,
                        sub=[row.sentence],
                        tags=[(session.categories().label(row.category), "")]
                        + ([] if row.enabled else [("使っていない", "dash")]),
                    ),
                    wording.KINDS[row.kind],
                    _people(row.hits, user),
                    f"{row.confirmed:,}",
                    f"{row.cleared:,}",
                    parts.cell(row.changed_in, sub=[row.changed_on] if row.changed_on else []),
                    silent.get(row.code, "–"),
                ],
            )
            for row in part
        ],
        key="ru_list",
        empty="当てはまる条件はありません。",
        label="判定条件の一覧",
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f'<span class="kd-small">{len(rows):,}件中 {page}/{pages}ページ</span>')
        if st.button("前へ", key="ru_before", disabled=page <= 1):
            st.session_state["ru_page"] = page - 1
            st.rerun(scope="fragment")
        if st.button("次へ", key="ru_next", disabled=page >= pages):
            st.session_state["ru_page"] = page + 1
            st.rerun(scope="fragment")
    st.caption(
        "確認の件数は、その条件が当てはまっていたこどもの職員確認の数です。1人のこどもが複数の条件に数えられます。"
        "「0人の月」は、直近12か月の月末のうち、だれにも当てはまらなかった数です（検証の記録から）。"
    )
    entry = next((row for row in rows if row.code == opened), None)
    if entry is not None:
        detail(user, used, entry)


def _silent(used: RuleSet) -> Mapping[str, str]:
    """Months of the last twelve in which a rule counted for nobody; empty without a kept replay."""
    running = tuning_charts.looking_back(session.family(), used, used)
    if running is None:
        return {}
    if not running.done() or running.exception() is not None:
        return {row.code: "計算中" for row in (*used.items, *used.combinations, *used.triggers)}
    past: Past = running.result()[0]
    size = len(past.recent)
    codes = [
        row.code
        for row in (*used.items, *used.combinations, *used.triggers, *used.suppressions)
        if row.enabled
    ]
    return {
        code: f"{sum(not hits for hits in past.hits.get(code, (0,) * size))}/{size}か月" for code in codes
    }


@st.dialog("判定条件", width="large")
def detail(user: Actor, used: RuleSet, row: Entry) -> None:
    """One rule in full, the opinions on it, and the way to switch it off in a draft."""
    session.stay()
    kinds = session.categories()
    parts.facts(
        [
            ("条件", row.sentence),
            ("困難類型・種類", f"{kinds.label(row.category)}・{wording.KINDS[row.kind]}"),
            ("記録の持ち主", "、".join(session.department_name(owner) for owner in row.owners)),
            ("理由", row.reason),
            ("出典", row.source),
            ("いま当てはまるこども", f"{_people(row.hits, user)}人" if row.hits is not None else "–"),
            ("確認の結果", f"支援や見守り {row.confirmed:,}件、対象外 {row.cleared:,}件"),
            ("最後の変更", f"{row.changed_in}　{row.changed_on or ''}"),
        ]
    )
    if row.kind != "group" and access.may(user, "ruleset_save"):
        _switch(user, row)
    opinion_view.about_it(user, "rule", row.code)


def _switch(user: Actor, row: Entry) -> None:
    at = draft_state.table(user)
    rules = at.rules
    mine = {
        rule.code: rule for rule in (*rules.items, *rules.combinations, *rules.triggers, *rules.suppressions)
    }
    if row.code not in mine:
        return
    on = mine[row.code].enabled
    label = "案で使わないことにする" if on else "案で使うことにする"
    if st.button(label, key=f"ru_switch_{row.code}"):
        try:
            rules = edits.turn(at.rules, {f"use|{row.code}": not on}, session.categories())
            draft_state.keep(user, at, rules)
            draft_state.turn()
        except KodomoError as refusal:
            st.error(str(refusal))
            return
        st.success("案に入れました。「アラートレベル調整」で影響を確かめ、承認に出してください。")
