"""Accounts: passwords, lockout, sessions that end, rights that begin and end with a date."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import bcrypt
import pytest

from kodomo import access, accounts, audit
from kodomo.accounts import (
    DEMO_PASSWORD,
    AccountExists,
    BadAccount,
    LoginRefused,
    UnknownAccount,
    WeakPassword,
)
from kodomo.audit import SYSTEM, Actor
from kodomo.ops import Conflict, OpsStore

ADMIN = Actor("admin", "システム 管理者", "admin", "system", "s")


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ops(tmp_path: Path, clock: Clock, monkeypatch):
    monkeypatch.setattr(accounts, "ROUNDS", 4)
    with OpsStore(tmp_path / "k.ops.sqlite", b"k" * 32, clock) as store:
        accounts.create_demo(store)
        yield store


def fail(ops: OpsStore, user_id: str, times: int) -> list[str]:
    said = []
    for _ in range(times):
        with pytest.raises(LoginRefused) as refused:
            accounts.login(ops, user_id, "wrong password")
        said.append(str(refused.value))
    return said


def test_there_is_a_demo_account_for_every_role(ops: OpsStore) -> None:
    found = accounts.accounts(ops)
    assert set(found["role"]) == set(access.roles())
    assert accounts.create_demo(ops) == []
    for user_id, name, department, role in accounts.DEMO:
        session = accounts.login(ops, user_id, DEMO_PASSWORD)
        assert (session.name, session.department, session.role) == (name, department, role)


@pytest.mark.parametrize("user_id", ["toukatsu", "nobody-by-that-name", "'; drop table account; --"])
def test_six_failures_stop_the_id_and_unknown_ids_look_the_same(ops: OpsStore, clock, user_id: str) -> None:
    said = fail(ops, user_id, 6)
    assert said == [accounts.WRONG] * 5 + [accounts.LOCKED]
    assert not accounts.login_allowed(ops, user_id).allowed
    with pytest.raises(LoginRefused, match="30分後"):
        accounts.login(ops, user_id, DEMO_PASSWORD)
    clock.pass_(minutes=30, seconds=1)
    assert accounts.login_allowed(ops, user_id).allowed
    assert fail(ops, user_id, 1) == [accounts.WRONG]
    rows = audit.search(ops, action=["login_failed", "login_locked"]).rows
    assert len(rows) == 8
    assert set(rows["user_id"]) == ({"toukatsu"} if user_id == "toukatsu" else {"unknown"})


def test_a_success_forgets_earlier_failures(ops: OpsStore) -> None:
    fail(ops, "toukatsu", 5)
    accounts.login(ops, "toukatsu", DEMO_PASSWORD)
    assert fail(ops, "toukatsu", 5) == [accounts.WRONG] * 5


def test_an_unknown_id_costs_one_password_check_too(ops: OpsStore, monkeypatch) -> None:
    checked: list[bytes] = []
    real = bcrypt.checkpw
    monkeypatch.setattr(bcrypt, "checkpw", lambda word, hashed: checked.append(hashed) or real(word, hashed))
    accounts.check_password(ops, "toukatsu", "x")
    accounts.check_password(ops, "nobody", "x")
    accounts.note_failure(ops, "nobody", even_out=True)
    assert len(checked) == 3
    assert {hashed[:7] for hashed in checked} == {b"$2b$04$"}


def test_idle_and_absolute_limits_end_a_session(ops: OpsStore, clock) -> None:
    session = accounts.login(ops, "toukatsu", DEMO_PASSWORD)
    clock.pass_(minutes=29)
    assert accounts.touch(ops, session).session is not None
    clock.pass_(minutes=29)
    assert accounts.touch(ops, session, activity=False).session is not None
    clock.pass_(minutes=2)
    ended = accounts.touch(ops, session)
    assert (ended.session, ended.code) == (None, "idle")
    assert "30分" in ended.reason
    session = accounts.login(ops, "toukatsu", DEMO_PASSWORD)
    for _ in range(23):
        clock.pass_(minutes=20)
        assert accounts.touch(ops, session).session is not None
    clock.pass_(minutes=20)
    assert accounts.touch(ops, session).code == "absolute"
    assert audit.search(ops, action="session_expired").total == 2


def test_logout_kills_the_session_and_every_cookie(ops: OpsStore, clock) -> None:
    session = accounts.login(ops, "toukatsu", DEMO_PASSWORD)
    issued = clock()
    assert accounts.resume(ops, "toukatsu", issued).session is not None
    clock.pass_(seconds=5)
    accounts.logout(ops, session)
    assert accounts.touch(ops, session).code == "logout"
    assert accounts.issued_before_revocation(ops, "toukatsu", issued)
    assert accounts.resume(ops, "toukatsu", issued).session is None
    clock.pass_(seconds=5)
    accounts.login(ops, "toukatsu", DEMO_PASSWORD)
    assert accounts.resume(ops, "toukatsu", issued).session is None
    assert accounts.resume(ops, "toukatsu", clock()).session is not None
    assert accounts.issued_before_revocation(ops, "nobody", clock())


def test_one_live_session_per_id(ops: OpsStore, clock) -> None:
    first = accounts.login(ops, "toukatsu", DEMO_PASSWORD)
    issued = clock()
    clock.pass_(minutes=10)
    second = accounts.login(ops, "toukatsu", DEMO_PASSWORD)
    assert accounts.touch(ops, first).code == "replaced"
    assert accounts.touch(ops, second).session is not None
    assert accounts.resume(ops, "toukatsu", issued).code == "replaced"


def test_a_city_may_allow_several_sessions(ops: OpsStore) -> None:
    first = accounts.login(ops, "toukatsu", DEMO_PASSWORD)
    accounts.note_success(ops, "toukatsu", single=False)
    assert accounts.touch(ops, first).session is not None


def test_an_unknown_session_is_none(ops: OpsStore) -> None:
    assert accounts.touch(ops, "made-up").code == "unknown"


def test_a_new_password_ends_every_session(ops: OpsStore, clock) -> None:
    session = accounts.login(ops, "senmon", DEMO_PASSWORD)
    with pytest.raises(LoginRefused):
        accounts.change_password(ops, session.actor, "wrong password", "a wholly new one")
    with pytest.raises(WeakPassword):
        accounts.change_password(ops, session.actor, DEMO_PASSWORD, DEMO_PASSWORD)
    clock.pass_(seconds=1)
    accounts.change_password(ops, session.actor, DEMO_PASSWORD, "a wholly new one")
    assert accounts.touch(ops, session).code == "password_changed"
    assert not accounts.check_password(ops, "senmon", DEMO_PASSWORD)
    assert accounts.login(ops, "senmon", "a wholly new one").must_change is False
    accounts.reset_password(ops, ADMIN, "senmon", "first password 26")
    assert accounts.login(ops, "senmon", "first password 26").must_change is True


def test_a_change_of_role_ends_the_session_at_once(ops: OpsStore) -> None:
    session = accounts.login(ops, "senmon", DEMO_PASSWORD)
    accounts.give_role(ops, ADMIN, "senmon", "manager", "child_safety", date(2027, 4, 1))
    assert accounts.touch(ops, session).code == "role_changed"


def test_rights_begin_and_end_with_their_dates(ops: OpsStore, clock) -> None:
    accounts.create(
        ops,
        ADMIN,
        "idou",
        "異動 する人",
        "pupil",
        "department_staff",
        "a good long one",
        valid_from=date(2026, 11, 21),
        valid_to=date(2026, 11, 22),
    )
    with pytest.raises(LoginRefused):
        accounts.login(ops, "idou", "a good long one")
    assert "idou" not in accounts.credentials(ops)["credentials"]["usernames"]
    clock.pass_(days=1)
    assert accounts.login(ops, "idou", "a good long one").role == "department_staff"
    assert accounts.duties(ops, "idou")[0].department == "pupil"
    # 22 November, 23:50 in Japan; the duty is over ten minutes later.
    clock.now = datetime(2026, 11, 22, 14, 50, tzinfo=UTC)
    session = accounts.login(ops, "idou", "a good long one")
    clock.pass_(minutes=11)
    assert accounts.touch(ops, session).code == "role_changed"
    assert "idou" not in accounts.credentials(ops)["credentials"]["usernames"]


def test_a_stopped_account_is_out_and_versions_guard_the_change(ops: OpsStore) -> None:
    session = accounts.login(ops, "senmon", DEMO_PASSWORD)
    accounts.set_status(ops, ADMIN, "senmon", "stopped", 1)
    assert accounts.touch(ops, session).code == "stopped"
    assert accounts.issued_before_revocation(ops, "senmon", datetime(2030, 1, 1, tzinfo=UTC))
    assert fail(ops, "senmon", 1) == [accounts.WRONG]
    with pytest.raises(Conflict):
        accounts.set_status(ops, ADMIN, "senmon", "active", 1)
    accounts.set_status(ops, ADMIN, "senmon", "active", 2)
    assert accounts.login(ops, "senmon", DEMO_PASSWORD)


def test_ending_a_duty_and_unlocking(ops: OpsStore) -> None:
    duty = accounts.duties(ops, "senmon")[0]
    accounts.end_role(ops, ADMIN, "senmon", duty.duty_id)
    assert accounts.duties(ops, "senmon") == []
    with pytest.raises(UnknownAccount):
        accounts.end_role(ops, ADMIN, "senmon", duty.duty_id)
    fail(ops, "kansa", 6)
    accounts.unlock(ops, ADMIN, "kansa")
    assert accounts.login(ops, "kansa", DEMO_PASSWORD)


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "elevenchars",
        "aaaaaaaaaaaaaa",
        "abcabcabcabcabc",
        "password2026!!",
        "qwertyuiop1234",
        " has blanks around ",
        "あ" * 25,
        "x1y2" * 19,
        "toyonakashi-2026",
    ],
)
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        accounts.check_password_policy(password, "toukatsu")


@pytest.mark.parametrize(
    "password", [DEMO_PASSWORD, "さくらの木の下で待つひるさがり", "correct horse battery"]
)
def test_good_passwords_pass(password: str) -> None:
    accounts.check_password_policy(password, "toukatsu")


def test_only_an_administrator_changes_accounts(ops: OpsStore) -> None:
    for role in access.roles():
        if role == "admin":
            continue
        actor = Actor("x", "", role, "pupil", "s")
        with pytest.raises(access.AccessDenied):
            accounts.create(ops, actor, "newuser", "氏名", "pupil", "admin", "a good long one")
    with pytest.raises(AccountExists):
        accounts.create(ops, ADMIN, "senmon", "氏名", "pupil", "admin", "a good long one")
    for bad in ("X", "1abc", "system", "a b", "a" * 40):
        with pytest.raises(BadAccount):
            accounts.create(ops, ADMIN, bad, "氏名", "pupil", "admin", "a good long one")
    with pytest.raises(BadAccount):
        accounts.create(ops, ADMIN, "newuser", "氏名", "pupil", "king", "a good long one")
    with pytest.raises(BadAccount):
        accounts.create(
            ops, ADMIN, "newuser", "氏名", "pupil", "admin", "a good long one", valid_to=date(2020, 1, 1)
        )


def test_credentials_are_fresh_and_hold_no_plain_password(ops: OpsStore) -> None:
    first = accounts.credentials(ops)
    first["credentials"]["usernames"].clear()
    second = accounts.credentials(ops)
    assert len(second["credentials"]["usernames"]) == len(accounts.DEMO)
    assert DEMO_PASSWORD not in str(second)
    assert len(second["cookie"]["key"]) >= 32
    assert second["credentials"]["usernames"]["kansa"]["roles"] == ["auditor"]


def test_the_log_never_shows_what_was_typed(ops: OpsStore) -> None:
    fail(ops, "my-secret-typed-as-id", 2)
    accounts.create(ops, SYSTEM, "newuser", "豊中 花子", "pupil", "admin", "a good long one")
    with ops.read() as con:
        text = " ".join(str(tuple(row)) for row in con.execute("select * from operation_log"))
    assert "my-secret" not in text
    assert "花子" not in text
    assert "a good long" not in text
