"""The layers of a network, module by module, against fvcore and against what hooks see."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn

import srbench
from srbench.library.layers_of_anything import ShownLayers, layers

# Imported after srbench, which silences the deprecation warning of fvcore's import.
from fvcore.nn import ActivationCountAnalysis, FlopCountAnalysis, parameter_count  # isort: skip

SIDE = 64


class Odd(nn.Module):
    """Modules that run twice, never, on several tensors, or give a dictionary; functions between
    them; and a frozen one."""

    def __init__(self) -> None:
        super().__init__()
        self.twice = nn.Conv2d(3, 3, 3, padding=1)
        self.never = nn.Linear(4, 4)
        self.both = nn.Bilinear(3, 3, 2)
        self.inner = nn.ModuleDict({"norm": nn.BatchNorm2d(3).requires_grad_(False)})
        self.scale = nn.Parameter(torch.ones(3, 3))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        x = self.inner["norm"](self.twice(self.twice(x)[:, :, ::2]))
        mean = x.mean((2, 3))
        return {"map": x, "both": self.both(mean, mean @ self.scale)}


MODELS: dict[str, Callable[[], nn.Module]] = {
    "squeezenet": lambda: torchvision.models.squeezenet1_1(weights=None),
    "mobilenet": lambda: torchvision.models.mobilenet_v3_small(weights=None),
    "resnet with blocks": lambda: srbench.build("resnet18+se+sr", input_size=SIDE),
}


@pytest.fixture(scope="module", params=MODELS)
def network(request: pytest.FixtureRequest) -> tuple[nn.Module, ShownLayers]:
    model = MODELS[request.param]().eval()
    return model, layers(model, torch.rand(1, 3, SIDE, SIDE))


def test_flops_activations_and_parameters_are_those_of_fvcore(
    network: tuple[nn.Module, ShownLayers],
) -> None:
    model, found = network
    x = torch.rand(1, 3, SIDE, SIDE)
    analyses = [FlopCountAnalysis(model, x), ActivationCountAnalysis(model, x)]
    for analysis in analyses:
        analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    flops, activations = (analysis.by_module() for analysis in analyses)
    params = parameter_count(model)
    assert {one.name: (one.flops, one.activations, one.params) for one in found} == {
        name: (flops[name], activations[name], params[name]) for name, _ in model.named_modules()
    }


def test_shapes_and_calls_are_those_that_hooks_see(network: tuple[nn.Module, ShownLayers]) -> None:
    model, found = network
    assert ours(found) == seen(model)


def test_odd_modules_have_the_shapes_that_hooks_see() -> None:
    model = Odd().eval()
    found = layers(model, torch.rand(1, 3, SIDE, SIDE))
    assert ours(found) == seen(model)
    assert found["twice"].calls == 2
    assert found["never"].outputs == ()
    assert found["both"].inputs == ("float32:1x3", "float32:1x3")
    assert found[0].outputs == ("float32:1x3x32x64", "float32:1x2")
    trainable = {name: one.requires_grad for name, one in model.named_parameters()}
    assert sum(trainable.values()) < len(trainable)
    assert found[0].params - found[0].trainable == found["inner.norm"].params == 6


def ours(found: ShownLayers) -> dict[str, Any]:
    return {one.name: (one.calls, one.inputs, one.outputs) for one in found}


def seen(model: nn.Module) -> dict[str, Any]:
    """The calls, and the inputs and outputs of the first one, of each module in a real forward."""
    found: dict[str, Any] = {name: (0, (), ()) for name, _ in model.named_modules()}

    def hook(name: str) -> Callable[..., None]:
        def see(module: nn.Module, inputs: Any, output: Any) -> None:
            calls, *shapes = found[name]
            found[name] = (calls + 1, *(shapes if calls else (written(inputs), written(output))))

        return see

    hooks = [module.register_forward_hook(hook(name)) for name, module in model.named_modules()]
    with torch.no_grad():
        model(torch.rand(1, 3, SIDE, SIDE))
    for handle in hooks:
        handle.remove()
    return found


def written(values: Any) -> tuple[str, ...]:
    return tuple(f"float32:{'x'.join(map(str, one.shape))}" for one in tensors(values))


def tensors(values: Any) -> Iterator[Tensor]:
    if isinstance(values, Tensor):
        yield values
    elif isinstance(values, dict):
        yield from tensors([*values.values()])
    elif isinstance(values, (list, tuple)):
        for one in values:
            yield from tensors(one)
