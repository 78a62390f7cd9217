"""Plain text for a terminal: aligned columns, stacked by group if the screen is too narrow."""

import textwrap
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from srbench.report.cells import with_titles, written
from srbench.report.labels import Branch
from srbench.report.table import Column, Table

if TYPE_CHECKING:
    from rich.console import Console

GAP = " " * 3  # between two columns
BELOW = str.maketrans("├└─", "│  ")


def render(table: Table, console: "Console | None" = None) -> str:
    """The table with full integers, in the width and colours of a console; plain without one."""
    table = table.for_lines
    if console:
        table = _fitting(table, console.width)
    parts = _parts(table, console.width) if console else [table]
    blocks = ["\n".join(_lines(part, console)) for part in parts]
    for lines, style in ((table.findings, ""), (table.words, ""), (_notes(table), "dim")):
        if lines:
            blocks.append(_styled("\n".join(lines), style, console))
    return "\n\n".join(blocks) + "\n"


def _notes(table: Table) -> tuple[str, ...]:
    said = {"full": table.notes, "short": table.brief}.get(table.look.notes, ())
    return tuple(with_titles(table, note) for note in said) if table.look.naming else said


def _fitting(table: Table, screen: int) -> Table:
    """The table without as many of its dispensable columns as there is no room for, of which a note
    tells, and without the notes that explain them. Before that, a tree's labels are cut to half of
    the screen."""
    kept, out = table, []
    if _least_width(table) > screen:
        table = kept = replace(table, rows=tuple(_cut(row, screen // 2) for row in table.rows))
    while _least_width(kept) > screen:
        ranks = [column.dispensable for column in kept.columns]
        if not any(ranks):
            break
        number = ranks.index(max(ranks))
        out.append(kept.columns[number].title)
        kept = kept.with_columns([i for i in range(len(ranks)) if i != number])
    if not out:
        return table
    note = f"Too narrow for {', '.join(reversed(out))}: widen the terminal, or choose --columns."
    others = (one for one in kept.notes if one.partition(": ")[0] not in out)
    return replace(kept, notes=(note, *others))


def _cut(row: tuple[Any, ...], width: int) -> tuple[Any, ...]:
    return tuple(cell.within(width) if isinstance(cell, Branch) else cell for cell in row)


def _parts(table: Table, screen: int) -> list[Table]:
    """Parts that fit the screen: the table, its groups of columns, or as many columns as there is
    room for, each part with the names of the rows."""
    if _least_width(table) <= screen:
        return [table]
    if groups := table.groups():
        return [table.only(group) for group in groups]
    leading = [c.hint in ("model", "name") for c in table.columns]
    others = leading.index(False) if False in leading else len(leading)
    names, parts = [*range(others)], []
    kept: list[int] = []
    for number in range(others, len(table.columns)):
        if kept and _least_width(table.with_columns([*names, *kept, number])) > screen:
            parts.append(table.with_columns([*names, *kept]))
            kept = []
        kept.append(number)
    return [*parts, table.with_columns([*names, *kept])]


def _lines(table: Table, console: "Console | None") -> Iterator[str]:
    """Titles, a rule, and the rows. Digits are never cut: the terminal wraps lines that are still
    too long."""
    titles, rows = written(table, scaled=False, naming="usual")
    headings = dict(table.headings)
    widths = _widths(table, titles, rows, console.width if console else None)
    for line in _row(titles, table.columns, widths):
        yield _styled(line, "bold", console)
    yield "─" * (sum(widths) + len(GAP) * (len(widths) - 1))
    for number, row in enumerate(rows):
        if number in table.sections:
            yield ""
        if number in headings:
            yield _styled(headings[number].plain, "italic", console)
        yield from _row(row, table.columns, widths)


def _row(texts: list[str], columns: tuple[Column, ...], widths: list[int]) -> Iterator[str]:
    """The lines of a row: one, or as many as its longest prose is broken into."""
    if not any(column.is_prose for column in columns):
        yield _line(texts, columns, widths)
        return
    cells = [
        textwrap.wrap(text, width, break_long_words=False) if column.is_prose else [text]
        for text, column, width in zip(texts, columns, widths, strict=True)
    ]
    for number in range(max(1, *map(len, cells))):
        broken = [cell[number] if number < len(cell) else "" for cell in cells]
        if number:
            broken[0] = broken[0] or _guides_below(texts[0])
        yield _line(broken, columns, widths)


def _guides_below(text: str) -> str:
    """The lines of a tree that go on below a row."""
    return text[: len(text) - len(text.lstrip("│├└─ "))].translate(BELOW)


def _line(texts: list[str], columns: tuple[Column, ...], widths: list[int]) -> str:
    padded = (
        " " * (width - cell_len(text)) + text
        if column.is_number
        else text + " " * (width - cell_len(text))
        for text, column, width in zip(texts, columns, widths, strict=True)
    )
    return GAP.join(padded).rstrip()


def _widths(
    table: Table, titles: list[str], rows: list[list[str]], screen: int | None
) -> list[int]:
    """The width of each column in characters; to fit the screen, columns of prose are narrowed, the
    widest first, down to their longest word."""
    columns = list(zip(titles, *rows, strict=True))
    widths = [max(map(cell_len, texts), default=0) for texts in columns]
    if screen is None or sum(widths) + len(GAP) * (len(widths) - 1) <= screen:
        return widths
    prose = [i for i, column in enumerate(table.columns) if column.is_prose]
    least = {i: _longest_word(columns[i]) for i in prose}
    excess = sum(widths) + len(GAP) * (len(widths) - 1) - screen
    for _ in range(excess):
        yielding = [i for i in prose if widths[i] > least[i]]
        if not yielding:
            break
        widths[max(yielding, key=widths.__getitem__)] -= 1
    return widths


def _longest_word(texts: tuple[str, ...]) -> int:
    return max((cell_len(word) for text in texts for word in text.split()), default=0)


def _least_width(table: Table) -> int:
    titles, rows = written(table, scaled=False, naming="usual")
    widths = _widths(table, titles, rows, 0)
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _styled(text: str, style: str, console: "Console | None") -> str:
    """The text in a style, wrapped between words, on a console."""
    if console is None:
        return text
    from rich.text import Text

    with console.capture() as capture:
        console.print(Text(text, style=style))
    return capture.get().rstrip("\n")
