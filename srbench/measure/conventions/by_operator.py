"""Tools that see the operators of torch's dispatcher, or of a trace."""

from collections.abc import Mapping
from functools import partial
from math import prod
from typing import Any

from torch import Tensor
from torch._ops import OpOverload
from torch.utils.flop_counter import flop_registry

from srbench.measure.conventions.convention import (
    Convention,
    OperatorRule,
    by_name,
    not_known,
)
from srbench.measure.macs import attention, convolutions, products


def _of_torch(func: OpOverload) -> OperatorRule | None:
    """The formula that torch's own counter has."""
    flops = flop_registry.get(func._overloadpacket)
    if flops is None:
        return None
    return lambda *args, out, **kwargs: flops(*args, out_val=out, **kwargs)


def _with_bias(bias: Tensor, *args: Any, out: Tensor, **kwargs: Any) -> int:
    """``addmm``: the product, and one for each element that is added."""
    return products.added(bias, *args, out=out, **kwargs) + out.numel()


def _convolution_with_bias(
    x: Tensor, weight: Tensor, bias: Tensor | None = None, *args: Any, out: Tensor, **kwargs: Any
) -> int:
    macs = convolutions.either(x, weight, bias, *args, out=out, **kwargs)
    return macs + (out.numel() if bias is not None else 0)


def put_out(*_: Any, out: Any, **__: Any) -> int:
    """One for each element of the result."""
    first: Tensor = out if isinstance(out, Tensor) else out[0]
    return first.numel()


def _put_out_if_affine(at: int, *args: Any, out: Any, **kwargs: Any) -> int:
    """The same for a norm whose weight is argument ``at``; nothing if it has none."""
    return put_out(out=out) if args[at] is not None else 0


def _convolution_of_trace(x: Tensor, weight: Tensor, *_: Any, out: Tensor, **__: Any) -> int:
    """Every element of the result, which is also how a transposed one is counted."""
    inner = weight.shape[1] if out.shape[1] == weight.shape[0] else weight.shape[0]
    return out.numel() * inner * prod(weight.shape[2:])


_MEANS = (
    *("aten::mean", "aten::_adaptive_avg_pool2d", "aten::_adaptive_avg_pool3d"),
    *("aten::adaptive_avg_pool1d", "aten::avg_pool1d", "aten::avg_pool2d", "aten::avg_pool3d"),
)
_TORCHPROFILE: Mapping[str, OperatorRule] = {
    **attention.FORMULAS,
    "aten::mkldnn_rnn_layer": not_known,
    "aten::grid_sampler_2d": not_known,
    "aten::grid_sampler_3d": not_known,
    **dict.fromkeys(("aten::mm", "aten::bmm", "aten::mv", "aten::dot"), products.inner),
    **dict.fromkeys(("aten::addmm", "aten::baddbmm", "aten::addmv"), products.added),
    **dict.fromkeys(("aten::convolution", "aten::_convolution"), _convolution_of_trace),
    **dict.fromkeys((*_MEANS, "aten::mul", "aten::mul_"), put_out),
    **dict.fromkeys(("aten::leaky_relu", "aten::leaky_relu_"), put_out),
    "aten::upsample_bilinear2d": lambda *_, out, **__: 4 * out.numel(),
    **dict.fromkeys(
        (
            *("aten::native_batch_norm", "aten::_native_batch_norm_legit_no_training"),
            *("aten::native_group_norm", "aten::batch_norm"),
        ),
        partial(_put_out_if_affine, 1),
    ),
    "aten::native_layer_norm": partial(_put_out_if_affine, 2),
}

TORCH = Convention(_of_torch)
PTFLOPS_ATEN = Convention(
    by_name(
        {
            **dict.fromkeys(("aten::mm", "aten::bmm"), products.inner),
            "aten::addmm": _with_bias,
            **dict.fromkeys(("aten::convolution", "aten::_convolution"), _convolution_with_bias),
        }
    )
)
# What it would count if it saw operators: it reads a trace (`of_torchprofile`).
TORCHPROFILE = Convention(by_name(_TORCHPROFILE))
