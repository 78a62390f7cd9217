"""What was measured, typed: one `Record` a row. No torch here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from srbench.conditions import Setup
from srbench.published import Published
from srbench.schema import CONVENTION, STRICT

LARGEST_COUNT = 2**63


@dataclass(frozen=True)
class Estimate:
    """A value and the interval around it, from ``n`` samples; without ends where those are too few
    for one."""

    __pydantic_config__ = STRICT
    value: float
    low: float | None = None
    high: float | None = None
    n: int = 0


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
        for count in (self.params, self.trainable, self.macs, self.flops, self.macs_torch):
            if not 0 <= count < LARGEST_COUNT:
                raise ValueError("a count must be from 0 to 2**63 - 1")


@dataclass(frozen=True)
class Memory:
    """Peak of a pass in bytes, over the weights and the batch that lie there anyway.

    ``allocated`` is what tensors took, ``reserved`` what the allocator took for them; None where
    the device does not tell. On the CPU ``allocated`` is the process's resident memory.
    """

    allocated: int | None
    reserved: int | None


@dataclass(frozen=True)
class Energy:
    """Joules per image of a GPU: all that it drew, and that less what it draws when it idles."""

    gross: float
    net: float


@dataclass(frozen=True)
class PassTiming:
    """One pass of one model, in seconds a batch.

    ``ratio`` is to the baseline, from the same rounds. ``wall`` is from the call until the device
    is idle, where ``seconds`` are the device's own. ``samples`` are all that were taken, process by
    process and round by round: none was dropped.
    """

    __pydantic_config__ = STRICT
    seconds: Estimate
    ratio: Estimate | None
    samples: tuple[tuple[float, ...], ...]
    wall: Estimate | None = None
    memory: Memory | None = None
    energy: Energy | None = None

    def __post_init__(self) -> None:
        """Raises ValueError where there is no sample, or one that is not above zero."""
        if not any(self.samples) or any(not s > 0 for one in self.samples for s in one):
            raise ValueError("there must be samples, all of them above zero seconds")


Role = Literal["baseline", "variant", "aa"]


@dataclass(frozen=True)
class Timing:
    """How a model was run, and what each pass took; ``notes`` tell what disturbed it.

    The role ``aa`` is the baseline a second time: what is found there is noise.
    """

    __pydantic_config__ = STRICT
    setup: Setup
    role: Role
    processes: int
    passes: Mapping[str, PassTiming]
    notes: tuple[str, ...] = ()


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
class Record:
    """One row: a spec, what it was measured under and with, and what was found, or why nothing.

    ``status`` is ``"ok"``, ``"skipped: why"`` or ``"failed: why"``. ``input`` is (C, H, W); counts
    are per image. ``settings`` are the blocks' options where the spec says nothing, by the block's
    name. ``reason`` is why a committed figure was changed, in the words of who accepted it.
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
