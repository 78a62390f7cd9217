"""Cityscapes in files of its layout: crops to train on, and tiles that count each pixel once."""

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torch import Tensor

from srbench.errors import SrbenchError
from srbench.training.data import cityscapes as module
from srbench.training.data.cityscapes import cityscapes
from srbench.training.data.data_sets import IGNORED, DataSet, Draw, Source
from srbench.training.data.tiles import spans
from srbench.training.recipe import Recipe

HEIGHT, WIDTH = 5, 9
# By the data set's own list of labels: road, sidewalk, bicycle, and of no class ego vehicle.
IDS = {7: 0, 8: 1, 33: 18, 1: IGNORED}


def recipe(**values: Any) -> Recipe:
    values = {"size": 4, **values}
    return Recipe(source="a test", epochs=1, batch_size=2, lr=0.1, **values)


def ids() -> "np.ndarray[Any, np.dtype[np.uint8]]":
    """An id for each pixel, in stripes that slant."""
    rows, columns = np.indices((HEIGHT, WIDTH))
    return np.array(list(IDS), dtype=np.uint8)[(rows + columns) % len(IDS)]


def store(root: Path, part: str, name: str, labels: Any = None) -> tuple[Path, Path]:
    """An image whose red is 10 times its row and its column, and its labels."""
    city = name.partition("_")[0]
    photo = root / "leftImg8bit" / part / city / f"{name}_leftImg8bit.png"
    label = root / "gtFine" / part / city / f"{name}_gtFine_labelIds.png"
    rows, columns = np.indices((HEIGHT, WIDTH))
    red = (rows * 10 + columns).astype(np.uint8)
    for path, content in (
        (photo, np.stack([red, red * 0, red * 0], axis=-1)),
        (label, ids() if labels is None else labels),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(content).save(path)
    return photo, label


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for part, name in (("train", "bonn_1"), ("train", "aachen_2"), ("val", "ulm_1")):
        store(tmp_path, part, name)
    return tmp_path


def data(root: Path, **values: Any) -> DataSet:
    return cityscapes(root, recipe(**values), workers=0)


def validation(root: Path, **values: Any) -> Source:
    source = data(root, **values).test
    assert source is not None
    return source


def everything(source: Source) -> tuple[Tensor, Tensor]:
    [batch] = source.batches([range(len(source))])
    return batch


def red(images: Tensor) -> Tensor:
    """Bytes of the red channel, from normalised images."""
    return ((images[:, 0] * 0.229 + 0.485) * 255).round().int()


def test_the_data_set_is_of_segmentation(root: Path) -> None:
    found = data(root)
    assert (found.name, found.task, found.num_classes) == ("cityscapes", "segmentation", 19)
    assert found.size == (3, 4, 4)
    assert found.train.labels is None
    assert len(found.train) == 2
    assert len(found.split(0).train) == 2


def test_nineteen_classes_are_learned_and_the_rest_is_ignored() -> None:
    classes = module.train_ids().tolist()
    assert sorted(c for c in classes if c < 19) == list(range(19))
    assert {number: classes[number] for number in IDS} == IDS
    assert [n for n, c in enumerate(classes) if c == IGNORED] == [
        *range(7),
        9,
        10,
        *range(14, 17),
        18,
        29,
        30,
    ]
    assert set(classes[34:]) == {module.UNKNOWN}


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 9, 12])
def test_every_pixel_counts_in_one_tile(size: int, root: Path) -> None:
    images, targets = everything(validation(root, size=size))
    counted: Counter[int] = Counter()
    for image, labels in zip(red(images), targets, strict=True):
        assert image.shape == labels.shape == (size, size)
        for place, label in zip(image[labels != IGNORED], labels[labels != IGNORED], strict=True):
            row, column = divmod(int(place), 10)
            assert int(label) == IDS[int(ids()[row, column])]
            counted[int(place)] += 1
    known = {r * 10 + c for r in range(HEIGHT) for c in range(WIDTH) if ids()[r, c] != 1}
    assert counted == dict.fromkeys(known, 1)


def test_tiles_are_as_few_as_cover_the_image_and_numbered_one_by_one(root: Path) -> None:
    store(root, "val", "ulm_2")
    source = validation(root)
    assert len(source) == 2 * 2 * 3
    images, _ = everything(source)
    tops_and_lefts = [int(place) for place in red(images)[:6, 0, 0]]
    assert tops_and_lefts == [0, 2, 5, 10, 12, 15]
    [(last, _)] = source.batches([[11]])
    assert red(last)[0, 0, 0] == 15


