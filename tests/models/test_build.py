"""Blocks in backbones: the right places, the right shapes, and the backbone unharmed."""

from dataclasses import replace

import pytest
import torch
import torchvision
from torch import nn

import srbench
from srbench import blocks
from srbench.catalog import BACKBONES, Stage
from srbench.conditions import Conditions, input_size
from srbench.errors import BuildError, SpecError
from srbench.models import load_backbone_weights
from srbench.models.build import assemble
from srbench.models.sites import find_sites
from srbench.spec.parse import parse

SMALL = Conditions(64, 64, 10)


def placed(spec: str, conditions: Conditions = SMALL) -> list[tuple[str, tuple[int, int, int]]]:
    return [(block.module, block.shape) for block in assemble(parse(spec), conditions).inserted]


def test_gates_follow_the_last_norm_of_every_residual_branch() -> None:
    model = srbench.build("resnet50+se", input_size=64)
    for stage, depth in (("layer1", 3), ("layer2", 4), ("layer3", 6), ("layer4", 3)):
        for i in range(depth):
            norm, block = model.get_submodule(f"{stage}.{i}.bn3")
            assert isinstance(norm, nn.BatchNorm2d)
            assert isinstance(block, blocks.SqueezeExcitation)
    assert sum(isinstance(m, blocks.SqueezeExcitation) for m in model.modules()) == 16


def test_in_basic_blocks_gates_follow_the_second_norm() -> None:
    assert placed("resnet18+cbam")[:2] == [
        ("layer1.0.bn2.1", (64, 16, 16)),
        ("layer1.1.bn2.1", (64, 16, 16)),
    ]


def test_squeeze_remember_follows_the_last_stage() -> None:
    model = srbench.build("resnet50+sr", input_size=64)
    assert isinstance(model.layer4[-1], blocks.SqueezeRemember)
    assert len(model.layer4) == 4


def test_dropout_is_in_the_last_two_stages() -> None:
    names = [name for name, _ in placed("resnet18+dropout2d")]
    assert names == [f"layer{s}.{i}.bn2.1" for s in (3, 4) for i in (0, 1)]


def test_stages_can_be_chosen() -> None:
    assert placed("resnet18+sr:stage=layer2/layer3+se:stage=layer1") == [
        ("layer2.2", (128, 8, 8)),
        ("layer3.2", (256, 4, 4)),
        ("layer1.0.bn2.1", (64, 16, 16)),
        ("layer1.1.bn2.1", (64, 16, 16)),
    ]


def test_blocks_apply_in_the_order_written() -> None:
    site = srbench.build("resnet18+cbam+se", input_size=64).layer1[0].bn2
    assert [type(m) for m in site] == [nn.BatchNorm2d, blocks.CBAM, blocks.SqueezeExcitation]
    site = srbench.build("resnet18+se+cbam", input_size=64).layer1[0].bn2
    assert [type(m) for m in site] == [nn.BatchNorm2d, blocks.SqueezeExcitation, blocks.CBAM]


@pytest.mark.parametrize(
    ("size", "shape"),
    [
        (224, (512, 7, 7)),
        ((192, 256), (512, 6, 8)),
        ("33x100", (512, 2, 4)),
        (32, (512, 1, 1)),
    ],
)
def test_memories_have_the_shape_of_the_feature_map(size: object, shape: tuple) -> None:
    model = srbench.build("resnet18+sr", input_size=size)
    assert model.layer4[-1].memory.shape[1:] == shape
    assert model(torch.zeros(2, 3, *input_size(size))).shape == (2, 1000)


@pytest.mark.parametrize("spec", ["resnet18+sr", "resnet50+sr:stage=layer1/layer3+dropout2d"])
def test_identity_blocks_leave_the_baselines_output_unchanged(spec: str) -> None:
    torch.manual_seed(0)
    name = spec.partition("+")[0]
    plain = torchvision.models.get_model(name).eval()
    model = srbench.build(spec, input_size=64).eval()
    load_backbone_weights(model, plain.state_dict())
    x = torch.randn(2, 3, 64, 64)
    assert torch.equal(model(x), plain(x))


def test_a_loaded_variant_computes_the_papers_residual_block() -> None:
    """SE on the branch, before the addition: written out with the plain network's own layers."""
    torch.manual_seed(0)
    plain = torchvision.models.resnet18().eval()
    model = srbench.build("resnet18+se", input_size=64).eval()
    load_backbone_weights(model, plain.state_dict())
    x = torch.randn(1, 64, 16, 16)
    b = plain.layer1[0]
    branch = b.bn2(b.conv2(b.relu(b.bn1(b.conv1(x)))))
    expected = torch.relu(model.layer1[0].bn2[1](branch) + x)
    torch.testing.assert_close(model.layer1[0](x), expected)


