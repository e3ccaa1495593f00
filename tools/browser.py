"""Find a Chromium for the browser tests, or install one; fail loudly when none can be had."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def on_this_machine() -> str | None:
    """Return the path of a browser that is already here, or None.

    `KODOMO_BROWSER` wins; then Debian's and Google's names on PATH; then the one Playwright keeps.
    """
    if named := os.environ.get("KODOMO_BROWSER"):
        return named if Path(named).exists() else None
    for name in NAMES:
        if found := shutil.which(name):
            return found
    try:
        from playwright.sync_api import sync_playwright

        with sync_playwright() as driver:
            path = driver.chromium.executable_path
        return path if Path(path).exists() else None
    except Exception:
        return None


def install() -> None:
    """Try Debian's package where this user may install, otherwise Playwright's own build."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": False}
        subprocess.run(["apt-get", "update"], **quiet)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        packages = ["chromium", "fonts-noto-cjk"]
        subprocess.run(["apt-get", "install", "-y", *packages], env=environment, **quiet)
    if not on_this_machine():
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> int:
    """Print the browser's path; 1 when there is none and none could be installed."""
    if not on_this_machine():
        print("No browser here yet: installing one for the browser tests ...", flush=True)
        install()
    if found := on_this_machine():
        print(f"Browser for the tests: {found}")
        return 0
    print(
        "No Chromium could be found or installed. The browser tests are part of `make test` and are never\n"
        "skipped. Install Chromium (Debian: apt-get install chromium fonts-noto-cjk) or set KODOMO_BROWSER\n"
        "to a Chromium or Chrome executable, then run `make test` again.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
