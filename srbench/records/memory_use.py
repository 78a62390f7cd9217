"""How much memory a network takes, by the batch size: exact bytes, worked out from shapes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from srbench.errors import SrbenchError
from srbench.records.bounds import LARGEST_COUNT, require_counts
from srbench.records.schema import STRICT

OPTIMIZERS = {"sgd": "SGD with momentum", "adamw": "AdamW"}
OPTIMIZER = "sgd"
UNITS: dict[
    str, int
] = {  # of a card's memory, in bytes; a card of "80 GB" has 80 GiB, or a little less
    **{f"{prefix}iB": 2 ** (10 * n) for n, prefix in enumerate("KMGT", start=1)},
    **{f"{prefix}B": 10 ** (3 * n) for n, prefix in enumerate("kMGT", start=1)},
}
_SIZE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?) ?([A-Za-z]*)")


def size_of(text: str) -> int:
    """The bytes of a size such as ``80GiB``. Raises SrbenchError for anything else.

    >>> size_of("80GiB"), size_of("24.5 GB")
    (85899345920, 24500000000)
    """
    number, unit = _parts(text)
    size = round(float(number) * UNITS[unit])
    if not 0 < size <= LARGEST_COUNT:
        raise SrbenchError(f"a size of {text} is out of range", "give a card's memory: 80GiB")
    return size


def size_text(text: str) -> str:
    """A size as readers see it. Raises SrbenchError for anything else.

    >>> size_text("80gib")
    '80 GiB'
    """
    return " ".join(_parts(text))


def _parts(text: str) -> tuple[str, str]:
    """The number and the unit."""
    found = _SIZE.fullmatch(text.strip())
    if not found:
        raise SrbenchError(f"{text!r} is not a size", "write it with its unit: 80GiB")
    number, unit = found.groups()
    units = {name.lower(): name for name in UNITS}
    if not unit:
        raise SrbenchError(f"{text!r} has no unit", f"write {number}GiB or {number}GB")
    if unit.lower() not in units:
        raise SrbenchError(f"{text!r} has an unknown unit", f"use one of {', '.join(UNITS)}")
    return number, units[unit.lower()]


@dataclass(frozen=True)
class PeakBytes:
    """The most bytes that are alive at once, of all tensors, in one pass.

    ``counted`` is the peak of the call that was counted: one image, or the inputs that were given;
    None if that does not run. ``one`` is the peak of a batch of one, if another call was counted.
    For a batch of N from 2 on the peak is the largest of ``fixed + N · each`` over ``lines`` of
    (fixed, each): what is alive at each moment grows by the same bytes for each image. Without
    lines, other batches are not known.
    """

    __pydantic_config__ = STRICT
    counted: int | None
    one: int | None
    lines: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for an impossible number of bytes."""
        require_counts(self.counted, self.one, *(each for _, each in self.lines))
        require_counts(*(fixed + 2 * each for fixed, each in self.lines))

    def at(self, batch: int) -> int | None:
        """The peak of a batch in bytes; None if it is not known."""
        if batch == 1:
            return self.one
        return max((fixed + batch * each for fixed, each in self.lines), default=None)

    def largest_batch(self, limit: int) -> int | None:
        """The most images of a batch whose peak is at most ``limit`` bytes; 0 if none fits.

        None if that is not known, or if a batch of any size fits.

        >>> PeakBytes(1500, 1500, ((1000, 500), (600, 600))).largest_batch(10_000)
        15
        """
        if not self.lines:
            return None
        if any(fixed > limit for fixed, each in self.lines if not each):
            return self._one_within(limit)
        growing = [(limit - fixed) // each for fixed, each in self.lines if each]
        if not growing:
            return None
        return found if (found := min(growing)) >= 2 else self._one_within(limit)

    def _one_within(self, limit: int) -> int:
        return int(self.one is not None and self.one <= limit)


@dataclass(frozen=True)
class MemoryUse:
    """What a network needs to run and to be trained, in bytes.

    ``inference`` is the peak of a forward pass, and ``training`` that of a training step: forward,
    backward, and a step of the ``optimizer``. Both hold parameters, buffers and the batch.
    ``kept`` is what autograd keeps for the backward pass, ``gradients`` and ``state`` what the
    gradients and the optimiser take, for the call that was counted. ``at`` is the module in which
    inference is at its peak. What is None could not be worked out; ``missing`` says why.
    """

    __pydantic_config__ = STRICT
    inference: PeakBytes | None = None
    training: PeakBytes | None = None
    kept: int | None = None
    gradients: int | None = None
    state: int | None = None
    optimizer: str = OPTIMIZER
    at: str = ""
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for an impossible number of bytes, and for an unknown optimiser."""
        require_counts(self.kept, self.gradients, self.state)
        if self.optimizer not in OPTIMIZERS:
            raise ValueError(f"optimizer must be one of {', '.join(OPTIMIZERS)}")

    @property
    def notes(self) -> Iterator[str]:
        """Why something is missing."""
        return (f"memory: {why}" for why in self.missing)
