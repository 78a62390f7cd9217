"""The rows of a comparison, and what they are in base units: flat for CSV, whole for JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal, overload

from srbench.conditions import PASSES
from srbench.records.counts import COMPARED, METRICS
from srbench.records.join import RowIndex
from srbench.records.record import Record
from srbench.records.schema import SCHEMA
from srbench.records.timing import Estimate, Timing

if TYPE_CHECKING:
    import pandas


class Results(Sequence[Record]):
    """The rows of a comparison, each baseline before its variants.

    Index by position, or by spec: ``results["resnet50+sr"].counts.macs``. Where a spec has several
    rows, on several devices say, that is the first.
    """

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = tuple(records)
        self._join = RowIndex(self._records)
        self._by_spec: dict[str, Record] = {}
        for record in self._records:
            self._by_spec.setdefault(record.spec, record)

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
        return self._join(record.row).delta(metric)

    def percent(self, record: Record, metric: str) -> float | None:
        """The same in percent of the baseline."""
        return self._join(record.row).percent(metric)

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
        return [
            {"schema": SCHEMA}
            | row
            | _rest(record)
            | {
                "settings": dict(record.settings),
                "warnings": list(record.warnings),
                "environment": dict(record.environment),
                "fingerprint": record.fingerprint,
                "made": record.made,
            }
            | _said(record)
            for record, row in zip(self, self.to_rows(), strict=True)
        ]

    def _flat(self, record: Record) -> dict[str, Any]:
        found = _times(record.timing) if record.timing else self._counts(record)
        _, height, width = record.input
        return (
            {"spec": record.spec}
            | found
            | {"baseline": record.baseline, "input_height": height, "input_width": width}
            | {"num_classes": record.num_classes}
            | (_how(record.timing) if record.timing else {"batch": 1})
            | {"status": record.status, "warnings": "; ".join(record.warnings)}
        )

    def _counts(self, record: Record) -> dict[str, Any]:
        names = sorted((m.name for m in METRICS), key=lambda name: name not in COMPARED)
        row = {name: getattr(record.counts, name, None) for name in names}
        joined = self._join(record.row)
        for metric in COMPARED:
            row[f"{metric}_delta"] = joined.delta(metric)
            row[f"{metric}_percent"] = joined.percent(metric)
        return row


def _times(timing: Timing) -> dict[str, Any]:
    """Columns of all passes, empty for those that were not timed."""
    row: dict[str, Any] = {"device": timing.setup.device}
    for pass_name in PASSES:
        row |= {f"{pass_name}_{name}": value for name, value in _pass(timing, pass_name).items()}
    return row


def _pass(timing: Timing, pass_name: str) -> dict[str, float | None]:
    found = timing.passes.get(pass_name)
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
        "images_per_s": timing.setup.batch / found.seconds.value if found else None,
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


def _how(timing: Timing) -> dict[str, Any]:
    setup = asdict(timing.setup)
    setup.pop("device")
    plan = {"processes": timing.processes, "precision": timing.precision}
    return {"role": timing.role} | setup | plan


def _rest(record: Record) -> dict[str, Any]:
    """What a flat row has no place for."""
    if record.timing:
        passes = record.timing.passes.items()
        return {
            "samples": {pass_name: [list(s) for s in timed.samples] for pass_name, timed in passes},
            "placements": {
                pass_name: [list(p) for p in timed.placements] for pass_name, timed in passes
            },
            "changed": dict(record.timing.changed),
        }
    counts = record.counts
    if counts is None:
        return dict.fromkeys(("uncounted", "unknown", "modules"))
    # vars, not asdict: it copies every string, which takes most of the time of a large file.
    modules = [dict(vars(module)) for module in counts.modules]
    return {"uncounted": counts.uncounted, "unknown": counts.unknown, "modules": modules}


def _said(record: Record) -> dict[str, Any]:
    """What people say of a row, where they do."""
    published = {"published": asdict(record.published)} if record.published else {}
    return published | ({"reason": record.reason} if record.reason else {})


def _dtype(values: Sequence[Any]) -> Literal["string", "boolean", "Float64", "Int64"]:
    """The pandas type that keeps a column exact: an integer beside nothing must not be a float."""
    kinds = {type(value) for value in values if value is not None}
    if bool in kinds:
        return "boolean"
    return "string" if str in kinds else "Float64" if float in kinds else "Int64"
