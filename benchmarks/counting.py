"""CBAM's Table 4 counted by srbench, and by a plain loop over models and fvcore, in one process."""

import csv
import logging
from pathlib import Path

import torch
from pairs import compare
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck

from srbench import shapes
from srbench.blocks import CBAM, SqueezeExcitation
from srbench.conditions import conditions
from srbench.models import resnet
from srbench.models.build import site_shapes
from srbench.runner import counting
from srbench.spec import Spec, parse

# Imported after srbench, which silences the deprecation that fvcore's import sets off.
from fvcore.nn import FlopCountAnalysis  # isort: skip

GATES = {"se": SqueezeExcitation, "cbam": CBAM}
TABLE4 = Path(__file__).parents[1] / "tests" / "data" / "cbam_table4.csv"


def main() -> None:
    """Compare both ways and print the ratio."""
    logging.disable(logging.WARNING)  # fvcore names each operator it passes over
    with TABLE4.open(newline="") as file:
        specs = [row["spec"] for row in csv.DictReader(file)]
    assert ours(specs) == plain(specs)
    compare(
        f"{len(specs)} rows of CBAM's Table 4 : build each model and call fvcore",
        lambda: ours(specs),
        lambda: plain(specs),
        limit=0.6,
        rounds=7,
    )


def ours(specs: list[str]) -> list[tuple[int, int]]:
    """Parameters and FLOPs by srbench, which cross-checks the MACs as well; nothing is cached."""
    shapes.forget()
    site_shapes.cache_clear()
    records = counting.run([parse(spec) for spec in specs], conditions())
    return [(record.counts.params, record.counts.flops) for record in records]


def plain(specs: list[str]) -> list[tuple[int, int]]:
    """The same by hand: an initialised model and fvcore's total for one image."""
    rows = []
    for spec in specs:
        model = by_hand(parse(spec)).eval()
        params = sum(parameter.numel() for parameter in model.parameters())
        rows.append((params, FlopCountAnalysis(model, torch.rand(1, 3, 224, 224)).total()))
    return rows


def by_hand(spec: Spec) -> nn.Module:
    """The network, and the block behind the last norm of each residual branch."""
    model = resnet.build(
        spec.backbone.name, 1000, **({"stride": "v1", "widen": 1.0} | dict(spec.backbone.options))
    )
    for residual in [m for m in model.modules() if isinstance(m, (BasicBlock, Bottleneck))]:
        last = "bn3" if isinstance(residual, Bottleneck) else "bn2"
        norm = getattr(residual, last)
        for block in spec.blocks:
            setattr(residual, last, nn.Sequential(norm, GATES[block.name](norm.num_features)))
    return model


if __name__ == "__main__":
    main()
