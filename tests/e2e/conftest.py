"""The dashboard as people meet it: a real server on a copy of the small judged city, and a real browser."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from kodomo.accounts import DEMO_PASSWORD
from kodomo.ops import OpsStore, load_key
from kodomo.paths import ROOT
from kodomo.snapshots import Family

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
# Machines that run this are slower than an office machine: nobody waits this long when it works.
expect.set_options(timeout=20_000)
SCREEN = {"width": 1366, "height": 768}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser."""
    for item in items:
        if Path(item.path).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.e2e)


def browser_path() -> str:
    """The browser that `make browser` found or installed; without one the tests fail, never skip."""
    spec = importlib.util.spec_from_file_location("find_browser", ROOT / "tools" / "browser.py")
    assert spec is not None
    assert spec.loader is not None
    finder = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(finder)
    found = finder.on_this_machine()
    if found is None:
        pytest.fail("No browser for the browser tests. Run `make browser` first.", pytrace=False)
    return found


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for the whole run."""
    path = browser_path()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


class Dashboard:
    """A running server and the stores behind it."""

    def __init__(self, family: Family, log: Path) -> None:
        self.family = family
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start `streamlit run app.py` and wait until it answers."""
        environment = {
            **os.environ,
            "KODOMO_DB": str(self.family.folder / f"{self.family.stem}.duckdb"),
            "TZ": "Asia/Tokyo",
        }
        command = [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            str(ROOT / "app.py"),
            "--server.port",
            str(self.port),
        ]
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=2):
                    return
            except OSError:
                time.sleep(0.2)
        pytest.fail(f"the dashboard did not start:\n{self.log.read_text()}", pytrace=False)

    def stop(self) -> None:
        """Stop the server this fixture started."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=20)

    def store(self) -> OpsStore:
        """The operational store, opened beside the server; close it."""
        return OpsStore(self.family.ops_path, load_key(self.family.key_path))


@pytest.fixture(scope="session")
def dashboard(judged_city: Family, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """A server on a copy of the judged city, shared by the browser tests of a run."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(judged_city.folder, folder / "stores")
    running = Dashboard(Family(folder / "stores" / f"{judged_city.stem}.duckdb"), folder / "server.log")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def profile(chromium: Browser) -> Iterator[BrowserContext]:
    """A fresh browser profile of an office machine in Japan."""
    made = chromium.new_context(viewport=SCREEN, locale="ja-JP", timezone_id="Asia/Tokyo")  # type: ignore[arg-type]
    made.set_default_timeout(30_000)
    yield made
    made.close()


@pytest.fixture
def tab(profile: BrowserContext) -> Page:
    """A tab of that browser."""
    return profile.new_page()


def fill_login(tab: Page, user: str, password: str = DEMO_PASSWORD) -> None:
    """Fill in the login form and send it."""
    tab.get_by_label("利用者ID").fill(user)
    tab.get_by_label("パスワード", exact=True).fill(password)
    tab.get_by_role("button", name="ログイン").click()


@pytest.fixture
def login(tab: Page, dashboard: Dashboard) -> Callable[..., Page]:
    """Opens an address and logs in: login("senmon", "/children"). The tab is at rest when it comes back."""

    def enter(user: str, path: str = "/", password: str = DEMO_PASSWORD) -> Page:
        tab.goto(dashboard.address + path)
        fill_login(tab, user, password)
        tab.get_by_role("button", name="ログアウト").wait_for()
        # The login cookie is being handed over; its answer runs the screen once more.
        tab.wait_for_timeout(1500)
        return tab

    return enter
