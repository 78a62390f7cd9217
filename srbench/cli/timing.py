"""Times the rows of a comparison on every device, shows them, and says how it ended."""

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any

from srbench.catalog import DEFAULT_VARIANTS
from srbench.cli.messages import tell
from srbench.cli.output import Output, destination, exit_code, require_beside
from srbench.cli.progress import status
from srbench.cli.unused import tell_of_unused
from srbench.conditions import Plan
from srbench.records.record import Record
from srbench.records.results import Results
from srbench.report.formats import Report
from srbench.report.plots.matplotlib import require_picture
from srbench.report.plots.times import plot_times
from srbench.report.times import times_report
from srbench.spec.cases import Case, cases


def time_and_show(
    specs: Sequence[str],
    variants: Sequence[str],
    plan: Plan,
    *,
    default_variants: bool,
    size: str | None,
    num_classes: int | None,
    device: str | None,
    setup: Mapping[str, Any],
    aa: bool,
    with_memory: bool,
    with_energy: bool,
    with_percentiles: bool,
    plot: Path | None,
    output: Output,
) -> int:
    """The whole of ``srbench latency``; returns the exit code."""
    if plot:
        require_picture(plot)
        require_beside(output, [plot])
    usual = DEFAULT_VARIANTS if default_variants else ()
    wanted = cases(specs, variants, usual, size=size, num_classes=num_classes)
    options = {"aa": aa, "with_memory": with_memory, "with_energy": with_energy}
    target = destination(output)
    records: list[Record] = []

    def report() -> Report | None:
        return times_report(Results(records), with_percentiles) if records else None

    # stdout is for data, and a block of someone else's may print.
    with target.keeping(report), status("loading torch") as say, redirect_stdout(sys.stderr):
        _time(wanted, plan, device, setup, options, records, say)
    results = Results(records)
    target.write(times_report(results, with_percentiles))
    code = exit_code(results)
    if plot and plot_times(results, plot):
        tell(f"wrote {plot}")
    return code


def _time(
    wanted: Sequence[Case],
    plan: Plan,
    device: str | None,
    setup: Mapping[str, Any],
    options: Mapping[str, Any],
    into: list[Record],
    say: Callable[[str], object],
) -> None:
    from srbench.measure.devices import opened, resolve  # loads torch
    from srbench.runner import timing

    names = resolve(device)
    tell_of_unused(device)
    for name in names:  # before anything is measured that could be lost
        with opened(name) as ready:
            timing.require_possible(timing.setup_for(ready, **setup), plan, ready)
    tell(_announced(wanted, plan, names, options, bool(setup["compile"])))
    for name in names:
        with opened(name) as ready:
            found = timing.run(
                wanted,
                timing.setup_for(ready, **setup),
                plan,
                ready,
                say=partial(_say, say, name),
                **options,
            )
            try:
                for record in found:
                    into.append(record)
            except KeyboardInterrupt:
                tell(f"interrupted: {len(into)} rows have times")
                raise


def _announced(
    wanted: Sequence[Case],
    plan: Plan,
    devices: Sequence[str],
    options: Mapping[str, Any],
    compiled: bool,
) -> str:
    """What comes, and how long it may take."""
    comparisons = len(devices) * len({(case.spec.baseline, case.under) for case in wanted})
    beside = ["memory"] if options["with_memory"] else []
    if options["with_energy"] and any(name.startswith("cuda") for name in devices):
        beside.append("energy")
    after = f", then {' and '.join(beside)}" if beside else ""
    if not isfinite(plan.budget):
        rounds = "1 round" if plan.rounds == 1 else f"{plan.rounds} rounds"
        return f"timing {rounds} of each pass{after}: no time limit"
    each = f" for each of {comparisons} comparisons" if comparisons > 1 else ""
    compiling = ", compiling not counted" if compiled else ""
    again = "about as long again" if "energy" in beside else "as long again at most"
    after = f"{after} {again}" if after else ""
    return (
        f"building, warming up and timing take at most {plan.budget:g} s, or one round of each pass"
        f"{compiling}{after}{each}"
    )


def _say(say: Callable[[str], object], device: str, baseline: str, text: str) -> None:
    say(f"{device}, {baseline}: {text}")
