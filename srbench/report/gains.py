"""Scores over seeds, and their differences from the baseline's."""

from srbench.records.gain import Gain, Score
from srbench.records.runs import Runs
from srbench.stats.seeds import mean_and_deviation, paired_difference


def score_of(runs: Runs, name: str) -> Score | None:
    """A score over all seeds; None if a run has none of that name."""
    if name not in runs.scores:
        return None
    values = runs.values(name)
    return Score(*mean_and_deviation(values), len(values))


def gain_of(runs: Runs, name: str) -> Gain | None:
    """The difference from the baseline, over the seeds that both have; None for the baseline
    itself, and if there is none to compare with."""
    if runs.is_baseline or name not in runs.scores:
        return None
    pairs = runs.pairs(name)
    if not pairs:
        return None
    own, base = zip(*pairs, strict=True)
    difference = paired_difference(own, base, runs.held_out)
    return Gain(difference, are_equal=len(pairs) > 1 and difference.low is None)
