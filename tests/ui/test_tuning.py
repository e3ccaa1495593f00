"""アラートレベル調整 and 判定条件: effect of a draft, who sees names, signing, going back, the log."""

from __future__ import annotations

import pytest

from kodomo import drafts, edits, opinions, preview, rescore, tuning
from kodomo.audit import Actor
from kodomo.ops import OpsStore, jst_date
from kodomo.rules import FIRST_RULESET, load_categories, load_ruleset
from kodomo.snapshots import Family

FIRST = load_ruleset(FIRST_RULESET)
SHOWN = load_categories()
ROLES = {"toukatsu": "coordinator", "chousei": "tuner", "kanri": "manager", "senmon": "specialist"}
LOW = {f"level|abuse|全年齢|{level}": float(level) for level in (1, 2, 3)}


def actor(user: str) -> Actor:
    return Actor(user, "職員", ROLES[user], "child_safety", "test")


def actions(ops: OpsStore, user: str) -> list[str]:
    with ops.read() as con:
        found = con.execute(
            "select action from operation_log where user_id = ? and result = 'ok' order by seq", (user,)
        ).fetchall()
    return [row[0] for row in found]


def draft(ops: OpsStore, user: str, moved: dict[str, float] | None = None) -> drafts.Draft:
    """What the sliders leave behind: 虐待 begins earlier."""
    who = actor(user)
    known = drafts.start(ops, who, FIRST, FIRST.id)
    return drafts.save(ops, who, known, ruleset=edits.turn(FIRST, moved or LOW, SHOWN))


def effect(city: Family, rules) -> preview.Effect:
    with city.connect() as con:
        made = rescore.Scorer(rescore.read(con))
    return preview.effect(made.city, made.score(FIRST), made.score(rules))


def test_counts_now_and_with_the_draft_are_shown_and_logged(visit, city: Family, ops: OpsStore) -> None:
    known = draft(ops, "toukatsu")
    at = visit("toukatsu", "tuning")
    found = effect(city, known.ruleset)
    assert f"上がる {found.risen:,}件（一覧に加わる {found.joining:,}人）" in at.written
    was, now = found.counts["abuse"][3]
    assert f"{was:,} →" in at.written
    assert f"<b>{now:,}</b>" in at.written
    assert actions(ops, "toukatsu")[-1] == "view_moves"


def test_names_are_for_those_who_may_see_them(visit, city: Family, ops: OpsStore) -> None:
    with city.connect() as con:
        names = {row[0] for row in con.execute("select name from child").fetchall()}
    draft(ops, "toukatsu")
    draft(ops, "chousei")
    seen = visit("toukatsu", "tuning")
    assert any(name in seen.written for name in names if "<" not in name)
    masked = visit("chousei", "tuning")
    assert "こども-" in masked.written
    assert not any(name in masked.written for name in names)


def test_a_draft_is_handed_in_with_its_reason_and_figures(visit, ops: OpsStore) -> None:
    known = draft(ops, "chousei")
    at = visit("chousei", "tuning")
    at.text_input(key=f"tn_reason_{known.draft_id}").input("<b>早めに</b> =1+1")
    at.press("承認に出す")
    handed = drafts.read(ops, known.draft_id)
    assert (handed.status, handed.reason) == ("submitted", "<b>早めに</b> =1+1")
    assert handed.preview["counts"]["abuse"][3][1] > handed.preview["counts"]["abuse"][3][0]
    assert "ruleset_submit" in actions(ops, "chousei")
    assert tuning.versions(ops) == []
    assert not at.exception


@pytest.mark.parametrize(
    ("moved", "reason", "words"),
    [
        (LOW, "  ", "変える理由"),
        ({"level|poverty|全年齢|2": 99.0}, "試し", "レベルが上がるほど大きい値"),
        ({"level|poverty|全年齢|1": FIRST.thresholds_for("poverty", None)[0]}, "試し", "変わっていません"),
    ],
)
def test_what_cannot_be_handed_in_is_refused_in_a_sentence(
    visit, ops: OpsStore, moved, reason, words
) -> None:
    known = draft(ops, "toukatsu", moved)
    at = visit("toukatsu", "tuning")
    at.text_input(key=f"tn_reason_{known.draft_id}").input(reason)
    at.press("承認に出す")
    assert any(words in error.value for error in at.error)
    assert drafts.read(ops, known.draft_id).status == "open"
    assert not at.exception


