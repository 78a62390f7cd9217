"""Results of measurements: typed, kept as JSON lines, joined, compared and explained.

No torch is imported here.
"""
