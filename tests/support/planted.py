"""Networks whose SR blocks do what they were made for, and images for them."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from srbench.blocks import SqueezeRemember

CLASSES, SIDE = 4, 4


class Planted(nn.Module):
    """An SR block whose memories vote for the classes: class k has the logit that channel k sums up
    to. ``weights`` gives the softmax weights of images, (B, P)."""

    def __init__(self, weights: Callable[[Tensor], Tensor], memory: Tensor) -> None:
        super().__init__()
        self.sr = SqueezeRemember(CLASSES, SIDE, SIDE, memories=len(memory), hidden=4)
        self.sr.memory.data = memory.float()
        self.sr.fcn = _Weights(weights, self)
        self.seen: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        self.seen = x
        return self.sr(x).sum((2, 3))


class _Weights(nn.Module):
    """Stands for the FCN: weights from the images themselves."""

    def __init__(self, weights: Callable[[Tensor], Tensor], net: Planted) -> None:
        super().__init__()
        self.weights, self.net = weights, [net]

    def forward(self, squeezed: Tensor) -> Tensor:
        return self.weights(self.net[0].seen)


def votes(strength: float = 1.0, memories: int = CLASSES) -> Tensor:
    """Memories (P, C, H, W), each of which votes for one class."""
    found = torch.zeros(memories, CLASSES, SIDE, SIDE)
    for number in range(memories):
        found[number, number % CLASSES] = strength
    return found


def marked(number: int, seed: int = 0) -> list[tuple[Tensor, Tensor]]:
    """Batches of images whose class is a mark in the first row of channel 0, and otherwise noise
    that says nothing of it."""
    random = torch.Generator().manual_seed(seed)
    classes = torch.randint(CLASSES, (number,), generator=random)
    images = 0.01 * torch.randn(number, CLASSES, SIDE, SIDE, generator=random)
    images[torch.arange(number), 0, 0, classes] += 1
    return list(zip(images.split(50), classes.split(50), strict=True))


def by_class(x: Tensor) -> Tensor:
    """Nearly all weight on the memory of the class that is marked."""
    return torch.softmax(20 * x[:, 0, 0, :], dim=1)


def by_noise(x: Tensor) -> Tensor:
    """Weights that vary from image to image, and do not depend on the class."""
    return torch.softmax(100 * x[:, 1, 1:3, :2].flatten(1), dim=1)


def constant(x: Tensor) -> Tensor:
    """The same weights for every image."""
    return torch.tensor([0.4, 0.3, 0.2, 0.1]).expand(len(x), -1)
