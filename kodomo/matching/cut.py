"""Cut: the line above which records are linked by themselves, and what every other line would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

from kodomo.matching.setting import Connection, has_table


@dataclass(frozen=True)
class Cut:
    """One possible line: the rows above it, those left to people, those nobody fits.

    expected_false: wrong links the model itself expects among 10,000 automatic ones. known_rows, known_wrong:
    rows whose person is known without the machine that the line would link, and would link to another.
    """

    cut: float
    auto_rows: int
    review_rows: int
    none_rows: int
    expected_false: float
    known_rows: int
    known_wrong: int
    chosen: bool


def cuts(con: Connection) -> list[Cut]:
    """Every line of the table `link_curve`, lowest first; empty for older snapshots."""
    if not has_table(con, "link_curve"):
        return []
    with con.cursor() as cursor:
        rows = cursor.execute(
            "select cut, auto_rows, review_rows, none_rows, expected_false, known_rows, known_wrong, chosen"
            " from link_curve order by cut"
        ).fetchall()
    return [Cut(*row) for row in rows]


def reading(lines: Sequence[Cut]) -> list[str]:
    """What the lines say in plain words: the chosen one, and what a lower and a higher one would change."""
    at = next((place for place, line in enumerate(lines) if line.chosen), None)
    if at is None:
        return ["まだ線を決めるだけの記録がありません。"]
    now, out = lines[at], []
    out.append(
        f"いまの線では、{now.auto_rows:,}件を自動で結びつけ、{now.review_rows:,}件を職員にたずねます。"
        f"機械の見込みでは、まちがいは自動1万件のうち{few(now.expected_false)}件です。"
    )
    if now.known_rows:
        out.append(
            f"本人がわかっている記録{now.known_rows:,}件で確かめると、"
            f"この線で別の人に結びついたものは{now.known_wrong:,}件でした。"
        )
    lower = next((line for line in reversed(lines[:at]) if line.auto_rows > now.auto_rows), None)
    if lower is not None:
        more = lower.auto_rows - now.auto_rows
        out.append(
            f"線を{share(lower.cut)}まで下げると、職員の確認は{more:,}件へりますが、"
            f"まちがいの見込みは1万件に{few(lower.expected_false)}件になります。"
        )
    higher = next((line for line in lines[at + 1 :] if line.auto_rows < now.auto_rows), None)
    if higher is not None:
        fewer = now.auto_rows - higher.auto_rows
        out.append(
            f"線を{share(higher.cut)}まで上げると、職員の確認が{fewer:,}件ふえ、"
            f"まちがいの見込みは1万件に{few(higher.expected_false)}件になります。"
        )
    return out


def few(value: float) -> str:
    """A small number with as many digits as say something: 12, 1.5, 0.03, 0.01未満."""
    if value == 0:
        return "0"
    if value < 0.01:
        return "0.01未満"
    return f"{value:.{0 if value >= 10 else 1 if value >= 1 else 2}f}"


def share(cut: float) -> str:
    """A line as a share, with two figures of what is missing to all: 99%, 99.66%, 99.9995%."""
    missing = 100 * (1 - cut)
    if missing <= 0:
        return "100%"
    digits = max(1 - floor(log10(missing)), 0)
    text = f"{100 - round(missing, digits):.{digits}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "%"
