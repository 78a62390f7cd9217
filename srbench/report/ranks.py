"""The best and the second of every section of a table, column by column."""

from collections.abc import Iterator
from enum import Enum
from typing import Any

from srbench.records.published import Figure
from srbench.report.table import Table


class Rank(Enum):
    """The best, set in bold, and the second, underlined."""

    BEST = 1
    SECOND = 2


NOTE = "Bold: the lowest value of its column in its section. Underlined: the second lowest."
BRIEF = "Bold: lowest, underlined: second lowest."
WITHOUT = "Rows with * are not ranked."


def notes(table: Table) -> tuple[str, ...]:
    """The table's notes, and what its marks mean if it has any."""
    if not ranks(table):
        return table.notes
    return (*table.notes, f"{NOTE} {WITHOUT}" if table.doubtful else NOTE)


def shown_notes(table: Table) -> tuple[str, ...]:
    """Those that the table's look asks for."""
    shown = {"full": notes, "short": brief_notes}.get(table.look.notes)
    return shown(table) if shown else ()


def brief_notes(table: Table) -> tuple[str, ...]:
    """What a reader must know of that."""
    return (*table.brief, BRIEF) if ranks(table) else table.brief


def ranks(table: Table) -> dict[tuple[int, int], Rank]:
    """The rank of cells, by the numbers of their row and column; nothing where all are equal.

    Values are compared unrounded; equal ones have the same rank. The second is marked only if there
    is a third. Rows with warnings have no rank: an incomplete count would be the lowest.
    """
    if not table.ranked:
        return {}
    return {
        (row, column): rank
        for column, head in enumerate(table.columns)
        if head.lower_is_better
        for section in _sections(table)
        for row, rank in _ranked({row: _number(table.rows[row][column]) for row in section})
    }


def _ranked(values: dict[int, float | None]) -> Iterator[tuple[int, Rank]]:
    steps = sorted({value for value in values.values() if value is not None})
    if len(steps) < 2:
        return
    present = sum(value is not None for value in values.values())
    ranked = dict(zip(steps, Rank if present > 2 else [Rank.BEST], strict=False))
    for row, value in values.items():
        if value in ranked:
            yield row, ranked[value]


def _sections(table: Table) -> Iterator[list[int]]:
    """The numbers of each section's rows, without those that have warnings."""
    starts = [0, *sorted(table.sections)]
    for start, end in zip(starts, [*starts[1:], len(table.rows)], strict=True):
        yield [row for row in range(start, end) if row not in table.doubtful]


def _number(value: Any) -> float | None:
    return float(value.printed) * value.unit if isinstance(value, Figure) else value
