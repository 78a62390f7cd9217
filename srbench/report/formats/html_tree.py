"""A table whose rows are the places of a tree, as a page opens and closes them."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from srbench.report.labels import Branch
from srbench.report.table import Table

OPEN = 2  # levels that are open at first
WIDEST = 48  # characters; longer cells are broken
INDENT = 2  # characters a level


@dataclass(frozen=True)
class Place:
    """A row of a tree. ``is_parent`` is whether others are inside it, ``is_open`` whether they are
    shown at first, and ``ends`` how many parents end with it. ``cells`` are texts, those of shares
    with their percent."""

    branch: Branch
    cells: Sequence[tuple[str, float | None]]
    is_parent: bool
    is_open: bool
    ends: int


def places(table: Table, texts: Sequence[Sequence[str]]) -> Iterator[Place]:
    """The rows of a tree, whose cells are written as these texts."""
    depths = [row[0].depth for row in table.rows]
    following = [*depths[1:], 0]
    shares = [column.hint == "share" for column in table.columns]
    for row, cells, depth, after in zip(table.rows, texts, depths, following, strict=True):
        parts = map(_part, row, shares)
        yield Place(
            branch=row[0],
            cells=list(zip(cells, parts, strict=True))[1:],
            is_parent=after > depth,
            is_open=depth < OPEN,
            ends=max(depth - after, 0),
        )


def style(table: Table, titles: Sequence[str], texts: Sequence[Sequence[str]]) -> str:
    """The widths of a tree's columns, which are equal on all levels, and their titles, which
    readers of a screen are told with every cell, as variables of CSS."""
    names = [row[0].label + " " * INDENT * row[0].depth for row in table.rows]
    cells = [names, *zip(*(cells[1:] for cells in texts), strict=True)]
    widths = [
        min(
            WIDEST,
            max(_width(title), *(len(one) if column.is_number else _width(one) for one in of)),
        )
        for title, column, of in zip(titles, table.columns, cells, strict=True)
    ]
    variables = [
        f"--w{number}: {width}ch; --h{number}: {_quoted(title)}"
        for number, (width, title) in enumerate(zip(widths, titles, strict=True), start=1)
    ]
    return "; ".join([*variables, f"--others: {sum(widths[1:])}ch; --cells: {len(widths)}"])


def _width(text: str) -> int:
    """The width of a text in digits, some of which are narrower than letters and signs."""
    return math.ceil(1.2 * len(text))


def _part(value: Any, is_share: bool) -> float | None:
    return round(min(max(value, 0), 100), 1) if is_share and value is not None else None


def _quoted(text: str) -> str:
    """A text as a string of CSS, with every character escaped that could end it."""
    safe = (one if one.isalnum() or one in " %" else f"\\{ord(one):x} " for one in text)
    return f"'{''.join(safe)}: '"
