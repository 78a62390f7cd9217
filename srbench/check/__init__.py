"""Committed tables, kept true: measured, written, recounted, and timed against another version."""
