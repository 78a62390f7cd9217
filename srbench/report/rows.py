"""Make a table of rows and columns: of a command's results, or of a layout's records."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from srbench.records.join import Row
from srbench.records.results import where
from srbench.report.columns import Field, raw
from srbench.report.notes import sections
from srbench.report.table import Column, Table


def rows_table(
    name: str,
    rows: Sequence[Row],
    columns: Iterable[Field],
    caption: str,
    notes: Iterable[str],
    ranked: bool = False,
    names: Mapping[str, str] | None = None,
) -> Table:
    """One line per row, with its spec or its name in ``names`` first; a new section begins where
    the baseline or the input changes."""
    shown = list(columns)
    names = names or {}
    return Table(
        name,
        (Column("Model", "name"), *_titled([field.column for field in shown])),
        tuple(
            (names.get(row.row.spec, row.row.spec), *(field.read(row) for field in shown))
            for row in rows
        ),
        caption,
        tuple(notes),
        sections(
            (row.baseline_spec, *row.row[1:], *(runs.regime for runs in row.trainings))
            for row in rows
        ),
        ranked,
        frozenset(number for number, row in enumerate(rows) if row.is_doubtful),
    )


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


def _titled(columns: Sequence[Column]) -> Iterator[Column]:
    """The columns; the title of each that begins a group includes the group's name."""
    before = ""
    for column in columns:
        begins = column.group and column.group != before
        if begins and not column.title.startswith(column.group):
            column = replace(column, title=f"{column.group} {column.title}")
        before = column.group
        yield column
