"""A progress bar on stderr, and only on a terminal. stdout is for data: what a block of someone
else's prints meanwhile goes to stderr, too."""

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
    """A bar of ``total`` rows; call what it yields with the rows done and the next one's name."""
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
    """A line that says what is under way and since when; call what it yields with what is next.

    It is drawn only when it is called: a thread that did so by itself would run beside what is
    being timed.
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
    """A counter of so many rows, while a bar tells how many are left."""
    from srbench.runner.resume import Counter

    with progress(rows) as begin:
        done = iter(range(rows))
        yield Counter(lambda name: begin(next(done, rows), name))
