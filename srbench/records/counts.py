"""Exact counts. A count is a field of `Counts`; what shows or compares counts reads it there."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, NamedTuple

from srbench.records.bounds import require_counts
from srbench.records.schema import CONVENTION, STRICT, Kind


class Metric(NamedTuple):
    """A count, and the title of its column; ``""`` for no column. One that is compared also has
    columns for the difference to the baseline, and is counted for inserted blocks, too."""

    name: str
    title: str
    is_compared: bool


def _count(title: str = "", compared: bool = False, default: Any = MISSING) -> Any:
    """An integer field of `Counts`. One that older records lack has the default None."""
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
        """Raises ValueError for an impossible count."""
        require_counts(*self.shape, self.params, self.macs, self.flops)


@dataclass(frozen=True)
class Counts:
    """Exact integers for one image.

    ``macs`` and ``flops`` are fvcore's; ``macs_torch`` is torch's own count of the same MACs.
    ``uncounted`` are operators left out by convention, ``unknown`` those that fvcore does not know,
    with the number of calls. ``parameters`` are the shapes by name (``"64x3x7x7"``) and
    ``operators`` the FLOPs by module and operator (``"conv1 conv"``), if they were requested:
    they explain a difference. Counts of different ``convention``s cannot be compared.
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
        """Why the counts should not be trusted."""
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
        """What does not fit into a flat row."""
        # vars, not asdict, which copies every string: most of the time for a large file.
        modules = [dict(vars(module)) for module in self.modules]
        return {"uncounted": self.uncounted, "unknown": self.unknown, "modules": modules}

    def __post_init__(self) -> None:
        """Raises ValueError for an impossible count."""
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
