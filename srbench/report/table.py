"""A table for readers: typed values in columns, each with a hint how to write them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from srbench.records.printable import all_printable
from srbench.report.labels import Branch, Label, Name
from srbench.report.look import PLAIN, Look

Hint = Literal[
    "model",
    "name",
    "text",
    "count",
    "integer",
    "delta",
    "short_delta",
    "percent",
    "duration",
    "seconds",
    "overhead",
    "ratio",
    "rate",
    "share",
    "bytes",
    "bytes_delta",
    "energy",
    "figure",
    "score",
    "gain",
    "number",
    "quantity",
]
NOTHING = "–"
MARK = " *"  # after the name of a row that has warnings


@dataclass(frozen=True)
class Column:
    """A title, how its values are written, and the group of columns it stays with.

    A ``model`` is a `Name`. A ``count`` is written in full or scaled, depending on the format; a
    ``delta`` keeps its sign and every digit, a ``short_delta`` is rounded, in a unit of its own,
    and so is a ``bytes_delta``. A ``duration`` is an `Estimate` in seconds and a ``ratio`` one of a
    ratio, both written with their intervals; an ``overhead`` is an `Overhead`, written in words if
    it is none or undecided. A ``score`` is a `Score`, written in percent, and a ``gain`` a `Gain`,
    in percentage points with its interval. A ``quantity`` is a text with its unit, and a ``number``
    is written with three significant digits. A ``figure`` is a `Figure`, written as it was printed.
    The first column of a group has the group's name. With ``lower_is_better`` a table may rank its
    rows by the column. Columns with the same ``scale`` are written in the same unit. ``decimals``
    come before those that the values call for. A head of one's own (``has_own_head``) may have a
    LaTeX source, ``latex``, and does not repeat the group's name.
    """

    title: str
    hint: Hint = "text"
    group: str = ""
    lower_is_better: bool = False
    scale: str = ""
    decimals: int | None = None
    latex: str = ""
    has_own_head: bool = False
    dispensable: int = 0

    @property
    def is_number(self) -> bool:
        return self.hint not in ("model", "name", "text")

    @property
    def is_prose(self) -> bool:
        """Whether the cells may be broken between words."""
        return self.hint == "text"


@dataclass(frozen=True)
class Table:
    """Columns, rows of raw values (None for a missing one), a caption and footnotes.

    ``name`` is one word to refer to the table by. ``sections`` are the rows, by number, above which
    a new part of the table begins. ``ranked`` tables mark the best two of every section.
    ``doubtful`` rows, by number, have warnings: they get a mark, and are not ranked. ``findings``
    are lines below the table that matter as much as its rows; they keep their spaces. ``brief`` is
    what a reader must know of the notes. ``headings`` are what groups of rows have in common, by
    the number of their first row. ``words`` are sentences that say what the table shows, to be
    quoted. A first column of `Branch` makes it a tree, which pages open and close. All text is made
    printable, so that text of a record stays in its cell.
    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    caption: str = ""
    notes: tuple[str, ...] = ()
    sections: frozenset[int] = frozenset()
    ranked: bool = False
    doubtful: frozenset[int] = frozenset()
    findings: tuple[str, ...] = ()
    brief: tuple[str, ...] = ()
    headings: tuple[tuple[int, Label], ...] = ()
    words: tuple[str, ...] = ()
    look: Look = PLAIN

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, all_printable(getattr(self, field.name)))

    def groups(self) -> list[str]:
        """Names of the column groups, in order."""
        return list(dict.fromkeys(column.group for column in self.columns if column.group))

    @property
    def names(self) -> dict[str, Name]:
        """The names of models in its cells, by spec."""
        cells = (cell for row in self.rows for cell in row)
        return {cell.spec: cell for cell in cells if isinstance(cell, Name)}

    @property
    def is_tree(self) -> bool:
        """Whether its rows are the places of a tree, each above those inside it."""
        return bool(self.rows) and all(isinstance(row[0], Branch) for row in self.rows)

    def with_headings_as_column(self) -> "Table":
        """The table with the headings in a first column, each beside the first row of its group."""
        headings = dict(self.headings)
        return replace(
            self,
            columns=(Column("", "name"), *self.columns),
            rows=tuple((headings.get(n, ""), *row) for n, row in enumerate(self.rows)),
            headings=(),
        )

    @property
    def for_lines(self) -> "Table":
        """The table for formats that have no cells of several rows."""
        is_column = self.headings and self.look.group == "multirow"
        return self.with_headings_as_column() if is_column else self

    def only(self, group: str) -> "Table":
        """The table with the columns of one group, and those without a group."""
        return self.with_columns(
            [i for i, column in enumerate(self.columns) if column.group in ("", group)]
        )

    def with_columns(self, kept: Sequence[int]) -> "Table":
        """The table with only these columns, by their numbers."""
        return replace(
            self,
            columns=tuple(self.columns[i] for i in kept),
            rows=tuple(tuple(row[i] for i in kept) for row in self.rows),
        )
