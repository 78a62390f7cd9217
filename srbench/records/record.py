"""What was measured, typed: one `Record` a row. No torch here."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate
from math import ceil
from typing import Any, Literal, NamedTuple

from srbench.catalog.options import Value
from srbench.conditions import LARGEST_SIDE, MOST_CLASSES, PRECISION, Setup
from srbench.records.bounds import LARGEST, require_counts, require_facts, require_measures
from srbench.records.published import Published
from srbench.records.schema import CONVENTION, STRICT

UNKNOWN = "unknown"  # the fingerprint or the date of what an older srbench measured


@dataclass(frozen=True)
class Estimate:
    """A value and the interval around it, from ``n`` samples; without ends where those are too few
    for one."""

    __pydantic_config__ = STRICT
    value: float
    low: float | None = None
    high: float | None = None
    n: int = 0

    def __post_init__(self) -> None:
        """Raises ValueError for a number beyond all measure."""
        require_measures(self.value, self.low, self.high)
        require_counts(self.n)


@dataclass(frozen=True)
class ModuleCounts:
    """One inserted block: where it is, its input (C, H, W), and what it adds."""

    stage: str
    module: str
    block: str
    shape: tuple[int, int, int]
    params: int
    macs: int
    flops: int

    def __post_init__(self) -> None:
        """Raises ValueError for a count that none can be."""
        require_counts(*self.shape, self.params, self.macs, self.flops)


@dataclass(frozen=True)
class Counts:
    """Exact integers for one image.

    ``macs`` and ``flops`` are fvcore's; ``macs_torch`` is torch's own count of the same MACs.
    ``uncounted`` are operators passed over by convention, ``unknown`` those that fvcore does not
    know, with the number of calls. ``parameters`` are the shapes by name (``"64x3x7x7"``) and
    ``operators`` the FLOPs by module and operator (``"conv1 conv"``), where they were asked for:
    what explains a difference. Counts of two ``convention``s do not compare.
    """

    __pydantic_config__ = STRICT
    params: int
    trainable: int
    buffers: int
    macs: int
    flops: int
    macs_torch: int
    uncounted: Mapping[str, int] = field(default_factory=dict)
    unknown: Mapping[str, int] = field(default_factory=dict)
    modules: tuple[ModuleCounts, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    operators: Mapping[str, int] = field(default_factory=dict)
    convention: str = CONVENTION

    def __post_init__(self) -> None:
        """Raises ValueError for a count that none can be."""
        totals = (self.params, self.trainable, self.buffers, self.macs, self.flops, self.macs_torch)
        require_counts(*totals, *self.uncounted.values(), *self.unknown.values())
        require_counts(*self.operators.values())


@dataclass(frozen=True)
class Memory:
    """Peak of a pass in bytes, over the weights and the batch that lie there anyway.

    ``allocated`` is what tensors took, ``reserved`` what the allocator took for them; None where
    the device does not tell. On the CPU ``allocated`` is the process's resident memory.
    """

    allocated: int | None
    reserved: int | None

    def __post_init__(self) -> None:
        """Raises ValueError for a number beyond all measure."""
        require_measures(self.allocated, self.reserved)


@dataclass(frozen=True)
class Energy:
    """Joules per image of a GPU: all that it drew, and that less what it draws when it idles."""

    gross: float
    net: float

    def __post_init__(self) -> None:
        """Raises ValueError for a number beyond all measure."""
        require_measures(self.gross, self.net)


@dataclass(frozen=True)
class PassTiming:
    """One pass of one model, in seconds a batch.

    ``ratio`` is to the baseline, from the same rounds. ``wall`` is from the call until the device
    is idle, where ``seconds`` are the device's own. ``samples`` are all that were taken, process by
    process and round by round: none was dropped. ``placements`` are the numbers of rounds between
    which the models were moved in memory, process by process; an older srbench never moved them.
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
        None where fewer than one is expected above it."""
        taken = sorted(seconds for process in self.samples for seconds in process)
        if len(taken) * (1 - share) < 1 - 1e-9:
            return None
        return taken[ceil(share * len(taken) - 1e-9) - 1]

    @property
    def units(self) -> tuple[float, ...]:
        """One median for each unit of the intervals: each process where there are several, else
        each placement. An older srbench had rounds for units."""
        from statistics import median  # listings do without

        if len(self.samples) > 1:
            parts = [taken for taken in self.samples if taken]
        elif self.placements:
            parts = [taken for process in self.by_placement for taken in process]
        else:
            parts = [(seconds,) for taken in self.samples for seconds in taken]
        return tuple(median(part) for part in parts)

    def __post_init__(self) -> None:
        """Raises ValueError where there is no sample, or one that is not above zero, or where they
        are not those of the placements."""
        taken = [s for one in self.samples for s in one]
        taken += [one.value for one in (self.seconds, self.ratio, self.wall) if one]
        if not any(self.samples) or any(not 1 / LARGEST < s < LARGEST for s in taken):
            raise ValueError("there must be samples, all of them above zero seconds")
        if self.placements:
            if any(rounds < 1 for parts in self.placements for rounds in parts):
                raise ValueError("a placement must have a round")
            if [sum(parts) for parts in self.placements] != [len(one) for one in self.samples]:
                raise ValueError("the rounds of the placements must be as many as the samples")


def _ends(parts: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Each part's length and where it ends, laid end to end."""
    parts = list(parts)
    return zip(parts, accumulate(parts), strict=True)


