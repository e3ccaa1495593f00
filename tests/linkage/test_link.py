"""Links: who is recognised through every kind of noise, and who is never guessed."""
# ruff: noqa: E501 - cases read best as one row each

from __future__ import annotations

import numpy as np
import pytest

HOME = "豊中市庄内東町1丁目2番3号"
FATHER = {"resident_id": "0001", "household_id": "H1", "name": "髙澤　健", "kana": "タカザワ　ケン", "birth_date": "1984-02-03", "sex": "1", "address": HOME}  # fmt: skip
MOTHER = FATHER | {"resident_id": "0002", "name": "髙澤　由美", "kana": "タカザワ　ユミ", "birth_date": "1986-08-09", "sex": "2"}  # fmt: skip
CHILD = FATHER | {
    "resident_id": "0003",
    "name": "髙澤　優斗",
    "kana": "タカザワ　ユウト",
    "birth_date": "2014-05-06",
}
OTHERS = [
    {"resident_id": f"01{i:02d}", "household_id": f"G{i // 3}", "name": f"{sei}　{mei}", "kana": f"{sk}　{mk}", "birth_date": f"{year}-0{i % 9 + 1}-1{i % 9}",
     "sex": sex, "address": f"豊中市本町{i % 4 + 1}丁目{i + 1}番1号"}
    for i, (sei, sk, mei, mk, year, sex) in enumerate(
        [("佐藤", "サトウ", "陽葵", "ヒマリ", 2013, "2"), ("佐藤", "サトウ", "健太", "ケンタ", 1980, "1"), ("佐藤", "サトウ", "美香", "ミカ", 1982, "2"),
         ("鈴木", "スズキ", "大翔", "ヒロト", 2014, "1"), ("鈴木", "スズキ", "隆", "タカシ", 1975, "1"), ("鈴木", "スズキ", "恵", "メグミ", 1979, "2"),
         ("田中", "タナカ", "美咲", "ミサキ", 2015, "2"), ("田中", "タナカ", "浩", "ヒロシ", 1983, "1"), ("田中", "タナカ", "愛", "アイ", 1984, "2"),
         ("渡邉", "ワタナベ", "蓮", "レン", 2012, "1"), ("渡邉", "ワタナベ", "剛", "ツヨシ", 1970, "1"), ("渡邉", "ワタナベ", "幸子", "サチコ", 1972, "2")])
]  # fmt: skip
TOWN = [FATHER, MOTHER, CHILD, *OTHERS]
RECORD = {"name": "髙澤　優斗", "kana": "タカザワ　ユウト", "birth_date": "2014-05-06", "sex": "1"}
SCHOOL = {"school_code": "01", "school_name": "庄内小学校", "grade": 5}
REGISTER = (
    RECORD
    | SCHOOL
    | {"record_key": "S1", "resident_id": "0003", "address": HOME, "guardian_name": "髙澤　健"}
)


NOISE = [
    {},
    {"name": "高沢優斗"},
    {"name": "高沢 優斗", "kana": "ﾀｶｻﾞﾜ ﾕｳﾄ"},
    {"kana": "たかざわ　ゆうと"},
    {"kana": None},
    {"name": "タカザワ　ユウト", "kana": None},
    {"name": "高澤　ゆうと"},
    {"name": "優斗　髙澤", "kana": "ユウト　タカザワ"},
    {"name": "優斗髙澤", "kana": "ユウトタカザワ"},
    {"kana": "タカザワ　ユート"},
    {"name": "高沢　悠斗"},
    {"sex": None},
    {"birth_date": "2014-05-07", "address": "庄内東町1-2-3"},
    {"birth_date": "2014-06-05", "address": "庄内東町１－２－３"},
    {"name": "鎌田　優斗", "kana": "カマタ　ユウト", "address": "庄内東町1-2-3"},
    {"name": "高沢　優〓", "address": "庄内東町1-2-3"},
    {"birth_date": None, "birth_year": 2014, "birth_month": 5, "address": "庄内東町1-2-3"},
]


