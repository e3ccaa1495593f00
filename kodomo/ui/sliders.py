"""Sliders: the panel of every number of a rule set, grouped and searchable, answering while it is moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from streamlit.components.v2 import component

from kodomo.edits import Board
from kodomo.ui import theme

SECTIONS = (
    ("threshold", "しきい値"),
    ("item", "項目の点"),
    ("combination", "組み合わせ"),
    ("trigger", "1つで上がる"),
    ("group", "上限"),
    ("suppression", "支援中の印"),
)

_CSS = """
:host { display: block; }
.panel { font-family: var(--st-font); color: #20262d; font-size: 13.5px; line-height: 1.35; }
.tabs { display: flex; flex-wrap: wrap; gap: 2px 4px; border-bottom: 1px solid #d5dae1; margin-bottom: 6px; }
.tabs button { border: none; border-bottom: 2px solid transparent; background: none; border-radius: 0;
               color: #5b6675; padding: 3px 5px 4px 5px; font-size: 13px; }
.tabs button[aria-selected=true] { color: #1f5f8b; border-bottom-color: #1f5f8b; font-weight: 600; }
.tabs i { font-style: normal; color: #8a5300; font-size: 11.5px; }
.tools { display: flex; flex-wrap: wrap; gap: 5px; align-items: center; margin-bottom: 5px;
         font-size: 12.5px; }
.tools select, .tools input[type=search] { font: inherit; border: 1px solid #d5dae1; border-radius: 3px;
               padding: 2px 4px;
               height: 26px; background: #fff; color: #20262d; }
.tools input[type=search] { flex: 1 1 90px; min-width: 80px; }
.tools label { display: flex; align-items: center; gap: 3px; white-space: nowrap; }
.list { max-height: 640px; overflow-y: auto; overflow-x: hidden; padding-right: 4px;
        scrollbar-gutter: stable; }
.group { padding: 6px 0 7px 0; border-bottom: 1px solid #e7eaef; }
.group:last-child { border-bottom: none; }
.head { display: flex; align-items: baseline; gap: 7px; min-height: 22px; }
.head b { font-size: 14px; }
.head .grow { flex: 1; min-width: 0; }
.open { cursor: pointer; text-align: left; flex: 1; min-width: 0; border: none; background: none; padding: 0;
        color: #20262d; font-size: 13.5px; }
.open:hover { background: none; text-decoration: underline; text-underline-offset: 3px; }
.off .open { color: #8792a2; text-decoration: line-through; }
.note { color: #5b6675; font-size: 12px; }
.cat { color: #5b6675; font-size: 11.5px; border: 1px solid #d5dae1; border-radius: 3px; padding: 0 4px;
       white-space: nowrap; }
.sum { color: #5b6675; font-size: 12px; padding-left: 14px; overflow: hidden; text-overflow: ellipsis;
       white-space: nowrap; }
.mark { color: #8a5300; font-size: 11.5px; border: 1px solid #8a5300; border-radius: 3px; padding: 0 4px;
        white-space: nowrap; }
.row { display: grid; grid-template-columns: var(--kd-name, 70px) 1fr 74px 92px; align-items: center;
       column-gap: 8px;
       min-height: 27px; }
.wide { --kd-name: 118px; padding-left: 14px; }
.name { font-weight: 600; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.wide .name { font-weight: 400; }
.value { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; font-size: 12px; }
.value b { font-size: 14.5px; }
.side { display: flex; align-items: center; gap: 6px; white-space: nowrap; font-size: 12px; color: #5b6675;
        visibility: hidden; }
.changed .side { visibility: visible; }
.changed .value b { color: #1f5f8b; text-decoration: underline; text-underline-offset: 3px; }
button { font: inherit; font-size: 12px; color: #1f5f8b; background: #fff; border: 1px solid #d5dae1;
         border-radius: 3px; padding: 1px 6px; cursor: pointer; white-space: nowrap; }
button:hover { background: #f0f5f9; }
input[type=range] { width: 100%; margin: 0; accent-color: var(--kd-color, #1f5f8b); height: 20px;
                    cursor: pointer; }
input[type=range]:focus-visible, button:focus-visible { outline: 2px solid #1f5f8b; outline-offset: 1px;
                                                        border-radius: 3px; }
.empty { color: #5b6675; padding: 12px 4px; }
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
const fold = (text) => text.normalize('NFKC').toLowerCase();
export default function (component) {
  const { data, setStateValue, setTriggerValue, parentElement } = component;
  const root = parentElement.querySelector('.panel');
  root.kdSend = (edits) => setStateValue('draft', { rev: data.rev, edits });
  root.kdAsk = (what) => setTriggerValue('opinion', what);
  if (root.kdRev === data.rev) return;
  root.kdRev = data.rev;
  const keep = root.kdView || { section: 'threshold', category: '', band: data.bands[0][0], text: '',
                                changed: false, open: new Set() };
  root.kdView = keep;
  root.replaceChildren();

  const knobs = {}, base = {}, values = {}, above = {}, touched = new Set(Object.keys(data.edits));
  for (const board of data.boards) {
    if (board.switch) { base[board.switch] = board.baseEnabled; values[board.switch] = board.enabled; }
    for (const knob of board.knobs) {
      knobs[knob.id] = knob;
      base[knob.id] = knob.base;
      values[knob.id] = knob.value;
      if (knob.after) above[knob.after] = knob.id;
    }
  }
  let timer = null;
  const edits = () => {
    const found = {};
    for (const id of Object.keys(values))
      if (values[id] !== base[id] || (touched.has(id) && data.own.includes(id))) found[id] = values[id];
    return found;
  };
  const send = (wait) => {
    clearTimeout(timer);
    if (wait) timer = setTimeout(() => { root.kdSend(edits()); count(); }, wait);
    else { root.kdSend(edits()); count(); }
  };
  const names = (board) => [board.switch, ...board.knobs.map((knob) => knob.id)].filter(Boolean);
  const moved = (board) => names(board).some((id) => values[id] !== base[id]);

  const tabs = add(root, 'div', 'tabs');
  tabs.setAttribute('role', 'tablist');
  const tabOf = {};
  for (const [code, label] of data.sections) {
    const tab = add(tabs, 'button', '', label);
    tab.type = 'button';
    tab.setAttribute('role', 'tab');
    tab.dataset.section = code;
    tab.kdMark = add(tab, 'i', '');
    tab.onclick = () => { keep.section = code; draw(); };
    tabOf[code] = tab;
  }
  const count = () => {
    for (const [code] of data.sections) {
      const n = data.boards.filter((board) => board.section === code && moved(board)).length;
      tabOf[code].kdMark.textContent = n ? ' ' + n : '';
      tabOf[code].setAttribute('aria-selected', String(code === keep.section));
    }
    all.disabled = !data.boards.some(moved);
  };
  const tools = add(root, 'div', 'tools');
  const pick = (label, options, value, change) => {
    const node = add(tools, 'select');
    node.setAttribute('aria-label', label);
    for (const [code, text] of options) { const one = add(node, 'option', '', text); one.value = code; }
    node.value = value;
    node.onchange = () => { change(node.value); draw(); };
    return node;
  };
  const every = [['', 'すべての類型'], ...data.categories];
  pick('困難類型', every, keep.category, (value) => { keep.category = value; });
  const bands = pick('年齢区分', data.bands, keep.band, (value) => { keep.band = value; });
  const search = add(tools, 'input');
  search.type = 'search';
  search.placeholder = 'さがす（例: 欠席）';
  search.setAttribute('aria-label', '項目や条件をさがす');
  search.value = keep.text;
  search.oninput = () => { keep.text = search.value; draw(); };
  const only = add(tools, 'label');
  const tick = add(only, 'input');
  tick.type = 'checkbox';
  tick.checked = keep.changed;
  tick.onchange = () => { keep.changed = tick.checked; draw(); };
  add(only, 'span', '', '変えたものだけ');
  const all = add(tools, 'button', '', 'すべて元に戻す');
  all.type = 'button';
  all.onclick = () => {
    for (const id of Object.keys(values)) values[id] = base[id];
    touched.clear();
    draw();
    send(0);
  };
  const list = add(root, 'div', 'list');

  const slider = (box, knob, look, paintHead) => {
    const row = add(box, 'div', 'row');
    const name = add(row, 'span', 'name', (look ? look.shape + ' ' : '') + knob.label);
    name.title = knob.label;
    if (look) name.style.color = look.color;
    const range = add(row, 'input');
    range.type = 'range';
    range.min = knob.low;
    range.max = Math.max(knob.high, values[knob.id], base[knob.id]);
    range.step = knob.step;
    if (look) range.style.setProperty('--kd-color', look.color);
    range.setAttribute('aria-label', knob.about + ' ' + knob.label);
    range.dataset.knob = knob.id;
    const value = add(row, 'span', 'value');
    const figure = add(value, 'b');
    add(value, 'span', '', ' ' + knob.unit);
    const side = add(row, 'span', 'side');
    add(side, 'span', '', '元 ' + shown(base[knob.id]));
    const undo = add(side, 'button', '', '戻す');
    undo.type = 'button';
    undo.setAttribute('aria-label', knob.about + ' ' + knob.label + ' を元の値に戻す');
    const level = (at) => (knob.levels ? knob.levels[at] || String(at) : shown(at));
    const paint = () => {
      const at = values[knob.id];
      range.value = at;
      figure.textContent = level(at);
      range.setAttribute('aria-valuetext', level(at) + knob.unit);
      row.className = at === base[knob.id] ? 'row' : 'row changed';
      paintHead();
    };
    const set = (wanted, wait) => {
      const low = knob.after ? values[knob.after] + knob.step : knob.low;
      const high = above[knob.id] ? values[above[knob.id]] - knob.step : Number(range.max);
      const kept = Math.min(Math.max(wanted, low), high);
      const different = kept !== values[knob.id];
      values[knob.id] = Math.round(kept * 10000) / 10000;
      if (different) for (const id of knob.together) touched.add(id);
      paint();
      if (different) send(wait);
    };
    range.oninput = () => set(Number(range.value), 40);
    undo.onclick = () => {
      set(base[knob.id], 0);
      if (knob.together.every((id) => values[id] === base[id]))
        for (const id of knob.together) touched.delete(id);
      send(0);
    };
    paint();
  };

  const ask = (head, board) => {
    if (!data.opinions) return;
    const button = add(head, 'button', '', board.opinions ? '意見 ' + board.opinions : '意見');
    button.type = 'button';
    button.setAttribute('aria-label', board.about + ' への意見');
    button.onclick = () => root.kdAsk({ kind: board.opinionKind, about: board.opinionAbout, n: Date.now() });
  };
  const drawThreshold = (board) => {
    const box = add(list, 'div', 'group');
    const head = add(box, 'div', 'head');
    add(head, 'b', '', board.categoryLabel);
    add(head, 'span', 'note grow', board.note);
    ask(head, board);
    [...board.knobs].reverse().forEach((knob, at) =>
      slider(box, knob, data.levels[board.knobs.length - at], () => {}));
  };
  const drawRule = (board) => {
    const box = add(list, 'div', 'group wide');
    box.style.paddingLeft = '0';
    const head = add(box, 'div', 'head');
    const open = add(head, 'button', 'open', '');
    open.type = 'button';
    const arrow = add(open, 'span', '', '');
    add(open, 'span', '', board.title);
    const mark = add(head, 'span', 'mark', '変更');
    add(head, 'span', 'cat', board.categoryLabel);
    ask(head, board);
    if (board.switch) {
      const label = add(head, 'label', 'note');
      const used = add(label, 'input');
      used.type = 'checkbox';
      used.checked = values[board.switch];
      used.setAttribute('aria-label', board.title + ' を使う');
      add(label, 'span', '', '使う');
      used.onchange = () => { values[board.switch] = used.checked; paintHead(); send(0); };
    }
    const sum = add(box, 'div', 'sum', '');
    sum.title = board.note;
    const body = add(box, 'div', 'wide');
    const paintHead = () => {
      mark.style.display = moved(board) ? '' : 'none';
      box.classList.toggle('off', board.switch ? !values[board.switch] : false);
      const at = (knob) => (knob.levels ? knob.levels[values[knob.id]] : shown(values[knob.id]));
      sum.textContent = board.knobs.map((knob) => at(knob) + knob.unit).join('　') || board.note;
    };
    const show = () => {
      const on = keep.open.has(board.code);
      arrow.textContent = on ? '▾ ' : '▸ ';
      open.setAttribute('aria-expanded', String(on));
      sum.style.display = on ? 'none' : '';
      body.replaceChildren();
      if (!on) return;
      add(body, 'div', 'note', board.note);
      for (const knob of board.knobs) slider(body, knob, null, paintHead);
    };
    open.onclick = () => {
      if (keep.open.has(board.code)) keep.open.delete(board.code); else keep.open.add(board.code);
      show();
    };
    paintHead();
    show();
  };
  // An age band without thresholds of its own goes along with those of all ages until it is moved.
  const all_ages = (board) => data.boards.find((other) => other.section === 'threshold' &&
    other.category === board.category && other.title === data.bands[0][0]);
  const follow = () => {
    for (const board of data.boards) {
      if (!board.inherits || board.knobs.some((knob) => touched.has(knob.id))) continue;
      all_ages(board).knobs.forEach((knob, at) => {
        values[board.knobs[at].id] = base[board.knobs[at].id] = values[knob.id];
      });
    }
  };
  const draw = () => {
    follow();
    count();
    const text = fold(keep.text.trim());
    bands.style.display = keep.section === 'threshold' ? '' : 'none';
    search.style.display = keep.section === 'threshold' ? 'none' : '';
    list.replaceChildren();
    let drawn = 0;
    for (const board of data.boards) {
      if (board.section !== keep.section) continue;
      if (keep.category && board.category !== keep.category) continue;
      if (board.section === 'threshold' && board.title !== keep.band) continue;
      if (board.section !== 'threshold' && text && !fold(board.search).includes(text)) continue;
      if (keep.changed && !moved(board)) continue;
      drawn += 1;
      if (board.section === 'threshold') drawThreshold(board); else drawRule(board);
    }
    if (!drawn) add(list, 'div', 'empty', '当てはまるものはありません。');
  };
  draw();
}
"""


def panel(
    boards: Sequence[Board],
    base: Sequence[Board],
    *,
    notes: Mapping[str, str],
    opinions: Mapping[str, int] | None,
    labels: Mapping[str, str],
    bands: Sequence[tuple[str, str]],
    edits: Mapping[str, float | bool],
    revision: str,
    key: str,
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Draw the panel.

    Args:
        boards: the rows as the draft has them; base: as the rule set it began from has them.
        notes: board code → sentence that says what the rule does.
        opinions: board code → threads not decided yet; None where nobody may leave one.
        labels: category code → name. bands: (age band, name), 全年齢 first.
        edits: what the draft changes so far.
        revision: a new one draws the panel anew from the values given; the same one leaves it as it is.
        key: the widget's key.

    Returns:
        The edits, once something was moved in this revision, and {kind, about} when an opinion was asked for.
    """
    mount = component("kodomo_sliders", html='<div class="panel"></div>', css=_CSS, js=_JS)
    before = {board.code: board for board in base}
    words = {style.level: style.word for style in theme.LEVELS}
    rows: list[dict[str, Any]] = []
    own: list[str] = []
    for board in boards:
        was = before.get(board.code, board)
        starts = {knob.id: knob.value for knob in was.knobs}
        label = labels.get(board.category, board.category)
        threshold = board.section == "threshold"
        about = f"{label} {board.title}"
        inherits = threshold and not was.enabled
        if inherits:
            own += [knob.id for knob in board.knobs]
            if not board.enabled:
                starts = {knob.id: knob.value for knob in board.knobs}
        note = notes.get(board.code, "")
        rows.append(
            {
                "code": board.code,
                "section": board.section,
                "category": board.category,
                "categoryLabel": label,
                "title": board.title,
                "about": about,
                "note": note,
                "search": f"{board.title} {note} {label}",
                "switch": board.switch,
                "enabled": board.enabled,
                "baseEnabled": was.enabled,
                "inherits": inherits,
                "opinions": (opinions or {}).get(board.code, 0),
                "opinionKind": "threshold" if threshold else "rule",
                "opinionAbout": board.code,
                "knobs": [
                    {
                        **vars(knob),
                        "base": starts.get(knob.id, knob.value),
                        "about": about,
                        "together": [one.id for one in board.knobs] if inherits else [knob.id],
                        "levels": words if knob.id.startswith("floor|") else None,
                        "unit": f"{knob.unit}から" if threshold else knob.unit,
                    }
                    for knob in board.knobs
                ],
            }
        )
    data = {
        "rev": revision,
        "boards": rows,
        "sections": [list(section) for section in SECTIONS],
        "categories": [[code, label] for code, label in labels.items()],
        "bands": [list(band) for band in bands],
        "edits": dict(edits),
        "own": own,
        "opinions": opinions is not None,
        "levels": {
            style.level: {"word": style.word, "shape": style.shape, "color": style.color}
            for style in theme.LEVELS
        },
    }
    result: Any = mount(key=key, data=data, on_draft_change=lambda: None, on_opinion_change=lambda: None)
    draft = result.get("draft")
    moved = draft.get("edits") if draft and draft.get("rev") == revision else None
    return (dict(moved) if moved is not None else None), result.get("opinion")
