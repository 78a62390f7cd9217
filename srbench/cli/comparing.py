"""Compares two files of records, and shows what differs."""

from pathlib import Path

from srbench.cli.output import Format, destination
from srbench.cli.recorded import read_records
from srbench.differences import differences
from srbench.errors import ROWS_FAILED
from srbench.report.differences import differences_report


def compare_and_show(a: str, b: str, form: Format | None, output: Path | None) -> int:
    """The whole of ``srbench compare``; returns the exit code."""
    with destination(output, form) as target:
        before, after = read_records(a), read_records(b)
        target.write(differences_report(differences(before.records, after.records), a, b))
    return ROWS_FAILED if before.problems or after.problems else 0
