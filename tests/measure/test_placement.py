"""Moving models in memory: what stays, what changes, and what cannot be moved."""

import gc
import threading
import weakref
from copy import deepcopy

import pytest
import torch
from support.networks import on_device
from torch import Tensor, nn

from srbench.conditions import Conditions, Setup
from srbench.measure import model_copies
from srbench.measure.passes import Loaded, task
from srbench.measure.placement import Places
from srbench.models.build import build
from srbench.shapes.call import Call

SMALL = Conditions(8, 8, num_classes=3)
CPU = torch.device("cpu")


class Net(nn.Module):
    """Tied weights, a view of other weights, and several kinds of buffers."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Linear(4, 3)
        self.again = nn.Linear(4, 3)
        self.again.weight = self.head.weight
        self.whole = nn.Parameter(torch.randn(6, 4))
        self.register_buffer("part", self.whole.detach()[3:])
        self.register_buffer("spread", torch.zeros(1).expand(5))
        self.register_buffer("none", torch.zeros(0))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.conv(x)).mean((2, 3))
        return self.head(y) + self.again(y)


def subject(model: nn.Module, **setup: object) -> Loaded:
    return on_device("net", model, SMALL, Setup(batch=4, **setup), CPU)


def addresses(subject: Loaded) -> set[int]:
    tensors = [*subject.model.parameters(), *subject.model.buffers(), subject.inputs.args[0]]
    return {tensor.data_ptr() for tensor in tensors if tensor.numel()}


def tensors_of(subject: Loaded) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in subject.model.state_dict().items()}


@pytest.mark.parametrize("layout", [False, True])
def test_a_move_changes_every_address_and_no_value(layout: bool) -> None:
    torch.manual_seed(0)
    net = subject(Net(), channels_last=layout)
    task(net, "train").run()
    before, values, result = addresses(net), tensors_of(net), net.model.eval()(net.inputs.args[0])
    strides = [parameter.stride() for parameter in net.model.parameters()]
    assert net.above
    above = net.above[0].clone()
    moving = Places(CPU, "0")
    moving.move([net])
    assert not before & addresses(net)
    assert [parameter.stride() for parameter in net.model.parameters()] == strides
    assert net.model.conv.weight.is_contiguous(memory_format=torch.channels_last) or not layout
    for name, tensor in tensors_of(net).items():
        torch.testing.assert_close(tensor, values[name], rtol=0, atol=0)
    torch.testing.assert_close(net.model(net.inputs.args[0]), result, rtol=0, atol=0)
    torch.testing.assert_close(net.above[0], above, rtol=0, atol=0)


def test_tensors_that_share_memory_still_share_it_after_a_move() -> None:
    net = subject(Net())
    Places(CPU, "0").move([net])
    model = net.model
    assert model.again.weight is model.head.weight
    with torch.no_grad():
        model.whole.fill_(7.0)
    assert (model.part == 7).all()
    assert model.spread.stride() == (0,)


def test_training_still_works_after_a_move() -> None:
    net = subject(Net(), optimizer="adamw")
    moving = Places(CPU, "0")
    for _ in range(3):
        moving.move([net])
        once = task(net, "train")
        once.prepare()
        once.run()
        assert net.model.conv.weight.grad is not None
        assert task(net, "forward").run() is not None


def test_each_move_draws_new_gaps_and_frees_the_old_ones() -> None:
    nets = [subject(Net()) for _ in range(3)]
    moving = Places(CPU, "0")
    sizes = []
    for _ in range(5):
        moving.move(nets)
        sizes.append([gap.numel() for gap in moving._gaps])
    assert len({tuple(one) for one in sizes}) == 5
    assert all(len(one) < 3 * 2 * 15 for one in sizes)


def test_the_seed_decides_the_places() -> None:
    drawn = []
    for seed in ("0", "0", "1"):
        moving = Places(CPU, seed)
        moving.move([subject(Net())])
        drawn.append([gap.numel() for gap in moving._gaps])
    assert drawn[0] == drawn[1] != drawn[2]


class Plain(nn.Module):
    """No tensors that share memory, so that modules are copied as well."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.head = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.norm(self.conv(x)).mean((2, 3)))


def test_modules_are_other_objects_after_a_move() -> None:
    net = subject(Plain())
    held = [*net.model.modules()]  # else another object may have the same id
    ids = {id(module) for module in held}
    for _ in range(3):
        before = addresses(net)
        Places(CPU, "0").move([net])
        assert not {id(module) for module in net.model.modules()} & ids
        assert not before & addresses(net)
        assert task(net, "forward").run().shape == (4, 3)


def test_a_sparse_tensor_stays_and_the_others_move() -> None:
    model = Plain()
    model.register_buffer("sparse", torch.eye(3).to_sparse())
    net = subject(model)
    before = net.model.conv.weight.data_ptr()
    Places(CPU, "0").move([net])
    assert net.model.conv.weight.data_ptr() != before
    assert net.model.sparse.is_sparse
    assert task(net, "forward").run().shape == (4, 3)


