"""Models of which a copy would be another model: they keep their modules, and are timed whole."""

import threading
from typing import Any

import pytest
import torch
from support.networks import on_device
from torch import Tensor, nn

from srbench.conditions import Conditions, Setup
from srbench.measure.model_copies import copied
from srbench.measure.passes import Loaded, task
from srbench.measure.placement import Places
from srbench.models.build import build

SMALL = Conditions(8, 8, num_classes=3)
CPU = torch.device("cpu")
REGISTRY: list[nn.Module] = []


class Net(nn.Module):
    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, width, 3), nn.Linear(width, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.conv(x).mean((2, 3)))


class GradientHook(Net):
    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.conv.weight.register_hook(self.count)

    def count(self, gradient: Tensor) -> None:
        self.calls += 1


class AccumulatingHook(GradientHook):
    def __init__(self) -> None:
        Net.__init__(self)
        self.calls = 0
        self.conv.weight.register_post_accumulate_grad_hook(self.count)


class Forgetful(Net):
    """Its copy has another width."""

    def __init__(self, width: int = 8) -> None:
        super().__init__(width)

    def __deepcopy__(self, memo: Any) -> nn.Module:
        return Forgetful(4)


class Smaller(Net):
    def __deepcopy__(self, memo: Any) -> nn.Module:
        return nn.Linear(2, 2)


class Nothing(Net):
    def __deepcopy__(self, memo: Any) -> None:
        return None


class Fresh(Net):
    """Its copy has another dtype."""

    def __reduce_ex__(self, protocol: Any) -> Any:
        return Fresh, ()


class Scripted(Net):
    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.jit.script(self.conv)


class Nested(Net):
    """A class made on the way keeps the network, and computes with it."""

    def __init__(self) -> None:
        super().__init__()
        outer = self

        class Inner(nn.Module):
            def forward(self, x: Tensor) -> Tensor:
                return outer.head(outer.conv(x).mean((2, 3)))

        self.inner = Inner()

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x)


class Registered(Net):
    """Looks its convolution up elsewhere, where a copy finds the first one's."""

    def __init__(self) -> None:
        super().__init__()
        REGISTRY.append(self.conv)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(REGISTRY[-1](x).mean((2, 3)))


def subject(model: nn.Module, **setup: object) -> Loaded:
    return on_device("net", model, SMALL, Setup(batch=4, **setup), CPU)


def gradients(net: Loaded) -> list[bool]:
    once = task(net, "train")
    once.prepare()
    once.run()
    return [parameter.grad is not None for parameter in net.model.parameters()]


KINDS = [
    *(GradientHook, AccumulatingHook, Forgetful, Smaller, Nothing, Fresh, Nested, Registered),
    pytest.param(Scripted, marks=pytest.mark.filterwarnings("ignore::DeprecationWarning")),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_model_whose_copy_would_be_another_keeps_its_modules(
    kind: type[nn.Module], dtype: str
) -> None:
    model = kind()
    net, moving = subject(model, dtype=dtype), Places(CPU, "0")
    for _ in range(3):
        before = model.head.weight.data_ptr()
        moving.move([net])
        assert net.model is model
        assert model.head.weight.data_ptr() != before
        assert all(gradients(net))
        assert task(net, "forward").run().shape == (4, 3)


@pytest.mark.parametrize("kind", [GradientHook, AccumulatingHook])
def test_a_hook_on_a_parameter_is_called_after_every_move(kind: type[GradientHook]) -> None:
    net, moving = subject(kind()), Places(CPU, "0")
    for number in range(3):
        moving.move([net])
        gradients(net)
        assert net.model.calls == number + 1


def test_without_gradients_a_copy_is_not_run_in_training_mode() -> None:
    class Inference(Net):
        def forward(self, x: Tensor) -> Tensor:
            assert not self.training
            return super().forward(x)

    net = subject(Inference().eval())
    Places(CPU, "0", trains=False).move([net])
    assert task(net, "forward").run().shape == (4, 3)


def test_memory_that_is_short_while_copies_are_compared_leaves_the_model_where_it_is() -> None:
    class Hungry(Net):
        def forward(self, x: Tensor) -> Tensor:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1.00 GiB.")

    net, moving = subject(Hungry()), Places(CPU, "0")
    moving.move([net])
    assert moving.stayed == {"net"}


@pytest.mark.parametrize("spec", ["resnet18+se+sr", "cifar_resnet8+cbam", "wrn10_1+dropout2d"])
def test_networks_of_srbench_are_copied(spec: str) -> None:
    model = build(spec)
    copy = copied(model)
    assert copy is not None
    assert not {*map(id, copy.modules())} & {*map(id, model.modules())}
    for (name, old), new in zip(model.named_parameters(), copy.parameters(), strict=True):
        assert old is not new, name
        torch.testing.assert_close(old, new, rtol=0, atol=0)


def test_what_python_cannot_copy_has_no_copy() -> None:
    model = Net()
    model.lock = threading.Lock()
    assert copied(model) is None
