"""Means and standard deviations that grow image by image, in constant memory."""

import numpy as np
from numpy.typing import NDArray

from srbench.records.analysis import Matrix

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Moments:
    """The mean and the standard deviation over images of vectors, for groups of images.

    Batches, and the moments of other processes, are joined pairwise in float64, which loses no
    digits however far the mean is from 0.

    Source: T. F. Chan, G. H. Golub, R. J. LeVeque, Algorithms for computing the sample variance,
    The American Statistician 37, 1983, eq. 2.1.

    >>> found = Moments(groups=1, length=1)
    >>> found.add(np.array([[1.0], [2.0]]), np.array([0, 0]))
    >>> found.add(np.array([[6.0]]), np.array([0]))
    >>> found.mean.tolist(), found.count.tolist()
    ([[3.0]], [3])
    """

    def __init__(self, groups: int, length: int) -> None:
        self.count: Integers = np.zeros(groups, dtype=np.int64)
        self._mean = np.zeros((groups, length))
        self._squares = np.zeros((groups, length))  # summed squared deviations from the mean

    def add(self, vectors: Floats, groups: Integers) -> None:
        """Add images: vectors (B, length), and the group of each, (B,)."""
        for group in np.unique(groups):
            own = vectors[groups == group].astype(np.float64, copy=False)
            mean = own.mean(0)
            self._join(int(group), len(own), mean, ((own - mean) ** 2).sum(0))

    def merge(self, other: "Moments") -> None:
        """Add the images of other moments, of the same groups."""
        for group, count in enumerate(other.count):
            if count:
                self._join(group, int(count), other._mean[group], other._squares[group])

    def whole(self) -> "Moments":
        """The moments of all images, as one group."""
        found = Moments(1, self._mean.shape[1])
        for group, count in enumerate(self.count):
            if count:
                found._join(0, int(count), self._mean[group], self._squares[group])
        return found

    def without_last(self) -> "Moments":
        """The moments of all groups but the last."""
        found = Moments(len(self.count) - 1, self._mean.shape[1])
        found.count, found._mean = self.count[:-1], self._mean[:-1]
        found._squares = self._squares[:-1]
        return found

    def variances(self) -> tuple[float, float]:
        """The summed squared deviations of images from the mean of their group, and those of the
        groups' means from the mean of all, both over all values."""
        within = float(self._squares.sum())
        mean = self.whole().mean
        between = float((self.count[:, None] * (self._mean - mean) ** 2).sum())
        return within, between

    @property
    def mean(self) -> Floats:
        """Shape (groups, length); NaN for a group without images."""
        found = self._mean.copy()
        found[self.count == 0] = np.nan
        return found

    @property
    def deviation(self) -> Floats:
        """The sample standard deviation, (groups, length); NaN below two images."""
        found = np.full_like(self._squares, np.nan)
        enough = self.count > 1
        found[enough] = np.sqrt(self._squares[enough] / (self.count[enough, None] - 1))
        return found

    def _join(self, group: int, count: int, mean: Floats, squares: Floats) -> None:
        before = self.count[group]
        total = before + count
        step = mean - self._mean[group]
        self._mean[group] += step * (count / total)
        self._squares[group] += squares + step**2 * (before * count / total)
        self.count[group] = total


def rows(matrix: Floats) -> Matrix:
    """A matrix as a record holds it."""
    return tuple(map(tuple, matrix.tolist()))
