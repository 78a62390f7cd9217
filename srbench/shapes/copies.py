"""Copies of models and of their inputs, which a measurement may change as it likes."""

import gc
import weakref
from collections.abc import Iterator
from types import FunctionType, ModuleType
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


def refers(copy: nn.Module, model: nn.Module) -> bool:
    """Whether a copy of a model still uses the model's own modules or tensors: by a function that
    it keeps, such as a hook, or by a weak reference, both of which copying leaves as they are."""
    own = {id(one) for one in (*model.modules(), *model.parameters(), *model.buffers())}
    seen: set[int] = set()
    todo: list[object] = [copy]
    while todo:
        one = todo.pop()
        if id(one) in own:
            return True
        if id(one) not in seen:
            seen.add(id(one))
            todo += _referents(one)
    return False


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


def _referents(one: object) -> Iterator[object]:
    """What an object holds; of a function not the module that it stands in."""
    if isinstance(one, FunctionType):
        yield from (one.__closure__, one.__defaults__, one.__kwdefaults__, vars(one))
    elif isinstance(one, weakref.ref):
        yield one()
    elif not isinstance(one, type | ModuleType):
        yield from gc.get_referents(one)
