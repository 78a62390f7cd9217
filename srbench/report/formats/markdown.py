"""GitHub's Markdown."""

import re
from collections.abc import Sequence

from srbench.report.cells import with_titles, written
from srbench.report.ranks import Rank, brief_notes, notes, ranks
from srbench.report.table import Table

_MARKS = {None: "{}", Rank.BEST: "**{}**", Rank.SECOND: "<ins>{}</ins>"}


def render(table: Table) -> str:
    """A pipe table, the caption above it and the notes below as a list; notes that its look leaves
    out are a comment."""
    table = table.for_lines
    titles, rows = written(table, scaled=True)
    headings = dict(table.headings)
    rule = ["---:" if column.is_number else ":---" for column in table.columns]
    lines = [_line([_escaped(title) for title in titles]), _line(rule)]
    marks = ranks(table)
    for r, row in enumerate(rows):
        if r in headings:
            lines.append(_line([f"**{_escaped(headings[r].plain)}**", *("" for _ in titles[1:])]))
        cells = [_MARKS[marks.get((r, c))].format(_escaped(cell)) for c, cell in enumerate(row)]
        lines.append(_line(cells))
    caption = [_escaped(with_titles(table, table.caption)), ""] if table.caption else []
    findings = ["", *_fenced(table.findings)] if table.findings else []
    return "\n".join([*caption, *lines, *findings, *prose(table.words), *_notes(table)]) + "\n"


def prose(words: Sequence[str]) -> list[str]:
    """Sentences as a paragraph, after an empty line."""
    return ["", _escaped(" ".join(words))] if words else []


def _notes(table: Table) -> list[str]:
    """The notes as a list or, if they are short, as a line; the others as a comment."""
    every = [with_titles(table, note) for note in notes(table)]
    if table.look.notes == "full":
        return ["", *(f"- {_escaped(note)}" for note in every)] if every else []
    brief = " ".join(with_titles(table, note) for note in brief_notes(table))
    shown = ["", _escaped(brief)] if brief and table.look.notes == "short" else []
    hidden = (
        ["", "<!--", *(re.sub("-(?=[->])", "- ", note) for note in every), "-->"] if every else []
    )
    return [*shown, *hidden]


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _escaped(text: str) -> str:
    """The text with everything escaped that is Markdown syntax or an HTML character reference."""
    return re.sub(r"[\\`*_|<>\[\]]|&(?=#?\w)", r"\\\g<0>", " ".join(text.split()))


def _fenced(lines: Sequence[str]) -> list[str]:
    """The lines as they are, between fences longer than any in them."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence, *lines, fence]
