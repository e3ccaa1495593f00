"""Login: the form and the cookie by streamlit-authenticator, every decision by accounts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn, cast

import jwt
import streamlit as st
import streamlit_authenticator as stauth

from kodomo import access, accounts
from kodomo.errors import KodomoError
from kodomo.ops import OpsStore
from kodomo.ui import parts, session

WHY = "kd_why"
LEAVE = "kd_leave"
COOKIE = "kd_cookie_value"
COOKIE_RUNS = timedelta(seconds=60)
FIELDS = {
    "Form name": "ログイン",
    "Username": "利用者ID",
    "Password": "パスワード",
    "Login": "ログイン",
}


def gate() -> accounts.Session:
    """Whoever is logged in here; everybody else sees the login form and nothing else.

    A session lives on the server: it ends after 30 minutes without use, 8 hours after login, at logout, and
    when role or password change. The cookie only lets a reloaded page find it again.
    """
    ops = session.store()
    if st.session_state.pop(LEAVE, False):
        _leave(ops)
    live = session.current()
    if live is not None:
        touched = accounts.touch(ops, live)
        if touched.session is not None:
            st.session_state[session.SESSION] = touched.session
            _keep_cookie(ops)
            if touched.session.must_change:
                _change_password(ops, touched.session)
            return touched.session
        _forget(touched.reason)
    return _form(ops)


def _form(ops: OpsStore) -> NoReturn:
    _, head, body, _ = st.columns([0.6, 2.2, 1.9, 0.6], gap="large", vertical_alignment="top")
    with head:
        _welcome()
    with body:
        with st.container():
            notice = st.container()
            keeper = _authenticator(ops)
            resumed = _resume(ops, keeper)
            if resumed is None:
                keeper.login(
                    location="main",
                    fields=FIELDS,
                    clear_on_submit=False,
                    key="login",
                    callback=lambda _: _begin(ops),
                )
                resumed = st.session_state.get(session.SESSION)
            if resumed is None:
                _explain(notice)
        st.caption(
            "続けて6回まちがえると、30分間ログインできなくなります。"
            "パスワードを忘れたときは、システム管理者に連絡してください。"
        )
    if resumed is None:
        st.stop()
    st.rerun()


def _welcome() -> None:
    st.html(
        '<div style="padding-top:1.2rem">'
        '<div class="kd-brand" style="font-size:1.5rem">こどもの杜ダッシュボード'
        "<small>豊中市 はぐくみセンター</small></div>"
        '<p style="margin-top:1rem;line-height:1.9">各課の記録をつなぎ、まだだれも気づいていない困りごとに、'
        "早く気づくための道具です。<br>並び順は確認の順番です。判断は人が行います。</p>"
        '<p class="kd-muted kd-small" style="line-height:1.8">業務に必要なこどもの情報だけを見てください。'
        "見たことは、すべて操作ログに残ります。</p></div>"
    )


def _authenticator(ops: OpsStore) -> stauth.Authenticate:
    """The library's form and cookie, with its own password check replaced by the one that counts failures."""
    known = accounts.credentials(ops)
    cookie = known["cookie"]
    keeper = stauth.Authenticate(
        known["credentials"],
        cookie["name"],
        cookie["key"],
        cookie["expiry_days"],
        auto_hash=False,
        **{"login_sleep_time": cast(Any, 0)},
    )
    model: Any = keeper.authentication_controller.authentication_model
    model.check_credentials = lambda user_id, password: _check(ops, user_id or "", password or "")
    return keeper


def _check(ops: OpsStore, user_id: str, password: str) -> bool:
    allowed = accounts.login_allowed(ops, user_id)
    if not allowed.allowed:
        st.session_state[WHY] = allowed.message
        return False
    if accounts.check_password(ops, user_id, password):
        return True
    st.session_state[WHY] = accounts.note_failure(ops, user_id).message
    return False


def _begin(ops: OpsStore) -> None:
    """After a right password: begin the session on the server, before the cookie is written."""
    try:
        st.session_state[session.SESSION] = accounts.note_success(ops, st.session_state["username"])
        st.session_state[COOKIE] = None
        st.session_state.pop(WHY, None)
    except KodomoError as refusal:
        st.session_state[WHY] = str(refusal)
        st.session_state["authentication_status"] = False


