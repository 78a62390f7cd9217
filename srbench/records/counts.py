"""Exact counts. A count is a field of `Counts`: all that shows or compares it reads it there."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, NamedTuple

from srbench.records.bounds import require_counts
from srbench.records.schema import CONVENTION, STRICT, Kind


class Metric(NamedTuple):
    """A count, and what a column of it is called; ``""`` for none. One that is compared has
    columns of what it is more than the baseline's, and inserted blocks have it, too."""

    name: str
    title: str
    is_compared: bool


def _count(title: str = "", compared: bool = False, default: Any = MISSING) -> Any:
    """A field of `Counts` that is an integer. One that older records lack has None for default."""
    return field(default=default, metadata={"title": title, "compared": compared})


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
    params: int = _count("Params", compared=True)
    trainable: int = _count("Trainable")
    buffers: int = _count("Buffers")
    macs: int = _count("MACs", compared=True)
    flops: int = _count("FLOPs", compared=True)
    macs_torch: int = _count()
    uncounted: Mapping[str, int] = field(default_factory=dict)
    unknown: Mapping[str, int] = field(default_factory=dict)
    modules: tuple[ModuleCounts, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    operators: Mapping[str, int] = field(default_factory=dict)
    convention: str = CONVENTION

    kind: ClassVar[Kind] = "counted"

    @property
    def warnings(self) -> tuple[str, ...]:
        """Why the counts should not be trusted as they stand."""
        found = []
        if self.macs != self.macs_torch:
            found.append(
                f"the counters disagree: fvcore {self.macs:,} MACs, torch {self.macs_torch:,}"
            )
        if self.unknown:
            calls = ", ".join(f"{op} (×{n})" for op, n in self.unknown.items())
            found.append(f"not counted: {calls}")
        return tuple(found)

    def rest(self) -> dict[str, Any]:
        """What a flat row has no place for."""
        # vars, not asdict: it copies every string, which takes most of the time of a large file.
        modules = [dict(vars(module)) for module in self.modules]
        return {"uncounted": self.uncounted, "unknown": self.unknown, "modules": modules}

    def __post_init__(self) -> None:
        """Raises ValueError for a count that none can be."""
        totals = [getattr(self, metric.name) for metric in METRICS]
        require_counts(*(total for total in totals if total is not None))
        require_counts(*self.uncounted.values(), *self.unknown.values(), *self.operators.values())


METRICS = tuple(
    Metric(one.name, one.metadata["title"], one.metadata["compared"])
    for one in fields(Counts)
    if one.metadata
)
COMPARED = tuple(metric.name for metric in METRICS if metric.is_compared)
TITLES = {metric.name: metric.title for metric in METRICS if metric.title}
