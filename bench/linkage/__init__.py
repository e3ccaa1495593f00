"""Linkage bench: our matching beside splink and exact match, on the same rows, in one run."""
