"""What memories hold: activity, norms, likeness, rank; which are dead, and which are the same."""

from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from srbench.analysis.moments import Floats, rows
from srbench.records.analysis import Memories

DEAD = 0.01  # of the most that a memory adds to an image; this project's choice
SAME = 0.05  # of the larger norm; this project's choice
NOTHING = 1e-12  # relative to the largest; what is smaller is rounding


def describe(memory: ArrayLike, weights: ArrayLike) -> Memories:
    """Describe memories of the shape (P, C, H, W) with the weights of all images, (N, P).

    A memory is dead if nowhere among the images its weight times its norm comes to 1 % of the most
    that any memory reaches. Two are the same if they differ by at most 5 % of the larger norm. The
    effective rank is exp of the entropy of the singular values of M, (P, C H W), as shares of their
    sum. The adaptive share is E‖m − E m‖² / E‖m‖² over images for the mixture m = Σ αᵢ Mᵢ: 0 for a
    block that adds the same to each image. The spatial share is that of ‖M‖² which lies in
    deviations from the mean of a channel.

    Source of the rank: O. Roy, M. Vetterli, The effective rank, EUSIPCO 2007.
    """
    m = np.asarray(memory, dtype=np.float64)
    alpha = np.asarray(weights, dtype=np.float64)
    flat = m.reshape(len(m), -1)
    gram = flat @ flat.T
    norms = np.sqrt(np.diag(gram))
    return Memories(
        activity=rows(m.mean((2, 3))),
        maps=tuple(rows(one) for one in m.mean(1)),
        norms=tuple(norms.tolist()),
        cosine=tuple(
            tuple(_cosine(gram, norms, i, j) for j in range(len(m))) for i in range(len(m))
        ),
        rank=_effective_rank(flat, norms.max()),
        centred_rank=_effective_rank(flat - flat.mean(0), norms.max()),
        dead=_dead(alpha, norms),
        duplicates=_duplicates(flat, norms),
        adaptive_share=_adaptive_share(alpha, gram),
        spatial_share=_spatial_share(m),
    )


def _cosine(gram: Floats, norms: Floats, i: int, j: int) -> float | None:
    if not norms[i] or not norms[j]:
        return None
    return float(np.clip(gram[i, j] / (norms[i] * norms[j]), -1, 1))


def _effective_rank(vectors: Floats, largest: float) -> float | None:
    values = np.linalg.svd(vectors, compute_uv=False)
    if values.max() <= NOTHING * largest or not largest:
        return None
    shares = values[values > NOTHING * largest] / values.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def _dead(alpha: Floats, norms: Floats) -> tuple[int, ...]:
    reach = alpha.max(0) * norms
    return tuple(np.flatnonzero(reach <= DEAD * reach.max()).tolist())


def _duplicates(flat: Floats, norms: Floats) -> tuple[tuple[int, int], ...]:
    return tuple(
        (i, j)
        for i, j in combinations(range(len(flat)), 2)
        if (larger := max(norms[i], norms[j]))
        and np.linalg.norm(flat[i] - flat[j]) <= SAME * larger
    )


def _adaptive_share(alpha: Floats, gram: NDArray[np.float64]) -> float | None:
    centred = alpha - alpha.mean(0)
    varying = float(((centred @ gram) * centred).sum(1).mean())
    whole = float(((alpha @ gram) * alpha).sum(1).mean())
    return max(varying, 0.0) / whole if whole > 0 and len(alpha) > 1 else None


def _spatial_share(memory: Floats) -> float | None:
    whole = float((memory**2).sum())
    varying = float(((memory - memory.mean((2, 3), keepdims=True)) ** 2).sum())
    return varying / whole if whole else None
