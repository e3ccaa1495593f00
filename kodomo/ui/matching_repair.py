"""Repair view: somebody whose records were mixed with another's: find the record, say whose it is."""

from __future__ import annotations

from html import escape

import streamlit as st

from kodomo import matching
from kodomo.audit import Actor
from kodomo.ui import matching_place as place
from kodomo.ui import parts, session
from kodomo.ui.matching_case import case_view, look_up
from kodomo.ui.matching_links import STATUS

HITS = 12
NAMED = "mt_repair_words"


def repair(user: Actor, shown: session.Snapshot) -> None:
    """A child, a parent or somebody who moved away, whose data was mixed with another's."""
    state = st.session_state
    opened = place.at()
    if opened:
        st.button("記録の一覧に戻る", on_click=place.close_record)
        case_view(user, shown, *opened, "repair")
        return
    st.html(
        '<div class="kd-small">別の人の記録が混ざっているときに使います。大人や、転出した人の記録も直せます。'
        "①人をさがす　②混ざっている記録を選ぶ　③「ちがう人」を選ぶか、正しい人をさがして「同じ人」を選ぶ。"
        "反映すると記録が移り、両方を判定し直します。</div>"
    )
    words = st.text_input(
        "名前・カナ・通称・旧氏・以前の名前・住所・生年月日",
        key=NAMED,
        autocomplete="off",
        max_chars=60,
        width=420,
        placeholder="例 とよなか はなこ、本町1-2-3、H26.5.6",
        on_change=_anew,
    ).strip()
    chosen = state.get(place.CHILD)
    if chosen:
        found = matching.describe(shown.con, [chosen], shown.as_of)
        if found:
            _records(user, shown, found[0])
            return
        state.pop(place.CHILD, None)
    if words:
        _people(user, shown, words)


def _anew() -> None:
    st.session_state.pop(place.CHILD, None)
    place.forget()


def _people(user: Actor, shown: session.Snapshot, words: str) -> None:
    number = place.page_number("people")
    people, total = look_up(user, shown, words, most=HITS, page=number)
    if not people:
        st.info("見つかりません。別の書き方や、名前の一部でもさがしてください。")
        return
    chosen = parts.clickable_list(
        [
            parts.Column("氏名", "230px", link=True),
            parts.Column("カナ", "230px"),
            parts.Column("生年月日", "110px"),
            parts.Column("続柄", "90px"),
            parts.Column("住所（丁目まで）"),
            parts.Column("", "150px"),
        ],
        [
            (
                str(at),
                [
                    parts.cell(one.name),
                    one.kana,
                    one.birth,
                    one.relation,
                    one.place,
                    parts.cell(
                        tags=[
                            (mark, "strong")
                            for mark in (one.left, "支援措置" if one.protected else "")
                            if mark
                        ]
                    ),
                ],
            )
            for at, one in enumerate(people)
        ],
        key=f"mt_people_{number}",
        empty="",
        label="見つかった人",
    )
    place.pager(total, "people", HITS)
    if total > HITS:
        parts.say(f"{total:,}人。空白で区切り、生年月日や町名を足すと絞れます。")
    if chosen is not None and int(chosen) < len(people):
        st.session_state[place.CHILD] = people[int(chosen)].resident_id
        st.rerun()


def _records(user: Actor, shown: session.Snapshot, one: matching.Found) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        left = f"　【{escape(one.left)}】" if one.left else ""
        st.html(
            f"<b>{escape(one.name)}</b>（{escape(one.kana)}）{escape(one.birth)}{left}　に結びついている記録"
        )
        st.button("別の人を選ぶ", on_click=_anew, type="tertiary")
    rows = matching.attached(shown.con, user, one.resident_id)
    session.log_once("attached", one.resident_id, "view_links", count=len(rows), subject=one.resident_id)
    chosen = parts.clickable_list(
        [
            parts.Column("連携データ", "210px", link=True),
            parts.Column("記録番号", "150px"),
            parts.Column("記録の氏名", "190px"),
            parts.Column("記録の生年月日", "120px"),
            parts.Column("受け取った日", "110px"),
            parts.Column("結びつけたのは"),
        ],
        [
            (
                str(at),
                [
                    parts.cell(row.title),
                    row.record_key,
                    row.name or "–",
                    row.birth or "–",
                    parts.day(row.delivered_on),
                    STATUS[row.status],
                ],
            )
            for at, row in enumerate(rows)
        ],
        key="mt_attached",
        empty="あなたが確認できる連携データで、この人に結びついた記録はありません。",
        label="結びついている記録",
    )
    own = len(matching.extracts_for(user)) < len(matching.titles())
    parts.say(
        ("ほかの課の記録は、その課の職員かデータ担当が確認します。" if own else "")
        + "宛名番号のついた記録（手当・健診など）は番号で結びつくので、"
        "まちがいは担当課に番号を確かめてください。"
    )
    if chosen is not None and int(chosen) < len(rows):
        row = rows[int(chosen)]
        place.open_record((row.extract, row.record_key))
        st.rerun()
