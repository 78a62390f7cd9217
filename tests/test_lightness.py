"""What never loads torch, and the proof that this test could fail."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import srbench

TABLES = str(Path(__file__).parents[1] / "tables")
HEAVY = ("torch", "torchvision", "fvcore", "pandas", "scipy", "matplotlib", "pynvml")


def loaded(code: str, **environment: str) -> set[str]:
    """The heavy packages that a fresh interpreter has loaded after that code."""
    code += f"\nimport sys; print('\\n' + ' '.join(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | environment,
    )
    return set(done.stdout.splitlines()[-1].split())


def command(*arguments: str) -> str:
    return f"from srbench.cli.app import run; run({list(arguments)!r})"


@pytest.mark.parametrize(
    "code",
    [
        "import srbench; dir(srbench)",
        "import srbench.report.counts",
        "import srbench.report.times, srbench.report.profiles",
        "from srbench.spec import parse; parse('resnet50+sr+cbam')",
        command("--help"),
        command("--version"),
        command("models"),
        command("blocks"),
        command("flops", "--help"),
        command("flops", "resnet5"),
        command("latency", "--help"),
        command("latency", "resnet5"),
        command("latency", "--rounds", "0"),
        command("profile", "--help"),
        command("env", "--help"),
        *(command(name, "--help") for name in ("table", "check", "sweep", "compare", "report")),
        command("table", "nothing"),
        command("table", "memories", "--render-only", "--folder", TABLES),
        command("compare", f"{TABLES}/imagenet.jsonl", f"{TABLES}/memories.jsonl"),
        command("check", "/nonexistent"),
        command("sweep", "resnet50", "--memories", "1"),
        command("flops", "--input-size", "2,2"),
        command("flops", "--output", "/nonexistent/table.md"),
    ],
)
def test_light_things_load_nothing_heavy(code: str) -> None:
    assert loaded(code) == set()


def test_the_public_names_are_there_when_they_are_used() -> None:
    assert "torch" in loaded("import srbench; srbench.blocks.CBAM(16); srbench.errors.SpecError")
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        srbench.nonsense  # noqa: B018


@pytest.mark.parametrize(
    "line",
    [
        "srbench ",
        "srbench fl",
        "srbench flops resnet50+",
        "srbench flops torch:nn+sr:",
        "srbench latency --",
        "srbench latency --device ",
        "srbench sweep resnet50+sr --vary sr.",
        f"srbench table --folder {TABLES} ",
        f"srbench check {TABLES} --only ",
        "srbench report ",
    ],
)
def test_completion_loads_nothing_heavy(line: str) -> None:
    assert loaded(command(line), _SRBENCH_COMPLETE="line") == set()


def test_completion_by_the_scripts_of_typer_loads_nothing_heavy() -> None:
    words = {"COMP_WORDS": "srbench flops resnet50+", "COMP_CWORD": "2"}
    assert loaded(command(), _SRBENCH_COMPLETE="complete_bash", **words) == set()


def test_this_test_can_fail() -> None:
    assert "torch" in loaded("import srbench; srbench.build")
    assert "pandas" in loaded("import pandas")
