"""The passes: what runs, in which mode, and what it leaves behind."""

import gc
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import torch
from support.networks import on_device
from torch import Tensor, nn

from srbench.conditions import Conditions, Setup
from srbench.errors import SrbenchError
from srbench.measure import cuda_graphs
from srbench.measure.passes import inference_context, task, tasks
from srbench.measure.pinning import pinned

SMALL = Conditions(8, 8, num_classes=3)


class Net(nn.Module):
    """A convolution, a norm and a classifier, which record how they are run."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Linear(4, 3)
        self.seen: list[tuple[bool, bool, torch.dtype]] = []

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.conv(x))
        self.seen.append((self.training, torch.is_inference_mode_enabled(), y.dtype))
        return self.head(y.mean((2, 3)))


def subject(make: Callable[[], nn.Module] = Net, **setup: object) -> object:
    torch.manual_seed(0)
    return on_device("net", make(), SMALL, Setup(batch=4, **setup), torch.device("cpu"))


def test_forward_runs_in_evaluation_and_inference_mode() -> None:
    net = subject()
    before = net.model.norm.running_mean.clone()
    once = task(net, "forward")
    with inference_context("forward"):
        once.prepare()
        once.run()
    assert net.model.seen == [(False, True, torch.float32)]
    assert torch.equal(net.model.norm.running_mean, before)


def test_backward_alone_runs_no_forward() -> None:
    net = subject()
    once = task(net, "backward")
    with inference_context("backward"):
        once.prepare()
        forwards = len(net.model.seen)
        once.run()
    assert len(net.model.seen) == forwards
    assert all(seen == (True, False, torch.float32) for seen in net.model.seen)
    assert all(p.grad is None for p in net.model.parameters())


def test_backward_reaches_every_parameter() -> None:
    net = subject()
    reached: set[str] = set()
    for name, parameter in net.model.named_parameters():
        parameter.register_hook(lambda gradient, name=name: reached.add(name))
    once = task(net, "backward")
    once.prepare()
    once.run()
    assert reached == dict(net.model.named_parameters()).keys()


class Segmenter(Net):
    """Two heads, as torchvision's segmentation networks return them."""

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        y = self.norm(self.conv(x))
        return {"out": self.head(y.mean((2, 3))), "aux": y}


def test_all_logits_of_a_dict_are_trained() -> None:
    torch.manual_seed(0)
    net = on_device("net", Segmenter(), SMALL, Setup(batch=4), torch.device("cpu"))
    train = task(net, "train")
    train.prepare()
    train.run()
    assert all(p.grad.abs().sum() > 0 for p in net.model.parameters())
    for pass_name in ("forward", "backward"):
        once = task(net, pass_name)
        with inference_context(pass_name):
            once.prepare()
            once.run()


def test_a_training_step_starts_without_gradients_and_makes_them() -> None:
    net = subject()
    once = task(net, "train")
    gradients = []
    for _ in range(2):
        once.prepare()
        assert all(p.grad is None for p in net.model.parameters())
        net.model.seen.clear()
        once.run()
        assert net.model.seen == [(True, False, torch.float32)]
        gradients.append(net.model.conv.weight.grad.clone())
    assert gradients[0].abs().sum() > 0
    # the batch statistics are the same, so equal gradients were not added up
    torch.testing.assert_close(gradients[0], gradients[1])


