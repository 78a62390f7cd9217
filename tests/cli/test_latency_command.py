"""``srbench latency`` as people and scripts use it, mostly with a fake clock."""

import csv
import io
import json
import math
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from conftest import forget_modules
from support.fakes import (
    Card,
    FakeClock,
    FakeNvml,
    SilentWatch,
    fake_gpu,
    install_fake_cuda,
    steady,
)

import srbench
from srbench.cli.app import run
from srbench.conditions import Plan
from srbench.errors import SrbenchError
from srbench.measure import devices
from srbench.measure.clocks import Task
from srbench.measure.interference import GpuWatch, MemoryWatch
from srbench.measure.latency import Course, Samples
from srbench.measure.placement import Places
from srbench.records import jsonl
from srbench.records.timing import Memory
from srbench.runner import sampling, timing

SMALL = ("--input-size", "32", "--batch-size", "2")
FAKE = (*SMALL, "--device", "cuda")
QUICK = (*FAKE, "--rounds", "6")  # the fewest with an interval
ANNOUNCED = (
    "building, warming up and timing take at most 20 s, or one round of each pass, then memory and "
    "energy about as long again"
)


def latency(capsys: pytest.CaptureFixture, *arguments: str, code: int = 0) -> tuple[str, str]:
    found = run(["latency", *arguments])
    stdout, stderr = capsys.readouterr()
    assert found == code, stderr
    return stdout, stderr


def rows(stdout: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(stdout)))


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    install_fake_cuda(monkeypatch)


# --- what is measured


@pytest.mark.usefixtures("cuda")
def test_the_csv_has_times_ratios_and_intervals_per_pass(capsys: pytest.CaptureFixture) -> None:
    stdout, _ = latency(capsys, "cifar_resnet8", "--se", "--sr-memories", "2", *FAKE, "-f", "csv")
    baseline, se, sr = rows(stdout)
    assert stdout.startswith("spec,device,forward_s,forward_s_low,forward_s_high,forward_ratio,")
    for pass_name, factor in (("forward", 1), ("backward", 2), ("train", 3)):
        for name in ("s", "s_low", "s_high"):
            assert float(baseline[f"{pass_name}_{name}"]) == pytest.approx(factor * 1e-3, rel=0.01)
        for name in ("ratio", "ratio_low", "ratio_high"):
            assert baseline[f"{pass_name}_{name}"] == ""
            assert float(se[f"{pass_name}_{name}"]) == pytest.approx(1.105, rel=0.01)
            assert float(sr[f"{pass_name}_{name}"]) == pytest.approx(1.00, rel=0.01)
        low, value, high = (float(se[f"{pass_name}_ratio{end}"]) for end in ("_low", "", "_high"))
        assert low <= value <= high
        assert float(se[f"{pass_name}_images_per_s"]) == pytest.approx(
            2 / (1.105e-3 * factor), rel=0.01
        )
        assert int(se[f"{pass_name}_peak_bytes"]) == 3 * 2**30
    assert (baseline["batch"], baseline["dtype"], baseline["role"]) == ("2", "float32", "baseline")
    assert (se["role"], se["device"], se["seed"]) == ("variant", "cuda:0", "0")
    assert {row["status"] for row in (baseline, se, sr)} == {"ok"}
    assert {row["warnings"] for row in (baseline, se, sr)} == {""}


@pytest.mark.usefixtures("cuda")
def test_the_table_shows_overheads_with_intervals(capsys: pytest.CaptureFixture) -> None:
    stdout, stderr = latency(capsys, "cifar_resnet8", "--se", "--sr-memories", "2", *FAKE)
    header, _, baseline, se, sr, gap, *others = stdout.splitlines()
    assert re.split(r"\s{2,}", header) == [
        *("Model", "Pass", "Time (ms)", "Overhead %", "images/s", "Wall (ms)", "Peak (GB)"),
    ]
    assert gap == ""
    assert re.split(r"\s{2,}", others[0])[1] == "backward"
    notes = others[8:]
    assert re.split(r"\s{2,}", baseline)[3] == "–"
    assert re.match(r"\+10\.\d\d? \[\+\d", re.split(r"\s{2,}", se)[3])
    assert re.match(r"none \[-\d\.\d+, \+\d\.\d+\]", re.split(r"\s{2,}", sr)[3])
    assert any("Fake H100" in note and "Batches of 2 images of 3×32×32" in note for note in notes)
    assert any(note == "Energy: not measured." for note in notes)
    assert any("a time is the median of the placements' medians" in note for note in notes)
    assert stderr.splitlines() == [ANNOUNCED]


def loud(task: Task, number: int) -> float:
    """The same time for all, up to a fifth more or less."""
    return 1e-3 * 2 ** random.Random(f"{task.model}{number}").uniform(-0.3, 0.3)


