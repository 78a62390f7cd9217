"""Are the committed Markdown, LaTeX and CSV, byte for byte, what the records produce?

Line endings are ignored: Git may change them to CRLF.
"""

import csv
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

from srbench.check.findings import Finding
from srbench.errors import several
from srbench.tables.committed import RENDERINGS, Committed, with_line_feeds

REMEDY = "srbench table {table} --render-only"
RECORDS_FIRST = (
    "correct the records first: they do not match the code, and this file is made from them"
)


def check_renderings(table: Committed, is_true: bool = True) -> Iterator[Finding]:
    """A finding for every file that is missing, stale or edited, with the first cell that differs.

    If the records themselves are not true, rendering them again is not the remedy.
    """
    for path, expected in table.renderings():
        remedy = REMEDY.format(table=table.name) if is_true else RECORDS_FIRST
        try:
            found = with_line_feeds(path.read_bytes())
        except OSError as error:
            why = "is missing" if isinstance(error, FileNotFoundError) else str(error.strerror)
            yield Finding("rendering", table.name, f"{path.name} {why}", (), remedy, file=path)
            continue
        if found != expected.encode():
            text = found.decode(errors="replace")
            line, details = _first_difference(path, text, expected)
            message = f"{path.name} line {line} is not what the records produce"
            yield Finding("rendering", table.name, message, details, remedy, "", path, line)


def orphans(folder: Path, tables: Sequence[Committed]) -> Iterator[Finding]:
    """A finding for every file in the folder that belongs to no layout."""
    known = {path for table in tables for path, _ in table.renderings()}
    known |= {loaded.path for table in tables for _, loaded in table.times}
    known |= {table.loaded.path for table in tables}
    for path in sorted(folder.iterdir()):
        name = path.stem.partition(".")[0]
        ours = path.suffix in (*RENDERINGS, ".jsonl") and name != "README"
        if ours and path not in known:
            yield Finding(
                "extra",
                path.stem,
                f"{path.name} belongs to no layout",
                (),
                f"add {name}.toml, or delete it",
                file=path,
            )


def _first_difference(path: Path, found: str, expected: str) -> tuple[int, tuple[str, ...]]:
    """The first differing line's number, from 1, and the difference: one cell, if that is all."""
    lines = zip_longest(found.split("\n"), expected.split("\n"))
    for number, (is_, should) in enumerate(lines, start=1):
        if is_ == should:
            continue
        if is_ is None or should is None:
            return number, (f"{'more' if should is None else 'fewer'} lines than there should be",)
        cells = _CELLS[path.suffix]
        pairs = list(zip_longest(cells(is_), cells(should), fillvalue=""))
        differing = [(i, pair) for i, pair in enumerate(pairs, start=1) if pair[0] != pair[1]]
        if len(differing) != 1:
            break
        cell, (is_, should) = differing[0]
        title = _titles(path.suffix, expected).get(cell, "")
        where = f"cell {cell}{f' ({title})' if title else ''} of the row {pairs[0][1].strip()}"
        return number, (f"{where}: {_apart(is_, should)}", *_and_more(found, expected))
    else:
        return number, ("other line endings than there should be",)
    return number, (_apart(is_, should), *_and_more(found, expected))


def _apart(is_: str, should: str) -> str:
    """The text found and the expected one, written so that a difference in spaces is visible."""
    if is_.strip() == should.strip():
        return f"{is_!r}, should be {should!r}"
    return f"“{is_.strip()}”, should be “{should.strip()}”"


def _and_more(found: str, expected: str) -> tuple[str, ...]:
    pairs = zip_longest(found.split("\n"), expected.split("\n"))
    others = sum(is_ != should for is_, should in pairs) - 1
    return (f"and {several(others, 'other line')} of the file",) if others else ()


def _titles(suffix: str, expected: str) -> dict[int, str]:
    """The columns' titles by number, from the line above the first row."""
    lines = expected.split("\n")
    rules = {".md": "| :---", ".tex": r"    \midrule", ".csv": None}
    rule = rules[suffix]
    at = next((n for n, line in enumerate(lines) if rule and line.startswith(rule)), 1)
    return {n: title.strip(" \\") for n, title in enumerate(_CELLS[suffix](lines[at - 1]), start=1)}


def _csv_cells(line: str) -> list[str]:
    try:
        return next(csv.reader([line]), [])
    except csv.Error:  # not valid CSV, so srbench did not write it
        return [line]


_CELLS: dict[str, Callable[[str], list[str]]] = {
    ".md": lambda line: line.strip("|").split(" | "),
    ".tex": lambda line: line.split("&"),
    ".csv": _csv_cells,
}
