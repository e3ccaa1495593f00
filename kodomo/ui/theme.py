"""Theme: the few colours, shapes and words that every screen shares."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

from kodomo.paths import DATA

ACCENT = "#1f5f8b"
INK = "#20262d"
MUTED = "#5b6675"
LINE = "#d5dae1"
GRID = "#e7eaef"
PAPER = "#ffffff"
FONT = "BIZ UDPGothic, Yu Gothic UI, Meiryo, Noto Sans CJK JP, sans-serif"


@dataclass(frozen=True)
class LevelStyle:
    """How one alert level looks: a word, a shape and a colour, so that no one of them stands alone."""

    level: int | None
    word: str
    shape: str
    color: str
    background: str


LEVELS: tuple[LevelStyle, ...] = (
    LevelStyle(3, "要確認", "■", "#9b1c1c", "#fbeaea"),
    LevelStyle(2, "注意", "▲", "#8a5300", "#fdf3df"),
    LevelStyle(1, "見守り", "●", "#1f5f8b", "#e8f1f8"),
    LevelStyle(0, "なし", "–", "#5b6675", "transparent"),
)
UNKNOWN = LevelStyle(None, "不明", "？", "#5b6675", "transparent")


def level_style(level: int | None) -> LevelStyle:
    """The look of a level; `None` and levels nobody defined are 不明."""
    return next((style for style in LEVELS if style.level == level), UNKNOWN)


@dataclass(frozen=True)
class Department:
    """One of the departments: `code`, `name`, hue `family`, fixed `color` and whom to `ask`."""

    code: str
    name: str
    family: str
    color: str
    ask: str


@cache
def departments() -> tuple[Department, ...]:
    """All departments in the order of their lanes, from data/departments.toml."""
    with (DATA / "departments.toml").open("rb") as file:
        return tuple(Department(**row) for row in tomllib.load(file)["department"])


@cache
def department(code: str) -> Department:
    """The department of a code; one nobody described keeps its code as name and a neutral grey."""
    found = next((row for row in departments() if row.code == code), None)
    return found or Department(code, code, "", "#8792a2", "担当課に確認してください。")


@cache
def _bands() -> dict[str, str]:
    with (DATA / "categories.toml").open("rb") as file:
        return {row["code"]: row["label"] for row in tomllib.load(file)["age_band"]}


def band_label(code: str) -> str:
    """An age band in words."""
    return _bands().get(code, code)


# One sheet for all screens: white cards with thin borders, figures right-aligned, nothing that moves.
STYLE = f"""
<style>
  .stMainBlockContainer {{ padding: .9rem 1.4rem 2.5rem 1.4rem; max-width: 1500px; }}
  /* English hints of the widgets ("Press Enter to apply") */
  [data-testid="InputInstructions"] {{ display: none; }}
  header.stAppHeader {{ background: transparent; height: 0; min-height: 0; }}
  .stAppToolbar, [data-testid="stToolbar"] {{ display: none; }}
  [data-testid="stSidebarUserContent"] {{ padding-top: .25rem; }}
  [data-testid="stSidebarHeader"] {{ height: 1.2rem; padding: 0; }}
  [data-testid="stSidebarContent"] {{ padding: .6rem .9rem; }}
  [class*="st-key-card_"], [data-testid="stForm"], .kd-card {{ background: {PAPER}; }}
  .kd-head {{ display: flex; align-items: baseline; gap: 1rem; flex-wrap: wrap;
              border-bottom: 1px solid {LINE}; padding-bottom: .45rem; }}
  .kd-head h1 {{ font-size: 1.4rem; font-weight: 700; margin: 0; padding: 0; }}
  .kd-head .kd-note {{ color: {MUTED}; font-size: .87rem; }}
  .kd-muted {{ color: {MUTED}; }}
  .kd-small {{ font-size: .85rem; }}
  .kd-lv {{ display: inline-block; white-space: nowrap; border-radius: 3px; padding: 0 .4em;
            font-weight: 600; line-height: 1.6; }}
  .kd-chip {{ display: inline-block; white-space: nowrap; border: 1px solid {LINE}; border-radius: 3px;
              padding: 0 .45em; margin: 0 .3em .2em 0; font-size: .86rem; line-height: 1.65;
              background: {PAPER}; }}
  .kd-chip.kd-strong {{ border-color: #9b1c1c; color: #9b1c1c; font-weight: 600; }}
  .kd-chip.kd-good {{ border-color: #4d7c5a; color: #2f5d3c; }}
  .kd-chip.kd-dash {{ border-style: dashed; color: {MUTED}; }}
  .kd-cards {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: .6rem; }}
  .kd-card {{ border: 1px solid {LINE}; border-radius: 4px; padding: .5rem .75rem; }}
  .kd-card .kd-t {{ color: {MUTED}; font-size: .85rem; }}
  .kd-card .kd-n {{ font-size: 1.45rem; font-weight: 700; font-variant-numeric: tabular-nums;
                    line-height: 1.3; }}
  .kd-card .kd-n small {{ font-size: .85rem; font-weight: 400; color: {MUTED}; margin-left: .15em; }}
  .kd-card .kd-s {{ font-size: .82rem; color: {MUTED}; }}
  .kd-strip {{ display: flex; gap: .6rem; flex-wrap: wrap; align-items: stretch; }}
  .kd-strip .kd-card {{ flex: 1 1 150px; }}
  .kd-strip .kd-card.kd-first {{ flex: 1.5 1 250px; border-left: 4px solid {ACCENT}; }}
  .kd-row {{ display: flex; justify-content: space-between; gap: .6rem; font-size: .86rem;
             line-height: 1.55; }}
  .kd-apart {{ display: flex; justify-content: space-between; gap: .3rem 1.5rem; flex-wrap: wrap; }}
  .kd-gap {{ margin-left: .8rem; }}
  .kd-pair {{ margin-right: 1.4rem; }}
  .kd-row span {{ white-space: nowrap; }}
  .kd-row .kd-v {{ font-variant-numeric: tabular-nums; white-space: nowrap; }}
  table.kd {{ border-collapse: collapse; width: 100%; font-size: .9rem; background: {PAPER}; }}
  table.kd th {{ text-align: left; font-weight: 600; color: {MUTED}; font-size: .83rem; white-space: nowrap;
                 border-bottom: 1px solid {LINE}; padding: .3rem .55rem; background: {PAPER}; }}
  table.kd td {{ border-bottom: 1px solid {GRID}; padding: .33rem .55rem; vertical-align: top; }}
  table.kd tr:last-child td {{ border-bottom: none; }}
  table.kd .num {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }}
  table.kd .nb {{ white-space: nowrap; }}
  table.kd .mid {{ min-width: 9.5em; }}
  table.kd .bar {{ width: 190px; }}
  .kd-bar {{ position: relative; display: block; width: 178px; height: 1.15em; margin-top: .2em; }}
  .kd-bar b {{ position: absolute; top: .1em; height: .95em; border-radius: 1px; min-width: 2px; }}
  .kd-bar i {{ position: absolute; top: -.3em; bottom: -.4em; width: 1px; opacity: .55; }}
  .kd-scroll {{ overflow: auto; border: 1px solid {LINE}; border-radius: 4px; }}
  .kd-scroll table.kd th {{ position: sticky; top: 0; }}
  dl.kd {{ display: grid; grid-template-columns: max-content 1fr; gap: .15rem .9rem; margin: 0;
           font-size: .92rem; }}
  dl.kd dt {{ color: {MUTED}; white-space: nowrap; }}
  dl.kd dd {{ margin: 0; }}
  ul.kd {{ margin: 0; padding-left: 1.1rem; }}
  ul.kd li {{ margin: .1rem 0; font-size: .92rem; }}
  .kd-dot {{ display: inline-block; width: .62em; height: .62em; border-radius: 2px; margin-right: .35em; }}
  .st-key-kd_cookie {{ position: absolute; height: 0; overflow: hidden; }}
  [data-testid="stSidebarNav"]::before {{ content: "こどもの杜"; display: block;
      padding: .2rem .6rem .7rem .6rem; font-weight: 700; font-size: 1.15rem; color: {ACCENT}; }}
  .kd-user {{ font-size: .87rem; line-height: 1.5; color: {MUTED}; }}
  .kd-brand {{ font-weight: 700; font-size: 1.08rem; color: {ACCENT}; line-height: 1.35; }}
  .kd-brand small {{ display: block; font-weight: 400; font-size: .76rem; color: {MUTED}; }}
</style>
"""
