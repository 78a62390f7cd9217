"""Scores over seeds, and their differences from the baseline's."""

from collections.abc import Sequence
from dataclasses import replace

from srbench.records.gain import Gain, Score
from srbench.records.runs import Runs


def score_of(runs: Runs, name: str) -> Score | None:
    """A score over all seeds; None if a run has none of that name."""
    if name not in runs.scores:
        return None
    from srbench.stats.seeds import mean_and_deviation  # loads scipy

    values = runs.values(name)
    return Score(*mean_and_deviation(values), len(values))


def gain_of(runs: Runs, name: str) -> Gain | None:
    """The difference from the baseline, over the seeds that both have; None for the baseline
    itself, and if there is none to compare with."""
    if runs.is_baseline or name not in runs.scores:
        return None
    return _gain(runs.pairs(name), runs.held_out)


def gain_between(after: Runs, before: Runs, name: str) -> Gain | None:
    """The difference of a row's score from one set of records to another, over common seeds."""
    return _gain(replace(after, baseline=before.records).pairs(name), after.held_out)


def _gain(pairs: Sequence[tuple[float, float]], held_out: float | None) -> Gain | None:
    if not pairs:
        return None
    from srbench.stats.seeds import paired_difference  # loads scipy

    own, base = zip(*pairs, strict=True)
    difference = paired_difference(own, base, held_out)
    return Gain(difference, are_equal=len(pairs) > 1 and difference.low is None)
