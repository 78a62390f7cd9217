"""Spellings that people type out of habit, and the layout of help and listings."""

import csv
import io
import re
import subprocess
import sys
from pathlib import Path
from pkgutil import resolve_name

import pytest
from rich.console import Console
from support.fakes import FakeNvml, install_fake_cuda

import srbench
from srbench.catalog import BACKBONES
from srbench.cli.app import run
from srbench.cli.commands import COMMANDS
from srbench.cli.commands.catalog import models
from srbench.report.formats import text

SMALL = ("--input-size", "64")


def said(*arguments: str, code: int = 0) -> tuple[str, str]:
    """What a command prints on both streams, in its own process."""
    done = subprocess.run(
        [sys.executable, "-m", "srbench", *arguments], capture_output=True, text=True
    )
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


def specs(capsys: pytest.CaptureFixture, *arguments: str) -> list[str]:
    assert run(["flops", "resnet18", *SMALL, "-f", "csv", *arguments]) == 0
    return [row["spec"] for row in csv.DictReader(io.StringIO(capsys.readouterr().out))]


def error(capsys: pytest.CaptureFixture, *arguments: str) -> tuple[str, str]:
    """The message and the hint of a command that is refused."""
    assert run(list(arguments)) == 2
    message, hint = capsys.readouterr().err.splitlines()
    return message.removeprefix("error: "), hint.removeprefix("hint: ")


def test_help_is_also_a_command() -> None:
    assert said("help") == said("--help")
    assert said("help", "flops") == said("flops", "--help")
    _, stderr = said("help", "flopps", code=2)
    assert "No such command 'flopps'. Did you mean 'flops'?" in stderr


def test_a_short_option_shows_the_version() -> None:
    assert said("-V")[0] == f"srbench {srbench.__version__}\n"


def test_debug_is_accepted_before_and_after_the_command(capsys: pytest.CaptureFixture) -> None:
    for arguments in (["--debug", "flops", "nope"], ["flops", "nope", "--debug"]):
        assert run(arguments) == 2
        assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("name", [None, *COMMANDS])
