"""What a run on shapes shows: each operator's result, its sources, and the module that returned
it."""

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode

from srbench.shapes.arguments import tensors_in
from srbench.shapes.running import following


class Call(NamedTuple):
    """A run of a module: its name, and how many results there were when it began."""

    module: str
    start: int


@dataclass(eq=False)
class Result:
    """An operator's result that depends on the image, directly or not.

    ``sources`` are the operands that depend on the image too, unlike weights. ``call`` is the
    innermost module in whose forward it was computed, and ``channels`` the dimension of the
    channels, if known. ``returned_by`` are the modules that returned it, in that order.
    """

    number: int
    operator: str
    is_view: bool
    shape: tuple[int, ...]
    sources: tuple["Result", ...]
    call: Call
    channels: int | None
    returned_by: list[str] = field(default_factory=list)

    @property
    def is_map(self) -> bool:
        """Whether it is a feature map, (B, C, H, W)."""
        return len(self.shape) == 4 and self.channels == 1


@dataclass(frozen=True)
class Flow:
    """A run: all results; what each module returned first (None if not a tensor), in the order in
    which the modules ended; and how often each ran."""

    results: tuple[Result, ...]
    returned: dict[str, Result | None]
    runs: Counter[str]

    @cached_property
    def order(self) -> dict[str, int]:
        """The position of each module in the order in which they ended."""
        return {name: number for number, name in enumerate(self.returned)}


def watch(model: nn.Module, image: Tensor) -> Flow:
    """Run a model on an image, both on the meta device. Raises what the forward raises."""
    watching = _Watching(image)
    with following(model, watching), torch.no_grad(), watching:
        model(image)
    return Flow(tuple(watching.results), watching.returned, watching.runs)


class _Watching(TorchDispatchMode):
    def __init__(self, image: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        first = Result(0, "", False, tuple(image.shape), (), Call("", 0), 1)
        self.results = [first]
        self.returned: dict[str, Result | None] = {}
        self.runs = Counter[str]()
        self._calls: list[Call] = []
        # By the tensor's id; the tensor is kept, so that no other gets the same id.
        self._known: dict[int, tuple[Tensor, Result]] = {id(image): (image, first)}

    def enter(self, name: str, inputs: object) -> None:
        self._calls.append(Call(name, len(self.results)))

    def leave(self, name: str, output: object) -> None:
        self._calls.pop()
        result = self._result(output) if isinstance(output, Tensor) else None
        self.returned.setdefault(name, result)
        self.runs[name] += 1
        if result:
            result.returned_by.append(name)

    def __torch_dispatch__(
        self, func: OpOverload, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        found = (self._result(tensor) for tensor in tensors_in((*args, *kwargs.values())))
        sources = tuple(result for result in found if result)
        output = func(*args, **kwargs)
        if sources:
            for tensor in tensors_in([output]):
                self._note(func, sources, args, tensor)
        return output

    def _result(self, tensor: Tensor) -> Result | None:
        _, result = self._known.get(id(tensor), (None, None))
        return result

    def _note(
        self, func: OpOverload, sources: tuple[Result, ...], args: Any, tensor: Tensor
    ) -> None:
        operator = func._schema.name.removeprefix("aten::").rstrip("_")
        shape = tuple(tensor.shape)
        side = _channels(operator, sources, args, shape)
        call = self._calls[-1]
        result = Result(len(self.results), operator, func.is_view, shape, sources, call, side)
        self.results.append(result)
        self._known[id(tensor)] = (tensor, result)


LAST = frozenset({"addmm", "mm", "native_layer_norm"})
SECOND = ("convolution", "batch_norm", "pool", "group_norm", "pixel_shuffle", "upsample")
UNKNOWN = frozenset({"bmm", "baddbmm"})
MOVES = frozenset({"permute", "transpose", "view", "_unsafe_view", "reshape", "_reshape_alias"})


def _channels(
    operator: str, sources: tuple[Result, ...], args: Any, shape: tuple[int, ...]
) -> int | None:
    """The dimension of the channels, as far as it is known: most operators keep it."""
    source, last = sources[0], len(shape) - 1
    before = source.channels
    if operator in LAST:
        return last
    if any(name in operator for name in SECOND):
        return 1
    if operator in UNKNOWN:
        return None
    if operator in MOVES:
        return None if before is None else _moved(operator, source.shape, before, args, shape)
    alike = (s.channels for s in sources if len(s.shape) == len(shape))
    return next((side for side in alike if side is not None), None)


def _moved(
    operator: str, source: tuple[int, ...], before: int, args: Any, shape: tuple[int, ...]
) -> int | None:
    """The dimension that the channels move to."""
    last = len(shape) - 1
    if operator == "permute":
        return [side % len(shape) for side in args[1]].index(before)
    if operator == "transpose":
        one, other = (side % len(shape) for side in args[1:3])
        swapped: dict[int, int] = {one: other, other: one}
        return swapped.get(before, before)
    sides = (last, before) if before == len(source) - 1 else (before,)
    kept = (side for side in sides if side <= last and shape[side] == source[before])
    return next(kept, None)
