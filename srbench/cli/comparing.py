"""Compares two files of records, and shows what differs."""

from srbench.cli.inputs import read_records, records_path
from srbench.cli.output import Output, destination
from srbench.errors import ROWS_FAILED
from srbench.records.compare import differences
from srbench.report.compare import differences_report


def compare_and_show(a: str, b: str, output: Output) -> int:
    """The whole of ``srbench compare``; returns the exit code."""
    target = destination(output, reads=[records_path(a), records_path(b)])
    before, after = read_records(a), read_records(b)
    target.write(differences_report(differences(before.records, after.records), a, b))
    failed = any(record.status != "ok" for record in (*before.records, *after.records))
    return ROWS_FAILED if before.problems or after.problems or failed else 0
