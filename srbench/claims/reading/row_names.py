"""The name and the section of each row: which network it is about."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from srbench.claims.reading.cell_grid import GridRow
from srbench.claims.reading.column_roles import Purpose
from srbench.claims.reading.marks import without_marks
from srbench.claims.reading.printed import is_figure

_NAMES = ("backbone", "method", "name")
_CONTINUES = re.compile(r"[+(]|w/|with\b", re.IGNORECASE)
_PLAIN = re.compile(r"baseline|vanilla|original|plain|none", re.IGNORECASE)  # without a block
_BLANK = re.compile(r"[-–—/.]{0,3}|n/?a", re.IGNORECASE)


_BASELINE = "baseline"  # the name of a row without a block below its network


@dataclass(frozen=True)
class NamedRow:
    """A row of figures, its name, and what stands over it."""

    row: GridRow
    name: str
    section: str


def named_rows(body: Sequence[GridRow], roles: Sequence[Purpose]) -> Iterator[NamedRow]:
    """The rows of figures with their names; a row of one cell names the section below it."""
    columns = [i for i, role in enumerate(roles) if role.role in _NAMES]
    groups = _groups(body, columns[0], has_others=len(columns) > 1)
    section = ""
    for row, group in zip(body, groups, strict=True):
        if _is_section(row, columns[0]):
            section = without_marks(row.cells[row.distinct()[0]])
            continue
        own = columns[1:] if group and len(columns) > 1 else columns
        name = _name(row, own, roles) or (_BASELINE if group and _has_dash(row, own) else "")
        yield NamedRow(row, name, " / ".join(filter(None, (section, without_marks(group)))))


def _groups(body: Sequence[GridRow], column: int, has_others: bool) -> list[str]:
    """For each row the name that it shares with others, written once, over an empty cell."""
    groups: list[str] = []
    last = ""
    for number, row in enumerate(body):
        cell = row.at(column)
        is_section = _is_section(row, column)
        if cell or is_section:
            last = "" if is_section else cell
        shares = (
            not cell or (has_others and column in row.merged) or _is_first(body, number, column)
        )
        groups.append(last if shares and (has_others or not cell) else "")
    return groups


def _is_first(body: Sequence[GridRow], number: int, column: int) -> bool:
    below = body[number + 1] if number + 1 < len(body) else None
    return below is not None and not below.at(column) and not _is_section(below, column)


def _is_section(row: GridRow, first: int) -> bool:
    cells = row.distinct()
    if len(cells) != 1:
        return False
    is_at_the_left = cells[0] <= first and not is_figure(row.cells[cells[0]])
    return is_at_the_left or cells[0] == first or cells[0] in row.spanned


def _has_dash(row: GridRow, columns: Sequence[int]) -> bool:
    """Whether a dash stands where others have a block."""
    return any(row.at(column) for column in columns)


def _name(row: GridRow, columns: Sequence[int], roles: Sequence[Purpose]) -> str:
    """The name from all columns that name the model: what it is built on comes first."""
    has_both = {roles[i].role for i in columns} >= {"backbone", "method"}
    order = sorted(columns, key=lambda i: roles[i].role != "backbone") if has_both else columns
    name = ""
    for column in order:
        part = without_marks(row.at(column))
        is_plain = has_both and roles[column].role == "method" and _PLAIN.fullmatch(part)
        if _BLANK.fullmatch(part) or part == name or (name and is_plain):
            continue
        is_added = has_both and roles[column].role == "method" and not _CONTINUES.match(part)
        name = f"{name}{' + ' if is_added else ' '}{part}" if name else part
    return name
