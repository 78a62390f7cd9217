"""Sums over the processes that train together; with one process, its own numbers."""

from typing import TypeVar

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

Value = TypeVar("Value")


def total(fabric: Fabric, number: int) -> int:
    """The sum of a whole number of each process."""
    return int(_sum(fabric, torch.tensor(number, dtype=torch.int64)))


def total_loss(fabric: Fabric, loss: Tensor) -> float:
    """The sum of a number of each process."""
    return float(_sum(fabric, loss))


def any_of(fabric: Fabric, is_so: bool) -> bool:
    """Whether it is so in any process."""
    return total(fabric, int(is_so)) > 0


def of_first(fabric: Fabric, value: Value) -> Value:
    """What the first process has, in all processes."""
    return value if fabric.world_size == 1 else fabric.broadcast(value)


def take_buffers_of_first(fabric: Fabric, model: nn.Module) -> None:
    """Give all processes the buffers of the first, such as the means of batch norm: each updates
    its own with its own images."""
    if fabric.world_size > 1:
        for buffer in model.buffers():
            torch.distributed.broadcast(buffer, 0)


def _sum(fabric: Fabric, number: Tensor) -> Tensor:
    if fabric.world_size == 1:
        return number
    found = fabric.all_reduce(number.to(fabric.device), reduce_op="sum")
    assert isinstance(found, Tensor)
    return found