def test_one_kind_of_noise_does_not_hide_a_child(city) -> None:
    found = city(TOWN, consultation=[RECORD | change for change in NOISE])
    for i, change in enumerate(NOISE):
        row = found.row("consultation", f"K{i:05d}")
        assert (row["resident_id"], row["status"]) == ("0003", "auto"), (change, row["reasons"])


def test_an_unregistered_twin_is_never_the_registered_one(city) -> None:
    twins = [
        {"name": "髙澤　結衣", "kana": "タカザワ　ユイ", "sex": "2"},
        {"name": "髙澤　結斗", "kana": "タカザワ　ユイト"},
        {"name": "髙澤　優太", "kana": "タカザワ　ユウタ"},
        {"name": "髙澤　大輔", "kana": None},
        {"name": "たかざわ　あおい", "kana": None},
        {"name": "髙澤　優〓", "kana": None},  # 優太, if a twin is
        {"name": "髙澤　優", "kana": None},
    ]
    rows = [RECORD | SCHOOL | {"address": HOME, "guardian_name": "高澤 健"} | twin for twin in twins]
    found = city(TOWN, school_register=[REGISTER], consultation=rows, pupil_roster=rows)
    assert (found.link[found.link["extract"] != "school_register"]["status"] != "auto").all()


def test_an_unregistered_sibling_is_nobody(city) -> None:
    sibling = RECORD | {
        "name": "髙澤　結衣",
        "kana": "タカザワ　ユイ",
        "birth_date": "2017-11-20",
        "sex": "2",
        "address": HOME,
    }
    row = city(TOWN, consultation=[sibling | {"guardian_name": "髙澤　健"}]).row("consultation")
    assert row["status"] != "auto"


def test_registered_twins_are_told_apart(city) -> None:
    twin = CHILD | {"resident_id": "0004", "name": "髙澤　悠斗", "kana": "タカザワ　ハルト"}
    rows = [
        RECORD,
        RECORD | {"name": "高沢悠斗", "kana": "ﾀｶｻﾞﾜﾊﾙﾄ"},
        RECORD | {"name": "髙澤　勇斗", "kana": None},
    ]
    found = city([*TOWN, twin], pupil_roster=[row | SCHOOL for row in rows])
    assert found.row("pupil_roster", "K00000")["resident_id"] == "0003"
    assert found.row("pupil_roster", "K00001")["resident_id"] == "0004"
    assert found.row("pupil_roster", "K00002")["status"] != "auto"


def test_two_people_of_one_name_and_birthday_wait_for_a_person(city) -> None:
    namesake = CHILD | {"resident_id": "0009", "household_id": "H9", "address": "豊中市本町9丁目9番9号"}
    found = city([*TOWN, namesake], education_counseling=[RECORD])
    row = found.row("education_counseling")
    assert row["status"] == "review"
    assert "同姓同名" in row["reasons"]
    assert set(found.offered("education_counseling")) >= {"0003", "0009"}


@pytest.mark.parametrize(
    ("extract", "evidence"),
    [("consultation", {"address": "本町9-9-9"}), ("after_school_club", {"guardian_name": "大野　茂"}), ("pupil_roster", {"school_name": "豊中市立本町小学校", "school_code": "02", "grade": 5})],
)  # fmt: skip
def test_address_guardian_or_school_decides_between_namesakes(city, extract: str, evidence: dict) -> None:
    namesake = CHILD | {"resident_id": "0009", "household_id": "H9", "address": "豊中市本町9丁目9番9号"}
    father = FATHER | {
        "resident_id": "0010",
        "household_id": "H9",
        "name": "大野　茂",
        "kana": "オオノ　シゲル",
        "address": "豊中市本町9丁目9番9号",
    }
    register = [REGISTER, REGISTER | {"record_key": "S2", "resident_id": "0009", "school_code": "02", "school_name": "本町小学校", "address": "豊中市本町9丁目9番9号", "guardian_name": "大野　茂"}]  # fmt: skip
    found = city(
        [*TOWN, namesake, father],
        school_register=register,
        **{extract: [RECORD | {"school_name": None, "grade": None} | evidence]},
    )
    row = found.row(extract)
    assert row["resident_id"] == "0009"
    assert row["status"] in ("auto", "review")
    assert found.row("school_register", "S1")["resident_id"] == "0003"
    assert found.row("school_register", "S2")["resident_id"] == "0009"


