"""The rows of a comparison in base units: flat for CSV, complete for JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal, overload

from srbench.errors import SrbenchError, did_you_mean, to_install
from srbench.records.counts import COMPARED, DETAILS, METRICS
from srbench.records.join import Row, RowIndex
from srbench.records.record import Record, RowKey
from srbench.records.schema import SCHEMA

if TYPE_CHECKING:
    import pandas

UNCOUNTED = (*DETAILS, "differences", "modules")  # what a failed row has no data for


class Results(Sequence[Record]):
    """The rows of a comparison, each baseline before its variants.

    Index by position, or by spec: ``results["resnet50+sr"].counts.macs``. If a spec has several
    rows, for example on several devices, this is the first.
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

    def delta(self, row: Record | str | int, metric: str) -> int | None:
        """How much more than its baseline a row has, which is given by itself, its name or its
        position; None for the baseline itself. The metric is ``"params"``, ``"macs"`` or another
        count. Raises SrbenchError for an unknown one."""
        return self._row(row, metric).delta(metric)

    def percent(self, row: Record | str | int, metric: str) -> float | None:
        """The same in percent of the baseline."""
        return self._row(row, metric).percent(metric)

    def _row(self, row: Record | str | int, metric: str) -> Row:
        names = [one.name for one in METRICS]
        if metric not in names:
            raise SrbenchError(
                f"{metric!r} is not a count",
                f"{did_you_mean(metric, names)}the counts are {', '.join(names)}",
            )
        return self._join((self[row] if isinstance(row, (str, int)) else row).row)

    def to_rows(self) -> list[dict[str, Any]]:
        """One flat dict per row in base units, unrounded: the columns of the CSV."""
        return [self._flat(record) for record in self]

    def to_frame(self) -> "pandas.DataFrame":
        """The rows as a pandas DataFrame with the columns of the CSV. Raises SrbenchError if pandas
        is not installed."""
        try:
            import pandas
        except ImportError as error:
            raise SrbenchError(f"to_frame needs pandas: {error}", to_install("pandas")) from error

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
                "inputs": list(record.inputs),
                "subject": record.subject,
                "settings": dict(record.settings),
                "warnings": list(record.warnings),
                "notes": list(record.notes),
                "environment": dict(record.environment),
                "fingerprint": record.fingerprint,
                "made": record.made,
            }
            | _annotations(record)
            for record, row in zip(self, self.to_rows(), strict=True)
        ]

    def _flat(self, record: Record) -> dict[str, Any]:
        run = record.timing or record.training or record.analysis or record.claim
        found = run.flat() if run else self._counts(record)
        row = (
            {"spec": record.spec}
            | found
            | {"baseline": record.baseline}
            | where(record.row)
            | (run.how() if run else {"batch": 1})
            | {"status": record.status, "warnings": "; ".join(record.warnings)}
        )
        if record.input is None:  # what an image and a batch are is not known
            row |= {name: None for name in row if name == "batch" or name.endswith("images_per_s")}
        if any(one.input is None for one in self):
            row |= {"inputs": "; ".join(record.inputs), "subject": record.subject}
        return row

    def _counts(self, record: Record) -> dict[str, Any]:
        names = sorted((m.name for m in METRICS), key=lambda name: name not in COMPARED)
        row = {name: getattr(record.counts, name, None) for name in names}
        joined = self._join(record.row)
        for metric in COMPARED:
            row[f"{metric}_delta"] = joined.delta(metric)
            row[f"{metric}_percent"] = joined.percent(metric)
        return row


def where(row: RowKey) -> dict[str, int | None]:
    """The columns of a row's image and number of classes, empty where it has none."""
    _, height, width = row.input or (None, None, None)
    return {"input_height": height, "input_width": width, "num_classes": row.num_classes}


def _rest(record: Record) -> dict[str, Any]:
    """What does not fit into a flat row."""
    if run := record.timing or record.training or record.analysis or record.claim:
        return run.rest()
    return record.counts.rest() if record.counts else dict.fromkeys(UNCOUNTED)


def _annotations(record: Record) -> dict[str, Any]:
    """What is published about a row, and the reason for a change, if there are any."""
    published = {"published": asdict(record.published)} if record.published else {}
    return published | ({"reason": record.reason} if record.reason else {})


def _dtype(values: Sequence[Any]) -> Literal["string", "boolean", "Float64", "Int64"]:
    """The pandas type that keeps a column exact: integers beside a missing value stay integers."""
    kinds = {type(value) for value in values if value is not None}
    if bool in kinds:
        return "boolean"
    return "string" if str in kinds else "Float64" if float in kinds else "Int64"
