"""The formats that a report can be written in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from srbench.report import data, latex, markdown, text
from srbench.report.table import Table


@dataclass(frozen=True)
class Report:
    """One result for every reader: tables for eyes, flat rows for CSV, objects for JSON."""

    tables: tuple[Table, ...]
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]
    objects: Sequence[Mapping[str, Any]]


def each_table(render: Callable[[Table], str]) -> Callable[[Report], str]:
    """A renderer of reports from one of tables: an empty line between two."""
    return lambda report: "\n".join(render(table) for table in report.tables)


FORMATS: dict[str, Callable[[Report], str]] = {
    "text": each_table(text.render),
    "markdown": each_table(markdown.render),
    "latex": each_table(latex.render),
    "csv": lambda report: data.to_csv(report.columns, report.rows),
    "json": lambda report: data.to_json(report.objects),
}

SUFFIXES = {
    ".txt": "text",
    ".md": "markdown",
    ".tex": "latex",
    ".csv": "csv",
    ".json": "json",
}