def test_a_wide_interval_is_undecided_and_one_note_says_how_to_decide(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_fake_cuda(monkeypatch, loud)
    nets = ("cifar_resnet8", "cifar_resnet14", "--se", "--cbam")
    command = (*nets, *FAKE, "--rounds", "8", "--pass", "forward", "--no-memory")
    stdout, _ = latency(capsys, *command)
    lines = [re.split(r"\s{2,}", line) for line in stdout.splitlines()]
    cells = [line[3] for line in lines if "+" in line[0] and len(line) > 3]
    assert len(cells) == 4
    assert all(re.match(r"undecided \[-\d+\.\d, \+\d+\.\d\]$", cell) for cell in cells)
    assert stdout.count("To decide, give a larger --time-budget, or more --rounds or") == 1
    assert (
        "Undecided, all overheads: the interval contains 0 and reaches further than 1 %" in stdout
    )
    stdout, _ = latency(capsys, *command, "--precision", "50")
    assert "undecided [" not in stdout
    assert stdout.count(" none [") == 4
    assert "reaches at most 50 % to either side" in stdout
    written = rows(latency(capsys, *command, "--precision", "50", "-f", "csv")[0])
    assert {row["precision"] for row in written} == {"0.5"}
    assert all(0.6 < float(row["forward_ratio"]) < 1.6 for row in written if "+" in row["spec"])


def test_a_record_holds_the_requested_precision(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install_fake_cuda(monkeypatch, loud)
    path = str(tmp_path / "times.jsonl")
    command = ("cifar_resnet8", "--se", *FAKE, "--rounds", "8", "--pass", "forward")
    latency(capsys, *command, "--precision", "2.5", "-o", path)
    assert [r.timing.precision for r in jsonl.read(Path(path)).records] == [0.025, 0.025]
    page = tmp_path / "page.html"
    assert run(["report", path, "-o", str(page)]) == 0
    assert "undecided [" in page.read_text()
    assert "reaches further than 2.5 % to a side" in page.read_text()


def test_the_output_is_the_same_every_time(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = []
    for _ in range(2):
        install_fake_cuda(monkeypatch)
        made = r'"made": "[^"]*"'
        texts.append(
            re.sub(made, "", latency(capsys, "cifar_resnet8", "--se", *QUICK, "-f", "json")[0])
        )
    assert texts[0] == texts[1]


@pytest.mark.usefixtures("cuda")
def test_json_has_every_sample_and_the_machine(capsys: pytest.CaptureFixture) -> None:
    stdout, _ = latency(
        capsys, "cifar_resnet8", "--se", *FAKE, "--rounds", "9", "--pass", "train", "-f", "json"
    )
    baseline, se = json.loads(stdout)
    assert [len(process) for process in se["samples"]["train"]] == [9]
    assert set(se["samples"]) == {"train"}
    ratios = sorted(
        math.log(a / b)
        for a, b in zip(se["samples"]["train"][0], baseline["samples"]["train"][0], strict=True)
    )
    assert ratios[0] < math.log(se["train_ratio"]) < ratios[-1]
    assert se["forward_s"] is None
    assert se["train_rounds"] == 9
    assert se["environment"]["gpu"] == "Fake H100"
    assert {"torch", "cpu", "threads", "cudnn_benchmark"} <= se["environment"].keys()


@pytest.mark.usefixtures("cuda")
def test_the_default_is_resnet50_with_its_default_variants(capsys: pytest.CaptureFixture) -> None:
    stdout, _ = latency(
        capsys, *FAKE, "--pass", "forward", "--rounds", "1", "--no-memory", "-f", "csv"
    )
    assert [row["spec"] for row in rows(stdout)] == [
        *("resnet50", "resnet50+se", "resnet50+cbam", "resnet50+sr"),
    ]


@pytest.mark.usefixtures("cuda")
def test_timing_the_baseline_twice_shows_the_noise(capsys: pytest.CaptureFixture) -> None:
    command = ("cifar_resnet8", "--se", *QUICK, "--aa", "--pass", "forward")
    baseline, again, se = rows(latency(capsys, *command, "-f", "csv")[0])
    assert [row["role"] for row in (baseline, again, se)] == ["baseline", "aa", "variant"]
    assert again["spec"] == again["baseline"] == "cifar_resnet8"
    assert float(again["forward_ratio_low"]) <= 1 <= float(again["forward_ratio_high"])
    assert "cifar_resnet8 (again)" in latency(capsys, *command)[0]


def test_every_device_has_its_rows(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_fake_cuda(monkeypatch, gpus=2)
    quick = (*SMALL, "--pass", "forward", "--rounds", "1", "--no-memory")
    stdout, _ = latency(capsys, "cifar_resnet8+se", *quick, "-f", "csv")
    assert [(row["spec"], row["device"]) for row in rows(stdout)] == [
        ("cifar_resnet8", "cuda:0"),
        ("cifar_resnet8+se", "cuda:0"),
        ("cifar_resnet8", "cuda:1"),
        ("cifar_resnet8+se", "cuda:1"),
    ]
    assert "cuda:1" in latency(capsys, "cifar_resnet8+se", *quick)[0].splitlines()[5]


@pytest.mark.usefixtures("cuda")
def test_two_models_are_two_comparisons(capsys: pytest.CaptureFixture) -> None:
    stdout, _ = latency(
        *(capsys, "cifar_resnet8", "cifar_resnet14", "--se", *FAKE, "--rounds", "1"),
        *("--pass", "forward", "-f", "csv"),
    )
    assert [(row["spec"], row["baseline"]) for row in rows(stdout)] == [
        ("cifar_resnet8", "cifar_resnet8"),
        ("cifar_resnet8+se", "cifar_resnet8"),
        ("cifar_resnet14", "cifar_resnet14"),
        ("cifar_resnet14+se", "cifar_resnet14"),
    ]


def test_energy_comes_from_the_cards_counter(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def watts(task: Task, time: float) -> float:
        return 50 if task.pass_name == "idle" else 250

    def seconds(task: Task, number: int) -> float:
        return 0.1 if task.pass_name == "idle" else 100 * steady(task, 0)

    card = Card(monkeypatch, watts, seconds)
    install_fake_cuda(monkeypatch, card.seconds, gpu=fake_gpu(card.driver))
    stdout, _ = latency(capsys, "cifar_resnet8", "--se", *FAKE, "--rounds", "6", "-f", "csv")
    baseline, se = rows(stdout)
    # 250 W for 0.1 s, of which 50 W are drawn at idle, for a batch of two
    assert float(baseline["forward_energy_j"]) == pytest.approx(12.5, rel=0.02)
    assert float(baseline["forward_energy_net_j"]) == pytest.approx(10.0, rel=0.02)
    assert float(se["train_energy_j"]) == pytest.approx(12.5 * 3 * 1.1, rel=0.05)
    assert baseline["backward_energy_j"] == ""
    assert "per image (J)" in latency(capsys, "cifar_resnet8", "--se", *FAKE, "--rounds", "6")[0]


@pytest.mark.parametrize("form", ["markdown", "latex"])
@pytest.mark.usefixtures("cuda")
def test_markdown_and_latex_show_intervals(form: str, capsys: pytest.CaptureFixture) -> None:
    stdout, _ = latency(capsys, "cifar_resnet8", "--se", "--sr-memories", "2", *QUICK, "-f", form)
    assert "none" in stdout
    if form == "latex":
        assert re.search(r"none \{\[\}\$-\$0\.\d+, \+0\.\d+\]", stdout)
        assert r"Time (ms) & Overhead \%" in stdout


def test_a_comparison_runs_on_the_real_cpu(capsys: pytest.CaptureFixture) -> None:
    stdout, stderr = latency(
        capsys,
        "cifar_resnet8",
        "--se",
        *SMALL,
        "--device",
        "cpu",
        "--rounds",
        "6",
        "-f",
        "csv",
        *("--time-budget", "60"),
    )
    baseline, se = rows(stdout)
    assert "at most 60 s" in stderr
    for row in (baseline, se):
        assert row["status"] == "ok"
        assert float(row["forward_s"]) > 0
        assert float(row["train_s"]) > 0
        assert int(row["train_peak_bytes"]) > 4 * 75_290  # the gradients at least
    assert float(se["forward_ratio_low"]) <= float(se["forward_ratio"])


@pytest.mark.slow
def test_each_process_counts_as_one_number(capsys: pytest.CaptureFixture) -> None:
    stdout, stderr = latency(
        capsys,
        *("cifar_resnet8", "--se", *SMALL, "--device", "cpu", "--pass", "forward"),
        *("--rounds", "7", "--processes", "2", "--no-memory", "-f", "json"),
    )
    baseline, se = json.loads(stdout)
    assert [len(process) for process in se["samples"]["forward"]] == [7, 7]
    assert se["forward_ratio_low"] is None
    assert "forward: too few processes for an interval, 2 of at least 6" in stderr
    medians = [sorted(process)[3] for process in baseline["samples"]["forward"]]
    assert baseline["forward_s"] == pytest.approx(sum(medians) / 2)


def test_six_processes_have_an_interval(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fresh processes are simulated in this one; each makes SE a little slower."""
    luck = iter(range(100))

    def fresh_call(
        function: Callable, job: sampling.LineUp, budget: float, began: float
    ) -> sampling.Sampled:
        slower = 1 + next(luck) / 100

        def seconds(task: Task, number: int) -> float:
            return steady(task, number) * (slower if "+se" in task.model else 1)

        install_fake_cuda(monkeypatch, seconds)
        monkeypatch.setattr(sampling, "opened", devices.opened)
        return function(job, budget, began)

    install_fake_cuda(monkeypatch)
    monkeypatch.setattr("srbench.runner.sampling.fresh_process.call", fresh_call)
    stdout, _ = latency(
        capsys,
        *("cifar_resnet8", "--se", *QUICK, "--pass", "forward", "--processes", "6", "--no-memory"),
        *("-f", "csv"),
    )
    _, se = rows(stdout)
    assert float(se["forward_ratio_low"]) == pytest.approx(1.105, rel=0.01)
    assert float(se["forward_ratio_high"]) == pytest.approx(1.10 * 1.05, rel=0.01)
    assert se["processes"] == "6"


@pytest.mark.parametrize("compiling", [0.0, 30.0])
def test_no_process_starts_after_the_time_budget(
    compiling: float, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of six takes 5 s of 12, compiling excluded: two end in time, and no third is started."""
    clock = FakeClock(steady)
    install_fake_cuda(monkeypatch, clock=clock)

    def fresh_call(function: Callable, job: sampling.LineUp, *_: object) -> sampling.Sampled:
        sampled = sampling.Sampled()
        with devices.opened(job.setup.device) as device:
            sampling.sample(job, device, sampling.Deadline.after(clock, 1.0), sampled)
        clock._now += 5.0 + compiling
        sampled.compiling += compiling
        return sampled

    monkeypatch.setattr("srbench.runner.sampling.fresh_process.call", fresh_call)
    command = ("cifar_resnet8", "--se", *FAKE, "--pass", "forward", "--no-memory", "--no-energy")
    command = (*command, "--processes", "6", "--time-budget", "12")
    stdout, stderr = latency(capsys, *command, "-f", "csv")
    assert {row["processes"] for row in rows(stdout)} == {"2"}
    assert "stopped after 2 of 6 processes" in stderr


@pytest.mark.usefixtures("cuda")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), ANNOUNCED),
        (("--rounds", "6"), "timing 6 rounds of each pass, then memory and energy: no time limit"),
        (("--time-budget", "7.5", "--no-memory", "--no-energy"), "take at most 7.5 s"),
        (
            ("--processes", "6", "--no-memory"),
            "at most 60 s, or one round of each pass, then energy about as long",
        ),
        (
            ("--no-energy",),
            "at most 20 s, or one round of each pass, then memory as long again at most",
        ),
        (
            ("--compile", "--no-memory", "--no-energy"),
            "at most 20 s, or one round of each pass, compiling not counted",
        ),
        (("cifar_resnet14", "--time-budget", "8"), "as long again for each of 2 comparisons"),
    ],
)
def test_the_duration_is_announced_before_measuring(
    arguments: tuple[str, ...],
    said: str,
    capsys: pytest.CaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def measured(*_: object, **__: object) -> object:
        assert said in capsys.readouterr().err
        raise SrbenchError("enough seen", "")

    monkeypatch.setattr(timing, "run", measured)
    latency(capsys, "cifar_resnet8", *FAKE, *arguments, code=2)


@pytest.mark.usefixtures("cuda")
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_an_optimizers_step_is_in_the_training_step(
    optimizer: str, capsys: pytest.CaptureFixture
) -> None:
    command = ("cifar_resnet8", "--se", *QUICK, "--optimizer", optimizer)
    written = rows(latency(capsys, *command, "-f", "csv")[0])
    assert {row["optimizer"] for row in written} == {optimizer}
    name = {"sgd": "SGD with momentum", "adamw": "AdamW"}[optimizer]
    assert f"Train: forward and backward, with a step of {name}" in latency(capsys, *command)[0]


@pytest.mark.usefixtures("cuda")
def test_percentiles_are_shown_only_on_request(capsys: pytest.CaptureFixture) -> None:
    command = ("cifar_resnet8", "--se", *FAKE, "--rounds", "120")
    plain, _ = latency(capsys, *command)
    asked, _ = latency(capsys, *command, "--percentiles")
    assert "p90" not in plain
    assert re.split(r"\s{2,}", asked.splitlines()[0])[3:5] == ["p90 (ms)", "p99 (ms)"]
    assert "p90, p99: the 90th and 99th percentiles of all samples" in asked
    baseline, _ = rows(latency(capsys, *command, "-f", "csv")[0])
    taken = sorted(1e-3 * (1 + 0.001 * (n % 11 - 5)) for n in range(120))
    assert float(baseline["forward_p90_s"]) == pytest.approx(taken[107], rel=1e-3)
    assert float(baseline["forward_s"]) <= float(baseline["forward_p99_s"]) <= 1.0051e-3
    assert baseline["forward_placements"] == "12"


@pytest.mark.usefixtures("cuda")
def test_a_plot_shows_two_comparisons(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "times.svg"
    command = ("cifar_resnet8", "cifar_resnet14", "--se", "--aa", *QUICK, "--plot", str(path))
    _, stderr = latency(capsys, *command)
    assert f"wrote {path}" in stderr
    for name in ("ResNet-8 + SE", "ResNet-14 (again)", "backward", "overhead in %"):
        assert f"<!-- {name}" in path.read_text()


@pytest.mark.usefixtures("cuda")
def test_a_plot_shows_a_network_alone(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "times.svg"
    latency(capsys, "cifar_resnet8", "--no-variants", *QUICK, "--plot", str(path))
    assert "<!-- ResNet-8 " in path.read_text()


@pytest.mark.usefixtures("cuda")
def test_a_plot_of_rows_that_all_failed_is_not_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "times.svg"
    command = ("resnet18", "--no-variants", "--input-size", "1", "--device", "cuda")
    _, stderr = latency(capsys, *command, "--plot", str(path), code=4)
    assert not path.exists()
    assert "wrote" not in stderr


@pytest.mark.usefixtures("cuda")
def test_an_optimizer_without_a_training_step_is_refused(capsys: pytest.CaptureFixture) -> None:
    command = ("cifar_resnet8", *FAKE, "--pass", "forward", "--optimizer", "sgd")
    _, stderr = latency(capsys, *command, code=2)
    assert "--optimizer is for the training step" in stderr
    assert "--pass train" in stderr
    assert "building" not in stderr


@pytest.mark.usefixtures("cuda")
def test_a_plot_that_cannot_be_written_fails_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    for path, message in (
        (tmp_path / "times.bmp", "is not the name of a picture"),
        (tmp_path / "none" / "times.png", "none"),
    ):
        _, stderr = latency(capsys, "cifar_resnet8", *FAKE, "--plot", str(path), code=2)
        assert message in stderr
        assert "building, warming up" not in stderr
    same = str(tmp_path / "times.svg")
    _, stderr = latency(
        capsys, "cifar_resnet8", *FAKE, "--plot", same, "-o", same, "-f", "csv", code=2
    )
    assert "two outputs go to one file" in stderr


def test_measuring_memory_stops_at_its_own_time_budget(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each peak takes 3 s of 7: two of four models have one, and a note names the others."""
    clock = FakeClock(lambda task, number: 100 * steady(task, number))

    def peak(subject: object, pass_name: str) -> Memory:
        clock._now += 3.0
        return Memory(1000, 2000)

    install_fake_cuda(monkeypatch, peak=peak, clock=clock)
    command = ("cifar_resnet8", "--se", "--cbam", "--sr-memories", "2", *FAKE)
    command = (*command, "--pass", "forward", "--time-budget", "7")
    stdout, _ = latency(capsys, *command, "-f", "csv")
    assert [row["forward_peak_bytes"] for row in rows(stdout)] == ["1000", "1000", "", ""]
    text, _ = latency(capsys, *command)
    assert "No peak for cifar_resnet8+cbam or cifar_resnet8+sr" in text


# --- trouble


@pytest.mark.usefixtures("cuda")
@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (("--device", "tpu"), "there is no device tpu", "use --device cpu"),
        (("--device", "cuda:7"), "there is no device cuda:7", "cuda:0"),
        (("--batch-size", "0"), "--batch-size 0 is out of range", "from 1"),
        (("--batch-size", "-3"), "--batch-size '-3' is not a whole number", "--batch-size 2,10"),
        (("--dtype", "int8"), "--dtype does not accept 'int8'", "it accepts float32"),
        (("--amp", "--dtype", "float32"), "lower precision than float32", "--dtype"),
        (("--device", "cpu", "--cuda-graph"), "--cuda-graph needs a CUDA GPU", "--device cuda"),
        (("--optimizer", "adam"), "--optimizer does not accept 'adam'", "it accepts sgd"),
        (("--rounds", "0"), "--rounds 0 is out of range", "from 1"),
        (("--rounds", "5001"), "--rounds 5001 is out of range", "5000"),
        (("--processes", "0"), "--processes 0 is out of range", "from 1"),
        (("--time-budget", "0"), "a time budget of 0 s is out of range", "above 0"),
        (("--time-budget", "nan"), "a time budget of nan s is out of range", "above 0"),
        (("--precision", "0"), "--precision (in %) 0 is out of range", "from 0.01"),
        (("--threads", "0"), "--threads 0 is out of range", "from 1"),
        (("--seed", "-1"), "--seed -1 is out of range", "from 0"),
        (("--pass", "sideways"), "--pass does not accept 'sideways'", "it accepts forward"),
        (("--variant", "nope"), "nope", "did you mean|srbench blocks"),
    ],
)
def test_bad_input_is_one_line_and_a_remedy(
    arguments: tuple[str, ...], message: str, hint: str, capsys: pytest.CaptureFixture
) -> None:
    stdout, stderr = latency(capsys, "cifar_resnet8", *arguments, code=2)
    error, remedy = stderr.splitlines()
    assert stdout == ""
    assert message in error
    assert re.search(hint, remedy)


def test_a_dtype_that_the_device_cannot_compute_is_refused(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise RuntimeError("no Half here")

    monkeypatch.setattr(torch.nn.Linear, "forward", refuse)
    _, stderr = latency(
        capsys, "cifar_resnet8", *SMALL, "--device", "cpu", "--dtype", "float16", code=2
    )
    assert "cpu cannot compute in float16: no Half here" in stderr
    assert "use another --dtype" in stderr


def exhaust(monkeypatch: pytest.MonkeyPatch, pass_name: str) -> None:
    """Make moving a model of that name to its device run out of memory."""
    real = sampling.to_device

    def to_device(name: str, *arguments: object) -> object:
        if name == pass_name:
            raise torch.OutOfMemoryError(
                "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of "
                "79.11 GiB of which 3.51 GiB is free."
            )
        return real(name, *arguments)

    monkeypatch.setattr(sampling, "to_device", to_device)


@pytest.mark.usefixtures("cuda")
def test_out_of_memory_fails_one_row_with_the_size(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    exhaust(monkeypatch, "cifar_resnet8+se")
    stdout, stderr = latency(capsys, "cifar_resnet8", "--se", "--cbam", *QUICK, "-f", "csv", code=4)
    baseline, se, cbam = rows(stdout)
    assert se["status"] == "failed: out of memory: 20.00 GiB were requested at once"
    assert se["forward_s"] == se["forward_ratio"] == ""
    assert baseline["status"] == cbam["status"] == "ok"
    assert float(cbam["forward_ratio"]) == pytest.approx(1, rel=0.01)
    assert "error: cifar_resnet8+se: failed: out of memory: 20.00 GiB" in stderr


@pytest.mark.usefixtures("cuda")
def test_without_its_baseline_a_variant_has_times_and_no_ratio(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    exhaust(monkeypatch, "cifar_resnet8")
    stdout, stderr = latency(capsys, "cifar_resnet8", "--se", *QUICK, "-f", "csv", code=4)
    baseline, se = rows(stdout)
    assert baseline["status"].startswith("failed: out of memory")
    assert se["status"] == "ok"
    assert float(se["forward_s"]) == pytest.approx(1.1e-3, rel=0.01)
    assert se["forward_ratio"] == ""
    assert "nothing to compare with, the baseline failed" in stderr


BROKEN = """
import torch
from torch import nn

class Once(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()
    @staticmethod
    def backward(ctx, gradient):
        raise RuntimeError("no derivative for this")

class Broken(nn.Module):
    def forward(self, x):
        return Once.apply(x)
"""


def test_a_model_that_raises_in_backward_fails_alone(
    capsys: pytest.CaptureFixture, install: Callable[..., None]
) -> None:
    install("brokenblocks", BROKEN, broken="Broken")
    stdout, stderr = latency(
        capsys,
        *("cifar_resnet8+broken", "cifar_resnet8+se", *SMALL, "--device", "cpu", "--rounds", "2"),
        *("--no-memory", "-f", "csv"),
        code=4,
    )
    baseline, broken, se = rows(stdout)
    assert broken["status"] == "failed: backward: RuntimeError: no derivative for this"
    assert baseline["status"] == se["status"] == "ok"
    assert float(se["train_ratio"]) > 0
    assert "error: cifar_resnet8+broken" in stderr


def interrupting(after: int) -> Callable[[Task, int], float]:
    """Times that raise Ctrl-C in the middle of the training step's rounds."""

    def seconds(task: Task, number: int) -> float:
        if task.pass_name == "train" and number == after:
            raise KeyboardInterrupt
        return steady(task, number)

    return seconds


def test_ctrl_c_shows_and_keeps_what_was_measured(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install_fake_cuda(monkeypatch, interrupting(after=20))
    target = tmp_path / "times.csv"
    target.write_text("what was there before")
    stdout, stderr = latency(capsys, "cifar_resnet8", "--se", *FAKE, "-o", str(target), code=130)
    baseline, se = rows(stdout)
    assert float(se["forward_ratio"]) == pytest.approx(1.1, rel=0.01)
    assert int(baseline["train_rounds"]) == int(se["train_rounds"]) > 0
    assert (tmp_path / "times.partial.csv").read_text() == stdout
    assert target.read_text() == "what was there before"
    assert "interrupted" in stderr


def test_ctrl_c_before_any_measurement_writes_nothing(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def seconds(task: Task, number: int) -> float:
        raise KeyboardInterrupt

    install_fake_cuda(monkeypatch, seconds)
    stdout, stderr = latency(
        capsys, "cifar_resnet8", "--se", *FAKE, "-o", str(tmp_path / "times.csv"), code=130
    )
    assert stdout == ""
    assert "interrupted" in stderr
    assert list(tmp_path.iterdir()) == []


def test_a_throttled_and_busy_gpu_is_a_warning_on_the_rows(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = FakeNvml()
    driver.reasons, driver.others = 64, 1
    install_fake_cuda(monkeypatch, watch=lambda: GpuWatch(fake_gpu(driver)))
    stdout, stderr = latency(
        capsys, "cifar_resnet8", "--se", *FAKE, "--rounds", "6", "--pass", "forward", "-f", "csv"
    )
    for row in rows(stdout):
        assert "clocks were lowered (hardware thermal slowdown) in 7 of 7 checks" in row["warnings"]
        assert "the GPU was busy: other processes used it (1)" in row["warnings"]
    assert "warning: cifar_resnet8, cifar_resnet8+se: the GPU's clocks were lowered" in stderr
    text, _ = latency(capsys, "cifar_resnet8", "--se", *FAKE, "--rounds", "6", "--pass", "forward")
    assert "cifar_resnet8+se *" in text


@pytest.mark.parametrize("while_timed", [False, True])
def test_memory_counts_as_short_only_while_samples_are_taken(
    while_timed: bool, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not while models move, or are called for the first time in their new places."""
    retries, add = [0], Samples.add

    def short(*_: object) -> None:
        retries[0] += 1

    def added(*sample: object) -> None:
        short()
        add(*sample)

    monkeypatch.setattr(Course, "_open", short)
    monkeypatch.setattr(Places, "move", short)
    if while_timed:
        monkeypatch.setattr(Samples, "add", added)
    install_fake_cuda(monkeypatch, watch=lambda: MemoryWatch(lambda: retries[0]))
    command = ("cifar_resnet8", "--se", *FAKE, "--rounds", "12", "--pass", "forward")
    _, stderr = latency(capsys, *command)
    assert ("takes time (24×)" in stderr) == while_timed
    assert ("memory was short" in stderr) == while_timed


def test_a_device_on_which_every_call_fails_loses_no_comparison(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an assertion in a kernel: what was measured is written, the rest are failed rows."""
    install_fake_cuda(monkeypatch)
    seed = torch.manual_seed
    dead: list[str] = []

    def manual_seed(number: int) -> object:
        if dead:
            raise RuntimeError("CUDA error: device-side assert triggered")
        return seed(number)

    def seconds(self: FakeClock, task: Task) -> float:
        if task.model.startswith("cifar_resnet20"):
            dead.append(task.model)
            raise RuntimeError("CUDA error: device-side assert triggered")
        return measure(self, task)

    measure = FakeClock.measure
    monkeypatch.setattr(torch, "manual_seed", manual_seed)
    monkeypatch.setattr(FakeClock, "measure", seconds)
    nets = ("cifar_resnet8", "cifar_resnet20", "cifar_resnet32")
    command = (*nets, "--no-variants", *FAKE, "--rounds", "6", "--pass", "forward", "-f", "csv")
    stdout, stderr = latency(capsys, *command, code=4)
    first, *others = rows(stdout)
    assert first["status"] == "ok"
    assert float(first["forward_s"]) > 0
    assert [row["spec"] for row in others] == list(nets[1:])
    for row in others:
        assert "device-side assert triggered; another model may have caused it" in row["status"]
    assert "itself failed" not in stderr


@pytest.mark.parametrize(("launching", "bound"), [(0.5, False), (0.7, False), (0.8, True)])
def test_a_host_that_keeps_the_gpu_waiting_is_a_warning(
    launching: float,
    bound: bool,
    capsys: pytest.CaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install_fake_cuda(monkeypatch, launching=launching)
    stdout, _ = latency(capsys, "cifar_resnet8", "--se", *FAKE, "--rounds", "6", "-f", "json")
    for row in json.loads(stdout):
        for pass_name in ("forward", "backward", "train"):
            note = f"{pass_name}: launch-bound, the host takes 80% of the wall time"
            assert any(warning.startswith(note) for warning in row["warnings"]) == bound


@pytest.mark.usefixtures("cuda")
def test_too_few_rounds_have_no_interval_and_the_cell_says_so(
    capsys: pytest.CaptureFixture,
) -> None:
    command = ("cifar_resnet8", "--se", *FAKE, "--rounds", "5", "--pass", "forward")
    text, stderr = latency(capsys, *command)
    assert re.search(r"\+10\.\d \(n=5\)", text)
    assert "forward: too few placements for an interval, 5 of at least 6" in stderr
    baseline, se = rows(latency(capsys, *command, "-f", "csv")[0])
    assert se["forward_ratio_low"] == se["forward_ratio_high"] == baseline["forward_s_low"] == ""
    assert float(se["forward_ratio"]) == pytest.approx(1.1, rel=0.01)


@pytest.mark.usefixtures("cuda")
def test_a_failure_to_measure_memory_leaves_a_cell_empty(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def peak(subject: object, pass_name: str) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1.00 GiB.")

    install_fake_cuda(monkeypatch, peak=peak, watch=SilentWatch)
    stdout, _ = latency(capsys, "cifar_resnet8", *QUICK, "--no-variants", "-f", "csv")
    (row,) = rows(stdout)
    assert (row["status"], row["forward_peak_bytes"]) == ("ok", "")


def test_several_processes_are_refused_on_a_gpu_that_admits_one(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = FakeNvml()
    driver.compute_mode = 3
    install_fake_cuda(monkeypatch, gpu=fake_gpu(driver))
    assert run(["latency", "cifar_resnet8", *FAKE, "--processes", "6"]) == 2
    stdout, stderr = capsys.readouterr()
    assert stdout == ""
    assert (
        "cuda:0 allows only one process at a time (compute mode EXCLUSIVE_PROCESS)\n"
        "hint: leave --processes out, or set the mode with: nvidia-smi -c 0\n" in stderr
    )
    with pytest.raises(SrbenchError, match="allows only one process at a time"):
        srbench.time("cifar_resnet8", device="cuda", plan=Plan(processes=6))


def test_a_failure_to_measure_energy_loses_no_times(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seconds(task: Task, number: int) -> float:
        if task.pass_name == "idle":
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1.00 GiB.")
        return steady(task, number)

    card = Card(monkeypatch, lambda task, time: 250.0, seconds)
    install_fake_cuda(monkeypatch, card.seconds, gpu=fake_gpu(card.driver))
    stdout, _ = latency(
        capsys, "cifar_resnet8", *QUICK, "--no-variants", "--pass", "forward", "-f", "csv"
    )
    (row,) = rows(stdout)
    assert (row["status"], row["forward_energy_j"]) == ("ok", "")
    assert float(row["forward_s"]) > 0


KEEPING = """
import torch
from torch import nn


class Keeping(nn.Module):
    '''Makes a grid in its first call, and keeps it.'''

    stages = ("conv",)

    def __init__(self, num_classes=10, frozen: int = 0):
        super().__init__()
        self.conv, self.head, self.grid = nn.Conv2d(3, 4, 3), nn.Linear(4, num_classes), None
        self.requires_grad_(not frozen)

    def forward(self, x):
        x = self.conv(x)
        if self.grid is None:
            self.grid = torch.linspace(0, 1, x.shape[-1])
        return self.head((x * self.grid).mean((2, 3)))
"""


@pytest.fixture
def keeping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "keeping.py").write_text(KEEPING)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    forget_modules("keeping")
    yield
    forget_modules("keeping")


@pytest.mark.usefixtures("keeping")
def test_what_a_network_keeps_from_its_first_call_serves_in_training(
    capsys: pytest.CaptureFixture,
) -> None:
    command = ("keeping:Keeping", "--no-variants", *SMALL, "--device", "cpu", "--rounds", "2")
    stdout, _ = latency(capsys, *command, "--no-memory", "-f", "csv")
    (row,) = csv.DictReader(io.StringIO(stdout))
    assert all(float(row[f"{what}_s"]) > 0 for what in ("forward", "backward", "train"))


@pytest.mark.usefixtures("keeping")
@pytest.mark.parametrize("optimizer", [(), ("--optimizer", "adamw")])
def test_a_network_with_nothing_to_train_says_what_to_do(
    optimizer: tuple[str, ...], capsys: pytest.CaptureFixture
) -> None:
    command = ("keeping:Keeping:frozen=1", "--no-variants", *SMALL, "--device", "cpu")
    passes = ("--rounds", "2", "--no-memory", "--pass", "train")
    stdout, _ = latency(capsys, *command, *passes, *optimizer, code=4)
    assert "no parameter needs a gradient (give --pass forward)" in " ".join(stdout.split())
    assert "forward  " not in stdout  # as if it were the pass that failed
