"""Reads the tables of a LaTeX file, tabular and its relatives, as rows of cells."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice

from srbench.claims.reading.cell_grid import Grid, RowOfSpans, Spanning, require_columns, spread
from srbench.claims.reading.latex_markup import plain_text, spanning_text

_COMMENT = re.compile(r"\\[\s\S]|%[^\n]*")
_NAMES = """tabular tabularx tabulary tabu longtable longtabu supertabular xltabular tblr longtblr
    NiceTabular array"""
_TABLES = frozenset(_NAMES.split())
_EDGE = re.compile(r"\\(begin|end)\s?\{([A-Za-z]{1,30})\*?\}")
_FLOATS = frozenset(("table", "wraptable", "sidewaystable", "subtable", "margintable"))
_CAPTION = re.compile(r"\\(?:caption|subcaption|captionof\s?\{[a-z]+\})\*?\s?(?=[\[{])")
_PARTS_OF_PAGES = re.compile(r"\\end(?:firsthead|head|foot|lastfoot)(?![A-Za-z])")
_PIECE = re.compile(
    r"\\begin\s?\{[A-Za-z]+\*?\}|\\end\s?\{[A-Za-z]+\*?\}|"
    r"\\\\\*?(?:\s{0,5}\[\s?-?[\d.]+\s?(?:pt|em|ex|mm|cm|in|\\\w+)[^\]\n]{0,40}\])?|"
    r"\\tabularnewline(?![A-Za-z])|\\(?:toprule|midrule|bottomrule|hline|Xhline|specialrule|thickhline)"
    r"(?![A-Za-z])|\\[\s\S]|[{}&]",
)
_AMPERSAND = re.compile(r"[^\\]&")
_MOST_TABLES = 500
_LONGEST_CELL = 5000


def grids(text: str) -> list[Grid]:
    """The tables of a LaTeX file, or of rows that stand alone.

    Raises SrbenchError for a row with more than 200 columns, and for braces nested too deeply.
    """
    text = _COMMENT.sub(lambda found: found[0] if found[0][0] == "\\" else "", text)
    lines = [found.start() for found in re.finditer("\n", text)]
    bodies = list(islice(_bodies(text), _MOST_TABLES))
    captions = _captions(text, [start for start, _ in bodies]) if bodies else []
    if not bodies and r"\\" in text and _AMPERSAND.search(text):
        bodies, captions = [(0, len(text))], [""]
    return [
        Grid(caption, spread(_rows(text, start, end, lines)), has_spans=True)
        for (start, end), caption in zip(bodies, captions, strict=True)
    ]


def _bodies(text: str) -> Iterator[tuple[int, int]]:
    """Where each outermost table's rows begin and end."""
    depth, start = 0, 0
    for edge in _EDGE.finditer(text):
        if edge[2] not in _TABLES:
            continue
        if edge[1] == "begin":
            start = edge.end() if depth == 0 else start
            depth += 1
        elif depth:
            depth -= 1
            if depth == 0:
                yield _after_arguments(text, start), edge.start()
    if depth:  # it is never ended
        yield _after_arguments(text, start), len(text)


def _after_arguments(text: str, position: int) -> int:
    """The position after the groups that follow \\begin: the width and the columns."""
    while match := re.compile(r"\s{0,20}([\[{])").match(text, position):
        end = _end_of_group(text, match.start(1))
        if end is None:
            return position
        position = end
    return position


def _end_of_group(text: str, start: int) -> int | None:
    opened, closed = text[start], {"[": "]", "{": "}"}[text[start]]
    depth = 0
    for place in range(start, min(len(text), start + 2000)):
        depth += (text[place] == opened) - (text[place] == closed)
        if depth == 0:
            return place + 1
    return None


def _captions(text: str, starts: list[int]) -> list[str]:
    """The caption of each table: of several in a float that all have one, each its own."""
    matches = islice(_CAPTION.finditer(text), _MOST_TABLES)
    found = [(match.start(), _caption(text, match.end())) for match in matches]
    floats = _float_edges(text)
    result = []
    for start in starts:
        place = bisect_right(floats, start)
        low = floats[place - 1] if place else 0
        high = floats[place] if place < len(floats) else len(text) + 1
        inside = [caption for at, caption in found if low <= at < high]
        tables = [other for other in starts if low <= other < high]
        own = tables.index(start) if len(inside) == len(tables) else 0
        result.append(inside[own] if inside and (floats or len(starts) == 1) else "")
    return result


def _float_edges(text: str) -> list[int]:
    return [
        edge.start() if edge[1] == "begin" else edge.end()
        for edge in _EDGE.finditer(text)
        if edge[2] in _FLOATS or edge[2].startswith("longt")
    ]


def _caption(text: str, position: int) -> str:
    if text[position : position + 1] == "[":
        position = _end_of_group(text, position) or position
    end = _end_of_group(text, position) if text[position : position + 1] == "{" else None
    printed = plain_text(text[position + 1 : end - 1]) if end else ""
    return re.sub(r"\s(?=[.,;])", "", printed)  # a reference was there


def _rows(text: str, start: int, end: int, lines: list[int]) -> Iterator[RowOfSpans]:
    """The rows of one table; of a longtable only the first header, and no foot."""
    parts = [match.span() for match in _PARTS_OF_PAGES.finditer(text, start, end)]
    if parts:
        yield from _plain_rows(text, start, parts[0][0], lines)
        start = parts[-1][1]
    yield from _plain_rows(text, start, end, lines)


def _plain_rows(text: str, start: int, end: int, lines: list[int]) -> Iterator[RowOfSpans]:
    cells: list[Spanning] = []
    cell_start = row_start = start
    depth, is_ruled = 0, False
    for piece in _PIECE.finditer(text, start, end):
        token = piece[0]
        depth = max(0, depth + _deeper(token))
        if depth:
            continue
        if token == "&":
            cells.append(_cell(text, cell_start, piece.start()))
            require_columns(_line(text, row_start, lines), len(cells))
            cell_start = piece.end()
        elif token.startswith((r"\\", r"\tabularnewline")):
            cells.append(_cell(text, cell_start, piece.start()))
            yield RowOfSpans(_line(text, row_start, lines), cells, is_ruled)
            cells, cell_start, row_start, is_ruled = [], piece.end(), piece.end(), False
        elif _is_rule(token) and not cells:
            is_ruled = True
            row_start = piece.end()
    if cells or text[cell_start:end].strip():
        cells.append(_cell(text, cell_start, end))
        yield RowOfSpans(_line(text, row_start, lines), cells, is_ruled)


def _cell(text: str, start: int, end: int) -> Spanning:
    return spanning_text(text[start : min(end, start + _LONGEST_CELL)])


def _deeper(token: str) -> int:
    if token == "{" or token.startswith(r"\begin"):
        return 1
    return -1 if token == "}" or token.startswith(r"\end") else 0


def _is_rule(token: str) -> bool:
    return token.endswith(("rule", "line")) and token != r"\tabularnewline"


def _line(text: str, position: int, lines: list[int]) -> int:
    """The line on which something is printed after a position, from 1."""
    blank = re.compile(r"(?:\s|\\(?:cmidrule|cline)(?:\([lr]+\))?\{[^{}]{0,20}\}|\\addlinespace)*+")
    match = blank.match(text, position)
    return 1 + bisect_right(lines, (match.end() if match else position) - 1)
