"""The example in CONTRIBUTING works as described."""

import csv
import io
import json
import re
import shutil
import subprocess
import sys
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

told = []
for command in json.loads(sys.argv[1]):
    with redirect_stdout(io.StringIO()) as shown:
        code = run(command.split())
    told.append((code, shown.getvalue()))
print(json.dumps(told))
"""


def srbench(checkout: Path, *commands: str) -> list[tuple[int, str]]:
    """The exit codes of commands, and what they print, in one process that imports the copy."""
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS, json.dumps(commands)],
        capture_output=True,
        text=True,
        cwd=checkout,
        check=True,
    )
    return [(code, shown) for code, shown in json.loads(done.stdout)]


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


def test_a_new_count_is_written_kept_and_checked(checkout: Path) -> None:
    (checkout / "tables").mkdir()
    layout = checkout / "tables" / "small.toml"
    layout.write_text(
        'caption = "Small."\ncolumns = ["params", "convolutions"]\n[[rows]]\n'
        'models = ["cifar_resnet8"]\nvariants = ["se"]\n',
        encoding="utf-8",
    )
    done = srbench(checkout, "table", "flops cifar_resnet8 --se -f csv", "check")
    assert [code for code, _ in done] == [0, 0, 0]
    table, flops, check = (shown for _, shown in done)
    assert "Convolutions" in table
    # One in the stem and two in each of three blocks; an SE block has only linear layers.
    assert {row["convolutions"] for row in csv.DictReader(io.StringIO(flops))} == {"7"}
    assert "ok" in check
    records = checkout / "tables" / "small.jsonl"
    records.write_text(records.read_text("utf-8").replace('"convolutions":7', '"convolutions":8'))
    ((code, check),) = srbench(checkout, "check")
    assert code == 1
    assert "convolutions 8 → 7 (-1)" in check
