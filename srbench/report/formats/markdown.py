"""GitHub's Markdown."""

import re
from collections.abc import Sequence

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
    findings = ["", *_fenced(table.findings)] if table.findings else []
    return "\n".join([*caption, *lines, *findings, *below]) + "\n"


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
