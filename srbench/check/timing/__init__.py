"""Timing against another version of the code, in processes that take turns."""
