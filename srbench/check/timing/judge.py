"""Slower, not slower, or undecided: pure functions of the ratios from fresh processes."""

from collections.abc import Sequence

from srbench import stats
from srbench.check.verdicts import Outcome, Verdict
from srbench.records.timing import Estimate


def is_below(ratio: Estimate, tolerance: float) -> bool:
    """Whether it is certain that the model is not slower than tolerated."""
    return ratio.high is not None and ratio.high < 1 + tolerance


def is_above(ratio: Estimate, tolerance: float) -> bool:
    """Whether it is certain that the model is slower than tolerated."""
    return ratio.low is not None and ratio.low > 1 + tolerance


def is_quiet(control: Estimate, tolerance: float) -> bool:
    """Whether the interval of a version over itself lies within the tolerance."""
    low, high = control.low, control.high
    return (
        low is not None and high is not None and 1 / (1 + tolerance) < low <= high < 1 + tolerance
    )


def is_decided(ratios: Sequence[float], tolerance: float) -> bool:
    """Whether the interval is on one side of the tolerance: no more processes are needed."""
    ratio = stats.over_units(ratios)
    return is_below(ratio, tolerance) or is_above(ratio, tolerance)


def judge(
    table: str,
    spec: str,
    tolerance: float,
    ratios: Sequence[float],
    again: Sequence[float],
    control: Sequence[float],
) -> Verdict:
    """A regression only if a confirmation agrees and the machine is quiet enough to decide.

    Args:
        ratios: this version over the other, one number per series of fresh processes.
        again: the same in the confirmation in reversed order; empty if there was none.
        control: the other version over itself, from the series of both.
    """
    first, noise = stats.over_units(ratios), stats.over_units(control)
    second = stats.over_units(again) if again else None

    def verdict(outcome: Outcome, why: str) -> Verdict:
        return Verdict(table, spec, outcome, tolerance, why, first, second, noise)

    if is_below(first, tolerance):
        return verdict("pass", "")
    if not is_above(first, tolerance):
        return verdict("inconclusive", "the interval contains the tolerance")
    if second is None or not is_above(second, tolerance):
        return verdict("inconclusive", "a second measurement did not confirm it")
    if not is_quiet(noise, tolerance):
        return verdict(
            "inconclusive", "the other version differs from itself: the machine is noisy"
        )
    return verdict("regression", "")
