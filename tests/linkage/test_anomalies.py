"""Anomalies: a list that is wrong as a whole is named and not linked wrongly."""
# ruff: noqa: E501 - cases read best as one row each

from __future__ import annotations

import datetime as dt
import random

import pytest

SEI = [("佐藤", "サトウ"), ("鈴木", "スズキ"), ("高橋", "タカハシ"), ("田中", "タナカ"), ("伊藤", "イトウ"), ("山本", "ヤマモト"), ("小林", "コバヤシ"), ("加藤", "カトウ")]  # fmt: skip
MEI = [("陽葵", "ヒマリ"), ("大翔", "ヒロト"), ("美咲", "ミサキ"), ("蓮", "レン"), ("結衣", "ユイ"), ("湊", "ミナト"), ("咲良", "サクラ"), ("樹", "イツキ")]  # fmt: skip


@pytest.fixture(scope="module")
def pupils() -> list[dict]:
    draw = random.Random(7)
    out = []
    for i, ((sei, sk), (mei, mk)) in enumerate([(s, m) for s in SEI for m in MEI]):
        born = dt.date(2011, 4, 2) + dt.timedelta(days=draw.randrange(3000))
        out.append({"resident_id": f"{i:04d}", "name": f"{sei}　{mei}", "kana": f"{sk}　{mk}", "birth_date": born.isoformat(), "sex": "1", "address": f"豊中市浜{i % 3 + 1}丁目{i + 1}番1号"})  # fmt: skip
    return out


def _roster(pupils: list[dict], change) -> list[dict]:
    fields = ("name", "kana", "birth_date", "sex")
    return [change({f: row[f] for f in fields} | {"school_name": "浜小", "school_code": "1", "grade": 3, "record_key": row["resident_id"]}) for row in pupils]  # fmt: skip


def test_a_sound_list_is_not_complained_about(city, pupils) -> None:
    found = city(pupils, pupil_roster=_roster(pupils, lambda row: row))
    assert found.summary.warnings == []
    assert (found.link["status"] == "auto").all()
    assert (found.link["resident_id"] == found.link["record_key"]).all()


def test_shifted_birth_dates_are_named_and_nothing_links_by_itself(city, pupils) -> None:
    def shift(row: dict) -> dict:
        return row | {
            "birth_date": (dt.date.fromisoformat(row["birth_date"]) + dt.timedelta(days=1)).isoformat()
        }

    found = city(pupils, pupil_roster=_roster(pupils, shift))
    assert any("この名簿の生年月日は1日ずれているようです" in text for text in found.summary.warnings)
    assert any("ずれている" in line for line in found.summary.lines())
    assert found.warnings[["extract", "kind", "rows", "share"]].values.tolist() == [
        ["pupil_roster", "shifted", 64, 1.0]
    ]
    assert found.warnings["message"].tolist() == found.summary.warnings
    assert (found.link["status"] != "auto").all()


def test_birth_dates_slipped_by_a_row_are_named_and_nothing_links_by_itself(city, pupils) -> None:
    dates = [row["birth_date"] for row in pupils]
    slipped = dict(zip((row["resident_id"] for row in pupils), dates[1:] + dates[:1], strict=True))
    rows = _roster(pupils, lambda row: row | {"birth_date": slipped[row["record_key"]]})
    found = city(pupils, pupil_roster=rows)
    assert any("行がずれているようです" in text for text in found.summary.warnings)
    assert found.warnings["kind"].tolist() == ["misaligned"]
    assert (found.link["status"] != "auto").all()


def test_name_and_reading_in_each_other_s_column_are_named_and_still_read(city, pupils) -> None:
    found = city(
        pupils, pupil_roster=_roster(pupils, lambda row: row | {"name": row["kana"], "kana": row["name"]})
    )
    assert found.warnings["kind"].tolist() == ["exchanged"]
    assert (found.link["status"] == "auto").all()
    assert (found.link["resident_id"] == found.link["record_key"]).all()


