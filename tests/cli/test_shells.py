"""Completion in bash, zsh and fish, each in its own terminal."""

import os
import re
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pexpect = pytest.importorskip("pexpect", reason="no terminals here")
pyte = pytest.importorskip("pyte", reason="no terminals here")

# Python warns of a fork while the test runner has threads; the child becomes the shell at once.
pytestmark = pytest.mark.filterwarnings("ignore:.*forkpty:DeprecationWarning")

SHELLS = ("bash", *(pytest.param(name, marks=pytest.mark.catalog) for name in ("zsh", "fish")))
PROMPT = "$ "
# What people have in these files. fish shows only what was asked for, without suggestions.
SETTINGS = {
    ".bashrc": "PS1='$ '\n",
    ".zshrc": "PROMPT='$ '\n",
    ".config/fish/config.fish": "function fish_prompt; echo -n '$ '; end\n"
    "set --global fish_greeting\n"
    "set --global fish_autosuggestion_enabled 0\n",
    ".local/share/fish/generated_completions/none.fish": "",  # or fish reads all manual pages
}
PATIENCE = 60  # seconds; waiting normally ends much sooner


class Terminal:
    """A shell, and what its screen shows."""

    def __init__(self, shell: str, home: Path, folder: Path) -> None:
        self._screen = pyte.Screen(100, 30)
        self._stream = pyte.ByteStream(self._screen)
        self._process = pexpect.spawn(
            shutil.which(shell),
            ["-i"],
            env={
                "HOME": str(home),
                "PATH": f"{home / 'bin'}:{os.environ['PATH']}",
                "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
                "TERM": "xterm",
                "LANG": "C.UTF-8",
            },
            cwd=str(folder),
            dimensions=(30, 100),
        )
        self._screen.write_process_input = self._process.send  # fish 4 asks what terminal it is
        self.until(lambda lines: lines == [PROMPT])

    def type(self, text: str) -> None:
        self._process.send(text)

    def lines(self) -> list[str]:
        """What the screen shows; trailing spaces are kept only before the cursor."""
        self._read()
        shown = [line.rstrip() for line in self._screen.display]
        at = self._screen.cursor
        shown[at.y] = shown[at.y].ljust(at.x)
        return shown[: max((n for n, line in enumerate(shown, 1) if line), default=0)]

    def until(self, holds: Callable[[list[str]], Any]) -> list[str]:
        """The lines once they satisfy ``holds`` and stay the same; else the last ones."""
        end = time.monotonic() + PATIENCE
        lines = self.lines()
        while time.monotonic() < end:
            before, lines = lines, self.lines()
            if lines == before and holds(lines):
                break
        return lines

    def clear(self) -> None:
        """An empty prompt on an empty screen."""
        self.type("\x15\x0c")  # Ctrl-U, Ctrl-L
        assert self.until(lambda lines: lines == [PROMPT]) == [PROMPT]

    def close(self) -> None:
        self._process.close(force=True)

    def _read(self) -> None:
        """Read what the shell writes within a moment, and what follows at once."""
        try:
            while True:
                self._stream.feed(self._process.read_nonblocking(65536, timeout=0.03))
        except (pexpect.TIMEOUT, pexpect.EOF):
            return


