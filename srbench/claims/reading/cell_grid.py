"""A table as rows of cells, whichever format it is written in."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from srbench.errors import SrbenchError

MOST_COLUMNS = 200
MOST_ROWS = 100_000
MOST_CELLS = 1_000_000


@dataclass(frozen=True)
class GridRow:
    """One row. ``cells`` are without markup; a cell over several columns is repeated in each."""

    line: int  # in the file, from 1
    cells: tuple[str, ...]
    spanned: frozenset[int] = frozenset()  # columns whose cell is part of a wider one
    merged: frozenset[int] = frozenset()  # columns whose cell is part of one over several rows
    is_ruled: bool = False  # a line over the whole width is drawn above it

    def at(self, column: int) -> str:
        """The cell of a column; empty if the row ends before it."""
        return self.cells[column] if column < len(self.cells) else ""

    def distinct(self) -> list[int]:
        """The columns where a cell that is not empty begins."""
        return [
            i
            for i, cell in enumerate(self.cells)
            if cell and not (i in self.spanned and i and self.cells[i - 1] == cell)
        ]


@dataclass(frozen=True)
class Grid:
    """A table's rows, the header among them, and its caption, if there is one."""

    caption: str
    rows: tuple[GridRow, ...]
    has_spans: bool = False  # the format can write a cell over several columns


@dataclass(frozen=True)
class Spanning:
    """A cell that covers ``width`` columns and ``height`` rows (upwards if it is negative)."""

    text: str
    width: int = 1
    height: int = 1


@dataclass
class RowOfSpans:
    """A row before its cells are repeated in all the columns that they cover."""

    line: int
    cells: list[Spanning] = field(default_factory=list)
    is_ruled: bool = False


def spread(rows: Iterable[RowOfSpans]) -> tuple[GridRow, ...]:
    """The rows with each cell in every column and row that it covers.

    Raises SrbenchError if a row has more than 200 columns, or a table 100,000 rows.
    """
    wide = []
    cells_so_far = 0
    for row in rows:
        wide.append((row, _columns_of(row)))
        cells_so_far += len(wide[-1][1])
        if len(wide) > MOST_ROWS or cells_so_far > MOST_CELLS:
            raise SrbenchError(f"line {row.line}: the table is too long", "give one of a paper")
    flat = [
        GridRow(
            row.line,
            tuple(cell.text for cell in cells),
            frozenset(i for i, cell in enumerate(cells) if cell.width > 1),
            is_ruled=row.is_ruled,
        )
        for row, cells in wide
    ]
    for number, (_, cells) in enumerate(wide):
        for column, cell in enumerate(cells):
            if abs(cell.height) > 1:
                _repeat_down(flat, number, column, cell)
    return tuple(flat)


def _columns_of(row: RowOfSpans) -> list[Spanning]:
    require_columns(row.line, sum(cell.width for cell in row.cells))
    return [cell for cell in row.cells for _ in range(cell.width)]


def require_columns(line: int, many: int) -> None:
    """Raises SrbenchError if a line has more than 200 columns."""
    if many > MOST_COLUMNS:
        raise SrbenchError(
            f"line {line} has more than {MOST_COLUMNS} columns", "give one table of a paper"
        )


def _repeat_down(rows: list[GridRow], first: int, column: int, cell: Spanning) -> None:
    """Writes the cell into the empty cells below or above it that it covers."""
    for number in _covered(first, cell.height, len(rows)):
        row = rows[number]
        if number != first and (column >= len(row.cells) or row.cells[column]):
            return
        cells = (*row.cells[:column], cell.text, *row.cells[column + 1 :])
        rows[number] = replace(row, cells=cells, merged=row.merged | {column})


def _covered(first: int, height: int, rows: int) -> Iterator[int]:
    step = 1 if height > 0 else -1
    yield from range(first, max(-1, min(rows, first + height)), step)
