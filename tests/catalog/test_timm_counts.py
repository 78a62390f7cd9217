"""Counts of one network of each of timm's modules, on shapes alone, against torch's own counter."""

from collections.abc import Sequence

import pytest
import timm
import torch
from support import timm_page
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from srbench.measure.forward_counts import count_on_shapes
from srbench.shapes.uninitialised import blank

NETWORKS = [one.network for one in timm_page.listed() if timm.is_model(one.network)]
PARTS = 14
# What torch's counter cannot run on the meta device, or the network asks for.
OTHER = {"gemma4_vit_167m"}


def size(model: nn.Module) -> int:
    return model.pretrained_cfg.get("input_size", (3, 224, 224))[-1]


def torchs(name: str) -> int:
    """MACs by torch's FlopCounterMode on the meta device, with attention as matrix products."""
    with torch.device("meta"):
        model = timm.create_model(name).eval().requires_grad_(False)
        x = torch.zeros(1, 3, size(model), size(model))
        torch.backends.mha.set_fastpath_enabled(False)
        try:
            with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as f:
                model(x)
        finally:
            torch.backends.mha.set_fastpath_enabled(True)
    return f.get_total_flops() // 2


@pytest.mark.catalog
@pytest.mark.parametrize("names", [NETWORKS[n::PARTS] for n in range(PARTS)], ids=lambda n: n[0])
def test_networks_of_timm_are_counted_on_shapes_alone(names: Sequence[str]) -> None:
    for name in names:
        with blank():
            model = timm.create_model(name).eval().requires_grad_(False)
        counted = count_on_shapes(model, torch.empty(1, 3, size(model), size(model)))
        assert counted.unknown == {}, name
        assert counted.unregistered == {}, name
        assert all(one.right == "srbench" for one in counted.differences), name
        assert counted.macs == torchs(name), name
