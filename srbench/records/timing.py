"""What each pass of a model took, in seconds, bytes and joules."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import accumulate
from math import ceil
from typing import Any, ClassVar, Literal

from srbench.conditions import PASSES, PRECISION, Setup
from srbench.records.bounds import LARGEST, require_counts, require_facts, require_measures
from srbench.records.schema import STRICT, Kind


@dataclass(frozen=True)
class Estimate:
    """A value and the interval around it, from ``n`` samples; if these are too few for an interval,
    its ends are None."""

    __pydantic_config__ = STRICT
    value: float
    low: float | None = None
    high: float | None = None
    n: int = 0

    def __post_init__(self) -> None:
        """Raises ValueError for a number out of range."""
        require_measures(self.value, self.low, self.high)
        require_counts(self.n)


@dataclass(frozen=True)
class Memory:
    """Peak of a pass in bytes, without the weights and the batch, which are in memory anyway.

    ``allocated`` is what tensors took, ``reserved`` what the allocator took for them; None if the
    device does not report it. On the CPU ``allocated`` is the process's resident memory.
    """

    allocated: int | None
    reserved: int | None

    def __post_init__(self) -> None:
        """Raises ValueError for a number out of range."""
        require_measures(self.allocated, self.reserved)


@dataclass(frozen=True)
class Energy:
    """Joules per image of a GPU: all that it drew, and the same without what it draws when idle."""

    gross: float
    net: float

    def __post_init__(self) -> None:
        """Raises ValueError for a number out of range."""
        require_measures(self.gross, self.net)


@dataclass(frozen=True)
class PassTiming:
    """One pass of one model, in seconds per batch.

    ``ratio`` is to the baseline, from the same rounds. ``wall`` is from the call until the device
    is idle, while ``seconds`` is the device's own time. ``samples`` are all that were taken, by
    process and by round: none was dropped. ``placements`` are, by process, the numbers of rounds
    between which the models were moved in memory; an older srbench never moved them.
    """

    __pydantic_config__ = STRICT
    seconds: Estimate
    ratio: Estimate | None
    samples: tuple[tuple[float, ...], ...]
    wall: Estimate | None = None
    memory: Memory | None = None
    energy: Energy | None = None
    placements: tuple[tuple[int, ...], ...] = ()

    @property
    def by_placement(self) -> tuple[tuple[tuple[float, ...], ...], ...]:
        """The samples, process by process, placement by placement and round by round."""
        if not self.placements:
            return tuple((taken,) if taken else () for taken in self.samples)
        return tuple(
            tuple(
                taken[end - rounds : end]
                for rounds, end in zip(parts, accumulate(parts), strict=True)
            )
            for taken, parts in zip(self.samples, self.placements, strict=True)
        )

    def percentile(self, share: float) -> float | None:
        """The smallest sample that at least that share of all samples does not exceed, in seconds;
        None if fewer than one is expected above it."""
        taken = sorted(seconds for process in self.samples for seconds in process)
        if len(taken) * (1 - share) < 1 - 1e-9:
            return None
        return taken[ceil(share * len(taken) - 1e-9) - 1]

    @property
    def units(self) -> tuple[float, ...]:
        """One median for each unit of the intervals: each process if there are several, else each
        placement. In records of an older srbench, each round is a unit."""
        from statistics import median  # not needed for listings

        if len(self.samples) > 1:
            parts = [taken for taken in self.samples if taken]
        elif self.placements:
            parts = [taken for process in self.by_placement for taken in process]
        else:
            parts = [(seconds,) for taken in self.samples for seconds in taken]
        return tuple(median(part) for part in parts)

    def __post_init__(self) -> None:
        """Raises ValueError if there is no sample, if one is not above zero, or if they do not fit
        the placements."""
        taken = [s for one in self.samples for s in one]
        taken += [one.value for one in (self.seconds, self.ratio, self.wall) if one]
        if not any(self.samples) or any(not 1 / LARGEST < s < LARGEST for s in taken):
            raise ValueError("there must be samples, all of them above zero seconds")
        if self.placements:
            if any(rounds < 1 for parts in self.placements for rounds in parts):
                raise ValueError("a placement must have a round")
            if [sum(parts) for parts in self.placements] != [len(one) for one in self.samples]:
                raise ValueError("the rounds of the placements must be as many as the samples")


Role = Literal["baseline", "variant", "aa"]
AGAIN = " (again)"  # after the name of a baseline that is timed a second time


@dataclass(frozen=True)
class Timing:
    """How a model was run, and what each pass took; ``notes`` describe what disturbed it.

    ``precision`` is the requested one, a share to either side of a ratio: a wider interval around
    no difference is undecided. An older srbench did not record it; most of its runs used the
    default. The role ``aa`` is the baseline a second time: any difference found there is noise.
    ``changed`` are the settings of torch that the model's own code set while it was timed; those in
    the record's environment were kept fixed.
    """

    __pydantic_config__ = STRICT
    setup: Setup
    role: Role
    processes: int
    passes: Mapping[str, PassTiming]
    notes: tuple[str, ...] = ()
    precision: float = PRECISION
    changed: Mapping[str, Any] = field(default_factory=dict)

    kind: ClassVar[Kind] = "timed"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What disturbed the model's times."""
        return self.notes

    def flat(self) -> dict[str, Any]:
        """Columns of all passes, empty for those that were not timed."""
        row: dict[str, Any] = {"device": self.setup.device}
        for pass_name in PASSES:
            columns = _pass(self.passes.get(pass_name), self.setup.batch)
            row |= {f"{pass_name}_{name}": value for name, value in columns.items()}
        return row

    def how(self) -> dict[str, Any]:
        """Columns of how the model was run, except for the device."""
        setup = asdict(self.setup)
        setup.pop("device")
        return (
            {"role": self.role} | setup | {"processes": self.processes, "precision": self.precision}
        )

    def rest(self) -> dict[str, Any]:
        """What does not fit into a flat row."""
        passes = self.passes.items()
        return {
            "samples": {name: [list(s) for s in timed.samples] for name, timed in passes},
            "placements": {name: [list(p) for p in timed.placements] for name, timed in passes},
            "changed": dict(self.changed),
        }

    def __post_init__(self) -> None:
        """Raises ValueError for an impossible number of processes, precision or changed setting."""
        require_counts(self.processes)
        require_facts(self.changed)
        if not 0 < self.precision < 1:
            raise ValueError("a precision must be a share between 0 and 1")


def _pass(found: PassTiming | None, batch: int) -> dict[str, float | None]:
    memory = found.memory if found else None
    energy = found.energy if found else None
    return {
        **_estimate("s", found.seconds if found else None),
        **_estimate("ratio", found.ratio if found else None),
        **_estimate("wall_s", found.wall if found else None),
        "rounds": sum(map(len, found.samples)) if found else None,
        "placements": sum(map(len, found.placements)) if found else None,
        "p90_s": found.percentile(0.9) if found else None,
        "p99_s": found.percentile(0.99) if found else None,
        "images_per_s": batch / found.seconds.value if found else None,
        "peak_bytes": memory.allocated if memory else None,
        "reserved_bytes": memory.reserved if memory else None,
        "energy_j": energy.gross if energy else None,
        "energy_net_j": energy.net if energy else None,
    }


def _estimate(name: str, estimate: Estimate | None) -> dict[str, float | None]:
    return {
        name: estimate.value if estimate else None,
        f"{name}_low": estimate.low if estimate else None,
        f"{name}_high": estimate.high if estimate else None,
    }
