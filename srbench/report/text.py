"""Plain text for a terminal: aligned columns, stacked by group where the screen is too narrow."""

from io import StringIO

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from srbench.report.table import Table, written

UNLIMITED = 100_000
GAP = 3  # between two columns


def render(table: Table, console: Console | None = None) -> str:
    """The table with full integers, in the width and colours of a console; plain without one."""
    if console is None:
        console = Console(file=StringIO(), width=UNLIMITED, color_system=None, highlight=False)
    screen = console.width
    parts = [table]
    if _width(table) > screen:
        parts = [table.only(group) for group in table.groups()] or parts
    with console.capture() as capture:
        for number, part in enumerate(parts):
            if number:
                console.print()
            # Digits are never cut: what does not fit even so is left to the terminal to wrap.
            console.width = max(screen, _width(part))
            console.print(_rich(part))
        console.width = screen
        if table.notes:
            console.print()
        for note in table.notes:
            console.print(Text(note, style="dim"), soft_wrap=screen == UNLIMITED)
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def _width(table: Table) -> int:
    """Characters that the table needs at least: prose breaks between words, the rest nowhere."""
    titles, rows = written(table, scaled=False)
    needed = 0
    for column, texts in zip(table.columns, zip(titles, *rows, strict=True), strict=True):
        pieces = [word for text in texts for word in text.split()] if column.is_prose else texts
        needed += max((cell_len(piece) for piece in pieces), default=0)
    return needed + GAP * (len(table.columns) - 1)


def _rich(table: Table) -> RichTable:
    titles, rows = written(table, scaled=False)
    drawn = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
    for title, column in zip(titles, table.columns, strict=True):
        drawn.add_column(
            Text(title),
            justify="right" if column.is_number else "left",
            no_wrap=not column.is_prose,
            overflow="fold",
        )
    for index, row in enumerate(rows):
        if index in table.sections:
            drawn.add_section()
        drawn.add_row(*(Text(cell) for cell in row))
    return drawn
