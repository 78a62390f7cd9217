"""Where a report goes, and in which format."""

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srbench.cli.messages import tell
from srbench.cli.streams import is_stdout_open, require_stdout, show
from srbench.cli.values import name, starting
from srbench.errors import GATE_FAILED, ROWS_FAILED, SrbenchError
from srbench.files import (
    may_become,
    require_apart,
    require_replaceable,
    require_writable,
    same_file,
    write_whole,
)
from srbench.report.formats import FORMATS, SUFFIXES, Report, each_table, format_of

if TYPE_CHECKING:
    from srbench.records.results import Results


def format_option(default: str) -> typer.models.OptionInfo:
    """The option for a format; the help ends with the default."""
    option: typer.models.OptionInfo = typer.Option(
        "--format",
        "-f",
        metavar="NAME",
        help=f"{', '.join(FORMATS)}; by default {default}.",
        autocompletion=starting(list(FORMATS)),
        show_default=False,
    )
    return option


FormatOption = Annotated[str | None, format_option("text, or the format of --output's suffix")]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write to this file instead of the terminal.",
        show_default=False,
    ),
]
OverwriteOption = Annotated[
    bool,
    typer.Option(
        "--overwrite",
        help="Let --output replace records (*.jsonl), layouts (*.toml) and code (*.py).",
    ),
]

STDOUT = Path("-")  # as in other programs


def file_option(help_text: str) -> typer.models.OptionInfo:
    """An option for another file that a command writes, such as a plot."""
    option: typer.models.OptionInfo = typer.Option(
        metavar="FILE", help=help_text, show_default=False
    )
    return option


@dataclass(frozen=True)
class Output:
    """Where a report goes (to stdout if the path is None or ``-``), and in which format."""

    path: Path | None = None
    form: str | None = None
    overwrite: bool = False


def destination(
    output: Output,
    reads: Iterable[Path] = (),
    must_show: bool = True,
    others: Collection[str] = (),
) -> "Destination":
    """The destination of a report. ``reads`` are the files that the command reads, and ``others``
    the formats that it has beside a report's.

    If stdout is closed, this is an error with ``must_show``; otherwise the report is not shown, and
    the exit code tells what matters.

    A bad path fails before any work, and no file is made or changed until the report is complete.
    Raises SrbenchError if the report cannot be written, or would replace a file that is read.
    """
    path = None if output.path == STDOUT else output.path
    reads = list(reads)
    if path is not None:
        require_apart(path, reads)
    target = Destination(path, _format(path, output.form, others))
    if target.path is None and must_show:
        require_stdout()
    elif target.path is None:
        target.is_shown = is_stdout_open()
    else:
        require_writable(target.path)
        for path in (target.path, target.partial):
            require_free(path, reads, output.overwrite)
    return target


def require_free(path: Path, reads: Iterable[Path] = (), overwrite: bool = False) -> None:
    """Raises SrbenchError if a file would replace one that is read, or one that may be the only
    copy of its contents."""
    require_apart(path, reads)
    if not overwrite:
        require_replaceable(path, "give --overwrite to replace this one")


def require_beside(output: Output, files: Sequence[Path], reads: Sequence[Path] = ()) -> None:
    """Raises SrbenchError if a file written beside a report cannot be, or if two outputs would go
    to one file."""
    whole = [*files, *([output.path] if output.path else [])]
    if any(
        same_file(a, b) or may_become(a, b) or may_become(b, a) for a, b in combinations(whole, 2)
    ):
        raise SrbenchError("two outputs go to one file", "name a different file for each")
    for path in files:
        require_free(path, reads, output.overwrite)
        require_writable(path)


class Destination:
    """A file, or stdout, and a format."""

    def __init__(self, path: Path | None, form: str) -> None:
        self.path = path
        self.form = form
        self.is_shown = True

    @property
    def partial(self) -> Path:
        """Where an interrupted command saves its results so far."""
        assert self.path is not None
        return self.path.with_stem(f"{self.path.stem}.partial")

    def write(self, report: Report, partial: bool = False) -> None:
        """Write the report to the file, or to stdout in a form that suits the terminal.

        A ``partial`` report is shown, and saved beside the file: it never replaces a whole one.
        """
        if self.path is not None:
            self._save(self.partial if partial else self.path, FORMATS[self.form](report))
        if self.path is None or partial:
            self.show(self._renderer()(report))

    def put(self, text: str) -> None:
        """Write text that already has the format to the file, or to stdout."""
        if self.path is None:
            self.show(text)
        else:
            self._save(self.path, text)

    def _save(self, path: Path, text: str) -> None:
        write_whole(path, text)
        tell(f"wrote {path}")

    def show(self, text: str) -> None:
        """Write to stdout, unless it is closed and the report need not be shown."""
        if self.is_shown:
            show(text, is_data=self.form != "text")

    @contextmanager
    def keeping(self, report: Callable[[], Report | None]) -> Iterator[None]:
        """If the body ends early, for any reason, keep the ``report`` of its results so far."""
        try:
            yield
        except BaseException:
            try:
                if (found := report()) is not None:
                    self.write(found, partial=True)
            except (SrbenchError, OSError) as error:  # such as a terminal that is gone
                tell(f"warning: some results could not be saved: {error}")
            raise

    def _renderer(self) -> Callable[[Report], str]:
        if self.form != "text" or not sys.stdout.isatty():
            return FORMATS[self.form]
        from rich.console import Console

        from srbench.report.formats import text

        console = Console(highlight=False)
        return partial(each_table, render=partial(text.render, console=console))


def results_exit_code(results: "Results", strict: bool = False) -> int:
    """The exit code of a comparison; prints problems of rows on stderr, as below the table."""
    from srbench.report.problems import failures, warnings  # listings do not need it

    for warning in warnings(results):
        tell(f"warning: {warning}")
    for failure in failures(results):
        tell(f"error: {failure}")
    if any(record.status != "ok" for record in results):
        return ROWS_FAILED
    return GATE_FAILED if strict and any(record.warnings for record in results) else 0


def _format(path: Path | None, form: str | None, others: Collection[str]) -> str:
    if form is not None:
        return name("--format", SUFFIXES.get(f".{form.lower()}", form), [*FORMATS, *others])
    if path is None or not path.suffix:
        return "text"
    return format_of(path, ", or give --format")