def test_an_adult_is_found_among_all_residents(city) -> None:
    record = {
        "name": "渡辺　幸子",
        "kana": "わたなべ さちこ",
        "birth_date": OTHERS[-1]["birth_date"],
        "sex": "2",
    }
    row = city(TOWN, consultation=[record]).row("consultation")
    assert (row["resident_id"], row["status"]) == (OTHERS[-1]["resident_id"], "auto")


def test_a_changed_name_is_known_by_former_name_and_history(city) -> None:
    now = CHILD | {"name": "森　優斗", "kana": "モリ　ユウト", "former_name": "髙澤　優斗"}
    assert (
        city([FATHER, MOTHER, now, *OTHERS], pupil_roster=[RECORD | SCHOOL]).row("pupil_roster")["status"]
        == "auto"
    )
    before = CHILD | {"delivered_on": "2025-05-01", "seen_to": "2025-05-01"}
    now = now | {"former_name": None, "recorded_on": "2025-05-20"}
    row = city([FATHER, MOTHER, before, now, *OTHERS], pupil_roster=[RECORD | SCHOOL]).row("pupil_roster")
    assert (row["resident_id"], row["status"]) == ("0003", "auto")
    assert "以前の氏名" in row["reasons"]


def test_a_foreign_child_is_known_by_every_name(city) -> None:
    child = CHILD | {
        "name": "NGUYEN VAN AN",
        "kana": "グエン　ヴァン　アン",
        "alias_name": "阮　安",
        "nationality": "2",
    }
    names = [
        {"name": "NGUYEN VAN AN", "kana": None},
        {"name": "ＡＮ　ＮＧＵＹＥＮ　ＶＡＮ", "kana": None},
        {"name": "NGUYENVANAN", "kana": None},
        {"name": "グエン ヴァン アン", "kana": None},
        {"name": "アン グエンヴァン", "kana": "アン グエン ヴァン"},
        {"name": "阮安", "kana": None},
    ]
    found = city([FATHER, MOTHER, child, *OTHERS], consultation=[RECORD | name for name in names])
    for i, name in enumerate(names):
        row = found.row("consultation", f"K{i:05d}")
        assert (row["resident_id"], row["status"]) == ("0003", "auto"), (name, row["reasons"])


def test_alphabet_against_katakana_without_reading_is_offered_not_linked(city) -> None:
    child = CHILD | {"name": "MARIA SANTOS", "kana": None, "nationality": "2"}
    found = city(
        [FATHER, MOTHER, child, *OTHERS],
        pupil_roster=[RECORD | SCHOOL | {"name": "サントス マリア", "kana": None}],
    )
    assert found.row("pupil_roster")["status"] != "auto"
    assert found.offered("pupil_roster")[0] == "0003"


def test_without_birth_date_only_name_address_and_age_together_link(city) -> None:
    record = {"name": "髙澤　優斗", "kana": "タカザワ　ユウト", "age": 10, "occurred_on": "2025-04-20"}
    assert (
        city(TOWN, guidance_center_case=[record | {"address": HOME}]).row("guidance_center_case")["status"]
        == "auto"
    )
    row = city(TOWN, guidance_center_case=[record]).row("guidance_center_case")
    assert row["status"] == "review"
    assert row["resident_id"] == "0003"
    assert city(TOWN, guidance_center_case=[record | {"address": HOME, "age": 3}]).row("guidance_center_case")["status"] != "auto"  # fmt: skip


def test_a_stranger_stays_without_a_link_and_is_listed(city) -> None:
    row = city(
        TOWN,
        consultation=[RECORD | {"name": "小泉　岳", "kana": "コイズミ　ガク", "birth_date": "2011-01-31"}],
    ).row("consultation")
    assert row["status"] == "none"
    assert row["resident_id"] is None
    assert row["reasons"]