@pytest.mark.parametrize("optimizer", ["SGD", "AdamW"])
def test_the_optimisers_first_step_is_not_timed(
    optimizer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known: list[int] = []

    class Spy(getattr(torch.optim, optimizer)):
        def step(self) -> None:
            known.append(sum("momentum_buffer" in s or "step" in s for s in self.state.values()))
            super().step()

    monkeypatch.setattr(torch.optim, optimizer, Spy)
    net = subject(optimizer=optimizer.lower())
    weights = [parameter.clone() for parameter in net.parameters]
    once = task(net, "train")
    assert all(parameter.grad is None for parameter in net.parameters)
    known.clear()
    once.prepare()
    once.run()
    assert known == [len(net.parameters)]
    for before, after in zip(weights, net.parameters, strict=True):
        torch.testing.assert_close(after, before, rtol=0, atol=0)


def test_a_model_may_have_unused_parameters() -> None:
    net = subject()
    net.model.spare = nn.Parameter(torch.ones(3))
    for pass_name in ("backward", "train"):
        once = task(net, pass_name)
        once.prepare()
        once.run()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_the_dtype_applies_to_weights_and_images(dtype: str) -> None:
    net = subject(dtype=dtype)
    task(net, "forward").run()
    assert net.model.seen[-1][2] == getattr(torch, dtype)
    assert net.model.conv.weight.dtype == net.inputs.args[0].dtype == getattr(torch, dtype)


@pytest.mark.parametrize("pass_name", ["forward", "backward", "train"])
def test_autocast_keeps_weights_and_images_in_float32(pass_name: str) -> None:
    net = subject(dtype="bfloat16", amp=True)
    once = task(net, pass_name)
    once.prepare()
    once.run()
    assert net.model.conv.weight.dtype == net.inputs.args[0].dtype == torch.float32
    assert net.model.seen[-1][2] == torch.bfloat16


def test_channels_last_applies_to_weights_and_images() -> None:
    net = subject(channels_last=True)
    assert net.inputs.args[0].is_contiguous(memory_format=torch.channels_last)
    assert net.model.conv.weight.is_contiguous(memory_format=torch.channels_last)


def test_the_compile_option_compiles_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[nn.Module] = []
    monkeypatch.setattr(torch, "compile", lambda model, dynamic: compiled.append(model) or model)
    net = subject(compile=True)
    task(net, "forward").run()
    assert compiled == [net.model]


def test_the_same_seed_makes_the_same_batch() -> None:
    first, same, other = subject(seed=1), subject(seed=1), subject(seed=2)
    assert torch.equal(first.inputs.args[0], same.inputs.args[0])
    assert not torch.equal(first.inputs.args[0], other.inputs.args[0])
    assert first.inputs.args[0].shape == (4, 3, 8, 8)


def test_a_model_that_raises_has_no_task_and_holds_no_memory() -> None:
    maps: list[weakref.ref] = []

    class Broken(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            large = x.repeat(2, 1, 1, 1)
            maps.append(weakref.ref(large))
            raise RuntimeError("not in training")

    models = {"bad": Broken(2, 2), "net": Net()}
    subjects = {
        name: on_device(name, model, SMALL, Setup(), torch.device("cpu"))
        for name, model in models.items()
    }
    with pinned(Setup()) as held:
        ready, failures = tasks(subjects, "train", held)
        assert list(ready) == ["net"]
        assert failures == {"bad": "RuntimeError: not in training"}
        assert [one() for one in maps] == [None]


@pytest.mark.parametrize("pass_name", ["backward", "train"])
def test_float16_gradients_do_not_become_zero(pass_name: str) -> None:
    """A mean over 4 images and 1000 classes gives numbers too small for float16."""

    class Wide(Net):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(4, 100_000)

    found = {}
    for dtype in ("float16", "bfloat16"):
        net = subject(Wide, amp=True, dtype=dtype)
        zeros: list[float] = []
        net.model.norm.register_full_backward_hook(
            lambda module, inputs, outputs, zeros=zeros: zeros.append(
                (outputs[0] == 0).float().mean().item()
            )
        )
        once = task(net, pass_name)
        once.prepare()
        once.run()
        found[dtype] = zeros[-1]
    assert found["float16"] == pytest.approx(found["bfloat16"], abs=0.01)


def test_each_batch_size_is_compiled_separately(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise torch compiles the second batch for any size, which is slower code."""
    sizes: list[list[object]] = []

    def backend(graph: torch.fx.GraphModule, inputs: list[object]) -> object:
        shapes = [x.shape for x in inputs if isinstance(x, Tensor)]
        sizes.append([side for shape in shapes for side in shape])
        return graph.forward

    compile_ = torch.compile
    monkeypatch.setattr(
        torch, "compile", lambda model, **how: compile_(model, backend=backend, **how)
    )
    for batch in (4, 6, 10):
        setup = Setup(batch=batch, compile=True)
        net = on_device("net", nn.Conv2d(3, 4, 3), SMALL, setup, torch.device("cpu"))
        with pinned(setup), inference_context("forward"):
            task(net, "forward").run()
    assert len(sizes) == 3
    assert all(isinstance(side, int) for one in sizes for side in one)


class FakeGraphs:
    """CUDA graphs that are plain calls and record what is done with them.

    Each has the number of its capture. As on a GPU, the end of a failed capture hides the reason,
    and no random numbers can be drawn until another capture succeeds.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.log: list[object] = []
        self.inside = 0  # how many times over the stream for captures is entered
        self.waiting = "default"  # what happens if the host waits
        self.has_workspaces = True  # of cuBLAS, which others share
        self.has_random_numbers = True
        fake, log = self, self.log

        class Stream:
            def __init__(self, device: object) -> None:
                self.device = device

            def wait_stream(self, other: object) -> None:
                log.append("wait")

        class Graph:
            def replay(self) -> None:
                log.append(f"replay {self.number}")

        @contextmanager
        def stream(one: Stream) -> Iterator[None]:
            fake.inside += 1
            yield
            fake.inside -= 1

        @contextmanager
        def stream_left(one: Stream) -> Iterator[None]:
            try:
                with stream(one):
                    yield
            finally:
                fake.inside = 0

        @contextmanager
        def capture(
            graph: Graph, pool: object = None, stream: Stream | None = None
        ) -> Iterator[None]:
            if stream:
                assert (fake.inside, pool, fake.has_workspaces) == (1, "pool", False)
                graph.number = sum("capture" in str(entry) for entry in log)
                log.append(f"capture {graph.number}")
            fake.has_workspaces, fake.has_random_numbers = True, False
            try:
                yield
            except RuntimeError as error:
                raise RuntimeError("operation failed due to a previous error") from error
            fake.has_random_numbers = True

        cuda_graphs._stream.cache_clear()
        monkeypatch.setattr(torch.cuda, "Stream", Stream)
        monkeypatch.setattr(torch.cuda, "current_stream", Stream)
        monkeypatch.setattr(torch.cuda, "stream", stream_left)
        monkeypatch.setattr(torch.cuda, "graph", capture)
        monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)
        monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: "pool")
        monkeypatch.setattr(
            torch._C,
            "_cuda_clearCublasWorkspaces",
            lambda: setattr(fake, "has_workspaces", False),
            raising=False,
        )
        monkeypatch.setattr(torch.cuda, "get_sync_debug_mode", lambda: fake.waiting)
        monkeypatch.setattr(
            torch.cuda, "set_sync_debug_mode", lambda mode: setattr(fake, "waiting", mode)
        )


def graph_subject(make: Callable[[], nn.Module] = Net, **setup: object) -> object:
    net = subject(make, **setup)
    object.__setattr__(net.setup, "cuda_graph", True)  # a Setup for the CPU refuses it
    return net


def test_a_forward_graph_is_warmed_up_captured_and_replayed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake = FakeGraphs(monkeypatch)
    net = graph_subject()
    once = task(net, "forward")
    assert fake.log == ["wait", "capture 0", "wait"]
    assert len(net.model.seen) == 5  # four to warm up, one captured, all in inference mode
    assert all(inference for _, inference, _ in net.model.seen)
    once.run()
    assert fake.log[-1] == "replay 0"
    assert len(net.model.seen) == 5
    assert not fake.has_workspaces  # only the graph has its workspace


def test_a_backward_graph_follows_a_forward_graph_that_is_not_timed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake = FakeGraphs(monkeypatch)
    net = graph_subject()
    once = task(net, "backward")
    assert fake.log == ["wait", "capture 0", "capture 1", "wait"]
    assert len(net.model.seen) == 1 + 4 + 1  # the first gave the gradients' shape
    once.prepare()
    once.run()
    assert fake.log[-2:] == ["replay 0", "replay 1"]
    assert len(net.model.seen) == 6


@pytest.mark.parametrize("amp", [False, True])
def test_a_training_step_is_one_graph(amp: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeGraphs(monkeypatch)
    net = graph_subject(**({"amp": True, "dtype": "bfloat16"} if amp else {}))
    reached: set[str] = set()
    for name, parameter in net.model.named_parameters():
        parameter.register_hook(lambda gradient, name=name: reached.add(name))
    once = task(net, "train")
    assert reached == {name for name, _ in net.model.named_parameters()}
    once.prepare()
    once.run()
    assert fake.log == ["wait", "capture 0", "wait", "replay 0"]
    assert all(parameter.grad is None for parameter in net.model.parameters())


def test_each_pass_has_its_own_graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the second would find its memory allocated already, and have a peak of 0."""
    fake = FakeGraphs(monkeypatch)
    net = graph_subject()
    for pass_name in ("backward", "train", "train"):
        task(net, pass_name)
    assert [entry for entry in fake.log if entry != "wait"] == [f"capture {i}" for i in range(4)]


def test_a_pass_is_warmed_up_only_before_its_first_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is captured again wherever the model is moved; only the capture itself is then needed."""
    fake = FakeGraphs(monkeypatch)
    net = graph_subject()
    task(net, "forward")
    before = len(net.model.seen)
    task(net, "forward")
    assert len(net.model.seen) == before + 1
    task(net, "backward")  # another pass: the gradients' shape, four to warm up, one captured
    assert len(net.model.seen) == before + 1 + 6
    assert [entry for entry in fake.log if entry != "wait"] == [f"capture {i}" for i in range(4)]


@pytest.mark.parametrize("optimizer", [None, "sgd"])
def test_no_gradient_of_an_earlier_step_is_there_during_a_captured_one(
    optimizer: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its memory would be in the peak of the graph: on a card it was."""
    FakeGraphs(monkeypatch)
    net = graph_subject(optimizer=optimizer)
    found: list[bool] = []

    def look(*_: object) -> None:
        found.append(any(parameter.grad is not None for parameter in net.model.parameters()))

    net.model.register_forward_hook(look)
    task(net, "train")
    assert len(found) == 1 + 4 + 1
    assert not any(found)


def test_the_state_of_an_optimizer_is_made_before_a_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first step is unusual. A known pass is not warmed up, so that it would be captured."""
    fake = FakeGraphs(monkeypatch)
    net = graph_subject(optimizer="sgd")
    steps: list[tuple[int, bool]] = []
    made: list[torch.optim.Optimizer] = []

    class Watched(torch.optim.SGD):
        def step(self, closure: object = None) -> None:
            made.append(self)
            steps.append((fake.inside, bool(self.state)))
            super().step()

    monkeypatch.setattr(torch.optim, "SGD", Watched)
    for _ in range(2):
        steps.clear()
        task(net, "train")
        assert steps[0] == (0, False)
        assert all(step == (1, True) for step in steps[1:])
    assert len(steps) == 2


def test_a_failed_capture_says_why_and_leaves_torch_usable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake = FakeGraphs(monkeypatch)

    class Reads(Net):
        def forward(self, x: Tensor) -> Tensor:
            if "capture 0" in fake.log:
                try:
                    raise KeyError("tried first")
                except KeyError as error:
                    raise RuntimeError("not permitted when stream is capturing") from error
            return super().forward(x)

    net = graph_subject(Reads)
    why = r"captured as a CUDA graph: RuntimeError: not permitted when stream is capturing"
    with pytest.raises(SrbenchError, match=why):
        task(net, "forward")
    assert fake.log == ["wait", "capture 0", "wait"]
    assert (fake.inside, fake.has_workspaces, fake.has_random_numbers) == (0, False, True)


def test_a_capture_that_lacks_memory_raises_that_error(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeGraphs(monkeypatch)

    class Large(Net):
        def forward(self, x: Tensor) -> Tensor:
            if "capture 0" in fake.log:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 98.00 MiB.")
            return super().forward(x)

    net = graph_subject(Large)
    with pytest.raises(torch.OutOfMemoryError):
        task(net, "forward")


def test_a_host_that_waits_is_found_before_a_capture_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Such a capture would leave torch's random numbers unusable for all models after it."""
    fake = FakeGraphs(monkeypatch)

    class Reads(Net):
        def forward(self, x: Tensor) -> Tensor:
            if fake.waiting == "error":
                raise RuntimeError("called a synchronizing CUDA operation")
            return super().forward(x)

    net = graph_subject(Reads)
    with pytest.raises(SrbenchError, match=r"captured as a CUDA graph: .* synchronizing CUDA"):
        task(net, "train")
    assert fake.log == ["wait", "wait"]
    assert (fake.inside, fake.waiting) == (0, "default")


@pytest.mark.parametrize("pass_name", ["forward", "backward", "train"])
def test_tensors_that_a_graph_reads_are_held_by_its_task(
    pass_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A graph holds only addresses: if a tensor is freed, another model may get its memory."""
    FakeGraphs(monkeypatch)
    made: list[weakref.ref] = []
    randn_like = torch.randn_like

    def kept(*arguments: object, **how: object) -> Tensor:
        made.append(weakref.ref(drawn := randn_like(*arguments, **how)))
        return drawn

    monkeypatch.setattr(torch, "randn_like", kept)
    net = graph_subject()
    once = task(net, pass_name)
    made.append(weakref.ref(net.inputs.args[0]))
    del net
    gc.collect()
    assert all(one() is not None for one in made)
    assert len(made) == (1 if pass_name == "forward" else 2)
    del once
    gc.collect()
    assert [one() for one in made] == [None] * len(made)
