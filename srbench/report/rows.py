"""Make a table of rows and columns: of a command's results, or of a layout's records."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from srbench.records.join import Row
from srbench.records.results import where
from srbench.report.arranging import Line, arranged
from srbench.report.columns import Field, raw
from srbench.report.labels import Label
from srbench.report.look import MODEL, PLAIN, Look
from srbench.report.names import Names
from srbench.report.table import Column, Table


def rows_table(
    name: str,
    rows: Sequence[Row],
    columns: Mapping[str, Field],
    caption: str,
    notes: Iterable[str],
    brief: Iterable[str] = (),
    ranked: bool = False,
    look: Look = PLAIN,
    headings: Sequence[str] = (),
) -> Table:
    """One line per row, with the model first; a new group begins where the baseline, the input or
    the regime changes, or where the row's heading does, if ``headings`` are given.
    """
    named = Names((record for row in rows for record in row.records), look.names)
    shown = {MODEL: Column("Model", "model")} | {key: one.column for key, one in columns.items()}
    lines = [
        Line(
            (named(row.row.spec), *(field.read(row) for field in columns.values())),
            (row.baseline_spec, *row.row[1:], *(runs.regime for runs in row.trainings)),
            _group(row, named),
            row.is_baseline,
            row.is_doubtful,
            heading,
        )
        for row, heading in zip(rows, headings or [""] * len(rows), strict=True)
    ]
    return arranged(
        name, shown, lines, look, caption=caption, notes=notes, brief=brief, ranked=ranked
    )


def _group(row: Row, named: Names) -> tuple[Label, ...]:
    """What the row has in common with those that it is compared with."""
    regimes = ", ".join(str(runs.regime) for runs in row.trainings)
    classes = "" if row.row.num_classes is None else f"{row.row.num_classes} classes"
    others = (row.row.size, classes, regimes)
    return (named(row.baseline_spec).title, *map(Label, others))


def raw_rows(rows: Iterable[Row], columns: Mapping[str, Field]) -> list[dict[str, Any]]:
    """The same in base units for CSV and JSON; what identifies a row comes last."""
    return [_raw(row, columns) for row in rows]


def _raw(row: Row, columns: Mapping[str, Field]) -> dict[str, Any]:
    found: dict[str, Any] = {"spec": row.row.spec}
    for name, field in columns.items():
        found |= raw(name, field.column.hint, field.read(row))
    return found | {
        "baseline": row.baseline_spec,
        **where(row.row),
        "source": row.published.published.source
        if row.published and row.published.published
        else None,
        "status": "; ".join(dict.fromkeys(record.status for record in row.records)),
        "warnings": "; ".join([*(w for r in row.records for w in r.warnings), *row.doubts]),
    }
