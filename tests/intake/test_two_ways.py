"""The quick and the exact way to the cells agree, and no bytes at all break the intake."""

from __future__ import annotations

import signal
import subprocess
import sys

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kodomo.intake import tokens as tokens_module
from kodomo.intake.delivery import Judged, judge
from kodomo.intake.refusals import FileRefused
from kodomo.intake.tokens import BLANKS, Tokens, tokenise
from kodomo.paths import ROOT
from kodomo.snapshots import Family
from tests.intake.desk import CONTRACTS, MOOD, Desk, moods, residents, text_of

HEAD = ",".join(MOOD)
FEW = {name: CONTRACTS[name] for name in ("resident_register", "pupil_roster", "mood_check")}


@pytest.fixture(autouse=True)
def _few_is_many(monkeypatch: pytest.MonkeyPatch):
    """Let small files take the way of large ones."""
    monkeypatch.setattr(tokens_module, "_MANY", 1)


def cut(data: bytes, *, exact: bool) -> object:
    """What a reader of the cells sees: rows by number, odd rows, blank ones aside."""
    try:
        found: Tokens = tokenise(data, exact=exact)
    except FileRefused as refusal:
        return type(refusal).__name__
    columns = [column.to_pylist() for column in found.columns]
    rows = {
        int(number): tuple(column[position] for column in columns)
        for position, number in enumerate(found.row_number)
    }
    filled = {number: row for number, row in rows.items() if any(cell.strip(BLANKS) for cell in row)}
    odd = {row.row_number: row.cells for row in found.odd}
    return found.heading, filled, odd, found.records, found.extra_cell, found.open_end, found.cr_ends


cell = st.one_of(
    st.sampled_from(["", " ", "1", "山", '"', '""', '"a,b"', '"a""b"', '"x\ny"', 'a"b', '"a"b', "\r", "　"]),
    st.text(alphabet='a1,"\r\n　 山', max_size=5),
)
line = st.lists(cell, min_size=0, max_size=5).map(",".join)
text = st.tuples(
    st.sampled_from(["a,b,c", '"a",b,c', "a,b,c,", "a,b"]),
    st.lists(line, max_size=6),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
).map(lambda parts: parts[2].join([parts[0], *parts[1]]) + (parts[2] if parts[3] else ""))


@given(text)
@settings(max_examples=400, deadline=None)
def test_both_ways_cut_the_same_cells(content: str):
    data = content.encode()
    assert cut(data, exact=False) == cut(data, exact=True)


well_formed = st.lists(
    st.lists(st.text(alphabet='a1,"\n山 ', max_size=4), min_size=3, max_size=3), min_size=1, max_size=6
)


@given(well_formed, st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=200, deadline=None)
def test_whatever_is_quoted_properly_comes_back_as_it_was(rows: list[list[str]], end: str):
    def quoted(row: list[str]) -> str:
        return ",".join('"' + value.replace('"', '""') + '"' for value in row)

    data = end.join(["a,b,c", *map(quoted, rows), ""]).encode()
    found = tokenise(data)
    columns = [column.to_pylist() for column in found.columns]
    cells = {int(n): [column[place] for column in columns] for place, n in enumerate(found.row_number)}
    expected = {n: row for n, row in enumerate(rows, start=1) if any(value.strip(BLANKS) for value in row)}
    assert {n: row for n, row in cells.items() if any(value.strip(BLANKS) for value in row)} == expected
    assert not found.odd


def outcome(data: bytes, *, exact: bool) -> object:
    try:
        judged: Judged = judge(data, CONTRACTS["mood_check"], exact=exact)
    except FileRefused as refusal:
        return str(refusal)
    assert judged.count == len(judged.rows) + len(judged.held)
    rows = sorted(judged.rows.to_pylist(), key=lambda row: row["row_number"])
    return judged.encoding, rows, judged.held, judged.notes, judged.newest_recorded_on


cells_of_mood = {
    "児童生徒番号": st.sampled_from(["P1", "P2", "Ｐ１", " P1", "", "合計"]),
    "回答日": st.sampled_from(["2026-04-07", "R8.4.7", "2026-02-30", ""]),
    "気分": st.sampled_from(["1", "５", "9", "3.5", "x", '"4"', "", '"1,200"']),
    "睡眠": st.sampled_from(["", "3", "3.0", "-1"]),
    "相談希望": st.sampled_from(["", "1", "○", "無", "?"]),
    "登録日": st.sampled_from(["2026-04-07", "令和8年4月7日", "9999-12-31", "00000000"]),
}
row_of_mood = st.tuples(*cells_of_mood.values()).map(",".join)
any_row = st.one_of(row_of_mood, row_of_mood, row_of_mood, st.sampled_from(["", ",,,,,", "※", "P1,2", '"']))


