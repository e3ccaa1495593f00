"""Opinion view: threads of opinions, at the slider or rule they speak of and all together."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from kodomo import access, opinions, wording
from kodomo.audit import Actor
from kodomo.errors import KodomoError
from kodomo.opinions import Opinion
from kodomo.rules import RuleSet
from kodomo.ui import parts, session

TONES = {"received": "strong", "studied": "", "adopted": "good", "declined": "dash"}


def known(rules: RuleSet) -> dict[str, dict[str, str]]:
    """Everything an opinion can speak of: kind → (what → its name)."""
    kinds, items = session.categories(), session.catalogue()
    every = (*rules.items, *rules.combinations, *rules.triggers, *rules.groups, *rules.suppressions)
    bands = ("全年齢", *kinds.age_bands)
    return {
        "item": {code: item.label for code, item in items.items()},
        "threshold": {
            f"{kind.code}|{band}": f"{kind.label}（{band}）のしきい値"
            for kind in kinds.categories
            for band in bands
        },
        "rule": {row.code: f"{kinds.label(row.category)}「{wording.title(row, items)}」" for row in every},
        "new_item": {"": "新しい項目の希望"},
    }


@st.dialog("意見", width="medium")
def thread(user: Actor, kind: str, about: str) -> None:
    """The threads about one thing, and a field for a new one."""
    session.stay()
    names = known(session.rules_in_use())
    if about not in names.get(kind, {}):
        st.error(str(opinions.AboutNothing()))
        return
    session.log_once("opinions", about, "view_rules")
    st.html(f"<b>{parts.html(names[kind][about])}</b>")
    about_it(user, kind, about)


def about_it(user: Actor, kind: str, about: str) -> None:
    """The threads about one thing and a field for a new one, without a frame of their own."""
    names = known(session.rules_in_use())
    for opinion in opinions.listing(session.store(), about):
        one(user, opinion, names)
    write(user, kind, about, list(names.get(kind, {})), key=f"dialog_{about}")


def write(user: Actor, kind: str, about: str, choices: Sequence[str], *, key: str) -> None:
    """A field for a new opinion."""
    if not access.may(user, "opinion_add"):
        return
    with st.form(f"op_new_{key}", border=False, clear_on_submit=True):
        text = st.text_area("意見", max_chars=opinions.TEXT_LENGTH, height=90)
        wish = st.text_input("提案する値（あれば）", max_chars=opinions.PROPOSED_LENGTH, autocomplete="off")
        sent = st.form_submit_button("意見を出す", type="primary")
    if sent:
        try:
            opinions.add(session.store(), user, kind, about, text, wish, known=choices)
        except KodomoError as refusal:
            st.error(str(refusal))
            return
        st.success("意見を受け付けました。「意見」で扱いを見られます。")


def one(user: Actor, opinion: Opinion, names: dict[str, dict[str, str]]) -> None:
    """One thread with every contribution, and what this person may add."""
    status = parts.chip(opinions.STATUSES[opinion.status], TONES[opinion.status]).markup
    name = names.get(opinion.kind, {}).get(opinion.about, opinion.about)
    wish = f"　提案する値 <b>{parts.html(opinion.proposed)}</b>" if opinion.proposed else ""
    said = "".join(
        '<div style="border-left:3px solid #d5dae1;padding:.1rem .5rem;margin:.2rem 0">'
        f'<span class="kd-muted kd-small">{parts.moment(entry.written_at)}　'
        f"{parts.html(session.department_name(entry.department))}　{parts.html(entry.user_id)}"
        + (f"　→ {opinions.STATUSES[entry.status]}" if entry.status else "")
        + f"</span><br>{parts.html(entry.text)}</div>"
        for entry in opinion.entries
    )
    with parts.card(f"op_{opinion.opinion_id}"):
        st.html(f"{status}<b>{parts.html(name)}</b>{wish}{said}")
        may_decide = access.may(user, "opinion_decide")
        if not access.may(user, "opinion_add"):
            return
        with st.popover("返事を書く"), st.form(f"op_answer_{opinion.opinion_id}", border=False):
            status_of = {"": "変えない", **opinions.STATUSES}
            chosen = parts.choice("扱い", status_of) if may_decide else ""
            text = st.text_area(
                "ことば（採用・見送りのときは理由）", max_chars=opinions.TEXT_LENGTH, height=90
            )
            sent = st.form_submit_button("書き込む", type="primary")
        if sent:
            try:
                opinions.answer(session.store(), user, opinion, text, chosen or None)
            except KodomoError as refusal:
                st.error(str(refusal))
                return
            st.rerun(scope="app")


def listing(user: Actor, shown: session.Snapshot) -> None:
    """Every thread, with counts for the evaluation, and the way to ask for a new item."""
    session.log_once("opinions", shown.name, "view_rules")
    names = known(session.rules_in_use())
    every = opinions.listing(session.store())
    counts = opinions.counts(session.store())
    with parts.card("op_counts"):
        st.html(f"<b>寄せられた意見 {len(every):,}件</b>")
        parts.table(
            [("課", "nb"), *((label, "num") for label in opinions.STATUSES.values()), ("合計（件）", "num")],
            [
                (
                    session.department_name(department),
                    *(f"{by_status.get(status, 0):,}" for status in opinions.STATUSES),
                    f"{sum(by_status.values()):,}",
                )
                for department, by_status in counts.items()
            ],
            empty="まだ意見はありません。つまみや判定条件の「意見」から出せます。",
        )
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        status_of = {"": "すべて", **opinions.STATUSES}
        wanted = parts.choice("扱い", status_of, key="op_status", width=150)
        if access.may(user, "opinion_add"):
            with st.popover("新しい項目を集めてほしい"):
                write(user, "new_item", "", [""], key="new_item")
    for opinion in every:
        if wanted in ("", opinion.status):
            one(user, opinion, names)