@pytest.fixture(scope="module", params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    return request.param


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh home with `srbench` in its folder bin, and one in broken that only fails."""
    home = tmp_path_factory.mktemp("home")
    for name, text in SETTINGS.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    srbench = f'exec {shlex.quote(sys.executable)} -m srbench "$@"'
    for name, does in (("bin", srbench), ("broken", "echo Traceback >&2; exit 1")):
        (home / name).mkdir()
        (home / name / "srbench").write_text(f"#!/bin/sh\n{does}\n")
        (home / name / "srbench").chmod(0o755)
    return home


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shells' working directory, with two tables and a file."""
    folder = tmp_path_factory.mktemp("folder")
    (folder / "tables").mkdir()
    for name in ("imagenet", "memories"):
        (folder / "tables" / f"{name}.toml").touch()
    (folder / "measured.txt").touch()
    return folder


@pytest.fixture(scope="module")
def installed(shell: str, home: Path, folder: Path) -> Iterator[list[str]]:
    """Installs completion as people do; returns what the terminal showed."""
    terminal = Terminal(shell, home, folder)
    terminal.type("srbench --install-completion; echo done\r")
    shown = terminal.until(lambda lines: "done" in lines)
    terminal.close()
    return shown


@pytest.fixture(scope="module")
def fresh(shell: str, home: Path, folder: Path, installed: list[str]) -> Iterator[Terminal]:
    """A shell that is started after the installation."""
    terminal = Terminal(shell, home, folder)
    yield terminal
    terminal.close()


@pytest.fixture
def terminal(fresh: Terminal) -> Terminal:
    fresh.clear()
    return fresh


def test_installing_shows_where_the_script_is(shell: str, home: Path, installed: list[str]) -> None:
    said = "".join(installed)
    (where,) = re.findall(rf"{shell} completion installed in (/\S*srbench\S*?)Completion", said)
    assert Path(where).is_relative_to(home)
    assert "_SRBENCH_COMPLETE=line" in Path(where).read_text()
    assert installed[-2:] == ["done", PROMPT]


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("srbench fl", "srbench flops "),
        ("srbench flops resnet3", "srbench flops resnet34 "),
        ("srbench flops resnet50+cb", "srbench flops resnet50+cbam "),
        ("srbench flops resnet50+sr:mem", "srbench flops resnet50+sr:memories="),
        ("srbench flops resnet50+sr:memories=2,hi", "srbench flops resnet50+sr:memories=2,hidden="),
        ("srbench flops resnet50:stem=c", "srbench flops resnet50:stem=cifar "),
        ("srbench latency --dev", "srbench latency --device "),
        ("srbench latency --device m", "srbench latency --device mps "),
        ("srbench flops --format l", "srbench flops --format latex "),
        ("srbench flops --format=l", "srbench flops --format=latex "),
        ("srbench table im", "srbench table imagenet "),
        ("srbench check --only me", "srbench check --only memories "),
        ("srbench flops --output mea", "srbench flops --output measured.txt "),
        ("~/bin/srbench fl", "~/bin/srbench flops "),
        ("true && srbench fl", "true && srbench flops "),
    ],
)
def test_one_tab_completes_a_word(typed: str, completed: str, terminal: Terminal) -> None:
    """The cursor is after the word, or after a space if the word is finished."""
    terminal.type(f"{typed}\t")
    assert terminal.until(lambda lines: lines == [PROMPT + completed]) == [PROMPT + completed]


@pytest.mark.parametrize("typed", ["srbench flops nothing+like:it=", "srbench nonsense zz"])
def test_a_tab_without_candidates_changes_nothing(typed: str, terminal: Terminal) -> None:
    terminal.type(f"{typed}\t!")
    assert terminal.until(lambda lines: lines == [f"$ {typed}!"]) == [f"$ {typed}!"]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("srbench flops resnet1", ["resnet18", "resnet101", "resnet152"]),
        ("srbench flops resnet50+s", ["resnet50+sr", "resnet50+se"]),
        (
            "srbench flops resnet50+sr:memories=2,",
            [f"resnet50+sr:memories=2,{key}=" for key in ("squeeze", "hidden", "stage", "after")],
        ),
        ("srbench flops resnet50:stride=v1", ["resnet50:stride=v1", "resnet50:stride=v1.5"]),
        ("srbench latency --device c", ["cpu", "cuda", "cuda:0", "cuda:1"]),
        ("srbench latency --device=cuda:", ["--device=cuda:0", "--device=cuda:1"]),
        ("srbench flops --o", ["--order", "--output", "--overwrite"]),
    ],
)
def test_two_tabs_list_the_candidates(typed: str, offered: list[str], terminal: Terminal) -> None:
    """The shell decides how: a name may lack its beginning, and have its help next to it."""

    def is_listed(lines: list[str]) -> bool:
        rows = [line.strip() for line in lines if not line.startswith(PROMPT)]
        cells = [cell for row in rows for cell in re.split(r" {2,}", row) if cell]
        names = sorted(cell.strip("…") for cell in cells if not cell.startswith(("-- ", "(")))
        return len(names) == len(offered) and all(map(str.endswith, sorted(offered), names))

    terminal.type(f"{typed}\t\t")
    lines = terminal.until(is_listed)
    assert is_listed(lines), lines
    assert lines[0].startswith(PROMPT + typed)


@pytest.mark.parametrize("program", ["broken", "missing"])
def test_a_program_that_fails_changes_nothing(program: str, terminal: Terminal) -> None:
    typed = f"~/{program}/srbench flops resnet1"
    terminal.type(f"{typed}\t!")
    assert terminal.until(lambda lines: lines == [f"$ {typed}!"]) == [f"$ {typed}!"]
