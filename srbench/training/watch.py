"""What a run tells while it goes on, and who listens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from srbench.records.training import EpochResult


@dataclass(frozen=True)
class Moment:
    """Where a run is: ``step`` of ``steps`` in ``epoch`` of ``epochs``, counted from 1, the mean
    ``loss`` of the epoch so far, the images per second, and the ``scores`` of the epoch before."""

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    images_per_s: float
    scores: dict[str, float]

    @property
    def share(self) -> float:
        """How much of the run is done."""
        return (self.epoch - 1 + self.step / self.steps) / self.epochs


class Watch(Protocol):
    """Is told of every batch and every epoch."""

    def moment(self, moment: Moment) -> None:
        """A batch has ended."""

    def epochs(self, epochs: Sequence[EpochResult]) -> None:
        """An epoch has ended and was tested; these are all so far."""


@dataclass(frozen=True)
class Watches:
    """Tells each of several."""

    each: tuple[Watch, ...] = ()

    def moment(self, moment: Moment) -> None:
        for one in self.each:
            one.moment(moment)

    def epochs(self, epochs: Sequence[EpochResult]) -> None:
        for one in self.each:
            one.epochs(epochs)
