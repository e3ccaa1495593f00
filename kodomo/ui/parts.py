"""Parts: the small building blocks of the screens; every value from data is escaped here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from html import escape
from typing import Any, Literal

import streamlit as st

from kodomo.ui import theme

JST = timezone(timedelta(hours=9))


@dataclass(frozen=True)
class Html:
    """Markup made by a function of this module; anything else is text and gets escaped."""

    markup: str


def html(value: object) -> str:
    """`value` as markup: `Html` as it is, `None` as a dash, everything else escaped."""
    if isinstance(value, Html):
        return value.markup
    if value is None or value == "":
        return '<span class="kd-muted">–</span>'
    return escape(str(value))


def join(*values: object, by: str = " ") -> Html:
    """Several values in one piece of markup."""
    return Html(by.join(html(value) for value in values))


def muted(value: object) -> Html:
    """Grey small text."""
    return Html(f'<span class="kd-muted kd-small">{html(value)}</span>')


def note(value: object) -> Html:
    """A grey small line of its own."""
    return Html(f'<div class="kd-muted kd-small">{html(value)}</div>')


def say(text: str) -> None:
    """Show a grey small line: what a chart or list shows."""
    st.html(note(text).markup)


def strong(value: object) -> Html:
    """Bold text."""
    return Html(f"<b>{html(value)}</b>")


def level_mark(level: int | None, *, note: str = "") -> Html:
    """An alert level as shape, word and colour."""
    style = theme.level_style(level)
    border = f"border:1px dashed {style.color};" if level is None else ""
    return Html(
        f'<span class="kd-lv" style="color:{style.color};background:{style.background};{border}">'
        f"{style.shape} {escape(style.word)}{escape(note)}</span>"
    )


def chip(text: str, tone: str = "") -> Html:
    """A short bordered label; `tone` is '', 'strong', 'good' or 'dash'."""
    return Html(f'<span class="kd-chip{" kd-" + tone if tone else ""}">{escape(text)}</span>')


def chips(labels: Iterable[tuple[str, str]]) -> Html:
    """A row of chips from (text, tone) pairs."""
    return Html("".join(chip(text, tone).markup for text, tone in labels))


def department_mark(code: str) -> Html:
    """A department's name with its fixed colour."""
    found = theme.department(code)
    return Html(
        f'<span style="white-space:nowrap"><span class="kd-dot" style="background:{found.color}"></span>'
        f"{escape(found.name)}</span>"
    )


def day(value: date | None) -> str:
    """A date as 2026-10-31, or a dash."""
    return value.strftime("%Y-%m-%d") if value else "–"


def moment(value: datetime | str | None) -> str:
    """A moment (UTC or text in ISO form) as Japanese wall clock to the minute."""
    if value is None or value == "":
        return "–"
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if value.tzinfo is not None:
        value = value.astimezone(JST)
    return value.strftime("%Y-%m-%d %H:%M")


def count(value: int | float | None) -> str:
    """A figure with thousands separators, or a dash."""
    return "–" if value is None else f"{value:,.0f}"


def change(pair: Sequence[int]) -> str:
    """Children before and after, as "12 → 15（+3）"; the number alone where it stays."""
    was, now = pair
    return f"{was:,}" if was == now else f"{was:,} → {now:,}（{now - was:+,}）"


def days_ago(value: date | None, today: date) -> str:
    """How long before `today` a date lies, in words."""
    if value is None:
        return "記録なし"
    days = (today - value).days
    if days <= 0:
        return "当日"
    if days < 60:
        return f"{days}日前"
    return f"{days // 30}か月前" if days < 730 else f"{days // 365}年前"


def unknown_line(number: int, owners: Iterable[str]) -> list[str]:
    """How many things are unknown, and which departments can tell; nothing where nothing is unknown."""
    if not number:
        return []
    order = [department.code for department in theme.departments()]
    names = [theme.department(code).name for code in sorted(set(owners), key=order.index)]
    some = "・".join(names[:2]) + (f" ほか{len(names) - 2}課" if len(names) > 2 else "")
    return [f"？ 不明 {number}件" + (f"（{some}）" if names else "")]


