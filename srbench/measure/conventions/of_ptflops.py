"""ptflops with its pytorch backend: the hooks of modules, and replaced functions.

A module that calls such a function, as nn.ReLU and the poolings do, is counted by both.
"""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import torchvision
from torch import Tensor, nn

from srbench.measure.conventions.by_function import (
    ACTIVATIONS,
    ELEMENTWISE,
    POOLINGS,
    F,
    added_product,
    elements,
    elementwise,
    product_of,
)
from srbench.measure.conventions.by_module import (
    ADAPTIVE_AVERAGES,
    AVERAGES,
    BATCH_NORMS,
    CONVOLUTIONS,
    INSTANCE_NORMS,
    RECURRENT,
    TRANSPOSED,
    Inputs,
    of_the_input,
    of_the_output,
)
from srbench.measure.conventions.convention import (
    Convention,
    ModuleRule,
    by_class,
    not_known,
)


def _convolution(module: Any, inputs: Inputs, output: Tensor) -> int:
    places = output.shape[0] * prod(output.shape[2:])
    return int(places * module.weight.numel()) + _bias(module, output)


def _transposed(module: Any, inputs: Inputs, output: Tensor) -> int:
    x = inputs[0]
    return int(x.shape[0] * prod(x.shape[2:]) * module.weight.numel()) + _bias(module, output)


def _bias(module: Any, output: Tensor) -> int:
    return output.numel() if module.bias is not None else 0


def _linear(module: Any, inputs: Inputs, output: Tensor) -> int:
    return int(inputs[0].numel() * output.shape[-1]) + _bias(module, output)


def _norm(module: Any, inputs: Inputs, output: Any) -> int:
    return of_the_input(module, inputs, output) * (2 if getattr(module, "affine", False) else 1)


def _added(first: Tensor, x: Tensor, y: Tensor, *, beta: Any = 1, **_: Any) -> int:
    return added_product(first, x, y) if beta else product_of(x, y)


def _attention(module: Any, inputs: Inputs, output: Any) -> int:
    """The four projections, with the query scaled, and both products with the softmax between."""
    query, key, value = inputs[:3]
    batch, at = (0, 1) if module.batch_first else (1, 0)
    (q, k, v), (width, k_width, v_width) = (
        [one.shape[side] for one in (query, key, value)] for side in (at, 2)
    )
    projected = q * width * width + k * k_width * k_width + v * v_width * v_width
    if module.in_proj_bias is not None:
        projected += (q + k + v) * width
    heads = module.num_heads
    inner = q * k * (width // heads + 1 + v_width // heads) * heads
    last = q * v_width * (v_width + 1)
    return int(query.shape[batch] * (q * width + projected + inner + last))


def _interpolation(
    input: Tensor,  # noqa: A002 - torch's name, by which it may be given
    size: Any = None,
    scale_factor: Any = None,
    *_: Any,
    **__: Any,
) -> int:
    spatial = input.dim() - 2
    if size is None and isinstance(scale_factor, Sequence):
        return not_known()
    if size is not None:
        return int(prod(input.shape[:2]) * prod(_each(size, spatial)))
    return int(input.numel() * prod(_each(scale_factor, spatial)))


def _each(value: Any, times: int) -> Sequence[Any]:
    return value if isinstance(value, (list, tuple)) else (value,) * times


_MAX_POOLINGS = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)
_ADAPTIVE_MAXIMA = (nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d)
_MODULES: Mapping[type, ModuleRule] = {
    **dict.fromkeys(CONVOLUTIONS, _convolution),
    **dict.fromkeys(TRANSPOSED, _transposed),
    **dict.fromkeys((nn.ReLU, nn.PReLU, nn.ELU, nn.LeakyReLU, nn.ReLU6, nn.GELU), of_the_output),
    **dict.fromkeys(
        (*AVERAGES, *ADAPTIVE_AVERAGES, *_MAX_POOLINGS, *_ADAPTIVE_MAXIMA), of_the_input
    ),
    **dict.fromkeys((*BATCH_NORMS, *INSTANCE_NORMS, nn.GroupNorm, nn.LayerNorm), _norm),
    **dict.fromkeys((*RECURRENT, nn.Upsample, torchvision.ops.DeformConv2d), not_known),
    nn.Linear: _linear,
    nn.MultiheadAttention: _attention,
}
_PRODUCTS = (*("matmul", "Tensor.matmul", "mm", "Tensor.mm", "bmm", "Tensor.bmm"),)
PTFLOPS_PYTORCH = Convention(
    functions={
        **dict.fromkeys((*ACTIVATIONS, *POOLINGS, f"{F}softmax"), elements),
        **dict.fromkeys((f"{F}interpolate", f"{F}upsample"), _interpolation),
        **dict.fromkeys(_PRODUCTS, product_of),
        **dict.fromkeys(("addmm", "baddbmm", "Tensor.addmm"), _added),
        **dict.fromkeys(ELEMENTWISE, elementwise),
    },
    module=by_class(_MODULES),
    sums_children=True,
)
