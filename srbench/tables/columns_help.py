"""The columns that a layout can have, as a table to read."""

from collections.abc import Iterator

from srbench.report.columns import ASKED, AT, COUNTED, FIELDS, PRINTED, TIMED, TRAINED, Field
from srbench.report.formats import Report
from srbench.report.table import Column, Table

# What the values of a kind of column are, in the order of the list.
KINDS = {
    ASKED: "asked for",
    COUNTED: "counted",
    PRINTED: "published",
    TRAINED: "trained",
    TIMED: "timed",
}
COLUMNS = (Column("Name", "name"), Column("Title", "name"), Column("Kind", "name"), Column("Key"))
NOTES = (
    "Key: where a layout names it. device_columns are only in the tables of a machine's times, "
    "srbench table NAME --device cpu; an exact table has columns alone.",
    "Counted: by srbench, to the integer. Published: figures of a source, as published under "
    "[[rows]] names it, and ours with as many digits. Trained: srbench table NAME --train.",
    f"A trained score may be that of a share of the training images, such as top1{AT}0.1 and "
    f"top1_delta{AT}0.1.",
    f"How many images fit into a card's memory is a column of its size: max_batch{AT}80GiB and "
    f"max_training_batch{AT}80GiB. A peak is of one image; training_bytes{AT}32 and "
    f"training_bytes_percent{AT}32 are of a batch of 32.",
)


def columns_report() -> Report:
    """Every column: its name, its title, what its values are, and the keys that may name it."""
    rows = list(_rows())
    kinds = [kind for _, _, kind, _ in rows]
    starts = frozenset(n for n in range(1, len(rows)) if kinds[n] != kinds[n - 1])
    table = Table("columns", COLUMNS, tuple(rows), "The columns of a layout.", NOTES, starts)
    header = tuple(column.title.lower() for column in COLUMNS)
    return Report((table,), header, [dict(zip(header, row, strict=True)) for row in rows])


def _rows() -> Iterator[tuple[str, str, str, str]]:
    for of, kind in KINDS.items():
        for name, field in FIELDS.items():
            if field.of == of:
                key = "device_columns" if of == TIMED else "columns, device_columns"
                yield name, _title(field), kind, key


def _title(field: Field) -> str:
    """The title with that of its group, without which Δ would be that of anything."""
    title, group = field.column.title, field.column.group
    return title if not group or title.startswith(group) else f"{group} {title}"
