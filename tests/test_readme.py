"""The README's commands are run, and print what it shows.

``python tests/test_readme.py`` writes the README anew with what they print now.
"""

import doctest
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
# The only line that differs from machine to machine.
VERSIONS = re.compile(r"Counted with srbench .*")


def commands(block: str) -> list[str]:
    return [line[2:] for line in block.splitlines() if line.startswith("$ ")]


def transcript(block: str) -> str:
    """The commands of a block, each followed by what it prints."""
    return "\n".join(f"$ {command}\n{output(command)}" for command in commands(block))


def output(command: str) -> str:
    program, *arguments = shlex.split(command)
    assert program == "srbench"
    return subprocess.run(
        [sys.executable, "-m", "srbench", *arguments],
        capture_output=True,
        text=True,
        check=True,
    ).stdout


BLOCKS = CONSOLE.findall(README.read_text(encoding="utf-8"))


def test_there_are_commands_to_run() -> None:
    assert "srbench flops resnet50 --sr-memories 10" in commands(BLOCKS[0])


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: commands(block)[0])
def test_commands_print_what_the_readme_shows(block: str) -> None:
    assert VERSIONS.sub("", transcript(block)) == VERSIONS.sub("", block)


def test_python_examples_run() -> None:
    failed, attempted = doctest.testfile(str(README), module_relative=False)
    assert attempted > 10
    assert failed == 0


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    renewed = CONSOLE.sub(lambda match: f"```console\n{transcript(match[1])}```", text)
    README.write_text(renewed, encoding="utf-8")
