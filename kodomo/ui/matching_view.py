"""Matching view: one record beside its candidates, the answer, and what became of answers so far."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from html import escape
from math import ceil

import streamlit as st

from kodomo import access, audit, link_history, matching
from kodomo.audit import Actor
from kodomo.differences import Difference
from kodomo.errors import KodomoError
from kodomo.matching import Candidate, Case, Waiting
from kodomo.paths import ROOT
from kodomo.ui import charts, parts, session, theme

VIEW = "mt_view"
EXTRACT = "mt_extract"
AT = "mt_at"
PLACE = "mt_place"
OPENED = "mt_opened"
CHOSEN = "mt_chosen"
ALSO = "mt_also"
REASON = "mt_reason"
SAID = "mt_said"
CHILD = "mt_child"
TURN = "mt_turn"
LAST = "mt_last"
ASK, SAMPLE, NOBODY, CHANGED, DECIDED, REPAIR, QUALITY = (
    "確認する",
    "抜き取り",
    "相手なし",
    "変わった結びつき",
    "決めたもの",
    "混ざりを直す",
    "正しさと手間",
)
VIEWS = (ASK, SAMPLE, NOBODY, CHANGED, DECIDED, REPAIR, QUALITY)
ORIGINS = {ASK: "queue", SAMPLE: "sample", NOBODY: "unlinked", REPAIR: "repair"}
PAGE = 30
EVERY = "*"

STYLE = """
<style>
  table.mt { border-collapse: collapse; width: 100%; table-layout: fixed; font-size: .95rem;
             background: #fff; }
  table.mt th { text-align: left; font-weight: 600; color: #5b6675; font-size: .83rem; padding: .22rem .5rem;
                border-bottom: 1px solid #d5dae1; }
  table.mt td { padding: .26rem .5rem; border-bottom: 1px solid #e7eaef; vertical-align: top;
                overflow-wrap: anywhere; }
  table.mt td.f { color: #5b6675; font-size: .85rem; white-space: nowrap; }
  table.mt td.v { font-size: 1.02rem; }
  table.mt td.w { font-size: .83rem; }
  .mt-variant { border-bottom: 2px dotted #1f5f8b; background: #e8f1f8; }
  .mt-alike { border-bottom: 2px dashed #8a5300; background: #fdf3df; }
  .mt-other { border-bottom: 3px solid #9b1c1c; background: #fbeaea; font-weight: 700; }
  .mt-ok { color: #2f5d3c; } .mt-no { color: #9b1c1c; font-weight: 600; }
  .mt-legend { font-size: .8rem; color: #5b6675; }
  .mt-legend span { margin-right: .2rem; padding: 0 .15rem; color: #20262d; }
  .mt-falls { width: 100%; border-collapse: collapse; font-size: .85rem; background: #fff; }
  .mt-falls td { padding: .1rem .35rem; vertical-align: middle; }
  .mt-falls td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; width: 3.6em; }
  .mt-falls td.b { width: 38%; }
  .mt-falls .t { position: relative; height: 1.05em; }
  .mt-falls .t b { position: absolute; top: .12em; height: .8em; min-width: 2px; border-radius: 1px; }
  .mt-falls .t i { position: absolute; top: -.15em; bottom: -.15em; width: 1px; background: #8792a2; }
  .mt-falls tr.sum td { border-top: 1px solid #d5dae1; font-weight: 600; }
</style>
"""


# -- figures ----------------------------------------------------------------------------------------------


@st.cache_data(max_entries=4, show_spinner=False)
def _listed(name: str) -> list[matching.Listed]:
    """The links that may be asked about; keyed by snapshot, the same for everybody, filtered afterwards."""
    return matching.listed(session.snapshot().con)


def waiting(user: Actor, shown: session.Snapshot) -> list[Waiting]:
    """What this person is asked about, in order, within the chosen extract."""
    ops = session.store()
    rows = matching.with_proposals(shown.con, ops, _listed(shown.name))
    return matching.queue(rows, ops, user, st.session_state.get(EXTRACT))


def summary(user: Actor, shown: session.Snapshot, queue: Sequence[Waiting]) -> None:
    """One line of figures, and the button that puts decisions into effect."""
    ops = session.store()
    done, middle = matching.today(ops, user)
    second = sum(item.state == "proposed" for item in queue)
    mine = matching.awaiting_second(ops, user)
    open_decisions = matching.unapplied(shown.con, ops)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="mt_figures"):
        st.html(
            parts.facts_line(
                [
                    ("確認を待つ記録", parts.strong(f"{parts.count(len(queue))}件")),
                    ("うち2人目の確認", f"{second}件"),
                    ("自分が出して2人目を待つもの", f"{mine}件"),
                    (
                        "今日の自分の確認",
                        f"{done}件" + (f"（1件 {spent(middle)}）" if middle is not None else ""),
                    ),
                    ("まだ反映していない決定", f"{open_decisions}件"),
                ]
            ).markup
        )
        _apply(user, open_decisions)
        last = st.session_state.get(LAST)
        if last:
            st.button(
                "直前を取り消す",
                shortcut="0",
                type="secondary",
                key="mt_undo_last",
                on_click=_undo_last,
                args=(user, shown),
            )
    said = st.session_state.pop(SAID, None)
    if said:
        kind, text = said
        if kind == "warning":
            st.warning(text)
        else:
            st.toast(text)


def spent(minutes: float | None) -> str:
    """A time of work in words: 40秒, 2.5分."""
    if minutes is None:
        return "–"
    return f"{minutes * 60:.0f}秒" if minutes < 1 else f"{minutes:.1f}分"


# -- putting decisions into effect ------------------------------------------------------------------------


@st.cache_resource
def _runs() -> dict[str, subprocess.Popen[bytes]]:
    """The running re-match of this server, if there is one."""
    return {}


def _apply(user: Actor, open_decisions: int) -> None:
    if not access.may(user, "link"):
        return
    running = _runs().get("relink")
    if running is not None and running.poll() is None:
        _watch()
        return
    if running is not None:
        _runs().pop("relink")
        if running.returncode:
            st.warning(
                "決定を反映できませんでした。取り込みの最中かもしれません。しばらくしてから、もう一度押してください。"
                "決定は残っているので、次の取り込みでも反映されます。"
            )
    if open_decisions:
        st.button(
            "いま反映する",
            on_click=_start,
            args=(user,),
            help="名寄せと判定をやり直した新しい版を作ります。数分かかります。その間も今の版を使えます。押さなければ、"
            "次の取り込みのときに反映されます。",
        )


def _start(user: Actor) -> None:
    audit.record(session.store(), user, "link", detail={"done": "relink"})
    family = session.family()
    environment = {**os.environ, "TZ": "Asia/Tokyo"}
    _runs()["relink"] = subprocess.Popen(
        [sys.executable, "-m", "kodomo", "--db", str(family.folder / f"{family.stem}.duckdb"), "relink"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@st.fragment(run_every="5s")
def _watch() -> None:
    session.stay()
    running = _runs().get("relink")
    if running is not None and running.poll() is None:
        st.html('<span class="kd-small" style="white-space:nowrap">決定を反映しています（数分）</span>')
    else:
        st.rerun(scope="app")


# -- what to look at --------------------------------------------------------------------------------------


def view(user: Actor) -> str:
    """The part of the screen that was chosen, and the extract to look at."""
    titles = matching.titles()
    mine = matching.extracts_for(user)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="mt_bar"):
        chosen = st.segmented_control(
            "表示",
            VIEWS,
            default=ASK,
            key=VIEW,
            on_change=_turn_to,
            label_visibility="collapsed",
            persist_state="session",
        )
        needed = chosen in (SAMPLE, NOBODY)
        if needed and st.session_state.get(EXTRACT) not in mine and mine:
            st.session_state[EXTRACT] = mine[0]
        if len(mine) > 1:
            # A menu, not a select box: that one would keep the keyboard for its own search.
            now = st.session_state.get(EXTRACT)
            everything = [] if needed else [EVERY]
            picked = st.menu_button(
                titles.get(now or "", "すべての連携データ"),
                [*everything, *mine],
                format_func=lambda one: titles.get(one, "すべての連携データ"),
                key="mt_pick",
            )
            if picked is not None:
                st.session_state[EXTRACT] = None if picked == EVERY else picked
                _forget()
                st.rerun()
    return chosen or ASK


def _turn_to() -> None:
    """Another part of the screen: every extract again, nothing open."""
    st.session_state[EXTRACT] = None
    _forget()


def _forget() -> None:
    """Begin anew: nothing is open, nothing is chosen."""
    for key in (AT, PLACE, OPENED, CHOSEN, ALSO):
        st.session_state.pop(key, None)
    st.session_state[TURN] = st.session_state.get(TURN, 0) + 1


def _extract(user: Actor) -> str | None:
    mine = matching.extracts_for(user)
    wanted = st.session_state.get(EXTRACT)
    return wanted if wanted in mine else mine[0] if mine else None


# -- the queue --------------------------------------------------------------------------------------------


def ask(user: Actor, shown: session.Snapshot, queue: Sequence[Waiting]) -> None:
    """The next record of the queue."""
    if not queue:
        st.info("確認を待つ記録はありません。")
        return
    _case_of(user, shown, queue, "queue")


def sample(user: Actor, shown: session.Snapshot) -> None:
    """Automatic links drawn by lot, without the machine's opinion."""
    extract = _extract(user)
    if extract is None:
        return
    left, done = matching.sample(shown.con, session.store(), user, extract)
    st.html(
        '<div class="kd-small kd-muted">自動で結びついた記録から、くじで選んだものです。'
        f"先入観なく見られるよう、"
        f"機械の点数は出しません。{escape(matching.titles()[extract])}：{done}件すみ、残り{len(left)}件。"
        "答えから、自動の結びつきの正しさを見積もります。</div>"
    )
    if not left:
        st.info("この連携データの抜き取りは終わりました。")
        return
    _case_of(user, shown, left, "sample")


def _case_of(user: Actor, shown: session.Snapshot, rows: Sequence[Waiting], origin: str) -> None:
    state = st.session_state
    keys = [(row.extract, row.record_key) for row in rows]
    if state.get(AT) not in keys:
        place = min(int(state.get(PLACE) or 0), len(keys) - 1)
        _open(keys[place])
    place = keys.index(state[AT])
    state[PLACE] = place
    row = rows[place]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="mt_walk"):
        st.button("前", on_click=_step, args=(keys, place - 1), disabled=place == 0, key="mt_before")
        st.button(
            "次", on_click=_step, args=(keys, place + 1), disabled=place + 1 >= len(keys), key="mt_after"
        )
        marks = []
        if row.two_people:
            marks.append(("2人で確認", "strong"))
        if row.state == "proposed":
            marks.append(("2人目の確認です", "strong"))
        elif row.state == "disputed":
            marks.append(("2人の答えがちがいました", "strong"))
        elif row.state == "later":
            marks.append(("あとで、にした記録", "dash"))
        st.html(
            f'<span class="kd-small">{place + 1}件目 / {len(keys)}件　</span>'
            f"{parts.department_mark(matching.departments()[row.extract]).markup}　"
            f"<b>{escape(matching.titles()[row.extract])}</b>　"
            f'<span class="kd-muted kd-small">記録番号 {escape(row.record_key)}</span>　'
            f"{parts.chips(marks).markup}"
        )
    case_view(user, shown, row.extract, row.record_key, origin)


def _step(keys: Sequence[tuple[str, str]], place: int) -> None:
    if 0 <= place < len(keys):
        _open(keys[place])
        st.session_state[PLACE] = place


def _open(key: tuple[str, str]) -> None:
    state = st.session_state
    state[AT] = key
    state[OPENED] = session.store().clock()
    state.pop(CHOSEN, None)
    state.pop(ALSO, None)


# -- one case ---------------------------------------------------------------------------------------------


def case_view(user: Actor, shown: session.Snapshot, extract: str, record_key: str, origin: str) -> None:
    """A record beside its candidates, with the buttons that answer."""
    state = st.session_state
    also = [state[ALSO]] if state.get(ALSO) else []
    found = matching.open_case(shown.con, session.store(), user, extract, record_key, shown.as_of, also=also)
    people = tuple(one.resident_id for one in found.candidates)
    session.log_once(
        "case",
        (extract, record_key, people),
        "view_links",
        count=len(people),
        subject=people[0] if people else None,
    )
    if origin == "sample":
        found = matching.without_steps(found)
    st.html(STYLE)
    candidate = _choose(found)
    _buttons(user, shown, found, candidate, origin)
    if candidate is None:
        st.info(
            "くらべる候補がありません。「ほかの人をさがす」で住民をさがすか、「どの候補でもない」を選んでください。"
        )
        return
    left, right = st.columns([62, 38], gap="small")
    with left:
        _side_by_side(found, candidate)
    with right:
        if candidate.steps:
            _waterfall(candidate)
        _household(candidate)


def _choose(found: Case) -> Candidate | None:
    if not found.candidates:
        return None
    by_id = {one.resident_id: one for one in found.candidates}
    if len(by_id) == 1:
        return found.candidates[0]
    state = st.session_state
    if state.get(CHOSEN) not in by_id:
        state[CHOSEN] = found.candidates[0].resident_id

    def label(resident: str) -> str:
        one, number = by_id[resident], list(by_id).index(resident) + 1
        share = "" if one.probability is None else f"　見込み{_percent(one.probability)}"
        now = (
            "（今の結びつき）"
            if resident == found.resident_id and found.status in ("auto", "confirmed")
            else ""
        )
        return f"候補{number} {one.name}{share}{now}"

    st.segmented_control("候補", list(by_id), format_func=label, key=CHOSEN, label_visibility="collapsed")
    return by_id.get(state.get(CHOSEN) or "", found.candidates[0])


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
            f"あなたの答え「{matching.ANSWERS[first.answer]}」は記録ずみです。2人目が同じ答えを出すと決まります。"
        )
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
        now = st.session_state.get(REASON) or next(iter(reasons))
        picked = st.menu_button(
            f"理由：{reasons[now]}", list(reasons), format_func=reasons.__getitem__, key="mt_why"
        )
        if picked is not None:
            st.session_state[REASON] = picked
            st.rerun()
        with st.popover("ほかの人をさがす"):
            _find(shown)
    if first is not None:
        st.caption("1人目の答えは、あなたが答えるまで見えません。")


def _say(user: Actor, shown: session.Snapshot, found: Case, said: str, whom: str | None, origin: str) -> None:
    state = st.session_state
    try:
        given = matching.answer(
            session.store(),
            user,
            found,
            said,
            whom,
            reason=state.get(REASON) or "compared",
            opened_at=state.get(OPENED),
            origin=origin,
            snapshot=shown.name,
        )
    except KodomoError as refusal:
        state[SAID] = ("warning", str(refusal))
        return
    words = {
        "proposed": "答えを記録しました。2人目が同じ答えを出すと決まります。",
        "agreed": "2人の答えがそろい、決まりました。",
        "disputed": "1人目とちがう答えです。決めずに、確認の列に戻しました。",
        "later": "あとで、にしました。列の最後にまわります。",
    }
    text = words.get(given.state, f"「{matching.ANSWERS[said]}」と記録しました。")
    state[SAID] = ("success", text)
    state[LAST] = None if said == matching.LATER else (found.extract, found.record_key)
    keep = said == matching.DIFFERENT and given.state == "final" and len(found.candidates) > 1
    state.pop(CHOSEN, None)
    state.pop(ALSO, None)
    state[OPENED] = session.store().clock()
    if not keep and origin in ("queue", "sample"):
        state.pop(AT, None)


def _find(shown: session.Snapshot) -> None:
    st.text_input(
        "名前でさがす（漢字・カナ・通称・旧氏）",
        key="mt_words",
        autocomplete="off",
        placeholder="例 とよなか はなこ",
    )
    words = (st.session_state.get("mt_words") or "").strip()
    if not words:
        st.caption("こども（18歳の年度末まで）の中からさがします。")
        return
    audit.record(
        session.store(),
        session.require("view_links"),
        "view_links",
        detail={"done": "search"},
        snapshot=shown.name,
    )
    found = session.directory(shown).find(words, limit=8)
    for one in matching.describe(shown.con, found, shown.as_of):
        st.button(
            f"{one.name}（{one.kana}）{one.birth}　{one.address}",
            key=f"mt_take_{one.resident_id}",
            on_click=_take,
            args=(one.resident_id,),
            width="stretch",
        )
    if not found:
        st.caption("見つかりません。")


def _take(resident: str) -> None:
    st.session_state[ALSO] = resident
    st.session_state[CHOSEN] = resident


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


def _waterfall(candidate: Candidate) -> None:
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
        f'見込みは、ほかの候補とも分けあいます</span></div><table class="mt-falls">{"".join(rows)}</table>'
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


# -- lists ------------------------------------------------------------------------------------------------


def _key(name: str) -> str:
    return f"mt_page_{name}_{st.session_state.setdefault(TURN, 0)}"


def _number(name: str) -> int:
    return max(int(st.session_state.get(_key(name)) or 1), 1)


def _pager(total: int, name: str) -> None:
    pages = ceil(total / PAGE)
    if pages > 1:
        with st.container(horizontal=True, horizontal_alignment="center"):
            st.pagination(pages, key=_key(name), persist_state="session")


def nobody(user: Actor, shown: session.Snapshot) -> None:
    """Records without a resident, with why; one can be opened and given one."""
    extract = _extract(user)
    if extract is None:
        return
    opened = st.session_state.get(AT)
    if opened and opened[0] == extract:
        st.button("一覧に戻る", on_click=_forget)
        case_view(user, shown, opened[0], opened[1], "unlinked")
        return
    rows, total = matching.unlinked(shown.con, user, extract, page=_number("nobody"), size=PAGE)
    session.log_once("unlinked", (extract, _number("nobody")), "view_links", count=len(rows))
    st.html(
        f'<div class="kd-small kd-muted">{escape(matching.titles()[extract])}：相手の住民が見つからない記録 '
        f"{total:,}件。判定には使われません。行を押すと、候補や名前から住民をさがせます。</div>"
    )
    chosen = parts.clickable_list(
        [
            parts.Column("記録番号", "130px", link=True),
            parts.Column("氏名", "190px"),
            parts.Column("生年月日", "110px"),
            parts.Column("見つからない理由", "230px"),
            parts.Column("いちばん近い住民とのちがい"),
            parts.Column("決めた人", "90px"),
        ],
        [
            (
                str(number),
                [
                    parts.cell(row.record_key),
                    parts.cell(row.name or "–", sub=[row.kana or ""]),
                    row.birth or "–",
                    row.why,
                    row.nearest or "–",
                    row.decided_by or ("職員" if row.status == "rejected" else ""),
                ],
            )
            for number, row in enumerate(rows)
        ],
        key=f"mt_nobody_{_number('nobody')}",
        empty="相手が見つからない記録はありません。",
        label="相手が見つからない記録",
    )
    _pager(total, "nobody")
    if chosen is not None:
        _open((extract, rows[int(chosen)].record_key))
        st.rerun()


_STATUS = {
    "auto": "自動",
    "confirmed": "職員が確認",
    "review": "確認待ち",
    "none": "該当なし",
    "rejected": "職員が該当なしと判断",
    None: "（なし）",
}


def changed(user: Actor, shown: session.Snapshot) -> None:
    """Which links the newest snapshots changed, and why."""
    mine = matching.extracts_for(user)
    wanted = [st.session_state[EXTRACT]] if st.session_state.get(EXTRACT) in mine else mine
    with_new = st.toggle("新しく届いた記録も表示", key="mt_new")
    rows, total = link_history.changes(
        shown.con, wanted, new_too=with_new, page=_number("changed"), size=PAGE
    )
    counts = link_history.counts(shown.con, wanted)
    newest = max((run for run, _, _ in counts), default=None)
    words = "、".join(f"{link_history.WHY[why]} {n:,}件" for run, why, n in counts if run == newest)
    st.html(
        f'<div class="kd-small">いちばん新しい変化：{escape(words or "変わった結びつきはありません")}'
        '　<span class="kd-muted">職員の決定は、取り込みのたびに引きつがれます。</span></div>'
    )
    session.log_once("changed", (tuple(wanted), _number("changed"), with_new), "view_links", count=len(rows))
    residents = [one for row in rows for one in (row.old_resident, row.new_resident) if one]
    names = {
        one.resident_id: one.name
        for one in matching.describe(shown.con, list(dict.fromkeys(residents)), shown.as_of)
    }

    def state_of(status: str | None, resident: str | None) -> str:
        word = _STATUS.get(status, status or "")
        return f"{word}　{names.get(resident, '')}" if resident else word

    parts.table(
        [("回", "num"), ("連携データ", ""), ("記録番号", "nb"), ("前", ""), ("今", ""), ("なぜ", "")],
        [
            (
                row.run,
                matching.titles()[row.extract],
                row.record_key,
                state_of(row.old_status, row.old_resident),
                parts.strong(state_of(row.new_status, row.new_resident))
                if row.moved
                else state_of(row.new_status, row.new_resident),
                link_history.WHY[row.why] + (f"（{row.detail}）" if row.detail else ""),
            )
            for row in rows
        ],
        empty="変わった結びつきはありません。",
        scroll=True,
        height=430,
    )
    _pager(total, "changed")


def decided(user: Actor, shown: session.Snapshot) -> None:
    """What was answered, newest first, each with its undo."""
    rows = matching.recent(session.store(), user, most=PAGE)
    session.log_once("decided", len(rows), "view_links", count=len(rows))
    st.html(
        '<div class="kd-small kd-muted">新しい順に30件。取り消すと、次の反映から機械の判断に戻り、'
        "確認待ちであればまた"
        "列に入ります。取り消したことも記録に残ります。</div>"
    )
    if not rows:
        st.info("まだ決めたものはありません。")
        return
    names = {
        one.resident_id: one.name
        for one in matching.describe(
            shown.con, list(dict.fromkeys(row.resident_id for row in rows if row.resident_id)), shown.as_of
        )
    }
    standing = matching.standings(session.store())
    seen: set[tuple[str, str]] = set()
    for row in rows:
        key = (row.extract, row.record_key)
        at = standing.get(key)
        first = key not in seen
        seen.add(key)
        may = first and at is not None and (at.settled or bool(at.ruled_out) or at.proposal is not None)
        with st.container(
            horizontal=True, vertical_alignment="center", gap="small", key=f"mt_row_{row.opinion_id}"
        ):
            whom = f"　{names.get(row.resident_id, '')}" if row.resident_id else ""
            took = f"　{spent(row.minutes)}" if row.minutes is not None else ""
            st.html(
                f'<div class="kd-small">{escape(parts.moment(row.given_at))}　'
                f"<b>{escape(matching.ANSWERS[row.answer])}</b>{escape(whom)}　"
                f"{escape(matching.titles()[row.extract])} {escape(row.record_key)}　"
                f'{escape(matching.STATES[row.state])}　<span class="kd-muted">{escape(row.given_by)}　'
                f"{escape(row.reason)}{took}</span></div>"
            )
            if may and row.state != "undone":
                st.button(
                    "取り消す",
                    key=f"mt_undo_{row.opinion_id}",
                    on_click=_undo,
                    args=(user, shown, row.extract, row.record_key),
                )


def _undo_last(user: Actor, shown: session.Snapshot) -> None:
    last = st.session_state.pop(LAST, None)
    if last:
        _undo(user, shown, *last)
        _open(last)


def _undo(user: Actor, shown: session.Snapshot, extract: str, record_key: str) -> None:
    try:
        matching.undo(session.store(), user, extract, record_key, snapshot=shown.name)
    except KodomoError as refusal:
        st.session_state[SAID] = ("warning", str(refusal))
        return
    st.session_state[SAID] = ("success", "取り消しました。次の反映から、機械の判断に戻ります。")


# -- the repair -------------------------------------------------------------------------------------------


def repair(user: Actor, shown: session.Snapshot) -> None:
    """A child whose data was mixed with another's: find the record, say whose it is."""
    state = st.session_state
    if state.get(AT):
        st.button("記録の一覧に戻る", on_click=_close_case)
        case_view(user, shown, state[AT][0], state[AT][1], "repair")
        return
    st.html(
        '<div class="kd-small">別のこどもの記録が混ざっているときに使います。'
        "①こどもをさがす　②混ざっている記録を選ぶ　"
        "③「ちがう人」を選ぶか、正しい人をさがして「同じ人」を選ぶ。反映すると記録が移り、両方のこどもを判定し直します。</div>"
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        words = st.text_input(
            "こどもの名前（漢字・カナ・通称・旧氏）", key="mt_repair_words", autocomplete="off", width=320
        )
    if words:
        found = session.directory(shown).find(words.strip(), limit=12)
    else:  # sent here from a child's own screen
        found = [st.session_state[CHILD]] if CHILD in st.session_state else []
    if words:
        session.log_once("repair", audit.hash_words(session.store(), words), "view_links", count=len(found))
    people = matching.describe(shown.con, found, shown.as_of)
    if words and not people:
        st.info("見つかりません。別の書き方でもさがしてください。")
    if not people:
        return
    child = next((one for one in people if one.resident_id == st.session_state.get(CHILD)), None)
    if child is not None:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.html(
                f"<b>{escape(child.name)}</b>（{escape(child.kana)}）{escape(child.birth)}に結びついている記録"
            )
            st.button("別のこどもを選ぶ", on_click=_other_child, type="tertiary")
        _attached(user, shown, child.resident_id)
        return
    chosen = parts.clickable_list(
        [
            parts.Column("こども", "240px", link=True),
            parts.Column("カナ", "240px"),
            parts.Column("生年月日", "120px"),
            parts.Column("住所"),
        ],
        [
            (str(number), [parts.cell(one.name), one.kana, one.birth, one.address])
            for number, one in enumerate(people)
        ],
        key="mt_children",
        empty="",
        label="見つかったこども",
    )
    if chosen:
        st.session_state[CHILD] = people[int(chosen)].resident_id
        st.rerun()


def _other_child() -> None:
    st.session_state.pop(CHILD, None)


def _close_case() -> None:
    for key in (AT, OPENED, CHOSEN, ALSO):
        st.session_state.pop(key, None)


def _attached(user: Actor, shown: session.Snapshot, resident: str) -> None:
    rows = matching.attached(shown.con, user, resident)
    session.log_once("attached", resident, "view_links", count=len(rows), subject=resident)
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
                str(number) if row.may_open else "",
                [
                    row.title,
                    row.record_key or "（担当課の職員かデータ担当が確認）",
                    row.name or "–",
                    row.birth or "–",
                    parts.day(row.delivered_on),
                    _STATUS[row.status],
                ],
            )
            for number, row in enumerate(rows)
        ],
        key="mt_attached",
        empty="このこどもに結びついた記録はありません。",
        label="結びついている記録",
    )
    if chosen:
        row = rows[int(chosen)]
        _open((row.extract, row.record_key))
        st.rerun()


# -- how well, and at what cost ---------------------------------------------------------------------------


def quality(user: Actor, shown: session.Snapshot) -> None:
    """Estimated precision and recall with intervals, and the work by month."""
    ops = session.store()
    rows = matching.quality(shown.con, ops, user)
    session.log_once("quality", shown.name, "view_links", count=len(rows))
    st.html(
        '<div class="kd-small"><b>自動の名寄せの正しさ</b>　<span class="kd-muted">'
        "職員の答えからの見積もりです。"
        "括弧は95%の"
        "区間（ウィルソン法）。答えが少ないうちは、区間が広くなります。</span></div>"
    )
    parts.table(
        [
            ("連携データ", ""),
            ("自動", "num"),
            ("確認待ち", "num"),
            ("該当なし", "num"),
            ("正しく結びついた割合（適合率）", "num"),
            ("抜き取り", "num"),
            ("もれずに結びついた割合（再現率）", "num"),
            ("確認待ちで同じ人だった", "num"),
        ],
        [
            (
                matching.titles()[row.extract],
                parts.count(row.auto),
                parts.count(row.review),
                parts.count(row.none),
                _interval(row.precision.value, row.precision.low, row.precision.high),
                f"{row.precision.of}件",
                _interval(row.recall, row.recall_low, row.recall_high),
                f"{row.reviewed.found} / {row.reviewed.of}件",
            )
            for row in rows
        ],
    )
    measured = matching.hidden_numbers(shown.con)
    if measured is not None:
        st.html(
            '<div class="kd-small">学齢簿の宛名番号を隠して結びつけた試し（'
            f"{measured.rows:,}行）：自動 {measured.linked:,}行、うち正しい "
            f"{_interval(measured.precision.value, measured.precision.low, measured.precision.high)}、"
            "もれずに結びついた "
            f"{_interval(measured.recall.value, measured.recall.low, measured.recall.high)}</div>"
        )
    months = matching.burden(ops, user)
    st.html(
        '<div class="kd-small" style="margin-top:.5rem"><b>名寄せの手間（月ごと）</b>　'
        '<span class="kd-muted">'
        "画面を開いてから答えるまでの時間の合計と件数</span></div>"
    )
    if not months:
        st.caption("まだ記録がありません。")
        return
    left, right = st.columns([55, 45], gap="small")
    with left:
        st.plotly_chart(
            charts.bars(
                [row.month for row in months[-12:]],
                [row.minutes for row in months[-12:]],
                unit="分",
                height=None,
            ),
            config=charts.CONFIG,
            theme=None,
            key="mt_burden",
        )
    with right:
        parts.table(
            [("月", "nb"), ("件数", "num"), ("人", "num"), ("合計", "num"), ("1件（まん中）", "num")],
            [
                (
                    row.month,
                    parts.count(row.answers),
                    row.people,
                    spent(row.minutes),
                    spent(row.median),
                )
                for row in months[::-1][:6]
            ],
        )


def _interval(value: float | None, low: float, high: float) -> str:
    if value is None:
        return "まだ見積もれません"
    return f"{value:.1%}（{low:.1%}–{high:.1%}）"