def test_help_names_no_types_of_flags_and_fits_80_columns(
    name: str | None, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    documentation = resolve_name(COMMANDS[name][0]).__doc__ if name else ""
    assert run([*([name] if name else []), "--help"]) == 0
    stdout = capsys.readouterr().out
    assert "<bool>" not in stdout
    assert "<path>" not in stdout
    assert "<list" not in stdout
    assert max(map(len, stdout.splitlines())) <= 80
    examples = [line for line in stdout.splitlines() if re.match(r" *srbench \w", line)]
    documented = [line for line in (documentation or "").splitlines() if "  srbench " in line]
    assert [line.strip() for line in examples] == [line.strip() for line in documented]
    assert name is None or "Examples" in stdout


def test_values_are_separated_by_commas(capsys: pytest.CaptureFixture) -> None:
    expected = ["resnet18", "resnet18+sr:memories=2", "resnet18+sr"]
    assert specs(capsys, "--sr-memories", "2,10") == expected
    assert specs(capsys, "--sr-memories", "2", "--sr-memories", "10") == expected
    assert specs(capsys, "--sr-memories", "2, 10,2") == expected
    dropouts = ["resnet18", "resnet18+dropout2d:p=0.25", "resnet18+dropout2d:p=0.5"]
    assert specs(capsys, "--dropout2d", "0.25,.5") == dropouts


def test_names_are_separated_by_commas(capsys: pytest.CaptureFixture) -> None:
    arguments = ["latency", "resnet18", "--no-variants", *SMALL, "--rounds", "1", "--no-memory"]
    assert run([*arguments, "--pass", "train,forward", "--device", "cpu,cpu", "-f", "csv"]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert [bool(row[f"{name}_s"]) for name in ("forward", "backward", "train")] == [1, 0, 1]


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (("flops", "--sr-memories", "2,"), "'2,' has an empty value", "separate values by one"),
        (("flops", "--sr-memories", "x"), "--sr-memories 'x' is not a whole", "--sr-memories 2,10"),
        (("flops", "--dropout2d", "x"), "p=x is not valid", "a number from 0 to 1"),
        (("flops", "--num-classes", "x"), "it is not a whole number", "`srbench flops --help`"),
        (("flops", "--output"), "requires an argument", "`srbench flops --help`"),
        (("flops", "--format", "markdwn"), "does not accept 'markdwn'", "did you mean markdown?"),
        (("flops", "--block", "se,cbam"), "'se,cbam' is not a name", "one at a time.* se\\+cbam"),
        (
            ("latency", "--pass", "forwad"),
            "--pass does not accept 'forwad'",
            "did you mean forward?",
        ),
        (("latency", "--device", "cpu,gpu"), "no device gpu", "use --device cpu"),
        (("flops", "--block", "gct.py:GCT"), "gct.py:GCT is a file", "^write gct:GCT$"),
        (("flops", "--block", "my/gct.py:GCT"), "is a file", "^write my.gct:GCT$"),
        (("flops", "--block", "my\\gct.py:GCT"), "is a file", "^write my.gct:GCT$"),
        (("flops", "--block", "gct.py"), "gct.py is a file", "^write gct:Class$"),
        (("flops", "--block", "gct.py:"), "gct.py is a file", "^write gct:Class$"),
        (("flops", "a b.py:GCT"), "is a file", "rename it: the name of a module has only letters"),
        (("flops", ".py:GCT"), "'.py:GCT' is not a name", "write a spec as"),
        (("flops", "resnet18,resnet34"), "is not a name", "^name one at a time$"),
        (
            ("sweep", "resnet18+sr", "--memories", ""),
            "--memories '' has an empty value",
            "give at least one",
        ),
        (
            ("sweep", "resnet18+sr", "--stage", ""),
            "--stage '' has an empty value",
            "give at least one",
        ),
        (
            ("sweep", "resnet18+sr", "--vary", "sr.hidden="),
            "'' has an empty value",
            "give at least one",
        ),
        (
            ("sweep", "resnet18+sr", "--input-size", ""),
            "--input-size '' has an empty",
            "give at least one",
        ),
        (
            ("sweep", "resnet18", "--device", "cpu", "--batch-size", ""),
            "'' has an empty",
            "give at least one",
        ),
        (
            ("sweep", "resnet18", "--device", "cpu", "--batch-size", "1,2000000"),
            "2000000 is out",
            "",
        ),
        (("sweep", "resnet18", "--device", "tpu"), "there is no device tpu", "use --device cpu"),
        (
            ("latency", "resnet18", "--dtype", ""),
            "--dtype does not accept ''",
            "it accepts float32",
        ),
        (
            ("latency", "resnet18", "--pass", ""),
            "--pass '' has an empty value",
            "give at least one",
        ),
        (
            ("flops", "--sr-memories", ""),
            "--sr-memories '' has an empty value",
            "give at least one",
        ),
        (
            ("flops", "resnet18+sr:stage=layer3,layer4"),
            "not key=value",
            "by /: stage=layer3/layer4",
        ),
        (("flops", "resnet18:se"), "is not key=value", "by \\+: resnet18\\+se"),
        (("check", "--tolerance", "3"), "--tolerance is for times", "give --time"),
        (("flops", "../gct.py:Net"), "is a file", "^write gct:Net$"),
        (("flops", "/home/me/gct.py:G"), "is a file", "^run srbench in /home/me, and write gct:G"),
        (("flops", "resnet18+sr:stage=4"), "there is no stage '4'", "did you mean layer4?"),
        (("flops", "densenet121+sr:stage=2"), "there is no stage '2'", "mean denseblock2?"),
        (("flops", "resnet18+sr:stage=layr4"), "no stage 'layr4'", "did you mean layer4?"),
        (("flops", "resnet18+sr:memorys=4"), "no option 'memorys'", "did you mean memories?"),
        (("flops", "resnet18:strde=v1"), "no option 'strde'", "did you mean stride?"),
        (("sweep", "resnet18+sr", "--stage", "4"), "there is no stage '4'", "mean layer4?"),
        (("sweep", "resnet18+sr", "--vary", "memorys=4"), "'memorys'", "did you mean sr.memories?"),
        (("sweep", "resnet18", "--memories", "4"), "'memories'", "sweep resnet18\\+sr"),
        (("sweep", "resnet18", "--batch-size", "1,x", "--device", "cpu"), "'x'", "write --batch"),
        (("profile", "resnet18", "--rounds", "0"), "it must be at least 1", "srbench profile"),
    ],
)
def test_a_mistake_is_named_with_its_remedy(
    arguments: tuple[str, ...], message: str, hint: str, capsys: pytest.CaptureFixture
) -> None:
    found = error(capsys, *arguments)
    assert message in found[0]
    assert re.search(hint, found[1])


