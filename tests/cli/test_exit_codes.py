"""How a command ends: by a signal, without stdout or stderr, or by a bug."""

import errno
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import forget_modules
from support import fakes
from support.afresh import Afresh
from support.records import counted, write_layout

from srbench.cli import model_options
from srbench.cli.app import run
from srbench.cli.commands import check
from srbench.errors import Terminated
from srbench.measure import latency
from srbench.records import jsonl
from srbench.runner import counting, profiling

SMALL = ("--no-variants", "-f", "csv")
SRBENCH = f"{shlex.quote(sys.executable)} -m srbench"

ENDS = """
import os
import signal

from torch import nn


class Net(nn.Module):
    def __init__(self, num_classes=10, number: int = 0):
        super().__init__()
        if number:
            os.kill(os.getpid(), number)
"""


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command line in which ``srbench`` is the one under test."""
    return subprocess.run(
        ["bash", "-c", command.replace("srbench", SRBENCH)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )


# --- signals


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_keeps_what_was_measured(name: str, afresh: Afresh, tmp_path: Path) -> None:
    number = getattr(signal, name).value
    (tmp_path / "ends.py").write_text(ENDS)
    models = ["cifar_resnet8", f"ends:Net:number={number}", "--no-variants"]
    done = afresh(["flops", *models, "-o", "t.csv"], tmp_path)
    assert done.returncode == 128 + number
    assert "interrupted: 1 of 2 rows are counted" in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir() if p.suffix == ".csv") == ["t.partial.csv"]
    assert (
        (tmp_path / "t.partial.csv").read_text().splitlines()[1].startswith("cifar_resnet8,75290")
    )


def test_a_signal_that_nohup_ignores_is_ignored(afresh: Afresh, tmp_path: Path) -> None:
    (tmp_path / "ends.py").write_text(ENDS)
    models = ["cifar_resnet8+se", f"ends:Net:number={int(signal.SIGHUP)}"]
    done = afresh(["flops", *models, "-f", "csv"], tmp_path, ignored=[signal.SIGHUP])
    assert done.returncode == 4  # the network has no forward, and the signal did nothing
    assert "cifar_resnet8,75290" in done.stdout


def test_a_signal_keeps_times_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    fakes.install_fake_cuda(monkeypatch)
    plain = latency.Course._round
    rounds = []

    def ends(*arguments: object) -> None:
        rounds.append(1)
        if len(rounds) == 9:
            raise Terminated(signal.SIGTERM)
        plain(*arguments)

    monkeypatch.setattr(latency.Course, "_round", ends)
    output = tmp_path / "times.csv"
    arguments = ["latency", "resnet18", "--se", "--device", "cuda", "--input-size", "32"]
    assert run([*arguments, "-o", str(output)]) == 143
    assert not output.exists()
    lines = (tmp_path / "times.partial.csv").read_text().splitlines()
    assert [line.partition(",")[0] for line in lines] == ["spec", "resnet18", "resnet18+se"]
    assert "error: terminated by a signal" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["check", "table", "profile cifar_resnet8"])
def test_every_command_has_the_exit_code_of_the_signal(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_layout(tmp_path / "tables")
    monkeypatch.chdir(tmp_path)

    def ends(*_: object) -> None:
        raise Terminated(signal.SIGHUP)

    monkeypatch.setattr(check, "check_counts", ends)
    monkeypatch.setattr(counting, "assemble_and_count", ends)
    monkeypatch.setattr(profiling, "assemble_and_count", ends)
    assert run([*command.split()]) == 129


# --- rows that fail


def test_a_model_that_cannot_be_built_costs_others_no_times(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("nobody.py").write_text(
        "from torch import nn\n"
        "class Net(nn.Module):\n"
        "    def __init__(self, num_classes=10):\n"
        "        raise MemoryError\n"
    )
    fakes.install_fake_cuda(monkeypatch)
    arguments = ["latency", "cifar_resnet8", "nobody:Net", *SMALL, "--device", "cuda"]
    assert run(arguments) == 4
    stdout, stderr = capsys.readouterr()
    lines = stdout.splitlines()
    assert lines[1].startswith("cifar_resnet8,cuda:0,0.")
    assert lines[2].startswith("nobody:Net,cuda:0,,")
    assert "error: nobody:Net at 224×224: failed: " in stderr


def test_a_variant_keeps_its_times_if_its_baseline_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    from srbench.models import subject

    plain = subject.require_buildable

    def fails(spec: object, conditions: object) -> object:
        if str(spec) == "resnet18":
            raise RuntimeError("no such luck")
        return plain(spec, conditions)

    monkeypatch.setattr(subject, "require_buildable", fails)
    fakes.install_fake_cuda(monkeypatch)
    arguments = ["latency", "resnet18", "--se", "--device", "cuda", "--input-size", "32"]
    assert run([*arguments, "-f", "csv", "--pass", "forward"]) == 4
    stdout, _ = capsys.readouterr()
    baseline, variant = stdout.splitlines()[1:]
    assert baseline.startswith("resnet18,cuda:0,,,")
    assert "failed: RuntimeError: no such luck" in baseline
    assert variant.startswith("resnet18+se,cuda:0,0.")
    assert "nothing to compare with, the baseline failed" in variant


# --- a bug in srbench


def test_a_bug_in_srbench_is_exit_code_70_and_keeps_the_results(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    plain = counting.run

    def fails(cases: list, *extras: object) -> object:
        if "+se" in str(cases[0].spec):
            raise KeyError("a bug")
        return plain(cases, *extras)

    monkeypatch.setattr(counting, "run", fails)
    output = tmp_path / "t.csv"
    assert run(["flops", "cifar_resnet8+se", "-o", str(output)]) == 70
    stderr = capsys.readouterr().err
    assert f"wrote {tmp_path}/t.partial.csv" in stderr
    assert "error: srbench itself failed: KeyError: 'a bug'" in stderr
    assert "this is a bug in srbench" in stderr
    assert "Traceback" not in stderr
    assert not output.exists()
    assert run(["--debug", "flops", "cifar_resnet8+se", "-f", "csv"]) == 70
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (MemoryError(), 4, "memory ran out"),
        (RecursionError("too deep"), 70, "srbench itself failed"),
        (OSError(errno.EIO, "Input/output error", "x.csv"), 2, "Input/output error: x.csv"),
        (OSError(errno.ENOSPC, "No space left on device"), 2, "make room there"),
        (ImportError("libtorch.so: failed to map segment", name="torch"), 2, "cannot be imported"),
        (SystemExit(0), 2, "called sys.exit(0)"),
        (BaseException("odd"), 2, "BaseException: odd"),
        (GeneratorExit(), 2, "ended the program"),
    ],
)
def test_an_unexpected_error_has_no_traceback_and_the_right_exit_code(
    error: BaseException,
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(model_options, "cases", fails)
    assert run(["flops"]) == code
    stderr = capsys.readouterr().err
    assert said in stderr
    assert [line.partition(":")[0] for line in stderr.splitlines()] == ["error", "hint"]


# --- stdout and stderr that are closed, full, or without a reader

FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
PIPED = "; exit ${PIPESTATUS[0]}"


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("srbench models >&-", 2, "stdout is closed"),
        ("srbench flops cifar_resnet8 --no-variants >&-", 2, "stdout is closed"),
        ("srbench blocks -f csv >&-", 2, "stdout is closed"),
        ("srbench models -o m.csv >&-", 0, "wrote m.csv"),
        ("srbench models -o m.csv >&- 2>&-", 0, ""),
        ("srbench models 2>&- >/dev/null", 0, ""),
        ("srbench flops nonsense 2>&-", 2, ""),
        pytest.param("srbench models > /dev/full", 2, "cannot write to stdout", marks=FULL),
        pytest.param("srbench --help > /dev/full", 2, "No space left", marks=FULL),
        pytest.param("srbench models -o m.csv 2> /dev/full", 0, "", marks=FULL),
        pytest.param("srbench flops nonsense 2> /dev/full", 2, "", marks=FULL),
        ("srbench models <&- -o m.csv", 0, "wrote m.csv"),
        ("yes '' | head -c 0 | cat; srbench models -f json | true" + PIPED, 141, ""),
    ],
)
def test_closed_and_full_streams_have_the_right_exit_code(
    command: str, code: int, said: str, tmp_path: Path
) -> None:
    done = shell(command, tmp_path)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert "Exception" not in done.stderr


def test_a_gate_works_without_stdout(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    layout = 'caption = "T"\ncolumns = ["params"]\n[[rows]]\nmodels = ["cifar_resnet8"]\n'
    (tmp_path / "tables" / "t.toml").write_text(layout)
    assert shell("srbench check >&-", tmp_path).returncode == 1
    assert run(["table", "t", "--folder", str(tmp_path / "tables")]) == 0
    assert shell("srbench check >&-", tmp_path).returncode == 0


def test_no_file_gets_the_number_of_a_closed_stream(tmp_path: Path) -> None:
    """A file with number 1 would receive what a library prints."""
    (tmp_path / "opens.py").write_text(
        "from srbench.cli import streams\n"
        "streams.prepare()\n"
        "number = open('x', 'w').fileno()\n"
        "open('number', 'w').write(str(number))\n"
    )
    shell(f"{shlex.quote(sys.executable)} -P opens.py <&- >&- 2>&-", tmp_path)
    assert int((tmp_path / "number").read_text()) > 2


def test_a_worker_that_dies_does_not_end_srbench(tmp_path: Path) -> None:
    """A write to the pipe of a process that has ended is only that process's failure."""
    code = (
        "import subprocess, sys\n"
        "from srbench.cli import streams, signals\n"
        "streams.prepare(); signals.listen()\n"
        "child = subprocess.Popen(['true'], stdin=subprocess.PIPE)\n"
        "child.wait()\n"
        "try:\n"
        "    child.stdin.write(b'x' * 10**6); child.stdin.flush()\n"
        "except BrokenPipeError:\n"
        "    print('alive')\n"
        "    sys.stdout.flush(); __import__('os')._exit(0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("alive\n", 0)


# --- files


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


RECORDS = ("flops", "cifar_resnet8", "--no-variants", "-o", "r.jsonl")


@pytest.mark.parametrize("link", [os.symlink, os.link, None])
def test_no_output_replaces_a_file_that_is_read(
    link: Callable[[str, str], None] | None, inside: Path, capsys: pytest.CaptureFixture
) -> None:
    assert run([*RECORDS]) == 0
    write_layout(Path("tables"), name="t")
    assert run([*RECORDS[:-1], "tables/t.jsonl"]) == 0
    before = {path: path.read_bytes() for path in (Path("r.jsonl"), *Path("tables").iterdir())}

    def other_name(path: str) -> str:
        if link is None:
            return path
        other = f"{Path(path).name}.link.html"
        link(str(Path(path).absolute()), other)
        return other

    for path, command in (
        ("r.jsonl", ["report", "r.jsonl"]),
        ("tables/t.toml", ["report", "t"]),
        ("tables/t.jsonl", ["compare", "t", "r.jsonl"]),
        ("tables/t.toml", ["check"]),
    ):
        other = other_name(path)
        form = [] if command[0] == "report" else ["-f", "csv"]
        capsys.readouterr()
        assert run([*command, "-o", other, "--overwrite", *form]) == 2
        assert "is read by this command" in capsys.readouterr().err
        if link:
            os.unlink(other)
    assert {path: path.read_bytes() for path in before} == before


def test_records_are_replaced_only_with_overwrite(
    inside: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    assert run([*RECORDS]) == 0
    before = Path("r.jsonl").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(counting, "run", lambda *_: pytest.fail("counted"))
        assert run([*RECORDS]) == 2
        assert "--overwrite" in capsys.readouterr().err
        assert run(["models", "-f", "csv", "-o", "r.jsonl"]) == 2
        Path("x.partial.jsonl").write_bytes(before)
        assert run([*RECORDS[:-1], "x.jsonl"]) == 2, "nor what an interrupted command saved"
    assert Path("r.jsonl").read_bytes() == before
    Path("r.jsonl").write_bytes(before * 2)
    assert run([*RECORDS, "--overwrite"]) == 0
    assert len(Path("r.jsonl").read_bytes().splitlines()) == 1
    for _ in range(2):
        assert run([*RECORDS[:-1], "r.csv"]) == 0


def test_an_output_does_not_replace_a_python_file(
    inside: Path, capsys: pytest.CaptureFixture
) -> None:
    Path("mynets.py").write_text(ENDS)
    assert run(["flops", "mynets:Net", "-f", "csv", "-o", "mynets.py"]) == 2
    assert "may hold code" in capsys.readouterr().err
    assert Path("mynets.py").read_text() == ENDS


LONG = "a" * 300


@pytest.mark.parametrize(
    "arguments",
    [
        ["report", LONG],
        ["compare", LONG, "b"],
        ["check", LONG],
        ["table", "--folder", LONG],
        ["table", LONG],
        ["sweep", "resnet18+sr", "--records", f"{LONG}.jsonl"],
        ["flops", "-o", f"{LONG}.csv"],
        ["profile", "resnet18", "--plot", f"{LONG}.png"],
        ["check", "--time", "--against", LONG],
        ["flops", "-o", "loop"],
        ["report", "-o", "loop", "r.jsonl"],
        ["report", "loop"],
        ["check", "loop"],
        ["sweep", "resnet18+sr", "--records", "loop"],
        ["profile", "resnet18", "--trace", "loop"],
        ["report", "."],
        ["flops", "-o", "."],
        ["flops", "-o", "no/such/folder.csv"],
    ],
)
def test_odd_file_names_give_an_error_and_a_hint(
    arguments: list[str], inside: Path, capsys: pytest.CaptureFixture
) -> None:
    os.symlink("loop", "loop2")
    os.symlink("loop2", "loop")
    jsonl.write(Path("r.jsonl"), [counted("resnet18")])
    assert run(arguments) == 2
    stdout, stderr = capsys.readouterr()
    assert stdout == ""
    assert [line.partition(":")[0] for line in stderr.splitlines()] == ["error", "hint"]
    assert "full" not in stderr
    assert names(inside) == ["loop", "loop2", "r.jsonl"]


def test_a_failed_command_leaves_no_file(inside: Path) -> None:
    for arguments in (["flops", "nonsense", "-o", "x.csv"], ["profile", "nonsense", "-o", "x.csv"]):
        assert run(arguments) == 2
    assert names(inside) == []


def test_a_layout_of_too_many_rows_is_refused_at_once(
    inside: Path, capsys: pytest.CaptureFixture
) -> None:
    rows = ",".join(f'"sr:memories={n}"' for n in range(1, 1001))
    models = ",".join(['"resnet18"'] * 400)
    Path("tables").mkdir()
    Path("tables/t.toml").write_text(
        f'caption = "T"\ncolumns = ["params"]\n[[rows]]\nmodels = [{models}]\nvariants = [{rows}]\n'
    )
    for command in (["check"], ["table"], ["table", "--render-only"]):
        run(command)
        stdout, stderr = capsys.readouterr()
        assert "a table of 400,400 rows is more than 100,000" in stdout + stderr


# --- third-party modules that misbehave

WILD = """
from torch import nn


class Odd(BaseException):
    pass


class NoText(Exception):
    def __str__(self):
        raise RuntimeError("no text")


class Raises(nn.Module):
    def __init__(self, channels, what: str = "odd"):
        super().__init__()
        self.what = what

    def forward(self, x):
        if self.what == "train" and not self.training:
            return x
        raise {"odd": Odd("odd"), "text": NoText(), "train": NoText()}[self.what]


def looped(num_classes: int = 3) -> nn.Module:
    return nn.Identity()


looped.__wrapped__ = looped


class OddStages(nn.Module):
    stages = ("a", ["b"])

    def __init__(self, num_classes=3):
        super().__init__()


class Big(nn.Module):
    def __init__(self, channels, c: int = 10**5000):
        super().__init__()

    def forward(self, x):
        return x


class Sly:
    # An instance may claim any signature.

    def __call__(self, *_, **__):
        raise AssertionError("called")

    def __getattr__(self, name):
        raise RuntimeError(name)


sly = Sly()


class Forgetful(nn.Module):
    def __init__(self, channels):
        self.conv = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        return x
"""


@pytest.fixture
def wild(inside: Path) -> None:
    Path("wild.py").write_text(WILD)
    forget_modules("wild")
    yield
    forget_modules("wild")


@pytest.mark.usefixtures("wild")
@pytest.mark.parametrize("what", ["odd", "text"])
@pytest.mark.parametrize("command", ["flops", "sweep"])
def test_whatever_a_block_raises_fails_its_row(
    what: str, command: str, capsys: pytest.CaptureFixture
) -> None:
    assert run([command, f"cifar_resnet8+wild:Raises:what={what}", "-f", "csv"]) == 4
    baseline, failed = capsys.readouterr().out.splitlines()[1:]
    assert baseline.startswith("cifar_resnet8,75290")
    assert "failed: " in failed


@pytest.mark.usefixtures("wild")
def test_whatever_a_block_raises_in_training_fails_its_times(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    fakes.install_fake_cuda(monkeypatch, runs=True)
    spec = "cifar_resnet8+wild:Raises:what=train"
    assert run(["latency", spec, "--device", "cuda", "--rounds", "2", "-f", "csv"]) == 4
    baseline, failed = capsys.readouterr().out.splitlines()[1:]
    assert ",ok," in baseline
    assert "failed: " in failed


@pytest.mark.usefixtures("wild")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["wild:looped", "--no-variants"], "cannot be used"),
        (["wild:OddStages", "--no-variants"], "cannot be used"),
        (["wild:sly", "--no-variants"], "cannot be used"),
        (["resnet18", "--block", "wild:sly"], "cannot be used"),
        (["torch:classes.foo.bar", "--no-variants"], "cannot be used"),
    ],
)
def test_an_object_that_cannot_be_inspected_is_bad_input(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture
) -> None:
    assert run(["flops", *arguments]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.usefixtures("wild")
def test_an_argument_with_a_huge_default_is_not_an_option() -> None:
    assert run(["flops", "cifar_resnet8+wild:Big"]) == 0


@pytest.mark.usefixtures("wild")
def test_a_forgotten_super_init_call_is_named(capsys: pytest.CaptureFixture) -> None:
    assert run(["flops", "cifar_resnet8+wild:Forgetful"]) == 4
    assert "call super().__init__() first" in capsys.readouterr().err


@pytest.mark.parametrize(
    "code", ["raise BaseException('no')", "import sys; sys.exit(0)", "1 / 0", "def ("]
)
def test_a_module_that_does_not_import_is_bad_input(
    code: str, inside: Path, capsys: pytest.CaptureFixture
) -> None:
    name = f"breaks{abs(hash(code))}"  # a folder of an earlier test may have one of the same name
    Path(f"{name}.py").write_text(f"x = 1\n{code}\n")
    assert run(["flops", "resnet18", "--block", f"{name}:X"]) == 2
    error, hint = capsys.readouterr().err.splitlines()
    assert f"{name}:X cannot be imported" in error
    assert "--debug" in hint
    if code.startswith("1"):
        assert f"{name}.py line 2" in error


def test_huge_numbers_in_a_layout_are_refused(inside: Path, capsys: pytest.CaptureFixture) -> None:
    write_layout(Path("tables"), name="t")
    layout = Path("tables/t.toml")
    layout.write_text(layout.read_text().replace("input_size = 64", "input_size = 1" + "0" * 5000))
    for command in (["table"], ["table", "--render-only"], ["check"]):
        assert run(command) == 2
        stdout, stderr = capsys.readouterr()
        assert "t.toml" in stdout + stderr


@pytest.mark.parametrize(
    "variables",
    [
        {"_SRBENCH_COMPLETE": "complete_bash"},
        {"_SRBENCH_COMPLETE": "line"},
        {"_SRBENCH_COMPLETE": "bogus"},
    ],
)
def test_a_completion_variable_without_a_shell_is_bad_input(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert run([]) == 2
    assert "Traceback" not in capsys.readouterr().err
