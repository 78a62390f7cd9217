"""Makes a `PaperTable` of a grid: its columns of figures, and what each row says."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from srbench.claims.paper import NO_UNIT, Cell, Column, PaperTable, Row
from srbench.claims.reading.caption_units import unit_in_caption
from srbench.claims.reading.cell_grid import Grid, GridRow
from srbench.claims.reading.column_roles import Purpose, input_size, num_classes, roles
from srbench.claims.reading.headers import Header, headers
from srbench.claims.reading.printed import read_number
from srbench.claims.reading.row_names import NamedRow, named_rows
from srbench.claims.reading.separators import Separators, separators
from srbench.claims.reading.titles import Title, understood
from srbench.errors import several

_NAMES = ("backbone", "method", "name")
_NOTES = 20


def paper_tables(grid: Grid, name: str) -> list[PaperTable]:
    """The tables in a grid; empty if it has no header with a count, or none that names networks.

    ``name`` is their title if there is no caption.
    """
    found = headers(grid)
    if not found:
        return []
    ends = [header.first for header in found[1:]] + [len(grid.rows)]
    parts: list[tuple[Header, list[GridRow]]] = []
    for header, end in zip(found, ends, strict=True):
        body = list(grid.rows[header.last + 1 : end])
        if parts and parts[-1][0].titles == header.titles:  # repeated on the next page
            parts[-1][1].extend(body)
        else:
            parts.append((header, body))
    title = grid.caption or _title_above(grid, found[0]) or name
    tables = (_table(header, body, title, grid.caption) for header, body in parts)
    return [table for table in tables if table]


def _title_above(grid: Grid, header: Header) -> str:
    """The text of a row of one cell above the header."""
    alone = (row for row in grid.rows[: header.first] if len(row.distinct()) == 1)
    return next((row.cells[row.distinct()[0]] for row in alone), "")


def _table(header: Header, body: list[GridRow], title: str, caption: str) -> PaperTable | None:
    kinds = roles(header, body)
    counts = [i for i, kind in enumerate(kinds) if kind.role == "figure"]
    if not counts or not any(kind.role in _NAMES for kind in kinds):
        return None
    notes: list[str] = []
    whole = [row for row in body if _is_whole(row, len(kinds), notes)]
    named = list(named_rows(whole, kinds))
    columns = [_column(header, i, kinds[i].title, caption) for i in counts]
    cells = [_cells([one.row for one in named], i, column) for i, column in _pairs(counts, columns)]
    rows = tuple(
        _row(one, kinds, tuple(column[number] for column in cells))
        for number, one in enumerate(named)
    )
    left_out = tuple(header.title(i) for i, kind in enumerate(kinds) if kind.role == "left out")
    return PaperTable(
        title,
        tuple(_doubted(column, read) for column, read in zip(columns, cells, strict=True)),
        rows,
        tuple(filter(None, left_out)),
        (*_shortened(notes), *_unclear_names(rows)),
    )


def _pairs(counts: Sequence[int], columns: Sequence[Column]) -> Iterator[tuple[int, Column]]:
    return zip(counts, columns, strict=True)


def _is_whole(row: GridRow, width: int, notes: list[str]) -> bool:
    """Whether a row has a cell for each column; a note says where one has not."""
    if not row.distinct():
        return False
    many = len(row.cells) if any(row.cells[width:]) else min(len(row.cells), width)
    if many == width or (many < width and len(row.distinct()) == 1):
        return True
    notes.append(f"line {row.line} has {several(many, 'cell')} instead of {width}, and is left out")
    return False


def _shortened(notes: Sequence[str]) -> tuple[str, ...]:
    more = len(notes) - _NOTES
    return (*notes[:_NOTES], f"and {more} more such lines") if more > 0 else tuple(notes)


def _column(header: Header, index: int, title: Title | None, caption: str) -> Column:
    assert title  # a column of figures has one
    column = Column(header.title(index), title.quantity, title.unit, title.doubt)
    if column.unit is None and (unit := unit_in_caption(caption, column.quantity)):
        return replace(column, unit=unit, is_doubtful="its unit is from the caption")
    is_from_the_left = index in header.filled and not understood(header.titles[index][-1:])
    if is_from_the_left and not title.doubt:
        return replace(column, is_doubtful="a part of its title is from the column to its left")
    return column


def _doubted(column: Column, cells: Sequence[Cell]) -> Column:
    """The column, with a doubt if a number in it has no unit."""
    if all(not cell.number or cell.number.unit for cell in cells):
        return column
    doubts = filter(None, (column.is_doubtful, NO_UNIT))
    return replace(column, is_doubtful="; ".join(doubts))


def _cells(rows: Sequence[GridRow], index: int, column: Column) -> list[Cell]:
    texts = [row.at(index) for row in rows]
    everything = separators(cell for row in rows[:500] for cell in row.cells)
    known = separators(texts).otherwise(everything)
    return [_cell(row, index, column, known) for row in rows]


def _cell(row: GridRow, index: int, column: Column, known: Separators) -> Cell:
    text = row.at(index)
    number, problem = read_number(text, column.unit, known, column.quantity)
    if number and index in row.spanned:
        return Cell(text, None, "it stands for several columns")
    return Cell(text, number, problem)


def _row(one: NamedRow, kinds: Sequence[Purpose], cells: tuple[Cell, ...]) -> Row:
    def texts(role: str) -> Iterator[str]:
        return (one.row.at(i) for i, kind in enumerate(kinds) if kind.role == role)

    return Row(
        one.name,
        one.row.line,
        cells,
        one.section,
        next(filter(None, map(input_size, texts("input"))), None),
        next(filter(None, map(num_classes, texts("classes"))), None),
    )


def _unclear_names(rows: Sequence[Row]) -> Iterator[str]:
    """Notes on rows without a name, and on names that several rows with different figures have."""
    for row in rows[:_NOTES]:
        if not row.name:
            yield f"line {row.line} has no name"
    keys = Counter(
        (row.section, row.name, row.input_size, row.num_classes)
        for row in {
            (r.section, r.name, r.input_size, r.num_classes, r.cells): r for r in rows
        }.values()
        if row.name
    )
    twice = [key[1] for key, many in keys.items() if many > 1]
    if twice:
        shown = ", ".join(twice[:3]) + ("…" if len(twice) > 3 else "")
        yield f"several rows have the same name and different figures: {shown}"
