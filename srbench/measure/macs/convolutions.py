"""Formulas of convolutions."""

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from torch import Tensor


def plain(x: Tensor, weight: Tensor, *_: Any, out: Tensor, **__: Any) -> int:
    """Input (B, C, …), weight (C', C / groups, k…): all of the weight at every place of the output,
    (B, C', …)."""
    return prod(weight.shape) * x.shape[0] * prod(out.shape[2:])


def transposed(x: Tensor, weight: Tensor, *_: Any, **__: Any) -> int:
    """Input (B, C, …), weight (C, C' / groups, k…): all of the weight at every place of the
    input."""
    return prod(weight.shape) * x.shape[0] * prod(x.shape[2:])


def either(x: Tensor, weight: Tensor, *others: Any, out: Tensor, **named: Any) -> int:
    """``convolution``, whose seventh argument says whether it is transposed."""
    is_transposed = others[4] if len(others) > 4 else named["transposed"]
    return transposed(x, weight) if is_transposed else plain(x, weight, out=out)


def over_time(x: Tensor, weight: Tensor, *_: Any, out: Tensor, **__: Any) -> int:
    """``conv_tbc``: input (T, B, C), weight (k, C, C'), output (T', B, C')."""
    return out.numel() * prod(weight.shape[:2])


def deformable(x: Tensor, weight: Tensor, *_: Any, out: Tensor, **__: Any) -> int:
    """Dai et al., ICCV 2017: a convolution whose taps are moved; the interpolation of the input at
    the moved taps is not counted, like every interpolation."""
    return plain(x, weight, out=out)


FORMULAS: Mapping[str, Callable[..., int]] = {
    **dict.fromkeys(
        (
            *("aten::_conv_depthwise2d", "aten::conv_depthwise3d", "aten::slow_conv3d_forward"),
            *("aten::slow_conv_dilated2d", "aten::slow_conv_dilated3d"),
            *("aten::_nnpack_spatial_convolution", "aten::mkldnn_convolution"),
            *("aten::cudnn_convolution_relu", "aten::cudnn_convolution_add_relu"),
            *("aten::miopen_convolution", "aten::miopen_depthwise_convolution"),
        ),
        plain,
    ),
    **dict.fromkeys(
        (
            *("aten::slow_conv_transpose2d", "aten::slow_conv_transpose3d"),
            *("aten::cudnn_convolution_transpose", "aten::miopen_convolution_transpose"),
        ),
        transposed,
    ),
    "aten::convolution": either,
    "aten::_convolution": either,
    "aten::conv_tbc": over_time,
    "torchvision::deform_conv2d": deformable,
}
