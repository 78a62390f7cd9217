"""Measures specs one by one. A row that fails does not affect the others."""
