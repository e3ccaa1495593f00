"""Printing: pages for paper as HTML of our own, made on demand after the log was written."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import streamlit as st

from kodomo import access, audit
from kodomo.audit import Actor
from kodomo.errors import KodomoError
from kodomo.ui import parts, session, theme
from kodomo.ui.parts import Html

HEIGHT = 560
# The only script of a page. Its hash stands in the page's own policy, so that nothing else on it can run.
_SCRIPT = "document.getElementById('print').onclick=()=>window.print();"
_HASH = b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{_HASH}'"
_STYLE = f"""
* {{ box-sizing: border-box; }}
body {{ font-family: {theme.FONT}; color: #000; font-size: 10pt; line-height: 1.45; margin: 0;
       background: #fff; -webkit-print-color-adjust: exact; print-color-adjust: exact; }}
main {{ padding: 0 4mm 6mm; }}
h1 {{ font-size: 14pt; margin: 0; }}
h2 {{ font-size: 11.5pt; margin: 4mm 0 1mm; border-bottom: 1.5px solid #000; break-after: avoid; }}
h3 {{ font-size: 10pt; margin: 2.5mm 0 .5mm; break-after: avoid; }}
p {{ margin: .5mm 0; }}
.stamp {{ border: 1px solid #000; padding: 1.5mm 2.5mm; font-size: 9pt; margin: 1.5mm 0 2.5mm; }}
.apart {{ display: flex; justify-content: space-between; gap: 6mm; align-items: baseline; }}
.small, small {{ font-size: 8.5pt; color: #333; }}
table {{ border-collapse: collapse; width: 100%; font-size: 9pt; }}
th {{ text-align: left; font-weight: 600; border-bottom: 1px solid #000; padding: .6mm 1.2mm; }}
td {{ border-bottom: 1px solid #bbb; padding: .8mm 1.2mm; vertical-align: top; }}
thead {{ display: table-header-group; }}
tr {{ break-inside: avoid; }}
.num {{ text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }}
.nb {{ white-space: nowrap; }}
ul {{ margin: .5mm 0; padding-left: 5mm; }}
.lv {{ display: inline-block; border: 1px solid; padding: 0 1.2mm; font-weight: 600; white-space: nowrap; }}
.bar {{ position: relative; display: block; width: 62mm; height: 4mm; }}
.bar b {{ position: absolute; top: .5mm; height: 3mm; min-width: .4mm; }}
.bar i {{ position: absolute; top: -1mm; bottom: -1mm; border-left: 1px dashed; }}
.bar em {{ position: absolute; font-style: normal; font-size: 8pt; transform: translateX(-50%); }}
#print {{ font: inherit; padding: 1.5mm 5mm; margin: 2mm 4mm; }}
@media print {{ #print {{ display: none; }} main {{ padding: 0; }} }}
"""


@dataclass(frozen=True)
class Stamp:
    """What every printed page says of itself: who printed it, when, what for, and what it rests on."""

    who: str
    when: str
    purpose: str
    basis: str

    @property
    def markup(self) -> Html:
        """The lines in their frame."""
        return Html(
            '<div class="stamp">'
            f"印刷した人 {parts.html(self.who)}　日時 {parts.html(self.when)}　"
            f"目的 {parts.html(self.purpose)}<br>"
            f"{parts.html(self.basis)}　<b>取扱注意</b>　目的のほかに使わず、使い終わったら細断してください。"
            "レベルは確認する順番の目安で、判断ではありません。</div>"
        )


def page(title: str, body: Iterable[Html], *, landscape: bool = False) -> str:
    """A whole page for A4 paper that loads nothing from anywhere.

    Args:
        title: the heading of the browser's tab and the name a PDF gets; no personal data.
        body: the blocks of the page; every value in them must have gone through `parts.html`.
        landscape: on its side.
    """
    size = "A4 landscape" if landscape else "A4"
    blocks = "".join(block.markup for block in body)
    return (
        f'<!doctype html><html lang="ja"><head><meta charset="utf-8"><title>{parts.html(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<style>@page {{ size: {size}; margin: 12mm; }}{_STYLE}</style></head><body>"
        f'<button id="print" type="button">印刷する</button><main>{blocks}</main>'
        f"<script>{_SCRIPT}</script></body></html>"
    )


def table(
    columns: Sequence[tuple[str | Html, str]], rows: Iterable[Sequence[object]], empty: str = ""
) -> Html:
    """A plain table for paper: `columns` are (heading, class), where class is '', 'num' or 'nb'."""
    head = "".join(f'<th class="{kind}">{parts.html(title)}</th>' for title, kind in columns)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td class="{kind}">{parts.html(cell)}</td>'
            for cell, (_, kind) in zip(row, columns, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    if not body:
        return Html(f"<p>{parts.html(empty)}</p>" if empty else "")
    return Html(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")


def heading(text: str, rank: int = 2) -> Html:
    """A heading of the second or third rank."""
    return Html(f"<h{rank}>{parts.html(text)}</h{rank}>")


def say(text: object) -> Html:
    """A paragraph."""
    return Html(f"<p>{parts.html(text)}</p>")


def bullets(values: Iterable[object]) -> Html:
    """A plain list."""
    return Html("<ul>" + "".join(f"<li>{parts.html(value)}</li>" for value in values) + "</ul>")


def level(value: int | None) -> Html:
    """An alert level by shape, word and frame, so that it survives a printer without colour."""
    style = theme.level_style(value)
    return Html(f'<span class="lv" style="color:{style.color}">{style.shape} {parts.html(style.word)}</span>')


def offer(
    user: Actor,
    shown: session.Snapshot,
    *,
    action: str,
    make: Callable[[Stamp], str],
    key: str,
    child: access.ChildScope | None = None,
    label: str = "印刷用ページ",
    count: int | None = None,
) -> None:
    """A button that asks for the purpose and then shows a page to print; nothing for those without the right.

    The right is checked anew and the operation log holds the print before the page is made.

    Args:
        action: the code of data/actions.toml under which it is allowed and logged.
        make: makes the page's HTML from its stamp.
        key: the widget's key; no personal data.
        child: the child concerned, for actions on one child.
        count: how many rows the page shows.
    """
    if not access.may(user, action):
        return
    if st.button(label, key=key, icon=":material/print:", type="tertiary"):
        _dialog(user, shown, action, make, key, child, count)


@st.dialog("印刷用ページ", width="large")
def _dialog(
    user: Actor,
    shown: session.Snapshot,
    action: str,
    make: Callable[[Stamp], str],
    key: str,
    child: access.ChildScope | None,
    count: int | None,
) -> None:
    session.stay()
    known = access.purposes()
    with st.form(f"{key}_form", border=False):
        left, right = st.columns([1, 1.6], vertical_alignment="bottom")
        code = left.selectbox(
            "印刷の目的",
            list(known),
            format_func=lambda name: known[name].label,
            index=None,
            placeholder="選んでください",
        )
        note = right.text_input("説明（紙に印刷されます。こどもの名前は書かないでください）", max_chars=80)
        pressed = st.form_submit_button("記録して作る", type="primary")
    if not pressed:
        st.caption("だれが、いつ、何の目的で印刷したかが、紙と操作ログに残ります。")
        return
    try:
        if code is None or (known[code].note_required and not note.strip()):
            raise access.PurposeMissing(note=code is not None)
        access.require(session.store(), user, action, child)
        audit.record(
            session.store(),
            user,
            action,
            subject=child.resident_id if child else None,
            purpose=code,
            count=count,
            snapshot=shown.name,
            ruleset=shown.ruleset,
        )
    except KodomoError as refusal:
        st.error(str(refusal))
        return
    purpose = known[code].label + (f"（{note.strip()}）" if note.strip() else "")
    role = f"{access.role_label(user.role)}・{session.department_name(user.department)}"
    stamp = Stamp(
        f"{user.name}（{user.user_id}・{role}）",
        parts.moment(session.store().clock()),
        purpose,
        session.basis(shown),
    )
    st.iframe(make(stamp), height=HEIGHT, alt="印刷用ページ")
