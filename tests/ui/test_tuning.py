"""アラートレベル調整: the effect of a draft, who sees which names, saving, going back, and the log."""

from __future__ import annotations

import json

import pytest

from kodomo import preview, tuning
from kodomo.ops import OpsStore
from kodomo.rules import ALL_AGES
from kodomo.snapshots import Family


def actions(ops: OpsStore, user: str) -> list[str]:
    with ops.read() as con:
        found = con.execute(
            "select action from operation_log where user_id = ? and result = 'ok' order by seq", (user,)
        ).fetchall()
    return [row[0] for row in found]


def lowered(at) -> None:
    """Have the sliders say that 虐待 begins earlier, for everybody of any age."""
    draft = json.loads(json.dumps(at.at.session_state["tn_draft"]))
    draft["abuse"] = {band: [1.0, 2.0, 3.0] for band in draft["abuse"]}
    at.at.session_state["tn_draft"] = draft
    at.at.run()


def test_counts_now_and_with_the_draft_are_shown_and_logged(visit, city: Family, ops: OpsStore) -> None:
    at = visit("toukatsu", "tuning")
    assert "tune_preview" in actions(ops, "toukatsu")
    lowered(at)
    with city.connect() as con:
        found = preview.effect(preview.read(con), at.at.session_state["tn_draft"])
    assert f"上がる {found.risen:,}件（一覧に加わる {found.joining:,}人）" in at.written
    was, now = found.counts["abuse"][3]
    assert f"{was:,} →" in at.written
    assert f"<b>{now:,}</b>" in at.written
    assert actions(ops, "toukatsu")[-1] == "view_moves"


def test_names_are_for_those_who_may_see_them(visit, city: Family) -> None:
    with city.connect() as con:
        names = {row[0] for row in con.execute("select name from child").fetchall()}
    seen = visit("toukatsu", "tuning")
    lowered(seen)
    assert any(name in seen.written for name in names if "<" not in name)
    masked = visit("chousei", "tuning")
    lowered(masked)
    assert "こども-" in masked.written
    assert not any(name in masked.written for name in names)


def test_a_version_is_saved_with_its_reason_and_waits_for_the_next_judgement(visit, ops: OpsStore) -> None:
    at = visit("chousei", "tuning")
    lowered(at)
    at.text_input(key="tn_reason_初版").input("<b>早めに</b> =1+1")
    at.press("新しい版として保存する")
    (kept,) = tuning.versions(ops)
    assert (kept.version_id, kept.author, kept.reason) == ("v1", "chousei", "<b>早めに</b> =1+1")
    assert tuning.active(ops).thresholds_for("abuse", "中") == (1, 2, 3)
    assert "まだ一覧に反映していません" in at.written
    assert "&lt;b&gt;早めに&lt;/b&gt; =1+1" in at.written
    assert "ruleset_save" in actions(ops, "chousei")
    assert not any(button.label == "いますぐ一覧に反映する" for button in at.button)


@pytest.mark.parametrize(
    ("draft", "reason", "words"),
    [
        ([1.0, 2.0, 3.0], "  ", "変える理由"),
        ([5.0, 4.0, 9.0], "試し", "レベルが上がるほど大きい値"),
        (None, "試し", "変わっていません"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_a_sentence(visit, ops: OpsStore, draft, reason, words) -> None:
    at = visit("toukatsu", "tuning")
    if draft:
        changed = json.loads(json.dumps(at.at.session_state["tn_draft"]))
        changed["poverty"][ALL_AGES] = draft
        at.at.session_state["tn_draft"] = changed
        at.at.run()
    at.text_input(key="tn_reason_初版").input(reason)
    at.press("新しい版として保存する")
    assert any(words in error.value for error in at.error)
    assert not tuning.versions(ops)


def test_thresholds_out_of_order_show_a_sentence_instead_of_figures(visit) -> None:
    at = visit("toukatsu", "tuning")
    changed = json.loads(json.dumps(at.at.session_state["tn_draft"]))
    changed["poverty"][ALL_AGES] = [5.0, 4.0, 9.0]
    at.at.session_state["tn_draft"] = changed
    at.at.run()
    assert any("レベルが上がるほど大きい値" in error.value for error in at.error)
    assert not at.exception


def test_a_saved_version_is_applied_at_once_and_an_earlier_one_brought_back(
    visit, city: Family, ops: OpsStore
) -> None:
    at = visit("toukatsu", "tuning")
    lowered(at)
    with city.connect() as con:
        shown = preview.effect(preview.read(con), at.at.session_state["tn_draft"])
    at.text_input(key="tn_reason_初版").input("早めに気づくため")
    at.press("新しい版として保存する").press("いますぐ一覧に反映する")
    current = city.current()
    assert current is not None
    assert current.ruleset == "v1"
    with city.connect() as con:
        now = preview.effect(preview.read(con), {})
    assert [pair[0] for pair in now.counts["abuse"]] == [pair[1] for pair in shown.counts["abuse"]]
    assert "まだ一覧に反映していません" not in at.written
    assert "ruleset_activate" in actions(ops, "toukatsu")
    next(field for field in at.text_input if field.label == "戻す理由（必須）").input("多すぎたため")
    at.press("この版に戻す")
    assert [row.version_id for row in tuning.versions(ops)] == ["v2", "v1"]
    assert tuning.active(ops).thresholds == tuning.read_version(ops, "初版").thresholds
