"""Finds the header rows of a table, and the title of each column from all of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from srbench.claims.reading.cell_grid import Grid, GridRow
from srbench.claims.reading.printed import is_figure
from srbench.claims.reading.titles import is_only_a_unit, is_title, understood

_MOST_ABOVE = 3
_MOST_BELOW = 2


@dataclass(frozen=True)
class Header:
    """The header rows ``first`` to ``last`` of a grid, and of each column the parts of its title.

    ``filled`` are columns where an upper part is from the column to the left.
    """

    first: int
    last: int
    titles: tuple[tuple[str, ...], ...]
    filled: frozenset[int] = frozenset()

    def title(self, column: int) -> str:
        """The title of a column as it is shown."""
        shown = ""
        for part in self.titles[column]:
            between = " " if is_only_a_unit(part) else " / "
            shown = f"{shown}{between}{part}" if shown else part
        return shown


def headers(grid: Grid) -> list[Header]:
    """The headers of a grid, from the top down: several if tables stand below one another.

    A header that is repeated, as on the next page, is one of them.
    """
    main = [i for i, row in enumerate(grid.rows) if _is_header(row)] or _doubtful(grid.rows)
    found: list[Header] = []
    for number in main:
        if found and number <= found[-1].last:
            continue
        floor = found[-1].last + 1 if found else 0
        found.append(_header(grid, number, floor, is_later=bool(found)))
    return found


def is_transposed(rows: Sequence[GridRow]) -> bool:
    """Whether rows, not columns, are named as counts."""
    return any(
        row.cells and is_title(row.cells[0]) and any(map(is_figure, row.cells[1:])) for row in rows
    )


def _is_header(row: GridRow) -> bool:
    titles = sum(map(is_title, row.cells))
    return bool(titles) and _has_titles_only(row, titles)


def _has_titles_only(row: GridRow, titles: int) -> bool:
    return len(row.distinct()) > 1 and titles > sum(map(is_figure, row.cells))


def _doubtful(rows: Sequence[GridRow]) -> list[int]:
    """The first row with a title that has words which are not understood."""
    for number, row in enumerate(rows):
        titles = sum(understood([cell]) is not None for cell in row.cells)
        if titles and _has_titles_only(row, titles) and not any(map(is_figure, row.cells)):
            return [number]
    return []


def _header(grid: Grid, number: int, floor: int, is_later: bool) -> Header:
    first = last = number
    while first > max(floor, number - _MOST_ABOVE) and _is_above(grid.rows[first - 1], is_later):
        first -= 1
    while last < min(len(grid.rows) - 1, number + _MOST_BELOW) and _is_below(
        grid, number, last + 1
    ):
        last += 1
    rows = grid.rows[first : last + 1]
    width = 1 + max((max(row.distinct(), default=0) for row in rows), default=0)
    width = max(width, *(1 + max(row.spanned, default=0) for row in rows))
    filled: set[int] = set()
    parts = [_across(row, width, rows[n + 1 :], grid, filled) for n, row in enumerate(rows)]
    titles = tuple(tuple(_without_repeats(column)) for column in zip(*parts, strict=True))
    return Header(first, last, titles, frozenset(filled))


def _is_above(row: GridRow, is_later: bool) -> bool:
    """Whether a row over a header row is one, too. A row of one cell at the left is a title."""
    cells = row.distinct()
    if not cells or any(map(is_figure, row.cells)):
        return False
    if len(cells) == 1:
        is_wide = cells[0] in row.spanned
        return cells[0] > 0 and not (is_wide and len(row.spanned) == len(row.cells))
    return not is_later or not row.cells[0] or bool(row.spanned)


def _is_below(grid: Grid, number: int, lower: int) -> bool:
    """Whether a row under a header row is one, too: with titles or units, and no figures."""
    header, row = grid.rows[number], grid.rows[lower]
    if not row.distinct() or any(map(is_figure, row.cells)) or 0 in row.spanned:
        return False
    counted = [i for i, cell in enumerate(header.cells) if understood([cell])]
    if not any(any(c.isalpha() or c == "^" for c in row.at(i)) for i in counted):
        return False
    has_no_name = not row.at(0).strip("-–—") or (0 in row.merged and row.at(0) == header.at(0))
    after = grid.rows[lower + 1] if lower + 1 < len(grid.rows) else None
    is_before_rule = not row.is_ruled and after is not None and after.is_ruled
    return has_no_name or is_before_rule


def _across(
    row: GridRow, width: int, below: Sequence[GridRow], grid: Grid, filled: set[int]
) -> list[str]:
    """A header row's texts. Where a format has no wide cells, an empty one belongs to its left."""
    texts = [row.at(i) for i in range(width)]
    if grid.has_spans or not below:
        return texts
    for i in range(2, width):
        if not texts[i] and texts[i - 1] and any(lower.at(i) for lower in below):
            texts[i] = texts[i - 1]
            filled.add(i)
    return texts


def _without_repeats(parts: Sequence[str]) -> Iterator[str]:
    last = ""
    for part in parts:
        if part and part != last:
            yield part
            last = part
