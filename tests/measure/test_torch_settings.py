"""torch's settings: how networks change them, which are held, and what records keep."""

import gc
import importlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from conftest import forget_modules
from support.fakes import small_limits

import srbench
from srbench.cli.app import run
from srbench.conditions import Plan, Setup
from srbench.measure import latency
from srbench.measure.pinning import pinned
from srbench.measure.torch_settings import USUAL, current, kept, recorded
from srbench.records.environment import TORCH, UNUSUAL
from srbench.runner import sampling
from srbench.runner.sampling import LineUp, sample_afresh

cuda, cudnn, mkldnn = torch.backends.cuda, torch.backends.cudnn, torch.backends.mkldnn
DEFAULT = {"matmul": "none", "conv": "tf32", "cpu": "none", "older": "highest", "threads": 2}


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    with kept():
        torch.set_num_threads(2)
        yield


def said() -> dict[str, object]:
    """What torch itself reports, as documented; "mixed" if it refuses."""
    try:
        older = torch.get_float32_matmul_precision()
        assert cuda.matmul.allow_tf32 == (older != "highest")
    except RuntimeError:
        older = "mixed"
    return {
        "matmul": cuda.matmul.fp32_precision,
        "conv": cudnn.conv.fp32_precision,
        "cpu": mkldnn.matmul.fp32_precision,
        "older": older,
        "threads": torch.get_num_threads(),
    }


CHANGES = {
    "of everything": lambda: setattr(torch.backends, "fp32_precision", "tf32"),
    "of everything to ieee": lambda: setattr(torch.backends, "fp32_precision", "ieee"),
    "of one operator": lambda: setattr(cuda.matmul, "fp32_precision", "tf32"),
    "of convolutions": lambda: setattr(cudnn.conv, "fp32_precision", "ieee"),
    "on the CPU": lambda: setattr(mkldnn.matmul, "fp32_precision", "bf16"),
    "the older way": lambda: torch.set_float32_matmul_precision("medium"),
    "by the older flags": lambda: setattr(cuda.matmul, "allow_tf32", True),
    "of cuDNN by the older flag": lambda: setattr(cudnn, "allow_tf32", False),
    "of threads": lambda: torch.set_num_threads(1),
}
both = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)


@both
def test_a_changed_setting_is_put_back(change: Callable[[], object]) -> None:
    assert said() == DEFAULT
    with kept():
        change()
        assert said() != DEFAULT
    assert said() == DEFAULT
    torch.backends.fp32_precision = "tf32"  # it still applies to the operators below
    assert said()["matmul"] == said()["cpu"] == "tf32"


@both
def test_settings_made_before_come_back(change: Callable[[], object]) -> None:
    """Except for the older flags, which torch refuses to read here."""
    torch.backends.fp32_precision = "tf32"
    before = said()
    assert (before["matmul"], before.pop("older")) == ("tf32", "mixed")
    with kept():
        change()
        torch.backends.fp32_precision = "ieee"
    assert said() | before == said()


def test_the_flags_are_those_that_torch_reports() -> None:
    torch.backends.fp32_precision = "tf32"
    cudnn.conv.fp32_precision = "ieee"
    mkldnn.matmul.fp32_precision = "bf16"
    with pinned(Setup(threads=1)) as held:
        names = ("fp32_cuda_matmul", "fp32_cuda_conv", "fp32_cpu_matmul", "fp32_cpu_conv")
        assert [held.flags[name] for name in names] == ["tf32", "ieee", "bf16", "tf32"]
        assert held.flags["threads"] == 1
    assert torch.get_num_threads() == 2


def test_a_fresh_process_takes_over_the_settings() -> None:
    """Those from when the job was made; otherwise a fresh process has torch's defaults."""
    cuda.matmul.fp32_precision = "tf32"
    job = LineUp("resnet18", (), Setup(), Plan(("forward",), rounds=1))
    cuda.matmul.fp32_precision = "none"
    assert sample_afresh(job, 60.0).flags["fp32_cuda_matmul"] == "tf32"


