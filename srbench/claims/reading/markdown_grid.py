"""Reads the pipe tables of a Markdown file as rows of cells."""

import re
from collections.abc import Sequence

from srbench.claims.reading.cell_grid import Grid, RowOfSpans, Spanning, require_columns, spread
from srbench.claims.reading.inline_markup import cleaned, one_line

_RULE = re.compile(r":?-+:?")
_BETWEEN = re.compile(r"(?<!\\)\|")
_CAPTION = re.compile(r"\s{0,3}(?:#{1,6}\s|[*_]{0,3}Tab(?:le|\.)|:\s)", re.IGNORECASE)


def grids(text: str) -> list[Grid]:
    """The tables of a Markdown file, each with the heading or the caption just above it.

    Raises SrbenchError for a row with more than 200 columns.
    """
    lines = text.split("\n")
    found, number = [], 1
    while number < len(lines):
        if not (_is_rule(lines[number]) and "|" in lines[number - 1]):
            number += 1
            continue
        end = number + 1
        while end < len(lines) and "|" in lines[end]:
            end += 1
        shown = [number - 1, *range(number + 1, end)]
        rows = spread(_row(lines[one], one + 1) for one in shown if not _is_rule(lines[one]))
        found.append(Grid(_caption(lines, number - 2), rows))
        number = end + 1
    return found


def _is_rule(line: str) -> bool:
    return "-" in line and "|" in line and all(map(_RULE.fullmatch, _cells(line)))


def _cells(line: str) -> list[str]:
    line = line.strip()
    if line.startswith(">"):  # a quotation
        line = line[1:].lstrip()
    line = line.removeprefix("|")
    if line.endswith("|") and not line.endswith("\\|"):
        line = line[:-1]
    return [cell.strip().replace("\\|", "|") for cell in _BETWEEN.split(line)]


def _row(line: str, number: int) -> RowOfSpans:
    cells = _cells(line)
    require_columns(number, len(cells))
    return RowOfSpans(number, [Spanning(cleaned(cell)) for cell in cells])


def _caption(lines: Sequence[str], number: int) -> str:
    """The last line of text before a table, if it is a heading or begins with "Table"."""
    for line in reversed(lines[max(0, number - 2) : number + 1]):
        if line.strip():
            found = cleaned(one_line(line.lstrip("# ").strip()))
            return found.removeprefix(": ") if _CAPTION.match(line) else ""
    return ""
