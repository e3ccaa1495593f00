"""Child sheet: the explanation of one child's levels on paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kodomo import access, cases, dossier, explain, last_time, roster
from kodomo.audit import Actor
from kodomo.dossier import Dossier
from kodomo.explain import CategoryExplanation
from kodomo.rules import RuleSet
from kodomo.ui import charts, childview, facts_view, parts, printing, reasons_view, session, theme
from kodomo.ui.parts import Html

TITLE = "こどもの資料（判定の理由）"
MOST_FACTS = 8


def button(user: Actor, shown: session.Snapshot, known: Dossier, scope: access.ChildScope) -> None:
    """The way to the page, for those who may print and see reasons."""
    if access.sees(user, "reasons"):
        printing.offer(
            user,
            shown,
            action="print_child",
            make=lambda stamp: made(user, shown, known, stamp),
            key=f"print_{known.child['child_ref']}",
            child=scope,
        )


def made(user: Actor, shown: session.Snapshot, known: Dossier, stamp: printing.Stamp) -> str:
    """The page: who, the levels, and by category what it rests on, what would change it and what is new.

    Args:
        user: who prints; decides what is masked.
        known: the child's dossier, holding only events this person may see.
        stamp: who, when and what for.
    """
    rules = session.ruleset(shown)
    with shown.con.cursor() as cursor:
        told = explain.explain(cursor, known.resident_id, rules, session.catalogue())
        before = last_time.compare(cursor, [known.resident_id], shown.as_of, rules, session.catalogue()).get(
            known.resident_id
        )
    child = access.mask(user, known.child)
    blocks = [
        Html(
            f'<div class="apart"><h1>{parts.html(TITLE)}</h1>'
            f"<span>確認順 {parts.count(known.rank)}番</span></div>"
        ),
        stamp.markup,
        *_head(child, known, shown, rules),
    ]
    order = sorted(told.categories, key=lambda one: (-one.level, -one.points, one.category))
    for category in order:
        differs = reasons_view.difference_of(before, category.category)
        if category.contributions or category.missing or (differs and differs.differences):
            blocks += _category(category, known, rules, before)
    blocks += _support(known)
    blocks += _reviews(known)
    return printing.page("こどもの資料", blocks)


def _head(
    child: Mapping[str, Any], known: Dossier, shown: session.Snapshot, rules: RuleSet
) -> Iterator[Html]:
    row = known.row()
    kinds = session.categories().categories
    levels = "　".join(
        f"{parts.html(kind.label)} {printing.level(roster.shown_level(row, rules, kind.code)).markup}"
        for kind in kinds
        if kind.code in row.levels
    )
    last = known.child["last_seen_on"]
    seen = "記録なし" if last is None else f"{parts.day(last)}（{parts.days_ago(last, shown.as_of)}）"
    address = " ".join(part for part in (child["address"], child["address_detail"]) if part) or "–"
    if known.child["protected"]:
        address = str(child["address"])
    yield Html(
        f'<p><b style="font-size:13pt">{parts.html(child["name"])}</b>　{parts.html(child["kana"])}</p>'
        f"<p>{parts.html(childview.about(child))}</p>"
        f"<p>住所 {parts.html(address)}　最終目視 {parts.html(seen)}</p><p>{levels}</p>"
    )


def _category(
    category: CategoryExplanation, known: Dossier, rules: RuleSet, before: last_time.LastTime | None
) -> Iterator[Html]:
    style = theme.level_style(roster.shown_level(known.row(), rules, category.category))
    yield printing.heading(f"{category.label}　{style.shape}{style.word}")
    yield printing.say(parts.join(category.sentence, Html(f"<small>{reasons_view.edges(category)}</small>")))
    if not category.tested:
        yield printing.say(reasons_view.OTHER_RULES)
    yield _reasons(category, known, roster.floors_of(rules))
    differs = reasons_view.difference_of(before, category.category)
    yield printing.heading("前回との違い", 3)
    yield printing.say(reasons_view.difference_sentence(differs, before))
    if differs is not None and differs.differences:
        yield printing.table(
            [("なぜ", "nb"), ("理由", ""), ("前回", "num"), ("今回", "num"), ("何があったか", "")],
            [
                (
                    last_time.CAUSES[row.cause],
                    row.text,
                    reasons_view.points_of(row.before),
                    reasons_view.points_of(row.now),
                    row.why,
                )
                for row in differs.differences
            ],
        )
    yield printing.heading("1つの事実で変わること", 3)
    if category.tested:
        facts = [*category.without[:MOST_FACTS], *category.more[:MOST_FACTS]]
        yield (
            printing.bullets(map(reasons_view.sentence_of, facts))
            if facts
            else printing.say("1つの事実だけで変わることはありません。")
        )
    else:
        yield printing.say(reasons_view.UNTESTED)
    if category.missing:
        yield printing.heading(f"不明なこと {len(category.missing)}件（不明は「なし」ではありません）", 3)
        asked: dict[str, list[str]] = {}
        for missing in category.missing:
            asked.setdefault(missing.department, []).append(f"{missing.label}（{missing.why}）")
        yield printing.table(
            [("たずねる課", "nb"), ("不明なこと", "")],
            [(department, "、".join(labels)) for department, labels in asked.items()],
        )


def _reasons(category: CategoryExplanation, known: Dossier, floors: Mapping[str, int]) -> Html:
    behind = {reason.code: reason for reason in known.reasons if reason.category == category.category}
    own = sorted(category.contributions, key=lambda row: -floors.get(row.code, 0))
    steps = charts.steps([row.points for row in own])
    top = max([category.points, *category.starts, *(start + abs(points) for start, points in steps)]) * 1.04
    rows = []
    told: set[str] = set()
    for row, step in zip(own, steps, strict=True):
        reason = behind.get(row.code)
        events = reason.shown[:3] if reason else ()
        fresh = [event for event in events if event.event_id not in told]
        told.update(event.event_id for event in fresh)
        records = "".join(f"<br><small>{parts.html(reasons_view.record(event))}</small>" for event in fresh)
        if events and not fresh:
            records = " <small>（記録は上と同じ）</small>"
        label = reasons_view.MARKS.get(row.kind, "") + reasons_view.plain_text(row, floors)
        drawn = _bar(step, top, category.starts) if row.points else Html("")
        rows.append((Html(f"{parts.html(label)}{records}"), drawn, _effect(row, floors)))
    if rows:
        rows.append(
            (parts.strong("合計"), _bar((0.0, category.points), top, category.starts), f"{category.points:g}")
        )
    scale = "".join(
        f'<em style="left:{100 * start / top:.1f}%">{theme.level_style(level).shape}</em>'
        for level, start in enumerate(category.starts, start=1)
    )
    return printing.table(
        [("理由と、もとになった記録", ""), (Html(f'<span class="bar">{scale}</span>'), ""), ("点", "num")],
        rows,
        "いま分かっている範囲では、基準に届く理由はありません。安全という意味ではありません。",
    )


def _effect(row: explain.Contribution, floors: Mapping[str, int]) -> Html:
    if row.code in floors and row.kind == "trigger":
        return printing.level(floors[row.code])
    return Html("関わりあり" if row.kind == "suppression" else f"{row.points:+g}")


def _bar(step: tuple[float, float], top: float, starts: tuple[float, ...]) -> Html:
    start, points = step
    left, width = min(start, start + points), abs(points)
    lines = "".join(f'<i style="left:{100 * mark / top:.1f}%"></i>' for mark in starts)
    color = "#444" if points >= 0 else "#aaa"
    place = f"left:{100 * left / top:.1f}%;width:{100 * width / top:.1f}%;background:{color}"
    return Html(f'<span class="bar">{lines}<b style="{place}"></b></span>')


def _support(known: Dossier) -> Iterator[Html]:
    yield printing.heading("いまの支援・守りになっていること")
    lines = [
        f"{event.title}（{parts.day(event.occurred_on)}から・{theme.department(event.department).name}）"
        for event in facts_view.running(known)
    ]
    lines += [
        f"{state.item.label} {dossier.value_text(state)}（{theme.department(state.item.department).name}）"
        for state in known.protective()
    ]
    yield printing.bullets(lines) if lines else printing.say("記録にある支援はありません。")


def _reviews(known: Dossier) -> Iterator[Html]:
    past = cases.reviews_of(session.store(), known.resident_id)[:3]
    yield printing.heading("職員の確認（新しい3件）")
    yield printing.table(
        [("確認日", "nb"), ("結果", "nb"), ("理由", ""), ("メモ", "")],
        [
            (parts.day(review.reviewed_on), review.outcome_label, review.reason_label, review.note)
            for review in past
        ],
        "まだ確認の記録はありません。",
    )
