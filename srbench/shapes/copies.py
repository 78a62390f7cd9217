"""Copies of models and of their inputs, which a measurement may change as it likes."""

from typing import TypeVar

import torch
from torch import Tensor, nn

from srbench.shapes.nested import replaced
from srbench.shapes.on_shapes import on_shapes

Value = TypeVar("Value")


def blank_copy(value: Value) -> Value:
    """A copy for a run on shapes alone: on the CPU, and its weights take no memory.

    Raises what copying raises.
    """
    with on_shapes():
        return replaced(value, _on_the_cpu)


def real_copy(value: Value) -> Value:
    """A copy with the same values, on the same devices. Raises what copying raises."""
    with torch.no_grad():
        return replaced(value, _a_leaf)


def has_tensor_hooks(model: nn.Module) -> bool:
    """Whether parameters have hooks, which a copy lacks."""
    return any(
        p._backward_hooks or getattr(p, "_post_accumulate_grad_hooks", None)
        for p in model.parameters()
    )


def _on_the_cpu(tensor: Tensor) -> Tensor | None:
    if nn.parameter.is_lazy(tensor) or (tensor.device.type == "cpu" and tensor.is_leaf):
        return None
    found = tensor.detach().to("cpu", copy=True)
    if isinstance(tensor, nn.Parameter):
        return nn.Parameter(found, tensor.requires_grad)
    return found.requires_grad_(tensor.requires_grad and tensor.is_leaf)


def _a_leaf(tensor: Tensor) -> Tensor | None:
    """A copy of what another tensor was computed into, which deepcopy refuses to copy."""
    return None if tensor.is_leaf else tensor.detach().clone()
