"""Lines become a table: sorted, in groups, with the heads and decimals that its look asks for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from srbench.records.gain import Gain, Score
from srbench.records.overhead import Overhead
from srbench.records.published import Figure
from srbench.records.timing import Estimate
from srbench.report.formats.latex_text import escaped
from srbench.report.labels import Label
from srbench.report.look import Look
from srbench.report.table import Column, Table

BETWEEN = ", "  # what the rows of a group have in common


@dataclass(frozen=True)
class Line:
    """A row before it is in a table. Successive rows with an equal ``key`` belong together, and
    ``group`` is what a reader is told of them; ``heading`` is what their heading says, if the
    layout gives one. A baseline comes first."""

    cells: tuple[Any, ...]
    key: tuple[object, ...]
    group: tuple[Label, ...]
    is_baseline: bool = False
    is_doubtful: bool = False
    heading: str = ""


def arranged(
    name: str,
    columns: Mapping[str, Column],
    lines: Sequence[Line],
    look: Look,
    *,
    caption: str,
    notes: Iterable[str],
    brief: Iterable[str],
    words: Iterable[str] = (),
    ranked: bool = False,
) -> Table:
    """The table of these lines."""
    groups = [list(members) for _, members in groupby(lines, key=_together)]
    ordered = [line for group in groups for line in _sorted(group, [*columns], look)]
    starts = [sum(map(len, groups[:number])) for number in range(len(groups))]
    return Table(
        name,
        tuple(_titled(_dressed(key, column, look) for key, column in columns.items())),
        tuple(line.cells for line in ordered),
        look.caption or caption,
        tuple(notes),
        frozenset(starts[1:]),
        ranked,
        frozenset(number for number, line in enumerate(ordered) if line.is_doubtful),
        brief=tuple(brief),
        headings=tuple(_headings(starts, [group[0] for group in groups], look)),
        words=tuple(words),
        look=look,
    )


def number_of(value: Any) -> float | None:
    """The number in a cell that rows are sorted by; None for text and for a missing value."""
    if isinstance(value, Overhead):
        return value.ratio.value
    if isinstance(value, Estimate):
        return value.value
    if isinstance(value, Score):
        return value.mean
    if isinstance(value, Gain):
        return value.difference.value
    if isinstance(value, Figure):
        return float(value.printed) * value.unit
    return value if isinstance(value, (int, float)) else None


def _together(line: Line) -> tuple[object, ...]:
    return (line.key, line.heading)


def _sorted(group: list[Line], columns: list[str], look: Look) -> list[Line]:
    """The baseline, then the others by the column asked for; those without a value are last."""
    if look.sorted_by not in columns:
        return group
    at = columns.index(look.sorted_by)

    def place(line: Line) -> tuple[bool, bool, float, str]:
        value = line.cells[at]
        number = number_of(value)
        size = 0.0 if number is None else -number if look.is_descending else number
        is_last = value is None or (number is None and not isinstance(value, str))
        return (not line.is_baseline, is_last, size, str(value) if number is None else "")

    return sorted(group, key=place)


def _headings(
    starts: Sequence[int], first: Sequence[Line], look: Look
) -> Iterator[tuple[int, Label]]:
    """What each group has that others do not, or what the layout calls it."""
    before = ""
    for start, line in zip(starts, first, strict=True):
        if line.heading:
            if line.heading != before:
                yield start, Label(line.heading)
        elif look.group != "rule":
            yield start, _in_common(line, first)
        before = line.heading


def _in_common(line: Line, others: Sequence[Line]) -> Label:
    telling = [len({other.group[i] for other in others}) > 1 for i in range(len(line.group))]
    parts = [part for part, tells in zip(line.group, telling, strict=True) if tells]
    parts = [part for part in parts or line.group[:1] if part.plain]
    return Label(
        BETWEEN.join(part.plain for part in parts),
        BETWEEN.join(part.latex or escaped(part.plain) for part in parts),
    )


def _dressed(name: str, column: Column, look: Look) -> Column:
    """The column with the head and the decimals asked for, and Δ as asked for."""
    if name in look.heads:
        head = look.heads[name]
        column = replace(column, title=head.plain, latex=head.latex, has_own_head=True)
    if column.hint == "delta" and look.delta == "short":
        column = replace(column, hint="short_delta")
    return replace(column, decimals=look.decimals.get(name))


def _titled(columns: Iterable[Column]) -> Iterator[Column]:
    """The columns; the title of each that begins a group includes the group's name."""
    before = ""
    for column in columns:
        begins = column.group and column.group != before
        if begins and not column.has_own_head and not column.title.startswith(column.group):
            column = replace(column, title=f"{column.group} {column.title}")
        before = column.group
        yield column
