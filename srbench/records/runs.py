"""The runs of a row with several seeds, beside those of its baseline."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from srbench.records.record import Record, RowKey
from srbench.records.training import SCORES, Regime, Training


@dataclass(frozen=True)
class Runs:
    """All trainings of a row under one regime, and those of its baseline, each by its seed."""

    row: RowKey
    regime: Regime
    records: tuple[Record, ...]
    baseline: tuple[Record, ...]

    @property
    def trainings(self) -> list[Training]:
        """The trainings, in the order of their seeds."""
        return _by_seed(self.records)

    @property
    def is_baseline(self) -> bool:
        """Whether these are the runs that others are compared with."""
        return self.records[0].baseline == self.row.spec

    @property
    def scores(self) -> list[str]:
        """The names of the scores that the runs have."""
        return [name for name in SCORES if all(name in one.scores for one in self.trainings)]

    def values(self, score: str) -> list[float]:
        """A score of each run, as a share, in the order of the seeds."""
        return [one.scores[score] for one in self.trainings]

    def pairs(self, score: str) -> list[tuple[float, float]]:
        """A score of each run and of the baseline's run with the same seed and images."""
        before = {_pairing(one): one for one in _by_seed(self.baseline)}
        return [
            (one.scores[score], before[_pairing(one)].scores[score])
            for one in self.trainings
            if _pairing(one) in before and score in before[_pairing(one)].scores
        ]

    @property
    def held_out(self) -> float | None:
        """The share of all images that each run holds out; None if the images are given."""
        return next(one.held_out for one in self.trainings)


def runs_of(records: Iterable[Record]) -> list[Runs]:
    """The runs of every row and regime, in the order of the records; failed ones are left out."""
    groups: dict[tuple[RowKey, Regime], list[Record]] = {}
    for record in records:
        if record.training and record.status == "ok":
            groups.setdefault((record.row, record.training.key.regime), []).append(record)
    return [
        Runs(
            row,
            regime,
            tuple(found),
            tuple(groups.get((found[0].baseline_row, regime), ())),
        )
        for (row, regime), found in groups.items()
    ]


def _by_seed(records: Sequence[Record]) -> list[Training]:
    found = [record.training for record in records if record.training]
    return sorted(found, key=lambda one: one.key.seed)


def _pairing(training: Training) -> tuple[int, str, int]:
    """What two runs have in common that are compared."""
    return training.key.seed, training.data_digest, training.test_images
