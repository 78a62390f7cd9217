"""Scores of rows that two sets of records have trained with the same seeds."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from srbench.records.compare import Pair
from srbench.records.gain import Gain, Score
from srbench.records.results import where
from srbench.records.runs import Runs, runs_of
from srbench.records.training import SCORES
from srbench.report.gains import gain_between, score_of
from srbench.report.names import Names
from srbench.report.notes import sections
from srbench.report.table import Column, Table
from srbench.report.training import interval_note


@dataclass(frozen=True)
class TrainedTwice:
    """A row's runs in A and in B, with the same seeds, and one of their scores."""

    before: Runs
    after: Runs
    score: str

    @property
    def values(self) -> tuple[Score | None, Score | None, Gain | None]:
        """The score in A and in B, and the difference from A to B."""
        gain = gain_between(self.after, self.before, self.score)
        return score_of(self.before, self.score), score_of(self.after, self.score), gain

    def raw(self) -> dict[str, Any]:
        """The same in base units."""
        before, after, gain = self.values
        change = gain.difference if gain else None
        return {
            "spec": self.before.row.spec,
            "score": self.score,
            "share": self.before.regime.share,
            "mean_a": before.mean if before else None,
            "mean_b": after.mean if after else None,
            "mean_delta": change.value if change else None,
            "mean_delta_low": change.low if change else None,
            "mean_delta_high": change.high if change else None,
            "baseline": self.before.records[0].baseline,
        } | where(self.before.row)


def trained_twice(pairs: Iterable[Pair]) -> list[TrainedTwice]:
    """Every score of every row and regime of which both sets have runs."""
    trained = [pair for pair in pairs if pair.before.training and pair.after.training]
    before, after = (runs_of(getattr(p, side) for p in trained) for side in ("before", "after"))
    of_b = {(runs.row, runs.regime): runs for runs in after}
    return [
        TrainedTwice(runs, of_b[runs.row, runs.regime], score)
        for runs in before
        if (runs.row, runs.regime) in of_b
        for score in SCORES
        if score in runs.scores and score in of_b[runs.row, runs.regime].scores
    ]


def trainings_table(trained: Sequence[TrainedTwice]) -> Table:
    """The scores side by side, and the difference from A to B."""
    named = Names(record for one in trained for record in one.before.records)
    columns = (
        *(Column("Model", "model"), Column("Images", "integer"), Column("Score", "name")),
        *(Column("A", "score"), Column("B", "score"), Column("Δ", "gain")),
    )
    rows = tuple(
        (
            named(one.before.row.spec),
            one.before.trainings[0].train_images,
            SCORES[one.score],
            *one.values,
        )
        for one in trained
    )
    parts = sections((one.before.records[0].baseline, one.before.regime) for one in trained)
    return Table("scores", columns, rows, sections=parts)


def trainings_notes(trained: Sequence[TrainedTwice]) -> Iterator[str]:
    """What Δ and its interval are."""
    yield (
        "Δ of scores: the mean of the differences of runs with the same seed, in percentage points"
        f"{interval_note([one.before for one in trained])}."
    )
