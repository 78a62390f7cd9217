"""The classes and functions that a built model is made of."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import CellType, FunctionType, MappingProxyType, MethodType
from typing import Any, TypeVar

from torch import nn

Code = type | FunctionType
One = TypeVar("One", bound=Code)

HELD: Mapping[type, Callable[[Any], Iterable[Any]]] = MappingProxyType(
    {
        FunctionType: lambda function: _enclosed(function.__closure__ or ()),
        MethodType: lambda method: (method.__func__, method.__self__),
        partial: lambda call: (call.func, *call.args, *call.keywords.values()),
    }
)
CONTAINERS: Mapping[type, Callable[[Any], Iterable[Any]]] = MappingProxyType(
    {  # for subclasses too: their own methods are not called
        dict: dict.values,
        list: list.__iter__,
        tuple: tuple.__iter__,
        set: set.__iter__,
    }
)


def classes(model: nn.Module) -> list[type]:
    """The classes of all modules and their bases, each once, in the network's order."""
    kinds = {type(module): None for module in model.modules()}
    return _once(base for kind in kinds for base in kind.__mro__)


def attribute_code(model: nn.Module) -> list[Code]:
    """The functions in the modules' attributes, and the classes of all other values, each once.

    This includes hooks, and what was set on a single module, such as a ``forward``. Lists, tuples,
    sets, dicts, partials, methods and closures are searched for what they contain.
    """
    return unique_code(value for module in model.modules() for value in vars(module).values())


def patched_code(kinds: Iterable[type]) -> list[Code]:
    """The functions that were set on classes from outside."""
    return unique_code(
        value
        for kind in kinds
        for value in vars(kind).values()
        if type(value) is FunctionType and _is_of_another(kind, value)
    )


def _is_of_another(kind: type, function: FunctionType) -> bool:
    """Whether a function was neither written in a class nor generated for it, as in a dataclass."""
    scope = function.__globals__
    top = function.__code__.co_qualname.partition(".")[0]
    is_elsewhere = scope.get("__name__") != kind.__module__
    return is_elsewhere or (top in scope and top != kind.__qualname__.partition(".")[0])


def unique_code(values: Iterable[Any]) -> list[Code]:
    """The functions among the values; for others the class itself or its class, each once."""
    waiting = _with_contained(values)
    found: list[Code] = []
    known: set[int] = set()
    for value in waiting:  # grows in the loop
        kind = type(value)
        one = value if kind in HELD or issubclass(kind, type) else kind
        if id(one) not in known:
            known.add(id(one))
            waiting += _with_contained(HELD[kind](one)) if kind in HELD else []
            if type(one) is FunctionType:
                found.append(one)
            elif issubclass(type(one), type):
                found += one.__mro__
    return _once(found)


def _with_contained(values: Iterable[Any]) -> list[Any]:
    found = []
    readers: dict[type, Callable[[Any], Iterable[Any]] | None] = {}  # many values, few types
    for value in values:
        found.append(value)
        kind = type(value)
        if kind not in readers:
            readers[kind] = next((CONTAINERS[c] for c in kind.__mro__ if c in CONTAINERS), None)
        if reader := readers[kind]:
            found += reader(value)
    return found


def _enclosed(cells: Iterable[CellType]) -> Iterator[Any]:
    for cell in cells:
        try:
            yield cell.cell_contents
        except ValueError:  # the cell is still empty
            continue


def _once(code: Iterable[One]) -> list[One]:
    return list({id(one): one for one in code}.values())
