"""Frame: the server around the router, its security headers, language, time zone and error page."""

from __future__ import annotations

import logging
import os
import secrets
import time
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware

from kodomo.errors import KodomoError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

LOG = logging.getLogger("kodomo.ui")

# Streamlit's front end evaluates generated code and its style engine writes inline styles, hence the two
# 'unsafe' words; everything comes from this server, and nothing may be sent elsewhere.
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "frame-src 'self'",
        "frame-ancestors 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    ]
)
HEADERS = {
    b"content-security-policy": CONTENT_SECURITY_POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"x-frame-options": b"SAMEORIGIN",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=()",
}
# Answered without any login by Streamlit itself; nobody here needs them.
CLOSED_PATHS = ("/_stcore/metrics", "/_stcore/agent")


def fix_timezone() -> None:
    """Put the process on Japanese time: cookies and the log's working hours are reckoned in it."""
    os.environ["TZ"] = "Asia/Tokyo"
    if hasattr(time, "tzset"):
        time.tzset()


class SecurityHeaders:
    """Adds the security headers, closes unused addresses and marks pages as Japanese."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope.get("path", "")
        if path.startswith(CLOSED_PATHS):
            await send({"type": "http.response.start", "status": 404, "headers": list(HEADERS.items())})
            await send({"type": "http.response.body", "body": b""})
            return
        page = _asks_for_page(scope)
        if page:
            scope["headers"] = [(k, v) for k, v in scope["headers"] if k.lower() != b"accept-encoding"]
        await self.app(scope, receive, _with_headers(send, page))


def _asks_for_page(scope: Scope) -> bool:
    accept = dict(scope["headers"]).get(b"accept", b"")
    return scope["method"] == "GET" and b"text/html" in accept


def _with_headers(send: Send, page: bool) -> Send:
    """Wrap `send` so that headers are added, and a page's `lang` is set once its body is complete."""
    held: dict[str, Any] = {"start": None, "body": b""}

    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [(k, v) for k, v in message.get("headers", []) if k.lower() not in HEADERS]
            message["headers"] = headers + list(HEADERS.items())
            kind = dict(message["headers"]).get(b"content-type", b"")
            if page and kind.startswith(b"text/html"):
                held["start"] = message
                return
        elif message["type"] == "http.response.body" and held["start"] is not None:
            held["body"] += message.get("body", b"")
            if message.get("more_body"):
                return
            start, body = held["start"], held["body"].replace(b'<html lang="en"', b'<html lang="ja"', 1)
            body = body.replace(b"<title>Streamlit</title>", "<title>こどもの杜</title>".encode(), 1)
            start["headers"] = [(k, v) for k, v in start["headers"] if k.lower() != b"content-length"]
            start["headers"].append((b"content-length", str(len(body)).encode()))
            held["start"] = None
            await send(start)
            await send({"type": "http.response.body", "body": body})
            return
        await send(message)

    return wrapped


def middleware() -> list[Middleware]:
    """The middleware stack of the server."""
    return [Middleware(SecurityHeaders)]


def on_script_error(error: Exception) -> bool:
    """Show a sentence and a number instead of a trace; keep places in the code, never values, in the log.

    A message of a foreign exception may hold a name or a number of a person, so only its class and the lines
    it passed through are written.
    """
    if isinstance(error, KodomoError):
        st.error(str(error))
        return True
    number = secrets.token_hex(4)
    places = [
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
        if "kodomo" in frame.filename or "pages" in frame.filename
    ]
    LOG.error("screen error %s: %s at %s", number, type(error).__name__, " < ".join(reversed(places)))
    st.error(
        f"画面を表示できませんでした（番号 {number}）。もう一度お試しください。"
        "続くときは、この番号をシステム管理者に伝えてください。"
    )
    return True
