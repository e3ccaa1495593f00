"""Errors: one small class per refusal, each with a Japanese sentence that says what to do next."""

from __future__ import annotations


class KodomoError(Exception):
    """Base of every refusal; `str(error)` is a sentence that may be shown to staff.

    The sentence never carries personal data: names, birth dates and numbers stay out of it.
    """
