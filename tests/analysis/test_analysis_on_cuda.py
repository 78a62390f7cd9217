"""An analysis on a GPU finds what it finds on the CPU."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

import srbench
from srbench.blocks import CBAM, SqueezeExcitation, SqueezeRemember

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU"),
]


def test_the_numbers_are_those_of_the_cpu() -> None:
    torch.manual_seed(0)
    sr = SqueezeRemember(16, 6, 6, memories=3)
    nn.init.normal_(sr.memory)
    model = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1),
        *(sr, SqueezeExcitation(16, 4), CBAM(16, 4)),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 3)),
    )
    loader = [(torch.randn(50, 3, 6, 6), torch.arange(50) % 3) for _ in range(4)]
    with torch.backends.cudnn.flags(allow_tf32=False):
        here = srbench.analyze(model, loader).analysis
        there = srbench.analyze(copy.deepcopy(model).cuda(), loader).analysis
    ours, theirs = here.memory_blocks[0], there.memory_blocks[0]
    for one, other in (
        (ours.weights.spread.mean, theirs.weights.spread.mean),
        (ours.features.before.mean, theirs.features.before.mean),
        (ours.features.difference.deviation, theirs.features.difference.deviation),
        *zip(
            [gate.gates.mean for gate in here.gate_blocks],
            [gate.gates.mean for gate in there.gate_blocks],
            strict=True,
        ),
    ):
        assert np.array(one) == pytest.approx(np.array(other), rel=1e-3, abs=1e-5)
    for one, other in zip(here.ablations, there.ablations, strict=True):
        assert abs(one.right - other.right) <= 2
    assert ours.memories.rank == pytest.approx(theirs.memories.rank)


def test_half_precision_runs() -> None:
    sr = SqueezeRemember(8, 4, 4, memories=2).half()
    nn.init.normal_(sr.memory)
    model = nn.Sequential(sr, nn.Flatten(), nn.Linear(128, 2).half()).cuda()
    loader = [(torch.randn(20, 8, 4, 4).half(), torch.arange(20) % 2)]
    assert srbench.analyze(model, loader).analysis.images == 20
