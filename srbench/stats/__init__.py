"""Medians, ratios and differences, with their intervals. Pure functions of samples; no torch here.

`srbench.stats.times` has those of times, which assume no distribution; `srbench.stats.seeds` has
those of runs with different seeds, of which there are few.
"""

from srbench.stats.seeds import mean_and_deviation, paired_difference
from srbench.stats.times import (
    CONFIDENCE,
    EXACT_UP_TO,
    FEWEST,
    independent_ratio,
    median,
    median_over_placements,
    over_units,
    paired_ratio,
    ratio_over_placements,
    settled,
)

__all__ = [
    "CONFIDENCE",
    "EXACT_UP_TO",
    "FEWEST",
    "independent_ratio",
    "mean_and_deviation",
    "median",
    "median_over_placements",
    "over_units",
    "paired_difference",
    "paired_ratio",
    "ratio_over_placements",
    "settled",
]
