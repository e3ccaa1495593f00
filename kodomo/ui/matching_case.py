"""Case view: one record beside the residents who may be behind it, the evidence in words, and the answer."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from kodomo import audit, matching
from kodomo.audit import Actor
from kodomo.differences import Difference
from kodomo.errors import KodomoError
from kodomo.matching import Candidate, Case
from kodomo.ui import matching_place as place
from kodomo.ui import parts, session, theme

HITS = 8


def case_view(user: Actor, shown: session.Snapshot, extract: str, record_key: str, origin: str) -> None:
    """A record beside its candidates, with the buttons that answer."""
    state = st.session_state
    also = [state[place.ALSO]] if state.get(place.ALSO) else []
    try:
        found = matching.open_case(
            shown.con, session.store(), user, extract, record_key, shown.as_of, also=also
        )
    except KodomoError as refusal:
        place.close_record()
        st.warning(str(refusal))
        return
    people = tuple(one.resident_id for one in found.candidates)
    session.log_once(
        "case",
        (extract, record_key, people),
        "view_links",
        count=len(people),
        subject=people[0] if people else None,
        detail={"extract": extract},
    )
    # Who looks up somebody beyond what the matcher offered leaves a row about that very person.
    if also:
        session.log_once("case_also", (record_key, also[0]), "view_links", count=1, subject=also[0])
    if origin == "sample":
        found = matching.without_steps(found)
    # The answers keep their place, however many candidates there are.
    answers = st.container()
    candidate = _choose(found)
    with answers:
        _buttons(user, shown, found, candidate, origin)
    if candidate is None:
        st.info(
            "くらべる候補がありません。「ほかの人をさがす」で住民をさがすか、"
            "「どの候補でもない」を選んでください。"
        )
        return
    left, right = st.columns([62, 38], gap="small")
    with left:
        _side_by_side(found, candidate)
    with right:
        if candidate.steps:
            _waterfall(found, candidate)
        _household(candidate)


def _choose(found: Case) -> Candidate | None:
    if not found.candidates:
        return None
    by_id = {one.resident_id: one for one in found.candidates}
    if len(by_id) == 1:
        return found.candidates[0]
    state = st.session_state
    if state.get(place.CHOSEN) not in by_id:
        state[place.CHOSEN] = found.candidates[0].resident_id

    def label(resident: str) -> str:
        one, number = by_id[resident], list(by_id).index(resident) + 1
        share = "" if one.probability is None else f"　見込み{_percent(one.probability)}"
        now = (
            "（今の結びつき）"
            if resident == found.resident_id and found.status in ("auto", "confirmed")
            else ""
        )
        return f"候補{number} {one.name}{share}{now}"

    st.segmented_control(
        "候補", list(by_id), format_func=label, key=place.CHOSEN, label_visibility="collapsed"
    )
    return by_id.get(state.get(place.CHOSEN) or "", found.candidates[0])


def _percent(share: float) -> str:
    if share >= 0.9995:
        return "99.9%以上"
    if share < 0.001:
        return "0.1%未満"
    return f"{share:.1%}"


def _buttons(
    user: Actor, shown: session.Snapshot, found: Case, candidate: Candidate | None, origin: str
) -> None:
    first = found.standing.proposal
    if first is not None and first.given_by == user.user_id:
        st.info(
            f"あなたの答え「{matching.ANSWERS[first.answer]}」は記録ずみです。"
            "2人目が同じ答えを出すと決まります。"
        )
        _take_back(user, shown, found)
        return
    whom = candidate.resident_id if candidate else None
    reasons = matching.settings().reasons
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="mt_answers"):
        for said, key in (
            (matching.SAME, "1"),
            (matching.DIFFERENT, "2"),
            (matching.LATER, "3"),
            (matching.NOBODY, "4"),
        ):
            st.button(
                matching.ANSWERS[said],
                type="primary" if said == matching.SAME else "secondary",
                shortcut=key,
                key=f"mt_say_{said}",
                on_click=_say,
                args=(user, shown, found, said, whom, origin),
                disabled=whom is None and said in (matching.SAME, matching.DIFFERENT),
            )
        now = st.session_state.get(place.REASON)
        now = now if now in reasons else next(iter(reasons))
        picked = st.menu_button(
            f"理由：{reasons[now]}", list(reasons), format_func=reasons.__getitem__, key="mt_why"
        )
        if picked is not None:
            st.session_state[place.REASON] = picked
            st.rerun()
        with st.popover("ほかの人をさがす"):
            _find(user, shown)
        if found.standing.settled or found.standing.ruled_out:
            _take_back(user, shown, found)
    if first is not None:
        st.caption("1人目の答えは、あなたが答えるまで見えません。")


def _take_back(user: Actor, shown: session.Snapshot, found: Case) -> None:
    st.button(
        "この記録の決定を取り消す",
        type="tertiary",
        key="mt_take_back",
        on_click=undo,
        args=(user, shown, found.extract, found.record_key),
    )


def undo(user: Actor, shown: session.Snapshot, extract: str, record_key: str) -> None:
    """Take back what was decided about a record, and say so."""
    try:
        matching.undo(session.store(), user, extract, record_key, snapshot=shown.name)
    except KodomoError as refusal:
        st.session_state[place.SAID] = ("warning", str(refusal))
        return
    st.session_state[place.SAID] = ("success", "取り消しました。次の反映から、機械の判断に戻ります。")


def _say(user: Actor, shown: session.Snapshot, found: Case, said: str, whom: str | None, origin: str) -> None:
    state = st.session_state
    if state.get(place.AT) != (found.extract, found.record_key):
        return  # a key pressed twice: the record is answered already, and the next one is on its way
    try:
        given = matching.answer(
            session.store(),
            user,
            found,
            said,
            whom,
            reason=state.get(place.REASON) or "compared",
            opened_at=state.get(place.OPENED),
            origin=origin,
            snapshot=shown.name,
        )
    except KodomoError as refusal:
        state[place.SAID] = ("warning", str(refusal))
        return
    words = {
        "proposed": "答えを記録しました。2人目が同じ答えを出すと決まります。",
        "agreed": "2人の答えがそろい、決まりました。",
        "disputed": "1人目とちがう答えです。決めずに、確認の列に戻しました。",
        "later": "あとで、にしました。列の最後にまわります。",
    }
    text = words.get(given.state, f"「{matching.ANSWERS[said]}」と記録しました。")
    state[place.SAID] = ("success", text)
    state[place.LAST] = None if said == matching.LATER else (found.extract, found.record_key)
    keep = said == matching.DIFFERENT and given.state == "final" and len(found.candidates) > 1
    for name in (place.CHOSEN, place.ALSO, place.WORDS):
        state.pop(name, None)
    state[place.OPENED] = session.store().clock()
    if not keep and origin in ("queue", "sample"):
        state.pop(place.AT, None)


def _find(user: Actor, shown: session.Snapshot) -> None:
    st.text_input(
        "名前・カナ・通称・旧氏・以前の名前・住所・生年月日",
        key=place.WORDS,
        autocomplete="off",
        max_chars=60,
        placeholder="例 とよなか はなこ、本町1-2-3、H26.5.6",
    )
    words = (st.session_state.get(place.WORDS) or "").strip()
    if not words:
        st.caption("大人や、転出した人も含めて、住民基本台帳のすべての人からさがします。")
        return
    rows, total = look_up(user, shown, words, most=HITS)
    for one in rows:
        st.button(
            person_line(one),
            key=f"mt_take_{one.resident_id}",
            on_click=_take,
            args=(one.resident_id,),
            width="stretch",
        )
    if not rows:
        st.caption("見つかりません。別の書き方や、名前の一部でもさがしてください。")
    elif total > len(rows):
        st.caption(f"ほか{total - len(rows):,}人。空白で区切り、生年月日や町名を足すと絞れます。")


def look_up(
    user: Actor, shown: session.Snapshot, words: str, *, most: int, page: int = 1
) -> tuple[list[matching.Found], int]:
    """Residents who fit the words, best first, and how many there are; logged before they are shown."""
    hits = session.directory(shown).find(words)
    part = hits[(page - 1) * most : page * most]
    session.log_once(
        "look_up",
        (shown.name, words, page),
        "view_links",
        count=len(part),
        detail={
            "done": "search",
            "hits": len(hits),
            "words_hash": audit.hash_words(session.store(), words),
        },
    )
    return matching.describe(shown.con, part, shown.as_of), len(hits)


def person_line(one: matching.Found) -> str:
    """A found resident in one line."""
    marks = "".join(f"　【{mark}】" for mark in (one.left, "支援措置" if one.protected else "") if mark)
    where = "" if one.protected else f"　{one.place}"
    return f"{one.name}（{one.kana}）{one.birth}　{one.relation}{where}{marks}"


def _take(resident: str) -> None:
    st.session_state[place.ALSO] = resident
    st.session_state[place.CHOSEN] = resident


_MARKS = {"variant": "mt-variant", "alike": "mt-alike", "other": "mt-other"}


def marked(spans: Sequence) -> str:
    """Spans as markup; what differs is marked by colour and by the kind of line below it."""
    out = []
    for span in spans:
        style = _MARKS.get(span.kind)
        text = escape(span.text)
        out.append(f'<span class="{style}">{text}</span>' if style and span.text.strip() else text)
    return "".join(out) or '<span class="kd-muted">–</span>'


def _side_by_side(found: Case, candidate: Candidate) -> None:
    rows = []
    for line in candidate.lines:
        parted: Difference = line.difference
        tone = "" if line.agrees is None else "mt-ok" if line.agrees else "mt-no"
        sign = "" if line.agrees is None else "○ " if line.agrees else "× "
        rows.append(
            f'<tr><td class="f">{escape(line.label)}</td><td class="v">{marked(parted.left)}</td>'
            f'<td class="v">{marked(parted.right)}</td>'
            f'<td class="w {tone}">{sign}{escape(line.words)}</td></tr>'
        )
    st.html(
        '<table class="mt"><colgroup><col style="width:5.6em"><col><col><col style="width:25%"></colgroup>'
        "<thead><tr>"
        f'<th scope="col"></th><th scope="col">届いた記録（{escape(found.title)}）</th>'
        f'<th scope="col">住民基本台帳の人</th><th scope="col">くらべた結果</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
        '<div class="mt-legend" style="margin-top:.25rem"><span class="mt-variant">点線</span>'
        "同じ字の別の書き方　"
        '<span class="mt-alike">破線</span>似た別の字・近い音　<span class="mt-other">太線</span>ちがう字　'
        f"受け取った日 {escape(parts.day(found.delivered_on))}</div>"
    )
    if found.why:
        st.html(f'<div class="kd-small">自動で結ばなかった理由：<b>{escape(found.why)}</b></div>')
    for note in candidate.notes:
        st.html(f'<div class="kd-small mt-no">注意：{escape(note)}</div>')


def _waterfall(found: Case, candidate: Candidate) -> None:
    """The evidence as steps that add up, one bar a step on a common scale."""
    total, at = candidate.weight or 0.0, 0.0
    ends = [0.0]
    for step in candidate.steps:
        at += step.points
        ends.append(at)
    low, high = min(ends), max(ends)
    span = max(high - low, 1.0)

    def place(value: float) -> float:
        return 100 * (value - low) / span

    rows, at = [], 0.0
    for step in candidate.steps:
        start, at = at, at + step.points
        left, width = place(min(start, at)), place(max(start, at)) - place(min(start, at))
        color = theme.ACCENT if step.points >= 0 else "#b45309"
        rows.append(
            f'<tr><td>{escape(step.label)} <span class="kd-muted">{escape(step.words)}</span></td>'
            f'<td class="b"><div class="t"><i style="left:{place(0):.1f}%"></i>'
            f'<b style="left:{left:.1f}%;width:{width:.1f}%;background:{color}"></b></div></td>'
            f'<td class="n">{step.points:+.1f}</td></tr>'
        )
    share = "" if candidate.probability is None else f"（同じ人の見込み {_percent(candidate.probability)}）"
    rows.append(f'<tr class="sum"><td colspan="2">合計{share}</td><td class="n">{total:+.1f}</td></tr>')
    st.html(
        '<div class="kd-small"><b>手がかりの重み</b>　<span class="kd-muted">'
        "1点ふえるごとに、同じ人らしさが2倍。"
        f"見込みは、ほかの候補とも分けあいます（照合の版 {escape(found.model)}）</span></div>"
        f'<table class="mt-falls">{"".join(rows)}</table>'
    )


def _household(candidate: Candidate) -> None:
    rows = "".join(
        f"<tr><td>{escape(one.relation)}</td><td>{'<b>' if one.is_candidate else ''}{escape(one.name)}"
        f"{'（この候補）</b>' if one.is_candidate else ''}</td>"
        f'<td class="n" style="width:auto">{escape(one.birth)}{"　同じ日" if one.same_birth else ""}'
        f"{'' if one.lives_here else '　転出など'}</td></tr>"
        for one in candidate.household[:9]
    )
    more = f"　ほか{len(candidate.household) - 9}人" if len(candidate.household) > 9 else ""
    st.html(
        f'<div class="kd-small" style="margin-top:.2rem"><b>この候補の世帯</b>{more}</div>'
        f'<table class="mt-falls">{rows}</table>'
    )
