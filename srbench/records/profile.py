"""Where the time of a forward pass goes, typed. No torch here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from srbench.conditions import Setup
from srbench.records.timing import Estimate


@dataclass(frozen=True)
class PartProfile:
    """A stage, the stem or the head, or the blocks of one kind in a stage, for one batch.

    ``moved`` is the bytes of input, output and parameters, each counted once. ``least`` is the
    shortest time in seconds that the machine's own limits allow, and ``seconds`` the measured time.
    """

    name: str
    stage: str
    is_block: bool
    calls: int
    params: int
    macs: int
    moved: int
    seconds: Estimate
    least: float
    is_memory_bound: bool


@dataclass(frozen=True)
class Profile:
    """Where the time of a forward pass goes. The limits are in bytes/s and MACs/s."""

    spec: str
    input: tuple[int, int, int]
    num_classes: int | None
    setup: Setup
    seconds: Estimate
    bandwidth: float
    rate: float
    parts: tuple[PartProfile, ...]
    environment: Mapping[str, Any]
