"""Guide view: what staff need to know to read the screens, in short sections."""

from __future__ import annotations

import streamlit as st

from kodomo import access, audit
from kodomo.audit import Actor
from kodomo.rules import load_categories
from kodomo.ui import menu, parts, theme


def first_words() -> None:
    """What this is, and what it is not."""
    with parts.card("gd_what"):
        st.html("<b>これは何か</b>")
        parts.bullets(
            [
                "13の課の記録をつなぎ、まだだれも気づいていない困りごとに早く気づくための道具です。",
                "一覧の順は「確認する順」です。危なさの順でも、家庭の評価でもありません。",
                "道具が示すのは手がかりまでです。判断するのは人で、支援を申し出るためだけに使います。",
                "点数やレベルを、センターの外（学校・関係機関・家庭）に伝えないでください。",
            ]
        )


def levels() -> None:
    """What each level means and when it is looked at."""
    kinds = load_categories()
    with parts.card("gd_levels"):
        st.html("<b>アラートレベルの意味</b>")
        parts.table(
            [("レベル", "nb"), ("意味", "")],
            [
                *(
                    (parts.level_mark(level.value), level.meaning)
                    for level in sorted(kinds.levels, key=lambda row: -row.value)
                ),
                (
                    parts.level_mark(None),
                    "データがないため、高いとも低いとも言えません。「問題がない」という意味ではありません。",
                ),
            ],
        )
        names = "・".join(kind.label for kind in kinds.categories)
        st.html(
            f'<div class="kd-small" style="line-height:1.7">レベルは{parts.html(names)}の類型ごとに付きます。'
            "足し合わせた総合点はありません。</div>"
        )
        parts.bullets(f"{kind.label}：{kind.note}" for kind in kinds.categories)


def unknown() -> None:
    """What 不明 means and who can fill it."""
    with parts.card("gd_unknown"):
        st.html("<b>「不明」の読み方</b>")
        parts.bullets(
            [
                "不明は0ではありません。レベルが低く見えるのは、まだ分からないだけのことがあります。",
                "未連携：その課のデータがまだ届いていません。",
                "データ途絶：前は届いていましたが、長く届いていません。",
                "記録なし・名寄せできていない：届いたデータの中に、そのこどもの記録が見つかりません。",
                "どの課に聞けば分かるかを、こどもの画面に示しています。",
            ]
        )


def looking() -> None:
    """How to work through the list."""
    with parts.card("gd_look"):
        st.html("<b>確認の進め方</b>")
        parts.bullets(
            [
                "こども一覧の上から順に開き、理由・時系列・今の支援・最後に目視した日を見ます。",
                "確認の結果と理由を記録すると、「まだ確認していないこども」から外れます。",
                "レベルが上がったとき、心配な記録が新しく届いたとき、保留の期限が来たときは、もう一度出ます。",
                "道具の示すレベルと自分の見立てが違ってもかまいません。違いは、判定基準の見直しに使います。",
                "こども本人の言葉（相談したい、自傷など）は、点数にかかわらず、必ず人が確認します。",
            ]
        )


def lists() -> None:
    """The lists beside こども一覧."""
    with parts.card("gd_lists"):
        st.html("<b>ほかの一覧</b>")
        parts.facts(
            [
                (
                    "妊婦",
                    "生まれる前から関わるための一覧です。出産から60日たつと、こどもの画面に引き継がれます。",
                ),
                ("重篤化の見張り", "ふだんの様子と比べて変わったこどもです。「今すぐ確認」を先に見ます。"),
                ("支援漏れ", "使えるはずの支援につながっていないこども・家庭です。案内は担当課が行います。"),
                (
                    "名寄せ確認",
                    "同じ人かどうか迷う記録です。迷ったら「あとで」にし、決めつけないでください。",
                ),
            ]
        )


def tuning() -> None:
    """How the rules are changed."""
    with parts.card("gd_tuning"):
        st.html("<b>判定基準を変えるとき</b>")
        parts.bullets(
            [
                "「アラートレベル調整」でつまみを動かすと、人数と入れ替わりがすぐ分かります。動かした値は案として保存されます。",
                "案は、理由と使い始める日を書いて承認に出します。承認するのは、案を作っていない人です。",
                "承認されるまで、いまの一覧は変わりません。どの版にも戻せます。",
                "「判定条件」では、条件の文と、当てはまる人数、確認の結果を読めます。だれでも意見を書けます。",
                "多くのこどもに当てはまりすぎる条件や、ごく少ない人だけを指す条件は、承認に出せません。",
            ]
        )


def guarded() -> None:
    """What the tool never does."""
    with parts.card("gd_guard"):
        st.html("<b>道具がしないこと</b>")
        parts.bullets(
            [
                "国籍では点を付けません。障害やひとり親であることだけで、点を付けることもありません。",
                "手当や相談を利用したことだけで、虐待・不登校・いじめのレベルを上げることはありません。",
                "支援措置のある世帯の住所と学校は、だれにも表示しません。期間が過ぎても自動では外れません。",
            ]
        )


def logged() -> None:
    """What is written to the log."""
    views = [action.label for action in audit.actions().values() if action.view]
    with parts.card("gd_log"):
        st.html("<b>記録されること</b>")
        parts.bullets(
            [
                "ログインと失敗、表示したこども、一覧と検索、確認、書き出し、権限で断られたことのすべてです。",
                "表示する前に記録します。記録できないときは、何も表示しません。",
                "記録は、後から書き換えられたり消されたりすると分かる作りです。監査担当が点検します。",
                "検索語そのものと、確認メモの文章は記録しません。",
                "業務に関係のないこどもを見ることはできません。見たことは、本人や保護者の開示請求で示されることがあります。",
            ]
        )
        with st.expander("記録される表示の種類"):
            st.html("".join(parts.chip(label).markup for label in views))


def rights(user: Actor) -> None:
    """What this person's role may do."""
    role = access.policy().roles[user.role]
    with parts.card("gd_rights"):
        st.html(f"<b>あなたの役割：{parts.html(role.label)}</b>")
        st.html(f'<div class="kd-small">{parts.html(role.means)}。</div>')
        mine = [row for row in menu.screens() if row.listed and access.may(user, row.action)]
        parts.facts(
            [
                ("見られる画面", "・".join(row.title for row in mine)),
                (
                    "見られるこども",
                    {
                        "city": "一覧にあるこども（それ以外は目的を入力して開きます）"
                        if role.outside == "purpose"
                        else "一覧にあるこども（名前は出ません）",
                        "department": "自分の課が関わったこどもだけ",
                    }.get(role.scope, "こども1人ずつの情報は見られません"),
                ),
                ("使い続けられる時間", "操作しないまま30分、または8時間でログアウトします"),
                ("役割を変えたいとき", "システム管理者に申し出てください"),
            ]
        )


def marks() -> None:
    """The marks on the timeline."""
    with parts.card("gd_marks"):
        st.html("<b>時系列の印</b>")
        parts.facts(
            [
                ("○ 事実", "届け出や手続きなど"),
                ("● 気づき", "あとで振り返るとよい記録"),
                ("◆ 心配", "確認したほうがよい記録"),
                ("■ 重い出来事", "通告、一時保護など"),
                ("太い帯", "支援が続いている期間"),
            ]
        )
        st.html(
            '<div class="kd-small">課の色：'
            + "".join(parts.department_mark(row.code).markup + "　" for row in theme.departments())
            + "</div>"
        )
