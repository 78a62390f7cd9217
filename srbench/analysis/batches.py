"""The images that are analyzed: batches with their classes, and which classes are looked at."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from srbench.analysis.moments import Integers
from srbench.errors import SrbenchError, one_line

Value = TypeVar("Value")


@dataclass(frozen=True)
class Images:
    """Where images come from: called twice, once for each pass, and the same images each time.

    ``batches`` yields pairs of images (B, C, H, W) and their classes (B,). ``names`` are those of
    all classes, and ``chosen`` the numbers of the classes that are looked at one by one.
    """

    batches: Callable[[], Iterable[Any]]
    names: Sequence[str]
    chosen: Sequence[int]

    @property
    def groups(self) -> int:
        """The chosen classes, and one group of all other images."""
        return len(self.chosen) + 1

    def group_of(self, classes: Integers) -> Integers:
        """The group of each image: the place of its class among the chosen ones, or the last."""
        place = np.full(len(self.names), len(self.chosen))
        place[list(self.chosen)] = np.arange(len(self.chosen))
        found: Integers = place[classes]
        return found

    def __iter__(self) -> Iterator[tuple[Tensor, Integers]]:
        """Batches with the classes as numbers. Raises SrbenchError for anything else."""
        for batch in self.batches():
            images, classes = checked(batch)
            wrong = classes[(classes < 0) | (classes >= len(self.names))]
            if len(wrong):
                raise SrbenchError(
                    f"an image has the class {wrong[0]}, and there are {len(self.names)} classes",
                    f"number them from 0 to {len(self.names) - 1}",
                )
            yield images, classes


BatchKey = tuple[tuple[int, ...], float]  # the classes of a batch, and the sum of its images


def key_of(images: Tensor, classes: Integers) -> BatchKey:
    """What the same batch has again: its classes in order, and the sum of all values."""
    return tuple(classes.tolist()), float(images.detach().sum(dtype=torch.float64).nan_to_num())


def require_same(first: Sequence[BatchKey], second: Sequence[BatchKey]) -> None:
    """Raises SrbenchError if two passes did not see the same batches in the same order."""
    if first == second:
        return
    one, two = (sum(len(classes) for classes, _ in keys) for keys in (first, second))
    what = f"{two} images, and not {one}" if one != two else "other images, or another order"
    raise SrbenchError(
        f"the second pass saw {what}",
        "give a loader that yields the same batches each time: without shuffling, and without "
        "random changes",
    )


@dataclass(frozen=True)
class Processes:
    """Several processes that analyze together: each has every so many-th batch. One is alone."""

    rank: int = 0
    size: int = 1

    def gather(self, own: Value) -> list[Value]:
        """What every process has, in the order of their ranks."""
        if self.size == 1:
            return [own]
        every: list[Any] = [None] * self.size
        torch.distributed.all_gather_object(every, own)
        return every

    def in_order(self, batches: Sequence[Value]) -> list[Value]:
        """The batches of all processes, in the order of the images."""
        every = self.gather(list(batches))
        rounds = max(map(len, every))
        return [own[at] for at in range(rounds) for own in every if at < len(own)]


def checked(batch: Any) -> tuple[Tensor, Integers]:
    """The images of a batch, and their classes. Raises SrbenchError for anything else."""
    if not isinstance(batch, (tuple, list)) or len(batch) != 2:
        raise SrbenchError(
            f"a batch is a {type(batch).__name__}, and not a pair",
            "let the loader yield (images, classes)",
        )
    images, classes = batch
    if not isinstance(images, Tensor) or images.dim() != 4 or not len(images):
        raise SrbenchError("a batch has no images (B, C, H, W)", "give tensors of that shape")
    try:
        numbers = torch.as_tensor(classes).cpu()
    except (TypeError, ValueError, RuntimeError) as error:
        raise SrbenchError(
            f"the classes of a batch are no numbers: {one_line(error)}",
            "number them from 0, and give their names as names=[…]",
        ) from error
    if numbers.shape != images.shape[:1] or numbers.is_floating_point() or numbers.is_complex():
        raise SrbenchError(
            f"{len(images)} images have {numbers.dtype} classes of the shape "
            f"{tuple(numbers.shape)}",
            "give a whole number for each image, (B,)",
        )
    return images, numbers.numpy().astype(np.int64)


def no_images() -> SrbenchError:
    """The error for a loader without a batch."""
    return SrbenchError("there are no images", "give a loader with at least one batch")
