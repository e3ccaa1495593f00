"""Tiles: figures of what waits, each of which leads to the screen where it is worked on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

_CSS = """
:host { display: block; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(196px, 1fr)); gap: 9px; }
button { font: inherit; font-family: var(--st-font); text-align: left; background: #fff; color: #20262d;
         border: 1px solid #d5dae1; border-radius: 4px; padding: 6px 11px 7px 11px; cursor: pointer;
         line-height: 1.35; }
button:hover { background: #f0f5f9; }
button:focus-visible { outline: 2px solid #1f5f8b; outline-offset: 1px; }
button.first { border-left: 4px solid #9b1c1c; padding-left: 8px; }
.title { display: block; color: #1f5f8b; font-size: 13px; font-weight: 600; text-decoration: underline;
         text-underline-offset: 2px; }
.figure { display: block; font-size: 21px; font-weight: 700; font-variant-numeric: tabular-nums; }
.figure small { font-size: 12.5px; font-weight: 400; color: #5b6675; margin-left: 2px; }
.note { display: block; color: #5b6675; font-size: 12px; min-height: 1.35em; }
"""

# Every value arrives as data and is set with textContent.
_JS = """
const add = (parent, tag, cls, text) => {
  const node = document.createElement(tag);
  node.className = cls;
  node.textContent = text;
  parent.appendChild(node);
  return node;
};
export default function (component) {
  const { data, setTriggerValue, parentElement } = component;
  const root = parentElement.querySelector('.grid');
  root.replaceChildren();
  for (const tile of data.tiles) {
    const box = document.createElement('button');
    box.type = 'button';
    if (tile.first) box.className = 'first';
    add(box, 'span', 'title', tile.title);
    const figure = add(box, 'span', 'figure', tile.figure);
    add(figure, 'small', '', tile.unit);
    add(box, 'span', 'note', tile.note);
    box.onclick = () => setTriggerValue('open', tile.id);
    root.appendChild(box);
  }
}
"""


@dataclass(frozen=True)
class Tile:
    """One figure that leads somewhere: its name, the figure with its unit, and one small line.

    `first` marks what comes before everything else.
    """

    id: str
    title: str
    count: int
    unit: str
    note: str = ""
    first: bool = False


def tiles(shown: Sequence[Tile], key: str) -> None:
    """Draw the tiles; `parts.opened_row(key)` tells on the next run which one was pressed."""
    components: Any = st.components
    mount = components.v2.component("kodomo_tiles", html='<div class="grid"></div>', css=_CSS, js=_JS)
    data = {
        "tiles": [
            {
                "id": tile.id,
                "title": tile.title,
                "figure": f"{tile.count:,}",
                "unit": tile.unit,
                "note": tile.note,
                "first": tile.first and tile.count > 0,
            }
            for tile in shown
        ]
    }
    mount(key=key, data=data, on_open_change=lambda: None)
