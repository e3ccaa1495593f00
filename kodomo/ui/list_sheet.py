"""List sheet: the order of checking on paper, as it is narrowed on the screen."""

from __future__ import annotations

from kodomo import access, cases, roster
from kodomo.audit import Actor
from kodomo.roster import Filter, Row
from kodomo.ui import lists, parts, printing, session
from kodomo.ui.parts import Html

MOST = 200
TITLE = "こども一覧（確認する順）"


def button(user: Actor, shown: session.Snapshot, chosen: Filter, total: int) -> None:
    """The way to the page, for those who see levels; `chosen` is the filter on the screen."""
    if total and access.sees(user, "level"):
        printing.offer(
            user,
            shown,
            action="print_list",
            make=lambda stamp: made(user, shown, chosen, stamp),
            key="print_list",
            count=min(total, MOST),
        )


def made(user: Actor, shown: session.Snapshot, chosen: Filter, stamp: printing.Stamp) -> str:
    """The page: the first children in the order of checking that fit the filter, with room for notes.

    Args:
        user: who prints; decides what is masked.
        chosen: the filter; words of a search narrow the screen only.
        stamp: who, when and what for.
    """
    rules = session.ruleset(shown)
    page = roster.page(
        shown.con,
        session.scope(user),
        chosen,
        session.settled(shown),
        size=MOST,
        most_reasons=lists.REASONS,
        floors=roster.floors_of(rules),
    )
    reviews = cases.newest(session.store(), [row.resident_id for row in page.rows])
    kinds = session.categories().categories
    rest = f"。上から{MOST}人を印刷しています" if page.total > MOST else ""
    body = [
        Html(f"<h1>{parts.html(TITLE)}</h1>"),
        stamp.markup,
        printing.say(f"{page.total:,}人{rest}。条件: {lists.in_words(chosen)}"),
        printing.table(
            [
                ("順", "num"),
                ("こども", ""),
                *((kind.label, "nb") for kind in kinds),
                ("理由", ""),
                ("把握・最終目視", ""),
                ("確認", ""),
                ("メモ", ""),
            ],
            [_cells(user, shown, row, reviews.get(row.resident_id)) for row in page.rows],
            "条件に合うこどもはいません。",
        ),
    ]
    return printing.page("こども一覧", body, landscape=True)


def _cells(user: Actor, shown: session.Snapshot, row: Row, review: cases.Review | None) -> list[object]:
    seen = lists.masked(user, row)
    rules = session.ruleset(shown)
    school = lists.short_school(seen["school_name"] or "")
    missing = len(row.missing_items)
    unknown = f"<br><small>？ 不明 {missing}件</small>" if missing else ""
    tags = "・".join(text for text, _ in lists.standing_tags(row))
    last = parts.day(row.last_seen_on) if row.last_seen_on else "記録なし"
    return [
        parts.count(row.rank),
        Html(
            f"<b>{parts.html(seen['name'])}</b> <small>{parts.html(seen['kana'])}<br>"
            f"{parts.html(f'{lists.about(row)}　{school}'.strip())}</small>"
        ),
        *(
            printing.level(roster.shown_level(row, rules, kind.code))
            for kind in session.categories().categories
        ),
        Html("<br>".join(parts.html(reason) for reason in row.reasons) + unknown),
        Html(f"{parts.html(tags)}<br><small>最終目視 {parts.html(last)}</small>"),
        "□" if review is None else Html(f"□<br><small>前回 {parts.day(review.reviewed_on)}</small>"),
        Html('<span style="display:inline-block;width:34mm"></span>'),
    ]
