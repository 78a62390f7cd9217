"""A progress bar on stderr, and only on a terminal. stdout is for data, so that what somebody's
block prints meanwhile goes to stderr, too."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING

from srbench.cli.messages import is_seen
from srbench.records.printable import printable

if TYPE_CHECKING:
    from srbench.records.training import EpochResult, RunKey
    from srbench.runner.resume import Counter
    from srbench.runner.training import Begin
    from srbench.spec.cases import Case
    from srbench.training.watch import Moment


@contextmanager
def progress(total: int) -> Iterator[Callable[[float, str], None]]:
    """A bar of ``total`` rows; call the yielded function with the rows done, whole and in part, and
    the name of the next."""
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


@contextmanager
def training_progress(runs: int) -> "Iterator[Begin]":
    """A bar of that many runs; call the yielded function with each run that begins."""
    with progress(runs) as show:
        numbers = iter(range(runs))
        yield lambda case, key: _RunProgress(case, key, next(numbers, runs), show)


class _RunProgress:
    """Shows where a run is, a few times a second."""

    def __init__(
        self, case: "Case", key: "RunKey", number: int, show: Callable[[float, str], None]
    ) -> None:
        share = "" if key.regime.share == 1 else f" on {100 * key.regime.share:g} %"
        self._name = f"{case.spec}{share}, seed {key.seed}"
        self._number = number
        self._show = show
        self._shown = 0.0
        show(number, self._name)

    def moment(self, moment: "Moment") -> None:
        """Show the epoch, the loss, the first of the last scores and the images per second."""
        if time.monotonic() - self._shown < 0.2:
            return
        self._shown = time.monotonic()
        scores = [f", {name} {100 * score:.2f} %" for name, score in moment.scores.items()]
        told = f"loss {moment.loss:.3f}{''.join(scores[:1])}, {moment.images_per_s:,.0f} images/s"
        place = f"epoch {moment.epoch}/{moment.epochs}"
        self._show(self._number + moment.share, f"{self._name}: {place}, {told}")

    def epochs(self, epochs: "Sequence[EpochResult]") -> None:
        """The next batch shows the scores."""
