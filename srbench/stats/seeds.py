"""Differences between two models over seeds: few runs, of which each gives one accuracy.

Unlike the statistics of times, these assume a distribution. A few runs have no distribution-free
95 % interval below six, and with six it is the whole range, so that one poor seed decides it. An
accuracy is a mean over test images, and its differences are about normal; Student's t is then
exact at any number of runs from two up.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from srbench.records.timing import Estimate
from srbench.stats.times import CONFIDENCE, finite

ROUNDING = 1e-12  # differences closer than this are equal: one image in a million is 1e-6


def paired_difference(
    variant: ArrayLike,
    baseline: ArrayLike,
    held_out: float | None = None,
    confidence: float = CONFIDENCE,
) -> Estimate:
    """The variant's accuracy minus the baseline's, from runs with the same seeds.

    The mean d of the n differences, and d ± t_{n-1} · sqrt((1/n + correction) · s²), where s² is
    their sample variance. There is no interval for one pair, nor if all differences are equal: they
    then say nothing of how much they vary.

    Without ``held_out``, all runs are tested on the same images, and the correction is 0. Given the
    data, runs are independent. The interval covers the mean difference over seeds *on these images*
    (over initialisations, orders, and the images of a share); it says nothing of other images.

    With ``held_out``, each run is tested on a part of a pool of images and trained on the rest, or
    on a share of the rest. Runs then have images in common, so that their mean varies more than
    independent ones would. The correction is held_out / (1 - held_out), Nadeau and Bengio's ratio
    of test to training images: it assumes that two differences correlate like the overlap of two
    random test sets. The interval then covers the difference expected over pools and seeds.

    This project's choice is to have the same correction if runs train on a share of the rest. The
    common images add to the covariance of two runs the same for any share, but a smaller share adds
    to the variance of each run: the correlation falls, and does not rise as the ratio of test to
    trained images does. In simulations with pairs of learners of equal accuracy, 95 % intervals of
    six runs that train on a tenth miss zero in at most 3 %; with that ratio in 0.2 %, but they are
    2.4 times as wide. If runs train on the whole rest, six miss in at most 5 % and twelve, two
    rounds of folds, in 6 %; without a correction in up to 14 and 26 %. Nearest neighbours and
    stumps, which depend on single images, come to 7 and 10 % (19 and 35 %).

    The interval is not valid

    - if what the pool happens to contain decides between good and poor runs, in the same way for
      most of them: a quarter of the intervals of six then missed. The runs alone cannot show this.
    - if the differences are far from normal: one run in many fails to learn, or so few images are
      tested that most differences are equal.
    - if seeds were added, or chosen, until the result was the desired one.

    Args:
        variant, baseline: accuracies as shares of 1, shape (n,), where element i of both is from
            the run with the same seed, thus from the same images.
        held_out: the share of the pool that a run is tested on, between 0 and 1.

    Raises:
        ValueError: if the numbers of runs differ, there are none, one is not finite, or held_out is
            not between 0 and 1.

    Sources: C. Nadeau, Y. Bengio, Inference for the generalization error, Machine Learning 52,
    2003; R. R. Bouckaert, E. Frank, Evaluating the replicability of significance tests
    for comparing learning algorithms, PAKDD 2004, for several rounds of folds.

    >>> given = paired_difference([0.75, 0.75, 0.875], [0.5, 0.625, 0.5])
    >>> given.value, round(given.low, 3), round(given.high, 3)
    (0.25, -0.061, 0.561)
    >>> round(paired_difference([0.75, 0.75, 0.875], [0.5, 0.625, 0.5], held_out=1 / 6).low, 3)
    -0.143
    >>> paired_difference([0.75, 0.5], [0.5, 0.25])
    Estimate(value=0.25, low=None, high=None, n=2)
    """
    if held_out is not None and not 0 < held_out < 1:
        raise ValueError(f"held_out must be a share between 0 and 1, not {held_out}")
    ours, base = finite(variant), finite(baseline)
    if ours.shape != base.shape:
        raise ValueError(f"samples do not pair: {ours.shape} and {base.shape}")
    differences = ours - base
    n, mean = len(differences), float(differences.mean())
    if np.ptp(differences) <= ROUNDING:
        return Estimate(mean, n=n)
    correction = 0.0 if held_out is None else held_out / (1 - held_out)
    error = np.sqrt((1 / n + correction) * differences.var(ddof=1))
    reach = float(special.stdtrit(n - 1, (1 + confidence) / 2) * error)
    return Estimate(mean, mean - reach, mean + reach, n)


def mean_and_deviation(values: ArrayLike) -> tuple[float, float | None]:
    """The mean and the sample standard deviation; one value has no deviation.

    The deviation describes how much runs vary. It is not the error of the mean.

    Raises:
        ValueError: if there is no value, or one is not finite.

    >>> mean_and_deviation([0.5, 0.75, 1.0])
    (0.75, 0.25)
    >>> mean_and_deviation([0.5])
    (0.5, None)
    """
    array = finite(values)
    deviation = float(array.std(ddof=1)) if len(array) > 1 else None
    return float(array.mean()), deviation
