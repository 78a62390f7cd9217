"""Tiles: squares of one size that cover an image, each of which counts a part of its pixels."""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from srbench.training.data.data_sets import IGNORED


@dataclass(frozen=True, slots=True)
class Span:
    """A tile along one side of the image: it begins at the pixel ``start``, and counts those from
    ``first`` up to, without it, ``end``."""

    start: int
    first: int
    end: int


def spans(side: int, size: int) -> list[Span]:
    """As few tiles of ``size`` pixels as cover a side, evenly spread. Where two overlap, each
    counts the half of the overlap that is nearer to its middle.

    >>> spans(10, 6)
    [Span(start=0, first=0, end=5), Span(start=4, first=5, end=10)]
    """
    number = -(-side // size)
    starts = [round(i * (side - size) / (number - 1)) for i in range(number)] if number > 1 else [0]
    bounds = [0, *((left + size + right) // 2 for left, right in pairwise(starts)), side]
    return [Span(start, *ends) for start, ends in zip(starts, pairwise(bounds), strict=True)]


def counted(labels: Tensor, down: Span, right: Span) -> Tensor:
    """The classes of a tile's pixels (H, W), `IGNORED` where another tile counts them."""
    kept = torch.full_like(labels, IGNORED)
    rows = slice(down.first - down.start, down.end - down.start)
    columns = slice(right.first - right.start, right.end - right.start)
    kept[rows, columns] = labels[rows, columns]
    return kept
