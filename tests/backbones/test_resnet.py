"""The ResNets against torchvision's own."""

import pytest
import torch
import torchvision
from torchvision.models.resnet import Bottleneck

import srbench
from srbench.backbones.resnet import ARCHITECTURES
from srbench.catalog import BACKBONES
from srbench.errors import BuildError

IN_TORCHVISION = sorted(set(ARCHITECTURES) & set(torchvision.models.list_models()))


def test_every_architecture_is_in_the_catalog() -> None:
    assert set(ARCHITECTURES) == {n for n, b in BACKBONES.items() if b.family == "ResNet"}


@pytest.mark.parametrize("name", IN_TORCHVISION)
def test_layers_are_the_same_as_torchvisions(name: str) -> None:
    with torch.device("meta"):
        ours, theirs = srbench.build(name), torchvision.models.get_model(name)

    def layers(model: torch.nn.Module) -> list[tuple[str, str]]:
        return [(key, repr(m)) for key, m in model.named_modules() if not list(m.children())]

    assert layers(ours) == layers(theirs)
    shapes = {key: value.shape for key, value in theirs.state_dict().items()}
    assert {key: value.shape for key, value in ours.state_dict().items()} == shapes


def test_the_same_weights_give_the_same_output() -> None:
    theirs = torchvision.models.resnet18().eval()
    ours = srbench.build("resnet18", input_size=64).eval()
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(2, 3, 64, 64)
    assert torch.equal(ours(x), theirs(x))


def test_v1_moves_the_stride_to_the_first_1x1() -> None:
    model = srbench.build("resnet50:stride=v1", input_size=64)
    first = [stage[0] for stage in (model.layer2, model.layer3, model.layer4)]
    assert [(b.conv1.stride, b.conv2.stride) for b in first] == [((2, 2), (1, 1))] * 3
    others = [m for m in model.modules() if isinstance(m, Bottleneck) and m not in first]
    assert all(b.conv1.stride == b.conv2.stride == (1, 1) for b in others)
    assert model(torch.zeros(1, 3, 64, 64)).shape == (1, 1000)


def test_widen_multiplies_the_stages_and_not_the_stem() -> None:
    model = srbench.build("resnet18:widen=1.5", input_size=64, num_classes=7)
    assert model.conv1.out_channels == 64
    assert [model.get_submodule(f"layer{i}.1.conv2").out_channels for i in range(1, 5)] == [
        96,
        192,
        384,
        768,
    ]
    assert model(torch.zeros(2, 3, 64, 64)).shape == (2, 7)


@pytest.mark.parametrize(
    ("spec", "step"), [("resnet18:widen=1.01", 64), ("resnext50_32x4d:widen=1.1", 4)]
)
def test_widen_never_rounds(spec: str, step: int) -> None:
    with pytest.raises(BuildError, match="a fraction of a channel") as raised:
        srbench.build(spec)
    assert raised.value.hint == f"use a multiple of 1/{step}"
