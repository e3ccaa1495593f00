"""Operation log view: the blocks of 操作ログ: filters, counts, rows, one child's viewers, the check."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from typing import Any

import streamlit as st

from kodomo import access, accounts, audit, cases, seals
from kodomo.audit import Actor
from kodomo.ops import jst_date
from kodomo.ui import downloads, menu, paging, parts, session

SIZE = 50
MOST_IN_FILE = 50_000
PAGES = "lg"
CHILD = "lg_child"
PLACES = {"cli": "コマンド", "login": "ログイン画面", "": ""}
RESULTS = {"ok": "完了", "denied": "拒否", "failed": "失敗"}
SPECIAL = {
    "off_hours": "深夜・休業日",
    "failed_login": "ログイン失敗",
    "failed": "拒否・失敗",
    "bulk": "大量検索",
}
MEANS = (
    "深夜・休業日は22時から6時と土日祝・年末年始、大量検索は1時間に60回以上こどもを表示した利用者の記録です。"
)


@dataclass(frozen=True)
class Wanted:
    """What the log is searched for."""

    since: date
    until: date
    user_id: str | None
    actions: tuple[str, ...]
    result: str | None
    special: str | None
    resident_id: str | None

    def filters(self) -> dict[str, Any]:
        """The same as arguments of `audit.search`."""
        actions = ("login_failed", "login_locked") if self.special == "failed_login" else self.actions
        return {
            "since": self.since,
            "until": self.until,
            "user_id": self.user_id,
            "action": actions or None,
            "result": self.result,
            "resident_id": self.resident_id,
            "off_hours": self.special == "off_hours",
            "failed": self.special == "failed",
            "bulk": self.special == "bulk",
        }


def _again() -> None:
    paging.restart(PAGES)


def page_number() -> int:
    """The page to show."""
    return paging.number(PAGES)


def filters() -> Wanted:
    """The filters above the log."""
    today = jst_date(session.store().clock())
    known = accounts.accounts(session.store())
    names = dict(zip(known["user_id"].tolist(), known["name"].tolist(), strict=True)) | {"system": "システム"}
    labels = {code: action.label for code, action in audit.actions().items()}
    with parts.card("lg_filters"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            since = st.date_input(
                "いつから",
                today - timedelta(days=30),
                max_value=today,
                format="YYYY-MM-DD",
                key="lg_since",
                on_change=_again,
                width=130,
            )
            until = st.date_input(
                "いつまで",
                today,
                max_value=today,
                format="YYYY-MM-DD",
                key="lg_until",
                on_change=_again,
                width=130,
            )
            user_id = st.selectbox(
                "利用者",
                list(names),
                index=None,
                format_func=lambda code: f"{names[code]}（{code}）",
                placeholder="すべて",
                key="lg_user",
                on_change=_again,
                width=215,
            )
            chosen = st.multiselect(
                "操作",
                list(labels),
                format_func=labels.__getitem__,
                placeholder="すべて",
                key="lg_actions",
                on_change=_again,
                width=330,
            )
            result = st.selectbox(
                "結果",
                list(RESULTS),
                index=None,
                format_func=RESULTS.__getitem__,
                placeholder="すべて",
                key="lg_result",
                on_change=_again,
                width=120,
            )
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            special = st.pills(
                "気をつけて見る記録",
                list(SPECIAL),
                format_func=SPECIAL.__getitem__,
                key="lg_special",
                on_change=_again,
            )
            resident = st.text_input(
                "こどもの宛名番号",
                key=CHILD,
                max_chars=20,
                placeholder="番号だけ",
                on_change=_again,
                width=180,
                autocomplete="off",
            )
            st.html(f'<div class="kd-small kd-muted" style="line-height:1.5">{MEANS}</div>')
    # As copied from elsewhere: full-width figures, blanks and hyphens between them.
    resident = re.sub(r"[^0-9A-Za-z]", "", unicodedata.normalize("NFKC", resident or ""))
    return Wanted(
        since if isinstance(since, date) else today,
        until if isinstance(until, date) else today,
        user_id,
        tuple(chosen),
        result,
        special,
        resident or None,
    )


def summary(wanted: Wanted) -> None:
    """The period in figures, before the long list."""
    ops = session.store()
    found = audit.summary(ops, wanted.since, wanted.until)
    total = {name: int(found[name].sum()) if len(found) else 0 for name in found.columns if name != "user_id"}
    bulk = audit.search(ops, since=wanted.since, until=wanted.until, bulk=True, size=1).total
    parts.cards(
        [
            ("この期間の記録", parts.count(total["rows"]), "行", f"{len(found):,}人の利用者"),
            ("深夜・休業日", parts.count(total["off_hours"]), "行", "22時から6時、土日祝、年末年始"),
            ("ログイン失敗", parts.count(total["failed_logins"]), "回", "続けて6回で30分止まります"),
            ("拒否された操作", parts.count(total["denied"]), "回", "権限のない画面や操作"),
            ("大量検索", parts.count(bulk), "行", "1時間に60回以上の表示"),
        ]
    )


def by_user(wanted: Wanted) -> None:
    """How many rows each user left in the period."""
    found = audit.summary(session.store(), wanted.since, wanted.until)
    with st.popover("利用者ごとの件数"):
        parts.table(
            [
                ("利用者", "nb"),
                ("記録", "num"),
                ("見たこども", "num"),
                ("深夜・休業日", "num"),
                ("拒否", "num"),
                ("ログイン失敗", "num"),
            ],
            [
                (
                    row["user_id"],
                    parts.count(row["rows"]),
                    parts.count(row["children"]),
                    parts.count(row["off_hours"]),
                    parts.count(row["denied"]),
                    parts.count(row["failed_logins"]),
                )
                for row in found.to_dict("records")
            ],
            empty="この期間の記録はありません。",
            scroll=True,
            height=320,
        )


def read(wanted: Wanted) -> audit.LogPage:
    """One page of the log; that it is read is written to it before anything is shown."""
    number = page_number()
    page = audit.search(session.store(), **wanted.filters(), page=number, size=SIZE)
    session.log_once(
        "log",
        (wanted, number),
        "view_log",
        count=len(page.rows),
        detail={"hits": page.total, "page": number, "special": wanted.special or ""},
    )
    return page


def rows(user: Actor, wanted: Wanted, page: audit.LogPage) -> None:
    """The rows of one page."""
    number = page_number()
    if wanted.resident_id:
        _about_child(user, wanted.resident_id)
    columns = [
        ("番号", "num"),
        ("日時", "nb"),
        ("利用者", "nb"),
        ("役割・課", "nb"),
        ("操作・画面", "nb"),
        ("こども", "nb"),
        ("件数", "num"),
        ("結果", "nb"),
        ("詳しい内容", ""),
    ]
    parts.table(
        columns,
        [_cells(row) for row in page.rows.to_dict("records")],
        empty="条件に合う記録はありません。期間や条件を変えてください。",
        scroll=True,
        height=440,
    )
    pages = ceil(page.total / SIZE)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        first = (number - 1) * SIZE + 1
        text = (
            f"{page.total:,}件のうち {first:,}–{first + len(page.rows) - 1:,}件目（新しい順）"
            if len(page.rows)
            else ""
        )
        st.html(f'<div class="kd-small kd-muted">{text}</div>', width="content")
        if pages > 1:
            st.pagination(pages, key=paging.key(PAGES))


def _cells(row: Mapping[Any, Any]) -> tuple[object, ...]:
    department = session.department_name(row["department"]) if row["department"] else ""
    purpose = row["purpose"]
    known = access.purposes().get(purpose) if isinstance(purpose, str) else None
    why = [f"目的 {known.label if known else purpose}"] if isinstance(purpose, str) and purpose else []
    result = RESULTS.get(row["result"], str(row["result"]))
    return (
        f"{int(row['seq']):,}",
        str(row["at_jst"])[:19].replace("T", " "),
        row["user_id"],
        parts.join(access.role_label(row["role"]), parts.muted(department), by="<br>"),
        parts.join(row["label"], parts.muted(_screen(row["page"])), by="<br>"),
        f"符号 {row['subject'][:8]}" if isinstance(row["subject"], str) else None,
        None if row["count"] is None or row["count"] != row["count"] else f"{int(row['count']):,}",
        result if row["result"] == "ok" else parts.chip(result, "strong"),
        parts.muted("　".join([*why, *_detail(row["detail"])])),
    )


def _screen(name: str) -> str:
    if name in PLACES:
        return PLACES[name]
    try:
        return menu.screen(name).title
    except (KeyError, StopIteration):
        return name


DETAIL = {
    "hits": "該当",
    "page": "ページ",
    "special": "しぼり込み",
    "version": "版",
    "hash": "指紋",
    "parent": "もとの版",
    "draft": "案の指紋",
    "base": "もとの版",
    "risen": "上がる",
    "fallen": "下がる",
    "demo": "デモ",
    "months": "月数",
    "seed": "種",
    "files": "ファイル",
    "refused": "受け取れない",
    "as_of": "基準日",
    "view": "表示",
    "held": "保留",
    "values": "値の表示",
    "since": "いつから",
    "until": "いつまで",
    "problems": "見つかった問題",
    "words_hash": "検索語の指紋",
    "kind": "種類",
    "download": "ファイル",
    "file": "ファイル名",
    "outcome": "確認の結果",
    "reason": "理由",
    "applied": "すぐに反映",
    "failures": "失敗の回数",
    "id": "利用者IDの指紋",
    "account": "利用者ID",
    "role": "役割",
    "department": "課",
    "given": "付けた役割",
    "ended_duty": "外した役割",
    "from": "いつから",
    "status": "状態",
    "decision": "決定",
    "extract": "連携データ",
    "done": "したこと",
    "audience": "宛先",
    "with_key": "鍵を含む",
    "made_at": "作成",
    "log_rows": "ログの行数",
    "level": "レベル",
    "known_case": "センター把握",
    "reason_code": "理由",
    "minutes": "分",
}


# Long fingerprints help a program, not a reader; they stay in the file.
HIDDEN = frozenset({"digest", "hash", "review", "sealed", "values"})


def _detail(text: str) -> list[str]:
    """The details of a row in words; what nobody described keeps its own name."""
    try:
        facts = json.loads(text)
    except ValueError:
        return [text]
    if not isinstance(facts, dict):
        return [text]
    return [
        f"{DETAIL.get(name, name)} {_word(name, value)}"
        for name, value in facts.items()
        if value not in ("", None) and name not in HIDDEN
    ]


def _word(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "あり" if value else "なし"
    if isinstance(value, int):
        return f"{value:,}"
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    known = cases.catalogue()
    if name == "outcome" and value in known.outcomes:
        return known.outcomes[value].label
    if name == "reason" and value in known.reasons:
        return known.reasons[value].label
    if name == "department":
        return session.department_name(value)
    if name in ("role", "given"):
        return access.role_label(value)
    return SPECIAL.get(value, value)


def _about_child(user: Actor, resident_id: str) -> None:
    """Who saw one child, by the number entered; the log itself knows only the sign."""
    if not access.may(user, "who_saw"):
        return
    session.log_once("who_saw", resident_id, "who_saw", subject=resident_id)
    found = audit.who_saw(session.store(), resident_id)
    with parts.card("lg_child"):
        sign = audit.subject_of(session.store(), resident_id)[:8]
        st.html(
            "<b>この番号のこどもを見た人</b>　"
            f"<span class='kd-small kd-muted'>期間を問わず示します。ログの中の符号 {parts.html(sign)}</span>"
        )
        parts.table(
            [
                ("利用者", "nb"),
                ("役割・課", ""),
                ("回数", "num"),
                ("はじめ", "nb"),
                ("最後", "nb"),
                ("目的", ""),
            ],
            [
                (
                    row["user_id"],
                    access.role_label(row["role"]) + "・" + session.department_name(row["department"]),
                    parts.count(row["times"]),
                    str(row["first_jst"])[:16].replace("T", " "),
                    str(row["last_jst"])[:16].replace("T", " "),
                    row["purposes"] if isinstance(row["purposes"], str) else None,
                )
                for row in found.to_dict("records")
            ],
            empty="この番号のこどもを見た記録はありません。番号に誤りがないかも確かめてください。",
        )


def export(user: Actor, wanted: Wanted, page: audit.LogPage) -> None:
    """Everything that fits the filters as a file, for those who may."""
    if not access.may(user, "export_log") or not page.total:
        return
    ops = session.store()

    def found() -> list[list[Any]]:
        page = audit.search(ops, **wanted.filters(), size=MOST_IN_FILE)
        return [
            [None if value is None or value != value else value for value in row]
            for row in page.rows.itertuples(index=False, name=None)
        ]

    downloads.csv_button(
        user,
        "この一覧をCSVで受け取る",
        file_name=f"操作ログ_{wanted.since:%Y%m%d}-{wanted.until:%Y%m%d}.csv",
        action="export_log",
        heading=[
            *("番号", "日時", "利用者", "役割", "課", "セッション", "画面", "操作コード", "操作"),
            *("こどもの符号", "目的", "件数", "詳しい内容", "結果", "版", "判定基準"),
        ],
        rows=found,
        key="lg_csv",
        detail={"since": wanted.since.isoformat(), "until": wanted.until.isoformat()},
    )


def check(user: Actor, results: Any) -> None:
    """The check of the whole chain; its result appears in `results` as a sentence."""
    if not access.may(user, "verify_log"):
        return
    ops = session.store()
    if not st.button("書き換えがないか検査する", key="lg_verify"):
        return
    with results:
        with st.spinner("検査しています。"):
            problems = audit.verify(ops, session.family().anchor_path)
            problems += cases.verify(ops) + seals.verify(ops)
            rows_now = audit.count_rows(ops)
            audit.record(
                ops,
                user,
                "verify_log",
                count=rows_now,
                detail={"problems": len(problems)},
                result="failed" if problems else "ok",
            )
        if problems:
            st.error(
                f"異常が{len(problems)}件見つかりました。システム管理者に連絡し、記録を触らずに保全してください。\n\n"
                + "\n".join(f"- {problem}" for problem in problems)
            )
        else:
            st.success(
                f"{rows_now:,}行すべてのつながりと、職員確認・名寄せの答えを確かめました。"
                "書き換え・削除・差し込みはありません。"
            )
