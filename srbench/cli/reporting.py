"""Makes a page of tables and files of records."""

from collections.abc import Sequence
from pathlib import Path

from srbench.cli.messages import tell
from srbench.cli.output import require_apart, reserved
from srbench.cli.recorded import read_records, records_path
from srbench.errors import ROWS_FAILED
from srbench.files import write_whole
from srbench.gate.committed import FOLDER, layout_paths, open_table
from srbench.report.charts import chart
from srbench.report.joined import rows_report
from srbench.report.layouts import layout_report
from srbench.report.page import Part, page, provenance
from srbench.report.series import panels
from srbench.rows import joined


def report_and_write(names: Sequence[str], output: Path, title: str) -> int:
    """The whole of ``srbench report``; returns the exit code."""
    sound = True
    parts: list[Part] = []
    named = list(names or [path.stem for path in layout_paths(FOLDER)])
    require_apart(output, map(records_path, named))
    with reserved(output):
        for name in named:
            part, is_sound = _part(name)
            parts.append(part)
            sound = sound and is_sound
        write_whole(output, page(title, parts))
    tell(f"wrote {output}")
    return 0 if sound else ROWS_FAILED


def _part(name: str) -> tuple[Part, bool]:
    """A table with its layout's columns, or a file with all that it has; is it sound?"""
    loaded = read_records(name)
    layout = FOLDER / f"{name}.toml"
    if layout.is_file():
        table = open_table(layout)
        report = layout_report(name, table.layout, loaded.records)
    else:
        report = rows_report("records", joined(loaded.records))
    shown = joined(report.records)
    charts = [chart(panel) for panel in panels(shown)]
    part = Part(Path(name).name, report.tables, charts, provenance(report.records))
    return part, not loaded.problems
