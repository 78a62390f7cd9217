"""How much a distribution over memories says about the class: entropy, mutual information, and
whether it is more than chance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

PERMUTATIONS = 999  # so that a p-value can be exactly 0.05
ROUNDING = 1e-9  # relative; informations closer than this are equal
NOTHING = 1e-28  # bits; less is rounding of equal weights

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Information:
    """The mutual information of class and memory in bits, its mean if classes are dealt to the
    images at random, and the share of such deals with as much; None if there is one class."""

    value: float
    by_chance: float | None
    p_value: float | None


def entropy(probabilities: ArrayLike) -> Floats:
    """The entropy along the last axis, in bits.

    >>> entropy([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]]).tolist()
    [1.0, 0.0]
    """
    p = np.asarray(probabilities, dtype=np.float64)
    logs = np.log2(p, out=np.zeros_like(p), where=p > 0)
    found: Floats = np.maximum(-(p * logs).sum(-1), 0.0)
    return found


def _divergence(means: Floats, mean: Floats) -> Floats:
    """The Kullback-Leibler divergence of each row from the mean, in bits.

    As sum of p log(p / q) - (p - q), which is the same for distributions, and keeps all digits
    where the two hardly differ.
    """
    there = mean > 0
    p, q = means[:, there], mean[there]
    step = p - q
    near = step > -q / 2
    logs = np.log1p(step / q, out=np.zeros_like(p), where=near)
    np.log(p / q, out=logs, where=~near & (p > 0))
    found: Floats = (p * logs - step).sum(1) / np.log(2)
    return np.maximum(found, 0.0)


def information(
    weights: ArrayLike, classes: ArrayLike, permutations: int = PERMUTATIONS, seed: int = 0
) -> Information:
    """The mutual information of the class of an image and a memory that is drawn by its weights.

    I = H(mean of all weights) - sum over classes c of p(c) H(mean weights of c), where a weight is
    taken as p(memory | image) and p(c) is the share of images of class c. It is at most the entropy
    of either. A few images of many classes have some by chance; the permutation test says how much.
    If the weights do not depend on the class, images are exchangeable, and the test alarms at the
    level p in at most a share p of all cases, for any weights and any number of images.

    Args:
        weights: shape (N, P), rows that sum to 1.
        classes: shape (N,), the class of each image.
        permutations: how often the classes are dealt anew.
        seed: of these deals.

    Raises:
        ValueError: if there is no image, or the shapes do not fit.

    >>> information([[1, 0], [1, 0], [0, 1], [0, 1]], [0, 0, 1, 1]).value
    1.0
    """
    p = np.asarray(weights, dtype=np.float64)
    labels = np.asarray(classes)
    if p.ndim != 2 or not len(p) or labels.shape != p.shape[:1]:
        raise ValueError(f"weights of the shape {p.shape} and classes of {labels.shape} do not fit")
    _, numbers = np.unique(labels, return_inverse=True)
    counts = np.bincount(numbers)
    order, starts = np.argsort(numbers, kind="stable"), np.cumsum(counts) - counts
    mean = p.mean(0)

    def of(arranged: Floats) -> float:
        means = np.add.reduceat(arranged, starts) / counts[:, None]
        return float(counts @ _divergence(means, mean)) / len(p)

    value = of(p[order])
    if len(counts) < 2:
        return Information(value, None, None)
    random = np.random.default_rng(seed)
    dealt = np.array([of(p[random.permutation(len(p))]) for _ in range(permutations)])
    as_much = int((dealt >= value * (1 - ROUNDING) - NOTHING).sum())
    return Information(value, float(dealt.mean()), (1 + as_much) / (1 + permutations))