def test_two_current_roster_rows_do_not_share_a_child(city) -> None:
    found = city(TOWN, pupil_roster=[RECORD | SCHOOL, RECORD | SCHOOL, RECORD | SCHOOL | {"status": "2"}])
    assert [found.row("pupil_roster", f"K0000{i}")["status"] for i in range(3)] == [
        "review",
        "review",
        "auto",
    ]


def test_a_former_resident_is_preferred_only_while_they_lived_here(city) -> None:
    left = CHILD | {
        "resident_id": "0000",
        "status": "2",
        "status_on": "2019-03-31",
        "address": "豊中市旭丘1番1号",
    }
    row = city([left, *TOWN], education_counseling=[RECORD | {"occurred_on": "2025-04-20"}]).row(
        "education_counseling"
    )
    assert row["resident_id"] == "0003"


def test_a_village_of_three_works(city) -> None:
    found = city(
        [FATHER, MOTHER, CHILD],
        pupil_roster=[RECORD | SCHOOL],
        consultation=[RECORD | {"name": "山田　花", "kana": "ヤマダ　ハナ"}],
    )
    assert found.row("pupil_roster")["resident_id"] == "0003"
    assert found.row("pupil_roster")["status"] == "auto"
    assert found.row("consultation")["status"] != "auto"


def test_an_empty_register_and_empty_extracts_work(city) -> None:
    assert city([], pupil_roster=[RECORD | SCHOOL]).row("pupil_roster")["status"] == "none"
    assert city(TOWN).link.empty


def test_a_thousand_people_of_one_name(city) -> None:
    crowd = [CHILD | {"resident_id": f"9{i:04d}", "household_id": f"C{i}", "birth_date": f"{1950 + i % 70}-{i % 12 + 1:02d}-{i % 28 + 1:02d}", "address": f"豊中市本町1丁目{i}番1号"} for i in range(1000)]  # fmt: skip
    record = RECORD | {"birth_date": crowd[500]["birth_date"], "address": crowd[500]["address"]}
    found = city([*TOWN, *crowd], consultation=[record, record | {"birth_date": None, "address": None}])
    assert found.row("consultation")["resident_id"] == crowd[500]["resident_id"]
    assert found.row("consultation", "K00001")["status"] != "auto"


def test_the_newest_version_of_a_record_counts(city) -> None:
    old = RECORD | {
        "record_key": "A",
        "name": "鈴木　大翔",
        "kana": "スズキ　ヒロト",
        "birth_date": OTHERS[3]["birth_date"],
        "recorded_on": "2025-04-01",
        "seen_to": "2025-04-01",
    }
    new = RECORD | {"record_key": "A", "recorded_on": "2025-05-20"}
    assert city(TOWN, consultation=[old, new]).row("consultation", "A")["resident_id"] == "0003"


def test_same_data_same_links(city) -> None:
    rows = {
        "school_register": [REGISTER],
        "pupil_roster": [RECORD | SCHOOL | {"name": f"髙澤　優{c}"} for c in "斗太人馬"],
    }
    one, other = city(TOWN, **rows), city(list(reversed(TOWN)), **rows)
    assert one.link.equals(other.link)
    assert one.candidates.equals(other.candidates)


def test_names_with_markup_and_commands_stay_text(city) -> None:
    row = city(TOWN, consultation=[RECORD | {"name": "'); drop table link; --<b>=1+1", "kana": '"|'}]).row(
        "consultation"
    )
    assert row["status"] in ("none", "review")


def test_an_address_of_ones_own_settles_it_between_namesakes(city) -> None:
    namesake = CHILD | {"resident_id": "0009", "household_id": "H9", "address": "豊中市本町9丁目9番9号"}
    row = city([*TOWN, namesake], consultation=[RECORD | {"address": "本町9-9-9"}]).row("consultation")
    assert (row["resident_id"], row["status"]) == ("0009", "auto")


