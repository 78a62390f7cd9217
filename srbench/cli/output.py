"""Where a report goes, and in which format."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
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
from srbench.files import is_file, require_apart, require_writable, same_file, write_whole
from srbench.report.formats import FORMATS, SUFFIXES, Report, each_table

if TYPE_CHECKING:
    from srbench.records.results import Results

FormatOption = Annotated[
    str | None,
    typer.Option(
        "--format",
        "-f",
        metavar="NAME",
        help=f"{', '.join(FORMATS)}; by default text, or what the output file's name ends in.",
        autocompletion=starting(list(FORMATS)),
        show_default=False,
    ),
]
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
        "--overwrite", help="Let --output take the place of a file of records, *.jsonl, too."
    ),
]

STDOUT = Path("-")  # as other programs have it
# What a file may hold that is more than a report, by its ending.
PRECIOUS = {".jsonl": "records", ".toml": "a layout", ".py": "code"}


@dataclass(frozen=True)
class Output:
    """Where a report goes, stdout if no path is given, or ``-``, and in which format."""

    path: Path | None = None
    form: str | None = None
    overwrite: bool = False


def destination(
    output: Output, reads: Iterable[Path] = (), must_show: bool = True
) -> "Destination":
    """What a report is written to. ``reads`` are the files that the command reads.

    Where stdout is closed, a report that ``must_show`` is refused, and another is not shown: the
    exit code says what matters.

    A bad path fails before any work, and nothing is made or changed until the report is complete.
    Raises SrbenchError where it cannot be written, or would take the place of what is read.
    """
    path = None if output.path == STDOUT else output.path
    target = Destination(path, _format(path, output.form))
    if target.path is None and must_show:
        require_stdout()
    elif target.path is None:
        target.is_shown = is_stdout_open()
    else:
        reads = list(reads)
        require_writable(target.path)
        for path in (target.path, target.partial):
            require_free(path, reads, output.overwrite)
    return target


def require_free(path: Path, reads: Iterable[Path] = (), overwrite: bool = False) -> None:
    """Raises SrbenchError where a file would take the place of what is read, or of what nobody
    could make again."""
    require_apart(path, reads)
    kept = PRECIOUS.get(path.suffix.lower())
    if kept and not overwrite and is_file(path):
        raise SrbenchError(
            f"{path} is there already, and may hold {kept}",
            "name another file, move that one, or give --overwrite to lose what is in it",
        )


def require_beside(output: Output, files: Sequence[Path], reads: Sequence[Path] = ()) -> None:
    """Raises SrbenchError where files that are written beside a report cannot be, or where two
    things would go to one file."""
    whole = [*files, *([output.path] if output.path else [])]
    if any(same_file(a, b) for a, b in combinations(whole, 2)):
        raise SrbenchError("two things go to one file", "name another file for each")
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
        """Where an interrupted command keeps what it has."""
        assert self.path is not None
        return self.path.with_stem(f"{self.path.stem}.partial")

    def write(self, report: Report, partial: bool = False) -> None:
        """Write the report to the file, or to stdout as suits the terminal.

        A ``partial`` one is shown, and kept beside the file: it does not take a whole one's place.
        """
        if self.path is not None:
            self._save(self.partial if partial else self.path, FORMATS[self.form](report))
        if self.path is None or partial:
            self.show(self._renderer()(report))

    def put(self, text: str) -> None:
        """Write what is in the format already to the file, or to stdout."""
        if self.path is None:
            self.show(text)
        else:
            self._save(self.path, text)

    def _save(self, path: Path, text: str) -> None:
        write_whole(path, text)
        tell(f"wrote {path}")

    def show(self, text: str) -> None:
        """Write to stdout, unless it is closed and that does not matter."""
        if self.is_shown:
            show(text, is_data=self.form != "text")

    @contextmanager
    def keeping(self, report: Callable[[], Report | None]) -> Iterator[None]:
        """Whatever ends what is inside early, ``report`` of what it has by then is kept."""
        try:
            yield
        except BaseException:
            try:
                if (found := report()) is not None:
                    self.write(found, partial=True)
            except (SrbenchError, OSError) as error:  # such as a terminal that is gone
                tell(f"warning: not all of what was measured could be kept: {error}")
            raise

    def _renderer(self) -> Callable[[Report], str]:
        if self.form != "text" or not sys.stdout.isatty():
            return FORMATS[self.form]
        from rich.console import Console

        from srbench.report.formats import text

        console = Console(highlight=False)
        return partial(each_table, render=partial(text.render, console=console))


def results_exit_code(results: "Results", strict: bool = False) -> int:
    """How a comparison ended; what is wrong with a row stands on stderr as well as below it."""
    from srbench.report.problems import failures, warnings  # listings do without

    for warning in warnings(results):
        tell(f"warning: {warning}")
    for failure in failures(results):
        tell(f"error: {failure}")
    if any(record.status != "ok" for record in results):
        return ROWS_FAILED
    return GATE_FAILED if strict and any(record.warnings for record in results) else 0


def _format(path: Path | None, form: str | None) -> str:
    if form is not None:
        return name("--format", SUFFIXES.get(f".{form.lower()}", form), FORMATS)
    if path is None or not path.suffix:
        return "text"
    if path.suffix.lower() not in SUFFIXES:
        raise SrbenchError(
            f"unknown format: {path}",
            f"end it in {', '.join(SUFFIXES)}, or give --format",
        )
    return SUFFIXES[path.suffix.lower()]
