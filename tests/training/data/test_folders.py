"""Folders of classes: the layouts that are accepted, and what is said of others."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from srbench.errors import SrbenchError
from srbench.training.data import folders
from srbench.training.data.data_sets import DataSet, Draw
from srbench.training.recipe import Recipe

CATS_AND_DOGS = {"cat": ["a.png", "b.png"], "dog": ["c.png", "d.png"]}


def recipe(**values: Any) -> Recipe:
    return Recipe(source="a test", epochs=1, batch_size=2, lr=0.1, size=4, **values)


def store(root: Path, classes: Mapping[str, Sequence[str]]) -> Path:
    """Images of 8×4 pixels, black on the left and white on the right, in folders."""
    image = Image.new("L", (8, 4))
    image.paste(255, (4, 0, 8, 4))
    for name, files in classes.items():
        (root / name).mkdir(parents=True, exist_ok=True)
        for file in files:
            image.save(root / name / file, format="JPEG" if "J" in file.upper() else "PNG")
    return root


def split(root: Path, test: str = "val") -> Path:
    store(root / "train", CATS_AND_DOGS)
    store(root / test, {"cat": ["e.png"], "dog": ["f.png"]})
    return root


def data(path: Path, **values: Any) -> DataSet:
    return folders.image_folder(path, recipe(**values), workers=0)


@pytest.mark.parametrize("test", ["val", "test"])
def test_a_split_is_trained_and_tested_as_it_is(test: str, tmp_path: Path) -> None:
    found = data(split(tmp_path / "pets", test))
    assert (found.name, found.num_classes, found.size) == ("folder:pets", 2, (3, 4, 4))
    assert found.task == "classification"
    assert found.train.labels == [0, 0, 1, 1]
    assert found.test is not None
    assert found.test.labels == [0, 1]
    assert list(found.split(0).train) == [0, 1, 2, 3]


def test_val_is_used_if_there_is_also_test(tmp_path: Path) -> None:
    store(split(tmp_path) / "test", {"other": ["a.png"]})
    found = data(tmp_path)
    assert found.test is not None
    assert found.test.labels == [0, 1]


def test_without_a_split_each_run_holds_images_out(tmp_path: Path) -> None:
    store(tmp_path, {name: [f"{n}.png" for n in range(6)] for name in ("cat", "dog")})
    found = data(tmp_path)
    assert found.test is None
    held = [list(found.split(seed).test) for seed in range(6)]
    assert sorted(number for fold in held for number in fold) == list(range(12))


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    store(tmp_path, {"bus": ["a.png"], "train": ["b.png"]})
    assert data(tmp_path).train.labels == [0, 1]


def test_images_to_train_on_change_and_those_to_test_on_do_not(tmp_path: Path) -> None:
    source = data(store(tmp_path, CATS_AND_DOGS), flip=True).train

    def columns(draw: Draw | None) -> set[tuple[float, ...]]:
        [(images, _)] = source.batches([[0, 1, 2, 3]], draw)
        return {tuple(image[0, 0].tolist()) for image in images}

    black, white = -0.485 / 0.229, (1 - 0.485) / 0.229
    [tested] = columns(None)
    assert tested == pytest.approx((black, black, white, white))
    assert len(set().union(*(columns(Draw(0, epoch)) for epoch in range(9)))) > 4


def test_an_image_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    store(tmp_path, CATS_AND_DOGS)
    (tmp_path / "cat" / "b.png").write_bytes(b"")
    source = data(tmp_path).train
    with pytest.raises(SrbenchError, match=r"cat/b\.png is empty"):
        list(source.batches([[0, 1]]))


def test_suffixes_have_any_case_and_other_files_are_ignored(tmp_path: Path) -> None:
    store(tmp_path, {"cat": ["a.JPEG", "b.Jpg", ".hidden.png"], "dog": ["c.PNG"]})
    store(tmp_path / ".cache", {"x": ["a.png"]})
    for name in ("cat/notes.txt", "README.md"):
        (tmp_path / name).write_text("text", encoding="utf-8")
    source = data(tmp_path).train
    assert source.labels == [0, 0, 1]
    [(images, targets)] = source.batches([[2, 0]])
    assert images.shape == (2, 3, 4, 4)
    assert targets.tolist() == [1, 0]


def test_classes_may_be_links_and_a_broken_link_is_not_overlooked(tmp_path: Path) -> None:
    store(tmp_path / "elsewhere", {"cats": ["a.png"]})
    store(tmp_path / "data", {"dog": ["b.png"]})
    (tmp_path / "data" / "cat").symlink_to(tmp_path / "elsewhere" / "cats")
    (tmp_path / "data" / "dog" / "c.png").symlink_to(tmp_path / "nowhere")
    source = data(tmp_path / "data").train
    assert source.labels == [0, 1, 1]
    with pytest.raises(SrbenchError, match=r"cannot read .*dog/c\.png"):
        source.digest()
    with pytest.raises(SrbenchError, match=r"cannot read .*dog/c\.png"):
        list(source.batches([[2]]))


def test_the_digest_does_not_depend_on_where_the_folder_is(tmp_path: Path) -> None:
    here, there = (store(tmp_path / name, CATS_AND_DOGS) for name in ("here", "there"))
    first = data(here).train.digest()
    assert data(there).train.digest() == first
    (there / "cat" / "a.png").rename(there / "dog" / "a.png")
    assert data(there).train.digest() != first


@pytest.mark.parametrize(
    ("classes", "said", "hint"),
    [
        ({}, "has no folders of a class", "found nothing"),
        ({".": ["a.png", "b.png"]}, "has no folders of a class", r"found a\.png, b\.png"),
        ({"cat": ["a.png"]}, "has 1 folder of a class", "two classes or more; found cat/"),
        ({"cat": ["a.png"], "dog": []}, "dog has no image", "found nothing"),
        ({"cat": ["a.png"], "dog/more": ["a.png"]}, "dog has no image", "found more/"),
        ({"train/cat": ["a.png"], "old": []}, "none to test on", "found old/, train/"),
        (
            {"train/cat": ["a.png"], "train/dog": ["a.png"], "val": [f"{n}.png" for n in range(9)]},
            "val has no folders of classes",
            r"found 0\.png, 1\.png, 2\.png, 3\.png and 5 more",
        ),
        (
            {"train/cat": ["a.png"], "train/dog": ["a.png"], "val/cat": ["a.png"]},
            "the class dog is in .*train, but not in .*val",
            "the same folders",
        ),
        (
            {"train/b": ["a.png"], "train/c": ["a.png"], "val/a": ["a.png"], "val/b": ["a.png"]},
            "the class a is in .*val, but not in .*train",
            "the same folders",
        ),
    ],
)
def test_another_layout_is_an_error(
    classes: dict[str, list[str]], said: str, hint: str, tmp_path: Path
) -> None:
    store(tmp_path, classes)
    with pytest.raises(SrbenchError, match=said) as error:
        data(tmp_path)
    with pytest.raises(AssertionError, match=hint):  # searched as a pattern
        raise AssertionError(error.value.hint)


def test_a_folder_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SrbenchError, match=r"there is no folder .*nothing"):
        data(tmp_path / "nothing")


def test_a_recipe_of_segmentation_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SrbenchError, match="does not use zoom"):
        data(store(tmp_path, CATS_AND_DOGS), zoom=[0.5, 2.0])


def test_imagenet_has_a_thousand_classes_and_a_split(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    split(tmp_path)
    with pytest.raises(SrbenchError, match="2 classes, and ImageNet has 1000") as error:
        folders.imagenet(tmp_path, recipe(), 0)
    assert error.value.hint == f"use folder:{tmp_path}"
    with pytest.raises(SrbenchError, match="has no folders train and val"):
        folders.imagenet(tmp_path / "train", recipe(), 0)
    monkeypatch.setattr(folders, "IMAGENET_CLASSES", 2)
    assert folders.imagenet(tmp_path, recipe(), 0).name == "imagenet"


def test_a_random_part_is_cut_out_if_the_recipe_has_an_area(tmp_path: Path) -> None:
    source = data(store(tmp_path, CATS_AND_DOGS), area=[0.1, 0.2]).train
    batches = [next(iter(source.batches([[0]], Draw(0, epoch))))[0] for epoch in range(20)]
    assert all(images.shape == (1, 3, 4, 4) for images in batches)
    assert any(torch.equal(images, images[..., :1].expand_as(images)) for images in batches)
