"""Small images, all held in memory: batches are cut out of one tensor, without waiting."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from srbench.errors import SrbenchError
from srbench.training.data.data_sets import Draw
from srbench.training.draws import generator


@dataclass(frozen=True)
class Shift:
    """Images are padded by ``pad`` pixels on every side and cut to their size again, at random, and
    mirrored in half of all cases if ``flip``. ``fill`` is what they are padded with."""

    pad: int = 0
    flip: bool = False
    fill: Literal["zeros", "reflect"] = "zeros"


@dataclass(frozen=True, eq=False)
class InMemory:
    """Images (N, C, H, W) of bytes with a class each, (N,), normalised with ``mean`` and ``std``,
    which are shares of the full brightness for each channel."""

    images: Tensor
    classes: Tensor
    mean: Sequence[float]
    std: Sequence[float]
    change: Shift = Shift()

    def __post_init__(self) -> None:
        """Raises SrbenchError if the images and classes do not fit together."""
        sides = self.images.shape[2:]
        if self.change.fill == "reflect" and self.change.pad >= min(sides, default=1):
            raise SrbenchError(
                f"images of {min(sides)} pixels cannot be padded with {self.change.pad} pixels of "
                "their reflection",
                'set pad to less, or fill = "zeros"',
            )
        if self.images.dtype != torch.uint8 or self.images.dim() != 4:
            raise SrbenchError("the images are no bytes (N, C, H, W)", "convert them to uint8")
        if self.classes.shape != (len(self.images),):
            raise SrbenchError(
                f"there are {len(self.images)} images, but classes of the shape "
                f"{tuple(self.classes.shape)}",
                "give one class for each image",
            )

    @cached_property
    def labels(self) -> Sequence[int]:
        labels: list[int] = self.classes.tolist()
        return labels

    def __len__(self) -> int:
        return len(self.images)

    def digest(self) -> str:
        digest = hashlib.sha256()
        for tensor in (self.images, self.classes.to(torch.int64)):
            digest.update(repr(tuple(tensor.shape)).encode())
            digest.update(tensor.contiguous().numpy().tobytes())
        return digest.hexdigest()[:16]

    def batches(
        self, numbers: Sequence[Sequence[int]], draw: Draw | None = None
    ) -> Iterator[tuple[Tensor, Tensor]]:
        changes = self._changes(draw) if draw else None
        scale = torch.tensor([255 * s for s in self.std]).view(-1, 1, 1)
        middle = torch.tensor([255 * m for m in self.mean]).view(-1, 1, 1)
        for batch in numbers:
            index = torch.tensor(batch, dtype=torch.int64)
            images = self.images[index]
            if changes is not None:
                images = self._changed(images, changes[index])
            yield images.float().sub_(middle).div_(scale), self.classes[index].to(torch.int64)

    def _changes(self, draw: Draw) -> Tensor | None:
        """Shifts down and right, and whether to mirror, of all images, (N, 3)."""
        if not (self.change.pad or self.change.flip):
            return None
        random = generator(*draw, "changes")
        shifts = torch.randint(2 * self.change.pad + 1, (len(self), 2), generator=random)
        mirrored = torch.randint(2, (len(self), 1), generator=random) * int(self.change.flip)
        return torch.cat([shifts, mirrored], dim=1)

    def _changed(self, images: Tensor, changes: Tensor) -> Tensor:
        height, width = images.shape[-2:]
        padded = self._padded(images)
        down, right, mirrored = changes.unsqueeze(-1).unbind(1)  # (B, 1) each
        rows = down + torch.arange(height)
        columns = torch.arange(width).expand(len(images), width)
        columns = right + torch.where(mirrored.bool(), columns.flip(1), columns)
        places = (rows * padded.shape[-1]).unsqueeze(2) + columns.unsqueeze(1)  # (B, H, W)
        flat = places.flatten(1).unsqueeze(1).expand(-1, images.shape[1], -1)
        return padded.flatten(2).gather(2, flat).view(images.shape)

    def _padded(self, images: Tensor) -> Tensor:
        pad, (height, width) = self.change.pad, images.shape[-2:]
        if self.change.fill == "zeros":
            return functional.pad(images, (pad,) * 4)
        for side, size in ((2, height), (3, width)):
            places = torch.arange(-pad, size + pad).abs()
            images = images.index_select(side, size - 1 - (size - 1 - places).abs())
        return images
