"""The formula of recurrent layers that are one operator; others are products step by step."""

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from torch import Tensor


def layer(x: Tensor, weight_x: Tensor, weight_h: Tensor, *others: Any, **named: Any) -> int:
    """One direction of one layer: input (T, B, I), weights (gates·H, I) and (gates·H, H), both
    applied at every step."""
    return prod(x.shape[:2]) * (weight_x.numel() + weight_h.numel())


FORMULAS: Mapping[str, Callable[..., int]] = {"aten::mkldnn_rnn_layer": layer}
