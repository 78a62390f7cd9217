"""Measures specs one by one. A row that fails is that row's failure; the others stand."""
