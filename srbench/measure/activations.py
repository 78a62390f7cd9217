"""Activations: the elements that convolutions, linear layers and matrix products put out.

P. Dollár, M. Singh, R. Girshick, Fast and Accurate Model Scaling, CVPR 2021, count them so: they
tell more of the time on a GPU than FLOPs do. An operator that is several products in one, such as
fused attention, puts out what these products would.
"""

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from torch import Tensor
from torch._ops import OpOverload

from srbench.measure.macs import attention as fused
from srbench.measure.macs.conventions import Operator
from srbench.shapes.arguments import tensors_in

Elements = Callable[..., int]


def activations_of(func: Operator) -> Elements:
    """The formula of an operator, which is called with its arguments and its result as ``out``."""
    name = func._schema.name if isinstance(func, OpOverload) else ""
    return FORMULAS.get(name, put_out)


def put_out(*_: Any, out: Any, **__: Any) -> int:
    """All elements of the first result; others are by-products."""
    return next((tensor.numel() for tensor in tensors_in([out])), 0)


def attention(query: Tensor, key: Tensor, *_: Any, out: Any, **__: Any) -> int:
    """Q·Kᵀ, (B, H, L, S) for query (B, H, L, E) and key (B, G, S, E), and its product with the
    values."""
    return prod(query.shape[:-1]) * key.shape[-2] + put_out(out=out)


def recurrent(x: Tensor, weight_x: Tensor, weight_h: Tensor, *_: Any, **__: Any) -> int:
    """One direction of one layer: at each of T·B steps the products with weights (gates·H, I) and
    (gates·H, H)."""
    steps = x.shape[0] * x.shape[1]
    return int(steps * (weight_x.shape[0] + weight_h.shape[0]))


FORMULAS: Mapping[str, Elements] = {
    **dict.fromkeys(fused.FORMULAS, attention),
    "aten::mkldnn_rnn_layer": recurrent,
}
