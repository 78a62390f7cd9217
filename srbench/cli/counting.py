"""Counts the rows of a comparison, shows them, and says with which exit code it ends."""

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

from srbench.catalog import DEFAULT_VARIANTS
from srbench.cli.messages import tell
from srbench.cli.output import Format, destination, exit_code
from srbench.cli.progress import progress
from srbench.comparison import Case, cases
from srbench.errors import INTERRUPTED
from srbench.records import Record
from srbench.report.counts import counts_report
from srbench.results import Results


def count_and_show(
    specs: Sequence[str],
    variants: Sequence[str],
    *,
    default_variants: bool,
    size: str | None,
    num_classes: int | None,
    per_module: bool,
    strict: bool,
    form: Format | None,
    output: Path | None,
) -> int:
    """The whole of ``srbench flops``; returns the exit code."""
    usual = DEFAULT_VARIANTS if default_variants else ()
    wanted = cases(specs, variants, usual, size=size, num_classes=num_classes)
    with destination(output, form) as target:
        results, interrupted = _count(wanted)
        if results:
            target.write(counts_report(results, per_module), partial=interrupted)
    return INTERRUPTED if interrupted else exit_code(results, strict)


def _count(wanted: list[Case]) -> tuple[Results, bool]:
    """The rows, and whether Ctrl-C came before the last of them."""
    records: list[Record] = []
    try:
        # A block of someone else's may print: stdout is for data.
        with progress(len(wanted)) as begin, redirect_stdout(sys.stderr):
            from srbench.runner import counting  # loads torch

            for done, case in enumerate(wanted):
                begin(done, str(case.spec))
                records += counting.run([case])
    except KeyboardInterrupt:
        tell(f"interrupted: {len(records)} of {len(wanted)} rows are counted")
        return Results(records), True
    return Results(records), False
