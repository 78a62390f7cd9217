"""Makes a page of tables and files of records."""

from collections.abc import Sequence
from pathlib import Path

from srbench.cli.inputs import read_records, records_path
from srbench.cli.messages import tell
from srbench.cli.output import Output, destination
from srbench.errors import ROWS_FAILED, for_all, some
from srbench.files import is_file
from srbench.records.join import joined
from srbench.report.formats.html import Part, page, provenance
from srbench.report.overview import rows_report
from srbench.report.plots.panels import panels, without_defaults
from srbench.report.plots.svg import chart
from srbench.tables.committed import FOLDER, layout_paths, open_table


def report_and_write(names: Sequence[str], output: Path, title: str, overwrite: bool) -> int:
    """The whole of ``srbench report``; returns the exit code."""
    named = list(names or [path.stem for path in layout_paths(FOLDER)])
    paths = [records_path(name) for name in named]
    reads = [*paths, *(path.with_suffix(".toml") for path in paths)]
    target = destination(Output(output, "html", overwrite), reads)
    parts = for_all(_part, named)
    target.put(page(title, [part for part, _ in parts]))
    return 0 if all(is_sound for _, is_sound in parts) else ROWS_FAILED


def _part(name: str) -> tuple[Part, bool]:
    """A table with its layout's columns, or a file with all that it has; is it sound?"""
    loaded = read_records(name)
    layout = FOLDER / f"{name}.toml"
    if is_file(layout):
        table = open_table(layout, imports=False)
        if rows := table.uncounted:
            tell(f"note: {name}: rows without a record: {some([str(row) for row in rows])}")
        report = table.exact_report()
    else:
        report = rows_report("records", joined(loaded.records))
    shown = joined(report.records)
    for block in without_defaults(shown):
        tell(f"note: {name}: rows that leave options of {block} out are not plotted against them")
    charts = [chart(panel) for panel in panels(shown)]
    part = Part(Path(name).name, report.tables, charts, provenance(report.records))
    return part, not loaded.problems
