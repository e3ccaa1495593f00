"""Settings: what a city sets for its intake in data/settings.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from kodomo.errors import KodomoError
from kodomo.paths import DATA

_FRESHNESS = {"daily": (4, 14), "weekly": (10, 28), "monthly": (40, 75), "yearly": (400, 550)}


class SettingsError(KodomoError):
    """data/settings.toml cannot be used."""


@dataclass(frozen=True)
class Settings:
    """Limits of the intake; `freshness` is cadence -> (days until 遅れ, days until 途絶)."""

    max_bytes: int = 2048 * 1024 * 1024
    resident_id_check: str = ""
    freshness: dict[str, tuple[int, int]] = field(default_factory=lambda: dict(_FRESHNESS))


def load_settings(path: Path = DATA / "settings.toml") -> Settings:
    """Read the settings; a missing file gives the defaults. Raises SettingsError for an unusable value."""
    if not path.is_file():
        return Settings()
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        intake = data.get("intake", {})
        freshness = dict(_FRESHNESS)
        for cadence, days in data.get("freshness", {}).items():
            late, stopped = (int(day) for day in days)
            freshness[str(cadence)] = (late, stopped)
        settings = Settings(
            max_bytes=int(float(intake.get("max_file_mb", 2048)) * 1024 * 1024),
            resident_id_check=str(intake.get("resident_id_check", "")),
            freshness=freshness,
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise SettingsError(f"{path.name} を読めません。値の書き方を確かめてください。") from error
    if settings.resident_id_check not in ("", "M11W2-7") or settings.max_bytes <= 0:
        raise SettingsError(
            f"{path.name} の max_file_mb か resident_id_check が使えない値です。直してください。"
        )
    return settings
