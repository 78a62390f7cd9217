"""Catches what a dispatch mode does not see, one level above, where Python calls torch."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from srbench.shapes.arguments import tensors_in
from srbench.shapes.known_values import have_values


class NeedsValues(Exception):  # noqa: N818 - it names what the model needs
    """The model cannot run on shapes alone."""


class ConvolutionsSeen(TorchFunctionMode):
    """Replaces convolutions by what a trace has of them.

    The tracer records ``aten::_convolution``, which ``aten::convolution`` calls internally, but a
    dispatch mode takes over before that. So it is called directly: without this, a trace on shapes
    would have no convolutions.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in _CONVOLUTIONS and not _is_another_operator((*args, *kwargs.values())):
            return _CONVOLUTIONS[func](*args, **kwargs)
        return func(*args, **kwargs)


class AboveDispatch(ConvolutionsSeen):
    """Refuses functions that read values past the dispatcher as well."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in _READ_VALUES and not have_values(args[:1]):
            raise NeedsValues(f"Tensor.{func.__name__} reads values")
        if func in _READ_INTEGERS:
            _require_integers(func.__name__, (*args, *kwargs.values()))
        if func in _SIZES:
            with tracer_paused():
                return func(*args, **kwargs)
        return super().__torch_function__(func, types, args, kwargs)


def _require_integers(name: str, arguments: Iterable[Any]) -> None:
    for one in tensors_in(arguments):
        if not (one.is_floating_point() or one.is_complex() or have_values([one])):
            raise NeedsValues(f"{name} reads values")


@contextmanager
def tracer_paused() -> Iterator[None]:
    """Without torch.jit's tracer, which makes tensors of sizes: with these a network may take
    another path than without."""
    tracer = torch._C._get_tracing_state()
    if tracer is None:
        yield
        return
    # Inside some operators its key is excluded, and then torch refuses to change its state.
    with torch._C._SetExcludeDispatchKeyGuard(_TRACER, False):
        _set_tracing_state(None)
        try:
            yield
        finally:
            _set_tracing_state(tracer)


def _is_another_operator(arguments: Iterable[Any]) -> bool:
    """Whether a convolution is one that the tracer records directly, as with padding="same", or
    several, as of complex numbers."""
    return any(
        isinstance(one, str) or (isinstance(one, Tensor) and one.is_complex()) for one in arguments
    )


_set_tracing_state: Callable[[Any], None] = vars(torch._C)["_set_tracing_state"]

_TRACER = torch._C._dispatch_key_parse("Tracer")

_SIZES: set[Any] = {
    vars(torch._C.TensorBase)["shape"].__get__,
    Tensor.__len__,
    Tensor.numel,
    Tensor.size,
}

# Functions that read tensors of integers below the dispatcher: places to split at, or lengths.
_READ_INTEGERS: set[Any] = {
    Tensor.tensor_split,
    *(
        getattr(torch._C._VariableFunctions, name)
        for name in (
            *("tensor_split", "_pad_packed_sequence", "_pack_padded_sequence", "ctc_loss"),
            *("lstm", "gru", "rnn_tanh", "rnn_relu", "segment_reduce"),
        )
    ),
}

_READ_VALUES = {
    Tensor.__array__,
    Tensor.data_ptr,
    Tensor.numpy,
    Tensor.tolist,
}


def _convolution(
    input: Tensor,  # noqa: A002 - torch's names, which callers may use
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    return _call(input, weight, bias, (stride, padding, dilation, 0), groups, transposed=False)


def _transposed_convolution(
    input: Tensor,  # noqa: A002 - torch's names, which callers may use
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    sizes = (stride, padding, dilation, output_padding)
    return _call(input, weight, bias, sizes, groups, transposed=True)


def _call(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    sizes: tuple[Any, ...],
    groups: int,
    transposed: bool,
) -> Tensor:
    """``sizes`` are stride, padding, dilation and output padding."""
    if x.dim() < weight.dim():  # an image without a batch
        return _call(x[None], weight, bias, sizes, groups, transposed)[0]
    stride, padding, dilation, output_padding = (
        size if isinstance(size, (tuple, list)) else (int(size),) * (weight.dim() - 2)
        for size in sizes
    )
    # cuDNN's flags benchmark, deterministic and enabled, and TF32: no effect, nothing is computed.
    cudnn = (False,) * 4
    return torch._convolution(
        x, weight, bias, stride, padding, dilation, transposed, output_padding, groups, *cudnn
    )


_CONVOLUTIONS: dict[Any, Callable[..., Tensor]] = {
    torch.conv1d: _convolution,
    torch.conv2d: _convolution,
    torch.conv3d: _convolution,
    torch.conv_transpose1d: _transposed_convolution,
    torch.conv_transpose2d: _transposed_convolution,
    torch.conv_transpose3d: _transposed_convolution,
}
