"""GitHub's Markdown."""

from srbench.report.ranks import Rank, notes, ranks
from srbench.report.table import Table, written

_MARKS = {None: "{}", Rank.BEST: "**{}**", Rank.SECOND: "<ins>{}</ins>"}


def render(table: Table) -> str:
    """A pipe table, the caption above it and the notes below as a list."""
    titles, rows = written(table, scaled=True)
    rule = ["---:" if column.is_number else ":---" for column in table.columns]
    lines = [_line([_escaped(title) for title in titles]), _line(rule)]
    marks = ranks(table)
    lines += [
        _line([_MARKS[marks.get((r, c))].format(_escaped(cell)) for c, cell in enumerate(row)])
        for r, row in enumerate(rows)
    ]
    caption = [_escaped(table.caption), ""] if table.caption else []
    said = notes(table)
    below = ["", *(f"- {_escaped(note)}" for note in said)] if said else []
    findings = ["", "```", *table.findings, "```"] if table.findings else []
    return "\n".join([*caption, *lines, *findings, *below]) + "\n"


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _escaped(text: str) -> str:
    text = " ".join(text.split())
    return "".join(f"\\{c}" if c in r"\`*_|<>[]" else c for c in text)
