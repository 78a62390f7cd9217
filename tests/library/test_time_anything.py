"""Times of modules and callables that are given as objects."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from support import fakes
from torch import Tensor, nn

import srbench
from srbench.conditions import Plan
from srbench.errors import SrbenchError
from srbench.measure.clocks import Task
from srbench.records import jsonl

QUICK = Plan(rounds=2)
FORWARD = Plan(("forward",), rounds=2)


class Net(nn.Module):
    """Notes how it is called, in a list that all copies share."""

    def __init__(self, calls: list[Any] | None = None) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.norm = nn.BatchNorm1d(4)
        self.calls = Shared() if calls is None else Shared(calls)

    def forward(self, x: Tensor, ids: Tensor | None = None) -> dict[str, Any]:
        modes = (self.training, torch.is_inference_mode_enabled(), torch.is_grad_enabled())
        self.calls.seen.append((id(self), *modes, x.dtype, tuple(x.shape)))
        y = self.norm(self.linear(x))
        return {"y": y, "classes": y.argmax(-1), "ids": ids, "rest": [y * 2]}


class Shared:
    def __init__(self, seen: list[Any] | None = None) -> None:
        self.seen: list[Any] = [] if seen is None else seen

    def __deepcopy__(self, memo: object) -> "Shared":
        return self


X = torch.ones(3, 4)


def test_modules_are_timed_in_all_passes_against_the_baseline() -> None:
    calls: list[Any] = []
    rows = srbench.time({"mine": Net(), "baseline": Net(calls)}, X, plan=QUICK)
    assert [row.spec for row in rows] == ["baseline", "mine"]
    assert [row.timed.role for row in rows] == ["baseline", "variant"]
    assert {*rows["mine"].timed.passes} == {"forward", "backward", "train"}
    assert all(found.ratio for found in rows["mine"].timed.passes.values())
    assert all(row.status == "ok" and row.inputs == ("float32:3x4",) for row in rows)
    modes = {(training, inference) for _, training, inference, *_ in calls}
    assert modes == {(False, True), (True, False)}
    lines = [jsonl.line(row) for row in rows]
    assert [jsonl.parse(line) for line in lines] == list(rows)


def test_a_module_is_left_as_it_was() -> None:
    model, x = Net(), X.clone()
    model.eval()
    state = copy.deepcopy(model.state_dict())
    srbench.time(model, x, plan=QUICK, dtype="float64", optimizer="sgd")
    assert all(torch.equal(state[name], value) for name, value in model.state_dict().items())
    assert all(value.dtype != torch.float64 for value in model.state_dict().values())
    assert not model.training
    assert all(p.grad is None for p in model.parameters())
    assert id(model) not in {call[0] for call in model.calls.seen}
    assert torch.equal(x, X)


@pytest.mark.parametrize("dtype", [None, "bfloat16", torch.bfloat16])
def test_a_module_keeps_its_dtype_unless_another_is_given(dtype: Any) -> None:
    model = Net().double()
    (row,) = srbench.time(model, X.double(), plan=FORWARD, dtype=dtype)
    expected = torch.bfloat16 if dtype else torch.float64
    assert {call[4] for call in model.calls.seen} == {expected}
    assert row.timed.setup.dtype == str(expected).removeprefix("torch.")


def test_a_rate_needs_an_image() -> None:
    rows = srbench.time(Net(), X, plan=FORWARD)
    (flat,) = rows.to_rows()
    assert (flat["batch"], flat["forward_images_per_s"]) == (None, None)
    assert flat["forward_s"] > 0
    assert "images/s" not in str(rows)
    assert "Calls with float32 3×4, float32, on cpu" in str(rows)


@pytest.mark.parametrize("is_on", [True, False])
def test_callables_are_called_as_they_are(is_on: bool) -> None:
    seen = set()

    def product(a: Tensor, b: Tensor) -> Tensor:
        seen.add((torch.is_inference_mode_enabled(), torch.is_grad_enabled()))
        return a @ b

    with torch.set_grad_enabled(is_on):
        rows = srbench.time({"mm": torch.mm, "@": product}, X, X.T, plan=FORWARD)
    assert seen == {(False, is_on)}
    assert [row.subject for row in rows] == ["callable"] * 2
    assert [{*row.timed.passes} for row in rows] == [{"forward"}] * 2
    assert "Forward: one call, as it is" in str(rows)
    assert rows["@"].timed.passes["forward"].ratio


def test_a_callable_may_train_a_model() -> None:
    """Such as a whole step with a loss, which inference_mode would not allow."""
    model = nn.Linear(4, 4)

    def step() -> None:
        model(X).sum().backward()

    (row,) = srbench.time(step, plan=FORWARD)
    assert (row.status, row.spec, row.inputs) == ("ok", "step", ())
    assert model.weight.grad is not None


def test_a_module_beside_a_callable_is_called_in_the_same_way() -> None:
    model = Net()
    rows = srbench.time({"net": model, "twice": lambda x: x * 2}, X, plan=FORWARD)
    assert {call[1:4] for call in model.calls.seen} == {(False, False, True)}
    assert [row.subject for row in rows] == ["callable"] * 2


def test_a_module_without_trained_parameters_has_only_a_forward_pass() -> None:
    (row,) = srbench.time(nn.ReLU(), X, plan=QUICK)
    assert {*row.timed.passes} == {"forward"}


def test_one_that_fails_does_not_affect_the_others() -> None:
    rows = srbench.time({"a": nn.Linear(4, 2), "b": nn.Linear(5, 2)}, X, plan=FORWARD)
    assert rows["a"].status == "ok"
    assert rows["b"].status.startswith("failed: forward: RuntimeError: mat1 and mat2")


def test_only_the_row_of_a_frozen_module_lacks_the_other_passes() -> None:
    frozen = nn.Linear(4, 4).requires_grad_(False)
    rows = srbench.time({"a": nn.Linear(4, 4), "frozen": frozen}, X, plan=QUICK)
    assert {*rows["a"].timed.passes} == {"forward", "backward", "train"}
    assert {*rows["frozen"].timed.passes} == {"forward"}
    assert "backward: no parameter needs a gradient (give --pass forward)" in rows["frozen"].status


def test_every_row_has_its_own_dtype() -> None:
    rows = srbench.time(
        {"a": nn.Linear(4, 4), "b": nn.Linear(4, 4).double()}, input_size=(4,), plan=FORWARD
    )
    assert [row.timed.setup.dtype for row in rows] == ["float32", "float64"]
    assert [row.inputs for row in rows] == [("float32:1x4",), ("float64:1x4",)]


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_gradients_are_timed_where_the_caller_turned_them_off(context: Callable[[], Any]) -> None:
    with context():
        rows = srbench.time(nn.Linear(4, 4), X, plan=QUICK)
        assert rows[0].status == "ok"


def test_hooks_of_parameters_are_not_lost_in_silence() -> None:
    model = nn.Linear(4, 4)
    model.bias.register_hook(lambda gradient: gradient * 2)
    (row,) = srbench.time(model, X, plan=QUICK)
    assert row.status.startswith("failed: its parameters have hooks, which a copy lacks")
    assert srbench.count(model, X)[0].status == "ok"


def test_the_random_state_is_left_as_it_was() -> None:
    model = Net()
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    srbench.time(model, X, plan=FORWARD)
    assert torch.equal(torch.rand(3), expected)


def test_an_output_without_gradients_has_a_forward_pass() -> None:
    class Classifies(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            return self.linear(x).argmax(-1)

    (row,) = srbench.time(Classifies(), X, plan=QUICK)
    assert {*row.timed.passes} == {"forward"}
    assert "nothing that it returns needs a gradient" in row.status


def test_objects_are_timed_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a fake one: the device's own counters give the peak, and the energy of a call."""

    def watts(task: Task, time: float) -> float:
        return 50 if task.pass_name == "idle" else 250

    card = fakes.Card(monkeypatch, watts, lambda task, number: 0.1)
    fakes.install_fake_cuda(monkeypatch, card.seconds, gpu=fakes.fake_gpu(card.driver))
    rows = srbench.time({"a": Net(), "b": Net()}, X, device="cuda", plan=FORWARD)
    found = [row.timed.passes["forward"] for row in rows]
    assert [one.memory.allocated for one in found] == [3 * fakes.GIB] * 2
    assert found[0].energy.gross == pytest.approx(25, rel=0.02)  # 250 W for 0.1 s
    assert "per image" not in str(rows)
    assert "per call (J)" in str(rows)


