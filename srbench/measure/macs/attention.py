"""The formula of scaled dot-product attention, the same for every backend."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor


def attention(query: Tensor, key: Tensor, value: Tensor, *_: Any, **__: Any) -> int:
    """softmax(Q·Kᵀ)·V for query (B, H, L, E), key (B, G, S, E) and value (B, G, S, E'): every head
    and position attends to S others, masked or not.

    torch's own formulas demand as many heads G of keys as H of queries.
    """
    *heads, length, width = query.shape
    others, value_width = value.shape[-2:]
    rows = length
    for head in heads:
        rows *= head
    return rows * others * (width + value_width)


BACKENDS = ("flash_attention", "flash_attention_for_cpu", "efficient_attention", "cudnn_attention")
FORMULAS: Mapping[str, Callable[..., int]] = dict.fromkeys(
    (
        *(f"aten::_scaled_dot_product_{backend}" for backend in BACKENDS),
        "aten::_scaled_dot_product_fused_attention_overrideable",
        "aten::_scaled_dot_product_attention_math_for_mps",
    ),
    attention,
)
