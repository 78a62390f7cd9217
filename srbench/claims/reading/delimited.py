"""Reads text with a comma, a semicolon, a tab or a bar between its cells."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from srbench.claims.reading.cell_grid import (
    Grid,
    GridRow,
    RowOfSpans,
    Spanning,
    require_columns,
    spread,
)
from srbench.claims.reading.inline_markup import cleaned
from srbench.claims.reading.titles import is_title
from srbench.errors import SrbenchError

_SIGNS = ",;\t|"
_LINES = 60  # that tell which sign it is
_RULE = re.compile(r"[-+|=:\s]{3,}")


def grids(text: str) -> list[Grid]:
    """The table of a delimited text; empty if no sign separates its cells.

    Raises SrbenchError for a quotation mark that is never closed, for text after one that closes,
    and for a row with more than 200 columns.
    """
    sign = _sign(text)
    if not sign:
        return []
    rows = spread(_without_comments(list(_rows(text, sign))))
    return [Grid("", _without_last_blanks(rows))]


def _sign(text: str) -> str:
    """The sign with which most titles are recognised; then, with which most rows are as wide."""
    start = "\n".join(text.split("\n", _LINES)[:_LINES])
    scores = {sign: _score(start, sign) for sign in _SIGNS if sign in start}
    best = max(scores, key=lambda sign: scores[sign], default="")
    return best if best and scores[best] > (0, 0.0) else ""


def _score(text: str, sign: str) -> tuple[int, float]:
    try:
        rows = [[one.text for one in row.cells] for row in _rows(text, sign, is_cut=True)]
    except SrbenchError:
        return 0, 0.0
    wide = [row for row in rows if len(row) > 1]
    if not wide:
        return 0, 0.0
    titles = max(sum(map(is_title, row)) for row in wide)
    (_, many), *_ = Counter(map(len, wide)).most_common(1)
    return titles, many / len(rows)


def _rows(text: str, sign: str, is_cut: bool = False) -> Iterator[RowOfSpans]:
    lines = (line for line in text.split("\n"))
    reader = csv.reader(
        (f"{line}\n" for line in lines), delimiter=sign, skipinitialspace=True, strict=True
    )
    line = 1
    try:
        for row in reader:
            if not is_cut:
                require_columns(line, len(row))
            if any(row) and not _RULE.fullmatch("".join(row)):
                yield RowOfSpans(line, [Spanning(cleaned(cell)) for cell in row])
            line = reader.line_num + 1
    except csv.Error as error:
        if not is_cut:
            raise SrbenchError(
                f"line {line} cannot be read: {error}", "see whether its quotation marks are closed"
            ) from error


def _without_comments(rows: Sequence[RowOfSpans]) -> Iterator[RowOfSpans]:
    """The rows but those that begin with #, unless that is the header of all columns."""
    widths = Counter(len(row.cells) for row in rows if not _is_comment(row))
    usual = widths.most_common(1)[0][0] if widths else 0
    for row in rows:
        texts = [cell.text for cell in row.cells]
        if not _is_comment(row):
            yield row
        elif len(texts) == usual and any(map(is_title, texts)):
            name = texts[0] if is_title(texts[0]) else texts[0].lstrip("# ")
            yield RowOfSpans(row.line, [Spanning(name), *row.cells[1:]])


def _is_comment(row: RowOfSpans) -> bool:
    return bool(row.cells) and row.cells[0].text.startswith("#")


def _without_last_blanks(rows: Sequence[GridRow]) -> tuple[GridRow, ...]:
    """The rows without the columns at the right that are empty in all of them."""
    widest = max((1 + max(row.distinct(), default=-1) for row in rows), default=0)
    return tuple(GridRow(row.line, row.cells[:widest]) for row in rows)
