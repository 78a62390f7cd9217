"""Curves of trainings: a score after every epoch, and the training loss, as means over seeds."""

from collections.abc import Callable, Iterator, Sequence

from srbench.records.join import Row
from srbench.records.runs import Runs
from srbench.records.training import SCORES, EpochResult
from srbench.report.names import Names
from srbench.report.plots.points import Panel, Point, Series
from srbench.report.training import is_telling

Read = Callable[[EpochResult], float]
FEWEST = 2  # epochs of a curve


def curves(rows: Sequence[Row], named: Names) -> Iterator[Panel]:
    """A panel for each regime and score, and for the loss, with a line for each row."""
    runs = {(one.row, one.regime): one for row in rows for one in row.trainings}
    for regime in dict.fromkeys(one.regime for one in runs.values()):
        members = [one for one in runs.values() if one.regime == regime]
        scores = [n for n in SCORES if _have(members, n) and is_telling(n, members)]
        shown = [(f"{SCORES[name]} (%)", _score(name)) for name in scores]
        for title, read in [*shown, ("training loss (nats)", _loss)]:
            lines = tuple(_lines(members, read, named))
            if lines:
                name = title.partition(" (")[0]
                yield Panel(f"{name} by epoch: {regime}", "epoch", title, lines)


def _lines(members: Sequence[Runs], read: Read, named: Names) -> Iterator[Series]:
    for colour, runs in enumerate(members):
        epochs = min(len(one.epochs) for one in runs.trainings)
        if epochs >= FEWEST:
            name = str(named(runs.row.spec))
            yield Series(name, tuple(_points(name, runs, read, epochs)), colour=colour)


def _points(name: str, runs: Runs, read: Read, epochs: int) -> Iterator[Point]:
    for number in range(epochs):
        values = [read(one.epochs[number]) for one in runs.trainings]
        mean = sum(values) / len(values)
        yield Point(number + 1, mean, f"{name}, epoch {number + 1}: {mean:.4g}")


def _have(members: Sequence[Runs], score: str) -> bool:
    return all(score in runs.scores for runs in members)


def _score(name: str) -> Read:
    return lambda epoch: 100 * epoch.scores[name]


def _loss(epoch: EpochResult) -> float:
    return epoch.loss
