"""Where a report goes, and in which format."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from srbench.errors import SrbenchError
from srbench.report.formats import FORMATS, SUFFIXES, Report

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
    made = path is not None and not path.exists()
    if path is not None:
        _require_writable(path)
    target = Destination(path, _format(path, form))
    try:
        yield target
    finally:
        if path is not None and made and not target.written:
            path.unlink(missing_ok=True)


class Destination:
    """A file, or the terminal, and a format."""

    def __init__(self, path: Path | None, form: str) -> None:
        self.path = path
        self.form = form
        self.written = False

    def write(self, report: Report) -> None:
        """Write the report: to the file, or to stdout as suits the terminal."""
        if self.path is not None:
            self.path.write_text(FORMATS[self.form](report), encoding="utf-8")
            typer.echo(f"wrote {self.path}", err=True)
        elif self.form == "text":
            _show(report)
        else:
            typer.echo(FORMATS[self.form](report), nl=False)
        self.written = True


def _show(report: Report) -> None:
    from rich.console import Console

    from srbench.report import text

    console = Console(highlight=False)
    if not console.is_terminal:
        typer.echo(FORMATS["text"](report), nl=False)
        return
    typer.echo("\n".join(text.render_for(table, console) for table in report.tables), nl=False)


def _format(path: Path | None, form: Format | None) -> str:
    if form is not None:
        return str(form.value)
    return SUFFIXES.get(path.suffix.lower(), "text") if path is not None else "text"


def _require_writable(path: Path) -> None:
    try:
        path.open("a").close()
    except OSError as error:
        raise SrbenchError(
            f"cannot write to {path}: {error.strerror}", "name a file in a folder you can write to"
        ) from error
