"""Counts of modules that are given as objects, against closed forms."""

import copy
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import srbench
from srbench.cli.app import run
from srbench.errors import SrbenchError
from srbench.records import jsonl


@dataclass
class Found:
    logits: Tensor
    features: list[Tensor]


class Speech(nn.Module):
    """Audio and tokens in, by position or name; 1-D."""

    def __init__(self, width: int = 8, returns: Callable[..., Any] = dict) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, width, 9, stride=4)
        self.tokens = nn.Embedding(50, width)
        self.head = nn.Linear(width, 5)
        self.returns = returns

    def forward(self, x: Tensor, ids: Tensor, *, scale: float = 1.0) -> Any:
        y = scale * self.conv(x).mean(-1) + self.tokens(ids).mean(1)
        return self.returns(logits=self.head(y), features=[y])


SPEECH = 1 * 9 * 8 * 398 + 8 * 5  # 398 = (1600 - 9) // 4 + 1
X, IDS = torch.zeros(1, 1, 1600), torch.zeros(1, 12, dtype=torch.int64)


@pytest.mark.parametrize("returns", [dict, Found, lambda **found: (found["logits"], found)])
def test_dicts_and_dataclasses_may_be_returned(returns: Callable[..., Any]) -> None:
    (row,) = srbench.count(Speech(returns=returns), X, IDS)
    counts = row.counted
    assert (counts.macs, counts.macs_fvcore, counts.flops) == (SPEECH,) * 3
    assert counts.params == (9 * 8 + 8) + 50 * 8 + (8 * 5 + 5)
    assert not row.warnings


@pytest.mark.parametrize(
    "count",
    [
        lambda model: srbench.count(model, X, IDS),
        lambda model: srbench.count(model, X, ids=IDS),
        lambda model: srbench.count(model, x=X, ids=IDS, scale=2.0),
        lambda model: srbench.count(model, inputs=(X, IDS)),
        lambda model: srbench.count(model, inputs={"x": X, "ids": IDS}),
        lambda model: srbench.count(model, X, inputs={"ids": IDS}),
        lambda model: srbench.count([model], X, IDS),
        lambda model: srbench.count({"Speech": model}, X, IDS),
        lambda model: srbench.count(model, X.to("meta"), IDS),
    ],
)
def test_inputs_are_given_in_any_way(count: Callable[[nn.Module], Any]) -> None:
    row = count(Speech())["Speech"]
    assert row.status == "ok"
    assert row.counted.macs == SPEECH


@pytest.mark.parametrize(
    ("model", "size", "macs"),
    [
        (nn.Conv3d(2, 4, 3), (2, 8, 9, 10), 2 * 27 * 4 * 6 * 7 * 8),
        (nn.Conv2d(5, 4, 3, padding="same"), (5, 8, 9), 5 * 9 * 4 * 8 * 9),
        (nn.Conv2d(5, 4, 1), "5x8x9", 5 * 4 * 8 * 9),
        (nn.Conv1d(1, 4, 3), (1, 16000), 3 * 4 * 15998),
        (nn.Linear(7, 3), (7,), 21),
        (nn.Linear(7, 3), [7], 21),
        (nn.Bilinear(3, 4, 5), [(3,), (4,)], 5 * 4 * (3 + 1)),
        (nn.Linear(7, 3).half(), (7,), 21),
        (nn.Linear(7, 3, device="meta"), (7,), 21),
        (nn.LazyLinear(3), (7,), 21),
    ],
)
def test_an_input_size_is_the_shape_of_one_example(model: nn.Module, size: Any, macs: int) -> None:
    (row,) = srbench.count(model, input_size=size)
    assert row.status == "ok"
    assert row.counted.macs == macs
    assert row.inputs[0].partition(":")[2].startswith("1x")


def test_the_whole_batch_is_counted() -> None:
    one, three = (srbench.count(nn.Linear(7, 3), torch.zeros(n, 7))[0] for n in (1, 3))
    assert three.counted.macs == 3 * one.counted.macs == 63
    assert three.row != one.row


