"""The formats that a report can be written in. What writes one is loaded when it is used."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from srbench.report.table import Table

if TYPE_CHECKING:
    from srbench.records.record import Key, Record


@dataclass(frozen=True)
class Report:
    """One result for every reader: tables for eyes, flat rows for CSV, and for JSON the records
    that it is made of, or objects where it is made of none. Those ``taken`` from a file were not
    measured now."""

    tables: tuple[Table, ...]
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]
    objects: Sequence[Mapping[str, Any]] = ()
    records: "Sequence[Record]" = ()
    taken: "Collection[Key]" = ()

    def whole(self) -> Sequence[Mapping[str, Any]]:
        """All that is known, an object a row."""
        if not self.records:
            return self.objects
        from srbench.records.results import Results

        return [
            row | {"from_records": record.key in self.taken}
            for record, row in zip(self.records, Results(self.records).to_json(), strict=True)
        ]


def each_table(report: Report, render: Callable[[Table], str]) -> str:
    """The tables of a report, an empty line between two."""
    return "\n".join(render(table) for table in report.tables)


def _text(report: Report) -> str:
    from srbench.report.formats import text

    return each_table(report, text.render)


def _markdown(report: Report) -> str:
    from srbench.report.formats import markdown

    return each_table(report, markdown.render)


def _latex(report: Report) -> str:
    from srbench.report.formats import latex

    return each_table(report, latex.render)


def _csv(report: Report) -> str:
    from srbench.report.formats import data

    return data.to_csv(report.columns, report.rows)


def _html(report: Report) -> str:
    from srbench.report.formats import html

    return html.page("srbench", [html.Part(table.name, [table]) for table in report.tables])


def _json(report: Report) -> str:
    from srbench.report.formats import data

    return data.to_json(report.whole())


def _jsonl(report: Report) -> str:
    from srbench.report.formats import data

    return data.to_jsonl(report.records, report.objects)


FORMATS: dict[str, Callable[[Report], str]] = {
    "text": _text,
    "markdown": _markdown,
    "latex": _latex,
    "csv": _csv,
    "html": _html,
    "json": _json,
    "jsonl": _jsonl,
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
