"""Home view: the blocks of 今日の仕事, each for those whose duty it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import streamlit as st

from kodomo import access, accounts, audit, cases, dossier, missed, pregnancies, roster, worsening
from kodomo.audit import Actor
from kodomo.contracts import load_contracts
from kodomo.ops import JST, jst_date
from kodomo.roster import Filter
from kodomo.ui import charts, lists, matching_queue, parts, session, watch_view
from kodomo.ui.tiles import Tile, tiles

NEXT = 5
ROWS = "hm_rows"
TILES = "hm_tiles"


def notices(user: Actor) -> None:
    """Notices of the day, until they are marked as read."""
    for notice in cases.notices(session.store(), user):
        if notice.read:
            continue
        with parts.card(f"notice_{notice.notice_id}"):
            text, done = st.columns([6, 1], vertical_alignment="center")
            text.html(f"<b>{parts.html(notice.title)}</b><br>{parts.html(notice.body)}")
            if done.button("読みました", key=f"hm_read_{notice.notice_id}"):
                cases.mark_read(session.store(), user, notice.notice_id)
                st.rerun()


def follow() -> None:
    """Go where a pressed tile or row leads, with the filter set; the first thing the screen does."""
    lists.follow(ROWS)
    pressed = parts.opened_row(TILES)
    if pressed is not None and pressed in WAYS:
        name, state = WAYS[pressed]
        st.session_state.update(state)
        st.switch_page(session.page(name))


# Where each tile leads: the screen, and what its widgets are set to.
WAYS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "urgent": ("children", {"ls_apply": Filter(levels=(3,))}),
    "unreviewed": ("children", {"ls_apply": Filter()}),
    "unknown": ("children", {"ls_apply": Filter(unknown=True)}),
    "own": ("children", {"ls_apply": Filter()}),
    "entered": ("watch", {"wt_section": watch_view.MOVES, "wt_kinds": ["entered", "rose"]}),
    "watch": ("watch", {"wt_section": watch_view.WATCH, "wt_who": watch_view.EVERYBODY}),
    "matching": ("matching", {}),
    "missed": ("missed", {}),
    "pregnancies": ("pregnancies", {}),
    "stale": ("deliveries", {}),
}


def waiting(user: Actor, shown: session.Snapshot) -> None:
    """What waits for this person, by role; each figure leads to where it is worked on."""
    found = _list_tiles(user, shown)
    department = user.department if access.policy().roles[user.role].facts == "department" else None
    if access.may(user, "view_worsening") and worsening.there(shown.con):
        seen = worsening.acknowledgements(session.store())
        alarmed = worsening.listed(shown.con, session.scope(user), seen, department)
        now = sum(one.tier == worsening.NOW and not one.resting for one in alarmed)
        changed = sum(one.tier == worsening.CHANGED and not one.resting for one in alarmed)
        found.append(Tile("watch", "重篤化 今すぐ確認", now, "人", f"変化あり {changed:,}人", first=True))
    if access.may(user, "view_pregnancy"):
        counts = pregnancies.open_counts(shown.con, session.store(), user)
        note = f"うち要確認 {counts['urgent']:,}人"
        found.append(Tile("pregnancies", "妊婦で、未確認", counts["waiting"], "人", note))
    if access.may(user, "view_missed"):
        counts = missed.open_counts(shown.con, session.store(), user)
        note = f"うち一度確かめた {counts['again']:,}件" if counts["again"] else "案内がまだの支援"
        found.append(Tile("missed", "支援漏れ", counts["waiting"], "件", note))
    if access.may(user, "link_decide"):
        count = len(matching_queue.waiting(user, shown))
        found.append(Tile("matching", "名寄せの確認待ち", count, "件", "だれの記録かを確かめる"))
    if found and access.may(user, "view_intake"):
        found.append(_stale_tile(user, shown))
    if found:
        tiles(found, TILES)


def _list_tiles(user: Actor, shown: session.Snapshot) -> list[Tile]:
    """What waits on the list of children."""
    if not access.may(user, "view_list"):
        return []
    totals, _ = session.figures(shown, user)
    if not access.sees(user, "level"):
        own = session.department_name(user.department)
        return [
            Tile("own", f"{own}の記録があるこども", totals.children, "人", "自分の課の記録だけを見られます")
        ]
    again = session.standing(shown).again
    found = [
        Tile("urgent", "要確認で、未確認", totals.urgent, "人", "先に確認します", first=True),
        Tile(
            "unreviewed",
            "未確認（見守り以上）",
            totals.unreviewed,
            "人",
            f"一覧 {totals.listed:,}人・再確認 {len(again):,}人",
        ),
        Tile("unknown", "センター未把握", totals.unknown_to_centre, "人", "未確認のうち、相談の記録がない"),
    ]
    moved = session.moved(shown, user)
    if moved is not None and access.may(user, "view_worsening"):
        gone = f"外れた {moved.get('left', 0):,}人"
        rose = f"上がった {moved.get('rose', 0):,}人・{gone}"
        found.append(Tile("entered", "前回から新しく入った", moved.get("entered", 0), "人", rose))
    return found


def _stale_tile(user: Actor, shown: session.Snapshot) -> Tile:
    """Deliveries that stopped, with the departments that owe them."""
    stale = stale_extracts(shown)
    if access.policy().roles[user.role].facts == "department":
        stale = [row for row in stale if row["department"] == user.department]
    owners = list(dict.fromkeys(session.department_name(row["department"]) for row in stale))
    some = "・".join(owners[:2]) + (f" ほか{len(owners) - 2}課" if len(owners) > 2 else "")
    return Tile("stale", "届いていないデータ", len(stale), "種類", some or "すべて届いています")


def done_lately(user: Actor) -> None:
    """How much this person and everybody looked at in the last seven days, in one line."""
    today = jst_date(session.store().clock())
    reviews = [
        review
        for review in cases.newest(session.store()).values()
        if today - timedelta(days=7) < review.reviewed_on <= today
    ]
    mine = sum(review.user_id == user.user_id for review in reviews)
    parts.say(f"この7日間の確認 {len(reviews):,}件、うち自分 {mine:,}件。")


def next_children(user: Actor, shown: session.Snapshot) -> None:
    """The next children in the order of checking."""
    page = roster.page(
        shown.con,
        session.scope(user),
        Filter(),
        session.settled(shown),
        size=NEXT,
        most_reasons=lists.REASONS,
        floors=roster.floors_of(session.ruleset(shown)),
    )
    st.html("<b>次に確認するこども</b>")
    session.log_once("home_list", (shown.name, session.reviews_mark()), "view_list", count=len(page.rows))
    reviews = cases.newest(session.store(), [row.resident_id for row in page.rows])
    lists.children(user, shown, page.rows, reviews=reviews, ranked=True, key=ROWS)
    if page.total > NEXT:
        st.page_link(session.page("children"), label=f"こども一覧で、残り {page.total - NEXT:,}人を見る")


def own_reviews(user: Actor) -> None:
    """What this person concluded lately."""
    mine = [review for review in cases.newest(session.store()).values() if review.user_id == user.user_id]
    mine.sort(key=lambda review: review.reviewed_at, reverse=True)
    with parts.card("own_reviews"):
        st.html("<b>自分の最近の確認</b>")
        with session.snapshot().con.cursor() as cursor:
            cursor.execute(
                "select resident_id, name, child_ref from child where list_contains(?, resident_id)",
                [[review.resident_id for review in mine[:8]]],
            )
            names = {row[0]: row[1] for row in cursor.fetchall()}
        parts.table(
            [("確認した日時", "nb"), ("こども", ""), ("結果", "nb"), ("理由", "")],
            [
                (
                    parts.moment(review.reviewed_at),
                    names.get(review.resident_id, "（一覧の対象外）"),
                    review.outcome_label,
                    review.reason_label,
                )
                for review in mine[:8]
            ],
            empty="まだありません。上の一覧から始められます。",
        )


def freshness(user: Actor, shown: session.Snapshot) -> None:
    """Deliveries that are missing or have stopped: what rests on them is 不明 now."""
    stale = stale_extracts(shown)
    if access.policy().roles[user.role].facts == "department":
        stale = [row for row in stale if row["department"] == user.department]
    with parts.card("freshness"):
        st.html("<b>データの新しさで気をつけること</b>")
        parts.table(
            [
                ("課", "nb"),
                ("連携データ", ""),
                ("状態", "nb"),
                ("最後の受領", "nb"),
                ("不明になる項目", "num"),
            ],
            [
                (
                    parts.department_mark(row["department"]),
                    row["title"],
                    parts.chip(row["state"], "strong"),
                    parts.day(row["delivered_on"]),
                    row["items"],
                )
                for row in stale
            ],
            empty="すべての連携データが、決めた期間内に届いています。",
        )


def stale_extracts(shown: session.Snapshot) -> list[dict[str, Any]]:
    """Extracts behind at least one item that is 未連携 or データ途絶, in the order of the contracts."""
    items = session.catalogue()
    with shown.con.cursor() as cursor:
        cursor.execute("select item, state from item_status where state <> 'ok' order by item")
        states = cursor.fetchall()
        cursor.execute("select extract, max(delivered_on) from delivery group by extract order by extract")
        newest = dict(cursor.fetchall())
    found: dict[str, dict[str, Any]] = {}
    for code, state in states:
        if code not in items:
            continue
        item = items[code]
        row = found.setdefault(
            item.extract,
            {
                "department": item.department,
                "title": dossier.sources().get(item.extract, item.extract),
                "state": state,
                "delivered_on": newest.get(item.extract),
                "items": 0,
            },
        )
        row["items"] += 1
        row["state"] = "未連携" if "未連携" in (state, row["state"]) else state
    order = list(load_contracts())
    return [found[extract] for extract in sorted(found, key=lambda name: order.index(name))]


def figures(shown: session.Snapshot) -> None:
    """Figures without any child, for those who answer for them."""
    totals, counts = session.city_figures(shown)
    parts.cards(
        [
            ("対象のこども", parts.count(totals.children), "人", "18歳の年度末まで"),
            ("見守り以上", parts.count(totals.listed), "人", ""),
            ("まだ確認していない", parts.count(totals.unreviewed), "人", ""),
            ("要確認で、まだ確認していない", parts.count(totals.urgent), "人", ""),
        ]
    )
    levels(counts)


def levels(counts: Sequence[roster.LevelCount]) -> None:
    """How many children stand at each level of each category."""
    kinds = session.categories()
    counted = {kind.label: {} for kind in kinds.categories}
    for row in counts:
        counted[kinds.label(row.category)][row.level] = row.children
    with parts.card("levels"):
        st.html(
            "<b>困難の類型ごとの人数</b>　"
            "<span class='kd-small kd-muted'>1人が複数の類型に入ることがあります。</span>"
        )
        st.plotly_chart(charts.level_counts(counted), config=charts.CONFIG, theme=None, key="hm_levels")


def quarantine(shown: session.Snapshot) -> None:
    """For データ担当: the newest receipts and what waits for correction."""
    with shown.con.cursor() as cursor:
        cursor.execute(
            "select received_at, extract, rows, accepted, unchanged, quarantined, refused_reason from receipt"
            " where quarantined > 0 or refused_reason is not null order by receipt_id desc limit 10"
        )
        rows = cursor.fetchall()
    with parts.card("quarantine"):
        st.html("<b>直してもらう受領データ</b>")
        parts.table(
            [
                ("受領", "nb"),
                ("連携データ", ""),
                ("行", "num"),
                ("受け入れ", "num"),
                ("変更なし", "num"),
                ("保留", "num"),
                ("受け取れない理由", ""),
            ],
            [
                (
                    parts.moment(row[0]),
                    dossier.sources().get(row[1], row[1]),
                    parts.count(row[2]),
                    parts.count(row[3]),
                    parts.count(row[4]),
                    parts.count(row[5]),
                    row[6],
                )
                for row in rows
            ],
            empty="保留や受け取れないファイルはありません。",
        )


def log_today() -> None:
    """For 監査担当: how the log grows."""
    ops = session.store()
    newest = audit.last_row(ops)
    today = jst_date(ops.clock())
    summary = audit.summary(ops, today - timedelta(days=6), today)
    parts.cards(
        [
            ("操作ログの行数", parts.count(audit.count_rows(ops)), "行", ""),
            ("最後の記録", newest.astimezone(JST).strftime("%m-%d %H:%M") if newest else "–", "", ""),
            ("この7日間の操作の種類", parts.count(len(summary)), "種類", ""),
        ]
    )


def people() -> None:
    """For システム管理者: the accounts in figures."""
    known = accounts.accounts(session.store())
    live = accounts.sessions(session.store())
    parts.cards(
        [
            ("利用者", parts.count(known["user_id"].nunique()), "人", ""),
            ("いまログイン中", parts.count(len(live)), "人", ""),
            ("ログインを止めている利用者ID", parts.count(int(known["locked"].sum())), "件", ""),
        ]
    )