def test_two_modules_are_two_rows_with_their_difference() -> None:
    rows = srbench.count({"mine": Speech(16), "baseline": Speech()}, X, IDS)
    assert [row.spec for row in rows] == ["baseline", "mine"]
    assert [row.baseline for row in rows] == ["baseline", "baseline"]
    assert rows.delta("mine", "macs") == SPEECH == rows.delta(rows["mine"], "macs")
    assert rows.percent("mine", "macs") == 100.0
    assert rows.delta("baseline", "macs") is None


def test_without_a_baseline_the_first_is_it() -> None:
    rows = srbench.count({"a": nn.Linear(3, 4), "b": nn.Linear(3, 5)}, input_size=(3,))
    assert [row.baseline for row in rows] == ["a", "a"]
    rows = srbench.count([nn.Linear(3, 4), nn.Linear(3, 5)], input_size=(3,))
    assert [row.spec for row in rows] == ["Linear", "Linear (2)"]
    assert rows.delta("Linear (2)", "params") == 4


def test_a_module_that_fails_does_not_affect_the_others() -> None:
    rows = srbench.count({"a": nn.Linear(3, 4), "b": nn.Linear(5, 4)}, torch.zeros(2, 3))
    assert rows["a"].counted.macs == 24
    assert rows["b"].status.startswith("failed: it does not run on float32:2x3: RuntimeError: ")
    with pytest.raises(SrbenchError, match="b at float32:2x3 has no counts: failed"):
        _ = rows["b"].counted


def test_the_inputs_are_in_the_rows_key() -> None:
    (row,) = srbench.count(Speech(), X, IDS, scale=0.5)
    assert row.inputs == ("float32:1x1x1600", "int64:1x12", "scale=0.5")
    assert (row.input, row.num_classes, row.subject) == (None, None, "module")
    (other,) = srbench.count(Speech(), X, IDS, scale=0.25)
    assert other.row != row.row


def test_a_record_of_a_module_is_read_back() -> None:
    rows = srbench.count({"a|b_%": Speech(), "os:getcwd": Speech()}, X, ids=IDS)
    lines = [jsonl.line(row) for row in rows]
    assert [jsonl.parse(line) for line in lines] == list(rows)


class Grows(nn.Module):
    """Changes itself, and its input, in each pass."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.seen: list[Tensor] = []
        self.norm = nn.BatchNorm1d(4)

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        self.seen.append(x)
        self.extra = nn.Linear(4, 4)
        return self.extra(self.norm(x.mul_(2)))


@pytest.mark.parametrize("is_training", [False, True])
def test_a_model_that_changes_itself_is_left_as_it_was(is_training: bool) -> None:
    model, x = Grows().train(is_training), torch.ones(3, 4)
    state = copy.deepcopy(model.state_dict())
    before, random = set(vars(model)), torch.random.get_rng_state()
    (row,) = srbench.count(model, x)
    assert row.counted.macs == 3 * 4 * 4
    assert (model.calls, model.seen, set(vars(model))) == (0, [], before)
    assert all(one.training == is_training for one in model.modules())
    assert all(torch.equal(state[name], value) for name, value in model.state_dict().items())
    assert torch.equal(x, torch.ones(3, 4))
    assert torch.equal(torch.random.get_rng_state(), random)


def test_a_model_that_ran_before_is_counted() -> None:
    """Weight normalisation keeps what is computed from weights, which deepcopy refuses to copy."""
    with pytest.warns(FutureWarning, match="weight_norm"):
        model = nn.utils.weight_norm(nn.Linear(3, 4))
    model(torch.zeros(1, 3))
    model.kept = model(torch.zeros(1, 3))
    (row,) = srbench.count(model, torch.zeros(2, 3))
    assert row.counted.macs == 24
    assert model.kept.grad_fn is not None


class Steps(nn.Module):
    """How often it runs depends on the input's values."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(int(x[0, 0])):
            x = self.linear(x)
        return x


def test_values_of_the_input_count_where_they_decide() -> None:
    (row,) = srbench.count(Steps(), torch.full((1, 3), 5.0))
    assert row.settings["Steps"].startswith("was counted in one run on its inputs")
    assert row.counted.macs == 5 * 9
    (row,) = srbench.count(Steps(), torch.zeros(1, 3))
    assert row.counted.macs == 0