class Locked(nn.Module):
    """Holds a lock, which cannot be copied."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(8, 3)
        self.lock = threading.Lock()

    def forward(self, x: Tensor) -> Tensor:
        with self.lock:
            return self.head(x.mean((1, 2)))


def test_a_model_that_cannot_be_copied_has_its_tensors_moved() -> None:
    with pytest.raises(TypeError):
        deepcopy(Locked())
    model = Locked()
    net = subject(model)
    before = addresses(net)
    Places(CPU, "0").move([net])
    assert net.model is model
    assert not before & addresses(net)
    assert task(net, "forward").run().shape == (4, 3)


class Wired(Plain):
    """Keeps a function that refers to the network; in a copy it would refer to the original."""

    def __init__(self) -> None:
        super().__init__()
        self.forward = lambda x: Plain.forward(self, x)


class Hooked(Plain):
    """A hook keeps a feature map that the forward pass needs."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Tensor] = []
        self.conv.register_forward_hook(lambda module, given, y: self.kept.append(y))

    def forward(self, x: Tensor) -> Tensor:
        self.conv(x)
        return self.head(self.norm(self.kept.pop()).mean((2, 3)))


class Child(nn.Module):
    """Refers to its parent weakly."""

    def __init__(self, parent: nn.Module) -> None:
        super().__init__()
        self.parent = weakref.ref(parent)

    def forward(self, x: Tensor) -> Tensor:
        return self.parent().norm(x)


class Parent(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.child = Child(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.child(self.conv(x)).mean((2, 3)))


@pytest.mark.parametrize("model", [Wired, Hooked, Parent])
def test_a_model_that_refers_to_itself_keeps_its_modules_and_has_its_tensors_moved(
    model: type[nn.Module],
) -> None:
    net = subject(model())
    whole, moving = net.model, Places(CPU, "0")
    for _ in range(3):
        before = addresses(net)
        moving.move([net])
        assert net.model is whole
        assert not before & addresses(net)
        once = task(net, "train")
        once.prepare()
        once.run()
        assert net.model.conv.weight.grad is not None
        assert task(net, "forward").run().shape == (4, 3)


class Circle(Plain):
    """Has its own method as an attribute, so that only the garbage collector frees it."""

    def __init__(self) -> None:
        super().__init__()
        self.forward = self.forward_split

    def forward_split(self, x: Tensor) -> Tensor:
        return Plain.forward(self, x)


def test_a_model_in_a_reference_cycle_is_freed_even_if_gc_is_disabled() -> None:
    net, moving = subject(Circle()), Places(CPU, "0")
    gc.collect()
    gc.disable()
    try:
        for _ in range(4):
            left = weakref.ref(net.model)
            moving.move([net])
            assert left() is None
    finally:
        gc.enable()
    assert task(net, "forward").run().shape == (4, 3)


def test_attributes_of_a_parameter_are_kept() -> None:
    model = Plain()
    model.head.weight.tag = "head"
    net = subject(model)
    Places(CPU, "0").move([net])
    assert net.model is not model
    assert net.model.head.weight.tag == "head"


def test_a_compiled_model_moves_without_being_compiled_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled: list[int] = []

    def backend(graph: torch.fx.GraphModule, inputs: list[object]) -> object:
        compiled.append(1)
        return graph.forward

    compile_ = torch.compile
    monkeypatch.setattr(
        torch, "compile", lambda model, **how: compile_(model, backend=backend, **how)
    )
    net = subject(build("cifar_resnet8"), compile=True)
    net.inputs = Call((torch.randn(4, 3, 32, 32),))
    moving = Places(CPU, "0")
    for number in range(4):
        before = addresses(net)
        moving.move([net])
        assert not before & addresses(net)
        task(net, "forward").run()
        for _ in range(2):
            once = task(net, "train")
            once.prepare()
            once.run()
        if number == 0:
            first = len(compiled)
    assert len(compiled) == first


def test_a_model_stays_where_it_is_if_memory_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    nets = [subject(Plain()), subject(Plain())]
    models = [net.model for net in nets]

    def short(model: nn.Module) -> nn.Module:
        if model is models[0]:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1.00 GiB.")
        return deepcopy(model)

    monkeypatch.setattr(model_copies, "deepcopy", short)
    before = [addresses(net) for net in nets]
    nets[0].name = "large"
    moving = Places(CPU, "0")
    moving.move(nets)
    assert moving.stayed == {"large"}
    assert nets[0].model is models[0]
    assert addresses(nets[0]) == before[0]
    assert not before[1] & addresses(nets[1])


def test_ctrl_c_while_copying_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(model: nn.Module) -> nn.Module:
        raise KeyboardInterrupt

    monkeypatch.setattr(model_copies, "deepcopy", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Places(CPU, "0").move([subject(Plain())])
