"""Random images, to try a recipe or a machine: there is nothing to learn but which class is
brighter."""

import torch

from srbench.training.data.data_sets import DataSet
from srbench.training.data.in_memory import InMemory, Shift
from srbench.training.draws import generator

IMAGES, CLASSES = 600, 10


def fake(size: int, change: Shift) -> DataSet:
    """600 images of noise of 10 classes, the higher ones brighter. Each run holds out a sixth."""
    random = generator("fake", size)
    classes = torch.arange(IMAGES) % CLASSES
    noise = torch.randint(96, (IMAGES, 3, size, size), generator=random)
    images = (noise + (classes * 16).view(-1, 1, 1, 1)).to(torch.uint8)
    source = InMemory(images, classes, [0.47] * 3, [0.21] * 3, change)
    return DataSet("fake", (3, size, size), CLASSES, source)
