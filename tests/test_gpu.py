"""Timing on a real GPU, from single calls to whole commands."""

import csv
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from support.networks import on_device

from srbench.check.timing.processes import TimingJob, Worker
from srbench.check.timing.versions import this_code
from srbench.cli.app import run
from srbench.conditions import Conditions, Setup
from srbench.measure import memory
from srbench.measure.clocks import FLUSH, Task
from srbench.measure.devices import opened
from srbench.measure.passes import inference_context, task, tasks
from srbench.measure.pinning import pinned
from srbench.models.build import build
from srbench.runner import counting
from srbench.spec.cases import case_of
from srbench.spec.parse import parse

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU"),
]
QUICK = ("--input-size", "64", "--batch-size", "8", "--device", "cuda", "--time-budget", "6")


def rows(capsys: pytest.CaptureFixture, *arguments: str, code: int = 0) -> list[dict[str, str]]:
    found = run([*arguments, "-f", "csv"])
    stdout, stderr = capsys.readouterr()
    assert found == code, stderr
    return list(csv.DictReader(io.StringIO(stdout)))


def test_events_agree_with_the_wall_clock_on_long_work() -> None:
    with opened("cuda:0") as device:
        matrix = torch.randn(8192, 8192, device="cuda")
        task = Task("product", "product", lambda: matrix @ matrix)
        for _ in range(3):
            device.clock.wall(task)
        (events,) = device.clock.read([device.clock.measure(task)])
        assert events == pytest.approx(device.clock.wall(task).seconds, rel=0.2)


@pytest.mark.parametrize(
    "flags",
    [
        (),
        ("--channels-last",),
        ("--amp",),
        ("--dtype", "bfloat16"),
        ("--cuda-graph",),
        ("--amp", "--cuda-graph"),
    ],
)
def test_latency_times_every_pass(flags: tuple[str, ...], capsys: pytest.CaptureFixture) -> None:
    baseline, se, sr = rows(
        capsys, "latency", "resnet18", "--se", "--sr-memories", "2", *QUICK, *flags, "--no-energy"
    )
    for row in (baseline, se, sr):
        assert row["status"] == "ok"
        for pass_name in ("forward", "backward", "train"):
            assert 0 < float(row[f"{pass_name}_s"]) < 1
            assert float(row[f"{pass_name}_wall_s"]) > 0
            assert int(row[f"{pass_name}_peak_bytes"]) > 0
    assert int(sr["train_peak_bytes"]) > 4 * 11_000_000 / 2  # the gradients, in half precision


@pytest.mark.slow
def test_a_compiled_variant_is_timed(capsys: pytest.CaptureFixture) -> None:
    _, sr = rows(
        capsys, "latency", "resnet18+sr", *QUICK, "--compile", "--pass", "forward", "--no-memory"
    )
    assert sr["status"] == "ok"


@pytest.mark.slow
def test_energy_is_measured_if_the_card_counts_it(capsys: pytest.CaptureFixture) -> None:
    (row,) = rows(
        capsys, "latency", "resnet18", "--no-variants", *QUICK, "--pass", "forward", "--no-memory"
    )
    with opened("cuda:0") as device:
        counts = device.gpu is not None and device.gpu.joules() is not None
    if counts:
        assert float(row["forward_energy_j"]) > float(row["forward_energy_net_j"]) > 0
    else:
        assert row["forward_energy_j"] == ""


@pytest.fixture
def room() -> Iterator[Callable[[float], None]]:
    """Let torch use the given bytes of the card, in addition to what it holds already."""

    def leave(size: float) -> None:
        torch.cuda.empty_cache()
        total = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved(0) + size) / total)

    yield leave
    torch.cuda.set_per_process_memory_fraction(1.0)
    torch.cuda.empty_cache()


