"""Synth: an invented city in the 28 delivery contracts, with the truth beside it."""

from kodomo.synth.city import STEPS, Summary, generate

__all__ = ["STEPS", "Summary", "generate"]
