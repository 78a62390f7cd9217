"""Cityscapes: streets with a class for each pixel, 2,975 images to train on and 500 to test on.

Source: M. Cordts et al., The Cityscapes Dataset for Semantic Urban Scene Understanding, CVPR 2016.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import torch
from torch import Tensor
from torchvision.datasets import Cityscapes

from srbench.errors import SrbenchError
from srbench.training.data import images, listing, transforms
from srbench.training.data.data_sets import IGNORED, DataSet
from srbench.training.data.folders import MEAN, STD
from srbench.training.data.loader import Files, Sample
from srbench.training.data.tiles import Span, counted, spans
from srbench.training.recipe import Recipe

CLASSES = 19
PHOTOS, LABELS = "leftImg8bit", "gtFine"
PHOTO, LABEL = "_leftImg8bit.png", "_gtFine_labelIds.png"
UNKNOWN = 254  # stands for an id that is in no table
EXPECTED = f"expected {{0}}/{PHOTOS}/{{1}}/CITY/*{PHOTO} and {{0}}/{LABELS}/{{1}}/CITY/*{LABEL}"


@dataclass(frozen=True, slots=True)
class Tile(Sample):
    """A part of an image to test on."""

    down: Span
    right: Span


@dataclass(frozen=True)
class Crops:
    """Reads a random part of an image, as the recipe says; without a generator, the middle."""

    recipe: Recipe

    def __call__(
        self, root: str, sample: Sample, random: torch.Generator | None
    ) -> tuple[Tensor, Tensor]:
        image, labels = _pair(root, sample.image, str(sample.target))
        fill = transforms.mean_colour(MEAN)
        return transforms.pair_for_training(image, labels, self.recipe, fill, random)


@dataclass(frozen=True)
class Tiles:
    """Reads a tile of an image, which is never changed."""

    size: int

    def __call__(
        self, root: str, sample: Tile, random: torch.Generator | None
    ) -> tuple[Tensor, Tensor]:
        image, labels = _latest(root, sample.image, str(sample.target))
        at = sample.down.start, sample.right.start, self.size
        tile = transforms.window(image, *at, transforms.mean_colour(MEAN))
        classes = transforms.window(labels.unsqueeze(0), *at, (IGNORED,)).squeeze(0)
        return tile, counted(classes, sample.down, sample.right)


def cityscapes(path: Path, recipe: Recipe, workers: int) -> DataSet:
    """The images in ``PATH/leftImg8bit``, with the 19 classes that are evaluated of those in
    ``PATH/gtFine``.

    They are tested in tiles of the training size, which cover an image and are numbered one by one;
    each pixel counts in one tile only.

    Raises SrbenchError for another layout, and for an image that has no labels or no size.
    """
    transforms.require_unused(recipe, "cityscapes", "area", "pad", "resize")
    size = recipe.size
    train = Files(str(path), _samples(path, "train"), Crops(recipe), MEAN, STD, workers)
    tiles = [tile for sample in _samples(path, "val") for tile in _tiles(path, sample, size)]
    test = Files(str(path), tiles, Tiles(size), MEAN, STD, workers)
    return DataSet("cityscapes", (3, size, size), CLASSES, train, test, "segmentation")


@cache
def train_ids() -> Tensor:
    """The class of each id in a file of labels, (256,) bytes; `UNKNOWN` if torchvision's table has
    none. Its id -1 is never drawn in a file."""
    table = torch.full((256,), UNKNOWN, dtype=torch.uint8)
    for known in Cityscapes.classes:
        if known.id >= 0:
            table[known.id] = known.train_id  # the table, too, has 255 for what is ignored
    return table


def _samples(path: Path, part: str) -> list[Sample]:
    """The images of one part with their files of labels."""
    photos, labels = path / PHOTOS / part, path / LABELS / part
    expected = EXPECTED.format(path, part)
    for folder in (photos, labels):
        if not folder.is_dir():
            seen = listing.shown(path) if path.is_dir() else "no such folder"
            raise SrbenchError(f"there is no folder {folder}", f"{expected}; found {seen}")
    samples = []
    for city in listing.folders(photos):
        there = listing.files(labels / city) if (labels / city).is_dir() else []
        drawn = {*there}
        for name in listing.files(photos / city):
            if not name.endswith(PHOTO):
                continue
            label = name.removesuffix(PHOTO) + LABEL
            if label not in drawn:
                raise SrbenchError(
                    f"{photos / city / name} has no labels: {labels / city / label} is missing",
                    "unpack gtFine_trainvaltest.zip there",
                )
            samples.append(
                Sample(f"{PHOTOS}/{part}/{city}/{name}", f"{LABELS}/{part}/{city}/{label}")
            )
    if not samples:
        raise SrbenchError(f"{photos} has no images", f"{expected}; found {listing.shown(photos)}")
    return samples


def _tiles(path: Path, sample: Sample, size: int) -> list[Tile]:
    height, width = images.read_size(path / sample.image)
    return [
        Tile(sample.image, sample.target, down, right)
        for down in spans(height, size)
        for right in spans(width, size)
    ]


def _pair(root: str, image: str, target: str) -> tuple[Tensor, Tensor]:
    """An image (3, H, W) and the classes of its pixels (H, W), in bytes."""
    photo, ids = images.read(Path(root, image)), images.read_classes(Path(root, target))
    if photo.shape[1:] != ids.shape:
        raise SrbenchError(
            f"{Path(root, image)} and its labels {Path(root, target)} have different sizes: "
            f"{tuple(photo.shape[1:])} and {tuple(ids.shape)}",
            "copy both again",
        )
    classes = train_ids()[ids.long()]
    if (unknown := classes == UNKNOWN).any():
        raise SrbenchError(
            f"{Path(root, target)} has the label id {int(ids[unknown][0])}, "
            "which Cityscapes does not have",
            f"give the original *{LABEL}",
        )
    return photo, classes


# Neighbouring tiles are of the same image, which takes longer to read than the tile to be tested.
_latest = lru_cache(maxsize=1)(_pair)
