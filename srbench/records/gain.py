"""What a row scores over seeds, and whether that differs from its baseline's."""

from dataclasses import dataclass
from typing import Literal

from srbench.records.timing import Estimate


@dataclass(frozen=True)
class Score:
    """The mean over ``n`` seeds and the standard deviation of one, both as shares; with one seed
    there is no deviation."""

    mean: float
    deviation: float | None
    n: int


@dataclass(frozen=True)
class Gain:
    """The mean of the paired differences from the baseline, as a share, with its interval.

    ``are_equal`` if all differences are the same: they then have no interval.
    """

    difference: Estimate
    are_equal: bool = False

    @property
    def verdict(self) -> Literal["different", "undecided", "equal", "no interval"]:
        """Whether there is a difference, as far as the interval tells.

        >>> [Gain(Estimate(0.1, low, 0.2, 6)).verdict for low in (0.05, -0.05)]
        ['different', 'undecided']
        """
        low, high = self.difference.low, self.difference.high
        if low is None or high is None:
            return "equal" if self.are_equal else "no interval"
        return "undecided" if low <= 0 <= high else "different"