@pytest.mark.parametrize("seed", ["0", "1", "2"])  # of the order in which models are built
def test_out_of_memory_fails_one_row(
    seed: str, room: Callable[[float], None], capsys: pytest.CaptureFixture
) -> None:
    """The feature maps of CBAM do not fit, those of the others do, in any order."""
    specs = ("resnet18", "resnet18+cbam", "resnet18+se")
    command = ("latency", *specs, "--input-size", "224", "--device", "cuda", "--batch-size", "64")
    command += ("--pass", "backward,train", "--rounds", "6", "--no-energy", "--seed", seed)
    need = [int(row["train_peak_bytes"]) for row in rows(capsys, *command)]
    assert need[1] > 1.1 * max(need[0], need[2])
    weights = 4 * 12_000_000 * 2  # and gradients
    batch = 4 * 64 * 3 * 224 * 224
    other = FLUSH * torch.cuda.get_device_properties(0).L2_cache_size  # the clock's buffer
    room(other + len(specs) * (weights + batch) + (need[1] + max(need[0], need[2])) / 2)
    found = rows(capsys, *command, "--no-memory", code=4)
    status = [row["status"] for row in found]
    assert [one == "ok" for one in status] == [True, False, True], status
    assert "out of memory" in found[1]["status"]


def test_the_peak_of_a_graph_does_not_depend_on_earlier_passes() -> None:
    conditions, setup = Conditions(64, 64), Setup("cuda:0", batch=8, cuda_graph=True)
    found = {}
    for passes in (("train",), ("forward", "backward", "train")):
        model = build("resnet18", input_size=64)
        subject = on_device("net", model, conditions, setup, torch.device("cuda:0"))
        for pass_name in passes:
            found[passes] = memory.on_cuda(subject, pass_name).allocated
    alone, after = found.values()
    assert after == pytest.approx(alone, rel=0.02)
    eager = on_device(
        "net",
        build("resnet18", input_size=64),
        conditions,
        Setup("cuda:0", batch=8),
        torch.device("cuda:0"),
    )
    workspaces = alone - memory.on_cuda(eager, "train").allocated  # cuBLAS's, of two threads
    assert -1e6 < workspaces < 80e6


class Waits(torch.nn.Module):
    """Cannot be captured because the host waits; torch sees this, or does not."""

    def __init__(self, wait: Callable[[torch.Tensor], object]) -> None:
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(3))
        self.wait = wait

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x.mean((2, 3)) * self.scale
        self.wait(y.sum())
        return y


@pytest.mark.parametrize("wait", [torch.Tensor.item, lambda y: torch.cuda.synchronize()])
@pytest.mark.parametrize("order", [("bad", "good"), ("good", "bad")])
def test_a_model_that_cannot_be_captured_fails_alone(
    wait: Callable[[torch.Tensor], object], order: tuple[str, str]
) -> None:
    conditions, setup = Conditions(64, 64, 3), Setup("cuda:0", batch=8, cuda_graph=True)
    models = {"bad": Waits(wait), "good": build("resnet18", input_size=64, num_classes=3)}
    subjects = {
        name: on_device(name, models[name], conditions, setup, torch.device("cuda:0"))
        for name in order
    }
    with pinned(setup) as held:
        for pass_name in ("forward", "train"):
            ready, failures = tasks(dict(subjects), pass_name, held)
            assert list(ready) == ["good"]
            assert "it cannot be captured as a CUDA graph" in failures["bad"]
            assert torch.cuda.current_stream() == torch.cuda.default_stream()
            with inference_context(pass_name):
                ready["good"].prepare()
                ready["good"].run()
    torch.cuda.synchronize()


@pytest.mark.parametrize("amp", [{}, {"amp": True, "dtype": "bfloat16"}], ids=["float32", "amp"])
def test_a_graph_computes_what_the_pass_does(amp: dict[str, object]) -> None:
    """The graph keeps the gradients in its own memory: BatchNorm's statistics show that it ran."""
    conditions, device = Conditions(64, 64), torch.device("cuda:0")
    means = []
    for graph in (False, True):
        torch.manual_seed(0)
        setup = Setup("cuda:0", batch=8, cuda_graph=graph, **amp)
        subject = on_device("net", build("resnet18", input_size=64), conditions, setup, device)
        once = task(subject, "train")
        norm = subject.model.bn1
        norm.reset_running_stats()
        once.prepare()
        once.run()
        means.append(norm.running_mean.clone())
    torch.testing.assert_close(*means, rtol=1e-2, atol=1e-4)


