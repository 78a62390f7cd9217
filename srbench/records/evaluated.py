"""How the weights of one file do on images."""

from dataclasses import dataclass

from srbench.records.training import Counted, scores


@dataclass(frozen=True)
class Evaluated:
    """The weights of ``source``, a file or a name of torchvision's, in the network of ``spec``.

    ``images`` says which images were tested. ``counted`` is what a metric counted, None if the row
    failed, for the reason in ``status``. ``notes`` are what a reader should know.
    """

    source: str
    spec: str
    images: str
    counted: Counted | None
    status: str = "ok"
    notes: tuple[str, ...] = ()

    @property
    def scores(self) -> dict[str, float]:
        """The scores as shares; see `srbench.records.training.scores`."""
        return {} if self.counted is None else scores(self.counted)
