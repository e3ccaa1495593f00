"""Matching view: the frame of 名寄せ確認: what to do next, warnings, parts, putting answers into effect."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from html import escape

import streamlit as st

from kodomo import access, audit, matching
from kodomo.audit import Actor
from kodomo.matching import Waiting
from kodomo.paths import ROOT
from kodomo.ui import matching_case, parts, session
from kodomo.ui import matching_place as place

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
EVERY = "*"

STYLE = """
<style>
  [data-testid="stMainBlockContainer"] > [data-testid="stVerticalBlock"] { gap: .5rem; }
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


def notices(user: Actor, shown: session.Snapshot) -> None:
    """The look of the screen, and above everything else what was noticed about whole lists."""
    st.html(STYLE)
    for notice in matching.notices(shown.con, matching.extracts_for(user)):
        st.warning(f"{notice.message}（{notice.rows:,}行、全体の{notice.share:.0%}）")


def summary(user: Actor, shown: session.Snapshot, queue: Sequence[Waiting]) -> None:
    """What to do next, one line of figures, and the button that puts decisions into effect."""
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
        if st.session_state.get(place.LAST):
            st.button(
                "直前を取り消す",
                shortcut="0",
                type="secondary",
                key="mt_undo_last",
                on_click=_undo_last,
                args=(user, shown),
            )
    st.html(
        f'<div class="kd-small"><b>次にすること</b>　{escape(_next(queue, second, open_decisions))}</div>'
    )
    said = st.session_state.pop(place.SAID, None)
    if said:
        kind, text = said
        if kind == "warning":
            st.warning(text)
        else:
            st.toast(text)


def _next(queue: Sequence[Waiting], second: int, open_decisions: int) -> str:
    if queue:
        first = f"まず、2人目の確認{second}件に答えます。" if second else ""
        return (
            f"{first}左右をくらべ、同じ人なら1、ちがう人なら2、あとで見るなら3を押します（0で取り消し）。"
            "急ぐもの、迷うものが先です。"
        )
    if open_decisions:
        return "確認はすべて終わりました。「いま反映する」を押すか、次の取り込みで、決定が反映されます。"
    return "確認はすべて終わりました。「抜き取り」で、自動の結びつきが正しいかを確かめます。"


def _undo_last(user: Actor, shown: session.Snapshot) -> None:
    last = st.session_state.pop(place.LAST, None)
    if last:
        matching_case.undo(user, shown, *last)
        place.open_record(last)


def spent(minutes: float | None) -> str:
    """A time of work in words: 40秒, 2.5分."""
    if minutes is None:
        return "–"
    return f"{minutes * 60:.0f}秒" if minutes < 1 else f"{minutes:,.1f}分"


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
    if st.session_state.get(place.VIEW) not in (None, *VIEWS):
        st.session_state.pop(place.VIEW)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="mt_bar"):
        chosen = st.segmented_control(
            "表示",
            VIEWS,
            default=ASK,
            key=place.VIEW,
            required=True,
            on_change=_turn_to,
            label_visibility="collapsed",
            persist_state="session",
        )
        needed = chosen in (SAMPLE, NOBODY)
        if needed and st.session_state.get(place.EXTRACT) not in mine and mine:
            st.session_state[place.EXTRACT] = mine[0]
        if len(mine) > 1 and chosen not in (REPAIR, DECIDED):
            # A menu, not a select box: that one would keep the keyboard for its own search.
            now = st.session_state.get(place.EXTRACT)
            everything = [] if needed else [EVERY]
            picked = st.menu_button(
                titles.get(now or "", "すべての連携データ"),
                [*everything, *mine],
                format_func=lambda one: titles.get(one, "すべての連携データ"),
                key="mt_pick",
            )
            if picked is not None:
                st.session_state[place.EXTRACT] = None if picked == EVERY else picked
                place.forget()
                st.rerun()
    return chosen or ASK


def _turn_to() -> None:
    """Another part of the screen: every extract again, nothing open."""
    st.session_state[place.EXTRACT] = None
    place.forget()
