"""Counts the rows of a comparison, shows them, and says with which exit code it ends."""

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout

from srbench.catalog import DEFAULT_VARIANTS
from srbench.cli.messages import tell
from srbench.cli.output import Output, destination, exit_code
from srbench.cli.progress import progress
from srbench.records.record import Record
from srbench.records.results import Results
from srbench.report.counts import counts_report
from srbench.report.formats import Report
from srbench.spec.cases import Case, cases


def count_and_show(
    specs: Sequence[str],
    variants: Sequence[str],
    *,
    default_variants: bool,
    size: str | None,
    num_classes: int | None,
    per_module: bool,
    strict: bool,
    output: Output,
) -> int:
    """The whole of ``srbench flops``; returns the exit code."""
    usual = DEFAULT_VARIANTS if default_variants else ()
    wanted = cases(specs, variants, usual, size=size, num_classes=num_classes)
    target = destination(output)
    records: list[Record] = []

    def report() -> Report | None:
        return counts_report(Results(records), per_module) if records else None

    with target.keeping(report):
        _count(wanted, records)
    target.write(counts_report(Results(records), per_module))
    return exit_code(Results(records), strict)


def _count(wanted: Sequence[Case], into: list[Record]) -> None:
    try:
        # A block of someone else's may print: stdout is for data.
        with progress(len(wanted)) as begin, redirect_stdout(sys.stderr):
            from srbench.runner import counting  # loads torch

            for done, case in enumerate(wanted):
                begin(done, str(case.spec))
                into += counting.run([case])
    except KeyboardInterrupt:
        tell(f"interrupted: {len(into)} of {len(wanted)} rows are counted")
        raise
