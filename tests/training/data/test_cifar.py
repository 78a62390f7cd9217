"""CIFAR in files of its layout, which torchvision reads and checks."""

import hashlib
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torchvision.datasets import CIFAR10, CIFAR100

from srbench.errors import SrbenchError
from srbench.training.data import cifar
from srbench.training.data.data_sets import Draw
from srbench.training.recipe import Recipe

RED, GREEN, BLUE = 1024 * [10], 1024 * [20], 1024 * [30]


def recipe(**values: Any) -> Recipe:
    values = {"size": 32, **values}
    return Recipe(source="a test", epochs=1, batch_size=2, lr=0.1, **values)


def store(path: Path, content: Any) -> str:
    """Pickle a file; its checksum."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(pickle.dumps(content))
    return hashlib.md5(path.read_bytes()).hexdigest()


def batch(key: str, *classes: int) -> dict[str, Any]:
    """Images that are red, green and blue by 10, 20 and 30, but the second pixel of the first row
    has their class as red."""
    rows = [[10, number, *RED[2:], *GREEN, *BLUE] for number in classes]
    return {"data": np.array(rows, dtype=np.uint8), key: list(classes)}


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two files of CIFAR-10 to train on, and one of CIFAR-100, with their own checksums."""
    ten, hundred = tmp_path / CIFAR10.base_folder, tmp_path / CIFAR100.base_folder
    parts: dict[Any, dict[str, Any]] = {
        CIFAR10: {
            "train_list": [
                ["one", store(ten / "one", batch("labels", 3, 1))],
                ["two", store(ten / "two", batch("labels", 9))],
            ],
            "test_list": [["test", store(ten / "test", batch("labels", 5))]],
            "meta": {
                "filename": "meta",
                "key": "names",
                "md5": store(ten / "meta", {"names": list("abcdefghij")}),
            },
        },
        CIFAR100: {
            "train_list": [["train", store(hundred / "train", batch("fine_labels", 99, 0))]],
            "test_list": [["test", store(hundred / "test", batch("fine_labels", 42))]],
            "meta": {
                "filename": "meta",
                "key": "names",
                "md5": store(hundred / "meta", {"names": [str(n) for n in range(100)]}),
            },
        },
    }
    for kind, values in parts.items():
        for name, value in values.items():
            monkeypatch.setattr(kind, name, value)
    return tmp_path


def test_cifar10_is_read_and_normalised(stored: Path) -> None:
    data = cifar.cifar10(stored, recipe(), download=False)
    assert (data.name, data.num_classes, data.size) == ("cifar10", 10, (3, 32, 32))
    assert data.train.labels == [3, 1, 9]
    assert data.test is not None
    assert data.test.labels == [5]
    [(images, targets)] = data.train.batches([[2, 0]])
    assert targets.tolist() == [9, 3]
    expected = [(10 / 255 - 0.4914) / 0.2470, (20 / 255 - 0.4822) / 0.2435]
    expected.append((30 / 255 - 0.4465) / 0.2616)
    torch.testing.assert_close(images[0, :, 31, 31], torch.tensor(expected))
    first = (torch.tensor([9.0, 3.0]) / 255 - 0.4914) / 0.2470
    torch.testing.assert_close(images[:, 0, 0, 1], first)


def test_cifar100_has_its_fine_classes(stored: Path) -> None:
    data = cifar.cifar100(stored, recipe(), download=False)
    assert (data.name, data.num_classes) == ("cifar100", 100)
    assert data.train.labels == [99, 0]
    assert data.test is not None
    assert data.test.labels == [42]
    [(images, _)] = data.test.batches([[0]])
    assert images[0, 1, 5, 5].item() == pytest.approx((20 / 255 - 0.4865) / 0.2564)


def test_images_are_padded_in_training_as_the_recipe_says(stored: Path) -> None:
    data = cifar.cifar10(stored, recipe(pad=4), download=False)
    black = (0 - 0.4914) / 0.2470
    changed = [next(iter(data.train.batches([[0]], Draw(0, e))))[0] for e in range(5)]
    assert any((images[0, 0] - black).abs().min() < 1e-5 for images in changed)
    [(images, _)] = data.train.batches([[0]])
    assert (images[0, 0] - black).abs().min() > 0.01, "not to be tested"


def test_images_of_another_size_are_resized(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cifar, "AT_ONCE", 2)
    data = cifar.cifar10(stored, recipe(size=16), download=False)
    assert data.size == (3, 16, 16)
    [(images, targets)] = data.train.batches([[0, 1, 2]])
    assert images.shape == (3, 3, 16, 16)
    assert targets.tolist() == [3, 1, 9]
    assert images[2, 2, 8, 8].item() == pytest.approx((30 / 255 - 0.4465) / 0.2616)
    corners = images[:, 0, 0, 0]
    assert corners[1] < corners[0] < corners[2], "in order: 1, 3 and 9 of red"


def test_missing_files_are_an_error_that_says_where_they_were_expected(tmp_path: Path) -> None:
    with pytest.raises(SrbenchError) as error:
        cifar.cifar10(tmp_path, recipe(), download=False)
    assert error.value.message == f"cifar10: {tmp_path / 'cifar-10-batches-py'} is missing"
    assert error.value.hint == "give --download, or cifar10:PATH"


def test_damaged_files_are_an_error(stored: Path) -> None:
    path = stored / CIFAR100.base_folder / "test"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(SrbenchError, match="cifar-100-python is incomplete or damaged"):
        cifar.cifar100(stored, recipe(), download=False)


def test_a_download_that_fails_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: CIFAR10) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(CIFAR10, "download", fails)
    with pytest.raises(SrbenchError, match=r"cannot download cifar10 to .*no route") as error:
        cifar.cifar10(tmp_path, recipe(), download=True)
    assert "put cifar-10-python.tar.gz there, from https://" in error.value.hint


def test_what_is_there_is_not_downloaded(stored: Path) -> None:
    assert cifar.cifar10(stored, recipe(), download=True).train.labels == [3, 1, 9]


@pytest.mark.parametrize("values", [{"area": [0.5, 1]}, {"zoom": [0.5, 2]}, {"resize": 40}])
def test_values_of_a_recipe_that_are_not_used_are_errors(
    values: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(SrbenchError, match=f"cifar10 does not use {next(iter(values))}"):
        cifar.cifar10(tmp_path, recipe(**values), download=False)
