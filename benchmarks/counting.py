"""CBAM's Table 4 counted by srbench, and by a plain loop over models and fvcore, in one process."""

import csv
import logging
from pathlib import Path

import torch
from pairs import compare

import srbench
from srbench import runner
from srbench.conditions import conditions
from srbench.measure.flops import FlopCountAnalysis
from srbench.spec import parse

TABLE4 = Path(__file__).parents[1] / "tests" / "data" / "cbam_table4.csv"


def main() -> None:
    """Compare both ways and print the ratio."""
    logging.disable(logging.WARNING)  # fvcore names each operator it passes over
    with TABLE4.open(newline="") as file:
        specs = [row["spec"] for row in csv.DictReader(file)]
    assert [row[1] for row in ours(specs)] == [row[1] for row in plain(specs)]
    compare(
        f"{len(specs)} rows of CBAM's Table 4 : build each model and call fvcore",
        lambda: ours(specs),
        lambda: plain(specs),
        limit=0.6,
        rounds=5,
    )


def ours(specs: list[str]) -> list[tuple[int, int]]:
    """Parameters and FLOPs by srbench, which cross-checks the MACs as well."""
    records = runner.run([parse(spec) for spec in specs], conditions())
    return [(record.counts.params, record.counts.flops) for record in records]


def plain(specs: list[str]) -> list[tuple[int, int]]:
    """The same by hand: an initialised model and fvcore's total for one image."""
    rows = []
    for spec in specs:
        model = srbench.build(spec).eval()
        params = sum(parameter.numel() for parameter in model.parameters())
        rows.append((params, FlopCountAnalysis(model, torch.rand(1, 3, 224, 224)).total()))
    return rows


if __name__ == "__main__":
    main()
