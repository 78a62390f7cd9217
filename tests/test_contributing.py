"""The example in CONTRIBUTING works as described."""

import csv
import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import srbench as installed

ROOT = Path(__file__).parents[1]
PACKAGE = Path(installed.__file__).parent
STEPS = re.findall(r"```diff\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.S)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of srbench to which the example's steps are applied."""
    shutil.copytree(PACKAGE, tmp_path / "srbench")
    for step in STEPS:
        command = ["git", "apply", "--recount", "-"]
        subprocess.run(command, input=step, text=True, cwd=tmp_path, check=True)
    return tmp_path


COMMANDS = """
import io, json, sys
from contextlib import redirect_stdout
from srbench.cli.app import run

for command in sys.stdin:
    with redirect_stdout(io.StringIO()) as shown:
        code = run(command.split())
    print(json.dumps([code, shown.getvalue()]), flush=True)
"""


@pytest.fixture
def srbench(checkout: Path) -> Iterator[Callable[[str], tuple[int, str]]]:
    """The exit code of a command, and what it prints, in a process that imports the copy."""
    with subprocess.Popen(
        [sys.executable, "-c", COMMANDS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
        cwd=checkout,
    ) as process:

        def srbench(command: str) -> tuple[int, str]:
            print(command, file=process.stdin)
            code, shown = json.loads(process.stdout.readline())
            return code, shown

        yield srbench


def test_adding_a_count_changes_three_files(checkout: Path) -> None:
    changed = [
        path.relative_to(checkout).as_posix()
        for path in sorted((checkout / "srbench").rglob("*.py"))
        if not (original := PACKAGE.parent / path.relative_to(checkout)).exists()
        or original.read_bytes() != path.read_bytes()
    ]
    assert changed == [
        "srbench/measure/convolutions.py",
        "srbench/records/counts.py",
        "srbench/runner/counting.py",
    ]


def test_a_new_count_is_written_kept_and_checked(
    checkout: Path, srbench: Callable[[str], tuple[int, str]]
) -> None:
    (checkout / "tables").mkdir()
    layout = checkout / "tables" / "small.toml"
    layout.write_text(
        'caption = "Small."\ncolumns = ["params", "convolutions"]\n[[rows]]\n'
        'models = ["cifar_resnet8"]\nvariants = ["se"]\n',
        encoding="utf-8",
    )
    done = [srbench(command) for command in ("table", "flops cifar_resnet8 --se -f csv", "check")]
    assert [code for code, _ in done] == [0, 0, 0]
    table, flops, check = (shown for _, shown in done)
    assert "Convolutions" in table
    # One in the stem and two in each of three blocks; an SE block has only linear layers.
    assert {row["convolutions"] for row in csv.DictReader(io.StringIO(flops))} == {"7"}
    assert "ok" in check
    records = checkout / "tables" / "small.jsonl"
    records.write_text(records.read_text("utf-8").replace('"convolutions":7', '"convolutions":8'))
    code, check = srbench("check")
    assert code == 1
    assert "convolutions 8 → 7 (-1)" in check
