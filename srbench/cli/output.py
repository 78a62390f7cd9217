"""Where a report goes, and in which format."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from srbench.errors import SrbenchError
from srbench.report.formats import FORMATS, SUFFIXES, Report, each_table

Format = Enum("Format", {name: name for name in FORMATS}, type=str)  # type: ignore[misc]

FormatOption = Annotated[
    Format | None,
    typer.Option(
        "--format",
        "-f",
        help="How to write it; by default text, or what the output file's name ends in.",
        show_default=False,
    ),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="Write to this file instead of the terminal.", show_default=False
    ),
]


@contextmanager
def destination(path: Path | None, form: Format | None) -> Iterator["Destination"]:
    """Open what a report is written to, before it exists: a bad path fails before any work.

    A file that is there keeps its content until the report is complete, and one that was made
    for this goes again if there is none.
    """
    target = Destination(path, _format(path, form))
    made = path is not None and _require_writable(path)
    try:
        yield target
    finally:
        if path is not None and made and not target.written:
            path.resolve().unlink(missing_ok=True)


class Destination:
    """A file, or the terminal, and a format."""

    def __init__(self, path: Path | None, form: str) -> None:
        self.path = path
        self.form = form
        self.written = False

    def write(self, report: Report, partial: bool = False) -> None:
        """Write the report to the file, or to stdout as suits the terminal.

        A ``partial`` one is only shown: it does not take the place of a whole one.
        """
        if self.path is None or partial:
            typer.echo(self._renderer()(report), nl=False)
            return
        _replace(self.path, FORMATS[self.form](report))
        self.written = True
        typer.echo(f"wrote {self.path}", err=True)

    def _renderer(self) -> Callable[[Report], str]:
        if self.form != "text" or not sys.stdout.isatty():
            return FORMATS[self.form]
        from rich.console import Console

        from srbench.report import text

        console = Console(highlight=False)
        return each_table(lambda table: text.render(table, console))


def _format(path: Path | None, form: Format | None) -> str:
    if form is not None:
        return str(form.value)
    if path is None or not path.suffix:
        return "text"
    if path.suffix.lower() not in SUFFIXES:
        raise SrbenchError(
            f"no format is known by the ending of {path}",
            f"end it in {', '.join(SUFFIXES)}, or give --format",
        )
    return SUFFIXES[path.suffix.lower()]


def _require_writable(path: Path) -> bool:
    """Whether the file had to be made to find out that it can be written."""
    try:
        made = not path.exists()
        path.open("a").close()
    except OSError as error:
        raise _unwritable(path, error) from error
    return made


def _replace(path: Path, content: str) -> None:
    """Write a regular file by way of a new one beside it, so that a full disk spoils nothing."""
    beside = path.resolve().with_name(f".{path.name}.new")
    try:
        if not path.is_file():  # a device
            path.write_text(content, encoding="utf-8")
            return
        beside.write_text(content, encoding="utf-8")
        shutil.copymode(path, beside)
        beside.replace(path.resolve())
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> SrbenchError:
    return SrbenchError(
        f"cannot write to {path}: {error.strerror}", "name a file in a folder you can write to"
    )
