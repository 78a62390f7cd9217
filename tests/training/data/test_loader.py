"""Files read by processes: the result does not depend on how many there are."""

import multiprocessing
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor

from srbench.errors import FileError, SrbenchError
from srbench.training.data.data_sets import Draw, Source
from srbench.training.data.loader import Files, Sample

# Remarks on a machine with one processor, and on starting processes beside torch's threads.
pytestmark = [
    pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]

FIRST = Draw(0, 1)
NUMBERS = [[3, 1], [0, 2], [4, 5], [6]]


@dataclass(frozen=True)
class Noisy:
    """An image of the sample's class, plus noise; the sample ``bad`` fails, and ``dead`` ends its
    process."""

    def __call__(
        self, root: str, sample: Sample, random: torch.Generator | None
    ) -> tuple[Tensor, Tensor]:
        if sample.image == "bad":
            raise FileError(Path("bad"), "is broken", "mend it", line=3)
        if sample.image == "dead":
            os._exit(1)
        image = torch.full((3, 4, 4), int(sample.target), dtype=torch.uint8)
        if random is not None:
            image = image + torch.randint(100, image.shape, generator=random, dtype=torch.uint8)
        return image, torch.tensor(sample.target)


def files(workers: int = 0, names: Sequence[str] = "abcdefg") -> Files[Sample]:
    samples = [Sample(name, number) for number, name in enumerate(names)]
    return Files("", samples, Noisy(), [0.5, 0.5, 0.0], [0.5, 0.5, 1.0], workers)


def batches(
    source: Source, numbers: Sequence[Sequence[int]] = NUMBERS, draw: Draw | None = FIRST
) -> list[tuple[Tensor, Tensor]]:
    return list(source.batches(numbers, draw))


def assert_equal(some: list[tuple[Tensor, Tensor]], others: list[tuple[Tensor, Tensor]]) -> None:
    assert len(some) == len(others)
    for batch, other in zip(some, others, strict=True):
        assert torch.equal(batch[0], other[0])
        assert torch.equal(batch[1], other[1])


def test_batches_are_the_same_with_any_number_of_processes() -> None:
    before = torch.get_rng_state()
    assert_equal(batches(files(workers=0)), batches(files(workers=2)))
    assert torch.equal(torch.get_rng_state(), before), "dropout draws from it"


def test_a_run_that_is_resumed_gets_the_same_images() -> None:
    assert_equal(batches(files())[2:], batches(files(), NUMBERS[2:]))


def test_what_happens_to_an_image_depends_on_the_draw_and_its_number_alone() -> None:
    together = {
        int(target): image
        for batch in batches(files())
        for image, target in zip(*batch, strict=True)
    }
    alone = batches(files(), [[number] for number in range(7)])
    assert all(torch.equal(together[n], images[0]) for n, (images, _) in enumerate(alone))
    for draw in (Draw(0, 2), Draw(1, 1)):
        others = batches(files(), [[number] for number in range(7)], draw)
        assert not any(torch.equal(a[0], b[0]) for a, b in zip(alone, others, strict=True))
    noise = [images - images[..., :1, :1] for images, _ in alone]
    assert not torch.allclose(noise[0], noise[1], atol=1e-3), "each image has changes of its own"


def test_images_are_normalised_in_the_order_of_their_numbers() -> None:
    samples = [Sample("a", 0), Sample("b", 255)]
    source = Files("", samples, Noisy(), [0.5, 0.5, 0.0], [0.5, 0.25, 1.0])
    [(images, targets)] = batches(source, [[1, 0]], draw=None)
    assert (images.dtype, images.shape) == (torch.float32, (2, 3, 4, 4))
    torch.testing.assert_close(images[0, :, 0, 0], torch.tensor([1.0, 2.0, 1.0]))
    torch.testing.assert_close(images[1, :, 3, 3], torch.tensor([-1.0, -2.0, 0.0]))
    assert (targets.dtype, targets.tolist()) == (torch.int64, [255, 0])


@pytest.mark.parametrize("workers", [0, 1])
def test_an_error_arrives_with_its_message_and_hint(workers: int) -> None:
    source = files(workers, ["a", "bad"])
    with pytest.raises(SrbenchError) as error:
        batches(source, [[0], [0, 1]])
    assert (error.value.message, error.value.hint) == ("bad line 3: is broken", "mend it")
    assert len(batches(source, [[0]])) == 1, "other images can be read"


def test_a_process_that_dies_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(SrbenchError, match="has ended: DataLoader worker") as error:
        batches(files(1, ["dead"]), [[0]])
    assert "fewer workers" in error.value.hint


def test_processes_end_when_the_batches_are_no_longer_wanted() -> None:
    others = {process.pid for process in multiprocessing.active_children()}
    iterator = files(workers=1).batches(NUMBERS * 10)
    next(iterator)
    assert {process.pid for process in multiprocessing.active_children()} > others
    iterator.close()
    assert {process.pid for process in multiprocessing.active_children()} == others


def test_no_batches_start_no_process() -> None:
    assert batches(files(workers=2), []) == []


def on_disk(root: Path, **sizes: int) -> list[Sample]:
    for name, size in sizes.items():
        (root / name).write_bytes(b"x" * size)
    return [Sample(name, number) for number, name in enumerate(sizes)]


def digest(root: Path, samples: Sequence[Sample]) -> str:
    return Files(str(root), samples, Noisy(), [0.5] * 3, [0.5] * 3).digest()


def test_the_digest_is_of_paths_sizes_and_classes(tmp_path: Path) -> None:
    samples = on_disk(tmp_path, a=3, b=4, d=1, e=1, f=1, g=1)
    first = digest(tmp_path, samples)
    assert (len(first), digest(tmp_path, samples[::-1])) == (16, first)
    (tmp_path / "a").write_bytes(b"abc")
    assert digest(tmp_path, samples) == first, "contents are not read"
    assert digest(tmp_path, [samples[0], Sample("b", 0), *samples[2:]]) != first
    assert digest(tmp_path, samples[:1]) != first
    on_disk(tmp_path, b=5)
    assert digest(tmp_path, samples) != first
    with pytest.raises(SrbenchError, match=r"cannot read .*c: No such file"):
        digest(tmp_path, [Sample("c", 0)])


def test_the_digest_has_the_sizes_of_files_of_labels(tmp_path: Path) -> None:
    on_disk(tmp_path, a=3, b=4)
    first = digest(tmp_path, [Sample("a", "b")])
    on_disk(tmp_path, b=5)
    assert digest(tmp_path, [Sample("a", "b")]) != first


def test_labels_are_the_classes_unless_they_are_files() -> None:
    assert files().labels == [0, 1, 2, 3, 4, 5, 6]
    assert Files("", [Sample("a", "b")], Noisy(), [0.5], [0.5]).labels is None
    assert len(files()) == 7
