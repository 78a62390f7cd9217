"""The formats that a report can be written in."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from srbench.records import Key, Record
from srbench.report import data, latex, markdown, page, text
from srbench.report.table import Table
from srbench.results import Results


@dataclass(frozen=True)
class Report:
    """One result for every reader: tables for eyes, flat rows for CSV, and for JSON the records
    that it is made of, or objects where it is made of none. Those ``taken`` from a file were not
    measured now."""

    tables: tuple[Table, ...]
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]
    objects: Sequence[Mapping[str, Any]] = ()
    records: Sequence[Record] = ()
    taken: Collection[Key] = ()

    def whole(self) -> Sequence[Mapping[str, Any]]:
        """All that is known, an object a row."""
        if not self.records:
            return self.objects
        return [
            row | {"from_records": record.key in self.taken}
            for record, row in zip(self.records, Results(self.records).to_json(), strict=True)
        ]


def each_table(render: Callable[[Table], str]) -> Callable[[Report], str]:
    """A renderer of reports from one of tables: an empty line between two."""
    return lambda report: "\n".join(render(table) for table in report.tables)


FORMATS: dict[str, Callable[[Report], str]] = {
    "text": each_table(text.render),
    "markdown": each_table(markdown.render),
    "latex": each_table(latex.render),
    "csv": lambda report: data.to_csv(report.columns, report.rows),
    "html": lambda report: page.page(
        "srbench", [page.Part(table.name, [table]) for table in report.tables]
    ),
    "json": lambda report: data.to_json(report.whole()),
    "jsonl": lambda report: data.to_jsonl(report.records, report.objects),
}

SUFFIXES = {
    ".txt": "text",
    ".md": "markdown",
    ".tex": "latex",
    ".csv": "csv",
    ".html": "html",
    ".json": "json",
    ".jsonl": "jsonl",
}
