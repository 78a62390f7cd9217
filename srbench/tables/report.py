"""The report of a committed table, made only from its layout and its records."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from srbench.errors import SrbenchError, did_you_mean
from srbench.records.counts import COMPARED
from srbench.records.join import RowIndex
from srbench.records.record import Record
from srbench.report.columns import (
    COUNTED,
    DEVICE_COLUMNS,
    EXACT,
    FIELDS,
    TIMED,
    Field,
    field,
    fields,
    known,
)
from srbench.report.formats import Report
from srbench.report.look import MODEL, Look
from srbench.report.overview import rows_brief, rows_notes, used
from srbench.report.rows import raw_rows, rows_table
from srbench.tables.accepted import accepted, accepted_notes
from srbench.tables.draft import Draft, Mistake, described

if TYPE_CHECKING:
    from srbench.tables.layout import Layout, LayoutRow

USUAL = (MODEL, *DEVICE_COLUMNS)  # which a table has without its layout naming them


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
    yield from _wrong_names(draft)


def _wrong_names(draft: Draft) -> Iterator[Mistake]:
    """Columns that the layout says how to print, and which the table does not have."""
    known = [*draft.texts("columns").values(), *draft.texts("device_columns").values(), *USUAL]
    said = draft.keys("decimals") | draft.keys("heads")
    order = draft.data.get("order")
    if isinstance(order, str) and order:
        said[("order",)] = order.removeprefix("-")
    for where, name in said.items():
        if name not in known:
            names = ", ".join(dict.fromkeys(known))
            hint = f"{did_you_mean(name, known)}its columns are {names}"
            yield Mistake(where, f"{described(where)}: the table has no column {name!r}", hint)


def shows_counts(layout: "Layout", with_times: bool) -> bool:
    """Whether the table has a column of counts, or ``with_times`` one among its device columns."""
    columns = [*layout.columns, *(layout.device_columns if with_times else ())]
    return any((found := known(name)) and found.of == COUNTED for name in columns)


def _of_file(look: Look, name: str) -> Look:
    """The look with a label of its own for the table of a machine."""
    _, _, machine = name.partition(".")
    return replace(look, label=f"{look.label}-{machine}") if look.label and machine else look


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
        columns,
        layout.caption,
        (*rows_notes(rows, columns), *accepted_notes(unchanged, layout.uncounted)),
        rows_brief(rows, columns, layout.names),
        layout.rank,
        _of_file(layout.look, name),
        [one.heading for one in wanted],
    )
    leading = {metric: FIELDS[metric] for metric in COMPARED}
    flat = raw_rows(rows, leading | columns)
    header = tuple(flat[0]) if flat else ("spec", *COMPARED)
    return Report((table,), header, flat, records=unchanged)
