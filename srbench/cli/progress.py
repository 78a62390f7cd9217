"""A progress bar on stderr, and only on a terminal. stdout is for data, so that what somebody's
block prints meanwhile goes to stderr, too."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING

from srbench.cli.messages import is_seen
from srbench.records.printable import printable

if TYPE_CHECKING:
    from srbench.runner.resume import Counter


@contextmanager
def progress(total: int) -> Iterator[Callable[[int, str], None]]:
    """A bar of ``total`` rows; call the yielded function with the rows done and the next name."""
    if not is_seen():
        with redirect_stdout(sys.stderr):
            yield lambda done, name: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    with bar, redirect_stdout(sys.stderr):
        task = bar.add_task("loading torch", total=total)
        yield lambda done, name: bar.update(task, completed=done, description=printable(name))


@contextmanager
def status(first: str) -> Iterator[Callable[[str], None]]:
    """A line with the elapsed time and the current step; call the yielded function with the next.

    The line is drawn only on a call, since a thread that draws would disturb the timing.
    """
    if not is_seen():
        with redirect_stdout(sys.stderr):
            yield lambda text: None
        return
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeElapsedColumn

    columns = (TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    console = Console(stderr=True)
    bar = Progress(*columns, console=console, transient=True, auto_refresh=False)
    with bar, redirect_stdout(sys.stderr):
        task = bar.add_task(first)
        bar.refresh()
        drawn = 0.0

        def say(text: str) -> None:
            nonlocal drawn
            if "rounds: " in text and time.monotonic() - drawn < 0.2:
                return
            bar.update(task, description=printable(text), refresh=True)
            drawn = time.monotonic()

        yield say


@contextmanager
def counter(rows: int) -> "Iterator[Counter]":
    """A counter of that many rows, with a progress bar."""
    from srbench.runner.resume import Counter

    with progress(rows) as begin:
        done = iter(range(rows))
        yield Counter(lambda name: begin(next(done, rows), name))
