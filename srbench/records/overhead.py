"""Whether the interval of a ratio of two times shows a difference, none, or is undecided."""

from dataclasses import dataclass
from math import inf
from typing import Literal

from srbench.records.timing import Estimate, Timing


def reach(estimate: Estimate) -> float:
    """How far an interval reaches from its estimate, to the side where it reaches further, as a
    share of the estimate; infinite if there is no interval, or if the estimate is not positive.

    >>> round(reach(Estimate(1.0, 0.99, 1.02, 9)), 3)
    0.02
    """
    value, low, high = estimate.value, estimate.low, estimate.high
    if low is None or high is None or value <= 0:
        return inf
    return max(high - value, value - low) / value


def is_precise(estimate: Estimate, precision: float) -> bool:
    """Whether an interval reaches no further than ``precision``, a share, to either side of its
    estimate.

    Timing stops by this, and reports judge by this: a ratio that was precise enough to stop is
    decided.
    """
    return reach(estimate) <= precision


@dataclass(frozen=True)
class Overhead:
    """A ratio of two times, and the requested precision, a share to either side."""

    ratio: Estimate
    precision: float

    @property
    def verdict(self) -> Literal["different", "none", "undecided", "no interval"]:
        """Whether there is a difference, as far as the interval tells.

        >>> [Overhead(Estimate(1.0, low, 1.005, 9), 0.01).verdict for low in (0.995, 0.7)]
        ['none', 'undecided']
        """
        low, high = self.ratio.low, self.ratio.high
        if low is None or high is None:
            return "no interval"
        if not low <= 1 <= high:
            return "different"
        return "none" if is_precise(self.ratio, self.precision) else "undecided"


def overhead(timing: Timing, pass_name: str) -> Overhead | None:
    """The overhead of a pass over the baseline's; None if there is no baseline to compare with."""
    found = timing.passes.get(pass_name)
    return Overhead(found.ratio, timing.precision) if found and found.ratio else None
