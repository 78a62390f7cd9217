"""calflops, and DeepSpeed's profiler, which it comes from: replaced functions alone.

FLOPs are two for each of their MACs, and elements of what is no product.
"""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor

from srbench.measure.conventions.by_function import (
    ACTIVATIONS,
    ELEMENTWISE,
    POOLINGS,
    F,
    elements,
    elementwise,
    product_of,
)
from srbench.measure.conventions.by_module import RECURRENT
from srbench.measure.conventions.convention import (
    Convention,
    FunctionRule,
    by_class,
    not_known,
)


def _of_linear(input: Tensor, weight: Tensor, *_: Any, **__: Any) -> int:  # noqa: A002
    return input.numel() * weight.shape[0]


def _convolution(
    input: Tensor,  # noqa: A002
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> tuple[int, int]:
    """The multiply-adds, and the additions of the bias."""
    places = _places(input, weight, stride, padding, dilation)
    return weight.numel() * places, 0 if bias is None else weight.shape[0] * places


def _of_convolution(*args: Any, **kwargs: Any) -> int:
    return _convolution(*args, **kwargs)[0]


def _flops_of_convolution(*args: Any, **kwargs: Any) -> int:
    macs, added = _convolution(*args, **kwargs)
    return 2 * macs + added


def _places(x: Tensor, weight: Tensor, *settings: Any) -> int:
    """The places of a convolution's output; ``padding="same"`` may lose one, as it does there."""
    kernel = weight.shape[2:]
    stride, padding, dilation = (
        (one,) * len(kernel) if isinstance(one, (int, str)) else one for one in settings
    )
    found = x.shape[0]
    for side, k, s, p, d in zip(x.shape[2:], kernel, stride, padding, dilation, strict=True):
        reach = d * (k - 1)
        around = {"same": reach // 2, "valid": 0}.get(p, p) if isinstance(p, str) else p
        found *= (side + 2 * around - reach - 1) // s + 1
    return found


def _norm(at: int, most: int) -> FunctionRule:
    """So many for each element if the norm has a weight, its argument ``at``; else one less."""

    def rule(*args: Any, weight: Tensor | None = None, **kwargs: Any) -> int:
        x: Tensor = args[0] if args else kwargs["input"]
        own = args[at] if len(args) > at else weight
        return x.numel() * (most if own is not None else most - 1)

    return rule


def _batch_norm(*args: Any, training: bool = False, **kwargs: Any) -> int:
    """Five for each element if it uses the batch's own statistics, else two."""
    uses_batch = args[5] if len(args) > 5 else training
    return _norm(3, 5 if uses_batch else 2)(*args, **kwargs)


def _flops_of_interpolation(x: Tensor, size: Any = None, factor: Any = None, **named: Any) -> int:
    """Without channels if a size is given; the size of the input if a factor is."""
    size, factor = named.get("size", size), named.get("scale_factor", factor)
    if isinstance(factor, Sequence):
        return not_known()
    return x.numel() if size is None else prod(size if isinstance(size, Sequence) else [size])


def _interpolation_to_size(x: Tensor, size: Any = None, *_: Any, **named: Any) -> int:
    """DeepSpeed's, which counts a factor in another way."""
    size = named.get("size", size)
    return not_known() if size is None else _flops_of_interpolation(x, size)


def _of_attention(q: Tensor, k: Tensor, v: Tensor, *_: Any, **__: Any) -> int:
    return q.numel() * k.shape[-2] + prod(q.shape[:-1]) * k.shape[-2] * v.shape[-1]


def _broadcast(x: Any, y: Any, *_: Any, **__: Any) -> int:
    shapes = [one.shape for one in (x, y) if isinstance(one, Tensor)]
    return prod(torch.broadcast_shapes(*shapes))


def _twice(rule: FunctionRule) -> FunctionRule:
    return lambda *args, **kwargs: 2 * rule(*args, **kwargs)


_CONVOLUTIONS = tuple(f"{F}conv{sides}d" for sides in (1, 2, 3))
_UNKNOWN: Mapping[str, FunctionRule] = {
    **dict.fromkeys((f"{F}conv_transpose{sides}d" for sides in (1, 2, 3)), not_known),
    "einsum": not_known,
}
_PRODUCTS_THERE: Mapping[str, FunctionRule] = {
    f"{F}linear": _of_linear,
    **dict.fromkeys(("matmul", "Tensor.matmul"), product_of),
}
_ADDED_THERE = ("addmm", "Tensor.addmm", "baddbmm")
_NO_RECURRENT = by_class(dict.fromkeys(RECURRENT, not_known))
_MACS: Mapping[str, FunctionRule] = {
    **_UNKNOWN,
    **_PRODUCTS_THERE,
    **dict.fromkeys(_CONVOLUTIONS, _of_convolution),
    **dict.fromkeys(_ADDED_THERE, lambda _, x, y, **__: product_of(x, y)),
}
_FLOPS: Mapping[str, FunctionRule] = {
    **_UNKNOWN,
    **{name: _twice(rule) for name, rule in _PRODUCTS_THERE.items()},
    **dict.fromkeys(_CONVOLUTIONS, _flops_of_convolution),
    **dict.fromkeys(_ADDED_THERE, lambda one, x, y, **__: 2 * product_of(x, y) + one.numel()),
    **dict.fromkeys((*ACTIVATIONS, f"{F}leaky_relu", *POOLINGS, f"{F}softmax"), elements),
    f"{F}batch_norm": _batch_norm,
    f"{F}instance_norm": _norm(3, 5),
    **dict.fromkeys((f"{F}layer_norm", f"{F}group_norm"), _norm(2, 5)),
    **dict.fromkeys((f"{F}interpolate", f"{F}upsample"), _flops_of_interpolation),
    **dict.fromkeys(ELEMENTWISE, elementwise),
}
CALFLOPS_MACS = Convention(functions=_MACS, sums_children=True)
CALFLOPS = Convention(functions=_FLOPS, module=_NO_RECURRENT, sums_children=True)

# DeepSpeed's profiler, from which calflops comes, sees more products.
_MORE_PRODUCTS: Mapping[str, FunctionRule] = {
    **dict.fromkeys(("mm", "Tensor.mm", "bmm", "Tensor.bmm", "Tensor.__matmul__"), product_of),
    f"{F}scaled_dot_product_attention": _of_attention,
}
DEEPSPEED_MACS = Convention(functions={**_MACS, **_MORE_PRODUCTS})
DEEPSPEED = Convention(
    functions={
        **_FLOPS,
        **{name: _twice(rule) for name, rule in _MORE_PRODUCTS.items()},
        **dict.fromkeys(ELEMENTWISE, _broadcast),
        **dict.fromkeys((f"{F}interpolate", f"{F}upsample"), _interpolation_to_size),
    },
    module=_NO_RECURRENT,
)
