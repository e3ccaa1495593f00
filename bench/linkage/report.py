"""Report: the tables of the linkage bench, as plain text for the terminal and for docs/linkage-bench.md."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from bench.linkage.counting import KEYS, Count, best_cut, count, decide
from kodomo.contracts import load_contracts

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
REVIEW = 0.01
NOISE = {0.0: "clean", 1.0: "usual", 2.0: "hard"}
TITLE = {
    "exact-raw": "exact, as delivered",
    "exact-normalised": "exact, normalised",
    "splink-documented": "splink, documented",
    "splink-features": "splink, our features",
    "ours": "ours",
}


@dataclass
class Result:
    """One engine on one city: its name, exit code, seconds, peak memory (GiB), and what follows.

    load: of the machine before it. processor: seconds of processor time. steps: seconds by step. pairs: what
    it found, None where it did not end.
    """

    name: str
    code: int
    seconds: float
    gib: float
    load: float
    processor: float = 0.0
    steps: dict[str, float] = field(default_factory=dict)
    pairs: pd.DataFrame | None = None


def _city(size: int, noise: float) -> str:
    return f"city of {size:,}, {NOISE.get(noise, f'noise {noise:g}')} noise"


def _decisions(result: Result, rows: pd.DataFrame) -> list[tuple[str, pd.DataFrame, pd.DataFrame]]:
    """Return the ways to read an engine's pairs: what, links, waiting rows."""
    pairs = result.pairs
    assert pairs is not None
    title = TITLE[result.name]
    if not (pairs["status"] == "scored").any():
        return [(title, pairs[pairs["status"] == "auto"], pairs[pairs["status"] == "review"])]
    if result.name == "splink-documented":
        out = [(f"{title}: every pair ≥ .95", *decide(pairs, 0.95, REVIEW, best=False))]
        return [*out, (f"{title}: best of row ≥ .99", *decide(pairs, 0.99, REVIEW, best=True))]
    out = [(f"{title}: best ≥ {cut}", *decide(pairs, cut, REVIEW, best=True)) for cut in (0.5, 0.99, 0.999)]
    first, _ = decide(pairs, 0.0, 0.0, best=True)
    told = first[first["weight"] >= best_cut(rows, pairs, most_wrong=1.0)]
    return [*out, (f"{title}: told the cut ≤ 1/10,000", told, told[:0])]


def _line(what: str, c: Count) -> str:
    return (
        f"{_wide(what, 44)}{c.precision:>9.5f}{c.recall:>8.4f}{c.f1:>8.4f}{c.wrong:>7,}"
        f"{c.wrong_per_10000:>9.1f}{100 * c.review_share:>8.2f}%{c.f1_answered:>9.4f}"
    )


_HEAD = (
    f"{'':<44}{'precision':>9}{'recall':>8}{'F1':>8}{'false':>7}{'/10,000':>9}{'review':>9}{'answered':>9}"
)


def engines(size: int, noise: float, rows: pd.DataFrame, results: list[Result]) -> str:
    """Return the comparison over the rows that bring no number."""
    person = rows[rows["by_person"]]
    absent = int((person["true_id"] == "").sum())
    lines = [
        f"{_city(size, noise)}: {len(person):,} rows without a number, {absent:,} of nobody in the register",
        f"{_HEAD}{'seconds':>9}{'GiB':>6}",
    ]
    for result in results:
        if result.pairs is None:
            lines.append(f"{TITLE[result.name]:<44}{_why(result):>58}{'':>10}{result.gib:>6.1f}")
            continue
        taken = f"{result.seconds:>9.1f}{result.gib:>6.1f}"
        for what, links, waiting in _decisions(result, person):
            lines.append(_line(what, count(person, links, waiting)) + taken)
            taken = ""
    return "\n".join(lines)


def _why(result: Result) -> str:
    return (
        f"not done within {result.seconds:,.0f} s"
        if result.code == -9
        else f"ended with exit code {result.code}"
    )


def extracts(size: int, noise: float, rows: pd.DataFrame, result: Result) -> str:
    """Return our figures extract by extract, and over all rows, 学齢簿 with its numbers included."""
    pairs = result.pairs
    assert pairs is not None
    links, waiting = pairs[pairs["status"] == "auto"], pairs[pairs["status"] == "review"]
    lines = [f"ours, {_city(size, noise)}, extract by extract", _HEAD + f"{'rows':>9}"]
    parts: list[tuple[str, pd.DataFrame]] = []
    titles = load_contracts()
    for extract, part in rows.groupby("extract", sort=False):
        for numbered, some in part.groupby("by_person"):
            note = "" if numbered else " (number checked)"
            parts.append((f"{titles[str(extract)].title}{note}", some))
    parts.append(("all rows", rows))
    for what, part in parts:
        c = count(part, links, waiting)
        lines.append(_line(what, c) + f"{c.rows:>9,}")
    return "\n".join(lines)


