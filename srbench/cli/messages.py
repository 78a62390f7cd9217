"""Messages on stderr; stdout is for data."""

import os
import shutil
import sys
import textwrap
from contextlib import suppress
from itertools import groupby

import typer

from srbench.errors import SrbenchError
from srbench.records.printable import printable


def tell(line: str, label: str = "", colour: str = "") -> None:
    """Print one line to stderr, after a coloured label if one is given.

    If stderr is closed or full, nothing is printed: the command's result matters more.
    """
    if sys.stderr is None:
        return
    front = f"{_coloured(label, colour)}: " if label else ""
    text = printable(line)
    if is_seen():
        text = _between_words(text, len(label) + 2 if label else 0)
    # Not typer's echo, which writes past a progress bar, into its line.
    with suppress(OSError):
        print(front + text, file=sys.stderr, flush=True)


def complain(message: str, hint: str, code: int) -> int:
    """Print the error in one line and the hint in another; returns the exit code."""
    for label, colour, text in (("error", "red", message), ("hint", "cyan", hint)):
        if text:
            tell(" ".join(text.split()), label, colour)
    return code


def complain_about(error: SrbenchError) -> int:
    """The same for every error that it holds; a hint that successive errors share comes once."""
    for hint, alike in groupby(error.errors, lambda one: one.hint):
        *before, last = alike
        for one in before:
            complain(one.message, "", error.exit_code)
        complain(last.message, hint, error.exit_code)
    return error.exit_code


def is_seen() -> bool:
    """Whether stderr is a terminal."""
    return sys.stderr is not None and sys.stderr.isatty()


def _between_words(text: str, taken: int) -> str:
    """The text wrapped for the terminal; the first line already has ``taken`` characters."""
    width = shutil.get_terminal_size().columns
    if taken + len(text) <= width:
        return text
    front = "x" * taken
    lines = textwrap.wrap(front + text, width, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines)[taken:]


def _coloured(label: str, colour: str) -> str:
    plain = os.environ.get("NO_COLOR") or not is_seen()
    return label if plain else typer.style(label, fg=colour, bold=True)
