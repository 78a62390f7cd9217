"""``srbench report``: records as an HTML page."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srbench.cli.completion import complete_records
from srbench.cli.messages import tell
from srbench.cli.output import Output, OverwriteOption, destination
from srbench.errors import ROWS_FAILED, for_all, some
from srbench.files import is_file
from srbench.records.join import rows_of
from srbench.records.record import Record
from srbench.report.overview import rows_report
from srbench.report.plots.panels import panels, without_defaults
from srbench.report.plots.svg import chart
from srbench.tables import FOLDER

if TYPE_CHECKING:
    from srbench.report.formats.html import Section


def report(
    records: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RECORDS",
            help="*.jsonl files of records, or names of tables; all tables if none is given.",
            autocompletion=complete_records,
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The page to write.")
    ] = Path("report.html"),
    title: Annotated[
        str, typer.Option(metavar="TEXT", help="The page's heading.")
    ] = "What a block costs",
    overwrite: OverwriteOption = False,
) -> None:
    """Make a page of tables that sort and filter, and of plots that show their values.

    The page is one file and loads nothing: it can be mailed, or kept beside a paper.

    [bold]Examples[/bold]

      srbench report

      srbench report sweep.jsonl imagenet --output sweep.html
    """
    from srbench.cli.inputs import records_path  # here, so that --help need not load it
    from srbench.report.formats.html import page
    from srbench.tables.committed import layout_paths

    named = list(records or [path.stem for path in layout_paths(FOLDER)])
    paths = [records_path(name) for name in named]
    reads = [*paths, *(path.with_suffix(".toml") for path in paths)]
    target = destination(Output(output, "html", overwrite), reads)
    parts = for_all(_sections, named)
    target.put(page(title, [section for sections, _ in parts for section in sections]))
    raise typer.Exit(0 if all(is_sound for _, is_sound in parts) else ROWS_FAILED)


def _sections(name: str) -> "tuple[list[Section], bool]":
    """A table with its layout's columns, or a file with all columns, and a section for each
    analysis; and whether the file is sound."""
    from srbench.cli.inputs import read_records
    from srbench.report.formats.html import Section, provenance
    from srbench.tables.committed import open_table

    loaded = read_records(name)
    layout = FOLDER / f"{name}.toml"
    if is_file(layout):
        table = open_table(layout, imports=False)
        if rows := table.uncounted:
            tell(f"note: {name}: rows without a record: {some([str(row) for row in rows])}")
        report = table.exact_report()
    else:
        report = rows_report("records", rows_of(loaded.records))
    shown = rows_of(report.records)
    for block in without_defaults(shown):
        tell(f"note: {name}: rows that leave out options of {block} are not plotted against them")
    charts = [chart(panel) for panel in panels(shown)]
    analyses = [_analysis(record) for record in loaded.records if record.analysis]
    part = Section(Path(name).name, report.tables, charts, provenance(report.records))
    parts = [part] if shown or not analyses else []
    return [*parts, *analyses], not loaded.problems


def _analysis(record: Record) -> "Section":
    """The tables and the figures of an analysis."""
    from srbench.report.analysis import analysis_report
    from srbench.report.formats.html import Picture, Section, provenance
    from srbench.report.plots.analysis import figures

    assert record.analysis is not None
    pictures = [Picture(one.title, one.svg()) for one in figures(record.analysis)]
    title = f"{record.spec} on {record.analysis.key.data}"
    return Section(title, analysis_report(record).tables, (), provenance([record]), pictures)