def test_a_list_without_birth_dates_is_named_and_waits(city, pupils) -> None:
    found = city(pupils, pupil_roster=_roster(pupils, lambda row: row | {"birth_date": None}))
    assert found.warnings[["kind", "rows", "share"]].values.tolist() == [["no_birth", 64, 1.0]]
    assert (found.link["status"] != "auto").all()


def test_exchanged_sexes_are_named(city, pupils) -> None:
    found = city(pupils, pupil_roster=_roster(pupils, lambda row: row | {"sex": "2"}))
    assert found.warnings["kind"].tolist() == ["sex"]
    assert (found.link["status"] != "auto").all()


def test_a_list_without_readings_is_matched_by_characters(city, pupils) -> None:
    found = city(pupils, pupil_roster=_roster(pupils, lambda row: row | {"kana": None}))
    assert found.summary.warnings == []
    linked = found.link[found.link["status"] == "auto"]
    assert (linked["resident_id"] == linked["record_key"]).all()
    assert len(linked) == len(pupils)


def test_a_list_of_foreign_names_alone_is_matched_and_never_wrongly(city) -> None:
    family = [("NGUYEN", "グエン"), ("SANTOS", "サントス"), ("KHAN", "カーン"), ("SMITH", "スミス"), ("GARCIA", "ガルシア"), ("RAI", "ライ")]  # fmt: skip
    given = [("GABRIEL", "ガブリエル"), ("MARIA", "マリア"), ("MARIO", "マリオ"), ("LUCAS", "ルーカス")]
    names = [(f"{a} {b}", f"{x}　{y}") for a, x in family for b, y in given]
    # brothers and sisters of one day: four children of each home, told apart by the given name alone
    people = [{"resident_id": f"{i:04d}", "household_id": f"H{i // 4}", "name": name, "kana": kana if i % 2 else None, "birth_date": f"201{i // 4}-03-0{i // 4 + 1}", "nationality": "2", "address": f"豊中市浜1丁目{i // 4 + 1}番1号"} for i, (name, kana) in enumerate(names)]  # fmt: skip
    rows = [
        {"record_key": f"{i:04d}", "name": kana.replace("　", " ") if i % 3 else " ".join(reversed(name.title().split())), "kana": None, "birth_date": people[i]["birth_date"], "sex": "1", "address": people[i]["address"]}
        for i, (name, kana) in enumerate(names)
    ]  # fmt: skip
    found = city(people, consultation=rows)
    assert (found.link["resident_id"] == found.link["record_key"]).all()
    # the other rows wait: in so small a register a brother of one day weighs a lot
    assert (found.link["status"] == "auto").sum() >= 8


def test_exchanged_columns_are_named_and_not_linked_wrongly(city, pupils) -> None:
    def swap(row: dict) -> dict:
        name, kana = row["name"].split("　"), row["kana"].split("　")
        return row | {"name": "　".join(reversed(name)), "kana": "　".join(reversed(kana))}

    found = city(pupils, pupil_roster=_roster(pupils, swap))
    assert any("姓と名が入れ替わって" in text for text in found.summary.warnings)
    linked = found.link[found.link["status"] == "auto"]
    assert (linked["resident_id"] == linked["record_key"]).all()


def test_mojibake_is_named_and_not_linked_wrongly(city, pupils) -> None:
    def garble(row: dict) -> dict:
        wrong = {f: row[f].encode().decode("cp932", "replace") for f in ("name", "kana")}
        return row | wrong

    found = city(pupils, pupil_roster=_roster(pupils, garble))
    assert any("文字化け" in text for text in found.summary.warnings)
    linked = found.link[found.link["status"] == "auto"]
    assert (linked["resident_id"] == linked["record_key"]).all()


def test_somebody_elses_list_is_named(city, pupils) -> None:
    def other(row: dict) -> dict:
        return row | {
            "name": "架空　" + row["name"][-1] + "郎",
            "kana": "カクウ　ロウ",
            "birth_date": "2001-01-01",
        }

    found = city(pupils, pupil_roster=_roster(pupils, other))
    assert any("一致する住民が見つかる行" in text for text in found.summary.warnings)
    assert (found.link["status"] != "auto").all()
