"""Specs, the strings that name models: parsing, grids of specs, and the cases of a comparison."""
