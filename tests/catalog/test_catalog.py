"""Every backbone with every block at two input sizes; a new row of the catalog is tested at once.

The first network of each family runs forward and backward for real with one block, and the first of
all with all blocks. The other pairs, the other size, and all blocks in the first network of every
family are tested by ``pytest -m catalog``, a separate gate in CI; the pairs on fake tensors, which
have shapes but no values.
"""

from itertools import cycle, product
from typing import Any

import pytest
import torch
from support.networks import every_backbone, families, one_of_each_family
from torch import Tensor, nn
from torch._subclasses import FakeTensorMode

from srbench.backbones.outputs import logits
from srbench.catalog import BACKBONES, BLOCKS
from srbench.conditions import Conditions
from srbench.models import example_inputs
from srbench.models.build import assemble
from srbench.models.feature_shapes import outputs
from srbench.models.stages import stage_units
from srbench.runner.counting import run
from srbench.shapes.uninitialised import blank
from srbench.spec.cases import Case, case_of
from srbench.spec.parse import parse

SIZE = (96, 64)
SIZES = (SIZE, pytest.param((64, 64), marks=pytest.mark.catalog))


# These pairs have a network of each family, and each block with several of them.
FIRST = set(zip(one_of_each_family(), cycle(reversed(BLOCKS)), strict=False))


def every_pair() -> list[Any]:
    """Every network with every block; the first ones run without ``-m catalog``."""
    return [
        pytest.param(*pair, marks=() if pair in FIRST else pytest.mark.catalog)
        for pair in product(BACKBONES, BLOCKS)
    ]


def gradients(model: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """The gradients of the sum of all logits, in a training step."""
    named = dict(model.train().named_parameters())
    total = sum(one.sum() for one in logits(model(x)))
    assert isinstance(total, Tensor)
    found = torch.autograd.grad(total, list(named.values()))
    return dict(zip(named, found, strict=True))


def trained(case: Case, is_real: bool) -> dict[str, Tensor]:
    """Gradients of a batch of two with any weights, for real or on fake tensors. These take longer
    for a network of usual size, and never need memory."""
    with blank():
        model = assemble(*case, initialised=False).model
    if is_real:
        return gradients(model, torch.randn(2, *case.conditions.image))
    with FakeTensorMode() as mode:
        for module in model.modules():
            module._parameters = {k: _fake(mode, v) for k, v in module._parameters.items()}
            module._buffers = {k: _fake(mode, v) for k, v in module._buffers.items()}
        return gradients(model, torch.randn(2, *case.conditions.image))


def _fake(mode: FakeTensorMode, tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else mode.from_tensor(tensor)


@pytest.mark.parametrize("size", SIZES, ids=["96x64", "64x64"])
@pytest.mark.parametrize(("backbone", "block"), every_pair())
def test_every_backbone_with_every_block_builds_counts_and_trains(
    backbone: str, block: str, size: tuple[int, int]
) -> None:
    case = case_of(parse(f"{backbone}+{block}"), size)
    (record,) = run([case])
    assert record.status == "ok"
    assert record.warnings == (), "the counters agree, and know every operator"
    counts = record.counts
    assert 0 < counts.macs <= counts.flops
    assert {module.block for module in counts.modules} == {block}
    stages = BACKBONES[backbone].stage_names
    assert [m.stage for m in counts.modules] == sorted(
        (m.stage for m in counts.modules), key=stages.index
    )
    found = trained(case, is_real=(backbone, block) in FIRST and size == SIZE)
    assert sum(gradient.numel() for gradient in found.values()) == counts.params


@pytest.mark.parametrize("backbone", families())
def test_a_network_trains_for_real_with_all_blocks(backbone: str) -> None:
    torch.manual_seed(0)
    case = case_of(parse("+".join([backbone, *BLOCKS])), SIZE)
    model = assemble(*case).model
    found = gradients(model, torch.randn(2, *case.conditions.image))
    assert all(gradient.isfinite().all() for gradient in found.values())
    inserted = tuple(f"{name}." for name in model.inserted_blocks)
    own = [gradient for name, gradient in found.items() if name.startswith(inserted)]
    assert any(gradient.abs().sum() > 0 for gradient in own)


@pytest.mark.parametrize("backbone", every_backbone())
def test_stem_stages_and_head_hold_every_parameter_once(backbone: str) -> None:
    """All parameters and modules are in the stem, the stages or the head, and none is in two."""
    case = case_of(parse(backbone))
    model = assemble(*case, initialised=False).model
    parts = stage_units(
        model, BACKBONES[backbone], outputs(model.eval(), example_inputs.zeros(case.conditions))
    )
    modules = [model.get_submodule(name) for units in parts.values() for name in units]
    shared = [p for module in modules for p in module.parameters()]
    assert len(shared) == len(set(shared))
    assert set(shared) == set(model.parameters())
    assert all(parts[stage] for stage in BACKBONES[backbone].stage_names)


@pytest.mark.parametrize("backbone", every_backbone())
def test_stages_shrink_by_the_total_stride(backbone: str) -> None:
    """With SR in every stage, the last feature map has the side that the catalog's stride gives."""
    row = BACKBONES[backbone]
    side = 4 * row.total_stride
    spec = parse(f"{backbone}+sr:memories=1,stage={'/'.join(row.stage_names)}")
    conditions = Conditions(side, side, case_of(spec).conditions.num_classes)
    inserted = assemble(spec, conditions, initialised=False).inserted
    assert [block.stage for block in inserted] == list(row.stage_names)
    sides = [block.shape[1] for block in inserted]
    assert sides == sorted(sides, reverse=True)
    assert sides[-1] == 4
