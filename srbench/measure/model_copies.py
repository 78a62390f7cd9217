"""Copies of models that can be timed in their place.

What a copy costs must be what the model costs. A copy is made by `copy.deepcopy`, which leaves out
some of what a model has, and which a model's own code may turn into anything. So a copy is taken
only where no such code is there, where it looks like the model, and where it uses nothing of it.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import TypeVar

import torch
from torch import Tensor, nn

from srbench.errors import lacks_memory, require_failure
from srbench.measure.passes import Loaded, outputs
from srbench.shapes.copies import has_tensor_hooks

# By these a class decides what a copy of it is. torch.nn's own only add what older versions lack.
COPYING = (
    *("__deepcopy__", "__copy__", "__reduce__", "__reduce_ex__"),
    *("__getstate__", "__setstate__", "__getnewargs__", "__getnewargs_ex__"),
)
TRUSTED = "torch.nn.modules."

Found = TypeVar("Found")


def copied(model: nn.Module) -> nn.Module | None:
    """A copy of the model, with other modules and tensors; None where there is none that costs the
    same: where it fails, where the model has code of its own for it (TorchScript does), where
    parameters have hooks, which a copy lacks, or where it looks different.

    Raises what is raised for lack of memory.
    """
    if not _is_plain(model):
        return None
    copy = _tried(lambda: deepcopy(model))
    if copy is None or _looks(copy) != _looks(model):
        return None
    for old, new in zip(model.parameters(), copy.parameters(), strict=True):
        vars(new).update(vars(old))  # which a copy of a parameter leaves out
    return copy


def reach_alike(copy: Loaded, original: Loaded, begin: Callable[[str], object]) -> bool:
    """Whether gradients reach the same parameters in both, each its own: a copy that computes with
    the original's has none of these. Both run forward once in training mode, after ``begin``.

    Raises what is raised for lack of memory.
    """
    return bool(_tried(lambda: _reached(copy, begin) == _reached(original, begin)))


def _tried(call: Callable[[], Found]) -> Found | None:
    """What a call of the model's own code returns; None where it fails, but for lack of memory."""
    try:
        return call()
    except BaseException as error:
        require_failure(error)
        if lacks_memory(error):
            raise
        return None


def _is_plain(model: nn.Module) -> bool:
    """Whether it is copied as Python copies any object, and nothing of it is lost."""
    kinds = {type(module) for module in model.modules()}
    return not has_tensor_hooks(model) and not any(map(_copies_itself, kinds))


def _copies_itself(kind: type) -> bool:
    """Whether a class says what a copy of it is."""
    definers = (
        next((one for one in kind.__mro__ if name in vars(one)), object) for name in COPYING
    )
    return any(one is not object and not one.__module__.startswith(TRUSTED) for one in definers)


def _looks(model: object) -> object:
    """All modules by name with their class, and all tensors with all but their values."""
    if not isinstance(model, nn.Module):
        return None
    tensors = [
        *model.named_parameters(remove_duplicate=False),
        *model.named_buffers(remove_duplicate=False),
    ]
    return (
        [(name, type(one), one.training) for name, one in model.named_modules()],
        [(name, *_form(tensor)) for name, tensor in tensors],
    )


def _form(tensor: Tensor) -> tuple[object, ...]:
    strides = tensor.stride() if tensor.layout == torch.strided else None
    return (
        *(type(tensor), tensor.shape, strides, tensor.dtype, tensor.device, tensor.layout),
        tensor.requires_grad,
    )


def _reached(subject: Loaded, begin: Callable[[str], object]) -> list[str]:
    """Names of the parameters that gradients reach; those that are not its own have none."""
    begin(subject.name)
    subject.model.train()
    with torch.enable_grad():
        found = outputs(subject.call())
    names = {id(one): name for name, one in subject.model.named_parameters()}
    return sorted(names.get(leaf, "") for leaf in _leaves(found))


def _leaves(outputs: Sequence[Tensor]) -> set[int]:
    """Identities of the tensors at which the graph of gradients ends."""
    leaves: set[int] = set()
    seen: set[object] = set()
    todo: list[object] = [output.grad_fn for output in outputs]
    while todo:
        node = todo.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            leaves.add(id(node.variable))
        todo += [following for following, _ in getattr(node, "next_functions", ())]
    return leaves
