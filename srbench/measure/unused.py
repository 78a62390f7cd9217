"""Parameters that a count hides: those that never run, and those that no module has registered."""

from collections.abc import Collection, Mapping
from typing import Any

from torch import Tensor, nn


def idle(model: nn.Module, used: Collection[str]) -> dict[str, int]:
    """The numbers of registered parameters that no operator took, by the name of the largest module
    that is idle as a whole, or by their own."""
    unused = {
        name: parameter.numel()
        for name, parameter in model.named_parameters()
        if name not in used and parameter.numel()
    }
    busy = {parent for name in used for parent in _parents(name)}
    found: dict[str, int] = {}
    for name, number in unused.items():
        largest = next((parent for parent in _parents(name) if parent not in busy), name)
        found[largest] = found.get(largest, 0) + number
    return found


def _parents(name: str) -> list[str]:
    """``a`` and ``a.b`` for ``a.b.weight``: the modules that a parameter is in, the largest
    first."""
    parts = name.split(".")[:-1]
    return [".".join(parts[:count]) for count in range(1, len(parts) + 1)]


def unregistered(model: nn.Module, found: Mapping[nn.Parameter, str]) -> dict[str, int]:
    """The numbers of parameters that ran, although no module has them, by the attribute that holds
    them, or by the module that used them."""
    numbers = _quantized(model)
    if not found:
        return numbers
    holders = {
        id(tensor): f"{module}.{attribute}".removeprefix(".")
        for module, one in model.named_modules()
        for attribute, value in vars(one).items()
        if not attribute.startswith("_")
        for tensor in _tensors(value)
    }
    for parameter, user in found.items():
        holder = holders.get(id(parameter), user or "the network itself")
        numbers[holder] = numbers.get(holder, 0) + parameter.numel()
    return numbers


def _quantized(model: nn.Module) -> dict[str, int]:
    """The numbers of weights of quantised modules, which keep them packed."""
    packed = {
        name: module
        for name, module in model.named_modules()
        if "_packed_params" in module._modules and callable(getattr(module, "weight", None))
    }
    return {name or "the network itself": one.weight().numel() for name, one in packed.items()}


def _tensors(value: Any) -> list[Tensor]:
    """The tensors in an attribute's value: in lists, tuples and dicts, and modules in them."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, nn.Module):
        return [*value.parameters()]
    held = value.values() if isinstance(value, dict) else value
    if isinstance(value, (dict, list, tuple)):
        return [tensor for one in held for tensor in _tensors(one)]
    return []
