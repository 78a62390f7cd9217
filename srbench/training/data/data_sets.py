"""What a data set is to the loop: a source of batches, and the parts of it that a run uses."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from torch import Tensor

from srbench.errors import SrbenchError
from srbench.training.draws import shuffled

Task = Literal["classification", "segmentation"]
IGNORED = 255  # the class of pixels that neither the loss nor a metric counts


class Draw(NamedTuple):
    """What the random changes of training images depend on, besides the image's number."""

    seed: int
    epoch: int


class Source(Protocol):
    """Images with their targets, by number.

    Images are float32 tensors (B, C, H, W), normalised. Targets are int64: a class for each image,
    (B,), or for each pixel, (B, H, W), with `IGNORED` where there is none.
    """

    @property
    def labels(self) -> Sequence[int] | None:
        """The class of each image; None if it has many."""

    def __len__(self) -> int: ...

    def digest(self) -> str:
        """Identifies the images and their targets."""

    def batches(
        self, numbers: Sequence[Sequence[int]], draw: Draw | None = None
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """A batch for each list of image numbers. With ``draw`` the images are changed at random,
        as for training; what happens to an image depends on the draw and its number alone.

        Raises SrbenchError for an image that cannot be read.
        """


@dataclass(frozen=True)
class DataSet:
    """Images to train and to test on.

    ``names`` are those of the classes, by default their numbers. Without ``test``, each run holds
    out one of ``folds`` parts of ``train`` to test on. ``size`` is the image as the network gets
    it, (C, H, W).
    """

    name: str
    size: tuple[int, int, int]
    num_classes: int
    train: Source
    test: Source | None = None
    task: Task = "classification"
    folds: int = 6
    names: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Raises SrbenchError for an image whose class is out of range."""
        for source in (self.train, self.test):
            labels = source.labels if source is not None else None
            wrong = [one for one in labels or () if not 0 <= one < self.num_classes]
            if wrong:
                raise SrbenchError(
                    f"{self.name} has an image of class {wrong[0]}, but {self.num_classes} classes",
                    f"number the classes from 0 to {self.num_classes - 1}",
                )

    @property
    def classes(self) -> Sequence[str]:
        """The names of all classes."""
        return self.names or [str(number) for number in range(self.num_classes)]

    def all_to_test(self) -> "Split":
        """All images to test on: those for that, or, if there are none, every image."""
        return Split(self, (), list(range(len(self.train if self.test is None else self.test))))

    def digest(self) -> str:
        """Identifies the images, those to train on and those to test on."""
        parts = [source.digest() for source in (self.train, self.test) if source is not None]
        return "-".join(parts)

    def split(self, seed: int, share: float = 1.0) -> "Split":
        """What the run with this seed trains and tests on.

        Every fold, and every share, has each class as often as the whole, as far as whole images
        can. Runs 0 to ``folds - 1`` test on each image once, the next on the folds of another
        order. The images of a share are drawn again for each seed.

        Raises SrbenchError for a share that leaves no image.
        """
        require_share(share)
        if self.test is not None:
            train, test = list(range(len(self.train))), list(range(len(self.test)))
            return Split(self, _share(self.train, train, share, seed), test)
        if self.folds > len(self.train):
            raise SrbenchError(
                f"{self.name} has {len(self.train)} images, too few for {self.folds} folds",
                "use more images",
            )
        groups = _classes(self.train, range(len(self.train)), "folds", seed // self.folds)
        dealt = [number for alike in groups for number in alike]  # to the folds, one by one
        held = sorted(dealt[seed % self.folds :: self.folds])
        rest = sorted({*dealt} - {*held})
        return Split(self, _share(self.train, rest, share, seed), held)


@dataclass(frozen=True)
class Split:
    """The numbers of the images that one run trains on, and of those that it tests on."""

    data: DataSet
    train: Sequence[int] = field(repr=False)
    test: Sequence[int] = field(repr=False)

    @property
    def tested(self) -> Source:
        """The source of the images to test on."""
        return self.data.train if self.data.test is None else self.data.test

    @property
    def held_out(self) -> float | None:
        """The share of all images that is held out; None if the images to test on are given."""
        return None if self.data.test is not None else len(self.test) / len(self.data.train)


def require_share(share: float) -> None:
    """Raises SrbenchError for a share of images that is out of range."""
    if not 0 < share <= 1:
        raise SrbenchError(
            f"a share of {share:g} is out of range", "give one above 0 and at most 1"
        )


def _share(source: Source, numbers: Sequence[int], share: float, seed: int) -> list[int]:
    if share == 1:
        return list(numbers)
    kept = round(share * len(numbers))
    if not kept:
        raise SrbenchError(
            f"a share of {share:g} of {len(numbers)} images is none", "give a larger share"
        )
    order = [
        ((place + 0.5) / len(alike), number)
        for alike in _classes(source, numbers, "share", seed)
        for place, number in enumerate(alike)
    ]
    return sorted(number for _, number in sorted(order)[:kept])


def _classes(source: Source, numbers: Sequence[int], *what: object) -> list[list[int]]:
    """The numbers class by class, each in a random order; all together if they have no class."""
    groups: dict[int, list[int]] = {}
    for place in shuffled(len(numbers), *what):
        number = numbers[place]
        groups.setdefault(source.labels[number] if source.labels else 0, []).append(number)
    return list(groups.values())
