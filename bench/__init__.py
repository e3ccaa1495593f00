"""Measurements of the whole way, side by side in one run."""