@pytest.mark.parametrize(("short", "form"), [("tex", "latex"), ("md", "markdown"), ("CSV", "csv")])
def test_a_format_may_be_named_by_its_suffix(
    short: str, form: str, capsys: pytest.CaptureFixture
) -> None:
    written = []
    for name in (short, form):
        assert run(["blocks", "--format", name]) == 0
        written.append(capsys.readouterr().out)
    assert written[0] == written[1] != ""


def test_output_to_a_dash_is_stdout(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["blocks", "-f", "csv", "-o", "-"]) == 0
    assert capsys.readouterr().out.startswith("name,")
    assert not [*tmp_path.iterdir()]


def test_the_listing_of_models_has_one_line_per_network(capsys: pytest.CaptureFixture) -> None:
    assert run(["models"]) == 0
    table, notes = capsys.readouterr().out.split("\n\n")
    assert len(table.splitlines()) == 2 + len(BACKBONES)
    assert max(map(len, table.splitlines())) <= 80
    assert "width (mobilenet_v1): " in notes
    assert "stride (ResNet): " in notes


def test_a_listing_does_not_wrap_in_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = []
    monkeypatch.setattr("srbench.cli.output.Destination.write", lambda _, one: tables.append(one))
    models()
    (table,) = tables[0].tables
    console = Console(file=io.StringIO(), width=80, color_system=None)
    shown = text.render(table, console).partition("\n\n")[0].splitlines()
    assert [line.split()[0] for line in shown[2:]] == list(BACKBONES)


def test_env_writes_the_significant_digits_and_the_unit(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = FakeNvml()
    driver.millijoules = lambda: 7_123_456_789
    monkeypatch.setitem(sys.modules, "pynvml", driver)
    install_fake_cuda(monkeypatch)
    assert run(["env"]) == 0
    lines = [line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines()]
    found = {line[1]: " ".join(line[2].split()) for line in lines if len(line) == 3}
    assert re.fullmatch(r"\d{1,3}(\.\d{1,2})? [MGT]B", found["memory_bytes"])
    assert re.fullmatch(r"\d+\.\d\d", found["load_1min"])
    assert found["gpu_temperature_c"] == "0 55 °C"
    assert found["energy_counter_j"] == "0 7.12 MJ"


def test_a_report_to_a_dash_is_stdout(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["flops", "resnet18", "--no-variants", *SMALL, "-o", "a.jsonl"]) == 0
    assert run(["report", "a.jsonl", "-o", "-"]) == 0
    assert capsys.readouterr().out.startswith("<!doctype html>")
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]


def test_an_argument_after_two_dashes_is_not_an_option(capsys: pytest.CaptureFixture) -> None:
    assert run(["flops", "--", "--debug"]) == 2
    message, _ = capsys.readouterr().err.splitlines()
    assert "'--debug' is not a name" in message


@pytest.mark.parametrize("content", [b"[x]\nbroken\n", b"\xff\xfe"])
def test_a_package_with_damaged_entry_points_is_named(
    content: bytes,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "bad-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Name: bad\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_bytes(content)
    monkeypatch.syspath_prepend(tmp_path)
    message, hint = error(capsys, "blocks")
    assert "the entry points of bad 1.0 cannot be read" in message
    assert "install that package again" in hint
