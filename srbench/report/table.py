"""A table for eyes: typed values in columns, each with a hint that says how to write it."""

from dataclasses import dataclass, replace
from typing import Any, Literal

from srbench.units import Scale, column_scale, percent_decimals

Hint = Literal["name", "text", "count", "integer", "delta", "percent"]
NOTHING = "–"


@dataclass(frozen=True)
class Column:
    """A title, how its values are written, and the group of columns it stays with.

    A ``count`` is written in full or scaled, as the format likes; a ``delta`` keeps its sign and
    every digit. The first column of a group bears the group's name.
    """

    title: str
    hint: Hint = "text"
    group: str = ""

    @property
    def is_number(self) -> bool:
        return self.hint not in ("name", "text")

    @property
    def is_prose(self) -> bool:
        """Whether the cells may be broken between words."""
        return self.hint == "text"


@dataclass(frozen=True)
class Table:
    """Columns, rows of raw values (None where there is nothing), a caption and footnotes.

    ``name`` is one word to refer to the table by. ``sections`` are the rows, by number, above which
    a new part of the table begins.
    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    caption: str = ""
    notes: tuple[str, ...] = ()
    sections: frozenset[int] = frozenset()

    def groups(self) -> list[str]:
        """Names of the column groups, in order."""
        return list(dict.fromkeys(column.group for column in self.columns if column.group))

    def only(self, group: str) -> "Table":
        """The table with the columns of one group, beside those of none."""
        kept = [i for i, column in enumerate(self.columns) if column.group in ("", group)]
        return replace(
            self,
            columns=tuple(self.columns[i] for i in kept),
            rows=tuple(tuple(row[i] for i in kept) for row in self.rows),
        )


def written(table: Table, scaled: bool) -> tuple[list[str], list[list[str]]]:
    """Titles and cells as text: counts in full, or ``scaled`` with the prefix in the title."""
    titles: list[str] = []
    cells: list[list[str]] = []
    for index, column in enumerate(table.columns):
        values = [row[index] for row in table.rows]
        scale = _scale(column, values, scaled)
        titles.append(column.title + (f" ({scale.prefix})" if scale.prefix else ""))
        cells.append([_cell(value, column, scale) for value in values])
    return titles, [list(row) for row in zip(*cells, strict=True)]


def _scale(column: Column, values: list[Any], scaled: bool) -> Scale:
    present = [value for value in values if value is not None]
    if column.hint == "percent":
        return Scale(decimals=percent_decimals(present))
    if column.hint == "count" and scaled:
        return column_scale(present)
    return Scale()


def _cell(value: Any, column: Column, scale: Scale) -> str:
    if value is None:
        return NOTHING
    if column.hint == "delta":
        return f"{value:+,}" if value else "0"
    if column.hint == "percent":
        return f"{value:+.{scale.decimals}f}" if value else "0"
    if column.is_number:
        return scale.write(value)
    return str(value)
