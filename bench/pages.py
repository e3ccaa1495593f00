"""Page times: what a person at the screen waits for, measured in Chromium against a server of its own."""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from kodomo.accounts import DEMO_PASSWORD
from kodomo.paths import ROOT
from tools.browser import on_this_machine

WAIT = 60_000
ROUNDS = 12
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
#: Resolves with the milliseconds until the page's text has changed and then stood still for 80 ms.
SETTLED = """
async (begun) => {
  const main = document.querySelector('[data-testid=stMain]');
  const look = (node) => {
    let text = node.textContent || '';
    for (const inner of node.querySelectorAll('*')) if (inner.shadowRoot) text += look(inner.shadowRoot);
    return text;
  };
  let before = window.__kd_before, changed = 0, last = look(main);
  for (let n = 0; n < 600; n++) {
    await new Promise(done => setTimeout(done, 20));
    const now = look(main);
    if (now !== before) { if (now !== last || !changed) changed = performance.now(); }
    last = now;
    if (changed && performance.now() - changed > 80) return changed - begun;
  }
  return -1;
}
"""
REMEMBER = """
() => {
  const look = (node) => {
    let text = node.textContent || '';
    for (const inner of node.querySelectorAll('*')) if (inner.shadowRoot) text += look(inner.shadowRoot);
    return text;
  };
  window.__kd_before = look(document.querySelector('[data-testid=stMain]'));
  return performance.now();
}
"""


@contextmanager
def server(db: Path) -> Iterator[str]:
    """A dashboard on the given store, on a free port of this machine; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "KODOMO_DB": str(db), "TZ": "Asia/Tokyo"}
    words = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port", str(port)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=quiet, stderr=quiet)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                    break
            except OSError:
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


def peak_gib(address: str) -> float:
    """Peak resident memory (GiB) of the server behind an address, as the kernel counts it."""
    port = address.rsplit(":", 1)[1]
    found = subprocess.run(["pgrep", "-f", f"server.port {port}"], capture_output=True, text=True, check=True)
    status = Path(f"/proc/{found.stdout.split()[0]}/status").read_text("utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 2**20


def login(page: Page, address: str, user: str) -> None:
    """Log a demo account in."""
    page.goto(address)
    page.get_by_label("利用者ID").fill(user, timeout=WAIT)
    page.locator("input[type=password]").fill(DEMO_PASSWORD)
    page.keyboard.press("Enter")
    page.locator("h1").wait_for(timeout=WAIT)
    page.wait_for_timeout(2_000)


def timed(page: Page, act: Callable[[], object]) -> float:
    """Milliseconds from an act to a changed screen that stands still."""
    begun = page.evaluate(REMEMBER)
    act()
    return float(page.evaluate(SETTLED, begun))


def _repeat(page: Page, act: Callable[[], object], back: Callable[[], object] | None = None) -> list[float]:
    figures = []
    for _ in range(ROUNDS):
        figures.append(timed(page, act))
        if back is not None:
            back()
    return [figure for figure in figures if figure >= 0]


def measure(db: Path) -> tuple[dict[str, list[float]], float]:
    """Walk the list, a child and the sliders as a coordinator would.

    Args:
        db: a judged store with demo accounts.

    Returns:
        Milliseconds of each round by what was done, and the server's peak memory in GiB.
    """
    figures: dict[str, list[float]] = {}
    with server(db) as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=on_this_machine(), args=FLAGS)
        view = {"width": 1366, "height": 768}
        page = browser.new_context(
            viewport=view, locale="ja-JP", timezone_id="Asia/Tokyo", reduced_motion="reduce"
        ).new_page()
        login(page, address, "toukatsu")

        def menu(title: str) -> Callable[[], object]:
            return lambda: page.locator("[data-testid=stSidebarNavLink]", has_text=title).click(timeout=WAIT)

        def settle() -> None:
            page.wait_for_timeout(1_200)

        def home() -> None:
            menu("今日の仕事")()
            settle()

        menu("こども一覧")()
        page.locator("tr.open").first.wait_for(timeout=WAIT)
        home()
        figures["list page"] = _repeat(page, menu("こども一覧"), home)
        menu("こども一覧")()
        settle()
        pages = page.locator("[data-testid=stPagination] button")
        figures["next page"] = _repeat(page, lambda: pages.last.click(timeout=WAIT), settle)

        def to_list() -> None:
            menu("こども一覧")()
            page.locator("tr.open").first.wait_for(timeout=WAIT)
            settle()

        drawn = []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            page.locator("tr.open").first.click(timeout=WAIT)
            page.wait_for_url("**/child?*", timeout=WAIT)
            page.locator(".js-plotly-plot .main-svg").first.wait_for(timeout=WAIT)
            drawn.append(1000 * (time.perf_counter() - begun))
            settle()
            to_list()
        figures["row to child page with timeline drawn"] = drawn
        menu("アラートレベル調整")()
        slider = page.locator("input[type=range], [role=slider]").first
        slider.wait_for(timeout=WAIT)
        page.wait_for_timeout(3_000)
        slider.focus()
        keys = iter(["ArrowLeft", "ArrowRight"] * ROUNDS)
        figures["slider to changed screen"] = _repeat(page, lambda: page.keyboard.press(next(keys)), settle)
        peak = peak_gib(address)
        browser.close()
    return figures, peak


def summary(values: list[float]) -> tuple[float, float]:
    """Median and 95th percentile (nearest rank) in milliseconds."""
    ordered = sorted(values)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, round(0.95 * len(ordered) + 0.5) - 1)]