def heading(title: str, note: str = "") -> None:
    """The heading of a screen, with one line of what its figures rest on."""
    text = f'<span class="kd-note">{escape(note)}</span>' if note else ""
    st.html(f'<div class="kd-head"><h1>{escape(title)}</h1>{text}</div>')


def card(name: str, **size: Any) -> Any:
    """A white bordered block; `name` is unique on the screen."""
    return st.container(border=True, key=f"card_{name}", **size)


def choice(
    label: str,
    names: Mapping[str, str],
    *,
    first: str | None = None,
    key: str | None = None,
    width: int | Literal["stretch"] = "stretch",
) -> str:
    """A menu without a search field: one code out of `names` (code → what staff read).

    `first` is the code chosen at the start, the first of `names` when None.
    """
    codes = list(names)
    return st.selectbox(
        label,
        codes,
        index=0 if first is None else codes.index(first),
        format_func=lambda code: names[code],
        key=key,
        width=width,
        filter_mode=None,
    )


def halves() -> Any:
    """Two equal columns."""
    return st.columns(2, gap="small")


def cards(items: Sequence[tuple[str, object, str, str]]) -> None:
    """A row of figures: (title, figure, unit, small text below)."""
    body = "".join(
        f'<div class="kd-card"><div class="kd-t">{html(title)}</div>'
        f'<div class="kd-n">{html(figure)}<small>{escape(unit)}</small></div>'
        f'<div class="kd-s">{html(note) if note else "&nbsp;"}</div></div>'
        for title, figure, unit, note in items
    )
    st.html(f'<div class="kd-cards">{body}</div>')


def count_strip(
    first: tuple[str, int, str, Sequence[str]],
    boxes: Sequence[tuple[str, Sequence[tuple[int, int, int]]]],
) -> None:
    """The figures above a list: one leading figure, then a box for each category.

    `first` is (title, figure, what it is a part of, further figures in words); each box is (title, rows of
    (level, children, of these still to be looked at)).
    """
    title, figure, whole, notes = first
    body = (
        f'<div class="kd-card kd-first"><div class="kd-t">{escape(title)}</div>'
        f'<div class="kd-n">{count(figure)}<small>人　{escape(whole)}</small></div>'
        f'<div class="kd-s">{"　".join(escape(note) for note in notes)}</div></div>'
    )
    for name, rows in boxes:
        lines = "".join(
            f'<div class="kd-row"><span style="color:{theme.level_style(level).color};font-weight:600">'
            f"{theme.level_style(level).shape} {escape(theme.level_style(level).word)}</span>"
            f'<span class="kd-v"><b>{count(waiting)}</b> '
            f'<span class="kd-muted">/ {count(children)}人</span></span></div>'
            for level, children, waiting in rows
        )
        head = f'<div class="kd-row kd-t"><span>{escape(name)}</span><span>未確認 / 全体</span></div>'
        body += f'<div class="kd-card">{head}{lines}</div>'
    st.html(f'<div class="kd-strip">{body}</div>')


def facts(pairs: Iterable[tuple[str, object]]) -> None:
    """Label and value pairs, one a line."""
    body = "".join(f"<dt>{escape(label)}</dt><dd>{html(value)}</dd>" for label, value in pairs)
    st.html(f'<dl class="kd">{body}</dl>')


def facts_line(pairs: Iterable[tuple[str, object]]) -> Html:
    """Label and value pairs on one line."""
    body = "".join(
        f'<span class="kd-pair"><span class="kd-muted">{escape(label)}</span>　{html(value)}</span>'
        for label, value in pairs
    )
    return Html(f'<div class="kd-small" style="line-height:1.9">{body}</div>')


def foot(text: str) -> None:
    """The small line at the foot of a screen."""
    st.html(f'<div class="kd-muted kd-small" style="text-align:right">{escape(text)}</div>')


def bullets(values: Iterable[object]) -> None:
    """A plain list."""
    st.html('<ul class="kd">' + "".join(f"<li>{html(value)}</li>" for value in values) + "</ul>")


