"""Counts the rows of a comparison, shows them, and says with which exit code it ends."""

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

import typer

from srbench import comparison
from srbench.catalog import DEFAULT_VARIANTS
from srbench.cli.output import Format, destination, exit_code
from srbench.cli.progress import progress
from srbench.conditions import Conditions, conditions
from srbench.errors import INTERRUPTED
from srbench.records import Record
from srbench.report.counts import counts_report
from srbench.results import Results
from srbench.spec import Spec


def count_and_show(
    specs: Sequence[str],
    variants: Sequence[str],
    *,
    default_variants: bool,
    size: str,
    num_classes: int,
    per_module: bool,
    strict: bool,
    form: Format | None,
    output: Path | None,
) -> int:
    """The whole of ``srbench flops``; returns the exit code."""
    wanted = comparison.rows(specs, variants, DEFAULT_VARIANTS if default_variants else ())
    under = conditions(size, num_classes)
    with destination(output, form) as target:
        results, interrupted = _count(wanted, under)
        if results:
            target.write(counts_report(results, per_module), partial=interrupted)
    return INTERRUPTED if interrupted else exit_code(results, strict)


def _count(wanted: list[Spec], under: Conditions) -> tuple[Results, bool]:
    """The rows, and whether Ctrl-C came before the last of them."""
    records: list[Record] = []
    try:
        # A block of someone else's may print: stdout is for data.
        with progress(len(wanted)) as begin, redirect_stdout(sys.stderr):
            from srbench.runner import counting  # loads torch

            for done, spec in enumerate(wanted):
                begin(done, str(spec))
                records += counting.run([spec], under)
    except KeyboardInterrupt:
        typer.echo(f"interrupted: {len(records)} of {len(wanted)} rows are counted", err=True)
        return Results(records), True
    return Results(records), False
