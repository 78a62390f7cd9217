"""A committed table: its layout and its records, and nothing else, make what is written."""

from collections.abc import Sequence

from srbench.layout import Layout, Wanted
from srbench.records import Record
from srbench.report.columns import COUNTED, FIELDS, PRINTED, TIMED, Field, fields
from srbench.report.formats import Report
from srbench.report.joined import rows_notes, used
from srbench.report.rows import raw_rows, rows_table
from srbench.results import COMPARED
from srbench.rows import Join


def layout_report(
    name: str, layout: Layout, wanted: Sequence[Wanted], records: Sequence[Record]
) -> Report:
    """The exact table: the rows ``wanted`` of counts, beside what is published of them.

    Raises SrbenchError for an unknown column.
    """
    return _report(name, layout, wanted, records, fields(layout.columns, (COUNTED, PRINTED), name))


def device_report(
    name: str,
    layout: Layout,
    wanted: Sequence[Wanted],
    records: Sequence[Record],
    times: Sequence[Record],
) -> Report:
    """The same with the times of one machine beside it."""
    columns = fields(layout.columns, (COUNTED, PRINTED), name) | fields(
        layout.device_columns, (COUNTED, PRINTED, TIMED), name
    )
    return _report(name, layout, wanted, [*records, *times], columns)


def require_columns(name: str, layout: Layout) -> None:
    """Raises SrbenchError for a column that there is none of."""
    fields(layout.columns, (COUNTED, PRINTED), name)
    fields(layout.device_columns, (COUNTED, PRINTED, TIMED), name)


def _report(
    name: str,
    layout: Layout,
    wanted: Sequence[Wanted],
    records: Sequence[Record],
    columns: dict[str, Field],
) -> Report:
    join = Join(records)
    rows = [join(one.row, one.source) for one in wanted]
    table = rows_table(
        name,
        rows,
        columns.values(),
        layout.caption,
        rows_notes(rows, columns),
        layout.rank,
        layout.names,
    )
    leading = {metric: FIELDS[metric] for metric in COMPARED}
    flat = raw_rows(rows, leading | columns)
    header = tuple(flat[0]) if flat else ("spec", *COMPARED)
    return Report((table,), header, flat, records=used(rows))
