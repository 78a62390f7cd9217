"""The best and the second of every section of a table, column by column."""

from collections.abc import Iterator
from enum import Enum
from typing import Any

from srbench.records.published import Figure
from srbench.report.table import Table


class Rank(Enum):
    """What a paper sets in bold, and what it underlines."""

    BEST = 1
    SECOND = 2


NOTE = "Bold: the least of its column in its section. Underlined: the second."
WITHOUT = "Rows with * take no part."


def notes(table: Table) -> tuple[str, ...]:
    """The table's notes, and what its marks mean where it has some."""
    if not ranks(table):
        return table.notes
    return (*table.notes, f"{NOTE} {WITHOUT}" if table.doubtful else NOTE)


def ranks(table: Table) -> dict[tuple[int, int], Rank]:
    """The rank of cells, by the numbers of their row and column; nothing where all are alike.

    Values are compared as they are, not as they are rounded; equal ones have the same rank. A
    second is worth marking only where there is a third. What is warned of has no rank: a count that
    lacks something would be the least.
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
    """The numbers of each section's rows, without those that are warned of."""
    starts = [0, *sorted(table.sections)]
    for start, end in zip(starts, [*starts[1:], len(table.rows)], strict=True):
        yield [row for row in range(start, end) if row not in table.doubtful]


def _number(value: Any) -> float | None:
    return float(value.printed) * value.unit if isinstance(value, Figure) else value
