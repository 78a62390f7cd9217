"""What a model is measured under: the input's size and the number of classes."""

import re
from dataclasses import dataclass

from srbench.errors import SrbenchError

LARGEST_SIDE = 65_536
MOST_CLASSES = 10**8


@dataclass(frozen=True)
class Conditions:
    """An image of ``channels`` x ``height`` x ``width`` pixels, and the classes to tell apart."""

    height: int = 224
    width: int = 224
    num_classes: int = 1000
    channels: int = 3

    def __post_init__(self) -> None:
        if not (0 < self.height <= LARGEST_SIDE and 0 < self.width <= LARGEST_SIDE):
            raise SrbenchError(
                f"an input of {self.height}x{self.width} pixels is out of range",
                f"each side must be from 1 to {LARGEST_SIDE}",
            )
        if not 0 < self.num_classes <= MOST_CLASSES:
            raise SrbenchError(
                f"{self.num_classes} classes are out of range",
                f"give --num-classes from 1 to {MOST_CLASSES}",
            )

    @property
    def input_shape(self) -> tuple[int, int, int, int]:
        """Shape (1, C, H, W): everything is counted for one image."""
        return (1, self.channels, self.height, self.width)


def input_size(size: str | int | tuple[int, int]) -> tuple[int, int]:
    """Height and width in pixels from ``224``, ``"224"``, ``"192x256"`` or ``(192, 256)``.

    Raises SrbenchError where that is not a size.

    >>> input_size("192x256")
    (192, 256)
    """
    if isinstance(size, tuple):
        size = "x".join(str(side) for side in size)
    match = re.fullmatch(r"([0-9]{1,6})(?:[xX]([0-9]{1,6}))?", str(size))
    if not match:
        raise SrbenchError(
            f"{size!r} is not an input size", "write one side, 224, or height x width, 192x256"
        )
    height, width = match.groups()
    return int(height), int(width or height)


def conditions(size: str | int | tuple[int, int] = 224, num_classes: int = 1000) -> Conditions:
    """Conditions for an input size as a user writes it."""
    height, width = input_size(size)
    return Conditions(height, width, num_classes)
