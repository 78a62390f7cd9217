"""How long a training step waits for its images, at CIFAR's size: as a share of the step.

Images in memory are cut out of one tensor; files are read by worker processes. The peer is
torchvision's transforms on Pillow images in a DataLoader, as most training scripts have them.
"""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

import srbench
from srbench.training import recipe as recipes
from srbench.training.data.data_sets import Draw, Source
from srbench.training.data.folders import image_folder
from srbench.training.data.in_memory import InMemory, Shift
from srbench.training.fabric import fabric_for
from srbench.training.learner import Learner

SIDE, BATCH, STEPS = 32, 128, 20
LIMIT = 0.10  # of a step
Batches = Iterator[tuple[Tensor, Tensor]]


def main() -> None:
    """Train some steps on each, and print the shares."""
    torch.manual_seed(0)
    images = torch.randint(256, (BATCH * STEPS, 3, SIDE, SIDE), dtype=torch.uint8)
    classes = torch.arange(len(images)) % 10
    numbers = [list(range(at, at + BATCH)) for at in range(0, len(images), BATCH)]
    in_memory = InMemory(images, classes, [0.5] * 3, [0.25] * 3, Shift(4, flip=True))
    waits("in memory", in_memory.batches(numbers, Draw(0, 0)), LIMIT)
    with tempfile.TemporaryDirectory() as folder:
        files = in_files(Path(folder), images, classes)
        waits("files, no worker", files(0).batches(numbers, Draw(0, 0)))
        waits("files, 1 worker", files(1).batches(numbers, Draw(0, 0)))
    waits("Pillow and DataLoader, no worker", peer(images, classes, 0))
    waits("Pillow and DataLoader, 1 worker", peer(images, classes, 1))


def in_files(folder: Path, images: Tensor, classes: Tensor) -> "type[Source]":
    """The images as PNG files, to be read by so many workers."""
    for number, (image, label) in enumerate(zip(images, classes, strict=True)):
        path = folder / str(int(label)) / f"{number:05}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(image.permute(1, 2, 0).numpy()).save(path)
    recipe = recipes.load("cifar-he2016")
    return lambda workers: image_folder(folder, recipe, workers).train  # type: ignore[return-value]


class Pictures(Dataset[tuple[Tensor, int]]):
    """Pillow images with the usual transforms."""

    def __init__(self, images: Tensor, classes: Tensor) -> None:
        self.images = [Image.fromarray(one.permute(1, 2, 0).numpy()) for one in images]
        self.classes = classes.tolist()
        self.change = v2.Compose(
            [
                v2.RandomCrop(SIDE, padding=4),
                v2.RandomHorizontalFlip(),
                v2.ToImage(),
                v2.ToDtype(torch.float32, scale=True),
                v2.Normalize([0.5] * 3, [0.25] * 3),
            ]
        )

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, number: int) -> tuple[Tensor, int]:
        return self.change(self.images[number]), self.classes[number]


def peer(images: Tensor, classes: Tensor, workers: int) -> Batches:
    """The same batches by torchvision's transforms."""
    loader = DataLoader(Pictures(images, classes), BATCH, shuffle=True, num_workers=workers)
    return iter(loader)


def waits(name: str, batches: Batches, limit: float | None = None) -> None:
    """Train on the batches, and print the median share of a step that is spent waiting."""
    model = srbench.build("cifar_resnet20")
    learner = Learner(model, recipes.load("cifar-he2016"), 0, fabric_for("cpu"))
    shares = []
    for step in range(STEPS):
        began = time.perf_counter()
        images, targets = next(batches)
        waited = time.perf_counter() - began
        learner.learn(images, targets, step / STEPS)
        shares.append(waited / (time.perf_counter() - began))
    share = median(shares[2:])  # the first steps start workers and warm up
    told = (
        f", asked at most {limit:.0%}: {'kept' if share <= limit else 'NOT KEPT'}" if limit else ""
    )
    print(f"{name:34} {share:6.1%} of a step of {BATCH} images{told}")


if __name__ == "__main__":
    main()
