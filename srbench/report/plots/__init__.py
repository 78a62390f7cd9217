"""Plots: their data as numbers, and the code that draws them."""
