"""A child the worsening watch points at may be opened like one on the list."""

from __future__ import annotations

from pathlib import Path

import duckdb

from kodomo import access
from kodomo.audit import Actor
from kodomo.ops import OpsStore


def test_a_watched_child_needs_no_purpose(tmp_path: Path) -> None:
    con = duckdb.connect()
    con.execute("create table event (resident_id varchar, department_code varchar)")
    con.execute("create table child (resident_id varchar, known_case boolean)")
    con.execute("create table judgement (resident_id varchar, level integer)")
    con.execute("create table worsening (resident_id varchar)")
    con.execute("insert into child values ('1', false), ('2', false)")
    con.execute("insert into worsening values ('1')")
    actor = Actor("senmon", "専門", "specialist", "child_safety")
    with OpsStore(tmp_path / "k.ops.sqlite", b"k" * 32) as ops:
        watched = access.child_scope(con, ops, actor, "1")
        other = access.child_scope(con, ops, actor, "2")
    assert not access.decide(actor, "view_child", watched).needs_purpose
    assert access.decide(actor, "view_child", other).needs_purpose