def test_a_tile_larger_than_the_image_is_padded(root: Path) -> None:
    images, targets = everything(validation(root, size=12))
    assert images.shape == (1, 3, 12, 12)
    assert (targets[0, HEIGHT:] == IGNORED).all()
    assert (targets[0, :, WIDTH:] == IGNORED).all()
    assert images[0, :, HEIGHT:].abs().max() < 0.01, "the mean"


def test_spans_cover_a_side_evenly() -> None:
    for side in range(1, 60):
        for size in range(1, 20):
            found = spans(side, size)
            pixels = [pixel for span in found for pixel in range(span.first, span.end)]
            assert pixels == list(range(side))
            assert all(s.start <= s.first < s.end <= s.start + size for s in found)
            assert len(found) == 1 or (found[0].start, found[-1].start) == (0, side - size)
            steps = {b.start - a.start for a, b in pairwise(found)}
            assert not steps or max(steps) - min(steps) <= 1
    large = spans(2048, 769)  # the pixels that two tiles have are 640 to 768, and 1279 to 1408
    assert [s.start for s in large] == [0, 640, 1279]
    assert [s.end for s in large] == [704, 1344, 2048]


def test_training_cuts_image_and_labels_alike(root: Path) -> None:
    source = data(root, flip=True).train
    corners = set()
    for epoch in range(40):
        [(images, targets)] = source.batches([[0, 1]], Draw(0, epoch))
        for image, labels in zip(red(images), targets, strict=True):
            expected = [[IDS[int(ids()[p // 10, p % 10])] for p in row] for row in image.tolist()]
            assert labels.tolist() == expected
            corners.add(int(image[0, 0]))
    assert len(corners) > 8


def test_without_a_draw_training_images_are_cut_in_the_middle(root: Path) -> None:
    [(images, _)] = data(root, zoom=[0.5, 2.0], flip=True).train.batches([[0]])
    assert red(images)[0, 0].tolist() == [2, 3, 4, 5]


def test_an_id_that_is_in_no_table_is_an_error(root: Path) -> None:
    labels = ids()
    labels[2, 3] = 200
    _, label = store(root, "val", "ulm_3", labels)
    source = validation(root)
    with pytest.raises(SrbenchError, match="has the label id 200") as error:
        everything(source)
    assert str(label) in error.value.message
    assert "labelIds.png" in error.value.hint


def test_labels_of_another_size_are_an_error(root: Path) -> None:
    store(root, "train", "aachen_2", ids()[:, 1:])
    with pytest.raises(SrbenchError, match=r"different sizes: \(5, 9\) and \(5, 8\)"):
        list(data(root).train.batches([[0]], Draw(0, 0)))


def test_an_image_without_labels_is_an_error(root: Path) -> None:
    _, label = store(root, "train", "bonn_7")
    label.unlink()
    with pytest.raises(SrbenchError, match=r"bonn_7_leftImg8bit\.png has no labels") as error:
        data(root)
    assert str(label) in error.value.message


def test_an_image_without_a_size_is_an_error(root: Path) -> None:
    photo, _ = store(root, "val", "ulm_7")
    photo.write_bytes(b"")
    with pytest.raises(SrbenchError, match=r"ulm_7_leftImg8bit\.png is empty"):
        data(root)


def test_another_layout_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SrbenchError, match=r"there is no folder .*leftImg8bit/train") as error:
        data(tmp_path / "nothing")
    assert error.value.hint.endswith("found no such folder")
    store(tmp_path, "train", "bonn_1")
    with pytest.raises(SrbenchError, match=r"there is no folder .*leftImg8bit/val") as error:
        data(tmp_path)
    assert "CITY/*_gtFine_labelIds.png; found gtFine/, leftImg8bit/" in error.value.hint
    for name in ("leftImg8bit", "gtFine"):
        (tmp_path / name / "val" / "empty").mkdir(parents=True)
    with pytest.raises(SrbenchError, match="val has no images") as error:
        data(tmp_path)
    assert error.value.hint.endswith("found empty/")


def test_other_files_are_ignored(root: Path) -> None:
    (root / "leftImg8bit" / "train" / "bonn" / "notes.txt").write_text("text", encoding="utf-8")
    (root / "leftImg8bit" / "train" / ".DS_Store").write_bytes(b"")
    assert len(data(root).train) == 2


@pytest.mark.parametrize("values", [{"area": [0.5, 1]}, {"pad": 4}, {"resize": 40}])
def test_values_of_a_recipe_that_are_not_used_are_errors(
    values: dict[str, Any], root: Path
) -> None:
    with pytest.raises(SrbenchError, match=f"cityscapes does not use {next(iter(values))}"):
        data(root, **values)
