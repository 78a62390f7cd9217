"""Reads the tables of a paper from text: CSV, Markdown or LaTeX, with their numbers and units."""

from srbench.claims.reading.formats_told import read_tables

__all__ = ["read_tables"]
