"""A tiny city written by hand as delivered files, for tests that go the whole way on the command line."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kodomo.paths import CONTRACTS

DAY = "20261031"


@dataclass
class HandMadeCity:
    """Rows of every extract, written to CSV in the contract's own encoding."""

    folder: Path
    rows: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.contracts = {}
        for path in sorted(CONTRACTS.glob("*.toml")):
            contract = tomllib.loads(path.read_text("utf-8"))
            self.contracts[contract["extract"]] = contract
            self.rows[contract["extract"]] = []

    def add(self, extract: str, **values: str) -> None:
        """Add one row; `values` are named by the contract's Japanese headings."""
        row = {column["name"]: "" for column in self.contracts[extract]["column"]}
        unknown = set(values) - set(row)
        assert not unknown, f"{extract} has no column {unknown}"
        self.rows[extract].append(row | {"登録日": "2026-06-01"} | values)

    def resident(self, number: str, name: str, kana: str, born: str, sex: str = "1", **values: str) -> None:
        """Add a current resident living alone with the household number unless told otherwise."""
        defaults = {
            "宛名番号": number,
            "世帯番号": f"H{number}",
            "続柄": "子",
            "氏名": name,
            "氏名カナ": kana,
            "生年月日": born,
            "性別": sex,
            "国籍区分": "1",
            "郵便番号": "561-0831",
            "住所": f"大阪府豊中市庄内東町1丁目2番{int(number) % 90 + 1}号",
            "住民となった日": "2015-04-01",
            "異動事由": "1",
            "登録日": "2024-04-01",
        }
        self.add("resident_register", **(defaults | values))

    def pupil(
        self, number: str, name: str, kana: str, born: str, grade: int, sex: str = "1", **values: str
    ) -> None:
        """Add the school's own roster row."""
        defaults = {
            "児童生徒番号": number,
            "氏名": name,
            "氏名カナ": kana,
            "生年月日": born,
            "性別": sex,
            "学校コード": "E01",
            "学校名": "庄内小学校",
            "学年": str(grade),
            "組": "1",
            "在籍状況": "1",
            "登録日": "2026-04-08",
        }
        self.add("pupil_roster", **(defaults | values))

    def months(self, pupil: str, days: list[int], *, kind: str = "不登校欠席") -> None:
        """Add monthly attendance from April 2026 on, one number of absent days a month."""
        for month, absent in enumerate(days, start=4):
            counts = {"病欠": "0", "不登校欠席": "0", "その他欠席": "0"} | {kind: str(absent)}
            self.add(
                "attendance",
                児童生徒番号=pupil,
                年月=f"2026-{month:02}",
                授業日数="20",
                遅刻="0",
                早退="0",
                登録日=f"2026-{month + 1:02}-03",
                **counts,
            )

    def text(self, extract: str) -> str:
        """Return one extract as CSV text with CRLF line ends."""
        heading = [column["name"] for column in self.contracts[extract]["column"]]
        out = io.StringIO()
        writer = csv.DictWriter(out, heading, lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(self.rows[extract])
        return out.getvalue()

    def write(self, *, leave_out: tuple[str, ...] = (), day: str = DAY) -> Path:
        """Write every extract, except those left out, and return the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for extract, contract in self.contracts.items():
            if extract in leave_out:
                continue
            path = self.folder / contract["file"].replace("{YYYYMMDD}", day)
            path.write_bytes(self.text(extract).encode(contract["encoding"]))
        return self.folder


@pytest.fixture
def city(tmp_path: Path) -> HandMadeCity:
    """Seven children and their parents, each with one story to be found."""
    made = HandMadeCity(tmp_path / "deliveries")
    # A family whose daughter hurt herself; the school writes her surname in another form.
    made.resident("1001", "齋藤 健", "サイトウ ケン", "1985-02-03", 続柄="世帯主", 世帯番号="H1")
    made.resident("1002", "齋藤 美咲", "サイトウ ミサキ", "2014-05-06", "2", 世帯番号="H1")
    made.pupil("P2", "斎藤　美咲", "ｻｲﾄｳ ﾐｻｷ", "H26.5.6", 6, "2")
    made.add("guidance", 指導番号="G1", 児童生徒番号="P2", 発生日="2026-09-10", 種別="4", 登録日="2026-09-12")
    # A boy who stopped going to school.
    made.resident("1003", "髙橋 蓮", "タカハシ レン", "2012-08-09", 世帯番号="H3", 続柄="世帯主")
    made.pupil("P3", "高橋 蓮", "タカハシ レン", "2012/8/9", 8, 学校名="第一中学校", 学校コード="J01")
    made.months("P3", [2, 6, 9, 5, 0, 14])
    # A child the guidance centre was told about: bruises.
    made.resident("1004", "田中 陽葵", "タナカ ヒマリ", "2022-01-15", "2", 世帯番号="H4", 続柄="世帯主")
    made.add(
        "guidance_center_case",
        児相受付番号="C4",
        氏名="田中 陽葵",
        氏名カナ="タナカ ヒマリ",
        生年月日="2022-01-15",
        性別="2",
        住所="豊中市庄内東町1-2-15",
        通告日="2026-10-01",
        虐待種別="1",
        通告元="1",
        登録日="2026-10-03",
    )
    # A serious bullying case.
    made.resident("1005", "鈴木 大翔", "スズキ ハルト", "2015-11-20", 世帯番号="H5", 続柄="世帯主")
    made.pupil("P5", "鈴木大翔", "スズキハルト", "20151120", 4)
    made.add(
        "bullying",
        認知番号="B5",
        児童生徒番号="P5",
        立場="1",
        認知日="2026-09-01",
        態様="4",
        状態="1",
        重大事態="1",
        登録日="2026-09-05",
    )
    # A quiet child: nothing stands out. Disability, single parent and foreign nationality raise nothing.
    made.resident(
        "1006", "NGUYEN THI LAN", "グエン ティ ラン", "2016-07-07", "2", 世帯番号="H6", 国籍区分="2"
    )
    made.resident("1007", "NGUYEN VAN NAM", "グエン ヴァン ナム", "1988-01-01", 世帯番号="H6", 続柄="世帯主")
    made.add("disability_certificate", 手帳番号="D6", 宛名番号="1006", 手帳種別="2", 交付日="2020-04-01")
    made.add("child_allowance", 受給者宛名番号="1007", 児童宛名番号="1006", 認定日="2020-04-01")
    made.pupil("P6", "グエン ティ ラン", "グエン ティ ラン", "2016-07-07", 4, "2")
    made.months("P6", [0, 0, 1, 0, 0, 0])
    # Twins at one address: the roster holds only one of them.
    for number, name, kana in (("1008", "林 陽斗", "ハヤシ ハルト"), ("1009", "林 陽翔", "ハヤシ ヒナト")):
        made.resident(number, name, kana, "2017-03-03", 世帯番号="H8", 住所="大阪府豊中市本町3丁目1番1号")
    made.pupil("P8", "林 陽斗", "ハヤシ ハルト", "2017-03-03", 4)
    made.add(
        "school_register",
        学籍番号="S8",
        宛名番号="1008",
        氏名="林 陽斗",
        氏名カナ="ハヤシ ハルト",
        生年月日="平成29年3月3日",
        性別="1",
        住所="豊中市本町3-1-1",
        学校コード="E01",
        学校名="庄内小学校",
        学年="4",
        就学状況="1",
    )
    # Moved out: in no list any more.
    made.resident("1010", "森 樹", "モリ イツキ", "2015-01-01", 異動事由="2", 異動日="2026-03-31")
    return made


@pytest.fixture
def kodomo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Run a command on a store of this test's own; returns the exit code and all that was printed."""
    from kodomo.cli import main

    def run(*words: object, db: Path = tmp_path / "store" / "kodomo.duckdb") -> tuple[int, str]:
        code = main(["--db", str(db), *map(str, words)])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


def read_export(path: Path) -> list[dict[str, str]]:
    """Read an exported CSV back."""
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf"), "exports are UTF-8 with BOM"
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
