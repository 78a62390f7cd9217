"""CIFAR-10 and CIFAR-100: 60,000 images of 32×32 pixels, read and downloaded by torchvision.

Source: A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torchvision.datasets import CIFAR10, CIFAR100
from torchvision.transforms.v2 import functional

from srbench.errors import SrbenchError, one_line
from srbench.training.data.data_sets import DataSet
from srbench.training.data.in_memory import InMemory, Shift
from srbench.training.data.transforms import require_unused
from srbench.training.recipe import Recipe

SIDE = 32
AT_ONCE = 1000  # images that are resized together, to bound the memory
# Mean and standard deviation of the channels over the training images.
OF_10 = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
OF_100 = (0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762)


def cifar10(root: Path, recipe: Recipe, download: bool) -> DataSet:
    """50,000 images of 10 classes to train on and 10,000 to test on, in the folder ``root``.

    Raises SrbenchError if they are neither there nor downloaded.
    """
    return _cifar("cifar10", CIFAR10, 10, OF_10, root, recipe, download)


def cifar100(root: Path, recipe: Recipe, download: bool) -> DataSet:
    """The same number of images as `cifar10`, of 100 classes."""
    return _cifar("cifar100", CIFAR100, 100, OF_100, root, recipe, download)


def _cifar(
    name: str,
    kind: Any,
    classes: int,
    statistics: tuple[Sequence[float], Sequence[float]],
    root: Path,
    recipe: Recipe,
    download: bool,
) -> DataSet:
    require_unused(recipe, name, "area", "zoom", "resize")
    change = Shift(recipe.pad, recipe.flip, recipe.fill)

    names: list[str] = []

    def source(train: bool) -> InMemory:
        stored = _stored(name, kind, root, train, download)
        images = torch.from_numpy(stored.data).permute(0, 3, 1, 2).contiguous()
        targets = torch.tensor(stored.targets)
        names[:] = stored.classes
        return InMemory(_resized(images, recipe.size), targets, *statistics, change)

    size = (3, recipe.size, recipe.size)
    train, test = source(train=True), source(train=False)
    return DataSet(name, size, classes, train, test, names=names)


def _stored(name: str, kind: Any, root: Path, train: bool, download: bool) -> Any:
    """torchvision's data set, whose files' checksums it compares before it reads them."""
    folder = root / kind.base_folder
    try:
        return kind(root, train=train, download=download)
    except (OSError, RuntimeError) as error:  # RuntimeError: missing, or another checksum
        if download:
            raise SrbenchError(
                f"cannot download {name} to {root}: {one_line(error)}",
                f"try again, or put {kind.filename} there, from {kind.url}",
            ) from error
        found = "is incomplete or damaged" if folder.is_dir() else "is missing"
        raise SrbenchError(
            f"{name}: {folder} {found}", f"give --download, or {name}:PATH"
        ) from error


def _resized(images: Tensor, size: int) -> Tensor:
    if size == SIDE:
        return images
    resized = torch.empty((len(images), 3, size, size), dtype=torch.uint8)
    for start in range(0, len(images), AT_ONCE):
        part = images[start : start + AT_ONCE]
        resized[start : start + AT_ONCE] = functional.resize(part, [size, size], antialias=True)
    return resized
