"""Where a report goes, and in which format."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from srbench.cli.messages import tell
from srbench.errors import GATE_FAILED, ROWS_FAILED, SrbenchError
from srbench.files import require_writable, write_whole
from srbench.report.formats import FORMATS, SUFFIXES, Report, each_table
from srbench.results import Results

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
    made = path is not None and require_writable(path)
    try:
        yield target
    finally:
        if path is not None and made and not target.written:
            path.resolve().unlink(missing_ok=True)


def require_apart(output: Path | None, inputs: Iterable[Path]) -> None:
    """Raises SrbenchError where what is written would take the place of what is read."""
    if output and output.resolve() in {path.resolve() for path in inputs}:
        raise SrbenchError(f"{output} is read by this command", "write to another file")


@contextmanager
def reserved(path: Path | None) -> Iterator[None]:
    """Find out that a file can be written before any work; gone again if the work fails."""
    made = path is not None and require_writable(path)
    try:
        yield
    except BaseException:
        if path is not None and made:
            path.unlink(missing_ok=True)
        raise


def use_utf8() -> None:
    """Make stdout UTF-8 with line feeds, as files are, whatever the terminal's encoding is."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")


class Destination:
    """A file, or the terminal, and a format."""

    def __init__(self, path: Path | None, form: str) -> None:
        self.path = path
        self.form = form
        self.written = False

    def write(self, report: Report, partial: bool = False) -> None:
        """Write the report to the file, or to stdout as suits the terminal.

        A ``partial`` one is shown, and kept beside the file: it does not take a whole one's place.
        """
        if self.path is None or partial:
            if self.form != "text":
                use_utf8()
            typer.echo(self._renderer()(report), nl=False)
        if self.path is None:
            return
        path = self.path.with_stem(f"{self.path.stem}.partial") if partial else self.path
        write_whole(path, FORMATS[self.form](report))
        self.written = not partial
        tell(f"wrote {path}")

    def _renderer(self) -> Callable[[Report], str]:
        if self.form != "text" or not sys.stdout.isatty():
            return FORMATS[self.form]
        from rich.console import Console

        from srbench.report import text

        console = Console(highlight=False)
        return each_table(lambda table: text.render(table, console))


def exit_code(results: Results, strict: bool = False) -> int:
    """How a comparison ended; what is wrong with a row stands on stderr as well as below it."""
    for record in results:
        for warning in record.warnings:
            tell(f"warning: {record.spec}: {warning}")
        if record.status != "ok":
            tell(f"error: {record.spec}: {record.status}")
    if any(record.status != "ok" for record in results):
        return ROWS_FAILED
    return GATE_FAILED if strict and any(record.warnings for record in results) else 0


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