def bar(step: tuple[float, float], top: float, marks: Sequence[float]) -> Html:
    """One step of a sum as a bar on a scale from 0 to `top`, with thin lines at `marks`."""
    start, points = step
    left, width = min(start, start + points), abs(points)
    color = theme.ACCENT if points >= 0 else "#9aa5b4"
    lines = "".join(
        f'<i style="left:{100 * mark / top:.1f}%;background:{theme.level_style(level).color}"></i>'
        for level, mark in enumerate(marks, start=1)
        if mark <= top
    )
    return Html(
        f'<span class="kd-bar">{lines}<b style="left:{100 * left / top:.1f}%;width:{100 * width / top:.1f}%;'
        f'background:{color}"></b></span>'
    )


def table(
    columns: Sequence[tuple[str | Html, str]],
    rows: Iterable[Sequence[object]],
    *,
    empty: str = "該当はありません。",
    scroll: bool = False,
    height: int = 460,
    caption: str = "",
) -> None:
    """A plain table: `columns` are (heading, class), where class is '', 'num' or 'nb'; cells are escaped."""
    head = "".join(f'<th scope="col" class="{kind}">{html(title)}</th>' for title, kind in columns)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td class="{kind}">{html(cell)}</td>' for cell, (_, kind) in zip(row, columns, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    if not body:
        st.caption(empty)
        return
    label = f'<caption class="kd-small kd-muted">{escape(caption)}</caption>' if caption else ""
    markup = f'<table class="kd">{label}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    st.html(f'<div class="kd-scroll" style="max-height:{height}px">{markup}</div>' if scroll else markup)


_LIST_CSS = """
:host { display: block; }
.wrap { border: 1px solid #d5dae1; border-radius: 4px; background: #fff; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; font-family: var(--st-font);
        font-size: 13.5px; color: #20262d; line-height: 1.45; }
th { text-align: left; font-weight: 600; color: #5b6675; font-size: 12.5px; padding: 6px 7px;
     border-bottom: 1px solid #d5dae1; background: #fafbfc; white-space: nowrap; }
td { padding: 6px 7px; border-bottom: 1px solid #e7eaef; vertical-align: top; overflow-wrap: anywhere; }
tbody tr:last-child td { border-bottom: none; }
tbody tr.open { cursor: pointer; }
tbody tr.open:hover, tbody tr.open:focus { background: #f0f5f9; outline: none; }
tbody tr.open:focus-visible { box-shadow: inset 3px 0 0 #1f5f8b; }
.num { text-align: right; font-variant-numeric: tabular-nums; }
.main { display: block; }
.main.link { color: #1f5f8b; font-weight: 600; text-decoration: underline; text-underline-offset: 2px; }
.sub { display: block; color: #5b6675; font-size: 12px; }
.lv { display: inline-block; white-space: nowrap; font-weight: 600; border-radius: 3px; padding: 0 4px;
      font-size: 12.5px; }
.tag { display: inline-block; white-space: nowrap; border: 1px solid #d5dae1; border-radius: 3px;
       padding: 0 4px; font-size: 12px; margin: 0 3px 2px 0; }
.tag.strong { border-color: #9b1c1c; color: #9b1c1c; font-weight: 600; }
.tag.good { border-color: #4d7c5a; color: #2f5d3c; }
.tag.dash { border-style: dashed; color: #5b6675; }
.empty { padding: 18px; color: #5b6675; font-family: var(--st-font); }
"""

