"""Parameters and buffers of a model, as exact integers."""

from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class Parameters:
    """Numbers of elements: all parameters, those that require a gradient, and all buffers."""

    total: int
    trainable: int
    buffers: int


def count_parameters(model: nn.Module) -> Parameters:
    """Count by tensor identity: a parameter that two modules share counts once.

    Buffers, such as a batch norm's running statistics, are not parameters and are counted
    separately.
    """
    parameters = list(model.parameters())
    return Parameters(
        total=sum(p.numel() for p in parameters),
        trainable=sum(p.numel() for p in parameters if p.requires_grad),
        buffers=sum(b.numel() for b in model.buffers()),
    )


def parameter_bytes(model: nn.Module) -> dict[str, int]:
    """The bytes of all parameters by dtype; a parameter that two modules share counts once."""
    found: dict[str, int] = {}
    for one in model.parameters():
        name = str(one.dtype).removeprefix("torch.")
        found[name] = found.get(name, 0) + one.numel() * one.element_size()
    return found
