"""Intake: the departments' deliveries are checked and loaded, and nothing is dropped in silence."""

from __future__ import annotations

from kodomo.intake.load import FolderMissing, load, load_folder
from kodomo.intake.receipts import LoadSummary, Receipt, ensure_tables
from kodomo.intake.refusals import FileRefused
from kodomo.intake.status import status

__all__ = [
    "FileRefused",
    "FolderMissing",
    "LoadSummary",
    "Receipt",
    "ensure_tables",
    "load",
    "load_folder",
    "status",
]
