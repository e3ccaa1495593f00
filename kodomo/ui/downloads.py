"""Downloads: files made when they are asked for, after the right was checked and the log was written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import streamlit as st

from kodomo import access, accounts, audit
from kodomo.audit import Actor
from kodomo.export import csv_bytes
from kodomo.ui import session

Rows = Sequence[Sequence[Any]]


def csv_button(
    user: Actor,
    label: str,
    *,
    file_name: str,
    action: str,
    heading: Iterable[str],
    rows: Callable[[], Rows],
    key: str,
    detail: dict[str, Any] | None = None,
) -> None:
    """A button that hands over a CSV file; nothing is made before it is pressed.

    Pressing it asks anew whether the session lives and the role has the right (`action`), and writes the
    number of rows to the operation log; when that fails there is no file.

    Args:
        file_name: without any personal data.
        heading: the headings of the columns.
        rows: fetches the rows; runs outside the screen, so it must not use Streamlit.
        detail: further facts for the log row.
    """
    ops, live, now = session.store(), session.current(), session.family().current()
    names = list(heading)

    def make() -> bytes:
        if live is None or accounts.touch(ops, live).session is None:
            raise access.AccessDenied("利用時間が過ぎています。ログインし直してください。")
        access.require(ops, user, action)
        found = rows()
        audit.record(
            ops,
            user,
            action,
            count=len(found),
            detail={**(detail or {}), "file": file_name},
            snapshot=now.name if now else None,
            ruleset=now.ruleset if now else None,
        )
        return csv_bytes(names, found)

    st.download_button(label, make, file_name=file_name, mime="text/csv", on_click="ignore", key=key)