def submitted(ops: OpsStore, user: str = "chousei") -> drafts.Draft:
    who = actor(user)
    known = draft(ops, user)
    today = jst_date(ops.clock())
    known = drafts.save(ops, who, known, reason="早めに気づくため", active_from=today)
    return drafts.submit(ops, who, known, {}, None)


def test_a_second_person_signs_and_the_version_is_applied_at_once(visit, city: Family, ops: OpsStore) -> None:
    known = submitted(ops)
    own = visit("chousei", "tuning")
    own.choose("tn_part", "案と承認")
    assert not any(button.label == "承認する" for button in own.button)
    at = visit("toukatsu", "tuning")
    at.choose("tn_part", "案と承認")
    assert "早めに気づくため" in at.written
    at.press("承認する")
    assert [row.version_id for row in tuning.versions(ops)] == ["v1"]
    assert "まだ一覧に反映していません" in at.written
    wanted = effect(city, known.ruleset).counts["abuse"]
    at.press("いますぐ一覧に反映する")
    current = city.current()
    assert current is not None
    assert current.ruleset == "v1"
    with city.connect() as con:
        kept = dict(
            con.execute(
                "select level, count(*) from judgement where category = 'abuse' group by level"
            ).fetchall()
        )
    assert {level: pair[1] for level, pair in enumerate(wanted) if pair[1]} == kept
    assert "まだ一覧に反映していません" not in at.written


def test_a_draft_is_sent_back_with_a_reason(visit, ops: OpsStore) -> None:
    known = submitted(ops)
    at = visit("kanri", "tuning")
    at.press("差し戻す")
    assert any("差し戻す理由" in error.value for error in at.error)
    next(field for field in at.text_input if field.label.startswith("ひとこと")).input("7点でお願いします")
    at.press("差し戻す")
    assert drafts.read(ops, known.draft_id).status == "open"
    assert "7点でお願いします" in at.written


def test_an_earlier_version_is_brought_back(visit, ops: OpsStore) -> None:
    drafts.approve(ops, actor("toukatsu"), submitted(ops), "", None)
    at = visit("toukatsu", "tuning")
    at.choose("tn_part", "版と比較")
    next(field for field in at.text_input if field.label == "戻す理由（必須）").input("多すぎたため")
    at.press("この版に戻す")
    assert [row.version_id for row in tuning.versions(ops)] == ["v2", "v1"]
    assert tuning.active(ops).thresholds == FIRST.thresholds


def test_two_versions_are_compared_by_figures_for_a_manager_without_a_child(
    visit, city, ops: OpsStore
) -> None:
    draft(ops, "chousei")
    with city.connect() as con:
        names = {row[0] for row in con.execute("select name from child").fetchall()}
    at = visit("kanri", "tuning")
    at.choose("tn_part", "版と比較")
    assert "変わるところ（3か所）" in at.written
    assert not any(name in at.written for name in names)
    assert "こども-" not in at.written
    assert "ruleset_compare" in actions(ops, "kanri")


def test_rules_are_read_as_sentences_with_opinions(visit, ops: OpsStore) -> None:
    row = FIRST.combinations[0]
    opinions.add(ops, actor("chousei"), "rule", row.code, "<i>重すぎる</i>", "2点", known=[row.code])
    at = visit("senmon", "rules")
    assert at.rows
    assert "view_rules" in actions(ops, "senmon")
    assert not at.exception
    at = visit("toukatsu", "tuning")
    at.choose("tn_part", "意見")
    assert "&lt;i&gt;重すぎる&lt;/i&gt;" in at.written
    assert row.label in at.written