def test_a_field_that_an_extract_writes_its_own_way_speaks_against_nobody() -> None:
    from kodomo.linkage.decide import contradicts

    level = np.array([0] * 20 + [1] * 20 + [0] * 2)
    plain, group = np.ones(42, dtype=bool), np.array([0] * 20 + [1] * 22)
    assert contradicts(level, plain, group).tolist() == [0] * 40 + [1] * 2


FOREIGN = CHILD | {"name": "MARIO SANTOS", "kana": None, "nationality": "2"}
HEARD = RECORD | {"name": "サントス マリオ", "kana": None}


@pytest.mark.parametrize(
    ("change", "status"),
    [({"address": HOME}, "auto"), ({}, "review"), ({"address": HOME, "name": "サントス マリア"}, "review"), ({"address": HOME, "name": "MARIO SANTOS", "kana": "マリオ サントス"}, "auto")],
)  # fmt: skip
def test_an_alphabet_name_heard_in_the_reading_counts_where_something_backs_it(city, change, status) -> None:
    found = city([FATHER, MOTHER, FOREIGN, *OTHERS], consultation=[HEARD | change]).row("consultation")
    assert (found["resident_id"], found["status"]) == ("0003", status)


def test_an_alphabet_name_in_the_column_of_readings_is_read(city) -> None:
    child = CHILD | {"name": "MARIO SANTOS", "kana": "サントス　マリオ", "nationality": "2"}
    names = [
        {"name": "サントス マリオ", "kana": "MARIO SANTOS"},
        {"name": "マリオ サントス", "kana": "マリオサントス"},
    ]
    found = city([FATHER, MOTHER, child, *OTHERS], consultation=[RECORD | name for name in names])
    for i in range(len(names)):
        assert found.row("consultation", f"K{i:05d}")["status"] == "auto"


def _elsewhere(**change) -> dict:
    return RECORD | {"school_name": None, "grade": None} | change


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"address": "豊中市旭丘9番9号"}, "auto"),  # moved
        ({"guardian_name": "大野　茂"}, "auto"),  # the other parent, a step-parent
        ({"address": "豊中市旭丘9番9号", "guardian_name": "大野　茂"}, "review"),  # somebody else's life
        ({"address": "豊中市旭丘9番9号", "sex": "2"}, "review"),
        ({"address": "豊中市旭丘9番9号", "birth_date": "2014-05-07"}, "review"),
        ({"address": HOME, "guardian_name": "大野　茂"}, "auto"),
    ],
)
def test_one_field_may_be_of_another_time_two_may_not(city, change: dict, status: str) -> None:
    crowd = [CHILD | {"resident_id": f"7{i:03d}", "household_id": f"M{i}", "name": f"佐藤　優{i}", "kana": "サトウ　ユウ", "birth_date": f"20{10 + i % 10}-0{i % 9 + 1}-1{i % 9}", "address": f"豊中市本町{i % 4 + 1}丁目{i}番1号"} for i in range(400)]  # fmt: skip
    row = city([*TOWN, *crowd], consultation=[_elsewhere(**change)]).row("consultation")
    assert (row["resident_id"], row["status"]) == ("0003", status)


def test_without_birth_date_the_age_may_be_a_year_off_at_the_child_s_own_address(city) -> None:
    record = {"name": "髙澤　優斗", "kana": "タカザワ　ユウト", "occurred_on": "2025-04-20", "address": HOME}
    rows = [record | {"age": age} for age in (9, 11, None, 7)]
    found = city(TOWN, guidance_center_case=rows)
    status = [found.row("guidance_center_case", f"K{i:05d}")["status"] for i in range(4)]
    assert status == ["auto", "auto", "auto", "review"]


def test_a_name_in_hiragana_is_as_good_as_one_in_kanji(city) -> None:
    child = CHILD | {"name": "髙澤　ひまり", "kana": "タカザワ　ヒマリ"}
    record = RECORD | {"name": "高沢 ひまり", "kana": "タカザワ ヒマリ"}
    row = city([FATHER, MOTHER, child, *OTHERS], consultation=[record]).row("consultation")
    assert row["status"] == "auto"
    assert "似た字" not in row["reasons"]
