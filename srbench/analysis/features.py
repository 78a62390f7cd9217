"""Feature maps before and after a block, summed up over images."""

from dataclasses import dataclass

import torch
from torch import Tensor

from srbench.analysis.moments import Floats, Integers, Moments

AT_ONCE = 2**24  # values that are converted to float64 together
OF_CHANNELS = ("before", "after", "difference")


class FeatureMoments:
    """The feature maps of a block, (C, H, W): by channel before and after it and of the absolute
    difference, by place of the absolute difference, and the sizes of what the block adds and of its
    input, as Euclidean norms of an image's."""

    def __init__(self, groups: int, shape: tuple[int, int, int]) -> None:
        channels, height, width = shape
        self.shape = shape
        self.before = Moments(groups, channels)
        self.after = Moments(groups, channels)
        self.difference = Moments(groups, channels)
        self.place = Moments(groups, height * width)
        self.sizes = Moments(groups, 2)

    def add(self, before: Tensor, after: Tensor, groups: Integers) -> None:
        """Add images: the block's inputs and outputs, (B, C, H, W), and the group of each."""
        step = max(1, AT_ONCE // before[0].numel())
        for start in range(0, len(before), step):
            part = slice(start, start + step)
            x, y = _double(before[part]), _double(after[part])
            change = (y - x).abs()
            for moments, values in (
                (self.before, x.mean((2, 3))),
                (self.after, y.mean((2, 3))),
                (self.difference, change.mean((2, 3))),
                (self.place, change.mean(1).flatten(1)),
                (self.sizes, torch.cat([_norm(change), _norm(x)], dim=1)),
            ):
                moments.add(values.cpu().numpy(), groups[part])

    def merge(self, other: "FeatureMoments") -> None:
        """Add the images of another process."""
        for name in (*OF_CHANNELS, "place", "sizes"):
            getattr(self, name).merge(getattr(other, name))


@dataclass(frozen=True)
class Maps:
    """The maps (H, W) of one image: before a block, after it, and of the absolute difference, each
    a mean over channels."""

    before: Floats
    after: Floats
    difference: Floats


def maps(before: Tensor, after: Tensor) -> Maps:
    """The maps of an image, from the block's input and output, (C, H, W)."""
    x, y = _double(before), _double(after)
    return Maps(*(one.mean(0).cpu().numpy() for one in (x, y, (y - x).abs())))


def _double(values: Tensor) -> Tensor:
    """In float64, where the device has it."""
    here = values.detach()
    return (here.cpu() if here.device.type == "mps" else here).double()


def _norm(values: Tensor) -> Tensor:
    size: Tensor = torch.linalg.vector_norm(values.flatten(1), dim=1, keepdim=True)
    return size
