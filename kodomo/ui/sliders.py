"""Sliders: a panel of thresholds that cannot cross, one slider a level, answering while it is moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from streamlit.components.v2 import component

from kodomo.ui import theme


@dataclass(frozen=True)
class Group:
    """The sliders of one category: thresholds from level 1 up, those in use, and the scale."""

    code: str
    label: str
    values: tuple[float, ...]
    base: tuple[float, ...]
    top: float
    step: float
    note: str = ""


_CSS = """
:host { display: block; }
.panel { font-family: var(--st-font); color: #20262d; font-size: 13.5px; line-height: 1.35; }
.group { padding: 7px 0 8px 0; border-bottom: 1px solid #e7eaef; }
.group:last-child { border-bottom: none; padding-bottom: 0; }
.group:first-child { padding-top: 0; }
.head { display: flex; align-items: baseline; gap: 8px; min-height: 22px; }
.head b { font-size: 14.5px; }
.note { color: #5b6675; font-size: 12px; }
.row { display: grid; grid-template-columns: 70px 1fr 62px 88px; align-items: center; column-gap: 8px;
       height: 27px; }
.name { font-weight: 600; white-space: nowrap; }
.value { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.value b { font-size: 15px; }
.side { display: flex; align-items: center; gap: 6px; white-space: nowrap; font-size: 12px; color: #5b6675;
        visibility: hidden; }
.changed .side { visibility: visible; }
.changed .value b { color: #1f5f8b; text-decoration: underline; text-underline-offset: 3px; }
button { font: inherit; font-size: 12px; color: #1f5f8b; background: #fff; border: 1px solid #d5dae1;
         border-radius: 3px; padding: 1px 6px; cursor: pointer; }
button:hover { background: #f0f5f9; }
input[type=range] { width: 100%; margin: 0; accent-color: var(--kd-color); height: 20px; cursor: pointer; }
input[type=range]:focus-visible { outline: 2px solid #1f5f8b; outline-offset: 1px; border-radius: 3px; }
input[type=range]:disabled { cursor: default; }
"""

# The panel draws itself once per revision and keeps its own state while it is moved: what comes back from the
# server for the same revision is what it sent, so nothing jumps under the hand.
_JS = """
const add = (parent, tag, cls, text) => {
  const node = document.createElement(tag);
  if (cls) node.className = cls;
  if (text !== undefined && text !== null) node.textContent = text;
  parent.appendChild(node);
  return node;
};
const shown = (value) => String(Math.round(value * 100) / 100);
export default function (component) {
  const { data, setStateValue, parentElement } = component;
  const root = parentElement.querySelector('.panel');
  root.kdSend = (values) => setStateValue('draft', { rev: data.rev, values });
  if (root.kdRev === data.rev) return;
  root.kdRev = data.rev;
  root.replaceChildren();
  const values = {};
  let timer = null;
  const send = (wait) => {
    clearTimeout(timer);
    const copy = Object.fromEntries(Object.entries(values).map(([code, points]) => [code, [...points]]));
    if (wait) timer = setTimeout(() => root.kdSend(copy), wait);
    else root.kdSend(copy);
  };
  for (const group of data.groups) {
    values[group.code] = [...group.values];
    const box = add(root, 'div', 'group');
    const head = add(box, 'div', 'head');
    add(head, 'b', '', group.label);
    add(head, 'span', 'note', group.note);
    for (let level = group.values.length; level >= 1; level--) {
      const look = data.levels[level];
      const at = level - 1;
      const row = add(box, 'div', 'row');
      const name = add(row, 'span', 'name', look.shape + ' ' + look.word);
      name.style.color = look.color;
      const range = add(row, 'input');
      range.type = 'range';
      range.min = group.step;
      range.max = group.top;
      range.step = group.step;
      range.style.setProperty('--kd-color', look.color);
      range.setAttribute('aria-label', group.label + ' ' + look.word + ' のしきい値（点）');
      range.dataset.category = group.code;
      range.dataset.level = level;
      const value = add(row, 'span', 'value');
      const figure = add(value, 'b');
      add(value, 'span', '', ' 点から');
      const side = add(row, 'span', 'side');
      add(side, 'span', '', '元 ' + shown(group.base[at]));
      const undo = add(side, 'button', '', '戻す');
      undo.type = 'button';
      undo.setAttribute('aria-label', group.label + ' ' + look.word + ' を元の点に戻す');
      const paint = () => {
        range.value = values[group.code][at];
        figure.textContent = shown(values[group.code][at]);
        range.setAttribute('aria-valuetext', shown(values[group.code][at]) + '点から');
        row.className = values[group.code][at] === group.base[at] ? 'row' : 'row changed';
      };
      const set = (wanted, wait) => {
        const points = values[group.code];
        const low = at > 0 ? points[at - 1] + group.step : group.step;
        const high = at < points.length - 1 ? points[at + 1] - group.step : group.top;
        const kept = Math.min(Math.max(wanted, low), high);
        const moved = kept !== points[at];
        points[at] = kept;
        paint();
        if (moved) send(wait);
      };
      range.oninput = () => set(Number(range.value), 40);
      undo.onclick = () => set(group.base[at], 0);
      paint();
    }
  }
}
"""


def panel(groups: Sequence[Group], *, revision: str, key: str) -> dict[str, list[float]] | None:
    """Draw the sliders; returns category → thresholds once one was moved, else nothing.

    A new `revision` draws the panel anew from the values given; the same one leaves it as the reader has it.
    """
    mount = component("kodomo_sliders", html='<div class="panel"></div>', css=_CSS, js=_JS)
    data = {
        "rev": revision,
        "groups": [
            {**vars(group), "values": list(group.values), "base": list(group.base)} for group in groups
        ],
        "levels": {
            style.level: {"word": style.word, "shape": style.shape, "color": style.color}
            for style in theme.LEVELS
        },
    }
    result: Any = mount(key=key, data=data, on_draft_change=lambda: None)
    draft = result.get("draft")
    return _checked(draft, groups) if draft and draft.get("rev") == revision else None


def _checked(draft: dict[str, Any], groups: Sequence[Group]) -> dict[str, list[float]]:
    """What the browser sent, as far as it names the categories drawn and has a number for each level."""
    sent = draft.get("values") or {}
    found = {}
    for group in groups:
        points = sent.get(group.code)
        if isinstance(points, (list, tuple)) and len(points) == len(group.values):
            found[group.code] = [float(value) for value in points]
    return found
