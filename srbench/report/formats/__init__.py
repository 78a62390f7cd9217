"""The formats that a report can be written in. A writer is loaded when it is used."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from srbench.errors import SrbenchError
from srbench.report.table import Table

if TYPE_CHECKING:
    from srbench.records.record import Key, Record


@dataclass(frozen=True)
class Report:
    """One result in several forms: tables for readers, flat rows for CSV, and for JSON the records
    that it is made of, or objects if it is made of none. Records ``taken`` from a file were not
    measured now."""

    tables: tuple[Table, ...]
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]
    objects: Sequence[Mapping[str, Any]] = ()
    records: "Sequence[Record]" = ()
    taken: "Collection[Key]" = ()

    def __str__(self) -> str:
        """The tables as text."""
        return FORMATS["text"](self).rstrip("\n")

    def whole(self) -> Sequence[Mapping[str, Any]]:
        """All that is known, one object per row."""
        if not self.records:
            return self.objects
        from srbench.records.results import Results

        return [
            row | {"from_records": record.key in self.taken}
            for record, row in zip(self.records, Results(self.records).to_json(), strict=True)
        ]


def each_table(report: Report, render: Callable[[Table], str]) -> str:
    """The tables of a report, with an empty line between them."""
    return "\n".join(render(table) for table in report.tables)


@dataclass(frozen=True)
class Format:
    """The suffix of its files, and the function that writes it, which is loaded when it is used.

    The function writes a whole report, or with ``is_by_table`` one table of it.
    """

    suffix: str
    writer: str
    is_by_table: bool = False

    def __call__(self, report: Report) -> str:
        write = resolve_name(f"{__name__}.{self.writer}")
        text: str = each_table(report, write) if self.is_by_table else write(report)
        return text


FORMATS = {
    "text": Format(".txt", "text:render", is_by_table=True),
    "markdown": Format(".md", "markdown:render", is_by_table=True),
    "latex": Format(".tex", "latex:render", is_by_table=True),
    "csv": Format(".csv", "csv_json:to_csv"),
    "html": Format(".html", "html:to_html"),
    "json": Format(".json", "csv_json:to_json"),
    "jsonl": Format(".jsonl", "csv_json:to_jsonl"),
}
SUFFIXES = {one.suffix: name for name, one in FORMATS.items()}


def format_of(path: Path, remedy: str = "") -> str:
    """The format of a file by its suffix. Raises SrbenchError for an unknown one."""
    if path.suffix.lower() not in SUFFIXES:
        raise SrbenchError(
            f"{path} has an unknown suffix",
            f"use one of the suffixes {', '.join(SUFFIXES)}{remedy}",
        )
    return SUFFIXES[path.suffix.lower()]
