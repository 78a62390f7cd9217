"""CBAM's Table 4 and the committed tables, by srbench and by a plain loop over models and fvcore,
in one process."""

import csv
import logging
from pathlib import Path

import torch
from pairs import compare
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck

from srbench.backbones import resnet
from srbench.blocks import CBAM, Dropout2d, SqueezeExcitation, SqueezeRemember
from srbench.check.counts import check_counts
from srbench.check.renderings import check_renderings
from srbench.models.build import probe
from srbench.runner import counting
from srbench.runner.resume import Counter
from srbench.shapes import on_shapes
from srbench.spec.cases import case_of
from srbench.spec.parse import Part, Spec, backbone_of, parse
from srbench.tables.committed import Committed, layout_paths, open_table

# Imported after srbench, which silences the deprecation warning of fvcore's import.
from fvcore.nn import FlopCountAnalysis  # isort: skip

BRANCHES = {"se": SqueezeExcitation, "cbam": CBAM}  # at the end of every residual branch
ROOT = Path(__file__).parents[1]
TABLE4 = ROOT / "tests" / "data" / "cbam_table4.csv"
TABLES = ROOT / "tables"


def main() -> None:
    """Compare both ways and print the ratios."""
    logging.disable(logging.WARNING)  # fvcore names each operator that it skips
    with TABLE4.open(newline="") as file:
        table4 = [(parse(row["spec"]), 224) for row in csv.DictReader(file)]
    assert ours(table4) == plain(table4)
    compare(
        f"{len(table4)} rows of CBAM's Table 4 : build each model and call fvcore",
        lambda: ours(table4),
        lambda: plain(table4),
        limit=0.6,
        rounds=7,
    )
    rows = [
        (parse(wanted.row.spec), wanted.row.input[1])
        for table in imagenet_tables()
        for wanted in table.wanted
    ]
    distinct = list(dict.fromkeys(rows))
    compare(
        f"srbench check, {len(rows)} rows : build the {len(distinct)} models among them once each "
        "and call fvcore",
        check,
        lambda: plain(distinct),
        limit=0.6,
        rounds=5,
    )


def ours(rows: list[tuple[Spec, int]]) -> list[tuple[int, int]]:
    """Parameters and FLOPs by srbench, which cross-checks the MACs as well; nothing is cached."""
    forget()
    counts = [next(counting.run([case_of(spec, side)])).counts for spec, side in rows]
    return [(count.params, count.flops) for count in counts]


def check() -> None:
    """What `srbench check` does over those tables; nothing is cached from before."""
    forget()
    count = Counter()
    for table in imagenet_tables():
        assert not [*check_counts(table, count), *check_renderings(table)]


def imagenet_tables() -> list[Committed]:
    """The committed tables of ImageNet's ResNets, the only networks built by hand below."""
    tables = [open_table(path) for path in layout_paths(TABLES)]
    return [
        table
        for table in tables
        if all(
            backbone_of(parse(wanted.row.spec).backbone).family == "ResNet"
            and "stem" not in wanted.row.spec
            for wanted in table.wanted
        )
    ]


def forget() -> None:
    """Clear the caches, as in a fresh process."""
    on_shapes.forget()
    probe.cache_clear()


def plain(rows: list[tuple[Spec, int]]) -> list[tuple[int, int]]:
    """The same by hand: an initialised model and fvcore's total for one image."""
    found = []
    for spec, side in rows:
        model = by_hand(spec, side).eval()
        params = sum(parameter.numel() for parameter in model.parameters())
        total = FlopCountAnalysis(model, torch.rand(1, 3, side, side)).total()
        found.append((params, total))
    return found


def by_hand(spec: Spec, side: int) -> nn.Module:
    """The network with its blocks, built without srbench's assembly."""
    usual = {"stride": "v1.5", "widen": 1.0, "stem": "imagenet"}
    model = resnet.build(spec.backbone.name, 1000, **(usual | dict(spec.backbone.options)))
    for block in spec.blocks:
        if block.name == "sr":
            remember(model, block, side)
        else:
            gate(model, block)
    return model


def remember(model: nn.Module, block: Part, side: int) -> None:
    """Squeeze-and-Remember behind stages."""
    options = {"memories": 10, "stage": ("layer4",)} | dict(block.options)
    for stage in options["stage"]:
        last = getattr(model, stage)[-1]
        channels = (last.conv3 if isinstance(last, Bottleneck) else last.conv2).out_channels
        size = -(-side // 2 ** (int(stage[-1]) + 1))
        getattr(model, stage).append(
            SqueezeRemember(channels, size, size, memories=options["memories"])
        )


def gate(model: nn.Module, block: Part) -> None:
    """A block behind the last norm of each residual block."""
    for residual in [m for m in model.modules() if isinstance(m, (BasicBlock, Bottleneck))]:
        last = "bn3" if isinstance(residual, Bottleneck) else "bn2"
        norm = getattr(residual, last)
        module = (
            Dropout2d() if block.name == "dropout2d" else BRANCHES[block.name](norm.num_features)
        )
        setattr(residual, last, nn.Sequential(norm, module))


if __name__ == "__main__":
    main()
