"""What was measured, typed: one `Record` a row. No torch here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from srbench.conditions import Setup


@dataclass(frozen=True)
class Estimate:
    """A value and the interval around it, from ``n`` samples; without ends where those are too few
    for one."""

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
    know, with the number of calls.
    """

    params: int
    trainable: int
    buffers: int
    macs: int
    flops: int
    macs_torch: int
    uncounted: Mapping[str, int] = field(default_factory=dict)
    unknown: Mapping[str, int] = field(default_factory=dict)
    modules: tuple[ModuleCounts, ...] = ()


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

    seconds: Estimate
    ratio: Estimate | None
    samples: tuple[tuple[float, ...], ...]
    wall: Estimate | None = None
    memory: Memory | None = None
    energy: Energy | None = None


Role = Literal["baseline", "variant", "aa"]


@dataclass(frozen=True)
class Timing:
    """How a model was run, and what each pass took; ``notes`` tell what disturbed it.

    The role ``aa`` is the baseline a second time: what is found there is noise.
    """

    setup: Setup
    role: Role
    processes: int
    passes: Mapping[str, PassTiming]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Record:
    """One row: a spec, what it was measured under and with, and what was found, or why nothing.

    ``status`` is ``"ok"``, ``"skipped: why"`` or ``"failed: why"``. ``input`` is (C, H, W); counts
    are per image. ``settings`` are the blocks' options where the spec says nothing, by the block's
    name.
    """

    spec: str
    baseline: str
    input: tuple[int, int, int]
    num_classes: int
    counts: Counts | None
    environment: Mapping[str, Any]
    status: str = "ok"
    settings: Mapping[str, str] = field(default_factory=dict)
    timing: Timing | None = None

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


@dataclass(frozen=True)
class PartProfile:
    """A stage, the stem or the head, or the blocks of one kind in a stage, for one batch.

    ``moved`` are the bytes of input, output and parameters, each once, and ``least`` the seconds
    that the machine's own limits allow; ``seconds`` are what it took.
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
    num_classes: int
    setup: Setup
    seconds: Estimate
    bandwidth: float
    rate: float
    parts: tuple[PartProfile, ...]
    environment: Mapping[str, Any]
