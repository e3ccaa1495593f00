"""One small city for all tests of the generator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from kodomo.synth import Summary, generate

AS_OF = date(2026, 10, 31)


@dataclass
class Made:
    """A generated city: where it lies and what the generator said about it."""

    folder: Path
    summary: Summary


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A city of 30,000 residents."""
    folder = tmp_path_factory.mktemp("city")
    return Made(folder, generate(folder, residents=30_000, seed=3, as_of=AS_OF))
