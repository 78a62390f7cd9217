"""Parameters and buffers of a model, as exact integers."""

from collections.abc import Iterable
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


def parameter_parts(model: nn.Module, inserted: Iterable[nn.Module] = ()) -> dict[str, int]:
    """What the parameters consist of: ``norms``' own, ``biases`` of all other modules, and those
    biases that ``inserted`` modules hold; beside them ``statistics``, the buffers of floating
    point numbers, such as a batch norm's running mean."""
    norms = {id(p) for module in model.modules() if _is_norm(module) for p in module.parameters()}
    biases = {
        id(p): p.numel()
        for name, p in model.named_parameters()
        if name.rpartition(".")[2] == "bias" and id(p) not in norms
    }
    of_blocks = {id(p) for module in inserted for p in module.parameters()}
    return {
        "norms": sum(p.numel() for p in model.parameters() if id(p) in norms),
        "biases": sum(biases.values()),
        "block_biases": sum(n for key, n in biases.items() if key in of_blocks),
        "statistics": sum(b.numel() for b in model.buffers() if b.is_floating_point()),
    }


def _is_norm(module: nn.Module) -> bool:
    return isinstance(module, _NORMS)


_NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm)
