"""Every module of a network in one forward pass: its shapes, and what it costs."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from math import prod
from typing import Any

import torch
from torch import nn
from torch._ops import OpOverload

from srbench.conditions import Input
from srbench.errors import BuildError
from srbench.measure.forward_counts import ForwardCounts
from srbench.measure.macs.conventions import Operator, moves, plain_name
from srbench.measure.params import count_parameters
from srbench.records.layer import Layer
from srbench.records.printable import printable
from srbench.shapes.arguments import tensors_in
from srbench.shapes.call import Call
from srbench.shapes.nested import tensors_within
from srbench.shapes.running import Watch, following

MOST_SETTINGS = 200  # characters of what a module prints of itself
Shapes = tuple[str, ...]
Own = Mapping[str, int]  # what modules do themselves, not in a submodule, by their names


def layers(
    model: nn.Module,
    call: Call,
    counted: ForwardCounts,
    how: Callable[[], AbstractContextManager[None]],
) -> tuple[Layer, ...]:
    """All modules of a model, each before those inside it, in the order of their registration.

    The model must be in evaluation mode. It runs once more inside ``how()``: on shapes, or for
    real. Raises what the forward raises, and BuildError for modules whose names are no path.
    """
    if any(not label or "." in label for one in model.modules() for label in one._modules):
        raise BuildError(
            "a module's name is empty or has a dot", "add modules by add_module or as attributes"
        )
    traffic = Traffic()
    with how(), following(model, traffic), traffic:
        call(model)
    flops = counted.own_flops
    own = [counted.own_macs, flops or {}, counted.own_activations, traffic.moved]
    macs, all_flops, activations, moved = (_with_inner(one) for one in own)
    found = []
    with how():  # a module that prints values of its own is refused
        for name, module, first in _modules(model):
            if first != name:
                found.append(Layer(name, type(module).__name__, same_as=first or "the network"))
                continue
            parameters = count_parameters(module)
            calls, inputs, outputs, later = traffic.calls_of(name)
            found.append(
                Layer(
                    name,
                    type(module).__name__,
                    _settings(module),
                    calls,
                    inputs,
                    outputs,
                    parameters.total,
                    parameters.trainable,
                    macs[name],
                    None if flops is None else all_flops[name],
                    activations[name],
                    moved[name],
                    tensors=tuple(_tensors(module)),
                    later=later,
                )
            )
    return tuple(found)


class Traffic(Watch):
    """Counts the bytes that operators read and write while it is entered, and records what each
    module gets and returns."""

    def __init__(self) -> None:
        super().__init__()
        self.moved = Counter[str]()
        # What each module got and returned, call by call
        self._calls: dict[str, list[tuple[Shapes, Shapes]]] = defaultdict(list)
        self._inputs: list[Shapes] = []  # of the modules that run now

    def calls_of(self, module: str) -> tuple[int, Shapes, Shapes, Shapes]:
        """How often a module was called, what it got and returned first, and other ones of later
        calls."""
        calls = self._calls.get(module, [])
        inputs, outputs = calls[0] if calls else ((), ())
        others = dict.fromkeys(call for call in calls if call != (inputs, outputs))
        later = (f"{', '.join(got)} -> {', '.join(returned)}" for got, returned in others)
        return len(calls), inputs, outputs, tuple(later)

    def enter(self, name: str, inputs: tuple[Any, ...]) -> None:
        super().enter(name, inputs)
        self._inputs.append(tuple(_shapes(inputs)))

    def leave(self, name: str, output: Any) -> None:
        super().leave(name, output)
        self._calls[name].append((self._inputs.pop(), tuple(_shapes(output))))

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        self.moved[self.module] += bytes_moved(func, (*args, *kwargs.values()), out)
        return out


def bytes_moved(func: Operator, arguments: Sequence[Any], out: Any) -> int:
    """The bytes that an operator reads and writes at least: each operand and each result once.

    Views move nothing. What only moves data reads no more elements than it writes: a lookup reads
    what it looks up, not the whole table. What makes a tensor like another one does not read it.
    """
    if not isinstance(func, OpOverload) or func.is_view or _makes_room(func):
        return 0
    name = plain_name(func)
    if not moves(func):
        return _bytes(arguments) + _bytes([out])
    if func._schema.is_mutable:  # what it writes to is not read
        source = _bytes(arguments[1:])
        writes_all = not source or name in ("copy", "fill")
        return source + (_bytes([out]) if writes_all else source)
    if name.startswith("new_") or name.endswith("_like"):
        return _bytes([out])
    elements = sum(one.numel() for one in tensors_in([out]))
    size = max((one.element_size() for one in tensors_in(arguments[:1])), default=0)
    return _bytes([out]) + min(_bytes(arguments), elements * size)


def _makes_room(func: OpOverload) -> bool:
    """Whether it makes a tensor without writing to it."""
    name = plain_name(func)
    return name.startswith(("empty", "new_empty")) or torch.Tag.inplace_view in func.tags


def _bytes(values: Iterable[Any]) -> int:
    """The bytes of the tensors, each once; elements that are repeated by a stride of 0 once."""
    found = {}
    for one in tensors_in(values):
        if one.layout == torch.strided:
            sides = [n for n, step in zip(one.shape, one.stride(), strict=True) if step]
            at = (one.untyped_storage()._cdata, one.storage_offset(), one.shape, one.stride())
            found[at] = prod(sides) * one.element_size() if one.numel() else 0
    return sum(found.values())


def _shapes(value: Any) -> Iterator[str]:
    for one in tensors_within(value):
        yield str(Input(tuple(one.shape), str(one.dtype).removeprefix("torch.")))


def _with_inner(own: Own) -> Counter[str]:
    """What modules do with all modules inside them."""
    found: Counter[str] = Counter()
    for name, number in own.items():
        found[name] += number
        while name:
            name = name.rpartition(".")[0]
            found[name] += number
    return found


def _modules(model: nn.Module) -> Iterator[tuple[str, nn.Module, str]]:
    """Each module by its name, with the name that it has first. What is inside one that was there
    before is left out."""
    first: dict[int, str] = {}
    again: set[str] = set()
    for name, module in model.named_modules(remove_duplicate=False):
        if name.rpartition(".")[0] in again and name:
            again.add(name)
            continue
        if isinstance(module, torch.jit.ScriptModule):
            again.add(name)  # it takes no hooks: what is inside is not followed
        known = first.setdefault(id(module), name)
        if known != name:
            again.add(name)
        yield name, module, known


def _settings(module: nn.Module) -> str:
    """What a module prints of itself, in one line; nothing if that fails."""
    try:
        text = " ".join(str(module.extra_repr()).split())
    except Exception:  # a user's code, whose text is no more than a help for readers
        return ""
    return printable(text if len(text) <= MOST_SETTINGS else f"{text[:MOST_SETTINGS]}…")


def _tensors(module: nn.Module) -> Iterator[tuple[str, str]]:
    """The shapes of a module's own parameters, by name."""
    for name, one in module.named_parameters(recurse=False):
        yield name, "x".join(map(str, one.shape))
