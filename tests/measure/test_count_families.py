"""The parts of a count, against hooks on the modules of a real pass, and against fvcore."""

import pytest
import torch
from torch import Tensor, nn

from srbench import build, count
from srbench.runner.tallies import tally
from srbench.spec.cases import case_of
from srbench.spec.parse import parse

SPECS = ("resnet18", "cifar_resnet20+se", "mobilenet_v2", "cifar_resnet20+sr")
KINDS = {
    "norms": (nn.BatchNorm2d,),
    "activations": (nn.ReLU, nn.ReLU6, nn.Sigmoid),
    "poolings": (nn.AdaptiveAvgPool2d, nn.MaxPool2d),
}


def elements(spec: str) -> dict[str, int]:
    """What modules of each kind put out, or read, in a real pass."""
    case = case_of(parse(spec))
    model, found = build(spec).eval(), dict.fromkeys(KINDS, 0)

    def add(module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        for name, kinds in KINDS.items():
            if isinstance(module, kinds):
                found[name] += (inputs[0] if name == "poolings" else output).numel()

    for module in model.modules():
        module.register_forward_hook(add)
    with torch.no_grad():
        model(torch.zeros(1, 3, case.conditions.height, case.conditions.width))
    return found


@pytest.mark.parametrize("spec", SPECS)
def test_the_elements_of_modules_are_those_of_operators(spec: str) -> None:
    found = tally(case_of(parse(spec))).macs
    expected = elements(spec)
    if "cifar" in spec or spec == "mobilenet_v2":  # they take means in functions
        expected.pop("poolings")
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize("spec", SPECS)
def test_the_products_and_fvcores_total_are_those_of_a_count(spec: str) -> None:
    *_, row = count(spec)
    found = tally(case_of(parse(spec)))
    assert found.macs["products"] == row.counted.macs
    assert found.macs["fvcore"] == row.counted.flops
    assert found.params["total"] == row.counted.params
    assert found.params["statistics"] == found.params["norms"], "two for each channel, both"


def test_biases_are_those_of_linear_layers_convolutions_and_blocks() -> None:
    found = tally(case_of(parse("resnet18+se")))
    widths = (64, 128, 256, 512)
    own = 2 * sum(width // 16 + width for width in widths)
    assert found.params["block_biases"] == own
    assert found.params["biases"] == own + 1_000
    assert found.macs["biases"] == own + 1_000, "once an image"


def test_residual_additions_and_the_gates_products() -> None:
    """ResNet-18 adds twice in each stage, at 56, 28, 14 and 7 pixels; SE multiplies as often."""
    found = tally(case_of(parse("resnet18+se"))).macs
    sides = ((64, 56), (128, 28), (256, 14), (512, 7))
    expected = 2 * sum(width * side * side for width, side in sides)
    assert found["additions"] == found["multiplications"] == expected
