"""GitHub's Markdown."""

from srbench.report.table import Table, written


def render(table: Table) -> str:
    """A pipe table, the caption above it and the notes below as a list."""
    titles, rows = written(table, scaled=True)
    rule = ["---:" if column.is_number else ":---" for column in table.columns]
    lines = [_line([_escaped(title) for title in titles]), _line(rule)]
    lines += [_line([_escaped(cell) for cell in row]) for row in rows]
    caption = [_escaped(table.caption), ""] if table.caption else []
    notes = ["", *(f"- {_escaped(note)}" for note in table.notes)] if table.notes else []
    return "\n".join([*caption, *lines, *notes]) + "\n"


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _escaped(text: str) -> str:
    text = " ".join(text.split())
    return "".join(f"\\{c}" if c in r"\`*_|<>[]" else c for c in text)
