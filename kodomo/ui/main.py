"""The router: style, login, the menu a role may see, and the one screen that was asked for."""

from pathlib import Path
from urllib.parse import urlparse

import streamlit as st

from kodomo import access
from kodomo.ui import frame, login, menu, parts, session, theme

st.set_page_config(
    page_title="こどもの杜",
    page_icon=str(Path(__file__).resolve().parent.parent / "static" / "favicon.png"),
    layout="wide",
    initial_sidebar_state=216,
)
frame.fix_timezone()
st.html(theme.STYLE)


def unknown_address() -> None:
    """The screen of an address that is none."""
    parts.refuse(
        "このページはありません",
        "アドレスが違うか、画面がなくなりました。左のメニューから選び直してください。",
        session.ASK_ADMIN,
        logged=False,
    )
    st.page_link(session.page("home"), label="今日の仕事へ戻る")


def address() -> str:
    """The last part of the address the browser shows, e.g. `children`."""
    return urlparse(st.context.url or "").path.strip("/").rsplit("/", 1)[-1]


def registered(visible: set[str]) -> dict[str, st.Page]:
    """Every screen as a page of Streamlit; the others stay reachable and say why they are shut."""
    return {
        screen.name: st.Page(
            screen.path,
            title=screen.title,
            icon=screen.icon,
            url_path=screen.name,
            default=screen.name == "home",
            visibility="visible" if screen.name in visible else "hidden",
        )
        for screen in menu.screens()
    }


def sections(pages: dict[str, st.Page]) -> dict[str, list[st.Page]]:
    """The pages in their groups, with a page of its own for an address nobody knows."""
    grouped: dict[str, list[st.Page]] = {}
    for screen in menu.screens():
        grouped.setdefault(screen.group, []).append(pages[screen.name])
    asked = address()
    if asked and asked not in pages:
        lost = st.Page(unknown_address, title="このページはありません", url_path=asked, visibility="hidden")
        grouped.setdefault("", []).append(lost)
    return grouped


# Declared before the login, so that an address survives it.
pages = registered(set())
chosen = st.navigation(sections(pages), position="hidden")
live = login.gate()

pages = registered(
    {screen.name for screen in menu.screens() if screen.listed and access.may(live.actor, screen.action)}
)
st.session_state["kd_pages"] = pages
chosen = st.navigation(sections(pages), position="sidebar", expanded=True)
with st.sidebar:
    login.greeting(live)
    st.button("ログアウト", on_click=login.ask_to_leave, width="stretch")

name = chosen.url_path or "home"
if st.session_state.get(session.PAGE) != name:
    st.session_state[session.PAGE] = name
    st.session_state[session.SEEN] = {}
login.watch()
chosen.run()
