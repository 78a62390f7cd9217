"""Exact counts. A count is a field of `Counts`; what shows or compares counts reads it there."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any, ClassVar, Literal, NamedTuple

from srbench.errors import some
from srbench.records.bounds import require_counts
from srbench.records.layer import Layer, require_tree
from srbench.records.memory_use import MemoryUse, PeakBytes
from srbench.records.schema import CONVENTION, COUNTER, STRICT, Kind

SHOWN = 2  # modules; the rest are counted
MOST_PASSES = 4  # that are run until two in a row are the same


class Metric(NamedTuple):
    """A count, and the title of its column; ``""`` for no column. One that is compared also has
    columns for the difference to the baseline, and is counted for inserted blocks, too. An
    ``is_newer`` one is None in records of an older srbench, or if it was not asked for."""

    name: str
    title: str
    is_compared: bool = False
    is_newer: bool = False


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
    flops: int | None

    def __post_init__(self) -> None:
        """Raises ValueError for an impossible count."""
        require_counts(*self.shape, self.params, self.macs, self.flops)


@dataclass(frozen=True)
class Difference:
    """MACs that srbench and fvcore count differently: of an operator, in the modules named.

    ``right`` is who is known to be right; empty if neither is.
    """

    operator: str
    modules: tuple[str, ...]
    macs: int
    macs_fvcore: int
    right: Literal["srbench", ""] = "srbench"

    def __post_init__(self) -> None:
        """Raises ValueError for an impossible count."""
        require_counts(self.macs, self.macs_fvcore)


@dataclass(frozen=True)
class Counts:
    """Exact integers for one image.

    ``macs`` are srbench's own count; ``flops`` is fvcore's total, and ``macs_fvcore`` its count of
    the MACs. Both are None if fvcore failed, for the reason ``fvcore_failed``. ``flops`` is also
    None if fvcore counts other MACs than srbench: ``differences`` says where.

    ``uncounted`` are operators left out by convention, ``unknown`` others without a formula, with
    the number of calls. ``disguised`` are sums of products, by module and operator, and the MACs
    that they would be; ``macs`` leaves them out. ``idle`` are the numbers of registered parameters
    that never ran, and ``unregistered`` of others that ran and are not in ``params``. ``passes``
    are the MACs of successive passes if they differ; the last is counted.

    ``parameters`` are the shapes by name (``"64x3x7x7"``) and ``operators`` the FLOPs by module and
    operator (``"conv1 conv"``), or the MACs where there are no FLOPs, if they were requested: they
    explain a difference. ``layers`` are all modules, if they were requested, too. ``activations``
    are the elements that the operators with MACs put out. ``param_dtypes`` are the bytes of the
    parameters by dtype, ``memory`` is what the network needs to run, and ``conventions`` are the
    totals of other tools by their names (`srbench.records.tools`), if these were requested.
    Counts of different ``convention``s cannot be compared. ``counter`` is
    what counted ``macs``: fvcore in records of schema 4 and before.
    """

    __pydantic_config__ = STRICT
    params: int = _count("Params", compared=True)
    trainable: int = _count("Trainable")
    buffers: int = _count("Buffers")
    macs: int = _count("MACs", compared=True)
    flops: int | None = _count("FLOPs", compared=True)
    macs_fvcore: int | None = _count()
    activations: int | None = _count("Activations", default=None)
    param_dtypes: Mapping[str, int] | None = None
    memory: MemoryUse | None = None
    conventions: Mapping[str, int] | None = None
    uncounted: Mapping[str, int] = field(default_factory=dict)
    unknown: Mapping[str, int] = field(default_factory=dict)
    disguised: Mapping[str, int] = field(default_factory=dict)
    differences: tuple[Difference, ...] = ()
    fvcore_failed: str = ""
    idle: Mapping[str, int] = field(default_factory=dict)
    unregistered: Mapping[str, int] = field(default_factory=dict)
    passes: tuple[int, ...] = ()
    modules: tuple[ModuleCounts, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    operators: Mapping[str, int] = field(default_factory=dict)
    layers: tuple[Layer, ...] = ()
    convention: str = CONVENTION
    counter: str = COUNTER

    kind: ClassVar[Kind] = "counted"

    @property
    def warnings(self) -> tuple[str, ...]:
        """Why the counts should not be trusted."""
        return tuple(_warnings(self))

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know about counts that are right."""
        return tuple(_notes(self))

    @property
    def is_detailed(self) -> bool:
        """Whether it lists parameters, operators or layers."""
        return bool(self.parameters or self.operators or self.layers)

    @property
    def param_bytes(self) -> int | None:
        """The bytes of all parameters."""
        return None if self.param_dtypes is None else sum(self.param_dtypes.values())

    @property
    def peak_inference_bytes(self) -> int | None:
        """The most bytes that are alive at once in a forward pass, parameters included."""
        peak = self.peak("inference")
        return peak.counted if peak else None

    @property
    def training_bytes(self) -> int | None:
        """The same for a training step: with gradients, and the optimiser's state."""
        peak = self.peak("training")
        return peak.counted if peak else None

    def peak(self, what: str) -> PeakBytes | None:
        """The peak of ``"inference"`` or ``"training"``, for any batch; None if it is not known."""
        found: PeakBytes | None = getattr(self.memory, what, None)
        return found

    def rest(self) -> dict[str, Any]:
        """What does not fit into a flat row."""
        # vars, not asdict, which copies every string: most of the time for a large file.
        modules = [dict(vars(module)) for module in self.modules]
        return {name: getattr(self, name) for name in DETAILS} | {
            "differences": [dict(vars(difference)) for difference in self.differences],
            "modules": modules,
            "memory": self.memory and asdict(self.memory),
            **({"layers": [asdict(layer) for layer in self.layers]} if self.layers else {}),
        }

    def __post_init__(self) -> None:
        """Raises ValueError for an impossible count."""
        require_counts(*(getattr(self, metric.name) for metric in METRICS), *self.passes)
        by_name = (
            *(getattr(self, name) for name in BY_NAME),
            *(self.param_dtypes or {}, self.conventions or {}),
        )
        for counts in (*by_name, self.operators):
            require_counts(*counts.values())
        require_tree(self.layers)
        for whole in self.layers[:1]:
            if (whole.params, whole.macs) != (self.params, self.macs):
                raise ValueError("the first layer must have the counts of the network")


