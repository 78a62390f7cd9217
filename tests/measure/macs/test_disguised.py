"""Sums of products: which are matrix products in disguise, and of what size."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - as everybody calls it

from srbench.measure.forward_counts import count_for_real, count_on_shapes

B, C, H, W = 2, 3, 4, 5
ALL = B * C * H * W


class Two(nn.Module):
    """A function of a feature map (B, C, H, W), another one, and a gate (B, C, 1, 1)."""

    def __init__(self, function: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor, y: Tensor, gate: Tensor) -> Tensor:
        return self.function(x, y, gate)


PRODUCTS = {
    "one dimension": (lambda x, y, gate: (x * y).sum(1), ALL),
    "several": (lambda x, y, gate: (x * y).sum((2, 3)), ALL),
    "all": (lambda x, y, gate: (x * y).sum(), ALL),
    "by keyword": (lambda x, y, gate: torch.sum(x * y, dim=-1, keepdim=True), ALL),
    "in place": (lambda x, y, gate: (x + 0).mul_(y).sum(1), ALL),
    "nansum": (lambda x, y, gate: (x * y).nansum(1), ALL),
    "gate over channels": (lambda x, y, gate: (x * gate).sum(1), ALL),
    "scaled": (lambda x, y, gate: (3 * (x * y) / 2).neg().sum(1), ALL),
    "gated afterwards": (lambda x, y, gate: (x * y * gate).sum((2, 3)), ALL),
    "flattened": (lambda x, y, gate: (x * y).flatten(2).sum(-1), ALL),
    "permuted": (lambda x, y, gate: (x * y).permute(0, 2, 3, 1).sum(-1), ALL),
    "copied": (lambda x, y, gate: (x * y).permute(0, 2, 3, 1).contiguous().sum(-1), ALL),
    "converted": (lambda x, y, gate: (x * y).double().sum(1), ALL),
    "a part": (lambda x, y, gate: (x * y)[:, :, :2].sum(1), B * C * 2 * W),
    "vecdot": (lambda x, y, gate: torch.linalg.vecdot(x, y, dim=1), ALL),
    "cosine": (lambda x, y, gate: F.cosine_similarity(x, y, dim=1), ALL),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_product_in_disguise_is_named_with_its_size(name: str) -> None:
    function, size = PRODUCTS[name]
    for count in (count_on_shapes, count_for_real):
        counted = count(Two(function), *inputs())
        assert list(counted.disguised.values()) == [size]
        assert counted.macs == 0, "it is a warning, and no part of the MACs"
        assert counted.unknown == {}


NONE = {
    "square": lambda x, y, gate: (x * x).sum(1),
    "pow": lambda x, y, gate: x.pow(2).sum(1),
    "square function": lambda x, y, gate: torch.square(x).sum(),
    "norm": lambda x, y, gate: x.norm(dim=1),
    "variance": lambda x, y, gate: x.var((2, 3)) + x.std((2, 3)),
    "gate over places": lambda x, y, gate: (x * gate).sum((2, 3)),
    "gate over flattened places": lambda x, y, gate: (x * gate).flatten(2).sum(-1),
    "gate, moved": lambda x, y, gate: (x * gate).permute(0, 2, 3, 1).flatten(1, 2).sum(1),
    "a product of two sums": lambda x, y, gate: (x[:, :, None] * y[:, None]).sum((1, 2)),
    "scaled by a number": lambda x, y, gate: (x * 3).sum(1),
    "scaled by one element": lambda x, y, gate: (x * gate[:1, :1]).sum((1, 2, 3)),
    "masked": lambda x, y, gate: (x * (y > 0)).sum(1),
    "sum": lambda x, y, gate: (x + y).sum(1),
    "quotient": lambda x, y, gate: (x / y).sum(1),
    "not summed": lambda x, y, gate: x * y,
    "mean of a gated map": lambda x, y, gate: (x * gate).mean((2, 3)),
    "cumulative": lambda x, y, gate: x.cumsum(1),
    "softmax": lambda x, y, gate: x.softmax(1).sum(1),
}


@pytest.mark.parametrize("name", NONE)
def test_what_is_no_product_of_matrices_is_silent(name: str) -> None:
    for count in (count_on_shapes, count_for_real):
        counted = count(Two(NONE[name]), *inputs())
        assert counted.disguised == counted.unknown == {}


def inputs() -> tuple[Tensor, Tensor, Tensor]:
    return torch.rand(B, C, H, W), torch.rand(B, C, H, W), torch.rand(B, C, 1, 1)
