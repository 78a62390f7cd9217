"""Changes of images whose pixels are their own coordinates, so that a result shows its origin."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from srbench.errors import SrbenchError
from srbench.training.data import transforms
from srbench.training.data.data_sets import IGNORED
from srbench.training.draws import generator
from srbench.training.recipe import Recipe


def recipe(size: int, **values: Any) -> Recipe:
    return Recipe(source="a test", epochs=1, batch_size=1, lr=0.1, size=size, **values)


def coordinates(height: int, width: int, dtype: torch.dtype = torch.uint8) -> Tensor:
    """Row and column, from 1, and 9."""
    rows = torch.arange(1, height + 1).view(-1, 1).expand(height, width)
    columns = torch.arange(1, width + 1).expand(height, width)
    return torch.stack([rows, columns, torch.full_like(rows, 9)]).to(dtype)


def trained(image: Tensor, given: Recipe, draws: int = 200) -> list[Tensor]:
    return [transforms.for_training(image, given, generator(n)) for n in range(draws)]


def test_without_an_area_every_square_is_cut_out_about_as_often() -> None:
    image = coordinates(4, 6)
    found: dict[int, int] = {}
    for part in trained(image, recipe(4)):
        left = int(part[1, 0, 0]) - 1
        assert torch.equal(part, image[:, :, left : left + 4])
        found[left] = found.get(left, 0) + 1
    assert sorted(found) == [0, 1, 2]
    assert min(found.values()) > 200 / 3 - 4 * (200 * 2 / 9) ** 0.5


def test_images_are_mirrored_in_half_of_all_cases_if_asked() -> None:
    image = coordinates(4, 4)
    parts = trained(image, recipe(4, flip=True))
    mirrored = [torch.equal(part, image.flip(2)) for part in parts]
    assert all(m or torch.equal(p, image) for m, p in zip(mirrored, parts, strict=True))
    assert sum(mirrored) == pytest.approx(100, abs=4 * 50**0.5)


@pytest.mark.parametrize(("fill", "mode"), [("zeros", "constant"), ("reflect", "reflect")])
def test_images_are_padded_and_cut_again(fill: str, mode: Any) -> None:
    image = coordinates(4, 4)
    padded = torch.from_numpy(np.pad(image.numpy(), ((0, 0), (2, 2), (2, 2)), mode))
    windows = {
        padded[:, top : top + 4, left : left + 4].numpy().tobytes()
        for top in range(5)
        for left in range(5)
    }
    parts = trained(image, recipe(4, pad=2, fill=fill), draws=400)
    assert {part.contiguous().numpy().tobytes() for part in parts} == windows


def test_a_reflection_larger_than_the_image_is_an_error() -> None:
    with pytest.raises(SrbenchError, match="an image of 4 pixels cannot be padded with 4"):
        trained(coordinates(4, 4), recipe(4, pad=4, fill="reflect"))


def test_the_shorter_side_is_resized_before_a_square_is_cut() -> None:
    halves = torch.cat([torch.zeros(3, 8, 4), torch.full((3, 8, 12), 200)], dim=2)
    [part] = trained(halves.to(torch.uint8), recipe(4, resize=4), draws=1)
    assert part.shape == (3, 4, 4)
    assert {tuple(r) for r in part[0].tolist()} <= {tuple(r) for r in part[0, :1].tolist()}, (
        "all rows are alike"
    )
    [small] = trained(torch.full((3, 8, 8), 7, dtype=torch.uint8), recipe(4, resize=2), draws=1)
    expected = np.pad(np.full((3, 2, 2), 7), ((0, 0), (1, 1), (1, 1)))
    assert small.tolist() == expected.tolist(), "black around an image smaller than the size"


def extent(part: Tensor, axis: int) -> float:
    """How many pixels of the image a part covers: the step between its middle pixels, times their
    number, as an interpolation keeps a slope away from the edges."""
    size = part.shape[-1]
    line = part[0, :, size // 2] if axis == 0 else part[1, size // 2]
    return float(line[size // 2 + 1] - line[size // 2]) * size


def test_a_random_part_has_a_share_of_the_area_and_a_ratio_within_bounds() -> None:
    image = coordinates(400, 300, dtype=torch.float32)
    shares, ratios = [], []
    for part in trained(image, recipe(16, area=[0.08, 0.5])):
        assert part.shape == (3, 16, 16)
        height, width = extent(part, 0), extent(part, 1)
        shares.append(height * width / image[0].numel())
        ratios.append(width / height)
    assert min(shares) == pytest.approx(0.08, abs=0.02)
    assert max(shares) == pytest.approx(0.5, abs=0.02)
    assert np.mean(shares) == pytest.approx(0.29, abs=4 * 0.42 / 12**0.5 / 200**0.5)
    assert min(ratios) == pytest.approx(3 / 4, rel=0.03)
    assert max(ratios) == pytest.approx(4 / 3, rel=0.03)
    assert np.mean(np.log(ratios)) == pytest.approx(0, abs=4 * 0.575 / 12**0.5 / 200**0.5)


@pytest.mark.parametrize(
    ("shape", "rows", "columns"),
    [
        ((120, 1000), slice(0, 120), slice(420, 580)),
        ((1000, 120), slice(420, 580), slice(0, 120)),
    ],
)
def test_an_image_without_a_fitting_part_gives_its_middle(
    shape: tuple[int, int], rows: slice, columns: slice
) -> None:
    """All of 120×1000 pixels never fits in a ratio up to 4/3; 120×160 is the widest."""
    image = coordinates(*shape, dtype=torch.float32)
    for part in trained(image, recipe(8, area=[1.0, 1.0]), draws=20):
        middle = image[:, rows, columns]
        torch.testing.assert_close(part.mean((1, 2)), middle.mean((1, 2)), atol=1e-3, rtol=0)
        found = extent(part, 0), extent(part, 1)
        assert found == pytest.approx(tuple(middle.shape[1:]), abs=1e-2)


def test_images_are_tested_in_the_middle() -> None:
    image = coordinates(4, 8)
    assert torch.equal(transforms.for_testing(image, recipe(4, area=[0.1, 1])), image[:, :, 2:6])
    assert torch.equal(transforms.for_testing(image, recipe(2, resize=4)), image[:, 1:3, 3:5])
    small = transforms.for_testing(torch.full((3, 8, 8), 7, dtype=torch.uint8), recipe(4, resize=2))
    assert small[0].tolist() == [[0] * 4, [0, 7, 7, 0], [0, 7, 7, 0], [0] * 4]


def test_a_smaller_image_is_averaged_not_sampled() -> None:
    """Stripes of one pixel become grey; every ninth pixel alone would be black or white."""
    stripes = (torch.arange(63) % 2 * 200).expand(3, 63, 63).to(torch.uint8)
    shrunk = transforms.for_testing(stripes, recipe(7))
    assert (shrunk.float() - 100).abs().max() <= 12


def pairs(
    image: Tensor, labels: Tensor, given: Recipe, draws: int = 100
) -> list[tuple[Tensor, Tensor]]:
    return [
        transforms.pair_for_training(image, labels, given, (1, 2, 3), generator(n))
        for n in range(draws)
    ]


def test_labels_are_cut_where_the_image_is() -> None:
    image = coordinates(6, 9)
    labels = image[0] * 10 + image[1]
    found = set()
    for part, classes in pairs(image, labels, recipe(4, flip=True), draws=300):
        assert torch.equal(part[0] * 10 + part[1], classes)
        found.add((int(part[0, 0, 0]), int(part[1, 0].min()), bool(part[1, 0, 0] > part[1, 0, 1])))
    assert len(found) == 3 * 6 * 2, "each corner, mirrored or not"


def test_labels_are_scaled_as_the_image_is() -> None:
    """A square of 10×10 in another size: its pixels are counted, and its edges are in one place."""
    image = torch.zeros(3, 40, 40, dtype=torch.uint8)
    image[:, 10:20, 20:30] = 200
    labels = image[0] // 2
    sides = []
    for part, classes in pairs(image, labels, recipe(96, zoom=[0.5, 2.0])):
        height, width = ((classes != IGNORED).sum(axis).max().item() for axis in (0, 1))
        assert height == width
        assert (classes[height:] == IGNORED).all()
        assert (classes[:, width:] == IGNORED).all()
        assert (part[:, height:] == torch.tensor([1, 2, 3]).view(3, 1, 1)).all()
        assert set(classes.unique().tolist()) == {0, 100, IGNORED}
        inner = part[0, :height, :width] > 100
        wrong = (inner != (classes[:height, :width] == 100)).sum().item()
        assert wrong <= height, "at most along the edges, where the scale does not divide"
        sides.append(height)
    assert min(sides) in range(20, 24)
    assert max(sides) in range(77, 81)


def test_labels_are_those_of_the_pixels_centres() -> None:
    """In a third of the size, a pixel stands for three, and its label is that of the second."""
    image = coordinates(9, 9)
    [(part, labels)] = pairs(image, image[1], recipe(3, zoom=[1 / 3, 1 / 3]), draws=1)
    assert labels.tolist() == [[2, 5, 8]] * 3
    assert part[:, 1, 1].tolist() == [5, 5, 9]


def test_without_a_generator_the_middle_is_cut_and_nothing_changes() -> None:
    image = coordinates(6, 8)
    given = recipe(4, flip=True, zoom=[0.5, 2.0])
    part, labels = transforms.pair_for_training(image, image[0], given, (0, 0, 0), None)
    assert torch.equal(part, image[:, 1:5, 2:6])
    assert torch.equal(labels, image[0, 1:5, 2:6])


def test_a_border_has_about_the_mean_colour() -> None:
    assert transforms.mean_colour((0.485, 0.456, 0.406)) == (124, 116, 104)


def test_values_of_a_recipe_that_are_not_used_are_errors() -> None:
    transforms.require_unused(recipe(4, pad=1), "digits", "area", "zoom")
    with pytest.raises(SrbenchError, match="digits does not use area, which the recipe sets"):
        transforms.require_unused(recipe(4, area=[0.5, 1]), "digits", "zoom", "area")