@given(st.lists(any_row, max_size=8), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
@settings(max_examples=200, deadline=None)
def test_both_ways_judge_alike(lines: list[str], end: str, closed: bool):
    data = (end.join([HEAD, *lines]) + (end if closed else "")).encode("cp932")
    assert outcome(data, exact=False) == outcome(data, exact=True)


GOOD_LINE = "P1,2026-04-07,3,3,0,2026-04-07"
any_bytes = st.one_of(
    st.binary(max_size=80),
    st.binary(max_size=40).map(lambda tail: f"{HEAD}\n".encode() + tail),
    st.binary(max_size=40).map(lambda tail: f"{HEAD}\r\n{GOOD_LINE}\r\n".encode("cp932") + tail),
    st.text(max_size=40).map(lambda tail: f"{HEAD}\n{tail}".encode("utf-8", "ignore")),
    st.lists(any_row, max_size=8).map(lambda lines: "\n".join([HEAD, *lines]).encode()),
)


@given(any_bytes)
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_judged_or_refused_alike_both_ways(body: bytes):
    assert outcome(body, exact=False) == outcome(body, exact=True)


@given(any_bytes)
@settings(max_examples=25, deadline=None)
def test_any_bytes_end_in_a_receipt_that_adds_up(tmp_path_factory: pytest.TempPathFactory, body: bytes):
    desk = Desk(tmp_path_factory.mktemp("any"))
    desk.con.close()
    with duckdb.connect(config={"threads": 1}) as con:
        desk.con = con
        desk.put("mood_check", body)
        receipt = desk.only(contracts=FEW)
        assert receipt.rows == receipt.accepted + receipt.unchanged + receipt.quarantined
        assert (receipt.outcome == "refused") == (receipt.refused_reason is not None)
        held = desk.fetch("select count(*) from quarantine")[0][0]
        assert held == receipt.quarantined
        assert desk.fetch("select count(*) from src_mood_check") == [(receipt.accepted,)]
        before = desk.state()
        assert not desk.load(contracts=FEW).changed
        assert desk.state() == before


def test_a_large_file_with_odd_rows_keeps_its_row_numbers(desk: Desk):
    lines = text_of(moods(5000)).split("\r\n")
    lines[10] += ",x"
    lines[20] = ""
    lines[4000] = "合計"
    desk.put("mood_check", "\r\n".join(lines))
    receipt = desk.only()
    assert (receipt.rows, receipt.accepted, receipt.quarantined) == (4999, 4997, 2)
    assert desk.fetch("select row_number from quarantine order by 1") == [(10,), (4000,)]
    assert desk.fetch("select row_number from src_mood_check where pupil_id = 'P0004500'") == [(4500,)]


def test_a_load_that_is_killed_half_way_leaves_the_last_complete_state(desk: Desk):
    family = Family(desk.folder.parent / "store" / "kodomo.duckdb")
    desk.put("resident_register", residents(50))
    code = (
        "import sys\n"
        "from kodomo.intake import load_folder\n"
        "from kodomo.snapshots import Family\n"
        "def halt(done, total, label):\n"
        "    if done and len(sys.argv) > 3:\n"
        "        print('half', flush=True)\n"
        "        sys.stdin.read()\n"
        "load_folder(Family(sys.argv[1]), sys.argv[2], progress=halt)\n"
    )
    command = [sys.executable, "-c", code, str(family.folder / "kodomo.duckdb"), str(desk.folder)]
    subprocess.run(command, check=True, cwd=ROOT)
    before = family.current()
    desk.put("resident_register", residents(60), "20260601")
    desk.put("mood_check", moods(50))
    with subprocess.Popen(
        [*command, "halt"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        process.send_signal(signal.SIGKILL)
    assert family.current() == before
    subprocess.run(command, check=True, cwd=ROOT)
    con = family.connect()
    assert con.execute("select count(*) from receipt").fetchall() == [(3,)]
    assert con.execute("select count(*) from src_mood_check").fetchall() == [(50,)]
    con.close()
    assert family.current() != before
    again = family.current()
    subprocess.run(command, check=True, cwd=ROOT)
    assert family.current() == again
