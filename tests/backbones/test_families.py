"""Networks beyond ImageNet's ResNets: what their papers say of them, and where blocks go."""

import pytest
import torch
import torchvision
from support.networks import families
from torch import nn

import srbench
from srbench import blocks
from srbench.backbones.cifar_resnet import PaddedIdentity
from srbench.catalog import BACKBONES
from srbench.errors import BuildError, SpecError
from srbench.models import load_backbone_weights
from srbench.models.build import assemble
from srbench.spec.cases import case_of
from srbench.spec.parse import parse


def placed(spec: str, size: int = 64) -> list[tuple[str, tuple[int, int, int]]]:
    inserted = assemble(*case_of(parse(spec), size), initialised=False).inserted
    return [(block.module, block.shape) for block in inserted]


def se_parameters(spec: str, size: int = 64) -> int:
    """By the closed form, from the channels of every site."""
    return sum(2 * c * (c // 16) + c // 16 + c for _, (c, _, _) in placed(spec, size))


@pytest.mark.parametrize("backbone", families("densenet121"))
def test_a_fresh_memory_leaves_the_output_unchanged(backbone: str) -> None:
    """Plain weights load into SR in every stage, in spite of the modules it wraps."""
    row = BACKBONES[backbone]
    torch.manual_seed(0)
    plain = srbench.build(backbone, input_size=64).eval()
    every = "/".join(row.stage_names)
    spec = f"{backbone}+dropout2d+sr:memories=1,stage={every}"
    model = srbench.build(spec, input_size=64).eval()
    load_backbone_weights(model, plain.state_dict())
    x = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        expected, found = plain(x), model(x)
    if isinstance(expected, dict):
        expected, found = expected["out"], found["out"]
    assert torch.equal(found, expected)


@pytest.mark.parametrize("spec", ["densenet121+sr+se", "densenet121+se+sr"])
def test_a_block_after_a_module_does_not_hide_sites_inside_it(spec: str) -> None:
    model = srbench.build(spec, input_size=64)
    layer = model.features.denseblock4[0].denselayer1
    assert [type(m) for m in layer.conv2] == [nn.Conv2d, blocks.SqueezeExcitation]
    assert isinstance(model.features.denseblock4[1], blocks.SqueezeRemember)
    assert all(isinstance(model.get_submodule(name), nn.Module) for name in model.inserted_blocks)
    plain = torchvision.models.densenet121()
    result = model.load_state_dict(plain.state_dict(), strict=False)
    assert not result.unexpected_keys
    assert torch.equal(layer.conv2[0].weight, plain.features.denseblock4.denselayer1.conv2.weight)
    again = srbench.build(spec, input_size=64)
    again.load_state_dict(model.state_dict())


def test_option_a_subsamples_and_pads_with_zeros() -> None:
    x = torch.randn(2, 16, 8, 8)
    y = PaddedIdentity(16, 32, 2)(x)
    assert torch.equal(y[:, 8:24], x[:, :, ::2, ::2])
    assert not y[:, :8].any()
    assert not y[:, 24:].any()


@pytest.mark.parametrize("depth", [20, 32, 44, 56, 110, 1202])
def test_cifar_resnets_have_their_depth_and_parameters(depth: int) -> None:
    """Layers with weights by the paper's formula 6n + 2, and parameters counted by hand."""
    model = assemble(*case_of(parse(f"cifar_resnet{depth}")), initialised=False).model
    weighted = [m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    assert len(weighted) == depth
    n = (depth - 2) // 6
    convs = 27 * 16 + 9 * (2 * n * 16**2 + 16 * 32 + (2 * n - 1) * 32**2)
    convs += 9 * (32 * 64 + (2 * n - 1) * 64**2)
    norms = 2 * (16 + 2 * n * (16 + 32 + 64))
    assert sum(p.numel() for p in model.parameters()) == convs + norms + 64 * 10 + 10


def test_projections_add_two_1x1_convolutions() -> None:
    rows = srbench.count("cifar_resnet20", "cifar_resnet20:shortcut=projection")
    projections = 16 * 32 + 2 * 32 + 32 * 64 + 2 * 64
    assert rows[1].counts.params - rows[0].counts.params == projections


def test_wide_resnets_have_their_depth() -> None:
    model = assemble(*case_of(parse("wrn40_4")), initialised=False).model
    convs = [m for m in model.modules() if isinstance(m, nn.Conv2d) and m.kernel_size == (3, 3)]
    assert len(convs) == 40 - 3  # the others are the classifier and, as authors count, shortcuts
    assert model.layer3[0].conv1.out_channels == 4 * 64


def test_wide_resnets_have_dropout_in_every_block() -> None:
    model = srbench.build("wrn16_8:dropout=0.3")
    assert [m.p for m in model.modules() if isinstance(m, nn.Dropout)] == [0.3] * 6


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("cifar_resnet21", "the depth must be 6n + 2"),
        ("cifar_resnet2", "the depth must be 6n + 2"),
        ("wrn27_10", "the depth must be 6n + 4"),
        ("cifar_resnet020", "did you mean cifar_resnet20?"),
        ("wrn28_0", "did you mean wrn28_10?"),
    ],
)
def test_a_depth_that_no_network_has_is_an_error(name: str, what: str) -> None:
    with pytest.raises(SpecError) as raised:
        parse(name)
    assert what in raised.value.hint


def test_vgg_takes_blocks_after_every_relu() -> None:
    plain = torchvision.models.vgg16_bn()
    relus = [f"features.{i}.1" for i, m in enumerate(plain.features) if isinstance(m, nn.ReLU)]
    assert [name for name, _ in placed("vgg16_bn+se")] == relus
    pools = [i for i, m in enumerate(plain.features) if isinstance(m, nn.MaxPool2d)]
    stages = "/".join(f"stage{i}" for i in range(1, 6))
    assert [name for name, _ in placed(f"vgg16_bn+sr:stage={stages}")] == [
        f"features.{i}.1" for i in pools
    ]


def test_mobilenet_v1_takes_blocks_after_every_convolution() -> None:
    model = assemble(*case_of(parse("mobilenet_v1+se")), initialised=False).model
    convs = [m for m in model.modules() if isinstance(m, nn.Conv2d)]
    assert len(model.inserted_blocks) == len(convs) == 27
    rows = srbench.count("mobilenet_v1+se")
    assert rows.delta(rows[1], "params") == se_parameters("mobilenet_v1+se")


@pytest.mark.parametrize(
    "backbone",
    [
        "mobilenet_v2",
        *(
            pytest.param(name, marks=pytest.mark.catalog)
            for name in ("vgg11", "densenet121", "regnet_x_400mf", "convnext_tiny")
        ),
    ],
)
def test_the_cost_of_se_equals_the_closed_form(backbone: str) -> None:
    rows = srbench.count(f"{backbone}+se", input_size=64)
    assert rows.delta(rows[1], "params") == se_parameters(f"{backbone}+se")
    macs = sum(2 * c * (c // 16) for _, (c, _, _) in placed(f"{backbone}+se"))
    assert rows.delta(rows[1], "macs") == macs


def test_inverted_residuals_take_blocks_before_the_addition() -> None:
    model = srbench.build("mobilenet_v2+se", input_size=64).eval()
    unit = model.features[3]
    assert unit.use_res_connect
    assert isinstance(unit.conv[-1], blocks.SqueezeExcitation)
    x = torch.randn(1, 24, 8, 8)
    torch.testing.assert_close(unit(x), x + unit.conv(x))


def test_a_cifar_stem_keeps_the_resolution() -> None:
    case = case_of(parse("resnet18:stem=cifar+sr:stage=layer1"))
    assert (case.conditions.height, case.conditions.num_classes) == (32, 10)
    assert assemble(*case).inserted[0].shape == (64, 32, 32)


def test_memories_in_segmentation_have_an_eighth_of_the_resolution() -> None:
    spec = "deeplabv3_resnet50:classes=19+sr:stage=layer3/layer4+sr:after=classifier.0"
    inserted = assemble(*case_of(parse(spec), "128x256"), initialised=False).inserted
    assert [(block.stage, block.shape) for block in inserted] == [
        ("layer3", (1024, 16, 32)),
        ("layer4", (2048, 16, 32)),
        ("classifier.0", (256, 16, 32)),
    ]


def test_segmentation_networks_have_their_classes_in_the_spec() -> None:
    model = srbench.build("fcn_resnet50:classes=19,aux=true", input_size=64).eval()
    found = model(torch.zeros(1, 3, 64, 64))
    assert {name: logits.shape for name, logits in found.items()} == {
        "out": (1, 19, 64, 64),
        "aux": (1, 19, 64, 64),
    }
    assert srbench.build("fcn_resnet50:classes=19", input_size=64, num_classes=19)
    with pytest.raises(SpecError, match="has 21 classes, but --num-classes is 19") as raised:
        srbench.build("fcn_resnet50", num_classes=19)
    assert raised.value.hint.endswith("fcn_resnet50:classes=19")


def test_a_row_reports_its_auxiliary_head() -> None:
    plain, aux = srbench.count("fcn_resnet50", "fcn_resnet50:aux=true", input_size=64)
    params = aux.counts.params - plain.counts.params
    macs = aux.counts.macs - plain.counts.macs
    assert f"{params:,} parameters, {macs:,} MACs" in aux.settings["fcn_resnet50:aux=true"]
    assert "fcn_resnet50" not in plain.settings


def test_a_row_reports_that_its_network_has_built_in_se() -> None:
    for backbone in ("mobilenet_v3_large", "efficientnet_b0", "regnet_y_400mf"):
        (row,) = srbench.count(backbone, input_size=64)
        assert row.settings[backbone].startswith("has SE of its own")
        model = assemble(*case_of(parse(backbone)), initialised=False).model
        assert any(type(m).__name__ == "SqueezeExcitation" for m in model.modules())
    (row,) = srbench.count("regnet_x_400mf", input_size=64)
    assert row.settings == {}


# --- after=


@pytest.mark.parametrize(
    ("after", "modules"),
    [
        ("features.14", ["features.14.1"]),
        ("features.4/features.14", ["features.4.1", "features.14.1"]),
        ("features.*", [f"features.{i}.{3 if i in (0, 18) else 1}" for i in range(19)]),
        ("features.1.conv.*", [f"features.1.conv.{i}.{n}" for i, n in ((0, 3), (1, 1), (2, 1))]),
    ],
)
def test_after_accepts_any_module(after: str, modules: list[str]) -> None:
    assert [name for name, _ in placed(f"mobilenet_v2+se:after={after}")] == modules


@pytest.mark.parametrize(
    ("spec", "problem", "remedy"),
    [
        ("resnet18+se:after=layer5", "has no module layer5", "did you mean layer"),
        ("resnet18+se:after=nowhere.*", "has no module nowhere.*", "its modules: conv1"),
        ("resnet18+se:after=layer4/layer4.*", "layer4.0 is a part of layer4", "name one"),
        ("resnet18+se:after=layer1.0/layer1.*", "after names layer1.0 twice", "once"),
        ("resnet18+se:after=fc", "of shape (B, 1000)", "feature map"),
        ("resnet18+se:after=layer1.0.relu", "runs 2 times", "runs once"),
        ("deeplabv3_resnet50+se:after=backbone", "is not a tensor", "feature map"),
        ("vgg11+sr:stage=stage9", "there is no stage 'stage9'", "stage1, stage2"),
    ],
)
def test_an_unsuitable_place_is_an_error(spec: str, problem: str, remedy: str) -> None:
    with pytest.raises((BuildError, SpecError)) as raised:
        srbench.build(spec, input_size=64)
    assert problem in raised.value.message
    assert remedy in raised.value.hint


def test_a_module_that_never_runs_is_not_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    import srbench.backbones.torchvision_models as home

    def with_a_spare(name: str, num_classes: int) -> nn.Module:
        model = torchvision.models.get_model(name, num_classes=num_classes)
        model.spare = nn.Identity()
        return model

    monkeypatch.setattr(home, "build", with_a_spare)
    with pytest.raises(BuildError, match="spare never runs"):
        srbench.build("vgg11+se:after=spare", input_size=(64, 72))


@pytest.mark.parametrize("after", ["features..1", ".features", "features.+", "*/*", "a/b/a"])
def test_an_invalid_pattern_is_an_error(after: str) -> None:
    with pytest.raises(SpecError):
        parse(f"vgg11+se:after={after}")


def test_stage_and_after_exclude_each_other() -> None:
    with pytest.raises(SpecError, match="stage and after both say where se goes"):
        parse("resnet18+se:stage=layer1,after=layer2")


def test_after_is_a_part_of_the_specs_identity() -> None:
    assert str(parse("vgg11+se:after=features.8/features.0")) == (
        "vgg11+se:after=features.0/features.8"
    )
