"""Committed tables: their layouts, their records, missing rows, and the files made from them."""
