"""Commands and imports that must not load torch, and a check that these tests can fail."""

import os
import subprocess
import sys
from ast import literal_eval
from pathlib import Path
from pkgutil import resolve_name

import pytest

import srbench
from srbench.cli.commands import COMMANDS, load

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


LIGHT = [
    "import srbench; dir(srbench)",
    "import srbench.report.counts",
    "import srbench.report.times, srbench.report.profile",
    "from srbench.spec.parse import parse; parse('resnet50+sr+cbam')",
    "from srbench.claims.naming import recognise; recognise('SE-ResNet-50'); recognise('ViT-B/16')",
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
    *(
        command(name, "--help")
        for name in (
            *("init", "table", "check", "sweep", "compare", "report", "history", "records"),
            "comment",
        )
    ),
    command("table", "nothing"),
    command("table", "memories", "--render-only", "--folder", TABLES),
    command("compare", f"{TABLES}/imagenet.jsonl", f"{TABLES}/memories.jsonl"),
    command("check", "/nonexistent"),
    command("sweep", "resnet50", "--memories", "1"),
    command("flops", "--input-size", "2,2"),
    command("flops", "--output", "/nonexistent/table.md"),
]


@pytest.fixture(scope="module")
def loaded_by() -> dict[str, set[str]]:
    """The heavy packages that each of these adds, one after the other in one interpreter."""
    seen = f"found.append(set({HEAVY!r}) & set(sys.modules))"
    steps = "".join(f"\nexec({code!r}, {{}}); {seen}" for code in LIGHT)
    code = f"import sys; found = [set()]{steps}\nprint(); print([*map(sorted, found)])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, *after = map(set, literal_eval(done.stdout.splitlines()[-1]))
    added = {}
    for code, found in zip(LIGHT, after, strict=True):
        added[code], before = found - before, found
    return added


@pytest.mark.parametrize("code", LIGHT)
def test_light_commands_and_imports_load_nothing_heavy(
    code: str, loaded_by: dict[str, set[str]]
) -> None:
    assert loaded_by[code] == set()


def test_public_names_are_loaded_when_they_are_used() -> None:
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


def test_completion_through_typers_scripts_loads_nothing_heavy() -> None:
    words = {"COMP_WORDS": "srbench flops resnet50+", "COMP_CWORD": "2"}
    assert loaded(command(), _SRBENCH_COMPLETE="complete_bash", **words) == set()


BARE = Path(__file__).parents[1] / "benchmarks" / "bare.py"
COMMAND_LINE = {
    *("srbench", "srbench._version", "srbench.errors", "srbench.files"),
    *(
        "srbench.records",
        "srbench.records.printable",
        "srbench.cli",
        "srbench.cli.app",
        "srbench.cli.commands",
    ),
    *("srbench.cli.messages", "srbench.cli.shells", "srbench.cli.streams"),
}
LISTINGS = COMMAND_LINE | {
    *("srbench.catalog", "srbench.catalog.backbones", "srbench.catalog.blocks"),
    *(
        "srbench.catalog.types",
        "srbench.catalog.options",
        "srbench.catalog.lookup",
        "srbench.records.environment",
    ),
    *("srbench.catalog.plugins", "srbench.catalog.plugins.entry_points", "srbench.report.units"),
    *("srbench.report", "srbench.report.formats", "srbench.report.notes", "srbench.report.table"),
    *(
        "srbench.report.formats.text",
        "srbench.report.cells",
        "srbench.report.labels",
        "srbench.report.look",
        "srbench.report.paper_styles",
        "srbench.cli.output",
        "srbench.cli.values",
        "srbench.cli.commands.catalog",
    ),
}


def bare_command(*arguments: str) -> str:
    """A program of two commands that do nothing, which `benchmarks/startup.py` runs too."""
    run_it = f"import runpy, sys; sys.argv = ['bare', *{arguments!r}]\ntry:\n"
    return (
        f"{run_it}    runpy.run_path({str(BARE)!r}, run_name='__main__')\nexcept SystemExit: pass"
    )


def modules(code: str) -> set[str]:
    """All that a fresh interpreter has loaded after that code."""
    code += "\nimport sys; print('\\n' + ' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("arguments", "bare", "own"),
    [
        (["--help"], ["--help"], COMMAND_LINE),
        (["--version"], ["hello"], COMMAND_LINE),
        (["models"], ["hello"], LISTINGS),
        (["blocks"], ["hello"], LISTINGS),
    ],
)
def test_listings_and_help_load_only_what_they_show(
    arguments: list[str], bare: list[str], own: set[str]
) -> None:
    """Checks the start-up time without a clock: what is loaded beyond what a bare program loads."""
    found = modules(command(*arguments))
    assert {name for name in found if name.startswith("srbench")} <= own
    beyond = found - modules(bare_command(*bare)) - own
    packages = {name.partition(".")[0] for name in beyond} - sys.stdlib_module_names
    assert packages <= {"rich"}  # measures the width of names


@pytest.mark.parametrize("name", COMMANDS)
def test_help_lists_the_first_line_of_each_commands_docstring(name: str) -> None:
    where, summary = COMMANDS[name]
    documentation = resolve_name(where).__doc__
    assert documentation.partition("\n")[0] == summary
    assert load(name).name == name


def test_loaded_modules_are_detected() -> None:
    assert "torch" in loaded("import srbench; srbench.build")
    assert "srbench.records.record" in modules("import srbench.records.results")
    assert "pandas" in loaded("import pandas")