DERIVED = (
    Metric("param_bytes", "Weights", is_newer=True),
    Metric("peak_inference_bytes", "Inference peak", is_newer=True),
    Metric("training_bytes", "Training peak", is_newer=True),
)
METRICS = (
    *(
        Metric(one.name, one.metadata["title"], one.metadata["compared"], one.name == "activations")
        for one in fields(Counts)
        if one.metadata
    ),
    *DERIVED,
)
IN_BYTES = tuple(metric.name for metric in DERIVED)
# Fields that only newer records have, or those that were asked for.
OPTIONAL = (*(one.name for one in fields(Counts) if one.default is None), "layers")
COMPARED = tuple(metric.name for metric in METRICS if metric.is_compared)
TITLES = {metric.name: metric.title for metric in METRICS if metric.title}
BY_NAME = ("uncounted", "unknown", "disguised", "idle", "unregistered")
DETAILS = (
    *BY_NAME,
    "fvcore_failed",
    "passes",
    "param_dtypes",
    "memory",
    "conventions",
)  # beside the metrics


def has(counts: Counts | None, needs: Iterable[str]) -> bool:
    """Whether counts have all of these fields, of those that not every record has."""
    return counts is not None and all(getattr(counts, name) is not None for name in needs)


def _warnings(counts: Counts) -> Iterator[str]:
    for one in counts.differences:
        if not one.right:
            yield (
                f"the counters disagree{_about(one)}: srbench {one.macs:,} MACs, "
                f"fvcore {one.macs_fvcore:,}"
            )
    if counts.unknown:
        calls = ", ".join(f"{op} (×{n})" for op, n in counts.unknown.items())
        yield f"not counted: {calls}"
    if counts.disguised:
        yield (
            "not counted: products that are then summed, "
            f"{sum(counts.disguised.values()):,} MACs in {some(list(counts.disguised), SHOWN)}"
        )
    if counts.unregistered:
        missing = sum(counts.unregistered.values())
        yield (
            f"parameters that are not registered are not counted: {missing:,} in "
            f"{some(list(counts.unregistered))}"
        )
    if len(counts.passes) >= MOST_PASSES:
        yield f"no two passes run the same: they have {_listed(counts.passes)} MACs"


def _notes(counts: Counts) -> Iterator[str]:
    if counts.fvcore_failed:
        yield f"no FLOPs: fvcore cannot count it ({counts.fvcore_failed})"
    for one in counts.differences:
        if one.right:
            yield f"no FLOPs: {_difference(one)}"
    if 0 < len(counts.passes) < MOST_PASSES:
        yield (
            f"a later pass is counted; the first has {counts.passes[0]:,} MACs, "
            f"not {counts.passes[-1]:,}"
        )
    if counts.memory:
        yield from counts.memory.notes
    if counts.idle:
        idle = sum(counts.idle.values())
        yield f"{idle:,} of the parameters never run: {some(list(counts.idle))}"


def _difference(one: Difference) -> str:
    if not one.macs_fvcore:
        return (
            f"fvcore does not see {one.operator}, {one.macs:,} MACs in {some(one.modules, SHOWN)}"
        )
    return (
        f"fvcore counts {one.macs_fvcore:,} MACs{_about(one)}; by the shapes there are {one.macs:,}"
    )


def _about(one: Difference) -> str:
    return f" for {one.operator} in {some(one.modules, SHOWN)}" if one.operator else ""


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(f"{number:,}" for number in numbers)
