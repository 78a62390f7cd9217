"""Running a model on shapes alone, without arithmetic and without touching memory.

fvcore reads a TorchScript trace, and the tracer works neither on the meta device nor on fake
tensors: both compute shapes in Python, where the tracer turns every size into a tensor. But the
tracer accepts stored results. So a model runs twice here, on real tensors whose memory is never
touched. Under a `Recording` each operator's result is computed on the meta device and stored, and
torch's FlopCounterMode counts it there. Under a `Replay` a counter sees the same operators return
the stored results. Time does not depend on the resolution, and memory is reserved but never used.

A replay that meets another operator than the recording did raises `NeedsValues`, and so does
anything that reads a value. The model must then run for real.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch._ops import OpOverload
from torch._prims_common import suggest_memory_format
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only
from torch.utils.flop_counter import FlopCounterMode

from srbench.shapes.torch_function import AboveDispatch, NeedsValues

Args = tuple[Any, ...]
Kwargs = dict[str, Any]

VALUE_TAGS = frozenset({torch.Tag.data_dependent_output, torch.Tag.dynamic_output_shape})


class Recorded(NamedTuple):
    """An operator's call: its arguments, without tensors' values, and its result."""

    func: OpOverload
    key: Any
    result: Any


class Recording(TorchDispatchMode):
    """Works out and stores every operator's result; ``flops`` is torch's count so far."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls: list[Recorded] = []
        self.flops = 0

    def __torch_dispatch__(
        self, func: OpOverload, types: Any, args: Args = (), kwargs: Kwargs | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if VALUE_TAGS.intersection(func.tags):
            raise NeedsValues(f"{func} depends on values")
        if _is_cheap(func, args, kwargs):
            return func(*args, **kwargs)
        key = (func, _frozen(args), _frozen(tuple(kwargs.items())))
        on_meta, flops = _worked_out(key, func, args, kwargs)
        if not _is_in_place(func):
            result = tree_map_only(Tensor, _untouched, on_meta)
        elif _frozen(on_meta) == _frozen(args[0]):
            result = args[0]
        else:
            raise NeedsValues(f"{func} changes the shape of its input")
        self.flops += flops
        self.calls.append(Recorded(func, key, result))
        return result

    def require_same(self, other: "Recording") -> None:
        """Raises NeedsValues if two runs of one model called different operators."""
        if [call.key for call in self.calls] != [call.key for call in other.calls]:
            raise NeedsValues("the model's operators depend on its earlier runs")


class Replay(TorchDispatchMode):
    """Returns a recording's results, in order."""

    def __init__(self, recording: Recording) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._calls = iter(recording.calls)

    def __torch_dispatch__(
        self, func: OpOverload, types: Any, args: Args = (), kwargs: Kwargs | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if _is_cheap(func, args, kwargs):
            return func(*args, **kwargs)
        recorded = next(self._calls, None)
        if recorded is None or recorded.func is not func:
            raise NeedsValues(f"{func} runs where {recorded and recorded.func} ran before")
        return args[0] if _is_in_place(func) else recorded.result

    def finish(self) -> None:
        """Raises NeedsValues if fewer operators ran than were recorded."""
        left_over = next(self._calls, None)
        if left_over is not None:
            raise NeedsValues(f"{left_over.func} ran before and does not now")


@contextmanager
def on_shapes(mode: Recording | Replay) -> Iterator[None]:
    """Run the code inside on shapes. A model built inside gets uninitialised weights."""
    with torch.no_grad(), AboveDispatch(), mode:
        yield


class _Worked(NamedTuple):
    """An operator's result on the meta device, and torch's FLOPs for it."""

    result: Any
    flops: int


_KNOWN: dict[Any, _Worked] = {}
_KNOWN_AT_MOST = 20_000


def forget() -> None:
    """Forget the shapes that were worked out so far."""
    _KNOWN.clear()


def _worked_out(key: Any, func: OpOverload, args: Args, kwargs: Kwargs) -> _Worked:
    """Cached, as shapes determine the result and networks repeat the same calls."""
    try:
        known = _KNOWN.get(key)
    except TypeError as error:
        raise NeedsValues(f"{func} has an argument that cannot be cached") from error
    if known is None:
        if len(_KNOWN) >= _KNOWN_AT_MOST:
            _KNOWN.clear()
        known = _KNOWN[key] = _work_out(func, args, kwargs)
    return known


def _work_out(func: OpOverload, args: Args, kwargs: Kwargs) -> _Worked:
    if "out" in kwargs:
        raise NeedsValues(f"{func} writes to its out= argument")
    on_meta, keywords = tree_map_only(Tensor, _to_meta, (args, kwargs))
    try:
        with FlopCounterMode(display=False) as counter:
            rule: Callable[..., Any] = _RULES.get(func, func)
            result = rule(*on_meta, **keywords)
    except NotImplementedError as error:
        raise NeedsValues(f"{func} has no rule for shapes") from error
    return _Worked(result, counter.get_total_flops())


def _convolution(x: Tensor, weight: Tensor, *others: Any) -> Tensor:
    """The rule of ``convolution``, which calls this operator: torch 2.11 has none for this one.

    On the CPU, weights in channels_last give an output in channels_last, which the rule ignores.
    """
    result: Tensor = torch.ops.aten.convolution.default(x, weight, *others[:7])
    for tensor in (x, weight):
        layout = suggest_memory_format(tensor)
        if layout != torch.contiguous_format:
            return result.contiguous(memory_format=layout)
    return result


_RULES: dict[OpOverload, Callable[..., Tensor]] = {
    torch.ops.aten._convolution.default: _convolution,
}


def _frozen(value: Any) -> Any:
    """What a result's shape depends on, as a key: 1, 1.0 and True are different arguments."""
    if isinstance(value, Tensor):
        return (value.shape, value.stride(), value.dtype)
    if isinstance(value, (tuple, list)):
        return tuple(_frozen(item) for item in value)
    return (type(value), value)


def _is_cheap(func: OpOverload, args: Args, kwargs: Kwargs) -> bool:
    """Views, factories, and arithmetic on scalar integers, into which the tracer turns sizes."""
    return (
        func.is_view
        or torch.Tag.inplace_view in func.tags
        or all(
            tensor.dim() == 0 and not tensor.is_floating_point()
            for tensor in _tensors((*args, *kwargs.values()))
        )
    )


def _tensors(values: Iterable[Any]) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, (tuple, list)):
            yield from _tensors(value)


def _is_in_place(func: OpOverload) -> bool:
    returns = func._schema.returns
    return (
        len(returns) == 1 and returns[0].alias_info is not None and returns[0].alias_info.is_write
    )


def _to_meta(tensor: Tensor) -> Tensor:
    return torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype, device="meta")


def _untouched(tensor: Tensor) -> Tensor:
    """A tensor on the CPU whose memory is reserved and never used."""
    return torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype)
