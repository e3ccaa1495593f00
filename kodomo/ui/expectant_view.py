"""Expectant view: the blocks of the screen about one pregnancy."""

from __future__ import annotations

import streamlit as st

from kodomo import access, dossier, pregnancies
from kodomo.audit import Actor
from kodomo.errors import KodomoError
from kodomo.pregnancies import Entry
from kodomo.ui import charts, parts, pregnancy_view, review_view, session, theme

SAVED = "xp_saved"


def choose(user: Actor, shown: session.Snapshot) -> Entry:
    """The pregnancy the address asks for; without one the screen says what to do and stops."""
    reference = st.query_params.get("pregnancy", "")
    found = None
    if reference and pregnancies.there(shown.con):
        entries = pregnancies.listed(shown.con, session.store(), user)
        found = next((one for one in entries if one.entry_ref == reference), None)
    if found is None:
        parts.heading("妊婦")
        with parts.card("missing"):
            if reference:
                st.html(
                    "<b>この妊婦は見つかりません。</b><br>アドレスが違うか、出産や転出のあと日がたって一覧から外れました。"
                )
            else:
                st.html("妊婦が選ばれていません。一覧から選んでください。")
            st.page_link(session.page("pregnancies"), label="妊婦の一覧を開く")
        st.stop()
    return found


def header(user: Actor, shown: session.Snapshot, entry: Entry) -> None:
    """Who she is, how far the pregnancy is, and where she lives (never shown under 支援措置)."""
    seen = pregnancy_view.named(user, entry)
    born = parts.day(seen["birth_date"]) if seen["birth_date"] else "生年月日不明"
    age = "年齢不明" if seen["age"] is None else f"{seen['age']}歳"
    level = parts.level_mark(entry.level).markup if pregnancy_view.ranked(user) else ""
    rank = f"　確認順 {entry.rank:,}番" if entry.rank and pregnancy_view.ranked(user) else ""
    if entry.protected:
        where: object = parts.chip(access.policy().protected_text, "strong")
    else:
        where = " ".join(part for part in (seen["address"], seen["address_detail"]) if part) or "–"
    lines = "　".join(pregnancy_view.standing(entry, shown))
    name, tags = seen["name"] or "氏名不明", parts.chips(pregnancy_view.tags(entry)).markup
    with parts.card("header"):
        st.html(
            '<div class="kd-apart">'
            f'<div><span style="font-size:1.4rem;font-weight:700">{parts.html(name)}</span>'
            f'<span class="kd-muted kd-gap">{parts.html(seen["kana"] or "")}</span>'
            f'<div style="margin-top:.15rem">{parts.html(f"{age}（{born}生）　{lines}")}</div></div>'
            f'<div style="text-align:right"><div>{level} {tags}</div>'
            f'<div class="kd-muted kd-small">{parts.html(session.basis(shown) + rank)}</div></div></div>'
            f'<div style="margin-top:.4rem">{parts.facts_line([("住所", where)]).markup}</div>'
        )


def reasons(user: Actor, entry: Entry) -> None:
    """Why she is to be looked at, gravest first, with the facts and their dates."""
    with parts.card("xp_reasons"):
        st.html(
            "<b>確かめる理由</b>　<span class='kd-muted kd-small'>"
            "順は確認する順です。事実を確かめてください。</span>"
        )
        if entry.born_on is not None:
            st.caption("出産が記録されています。これからは、こどもの画面で確認します。")
            return
        if not entry.reasons:
            st.caption("いま分かっている範囲では、理由はありません。安全という意味ではありません。")
            return
        known = pregnancies.settings()
        rules = {rule.code: rule for rule in known.rules}
        rows = []
        for one in entry.reasons:
            rule = rules.get(one.code)
            cautions = [known.facts[code].caution for code in one.facts if code in known.facts]
            what = parts.Html(
                f"<b>{parts.html(one.label)}</b><br>{parts.html(one.detail)}"
                + parts.note(rule.reason if rule else "").markup
            )
            row = [what, parts.muted(" ".join(dict.fromkeys(cautions)))]
            rows.append([parts.level_mark(one.level), *row] if pregnancy_view.ranked(user) else row)
        columns: list[tuple[str | parts.Html, str]] = [("理由と事実", ""), ("読むときの注意", "mid")]
        parts.table([("順", "nb"), *columns] if pregnancy_view.ranked(user) else columns, rows)


def unknown(entry: Entry) -> None:
    """What nobody knows, and who can tell."""
    if not entry.unknown:
        return
    with parts.card("xp_unknown"):
        st.html(
            f"<b>不明なこと {len(entry.unknown)}件</b>　"
            "<span class='kd-muted kd-small'>不明は「なし」ではありません。</span>"
        )
        parts.table(
            [("たずねる課", "nb"), ("不明なこと", "mid"), ("確かめ方", "")],
            [
                (
                    parts.department_mark(one.fact.department),
                    parts.join(one.fact.label, parts.muted(one.why)),
                    parts.muted(one.fact.unknown_text),
                )
                for one in entry.unknown
            ],
            scroll=True,
            height=260,
        )


