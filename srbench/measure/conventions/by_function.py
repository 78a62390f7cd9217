"""Functions of torch that tools replace by their own: these see what looks a function up by its
name, and not an operator such as ``+``, which is no name."""

from math import prod
from typing import Any

from torch import Tensor

from srbench.measure.conventions.convention import Convention, not_known

F = "nn.functional."
POOLINGS = tuple(
    f"{F}{kind}_pool{sides}d"
    for kind in ("avg", "max", "adaptive_avg", "adaptive_max")
    for sides in (1, 2, 3)
)
ACTIVATIONS = tuple(f"{F}{name}" for name in ("relu", "prelu", "elu", "relu6", "silu", "gelu"))


def elements(x: Tensor, *_: Any, **__: Any) -> int:
    """One for each element of the input."""
    return x.numel()


def product_of(x: Tensor, y: Tensor, *_: Any, **__: Any) -> int:
    return x.numel() * y.shape[-1]


def added_product(first: Tensor, x: Tensor, y: Tensor, **_: Any) -> int:
    return product_of(x, y) + first.numel()


def elementwise(x: Any, y: Any, *_: Any, **__: Any) -> int:
    """Both tools align shapes at their first sides, where torch broadcasts from the last."""
    shapes = [one.shape for one in (x, y) if isinstance(one, Tensor)]
    sides = max(map(len, shapes), default=0)
    return prod(max(shape[i] if i < len(shape) else 1 for shape in shapes) for i in range(sides))


ELEMENTWISE = ("mul", "Tensor.mul", "add", "Tensor.add")


def _written_padding(*args: Any, padding: Any = 0, **_: Any) -> int:
    """fvcore does not see a convolution whose padding is a word, as srbench does with fvcore."""
    return not_known() if isinstance(args[4] if len(args) > 4 else padding, str) else 0


NOT_SEEN_BY_FVCORE = Convention(
    functions=dict.fromkeys((f"{F}conv{sides}d" for sides in (1, 2, 3)), _written_padding)
)
