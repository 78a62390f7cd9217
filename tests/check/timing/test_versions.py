"""Two versions of the code in fresh processes: which code runs, and how its times are judged."""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from support.fakes import FakeNvml, fake_gpu, install_fake_cuda
from support.records import LAYOUT, write_layout

import srbench
from srbench.check.timing import rounds
from srbench.check.timing.processes import TimingJob, Worker
from srbench.check.timing.rounds import Ratios, compare
from srbench.check.timing.versions import Code, other_code, this_code
from srbench.cli.app import run
from srbench.errors import SrbenchError
from srbench.measure import devices

HERE = str(Path(srbench.__file__).parents[1])
JOB = TimingJob(("resnet18", "resnet18+sr"), (64, 64), 10, 1, "forward")
TIMED = LAYOUT + '\n[time]\nspecs = ["resnet18", "resnet18+sr:memories=10"]\ninput_size = 64\n'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of this code in another folder, with another version number."""
    copy = tmp_path / "base"
    shutil.copytree(Path(srbench.__file__).parent, copy / "srbench")
    version = copy / "srbench" / "_version.py"
    version.write_text(version.read_text().replace('__version__ = "', '__version__ = "base-'))
    return copy


SEGMENTER = "deeplabv3_mobilenet_v3_large:classes=10"


def test_a_checkout_runs_its_own_code_and_may_lack_a_spec(checkout: Path) -> None:
    catalog = checkout / "srbench" / "catalog" / "backbones.py"
    catalog.write_text(catalog.read_text().replace("(18, 34)", "(18, 35)"))
    job = TimingJob(("resnet34", "resnet18+sr", SEGMENTER), (64, 64), 10, 2, "train")
    with Worker(other_code(checkout), job) as worker:
        hello = worker.hello()
        assert hello["version"].startswith("base-")
        assert Path(hello["path"]) == checkout
        (failed,) = hello["failures"].items()
        assert failed[0] == "resnet34"
        assert hello["unknown"] == hello["failures"]
        assert 0 < worker.turn("resnet18+sr") < 60
        assert 0 < worker.turn(SEGMENTER) < 60, "a network may return a dict of logits"


def test_an_environment_is_found_by_its_python(tmp_path: Path) -> None:
    python = tmp_path / "env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    for path in (tmp_path / "env", python):
        code = other_code(path)
        assert (code.python, code.checkout) == (str(python), None)
        assert "PYTHONPATH" not in code.variables
    assert other_code(tmp_path).folder == tmp_path, "a folder with code of one's own"


def one_line(monkeypatch: pytest.MonkeyPatch, code: Code, path: Path) -> dict:
    """What ``hello`` returns for a process that imported srbench from a path."""
    worker = Worker.__new__(Worker)
    worker._code, worker._job = code, JOB
    monkeypatch.setattr(
        worker, "_receive", lambda: {"path": str(path), "failures": {}, "missing": [], "strays": {}}
    )
    return worker.hello()


def test_importing_the_wrong_code_is_an_error(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert one_line(monkeypatch, other_code(checkout), checkout)
    with pytest.raises(SrbenchError, match="Python imported srbench from"):
        one_line(monkeypatch, other_code(checkout), checkout / "elsewhere")


def test_a_version_that_does_not_start_says_why(checkout: Path) -> None:
    (checkout / "srbench" / "models" / "__init__.py").write_text("raise RuntimeError('broken')")
    (checkout / "srbench" / "__init__.py").write_text("raise RuntimeError('very broken')")
    with (
        Worker(other_code(checkout), JOB) as worker,
        pytest.raises(SrbenchError, match="its process ended: RuntimeError: very broken"),
    ):
        worker.hello()


def test_an_environment_with_the_same_code_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = Code("env", sys.executable)
    assert one_line(monkeypatch, environment, tmp_path)
    with pytest.raises(SrbenchError, match="is the same code as this one"):
        one_line(monkeypatch, environment, Path(srbench.__file__).parents[1])


@pytest.mark.parametrize(
    ("unknown", "expected"), [({"resnet18": "SpecError: unknown"}, "new"), ({}, "failed")]
)
def test_a_model_is_new_only_if_its_spec_is_unknown(unknown: dict[str, str], expected: str) -> None:
    found = Ratios(failed_there={"resnet18": "an error"}, unknown_there=unknown)
    assert rounds._verdict("t", "resnet18", 0.05, found, Ratios()).outcome == expected


class Scripted:
    """Blocks with given results; ``plan`` has the ratios of each model."""

    def __init__(self, plan: dict[str, Iterator[float]], control: float = 1.0) -> None:
        self.plan, self.control = plan, control
        self.calls: list[tuple[tuple[str, ...], bool]] = []

    def __call__(
        self, job: TimingJob, codes: object, number: int, into: Ratios, reverse: bool = False
    ) -> None:
        self.calls.append((job.specs, reverse))
        for spec in job.specs:
            into.ratios.setdefault(spec, []).append(next(self.plan[spec]))
            into.control.setdefault(spec, []).append(self.control)


def always(ratio: float) -> Iterator[float]:
    while True:
        yield ratio


def judged(monkeypatch: pytest.MonkeyPatch, blocks: Scripted) -> dict[str, str]:
    monkeypatch.setattr(rounds, "_time_series", blocks)
    tolerances = dict.fromkeys(JOB.specs, 0.05)
    found = compare("t", JOB, Code("other", sys.executable), tolerances)
    return {verdict.spec: verdict.outcome for verdict in found}


def test_only_models_that_seem_slower_are_confirmed_in_reversed_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    blocks = Scripted({"resnet18": always(1.0), "resnet18+sr": always(1.1)})
    assert judged(monkeypatch, blocks) == {"resnet18": "pass", "resnet18+sr": "regression"}
    assert blocks.calls == [(JOB.specs, False)] * 6 + [(("resnet18+sr",), True)] * 6


def test_a_confirmation_on_a_noisy_machine_goes_on_and_then_gives_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    blocks = Scripted({"resnet18": always(1.0), "resnet18+sr": always(1.1)}, control=1.2)
    assert judged(monkeypatch, blocks)["resnet18+sr"] == "inconclusive"
    assert len(blocks.calls) == 6 + rounds.MOST_SERIES


def test_an_undecided_model_gets_more_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    swinging = iter([1.0, 1.08] * 6)
    blocks = Scripted({"resnet18": always(1.0), "resnet18+sr": swinging})
    assert judged(monkeypatch, blocks)["resnet18+sr"] == "inconclusive"
    assert len(blocks.calls) == rounds.MOST_SERIES


def test_a_confirmation_that_disagrees_is_inconclusive(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = Scripted({"resnet18": always(1.0), "resnet18+sr": iter([1.1] * 6 + [1.0] * 6)})
    assert judged(monkeypatch, blocks)["resnet18+sr"] == "inconclusive"


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    return write_layout(tmp_path / "tables", TIMED).parent


def check(tables: Path, *arguments: str) -> int:
    return run(["check", str(tables), "--time", *arguments])


@pytest.mark.parametrize(("ratio", "code"), [(1.0, 0), (1.2, 1), (1.05, 3)])
def test_the_exit_code_says_how_the_check_ended(
    ratio: float,
    code: int,
    tables: Path,
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    blocks = Scripted({"resnet18": always(1.0), "resnet18+sr": always(ratio)})
    monkeypatch.setattr(rounds, "_time_series", blocks)
    assert check(tables, "--against", str(checkout), "--format", "json") == code
    plain, sr = json.loads(capsys.readouterr().out)
    assert (plain["outcome"], sr["spec"]) == ("pass", "resnet18+sr")
    assert sr["ratio"]["value"] == pytest.approx(ratio)


def test_nothing_is_timed_on_a_gpu_that_admits_one_process(
    tables: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    driver = FakeNvml()
    driver.compute_mode = 3
    install_fake_cuda(monkeypatch)
    monkeypatch.setattr(devices, "asked", lambda name: nullcontext(fake_gpu(driver)))
    assert check(tables, "--against", str(checkout), "--device", "cuda") == 2
    stdout, stderr = capsys.readouterr()
    assert stdout == ""
    assert "cuda:0 allows only one process at a time (compute mode EXCLUSIVE_PROCESS)" in stderr
    assert "series of three" not in stderr


def test_the_command_line_overrides_the_tolerance_of_a_row(
    tables: Path,
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_layout(tables, TIMED + 'tolerances = { "resnet18+sr" = 0.3 }\n')
    blocks = {"resnet18": always(1.0), "resnet18+sr": always(1.2)}
    monkeypatch.setattr(rounds, "_time_series", Scripted(blocks))
    assert check(tables, "--against", str(checkout)) == 0
    assert check(tables, "--against", str(checkout), "--tolerance", "5") == 1


def test_the_table_explains_its_verdicts(
    tables: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    blocks = Scripted({"resnet18": always(1.0), "resnet18+sr": always(1.2)})
    monkeypatch.setattr(rounds, "_time_series", blocks)
    check(tables, "--against", str(checkout))
    shown = capsys.readouterr().out
    assert re.search(r"resnet18\+sr +6 +\+20\.0 \[\+20\.0, \+20\.0\] +\+20\.0 \[", shown)
    assert "regression: slower than tolerated, also in reversed order" in shown
    assert "small: forward passes of batches of 1 image of 3×64×64, on cpu" in shown
    monkeypatch.setattr(rounds, "_time_series", blocks)
    check(tables, "--against", str(checkout), "--format", "github")
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"::error file={tables / 'small.toml'},title=small%3A resnet18+sr::time")
    assert "time +20.0 [+20.0, +20.0] %25, tolerated are 5 %25; slower than tolerated" in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "against another version"),
        (("--against", "/nonexistent"), "there is no code in /nonexistent"),
        (("--against", HERE, "--tolerance", "0"), "out of range"),
    ],
)
def test_missing_and_invalid_arguments_are_named(
    arguments: tuple[str, ...], message: str, tables: Path, capsys: pytest.CaptureFixture
) -> None:
    assert check(tables, *arguments) == 2
    assert message in capsys.readouterr().err


def test_a_folder_without_a_time_section_says_what_to_add(
    tables: Path, checkout: Path, capsys: pytest.CaptureFixture
) -> None:
    write_layout(tables)
    assert check(tables, "--against", str(checkout)) == 2
    assert "add a section [time]" in capsys.readouterr().err


def test_a_series_of_the_same_code_gives_ratios_near_one(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every process runs, and no ratio is far from 1."""
    monkeypatch.setattr(rounds, "ROUNDS", 4)
    found = Ratios()
    job = TimingJob(("cifar_resnet8",), (32, 32), 10, 1, "forward")
    rounds._time_series(job, (this_code(), other_code(checkout)), 0, found, reverse=True)
    (ratio,), (control,) = found.ratios["cifar_resnet8"], found.control["cifar_resnet8"]
    assert 0.2 < ratio < 5
    assert 0.2 < control < 5
