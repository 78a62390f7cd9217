"""What is said on stderr, beside the data on stdout."""

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
    """Say one line, behind a label in a colour if it has one.

    Where stderr is closed or full nothing is said: what the command does matters more.
    """
    if sys.stderr is None:
        return
    front = f"{_coloured(label, colour)}: " if label else ""
    text = printable(line)
    if is_seen():
        text = _between_words(text, len(label) + 2 if label else 0)
    with suppress(OSError):
        typer.echo(front + text, err=True)


def complain(message: str, hint: str, code: int) -> int:
    """One line that says what, one that says what to do; returns the exit code."""
    for label, colour, text in (("error", "red", message), ("hint", "cyan", hint)):
        if text:
            tell(" ".join(text.split()), label, colour)
    return code


def complain_of(error: SrbenchError) -> int:
    """The same of all that is wrong; what is to be done is said once where it is the same."""
    for hint, alike in groupby(error.errors, lambda one: one.hint):
        *before, last = alike
        for one in before:
            complain(one.message, "", error.exit_code)
        complain(last.message, hint, error.exit_code)
    return error.exit_code


def is_seen() -> bool:
    """Whether somebody looks at stderr."""
    return sys.stderr is not None and sys.stderr.isatty()


def _between_words(text: str, taken: int) -> str:
    """The text in lines of the terminal, the first of which has ``taken`` characters already."""
    width = shutil.get_terminal_size().columns
    if taken + len(text) <= width:
        return text
    front = "x" * taken
    lines = textwrap.wrap(front + text, width, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines)[taken:]


def _coloured(label: str, colour: str) -> str:
    plain = os.environ.get("NO_COLOR") or not is_seen()
    return label if plain else typer.style(label, fg=colour, bold=True)
