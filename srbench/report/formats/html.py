"""A page of tables and plots that loads no other file."""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srbench._version import __version__
from srbench.errors import several
from srbench.records.printable import all_printable
from srbench.records.record import UNKNOWN, Record
from srbench.report.arranging import number_of
from srbench.report.cells import with_titles, written
from srbench.report.formats import Report
from srbench.report.formats.html_tree import INDENT, Place, places, style
from srbench.report.labels import Name
from srbench.report.origin import dates
from srbench.report.plots.svg import HEIGHT, WIDTH, Chart
from srbench.report.ranks import ranks, shown_notes
from srbench.report.table import Table

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATE = Path(__file__).with_name("page.html.jinja")


@dataclass(frozen=True)
class Picture:
    """A picture with its caption, as SVG."""

    caption: str
    svg: bytes

    @property
    def source(self) -> str:
        """The picture as a URL, which a page can show without loading anything."""
        return f"data:image/svg+xml;base64,{b64encode(self.svg).decode()}"


@dataclass(frozen=True)
class Section:
    """A heading, the tables below it, the plots of their rows and other pictures, and where the
    numbers are from."""

    title: str
    tables: Sequence[Table]
    charts: Sequence[Chart] = ()
    provenance: Sequence[tuple[str, str]] = ()
    pictures: Sequence[Picture] = ()


def to_html(report: Report) -> str:
    """A page of a report's tables."""
    return page("srbench", [Section(table.name, [table]) for table in report.tables])


def page(title: str, parts: Iterable[Section]) -> str:
    """The page as HTML, which sorts and filters its tables and shows the numbers of its plots."""
    grids = [(part, [_Grid(table) for table in part.tables]) for part in parts]
    trees = [one.table for _, of_part in grids for one in of_part if one.places]
    return _template().render(
        title=title,
        parts=grids,
        version=__version__,
        width=WIDTH,
        height=HEIGHT,
        widest=max((len(table.columns) for table in trees), default=0),
        indent=INDENT,
    )


def provenance(records: Iterable[Record]) -> list[tuple[str, str]]:
    """What the records were measured with, and why figures were changed, each once."""
    records = list(records)
    said: dict[tuple[str, str], None] = {}
    if measured := [record for record in records if not record.published]:
        said["made", dates(measured)] = None
        without = sum(record.fingerprint == UNKNOWN for record in measured)
        unknown = f"unknown for {several(without, 'row')}" if without else ""
        said["code", unknown or "a fingerprint on every row"] = None
    for record in records:
        for name, value in _facts(record.environment):
            said.setdefault((name, value))
        if record.published:
            said.setdefault(("published", record.published.source))
        if record.reason:
            said.setdefault((f"changed: {record.row}", record.reason))
    return list(said)


class _Grid:
    """A table for the template: titles, and rows of cells with their sort keys, or the places of a
    tree."""

    rows: Sequence[Any] = ()
    places: Sequence[Place] = ()
    style = ""

    def __init__(self, table: Table) -> None:
        table = table.for_lines
        if table.look.naming == "short":  # which would say nothing once the rows are sorted
            table = replace(table, look=replace(table.look, naming="title"))
        self.table = table
        self.titles, texts = written(table, scaled=False)
        self.headings = dict(table.headings)
        marks = ranks(table)
        self.caption = with_titles(table, table.caption)
        self.notes = [with_titles(table, note) for note in shown_notes(table)]
        if table.is_tree:
            self.places = list(places(table, texts))
            self.style = style(table, self.titles, texts)
            return
        self.rows = [
            (
                number in table.sections,
                [
                    (text, _sort_key(value), marks.get((number, column)), _spec(value, text))
                    for column, (text, value) in enumerate(zip(cells, values, strict=True))
                ],
            )
            for number, (cells, values) in enumerate(zip(texts, table.rows, strict=True))
        ]


def _spec(value: Any, text: str) -> str:
    """The spec of a model that is called otherwise; empty for any other cell."""
    return value.spec if isinstance(value, Name) and value.spec != text else ""


def _facts(environment: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    return ((name, str(value)) for name, value in environment.items() if value is not None)


def _sort_key(value: Any) -> str | float | int:
    """The sort key of a cell: its number, else its text; empty for a missing value."""
    number = number_of(value)
    return number if number is not None else "" if value is None else str(value)


@cache
def _template() -> "Template":
    from jinja2 import Environment

    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, finalize=all_printable
    )
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