# Every value arrives as data and is set with textContent, so names made of markup stay names.
_LIST_JS = """
const add = (parent, tag, cls, text) => {
  const node = document.createElement(tag);
  if (cls) node.className = cls;
  if (text !== undefined && text !== null) node.textContent = text;
  parent.appendChild(node);
  return node;
};
const fill = (cell, value, link) => {
  if (value === null || value === undefined) { cell.textContent = '–'; return; }
  if (typeof value !== 'object') { cell.textContent = value; return; }
  if (value.level) {
    const mark = add(cell, 'span', 'lv', value.level.text);
    mark.style.color = value.level.color;
    mark.style.background = value.level.background;
    if (value.level.dashed) mark.style.border = '1px dashed ' + value.level.color;
  }
  for (const line of value.lines || []) add(cell, 'span', 'main' + (link ? ' link' : ''), line);
  for (const tag of value.tags || []) add(cell, 'span', 'tag ' + (tag[1] || ''), tag[0]);
  for (const line of value.sub || []) add(cell, 'span', 'sub', line);
};
export default function (component) {
  const { data, setTriggerValue, parentElement } = component;
  const root = parentElement.querySelector('.wrap');
  root.replaceChildren();
  if (!data.rows.length) { add(root, 'div', 'empty', data.empty); return; }
  const table = add(root, 'table');
  if (data.label) table.setAttribute('aria-label', data.label);
  const group = add(table, 'colgroup');
  for (const column of data.columns) add(group, 'col').style.width = column.width || 'auto';
  const head = add(add(table, 'thead'), 'tr');
  for (const column of data.columns) add(head, 'th', column.kind || '', column.title).scope = 'col';
  const body = add(table, 'tbody');
  for (const row of data.rows) {
    const line = add(body, 'tr', row.id ? 'open' : '');
    row.cells.forEach((value, at) =>
      fill(add(line, 'td', data.columns[at].kind || ''), value, row.id && data.columns[at].link));
    if (row.id) {
      const open = () => setTriggerValue('open', row.id);
      line.tabIndex = 0;
      line.setAttribute('role', 'link');
      line.onclick = () => { if (!String(window.getSelection())) open(); };
      line.onkeydown = (event) => { if (event.key === 'Enter') open(); };
    }
  }
}
"""


@dataclass(frozen=True)
class Column:
    """One column of a clickable list: heading, CSS width, 'num' for figures, and whether it looks a link."""

    title: str
    width: str = ""
    kind: str = ""
    link: bool = False


def level_cell(level: int | None) -> dict[str, Any]:
    """An alert level as a cell of a clickable list."""
    style = theme.level_style(level)
    return {
        "level": {
            "text": f"{style.shape} {style.word}" if level or level is None else style.shape,
            "color": style.color,
            "background": style.background,
            "dashed": level is None,
        }
    }


def cell(
    *lines: str,
    sub: Sequence[str] = (),
    tags: Sequence[tuple[str, str]] = (),
    level: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A cell of a clickable list: lines of text, small lines below, tags as (text, tone)."""
    made: dict[str, Any] = {"lines": list(lines), "sub": list(sub), "tags": [list(tag) for tag in tags]}
    return {**made, **level} if level else made


def clickable_list(
    columns: Sequence[Column],
    rows: Sequence[tuple[str, Sequence[object]]],
    *,
    key: str,
    empty: str,
    label: str = "",
) -> str | None:
    """A list whose rows can be opened with a click or the Enter key.

    `rows` are (opaque id, cells); an empty id makes a row that cannot be opened. Returns the id of the row
    that was just opened, once; `opened_row` tells it before the screen is drawn.
    """
    components: Any = st.components
    mount = components.v2.component(
        "kodomo_list", html='<div class="wrap"></div>', css=_LIST_CSS, js=_LIST_JS
    )
    data = {
        "columns": [vars(column) for column in columns],
        "rows": [{"id": row_id, "cells": list(cells)} for row_id, cells in rows],
        "empty": empty,
        "label": label,
    }
    result = mount(key=key, data=data, on_open_change=lambda: None)
    return result.get("open")


def opened_row(key: str) -> str | None:
    """The id of the row just opened in the list with that key, once, before anything is read or drawn."""
    state = st.session_state.get(key)
    return state.get("open") if state is not None else None


def refuse(title: str, reason: str, ask: str, *, logged: bool = True) -> None:
    """A whole screen that says why something is not shown and whom to ask, in place of the thing."""
    heading(title)
    with card("refused"):
        facts([("理由", reason), ("たずね先", ask)])
        if logged:
            st.caption("この画面を開こうとしたことは、操作ログに記録されました。")
