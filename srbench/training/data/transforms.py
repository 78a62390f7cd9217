"""Changes of images before the network gets them: those of training are random, those of testing
are not.

Sources of the random ones: for a share of the area, C. Szegedy et al., Going Deeper with
Convolutions, CVPR 2015, section 6; for padding and cutting, see the recipes that use them.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional

from srbench.errors import SrbenchError
from srbench.training.data.data_sets import IGNORED
from srbench.training.recipe import Recipe

NARROWEST, WIDEST = 3 / 4, 4 / 3  # the ratio of width to height of a random part
TRIES = 10  # as many as torchvision's RandomResizedCrop makes


def for_training(image: Tensor, recipe: Recipe, random: torch.Generator) -> Tensor:
    """A random square of ``recipe.size`` out of an image (3, H, W): a part of a share of ``area``,
    resized, or else one cut out of the image, resized and padded. Mirrored in half of all cases if
    the recipe says so.

    Raises SrbenchError if the image is too small to be padded with its reflection.
    """
    size = recipe.size
    if recipe.area is not None:
        top, left, height, width = _part(image.shape[-2], image.shape[-1], recipe.area, random)
        image = _resized(image[..., top : top + height, left : left + width], size, size)
    else:
        image = _with_border(_shorter_side(image, recipe.resize or size), recipe)
        top, left = (_below(side - size + 1, random) for side in image.shape[-2:])
        image = image[..., top : top + size, left : left + size]
    return _perhaps_mirrored(recipe, random, image)[0]


def for_testing(image: Tensor, recipe: Recipe) -> Tensor:
    """The middle square of ``recipe.size``, once the shorter side is ``recipe.resize`` (0: the
    size); with a black border if that is smaller."""
    size = recipe.size
    return _middle(_shorter_side(image, recipe.resize or size), size, size)


def pair_for_training(
    image: Tensor,
    labels: Tensor,
    recipe: Recipe,
    fill: Sequence[int],
    random: torch.Generator | None,
) -> tuple[Tensor, Tensor]:
    """The same random square of ``recipe.size`` out of an image (3, H, W) and out of the classes of
    its pixels (H, W), scaled by a factor of ``zoom``, and mirrored in half of all cases if the
    recipe says so. Where the image is smaller it gets a border on the right and below, of the
    colour ``fill`` and the class `IGNORED`. Without ``random``: the middle, neither scaled nor
    mirrored.
    """
    size, labels = recipe.size, labels.unsqueeze(0)
    if random is not None and recipe.zoom is not None:
        factor = _between(*recipe.zoom, random)
        height, width = (max(1, round(side * factor)) for side in image.shape[-2:])
        image = _resized(image, height, width)
        # "nearest-exact" has the pixels' centres where bilinear has them; "nearest" is half off.
        exact = InterpolationMode.NEAREST_EXACT
        labels = functional.resize(labels, [height, width], interpolation=exact)
    rooms = [max(side - size, 0) for side in image.shape[-2:]]
    top, left = (_below(r + 1, random) if random is not None else r // 2 for r in rooms)
    image = window(image, top, left, size, fill)
    labels = window(labels, top, left, size, (IGNORED,))
    if random is not None:
        image, labels = _perhaps_mirrored(recipe, random, image, labels)
    return image, labels.squeeze(0)


def window(image: Tensor, top: int, left: int, size: int, fill: Sequence[int]) -> Tensor:
    """A square of an image (C, H, W), filled where the image does not reach, right and below."""
    part = image[:, top : top + size, left : left + size]
    if part.shape[1:] == (size, size):
        return part
    whole = torch.tensor(fill, dtype=image.dtype).view(-1, 1, 1).repeat(1, size, size)
    whole[:, : part.shape[1], : part.shape[2]] = part
    return whole


def mean_colour(mean: Sequence[float]) -> tuple[int, ...]:
    """The mean of the channels in bytes, which is about 0 once normalised."""
    return tuple(round(255 * channel) for channel in mean)


def require_unused(recipe: Recipe, data: str, *names: str) -> None:
    """Raises SrbenchError if the recipe sets one of these values, which the data set does not
    use."""
    for name in names:
        if getattr(recipe, name):
            raise SrbenchError(
                f"{data} does not use {name}, which the recipe sets",
                f"use a recipe without {name}",
            )


def _part(
    height: int, width: int, area: tuple[float, float], random: torch.Generator
) -> tuple[int, int, int, int]:
    """Top, left, height and width of a random part; the middle if none of the tries fits."""
    for _ in range(TRIES):
        pixels = height * width * _between(*area, random)
        ratio = math.exp(_between(math.log(NARROWEST), math.log(WIDEST), random))
        high, wide = round(math.sqrt(pixels / ratio)), round(math.sqrt(pixels * ratio))
        if 0 < high <= height and 0 < wide <= width:
            return _below(height - high + 1, random), _below(width - wide + 1, random), high, wide
    high = min(height, max(1, round(width / NARROWEST)))
    wide = min(width, max(1, round(height * WIDEST)))
    return (height - high) // 2, (width - wide) // 2, high, wide


def _with_border(image: Tensor, recipe: Recipe) -> Tensor:
    """The image padded as the recipe says, and with black if it is still smaller than its size."""
    if recipe.pad:
        if recipe.fill == "reflect" and recipe.pad >= min(image.shape[-2:]):
            raise SrbenchError(
                f"an image of {min(image.shape[-2:])} pixels cannot be padded with {recipe.pad} "
                "pixels of its reflection",
                'set pad to less, or fill = "zeros"',
            )
        mode = "constant" if recipe.fill == "zeros" else "reflect"
        image = functional.pad(image, [recipe.pad], padding_mode=mode)
    height, width = (max(side, recipe.size) for side in image.shape[-2:])
    return _middle(image, height, width)


def _middle(image: Tensor, height: int, width: int) -> Tensor:
    cut: Tensor = functional.center_crop(image, [height, width])  # or padded with black
    return cut


def _shorter_side(image: Tensor, side: int) -> Tensor:
    resized: Tensor = functional.resize(image, [side], antialias=True)
    return resized


def _resized(image: Tensor, height: int, width: int) -> Tensor:
    resized: Tensor = functional.resize(image, [height, width], antialias=True)
    return resized


def _perhaps_mirrored(recipe: Recipe, random: torch.Generator, *images: Tensor) -> list[Tensor]:
    mirrored = recipe.flip and _below(2, random) == 1
    return [image.flip(-1) if mirrored else image for image in images]


def _between(low: float, high: float, random: torch.Generator) -> float:
    return low + (high - low) * float(torch.rand((), generator=random, dtype=torch.float64))


def _below(number: int, random: torch.Generator) -> int:
    return int(torch.randint(number, (), generator=random))
