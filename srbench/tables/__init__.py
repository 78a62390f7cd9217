"""Committed tables: their layouts, their records, what these lack, and the files made from both."""