def _wide(text: str, width: int) -> str:
    """Pad a text whose full-width characters take two places."""
    return text + " " * (width - len(text) - sum(ord(character) > 0x2E80 for character in text))


def stress(size: int, noise: float, rows: pd.DataFrame, results: list[Result]) -> str:
    """Return how many planted twins and siblings each engine links, waits with, and confuses."""
    person = rows[rows["by_person"]]
    kinds = {str(kind): part for kind, part in person.groupby("kind")}
    amount = len(kinds["twin"])
    pair = pd.concat([kinds["registered twin"], kinds["twin's model"]])
    lines = [
        f"planted into the {_city(size, noise)}: {amount:,} unregistered twins, {amount:,} unregistered "
        f"siblings, {amount:,} registered twins",
        f"{'':<44}{'twins':>14}{'siblings':>16}{'registered twins and their models':>46}",
        f"{'':<44}{'linked':>8}{'asked':>8}{'linked':>8}{'asked':>8}{'rows':>10}{'right':>8}{'confused':>10}{'else':>6}{'asked':>8}",
    ]
    for result in results:
        if result.pairs is None:
            lines.append(f"{TITLE[result.name]:<44}{_why(result):>40}")
            continue
        for what, links, waiting in _decisions(result, person):
            figures = []
            for kind in ("twin", "sibling"):
                c = count(kinds[kind], links, waiting)
                figures.append(f"{c.linked:>8,}{c.waiting:>8,}")
            c = count(pair, links, waiting)
            mixed = links.merge(pair, on=KEYS)
            confused = int((mixed["resident_id"] == mixed["other_id"]).sum())
            figures.append(
                f"{c.rows:>10,}{c.right:>8,}{confused:>10,}{c.wrong - confused:>6,}{c.waiting:>8,}"
            )
            lines.append(f"{what:<44}{''.join(figures)}")
    return "\n".join(lines)


def misses(size: int, noise: float, kinds: pd.DataFrame, most: int = 12) -> str:
    """Return our rows that were not linked to their own resident, by what differs."""
    total = int(kinds["rows"].sum())
    lines = [
        f"ours, {_city(size, noise)}: {total:,} rows not linked to their registered person, by what differs",
        f"{'':<60}{'rows':>6}{'asked':>7}{'other':>7}{'lost':>6}{'wrong':>7}  caught by",
    ]
    shown, rest = kinds.iloc[:most], kinds.iloc[most:]
    for row in shown.itertuples(index=False):
        figures = f"{row.rows:>6,}{row.asked:>7,}{row.asked_wrong:>7,}{row.lost:>6,}{row.wrong:>7,}"
        lines.append(f"{row.kind:<60}{figures}  {row.catch}")
    if len(rest):
        sums = rest[["rows", "asked", "asked_wrong", "lost", "wrong"]].sum()
        name = f"{len(rest)} other combinations"
        lines.append(
            f"{name:<60}{sums['rows']:>6,}{sums['asked']:>7,}{sums['asked_wrong']:>7,}{sums['lost']:>6,}{sums['wrong']:>7,}"
        )
    several = kinds.loc[kinds["kind"].str.contains(" + ", regex=False), "rows"].sum()
    lines.append(f"two or more failures at once: {several:,} of {total:,}")
    return "\n".join(lines)


def times(size: int, noise: float, results: list[Result]) -> str:
    """Return where the seconds went."""
    lines = [
        f"{_city(size, noise)}: seconds by step",
        f"{'':<24}{'wall':>8}{'processor':>11}{'load before':>13}  steps",
    ]
    for result in results:
        if result.pairs is None:
            continue
        steps = ", ".join(f"{step} {seconds:.1f}" for step, seconds in result.steps.items())
        figures = f"{result.seconds:>8.1f}{result.processor:>11.1f}{result.load:>13.1f}"
        lines.append(f"{TITLE[result.name]:<24}{figures}  {steps}")
    return "\n".join(lines)


def write(page: Path, text: str) -> None:
    """Put the tables between the marks of the page."""
    before, _, rest = page.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n```text\n{text}\n```\n{END}{after}", "utf-8")
