"""Reads a table in whichever format it is: told from the content, the file's suffix first."""

import re
from collections.abc import Callable, Sequence
from pathlib import PurePath

from srbench.claims.paper import PaperTable
from srbench.claims.reading import delimited, latex_grid, markdown_grid
from srbench.claims.reading.cell_grid import Grid
from srbench.claims.reading.headers import headers, is_transposed
from srbench.claims.reading.paper_tables import paper_tables
from srbench.claims.reading.titles import EXAMPLES, understood
from srbench.errors import SrbenchError

MOST_CHARACTERS = 2_000_000
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\ufffd]")
_ADVICE = "give a CSV, Markdown or LaTeX table with a header, such as: Model,Params (M),FLOPs (G)"

Reader = Callable[[str], Sequence[Grid]]
_READERS: dict[str, Reader] = {
    "latex": latex_grid.grids,
    "markdown": markdown_grid.grids,
    "delimited": delimited.grids,
}
_SUFFIXES = {
    ".tex": "latex",
    ".md": "markdown",
    ".markdown": "markdown",
    ".csv": "delimited",
    ".tsv": "delimited",
}


def read_tables(text: str, name: str) -> tuple[PaperTable, ...]:
    """The tables of a paper that have columns of parameters or FLOPs.

    ``name`` is the file's, for messages and as a title. Raises SrbenchError if there is no such
    table, with the header that was found.
    """
    text = _checked(text, name)
    found: list[Grid] = []
    errors: list[SrbenchError] = []
    for form in _order(text, name):
        try:
            grids = _READERS[form](text)
        except SrbenchError as error:
            errors.append(error)
            continue
        tables = [table for grid in grids for table in paper_tables(grid, name)]
        if tables:
            return tuple(tables)
        found += grids
    if errors and not any(len(row.distinct()) > 1 for grid in found for row in grid.rows):
        raise SrbenchError(f"{name}: {errors[0].message}", errors[0].hint)
    raise _not_recognised(found, name)


def _checked(text: str, name: str) -> str:
    """The text with one kind of line end. Raises SrbenchError if it is too long, or no text."""
    if len(text) > MOST_CHARACTERS:
        raise SrbenchError(
            f"{name} has {len(text) / 1e6:.0f} million characters, too many for a table",
            "give the table alone",
        )
    if _CONTROLS.search(text):
        raise SrbenchError(f"{name} is not text", "give a CSV, Markdown or LaTeX file, in UTF-8")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise SrbenchError(f"{name} is empty", _ADVICE)
    return text


def _order(text: str, name: str) -> list[str]:
    """The formats to try: what the content shows, then what the suffix says, then the others."""
    hint = _SUFFIXES.get(PurePath(name).suffix.casefold(), "delimited")
    is_latex = bool(re.search(r"\\begin\s?\{(?:x|long|super)?tab|\\\\\s*(?:\n|$)|\\hline", text))
    is_markdown = bool(re.search(r"^[|:\s-]{0,20}-[|:\s-]{0,20}\|?", text, re.MULTILINE))
    shown = [form for form, is_so in (("latex", is_latex), ("markdown", is_markdown)) if is_so]
    first = [hint] if hint in shown or (hint == "delimited" and not shown) else []
    return list(dict.fromkeys([*first, *shown, hint, "markdown", "latex", "delimited"]))


def _not_recognised(grids: Sequence[Grid], name: str) -> SrbenchError:
    rows = [row for grid in grids for row in grid.rows if len(row.distinct()) > 1]
    if not rows:
        return SrbenchError(f"there is no table in {name}", _ADVICE)
    if any(map(understood, (t for grid in grids for one in headers(grid) for t in one.titles))):
        return SrbenchError(
            f"{name}: no column names the networks, in the header {_shown(_header_of(grids))}",
            "add a first column with their names, titled Model",
        )
    if is_transposed(rows):
        return SrbenchError(
            f"{name}: its rows, not its columns, are titled as counts",
            "transpose it: a line for each network, and a column for each count",
        )
    return SrbenchError(
        f"{name}: no column of parameters or FLOPs in its header {_shown(rows[0].cells)}",
        f"title a column as in {EXAMPLES}",
    )


def _header_of(grids: Sequence[Grid]) -> Sequence[str]:
    return next(grid.rows[one.last].cells for grid in grids for one in headers(grid))


def _shown(cells: Sequence[str]) -> str:
    text = " | ".join(cells)
    return f"“{text if len(text) <= 120 else f'{text[:119]}…'}”"