class Hybrid(nn.Module):
    """One part on another device, and the move between them."""

    def __init__(self) -> None:
        super().__init__()
        self.here = nn.Conv2d(3, 4, 3)
        self.there = nn.Conv2d(4, 5, 3, device="meta")

    def forward(self, x: Tensor) -> Tensor:
        return self.there(self.here(x).to(self.there.weight.device))


def test_modules_of_several_devices_are_counted() -> None:
    model = Hybrid()
    (row,) = srbench.count(model, torch.zeros(1, 3, 9, 9))
    assert row.counted.macs == row.counted.macs_fvcore == 27 * 4 * 49 + 36 * 5 * 25
    assert model.there.weight.device.type == "meta"
    assert model.here.weight.device.type == "cpu"


WRONG_DTYPES = [
    (nn.Conv2d(3, 4, 3), torch.zeros(1, 3, 8, 8, dtype=torch.float64)),
    (nn.Conv2d(3, 4, 3), torch.zeros(1, 3, 8, 8, dtype=torch.int64)),
    (nn.ConvTranspose2d(3, 4, 3), torch.zeros(1, 3, 8, 8, dtype=torch.float16)),
    (nn.Linear(4, 4), torch.zeros(2, 4, dtype=torch.float16)),
    (nn.Linear(4, 4, bias=False), torch.zeros(2, 3, 4, dtype=torch.float64)),
    (nn.LSTM(4, 4), torch.zeros(2, 1, 4, dtype=torch.float16)),
    (nn.BatchNorm2d(3), torch.zeros(1, 3, 8, 8, dtype=torch.float64)),
    (nn.LayerNorm(8), torch.zeros(1, 3, 8, 8, dtype=torch.float64)),
    (nn.GroupNorm(3, 3), torch.zeros(1, 3, 8, 8, dtype=torch.float64)),
    (nn.Embedding(4, 4), torch.zeros(2)),
]


@pytest.mark.parametrize(("model", "x"), WRONG_DTYPES, ids=lambda one: type(one).__name__)
def test_an_input_of_another_dtype_than_the_weights_is_one_line(
    model: nn.Module, x: Tensor
) -> None:
    before = copy.deepcopy(model.state_dict())
    (row,) = srbench.count(model, x)
    assert row.counts is None
    assert row.status.startswith("failed: it does not run on ")
    assert "\n" not in row.status
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


class Unbuilt(nn.Module):
    def __init__(self) -> None:
        pass