# A network that records the settings it runs with, and blocks that change them.
NET = """
import gc
import torch
from torch import nn

SEEN = set()
matmul = torch.backends.cuda.matmul
cudnn, mkldnn = torch.backends.cudnn, torch.backends.mkldnn


class Net(nn.Module):
    def __init__(self, num_classes=3):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.head = nn.Linear(4, num_classes)

    def forward(self, x):
        SEEN.add({asked})
        return self.head(self.conv(x).mean((2, 3)))
"""
BLOCKS = """

class Sets(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        matmul.fp32_precision = "tf32"
        torch.set_num_threads(1)

    def forward(self, x):
        return x * 2


class Runs(nn.Module):
    def __init__(self, channels: int):
        super().__init__()

    def forward(self, x):
        torch.backends.fp32_precision = "tf32"
        return x * 2
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], str]]:
    """Write a module with blocks and a network that evaluates ``asked``; returns its name."""
    name = "changes_settings"

    def write(asked: str, blocks: str) -> str:
        code = NET.replace("{asked}", asked) + blocks
        (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        forget_modules(name)
        return name

    yield write
    forget_modules(name)


@pytest.fixture
def module(write: Callable[[str, str], str]) -> str:
    return write("(matmul.fp32_precision, torch.get_num_threads())", BLOCKS)


def seen_while_timed(name: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], set[object]]:
    """What the network saw since the models were built."""

    def interleave(*arguments: object) -> None:
        importlib.import_module(name).SEEN.clear()
        latency.interleave(*arguments)

    monkeypatch.setattr(sampling, "interleave", interleave)
    return lambda: importlib.import_module(name).SEEN


def timed(capsys: pytest.CaptureFixture, *specs: str) -> list[dict]:
    arguments = ("--input-size", "16", "--rounds", "6", "--no-memory", "--device", "cpu")
    assert run(["latency", *specs, *arguments, "--format", "json"]) == 0
    rows: list[dict] = json.loads(capsys.readouterr().out)
    return rows


def one_line(row: dict) -> list[str]:
    """A row's warnings about settings; it may also have one that the machine is busy."""
    return [warning for warning in row["warnings"] if " sets torch's " in warning]


