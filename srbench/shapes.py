"""Running a model on shapes alone, without arithmetic and without touching memory.

fvcore reads a TorchScript trace, and the tracer works neither on the meta device nor on fake
tensors: both compute shapes in Python, where the tracer turns every size into a tensor. But it is
content with results that are remembered. So a model runs twice here, on real tensors whose memory
nobody touches. Under a `Recording` each operator's result is worked out on the meta device and
kept, and torch's FlopCounterMode counts it there. Under a `Replay` a counter sees the same
operators return the results kept. Neither time nor memory depends on the resolution.

Nothing is taken on trust: a replay that meets another operator than the recording did raises
`NeedsValues`, as does an operator whose result depends on values. The model must then run for real.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch._ops import OpOverload
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only
from torch.utils.flop_counter import FlopCounterMode

Args = tuple[Any, ...]
Kwargs = dict[str, Any]

VALUE_TAGS = frozenset({torch.Tag.data_dependent_output, torch.Tag.dynamic_output_shape})


class NeedsValues(Exception):  # noqa: N818 - it names what the model needs
    """The model cannot run on shapes alone."""


class Recording(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Works out every operator's result and keeps it; ``flops`` is torch's own count so far."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.results: list[tuple[OpOverload, Any]] = []
        self.flops = 0

    def __torch_dispatch__(
        self, func: OpOverload, types: Any, args: Args = (), kwargs: Kwargs | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if VALUE_TAGS.intersection(func.tags):
            raise NeedsValues(f"{func} depends on values")
        if _is_cheap(func, args, kwargs):
            return func(*args, **kwargs)
        on_meta, flops = _worked_out(func, args, kwargs)
        result = args[0] if _is_in_place(func) else tree_map_only(Tensor, _untouched, on_meta)
        self.flops += flops
        self.results.append((func, result))
        return result


class Replay(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Returns a recording's results, in order."""

    def __init__(self, recording: Recording) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._results: Iterator[tuple[OpOverload | None, Any]] = iter(recording.results)

    def __torch_dispatch__(
        self, func: OpOverload, types: Any, args: Args = (), kwargs: Kwargs | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if _is_cheap(func, args, kwargs):
            return func(*args, **kwargs)
        recorded, result = next(self._results, (None, None))
        if recorded is not func:
            raise NeedsValues(f"{func} runs where {recorded} ran before")
        return args[0] if _is_in_place(func) else result

    def finish(self) -> None:
        """Raises NeedsValues where fewer operators ran than were recorded."""
        left_over, _ = next(self._results, (None, None))
        if left_over is not None:
            raise NeedsValues(f"{left_over} ran before and does not now")


@contextmanager
def on_shapes(mode: Recording | Replay) -> Iterator[None]:
    """Run what is inside on shapes. A model built inside gets weights that nobody initialises."""
    with torch.no_grad(), _TracedConvolutions(), mode:
        yield


class _Worked(NamedTuple):
    """An operator's result on the meta device, and torch's FLOPs for it."""

    result: Any
    flops: int


_KNOWN: dict[Any, _Worked] = {}
_KNOWN_AT_MOST = 20_000


def _worked_out(func: OpOverload, args: Args, kwargs: Kwargs) -> _Worked:
    """Shapes determine the result: networks repeat the same call over and over."""
    key = (func, _frozen(args), _frozen(tuple(kwargs.items())))
    known = _KNOWN.get(key)
    if known is None:
        if len(_KNOWN) >= _KNOWN_AT_MOST:
            _KNOWN.clear()
        known = _KNOWN[key] = _work_out(func, args, kwargs)
    return known


def _work_out(func: OpOverload, args: Args, kwargs: Kwargs) -> _Worked:
    if "out" in kwargs:
        raise NeedsValues(f"{func} writes where it is told to")
    if func is torch.ops.aten._convolution.default:
        # torch 2.11 has a rule only for the operator of which this one is the inside.
        func, args = torch.ops.aten.convolution.default, args[:9]
    on_meta, keywords = tree_map_only(Tensor, _to_meta, (args, kwargs))
    try:
        with FlopCounterMode(display=False) as counter:
            result = func(*on_meta, **keywords)
    except NotImplementedError as error:
        raise NeedsValues(f"{func} has no rule for shapes") from error
    return _Worked(result, counter.get_total_flops())


def _frozen(value: Any) -> Any:
    """What a result's shape depends on, as a key: 1, 1.0 and True are not the same argument."""
    if isinstance(value, Tensor):
        return (value.shape, value.stride(), value.dtype)
    if isinstance(value, (tuple, list)):
        return tuple(_frozen(item) for item in value)
    return (type(value), value)


def _is_cheap(func: OpOverload, args: Args, kwargs: Kwargs) -> bool:
    """Views and factories, and arithmetic on single integers, to which the tracer turns sizes."""
    return func.is_view or all(
        tensor.dim() == 0 and not tensor.is_floating_point()
        for tensor in _tensors((*args, *kwargs.values()))
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


class _TracedConvolutions(TorchFunctionMode):
    """Calls convolutions by the name that the tracer notes.

    It notes ``aten::_convolution``, which ``aten::convolution`` calls inside, where a dispatch mode
    has long taken over. Without this, a trace on shapes would have no convolutions.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: Args = (), kwargs: Kwargs | None = None
    ) -> Any:
        direct = _DIRECT.get(func, func)
        return direct(*args, **(kwargs or {}))


def _convolution(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    if isinstance(padding, str) or x.dim() != weight.dim():
        # Other operators, which the tracer notes as they are; or first a batch is added.
        convolve = (torch.conv1d, torch.conv2d, torch.conv3d)[weight.dim() - 3]
        return convolve(x, weight, bias, stride, padding, dilation, groups)
    return _call(x, weight, bias, stride, padding, dilation, False, 0, groups)


def _transposed_convolution(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    return _call(x, weight, bias, stride, padding, dilation, True, output_padding, groups)


def _call(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
) -> Tensor:
    def per_side(size: Any) -> Any:
        return (size,) * (weight.dim() - 2) if isinstance(size, int) else size

    return torch._convolution(
        x,
        weight,
        bias,
        per_side(stride),
        per_side(padding),
        per_side(dilation),
        transposed,
        per_side(output_padding),
        groups,
        False,  # cudnn's benchmark, determinism and availability, and TF32: nothing is computed
        False,
        False,
        False,
    )


_DIRECT: dict[Any, Callable[..., Tensor]] = {
    torch.conv1d: _convolution,
    torch.conv2d: _convolution,
    torch.conv3d: _convolution,
    torch.conv_transpose1d: _transposed_convolution,
    torch.conv_transpose2d: _transposed_convolution,
    torch.conv_transpose3d: _transposed_convolution,
}
