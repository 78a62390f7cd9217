"""The whole of timing on a real GPU."""

import csv
import io
from pathlib import Path

import pytest
import torch

from srbench.cli.app import run
from srbench.conditions import Conditions, Setup
from srbench.gate.processes import Job, Worker, this_code
from srbench.measure import memory
from srbench.measure.clocks import Task
from srbench.measure.devices import opened
from srbench.measure.passes import place
from srbench.models.build import build

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
        assert events == pytest.approx(device.clock.wall(task), rel=0.2)


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
def test_a_comparison(flags: tuple[str, ...], capsys: pytest.CaptureFixture) -> None:
    baseline, se, sr = rows(
        capsys, "latency", "resnet18", "--se", "--sr-memories", "2", *QUICK, *flags, "--no-energy"
    )
    for row in (baseline, se, sr):
        assert row["status"] == "ok"
        for what in ("forward", "backward", "train"):
            assert 0 < float(row[f"{what}_s"]) < 1
            assert float(row[f"{what}_wall_s"]) > 0
            assert int(row[f"{what}_peak_bytes"]) > 0
    assert int(sr["train_peak_bytes"]) > 4 * 11_000_000 / 2  # the gradients, in half precision


@pytest.mark.slow
def test_compiled(capsys: pytest.CaptureFixture) -> None:
    _, sr = rows(
        capsys, "latency", "resnet18+sr", *QUICK, "--compile", "--pass", "forward", "--no-memory"
    )
    assert sr["status"] == "ok"


@pytest.mark.slow
def test_energy_where_the_card_counts_it(capsys: pytest.CaptureFixture) -> None:
    (row,) = rows(
        capsys, "latency", "resnet18", "--no-variants", *QUICK, "--pass", "forward", "--no-memory"
    )
    with opened("cuda:0") as device:
        counts = device.gpu is not None and device.gpu.joules() is not None
    if counts:
        assert float(row["forward_energy_j"]) > float(row["forward_energy_net_j"]) > 0
    else:
        assert row["forward_energy_j"] == ""


def test_out_of_memory_fails_one_row(capsys: pytest.CaptureFixture) -> None:
    found = rows(
        capsys,
        *("latency", "resnet18", "resnet18+sr:memories=1000000", "--input-size", "224"),
        *("--device", "cuda", "--pass", "forward", "--rounds", "6", "--no-memory", "--no-energy"),
        code=4,
    )
    assert found[0]["status"] == "ok"
    assert "out of memory" in found[1]["status"]


def test_the_peak_is_what_the_allocator_says() -> None:
    under, setup = Conditions(64, 64), Setup("cuda:0", batch=8)
    subject = place("net", build("resnet18", input_size=64), under, setup, torch.device("cuda:0"))
    found = memory.on_cuda(subject, "train")
    gradients = sum(p.numel() * p.element_size() for p in subject.model.parameters())
    assert found.allocated > gradients
    assert found.reserved >= 0


def test_a_profile(capsys: pytest.CaptureFixture, tmp_path: Path) -> None:
    trace, plot = tmp_path / "trace.json", tmp_path / "roofline.png"
    parts = rows(
        capsys,
        *("profile", "resnet18+sr", "--device", "cuda", "--batch-size", "32"),
        *("--trace", str(trace), "--plot", str(plot)),
    )
    assert all(float(part["seconds"]) > 0 for part in parts)
    assert "cuda" in trace.read_text().lower()
    assert plot.stat().st_size > 1000


def test_env(capsys: pytest.CaptureFixture) -> None:
    assert {row["part"] for row in rows(capsys, "env")} >= {"versions", "cuda:0", "now"}


def test_versions_of_the_code_take_turns_on_the_gpu() -> None:
    job = Job(("resnet18", "resnet18+sr"), (64, 64), 10, 8, "train", "cuda")
    with Worker(this_code(), job) as worker:
        assert worker.hello()["failures"] == {}
        assert 0 < worker.turn("resnet18+sr") < 10