Role = Literal["baseline", "variant", "aa"]


@dataclass(frozen=True)
class Timing:
    """How a model was run, and what each pass took; ``notes`` tell what disturbed it.

    ``precision`` is what the run was asked for, a share to either side of a ratio: a wider interval
    around no difference is undecided. An older srbench did not say; most runs asked for the usual
    one. The role ``aa`` is the baseline a second time: what is found there is noise. ``changed``
    are the settings of torch that the model's own code set while it was timed; those in the
    record's environment were held.
    """

    __pydantic_config__ = STRICT
    setup: Setup
    role: Role
    processes: int
    passes: Mapping[str, PassTiming]
    notes: tuple[str, ...] = ()
    precision: float = PRECISION
    changed: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises ValueError for a number of processes or a precision that none can be."""
        require_counts(self.processes)
        require_facts(self.changed)
        if not 0 < self.precision < 1:
            raise ValueError("a precision must be a share between 0 and 1")


class Row(NamedTuple):
    """What a row of a table is about: a spec under one input."""

    spec: str
    input: tuple[int, int, int]
    num_classes: int

    @property
    def size(self) -> str:
        """Height and width as people write them, ``224×224``."""
        return "×".join(map(str, self.input[1:]))

    def __str__(self) -> str:
        return f"{self.spec} at {self.size}"


class Key(NamedTuple):
    """What a record must have to itself in a file."""

    row: Row
    setup: Setup | None
    role: Role | None
    source: str | None


@dataclass(frozen=True)
class MadeOf:
    """The backbone or a block of a spec: its name, the values of all its options, and the digest of
    its code, which is the same with whatever options."""

    __pydantic_config__ = STRICT
    name: str
    options: Mapping[str, Value] = field(default_factory=dict)
    code: str = UNKNOWN


@dataclass(frozen=True)
class Record:
    """One row: a spec, what it was measured under and with, and what was found, or why nothing.

    ``status`` is ``"ok"``, ``"skipped: why"`` or ``"failed: why"``. ``input`` is (C, H, W); counts
    are per image. ``settings`` are the blocks' options where the spec says nothing, by the block's
    name. ``reason`` is why a committed figure was changed, in the words of who accepted it.
    ``fingerprint`` stands for the code that was measured (`srbench.models.fingerprint`), and
    ``made`` is when, in UTC; both are `UNKNOWN` where an older srbench made the record. ``parts``
    are what the spec's backbone and blocks are made of, in their order, and ``usual`` the side of
    the input and the classes that the network is made for: by these a reader knows what the spec
    means without importing anything.
    """

    __pydantic_config__ = STRICT
    spec: str
    baseline: str
    input: tuple[int, int, int]
    num_classes: int
    counts: Counts | None
    environment: Mapping[str, Any]
    status: str = "ok"
    settings: Mapping[str, str] = field(default_factory=dict)
    timing: Timing | None = None
    published: Published | None = None
    reason: str = ""
    fingerprint: str = UNKNOWN
    made: str = UNKNOWN
    parts: tuple[MadeOf, ...] = ()
    usual: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for an input that none can be, and numbers beyond all measure."""
        if not all(1 <= side <= LARGEST_SIDE for side in self.input):
            raise ValueError(f"input: each of C, H and W must be from 1 to {LARGEST_SIDE}")
        if not 1 <= self.num_classes <= MOST_CLASSES:
            raise ValueError(f"num_classes must be from 1 to {MOST_CLASSES}")
        require_facts(self.environment)
        require_facts([value for part in self.parts for value in part.options.values()])

    def is_like(self, other: "Record") -> bool:
        """Whether the two say the same, whenever they were made."""
        return replace(self, made=other.made) == other

    @property
    def row(self) -> Row:
        return Row(self.spec, self.input, self.num_classes)

    @property
    def key(self) -> Key:
        return Key(
            self.row,
            self.timing.setup if self.timing else None,
            self.timing.role if self.timing else None,
            self.published.source if self.published else None,
        )

    @property
    def baseline_row(self) -> Row:
        return self.row._replace(spec=self.baseline)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Why this row should not be trusted as it stands; ``--strict`` fails on any."""
        found = list(self.timing.notes if self.timing else ())
        if self.counts is None:
            return tuple(found)
        if self.counts.macs != self.counts.macs_torch:
            found.append(
                f"the counters disagree: fvcore {self.counts.macs:,} MACs, "
                f"torch {self.counts.macs_torch:,}"
            )
        if self.counts.unknown:
            calls = ", ".join(f"{op} (×{n})" for op, n in self.counts.unknown.items())
            found.append(f"not counted: {calls}")
        return tuple(found)
