"""The reasons of a child on screen and on paper: steps, labels, masks, and the log before the page."""

from __future__ import annotations

import pytest

from kodomo.ui import printing
from kodomo.ui.parts import Html
from kodomo.ui.waterfall import Step, waterfall


def steps(count: int) -> list[Step]:
    return [Step("item", f"理由{n}：{n}日", 2.0) for n in range(count - 1)] + [Step("cap", "上限", -1.0)]


@pytest.mark.parametrize("count", [1, 12])
def test_the_steps_and_the_total_are_drawn_in_order(count: int) -> None:
    drawn = steps(count) if count > 1 else [Step("item", "欠席", 3.0)]
    total = sum(step.points for step in drawn)
    figure = waterfall(drawn, total, (3.0, 6.0, 10.0))
    [bars] = figure.data
    assert list(bars.measure) == ["relative"] * len(drawn) + ["total"]
    assert list(bars.x) == [step.points for step in drawn] + [total]
    assert list(bars.y) == [-n for n in range(len(drawn) + 1)]
    assert [shape.x0 for shape in figure.layout.shapes] == [3.0, 6.0, 10.0]
    assert figure.layout.xaxis.range[1] > max(10.0, total)
    assert figure.to_plotly_json()


def test_a_fact_that_sets_a_level_says_so_and_names_stay_text() -> None:
    figure = waterfall([Step("trigger", "<b>通告</b>", 0.0, floor=3)], 0.0, (3.0, 6.0, 10.0))
    [bars] = figure.data
    assert bars.text[0] == "■ この事実だけで要確認"
    assert "<b>" not in figure.layout.yaxis.ticktext[0]
    assert "<b>" not in bars.customdata[0]


def test_levels_close_to_each_other_are_named_above_each_other() -> None:
    near = waterfall(steps(20), 37.0, (3.0, 6.0, 10.0))
    assert [note.yshift for note in near.layout.annotations] == [0, 14, 28]
    far = waterfall([Step("item", "欠席", 3.0)], 3.0, (3.0, 6.0, 10.0))
    assert {note.yshift for note in far.layout.annotations} == {0}


def test_a_printed_page_runs_no_script_but_its_own_and_loads_nothing() -> None:
    text = printing.page(
        "資料", [printing.say("<script>alert(1)</script>"), printing.table([("名", "")], [["<b>"]])]
    )
    assert "<script>alert" not in text
    assert "&lt;b&gt;" in text
    assert "default-src 'none'" in text
    assert text.count("<script") == 1
    assert "http" not in text.replace('http-equiv="Content', "")
    assert "@page { size: A4; margin" in text
    assert "A4 landscape" in printing.page("資料", [Html("")], landscape=True)


@pytest.fixture
def child(city) -> str:
    """The reference of the first child in the order of checking."""
    con = city.connect()
    try:
        [(reference,)] = con.execute(
            "select child_ref from child join judgement using (resident_id)"
            " where rank is not null order by rank limit 1"
        ).fetchall()
    finally:
        con.close()
    return reference


def test_only_those_who_see_reasons_are_offered_the_page_for_paper(visit, child) -> None:
    tab = visit("senmon", "child", child=child)
    assert not tab.exception
    assert {"もとになった記録", "1つの事実で変わること", "前回との違い"} <= {one.label for one in tab.tabs}
    assert "印刷用ページ" in [button.label for button in tab.button]
    other = visit("jidou", "child", child=child)
    assert not other.exception
    assert "印刷用ページ" not in [button.label for button in other.button]
    assert "判定の理由" not in other.written
