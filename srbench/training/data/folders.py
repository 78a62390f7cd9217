"""Images in one folder for each class, as ImageNet and many others are stored."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torchvision.models import ResNet50_Weights

from srbench.errors import SrbenchError
from srbench.training.data import images, listing, transforms
from srbench.training.data.data_sets import DataSet
from srbench.training.data.loader import Files, Sample
from srbench.training.recipe import Recipe

# Of the channels over ImageNet's training images, as torchvision's weights use them.
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
TRAIN, TESTS = "train", ("val", "test")  # of the folders to test on, the first that exists is used
IMAGENET_CLASSES = 1000
EXPECTED = "expected {0}/train/CLASS/* and {0}/val/CLASS/*, or {0}/CLASS/*"


@dataclass(frozen=True)
class Classified:
    """Reads an image with its class, changed as the recipe says."""

    recipe: Recipe

    def __call__(
        self, root: str, sample: Sample, random: torch.Generator | None
    ) -> tuple[Tensor, Tensor]:
        image = images.read(Path(root, sample.image))
        if random is None:
            changed = transforms.for_testing(image, self.recipe)
        else:
            changed = transforms.for_training(image, self.recipe, random)
        return changed, torch.tensor(sample.target)


def image_folder(path: Path, recipe: Recipe, workers: int, name: str = "") -> DataSet:
    """The images in ``PATH/train/CLASS`` to train on, and those in ``PATH/val/CLASS``, or
    ``PATH/test/CLASS``, to test on. Or those in ``PATH/CLASS``: each run holds out a sixth.

    Classes are sorted by name. The data set is called ``folder:`` and the folder's name, if no
    ``name`` is given.

    Raises SrbenchError for another layout, and for classes that do not fit.
    """
    own = os.fsencode(path.resolve().name).decode(errors="replace")  # records are UTF-8
    name = name or f"folder:{own}"
    transforms.require_unused(recipe, name, "zoom")
    if not path.is_dir():
        raise SrbenchError(f"there is no folder {path}", "name a folder of images")
    parts = _parts(path)
    classes = _classes(path, parts[0])
    for part in parts[1:]:
        _require_same(path, parts[0], part, classes)
    train, *test = [
        Files(str(path), _samples(path, part, classes), Classified(recipe), MEAN, STD, workers)
        for part in parts
    ]
    size = (3, recipe.size, recipe.size)
    return DataSet(
        name, size, len(classes), train, test[0] if test else None, names=_titles(classes)
    )


def imagenet(path: Path, recipe: Recipe, workers: int) -> DataSet:
    """ImageNet's 1,000 classes, in ``PATH/train`` and ``PATH/val`` with a folder for each class.

    Source: O. Russakovsky et al., ImageNet Large Scale Visual Recognition Challenge, IJCV 2015.
    """
    data = image_folder(path, recipe, workers, "imagenet")
    if data.test is None:
        raise SrbenchError(
            f"{path} has no folders {TRAIN} and {TESTS[0]}",
            f"name the folder that has both, or use folder:{path}",
        )
    if data.num_classes != IMAGENET_CLASSES:
        raise SrbenchError(
            f"{path} has {data.num_classes} classes, and ImageNet has {IMAGENET_CLASSES}",
            f"use folder:{path}",
        )
    return data


def _titles(classes: list[str]) -> list[str]:
    """The names of classes: those of their folders, but for ImageNet's 1,000 torchvision's words.

    Two classes with the same words have that of their folder as well.
    """
    if len(classes) != IMAGENET_CLASSES or not all(re.fullmatch(r"n\d{8}", c) for c in classes):
        return classes
    words = ResNet50_Weights.IMAGENET1K_V1.meta["categories"]
    return [
        word if words.count(word) == 1 else f"{word} ({name})"
        for word, name in zip(words, classes, strict=True)
    ]


def _parts(path: Path) -> list[str]:
    """The folders to train and to test on; one alone, which is empty, if there is no split.

    A folder ``train`` without folders may be a class of that name.
    """
    names = listing.folders(path)
    if TRAIN not in names or not (
        listing.folders(path / TRAIN) or any(name in names for name in TESTS)
    ):
        return [""]
    for test in TESTS:
        if test in names:
            return [TRAIN, test]
    raise SrbenchError(
        f"{path} has a folder train, but none to test on",
        f"{EXPECTED.format(path)}; found {listing.shown(path)}",
    )


def _classes(path: Path, part: str) -> list[str]:
    where = path / part
    names = listing.folders(where)
    if len(names) < 2:
        raise SrbenchError(
            f"{where} has {len(names) or 'no'} folder{'s' * (not names)} of a class",
            f"{EXPECTED.format(path)}, with two classes or more; found {listing.shown(where)}",
        )
    return names


def _require_same(path: Path, part: str, other: str, classes: list[str]) -> None:
    found = listing.folders(path / other)
    if not found:
        raise SrbenchError(
            f"{path / other} has no folders of classes",
            f"{EXPECTED.format(path)}; found {listing.shown(path / other)}",
        )
    if (first := listing.unequal(classes, found)) is not None:
        there, lacking = (part, other) if first in classes else (other, part)
        raise SrbenchError(
            f"the class {first} is in {path / there}, but not in {path / lacking}",
            "give both the same folders of classes",
        )


def _samples(path: Path, part: str, classes: list[str]) -> list[Sample]:
    samples = []
    for number, name in enumerate(classes):
        folder = f"{part}/{name}" if part else name
        names = [file for file in listing.files(path / folder) if images.is_image(file)]
        if not names:
            raise SrbenchError(
                f"the class {path / folder} has no image",
                f"remove it, or add images ({', '.join(images.SUFFIXES)}); "
                f"found {listing.shown(path / folder)}",
            )
        samples += [Sample(f"{folder}/{file}", number) for file in names]
    return samples
