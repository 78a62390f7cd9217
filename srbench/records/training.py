"""What training a row once, with one seed, came to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from srbench.records.bounds import require_counts, require_facts, require_measures
from srbench.records.schema import STRICT, Kind

TOP = (1, 5)  # the k of top-k accuracy
SCORES = {**{f"top{k}": f"Top-{k}" for k in TOP}, "miou": "mIoU"}  # the titles of columns

Counted = Mapping[str, int | tuple[int, ...]]


@dataclass(frozen=True)
class Regime:
    """What a row is trained on, and how.

    ``data`` is the data set, and ``share`` the part of its training images that is used. ``recipe``
    is the name of the recipe, ``changes`` are the values that differ from it, such as
    ``"lr=0.05"``, and ``digest`` is that of all of its values.
    """

    __pydantic_config__ = STRICT
    data: str
    recipe: str
    changes: tuple[str, ...] = ()
    share: float = 1.0
    digest: str = ""

    def __post_init__(self) -> None:
        """Raises ValueError for an impossible share."""
        if not 0 < self.share <= 1:
            raise ValueError("a share must be above 0 and at most 1")

    def __str__(self) -> str:
        images = "" if self.share == 1 else f", {100 * self.share:g} % of the training images"
        changed = "".join(f", {change}" for change in self.changes)
        return f"{self.data}, recipe {self.recipe}{changed}{images}"


@dataclass(frozen=True)
class RunKey:
    """What distinguishes the trainings of a row."""

    __pydantic_config__ = STRICT
    regime: Regime
    seed: int

    def __post_init__(self) -> None:
        """Raises ValueError for an impossible seed."""
        require_counts(self.seed)


@dataclass(frozen=True)
class EpochResult:
    """The mean loss of an epoch's training, in nats, and what was counted in the test after it."""

    __pydantic_config__ = STRICT
    loss: float
    counted: Counted

    def __post_init__(self) -> None:
        """Raises ValueError for an impossible count."""
        require_measures(self.loss)
        for value in self.counted.values():
            require_counts(*([value] if isinstance(value, int) else value))
        if not _is_possible(self.counted):
            raise ValueError("what was counted must be images, or pixels of each class")

    @property
    def scores(self) -> dict[str, float]:
        """The scores as shares; see `scores`."""
        return scores(self.counted)


@dataclass(frozen=True)
class Training:
    """One run. Its result is that of the last of its ``epochs``; one that failed has none.

    ``recipe`` are all values of the recipe. ``train_images`` and ``test_images`` are how many there
    were; ``held_out`` is the share of all images that was held out to test on, None if the data set
    has images for that. ``data_digest`` identifies the images. ``seconds`` includes all tests but
    not what was done before an interruption; ``processes`` computed together.
    """

    __pydantic_config__ = STRICT
    key: RunKey
    recipe: Mapping[str, Any]
    epochs: tuple[EpochResult, ...]
    train_images: int
    test_images: int
    held_out: float | None
    data_digest: str
    seconds: float
    processes: int = 1
    notes: tuple[str, ...] = ()

    kind: ClassVar[Kind] = "trained"

    def __post_init__(self) -> None:
        """Raises ValueError for impossible numbers."""
        require_counts(self.train_images, self.test_images, self.processes)
        require_measures(self.seconds, self.held_out)
        require_facts(self.recipe)
        if len({frozenset(one.counted) for one in self.epochs}) > 1:
            raise ValueError("all epochs must have counted the same")
        if self.held_out is not None and not 0 < self.held_out < 1:
            raise ValueError("held_out must be a share between 0 and 1")

    @property
    def warnings(self) -> tuple[str, ...]:
        """Why the result should not be trusted."""
        return self.notes

    @property
    def scores(self) -> dict[str, float]:
        """The scores at the end, as shares; see `scores`."""
        return self.epochs[-1].scores if self.epochs else {}

    def flat(self) -> dict[str, Any]:
        """The scores, as shares, None for those of other tasks, and the loss in nats."""
        found = self.scores
        return {name: found.get(name) for name in SCORES} | {
            "train_loss": self.epochs[-1].loss if self.epochs else None
        }

    def how(self) -> dict[str, Any]:
        """Columns of what was trained on, and how."""
        regime = self.key.regime
        return {
            "data": regime.data,
            "recipe": regime.recipe,
            "changes": "; ".join(regime.changes),
            "share": regime.share,
            "seed": self.key.seed,
            "epochs": len(self.epochs),
            "train_images": self.train_images,
            "test_images": self.test_images,
            "seconds": self.seconds,
        }

    def rest(self) -> dict[str, Any]:
        """What does not fit into a flat row."""
        return {
            "recipe_values": dict(self.recipe),
            "curve": [{"train_loss": one.loss, **dict(one.counted)} for one in self.epochs],
        }


def _is_possible(counted: Counted) -> bool:
    """Whether it is a metric's, and no more are right than there are."""
    images, both, either = (counted.get(name) for name in ("images", "intersection", "union"))
    if isinstance(both, tuple) and isinstance(either, tuple):
        pairs = zip(both, either, strict=False)
        return len(counted) == 2 and len(both) == len(either) and all(a <= b for a, b in pairs)
    right = [n for name, n in counted.items() if name != "images"]
    return (
        isinstance(images, int)
        and images > 0
        and all(isinstance(n, int) and n <= images for n in right)
    )


def scores(counted: Counted) -> dict[str, float]:
    """What is reported of what was counted: ``top1`` and ``top5`` as shares of the images, or
    ``miou``, the mean of intersection over union over the classes that occur, as truth or as
    prediction.

    >>> scores({"intersection": (2, 0, 0), "union": (4, 1, 0)})
    {'miou': 0.25}
    """
    images, both, either = (counted.get(name) for name in ("images", "intersection", "union"))
    if isinstance(images, int):
        return {k: n / images for k in SCORES if isinstance(n := counted.get(k), int)}
    assert not isinstance(both, int | None)
    assert not isinstance(either, int | None)
    ratios = [a / b for a, b in zip(both, either, strict=True) if b]
    return {"miou": sum(ratios) / len(ratios) if ratios else 0.0}
