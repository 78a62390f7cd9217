"""Tensors inside other values: lists, dicts, dataclasses and modules, and copies of all these."""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

from torch import Tensor, nn

Value = TypeVar("Value")


def tensors_within(value: Any) -> Iterator[Tensor]:
    """The tensors that a value holds, each once: in lists, tuples, sets, mappings, dataclasses, and
    in the attributes of modules."""
    seen: set[int] = set()
    todo = [value]
    while todo:
        one = todo.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, Tensor):
            yield one
        else:
            todo += reversed(_items(one))


def _items(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, (list, tuple, set, frozenset)):
        return list(value)
    if isinstance(value, nn.Module):
        return list(vars(value).values())
    if is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, one.name, None) for one in fields(value)]
    return []


def replaced(value: Value, new: Callable[[Tensor], Tensor | None]) -> Value:
    """A deep copy of a value with other tensors in place of those inside it.

    Where ``new`` gives None, the tensor itself is copied. What an attribute of a module holds and
    cannot be copied, such as a lock, is shared. Raises what copying raises.
    """
    known: dict[int, Any] = {}
    for tensor in list(tensors_within(value)):
        if (other := new(tensor)) is not None:
            known[id(tensor)] = other
    try:
        return deepcopy(value, dict(known))
    except TypeError:  # such as of a lock
        shared = {id(one): one for one in _uncopyable(value, known)}
        return deepcopy(value, shared | known)


def _uncopyable(value: Any, known: Mapping[int, Any]) -> Iterator[Any]:
    """What modules hold that cannot be copied, and that a copy has to share."""
    modules = value.modules() if isinstance(value, nn.Module) else ()
    held = (one for module in modules for name, one in vars(module).items() if name[0] != "_")
    for one in held:
        try:
            deepcopy(one, dict(known))
        except TypeError:
            yield one
