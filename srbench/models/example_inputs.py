"""Example inputs of a network: the tensors that its conditions describe."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from srbench.conditions import Conditions, Input
from srbench.shapes.call import Call


def zeros(conditions: Conditions) -> Call:
    """One image of zeros, or the inputs asked for as zeros."""
    return _call(conditions.call(), torch.zeros)


def without_values(conditions: Conditions) -> Call:
    """The same for a run on shapes alone."""
    return _call(conditions.call(), torch.empty).forget_values()


def random(conditions: Conditions, batch: int, seed: int) -> Call:
    """A batch of random images, or the inputs asked for: random numbers, and zeros for integers,
    which may be indices."""
    generator = torch.Generator().manual_seed(seed)

    def make(shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        if dtype.is_floating_point or dtype.is_complex:
            return torch.randn(shape, generator=generator).to(dtype)
        return torch.zeros(shape, dtype=dtype)

    return _call(conditions.call(batch), make)


def _call(inputs: tuple[Input, ...], make: Callable[..., Any]) -> Call:
    tensors = [(one.name, make(one.shape, dtype=getattr(torch, one.dtype))) for one in inputs]
    return Call(
        tuple(tensor for name, tensor in tensors if not name),
        {name: tensor for name, tensor in tensors if name},
    )