def _resume(ops: OpsStore, keeper: stauth.Authenticate) -> accounts.Session | None:
    """The session a reloaded page belongs to, by its cookie; a dead cookie is ignored and the reason kept."""
    if st.session_state.get("logout"):
        return None
    cookie = accounts.credentials(ops)["cookie"]
    token = st.context.cookies.get(cookie["name"])
    if not token:
        return None
    try:
        claims = jwt.decode(token, cookie["key"], algorithms=["HS256"])
        user_id, expires = str(claims["username"]), float(claims["exp_date"])
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError):
        st.session_state["logout"] = True
        return None
    issued = datetime.fromtimestamp(expires, UTC) - timedelta(days=cookie["expiry_days"])
    touched = accounts.resume(ops, user_id, issued)
    if touched.session is None:
        st.session_state["logout"] = True
        if touched.code in ("idle", "absolute", "role_changed", "password_changed", "replaced", "stopped"):
            st.session_state[WHY] = touched.reason
        return None
    st.session_state[session.SESSION] = touched.session
    return touched.session


def _keep_cookie(ops: OpsStore) -> None:
    """Hand the login cookie to the browser: in every run of the first minute, for a run may be cut short."""
    live = session.current()
    if live is None or COOKIE not in st.session_state:
        return
    if ops.clock() - live.started_at > COOKIE_RUNS:
        del st.session_state[COOKIE]
        return
    with st.container(key="kd_cookie"):
        model = _authenticator(ops).cookie_controller.cookie_model
        if st.session_state[COOKIE] is None:
            st.session_state["username"] = live.user_id
            model.exp_date = model._set_exp_date()
            st.session_state[COOKIE] = (model._token_encode(), model.exp_date)
        token, expires = st.session_state[COOKIE]
        model.cookie_manager.set(str(model.cookie_name), token, expires_at=datetime.fromtimestamp(expires))


def _explain(place: Any) -> None:
    """Why the form is there: a refusal, an ended session, or an address that was asked for."""
    why = st.session_state.get(WHY)
    if st.session_state.get("authentication_status") is False:
        place.error(why or accounts.WRONG)
    elif why:
        place.info(why)


def _forget(reason: str) -> None:
    """Drop everything this browser tab knows; the next login starts clean."""
    for key in list(st.session_state):
        if key not in ("logout",):
            del st.session_state[key]
    st.session_state["logout"] = True
    st.session_state[WHY] = reason


def ask_to_leave() -> None:
    """Callback of the logout button; the session ends at the start of the next run."""
    st.session_state[LEAVE] = True


def _leave(ops: OpsStore) -> None:
    live = session.current()
    if live is not None:
        accounts.logout(ops, live)
    _forget(accounts.ENDED["logout"])


def _change_password(ops: OpsStore, live: accounts.Session) -> None:
    """A first password is only good for choosing another one."""
    parts.heading("パスワードの変更")
    st.info("はじめに、自分だけが知っているパスワードに変えてください。変えたあと、もう一度ログインします。")
    with st.form("password", width=480):
        old = st.text_input("今のパスワード", type="password")
        new = st.text_input("新しいパスワード（12文字以上）", type="password")
        again = st.text_input("新しいパスワード（もう一度）", type="password")
        if st.form_submit_button("変更する", type="primary"):
            if new != again:
                st.error("新しいパスワードが2回で違います。入力し直してください。")
            else:
                try:
                    accounts.change_password(ops, live.actor, old, new)
                except KodomoError as refusal:
                    st.error(str(refusal))
                else:
                    st.rerun()
    st.stop()


@st.fragment(run_every="60s")
def watch() -> None:
    """Notice on an idle screen that the session has ended, and take what it shows away."""
    live = session.current()
    if live is not None and accounts.touch(session.store(), live, activity=False).session is None:
        st.rerun(scope="app")


def greeting(live: accounts.Session) -> None:
    """Who is logged in, in which role and department."""
    name = parts.html(live.name)
    role = parts.html(access.role_label(live.role))
    place = parts.html(session.department_name(live.department))
    st.html(f'<div class="kd-user"><b style="color:#20262d">{name}</b><br>{role}・{place}</div>')
