"""Measurements of a model, one metric per file."""
