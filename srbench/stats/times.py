"""Medians and ratios with distribution-free intervals. Pure functions of samples; no torch here.

Nothing here assumes a distribution, and no sample is dropped. Each function states what else it
assumes: its interval is only as good as that. Fewer than six samples have no distribution-free
two-sided 95 % interval (five coins all fall alike with probability 2 / 2**5 > 1 / 20), so they get
none.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from srbench.records.timing import Estimate

CONFIDENCE = 0.95
FEWEST = 6  # samples that a two-sided 95 % interval needs
EXACT_UP_TO = 60  # samples; above, the signed-rank distribution is normal to four digits
KEPT_UP_TO = 64  # values of which all pairs are kept, in under a megabyte


def median(samples: ArrayLike, confidence: float = CONFIDENCE) -> Estimate:
    """The median of samples, with the interval between two order statistics.

    The interval covers the median of the samples' distribution, continuous or not, with at least
    this confidence, *if the samples are independent and identically distributed*. On a machine that
    drifts, timings of one run are neither. The interval then describes only that run; use a
    comparison inside the rounds (`paired_ratio`) or across processes instead.

    Source: H. A. David, H. N. Nagaraja, Order Statistics, 2003, section 7.1.

    >>> median([1.0, 2.0, 3.0, 4.0, 5.0, 60.0])
    Estimate(value=3.5, low=1.0, high=60.0, n=6)
    """
    ordered = np.sort(finite(samples))
    n = len(ordered)
    below = int(stats.binom.ppf((1 - confidence) / 2, n, 0.5))  # the k-th from either end
    middle = float(np.median(ordered))
    if below < 1:
        return Estimate(middle, n=n)
    return Estimate(middle, float(ordered[below - 1]), float(ordered[n - below]), n)


def paired_ratio(
    variant: ArrayLike, baseline: ArrayLike, confidence: float = CONFIDENCE
) -> Estimate:
    """The variant's time over the baseline's, from samples that were taken in the same rounds.

    exp of the Hodges-Lehmann estimate of the log ratios, with the interval that the signed-rank
    test does not reject.

    Assume that each sample is its model's own time multiplied by the machine's noise at that
    moment. If the two models swap places in a round, the noise's part of the log ratio changes its
    sign; and their order is random, like a fair coin. This alone makes the interval exact, for any
    noise: drift, bursts, several modes, heavy tails, correlation from round to round.

    The interval is not valid

    - if the noise depends on which model runs: on where a process happens to have its memory, or on
      a cache that one model leaves warm for the next. More rounds do not average this out. Use
      placements in memory or fresh processes as the unit (`ratio_over_placements`, `over_units`).
    - for additive noise, if it is skewed and the two times differ a lot.
    - if rounds were added until the result was the desired one. Stopping on the interval's width is
      harmless: see the simulations in the tests.

    Args:
        variant, baseline: seconds, shape (n,), where element i of both is from round i.

    Raises:
        ValueError: if the numbers of samples differ, there are none, or one is not positive.

    Sources: J. L. Hodges, E. L. Lehmann, Estimates of location based on rank tests, 1963;
    M. Hollander, D. A. Wolfe, Nonparametric Statistical Methods, section 3.

    >>> paired_ratio([2.1, 4.2, 8.4, 2.2, 1.0, 6.3], [2.0, 4.0, 8.0, 2.0, 1.0, 6.0]).low
    1.0
    """
    above, below = _positive(variant), _positive(baseline)
    if above.shape != below.shape:
        raise ValueError(f"samples do not pair: {above.shape} and {below.shape}")
    return _exp(_hodges_lehmann(np.log(above) - np.log(below), confidence))


def over_units(ratios: ArrayLike, confidence: float = CONFIDENCE) -> Estimate:
    """The ratio over fresh processes or over placements in memory, from one ratio of each.

    Chance differences between them are then part of the noise. The interval assumes that they are
    independent, and that their log ratios are distributed symmetrically.

    >>> over_units([1.02] * 6)
    Estimate(value=1.02, low=1.02, high=1.02, n=6)
    """
    return _exp(_hodges_lehmann(np.log(_positive(ratios)), confidence))


def ratio_over_placements(
    variant: Sequence[ArrayLike], baseline: Sequence[ArrayLike], confidence: float = CONFIDENCE
) -> Estimate:
    """The variant's time over the baseline's, over placements in memory.

    The rounds of a placement share its chance effects. They are reduced to one number, their paired
    ratio, and the placements are the unit of the interval.

    Args:
        variant, baseline: seconds, one sequence per placement, each as for `paired_ratio`.

    Raises:
        ValueError: as `paired_ratio` does, and if the numbers of placements differ.

    >>> ratio_over_placements([[1.0, 1.1], [2.0, 2.2]] * 3, [[1.0, 1.1], [2.0, 2.2]] * 3)
    Estimate(value=1.0, low=1.0, high=1.0, n=6)
    """
    pairs = zip(variant, baseline, strict=True)
    return over_units([paired_ratio(ours, base).value for ours, base in pairs], confidence)


def median_over_placements(
    seconds: Sequence[ArrayLike], confidence: float = CONFIDENCE
) -> Estimate:
    """The median over placements of each placement's median, with the interval of `median`.

    >>> median_over_placements([[1.0, 2.0, 9.0], [4.0]]).value
    3.0
    """
    return median([float(np.median(finite(one))) for one in seconds], confidence)


def independent_ratio(
    after: ArrayLike, before: ArrayLike, confidence: float = CONFIDENCE
) -> Estimate:
    """The time after a change over the time before it, from two independent runs.

    exp of the Hodges-Lehmann estimate of the shift between the logs, with the interval that the
    Mann-Whitney test does not reject: distribution-free *if all samples are independent*. Rounds of
    one process are not quite independent, and what the machine did between the runs counts as a
    change. If that matters, use fresh processes as samples, or let the two versions take turns
    (`srbench check --time`).

    Args:
        after, before: seconds, shapes (m,) and (n,).

    Source: M. Hollander, D. A. Wolfe, Nonparametric Statistical Methods, section 4.

    >>> independent_ratio([2.0, 2.1, 2.2, 2.3], [1.0, 1.1, 1.2, 1.3]).low > 1
    True
    """
    logs = np.log(_positive(after)), np.log(_positive(before))
    m, n = len(logs[0]), len(logs[1])
    shifts = np.sort(np.subtract.outer(*logs), axis=None)
    below = _rank_sum_quantile(m, n, (1 - confidence) / 2)
    middle = float(np.median(shifts))
    if below < 1:
        return _exp(Estimate(middle, n=min(m, n)))
    low, high = float(shifts[below - 1]), float(shifts[len(shifts) - below])
    return _exp(Estimate(middle, low, high, min(m, n)))


@lru_cache(maxsize=256)
def _rank_sum_quantile(m: int, n: int, tail: float) -> int:
    """The largest k with P(U < k) <= tail for the Mann-Whitney statistic U, or 0."""
    if m * n > EXACT_UP_TO**2:
        mean, deviation = m * n / 2, (m * n * (m + n + 1) / 12) ** 0.5
        return int(np.floor(mean + deviation * stats.norm.ppf(tail) + 0.5))
    ways = np.zeros((m + 1, m * n + 1))  # ways[k, u]: k of the samples so far have the sum u
    ways[0, 0] = 1
    for place in range(m + n):
        for k in range(min(m, place + 1), 0, -1):
            beaten = place - (k - 1)  # samples of the other kind before this one
            if beaten <= n:
                ways[k, beaten:] += ways[k - 1, : m * n + 1 - beaten]
    chance = ways[m] / ways[m].sum()
    return int(np.searchsorted(np.cumsum(chance), tail, side="right"))


def _hodges_lehmann(values: NDArray[np.float64], confidence: float) -> Estimate:
    """The median of all pairwise means (Walsh averages), between two of their order statistics."""
    n = len(values)
    first, second = _pairs(n) if n <= KEPT_UP_TO else np.triu_indices(n)
    means = (values[first] + values[second]) / 2
    below = _signed_rank_quantile(n, (1 - confidence) / 2)
    middle = (len(means) - 1) // 2, len(means) // 2
    if below < 1:
        means.partition(middle)
        return Estimate(float(means[list(middle)].mean()), n=n)
    means.partition((below - 1, *middle, len(means) - below))
    return Estimate(
        float(means[list(middle)].mean()),
        float(means[below - 1]),
        float(means[len(means) - below]),
        n,
    )


@lru_cache(maxsize=KEPT_UP_TO)
def _pairs(n: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The places of all pairs of n values, each value with itself too: they take longer to find
    than the means of a few values."""
    first, second = np.triu_indices(n)
    return first, second


