"""A measured process: seconds and peak memory of one command."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kodomo.paths import ROOT


@dataclass(frozen=True)
class Measured:
    """What a command took: seconds of wall time, peak resident memory in GiB, and its exit code."""

    seconds: float
    gib: float
    code: int


def run(words: Sequence[str | Path], *, limit: float | None = None) -> Measured:
    """Run one Python command of this project in a process of its own.

    Args:
        words: what stands after `python`.
        limit: seconds after which the process is killed (exit code -9); None for no limit.

    Returns:
        Seconds, peak memory (GiB, as the kernel counted it) and exit code.
    """
    begun = time.perf_counter()
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([sys.executable, *map(str, words)], cwd=ROOT, stdout=quiet, stderr=quiet)
    timer = threading.Timer(limit or 0.0, process.kill)
    if limit is not None:
        timer.start()
    _, status, usage = os.wait4(process.pid, 0)
    timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    return Measured(time.perf_counter() - begun, usage.ru_maxrss / 2**20, process.returncode)