def test_plain_weights_load_into_a_variant_by_load_state_dict_too() -> None:
    plain = torchvision.models.resnet18()
    model = srbench.build("resnet18+cbam+sr", input_size=64)
    result = model.load_state_dict(plain.state_dict(), strict=False)
    assert not result.unexpected_keys
    assert all(".bn2.1." in key or key.startswith("layer4.2.") for key in result.missing_keys)
    for key, value in plain.state_dict().items():
        renamed = key.replace(".bn2.", ".bn2.0.")
        assert torch.equal(model.state_dict()[renamed], value)


def test_variants_round_trip_their_own_weights() -> None:
    first, second = (srbench.build("resnet18+se+sr", input_size=64).eval() for _ in range(2))
    second.load_state_dict(first.state_dict())
    x = torch.randn(1, 3, 64, 64)
    assert torch.equal(first(x), second(x))


def test_weights_that_do_not_fit_are_an_error_and_change_nothing() -> None:
    model = srbench.build("resnet18+se", input_size=64)
    weights = torchvision.models.resnet18().state_dict()
    del weights["layer2.0.bn2.weight"]
    with pytest.raises(BuildError, match=r"layer2\.0\.bn2"):
        load_backbone_weights(model, weights)
    with pytest.raises(BuildError, match=r"fc\.weight"):
        load_backbone_weights(model, torchvision.models.resnet18(num_classes=3).state_dict())
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with pytest.raises(BuildError, match="do not fit"):
        load_backbone_weights(model, torchvision.models.resnet34().state_dict())
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


def test_weights_of_a_variant_are_not_loaded_as_the_backbones() -> None:
    model = srbench.build("resnet18+se", input_size=64)
    with pytest.raises(BuildError, match="weights of a variant"):
        load_backbone_weights(model, model.state_dict())


def test_loading_reports_which_keys_are_new() -> None:
    model = srbench.build("resnet18+sr", input_size=64)
    new = load_backbone_weights(model, torchvision.models.resnet18().state_dict())
    assert "layer4.2.memory" in new
    assert all(key.startswith("layer4.2.") for key in new)


def test_finding_sites_raises_if_no_module_matches() -> None:
    model = torchvision.models.resnet18()
    stages = (Stage("layer1", "layer1", ("layer1.*.bn9",)), Stage("layer5", "layer5"))
    wrong = replace(BACKBONES["resnet18"], stages=stages)
    for place, stage, missing in (
        ("branch", "layer1", r"layer1\.\*\.bn9"),
        ("stage", "layer5", "layer5"),
    ):
        with pytest.raises(BuildError, match=f"no module {missing}"):
            list(find_sites(model, wrong, place, {"stage": (stage,), "after": ()}))


@pytest.mark.parametrize("size", [1, 31, "32x31", (16, 64)])
def test_an_input_too_small_for_the_network_is_an_error(size: object) -> None:
    with pytest.raises(BuildError, match="too small for resnet18") as raised:
        srbench.build("resnet18", input_size=size)
    assert "32" in raised.value.hint


def test_the_error_for_a_too_large_reduction_names_the_spec_and_the_site() -> None:
    with pytest.raises(BuildError, match="reduction 300 leaves none of 256 channels") as raised:
        srbench.build("resnet50+se:reduction=300", input_size=64)
    assert "resnet50+se:reduction=300" in raised.value.message
    assert "layer1.0.bn3" in raised.value.message


def test_an_uninitialised_assembly_has_the_same_parameters() -> None:
    spec = parse("resnet18+cbam+sr")
    blank, real = (assemble(spec, SMALL, initialised).model for initialised in (False, True))
    assert {k: v.shape for k, v in blank.state_dict().items()} == {
        k: v.shape for k, v in real.state_dict().items()
    }
    assert all(p.requires_grad for p in blank.parameters())


def test_training_steps_change_every_parameter() -> None:
    torch.manual_seed(0)
    model = srbench.build("resnet18+se+cbam+sr+dropout2d", input_size=64, num_classes=5).train()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    before = {key: value.clone() for key, value in model.named_parameters()}
    x, y = torch.randn(4, 3, 64, 64), torch.arange(4)
    for _ in range(3):
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimiser.step()
    same = [key for key, value in model.named_parameters() if torch.equal(value, before[key])]
    assert same == []


def test_bad_specs_are_spec_errors() -> None:
    with pytest.raises(SpecError):
        srbench.build("resnet50+nope")
