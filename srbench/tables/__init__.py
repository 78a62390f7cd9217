"""Committed tables: their layouts, their records, missing rows, and the files made from them."""

from pathlib import Path

FOLDER = Path("tables")  # the default of every command
