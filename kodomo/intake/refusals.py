"""Refusals: the common base of everything for which a delivered file is refused whole."""

from __future__ import annotations

from kodomo.errors import KodomoError


class FileRefused(KodomoError):
    """A delivered file is refused; the sentence is its `refused_reason` and carries no value of the file."""
