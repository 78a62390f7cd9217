"""Formulas of products of matrices and vectors."""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from torch import Tensor


def inner(x: Tensor, *_: Any, out: Tensor, **__: Any) -> int:
    """x (…, K) by anything: K MACs for each element of the output."""
    return out.numel() * x.shape[-1]


def added(_: Tensor, x: Tensor, *__: Any, out: Tensor, **___: Any) -> int:
    """The same, added to a first argument."""
    return inner(x, out=out)


def summed(_: Tensor, x: Tensor, y: Tensor, *__: Any, **___: Any) -> int:
    """``addbmm``: x (B, N, K) by y (B, K, M), summed over the batch."""
    return x.numel() * y.shape[-1]


def grouped(x: Tensor, y: Tensor, *_: Any, **__: Any) -> int:
    """``_grouped_mm``: x (M, K) or (G, M, K) by y (G, K, N) or (K, N). In the place of a missing
    side G, the rows of x, the columns of y or K are divided among the groups."""
    rows = x if x.dim() == 2 or y.dim() == 3 else x[0]
    return rows.numel() * y.shape[-1]


def trilinear(
    x: Tensor,
    y: Tensor,
    z: Tensor,
    expand_x: Sequence[int],
    expand_y: Sequence[int],
    expand_z: Sequence[int],
    sides: Sequence[int],
    *_: Any,
    **__: Any,
) -> int:
    """x · y · z, summed over ``sides``, after each got new sides of length 1: first x · y, summed
    over those that z lacks, then the product with z.

    ``nn.Bilinear``: x₁ (B, I), weight (O, I, J), x₂ (B, J) take B·O·J·(I + 1) MACs.
    """
    first, second, third = (
        _expanded(tensor, new) for tensor, new in ((x, expand_x), (y, expand_y), (z, expand_z))
    )
    both = tuple(map(max, first, second))
    early = {side for side in sides if third[side] == 1}
    between = (1 if side in early else length for side, length in enumerate(both))
    return prod(both) + prod(map(max, between, third))


def _expanded(tensor: Tensor, new: Sequence[int]) -> tuple[int, ...]:
    sides = list(tensor.shape)
    for side in sorted(new):
        sides.insert(side, 1)
    return tuple(sides)


FORMULAS: Mapping[str, Callable[..., int]] = {
    **dict.fromkeys(
        (
            *("aten::mm", "aten::bmm", "aten::mv", "aten::dot", "aten::vdot", "aten::_int_mm"),
            *(
                "aten::linear",
                "aten::mkldnn_linear",
                "aten::_weight_int8pack_mm",
                "aten::_weight_int4pack_mm",
            ),
            *("aten::_weight_int4pack_mm_for_cpu", "aten::_mixed_dtypes_linear"),
        ),
        inner,
    ),
    **dict.fromkeys(
        ("aten::addmm", "aten::baddbmm", "aten::addmv", "aten::_addmm_activation"), added
    ),
    "aten::addbmm": summed,
    **dict.fromkeys(("aten::_grouped_mm", "aten::_scaled_grouped_mm"), grouped),
    "aten::_trilinear": trilinear,
}