@pytest.mark.parametrize("block", ["Sets", "Runs"])
def test_a_block_that_changes_settings_affects_no_other_model(
    module: str,
    block: str,
    capsys: pytest.CaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = seen_while_timed(module, monkeypatch)
    rows = timed(capsys, f"{module}:Net+{module}:{block}:after=conv")
    assert [row["role"] for row in rows] == ["baseline", "variant"]
    assert seen() == {("none", 2)}
    assert said() == DEFAULT


def test_settings_changed_by_a_constructor_are_put_back_with_a_warning(
    module: str, capsys: pytest.CaptureFixture
) -> None:
    baseline, variant = timed(capsys, f"{module}:Net+{module}:Sets:after=conv")
    for row in (baseline, variant):
        assert row["environment"]["fp32_cuda_matmul"] == "none"
        assert row["environment"]["threads"] == 2
    assert one_line(baseline) == []
    assert one_line(variant) == [
        "building it sets torch's threads to 1, fp32_cuda_matmul to tf32: it is timed without that"
    ]


def test_settings_changed_by_a_forward_are_reported_on_its_own_row(
    module: str, capsys: pytest.CaptureFixture
) -> None:
    baseline, variant = timed(capsys, f"{module}:Net+{module}:Runs:after=conv")
    assert {row["environment"]["fp32_cuda_matmul"] for row in (baseline, variant)} == {"none"}
    assert baseline["changed"] == {}
    assert variant["changed"]["fp32_cuda_matmul"] == "tf32"
    assert one_line(baseline) == []
    (warning,) = one_line(variant)
    assert warning.startswith("its forward sets torch's fp32_cuda_matmul to tf32, ")
    assert warning.endswith(": it is timed with that")


def test_counting_and_profiling_do_not_change_settings(
    module: str, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_limits(monkeypatch)
    for block in ("Sets", "Runs"):
        spec = f"{module}:Net+{module}:{block}:after=conv"
        srbench.count(spec, input_size=16)
        assert said() == DEFAULT
        assert run(["profile", spec, "--input-size", "16", "--rounds", "2", "-f", "json"]) == 0
        assert said() == DEFAULT
        capsys.readouterr()


def test_a_record_of_times_has_every_setting_that_comparisons_look_at() -> None:
    with pinned(Setup()) as held:
        assert {*held.flags} == {*TORCH}
    assert {*recorded(current())} <= {*TORCH}
    assert {*USUAL} == {*UNUSUAL}


# Settings that are rarely changed: code that does, code that asks torch, and the row's warning.
RARE = {
    "cuDNN off": ("cudnn.enabled = False", "cudnn.enabled", "cudnn_enabled to False"),
    "oneDNN off": ("mkldnn.enabled = False", "mkldnn.enabled", "mkldnn_enabled to False"),
    "no flash attention": (
        "torch.backends.cuda.enable_flash_sdp(False)",
        "torch.backends.cuda.flash_sdp_enabled()",
        "flash_sdp to False",
    ),
    "autocast": (
        "torch.set_autocast_enabled('cpu', True)",
        "torch.is_autocast_enabled('cpu')",
        "autocast_cpu to True",
    ),
    "anomalies": (
        "torch.autograd.set_detect_anomaly(True)",
        "torch.is_anomaly_enabled()",
        "anomaly_detection to True",
    ),
    "dtype": (
        "torch.set_default_dtype(torch.float64)",
        "torch.get_default_dtype()",
        "default_dtype to float64",
    ),
    "device": (
        "torch.set_default_device('meta')",
        "torch.get_default_device()",
        "default_device to meta",
    ),
    "denormals": ("torch.set_flush_denormal(False)", "float(torch.tensor(1e-40) * 1) == 0", None),
    "garbage": ("gc.enable()", "gc.isenabled()", None),
}
CHANGES_IT = """

class Changes(nn.Module):
    def __init__(self, channels: int):
        super().__init__()

    def forward(self, x):
        {change}
        return x * 2
"""


@pytest.mark.parametrize(("change", "asked", "told_of"), RARE.values(), ids=RARE)
def test_a_change_of_a_rare_setting_affects_no_other_model(
    change: str,
    asked: str,
    told_of: str | None,
    write: Callable[[str, str], str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    names = {"torch": torch, "gc": gc, "cudnn": cudnn, "mkldnn": mkldnn}
    with kept():
        torch.set_flush_denormal(True)
        gc.disable()
        held = str(eval(asked, names))
        exec(change, names)
        assert str(eval(asked, names)) != held
    torch.set_flush_denormal(False)
    gc.enable()

    name = write(f"str({asked})", CHANGES_IT.replace("{change}", change))
    seen, before = seen_while_timed(name, monkeypatch), current()
    baseline, variant = timed(capsys, f"{name}:Net+{name}:Changes:after=conv")
    assert seen() == {held}
    assert one_line(baseline) == []
    expected = [f"its forward sets torch's {told_of}: it is timed with that"] if told_of else []
    assert one_line(variant) == expected
    assert current() == before


def test_a_record_has_a_rare_setting_only_if_it_is_unusual() -> None:
    assert {*recorded(current())} & {*UNUSUAL} == set()
    with kept():
        cudnn.enabled = False
        assert recorded(current())["cudnn_enabled"] is False
    assert "cudnn_enabled" not in recorded(current())


def test_grad_mode_is_put_back_except_in_inference_mode() -> None:
    with kept():
        torch.set_grad_enabled(False)
        assert recorded(current())["grad_enabled"] is False
    assert torch.is_grad_enabled()
    with torch.inference_mode(), kept():
        assert "grad_enabled" not in recorded(current())
