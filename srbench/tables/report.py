"""The report of a committed table, made only from its layout and its records."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from srbench.errors import SrbenchError
from srbench.records.counts import COMPARED
from srbench.records.join import RowIndex
from srbench.records.record import Record
from srbench.report.columns import (
    ASKED,
    COUNTED,
    FIELDS,
    PRINTED,
    TIMED,
    TRAINED,
    Field,
    field,
    fields,
)
from srbench.report.formats import Report
from srbench.report.overview import rows_notes, used
from srbench.report.rows import raw_rows, rows_table
from srbench.tables.accepted import accepted, accepted_notes
from srbench.tables.draft import Draft, Mistake

if TYPE_CHECKING:
    from srbench.tables.layout import Layout, LayoutRow

EXACT = (ASKED, COUNTED, PRINTED, TRAINED)


def layout_report(
    name: str, layout: "Layout", wanted: "Sequence[LayoutRow]", records: Sequence[Record]
) -> Report:
    """The exact table: the counts of the rows ``wanted``, with their published figures.

    Raises SrbenchError for an unknown column.
    """
    return _report(name, layout, wanted, records, fields(layout.columns, EXACT))


def device_report(
    name: str,
    layout: "Layout",
    wanted: "Sequence[LayoutRow]",
    records: Sequence[Record],
    times: Sequence[Record],
) -> Report:
    """The same with the times of one machine."""
    columns = fields(layout.columns, EXACT) | fields(layout.device_columns, (*EXACT, TIMED))
    return _report(name, layout, wanted, [*records, *times], columns)


def belongs(record: Record, layout: "Layout") -> bool:
    """Whether a record is for the table: a training must be by the regime of its layout."""
    if record.training is None:
        return True
    return layout.train is not None and layout.train.trains(record.training.key.regime)


def wrong_columns(draft: Draft) -> Iterator[Mistake]:
    """The unknown columns, and those of a kind that their key does not allow."""
    for key, kinds in (("columns", EXACT), ("device_columns", (*EXACT, TIMED))):
        for where, name in draft.texts(key).items():
            try:
                field(name, kinds)
            except SrbenchError as error:
                yield Mistake.of(where, error)


def shows_counts(layout: "Layout", with_times: bool) -> bool:
    """Whether the table has a column of counts, or ``with_times`` one among its device columns."""
    columns = [*layout.columns, *(layout.device_columns if with_times else ())]
    return any(name in FIELDS and FIELDS[name].of == COUNTED for name in columns)


def _report(
    name: str,
    layout: "Layout",
    wanted: "Sequence[LayoutRow]",
    records: Sequence[Record],
    columns: dict[str, Field],
) -> Report:
    records = [record for record in records if belongs(record, layout)]
    join = RowIndex([accepted(record, layout.uncounted) for record in records])
    rows = [join(one.row, one.source) for one in wanted]
    there = RowIndex(records)
    unchanged = used([there(one.row, one.source) for one in wanted])
    table = rows_table(
        name,
        rows,
        columns.values(),
        layout.caption,
        (*rows_notes(rows, columns), *accepted_notes(unchanged, layout.uncounted)),
        layout.rank,
        layout.names,
    )
    leading = {metric: FIELDS[metric] for metric in COMPARED}
    flat = raw_rows(rows, leading | columns)
    header = tuple(flat[0]) if flat else ("spec", *COMPARED)
    return Report((table,), header, flat, records=unchanged)