@lru_cache(maxsize=256)
def _signed_rank_quantile(n: int, tail: float) -> int:
    """The largest k with P(W < k) <= tail for the signed-rank statistic W of n values, or 0.

    W is the sum of a random half of the ranks 1 to n, each taken with a fair coin.
    """
    if n > EXACT_UP_TO:
        mean, deviation = n * (n + 1) / 4, (n * (n + 1) * (2 * n + 1) / 24) ** 0.5
        return int(np.floor(mean + deviation * stats.norm.ppf(tail) + 0.5))
    chance = np.ones(1)  # of each value of W
    for rank in range(1, n + 1):
        zeros = np.zeros(rank)
        chance = (np.concatenate([chance, zeros]) + np.concatenate([zeros, chance])) / 2
    return int(np.searchsorted(np.cumsum(chance), tail, side="right"))


def _exp(logs: Estimate) -> Estimate:
    low, high = (None if end is None else float(np.exp(end)) for end in (logs.low, logs.high))
    return Estimate(float(np.exp(logs.value)), low, high, logs.n)


def finite(samples: ArrayLike) -> NDArray[np.float64]:
    """The samples as an array; raises ValueError if there are none, or one is not finite."""
    values = np.asarray(samples, dtype=np.float64)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise ValueError("there must be at least one sample, in one dimension, and all finite")
    return values


def _positive(samples: ArrayLike) -> NDArray[np.float64]:
    values = finite(samples)
    if (values <= 0).any():
        raise ValueError("a time must be above zero")
    return values


def settled(samples: Sequence[float], window: int = 2, tolerance: float = 0.1) -> bool:
    """Whether warm-up is over: the last ``window`` samples are not faster than those before them.

    Compares the smallest sample of each window, which noise affects least.

    >>> settled([9.0, 5.0, 3.0, 1.0]), settled([9.0, 5.0, 3.0, 1.1, 1.0, 1.1])
    (False, True)
    """
    if len(samples) < 2 * window:
        return False
    before, now = samples[-2 * window : -window], samples[-window:]
    return min(now) >= min(before) * (1 - tolerance)
