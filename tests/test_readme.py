"""The README's commands are run, and print what it shows.

``python tests/test_readme.py`` writes the README anew with what they print now.
"""

import atexit
import doctest
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from itertools import takewhile
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
# The only line of counts that differs from machine to machine.
VERSIONS = re.compile(r"Counted with srbench .*")
# Commands that measure: what the tests add, so that they take less time.
MEASURING = {"latency": ("--time-budget", "2"), "profile": ("--rounds", "2")}


def commands(block: str) -> list[str]:
    return [line[2:] for line in block.splitlines() if line.startswith("$ ")]


def transcript(block: str) -> str:
    """The commands of a block, each followed by what it prints."""
    return "\n".join(f"$ {command}\n{output(command)}" for command in commands(block))


@cache
def folder() -> str:
    """Where the commands run: a folder with the committed tables, which they may write into."""
    made = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    shutil.copytree(README.parent / "tables", Path(made) / "tables")
    return made


def output(command: str, *more: str) -> str:
    program, *arguments = shlex.split(command)
    assert program == "srbench"
    return subprocess.run(
        [sys.executable, "-m", "srbench", *arguments, *more],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder(),
    ).stdout


def measures(block: str) -> bool:
    return commands(block)[0].split()[1] in MEASURING


def frame(table: str) -> list[list[str]]:
    """A measured table without what was measured: titles without units, and the rows' names."""
    lines = takewhile(lambda line: not line.endswith("."), table.splitlines())
    title, _rule, *rows = lines
    titles = [re.sub(r" \(.*\)", "", cell) for cell in re.split(r"\s{2,}", title)]
    names = [re.split(r"\s{2,}", row)[: 1 + titles.count("Pass")] for row in rows if row]
    return [titles, *([cell.removesuffix(" *") for cell in row] for row in names)]


BLOCKS = CONSOLE.findall(README.read_text(encoding="utf-8"))


def test_there_are_commands_to_run() -> None:
    assert "srbench flops resnet50 --sr-memories 10" in commands(BLOCKS[0])


@pytest.mark.parametrize(
    "block", [block for block in BLOCKS if not measures(block)], ids=lambda b: commands(b)[0]
)
def test_commands_print_what_the_readme_shows(block: str) -> None:
    assert VERSIONS.sub("", transcript(block)) == VERSIONS.sub("", block)


@pytest.mark.parametrize(
    "block", [block for block in BLOCKS if measures(block)], ids=lambda b: commands(b)[0]
)
def test_measuring_commands_print_what_the_readme_shows_but_for_the_figures(block: str) -> None:
    (command,) = commands(block)
    printed = output(command, *MEASURING[command.split()[1]])
    assert frame(printed) == frame(block.partition("\n")[2])


def test_python_examples_run() -> None:
    failed, attempted = doctest.testfile(str(README), module_relative=False)
    assert attempted > 10
    assert failed == 0


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    renewed = CONSOLE.sub(lambda match: f"```console\n{transcript(match[1])}```", text)
    README.write_text(renewed, encoding="utf-8")
