"""A measured process: seconds and peak memory of one command."""

from __future__ import annotations

import os
import subprocess
import sys
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


def run(words: Sequence[str | Path]) -> Measured:
    """Run one Python command of this project in a process of its own.

    Args:
        words: what stands after `python`.

    Returns:
        Seconds, peak memory (GiB, as the kernel counted it) and exit code.
    """
    begun = time.perf_counter()
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([sys.executable, *map(str, words)], cwd=ROOT, stdout=quiet, stderr=quiet)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Measured(time.perf_counter() - begun, usage.ru_maxrss / 2**20, process.returncode)
