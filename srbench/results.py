"""What was measured, typed: one `Record` a row, `Results` a comparison. No torch here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, overload

if TYPE_CHECKING:
    import pandas

SCHEMA = 1
COMPARED = ("params", "macs", "flops")


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
class Record:
    """One row: a spec, what it was measured under and with, and the counts, or why there are none.

    ``status`` is ``"ok"`` or ``"failed: why"``. ``input`` is (C, H, W); counts are per image.
    ``settings`` are the blocks' options where the spec says nothing, by the block's name.
    """

    spec: str
    baseline: str
    input: tuple[int, int, int]
    num_classes: int
    counts: Counts | None
    environment: Mapping[str, str]
    status: str = "ok"
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Why this row should not be trusted as it stands; ``--strict`` fails on any."""
        if self.counts is None:
            return ()
        found = []
        if self.counts.macs != self.counts.macs_torch:
            found.append(
                f"the counters disagree: fvcore {self.counts.macs:,} MACs, "
                f"torch {self.counts.macs_torch:,}"
            )
        if self.counts.unknown:
            calls = ", ".join(f"{op} (×{n})" for op, n in self.counts.unknown.items())
            found.append(f"not counted: {calls}")
        return tuple(found)


class Results(Sequence[Record]):
    """The rows of a comparison, each baseline before its variants.

    Index by position, or by spec: ``results["resnet50+sr"].counts.macs``.
    """

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = tuple(records)
        self._by_spec = {record.spec: record for record in self._records}

    def __contains__(self, key: object) -> bool:
        return key in self._by_spec or key in self._records

    @overload
    def __getitem__(self, key: int | str) -> Record: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[Record, ...]: ...
    def __getitem__(self, key: int | str | slice) -> Record | tuple[Record, ...]:
        return self._by_spec[key] if isinstance(key, str) else self._records[key]

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records)

    def __repr__(self) -> str:
        return f"Results({[record.spec for record in self]})"

    def delta(self, record: Record, metric: str) -> int | None:
        """How much more than its baseline a row has, or None for the baseline itself."""
        baseline = self._by_spec.get(record.baseline)
        if record is baseline or baseline is None or not (baseline.counts and record.counts):
            return None
        difference: int = getattr(record.counts, metric) - getattr(baseline.counts, metric)
        return difference

    def percent(self, record: Record, metric: str) -> float | None:
        """The same in percent of the baseline."""
        delta = self.delta(record, metric)
        base = self._by_spec[record.baseline].counts if delta is not None else None
        if delta is None or base is None or not getattr(base, metric):
            return None
        return 100 * delta / float(getattr(base, metric))

    def to_rows(self) -> list[dict[str, Any]]:
        """One flat dict a row in base units, unrounded: the columns of the CSV."""
        return [self._flat(record) for record in self]

    def to_frame(self) -> "pandas.DataFrame":
        """The rows as a pandas DataFrame with the columns of the CSV."""
        import pandas

        rows = self.to_rows()
        columns = {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}
        return pandas.DataFrame(
            {name: pandas.Series(values, dtype=_dtype(values)) for name, values in columns.items()}
        )

    def to_json(self) -> list[dict[str, Any]]:
        """The rows of the CSV with everything else that the records hold."""
        rows = []
        for record, row in zip(self, self.to_rows(), strict=True):
            rest = asdict(record.counts) if record.counts else {}
            rows.append(
                {"schema": SCHEMA}
                | row
                | {key: rest.get(key) for key in ("uncounted", "unknown", "modules")}
                | {
                    "settings": dict(record.settings),
                    "warnings": list(record.warnings),
                    "environment": dict(record.environment),
                }
            )
        return rows

    def _flat(self, record: Record) -> dict[str, Any]:
        counts = record.counts
        names = (*COMPARED, "trainable", "buffers", "macs_torch")
        row: dict[str, Any] = {"spec": record.spec}
        row |= {name: getattr(counts, name) if counts else None for name in names}
        for metric in COMPARED:
            row[f"{metric}_delta"] = self.delta(record, metric)
            row[f"{metric}_percent"] = self.percent(record, metric)
        _, height, width = record.input
        row |= {"baseline": record.baseline, "input_height": height, "input_width": width}
        row |= {"num_classes": record.num_classes, "batch": 1, "status": record.status}
        row["warnings"] = "; ".join(record.warnings)
        return row


def _dtype(values: Sequence[Any]) -> Literal["string", "Float64", "Int64"]:
    """The pandas type that keeps a column exact: an integer beside nothing must not be a float."""
    kinds = {type(value) for value in values if value is not None}
    return "string" if str in kinds else "Float64" if float in kinds else "Int64"