class Locked(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()
        self.linear = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        with self.lock:
            return self.linear(x)


class Splits(nn.Module):
    """Where it splits is read below the dispatcher."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 8)

    def forward(self, x: Tensor, lengths: Tensor) -> list[Tensor]:
        return [self.linear(one) @ one.T for one in x.tensor_split(lengths.cumsum(0)[:-1])]


class Packed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(8, 8)

    def forward(self, x: nn.utils.rnn.PackedSequence) -> Tensor:
        return nn.utils.rnn.pad_packed_sequence(self.lstm(x)[0])[0]


def test_lengths_below_the_dispatcher_are_read_for_real() -> None:
    (row,) = srbench.count(Splits(), torch.randn(9, 8), torch.tensor([2, 3, 4]))
    assert row.counted.macs == 9 * 64 + 8 * (4 + 9 + 16)
    assert "was counted in one run on its inputs" in row.settings["Splits"]
    x = nn.utils.rnn.pack_padded_sequence(torch.randn(5, 2, 8), torch.tensor([5, 2]))
    (row,) = srbench.count(Packed(), x)
    assert row.counted.macs == (5 + 2) * 4 * 8 * (8 + 8)


class Closed(nn.Module):
    """Keeps a function that uses the module itself, and not its copy."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.act = lambda x: torch.relu(self.norm(x))

    def forward(self, x: Tensor) -> Tensor:
        return self.act(x)


class Teacher(nn.Linear):
    def __deepcopy__(self, memo: object) -> "Teacher":
        return self


def patched() -> nn.Module:
    model = nn.Sequential(nn.BatchNorm1d(4))
    before = model.forward
    model.forward = lambda x: before(x) + 1  # type: ignore[method-assign]
    return model


@pytest.mark.parametrize(
    "make", [Closed, patched, lambda: nn.Sequential(Teacher(4, 4), nn.BatchNorm1d(4))]
)
@pytest.mark.parametrize("measure", [srbench.count, srbench.time])
def test_a_copy_that_would_use_the_module_itself_is_refused(
    make: Callable[[], nn.Module], measure: Callable[..., Any]
) -> None:
    model, x = make(), torch.randn(3, 4)
    state = copy.deepcopy(model.state_dict())
    (row,) = measure(model, x)
    assert "a copy of it would use the module itself" in row.status
    assert all(torch.equal(state[name], value) for name, value in model.state_dict().items())
    assert all(one.training for one in model.modules())


class Threads(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(8, 8), nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        with ThreadPoolExecutor(2) as pool:
            return sum(pool.map(lambda one: one(x), (self.a, self.b)))  # type: ignore[return-value]


def test_modules_in_other_threads_are_not_zero_macs() -> None:
    (row,) = srbench.count(Threads(), torch.zeros(1, 8))
    assert "modules that run in other threads cannot be counted" in row.status


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_quantised_weights_are_a_warning() -> None:
    model = nn.Sequential(nn.Linear(8, 8), nn.ReLU())
    quantised = torch.ao.quantization.quantize_dynamic(model, {nn.Linear})
    (row,) = srbench.count(quantised, torch.zeros(1, 8))
    assert any("not registered are not counted: 64 in 0" in text for text in row.warnings)


class Takes(nn.Module):
    """Inputs whose names are those of arguments elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 8)

    def forward(self, x: Tensor, model: Tensor, call: Tensor, self_: Tensor) -> Tensor:
        return self.linear(x + model + call + self_)

    def __call__(self, x: Tensor, **others: Any) -> Any:
        return super().__call__(x, **others)


def test_inputs_may_have_any_name() -> None:
    x = torch.zeros(1, 8)
    (row,) = srbench.count(Takes(), x, model=x, call=x, self_=x)
    assert row.counted.macs == 64


def test_more_than_the_forward_takes_may_be_for_a_hook() -> None:
    model = nn.Linear(8, 8)
    model.register_forward_pre_hook(lambda module, args, keywords: (args, {}), with_kwargs=True)
    assert srbench.count(model, torch.zeros(1, 8), extra=3)[0].counted.macs == 64


class Refuses(nn.Module):
    def __deepcopy__(self, memo: object) -> Any:
        raise RuntimeError("no copies")


def wrong(call: Callable[[], Any], message: str, hint: str) -> Any:
    return pytest.param(call, message, hint, id=message)


@pytest.mark.parametrize(
    ("call", "message", "hint"),
    [
        wrong(lambda: srbench.count(Speech()), "Speech's forward needs 'x', 'ids'", "{'x': …}"),
        wrong(lambda: srbench.count(Speech(), X), "Speech's forward needs 'ids'", "{'ids': …}"),
        wrong(lambda: srbench.count({"a": Speech()}, X), "a's forward needs 'ids'", "{'ids': …}"),
        wrong(
            lambda: srbench.count(Speech(), X, idz=IDS),
            "Speech's forward has no argument 'idz'",
            "did you mean ids?",
        ),
        wrong(
            lambda: srbench.count(Speech(), X, IDS, IDS),
            "Speech's forward does not take these inputs",
            "its arguments: (x",
        ),
        wrong(lambda: srbench.count(Speech, X), "Speech is a class", "Speech(…)"),
        wrong(lambda: srbench.count(torch.relu, X), "relu is a function", "srbench.time"),
        wrong(lambda: srbench.count({}), "there is nothing to measure", "{"),
        wrong(lambda: srbench.count({"a": "resnet18"}), "a is a text", "srbench.build('resnet18')"),
        wrong(lambda: srbench.count({1: nn.ReLU()}, X), "1 is not a name", "texts"),
        wrong(lambda: srbench.count({" ": nn.ReLU()}, X), "' ' is not a name", "texts"),
        wrong(lambda: srbench.count({"\ud800": nn.ReLU()}, X), "is not a name", "texts"),
        wrong(lambda: srbench.count({"a (again)": nn.ReLU()}, X), "timed again", "another name"),
        wrong(
            lambda: srbench.count(nn.ReLU(), input_size=(3, 10**6, 10**7)),
            "is out of range",
            "smaller",
        ),
        wrong(
            lambda: srbench.count(nn.ReLU(), input_size="9" * 5000),
            "is not the input size",
            "(3, 224, 224)",
        ),
        wrong(
            lambda: srbench.count(Unbuilt(), X), "Unbuilt is not a whole module", "super().__init__"
        ),
        wrong(lambda: srbench.count("resnet18", inputs=3), "an object of type int", "tensors"),
        wrong(lambda: srbench.count("resnet18", variants=[3]), "variants is [3]", '["se", "sr"]'),
        wrong(
            lambda: srbench.count("resnet18", inputs=["a=1x3x8x8", "a=1x3x8x8"]),
            "two inputs have one name",
            "one --input",
        ),
        wrong(lambda: srbench.count({"a": 3}), "a is of type int", "torch.nn.Module"),
        wrong(lambda: srbench.count(3), "an object of type int is not", "resnet50+sr"),
        wrong(lambda: srbench.count("resnet18", X), "an object of type Tensor is not", "inputs="),
        wrong(
            lambda: srbench.count(nn.Linear(3, 3), input_size=224),
            "224 is not the input size of a module",
            "(3, 224, 224)",
        ),
        wrong(
            lambda: srbench.count(nn.Linear(3, 3), input_size=(3, -1)),
            "(3, -1) is not the input size",
            "(3, 224, 224)",
        ),
        wrong(
            lambda: srbench.count(nn.Linear(3, 3), X, input_size=(3,)),
            "inputs and input_size are both given",
            "one of the two",
        ),
        wrong(lambda: srbench.count(nn.Linear(3, 3)), "needs 'input'", "input_size=(3, 224, 224)"),
        wrong(lambda: srbench.count(Speech(), [X, IDS]), "needs 'ids'", "a list is one input"),
        wrong(
            lambda: srbench.count(nn.Linear(3, 3), (2, 3)), "(2, 3) is not a tensor", "input_size="
        ),
        wrong(
            lambda: srbench.count(nn.Linear(3, 3), "2x3"), "'2x3' is not a tensor", "input_size="
        ),
        wrong(
            lambda: srbench.count(nn.Linear(3, 3), X.numpy()), "a numpy array", "torch.from_numpy"
        ),
        wrong(lambda: srbench.count(nn.Linear(3, 3), nn.Linear(3, 4)), "gets a module", "baseline"),
        wrong(
            lambda: srbench.count(nn.Linear(3, 3), input_size=X), "input_size is a tensor", "inputs"
        ),
        wrong(
            lambda: srbench.count(["resnet18", "resnet34"]),
            "an object of type list is not a spec",
            "one after the other",
        ),
        wrong(
            lambda: srbench.count(nn.Linear(3, 3), input_size=(3,)).delta(0, "mac"),
            "'mac' is not a count",
            "did you mean macs?",
        ),
        wrong(
            lambda: srbench.count(nn.Linear(3, 3), inputs={1: X}),
            "1 is not the name of an input",
            "(the_dict,)",
        ),
        wrong(
            lambda: srbench.count(nn.Linear(3, 3), X, num_classes=10),
            "num_classes is given",
            "leave num_classes out",
        ),
        wrong(
            lambda: srbench.count(nn.Linear(3, 3), X, variants=["se"]),
            "variants is given",
            "leave variants out",
        ),
        wrong(
            lambda: srbench.count("resnet18", varients=["se"]),
            "unknown argument 'varients'",
            "did you mean variants?",
        ),
        wrong(
            lambda: srbench.count("resnet18", num_classes="10"),
            "num_classes is '10'",
            "a whole number",
        ),
        wrong(
            lambda: srbench.count("resnet18", inputs=[3]),
            "an object of type int is not an input",
            "int64:1x128",
        ),
    ],
)
def test_wrong_arguments_answer_in_words(call: Callable[[], Any], message: str, hint: str) -> None:
    with pytest.raises(SrbenchError) as caught:
        call()
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert "\n" not in str(caught.value)


def test_what_cannot_be_copied_is_shared_or_one_line() -> None:
    model = Locked()
    (row,) = srbench.count(model, torch.zeros(2, 3))
    assert (row.status, row.counted.macs) == ("ok", 18)
    assert model.lock.acquire(blocking=False)
    (row,) = srbench.count(Refuses(), torch.zeros(1))
    assert row.status.startswith("failed: it cannot be copied: RuntimeError: no copies")


@pytest.mark.parametrize("spec", ["resnet18+se", "resnet18"])
def test_a_spec_takes_whole_inputs_too(spec: str) -> None:
    whole = srbench.count(spec, inputs=torch.zeros(2, 3, 64, 96))[spec]
    image = srbench.count(spec, input_size=(64, 96))[spec]
    assert whole.counted.macs == 2 * image.counted.macs
    assert whole.inputs == ("float32:2x3x64x96",)
    assert (whole.input, whole.num_classes) == (None, 1000)


AUDIO = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.conv = nn.Conv1d(1, width, 9, stride=4)
        self.tokens = nn.Embedding(50, width)

    def forward(self, x, ids):
        return {"y": self.conv(x).mean(-1) + self.tokens(ids).mean(1)}

class Classes(nn.Module):
    def __init__(self, num_classes=3):
        super().__init__()
        self.head = nn.Linear(4, num_classes)

    def forward(self, x):
        return self.head(x), x

def make():
    return Net()

def number() -> int:
    return 3
"""
AUDIO_MACS = 9 * 8 * 3998


@pytest.fixture
def audio(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "audio_nets.py").write_text(AUDIO)
    monkeypatch.chdir(tmp_path)
    return "audio_nets"


@pytest.mark.parametrize("make", ["make", "Net", "Net:width=8"])
@pytest.mark.parametrize("ids", ["int64:1x128", "ids=int64:1x128"])
@pytest.mark.imports
def test_a_command_takes_whole_inputs(
    audio: str, make: str, ids: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["flops", f"{audio}:{make}", "--input", "1x1x16000", "--input", ids]
    assert run([*arguments, "-f", "csv"]) == 0
    header, row = (line.split(",") for line in capsys.readouterr().out.splitlines())
    found = dict(zip(header, row, strict=True))
    assert int(found["macs"]) == AUDIO_MACS
    assert found["inputs"] == f"float32:1x1x16000; {ids}"
    assert (found["input_height"], found["num_classes"], found["batch"]) == ("", "", "")
    assert run(arguments) == 0
    assert "Per call with float32 1×1×16000 and " in capsys.readouterr().out


@pytest.mark.imports
def test_a_network_may_still_get_its_number_of_classes(
    audio: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["flops", f"{audio}:Classes", "--input", "5x4", "--num-classes", "7"]
    assert run([*arguments, "-f", "csv"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split(",")[2] == str(5 * 4 * 7)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["make"], "is not known to make a module"),
        (["Net"], "has no argument num_classes"),
        (["make", "--input", "1x3", "--num-classes", "3"], "leave --num-classes out"),
        (["make", "--input", "1x3", "--input-size", "9"], "--input-size and --input are both"),
        (["make", "--input", "1x1x"], "'1x1x' is not an input"),
        (["make", "--input", "0x1"], "'0x1' is out of range"),
        (["make", "--input", "int46:1x1"], "did you mean int64?"),
        (["make", "--input", "999999999999x999999"], "is out of range"),
    ],
)
@pytest.mark.imports
def test_bad_inputs_of_a_command_are_one_line_and_a_remedy(
    audio: str, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["flops", f"{audio}:{arguments[0]}", *arguments[1:]]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.startswith("error: ")
    assert "hint: " in error


@pytest.mark.imports
def test_a_forward_that_needs_more_names_the_argument(
    audio: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["flops", f"{audio}:make", "--input", "1x1x16000"]) == 4
    assert "missing 1 required positional argument: 'ids'" in capsys.readouterr().err


@pytest.mark.imports
def test_what_promises_something_else_is_not_called(
    audio: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["flops", "os:getcwd", "--input", "1x3"]) == 2
    assert "is not known to make a module, so it is not called" in capsys.readouterr().err
    assert run(["flops", f"{audio}:number", "--input", "1x3"]) == 2
    assert "is not known to make a module, so it is not called" in capsys.readouterr().err
