"""Draft view: handing a draft in, the second signature, and the drafts that are under way."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import streamlit as st

from kodomo import access, drafts, examples, preview, tuning, wording
from kodomo.audit import Actor
from kodomo.drafts import Draft
from kodomo.errors import KodomoError
from kodomo.examples import Example, Failure
from kodomo.ops import jst_date
from kodomo.rescore import GROUPINGS
from kodomo.ui import draft_state, parts, session, tuning_charts


def figures(shown: session.Snapshot, at: draft_state.Table) -> dict[str, Any]:
    """What the approver is shown of a draft: counts, workload and groups over the whole city, no child."""
    made = draft_state.whole_city(shown)
    city = made.city
    before, after = made.score(at.base), made.score(at.rules)
    done = preview.settled_of(city, session.settled(shown))
    found = preview.effect(city, before, after, done, most=0)
    floor = 10
    return {
        "snapshot": shown.name,
        "as_of": shown.as_of.isoformat(),
        "children": city.children,
        "counts": {code: [list(pair) for pair in pairs] for code, pairs in found.counts.items()},
        "highest": [list(pair) for pair in found.highest],
        "waiting": list(found.waiting),
        "fresh": list(found.fresh),
        "joining": found.joining,
        "leaving": found.leaving,
        "groups": {
            grouping: [
                [row.name, row.children, row.now, row.draft]
                for row in preview.shares(city, before, after, grouping)
                if row.children >= floor
            ]
            for grouping in ("age_band", "nationality", "single_parent", "public_assistance", "sex")
        },
    }


# -- handing in -------------------------------------------------------------------------------------------


def hand_in(user: Actor, shown: session.Snapshot, at: draft_state.Table) -> None:
    """The reason, the first day, and the buttons that move a draft on."""
    known = at.draft
    assert known is not None
    ops = session.store()
    today = jst_date(ops.clock())
    if tuning.newest_id(ops) != known.based_on:
        st.warning("この案を作り始めたあとに、別の版が承認されました。")
        if st.button("いまの版に合わせる", key="tn_rebase"):
            _do(lambda: draft_state.take_up(drafts.rebase(ops, user, known, session.catalogue())), "")
    _examples(user, known)
    with (
        st.form("tn_hand_in", border=False, clear_on_submit=False),
        st.container(horizontal=True, vertical_alignment="bottom", gap="small"),
    ):
        reason = st.text_input(
            "変える理由（必須）",
            value=known.reason,
            max_chars=drafts.REASON_LENGTH,
            placeholder="例: 要確認が多く、1か月で確認しきれないため",
            key=f"tn_reason_{known.draft_id}",
            autocomplete="off",
        )
        first_day = st.date_input(
            "使い始める日",
            value=max(known.active_from or today, today),
            min_value=today,
            max_value=today + timedelta(days=366),
            format="YYYY-MM-DD",
            key=f"tn_from_{known.draft_id}",
            width=150,
        )
        sent = st.form_submit_button("承認に出す", type="primary")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("承認するのは、この案を作っていない人です。承認されるまで、いまの一覧は変わりません。")
        if st.button("この案を取りやめる", key="tn_drop"):
            _do(lambda: _leave(drafts.drop(ops, user, known)), f"{known.draft_id} を取りやめました。")
    if sent:
        _submit(user, shown, at, reason, first_day)


def _examples(user: Actor, known: Draft) -> None:
    """The invented children that a draft judges otherwise than they say, and the way to agree with it."""
    items = session.catalogue()
    failed = examples.failures(known.ruleset, known.examples, items)
    if not failed:
        st.caption(
            f"例のこども{len(examples.with_changes(known.examples)):,}人は、すべて書いてあるとおりになります。"
        )
        return
    rows = {
        row.code: wording.title(row, items)
        for row in (
            *known.ruleset.items,
            *known.ruleset.combinations,
            *known.ruleset.triggers,
            *known.ruleset.suppressions,
        )
    }
    with st.expander(f"例のこども{len(failed)}人の結果が、書いてあることと変わります", expanded=True):
        parts.table(
            [("条件", ""), ("例のこども", ""), ("書いてあること", "nb"), ("この案では", "nb")],
            [(rows[row.example.rule], row.example.label, _expected(row.example), row.said) for row in failed],
            scroll=True,
            height=200,
        )
        st.caption("条件の意味が変わってよいか確かめてください。変えてよければ、例をこの案に合わせます。")
        if st.button("例をこの案に合わせる", key="tn_agree"):
            _do(lambda: draft_state.take_up(_agree(user, known, failed)), "例のこどもを案に合わせました。")


def _expected(example: Example) -> str:
    if example.points is not None:
        return f"{example.points:g}点"
    return "当てはまる" if example.match else "当てはまらない"


def _agree(user: Actor, known: Draft, failed: list[Failure]) -> Draft:
    own = {(row.rule, row.label): row for row in known.examples}
    own |= {(row.agreeing.rule, row.agreeing.label): row.agreeing for row in failed}
    return drafts.save(session.store(), user, known, examples=list(own.values()))


def _leave(_ended: Draft) -> None:
    draft_state.take_up(None)


def _submit(user: Actor, shown: session.Snapshot, at: draft_state.Table, reason: str, first_day: Any) -> None:
    ops, known = session.store(), at.draft
    assert known is not None
    try:
        day = first_day if isinstance(first_day, date) else None
        known = drafts.save(ops, user, known, reason=reason, active_from=day)
        draft_state.take_up(known)
        made = draft_state.whole_city(shown)
        items, kinds = session.catalogue(), session.categories()
        drafts.check(ops, known, items)
        drafts.refuse_extremes(made.city, at.base, known.ruleset, made.score(known.ruleset), items, kinds)
        drafts.submit(ops, user, known, figures(shown, at), items)
    except KodomoError as refusal:
        st.error(str(refusal))
        return
    draft_state.take_up(None)
    st.session_state[draft_state.TOLD] = (
        f"{known.draft_id} を承認に出しました。「案と承認」で進み具合を見られます。"
    )
    st.rerun(scope="app")


def _do(step: Any, told: str) -> None:
    """Take one step and show what came of it."""
    try:
        step()
    except KodomoError as refusal:
        st.error(str(refusal))
        return
    if told:
        st.session_state[draft_state.TOLD] = told
    st.rerun(scope="app")


# -- drafts under way -------------------------------------------------------------------------------------


def listing(user: Actor, shown: session.Snapshot) -> None:
    """Every draft under way, with what it changes, its figures and its history."""
    session.log_once("drafts", shown.name, "view_rules")
    known = drafts.listing(session.store())
    known.sort(key=lambda row: (row.status != "submitted", row.draft_id))
    if not known:
        st.info(
            "作りかけの案や、承認を待っている案はありません。「調整する」でつまみを動かすと、案ができます。"
        )
    for row in known:
        _one(user, row)
    ended = drafts.listing(session.store(), ("approved", "dropped"))
    if ended:
        with parts.card("tn_ended"):
            st.html("<b>終わった案</b>")
            parts.table(
                [
                    ("案", "nb"),
                    ("結果", "nb"),
                    ("作った人", "nb"),
                    ("もとの版", "nb"),
                    ("理由", ""),
                    ("最後に動いた日時", "nb"),
                ],
                [
                    (
                        row.draft_id,
                        drafts.STATUSES[row.status],
                        row.author,
                        row.based_on,
                        row.reason,
                        parts.moment(row.updated_at),
                    )
                    for row in ended
                ],
                scroll=True,
                height=200,
            )


def _one(user: Actor, known: Draft) -> None:
    ops = session.store()
    with parts.card(f"tn_draft_{known.draft_id}"):
        first = known.active_from.isoformat() if known.active_from else "未定"
        st.html(
            f"<b>{parts.html(known.draft_id)}</b>　"
            + parts.chip(drafts.STATUSES[known.status], "strong").markup
            + parts.facts_line(
                [
                    ("作った人", known.author),
                    ("もとの版", known.based_on),
                    ("使い始める日", first),
                    ("最後の変更", parts.moment(known.updated_at)),
                ]
            ).markup
            + f"<div>理由　{parts.html(known.reason)}</div>"
        )
        told = wording.differences(
            tuning.read_version(ops, known.based_on),
            known.ruleset,
            session.catalogue(),
            session.categories(),
        )
        with st.expander(f"変えるところ（{len(told)}か所）", expanded=known.status == "submitted"):
            parts.bullets(text for _, text in told)
        if known.preview:
            with st.expander("承認に出したときの見込み", expanded=known.status == "submitted"):
                _figures(known.preview)
        with st.expander("これまでの経過"):
            _history(known)
        if known.status == "submitted":
            _decide(user, known)
        elif access.may(user, "ruleset_save") and st.button(
            "この案の続きを作る", key=f"tn_go_{known.draft_id}"
        ):
            draft_state.take_up(known)
            st.session_state["tn_part_next"] = "調整する"
            st.rerun(scope="app")


def _figures(told: Any) -> None:
    parts.table(
        [("困難類型", "nb"), *tuning_charts.LEVEL_COLUMNS],
        tuning_charts.level_rows(told["counts"], told["highest"]),
    )
    waiting, fresh = told["waiting"], told["fresh"]
    st.html(
        '<div class="kd-small">'
        f"注意以上でまだ確認していないこども {parts.change(waiting)}人"
        f"（これまで関わりのないこども {parts.change(fresh)}人）。"
        f"一覧に加わる {told['joining']:,}人、外れる {told['leaving']:,}人。"
        f"こども{told['children']:,}人、基準日 {parts.html(told['as_of'])} の判定で計算。</div>"
    )
    parts.table(
        [
            ("分け方", "nb"),
            ("まとまり", "nb"),
            ("こども（人）", "num"),
            ("注意以上（人）", "num"),
            ("割合", "num"),
        ],
        [
            (
                GROUPINGS[grouping],
                tuning_charts.group_name(grouping, name),
                f"{children:,}",
                parts.change((now, then)),
                f"{now / children:.1%} → {then / children:.1%}",
            )
            for grouping, groups in told["groups"].items()
            for name, children, now, then in groups
        ],
        scroll=True,
        height=230,
    )


def _history(known: Draft) -> None:
    """Steps, with runs of saves by one person told once."""
    rows: list[list[object]] = []
    for step in drafts.steps(session.store(), known.draft_id):
        words = drafts.STEPS[step.step]
        if rows and step.step == "save" and rows[-1][1] == step.user_id and rows[-1][2] == words:
            rows[-1][0] = parts.moment(step.taken_at)
            continue
        rows.append([parts.moment(step.taken_at), step.user_id, words, step.note])
    parts.table([("日時", "nb"), ("利用者", "nb"), ("したこと", "nb"), ("ひとこと", "")], rows)


def _decide(user: Actor, known: Draft) -> None:
    """Sign or send back, for a second person; take back, for those who made it."""
    ops = session.store()
    wrote = {
        step.user_id for step in drafts.steps(ops, known.draft_id) if step.step in ("start", "save", "rebase")
    }
    if user.user_id in wrote | {known.author}:
        if access.may(user, "ruleset_submit") and st.button(
            "承認から引き上げて直す", key=f"tn_back_{known.draft_id}"
        ):
            _do(
                lambda: draft_state.take_up(drafts.withdraw(ops, user, known)),
                f"{known.draft_id} を引き上げました。「調整する」で続きを作れます。",
            )
        st.caption("自分が手を入れた案は承認できません。ほかの人が承認するまで待ちます。")
        return
    if not access.may(user, "ruleset_approve"):
        return
    with st.form(f"tn_decide_{known.draft_id}", border=False):
        note = st.text_input(
            "ひとこと（差し戻すときは必須）", max_chars=drafts.REASON_LENGTH, autocomplete="off"
        )
        with st.container(horizontal=True, gap="small"):
            yes = st.form_submit_button("承認する", type="primary")
            no = st.form_submit_button("差し戻す")
    if yes:
        _do(lambda: drafts.approve(ops, user, known, note, session.catalogue()), _signed(known))
    if no:
        _do(lambda: drafts.send_back(ops, user, known, note), f"{known.draft_id} を差し戻しました。")


def _signed(known: Draft) -> str:
    day = known.active_from.isoformat() if known.active_from else ""
    return f"{known.draft_id} を承認しました。{day} からの判定に使われます。"
