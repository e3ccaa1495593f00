"""The queue, the case and the evidence; what a case never shows; what is said of quality."""
# ruff: noqa: E501 - rows read best on one line

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kodomo import matching
from kodomo.matching import SAME, Share, tenths

DAY = date(2026, 10, 31)


def _keys(con, ops, who) -> list[str]:
    return [row.record_key for row in matching.queue(matching.listed(con, ["review"]), ops, who)]


def test_what_hangs_on_a_record_comes_before_doubt(matched, ops, people, rematch, con) -> None:
    assert _keys(matched, ops, people["steward"]) == ["G1", "P2"]
    con.execute("insert into src_guidance values ('P2', '4')")
    rows = {row.record_key: row.stake for row in matching.listed(matched, ["review", "auto", "none"])}
    assert rows == {"G1": 3, "P2": 3, "C1": 3, "C9": 2, "P1": 1}
    assert _keys(matched, ops, people["steward"])[0] == "P2"


def test_the_steps_add_up_to_the_weight(matched, ops, people) -> None:
    for row in matching.listed(matched, ["review", "auto"]):
        case = matching.open_case(matched, ops, people["steward"], row.extract, row.record_key, DAY)
        for one in case.candidates:
            if one.steps:
                assert one.weight is not None
                assert sum(step.points for step in one.steps) == pytest.approx(
                    round(one.weight, 1), abs=0.001
                )


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=14))
def test_rounded_parts_add_up_to_the_rounded_whole(values: list[float]) -> None:
    parts = tenths(values, sum(values))
    assert sum(parts) == pytest.approx(round(sum(values) * 10) / 10, abs=1e-6)
    assert all(abs(part - value) < 0.3 for part, value in zip(parts, values, strict=True))


def test_a_twin_is_pointed_out(matched, ops, people) -> None:
    case = matching.open_case(matched, ops, people["steward"], "guidance_center_case", "G1", DAY)
    assert any("双子" in note for note in case.candidates[0].notes)
    assert [one.name for one in case.candidates[0].household if one.same_birth] in (
        ["青木　陽菜"],
        ["青木　結菜"],
    )


def test_a_case_holds_identity_and_nothing_of_the_content(matched, ops, people) -> None:
    for extract, key in (("consultation", "C1"), ("guidance_center_case", "G1")):
        case = matching.open_case(matched, ops, people["steward"], extract, key, DAY)
        labels = {line.label for one in case.candidates for line in one.lines}
        allowed = {
            "氏名",
            "カナ",
            "通称名",
            "旧氏名",
            "以前の氏名",
            "学齢簿の氏名",
            "生年月日",
            "年齢",
            "性別",
        }
        assert labels <= allowed | {"保護者", "住所", "学校", "宛名番号"}


def test_a_protected_address_is_shown_to_nobody(matched, ops, people, con) -> None:
    con.execute(
        "insert into src_protective_measure values ('0000000001', '2026-01-01', null, 'm', 1, 1, '2026-10-31',"
        " '2026-01-01')"
    )
    case = matching.open_case(matched, ops, people["second"], "consultation", "C1", DAY)
    text = repr(case)
    assert "本町" not in text
    assert "支援措置" in text
    assert "本町" not in repr(matching.describe(matched, ["0000000002"], DAY))


def test_who_lives_behind_the_door_of_a_protected_person_is_hidden_too(matched, con) -> None:
    con.execute(
        "insert into src_resident_register select * replace ('0000000030' as resident_id, 'H9' as household_id,"
        " '0000000030' as record_key) from src_resident_register where resident_id = '0000000001'"
    )
    before = matching.describe(matched, ["0000000030"], DAY)[0]
    assert (before.place, before.protected) == ("本町1丁目", False)
    con.execute(
        "insert into src_protective_measure values ('0000000001', '2026-01-01', null, 'm', 1, 1, '2026-10-31',"
        " '2026-01-01')"
    )
    assert matching.describe(matched, ["0000000030"], DAY)[0].protected
    assert "本町" not in repr(matching.describe(matched, ["0000000030"], DAY))


def test_adults_and_people_who_left_can_be_held_against_a_record(matched, ops, people, con) -> None:
    con.execute("update src_resident_register set status = '2' where resident_id = '0000000010'")
    case = matching.open_case(matched, ops, people["steward"], "consultation", "C9", DAY, also=["0000000010"])
    assert case.candidates[0].name == "青木　直子"
    assert any("転出" in note for note in case.candidates[0].notes)
    found = matching.describe(matched, ["0000000010"], DAY)[0]
    assert (found.relation, found.left, found.place) == ("世帯主", "転出", "曽根西町2丁目")


def test_an_answer_about_somebody_who_was_not_shown_is_refused(matched, ops, people) -> None:
    case = matching.open_case(matched, ops, people["steward"], "pupil_roster", "P1", DAY)
    with pytest.raises(matching.NoAnswer):
        matching.answer(ops, people["steward"], case, SAME, "0000000020")
    assert matching.opinions(ops) == []


def test_a_register_variant_is_marked_beside_the_record(matched, ops, people) -> None:
    case = matching.open_case(matched, ops, people["steward"], "pupil_roster", "P1", DAY)
    name = next(line for line in case.candidates[0].lines if line.label == "氏名")
    assert name.agrees
    assert "髙" in name.words
    guardian = next(line for line in case.candidates[0].lines if line.label == "保護者")
    assert guardian.agrees


def test_unlinked_records_say_why(matched, ops, people, add, rematch) -> None:
    add("consultation", "C8", "〓山　太郎", "", "2016-01-30", kind="30")
    rematch()
    rows, total = matching.unlinked(matched, people["steward"], "consultation")
    why = {row.record_key: row.why for row in rows}
    assert total == len(rows)
    counted = matching.unlinked_reasons(matched, people["steward"])
    assert sum(n for extract, _, n in counted if extract == "consultation") == total
    first = next(reason for extract, reason, _ in counted if extract == "consultation")
    assert matching.unlinked(matched, people["steward"], "consultation", why=first)[1] >= 1
    assert matching.unlinked(matched, people["steward"], "consultation", why="ない理由") == ([], 0)
    assert matching.unlinked_reasons(matched, people["pupil"]) == []
    assert "見つかりません" in why["C9"]
    if "C8" in why:
        assert "外字" in why["C8"]
        assert "カナ" in why["C8"]


def test_the_sample_is_drawn_once_and_measures_precision(matched, ops, people) -> None:
    who = people["steward"]
    left, done = matching.sample(matched, ops, who, "pupil_roster")
    assert ([row.record_key for row in left], done) == (["P1"], 0)
    case = matching.open_case(matched, ops, who, "pupil_roster", "P1", DAY)
    assert matching.without_steps(case).candidates[0].probability is None
    given = matching.answer(ops, who, case, SAME, "0000000002", origin="sample")
    assert given.decision_id is None
    assert matching.sample(matched, ops, who, "pupil_roster") == ([], 1)
    found = next(row for row in matching.quality(matched, ops, who) if row.extract == "pupil_roster")
    assert (found.precision.found, found.precision.of) == (1, 1)
    assert found.recall is None
    assert found.recall_low <= found.recall_high


def test_an_interval_without_answers_is_open() -> None:
    nothing = Share(0, 0)
    assert (nothing.value, nothing.low, nothing.high) == (None, 0.0, 1.0)
    assert Share(50, 50).low > 0.9