def test_launch_bound_rows_have_a_warning(capsys: pytest.CaptureFixture) -> None:
    command = ("latency", "resnet18", "--no-variants", *QUICK, "--pass", "forward", "--no-memory")
    (eager,) = rows(capsys, *command, "--no-energy")
    (graph,) = rows(capsys, *command, "--no-energy", "--cuda-graph")
    assert "launch-bound" in eager["warnings"]
    assert "launch-bound" not in graph["warnings"]


DEAD = """
import torch
from torch import nn

class Dead(nn.Module):
    def __init__(self, num_classes=1000):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(num_classes))
        self.calls = 0

    def forward(self, x):
        self.calls += x.is_cuda
        index = torch.full((len(x),), 10**6 if self.calls > 9 else 0, device=x.device)
        return x.mean((1, 2, 3))[index][:, None] * self.scale
"""


def test_an_error_on_the_device_loses_no_finished_row(tmp_path: Path) -> None:
    """After it every call to CUDA fails, but earlier results are written."""
    (tmp_path / "dead.py").write_text(DEAD)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "srbench",
            "latency",
            "resnet18",
            "dead:Dead",
            "--no-variants",
            *QUICK,
            "--pass",
            "forward",
            "--rounds",
            "20",
            "-f",
            "csv",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ
        | {
            "PYTHONPATH": os.pathsep.join(
                [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
            )
        },
    )
    assert done.returncode == 4, done.stderr
    first, second = csv.DictReader(io.StringIO(done.stdout))
    assert first["status"] == "ok"
    assert "device-side assert" in second["status"]


def test_the_peak_of_training_includes_the_gradients() -> None:
    conditions, setup = Conditions(64, 64), Setup("cuda:0", batch=8)
    subject = on_device(
        "net", build("resnet18", input_size=64), conditions, setup, torch.device("cuda:0")
    )
    found = memory.on_cuda(subject, "train")
    gradients = sum(p.numel() * p.element_size() for p in subject.model.parameters())
    assert found.allocated > gradients
    assert found.reserved >= 0


@pytest.mark.parametrize("batch", [8, 32])
@pytest.mark.parametrize("spec", ["resnet50+sr", "mobilenet_v3_large", "convnext_tiny"])
def test_peaks_are_what_the_shapes_say(spec: str, batch: int) -> None:
    (record,) = counting.run([case_of(parse(spec), 224)], counting.Extras(memory=True))
    assert record.counts is not None
    said = record.counts.memory
    assert said is not None
    setup = Setup("cuda:0", batch=batch, optimizer="sgd")
    model = build(spec, input_size=224)
    one = on_device(spec, model, Conditions(224, 224), setup, torch.device("cuda:0"))
    with pinned(setup):
        for pass_name, peak in (("forward", said.inference), ("train", said.training)):
            there = [*model.parameters(), *model.buffers(), *one.inputs.tensors]
            found = memory.on_cuda(one, pass_name).allocated + sum(held.nbytes for held in there)
            assert peak.at(batch) == pytest.approx(found, rel=0.1)
            assert peak.largest_batch(found) == pytest.approx(batch, rel=0.1, abs=1)


def test_a_profile_times_all_parts_and_writes_its_files(
    capsys: pytest.CaptureFixture, tmp_path: Path
) -> None:
    trace, plot = tmp_path / "trace.json", tmp_path / "roofline.png"
    parts = rows(
        capsys,
        *("profile", "resnet18+sr", "--device", "cuda", "--batch-size", "32"),
        *("--trace", str(trace), "--plot", str(plot)),
    )
    assert all(float(part["seconds"]) > 0 for part in parts)
    assert "cuda" in trace.read_text().lower()
    assert plot.stat().st_size > 1000


def test_env_lists_the_gpu(capsys: pytest.CaptureFixture) -> None:
    assert {row["part"] for row in rows(capsys, "env")} >= {"versions", "cuda:0", "now"}


def test_a_version_of_the_code_takes_its_turn_on_the_gpu() -> None:
    job = TimingJob(("resnet18", "resnet18+sr"), (64, 64), 10, 8, "train", "cuda")
    with Worker(this_code(), job) as worker:
        assert worker.hello()["failures"] == {}
        assert 0 < worker.turn("resnet18+sr") < 10
