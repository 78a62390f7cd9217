"""``srbench report``: records as an HTML page, or as tables and plots in any format."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srbench.cli.completion import complete_records
from srbench.cli.look_options import checked, with_look
from srbench.cli.messages import tell
from srbench.cli.output import (
    STDOUT,
    Output,
    OverwriteOption,
    destination,
    file_option,
    format_option,
    require_beside,
)
from srbench.errors import ROWS_FAILED, for_all, some
from srbench.files import is_file
from srbench.records.join import rows_of
from srbench.records.record import Record
from srbench.records.results import Results
from srbench.report import overview, times
from srbench.report.columns import with_sized
from srbench.report.formats import Report
from srbench.report.formats.prose import require_prose, write_words
from srbench.report.layers import Shown, layers_report
from srbench.report.look import Look
from srbench.report.overview import KINDS, rows_report
from srbench.report.plots.matplotlib import require_picture
from srbench.report.plots.panel_files import plot_panels
from srbench.report.plots.panels import panels, without_defaults
from srbench.report.plots.points import Panel
from srbench.report.plots.svg import chart
from srbench.report.plots.times import plot_times
from srbench.report.table import Table
from srbench.report.times import times_report
from srbench.tables import FOLDER

COLUMNS = (*overview.COLUMNS, *times.COLUMNS)

if TYPE_CHECKING:
    from srbench.records.jsonl import Loaded
    from srbench.report.formats.html import Section
    from srbench.tables.history import History


@with_look
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
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The page to write; with --format or another suffix, tables in that format, - for "
            "the terminal.",
        ),
    ] = Path("report.html"),
    form: Annotated[str | None, format_option("that of --output's suffix")] = None,
    plot: Annotated[
        Path | None,
        file_option("Draw the plots as well: .pdf, .png or .svg; {} in its name: a file for each."),
    ] = None,
    title: Annotated[
        str, typer.Option(metavar="TEXT", help="The page's heading.")
    ] = "What a block costs",
    words: Annotated[
        Path | None,
        file_option("Write overheads of times in words, for a rebuttal: .txt, .md or .tex."),
    ] = None,
    overwrite: OverwriteOption = False,
    *,
    look: Look,
) -> None:
    """Make a page of tables that sort and filter, and of plots that show their values.

    The page is one file and loads nothing: it can be mailed, or kept beside a paper. It has the
    history of a table in git whose figures have changed, and the modules of networks whose records
    list them, as a tree that opens and closes. In another format, records that were measured before
    become a table again.

    [bold]Examples[/bold]

      srbench report

      srbench report sweep.jsonl imagenet --output sweep.html

      srbench report sweep.jsonl -o sweep.tex --style cvpr --plot sweep.pdf
    """
    # Here, so that --help need not load them.
    from srbench.cli.inputs import read_records, records_path
    from srbench.report.formats.html import page
    from srbench.tables.committed import layout_paths

    named = list(records or [path.stem for path in layout_paths(FOLDER)])
    paths = [records_path(name) for name in named]
    reads = [*paths, *(path.with_suffix(".toml") for path in paths)]
    to = Output(output, form or ("html" if output == STDOUT else None), overwrite)
    if plot:
        require_picture(plot)
    if words:
        require_prose(words)
    require_beside(to, [path for path in (plot, words) if path], reads)
    target = destination(to, reads)
    loaded = for_all(read_records, named)
    specs = dict.fromkeys(record.spec for one in loaded for record in one.records)
    look = checked(look, with_sized(COLUMNS, look.columns, KINDS), specs)
    of_files = zip(named, loaded, strict=True)
    found = for_all(lambda one: _parts(*one, look), of_files)
    parts = [part for of_file in found for part in of_file]
    if target.form == "html":
        past = _histories(named, look)
        sections = [
            section
            for name, of_file in zip(named, found, strict=True)
            for section in (*(part.section for part in of_file), *past.get(name, ()))
        ]
        target.put(page(title, sections))
    else:
        target.write(_whole([part.report for part in parts]))
    for path in (*(_plot(parts, plot, look) if plot else ()), *_words(parts, words, look)):
        tell(f"wrote {path}")
    raise typer.Exit(ROWS_FAILED if any(one.problems for one in loaded) else 0)


@dataclass(frozen=True)
class _Part:
    """What there is to show of a file, or of an analysis in it."""

    section: "Section"
    report: Report
    panels: Sequence[Panel] = ()


def _whole(reports: Sequence[Report]) -> Report:
    """Several reports as one, with their rows for CSV and their records for JSON."""
    columns = tuple(dict.fromkeys(name for one in reports for name in one.columns))
    return Report(
        tuple(table for one in reports for table in one.tables),
        columns,
        [dict.fromkeys(columns) | dict(row) for one in reports for row in one.rows],
        records=[record for one in reports for record in one.records],
    )


def _plot(parts: Sequence[_Part], path: Path, look: Look) -> list[Path]:
    """Draw what varies, or else times with their intervals."""
    if drawn := [panel for part in parts for panel in part.panels]:
        return plot_panels(drawn, path, look.style, look.wide)
    return plot_times(_timed(parts), path, look) or plot_panels([], path)


def _words(parts: Sequence[_Part], path: Path | None, look: Look) -> list[Path]:
    return [write_words(_timed(parts), path, look)] if path else []


def _timed(parts: Sequence[_Part]) -> Results:
    return Results([one for part in parts for one in part.report.records if one.timing])


def _parts(name: str, loaded: "Loaded", look: Look) -> list[_Part]:
    """A table with its layout's columns, or a file with all columns, and a part for each
    analysis."""
    from srbench.report.formats.html import Section, provenance

    report = _report(name, loaded.records, look)
    report = replace(report, tables=(*report.tables, *_layers(report.records, look)))
    shown = rows_of(report.records)
    for block in without_defaults(shown):
        tell(f"note: {name}: rows that leave out options of {block} are not plotted against them")
    plots = panels(shown, look.names)
    analyses = [
        *(_analysis(record) for record in loaded.records if record.analysis),
        *_claims([record for record in loaded.records if record.claim], look),
    ]
    section = Section(
        Path(name).name, report.tables, [chart(one) for one in plots], provenance(report.records)
    )
    parts = [_Part(section, report, plots)] if shown or not analyses else []
    return [*parts, *analyses]


def _layers(records: Sequence[Record], look: Look) -> Iterator[Table]:
    """The modules of every record that lists them, as `srbench layers` shows them."""
    listed = [record for record in records if record.counts and record.counts.layers]
    for number, record in enumerate(listed, start=1):
        name = f"layers-{number}" if len(listed) > 1 else "layers"
        label = f"{look.label}-{name}" if look.label else ""
        own = Look(look.style, notes=look.notes, label=label, position=look.position)
        for table in layers_report(record, Shown(look=own)).tables:
            yield replace(table, name=name)


def _histories(names: Sequence[str], look: Look) -> "dict[str, list[Section]]":
    """The histories of the tables among the names, where one has changed since its first commit.

    Without git, or outside a repository, there are none.
    """
    from srbench.records.steps import have_changed
    from srbench.tables.git import NoHistoryError
    from srbench.tables.history import histories

    layouts = {name: path for name in names if is_file(path := FOLDER / f"{name}.toml")}
    found: dict[str, list[Section]] = {}
    for folder in dict.fromkeys(path.parent for path in layouts.values()):
        of_folder = [name for name, path in layouts.items() if path.parent == folder]
        with suppress(NoHistoryError):  # a page without it is as good as before
            every = histories(folder, [layouts[name].stem for name in of_folder])
            for name, one in zip(of_folder, every, strict=True):
                if one.is_committed and have_changed(one.steps):
                    found[name] = [_history(one, look)]
    return found


def _history(found: "History", look: Look) -> "Section":
    """The steps of a table and their plots."""
    from srbench.report.formats.html import Section
    from srbench.report.history import Past, history_report
    from srbench.report.plots.step_lines import history_panels

    past = [Past(found.name, found.steps, found.problems)]
    look = Look(naming=look.naming, names=look.names)
    charts = [chart(one) for one in history_panels(past, look)]
    return Section(f"History of {found.name}", history_report(past, look).tables, charts)


def _report(name: str, records: Sequence[Record], look: Look) -> Report:
    """The table of that name as its layout has it, or the table of some records."""
    from srbench.tables.committed import open_table

    layout = FOLDER / f"{name}.toml"
    if is_file(layout):
        table = open_table(layout, imports=False)
        if rows := table.uncounted:
            tell(f"note: {name}: rows without a record: {some([str(row) for row in rows])}")
        return table.with_look(look).exact_report()
    if records and all(record.timing for record in records):
        return times_report(Results(records), look=look)
    return rows_report("records", rows_of(records), look=look)


def _claims(records: Sequence[Record], look: Look) -> Iterator[_Part]:
    """The tables of papers that were judged."""
    from srbench.report.claims import claims_report
    from srbench.report.formats.html import Section, provenance

    if records:
        own = Look(look.style, naming=look.naming, names=look.names, notes=look.notes)
        report = claims_report(records, own)
        yield _Part(Section("Claims", report.tables, (), provenance(records)), report)


def _analysis(record: Record) -> _Part:
    """The tables and the figures of an analysis."""
    from srbench.report.analysis import analysis_report
    from srbench.report.formats.html import Picture, Section, provenance
    from srbench.report.plots.analysis import figures

    assert record.analysis is not None
    pictures = [Picture(one.title, one.svg()) for one in figures(record.analysis)]
    title = f"{record.spec} on {record.analysis.key.data}"
    report = analysis_report(record)
    return _Part(Section(title, report.tables, (), provenance([record]), pictures), report)
