"""The commands in the documentation print the output that it shows.

``python tests/docs/test_examples.py`` updates the pages with the current output.
"""

import atexit
import doctest
import io
import re
import runpy
import shlex
import shutil
import tempfile
from contextlib import chdir, redirect_stdout
from functools import cache
from itertools import takewhile
from pathlib import Path

import pytest
from support.pages import CONSOLE, DOCS, PAGES, ROOT, VERSIONS, files, text

from srbench.cli.app import run

# Options that the tests add to commands that measure, so that they take less time.
MEASURING = {
    "latency": ("--time-budget", "2"),
    "profile": ("--rounds", "2"),
    "train": ("--device", "cpu"),
    "evaluate": ("--device", "cpu"),
}


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
    for name in ("tables", "weights"):
        shutil.copytree(ROOT / name, Path(made) / name)
    shutil.copy(DOCS / "figures" / "h200.jsonl", made)
    for name, code in files().items():
        (Path(made) / name).write_text(code, encoding="utf-8")
    return made


def output(command: str, *more: str) -> str:
    program, *arguments = shlex.split(command)
    with chdir(folder()), redirect_stdout(io.StringIO()) as printed:
        if program == "python":
            runpy.run_path(*arguments)
        else:
            assert program == "srbench"
            assert run([*arguments, *more]) == 0
    return printed.getvalue()


def measures(block: str) -> bool:
    return commands(block)[0].split()[1] in MEASURING


def frame(table: str) -> list[list[str]]:
    """A measured table without its figures: titles without units, and the rows' names."""
    lines = takewhile(lambda line: not line.endswith("."), table.splitlines())
    title, _rule, *rows = lines
    titles = [re.sub(r" \(.*\)", "", cell) for cell in re.split(r"\s{2,}", title)]
    names = [re.split(r"\s{2,}", row)[: 1 + titles.count("Pass")] for row in rows if row]
    return [titles, *([cell.removesuffix(" *") for cell in row] for row in names)]


BLOCKS = list(dict.fromkeys(block for page in PAGES for block in CONSOLE.findall(text(page))))
INTERACTIVE = [page for page in PAGES if ">>> " in text(page)]


def test_there_are_commands_to_run() -> None:
    assert "srbench flops resnet50 --block eca:ECA --se --notes short" in commands(BLOCKS[0])
    assert len(BLOCKS) > 20


@pytest.mark.parametrize(
    "block", [block for block in BLOCKS if not measures(block)], ids=lambda b: commands(b)[0]
)
def test_commands_print_what_is_shown(block: str) -> None:
    assert VERSIONS.sub("", transcript(block)) == VERSIONS.sub("", block)


@pytest.mark.parametrize(
    "block", [block for block in BLOCKS if measures(block)], ids=lambda b: commands(b)[0]
)
def test_measuring_commands_print_what_is_shown_except_the_figures(block: str) -> None:
    (command,) = commands(block)
    printed = output(command, *MEASURING[command.split()[1]])
    assert frame(printed) == frame(block.partition("\n")[2])


@pytest.mark.parametrize("page", INTERACTIVE, ids=lambda page: page.name)
def test_python_examples_run(page: Path) -> None:
    with chdir(folder()):
        failed, attempted = doctest.testfile(str(page), module_relative=False)
    assert attempted >= 5
    assert failed == 0


if __name__ == "__main__":
    for page in PAGES:
        renewed = CONSOLE.sub(lambda match: f"```console\n{transcript(match[1])}```", text(page))
        page.write_text(renewed, encoding="utf-8")
