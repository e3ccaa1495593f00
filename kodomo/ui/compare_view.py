"""Compare view: every version of the rule set, the way back to one, and any two of them side by side."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from kodomo import access, drafts, tuning
from kodomo.audit import Actor
from kodomo.comparison import Comparison, compare
from kodomo.errors import KodomoError
from kodomo.preview import Share, settled_of
from kodomo.rescore import GROUPINGS
from kodomo.rules import RuleSet
from kodomo.ui import draft_state, moves_view, parts, printing, session, tuning_charts
from kodomo.ui.parts import Html

GROUP_COLUMNS = [("まとまり", ""), ("こども（人）", "num"), ("注意以上（人）", "num"), ("割合（%）", "num")]
STATUSES = {"active": "使用中", "planned": "予定", "retired": "以前の版"}


def versions(user: Actor, shown: session.Snapshot) -> None:
    """The kept versions, then two of them side by side."""
    session.log_once("versions", shown.name, "view_rules")
    _kept(user)
    _side_by_side(user, shown)


def _kept(user: Actor) -> None:
    ops = session.store()
    kept = tuning.versions(ops)
    first = tuning.first_id()
    with parts.card("tn_versions"):
        st.html(
            "<b>判定基準の版</b>　<span class='kd-small kd-muted'>"
            "どの版にも戻せます。戻すと、同じ内容の新しい版になり、今日からの判定に使われます。</span>"
        )
        used = next((row.version_id for row in kept if row.status == "active"), first)
        rows = [
            (
                parts.strong(row.version_id) if row.version_id == used else row.version_id,
                STATUSES[row.status],
                row.active_from,
                row.author,
                row.approved_by or "–",
                parts.moment(row.created_at),
                row.parent_id or "–",
                row.reason,
            )
            for row in kept
        ]
        state = "使用中" if used == first else "はじめの版"
        rows.append((first, state, "–", "–", "–", "–", "–", "導入時の判定基準"))
        parts.table(
            [
                ("版", "nb"),
                ("状態", "nb"),
                ("使い始め", "nb"),
                ("作った人", "nb"),
                ("承認した人", "nb"),
                ("承認した日時", "nb"),
                ("もとの版", "nb"),
                ("理由", ""),
            ],
            rows,
            scroll=True,
            height=200,
        )
        others = [row.version_id for row in kept if row.version_id != tuning.newest_id(ops)]
        others += [first] if kept else []
        if others and access.may(user, "ruleset_activate"):
            _bring_back(user, others)


def _bring_back(user: Actor, others: list[str]) -> None:
    with (
        st.form("tn_back", border=False),
        st.container(horizontal=True, vertical_alignment="bottom", gap="small"),
    ):
        chosen = st.selectbox("戻す版", others, width=130, filter_mode=None)
        reason = st.text_input("戻す理由（必須）", max_chars=drafts.REASON_LENGTH, autocomplete="off")
        if not st.form_submit_button("この版に戻す"):
            return
    try:
        access.require(session.store(), user, "ruleset_activate")
        version = tuning.bring_back(session.store(), user, chosen, reason, session.catalogue())
    except KodomoError as refusal:
        st.error(str(refusal))
        return
    draft_state.take_up(None)
    st.session_state[draft_state.TOLD] = (
        f"{chosen} の内容を {version.version_id} として使うことにしました。次の判定から使われます。"
    )
    st.rerun(scope="app")


# -- two side by side -------------------------------------------------------------------------------------


def _choices() -> dict[str, str]:
    """Everything that can be compared: code → name."""
    ops = session.store()
    found = {row.version_id: f"{row.version_id}（{STATUSES[row.status]}）" for row in tuning.versions(ops)}
    found[tuning.first_id()] = f"{tuning.first_id()}（はじめの版）"
    for row in drafts.listing(ops):
        found[row.draft_id] = f"{row.draft_id}（{drafts.STATUSES[row.status]}）"
    return found


def _rules(code: str) -> RuleSet:
    ops = session.store()
    if code.startswith("案"):
        return drafts.read(ops, code).ruleset
    return tuning.read_version(ops, code)


def _side_by_side(user: Actor, shown: session.Snapshot) -> None:
    choices = _choices()
    codes = list(choices)
    used = tuning.active(session.store(), items=session.catalogue()).id
    newest = next((code for code in reversed(codes) if code != used), used)
    with parts.card("tn_compare"):
        st.html("<b>2つの判定基準を比べる</b>")
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            one = parts.choice("もと", choices, first=used, key="tn_one", width=230)
            other = parts.choice("くらべる先", choices, first=newest, key="tn_other", width=230)
        if one == other:
            st.caption("ちがう2つを選ぶと、変わるところと入れ替わるこどもを比べられます。")
            return
        first, second = _rules(one), _rules(other)
        session.log_once("compare", (shown.name, first.hash, second.hash), "ruleset_compare")
        made = draft_state.whole_city(shown)
        done = settled_of(made.city, session.settled(shown))
        found = compare(made, first, second, session.catalogue(), session.categories(), done)
        _show(user, shown, found)
        printing.offer(
            user,
            shown,
            action="ruleset_compare",
            make=lambda stamp: sheet(user, shown, found, f"{one} と {other} の比較", stamp),
            key="tn_print",
        )


def _show(user: Actor, shown: session.Snapshot, found: Comparison) -> None:
    st.html(f"<b>変わるところ（{len(found.differences)}か所）</b>")
    if found.differences:
        parts.bullets(_told(found))
    parts.table(
        [("困難類型", "nb"), *tuning_charts.LEVEL_COLUMNS],
        tuning_charts.level_rows(found.effect.counts, found.effect.highest),
    )
    st.html(
        f'<div class="kd-small">注意以上でまだ確認していないこども {parts.change(found.effect.waiting)}人　'
        f"一覧に加わる {found.effect.joining:,}人、外れる {found.effect.leaving:,}人</div>"
    )
    if access.may(user, "view_moves"):
        moves_view.both(user, shown, found.one, found.other, found.effect)
    with st.expander("まとまりごとの違い"):
        for grouping, shares in found.groups.items():
            st.html(f"<b>{GROUPINGS[grouping]}</b>")
            parts.table(
                GROUP_COLUMNS,
                _group_rows(grouping, shares),
                scroll=True,
                height=190,
            )


def _group_rows(grouping: str, shares: Sequence[Share]) -> list[list[object]]:
    return [tuning_charts.group_row(row, tuning_charts.group_name(grouping, row.name)) for row in shares]


def _told(found: Comparison) -> list[str]:
    """The differences with their category, where the sentence does not begin with it."""
    kinds = session.categories()
    labels = [(kinds.label(category), text) for category, text in found.differences]
    return [text if text.startswith(label) else f"{label}　{text}" for label, text in labels]


# -- on paper ---------------------------------------------------------------------------------------------


def sheet(user: Actor, shown: session.Snapshot, found: Comparison, title: str, stamp: printing.Stamp) -> str:
    """The comparison as a page to print: what changes, how many, in which groups, and for whom."""
    kinds = session.categories()
    blocks = [
        Html(f"<h1>判定基準の比較　{parts.html(title)}</h1>"),
        stamp.markup,
        printing.heading(f"変わるところ（{len(found.differences)}か所）"),
        printing.bullets(_told(found)) if found.differences else printing.say("変わるところはありません。"),
        printing.heading("レベルごとの人数（もと → くらべる先）"),
        printing.table(
            [("", "nb"), *tuning_charts.LEVEL_COLUMNS],
            tuning_charts.level_rows(found.effect.counts, found.effect.highest),
        ),
        printing.say(
            f"注意以上でまだ確認していないこども {parts.change(found.effect.waiting)}人。"
            f"一覧に加わる {found.effect.joining:,}人、外れる {found.effect.leaving:,}人。"
        ),
    ]
    if access.may(user, "view_moves"):
        for label, moves, total in (
            ("上がる", found.effect.up, found.effect.risen),
            ("下がる", found.effect.down, found.effect.fallen),
        ):
            blocks.append(printing.heading(f"{label}こども（{total:,}件、先頭の{len(moves)}件）"))
            blocks.append(
                printing.table(
                    [
                        ("こども", "nb"),
                        ("困難類型", "nb"),
                        ("もと", "nb"),
                        ("先", "nb"),
                        ("点", "num"),
                        ("なぜ", ""),
                    ],
                    [
                        [
                            line.name,
                            kinds.label(line.move.category),
                            printing.level(line.move.old),
                            printing.level(line.move.new),
                            f"{line.move.points_before:g} → {line.move.points:g}",
                            line.why,
                        ]
                        for line in moves_view.lines(user, shown, found.one, found.other, moves)
                    ],
                    "いません。",
                )
            )
    for grouping, shares in found.groups.items():
        blocks.append(printing.heading(f"{GROUPINGS[grouping]}ごとの違い"))
        blocks.append(
            printing.table(
                GROUP_COLUMNS,
                _group_rows(grouping, shares),
            )
        )
    return printing.page("判定基準の比較", blocks)
