"""Plots: what is drawn, as numbers, and what draws it."""
