"""The passes: what runs, in which mode, and what it leaves behind."""

import pytest
import torch
from torch import Tensor, nn

from srbench.conditions import Conditions, Setup
from srbench.measure.passes import around, place, task, tasks
from srbench.measure.pinning import pinned

SMALL = Conditions(8, 8, num_classes=3)


class Net(nn.Module):
    """A convolution, a norm and a classifier, which write down how they are run."""

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


def subject(**setup: object) -> object:
    torch.manual_seed(0)
    return place("net", Net(), SMALL, Setup(batch=4, **setup), torch.device("cpu"))


def test_forward_is_evaluation_in_inference_mode() -> None:
    net = subject()
    before = net.model.norm.running_mean.clone()
    once = task(net, "forward")
    with around("forward"):
        once.prepare()
        once.run()
    assert net.model.seen == [(False, True, torch.float32)]
    assert torch.equal(net.model.norm.running_mean, before)


def test_backward_alone_runs_no_forward() -> None:
    net = subject()
    once = task(net, "backward")
    with around("backward"):
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
    net = place("net", Segmenter(), SMALL, Setup(batch=4), torch.device("cpu"))
    train = task(net, "train")
    train.prepare()
    train.run()
    assert all(p.grad.abs().sum() > 0 for p in net.model.parameters())
    for what in ("forward", "backward"):
        once = task(net, what)
        with around(what):
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
    # the statistics of the batch are the same: nothing was added up
    torch.testing.assert_close(gradients[0], gradients[1])


def test_parameters_that_are_not_used_do_not_matter() -> None:
    net = subject()
    net.model.spare = nn.Parameter(torch.ones(3))
    for what in ("backward", "train"):
        once = task(net, what)
        once.prepare()
        once.run()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_dtype_is_that_of_weights_and_images(dtype: str) -> None:
    net = subject(dtype=dtype)
    task(net, "forward").run()
    assert net.model.seen[-1][2] == getattr(torch, dtype)
    assert net.model.conv.weight.dtype == net.batch.dtype == getattr(torch, dtype)


@pytest.mark.parametrize("what", ["forward", "backward", "train"])
def test_autocast_keeps_the_weights(what: str) -> None:
    net = subject(dtype="bfloat16", amp=True)
    once = task(net, what)
    once.prepare()
    once.run()
    assert net.model.conv.weight.dtype == net.batch.dtype == torch.float32
    assert net.model.seen[-1][2] == torch.bfloat16


def test_channels_last_is_that_of_weights_and_images() -> None:
    net = subject(channels_last=True)
    assert net.batch.is_contiguous(memory_format=torch.channels_last)
    assert net.model.conv.weight.is_contiguous(memory_format=torch.channels_last)


def test_compile_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[nn.Module] = []
    monkeypatch.setattr(torch, "compile", lambda model: compiled.append(model) or model)
    net = subject(compile=True)
    task(net, "forward").run()
    assert compiled == [net.model]


def test_the_same_seed_makes_the_same_batch() -> None:
    first, same, other = subject(seed=1), subject(seed=1), subject(seed=2)
    assert torch.equal(first.batch, same.batch)
    assert not torch.equal(first.batch, other.batch)
    assert first.batch.shape == (4, 3, 8, 8)


def test_a_model_that_raises_has_no_task() -> None:
    class Broken(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            raise RuntimeError("not in training")

    good = subject()
    bad = place("bad", Broken(), SMALL, Setup(), torch.device("cpu"))
    with pinned(Setup()) as held:
        ready, failures = tasks([good, bad], "train", held)
    assert [one.model for one in ready] == ["net"]
    assert str(failures["bad"]) == "not in training"


class FakeGraphs:
    """CUDA graphs that are plain calls, and write down what is done with them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.log: list[str] = []
        log = self.log

        class Context:
            def __init__(self, *arguments: object) -> None:
                self.name = "capture" if arguments and isinstance(arguments[0], Graph) else "stream"

            def __enter__(self) -> None:
                log.append(f"{self.name} begins")

            def __exit__(self, *error: object) -> None:
                log.append(f"{self.name} ends")

            def wait_stream(self, other: object) -> None:
                log.append("wait")

        class Graph:
            def replay(self) -> None:
                log.append("replay")

        monkeypatch.setattr(torch.cuda, "Stream", Context)
        monkeypatch.setattr(torch.cuda, "current_stream", Context)
        monkeypatch.setattr(torch.cuda, "stream", Context)
        monkeypatch.setattr(torch.cuda, "graph", Context)
        monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)

        def graphed(model: nn.Module, sample: tuple[Tensor], allow_unused_input: bool) -> nn.Module:
            log.append(f"graphed, autocast {torch.is_autocast_enabled('cpu')}")
            return model

        monkeypatch.setattr(torch.cuda, "make_graphed_callables", graphed)


def graph_subject(**setup: object) -> object:
    net = subject(**setup)
    object.__setattr__(net.setup, "cuda_graph", True)  # which a Setup for the CPU refuses
    return net


def test_a_forward_graph_is_warmed_up_captured_and_replayed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    graphs = FakeGraphs(monkeypatch)
    net = graph_subject()
    once = task(net, "forward")
    assert graphs.log == [
        *("wait", "stream begins", "stream ends", "wait"),
        *("capture begins", "capture ends"),
    ]
    assert len(net.model.seen) == 4  # three to warm up, one captured, all in inference mode
    assert all(inference for _, inference, _ in net.model.seen)
    once.run()
    assert graphs.log[-1] == "replay"
    assert len(net.model.seen) == 4


@pytest.mark.parametrize("amp", [False, True])
@pytest.mark.parametrize("what", ["backward", "train"])
def test_training_graphs_are_made_by_torch(
    what: str, amp: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    graphs = FakeGraphs(monkeypatch)
    net = graph_subject(**({"amp": True, "dtype": "bfloat16"} if amp else {}))
    once = task(net, what)
    once.prepare()
    once.run()
    assert graphs.log == [f"graphed, autocast {amp}"]