@pytest.mark.parametrize(
    ("call", "message", "hint"),
    [
        (lambda: srbench.time(Net()), "Net's forward needs 'x'", "inputs="),
        (lambda: srbench.time(Net(), X, devise="cpu"), "no argument 'devise'", "mean device?"),
        (lambda: srbench.time(Net(), X, rounds=3), "no argument 'rounds'", "plan=Plan(rounds=…)"),
        (lambda: Plan(rounds="3"), "--rounds is '3'", "a whole number"),
        (lambda: Plan(rounds=2.5), "--rounds is 2.5", "a whole number"),
        (lambda: Plan(time_budget="5"), "time_budget is '5'", "a number"),
        (lambda: Plan(precision="1"), "precision is '1'", "a number"),
        (lambda: Plan("forward"), "passes is 'forward'", '("forward",)'),
        (
            lambda: srbench.time(Net(), X, plan=FORWARD)[0].counted,
            "has no counts: it was timed",
            "",
        ),
        (lambda: srbench.time(Net(), X, batch=3), "batch is given", "leave batch out"),
        (lambda: srbench.time(Net(), X, batch=X), "batch is a tensor", "a whole number"),
        (lambda: srbench.time(Net(), X, amp="no"), "amp is no truth value", "True or False"),
        (lambda: srbench.time(Net(), X, device=3), "device is 3", "give its name"),
        (lambda: srbench.time(Net(), X, device="tpu"), "there is no device tpu", "--device cpu"),
        (lambda: srbench.time(Net(), X, threads="2"), "threads is '2'", "a whole number"),
        (lambda: srbench.time(Net(), X, plan="quick"), "plan is 'quick'", "Plan("),
        (lambda: srbench.time(Net().to(torch.float8_e5m2), X), "Net is in float8_e5m2", "dtype="),
        (
            lambda: srbench.time(torch.mm, X, X, plan=Plan(("train",))),
            "a callable has only a forward pass",
            'Plan(("forward",))',
        ),
        (
            lambda: srbench.time(nn.ReLU(), X, plan=Plan(("train",))),
            "a module without trainable parameters",
            'Plan(("forward",))',
        ),
        (
            lambda: srbench.time(Net(), X, plan=Plan(processes=6)),
            "objects are timed in one process",
            "mypackage:make",
        ),
        (lambda: srbench.time("resnet18", devise="cpu"), "unknown argument 'devise'", "device?"),
        (
            lambda: srbench.time("resnet18", inputs="2x3x64x64", batch=2),
            "batch is given",
            "leave batch out",
        ),
        (
            lambda: srbench.time(torch.compile(Net()), X),
            "OptimizedModule is compiled",
            "give the plain module",
        ),
    ],
)
def test_wrong_arguments_answer_in_words(call: Callable[[], Any], message: str, hint: str) -> None:
    with pytest.raises(SrbenchError) as caught:
        call()
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_spec_is_timed_with_whole_inputs() -> None:
    (row,) = srbench.time("cifar_resnet8", inputs="2x3x16x16", plan=FORWARD)
    assert (row.inputs, row.status) == (("float32:2x3x16x16",), "ok")