@st.fragment
def review_box(user: Actor, shown: session.Snapshot, entry: Entry) -> None:
    """What staff conclude about the pregnancy: outcome, reason and a note."""
    session.stay()
    with parts.card("xp_review"):
        if st.session_state.pop(SAVED, None) == entry.entry_ref:
            st.success("確認を記録しました。新しいことがあるまで、「確かめる妊婦」から外れます。")
        if (last := entry.before) is not None:
            day = parts.moment(last.reviewed_at)[:10]
            review_view.concluded((day, last.outcome_label, last.reason_label), entry.again)
        else:
            review_view.concluded(None)
        if not access.may(user, "pregnancy_review"):
            st.caption("あなたの役割では、確認の記録はできません。")
            return
        outcome, reason, note = review_view.conclusion(
            "xp", entry.entry_ref, "メモ（確かめたこと、次にすること）"
        )
        if st.button("記録する", type="primary", key="xp_save"):
            try:
                pregnancies.review(
                    session.store(),
                    user,
                    entry,
                    outcome,
                    reason,
                    note,
                    snapshot=shown.name,
                    as_of=shown.as_of,
                )
            except KodomoError as refusal:
                st.error(str(refusal))
                return
            st.session_state[SAVED] = entry.entry_ref
            st.rerun(scope="app")


def family(user: Actor, shown: session.Snapshot, entry: Entry) -> None:
    """The child born of this pregnancy, and the children she looks after, each with the way to its screen."""
    if not access.sees(user, "household"):
        return
    children = pregnancies.family(shown.con, entry)
    with parts.card("xp_family"):
        st.html("<b>生まれた子・上の子</b>")
        if not children:
            st.caption("同居するこどもの記録はありません。")
        if entry.born_on is not None and not any(child["is_born"] for child in children):
            st.caption("生まれた子は、市のこどもの一覧にいません（転出・死亡・住民票が未反映）。")
        for child in children:
            with st.container(
                horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
            ):
                tags = [("この妊娠で出生", "good")] if child["is_born"] else []
                tags += [("要対協", "good")] if child["council_open"] else []
                tags += [("一時保護・施設", "strong")] if child["in_care"] else []
                age = "年齢不明" if child["age"] is None else f"{child['age']}歳"
                st.html(
                    f"{parts.html(child['name'])} <span class='kd-small kd-muted'>{age}</span> "
                    f"{parts.chips(tags).markup}"
                )
                if access.may(user, "view_child") and st.button(
                    "開く", key=f"xp_child_{child['child_ref']}", type="tertiary"
                ):
                    st.switch_page(session.page("child"), query_params={"child": child["child_ref"]})


@st.fragment
def timeline(user: Actor, shown: session.Snapshot, entry: Entry) -> None:
    """Her records of all departments on one axis, and as a table with the supports among them."""
    session.stay()
    found = pregnancies.events(shown.con, user, entry)
    lanes = [
        department.code
        for department in theme.departments()
        if any(event["department_code"] == department.code for event in found)
    ]
    with parts.card("xp_timeline"):
        st.html(f"<b>母の記録</b>　<span class='kd-small kd-muted'>{charts.timeline_legend()}</span>")
        if not found:
            st.caption("表示できる記録はありません。")
            return
        supports = [event for event in found if event["is_support"]]
        chart, helps, rows = st.tabs(["図", f"支援と関わり（{len(supports)}件）", f"表（{len(found)}件）"])
        with chart:
            parts.say("母本人についての各課の記録です。上の子の記録は、上の子の画面で見られます。")
            st.plotly_chart(
                charts.timeline(
                    [
                        charts.Mark(
                            department=event["department_code"],
                            occurred_on=event["occurred_on"],
                            ended_on=event["ended_on"],
                            recorded_on=event["recorded_on"],
                            title=event["title"],
                            detail=event["detail"] or "",
                            source=event["kind"],
                            grade=event["grade"],
                            is_support=event["is_support"] and event["extract"] in dossier.lasting(),
                        )
                        for event in reversed(found)
                    ],
                    lanes,
                    as_of=shown.as_of,
                    revision=entry.entry_ref,
                ),
                config=charts.CONFIG,
                theme=None,
                key="xp_chart",
                alt="母の記録を、課ごとの横の列に日付の順で並べた図。同じ内容は「表」にあります。",
            )
        with helps:
            _table(supports)
        with rows:
            _table(found)


def _table(found: list[dict]) -> None:
    parts.table(
        [("日", "nb"), ("終わり", "nb"), ("課", "nb"), ("内容", ""), ("詳しく", ""), ("登録日", "nb")],
        [
            (
                parts.day(event["occurred_on"]),
                parts.day(event["ended_on"]),
                parts.department_mark(event["department_code"]),
                event["title"],
                event["detail"],
                parts.day(event["recorded_on"]),
            )
            for event in found
        ],
        scroll=True,
        height=300,
    )


def history(entry: Entry) -> None:
    """All reviews of the pregnancy, newest first."""
    past = pregnancies.history(session.store(), entry)
    if not past:
        return
    with parts.card("xp_history"):
        st.html("<b>確認の履歴</b>")
        parts.table(
            [
                ("確認日", "nb"),
                ("結果", "nb"),
                ("理由", ""),
                ("メモ", ""),
                ("そのときの順", "nb"),
                ("職員・課", "nb"),
            ],
            [
                (
                    parts.moment(one.reviewed_at),
                    parts.strong(one.outcome_label),
                    one.reason_label,
                    one.note,
                    theme.level_style(one.level).word,
                    f"{one.user_id}・{session.department_name(one.department)}",
                )
                for one in past
            ],
        )
