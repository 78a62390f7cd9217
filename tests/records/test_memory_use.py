"""Sizes as people write them."""

import pytest

from srbench.errors import SrbenchError
from srbench.records.layer import Layer, require_tree
from srbench.records.memory_use import MemoryUse, PeakBytes, size_of


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("80GiB", 80 * 1024**3),
        ("80 GB", 80 * 10**9),
        ("24.5gib", 24 * 1024**3 + 512 * 1024**2),
        ("512MiB", 512 * 1024**2),
        ("1tb", 10**12),
        ("640kB", 640_000),
        (" 16 KiB ", 16 * 1024),
    ],
)
def test_a_size_is_read(text: str, size: int) -> None:
    assert size_of(text) == size


@pytest.mark.parametrize(
    "text", ["", "80", "GiB", "-1GiB", "80GiBs", "1e3GB", "0GB", "80 Gi B", "8,0GB"]
)
def test_anything_else_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(SrbenchError) as caught:
        size_of(text)
    assert caught.value.hint


@pytest.mark.parametrize("numbers", [(-1, None), (None, -1), (2**63, None)])
def test_impossible_bytes_are_refused(numbers: tuple[int | None, int | None]) -> None:
    with pytest.raises(ValueError, match="count"):
        PeakBytes(*numbers)


def layer(name: str, macs: int = 0) -> Layer:
    return Layer(name, "Module", macs=macs)


@pytest.mark.parametrize(
    "layers",
    [
        [layer("a")],
        [layer(""), layer("")],
        [layer(""), layer("a"), layer("a")],
        [layer(""), layer("a.b"), layer("a")],
        [layer("", 5), layer("a", 6)],
        [layer(""), *(layer(".".join("a" * n)) for n in range(1, 210))],
    ],
)
def test_layers_that_are_no_tree_are_refused(layers: list[Layer]) -> None:
    with pytest.raises(ValueError, match="layer"):
        require_tree(layers)


def test_an_unknown_optimiser_is_refused() -> None:
    with pytest.raises(ValueError, match="optimizer must be one of sgd, adamw"):
        MemoryUse(optimizer="lion")
